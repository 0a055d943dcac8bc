"""Pickle and deepcopy of graphs of any depth: both walk the graph in order instead of recursing into it.

A node reduces to (its graph, its place in it). All nodes below the first one pickled share one `_Graph`, which lives as
long as the pickler remembers it, so that nodes shared by several roots in one pickle stay shared.
"""

from __future__ import annotations

import copy
from typing import Any
from weakref import WeakValueDictionary

from micrograd.engine import Value, _clock
from micrograd.op import Op, by_hand
from micrograd.ops import TABLE


class _Graph:
    """Interior nodes that are pickled together, arguments before users."""

    def __init__(self, nodes: list[Value]) -> None:
        self.nodes = nodes
        self.places = {id(v): i for i, v in enumerate(nodes)}

    def __reduce__(self) -> Any:
        outside: dict[int, tuple[int, Value]] = {}  # leaves, and nodes that an earlier graph holds
        rows = []
        for v in self.nodes:
            args = []
            for a in v.args:
                place = self.places.get(id(a))
                if place is None:
                    place = -1 - outside.setdefault(id(a), (len(outside), a))[0]
                args.append(place)
            rows.append((v._data, v.grad, _op_state(v), args, v._a is None, v.__dict__ or None, v._scope))
        return _restore, ([v for _, v in outside.values()], rows)


_graphs: WeakValueDictionary[int, _Graph] = WeakValueDictionary()


def reduce(v: Value) -> Any:
    """`v.__reduce_ex__`: ValueError names the node whose `_backward` is a closure (closures do not pickle)."""
    if v.op is None:
        return _leaf, (type(v), v._data, v.grad, v.__dict__ or None, v._scope)
    graph = _graphs.get(id(v))
    if graph is None:
        graph = _Graph([n for n in v.interior() if id(n) not in _graphs])
        for n in graph.nodes:
            _graphs[id(n)] = graph
    return _pick, (graph, graph.places[id(v)])


def deepcopy(v: Value, memo: dict[int, Any]) -> Value:
    """`copy.deepcopy(v)`: the whole graph below, with its gradients; shared nodes stay shared."""
    for n in v.topological():
        if id(n) not in memo:
            op = n.op
            if op is not None and op.partials is None:
                raise _refusal(n, "copied")
            args = [memo[id(a)] for a in n.args]
            memo[id(n)] = _make(type(n), n._data, n.grad, op, args, n._a is None, copy.deepcopy(n.__dict__, memo), n._scope)
    result: Value = memo[id(v)]
    return result


def _op_state(v: Value) -> Any:
    op = v.op
    assert op is not None
    row = TABLE.get(op.name)
    if row is not None and row.partials is op.partials:
        return op.name, op.params, op.symbol
    if isinstance(op.partials, tuple) and "local_grads" in op.__dict__:
        return op.name, op.__dict__["local_grads"], None
    raise _refusal(v, "pickled")


def _refusal(v: Value, what: str) -> TypeError:
    return TypeError(
        f"{v!r} ({v._op!r}) cannot be {what}: its _backward is a closure over the original nodes; "
        "enter the op in the table with micrograd.register(Op(...)) instead"
    )


def _op(state: Any) -> Op:
    name, params, symbol = state
    if symbol is None:
        return by_hand(name, params)
    row = TABLE[name]
    return row.bind(*params, symbol=symbol) if params else row


def _make(cls: type, data: float, grad: Any, op: Op | None, args: list[Value], many: bool, extra: Any, scope: Any) -> Value:
    v: Value = object.__new__(cls)
    v._data, v.grad, v.op, v._mark, v._scope, v._born = data, grad, op, None, scope, _clock()
    v._a, v._b = (None, tuple(args) or None) if many else (args[0], args[1] if len(args) > 1 else None)
    if extra:
        v.__dict__.update(extra)
    return v


def _leaf(cls: type, data: float, grad: Any, extra: Any, scope: Any) -> Value:
    return _make(cls, data, grad, None, [], True, extra, scope)


def _restore(outside: list[Value], rows: list[Any]) -> _Graph:
    nodes: list[Value] = []
    for data, grad, op, places, many, extra, scope in rows:
        args = [nodes[p] if p >= 0 else outside[-1 - p] for p in places]
        nodes.append(_make(Value, data, grad, _op(op), args, many, extra, scope))
    return _Graph(nodes)


def _pick(graph: _Graph, place: int) -> Value:
    return graph.nodes[place]
