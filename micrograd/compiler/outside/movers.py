"""What moves on when it is used: generators of random numbers, and iterators. A loss that uses one gives something else each time."""

from __future__ import annotations

import operator
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from micrograd.compiler.tracing.arguments import key

State = Callable[[], Any]


def mover(x: Any) -> State | None:
    """A function that tells where it stands, for something that moves on; None for anything else."""
    if isinstance(x, random.Random):
        return None if isinstance(x, random.SystemRandom) else x.getstate
    kind = type(x)
    if kind.__module__.startswith("numpy.random"):
        if hasattr(x, "bit_generator"):
            return lambda: key(x.bit_generator.state)
        return (lambda: key(x.get_state())) if hasattr(x, "get_state") else None
    if isinstance(x, Iterator) and not hasattr(x, "readable"):
        return lambda: _stand(x, 0)
    return None


def everywhere() -> list[tuple[str, State, Callable[[Any], None]]]:
    """The generators that belong to everybody: (name, their state, how to set it back)."""
    found: list[Any] = [("random", random.getstate, random.setstate)]
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None:
        found.append(("numpy.random", numpy.get_state, numpy.set_state))
    return found


class Untold(Exception):
    """An iterator that does not tell where it stands."""


def inside(x: Any) -> list[Any]:
    """What an iterator takes from, as far as Python shows it."""
    try:
        return [a for a in _reduced(x) if not isinstance(a, (int, float, str))]
    except Untold:
        return []


def _stand(x: Any, depth: int) -> Any:
    """Where an iterator stands, told by what Python shows of it."""
    if depth > 8:
        raise Untold
    if isinstance(x, types.GeneratorType):
        frame = x.gi_frame
        if frame is None:
            return "over"
        inner = [_told(v, depth) for v in frame.f_locals.values() if v is not x]
        return frame.f_lasti, *inner, *([_stand(x.gi_yieldfrom, depth + 1)] if isinstance(x.gi_yieldfrom, Iterator) else [])
    hint = operator.length_hint(x, -1)
    return hint if hint >= 0 else [_told(a, depth) for a in _reduced(x)]


def _reduced(x: Any) -> list[Any]:
    if isinstance(x, types.GeneratorType):
        return list(x.gi_frame.f_locals.values()) if x.gi_frame is not None else []
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        _, args, *rest = x.__reduce__()
        return [*args, *(r for r in rest if r is not None)]
    raise Untold


def _told(x: Any, depth: int) -> Any:
    if isinstance(x, (int, float, str, bytes, type(None))):
        return x
    owner = getattr(x, "__self__", x)  # a method of an iterator
    if isinstance(owner, Iterator) and not hasattr(owner, "readable"):
        return _stand(owner, depth + 1)
    if isinstance(x, tuple):
        return [_told(item, depth + 1) for item in x]
    return (type(x).__name__, len(x)) if hasattr(x, "__len__") else type(x).__name__
