"""What to hide: a plan that partitions the values of a graph into the nodes of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .graph import Group, Plan


def plan(
    values: list[Any],
    args: list[tuple[int, ...]],
    roots: Sequence[int],
    how: Any = "auto",
    budget: int = 60,
) -> Plan:
    """Every value by itself."""
    return Plan([Group((i,)) for i in range(len(values))])
