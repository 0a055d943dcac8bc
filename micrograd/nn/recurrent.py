"""Recurrent layers: a cell carries a state from step to step; the layer runs it along a sequence (a list of vectors)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from micrograd import ops
from micrograd.engine import Value
from micrograd.given import whole
from micrograd.nn.linear import Linear
from micrograd.nn.module import Module
from micrograd.nn.shapes import added, each


class RNNCell(Module):
    """h ← tanh(W x + U h + b). Elman 1990. The state is h."""

    gates = 1

    def __init__(self, nin: int, nhidden: int, rng: Any = random) -> None:
        self.nin, self.nhidden = whole("a cell's nin", nin), whole("a cell's nhidden", nhidden, 1)
        self.input = Linear(nin, self.gates * nhidden, rng=rng)
        self.hidden = Linear(nhidden, self.gates * nhidden, bias=False, rng=rng)

    def start(self) -> Any:
        """The state before the first step: zeros."""
        return [Value(0.0) for _ in range(self.nhidden)]

    def output(self, state: Any) -> Any:
        """What the cell shows of its state."""
        return state

    def split(self, z: list[Any]) -> list[list[Any]]:
        """The numbers of each gate."""
        n = self.nhidden
        return [z[k * n : (k + 1) * n] for k in range(len(z) // n)]

    def __call__(self, x: Any, state: Any) -> Any:
        return [ops.tanh(z) for z in added(self.input(x), self.hidden(state))]


class GRUCell(RNNCell):
    """Gated recurrent unit, the state being h. Cho et al. 2014.

    r = σ(Wᵣx + Uᵣh + bᵣ); z = σ(W_z x + U_z h + b_z); n = tanh(Wₙx + bₙ + r·(Uₙh + cₙ)); h ← (1 - z)·n + z·h.
    """

    gates = 3

    def __init__(self, nin: int, nhidden: int, rng: Any = random) -> None:
        super().__init__(nin, nhidden, rng)
        self.inner_bias = [Value(0.0) for _ in range(nhidden)]

    def __call__(self, x: Any, state: Any) -> Any:
        (xr, xz, xn), (hr, hz, hn) = self.split(self.input(x)), self.split(self.hidden(state))
        reset = [ops.sigmoid(v) for v in added(xr, hr)]
        update = [ops.sigmoid(v) for v in added(xz, hz)]
        inner = added(hn, self.inner_bias)
        new = [ops.tanh(a + r * b) for a, r, b in zip(xn, reset, inner, strict=True)]
        return [n + z * (h - n) for n, z, h in zip(new, update, state, strict=True)]


class LSTMCell(RNNCell):
    """Long short-term memory, the state being (h, c). Hochreiter & Schmidhuber 1997; Gers et al. 2000 for the forget gate.

    i, f, o = σ(Wx + Uh + b); g = tanh(Wx + Uh + b); c ← f·c + i·g; h ← o·tanh(c). The gates lie in the order i, f, g, o. The
    forget gate's bias begins 1 higher, so that the cell remembers at first (Jozefowicz et al. 2015).
    """

    gates = 4

    def __init__(self, nin: int, nhidden: int, rng: Any = random) -> None:
        super().__init__(nin, nhidden, rng)
        assert self.input.bias is not None
        for b in self.input.bias[nhidden : 2 * nhidden]:
            b.data += 1.0

    def start(self) -> Any:
        return super().start(), super().start()

    def output(self, state: Any) -> Any:
        return state[0]

    def __call__(self, x: Any, state: Any) -> Any:
        h, c = state
        i, f, g, o = self.split(added(self.input(x), self.hidden(h)))
        c = [
            ops.sigmoid(fk) * ck + ops.sigmoid(ik) * ops.tanh(gk) for ik, fk, gk, ck in zip(i, f, g, c, strict=True)
        ]  # fmt: skip
        return [ops.sigmoid(ok) * ops.tanh(ck) for ok, ck in zip(o, c, strict=True)], c


def detached(state: Any) -> Any:
    """The same numbers as leaves: gradients stop here. What truncated backpropagation through time puts between its stretches."""
    if isinstance(state, tuple):
        return tuple(detached(s) for s in state)
    return each(lambda v: v.detach() if isinstance(v, Value) else v, state)


class Recurrent(Module):
    """A cell run along a sequence: `outputs, state = layer(xs)`, or `layer(xs, state)` to go on from a state.

    layers: cells stacked, each reading the outputs below. bidirectional: beside each a cell that reads backwards, their
    outputs joined. truncate: cut the gradient every so many steps (truncated backpropagation through time, Williams & Peng
    1990): it flows within stretches of this length. state: for each layer the state of the cell, with bidirectional the pair
    (forward, backward).
    """

    cell: type[RNNCell] = RNNCell

    def __init__(self, nin: int, nhidden: int, layers: int = 1, bidirectional: bool = False, truncate: int = 0, rng: Any = random) -> None:
        name = type(self).__name__
        nhidden, layers = whole(f"{name}'s nhidden", nhidden, 1), whole(f"{name}'s layers", layers, 1)
        self.bidirectional, self.truncate = bidirectional, whole(f"{name}'s truncate", truncate)
        width = nhidden * (2 if bidirectional else 1)
        sizes = [nin] + [width] * (layers - 1)
        self.forward_cells = [self.cell(n, nhidden, rng) for n in sizes]
        self.backward_cells = [self.cell(n, nhidden, rng) for n in sizes] if bidirectional else []

    def __call__(self, xs: Sequence[Any], state: Any = None) -> tuple[list[Any], list[Any]]:
        if not len(xs):
            raise ValueError(f"{type(self).__name__} needs a sequence of at least one step")
        outputs, states = list(xs), []
        for k, cell in enumerate(self.forward_cells):
            before = None if state is None else state[k]
            if not self.bidirectional:
                outputs, after = self._run(cell, outputs, before)
                states.append(after)
                continue
            first, second = (None, None) if before is None else before
            ahead, after = self._run(cell, outputs, first)
            behind, other = self._run(self.backward_cells[k], outputs[::-1], second)
            outputs = [a + b for a, b in zip(ahead, behind[::-1], strict=True)]
            states.append((after, other))
        return outputs, states

    def _run(self, cell: RNNCell, xs: list[Any], state: Any) -> tuple[list[Any], Any]:
        state = cell.start() if state is None else state
        outputs = []
        for t, x in enumerate(xs):
            if self.truncate and t and t % self.truncate == 0:
                state = detached(state)
            state = cell(x, state)
            outputs.append(list(cell.output(state)))
        return outputs, state


class RNN(Recurrent):
    """The plain recurrent network. Elman 1990; see `RNNCell` for the formula and `Recurrent` for the settings."""


class GRU(Recurrent):
    """See `GRUCell` for the formula and `Recurrent` for the settings."""

    cell = GRUCell


class LSTM(Recurrent):
    """See `LSTMCell` for the formula and `Recurrent` for the settings."""

    cell = LSTMCell
