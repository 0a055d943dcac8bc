"""The arguments of a loss: numbers in nested lists, tuples or arrays, which become the run-time inputs of the program.

A number stays a number at every call; what it may be is fixed by the structure: the nesting, and whether it is an integer (which
can look things up, see `take`). Everything that is not a number (None, a string, a bool, a dict) is part of the structure itself.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.trace import leaf
from micrograd.engine import Value


def structure(x: Any, flat: list[float]) -> Any:
    """A hashable description of an argument; its numbers are appended to `flat`."""
    if isinstance(x, np.ndarray) and x.dtype != object:
        flat.extend(x.ravel().tolist())
        return ("array", x.shape, x.dtype.kind in "iu")
    if isinstance(x, (list, tuple)):
        if x and all(type(i) is float for i in x):  # the common case, fast
            flat.extend(x)
            return (type(x).__name__, "float", len(x))
        return (type(x).__name__, *[structure(i, flat) for i in x])
    if isinstance(x, np.ndarray):
        return ("objects", x.shape, *[structure(i, flat) for i in x.ravel()])
    if isinstance(x, Value):
        flat.append(x.data)
        return "float"
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, numbers.Real):
        try:
            hash(x)
        except TypeError:
            raise TypeError(
                "an argument of a compiled loss is a number, or numbers in lists, tuples and arrays, or a constant that can be "
                f"hashed, not {type(x).__name__}: {x!r:.80}"
            ) from None
        return ("constant", x)
    flat.append(float(x))
    return "int" if isinstance(x, numbers.Integral) else "float"


def leaves(shape: Any, flat: Iterable[float], made: list[Value]) -> Any:
    """The argument that the traced loss gets: the same nesting, every number a leaf, appended to `made`."""
    if shape in ("float", "int"):
        made.append(leaf(next(flat), shape == "int"))  # type: ignore[call-overload]
        return made[-1]
    kind, *rest = shape
    if kind == "constant":
        return rest[0]
    if kind in ("array", "objects"):
        array = np.empty(rest[0], dtype=object)
        parts: Sequence[Any] = rest[1:] if kind == "objects" else ["int" if rest[1] else "float"] * array.size
        array.ravel()[:] = [leaves(p, flat, made) for p in parts]
        return array if array.shape else array.item()
    if rest and rest[0] == "float" and isinstance(rest[-1], int):
        rest = ["float"] * rest[1]
    found = [leaves(r, flat, made) for r in rest]
    return tuple(found) if kind == "tuple" else found


def nested(shape: Any, flat: Iterable[float]) -> Any:
    """Numbers in the nesting of an argument (constants become None)."""
    if shape in ("float", "int"):
        return next(flat)  # type: ignore[call-overload]
    kind, *rest = shape
    if kind == "constant":
        return None
    if kind == "array":
        return np.array([next(flat) for _ in range(int(np.prod(rest[0])))]).reshape(rest[0])  # type: ignore[call-overload]
    if kind == "objects":
        return np.array([nested(r, flat) for r in rest[1:]]).reshape(rest[0])
    if rest and rest[0] == "float" and isinstance(rest[-1], int):
        rest = ["float"] * rest[1]
    found = [nested(r, flat) for r in rest]
    return tuple(found) if kind == "tuple" else found


def samples(args: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
    """For a batch: the structure of one sample of each argument, and the numbers as an array (number of a sample, sample)."""
    shapes, rows, count = [], [], None
    for i, x in enumerate(args):
        if not isinstance(x, (list, tuple, np.ndarray)) or len(x) == 0:
            raise ValueError(f"argument {i} of a loss compiled with batch=True must be a sequence of samples, not {x!r:.60}")
        if count not in (None, len(x)):
            raise ValueError(f"the arguments of one batch must have as many samples each: {count} and {len(x)}")
        count = len(x)
        if isinstance(x, np.ndarray) and x.dtype != object:
            integer = x.dtype.kind in "iu"
            kind = "int" if integer else "float"
            shapes.append(kind if x.ndim == 1 else ("array", x.shape[1:], integer))
            rows.append(np.ascontiguousarray(x.reshape(count, -1).T, dtype=np.float64))
            continue
        flats: list[list[float]] = []
        kinds = set()
        for sample in x:
            flats.append([])
            kinds.add(structure(sample, flats[-1]))
        if len(kinds) > 1:
            raise ValueError(f"argument {i}: the samples of a batch must be of one structure; pad them, or do without batch=True")
        shapes.append(kinds.pop())
        rows.append(np.array(flats, dtype=np.float64).T)
    return tuple(shapes), (np.concatenate(rows) if rows else np.zeros((0, 1)))
