"""What counts of a thing that a loss may read: a number's type and bits, the content of lists and arrays, else identity."""

from __future__ import annotations

import os
from contextvars import ContextVar
from hashlib import blake2b
from marshal import dumps
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.tracing import arguments
from micrograd.compiler.tracing.traced import Outside, Traced
from micrograd.engine import Value
from micrograd.nn.module import Module

ATOMS = frozenset((int, float, bool, complex, str, bytes, type(None)))
Missing = type("Missing", (), {})
MISSING = Missing()
DIGEST = 2**16  # bytes of plain data that are kept as they are


def held(x: ContextVar[Any]) -> Any:
    """What a context variable holds here, or MISSING."""
    try:
        return x.get()
    except LookupError:
        return MISSING


def cell(x: Any) -> Any:
    """What a cell of a closure holds, or MISSING."""
    try:
        return x.cell_contents
    except ValueError:
        return MISSING


def filled(x: Any) -> bool:
    """Whether a cache of results has any: it may have been cleared."""
    return bool(x.cache_info().misses)


def slots(kind: type) -> tuple[str, ...]:
    """The names of a class's own slots that hold data."""
    found = vars(kind).get("__slots__", ())
    return tuple(s for s in ((found,) if isinstance(found, str) else found) if s not in ("__dict__", "__weakref__"))


def key_of(x: Any) -> Any:
    """What counts of it: a number by type and bits, anything else by identity."""
    kind = type(x)
    if kind in ATOMS or isinstance(x, np.generic):
        return arguments.key(x)
    if issubclass(kind, Traced) and not issubclass(kind, Outside):
        return "a Value that the loss made"
    return id(x)


def items(x: Any) -> Any:
    """A mapping as pairs of keys of content."""
    return [(key_of(k), key_of(v)) for k, v in x.items()]


def noted(names: tuple[str, ...], values: list[Value]) -> Any:
    """What stands on Values beside their numbers."""
    return [getattr(v, name, None) for v in values for name in names]


def loose(x: Any) -> bool:
    """Whether another thing may be `==` to it: numbers, and lists and objects that compare by content."""
    kind: Any = type(x)
    return kind not in (str, bytes, type(None)) and kind.__eq__ is not object.__eq__


def holds(x: Any, depth: int) -> bool:
    """Whether Values or modules are in it."""
    if isinstance(x, (Value, Module)):
        return True
    items = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else ()
    return depth < 6 and any(holds(item, depth + 1) for item in items if type(item) not in ATOMS)


def plain(x: Any, depth: int) -> bool:
    """Whether it is numbers and strings only, in lists, tuples and dicts."""
    kinds = set(map(type, x.values() if isinstance(x, dict) else x))
    if isinstance(x, dict):
        kinds |= set(map(type, x))
    elif type(x) not in (list, tuple):
        return False
    if kinds <= ATOMS:
        return True
    if depth > 8 or not kinds - ATOMS <= {list, tuple, dict}:
        return False
    items = (*x, *x.values()) if isinstance(x, dict) else x
    return all(plain(item, depth + 1) for item in items if type(item) not in ATOMS)


def steady(x: Any) -> bool:
    """Whether `==` tells every change of such data: floats that are no whole numbers, so that none equals -0.0, 1 or True."""
    return all(not item.is_integer() if type(item) is float else type(item) is list and steady(item) for item in x)


def copied(x: list[Any]) -> list[Any]:
    """A copy of nested lists, with the same numbers in them."""
    return [copied(item) if type(item) is list else item for item in x]


def short(found: bytes) -> bytes:
    """Bytes as they are, or the digest of many."""
    return found if len(found) <= DIGEST else blake2b(found, digest_size=32).digest()


def dumped(x: Any) -> bytes:
    """Plain data with its types and bits (of marshal, the version without shared parts)."""
    return short(dumps(dict(x) if isinstance(x, dict) and type(x) is not dict else x, 2))


def bare_dump(x: Any) -> bytes | None:
    """What `dumped` gives where that is no more than one call of marshal; else None."""
    found = dumps(x, 2) if type(x) in (list, tuple, dict) else b""
    return found if 0 < len(found) <= DIGEST else None


def bits(x: Any) -> Any:
    """An array by shape, type and bits."""
    return x.shape, x.dtype.str, short(x.tobytes())


def identities(x: Any) -> Any:
    """An array of objects by shape and what counts of each."""
    return x.shape, [key_of(item) for item in x.ravel()]


def as_array(x: Any) -> Any:
    """What NumPy makes of it, as an argument is told apart."""
    return arguments.key(np.asarray(x))


def bare(x: Any) -> Any:
    """An environment, a set or bytes, as plain data."""
    return arguments.key(dict(x)) if isinstance(x, os._Environ) else arguments.key(x) if isinstance(x, set) else bytes(x)
