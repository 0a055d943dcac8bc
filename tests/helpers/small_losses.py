"""Losses to compile, as a learner writes them, and how a program is held to the eager engine."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import micrograd
from micrograd import Value, functional, ops
from micrograd.compiler import take

PLAIN = ["reference", "numpy"]


def eager(loss: Any, params: list[Value], *inputs: Any) -> tuple[float, list[float]]:
    for p in params:
        p.grad = 0
    root = loss(*inputs)
    root.backward()
    return root.data, [float(p.grad) for p in params]


def agree(loss: Any, params: list[Value], *inputs: Any, backends: Any = PLAIN, tolerance: float = 1e-12) -> None:
    value, grads = eager(loss, params, *inputs)
    for backend in backends:
        step = micrograd.compile(loss, params, backend=backend)
        found, gradient = step.value_and_grad(*inputs)
        step.program.verify()
        assert found == pytest.approx(value, rel=tolerance, abs=tolerance, nan_ok=True), backend
        assert gradient.tolist() == pytest.approx(grads, rel=tolerance, abs=tolerance, nan_ok=True), backend


class Net:
    """A perceptron in plain Value code."""

    def __init__(self, sizes: list[int], act: str = "relu", seed: int = 1) -> None:
        rng = random.Random(seed)
        self.act = act
        self.layers = [
            [([Value(rng.uniform(-1, 1)) for _ in range(i)], Value(rng.uniform(-1, 1))) for _ in range(o)] for i, o in pairwise(sizes)
        ]

    def __call__(self, x: Any) -> Any:
        for k, layer in enumerate(self.layers):
            x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            if k + 1 < len(self.layers):
                x = [getattr(xi, self.act)() for xi in x]
        return x[0] if len(x) == 1 else x

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for w, b in layer for p in [*w, b]]


def moons(n: int, seed: int = 0) -> tuple[list[list[float]], list[int]]:
    rng = random.Random(seed)
    return [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(n)], [rng.choice((-1, 1)) for _ in range(n)]


def hinge(net: Net) -> Any:
    def loss(xs: Any, ys: Any) -> Any:
        scores = [net(x) for x in xs]
        losses = [(1 + -y * s).relu() for y, s in zip(ys, scores, strict=True)]
        return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in net.parameters())

    return loss


def attention(width: int, positions: int, seed: int = 3) -> tuple[Any, list[Value]]:
    rng = random.Random(seed)
    q, k, v = ([[Value(rng.gauss(0, 1)) for _ in range(width)] for _ in range(width)] for _ in range(3))
    table = [[Value(rng.gauss(0, 1)) for _ in range(width)] for _ in range(5)]

    def linear(w: Any, x: Any) -> Any:
        return [sum(a * b for a, b in zip(row, x, strict=True)) for row in w]

    def loss(tokens: Any) -> Any:
        keys, values, out = [], [], []
        for token in tokens:
            x = take(table, token)
            keys.append(linear(k, x))
            values.append(linear(v, x))
            query = linear(q, x)
            weights = functional.softmax([sum(a * b for a, b in zip(query, key, strict=True)) / width**0.5 for key in keys])
            mixed = [sum(w * value[j] for w, value in zip(weights, values, strict=True)) for j in range(width)]
            out.append(-take(functional.softmax(mixed), tokens[0]).log())
        return sum(out) / len(out)

    assert positions
    return loss, [p for m in (q, k, v, table) for row in m for p in row]


STEEP = ("pow", "div", "tan", "atanh", "acosh", "asin", "acos")


SMOOTH = [op for op in ops.TABLE.values() if op.arity in (1, 2) and op.name not in STEEP]


@st.composite
def graphs(draw: Any) -> tuple[Any, list[Value]]:
    """A random DAG over parameters and constants; shared nodes, long sums and products are likely."""
    count = draw(st.integers(1, 5))
    data = [draw(st.floats(-2, 2)) for _ in range(count)]
    number = st.integers(0, 10**6)
    plan = draw(st.lists(st.tuples(number, st.lists(number, min_size=1, max_size=7)), min_size=1, max_size=25))
    params = [Value(x) for x in data]

    def loss() -> Any:
        nodes: list[Any] = [*params, Value(0.5), Value(0.0)]
        for which, picks in plan:
            args = [nodes[p % len(nodes)] for p in picks]
            kind = which % 6
            if kind == 0:
                nodes.append(sum(args))
            elif kind == 1:
                nodes.append(sum(a * b for a, b in zip(args, reversed(args), strict=True)))
            elif kind == 2:
                nodes.append(ops.sum_(*args))
            elif kind == 3:
                nodes.extend(functional.softmax(args))
            else:
                op = SMOOTH[which // 6 % len(SMOOTH)]
                if op.constants:
                    op = op.bind(*op.defaults)
                x = op(*(args * 2)[: op.arity])
                nodes.append(x.tanh())
        return sum(nodes[count:]) + params[0]

    return loss, params


def agree_in_batches(backend: str, rel: float = 1e-10) -> Any:
    """Batches of nine samples, of one and of four, in lists and (the nine) in arrays; gives what was compiled."""
    net = Net([3, 5, 4], "sigmoid")

    def sample(x: Any, label: Any) -> Any:
        return -take(functional.softmax(net(x)), label).log() + 0.01 * sum(p * p for p in net.parameters())

    step = micrograd.compile(sample, net, batch=True, backend=backend)
    rng = random.Random(5)
    for n in (9, 1, 4):
        X, y = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(n)], [rng.randrange(4) for _ in range(n)]
        value, grads = eager(lambda X=X, y=y, n=n: sum(map(sample, X, y)) * (1 / n), net.parameters())
        found, gradient = step.value_and_grad(np.array(X) if n == 9 else X, np.array(y) if n == 9 else y)
        assert found == pytest.approx(value, rel=1e-13)
        assert gradient.tolist() == pytest.approx(grads, rel=rel, abs=1e-15)
    return step
