"""What training is fed with: the arguments of the loss for each step, out of what people give; and the bar that shows how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from time import monotonic
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.console import can_print
from micrograd.given import whole

END = object()


class Plain:
    """Batches that come one by one from something that only reads: they may be read ahead."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[Any]:
        return self.batches


def feed(data: Any, batch_size: int | None, rng: Random) -> tuple[Iterator[Any], int | None, bool]:
    """The arguments of each step; how many steps one pass is (None where it does not end); whether they may be read ahead."""
    if batch_size is not None:
        batch_size = whole("batch_size", batch_size, 1)
        bare = not _taken_apart(data) or any(not hasattr(x, "__len__") for x in data)
        columns = [] if bare else [x if isinstance(x, np.ndarray) else list(x) for x in data]
        if not columns or len({len(c) for c in columns}) != 1:
            raise ValueError(f"batch_size takes rows of data, which is a tuple of columns of one length, (X, y), not {data!r:.60}")
        return _batches(columns, batch_size, rng), -(-len(columns[0]) // batch_size), True
    if callable(data):
        return map(data, iter(range(sys.maxsize))), None, False
    if isinstance(data, tuple):
        return _again(data), None, False
    if isinstance(data, list):
        return _cycle(data), len(data), True
    places = hasattr(data, "__len__") and hasattr(data, "__getitem__")
    if not _taken_apart(data):
        raise TypeError(f"data is a tuple with the arguments of the loss, an iterable of such tuples, or a function, not {data!r:.60}")
    return iter(data), sys.maxsize, places or isinstance(data, Plain)


def _taken_apart(data: Any) -> bool:
    """Whether Python can go through it, by `iter` or by its places from 0 on."""
    return hasattr(data, "__iter__") or hasattr(data, "__getitem__")


def _again(data: tuple[Any, ...]) -> Iterator[Any]:
    while True:
        yield data


def _cycle(data: list[Any]) -> Iterator[Any]:
    while data:
        yield from data


def _batches(columns: list[Any], size: int, rng: Random) -> Iterator[Any]:
    order = list(range(len(columns[0])))
    while True:
        rng.shuffle(order)
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield tuple(c[rows] if isinstance(c, np.ndarray) else [c[i] for i in rows] for c in columns)


class Bar:
    """A line on stderr, drawn at most ten times a second."""

    def __init__(self, steps: int) -> None:
        self.steps, self.start, self.drawn = steps, monotonic(), 0.0
        self.full, self.empty = "█·" if can_print(sys.stderr, "█·") else "#."

    def show(self, done: int, loss: float) -> None:
        now = monotonic()
        if now - self.drawn < 0.1 and done < self.steps:
            return
        self.drawn = now
        full = 24 * done // self.steps
        rate = done / max(now - self.start, 1e-9)
        bar = f"{self.full * full}{self.empty * (24 - full)}"
        self._write(f"\r{bar} {done}/{self.steps}  loss {loss:.6g}  {rate:,.0f} steps/s ")

    def close(self) -> None:
        self._write("\n")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError, AttributeError):  # closed, or none at all: no reason to end a run
            sys.stderr.write(text)
            sys.stderr.flush()
