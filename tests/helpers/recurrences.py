"""Losses that do one thing again and again, drawn from a seed: recurrences, stacked cells, deep nets, losses of every turn."""

from __future__ import annotations

import random
from typing import Any

from micrograd import Value, ops

Vector = list[Any]


class Recurrence:
    """A turn takes vectors of the state (and a row of the inputs) to new ones; `loss(xs, y)` goes through all turns.

    own: each turn has parameters of its own, as the layers of a net. every: the loss adds up over all turns. numbers: each turn has a
    number of the code of its own.
    """

    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)
        self.seed, self.width, self.turns = seed, rng.randint(1, 4), rng.randint(3, 9)
        self.states, self.reads = rng.randint(1, 3), rng.randint(0, 2)
        self.own, self.every, self.numbers = (rng.random() < p for p in (0.3, 0.4, 0.3))
        self.begin = rng.choice(["zeros", "numbers", "parameters"])
        self.params: list[Value] = []
        self.first = [self._vector() for _ in range(self.states)] if self.begin == "parameters" else []
        drawn = rng.random
        self.start = [[0.0 if self.begin == "zeros" else drawn() for _ in range(self.width)] for _ in range(self.states)]
        self.plan = [
            (rng.choice(["linear", "linear", "map", "map", "times", "plus"]), rng.random(), rng.random()) for _ in range(rng.randint(2, 6))
        ]
        self.maps = [rng.choice([ops.tanh, ops.sigmoid, ops.relu, ops.sin, ops.neg]) for _ in self.plan]
        layers = self.turns if self.own else 1
        self.weights = [[self._matrix() if kind == "linear" else [] for kind, *_ in self.plan] for _ in range(layers)]
        self.input = [[self._vector(1 + self.reads) for _ in range(self.width)] for _ in range(layers)] if self.reads else []
        self.head = self._vector()

    def _vector(self, size: int = 0) -> list[Value]:
        made = [Value(self.rng.uniform(-1, 1)) for _ in range(size or self.width)]
        self.params += made
        return made

    def _matrix(self) -> list[list[Value]]:
        return [self._vector(self.width + 1) for _ in range(self.width)]

    def inputs(self, rng: random.Random) -> tuple[Any, float]:
        """xs, a row for each turn, and y."""
        return [[rng.uniform(-1, 1) for _ in range(self.reads)] for _ in range(self.turns)], rng.uniform(-1, 1)

    def turn(self, t: int, state: list[Vector], xs: Vector) -> list[Vector]:
        """The state after one more turn."""
        layer = t if self.own else 0
        known = list(state)
        if self.reads:
            known.append([sum((w * x for w, x in zip(row[1:], xs, strict=True)), row[0]) for row in self.input[layer]])
        for (kind, a, b), f, matrix in zip(self.plan, self.maps, self.weights[layer], strict=True):
            x, y = (known[int(part * len(known))] for part in (a, b))
            if kind == "linear":
                known.append([sum((w * v for w, v in zip(row[1:], x, strict=True)), row[0]) for row in matrix])
            elif kind == "map":
                known.append([f(v if isinstance(v, Value) else Value(v)) for v in x])
            elif kind == "times":
                known.append([v * w for v, w in zip(x, y, strict=True)])
            else:
                known.append([0.5 * v + w for v, w in zip(x, y, strict=True)])
        if self.numbers:
            known[-1] = [v * (0.5 + 0.07 * t * t) + 0.1 * t for v in known[-1]]
        new = [[ops.tanh(v if isinstance(v, Value) else Value(v)) for v in x] for x in known[-self.states :]]
        return (new + state)[: self.states]

    def loss(self, xs: Any, y: Any) -> Any:
        """The squared error of a linear read-out of the last state; with `every`, of each."""
        state: list[Vector] = list(self.first or self.start)
        found: list[Any] = []
        for t in range(self.turns):
            state = self.turn(t, state, xs[t])
            found.append((sum(w * v for w, v in zip(self.head, state[0], strict=True)) - y) ** 2)
        return sum(found) * (1 / len(found)) if self.every else found[-1]
