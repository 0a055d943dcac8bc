"""Convolutions and pooling. A signal is `x[channel][t]`, an image `x[channel][row][column]`; a list of them is a batch."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import functional, ops
from micrograd.engine import Value
from micrograd.given import whole
from micrograd.nn.init import Init, drawn, fan_in
from micrograd.nn.module import Module
from micrograd.nn.shapes import flat, over, values

Pair = int | tuple[int, int]


class Conv1d(Module):
    """yₒ[t] = bₒ + Σ_c Σ_k wₒ_c[k] · x_c[stride·t + dilation·k - padding], zeros beyond the ends.

    `weight[o][c][k]`. Waibel et al. 1989, time-delay networks.
    """

    def __init__(
        self, nin: int, nout: int, size: int, stride: int = 1, padding: int = 0, dilation: int = 1, bias: bool = True,
        init: Init = fan_in, rng: Any = random,
    ) -> None:  # fmt: skip
        self.nin, self.nout, self.size = whole("Conv1d's nin", nin, 1), whole("Conv1d's nout", nout, 1), whole("Conv1d's size", size, 1)
        self.stride, self.padding = whole("Conv1d's stride", stride, 1), whole("Conv1d's padding", padding)
        self.dilation = whole("Conv1d's dilation", dilation, 1)
        self.weight = values(drawn(init, (nout, nin, size), rng))
        bound = (nin * size) ** -0.5
        self.bias = [Value(rng.uniform(-bound, bound)) for _ in range(nout)] if bias else None

    def __call__(self, x: Any) -> Any:
        return over(self.one, 2, x, repr(self))

    def one(self, x: Any) -> list[list[Any]]:
        """Of one signal."""
        _check_channels(self, x)
        zero, pad = Value(0.0), self.padding
        rows = [[zero] * pad + values(row) + [zero] * pad for row in x]
        starts = _starts(len(rows[0]), self.size, self.stride, self.dilation, self)
        patches = [[row[t + self.dilation * k] for row in rows for k in range(self.size)] for t in starts]
        return [[_filter(w, patch, b) for patch in patches] for w, b in _filters(self)]


class Conv2d(Module):
    """yₒ[i, j] = bₒ + Σ_c Σ_u Σ_v wₒ_c[u, v] · x_c[stride·i + u - padding, stride·j + v - padding], zeros beyond the edges.

    `weight[o][c][u][v]`; size, stride and padding: one number, or (rows, columns). LeCun et al. 1989.
    """

    def __init__(
        self, nin: int, nout: int, size: Pair, stride: Pair = 1, padding: Pair = 0, bias: bool = True,
        init: Init = fan_in, rng: Any = random,
    ) -> None:  # fmt: skip
        self.nin, self.nout = whole("Conv2d's nin", nin, 1), whole("Conv2d's nout", nout, 1)
        self.size, self.stride = _pair("Conv2d's size", size), _pair("Conv2d's stride", stride)
        self.padding = _pair("Conv2d's padding", padding, 0)
        self.weight = values(drawn(init, (nout, nin, *self.size), rng))
        bound = (nin * self.size[0] * self.size[1]) ** -0.5
        self.bias = [Value(rng.uniform(-bound, bound)) for _ in range(nout)] if bias else None

    def __call__(self, x: Any) -> Any:
        return over(self.one, 3, x, repr(self))

    def one(self, x: Any) -> list[list[list[Any]]]:
        """Of one image."""
        _check_channels(self, x)
        zero, (down, across) = Value(0.0), self.padding
        blank = [zero] * (len(x[0][0]) + 2 * across)
        channels = [
            [blank] * down + [[zero] * across + values(row) + [zero] * across for row in channel] + [blank] * down
            for channel in x
        ]  # fmt: skip
        height, width = self.size
        tops = _starts(len(channels[0]), height, self.stride[0], 1, self)
        lefts = _starts(len(channels[0][0]), width, self.stride[1], 1, self)
        patches = [
            [[v for channel in channels for row in channel[i : i + height] for v in row[j : j + width]] for j in lefts] for i in tops
        ]
        return [[[_filter(w, patch, b) for patch in row] for row in patches] for w, b in _filters(self)]


def _filters(layer: Any) -> list[tuple[list[Value], Value | None]]:
    """(all weights in a row, bias) of each output channel."""
    return [(flat(w), layer.bias[o] if layer.bias else None) for o, w in enumerate(layer.weight)]


def _filter(weights: list[Value], patch: list[Any], bias: Value | None) -> Any:
    product = ops.dot(*weights, *patch)
    return product if bias is None else product + bias


def _check_channels(layer: Any, x: Sequence[Any]) -> None:
    if len(x) != layer.nin:
        raise ValueError(f"{layer!r} takes {layer.nin} channel(s), not {len(x)}")


def _starts(length: int, size: int, stride: int, dilation: int, who: Any) -> range:
    """Where the windows begin."""
    last = length - dilation * (size - 1) - 1
    if last < 0:
        raise ValueError(f"{who!r} has a window of {dilation * (size - 1) + 1}, longer than the {length} numbers under it")
    return range(0, last + 1, stride)


def _pair(what: str, x: Pair, least: int = 1) -> tuple[int, int]:
    if not isinstance(x, (tuple, list)):
        x = x, x
    elif len(x) != 2:
        raise ValueError(f"{what} is one number, or (rows, columns), not {x}")
    return whole(what, x[0], least), whole(what, x[1], least)


def largest(xs: Sequence[Any]) -> Any:
    """The largest of several, by pairs; equal ones share the gradient (PyTorch's pooling gives it to the first)."""
    found = list(xs)
    while len(found) > 1:
        paired = [ops.maximum(a, b) for a, b in zip(found[::2], found[1::2], strict=False)]
        found = paired + found[len(found) - len(found) % 2 :]
    return found[0]


class _Pool(Module):
    """A window slid along each channel, its numbers made into one. stride: the window's size unless given."""

    combine: Callable[[Sequence[Any]], Any]
    rank = 1

    def __init__(self, size: Pair, stride: Pair | None = None) -> None:
        name = type(self).__name__
        self.size, self.stride = _pair(f"{name}'s size", size), _pair(f"{name}'s stride", size if stride is None else stride)

    def __call__(self, x: Any) -> Any:
        return over(self.one, self.rank, x, repr(self))

    def one(self, x: Any) -> list[Any]:
        """Of one channel."""
        combine = type(self).combine
        tops = _starts(len(x), self.size[0], self.stride[0], 1, self)
        if self.rank == 1:
            return [combine(x[t : t + self.size[0]]) for t in tops]
        lefts = _starts(len(x[0]), self.size[1], self.stride[1], 1, self)
        return [
            [combine([v for row in x[i : i + self.size[0]] for v in row[j : j + self.size[1]]]) for j in lefts] for i in tops
        ]  # fmt: skip


class MaxPool1d(_Pool):
    """The largest number of each window. Weng et al. 1992."""

    combine = staticmethod(largest)


class MaxPool2d(_Pool):
    """The largest number of each window."""

    combine = staticmethod(largest)
    rank = 2


class AvgPool1d(_Pool):
    """The mean of each window."""

    combine = staticmethod(functional.mean)


class AvgPool2d(_Pool):
    """The mean of each window. LeCun et al. 1989."""

    combine = staticmethod(functional.mean)
    rank = 2
