"""A mathematics library that is another's: every result moved by up to one unit in the last place, as pytest plugin.

    python -m pytest -p tests.helpers.other_libm tests/core/test_engine.py …

Libraries differ in the last place (glibc, musl, Apple's, Microsoft's); what is exact in all of them stays exact: results for whole
arguments that are whole, zeros, infinities, oddness. It is loaded before micrograd is, which then takes its functions from here.
"""

from __future__ import annotations

import functools
import math
import struct
import sys
from typing import Any

NAMES = (
    "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "erf", "erfc", "hypot", "pow", "cbrt", "exp2", "gamma", "lgamma",
)  # fmt: skip
if any(name.split(".")[0] == "micrograd" for name in sys.modules):
    raise ImportError("micrograd has taken its functions already")


def other(f: Any) -> Any:
    @functools.wraps(f)
    def moved(*args: float) -> Any:
        y = f(*args)
        if f.__name__ == "hypot" and 0 in args:
            return y
        try:
            xs = [float(x) for x in args]
        except OverflowError:  # mpmath counts bits by the logarithm of a whole number
            return y
        if not math.isfinite(y) or y == 0 or (y == int(y) and all(x.is_integer() for x in xs)):
            return y
        bits = sum(struct.unpack("<Q", struct.pack("<d", abs(x)))[0] * 0x9E3779B97F4A7C15 for x in xs)
        way = (bits >> 29) % 3 - 1
        return y if way == 0 else math.nextafter(y, math.inf * way * (1 if y > 0 else -1))

    return moved


for _name in NAMES:
    if hasattr(math, _name):
        setattr(math, _name, other(getattr(math, _name)))
