"""Losses whose sums have rows of differing lengths: attention over triangles of every kind, prefix sums, ragged sentences."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from micrograd import Value, ops

SPANS: dict[str, Callable[[int, int], range]] = {  # what row i of n sums over
    "lower": lambda i, n: range(i + 1),
    "strictly lower": lambda i, n: range(i),
    "upper": lambda i, n: range(i, n),
    "reversed": lambda i, n: range(n - i),
    "window": lambda i, n: range(max(0, i - 2), i + 1),
    "ragged": lambda i, n: range((5 * i) % n // 2 + 1),
    "two by two": lambda i, n: range(i // 2 + 1),
}


class Causal:
    """Attention of n positions, a head with so many numbers each; over: which positions row i sees. Everything comes from the seed.

    scores: softmax (with its largest score taken off, or not), a sigmoid of each score, or the score itself. style: how sums are
    written. A call gives the loss, by the parameters or by what stands for them.
    """

    def __init__(self, over: str, n: int, seed: int) -> None:
        rng = random.Random(f"{over} {n} {seed}")
        self.over, self.n = over, n
        self.heads, self.size = rng.randint(1, 3), rng.randint(1, 3)
        self.scores = rng.choice(["softmax", "softmax", "plain softmax", "sigmoid", "linear"])
        self.style = rng.choice(["sum", "sum_", "dot", "chain"])
        self.heads_first = rng.random() < 0.3
        self.start = [rng.gauss(0.0, 1.0) for _ in range(3 * n * self.heads * self.size)]

    def params(self) -> list[Value]:
        return [Value(x) for x in self.start]

    def __call__(self, params: Sequence[Value]) -> Value:
        n, heads, size = self.n, self.heads, self.size
        flat = iter(params)
        q, k, v = ([[[next(flat) for _ in range(size)] for _ in range(heads)] for _ in range(n)] for _ in range(3))
        places = [(i, h) for i in range(n) for h in range(heads)]
        if self.heads_first:
            places.sort(key=lambda place: place[1])
        rows = []
        for i, h in places:
            seen = list(SPANS[self.over](i, n))
            if seen:
                weights = self.weights([self.total(q[i][h], k[j][h]) * size**-0.5 for j in seen])
                rows += [self.total(weights, [v[j][h][d] for j in seen]) for d in range(size)]
        return ops.sum_(*[(x * (1 + 0.1 * m)).tanh() for m, x in enumerate(rows)])

    def total(self, xs: Sequence[Value], ys: Sequence[Value]) -> Value:
        """Σ xy, in one of the ways in which people write it."""
        if self.style == "dot":
            return ops.dot(*xs, *ys)
        products = [x * y for x, y in zip(xs, ys, strict=True)]
        if self.style == "sum":
            return sum(products)  # type: ignore[return-value]
        if self.style == "sum_":
            return ops.sum_(*products)
        found = products[0]
        for x in products[1:]:
            found = found + x
        return found

    def weights(self, scores: list[Value]) -> list[Value]:
        if self.scores == "linear":
            return scores
        if self.scores == "sigmoid":
            return [s.sigmoid() for s in scores]
        largest = ops.shift(*scores) if self.scores == "softmax" else 0.0
        powers = [(s - largest).exp() for s in scores]
        whole = ops.sum_(*powers)
        return [p / whole for p in powers]


def prefix_sums(params: Sequence[Value]) -> Value:
    """Σᵢ tanh Σ_{j ≤ i} pⱼ."""
    return ops.sum_(*[ops.sum_(*params[: i + 1]).tanh() for i in range(len(params))])


def sentences(params: Sequence[Value]) -> Value:
    """Words of so many numbers in sentences of 3, 1, 4, 1, 5 words: the mean of each goes on."""
    lengths, width = (3, 1, 4, 1, 5), 2
    words = iter([params[width * k : width * (k + 1)] for k in range(sum(lengths))])
    means = []
    for n in lengths:
        own = [[x.exp() for x in next(words)] for _ in range(n)]
        means += [ops.sum_(*column) * (1 / n) for column in zip(*own, strict=True)]
    return ops.sum_(*[m.tanh() for m in means])
