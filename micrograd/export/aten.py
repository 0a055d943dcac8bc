"""What PyTorch's operators do to arrays of scalars: the core of ATen, as `torch.export` writes small modules down in it.

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


def addmm(bias: Array, x: Array, y: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """bias + x·y, the bias a term of each sum."""
    if beta != 1 or alpha != 1:
        return array(bias * beta + matmul(x, y) * alpha)
    return array(matmul(x, y) + bias)


def softmax(x: Array, axis: int, half: bool = False) -> Array:
    """exp(x - max) over its sum along an axis."""

    def row(xs: list[Any]) -> list[Any]:
        top = ops.shift(*xs) if any(isinstance(v, Value) for v in xs) else max(xs)
        e = [mapped(ops.exp)(array(v - top)).item() if v != -math.inf or isinstance(v, Value) else 0.0 for v in xs]
        s = total(e)
        return [v / s for v in e]

    return along(row, x, axis)


def log_softmax(x: Array, axis: int, half: bool = False) -> Array:
    """x - max - log Σ exp(x - max) along an axis."""

    def row(xs: list[Any]) -> list[Any]:
        top = ops.shift(*xs) if any(isinstance(v, Value) for v in xs) else max(xs)
        moved = [v - top for v in xs]
        s = mapped(ops.log_)(array(total([mapped(ops.exp)(array(v)).item() for v in moved]))).item()
        return [v - s for v in moved]

    return along(row, x, axis)


def along(f: Callable[[list[Any]], list[Any]], x: Array, axis: int) -> Array:
    """f of every row along an axis, in place of the row."""
    rows = np.moveaxis(x, axis, -1)
    found = np.empty(rows.shape, dtype=object)
    for at in np.ndindex(*rows.shape[:-1]):
        found[at] = f(list(rows[at]))
    return np.moveaxis(found, -1, axis)


def normalised(xs: list[Any], eps: float) -> tuple[list[Any], Any, Any]:
    """(x - mean) / √(variance + eps), the mean, and one over the root."""
    n = len(xs)
    mean = total(xs) / n
    off = [x - mean for x in xs]
    scale = 1.0 / mapped(ops.sqrt)(array(total([d * d for d in off]) / n + eps)).item()
    return [d * scale for d in off], mean, scale


def layer_norm(x: Array, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> tuple[Array, None, None]:
    """Normalised over the last axes, then times a weight and plus a bias."""
    rows = x.reshape(*x.shape[: x.ndim - len(shape)], -1)
    found = along(lambda xs: normalised(xs, eps)[0], rows, -1).reshape(x.shape)
    return _affine(found, weight, bias), None, None


def group_norm(x: Array, weight: Any, bias: Any, n: int, c: int, size: int, groups: int, eps: float) -> tuple[Array, None, None]:
    """Normalised over groups of channels."""
    found = along(lambda xs: normalised(xs, eps)[0], x.reshape(n, groups, -1), -1).reshape(x.shape)
    by = (1, c, *[1] * (x.ndim - 2))
    return _affine(found, None if weight is None else weight.reshape(by), None if bias is None else bias.reshape(by)), None, None


def batch_norm(x: Array, weight: Any, bias: Any, mean: Array, var: Array, momentum: float, eps: float) -> tuple[Array, None, None]:
    """By the running mean and variance: the mode of evaluation."""
    by = (1, -1, *[1] * (x.ndim - 2))
    scale = 1.0 / mapped(ops.sqrt)(array(var + eps))
    found = array((x - mean.reshape(by)) * scale.reshape(by))
    return _affine(found, None if weight is None else weight.reshape(by), None if bias is None else bias.reshape(by)), None, None


def _affine(x: Array, weight: Any, bias: Any) -> Array:
    x = x if weight is None else array(x * weight)
    return x if bias is None else array(x + bias)


def _pairs(given: Any, n: int) -> list[int]:
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    return [int(v) for v in (found * n if len(found) == 1 else found)]


def _patches(x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], fill: float) -> Array:
    """For each place of the output the numbers under the kernel: (samples, channels, *places, *kernel)."""
    n = len(kernel)
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]], constant_values=fill)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    places = [(size - r) // s + 1 for size, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    found = np.empty((*x.shape[:2], *places, *kernel), dtype=object)
    for at in np.ndindex(*kernel):
        cut = [slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(at, dilation, stride, places, strict=True)]
        into, taken = (*[slice(None)] * (n + 2), *at), (slice(None), slice(None), *cut)
        found[into] = x[taken]
    return found


def convolution(
    x: Array, weight: Array, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool, output_padding: Any, groups: int
) -> Array:
    """Each output a dot product with the numbers under the kernel; what lies in the padding takes no part."""
    if transposed:
        raise ValueError("a transposed convolution is not supported")
    n = weight.ndim - 2
    patches = _patches(x, weight.shape[2:], _pairs(stride, n), _pairs(padding, n), _pairs(dilation, n), math.nan)
    places = patches.shape[2 : 2 + n]
    found = np.empty((x.shape[0], weight.shape[0], *places), dtype=object)
    each, wide = weight.shape[0] // groups, weight.shape[1]
    for at in np.ndindex(*found.shape):
        sample, out, *place = at
        g = out // each
        here = (sample, slice(g * wide, (g + 1) * wide), *place)
        under = patches[here].ravel()
        pairs = [(a, b) for a, b in zip(under, weight[out].ravel(), strict=True) if isinstance(a, Value) or a == a]
        value = dot([a for a, _ in pairs], [b for _, b in pairs])
        found[at] = value if bias is None else value + bias[out]
    return found


def max_pool(x: Array, kernel: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil: bool = False) -> tuple[Array, None]:
    """The largest under the kernel."""
    n = x.ndim - 2
    k = _pairs(kernel, n)
    patches = _patches(x, k, _pairs(stride, n) if stride else k, _pairs(padding, n), _pairs(dilation, n), -math.inf)
    return reduced(largest, patches, range(2 + n, 2 + 2 * n)), None


def largest(xs: list[Any]) -> Any:
    """The largest, by maximum of two after two."""
    known = [x for x in xs if isinstance(x, Value) or x != -math.inf] or xs
    found = known[0]
    for x in known[1:]:
        found = mapped(ops.maximum)(array(found), array(x)).item()
    return found


def avg_pool(x: Array, kernel: Any, stride: Any = (), padding: Any = 0, ceil: bool = False, padded: bool = True, by: Any = None) -> Array:
    """The mean under the kernel, zeros in the padding counted."""
    n = x.ndim - 2
    k = _pairs(kernel, n)
    if ceil or not padded:
        raise ValueError("average pooling with ceil_mode, or without counting its padding, is not supported")
    patches = _patches(x, k, _pairs(stride, n) if stride else k, _pairs(padding, n), [1] * n, 0.0)
    size = by or math.prod(k)
    return reduced(lambda xs: total(xs) / size, patches, range(2 + n, 2 + 2 * n))


def compared(test: Callable[[Any, float], bool], value: Callable[[Any, float], Any]) -> Callable[[Array, Any], Array]:
    """A comparison with a number: of plain numbers now, of Values as a Value; a Value is taken to be finite."""

    def one(x: Any, y: Any) -> Any:
        if isinstance(x, Value) and isinstance(y, (int, float)) and math.isinf(y):
            return test(0.0, y)
        return value(x, y) if isinstance(x, Value) or isinstance(y, Value) else test(x, y)

    return lambda x, y: array(np.frompyfunc(one, 2, 1)(x, y))


def where(c: Array, a: Any, b: Any) -> Array:
    """By conditions known now, or by Values that are 0 or not."""

    def one(chosen: Any, x: Any, y: Any) -> Any:
        return ops.where(chosen, x, y) if isinstance(chosen, Value) else x if chosen else y

    return array(np.frompyfunc(one, 3, 1)(c, a, b))
