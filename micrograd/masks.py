"""Derivatives inside a loss that is being traced: what reaches a node is known only when the program runs, so the graph says it.

The same derivatives as `transforms` takes of numbers, with `where(reached, contribution, 0)` where a structural zero would meet an
inf or nan: at an op that may be infinite, if an op above it may let nothing pass, and the other way round. Products are left as
they are, for the compiler makes matrix products of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from micrograd import ops
from micrograd.ops.op import Op, Symbol
from micrograd.pull import lives, symbols

if TYPE_CHECKING:
    from micrograd.engine import Value


def pulled(order: Sequence[Any], cotangent: dict[Value, Any], create_graph: bool) -> None:
    """Reverse mode: fill in the cotangents of the nodes below, `order` being the interior."""
    below: set[Any] = set()  # nodes at or below which an op may be infinite
    for node in order:
        if singular(node.op) or not below.isdisjoint(node.args):
            below.add(node)
    above: set[Any] = set()  # nodes that an infinite cotangent may reach
    reached: dict[Any, Any] = {}  # what is not 0 where something reaches a node; not there: something always does
    for node in reversed(order):
        if node not in cotangent:
            continue
        wild = singular(node.op) or node in above
        flag = reached.get(node)
        for arg, p, passes in edges(node, create_graph):
            mask = both(flag if singular(node.op) else None, passes if wild else None)
            value = cotangent[node] * p if mask is None else ops.where(mask, cotangent[node] * p, 0.0)
            if arg in below:
                _merge(reached, arg, both(flag, passes), arg in cotangent)
            if wild:
                above.add(arg)
            cotangent[arg] = cotangent[arg] + value if arg in cotangent else value


def pushed(order: Sequence[Any], tangent: dict[Value, Any], create_graph: bool) -> None:
    """Forward mode: fill in the tangents of the nodes, `order` being the interior."""
    reached: dict[Any, Any] = {}
    for node in order:
        if node in tangent:
            continue
        for arg, p, passes in edges(node, create_graph):
            if arg not in tangent:
                continue
            mask = both(reached.get(arg), passes)
            value = p * tangent[arg] if mask is None else ops.where(mask, p * tangent[arg], 0.0)
            _merge(reached, node, mask, node in tangent)
            tangent[node] = tangent[node] + value if node in tangent else value


def edges(node: Any, create_graph: bool) -> list[tuple[Any, Any, Any]]:
    """(argument, partial, what is not 0 where the edge passes something, None where it always does) for the edges that may."""
    y, xs = node.data, [a.data for a in node.args]
    partials = node.op.gradient(node, node.args) if create_graph else node.op.gradient(y, xs)
    if node.op.passes is None:
        return [(a, p, None) for a, p in zip(node.args, partials, strict=True)]
    result, arguments = symbols(len(xs))
    known = dict(zip((s.name for s in (result, *arguments)), (y, *xs), strict=True))
    found = []
    for a, p, condition in zip(node.args, partials, lives(node.op, result, arguments), strict=True):
        if isinstance(condition, Symbol):
            found.append((a, p, run(condition, known)))
        elif condition:
            found.append((a, p, None))
    return found


def run(s: Any, known: dict[str, Any]) -> Any:
    """A Symbol on Values."""
    if not isinstance(s, Symbol):
        return s
    return known[s.name] if s.op is None else s.op(*(run(a, known) for a in s.args))


def both(a: Any, b: Any) -> Any:
    """Not 0 where neither is; None is what never is."""
    return b if a is None else a if b is None else ops.where(a, b, 0.0)


def _merge(reached: dict[Any, Any], node: Any, flag: Any, again: bool) -> None:
    if flag is None:
        reached.pop(node, None)
    elif not again:
        reached[node] = flag
    elif node in reached:
        reached[node] = ops.where(reached[node], 1.0, flag)


def singular(op: Op | None) -> bool:
    """Whether a partial may be infinite where the arguments are not: the row's domain is not all numbers, or not known."""
    return op is not None and (not op.domain or any(interval != (-inf, inf) for interval in op.domain))
