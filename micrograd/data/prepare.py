"""Data made ready: split, scaled, one-hot."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from random import Random
from typing import Any

Pair = tuple[list[Any], list[Any]]


def split(data: tuple[Sequence[Any], Sequence[Any]], part: float = 0.2, rng: Random | None = None) -> tuple[Pair, Pair]:
    """(training, held out): a random `part` of the samples is held out.

    >>> train, test = split(([1, 2, 3, 4], "abcd"), 0.25)
    >>> len(train[0]), len(test[1])
    (3, 1)
    """
    xs, ys = data
    order = list(range(len(xs)))
    (rng or Random(0)).shuffle(order)
    cut = len(xs) - round(part * len(xs))
    train, test = (([xs[i] for i in rows], [ys[i] for i in rows]) for rows in (order[:cut], order[cut:]))
    return train, test


class Scaling:
    """Columns brought to mean 0 and standard deviation 1, as measured on the training rows; applied to any rows, and undone.

    >>> scaling = Scaling([[1.0, 10.0], [3.0, 10.0]])
    >>> scaling([[5.0, 10.0]]), scaling.undo([[3.0, 0.0]])
    ([[3.0, 0.0]], [[5.0, 10.0]])
    """

    def __init__(self, rows: Sequence[Sequence[float]]) -> None:
        columns = list(zip(*rows, strict=True))
        self.mean = [sum(c) / len(c) for c in columns]
        spread = [sqrt(sum((x - m) ** 2 for x in c) / len(c)) for c, m in zip(columns, self.mean, strict=True)]
        self.scale = [s or 1.0 for s in spread]  # a column of equal numbers becomes 0

    def __call__(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        return [[(x - m) / s for x, m, s in zip(row, self.mean, self.scale, strict=True)] for row in rows]

    def undo(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """The rows as they were before scaling."""
        return [[x * s + m for x, m, s in zip(row, self.mean, self.scale, strict=True)] for row in rows]


def one_hot(classes: Sequence[int], count: int = 0) -> list[list[float]]:
    """A list with a 1 at the class for each.

    >>> one_hot([1, 0])
    [[0.0, 1.0], [1.0, 0.0]]
    """
    n = count or max(classes) + 1
    return [[float(k == c) for k in range(n)] for c in classes]
