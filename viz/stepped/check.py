"""Find the node where a backward pass goes wrong, and say in a sentence how.

Each local derivative that the pass used is compared with finite differences of the operation itself,
and each contribution with upstream × local derivative. A class's own closures are asked once more by themselves, where the pass's
numbers cannot hide a mistake. Where the numbers fit a typical mistake, the message names it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from ..notation.formula import Call, Compare, Infix, Minus, Name, reckoner
from ..notation.numbers import show
from ..notation.rows import FUNCTIONS, MANY, row_of, table, written
from ..reading import args_of, closure_of
from .payload import same
from .probe import UPSTREAM, Probe, elsewhere, in_place, maker_of
from .recording import Trace

Function = Callable[..., float]
Slope = tuple[float, float]  # the least and the greatest that is allowed
RELATIVE = 1e-4  # a wrong rule is off by far more, a difference quotient by far less


def check(trace: Trace) -> tuple[dict[int, list[str]], int]:
    """(place -> messages, how many operations could not be recomputed and so were not judged).

    Judged are the pass as it was, and, where a class's own closures made it, each closure by itself (see `probe`).
    """
    marks: dict[int, list[str]] = defaultdict(list)
    steps: dict[int, list[int]] = defaultdict(list)
    for k, node in enumerate(trace.edges.node):
        steps[node].append(k)
    grads = trace.grads(len(trace))
    ended = any(trace.marks.values())
    unjudged = 0
    for place in trace.interior:
        args = trace.operands[place]
        xs = [trace.data[arg] for arg in args]
        value = trace.values[place]
        function = forward_of(value, len(args))
        if function is None and own_closure(trace, place):
            maker = maker_of(value)
            function = maker.value if maker else None
        y = _try(function, xs) if function else None
        if function is None or y is None:
            unjudged += 1
            slopes: list[Slope] = []
        else:
            if not _close(y, trace.data[place], 1e-9):
                marks[place].append(f"data is {trace.data[place]:.6g}, but its operands now give {y:.6g} (changed after the forward pass?)")
            slopes = [difference(function, xs, i) for i in range(len(args))]
        if not ended or steps[place]:
            upstream = 1.0 if place == trace.root else grads[place]
            told = _on_first_edges(args, slopes) if trace.engine and own_closure(trace, place) else slopes
            marks[place] += dict.fromkeys(_judge(trace, place, steps[place], told, upstream))
        if own_closure(trace, place) and not marks[place]:
            names = [_called(trace, arg) for arg in args]
            probes = in_place(value, list(args_of(value)))
            marks[place] += _probed(probes, slopes, names, trace.data[place], xs)
    _elsewhere(trace, marks)
    return {place: found for place, found in marks.items() if found}, unjudged


def own_closure(trace: Trace, place: int) -> bool:
    """Whether the derivative here is the user's: of a class of theirs, or a closure set on a Value of ours."""
    return not trace.engine or getattr(getattr(trace.values[place], "op", None), "partials", ()) is None


def _on_first_edges(args: Sequence[int], slopes: list[Slope]) -> list[Slope]:
    """`steps()` tells all that a closure adds to an argument on its first edge: there the slopes of all its edges belong."""
    total: list[Slope] = [(0.0, 0.0) for _ in slopes]
    for arg, (low, high) in zip(args, slopes, strict=False):  # none where the op could not be recomputed
        first = args.index(arg)
        total[first] = total[first][0] + min(low, high), total[first][1] + max(low, high)
    return total


def _judge(trace: Trace, place: int, ks: Sequence[int], slopes: list[Slope], upstream: float) -> list[str]:
    found = []
    args = trace.operands[place]
    reached = {trace.edges.slot[k] for k in ks if trace.edges.slot[k] >= 0}
    for k in ks:
        name = _called(trace, trace.edges.arg[k])
        before, value, after = trace.edges.before[k], trace.edges.value[k], trace.edges.after[k]
        if trace.edges.slot[k] < 0:
            found.append(f"writes to the gradient of {name}, which is not an operand")
            continue
        if before != 0 and value != 0 and same(after, value) and not same(after, before + value):
            found.append(f"overwrites the gradient of {name}: {before:.6g} was there, = instead of +=")
            if args.count(trace.edges.arg[k]) > 1:  # so are its own writes before the last
                continue
        elif not _close(after, before + value, 1e-9):
            found.append(f"sets the gradient of {name} to {after:.6g}, not {before:.6g} + {value:.6g}")
        if not slopes:
            continue
        low, high = slopes[trace.edges.slot[k]]
        nothing = math.isnan((low + high) * upstream) and not abs(value) > 0.0  # 0 · inf: nothing, by rule, or nan
        if not (_inside(value, low * upstream, high * upstream) or math.isnan(low) or nothing):
            found.append(
                _name_mistake(value, trace.edges.slot[k], slopes, upstream, name, trace.data[place], trace.data[trace.edges.arg[k]])
            )
    for slot, arg in enumerate(args):
        missed = slot not in reached and arg < len(trace.values)
        if missed and slopes and slopes[slot] != (0.0, 0.0) and slopes[slot][0] == slopes[slot][0] and upstream != 0:
            found.append(f"passes nothing back to {_called(trace, arg)} (operand {slot + 1})")
    return found


def _probed(probes: Sequence[Probe], slopes: list[Slope], names: Sequence[str], y: float, xs: Sequence[float]) -> list[str]:
    """What is wrong with what a closure did when it was asked by itself."""
    found = []
    for probe in probes:
        name = names[probe.places[0]]
        if not slopes or not all(math.isfinite(x) for i in probe.places for x in slopes[i]):
            continue
        low = sum(min(slopes[i]) for i in probe.places) * UPSTREAM
        high = sum(max(slopes[i]) for i in probe.places) * UPSTREAM
        added = probe.after - probe.before
        if _inside(added, low, high):
            continue
        if len(probe.places) == 1 and _inside(probe.after, low, high):
            found.append(f"overwrites the gradient of {name}: {probe.before:.6g} was there, = instead of +=")
        elif added == 0:
            found.append(f"passes nothing back to {name} (operand {probe.places[0] + 1})")
        elif len(probe.places) == 1:
            found.append(_name_mistake(added, probe.places[0], slopes, UPSTREAM, name, y, xs[probe.places[0]]))
        else:
            found.append(f"adds {added:.6g} to the gradient of {name}; finite differences give {(low + high) / 2:.6g}")
    return [f"{message} {_HIDDEN}" for message in found]


_HIDDEN = f"(asked by itself with the upstream gradient {UPSTREAM}: today's numbers hide it)"


def _elsewhere(trace: Trace, marks: dict[int, list[str]]) -> None:
    """Ask each kind of operation on other data, unless it is marked already; what is wrong is said at the first of the kind."""
    kinds: dict[Any, list[int]] = defaultdict(list)
    for place in trace.interior:
        if own_closure(trace, place):
            value = trace.values[place]
            code = getattr(closure_of(value), "__code__", None)
            kinds[type(value), code, trace.op[place], len(trace.operands[place])].append(place)
    for places in kinds.values():
        if any(marks.get(place) for place in places):
            continue
        maker = next((m for m in map(maker_of, (trace.values[p] for p in places[:3])) if m), None)
        for xs, y, probes in elsewhere(maker) if maker else ():
            slopes = [difference(maker.value, xs, i) for i in range(len(xs))] if maker else []
            names = [_called(trace, arg) for arg in trace.operands[places[0]]]
            found = _probed(probes, slopes, names, y, xs)
            if found:
                at = ", ".join(f"{x:g}" for x in xs)
                marks[places[0]] += [message.replace(_HIDDEN, f"(asked on other data, {at}: today's numbers hide it)") for message in found]
                break


def _name_mistake(value: float, slot: int, slopes: list[Slope], upstream: float, name: str, y: float, x: float) -> str:
    slope = sum(slopes[slot]) / 2
    right = slope * upstream
    said = f"passes {value:.6g} to {name}; finite differences give {slope:.6g} × {upstream:.6g} = {right:.6g}"
    others = [sum(s) / 2 * upstream for i, s in enumerate(slopes) if i != slot]
    if _close(value, slope) and not _close(upstream, 1.0):
        return f"{said}: the upstream gradient was forgotten"
    if _close(value, upstream):
        return f"{said}: the local derivative was forgotten"
    if _close(value, -right):
        return f"{said}: the sign is wrong"
    if any(_close(value, other) for other in others):
        return f"{said}: that is the derivative for the other operand"
    if _close(value, y * upstream) or _close(value, x * upstream):
        return f"{said}: a value stands where its derivative belongs"
    if slope and upstream:
        return f"{said}: off by the factor {value / right:.6g}"
    return said


def _called(trace: Trace, place: int) -> str:
    return trace.told[place] if place < len(trace.values) else show(trace.data[place])


def forward_of(node: Any, arity: int) -> Function | None:
    """The operation of ``node`` as a function of its operands' numbers, None when it is not known.

    A value of ours brings it. Of other people's classes it is what a textbook writes for the symbol, else what the class itself
    computes for new values.
    """
    row, op = row_of(node, arity), getattr(node, "op", None)
    if callable(getattr(op, "forward", None)) and getattr(op, "partials", None) is not None:
        forward: Any = getattr(op, "forward", None)
        return lambda *xs: float(forward(*xs, *row.params))
    tree = written(row, [Name(f"x{i}") for i in range(arity)]) if arity <= MANY else None
    if isinstance(tree, Infix | Minus | Compare) or (isinstance(tree, Call) and tree.name in NUMBERS):
        found = reckoner(tree, NUMBERS)
        return lambda *xs: _known(found({f"x{i}": x for i, x in enumerate(xs)}), xs)
    method = getattr(type(node), row.method, None)
    if arity == 1 and callable(method):
        cls = type(node)
        return lambda x: float(method(cls(x)).data)
    return None


def _known(y: float, xs: Sequence[float]) -> float:
    """ArithmeticError where the number of an operation cannot be known (1/0): each class has its own there."""
    if y != y and all(x == x for x in xs):
        raise ArithmeticError
    return y


NUMBERS: dict[str, Function] = {name: getattr(math, name) for name in table() if hasattr(math, name)} | FUNCTIONS | {
    "abs": abs, "maximum": max, "minimum": min,
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x, slope: x if x > 0.0 else slope * x,
    "elu": lambda x, alpha: x if x > 0.0 else alpha * math.expm1(x),
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
    "silu": lambda x: x * FUNCTIONS["sigmoid"](x),
    "gelu": lambda x: x * FUNCTIONS["normal_cdf"](x),
}  # fmt: skip


def difference(f: Function, xs: Sequence[float], i: int) -> Slope:
    """The least and greatest slope of ``f`` in operand ``i`` that difference quotients allow.

    Both are the five-point central quotient where f is smooth; at a kink they are the one-sided ones; nan where rounding drowns them.
    """
    x, y = abs(xs[i]), abs(_try(f, xs) or 0.0)
    scales = {max(x, 1e-3), min(max(x, 1e-3), 1.0), max(1e-3 * x, 1e-3)} | ({1e-6 * y} if math.isfinite(y) and y > 1e6 else set())
    left, right, central, _, rounding = min((_quotients(f, xs, i, 1e-3 * scale) for scale in scales), key=lambda quotients: quotients[3])
    if rounding > max(RELATIVE * abs(central), 1e-9):
        return math.nan, math.nan
    if abs(left - right) > 0.01 * max(1e-6, abs(central)):
        return min(left, right), max(left, right)
    return central, central


def _quotients(f: Function, xs: Sequence[float], i: int, h: float) -> tuple[float, float, float, float, float]:
    """Slopes from the left, from the right and from both, how far finer and coarser ones disagree, and the rounding in them."""

    def at(t: float) -> float:
        y = _try(f, [*xs[:i], xs[i] + t, *xs[i + 1 :]])
        return math.nan if y is None else y

    far_left, near_left, here, near_right, far_right = (at(k * h) for k in (-2, -1, 0, 1, 2))
    left = (3 * here - 4 * near_left + far_left) / (2 * h)
    right = (-3 * here + 4 * near_right - far_right) / (2 * h)
    central = (8 * (near_right - near_left) - (far_right - far_left)) / (12 * h)
    rounding = 2.0**-51 * max(abs(near_left), abs(near_right), abs(xs[i] * central)) / h
    doubt = abs(central - (near_right - near_left) / (2 * h)) + rounding
    return left, right, central, math.inf if math.isnan(doubt) else doubt, rounding


def _try(f: Function, xs: Sequence[float]) -> float | None:
    try:
        return f(*xs)
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        return None


def _close(x: float, y: float, relative: float = RELATIVE) -> bool:
    return same(x, y) or abs(x - y) <= relative * max(abs(x), abs(y)) + 1e-12


def _inside(x: float, low: float, high: float) -> bool:
    low, high = min(low, high), max(low, high)
    slack = RELATIVE * max(abs(low), abs(high)) + 1e-9
    return low - slack <= x <= high + slack
