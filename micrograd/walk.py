"""The walk that `Value.steps` yields: the engine's own forward and backward, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from micrograd import dropin, modes, stale
from micrograd.pull import UNREACHED
from micrograd.steps import BackwardStep, Contribution, ForwardStep, Names, SeedStep, Step, contributions

if TYPE_CHECKING:
    from micrograd.engine import Value


def walk(root: Value) -> Iterator[Step]:
    """Each op forward, the seed, then each op backward in exactly the reverse order; a step is applied when it is yielded.

    What `backward()` does, bit for bit, with hooks and detect_anomaly seen to.
    """
    names = Names(root.topological())
    for v in names.nodes:
        if v.op is not None:
            yield ForwardStep(v, names)
    order = root.interior()
    mixed = stale.warned(order)
    root.start_backward(order)
    yield SeedStep(root, names)
    for v in reversed(order):
        _run_hooks(v)
        upstream, done = v.grad, []
        left = _left_by(v) if v.op.partials is None and v not in mixed else {}
        found = contributions(v, upstream) if v not in mixed else stale.as_the_original(v, upstream)
        for i, (arg, partial, value) in enumerate(found):
            modes.check_gradient(v, arg, partial, value)
            before = arg.grad
            if id(arg) in left:
                arg.grad = left[id(arg)]
            elif value is not UNREACHED or arg.op is None:
                arg.grad = before + value
            done.append(Contribution(arg, i, partial, value, before, arg.grad))
        yield BackwardStep(v, upstream, tuple(done), names)
    for v in names.nodes:
        if v.op is None:
            modes.run_hooks(v)
    if dropin.leaves:
        dropin.run_leaves(root, order)


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
