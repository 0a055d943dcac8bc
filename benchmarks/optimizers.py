"""The optimizers of the workloads, in plain Python over the data of any engine's Values."""

from __future__ import annotations

import math
from typing import Any


class Optimizer:
    """SGD: p -= lr · g, as in the original demo."""

    def __init__(self, lr: float) -> None:
        self.lr = lr

    def reset(self) -> None:
        """Forget what was learnt of the gradients."""

    def update(self, params: list[Any], gradients: list[float]) -> None:
        """One step; the gradients are numbers."""
        for p, g in zip(params, gradients, strict=True):
            p.data -= self.lr * g


class Adam(Optimizer):
    """Adam with bias correction."""

    def __init__(self, lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        super().__init__(lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.reset()

    def reset(self) -> None:
        self.t = 0
        self.m: list[float] = []
        self.v: list[float] = []

    def update(self, params: list[Any], gradients: list[float]) -> None:
        if not self.m:
            self.m, self.v = [0.0] * len(params), [0.0] * len(params)
        self.t += 1
        first, second = 1 - self.beta1**self.t, 1 - self.beta2**self.t
        for i, (p, g) in enumerate(zip(params, gradients, strict=True)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g * g
            p.data -= self.lr * (self.m[i] / first) / (math.sqrt(self.v[i] / second) + self.eps)
