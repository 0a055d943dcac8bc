"""What peers share that take all the parameters as one flat list: expressions, a loss over their own scalars, descent."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from benchmarks.optimizers import Adam
from benchmarks.workloads import ALL, Engine, Row, Workload


class Plain(Engine):
    """An engine whose inputs stay plain numbers."""

    def leaf(self, x: Any) -> Any:
        return x


def softmax(xs: Row) -> list[Any]:
    """exp(xᵢ)/Σ exp(xⱼ), not shifted: the numbers here are small, and a graph that is built once has none to compare."""
    exps = [x.exp() for x in xs]
    total = sum(exps)
    return [e / total for e in exps]


def over(work: Workload, scalars: Iterable[Any], pick: Any = operator.getitem) -> Workload:
    """The workload, its parameters being these scalars in their order; they need + - * / **, relu, exp, log, tanh."""
    given = iter(scalars)
    return ALL[work.name[:2]](Plain(work.name, lambda _: next(given), softmax, pick), **work.sizes)


def loss(work: Workload, scalars: Iterable[Any]) -> Any:
    """The loss of the workload, its parameters being these scalars, its inputs plain numbers."""
    return over(work, scalars).loss(*work.inputs)


class Flat:
    """A peer that reads the parameters from the array `x` and leaves the gradient in the array `g`."""

    def __init__(self, work: Workload) -> None:
        if work.name[:2] == "W6":
            raise NotImplementedError("millions of scalars")
        self.work, self.start = work, np.array(work.data())
        self.x, self.g = self.start.copy(), np.zeros_like(self.start)

    def call(self) -> float:
        """The loss; the gradient is in g."""
        raise NotImplementedError

    def gradients(self) -> tuple[float, list[float]]:
        self.x[:] = self.start
        return self.call(), self.g.tolist()

    def train(self, steps: int) -> float:
        self.x[:] = self.start
        found, update = 0.0, descent(self.work, len(self.x))
        for _ in range(steps):
            found = self.call()
            update(self.x, self.g)
        return found


def descent(work: Workload, size: int) -> Callable[[Any, Any], None]:
    """update(x, g): a step of the workload's optimizer on arrays, in place."""
    o, t = work.optimizer, 0
    m, v = np.zeros(size), np.zeros(size)

    def sgd(x: Any, g: Any) -> None:
        x -= o.lr * g

    def adam(x: Any, g: Any) -> None:
        nonlocal t, m, v
        assert isinstance(o, Adam)
        t += 1
        m += (1 - o.beta1) * (g - m)
        v += (1 - o.beta2) * (g * g - v)
        x -= o.lr / (1 - o.beta1**t) * m / (np.sqrt(v) / math.sqrt(1 - o.beta2**t) + o.eps)

    return adam if isinstance(o, Adam) else sgd
