"""What networks do to arrays of scalars (see `valued`): softmax, norms, convolutions, pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.engine import Value
from micrograd.export.valued import Array, along, array, dot, largest, mapped, reduced, total


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


def normalised(xs: list[Any], eps: float) -> tuple[list[Any], Any, Any]:
    """(x - mean) / √(variance + eps), the mean, and one over the root."""
    n = len(xs)
    mean = total(xs) / n
    off = [x - mean for x in xs]
    scale = 1.0 / mapped(ops.sqrt)(array(total([d * d for d in off]) / n + eps)).item()
    return [d * scale for d in off], mean, scale


def affine(x: Array, weight: Any, bias: Any) -> Array:
    """x·weight + bias, where there are any."""
    x = x if weight is None else array(x * weight)
    return x if bias is None else array(x + bias)


def pairs(given: Any, n: int) -> list[int]:
    """A number for each axis, of one for all or one for each."""
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    return [int(v) for v in (found * n if len(found) == 1 else found)]


def patches(x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], fill: float) -> Array:
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
    under = patches(x, weight.shape[2:], pairs(stride, n), pairs(padding, n), pairs(dilation, n), math.nan)
    places = under.shape[2 : 2 + n]
    found = np.empty((x.shape[0], weight.shape[0], *places), dtype=object)
    each, wide = weight.shape[0] // groups, weight.shape[1]
    for at in np.ndindex(*found.shape):
        sample, out, *place = at
        g = out // each
        here = (sample, slice(g * wide, (g + 1) * wide), *place)
        numbers = under[here].ravel()
        pairs = [(a, b) for a, b in zip(numbers, weight[out].ravel(), strict=True) if isinstance(a, Value) or a == a]
        value = dot([a for a, _ in pairs], [b for _, b in pairs])
        found[at] = value if bias is None else value + bias[out]
    return found


def max_pool(x: Array, kernel: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil: bool = False) -> tuple[Array, None]:
    """The largest under the kernel."""
    n = x.ndim - 2
    k = pairs(kernel, n)
    under = patches(x, k, pairs(stride, n) if stride else k, pairs(padding, n), pairs(dilation, n), -math.inf)
    return reduced(largest, under, range(2 + n, 2 + 2 * n)), None


def avg_pool(x: Array, kernel: Any, stride: Any = (), padding: Any = 0, ceil: bool = False, padded: bool = True, by: Any = None) -> Array:
    """The mean under the kernel, zeros in the padding counted."""
    n = x.ndim - 2
    k = pairs(kernel, n)
    if ceil or not padded:
        raise ValueError("average pooling with ceil_mode, or without counting its padding, is not supported")
    under = patches(x, k, pairs(stride, n) if stride else k, pairs(padding, n), [1] * n, 0.0)
    size = by or math.prod(k)
    return reduced(lambda xs: total(xs) / size, under, range(2 + n, 2 + 2 * n))
