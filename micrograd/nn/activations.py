"""Activations as modules, number by number on lists of any shape; their formulas are rows of `micrograd/ops/table.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, overload

from micrograd import functional, ops
from micrograd.engine import Value
from micrograd.nn.module import Module
from micrograd.nn.shapes import each, over


class Activation(Module):
    """The op of that name in the table (or a function), with any constants that it takes.

    >>> Activation("leaky_relu", 0.1)([-1.0, [2.0]])
    [-0.1, [2.0]]
    """

    def __init__(self, activation: Any, *constants: float) -> None:
        if not callable(activation) and activation not in ops.TABLE:
            raise ValueError(f"no activation named {activation!r}; there are {', '.join(ops.TABLE)}")
        self.activation, self.constants = activation, constants

    @overload
    def __call__(self, x: float) -> float: ...
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Iterable[Any]) -> list[Any]: ...
    def __call__(self, x: Any) -> Any:
        f = self.activation if callable(self.activation) else ops.TABLE[self.activation]
        return each(lambda v: f(v, *self.constants), x)


class _Named(Activation):
    name = ""

    def __init__(self) -> None:
        super().__init__(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ReLU(_Named):
    """max(x, 0). Fukushima 1969; Nair & Hinton 2010."""

    name = "relu"


class Tanh(_Named):
    """tanh x."""

    name = "tanh"


class Sigmoid(_Named):
    """1 / (1 + e⁻ˣ)."""

    name = "sigmoid"


class Softplus(_Named):
    """log(1 + eˣ). Dugas et al. 2000."""

    name = "softplus"


class GELU(_Named):
    """x · Φ(x). Hendrycks & Gimpel 2016."""

    name = "gelu"


class SiLU(_Named):
    """x · sigmoid(x). Elfwing et al. 2017."""

    name = "silu"


class LeakyReLU(Activation):
    """x for x > 0, else slope · x. Maas et al. 2013."""

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__("leaky_relu", slope)


class ELU(Activation):
    """x for x > 0, else alpha · (eˣ - 1). Clevert et al. 2015."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__("elu", alpha)


class Softmax(Module):
    """exp(xᵢ) / Σ exp(xⱼ) along the last axis. Bridle 1990."""

    def __call__(self, x: Any) -> Any:
        return over(functional.softmax, 1, x, "Softmax")


class LogSoftmax(Module):
    """xᵢ - log Σ exp(xⱼ) along the last axis."""

    def __call__(self, x: Any) -> Any:
        return over(functional.log_softmax, 1, x, "LogSoftmax")
