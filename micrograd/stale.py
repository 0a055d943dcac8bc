"""Data changed between forward and backward, where the original's client goes on: a warning, and the original's numbers.

`micrograd.grad` and its kin, which the original does not have, raise instead (`modes.refuse_changed`).
"""

from __future__ import annotations

import warnings
from sys import _getframe
from typing import TYPE_CHECKING, Any

from micrograd import modes, ops
from micrograd.pull import UNREACHED
from micrograd.steps import contributions

if TYPE_CHECKING:
    from micrograd.engine import Value


class StaleDataWarning(UserWarning):
    """A number was set after something was computed with it, and backward() went on, as the original does."""


def warned(order: list[Any]) -> set[Value]:
    """The nodes whose partials would mix numbers from before and after a change of `.data`, said in a warning.

    RuntimeError in detect_anomaly.
    """
    changed = modes.changed(order)
    if changed and modes.here().anomaly:
        modes.refuse_changed(order)
    for node, v in changed[:1]:
        who = f"Value {v.label!r}" if v.label else "an unlabelled Value"
        text = (
            f"the data of {who} was set after {node._op!r} was computed with it, so gradients mix numbers from before and after, as "
            "the original's do: build the expression again before backward()"
        )
        depth, frame = 1, _getframe(0)
        while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "micrograd":
            depth, frame = depth + 1, frame.f_back
        warnings.warn(text, StaleDataWarning, stacklevel=depth)
    return {node for node, _ in changed}


def as_the_original(node: Value, upstream: Any) -> list[tuple[Value, Any, Any]]:
    """(argument, partial, upstream · partial) of a stale node, as the original's closures work them out."""
    assert node.op is not None
    if upstream is UNREACHED:
        return contributions(node, upstream)
    y, args = node._data, node.args
    if node.op.by_result is not None:
        partials = [node.op.by_result(y)]
    elif node.op is ops.div:  # a · b**-1, where b**-1 is a number of the forward pass
        a, b = args
        known = modes.changed_at(a) <= node._born < modes.changed_at(b) and a._data != 0.0
        inverse = node.op.partial(0, y, a._data, b._data)
        partials = [y / a._data if known else inverse, -a._data * inverse * inverse]
    else:
        return contributions(node, upstream)
    return [(a, p, upstream * p) for a, p in zip(args, partials, strict=True)]
