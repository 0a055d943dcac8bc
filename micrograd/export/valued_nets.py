"""What networks do to arrays of scalars (see `valued`): softmax, norms, convolutions, pooling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.engine import Value
from micrograd.export.valued import Array, along, array, dot, mapped, reduced, total

GAP = float("nan")  # where no number lies: this one object, for a number may be nan too


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


def patches(
    x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[Sequence[int]], dilation: Sequence[int], fill: float
) -> Array:
    """For each place of the output the numbers under the kernel: (samples, channels, *places, *kernel).

    padding: before and after each axis, negative to cut off. fill: the number that lies there.
    """
    n = len(kernel)
    wide = np.full((*x.shape[:2], *(max(a, 0) + m + max(b, 0) for (a, b), m in zip(padding, x.shape[2:], strict=True))), fill, dtype=object)
    middle = [slice(max(a, 0), max(a, 0) + m) for (a, _), m in zip(padding, x.shape[2:], strict=True)]
    into = (slice(None), slice(None), *middle)
    wide[into] = x
    x = wide
    kept = [slice(max(-a, 0), size - max(-b, 0)) for (a, b), size in zip(padding, x.shape[2:], strict=True)]
    inside = (slice(None), slice(None), *kept)
    x = x[inside]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    places = [max((size - r) // s + 1, 0) for size, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    found = np.empty((*x.shape[:2], *places, *kernel), dtype=object)
    for at in np.ndindex(*kernel):
        cut = [slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(at, dilation, stride, places, strict=True)]
        into, taken = (*[slice(None)] * (n + 2), *at), (slice(None), slice(None), *cut)
        if found.size:
            found[into] = x[taken]
    return found


def apart(x: Array, distance: Sequence[int]) -> Array:
    """The numbers further apart along the axes after the first two; in between lies nothing."""
    sizes = [d * (n - 1) + 1 if n else 0 for n, d in zip(x.shape[2:], distance, strict=True)]
    found = np.full((*x.shape[:2], *sizes), GAP, dtype=object)
    places = (slice(None), slice(None), *[slice(None, None, d) for d in distance])
    found[places] = x
    return found


def there(x: Any) -> bool:
    """Whether a number lies under a kernel: not what `patches` and `apart` put between and around them."""
    return x is not GAP


def convolution(
    x: Array,
    weight: Array,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[Sequence[int]],
    dilation: Sequence[int],
    groups: int = 1,
    distance: Sequence[int] = (),
) -> Array:
    """Each output a dot product with the numbers under the kernel; what lies in the padding takes no part.

    x: (samples, channels, *axes). weight: (outputs, channels / groups, *kernel). distance: how far apart the numbers of x are moved first.
    """
    n = weight.ndim - 2
    under = patches(apart(x, distance) if any(d != 1 for d in distance) else x, weight.shape[2:], stride, padding, dilation, GAP)
    places = under.shape[2 : 2 + n]
    found = np.empty((x.shape[0], weight.shape[0], *places), dtype=object)
    each, wide = weight.shape[0] // groups, weight.shape[1]
    for at in np.ndindex(*found.shape):
        sample, out, *place = at
        g = out // each
        here = (sample, slice(g * wide, (g + 1) * wide), *place)
        pairs = [(a, b) for a, b in zip(under[here].ravel(), weight[out].ravel(), strict=True) if there(a)]
        value = dot([a for a, _ in pairs], [b for _, b in pairs])
        found[at] = value if bias is None else value + bias[out]
    return found


def transposed(
    x: Array,
    weight: Array,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[Sequence[int]],
    dilation: Sequence[int],
    groups: int = 1,
    more: Sequence[int] = (),
) -> Array:
    """A transposed convolution: each number of x, times the kernel, is added to the output.

    weight: (channels, outputs / groups, *kernel). more: places added at the end of each axis. It is the convolution of x with its numbers a
    stride apart and the kernel turned round.
    """
    n = weight.ndim - 2
    channels, each, *kernel = weight.shape
    turned = np.flip(weight, tuple(range(2, 2 + n))).reshape(groups, channels // groups, each, *kernel)
    turned = np.swapaxes(turned, 1, 2).reshape(groups * each, channels // groups, *kernel)
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    around = [(r - a, r - b + m) for r, (a, b), m in zip(reach, padding, more or [0] * n, strict=True)]
    return convolution(x, turned, bias, [1] * n, around, dilation, groups, stride)


def pooled(
    f: Callable[[list[Any]], Any],
    x: Array,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[Sequence[int]],
    dilation: Sequence[int] = (),
) -> Array:
    """f of the numbers under the kernel, those in the padding left out."""
    n = len(kernel)
    under = patches(x, kernel, stride, padding, dilation or [1] * n, GAP)
    return reduced(lambda xs: f([v for v in xs if there(v)]), under, range(2 + n, 2 + 2 * n))
