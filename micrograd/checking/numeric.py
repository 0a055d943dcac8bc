"""Numeric derivatives of one function of one number, each with an estimate of its own error.

`Ladder` keeps the function's values at x ± h for steps h that halve from a quarter of x down to 1e-12 of it. From its rungs
come the derivative from both sides (`central`) and from each side alone (`side`), which also tells a border of the domain, an
infinite slope and a jump.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from micrograd.checking.evaluation import Evaluation

EPSILON = 2.0**-52
SMALLEST = 2.0**-1074
NOISE = 1e-180  # what h² leaves in a complex step
RUNGS = 39  # h = size/4 … size·2**-40
FINER = 14  # more of them, down to x's neighbours
ROWS = 8  # of an extrapolation
TAIL = 12  # rungs that say how the function behaves next to x


class Estimate(NamedTuple):
    """A derivative, and how wrong it may be."""

    value: float
    error: float


UNKNOWN = Estimate(math.nan, math.inf)


class Side(NamedTuple):
    """How a function leaves a point on one side.

    kind: "finite" (`value` is the slope), "steep" (the slope is infinite: `value` is ±inf), "jump" (`value` is the slope beyond
    the jump), "none" (no numbers there), "rough" (none of these can be seen).
    """

    kind: str
    value: float
    error: float


class Ladder:
    """f near x, each value computed once. size: what h is relative to. epsilon: how exact f's arithmetic is, relative."""

    def __init__(self, f: Callable[[float], float], x: float, here: float, size: float = 0.0, epsilon: float = EPSILON) -> None:
        self.f, self.x, self.here, self.epsilon = f, x, here, epsilon
        size = size or abs(x) or 1.0
        self.size = math.ldexp(1.0, math.frexp(size)[1] - 1)
        self.noise = 0.0  # a bound of the rounding in f, where more is known than its own size
        self._known: dict[float, tuple[float, float]] = {}

    def rung(self, k: int, side: float) -> tuple[float, float]:
        """(how far from x, f there); not a number where there is no such float or no such value."""
        key = side * (k + 1)
        if key not in self._known:
            at = self.x + side * math.ldexp(self.size, -2 - k)
            far = at - self.x
            self._known[key] = (far, self.f(at) if far and math.isfinite(at) else math.nan)
        return self._known[key]

    def quotient(self, k: int, side: float) -> tuple[float, float]:
        """(the slope from x to rung k, how much of it may be rounding)."""
        far, y = self.rung(k, side)
        return _slope(y - self.here, far), self._rounding(self.here, y) / abs(far) if far else math.inf

    def both(self, k: int) -> tuple[float, float]:
        """The same from rung k on the left to rung k on the right."""
        (down, low), (up, high) = self.rung(k, -1.0), self.rung(k, 1.0)
        return _slope(high - low, up - down), self._rounding(low, high) / (up - down) if up > down else math.inf

    def beyond(self, k: int, side: float) -> tuple[float, float]:
        """The same from rung k + 1 to rung k of one side: what is at x itself is left out."""
        (near, first), (far, second) = self.rung(k + 1, side), self.rung(k, side)
        return _slope(second - first, far - near), self._rounding(first, second) / abs(far - near) if far != near else math.inf

    def _rounding(self, y: float, z: float) -> float:
        return max(2.0 * self.epsilon * max(abs(y), abs(z)), self.noise, SMALLEST)

    def reaches(self) -> bool:
        """Whether the values on the smallest rungs come near that at x: if not, there is more between x and them."""
        for side in (-1.0, 1.0):
            (_, last), (_, before) = self.rung(RUNGS - 1, side), self.rung(RUNGS - 11, side)
            if abs(last - self.here) > max(0.5 * abs(before - self.here), 8.0 * self._rounding(last, self.here)):
                return False
        return True

    def steepest(self) -> float:
        """The size of the slopes that f has around x: what a slope of 0 is compared with."""
        slopes = (abs(self.quotient(k, side)[0]) for k in range(6) for side in (-1.0, 1.0))
        return max((s for s in slopes if s < math.inf), default=0.0)

    def sharpest(self, side: float) -> float:
        """The size of the largest slope from x to one side that steps finer than the rungs show: those of the last floats before x."""
        next_to = math.nextafter(self.x, side * math.inf)
        slopes = [abs(self.quotient(k, side)[0]) for k in range(RUNGS, RUNGS + FINER)]
        slopes.append(abs(_slope(self.f(next_to) - self.here, next_to - self.x)))
        return max((s for s in slopes if s == s), default=0.0)

    def listen(self) -> None:
        """Raise `noise` to what f's values next to x show: how far they are from a straight line on each side."""
        for side in (-1.0, 1.0):
            tail = [self.rung(k, side) for k in range(RUNGS - TAIL, RUNGS)]
            if all(math.isfinite(y) for _, y in tail):
                slope = (tail[0][1] - self.here) / tail[0][0]
                off = max(abs(y - self.here - slope * far) for far, y in tail[TAIL // 2 :])
                if off < math.inf:
                    self.noise = max(self.noise, min(off, abs(tail[0][1] - self.here)))


def _slope(rise: float, run: float) -> float:
    try:
        return rise / run
    except (ZeroDivisionError, OverflowError):
        return math.nan


def central(ladder: Ladder, start: int, rows: int = ROWS) -> Estimate:
    """f'(x) by central differences and Richardson extrapolation from rung `start` on.

    Ridders, Advances in Engineering Software 4 (1982); Press et al., Numerical Recipes, 5.7. The error is at least the
    rounding of f over the step.
    """
    return _extrapolated((ladder.both(k) for k in range(start, min(start + rows, RUNGS))), 4.0)


def best_central(ladder: Ladder) -> Estimate:
    """The best of `central` over the whole ladder."""
    return closest(centrals(ladder))


def centrals(ladder: Ladder) -> Iterator[Estimate]:
    """`central` from ever smaller steps."""
    return (central(ladder, start) for start in range(0, RUNGS - 2, 3))


def closest(estimates: Iterable[Estimate]) -> Estimate:
    """The best of estimates that come ever closer to the point: one that contradicts a better one sees what that did not."""
    best = UNKNOWN
    for e in estimates:
        if e.error < best.error or abs(e.value - best.value) > 4.0 * (e.error + best.error):
            best = e
    return best


def side(ladder: Ladder, sign: float) -> Side:
    """What f does to the left (-1) or to the right (+1) of x."""
    tail = [ladder.rung(k, sign)[1] for k in range(RUNGS - TAIL, RUNGS)]
    if all(y != y for y in tail):
        return Side("none", math.nan, math.inf)
    if not all(math.isfinite(y) for y in tail):
        return Side("rough", math.nan, math.inf)
    rises = [y - ladder.here for y in tail]
    if abs(rises[-1]) > 8.0 * ladder._rounding(ladder.here, tail[-1]):
        if max(rises[-6:]) - min(rises[-6:]) < 0.1 * abs(rises[-1]):
            return Side("jump", *_one_sided(ladder, sign, ladder.beyond))
        near, far = _power(rises[-1], rises[-6]), _power(rises[-6], rises[-11])  # rise ~ h**power
        if near < 0.95 and abs(near - far) < 0.1:
            return Side("steep", math.copysign(math.inf, sign * rises[-1]), 0.0)
        if min(near, far) < 0.5 or max(map(abs, rises[-3:])) > 0.2 * max(map(abs, rises[:3])):
            return Side("rough", math.nan, math.inf)
    return Side("finite", *_one_sided(ladder, sign, ladder.quotient))


def _power(last: float, before: float) -> float:
    return math.log2(abs(before)) / 5.0 - math.log2(abs(last)) / 5.0 if last and before else 0.0


def from_afar(ladder: Ladder, sign: float) -> Estimate:
    """The slope to one side that is known best, although it may be that beyond a kink too near to be told from x."""
    return _one_sided(ladder, sign, ladder.quotient, lambda estimates: min(estimates, key=_error))


def _one_sided(
    ladder: Ladder,
    sign: float,
    quotient: Callable[[int, float], tuple[float, float]],
    best: Callable[[Iterable[Estimate]], Estimate] = closest,
) -> Estimate:
    found = [quotient(k, sign) for k in range(RUNGS - 1)]
    faster = [UNKNOWN] * 12 + list(_accelerated(found))
    return best(
        min(_extrapolated(iter(found[start : start + ROWS]), 2.0), *faster[start : start + 3], key=_error)
        for start in range(0, RUNGS - 3, 3)
    )


def _accelerated(found: list[tuple[float, float]], apart: int = 4) -> Iterator[Estimate]:
    """Limits by Aitken's formula: slopes that go as h**p with a broken p (as those of x**1.5 do) are beyond Richardson."""
    limits: list[Estimate] = []
    for k in range(len(found) - 2 * apart):
        (a, _), (b, _), (c, noise) = found[k], found[k + apart], found[k + 2 * apart]
        first, second = b - a, c - b
        if 0.0 < abs(second) < 0.98 * abs(first) and abs(first) < math.inf:
            ratio = second / first
            limits.append(Estimate(c + second * ratio / (1.0 - ratio), 2.0 * noise / (1.0 - abs(ratio)) ** 2))
        else:
            limits.append(UNKNOWN)
    for one, other in zip(limits, limits[apart:], strict=False):
        yield Estimate(other.value, other.error + abs(other.value - one.value))


def _extrapolated(quotients: Iterator[tuple[float, float]], factor: float) -> Estimate:
    """The limit of slopes whose error is a series in powers of the halved step: 4 for central ones, 2 for one-sided."""
    best, error = UNKNOWN
    row: list[float] = []
    for slope, rounding in quotients:
        if not math.isfinite(slope):  # a step that leaves the domain is no step
            row = []
            continue
        new, weight = [slope], factor
        for k, old in enumerate(row):
            new.append(new[k] + (new[k] - old) / (weight - 1.0))
            weight *= factor
            guess = max(abs(new[k + 1] - new[k]), abs(new[k + 1] - old)) + 2.0 * rounding
            if guess < error:
                best, error = new[k + 1], guess
        if row and abs(new[-1] - row[-1]) > 4.0 * error:
            break
        row = new
    return Estimate(best, error)


def _error(e: Estimate) -> float:
    return e.error if e.error == e.error else math.inf


def ridders(f: Callable[[float], float], x: float) -> Estimate:
    """f'(x) by central differences, the best of several first steps."""
    return best_central(Ladder(f, x, f(x)))


def sides(f: Callable[[float], float], x: float) -> tuple[Side, Side]:
    """What f does to the left and to the right of x."""
    ladder = Ladder(f, x, f(x))
    return side(ladder, -1.0), side(ladder, 1.0)


def complex_step(e: Evaluation, i: int, here: float) -> Estimate | None:
    """Im f(x + ih)/h with a tiny h, exact to rounding; None where the function has no complex form (or a kink there).

    here: f(x). Raises TypeError where the function cannot be run on complex numbers at all.
    """
    from micrograd.checking.complex_step import ComplexStep, Ordered

    h = 1e-100
    if 0.0 < abs(e.start[i]) < 1e-84:  # h is no small step
        return None
    try:
        value = complex(e.complex_at(i, Ordered(e.start[i], h), ComplexStep))
    except (ArithmeticError, ValueError):
        return None
    if not math.isfinite(value.imag) or not abs(value.real - here) <= 1e-9 * max(abs(here), 1e-300):
        return None
    derivative = value.imag / h
    if math.isinf(derivative):
        return None
    if abs(derivative) < NOISE:
        derivative = 0.0
    return Estimate(derivative, EPSILON * abs(derivative) + NOISE)
