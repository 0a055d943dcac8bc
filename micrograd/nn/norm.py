"""Normalisation: numbers brought to mean 0 and variance 1, then scaled and shifted by parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import functional, ops
from micrograd.engine import Value
from micrograd.given import rows, whole
from micrograd.nn.effects import assign
from micrograd.nn.linear import listed
from micrograd.nn.module import Module
from micrograd.nn.shapes import depth, each, flat, over, values


def moments(xs: Sequence[Any]) -> tuple[Any, Any]:
    """(mean, mean squared distance from it) of a list."""
    mean = functional.mean(xs)
    away = [x - mean for x in xs]
    return mean, ops.dot(*away, *away) * (1.0 / len(away))


class BatchNorm(Module):
    """y = gain · (x - mean)/√(variance + eps) + bias for each of n features (channels), over a batch. Ioffe & Szegedy 2015.

    A batch is a list of samples; a sample is nested `rank` deep: 1 for `x[feature]`, 2 for signals `x[channel][t]`, 3 for
    images. In training mean and variance are the batch's, and `running_mean` and `running_var` move towards them by
    `momentum` (the variance being that over n - 1); in evaluation those are used, and a single sample is taken too.
    """

    buffers = ("running_mean", "running_var")

    def __init__(self, n: int, rank: int = 1, momentum: float = 0.1, eps: float = 1e-5, affine: bool = True) -> None:
        self.n, self.rank, self.momentum, self.eps = whole("BatchNorm's n", n, 1), whole("BatchNorm's rank", rank, 1), momentum, eps
        self.gain = [Value(1.0) for _ in range(n)] if affine else None
        self.bias = [Value(0.0) for _ in range(n)] if affine else None
        self.running_mean = [Value(0.0) for _ in range(n)]
        self.running_var = [Value(1.0) for _ in range(n)]

    def __call__(self, batch: Any) -> Any:
        batch = rows(batch)
        nested = depth(batch)
        if nested == self.rank and not self.training:
            return self([batch])[0]
        if nested != self.rank + 1:
            raise ValueError(f"{self!r} takes a batch, a list of samples nested {self.rank} deep, not lists nested {nested} deep")
        for sample in batch:
            if len(sample) != self.n:
                raise ValueError(f"{self!r} takes samples of {self.n} features, not {len(sample)}")
        samples = values(batch)
        lines = []
        for c in range(self.n):
            if self.training:
                mean, variance = self._of_batch(c, flat([sample[c] for sample in samples]))
            else:
                mean, variance = self.running_mean[c], self.running_var[c]
            scale = ops.div(self.gain[c] if self.gain else 1.0, ops.sqrt(variance + self.eps))
            lines.append((mean, scale, self.bias[c] if self.bias else None))
        return [[_on_line(x, *line) for x, line in zip(sample, lines, strict=True)] for sample in samples]

    def _of_batch(self, c: int, xs: list[Any]) -> tuple[Any, Any]:
        if len(xs) < 2:
            raise ValueError(f"{self!r} in training needs more than one number for each feature")
        mean, variance = moments(xs)
        m = self.momentum
        assign(self.running_mean[c], (1.0 - m) * self.running_mean[c] + m * mean)
        assign(self.running_var[c], (1.0 - m) * self.running_var[c] + (m * len(xs) / (len(xs) - 1)) * variance)
        return mean, variance


def _on_line(x: Any, mean: Any, scale: Any, bias: Any) -> Any:
    """(x - mean) · scale + bias of every number of x."""
    y = each(lambda v: (v - mean) * scale, x)
    return y if bias is None else each(lambda v: v + bias, y)


class LayerNorm(Module):
    """yᵢ = gainᵢ · (xᵢ - mean)/√(variance + eps) + biasᵢ over the n numbers of a vector. Ba, Kiros & Hinton 2016."""

    def __init__(self, n: int, eps: float = 1e-5, affine: bool = True) -> None:
        self.n, self.eps = whole(f"{type(self).__name__}'s n", n, 1), eps
        self.gain = [Value(1.0) for _ in range(n)] if affine else None
        self.bias = [Value(0.0) for _ in range(n)] if affine else None

    def __call__(self, x: Any) -> Any:
        return over(self.one, 1, x, repr(self))

    def one(self, x: Any) -> list[Any]:
        """Of one vector."""
        x = values(listed(x, self.n, repr(self)))
        mean, variance = moments(x)
        scale = ops.div(1.0, ops.sqrt(variance + self.eps))
        y = [(xi - mean) * scale for xi in x]
        if self.gain is None or self.bias is None:
            return y
        return [g * yi + b for g, yi, b in zip(self.gain, y, self.bias, strict=True)]


class RMSNorm(Module):
    """yᵢ = gainᵢ · xᵢ/√(mean of x² + eps) over the n numbers of a vector. Zhang & Sennrich 2019."""

    def __init__(self, n: int, eps: float = 1e-5, affine: bool = True) -> None:
        self.n, self.eps = whole(f"{type(self).__name__}'s n", n, 1), eps
        self.gain = [Value(1.0) for _ in range(n)] if affine else None

    def __call__(self, x: Any) -> Any:
        return over(self.one, 1, x, repr(self))

    def one(self, x: Any) -> list[Any]:
        """Of one vector."""
        x = values(listed(x, self.n, repr(self)))
        scale = ops.div(1.0, ops.sqrt(ops.dot(*x, *x) * (1.0 / self.n) + self.eps))
        y = [xi * scale for xi in x]
        return y if self.gain is None else [g * yi for g, yi in zip(self.gain, y, strict=True)]
