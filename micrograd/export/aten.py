"""What PyTorch's operators do to arrays of scalars: the core of ATen, as `torch.export` writes small modules down in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.engine import Value
from micrograd.export import valued_nets
from micrograd.export.valued import COMPARED, Array, along, array, largest, mapped, matmul, total
from micrograd.export.valued_nets import affine, normalised


def addmm(bias: Array, x: Array, y: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """bias + x·y, the bias a term of each sum."""
    if beta != 1 or alpha != 1:
        return array(bias * beta + matmul(x, y) * alpha)
    return array(matmul(x, y) + bias)


def layer_norm(x: Array, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> tuple[Array, None, None]:
    """Normalised over the last axes, then times a weight and plus a bias."""
    rows = x.reshape(*x.shape[: x.ndim - len(shape)], -1)
    found = along(lambda xs: normalised(xs, eps)[0], rows, -1).reshape(x.shape)
    return affine(found, weight, bias), None, None


def group_norm(x: Array, weight: Any, bias: Any, n: int, c: int, size: int, groups: int, eps: float) -> tuple[Array, None, None]:
    """Normalised over groups of channels."""
    found = along(lambda xs: normalised(xs, eps)[0], x.reshape(n, groups, -1), -1).reshape(x.shape)
    by = (1, c, *[1] * (x.ndim - 2))
    return affine(found, None if weight is None else weight.reshape(by), None if bias is None else bias.reshape(by)), None, None


def batch_norm(x: Array, weight: Any, bias: Any, mean: Array, var: Array, momentum: float, eps: float) -> tuple[Array, None, None]:
    """By the running mean and variance: the mode of evaluation."""
    by = (1, -1, *[1] * (x.ndim - 2))
    scale = 1.0 / mapped(ops.sqrt)(array(var + eps))
    found = array((x - mean.reshape(by)) * scale.reshape(by))
    return affine(found, None if weight is None else weight.reshape(by), None if bias is None else bias.reshape(by)), None, None


def compared(name: str) -> Callable[[Array, Any], Array]:
    """A comparison with a number; with an infinite one a Value is taken for finite."""

    def finite(x: Array, y: Any) -> Array:
        known = np.frompyfunc(lambda v: 0.0 if isinstance(v, Value) else v, 1, 1)(x)
        return COMPARED[name](known if isinstance(y, (int, float)) and math.isinf(y) else x, y)

    return finite


def _each(given: Any, n: int) -> list[int]:
    """A number for each axis, of one for all or one for each."""
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    return [int(v) for v in (found * n if len(found) == 1 else found)]


def _around(given: Any, n: int) -> list[tuple[int, int]]:
    return [(p, p) for p in _each(given, n)]


def convolution(
    x: Array, weight: Array, bias: Any, stride: Any, padding: Any, dilation: Any, turned: bool, more: Any, groups: int
) -> Array:
    """Of any number of axes, transposed too."""
    n = weight.ndim - 2
    given = x, weight, bias, _each(stride, n), _around(padding, n), _each(dilation, n), groups
    return valued_nets.transposed(*given, _each(more, n)) if turned else valued_nets.convolution(*given)


def max_pool(x: Array, kernel: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil: bool = False) -> tuple[Array, None]:
    """The largest under the kernel."""
    n = x.ndim - 2
    k = _each(kernel, n)
    return valued_nets.pooled(largest, x, k, _each(stride, n) if stride else k, _around(padding, n), _each(dilation, n)), None


def avg_pool(x: Array, kernel: Any, stride: Any = (), padding: Any = 0, ceil: bool = False, padded: bool = True, by: Any = None) -> Array:
    """The mean under the kernel, zeros in the padding counted or not."""
    n = x.ndim - 2
    k = _each(kernel, n)
    size = by or (math.prod(k) if padded else 0)
    return valued_nets.pooled(lambda xs: total(xs) / (size or len(xs)), x, k, _each(stride, n) if stride else k, _around(padding, n))


def limits(name: str, args: Sequence[Any]) -> str | None:
    """What a call of an operator asks that its rule does not do."""
    ceil = {"aten.max_pool2d_with_indices.default": 5, "aten.avg_pool2d.default": 4, "aten.avg_pool1d.default": 4}.get(name)
    return f"{name} with ceil_mode=True (False is allowed)" if ceil is not None and len(args) > ceil and args[ceil] else None
