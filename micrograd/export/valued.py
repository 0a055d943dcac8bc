"""Arrays of scalars: what tensor libraries do to numbers, done to `Value`s, for whatever comes from one of them.

Arrays are NumPy's, of objects: `Value`s where numbers have a derivative, plain numbers and booleans elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.engine import Value

Array = Any


def mapped(op: Any) -> Callable[..., Array]:
    """An op of the table at every place; on plain numbers alone its forward function."""

    def one(*xs: Any) -> Any:
        return op(*xs) if any(isinstance(x, Value) for x in xs) else op.forward(*map(float, xs), *op.params)

    return lambda *xs: array(np.frompyfunc(one, len(xs), 1)(*xs))


def array(x: Any) -> Array:
    """Nested lists, numbers or a tensor as an array of objects."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return x
    made = np.empty(np.shape(x), dtype=object)
    made[...] = x.tolist() if isinstance(x, np.ndarray) and x.shape else x.item() if isinstance(x, np.ndarray) else x
    return made


def total(xs: Sequence[Any]) -> Any:
    """A sum of some numbers, one node where there are Values."""
    return ops.sum_(*xs) if any(isinstance(x, Value) for x in xs) else math.fsum(xs)


def reduced(f: Callable[[list[Any]], Any], x: Array, axes: Sequence[int] | None = None, keep: bool = False) -> Array:
    """f of the numbers along some axes (none said: all)."""
    over = sorted(a % x.ndim for a in axes) if axes else list(range(x.ndim))
    rest = [a for a in range(x.ndim) if a not in over]
    rows = x.transpose(*rest, *over).reshape(*(x.shape[a] for a in rest), -1)
    found = np.empty(rows.shape[:-1], dtype=object)
    for at in np.ndindex(*found.shape):
        found[at] = f(list(rows[at]))
    return found.reshape([1 if a in over else n for a, n in enumerate(x.shape)]) if keep else found


def along(f: Callable[[list[Any]], list[Any]], x: Array, axis: int) -> Array:
    """f of every row along an axis, in place of the row."""
    rows = np.moveaxis(x, axis, -1)
    found = np.empty(rows.shape, dtype=object)
    for at in np.ndindex(*rows.shape[:-1]):
        found[at] = f(list(rows[at]))
    return np.moveaxis(found, -1, axis)


def matmul(x: Array, y: Array) -> Array:
    """Rows times columns, each a dot product of one node; axes before are a batch."""
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    x, y = np.broadcast_to(x, (*lead, *x.shape[-2:])), np.broadcast_to(y, (*lead, *y.shape[-2:]))
    found = np.empty((*lead, x.shape[-2], y.shape[-1]), dtype=object)
    for at in np.ndindex(*found.shape):
        *b, i, j = at
        row, column = (*b, i), (*b, slice(None), j)
        found[at] = dot(list(x[row]), list(y[column]))
    return found


def dot(xs: list[Any], ys: list[Any]) -> Any:
    """Σ x·y."""
    return ops.dot(*xs, *ys) if any(isinstance(v, Value) for v in (*xs, *ys)) else math.fsum(x * y for x, y in zip(xs, ys, strict=True))


def largest(xs: list[Any]) -> Any:
    """The largest, by maximum of two after two."""
    known = [x for x in xs if isinstance(x, Value) or x != -math.inf] or xs
    found = known[0]
    for x in known[1:]:
        found = mapped(ops.maximum)(array(found), array(x)).item()
    return found


def where(c: Array, a: Any, b: Any) -> Array:
    """By conditions known now, or by Values that are 0 or not."""

    def one(chosen: Any, x: Any, y: Any) -> Any:
        return ops.where(chosen, x, y) if isinstance(chosen, Value) else x if chosen else y

    return array(np.frompyfunc(one, 3, 1)(c, a, b))
