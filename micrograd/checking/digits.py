"""Derivatives of a function in many digits, and the verdict that they allow: method="exact". Needs mpmath."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any

from micrograd.checking.evaluation import Evaluation
from micrograd.checking.numeric import EPSILON, SMALLEST, UNKNOWN, Estimate, Side
from micrograd.checking.verdict import Question, Verdict, decide, judge

METHOD = "many digits"
APART = 100  # bits between the steps h, h·2**-APART, h·2**-2·APART
PRECISIONS = (1, 2, 4)  # times the bits that three steps take
AGREE = 40  # bits to which the slopes of both sides are one


@lru_cache(maxsize=1)
def _context() -> Any:
    from micrograd.checking.exact import context

    return context()


def exactly(e: Evaluation, i: int, here: float, a: float, rtol: float, scale: float) -> Verdict:
    """What many digits say of the gradient `a` of input i. here: what the floats of the engine give for the function.

    Raises TypeError where the function leaves Values' arithmetic (math.exp(x.data)), so that it cannot be run in another.
    """
    from micrograd.checking.exact import TooLong

    x = e.start[i]
    if not math.isfinite(x):
        return _undecided(f"the input is {x}")
    if not math.isfinite(here) and not math.isfinite(a):
        return _undecided(f"the function is {here} here")
    exponent = math.frexp(x)[1]
    first = min(exponent, 0) - 150 if x else -1100  # the first step: below the scale of x and of 1; at 0, below all doubles
    m = _context()
    try:
        for times in PRECISIONS:
            m.prec = times * (250 + 2 * APART - first + max(0, exponent))
            look = _Look(e, i, m, first)
            if look.start != look.start:
                return _undecided("the function is not a real number here")
            slope = look.both()
            if slope is not None and (slope or times == PRECISIONS[-1]):
                return _judged(e, i, here, a, rtol, scale, look, slope)
            if slope is None and (times == PRECISIONS[-1] or not look.drowned()):
                return _judged(e, i, here, a, rtol, scale, look, None)
        raise AssertionError("the last precision always answers")
    except TooLong as error:
        return _undecided(f"it takes too many digits: {error}")
    except (TypeError, AttributeError) as error:
        raise TypeError(f"many digits cannot go through this function (input {e.names[i]}: {error}): use method='auto'") from error


def _judged(e: Evaluation, i: int, here: float, a: float, rtol: float, scale: float, look: _Look, slope: Any) -> Verdict:
    if slope is not None:
        value = float(slope)
        left = right = Side("finite", value, EPSILON * abs(value) + SMALLEST)
    else:
        left, right = look.side(-1), look.side(1)
    if any(s.kind == "finite" and math.isinf(s.value) for s in (left, right)):
        return _undecided("the derivative is beyond the largest double")
    if left.kind == right.kind == "finite":
        value = 0.5 * left.value + 0.5 * right.value
        direct = Estimate(value, left.error + right.error + EPSILON * abs(value))
    else:
        direct = next((Estimate(s.value, s.error) for s in (left, right) if s.kind == "finite"), UNKNOWN)
    q = Question(partial(e.at, i), e.start[i], here, a, rtol, direct, METHOD, partial(e.terms, i), scale, e.epsilon)
    found = decide(q, left, right, UNKNOWN, e.terms(i))
    if found.text.startswith("WRONG by"):  # floats may round to 0 what digits do not: what the function itself shows counts
        itself = judge(q._replace(direct=None, method="differences"))
        if itself.text != "ok" and not abs(float(look.start) - here) <= 1e-10 * abs(here):
            return found._replace(text=f"undecided: floats give {here:.6g} for the function, and digits {float(look.start):.6g}")
        return itself if itself.text == "ok" else found
    return found


def _undecided(why: str) -> Verdict:
    return Verdict(UNKNOWN, METHOD, f"undecided: {why}")


class _Look:
    """The function at x and next to it, at one precision."""

    def __init__(self, e: Evaluation, i: int, m: Any, first: int) -> None:
        self.e, self.i, self.m, self.first = e, i, m, first
        self.x = m.mpf(e.start[i])
        self.start = self.at(self.x)
        self._rises: dict[tuple[int, int], Any] = {}

    def at(self, x: Any) -> Any:
        y = self.e.complex_at(self.i, x, self.m)
        return y if self.m.isfinite(y) else self.m.nan

    def step(self, k: int) -> Any:
        return self.m.ldexp(1, self.first - k * APART)

    def rise(self, k: int, side: int) -> Any:
        """f at x ± step k, less f at x."""
        if (k, side) not in self._rises:
            self._rises[k, side] = self.at(self.x + side * self.step(k)) - self.start
        return self._rises[k, side]

    def both(self) -> Any:
        """The slope, where that of the left and of the right are one, and that of a smaller step too; None where they are not."""
        up, down, nearer = self.rise(0, 1) / self.step(0), -self.rise(0, -1) / self.step(0), self.rise(1, 1) / self.step(1)
        low, high = min(up, down, nearer), max(up, down, nearer)
        return (up + down) / 2 if high - low <= self.m.ldexp(abs(up), -AGREE) else None

    def drowned(self) -> bool:
        """Whether a step changed nothing although a larger one did: there are too few digits."""
        return any(self.rise(0, s) == self.rise(0, s) != 0 and self.rise(2, s) == 0 for s in (-1, 1))

    def side(self, side: int) -> Side:
        """See `Side`."""
        rises = [self.rise(k, side) for k in range(3)]
        if all(r != r for r in rises):
            return Side("none", math.nan, math.inf)
        if any(r != r for r in rises):
            return Side("rough", math.nan, math.inf)
        a, b, c = (side * r / self.step(k) for k, r in enumerate(rises))
        if not rises[2]:  # so flat that the digits do not reach it, or a constant
            return Side("finite", 0.0, float(abs(a)))
        power = float(self.m.log(abs(rises[0] / rises[2]), 2)) / (2 * APART) if rises[0] else 0.0
        if power < 0.01:
            beyond = side * (rises[0] - rises[1]) / (self.step(0) - self.step(1))
            return Side("jump", float(beyond), EPSILON * abs(float(beyond)))
        if power < 0.99:
            return Side("steep", math.inf if c > 0 else -math.inf, 0.0)
        before, last = b - a, c - b
        if abs(last) < 0.98 * abs(before):
            limit = c + last * last / (before - last)
            return Side("finite", float(limit), float(abs(limit - c)) + EPSILON * abs(float(limit)))
        return Side("rough" if last else "finite", float(c), 0.0)
