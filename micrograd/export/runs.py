"""Addresses as runs of neighbours."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from micrograd.compiler.numpy_gate import np


def runs(places: Any) -> list[tuple[int, int, int]]:
    """(address, the first of them there, how many follow each other)."""
    found = np.asarray(places, dtype=np.int64)
    cuts = [0, *(np.flatnonzero(np.diff(found) != 1) + 1).tolist(), len(found)]
    return [(int(found[a]), a, b - a) for a, b in pairwise(cuts) if b > a]
