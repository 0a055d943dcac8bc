"""How far two runs of one program may be apart: running errors, first order by secants, for values and gradients.

A node's bound says how far a run whose sums go in another order, and whose functions come from another library, can be from the
eager engine; 0 means equal in every bit. None means that anything may come out: a partial sum that overflows, a decision within
the error of its own condition that leads to nan on one side alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fuzz_programs import DETACH, TAKE, Program, forward, partials
from micrograd import ops

UNIT = 2.0**-53
TINY = 5e-324
WHOLE = ("floor", "ceil", "trunc", "round")
EXACT = {
    *WHOLE, "mod", "neg", "abs", "less", "equal", "where", "sign", "step", "relu", "maximum", "minimum",
    "clamp", "shift", "sub", "div", "sqrt",
}  # fmt: skip
ROUNDED = {"add", "mul", "sub", "div", "sqrt", "sum", "dot"}
ULPS = 32.0 * UNIT  # 16 units in the last place: how far two libraries' functions are apart
SLOPES = 128.0 * UNIT  # … and two libraries' partials
Bound = Any  # a float, or None


@dataclass
class Run:
    """One run by floats, in the eager engine's order: numbers, their bounds, gradients, their bounds."""

    values: list[float]
    errors: list[Bound]
    grads: list[float]
    grad_errors: list[Bound]
    sizes: list[float]  # of what each gradient is the sum of


def run(program: Program, leaves: Sequence[float], seed: float = 1.0, truth: bool = False) -> Run:
    """Numbers and bounds of a program at these leaves. truth: bounds on the distance from real numbers."""
    values, errors = _forward(program, leaves, truth)
    return Run(values, errors, *_backward(program, values, errors, seed, truth))


def _candidates(x: float, e: float, others: Sequence[float]) -> list[float]:
    """Numbers that could stand for x: its ends, zeros, and what it may tie with."""
    found = [x - e, x + e]
    if abs(x) <= e:
        found += [0.0, -0.0]
    found += [o for o in others if abs(o - x) <= e and o != x]
    return found


def _spread(f: Any, xs: Sequence[float], errors: Sequence[float], at: float) -> Bound:
    """How far f can be from f(xs) = at, an argument at a time; None where it changes to or from inf or nan."""
    total = 0.0
    for j, (x, e) in enumerate(zip(xs, errors, strict=True)):
        if e == 0.0 or not math.isfinite(x):
            continue
        far = 0.0
        for c in _candidates(x, e, xs):
            y = f([*xs[:j], c, *xs[j + 1 :]])
            if y == at or (y != y and at != at):
                if y == 0.0 and math.copysign(1.0, y) != math.copysign(1.0, at):
                    far = max(far, TINY)
                continue
            if not (math.isfinite(y) and math.isfinite(at)):
                return None
            far = max(far, abs(y - at))
        total += far
    return total


def _forward(program: Program, leaves: Sequence[float], truth: bool) -> tuple[list[float], list[Bound]]:
    values, errors = list(leaves), [0.0] * len(leaves)
    terms: list[Any] = [None] * len(leaves)  # of a sum: (how many, Σ|finite terms|, whether products are among them)
    for op, args, _ in program.nodes:
        xs = [values[a] for a in args]
        y = forward(op, xs)
        es = [errors[a] for a in args]
        name = op if isinstance(op, str) else op.name
        mine: Any = None
        if name in ("add", "sum"):
            parts = [terms[a] if terms[a] and program.uses[a] == 1 else _plain(values[a]) for a in args]
            mine = _together(parts)
        elif name == "dot":
            half = len(xs) // 2
            mine = _together([_product(xs[i], xs[half + i]) for i in range(half)])
        elif name == "mul":
            mine = _product(*xs)
        if any(e is None for e in es):
            error: Bound = 0.0 if name == DETACH and es[0] == 0.0 else None
            if name == TAKE and errors[args[1 + int(xs[0])]] is not None:
                error = errors[args[1 + int(xs[0])]]
        elif name == TAKE:
            error = es[1 + int(xs[0])]
        else:
            error = _spread(lambda at, op=op: forward(op, at), xs, es, y)
            if error is not None:
                error += _rounding(name, y, mine, truth)
        if name in ("add", "sum", "dot") and not mine[1] < math.inf:
            error = None  # a partial sum, in some order, overflows; or a product that is not rounded by itself would
        values.append(y)
        errors.append(error if error is None or (error < math.inf and not _overflows(y, error)) else None)
        terms.append(mine)
    return values, errors


def _overflows(y: float, error: float) -> bool:
    return math.isfinite(y) and not math.isfinite(abs(y) + 2.0 * error)


def _plain(x: float) -> Any:
    return 1, abs(x) if math.isfinite(x) else 0.0, False


def _product(x: float, y: float) -> Any:
    """inf where only rounding by itself makes it so; nor is it 0 before it is rounded, where it is added so."""
    size = abs(x * y) or (TINY if x and y else 0.0)
    return 1, size if math.isfinite(size) or (math.isfinite(x) and math.isfinite(y)) else 0.0, True


def _together(parts: list[Any]) -> Any:
    return sum(n for n, _, _ in parts), sum(size for _, size, _ in parts), any(p for _, _, p in parts)


def _rounding(name: str, y: float, mine: Any, truth: bool) -> float:
    """What the op itself adds to the error."""
    if not math.isfinite(y):
        return 0.0
    if name in ("add", "sum", "dot"):
        count, size, products = mine
        if count > 2 or products or truth:
            return (count + 1) * UNIT * size + (TINY * count if products and size else 0.0)
        return 0.0
    if name in EXACT or name in ("mul", DETACH):
        return UNIT * abs(y) + TINY if truth and name in ROUNDED else 0.0
    return ULPS * abs(y) + TINY * (2.0 if y else 0.0)


def _backward(
    program: Program, values: list[float], errors: list[Bound], seed: float, truth: bool
) -> tuple[list[float], list[Bound], list[float]]:
    n, start = len(values), len(program.leaves)
    alias = list(range(n))  # what a look-up gives is the row itself
    for k, node in enumerate(program.nodes):
        if node.op is TAKE:
            alias[start + k] = alias[node.args[1 + int(values[node.args[0]])]]
    grads: list[float] = [0.0] * n
    bounds: list[Bound] = [0.0] * n
    sizes, counts = [0.0] * n, [0] * n  # of the contributions
    root = program.outputs[0]
    grads[root], counts[root] = seed, 1
    for k in range(len(program.nodes) - 1, -1, -1):
        node, i = program.nodes[k], start + k
        if node.op in (DETACH, TAKE) or node.paused:
            continue
        bounds[i] = _summed(bounds[i], grads[i], sizes[i], counts[i])
        g, ge = grads[i], bounds[i]
        if not counts[i] and ge == 0.0:
            continue  # nothing reaches it
        xs, y = [values[a] for a in node.args], values[i]
        ps, pes = _slopes(node.op, y, xs, [*(errors[a] for a in node.args), errors[i]])
        for a, p, pe, live in zip((alias[a] for a in node.args), ps, pes, passes(node.op, xs), strict=True):
            if live and counts[i]:
                before, c = grads[a], g * p
                grads[a] = before + c
                counts[a] += 1
                rounded = UNIT * abs(c) if truth and math.isfinite(c) else 0.0
                bounds[a] = _with(_with(bounds[a], _contribution(g, ge, p, pe, c)), rounded)
                if math.isfinite(c):
                    sizes[a] += abs(c)
                if math.isfinite(before) and math.isfinite(c) and not math.isfinite(grads[a]):
                    bounds[a] = None
            elif (live or pe != 0.0) and not _flat(node.op):  # in another run something may pass here
                bounds[a] = _with(bounds[a], _contribution(g, ge, p, pe, 0.0))
    for i in range(start):
        bounds[i] = _summed(bounds[i], grads[i], sizes[i], counts[i])
    return grads, bounds, sizes


def _with(bound: Bound, more: Bound) -> Bound:
    return None if bound is None or more is None or not bound + more < math.inf else bound + more


def _summed(bound: Bound, grad: float, size: float, count: int) -> Bound:
    """The bound of a gradient, with the order in which it is added up."""
    if bound is None or not size < math.inf:
        return None
    bound = bound + ((count + 1) * UNIT * size if count > 1 else 0.0)
    return None if _overflows(grad, bound) else bound


def _contribution(g: float, ge: Bound, p: float, pe: Bound, c: float) -> Bound:
    """How far g · p can be off."""
    if ge is None or pe is None:
        return None
    if (ge and abs(g) <= ge and not math.isfinite(p)) or (pe and abs(p) <= pe and not math.isfinite(g)):
        return None  # perhaps 0 × inf
    if not math.isfinite(c):
        return None if math.isfinite(g) and math.isfinite(p) else 0.0  # a product that is not rounded by itself may be finite
    return ge * abs(p) + abs(g) * pe + ge * pe + (2.0 * TINY if c or (g and p) else 0.0)


def _flat(op: Any) -> bool:
    return op.name in ("less", "equal", "sign", "step", "shift", *WHOLE)


def passes(op: Any, xs: Sequence[float]) -> list[bool]:
    """Through which arguments a row passes something, be it 0: the conventions of the table, written out."""
    x, name = xs[0] if xs else 0.0, op.name
    if _flat(op):
        return [False] * len(xs)
    if name == "where":
        return [False, bool(x), not x]
    if name in ("maximum", "minimum"):
        a, b = xs if name == "maximum" else xs[::-1]
        return [not a < b, not b < a]
    if name == "atan2":
        longest = max(map(abs, xs)) if not any(v != v for v in xs) else math.nan
        return [longest not in (0.0, math.inf)] * 2
    if name == "hypot":
        return [xs[0] != 0.0 or xs[1] != 0.0] * 2
    if name == "mod":  # by b it is flat where it is a
        return [True, ops.mod.forward(x, xs[1]) != x]
    if name == "pow":
        return [xs[1] != 0.0 or (0.0 < abs(x) < math.inf), True]
    return [{
        "relu": not x <= 0.0,
        "abs": x != 0.0,
        "clamp": name != "clamp" or x != x or op.params[0] < x < op.params[-1],
        "power": op.params != (0.0,),
        "leaky_relu": not (op.params == (0.0,) and x <= 0.0),
    }.get(name, True)] * len(xs)  # fmt: skip


def _slopes(op: Any, y: float, xs: list[float], es: list[Bound]) -> tuple[Any, Any]:
    """The partials and how far they can be off."""
    at = partials(op, y, xs)
    if op.name in ("add", "sum", "sub", "neg"):
        return at, [0.0] * len(at)
    if op.name in ("mul", "dot"):
        half = len(xs) // 2
        return at, [es[(j + half) % len(xs)] for j in range(len(xs))]
    if any(e is None for e in es):
        if op.name == "where" and es[0] == 0.0:
            return at, [0.0] * len(at)
        return at, [None] * len(at)
    found: list[Bound] = []
    for j, p in enumerate(at):
        far = _spread(lambda given, j=j: partials(op, given[-1], given[:-1])[j], [*xs, y], es, p)
        rough = op.name not in EXACT - {"div", "sqrt", "clamp"} and math.isfinite(p)
        found.append(far if far is None or not rough else far + SLOPES * abs(p) + (TINY * 2 if p else 0.0))
    return at, found


def allowed(expected: float, bound: Bound, got: float) -> bool:
    """Whether a number is what the eager engine has, up to twice its bound; zeros by their signs where the bound is 0."""
    if bound is None:
        return True
    if expected != expected or got != got:
        return expected != expected and got != got
    if bound == 0.0 or not math.isfinite(expected):
        return expected == got and math.copysign(1.0, expected) == math.copysign(1.0, got)
    return abs(expected - got) <= 2.0 * bound


def identical(a: float, b: float) -> bool:
    """Equal as doubles: nan is nan, zeros by their signs."""
    return (a != a and b != b) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


def crowded(program: Program, runs: Sequence[Run]) -> set[int]:
    """The places whose gradients over these samples may be inf, whatever the eager engine has.

    What no sample changes has one gradient for all of them, Σ ḡ over samples, and only then is multiplied by its slope: that may be past
    the largest double where each ḡ times the slope, added up, is not; and where the slope is inf, some ḡ are 0 and others not, it is inf
    where 0 · inf, added up, is nan. It is the price of sums in another order (and of their speed).
    """
    start, found = len(program.leaves), set[int]()
    changed = {k for kind in "xi" for k in program.places(kind)}
    for k, node in enumerate(program.nodes):
        if not changed.isdisjoint(node.args):
            changed.add(start + k)
    for k in range(len(program.nodes) - 1, -1, -1):
        i, args = start + k, program.nodes[k].args
        if i in found or not sum(run.sizes[i] for run in runs) < math.inf or (i not in changed and _steep(program, k, runs)):
            found.update((i, *args))
    return found


def _steep(program: Program, k: int, runs: Sequence[Run]) -> bool:
    """Whether a slope of this node, the same for all samples, is infinite, and their gradients are not of one sign."""
    values, i = runs[0].values, len(program.leaves) + k
    slopes = partials(program.nodes[k].op, values[i], [values[a] for a in program.nodes[k].args])
    return not all(map(math.isfinite, slopes)) and len({(run.grads[i] > 0.0, run.grads[i] < 0.0) for run in runs}) > 1


def total(xs: Sequence[float], bounds: Sequence[Bound]) -> tuple[float, Bound]:
    """A sum from left to right over samples, and its bound."""
    found = 0.0
    for x in xs:
        found += x
    size = sum(abs(x) for x in xs if math.isfinite(x))
    if any(b is None for b in bounds) or not size < math.inf:
        return found, None
    error = sum(bounds) + (len(xs) + 1) * UNIT * size
    return found, None if _overflows(found, error) else error


def mean(xs: Sequence[float], bounds: Sequence[Bound]) -> tuple[float, Bound]:
    """The mean over samples, and its bound."""
    found, error = total(xs, bounds)
    return found / len(xs), error if error is None else error / len(xs) + 2.0 * UNIT * abs(found) + TINY * bool(found)
