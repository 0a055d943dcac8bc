"""What generated Numba code calls: functions that answer every edge as the engine does; exp, expm1, tanh run as lanes.

The polynomial forms have no branches, so LLVM turns a loop over them into SIMD code: within 1 ulp (exp) and 2 ulp (expm1, tanh)
of the true value, against a call of the C library for each number.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

from llvmlite import ir as llvm  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

from micrograd.ops import ieee

inf, nan = math.inf, math.nan


def _reading(typingctx: Any, x: Any) -> Any:
    """An int64 read as the bits of a float64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], llvm.DoubleType())

    return types.float64(types.int64), codegen


_bits: Any = intrinsic(_reading)


def _multiplying(typingctx: Any, x: Any, y: Any) -> Any:
    """A product that may be added before it is rounded, and no more: code that may re-associate sums would join it to other products."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(*args, flags=("contract",))

    return types.float64(types.float64, types.float64), codegen


times: Any = intrinsic(_multiplying)


@njit(error_model="numpy", fastmath=False)
def place(i):  # type: ignore[no-untyped-def]
    """A place in a pool that depends on the turn of a loop: LLVM sees that it is not negative, so does not ask in each lane."""
    return i & 0xFFFFFFFFFF


@njit(error_model="numpy", fastmath={"contract"})
def _expm1_reduced(r):  # type: ignore[no-untyped-def]
    """exp(r) - 1 for |r| ≤ ½ ln 2, by its series."""
    q = 1.6059043836821613e-10 * r + 2.08767569878681e-09
    q = q * r + 2.505210838544172e-08
    q = q * r + 2.755731922398589e-07
    q = q * r + 2.7557319223985893e-06
    q = q * r + 2.48015873015873e-05
    q = q * r + 0.0001984126984126984
    q = q * r + 0.001388888888888889
    q = q * r + 0.008333333333333333
    q = q * r + 0.041666666666666664
    q = q * r + 0.16666666666666666
    q = q * r + 0.5
    return r + (r * r) * q


@njit(error_model="numpy", fastmath={"contract"})
def exp(x):  # type: ignore[no-untyped-def]
    """eˣ: x = k ln 2 + r, 2ᵏ made of two factors so that subnormal results and overflow come out right."""
    y = x if x < 800.0 else 800.0
    y = y if y > -800.0 else -800.0  # nan too, put back below
    k = math.floor(y * 1.4426950408889634 + 0.5)
    r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    n = int(k)
    half = n >> 1
    e = (1.0 + _expm1_reduced(r)) * _bits((half + 1023) << 52) * _bits((n - half + 1023) << 52)
    return e if x == x else x


@njit(error_model="numpy", fastmath={"contract"})
def expm1(x):  # type: ignore[no-untyped-def]
    """eˣ - 1 without cancellation; x itself where it is as good, for there the last bit of a subnormal number would be lost."""
    y = x if x < 710.0 else 710.0
    y = y if y > -60.0 else -60.0
    k = math.floor(y * 1.4426950408889634 + 0.5)
    r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    scale: Any = _bits((int(k) + 1022) << 52)
    e = 2.0 * (scale * _expm1_reduced(r) + (scale - 0.5))
    e = x if abs(x) < 5e-17 else e
    return e if x == x else x


@njit(error_model="numpy", fastmath={"contract"})
def tanh(x):  # type: ignore[no-untyped-def]
    """-t / (t + 2) with t = exp(-2|x|) - 1, and the sign of x."""
    t = expm1(-2.0 * abs(x))
    y = -t / (t + 2.0)
    return math.copysign(y, x) if x == x else x


@njit(error_model="numpy", fastmath=False)
def log(x):  # type: ignore[no-untyped-def]
    """log x with IEEE's answers at and below 0, where `math` raises."""
    return math.log(x) if x > 0.0 else (-inf if x == 0.0 else nan)


@njit(error_model="numpy", fastmath=False)
def log1p(x):  # type: ignore[no-untyped-def]
    """log(1 + x) with IEEE's answers at and below -1, where `math` raises."""
    return math.log1p(x) if x > -1.0 else (-inf if x == -1.0 else nan)


def _jitted(f: Any, **calls: Any) -> Any:
    """A function of `micrograd.ops.ieee`, compiled as it stands: what it calls is taken from here."""
    numbers = {k: x for k, x in f.__globals__.items() if isinstance(x, float)}
    known = {"__name__": __name__, "math": math, "abs": abs, **numbers, **calls}
    return njit(error_model="numpy", fastmath=False)(FunctionType(f.__code__, known, f.__name__))


cbrt = _jitted(ieee.cbrt)
maximum, minimum = _jitted(ieee.maximum), _jitted(ieee.minimum)
gauss = _jitted(ieee.gauss, exp=exp)
