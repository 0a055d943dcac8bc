"""Data made ready: split, scaled, one-hot."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from random import Random
from typing import Any

from micrograd.given import generator, index, is_list, real, sequence

Pair = tuple[list[Any], list[Any]]


def split(data: tuple[Sequence[Any], Sequence[Any]], part: float = 0.2, rng: Random | None = None) -> tuple[Pair, Pair]:
    """(training, held out): a random `part` of the samples of data = (inputs, targets) is held out. Arrays and tables count as lists.

    ValueError where inputs and targets are of different length, or part is not in [0, 1].

    >>> train, test = split(([1, 2, 3, 4], "abcd"), 0.25)
    >>> len(train[0]), len(test[1])
    (3, 1)
    """
    if not isinstance(data, (tuple, list)) or len(data) != 2 or is_list(part):
        raise TypeError("split takes data = (inputs, targets) as one, and the part to hold out: split((inputs, targets), 0.2)")
    xs, ys = (list(data[k]) if isinstance(data[k], str) else sequence(what, data[k]) for k, what in enumerate(("inputs", "targets")))
    if len(xs) != len(ys):
        raise ValueError(f"{len(xs)} inputs for {len(ys)} targets")
    if not 0.0 <= real("the part to hold out", part) <= 1.0:
        raise ValueError(f"the part to hold out is in [0, 1], not {part}")
    order = list(range(len(xs)))
    generator(rng, "shuffle").shuffle(order)
    cut = len(xs) - round(part * len(xs))
    train, test = (([xs[i] for i in rows], [ys[i] for i in rows]) for rows in (order[:cut], order[cut:]))
    return train, test


class Scaling:
    """Columns brought to mean 0 and standard deviation 1, as measured on the training rows; applied to any rows, and undone.

    Rows are lists of numbers, or the rows of an array or a table.

    >>> scaling = Scaling([[1.0, 10.0], [3.0, 10.0]])
    >>> scaling([[5.0, 10.0]]), scaling.undo([[3.0, 0.0]])
    ([[3.0, 0.0]], [[5.0, 10.0]])
    """

    def __init__(self, rows: Sequence[Sequence[float]]) -> None:
        columns = list(zip(*_numbers(rows), strict=True))
        self.mean = [sum(c) / len(c) for c in columns]
        spread = [sqrt(sum((x - m) ** 2 for x in c) / len(c)) for c, m in zip(columns, self.mean, strict=True)]
        self.scale = [s or 1.0 for s in spread]  # a column of equal numbers becomes 0

    def __call__(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        return [[(x - m) / s for x, m, s in zip(row, self.mean, self.scale, strict=True)] for row in _numbers(rows)]

    def undo(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """The rows as they were before scaling."""
        return [[x * s + m for x, m, s in zip(row, self.mean, self.scale, strict=True)] for row in _numbers(rows)]


def _numbers(rows: Any) -> list[list[float]]:
    found = sequence("rows", rows)
    return [[real("a number of a row", x) for x in sequence("a row", row)] for row in found]


def one_hot(classes: Sequence[int], count: int = 0) -> list[list[float]]:
    """A list with a 1 at the class for each. ValueError for a class that is not one of 0 … count - 1.

    >>> one_hot([1, 0])
    [[0.0, 1.0], [1.0, 0.0]]
    """
    places = [index(c) for c in sequence("classes", classes)]
    n = count or max(places) + 1
    if places and not 0 <= min(places) <= max(places) < n:
        raise ValueError(f"classes are 0 … {n - 1}, not {min(places) if min(places) < 0 else max(places)}")
    return [[float(k == c) for k in range(n)] for c in places]
