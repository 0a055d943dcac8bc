"""Nodes that a loss makes by hand while it is traced: `Value(x)` of a number, `Value(data, children, local_grads)`."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.program.own_ops import by_hand, detach, named, same
from micrograd.compiler.tracing.refusal import TraceError, line, place, tracing
from micrograd.compiler.tracing.traced import Node, Real
from micrograd.engine import Value, _clock, apply
from micrograd.ops.op import number


def adopt(made: Value, data: Any) -> None:
    """`Value(data, children, …)` was called while a loss is traced: `made` is what came of it."""
    args, traced = made.args, issubclass(type(data), Real)
    if not args and not traced:
        return  # a constant
    symbol = made._op
    if not args:  # Value(x) of a number of this run: the number itself, under a new name
        made.op, made._a, made._b = named(same, symbol) if symbol else same, data, None
    else:
        made.__dict__["source"] = place()
        partials = made.op.__dict__.get("local_grads")
        if not partials:
            made.__class__ = Node
            return  # by a closure, or not at all: refused when the graph is read, if the loss needs it
        if len(partials) != len(args):
            raise TraceError(f"{line()}: Value({made._op!r}) has {len(args)} arguments and {len(partials)} local gradients")
        node = apply(detach, (data,)) if traced else Value(made._data)
        op = named(by_hand, symbol) if symbol else by_hand
        rows = [(a, _partial(p)) for a, p in zip(args, partials, strict=True)]
        for a, p in rows[:0:-1]:  # the first argument outermost: its gradient is added first, as by the engine
            node = apply(op, (node, a, p))
        made.op, made._a, made._b = op, None, (node, *rows[0])
        made._born = _clock()  # after its arguments
    tracing().record.told(made)


def _partial(given: Any) -> Value:
    """A local gradient: a number of this run, or a constant."""
    if issubclass(type(given), Real):
        return given  # type: ignore[no-any-return]
    if isinstance(given, Value):
        raise TraceError(f"{line()}: a local gradient is a number, not a Value: write 2*x.data, not 2*x")
    return Value(number(given))
