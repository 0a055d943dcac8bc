"""Local derivatives for the edges of a picture: ∂out/∂xᵢ through one operand alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..reading import closure_of
from .graph import Graph, args_of, number


def fill(graph: Graph) -> None:
    """Set ``partial`` on every edge that stands for one operand of one shown value."""
    known: dict[str, Sequence[float | None]] = {}
    by_id = {node.id: node for node in graph.nodes}
    for edge in graph.edges:
        user = by_id[edge.dst]
        if edge.count == 1 and user.value is not None:
            if user.id not in known:
                known[user.id] = local(user.value)
            if edge.index < len(known[user.id]):
                edge.partial = known[user.id][edge.index]


def local(value: Any) -> Sequence[float | None]:
    """The local derivatives of a value, one an operand; None where they cannot be known."""
    args = args_of(value)
    op: Any = getattr(value, "op", None)
    try:
        if getattr(op, "partials", None) is not None:
            data = [number(arg.data) for arg in args]
            y = number(value.data)
            return [number(p) for p in op.gradient(y, data)]
        given = getattr(value, "_local_grads", None)
        if isinstance(given, (tuple, list)) and len(given) == len(args):
            return [number(partial) for partial in given]
        return _probe(value, args)
    except Exception:  # a student's rule may fail in any way: the picture is drawn all the same
        return [None] * len(args)


def _probe(value: Any, args: Sequence[Any]) -> Sequence[float | None]:
    """Run the value's own rule on cleared gradients and read what it adds; all is put back.

    An operand that occurs several times gets their sum from the rule: it is shared out evenly,
    which is exact for x*x and x+x.
    """
    rule = closure_of(value)
    if rule is None:
        return [None] * len(args)
    touched = {id(v): v for v in (value, *args)}
    kept = [(v, v.grad) for v in touched.values()]
    try:
        for arg in args:
            arg.grad = 0.0
        value.grad = 1.0
        rule()
        times = [sum(other is arg for other in args) for arg in args] if len(args) < 100 else None
        return [number(arg.grad) / (times[i] if times else 1) for i, arg in enumerate(args)]
    finally:
        for v, grad in kept:
            v.grad = grad
