"""The gradient of a recorded graph by the chain rule over complex steps: one pass for all of its leaves.

Each local derivative is Im op(x + ih)/h of the op's plain mathematics (`Op.exact`), never from the forward function and the partials
that are judged, and the sums over all paths are taken here, not by the engine. What has no complex form is left open.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from micrograd.checking.complex_step import ComplexStep, Ordered
from micrograd.checking.exact import exactly
from micrograd.checking.numeric import EPSILON, NOISE, Estimate
from micrograd.engine import Value
from micrograd.ops.op import Op

STEP = 1e-100
TINY = 1e-84  # an input beside which the step is not small


def gradient(nodes: Sequence[Value], ops: Mapping[int, Op], leaves: Sequence[Value]) -> list[Estimate | None]:
    """∂(last node)/∂leaf for each of these leaves; None where a node on the way has no complex form, or a kink.

    nodes: all of a graph, arguments before users. ops: what computed each node that is no leaf, by its id.
    """
    sums, errors = {id(nodes[-1]): 1.0}, {id(nodes[-1]): 0.0}
    for v in reversed(nodes):
        op, above = ops.get(id(v)), sums.get(id(v), 0.0)
        if op is None or above == 0.0:
            continue
        error, args = errors[id(v)], v.args
        found = partials(op, [a.data for a in args], v.data) if above == above else None
        for a, p in zip(args, found or [math.nan] * len(args), strict=True):
            if p != 0.0:
                term = above * p
                sums[id(a)] = sums.get(id(a), 0.0) + term
                errors[id(a)] = errors.get(id(a), 0.0) + error * abs(p) + EPSILON * abs(term)
    slopes = [Estimate(sums.get(id(v), 0.0), errors.get(id(v), 0.0) + NOISE) for v in leaves]
    return [slope if math.isfinite(slope.value) else None for slope in slopes]


def partials(op: Op, xs: list[float], y: float) -> Sequence[float] | None:
    """The local derivatives at xs, by a complex step in each argument; None where there is no such form. y: the value there."""
    try:
        if op.arity is None:
            return _marked(op, xs, y)
        numbers = [Ordered(x) for x in xs]
        found = []
        for i, x in enumerate(xs):
            if 0.0 < abs(x) < TINY:
                return None
            moved = exactly(op, ComplexStep, [*numbers[:i], Ordered(x, STEP), *numbers[i + 1 :]])
            if not abs(moved.real - y) <= 1e-9 * max(abs(y), NOISE):
                return None
            found.append(moved.imag / STEP)
        return found
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        return None


def _marked(op: Op, xs: list[float], y: float) -> Sequence[float] | None:
    """The same for an op of any number of arguments, in one evaluation: each number carries its derivative by every argument."""
    assert op.exact is not None
    moved = op.exact(Marks, *[Marked(x, {i: 1.0}) for i, x in enumerate(xs)])
    if not abs(moved.x - y) <= 1e-9 * max(abs(y), NOISE):
        return None
    return [moved.by.get(i, 0.0) for i in range(len(xs))]


class Marked:
    """A real number with its derivatives by some arguments, for what sums, products and choices are made of."""

    def __init__(self, x: float, by: Mapping[int, float]) -> None:
        self.x, self.by = x, by

    def __mul__(self, other: Marked) -> Marked:
        by = {i: d * other.x for i, d in self.by.items()}
        for i, d in other.by.items():
            by[i] = by.get(i, 0.0) + self.x * d
        return Marked(self.x * other.x, by)

    def __lt__(self, other: Marked) -> bool:
        return self.x < other.x

    def __gt__(self, other: Marked) -> bool:
        return self.x > other.x


class Marks:
    """The functions of `Op.exact` on `Marked` numbers."""

    @staticmethod
    def fsum(numbers: Iterable[Marked]) -> Marked:
        terms = list(numbers)
        by: dict[int, float] = {}
        for term in terms:
            for i, d in term.by.items():
                by[i] = by.get(i, 0.0) + d
        return Marked(math.fsum(term.x for term in terms), by)
