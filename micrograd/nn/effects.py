"""What a forward pass does besides arithmetic, said so that a tracing compiler can see and repeat it.

A layer that draws random numbers (dropout), keeps running statistics (batch norm) or picks by an integer (embedding) does it
by these three functions. Eagerly they are a line each; a tracer is `listening` and replays what it was told at every run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from micrograd import given
from micrograd.engine import Value


class Listener(Protocol):
    """What a tracer wants to know."""

    def fresh(self, leaf: Value, draw: Callable[[], float]) -> None:
        """`leaf` holds a number that must be drawn again at every run, in this order."""

    def assign(self, buffer: Value, new: Value) -> None:
        """After every run the buffer takes the number of the node `new`."""


class _Here(threading.local):
    """Who listens in this thread."""

    listener: Listener | None = None


_here = _Here()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within this block, in this thread, the listener is told what the others do at once."""
    outer, _here.listener = _here.listener, listener
    try:
        yield
    finally:
        _here.listener = outer


def fresh(draw: Callable[[], float]) -> Value:
    """A leaf with a number just drawn."""
    if _here.listener is None:
        return Value(draw())
    leaf = Value(1.0)  # nothing is drawn while a program is made, so that making it once more changes no result
    _here.listener.fresh(leaf, draw)
    return leaf


def assign(buffer: Value, new: Value) -> None:
    """The buffer (a leaf that is no parameter) takes the number of the node `new`."""
    if _here.listener is not None:
        _here.listener.assign(buffer, new)
    else:
        buffer.data = new.data


def lookup(rows: Sequence[Any], index: Any) -> Any:
    """rows[index], index a whole number, or anything with a method `__lookup__(rows)` (one known only when the program runs).

    IndexError for a number that is not whole or outside the rows; TypeError for what is no number.
    """
    traced = getattr(type(index), "__lookup__", None)
    if traced is not None:
        return traced(index, rows)
    if type(index) is not int:
        index = given.index(index)
    if not 0 <= index < len(rows):
        raise IndexError(f"index {index} is outside 0 … {len(rows) - 1} (classes, as all places, count from 0)")
    return rows[index]
