"""Gradients against independent truth: `gradcheck(fn, inputs)` for a function, `check_grads(root)` for a graph.

    >>> print(gradcheck(lambda x, y: x * y + x.tanh(), (0.5, -2.0)))  # doctest: +ELLIPSIS
    input     analytic      numeric ...
    x      -1.21355227  -1.21355227 ... complex step  ok
    y              0.5          0.5 ... complex step  ok

Three kinds of truth, each with an estimate of its own error (micrograd/numeric.py): the complex step, free of cancellation,
where the ops allow it; else central differences with Richardson extrapolation; or 50 digits (method="exact", needs mpmath).
Where the function has a kink, the gradient must lie between the one-sided derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from micrograd import pull
from micrograd.engine import Value
from micrograd.evaluation import Evaluation, GraphEvaluation, Slots
from micrograd.modes import refuse_changed
from micrograd.numeric import NEAR, Estimate, complex_step, exact_difference, ridders, sides
from micrograd.transforms import grad

METHODS = ("auto", "complex", "differences", "exact")
RTOL = 1e-7  # a wrong rule by one part in a million is caught with a factor of ten to spare


class Row(NamedTuple):
    """One checked number: which input (and output), both derivatives, the numeric one's error, and the verdict."""

    name: str
    analytic: float
    numeric: float
    error: float
    method: str
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether the two agree, or the gradient is one that the kink allows."""
        return not self.verdict.startswith("WRONG")

    @property
    def ulps(self) -> float:
        """The distance of the two in units in the last place of the numeric one."""
        if not (math.isfinite(self.analytic) and math.isfinite(self.numeric)):
            return 0.0 if self.analytic == self.numeric else math.inf
        return abs(self.analytic - self.numeric) / math.ulp(self.numeric)


class Report:
    """What was checked: true if all of it agrees; prints as a table."""

    def __init__(self, rows: Sequence[Row], note: str = "") -> None:
        self.rows, self.note = tuple(rows), note

    def __bool__(self) -> bool:
        return all(row.ok for row in self.rows)

    @property
    def wrong(self) -> tuple[Row, ...]:
        """The rows that do not agree."""
        return tuple(row for row in self.rows if not row.ok)

    def __str__(self) -> str:
        head = ("input", "analytic", "numeric", "error", "ulps", "method", "verdict")
        body = [
            (r.name, f"{r.analytic:.9g}", f"{r.numeric:.9g}", f"{r.error:.1e}", f"{r.ulps:.3g}", r.method, r.verdict)
            for r in self.rows
        ]
        wide = [max(len(line[i]) for line in (head, *body)) for i in range(7)]
        left = (0, 5, 6)
        lines = [
            "  ".join(f"{c:<{w}}" if i in left else f"{c:>{w}}" for i, (c, w) in enumerate(zip(line, wide, strict=True))).rstrip()
            for line in (head, *body)
        ]
        return "\n".join([*lines, *([self.note] if self.note else [])])

    __repr__ = __str__


def gradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    gradient: Callable[..., Any] | None = None,
    method: str = "auto",
    order: int = 1,
    rtol: float = RTOL,
) -> Report:
    """Compare the gradient of `fn(*inputs)` with its numeric derivative, input by input (and output by output).

    inputs: a number, a Value, a Module, or a sequence of those and of nested lists. Numbers are passed as new Values; Values
        and the parameters of Modules are moved in place, and their data and grad are as before afterwards, whatever happens.
    gradient: for another engine: `gradient(*inputs)` gives the numbers to check, `fn` is then called with plain numbers.
    method: "auto", "complex", "differences" or "exact" (50 digits, needs mpmath). order: 2 checks the second derivatives
        (the graph that create_graph=True makes) against differences of the first.
    rtol: relative tolerance; the error estimate of the numeric derivative is added, four times over.

    Gives a Report, true if everything agrees. Raises TypeError for inputs that are not numbers, ValueError for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; there are {', '.join(map(repr, METHODS))}")
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2, not {order!r}")
    slots = Slots(fn, inputs, plain=gradient is not None)
    with slots.kept():
        if order == 2:
            return Report(list(_second(slots, rtol)))
        outputs = slots.outputs(slots.start)
        if gradient is None:
            analytic = [backward(out, slots.leaves) for out in outputs]
        else:
            analytic = [slots.flattened(gradient(*slots.arguments(slots.start)))]
        evaluations = [slots.evaluation(k) for k in range(len(outputs))]
        return Report([row for e, found in zip(evaluations, analytic, strict=True) for row in _rows(e, found, method, rtol)])


def check_grads(
    root: Value, inputs: Sequence[Value] | None = None, *, method: str = "auto", rtol: float = RTOL, budget: int = 20_000_000
) -> Report:
    """Compare ∂root/∂leaf with numeric derivatives of the recorded graph, evaluated again op by op.

    inputs: the leaves to check (default: all; where that would evaluate more than `budget` ops, evenly spread ones, and
    the report says so). Nothing of the graph changes. A node made by hand (`_backward` set) is evaluated by the op that its
    `_op` names, if its data agrees; else TypeError: check the function that makes it with gradcheck.
    """
    nodes = root.topological()
    leaves = [v for v in nodes if v.op is None] if inputs is None else list(inputs)
    affordable = max(1, budget // (50 * len(nodes)))
    note = ""
    if inputs is None and len(leaves) > affordable:
        note = f"{affordable} of {len(leaves)} leaves checked, evenly spread: name others with inputs="
        leaves = [leaves[i * len(leaves) // affordable] for i in range(affordable)]
    evaluation = GraphEvaluation(root, leaves)
    return Report(list(_rows(evaluation, backward(root, leaves), method, rtol)), note)


def backward(root: Value, leaves: Sequence[Value]) -> list[float]:
    """The gradients that a backward pass leaves in `leaves`; every gradient is as before afterwards.

    The engine's own pass, not `grad`: that takes each contribution by itself, and would not see a closure that overwrites a
    gradient where it should add to it.
    """
    nodes = root.topological()
    kept = [(v, v.grad) for v in dict.fromkeys((*nodes, *leaves))]
    try:
        for v, _ in kept:
            v.grad = 0.0
        refuse_changed(root.interior())
        pull.backward(root.start_backward())
        return [float(v.grad) for v in leaves]
    finally:
        for v, gradient in kept:
            v.grad = gradient


def _rows(e: Evaluation, analytic: Sequence[float], method: str, rtol: float) -> Iterator[Row]:
    for i, a in enumerate(analytic):
        numeric, name = _numeric(e, i, method)
        yield _judged(e, i, float(a), numeric, name, rtol)


def _numeric(e: Evaluation, i: int, method: str) -> tuple[Estimate, str]:
    if method == "exact":
        return exact_difference(e, i), "50 digits"
    if method in ("auto", "complex"):
        found = complex_step(e, i)
        if found is not None:
            return found, "complex step"
        if method == "complex":
            raise TypeError(f"the complex step cannot go through this function (input {e.names[i]}): use method='auto'")
    return ridders(lambda x: e.at(i, x), e.start[i]), "differences"


def _judged(e: Evaluation, i: int, a: float, numeric: Estimate, method: str, rtol: float) -> Row:
    n, error = numeric
    if abs(a - n) <= rtol * max(abs(a), abs(n)) + 4.0 * error or (a != a and n != n):
        return Row(e.names[i], a, n, error, method, "ok")
    closer = ridders(lambda x: e.at(i, x), e.start[i], NEAR)  # a kink at the distance of a step misleads the estimate and its error
    if abs(a - closer.value) <= rtol * abs(a) + 4.0 * closer.error and closer.error <= rtol * abs(a):
        return Row(e.names[i], a, *closer, "differences", "ok")
    left, right = sides(lambda x: e.at(i, x), e.start[i])
    there = [side for side in (left, right) if side.value == side.value] or [Estimate(math.nan, math.inf)]  # one side may be no domain
    low, high = min(side.value for side in there), max(side.value for side in there)
    loose = 4.0 * sum(side.error for side in there) + (rtol * max(abs(low), abs(high)) if math.isfinite(high - low) else 0.0)
    is_kink = high - low > 2.0 * loose or (math.isinf(a) and len(there) < 2)
    if is_kink and low - loose <= a <= high + loose:
        return Row(e.names[i], a, n, error, "one-sided", f"kink: {low:.4g} … {high:.4g}")
    wrong = f"WRONG by {abs(a - n) / max(abs(n), abs(a)):.1e}" if math.isfinite(a) and math.isfinite(n) else "WRONG"
    return Row(e.names[i], a, n, error, method, f"{wrong}, kink: {low:.4g} … {high:.4g}" if is_kink else wrong)


def _second(slots: Slots, rtol: float) -> Iterator[Row]:
    outputs, leaves = slots.outputs(slots.start), slots.leaves
    for k, out in enumerate(outputs):
        firsts = grad(out, leaves, create_graph=True)
        analytic = [grad(first, leaves) for first in firsts]
        for i, row in enumerate(analytic):
            for j, a in enumerate(row):

                def first(x: float, i: int = i, j: int = j, k: int = k) -> float:
                    moved = slots.outputs([*slots.start[:j], x, *slots.start[j + 1 :]])[k]
                    return float(grad(moved, slots.leaves)[i])

                n, error = ridders(first, slots.start[j])
                good = abs(a - n) <= rtol * max(abs(a), abs(n)) + 4.0 * error or (a != a and n != n)
                name = f"{slots.names[i]}, {slots.names[j]}"
                yield Row(name, a, n, error, "differences", "ok" if good else f"WRONG by {abs(a - n) / max(abs(a), abs(n)):.1e}")
