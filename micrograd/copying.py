"""Pickle and deepcopy of graphs of any depth: both walk the graph in order instead of recursing into it.

A node reduces to (its graph, its place in it). All nodes below the first one pickled share one `_Graph`, which lives as
long as the pickler remembers it, so that nodes shared by several roots in one pickle stay shared.
"""

from __future__ import annotations

import copy
from array import array
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

from micrograd.dropin import ByHand, leaves
from micrograd.engine import Value, _clock
from micrograd.ops import TABLE
from micrograd.ops.inner import MADE, Inner
from micrograd.ops.op import Op


class _Graph:
    """Interior nodes that are pickled together, arguments before users."""

    def __init__(self, nodes: list[Value]) -> None:
        self.nodes = nodes
        self.places = {id(v): i for i, v in enumerate(nodes)}

    held = False

    def hold(self) -> _Graph:
        """Be found through its nodes for as long as this graph lives."""
        self.held = True
        _graphs[id(self)] = self
        _holders.update(dict.fromkeys(self.places, id(self)))
        return self

    def __del__(self) -> None:
        if self.held:
            for node in self.places:
                del _holders[node]

    def __reduce__(self) -> Any:
        """Column by column: a pickle of few large objects is small and fast."""
        outside: dict[int, tuple[int, Value]] = {}  # leaves, and nodes that an earlier graph holds: places -1, -2, …
        states: dict[Any, int] = {}
        known: dict[int, int] = {}  # the same of ops: most nodes share theirs
        data, grads, ops, counts, places = array("d"), [], array("q"), array("q"), array("q")
        extras: dict[int, Any] = {}
        place_of = self.places.get
        for i, v in enumerate(self.nodes):
            args = v.args
            data.append(v._data)
            grads.append(v.grad)
            op = known.get(id(v.op))
            if op is None:
                op = known[id(v.op)] = states.setdefault(_op_state(v), len(states))
            ops.append(op)
            counts.append(len(args))
            for a in args:
                place = place_of(id(a))
                if place is None:
                    place = -1 - outside.setdefault(id(a), (len(outside), a))[0]
                places.append(place)
            if v._scope is not None or v.__dict__ or type(v) is not Value:
                extras[i] = (v._scope, v.__dict__, _class(v))
        return _restore, ([v for _, v in outside.values()], list(states), data, grads, ops, counts, places, extras)


def _class(v: Value) -> type[Value]:
    """What its copies are: while a loss that reads it is traced in another thread, a Value has a class that it will not keep."""
    return getattr(type(v), "_copied_as", type(v))


_graphs: WeakValueDictionary[int, _Graph] = WeakValueDictionary()
_holders: dict[int, int] = {}  # id of a node → id of the graph that holds it


def reduce(v: Value) -> Any:
    """`v.__reduce_ex__`: TypeError names the node whose `_backward` is a closure (closures do not pickle)."""
    if v in leaves:
        raise _refusal(v, "pickled")
    if v.op is None:
        return _leaf, (_class(v), v._data, v.grad, v.__dict__ or None, v._scope, v.is_literal)
    held = _holders.get(id(v))
    graph = _Graph([n for n in v.interior() if id(n) not in _holders]).hold() if held is None else _graphs[held]
    return _pick, (graph, graph.places[id(v)])


def shallow(v: Value) -> Value:
    """`copy.copy(v)`: a node of the same arguments, number, gradient and attributes."""
    op = v.op
    if op is not None and op.partials is None and "closure" in op.__dict__:
        op = ByHand(op.symbol, closure=lambda: _lent(v, made))  # a closure gives the gradient of the node it was written for
    made = _make(_class(v), v._data, v.grad, op, v.args, v.__dict__, v._scope)
    made._born, made._b = v._born, v._b
    if v in leaves:
        leaves.add(made)
    return made


def _lent(v: Value, made: Value) -> None:
    kept, v.grad = v.grad, made.grad
    try:
        v._backward()
    finally:
        v.grad = kept


def deepcopy(v: Value, memo: dict[int, Any]) -> Value:
    """`copy.deepcopy(v)`: the whole graph below, with its gradients; shared nodes stay shared."""
    for n in v.topological():
        if id(n) not in memo:
            op = n.op
            if (op is not None and op.partials is None) or n in leaves:
                raise _refusal(n, "copied")
            extra = copy.deepcopy(n.__dict__, memo) if n.__dict__ else None
            memo[id(n)] = made = _make(_class(n), n._data, n.grad, op, [memo[id(a)] for a in n.args], extra, n._scope)
            if op is None:
                made._b = n._b
    result: Value = memo[id(v)]
    return result


def _op_state(v: Value) -> Any:
    op = v.op
    assert op is not None
    row = TABLE.get(op.name)
    if row is not None and row.partials is op.partials:
        return op.name, op.params, op.symbol
    if isinstance(op, Inner):
        return op.name, op.numbers, False
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
        return ByHand(name, params)
    if symbol is False:
        return MADE[name](*params)
    row = TABLE[name]
    return row.bind(*params, symbol=symbol) if params else row


def _make(cls: type, data: float, grad: Any, op: Op | None, args: Sequence[Value], extra: Any, scope: Any) -> Value:
    v: Value = object.__new__(cls)
    v._data, v.grad, v.op, v._mark, v._scope, v._born = data, grad, op, None, scope, _clock()
    if op is None or op.arity not in (1, 2):
        v._a, v._b = None, tuple(args) or None
    else:
        v._a, v._b = args[0], args[1] if len(args) > 1 else None
    if extra:
        v.__dict__.update(extra)
    return v


def _leaf(cls: type, data: float, grad: Any, extra: Any, scope: Any, literal: bool = False) -> Value:
    v = _make(cls, data, grad, None, [], extra, scope)
    if literal:
        v._b = ()
    return v


def _restore(
    outside: list[Value], states: list[Any], data: array[float], grads: list[Any], ops: array[int], counts: array[int],
    places: array[int], extras: dict[int, Any],
) -> _Graph:  # fmt: skip
    table = [_op(state) for state in states]
    nodes: list[Value] = []
    at = 0
    for i, count in enumerate(counts):
        args = [nodes[p] if p >= 0 else outside[-1 - p] for p in places[at : at + count]]
        at += count
        scope, extra, cls = (*extras.get(i, (None, None)), Value)[:3]  # a pickle of an earlier version has no class
        nodes.append(_make(cls, data[i], grads[i], table[ops[i]], args, extra, scope))
    return _Graph(nodes)


def _pick(graph: _Graph, place: int) -> Value:
    return graph.nodes[place]
