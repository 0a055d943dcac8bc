"""Inputs and targets as people give them: ``(X, y)``, pairs as from ``zip(X, y)``, arrays, a DataFrame and a Series."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from .given import short
from .reading import is_value, number


def samples(data: Any) -> tuple[list[list[float]], list[float]]:
    """Rows of inputs and their targets; TypeError or ValueError says what does not fit.

    >>> X, y = [[0.0, 1.0], [1.0, 0.0]], [1, -1]
    >>> samples((X, y)) == samples(zip(X, y)) == ([[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0])
    True
    """
    if data is None:
        return [], []
    items = _listed(data)
    if items is None:
        raise TypeError(f"data={short(data)}: expected (inputs, targets), or pairs of them such as zip(X, y)")
    if all(map(_is_pair, items)):
        inputs, targets = [pair[0] for pair in items], [pair[1] for pair in items]
    elif len(items) == 2:
        rows, ys = _listed(items[0]), _listed(items[1])
        if rows is None or ys is None:
            raise TypeError(f"data={short(data)}: expected (inputs, targets), or pairs of them such as zip(X, y)")
        inputs, targets = rows, ys
    else:
        found = f"these are {len(items):,} items that are no pairs"
        raise TypeError(f"data={short(data)}: expected (inputs, targets) or pairs of them, {found}")
    if len(inputs) != len(targets):
        raise ValueError(f"data has {len(inputs):,} inputs but {len(targets):,} targets")
    return [_row(i, x) for i, x in enumerate(inputs)], [_number(f"target {i}", y) for i, y in enumerate(targets)]


def _listed(x: Any) -> list[Any] | None:
    """The items of a list, array, DataFrame, zip …; None for a number, text or Value."""
    if isinstance(x, (str, bytes, dict)) or is_value(x):
        return None
    plain = getattr(x, "to_numpy", None)  # a DataFrame's own iteration gives its column names
    x = plain() if callable(plain) else x
    return list(x) if isinstance(x, Iterable) and getattr(x, "ndim", 1) != 0 else None


def _is_pair(item: Any) -> bool:
    """An input, which is a list of numbers, and one number."""
    pair = _listed(item)
    if pair is None or len(pair) != 2:
        return False
    row = _listed(pair[0])
    return row is not None and all(_listed(x) is None for x in row) and _listed(pair[1]) is None


def _row(i: int, x: Any) -> list[float]:
    row = _listed(x)
    if row is None:
        raise TypeError(f"input {i} is {short(x)}: expected a list of numbers, such as [0.5]")
    return [_number(f"input {i}", v) for v in row]


def _number(what: str, x: Any) -> float:
    made = math.nan if isinstance(x, (str, bytes)) else number(x.data if is_value(x) else x)
    if not math.isfinite(made):
        raise ValueError(f"{what} is {short(x)}: expected a finite number")
    return made
