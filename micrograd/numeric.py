"""Numeric derivatives of one function of one number, each with an estimate of its own error."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from micrograd.evaluation import Evaluation

EPSILON = 2.0**-52


class Estimate(NamedTuple):
    """A derivative, and how wrong it may be."""

    value: float
    error: float


FAR, NEAR = (0.3, 0.03, 0.003), (1e-4, 1e-5, 1e-6)  # first steps, relative to the number


def ridders(f: Callable[[float], float], x: float, steps: tuple[float, ...] = FAR) -> Estimate:
    """f'(x) by central differences and Richardson extrapolation, from several first steps; the best of them.

    Ridders, Advances in Engineering Software 4 (1982); Press et al., Numerical Recipes, 5.7. The error is at least the
    rounding of f over the step.
    """
    size = abs(x) if x else 1.0
    found = [_extrapolated(f, x, step * size, 2.0, lambda h: _central(f, x, h)) for step in steps]
    return min(found, key=lambda e: e.error if e.error == e.error else math.inf)


def sides(f: Callable[[float], float], x: float) -> tuple[Estimate, Estimate]:
    """The derivatives from the left and from the right."""
    size = abs(x) if x else 1.0
    left, right = (
        min(
            (_extrapolated(f, x, s * step * size, 1.0, lambda h: (f(x + h) - f(x)) / h) for step in (0.1, 0.01, 0.0001)),
            key=lambda e: e.error if e.error == e.error else math.inf,
        )
        for s in (-1.0, 1.0)
    )
    return _steep(f, x, -1.0, left), _steep(f, x, 1.0, right)


def _steep(f: Callable[[float], float], x: float, side: float, found: Estimate) -> Estimate:
    """±inf where the difference quotient grows without end as the step shrinks (as for √x at 0)."""
    quotients = [(f(x + side * h) - f(x)) / (side * h) for h in (1e-6, 1e-9, 1e-12, 1e-15) if x + side * h != x]
    growing = len(quotients) > 2 and all(abs(b) > 3.0 * abs(a) for a, b in pairwise(quotients))
    return Estimate(math.copysign(math.inf, quotients[-1]), 0.0) if growing else found


def _central(f: Callable[[float], float], x: float, h: float) -> float:
    up, down = x + h, x - h
    return (f(up) - f(down)) / (up - down)


def _extrapolated(f: Callable[[float], float], x: float, h: float, power: float, quotient: Callable[[float], float]) -> Estimate:
    """The limit of `quotient(h)` for h → 0, whose error is a series in h**power (h² for central, h for one-sided)."""
    shrink = 1.6
    for _ in range(12):  # a step that leaves the domain is no step
        if math.isfinite(quotient(h)):
            break
        h /= 8.0
    best, error = math.nan, math.inf
    row: list[float] = []
    for _ in range(12):
        new = [quotient(h)]
        factor = shrink**power
        weight = factor
        rounding = 2.0 * EPSILON * max(abs(f(x)), abs(f(x + h))) / abs(h)
        for k, old in enumerate(row):
            new.append(new[k] + (new[k] - old) / (weight - 1.0))
            weight *= factor
            guess = max(abs(new[k + 1] - new[k]), abs(new[k + 1] - old)) + rounding
            if guess < error:
                best, error = new[k + 1], guess
        if row and abs(new[-1] - row[-1]) > 4.0 * error:
            break
        row = new
        h /= shrink
    return Estimate(best, error)


def complex_step(e: Evaluation, i: int) -> Estimate | None:
    """Im f(x + ih)/h with a tiny h, exact to rounding; None where the function has no complex form (or a kink there)."""
    from micrograd.exact import ComplexStep, Ordered

    h = 1e-100
    try:
        result = e.complex_at(i, Ordered(e.start[i], h), ComplexStep)
        value = complex(result)
    except (ArithmeticError, TypeError, ValueError, AttributeError):
        return None
    plain = e.at(i, e.start[i])
    if not math.isfinite(value.imag) or not abs(value.real - plain) <= 1e-9 * max(abs(plain), 1e-300):
        return None
    derivative = value.imag / h
    cancelled = abs(plain) / (abs(e.start[i]) or 1.0)  # how large the terms of a derivative that sums to nearly 0 may be
    return Estimate(derivative, EPSILON * (abs(derivative) + cancelled))


def exact_difference(e: Evaluation, i: int) -> Estimate:
    """f'(x) by central differences in 50-digit arithmetic: right to about 1e-30. Needs mpmath."""
    from micrograd.exact import context

    m = context(80)
    x = m.mpf(e.start[i])
    h = m.mpf(10) ** -25 * max(abs(x), m.mpf(10) ** -30)
    value = (e.complex_at(i, x + h, m) - e.complex_at(i, x - h, m)) / (2 * h)
    return Estimate(float(value), EPSILON * abs(float(value)))
