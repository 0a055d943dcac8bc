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

from micrograd.compiler.inputs import key

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


def _stand(x: Any, depth: int) -> Any:
    """Where an iterator stands, told by what Python shows of it."""
    if depth > 8:
        return None
    if isinstance(x, types.GeneratorType):
        frame = x.gi_frame
        if frame is None:
            return "over"
        inner = [_stand(v, depth + 1) if isinstance(v, Iterator) else _told(v) for v in frame.f_locals.values() if v is not x]
        return frame.f_lasti, *inner, *([_stand(x.gi_yieldfrom, depth + 1)] if isinstance(x.gi_yieldfrom, Iterator) else [])
    hint = operator.length_hint(x, -1)
    if hint >= 0:
        return hint
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(Exception):
            _, args, *rest = x.__reduce__()
            return [_stand(a, depth + 1) if isinstance(a, Iterator) else _told(a) for a in (*args, *rest)]
    state = getattr(x, "__dict__", None)
    return {name: _told(v) for name, v in state.items()} if state else repr(x)


def _told(x: Any) -> Any:
    return x if isinstance(x, (int, float, str, bytes)) else (type(x).__name__, len(x)) if hasattr(x, "__len__") else type(x).__name__
