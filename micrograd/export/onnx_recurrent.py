"""ONNX's recurrent networks on arrays of scalars, each turn in a scope of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.export.valued import Array, each, mapped, matmul
from micrograd.scopes import scope

_sigmoid, _tanh = mapped(ops.sigmoid), mapped(ops.tanh)


def _added(*xs: Any) -> Array:
    found = xs[0]
    for x in xs[1:]:
        found = found if x is None else each(lambda a, b: a + b, found, x)
    return found


def _times(x: Array, y: Array) -> Array:
    return each(lambda a, b: a * b, x, y)


def _biases(bias: Any, gates: int) -> tuple[list[Any], list[Any]]:
    """Of the inputs and of the state, for each gate."""
    if bias is None:
        return [None] * gates, [None] * gates
    parts = np.split(bias, 2 * gates)
    return list(parts[:gates]), list(parts[gates:])


def _run(a: Mapping[str, Any], x: Array, weights: list[Any], states: list[Any], turn: Callable[..., list[Array]]) -> list[Array]:
    """Forward, backward or both ways along the first axis: the states of every turn, and each last one.

    weights: W, R and B, each with a first axis for the directions. states: h, and c where there is one.
    """
    ways = {"forward": [1], "reverse": [-1], "bidirectional": [1, -1]}[a["direction"]]
    hidden = weights[1].shape[2]
    rows, lasts = [], []
    for k, way in enumerate(ways):
        state = [np.full((x.shape[1], hidden), 0.0, dtype=object) if s is None else s[k] for s in states]
        own = [None if w is None else w[k] for w in weights]
        shown = []
        for row in x[::way]:
            with scope("turn"):
                state = turn(row, state, *own)
            shown.append(state[0])
        rows.append(np.stack(shown[::way]) if shown else np.empty((0, x.shape[1], hidden), dtype=object))
        lasts.append(state)
    return [np.stack(rows, axis=1), *(np.stack([last[k] for last in lasts]) for k in range(len(states)))]


def rnn(a: Mapping[str, Any], x: Array, w: Array, r: Array, b: Any = None, _: Any = None, h: Any = None) -> list[Array]:
    """h ← tanh(W x + R h + b)."""

    def turn(x: Array, state: list[Array], w: Array, r: Array, b: Any) -> list[Array]:
        (own,), (back,) = _biases(b, 1)
        return [_tanh(_added(matmul(x, w.T), matmul(state[0], r.T), own, back))]

    return _run(a, x, [w, r, b], [h], turn)


def gru(a: Mapping[str, Any], x: Array, w: Array, r: Array, b: Any = None, _: Any = None, h: Any = None) -> list[Array]:
    """z, r = σ(W x + R h + b); n = tanh(Wₙx + Rₙ(r·h) + b), or r·(Rₙh + b) inside; h ← (1 - z)·n + z·h."""
    inside = a["linear_before_reset"]

    def turn(x: Array, state: list[Array], w: Array, r: Array, b: Any) -> list[Array]:
        h = state[0]
        (wz, wr, wn), (rz, rr, rn), (own, back) = np.split(w, 3), np.split(r, 3), _biases(b, 3)
        z = _sigmoid(_added(matmul(x, wz.T), matmul(h, rz.T), own[0], back[0]))
        reset = _sigmoid(_added(matmul(x, wr.T), matmul(h, rr.T), own[1], back[1]))
        if inside:
            from_state = _times(reset, _added(matmul(h, rn.T), back[2]))
        else:
            from_state = _added(matmul(_times(reset, h), rn.T), back[2])
        n = _tanh(_added(matmul(x, wn.T), from_state, own[2]))
        return [each(lambda z, n, h: (1.0 - z) * n + z * h, z, n, h)]

    return _run(a, x, [w, r, b], [h], turn)


def lstm(a: Mapping[str, Any], x: Array, w: Array, r: Array, b: Any = None, _: Any = None, h: Any = None, c: Any = None) -> list[Array]:
    """i, o, f = σ(W x + R h + b), g = tanh(…), the gates in this order; c ← f·c + i·g; h ← o·tanh(c)."""

    def turn(x: Array, state: list[Array], w: Array, r: Array, b: Any) -> list[Array]:
        own, back = _biases(b, 4)
        gates = [
            _added(matmul(x, wk.T), matmul(state[0], rk.T), own[k], back[k])
            for k, (wk, rk) in enumerate(zip(np.split(w, 4), np.split(r, 4), strict=True))
        ]
        i, o, f, g = _sigmoid(gates[0]), _sigmoid(gates[1]), _sigmoid(gates[2]), _tanh(gates[3])
        c = _added(_times(f, state[1]), _times(i, g))
        return [_times(o, _tanh(c)), c]

    return _run(a, x, [w, r, b], [h, c], turn)
