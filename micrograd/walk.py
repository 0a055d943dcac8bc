"""The walk that `Value.steps` yields: the engine's own forward and backward, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from micrograd import dropin, modes, stale
from micrograd.pull import UNREACHED, backward, with_leaves
from micrograd.steps import BackwardStep, Contribution, ForwardStep, SeedStep, Step, Telling, contributions

if TYPE_CHECKING:
    from micrograd.engine import Value


def walk(root: Value, variables: Any = None, proof: Any = None) -> Iterator[Step]:
    """Each op forward, the seed, then each op backward in exactly the reverse order; a step is applied when it is yielded.

    What `backward()` does, bit for bit, with hooks and detect_anomaly seen to. The 0 + x that `sum()` begins with has no steps: what
    its user passes to it is told as passed to x.
    """
    order = root.interior()
    nodes = with_leaves(order) or [root]
    mixed = stale.warned(order)
    starts = _starts(nodes, mixed)
    names = Telling([v for v in nodes if v not in starts], {id(v): x for v, (x, _) in starts.items()})
    names.variables, names.proof = variables, None if proof is False else proof
    for v in names.nodes:
        if v.op is not None:
            yield ForwardStep(v, names)
    root.start_backward(order)
    yield SeedStep(root, names)
    late: dict[Value, tuple[Value, Contribution]] = {}
    for v, following in pairwise([*reversed(order), None]):
        if v in starts:
            if v in late:  # x has other users, whose turn was before
                user, c = late[v]
                yield BackwardStep(user, user.grad, (_passed_on(c, starts[v][0]),), names)
            continue
        if modes.hooks:
            _run_hooks(v)
        upstream, done = v.grad, []
        left = _left_by(v) if v.op.partials is None and v not in mixed else {}
        found = contributions(v, upstream) if v not in mixed else stale.as_the_original(v, upstream)
        for i, (arg, partial, value) in enumerate(found):
            if value - value != 0.0:
                modes.check_gradient(v, arg, partial, value)
            before = arg.grad
            if id(arg) in left:
                arg.grad = left[id(arg)]
            elif value is not UNREACHED or arg.op is None:
                arg.grad = before + value
            c = Contribution(arg, i, partial, value, before, arg.grad)
            while starts and c.arg in starts:
                x, alone = starts[c.arg]
                if not alone and (c.arg is not following or x in v.args):
                    late[c.arg] = v, c
                    break
                c = _passed_on(c, x)
            else:
                done.append(c)
        yield BackwardStep(v, upstream, tuple(done), names)
    for v in nodes if modes.hooks else ():
        if v.op is None:
            modes.run_hooks(v)
    if dropin.leaves:
        dropin.run_leaves(root, order)


def chain(root: Value, nodes: list[Value]) -> list[float] | None:
    """The gradient of each of the nodes, those of `root.topological()`, after one pass; gradients stay as they are.

    None where the pass is more than the chain rule with the rules of the rows: hooks, closures set by hand, data that was changed after
    it was used, detect_anomaly. Whoever asks may work out each step by itself then, and need not be told.
    """
    order = [v for v in nodes if v.op is not None]
    if modes.watched() or modes.changed(order) or dropin.leaves or any(v.op.partials is None for v in order):  # type: ignore[union-attr]
        return None
    kept = [v.grad for v in nodes]
    try:
        for v in nodes:
            v.grad = 0.0
        backward(root.start_backward(order))
        return [v.grad for v in nodes]
    finally:
        for v, grad in zip(nodes, kept, strict=True):
            v.grad = grad


def _starts(nodes: list[Value], mixed: Any) -> dict[Value, tuple[Value, bool]]:
    """{0 + x: (x, whether x is used in it alone)} of the sums that `sum()` begins with: used once, without a name or a hook."""
    found: dict[Value, Value] = {}
    for v in nodes[:-1]:
        zero, x = v._a, v._b
        if zero is None or x is None or v.op is None or v.op.symbol != "+" or not (zero.is_literal and zero.data == 0):
            continue
        if v.op.partials and not (v.label or zero.label or x.is_literal or v in modes.hooks or v in mixed):
            found[v] = x
    if not found:
        return {}
    uses = dict.fromkeys([*found, *found.values()], 0)
    for v in nodes:
        for arg in v.args:
            if arg in uses:
                uses[arg] += 1
    return {v: (x, uses[x] == 1 and x.op is not None) for v, x in found.items() if uses[v] == 1}


def _passed_on(c: Contribution, x: Value) -> Contribution:
    """What a 0 + x got, passed on to x as 0 + x itself would pass it: times 1."""
    before, value = x.grad, c.arg.grad
    c.arg.args[0].grad += value
    if value is not UNREACHED or x.op is None:
        x.grad = before + value
    return Contribution(x, c.index, c.partial, value, before, x.grad)


def _left_by(v: Value) -> dict[int, Any]:
    """{id(argument): gradient} as v's own closure leaves them, put back again: one with `=` for `+=` wipes out what was there."""
    before = {id(a): a for a in v.args if a.grad != 0}
    if not before:  # nothing to wipe out
        return {}
    kept = [(a, a.grad) for a in dict.fromkeys((v, *v.args, *_seen_by(v)))]
    try:
        v._backward()
        return {key: a.grad for key, a in before.items() if a.grad == a.grad or v.grad is not UNREACHED}
    finally:
        for a, grad in kept:
            a.grad = grad


def _seen_by(v: Value) -> list[Value]:
    """The other Values that v's closure holds, to which it may write."""
    held = []
    for cell in getattr(v._backward, "__closure__", None) or ():
        with suppress(ValueError):  # an empty cell
            held.append(cell.cell_contents)
    return [a for a in held if isinstance(a, type(v))]


def _run_hooks(v: Value) -> None:
    """The hooks of an interior node; where nothing reached it, a hook that gives 0 again leaves that so."""
    reached = v.grad is not UNREACHED
    modes.run_hooks(v)
    if not reached and v.grad == 0:
        v.grad = UNREACHED
