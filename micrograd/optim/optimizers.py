"""The optimizers: each is its update rule, in primitives of the table, and the numbers that the rule needs.

In PyTorch's order of operations, so that results differ from its only where it fuses a product with a sum. p is the parameter,
g its gradient, h the numbers of this step.
"""

from __future__ import annotations

from math import sqrt
from types import SimpleNamespace
from typing import Any

from micrograd.ops import div
from micrograd.ops import sqrt as root
from micrograd.optim.optimizer import Numbers, Optimizer


class GD(Optimizer):
    """Gradient descent: p ← p - lr · g. Cauchy 1847."""

    takes = ()

    def __init__(self, params: Any, lr: float = 0.1, **common: Any) -> None:
        super().__init__(params, lr, **common)

    @staticmethod
    def rule(p: Any, g: Any, h: SimpleNamespace, *slots: Any) -> tuple[Any, ...]:
        return (p - h.lr * g,)


class SGD(Optimizer):
    """Gradient descent with momentum: v ← momentum · v + g; p ← p - lr · v, with nesterov p ← p - lr · (g + momentum · v).

    Polyak 1964; Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".
    """

    slots = ("velocity",)
    takes = ("momentum", "nesterov")
    optional = (*Optimizer.optional, "momentum", "nesterov")

    def __init__(self, params: Any, lr: float = 0.01, momentum: float = 0.0, nesterov: bool = False, **common: Any) -> None:
        super().__init__(params, lr, momentum=momentum, nesterov=nesterov, **common)

    @staticmethod
    def rule(p: Any, g: Any, h: SimpleNamespace, *slots: Any) -> tuple[Any, ...]:
        (velocity,) = slots
        if h.momentum is None:
            return p - h.lr * g, velocity
        velocity = h.momentum * velocity + g
        return p - h.lr * (velocity if h.nesterov is None else g + h.momentum * velocity), velocity


class Adagrad(Optimizer):
    """s ← s + g²; p ← p - lr · g / (√s + eps). Duchi, Hazan & Singer 2011."""

    slots = ("total",)
    takes = ("eps",)

    def __init__(self, params: Any, lr: float = 0.01, eps: float = 1e-10, **common: Any) -> None:
        super().__init__(params, lr, eps=eps, **common)

    @staticmethod
    def rule(p: Any, g: Any, h: SimpleNamespace, *slots: Any) -> tuple[Any, ...]:
        total = slots[0] + g * g
        return p - div(h.lr * g, root(total) + h.eps), total


class RMSProp(Optimizer):
    """s ← decay · s + (1 - decay) · g²; v ← momentum · v + g / (√s + eps); p ← p - lr · v.

    Tieleman & Hinton 2012, lecture 6.5.
    """

    slots = ("square", "velocity")
    takes = ("decay", "eps", "momentum")
    optional = (*Optimizer.optional, "momentum")

    def __init__(self, params: Any, lr: float = 0.01, decay: float = 0.99, eps: float = 1e-8, momentum: float = 0.0, **common: Any) -> None:
        super().__init__(params, lr, decay=decay, eps=eps, momentum=momentum, **common)

    @staticmethod
    def rule(p: Any, g: Any, h: SimpleNamespace, *slots: Any) -> tuple[Any, ...]:
        square, velocity = slots
        square = square * h.decay + h.rest * g * g
        scale = root(square) + h.eps
        if h.momentum is None:
            return p - div(h.lr * g, scale), square, velocity
        velocity = velocity * h.momentum + div(g, scale)
        return p - h.lr * velocity, square, velocity

    def numbers(self, h: Numbers, t: int) -> Numbers:
        return {**h, "rest": 1.0 - h["decay"]}


class Adam(Optimizer):
    """m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; p ← p - lr · m̂ / (√v̂ + eps), with m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).

    Kingma & Ba 2014. weight_decay is added to the gradient (for decay apart from it: AdamW).
    """

    slots = ("mean", "square")
    takes = ("beta1", "beta2", "eps")

    def __init__(self, params: Any, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, **common: Any) -> None:
        super().__init__(params, lr, beta1=beta1, beta2=beta2, eps=eps, **common)

    @staticmethod
    def rule(p: Any, g: Any, h: SimpleNamespace, *slots: Any) -> tuple[Any, ...]:
        mean, square = slots
        mean = mean + h.rest1 * (g - mean)
        square = square * h.beta2 + h.rest2 * g * g
        return p - div(h.size * mean, div(root(square), h.root2) + h.eps), mean, square

    def numbers(self, h: Numbers, t: int) -> Numbers:
        beta1, beta2 = h["beta1"], h["beta2"]
        size, root2 = h["lr"] / (1.0 - beta1**t), sqrt(1.0 - beta2**t)
        return {**h, "rest1": 1.0 - beta1, "rest2": 1.0 - beta2, "size": size, "root2": root2}


class AdamW(Adam):
    """Adam after p ← p · (1 - lr · weight_decay): the decay does not pass through the moments. Loshchilov & Hutter 2017."""

    takes = Adam.takes
    decoupled = True

    def __init__(
        self, params: Any, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
        weight_decay: float = 0.01, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, beta1, beta2, eps, weight_decay=weight_decay, **common)

    @staticmethod
    def rule(p: Any, g: Any, h: SimpleNamespace, *slots: Any) -> tuple[Any, ...]:
        return Adam.rule(p if h.weight_decay is None else p * h.keep, g, h, *slots)

    def numbers(self, h: Numbers, t: int) -> Numbers:
        return {**super().numbers(h, t), "keep": 1.0 - h["lr"] * h["weight_decay"]}
