"""IEEE-754 arithmetic on Python floats: the forward functions that never raise.

Python's `math` raises where IEEE-754 answers: `1 / 0`, `math.log(0)`, `math.exp(710)`. Each function here
gives the IEEE answer instead (inf, -inf or nan), as C, NumPy and PyTorch do. NUMERICS: "arithmetic on numbers
never raises".
"""

from __future__ import annotations

import math
from collections.abc import Callable

inf, nan = math.inf, math.nan


def _quiet(f: Callable[[float], float], *, pole: float | None = None, at_pole: float = nan) -> Callable[[float], float]:
    """`f` with its exceptions turned into values: overflow → ±inf, a pole → `at_pole`, outside the domain → nan."""

    def quiet(x: float) -> float:
        try:
            return f(x)
        except OverflowError:
            return -inf if x < 0 and f is math.sinh else inf
        except ValueError:
            if pole is not None and abs(x) == abs(pole):
                return math.copysign(at_pole, x) if pole else at_pole
            return nan

    quiet.__name__ = quiet.__qualname__ = f.__name__
    return quiet


exp, expm1, sinh, cosh = (_quiet(f) for f in (math.exp, math.expm1, math.sinh, math.cosh))
log, log2, log10 = (_quiet(f, pole=0.0, at_pole=-inf) for f in (math.log, math.log2, math.log10))
sqrt, sin, cos, tan = (_quiet(f) for f in (math.sqrt, math.sin, math.cos, math.tan))
asin, acos, acosh = (_quiet(f) for f in (math.asin, math.acos, math.acosh))
atanh = _quiet(math.atanh, pole=1.0, at_pole=inf)


def log1p(x: float) -> float:
    """log(1 + x); -inf at -1, nan below."""
    return math.log1p(x) if x > -1.0 else -inf if x == -1.0 else nan


def div(x: float, y: float) -> float:
    """x / y; x / 0 is ±inf by the signs of both, 0 / 0 is nan."""
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0.0 or x != x:
            return nan
        return math.copysign(inf, x) * math.copysign(1.0, y)


def pow(x: float, p: float) -> float:
    """x ** p as C's pow: never complex; 0 ** negative is inf (signed for odd p), a negative base needs an integer p."""
    try:
        return math.pow(x, p)
    except OverflowError:
        return -inf if x < 0 and _odd(p) else inf
    except ValueError:
        if x == 0.0:
            return math.copysign(inf, x) if _odd(p) else inf
        return nan


def _odd(p: float) -> bool:
    return abs(math.fmod(p, 2.0)) == 1.0  # exact, as % is not: -0.9999999999999999 % 2 rounds to 1


def exp2(x: float) -> float:
    """2 ** x; inf where it is too large."""
    return pow(2.0, x)


def _whole(f: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding to whole numbers, that keeps the sign of a 0, infinities and nan."""

    def whole(x: float) -> float:
        return math.copysign(float(f(x)), x) if abs(x) < 4503599627370496.0 else x  # above, every double is whole

    whole.__name__ = whole.__qualname__ = f.__name__
    return whole


floor, ceil, trunc, round_ = (_whole(f) for f in (math.floor, math.ceil, math.trunc, round))


def mod(x: float, y: float) -> float:
    """x - y·floor(x/y), exact but for one rounding, as Python's %: the sign is y's; nan for y = 0 and for an infinite x."""
    try:
        return x % y
    except ZeroDivisionError:
        return nan


def cbrt(x: float) -> float:
    """The real cube root, odd in x: one Newton step from `abs(x) ** (1/3)`, on a scaled argument."""
    if x == 0.0 or x != x or math.isinf(x):
        return x
    mantissa, exponent = math.frexp(abs(x))
    shift = exponent % 3
    a = math.ldexp(mantissa, shift)  # in [0.5, 4), so the residual below cannot underflow
    y: float = a ** (1.0 / 3.0)
    high = 134217729.0 * y  # Dekker's split: y*y*y - a to twice the precision
    high -= high - y
    low = y - high
    square = y * y
    square_error = ((high * high - square) + 2.0 * high * low) + low * low
    top = 134217729.0 * square
    top -= top - square
    rest = square - top
    cube = square * y
    cube_error = ((top * high - cube) + top * low + rest * high) + rest * low + square_error * y
    y -= ((cube - a) + cube_error) / (3.0 * square)
    return math.copysign(math.ldexp(y, (exponent - shift) // 3), x)


def gauss(x: float, k: float) -> float:
    """exp(-k x²), k a power of two: x² is split exactly so that the tail keeps its digits."""
    if not abs(x) < 1e3:
        return 0.0 if x == x else x
    high = 134217729.0 * x
    high -= high - x
    low = x - high
    square = x * x
    error = ((high * high - square) + 2.0 * high * low) + low * low
    rounded = exp(-k * square)
    return rounded - rounded * (k * error)


def maximum(x: float, y: float) -> float:
    """The larger of two, of which 0.0 is larger than -0.0 (IEEE 754-2019's maximum); nan if either is nan."""
    return x if x > y or x != x else x + y if x == y == 0.0 else y


def minimum(x: float, y: float) -> float:
    """The smaller of two, of which -0.0 is smaller than 0.0 (IEEE 754-2019's minimum); nan if either is nan."""
    return x if x < y or x != x else -(-x - y) if x == y == 0.0 else y


def sum_(*xs: float) -> float:
    """x₀ + x₁ + …, from left to right (0.0 when empty)."""
    if not xs:
        return 0.0
    total = xs[0]
    for x in xs[1:]:
        total += x
    return total


def dot(*xs: float) -> float:
    """a₀b₀ + a₁b₁ + … for (a₀, a₁, …, b₀, b₁, …), from left to right (0.0 when empty)."""
    half = len(xs) // 2
    return sum_(*(xs[i] * xs[half + i] for i in range(half)))


def shift(*xs: float) -> float:
    """The largest; 0 where that is infinite, nan with a nan, so that subtracting it makes no nan of its own. Never -0.0."""
    largest = max(xs) + 0.0
    return nan if any(x != x for x in xs) else largest if abs(largest) != inf else 0.0
