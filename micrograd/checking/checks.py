"""Gradients against independent truth: `gradcheck(fn, inputs)` for a function, `check_grads(root)` for a graph.

    >>> print(gradcheck(lambda x, y: x * y + x.tanh(), (0.5, -2.0)))  # doctest: +ELLIPSIS
    input     analytic      numeric ...
    x      -1.21355227  -1.21355227 ... complex step  ok
    y              0.5          0.5 ... complex step  ok

Three kinds of truth, each with an estimate of its own error (micrograd/checking/numeric.py): the complex step, free of cancellation,
where the ops allow it; else central differences with Richardson extrapolation; or many digits (method="exact", needs mpmath).
Where the function has a kink, the gradient must lie between the one-sided derivatives. What none of them shows is undecided
(micrograd/checking/verdict.py): at a jump, of a random function, where rounding drowns the difference, where the function is not finite.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from micrograd import pull
from micrograd.checking.alike import gradient_raised, nan_alike, raised
from micrograd.checking.digits import exactly
from micrograd.checking.evaluation import Evaluation, GraphEvaluation
from micrograd.checking.numeric import UNKNOWN
from micrograd.checking.report import Report as Report
from micrograd.checking.report import Row as Row
from micrograd.checking.report import open_row
from micrograd.checking.slots import SlotEvaluation, Slots
from micrograd.checking.standing import standing_in
from micrograd.checking.verdict import Question, Verdict, judge, near, straight
from micrograd.engine import Value
from micrograd.modes import refuse_changed
from micrograd.transforms import grad, push

METHODS = ("auto", "complex", "differences", "exact", "directions", "taylor")
STEP = "complex step"
RTOL = 1e-7  # a wrong rule by one part in a million is caught with a factor of ten to spare
RAISED = (ArithmeticError, ValueError, LookupError, AssertionError, RuntimeError)  # at these numbers; other errors are the code's


def gradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    gradient: Any = None,
    method: str = "auto",
    order: int = 1,
    rtol: float = RTOL,
    forward: bool = False,
    alike: bool = False,
    directions: int = 4,
    seed: int = 0,
) -> Report:
    """Compare the gradient of `fn(*inputs)` with its numeric derivative, input by input (and output by output).

    inputs: a number, a Value, a Module, an array of any shape, or a sequence of those and of nested lists and dicts. Numbers are
        passed as new Values (an array as one of Values); Values and the parameters of Modules are moved in place, and their
        data and grad are as before afterwards, whatever happens.
    gradient: for another engine: what is to be checked, in the shape of the inputs, or a function `gradient(*inputs)` that
        gives it; `fn` is then called with plain numbers, arrays (float64) and tensors (of their own type and precision).
    method: "auto", "complex", "differences" or "exact" (many digits, needs mpmath), each input by itself. For large functions along
        random directions, whatever the number of inputs: "directions" (reverse mode against forward mode and differences), "taylor"
        (how fast the remainder of the linear model falls, with no step to choose: order 2 is right, 1 is wrong;
        `micrograd/checking/directions.py`). directions, seed: how many, and which.
    order: 2 and 3 check the second and third derivatives (the graphs that create_graph=True makes) against differences of those
        one order below.
    forward: check forward mode (`jvp`) too, input by input, against the same derivatives: a row more for each.
    alike: where fn raises or gives nan, ask whether the gradient does so too, and the other way round: "ok" where both raise the same
        type or have a nan, "WRONG" where one of them gives numbers; without it such rows are undecided.
    rtol: relative tolerance; the error estimate of the numeric derivative is added, four times over.

    A function of Values is called at the point and at some points around it, far and near; where the graph that it recorded gives the
    same numbers there, the graph is asked for the rest.

    Each row's verdict is "ok", "kink: low … high" (a gradient between the one-sided derivatives), "WRONG …" or "undecided: why".

    >>> import numpy as np
    >>> W, x = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.3, 0.1])
    >>> report = gradcheck(lambda W, x: (W @ x).sum(), (W, x), gradient=lambda W, x: (np.outer(np.ones(2), x), W.sum(axis=0)))
    >>> bool(report), report.rows[1].name
    (True, 'W[0, 1]')

    Gives a Report, true if everything agrees. Raises TypeError for inputs that are not numbers, ValueError for an unknown method
    and for a gradient of another shape; what `fn` itself raises for these numbers makes its rows undecided.
    """
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; there are {', '.join(map(repr, METHODS))}")
    if order not in (1, 2, 3):
        raise ValueError(f"order is 1, 2 or 3, not {order!r}")
    by_direction = method in ("directions", "taylor")
    if by_direction and directions < 1:
        raise ValueError(f"directions={directions!r} checks nothing: one at least")
    if order > 1 and (by_direction or forward):
        raise ValueError(f"order={order} goes input by input, in reverse mode: without method={method!r} or forward=True")
    if forward and gradient is not None:
        raise ValueError("forward=True checks our own forward mode: without gradient=")
    slots = Slots(fn, inputs, plain=gradient is not None)
    with slots.kept():
        try:
            outputs = slots.outputs(slots.start)
        except RAISED as error:
            return Report(raised(slots, gradient, error, alike))
        evaluations = [slots.evaluation(k, outputs) for k in range(len(outputs))]
        caught = RAISED if alike else (ArithmeticError, LookupError, AssertionError)
        try:
            analytic = _analytic(slots, outputs, gradient, order)
        except caught as error:
            return Report(gradient_raised(slots, outputs, error, alike))
        random = slots.changing(outputs)
        rows: list[Row] = []
        asked = standing_in(evaluations) if order == 1 and method != "exact" and not random else evaluations
        for k, (e, found) in enumerate(zip(asked, analytic, strict=True)):
            if k in random:
                why = "a random function: it gives another number each time"
                rows += [open_row(name, why, a) for name, a in zip(e.names, found[0], strict=True)]
            elif alike and (told := nan_alike(e, found[0])):
                rows += told
            elif order > 1:
                rows += _higher(slots, k, found, rtol, order)
            elif by_direction:
                from micrograd.checking.directions import slopes, taylor  # late: it needs the statistics of the library

                pushed = _pushed(evaluations[k]) if gradient is None else None
                of = (
                    slopes(e, found[0], pushed, rtol, directions, seed) if method == "directions" else taylor(e, found[0], directions, seed)
                )
                rows += [Row(f.name, f.analytic, *f.numeric, f.method, f.text) for f in of]
            else:
                rows += _rows(e, found[0], method, rtol)
                if forward:
                    rows += _forward(e, _pushed(evaluations[k]), method, rtol)
        return Report(rows)


def _pushed(e: SlotEvaluation) -> Callable[[Sequence[float]], float]:
    """Forward mode: the tangent of the output for those of the inputs."""
    out, leaves = e.root, e.leaves
    order = out.interior()

    def pushed(tangents: Sequence[float]) -> float:
        e.restore()
        tangent: dict[Value, Any] = {v: t for v, t in zip(leaves, tangents, strict=True) if t != 0.0}
        push(order, tangent)
        return float(tangent.get(out, 0.0))

    return pushed


def _forward(e: Evaluation, pushed: Callable[[Sequence[float]], float], method: str, rtol: float) -> list[Row]:
    """The rows of forward mode, each input pushed by itself."""
    n = len(e.start)
    found = [pushed([float(i == j) for j in range(n)]) for i in range(n)]
    return [row._replace(name=f"{row.name} (jvp)") for row in _rows(e, found, method, rtol)]


def check_grads(
    root: Value, inputs: Sequence[Value] | None = None, *, method: str = "auto", rtol: float = RTOL, budget: int = 20_000_000
) -> Report:
    """Compare ∂root/∂leaf with numeric derivatives of the recorded graph, evaluated again op by op.

    inputs: the leaves to check (default: all but the numbers that the code wrote; where those that are no plain "ok" would take
    more than `budget` ops, some of them, and the report says so). Nothing of the graph changes. A node made by hand (`_backward`
    set) is evaluated by the op that its `_op` names, if its data agrees; else TypeError: check the function that makes it with
    gradcheck. Verdicts as gradcheck's.
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"check_grads takes the root of a graph, a Value, not {type(root).__name__}: {root!r:.80} (gradcheck takes a function)"
        )
    nodes = root.topological()
    leaves = [v for v in nodes if v.op is None and not v.is_literal] if inputs is None else list(inputs)
    count, most = len(leaves), max(1, budget // (50 * len(nodes))) if inputs is None else sys.maxsize
    if method in ("differences", "exact"):  # leaf by leaf
        leaves = _spread(leaves, most)
    evaluation = GraphEvaluation(root, leaves)
    here = {id(v) for v in evaluation.nodes}
    for v in leaves:
        if v.op is not None or id(v) not in here:
            raise ValueError(f"{v!r} is not a leaf of this graph")
    rows = _rows(evaluation, backward(root, leaves), method, rtol, most)
    note = f"{len(rows)} of {count} leaves checked: name others with inputs=" if len(rows) < count else ""
    return Report(rows, note)


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


def _analytic(slots: Slots, outputs: Sequence[Any], gradient: Any, order: int) -> list[list[list[float]]]:
    """What is to be judged: for each output the gradient, then (with order 2) the rows of second derivatives."""
    if gradient is not None:
        if len(outputs) != 1 or order != 1:
            given = f"fn gave {len(outputs)} numbers: sum them" if order == 1 else "order=2 needs a function of Values"
            raise ValueError(f"gradient= checks the first derivatives of one number; {given}")
        given = gradient(*slots.arguments(slots.start)) if callable(gradient) else gradient
        return [[slots.flattened(given)]]
    if order == 1:
        return [[backward(out, slots.leaves)] for out in outputs]
    return [[[v.data for v in below], *(grad(v, slots.leaves) for v in below)] for below in (_below(slots, out, order) for out in outputs)]


def _below(slots: Slots, out: Value, order: int) -> list[Value]:
    """The derivatives one order below, as Values: ∂/∂xᵢ, or ∂²/∂xᵢ∂xⱼ row by row."""
    found = [out]
    for _ in range(order - 1):
        found = [g for v in found for g in grad(v, slots.leaves, create_graph=True)]
    return found


def _rows(e: Evaluation, analytic: Sequence[float], method: str, rtol: float, most: int = sys.maxsize) -> list[Row]:
    """A row for each input; at most so many are judged one by one."""
    scales = _scales(analytic, e.start)
    rtol = max(rtol, 1e4 * e.epsilon) if e.epsilon > 2.0**-52 else rtol
    here = e.here()
    if method == "exact":
        exact = [exactly(e, i, here, a, rtol, scales[i]) for i, a in enumerate(analytic)]
        if e.in_place and not straight(e, here, [v.numeric for v in exact]):  # what the digits saw is not all that moves, or a kink
            return _rows(e, analytic, "differences", rtol)
        return [Row(name, a, *v.numeric, v.method, v.text) for name, a, v in zip(e.names, analytic, exact, strict=True)]
    directs = e.directs(here, method)
    agree = [d is not None and near(a, d, rtol) for a, d in zip(analytic, directs, strict=True)]
    settled = any(agree) and straight(e, here, directs)
    rows = []
    for i in range(len(agree)) if settled and all(agree) else _affordable(agree, settled, most):
        a, direct = analytic[i], directs[i]
        name = "differences" if direct is None else STEP
        if settled and agree[i]:
            rows.append(Row(e.names[i], a, *(direct or UNKNOWN), name, "ok"))
            continue
        v = judge(Question(partial(e.at, i), e.start[i], here, a, rtol, direct, name, partial(e.terms, i), scales[i], e.epsilon))
        rows.append(Row(e.names[i], a, *v.numeric, v.method, v.text))
    return rows


def _affordable(agree: Sequence[bool], settled: bool, most: int) -> list[int]:
    """Which inputs get a row: what is settled, and of the others `most`, those first whose gradient is not the direct one."""
    free = [i for i, good in enumerate(agree) if good and settled]
    suspect = _spread([i for i, good in enumerate(agree) if not good], most)
    return sorted(free + suspect + _spread([i for i, good in enumerate(agree) if good and not settled], most - len(suspect)))


def _spread(items: list[Any], most: int) -> list[Any]:
    return items if len(items) <= most else [items[i * len(items) // most] for i in range(most)]


def _scales(gradient: Sequence[float], x: Sequence[float]) -> list[float]:
    """What each gradient is small beside, if it is: the largest, and the largest effect of an input as such (1 at most)."""
    sizes = [abs(v) or 1.0 for v in x]
    largest = max((abs(a) for a in gradient if math.isfinite(a)), default=0.0)
    effect = max((abs(a * s) for a, s in zip(gradient, sizes, strict=True) if math.isfinite(a * s)), default=0.0)
    return [min(largest, effect / s, 1.0) for s in sizes]


def _higher(slots: Slots, k: int, found: Sequence[Sequence[float]], rtol: float, order: int) -> Iterator[Row]:
    """Each derivative of the highest order against differences of the one below."""
    below, *rows = found
    scale = max((abs(a) for row in rows for a in row if math.isfinite(a)), default=0.0)
    n = len(slots.names)
    for i, row in enumerate(rows):
        name = ", ".join(slots.names[i // n ** (order - 2 - d) % n] for d in range(order - 1))
        for j, a in enumerate(row):

            def lower(x: float, i: int = i, j: int = j) -> float:
                try:
                    moved = slots.outputs([*slots.start[:j], x, *slots.start[j + 1 :]])[k]
                    return _below_one(slots, moved, i, order)
                except Exception:
                    return math.nan

            v: Verdict = judge(Question(lower, slots.start[j], below[i], a, rtol, scale=scale, first=True))
            yield Row(f"{name}, {slots.names[j]}", a, *v.numeric, v.method, v.text)


def _below_one(slots: Slots, out: Value, i: int, order: int) -> float:
    """The i-th of `_below`, as a number."""
    n, v = len(slots.names), out
    for d in range(order - 2):
        v = grad(v, slots.leaves, create_graph=True)[i // n ** (order - 2 - d) % n]
    return float(grad(v, slots.leaves)[i % n])
