"""The arguments of a loss: numbers in nested lists, tuples or arrays, which become the run-time inputs of the program.

A number stays a number at every call; what it may be is fixed by the structure: the nesting, and whether it is an integer (which
can look things up, see `take`). Everything that is not a number (None, a string, a bool, a dict) is part of the structure itself,
and so are keyword arguments: told apart by type and by bits, so that 1, 1.0 and True are three structures.
"""

from __future__ import annotations

import dataclasses
import numbers
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.tracing.trace import leaf
from micrograd.engine import Value
from micrograd.ops.op import number

KINDS: dict[str, type] = {"float": float, "int": int, "bool": bool, "value": Value}
_KINDS = {"i": "int", "u": "int", "f": "float", "b": "bool"}  # of arrays, by NumPy's letters
_ATOMS = (int, bool, str, bytes, type(None))


class Constant:
    """Something that is part of the structure: equal to another of the same type and content."""

    __slots__ = ("key", "x")

    def __init__(self, x: Any) -> None:
        self.x, self.key = x, key(x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Constant({self.x!r})"


def key(x: Any) -> Any:
    """A hashable description by type and by bits; of an object that has no content known here, its identity."""
    kind = type(x)
    if kind in _ATOMS:
        return kind, x
    if kind is float:
        return kind, struct.pack("d", x)
    if kind is complex:
        return kind, struct.pack("dd", x.real, x.imag)
    if isinstance(x, Value):
        return Value, id(x)
    if isinstance(x, (list, tuple)):
        return (kind, *map(key, x))
    if isinstance(x, dict):
        return (kind, *((key(k), key(v)) for k, v in x.items()))
    if isinstance(x, (set, frozenset)):
        return kind, frozenset(map(key, x))
    if isinstance(x, np.ndarray):
        content = tuple(map(key, x.ravel().tolist())) if x.dtype == object else x.tobytes()
        return kind, x.dtype.str, x.shape, content
    if isinstance(x, np.generic):
        return kind, x.dtype.str, x.tobytes()
    if kind.__name__ == "Decimal":
        return kind, x.as_tuple()
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return (kind, *(key(getattr(x, f.name, None)) for f in dataclasses.fields(x)))
    try:
        hash(x)
    except TypeError:
        return kind, id(x)
    return kind, x


def keywords(static: dict[str, Any]) -> Any:
    """The structure that keyword arguments are."""
    return tuple([(name, Constant(static[name])) for name in sorted(static)])


def structure(x: Any, flat: list[float], bools: bool = False, params: Any = ()) -> Any:
    """A hashable description of an argument; its numbers are appended to `flat`. bools: they are numbers too.

    TypeError for a Value through which the engine would pass gradients on: one that was computed, one of the `params` (ids).
    """
    if isinstance(x, np.ndarray) and x.dtype != object:
        shape = shape_of(x)
        flat.extend(x.ravel().tolist())
        return shape
    if isinstance(x, (list, tuple)):
        name: Any = "list" if isinstance(x, list) else type(x) if hasattr(x, "_fields") else "tuple"
        if x and all(type(i) is float for i in x):  # the common case, fast
            flat.extend(x)
            return (name, "float", len(x))
        return _described(name, [structure(i, flat, bools, params) for i in x])
    if isinstance(x, np.ndarray):
        return ("objects", x.shape, *[structure(i, flat, bools, params) for i in x.ravel()])
    if isinstance(x, Value):
        if x.op is not None or id(x) in params:
            what = "computed by " + repr(x._op) if x.op is not None else "a parameter"
            raise TypeError(
                f"an argument of a compiled loss is {x!r}, which is {what}: gradients would not pass through it. Write x.data for its "
                "number, or let the loss read it from outside"
            )
        flat.append(x.data)
        return "value"
    if isinstance(x, (bool, np.bool_)):
        if not bools:
            return ("constant", Constant(x))
        flat.append(float(x))
        return "bool"
    if not isinstance(x, numbers.Real):
        try:
            hash(x)
        except (TypeError, ValueError):  # a view of memory that may change has the latter
            raise TypeError(
                "an argument of a compiled loss is a number, or numbers in lists, tuples and arrays, or a constant that can be "
                f"hashed, not {type(x).__name__}: {x!r:.80}. A keyword argument may be anything"
            ) from None
        return ("constant", Constant(x))
    flat.append(number(x))
    return "int" if isinstance(x, numbers.Integral) else "float"


def _described(name: Any, parts: list[Any]) -> Any:
    """A list of such parts; if they are all alike, as (name, the part, how many)."""
    return (name, parts[0], len(parts)) if parts and parts.count(parts[0]) == len(parts) else (name, *parts)


def shape_of(x: Any) -> Any:
    """The structure of an array of numbers."""
    return ("array", x.shape, _kind_of(x))


def _kind_of(x: Any) -> str:
    found = _KINDS.get(x.dtype.kind)
    if found is None:
        raise TypeError(f"an array among the arguments of a compiled loss holds real numbers, not {x.dtype}")
    if type(x) is not np.ndarray and np.ma.is_masked(x):
        raise TypeError("an array among the arguments of a compiled loss has masked numbers: fill them (x.filled(0.0)), or leave them out")
    return found


def constants(shape: Any) -> list[Any]:
    """What is no number in an argument."""
    if not isinstance(shape, tuple) or not shape or shape[0] == "array":
        return []
    return [shape[1].x] if shape[0] == "constant" else [x for part in shape[1:] for x in constants(part)]


def leaves(shape: Any, flat: Iterable[float], made: list[Value]) -> Any:
    """The argument that the traced loss gets: the same nesting, every number a leaf, appended to `made`."""
    if isinstance(shape, str):
        made.append(leaf(next(flat), KINDS[shape]))  # type: ignore[call-overload]
        return made[-1]
    kind, *rest = shape
    if kind == "constant":
        return rest[0].x
    if kind in ("array", "objects"):
        array = np.empty(rest[0], dtype=object)
        parts: Sequence[Any] = rest[1:] if kind == "objects" else [rest[1]] * array.size
        array.ravel()[:] = [leaves(p, flat, made) for p in parts]
        return array if array.shape else array.item()
    return _list(kind, [leaves(r, flat, made) for r in _items(rest)])


def nested(shape: Any, flat: Iterable[float]) -> Any:
    """Numbers in the nesting of an argument (constants become None)."""
    if isinstance(shape, str):
        return next(flat)  # type: ignore[call-overload]
    kind, *rest = shape
    if kind == "constant":
        return None
    if kind == "array":
        return np.array([next(flat) for _ in range(int(np.prod(rest[0])))]).reshape(rest[0])  # type: ignore[call-overload]
    if kind == "objects":
        return np.array([nested(r, flat) for r in rest[1:]]).reshape(rest[0])
    return _list(kind, [nested(r, flat) for r in _items(rest)])


def kinds(shape: Any) -> list[str]:
    """Of each number in an argument; "" for what is none, or lies in an array."""
    if isinstance(shape, str):
        return [shape]
    kind, *rest = shape
    if kind in ("constant", "array", "objects"):
        return [""]
    if _many(rest):
        return kinds(rest[0]) * int(rest[1])
    return [k for part in rest for k in kinds(part)]


def _many(rest: Sequence[Any]) -> bool:
    """Whether the parts of a list are all alike: (the part, how many)."""
    return len(rest) == 2 and isinstance(rest[1], int)


def _items(rest: list[Any]) -> list[Any]:
    """The parts of a list, one by one."""
    return [rest[0]] * rest[1] if _many(rest) else rest


def _list(kind: Any, found: list[Any]) -> Any:
    return found if kind == "list" else tuple(found) if kind == "tuple" else kind(*found)


def _plain(x: Sequence[Any]) -> tuple[Any, Any] | None:
    """`alike` of the common cases, without a look at each number: samples that are floats or ints, or lists of floats of one length."""
    kinds = set(map(type, x))
    if kinds == {float} or kinds == {int}:
        with suppress(OverflowError):
            return ("float" if kinds == {float} else "int"), np.array(x, dtype=np.float64)[:, None]
    if kinds not in ({list}, {tuple}) or not x[0] or len(set(map(len, x))) != 1 or set(map(type, chain.from_iterable(x))) != {float}:
        return None
    rows = np.fromiter(chain.from_iterable(x), np.float64, len(x) * len(x[0])).reshape(len(x), -1)
    return (kinds.pop().__name__, "float", len(x[0])), rows


def alike(x: Any, params: Any) -> tuple[Any, Any]:
    """One structure for all samples, ints and bools among floats being floats (None: there is none), and their numbers."""
    return _plain(x) or one_structure(x, params)


def one_structure(x: Any, params: Any) -> tuple[Any, list[list[float]]]:
    """`alike`, by a look at each number."""
    for bools in (False, True):
        flats: list[list[float]] = [[] for _ in x]
        kinds = {structure(sample, flat, bools, params) for sample, flat in zip(x, flats, strict=True)}
        if len(kinds) == 1:
            return kinds.pop(), flats
    return _merged(list(kinds)), flats


def samples(args: Sequence[Any], params: Any) -> tuple[tuple[Any, ...], list[list[list[float]]]]:
    """For a batch: the structure of one sample of each argument, and for each argument the numbers of each sample.

    ValueError where an argument is no sequence of samples, or these are not of one structure.
    """
    shapes: list[Any] = []
    columns: list[list[list[float]]] = []
    for i, x in enumerate(args):
        if not isinstance(x, (list, tuple)) or len(x) == 0:
            raise ValueError(f"argument {i} of a loss compiled with batch=True must be a sequence of samples, not {x!r:.60}")
        if columns and len(columns[0]) != len(x):
            raise ValueError(f"the arguments of one batch must have as many samples each: {len(columns[0])} and {len(x)}")
        shape, flats = one_structure(x, params)
        if shape is None:
            raise ValueError(f"argument {i}: the samples of a batch must be of one structure; pad them, or do without batch=True")
        shapes.append(shape)
        columns.append(flats)
    return tuple(shapes), columns


def _merged(shapes: list[Any]) -> Any:
    """The structure of which all these are cases; None if there is none."""
    first = shapes[0]
    if all(s == first for s in shapes):
        return first
    if all(isinstance(s, str) for s in shapes):
        return None if "value" in shapes else "float" if "float" in shapes else "int"
    if any(isinstance(s, str) or s[0] != first[0] for s in shapes) or first[0] == "constant":
        return None
    if first[0] == "array":
        kind = _merged([s[2] for s in shapes])
        return ("array", first[1], kind) if all(s[1] == first[1] for s in shapes) else None
    start = 2 if first[0] == "objects" else 1
    if start == 2 and any(s[1] != first[1] for s in shapes):
        return None
    parts = [list(s[2:]) if start == 2 else _items(list(s[1:])) for s in shapes]
    if any(len(p) != len(parts[0]) for p in parts):
        return None
    merged = [_merged(list(column)) for column in zip(*parts, strict=True)]
    if any(m is None for m in merged):
        return None
    return _described(first[0], merged) if start == 1 else (*first[:start], *merged)
