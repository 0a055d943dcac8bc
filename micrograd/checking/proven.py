"""One double beside the exact number that it stands for: what a ball around that number proves of it."""

from __future__ import annotations

import math
from typing import Any

from micrograd.checking.balls import precision

BITS = 8192  # of the ends of a ball: twice as many as any ball has
ALL = 17  # significant digits that tell every double from every other
LARGEST = math.ldexp(1.0, 1023)


def nearest(ball: Any) -> float | None:
    """The double nearest to every number of a ball (of two as near the even one, past the largest ±inf); None where that is not one.

    python-flint rounds the ends of a ball, which are numbers without a radius, to the nearest double.
    """
    if not ball.is_finite():
        return None
    with precision(BITS):
        low, high = float(ball.lower()), float(ball.upper())
    return low if low == high else None


def off(double: float, ball: Any) -> float:
    """A bound of the distance from the double to every number of the ball: rounded up; inf where none is known.

    An infinite double stands for 2**1024 and all beyond.
    """
    if double != double or not ball.is_finite():
        return math.inf
    with precision(BITS):
        return _off(double, ball)


def _off(double: float, ball: Any) -> float:
    if math.isinf(double):
        limit = type(ball)(2) ** 1024 * (1 if double > 0 else -1)
        if (ball > limit) if double > 0 else (ball < limit):
            return 0.0
        distance = (limit - ball).abs_upper()
    else:
        distance = (ball - double).abs_upper()
    up = float(distance.upper())
    return up if distance <= up else math.nextafter(up, math.inf)


def ulp_at(ball: Any) -> float:
    """The spacing of doubles at the middle of a ball: that of the largest ones beyond them."""
    x = abs(float(ball.mid()))
    return math.ulp(min(x, LARGEST)) if x == x else math.nan


def digits(double: float, error: float) -> int:
    """How many significant decimal digits of a double are certain, its error being at most this: at most half a unit of the last.

    17 for a double that is the exact number itself, 0 for one whose first digit may be wrong.

    >>> digits(138.8338, 3e-14), digits(0.5, 0.0), digits(1e-20, 1.0)
    (16, 17, 0)
    """
    if error == 0.0:
        return ALL
    if double == 0.0 or not (math.isfinite(double) and math.isfinite(error)):
        return 0
    exponent = int(f"{abs(double):.17e}".partition("e")[2])  # of the first digit
    n = exponent + 1 - math.ceil(math.log10(error) + math.log10(2.0))
    while n > 0 and error > 0.5 * _power(exponent + 1 - n):  # a logarithm may be rounded down
        n -= 1
    return max(0, min(ALL, n))


def _power(n: int) -> float:
    return float(f"1e{n}")


class Proven:
    """One number of a graph, and what is proven of it.

    name, what: of which node, "value" or "gradient". double: what the engine (or another's) gives. ball: the enclosure, a `flint.arb`.
    why: "" where the nearest double is decided, else what is in the way.
    """

    __slots__ = ("ball", "double", "name", "what", "why")

    def __init__(self, name: str, what: str, double: float, ball: Any, why: str) -> None:
        self.name, self.what, self.double, self.ball, self.why = name, what, double, ball, why

    @property
    def low(self) -> float:
        """A double below the exact number, or equal to it."""
        return -_up(-self.ball) if self.ball.is_finite() else -math.inf

    @property
    def high(self) -> float:
        """A double above the exact number, or equal to it."""
        return _up(self.ball) if self.ball.is_finite() else math.inf

    @property
    def nearest(self) -> float | None:
        """The double nearest to the exact number; None while it is undecided."""
        return None if self.why else nearest(self.ball)

    @property
    def correctly_rounded(self) -> bool | None:
        """Whether the double is the nearest one to the exact number; None while that is undecided (`why` says what is in the way)."""
        best = self.nearest
        return None if best is None else best == self.double

    @property
    def error(self) -> float:
        """A proven bound of |double - exact number|; inf where nothing is known."""
        return off(self.double, self.ball)

    @property
    def ulps(self) -> float:
        """The error in units in the last place (the spacing of doubles at the exact number); inf where nothing is known."""
        error = self.error
        if error == 0.0 or error == math.inf:
            return error
        return error / ulp_at(self.ball)

    @property
    def digits(self) -> int:
        """How many of the double's significant decimal digits are certain, 0 to 17 (17: it is the exact number)."""
        return digits(self.double, self.error)

    @property
    def verdict(self) -> str:
        """What is proven, in words."""
        if self.why:
            return f"undecided: {self.why}"
        if self.error == 0.0:
            return "exact"
        return "correctly rounded" if self.correctly_rounded else f"{self.ulps:.3g} ulps off"

    def __str__(self) -> str:
        from micrograd.notation import certain

        return certain(self.double, self.digits, self.error)

    def __repr__(self) -> str:
        return f"Proven({self.name} {self.what}: {self}, {self.verdict})"


def _up(ball: Any) -> float:
    with precision(BITS):
        end = ball.upper()
        x = float(end)
        return x if end <= x else math.nextafter(x, math.inf)
