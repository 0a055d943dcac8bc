"""The names that an expression of the command line knows: constants, the functions of the table, and those of lists."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import functional
from micrograd.ops import TABLE

CONSTANTS = {"pi": math.pi, "inf": math.inf, "nan": math.nan}
ALIASES = {"max": "maximum", "min": "minimum"}  # of any number of arguments, from left to right
OF_LISTS: dict[str, Callable[..., Any]] = {
    name: getattr(functional, name) for name in ("argmax", "log_softmax", "logsumexp", "mean", "norm", "softmax")
}
COST = {"softmax": 4, "log_softmax": 4, "logsumexp": 4, "norm": 2}  # operands for each number


def function(name: str) -> Any:
    """What is called by this name; None where nothing is."""
    return OF_LISTS.get(name) or TABLE.get(ALIASES.get(name, name))
