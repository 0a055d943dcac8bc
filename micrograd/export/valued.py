"""Arrays of scalars: what tensor libraries do to numbers, done to `Value`s, for whatever comes from one of them.

Arrays are NumPy's, of objects: `Value`s where numbers have a derivative, plain numbers and booleans elsewhere.
"""

from __future__ import annotations

import math
import operator
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

    return lambda *xs: each(one, *xs)


def each(f: Callable[..., Any], *xs: Any) -> Array:
    """f at every place, arrays of fewer places repeated."""
    arrays = np.broadcast_arrays(*map(array, xs))
    return np.fromiter(map(f, *(a.flat for a in arrays)), dtype=object, count=arrays[0].size).reshape(arrays[0].shape)


def array(x: Any) -> Array:
    """Nested lists, numbers or a tensor as an array of objects."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return x
    made = np.empty(np.shape(x), dtype=object)
    if made.size:  # an empty list has lost its other axes
        made[...] = x.tolist() if isinstance(x, np.ndarray) and x.shape else x.item() if isinstance(x, np.ndarray) else x
    return made


def total(xs: Sequence[Any]) -> Any:
    """A sum of some numbers, one node where there are Values."""
    return ops.sum_(*xs) if any(isinstance(x, Value) for x in xs) else math.fsum(xs)


def reduced(f: Callable[[list[Any]], Any], x: Array, axes: Sequence[int] | None = None, keep: bool = False) -> Array:
    """f of the numbers along some axes (none said: all)."""
    over = sorted(a % x.ndim for a in axes) if axes else list(range(x.ndim))
    rest = [a for a in range(x.ndim) if a not in over]
    rows = x.transpose(*rest, *over).reshape(*(x.shape[a] for a in rest), math.prod(x.shape[a] for a in over))
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


def smallest(xs: list[Any]) -> Any:
    """The smallest, by minimum of two after two."""
    known = [x for x in xs if isinstance(x, Value) or x != math.inf] or xs
    found = known[0]
    for x in known[1:]:
        found = mapped(ops.minimum)(array(found), array(x)).item()
    return found


def multiplied(xs: list[Any]) -> Any:
    """Their product."""
    return math.prod(xs[1:], start=xs[0]) if xs else 1.0


def contracted(x: Array, y: Array, over: Sequence[Sequence[int]], batch: Sequence[Sequence[int]] = ((), ())) -> Array:
    """Σ x·y over axes of x and y; the result has the axes of the batch, those of x that are left, those of y."""
    free = [[a for a in range(v.ndim) if a not in (*c, *b)] for v, c, b in zip((x, y), over, batch, strict=True)]
    lead, ends = [x.shape[a] for a in batch[0]], ([x.shape[a] for a in free[0]], [y.shape[a] for a in free[1]])
    n = math.prod(x.shape[a] for a in over[0])
    left = x.transpose(*batch[0], *free[0], *over[0]).reshape(*lead, math.prod(ends[0]), n)
    right = y.transpose(*batch[1], *over[1], *free[1]).reshape(*lead, n, math.prod(ends[1]))
    return matmul(left, right).reshape((*lead, *ends[0], *ends[1]))


def moved(run: Callable[..., Any], *xs: Array, fill: Any = math.nan) -> Array:
    """What a library's own operation does to the places of numbers, done to what stands there.

    run: takes whole numbers, one for each element of xs, and gives some of them in another order and shape; a negative one is `fill`.
    """
    first, places = 0, []
    for x in xs:
        places.append(np.arange(first, first + x.size).reshape(x.shape))
        first += x.size
    pool = np.empty(first + 1, dtype=object)
    pool[:first] = [v for x in xs for v in x.ravel()]
    pool[first] = fill
    found = np.asarray(run(*places))
    made = np.empty(found.shape, dtype=object)
    made[...] = pool[np.where(found < 0, first, found).astype(np.int64)]
    return made


def compared(test: Callable[[Any, Any], bool], value: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    """A comparison: of plain numbers their truth, of Values a Value, 1 or 0."""

    def one(x: Any, y: Any) -> Any:
        return value(x, y) if isinstance(x, Value) or isinstance(y, Value) else test(x, y)

    return lambda x, y: each(one, x, y)


COMPARED: dict[str, Callable[..., Array]] = {
    "lt": compared(operator.lt, ops.less), "gt": compared(operator.gt, lambda x, y: ops.less(y, x)),
    "le": compared(operator.le, lambda x, y: ops.less(x, y) + ops.equal(x, y)),
    "ge": compared(operator.ge, lambda x, y: ops.less(y, x) + ops.equal(x, y)),
    "eq": compared(operator.eq, ops.equal), "ne": compared(operator.ne, lambda x, y: 1.0 - ops.equal(x, y)),
}  # fmt: skip


def where(c: Array, a: Any, b: Any) -> Array:
    """By conditions known now, or by Values that are 0 or not."""

    def one(chosen: Any, x: Any, y: Any) -> Any:
        return ops.where(chosen, x, y) if isinstance(chosen, Value) else x if chosen else y

    return each(one, c, a, b)


def raised(x: Any, p: Any) -> Array:
    """x to the power p, by the op for constant exponents where p is a number."""

    def one(a: Any, b: Any) -> Any:
        return ops.pow_(a, b) if isinstance(b, Value) else mapped(ops.power.bind(float(b)))(a).item()

    return each(one, x, p)


def remainder(x: Any, y: Any) -> Array:
    """What the division leaves, with the sign of x (C's fmod)."""
    size = mapped(ops.abs_)(y)
    below = each(operator.neg, mapped(ops.mod)(each(operator.neg, x), size))
    return where(COMPARED["lt"](x, 0.0), below, mapped(ops.mod)(x, size))


def finite(x: Any) -> Any:
    """Whether a number is neither infinite nor nan; of a Value 1 or 0."""
    return ops.less(ops.abs_(x), math.inf) if isinstance(x, Value) else abs(x) < math.inf
