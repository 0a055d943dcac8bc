"""HIPS autograd: NumPy arrays on a tape."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from autograd import value_and_grad

from benchmarks.optimizers import Adam
from benchmarks.peers import arrays
from benchmarks.workloads import Workload


class Autograd:
    def __init__(self, work: Workload) -> None:
        self.work, self.inputs = work, arrays.inputs(work)
        self.both = value_and_grad(arrays.loss(work, np))

    def gradients(self) -> tuple[float, list[float]]:
        loss, gradients = self.both(arrays.parameters(self.work), *self.inputs)
        return float(loss), arrays.flat(self.work, gradients)

    def train(self, steps: int) -> float:
        p, o, loss = arrays.parameters(self.work), self.work.optimizer, 0.0
        m: dict[str, Any] = {name: np.zeros_like(x) for name, x in p.items()}
        v: dict[str, Any] = {name: np.zeros_like(x) for name, x in p.items()}
        for t in range(1, steps + 1):
            loss, gradients = self.both(p, *self.inputs)
            for name, g in gradients.items():
                if isinstance(o, Adam):
                    m[name] = o.beta1 * m[name] + (1 - o.beta1) * g
                    v[name] = o.beta2 * v[name] + (1 - o.beta2) * g * g
                    g = m[name] / (1 - o.beta1**t) / (np.sqrt(v[name]) / math.sqrt(1 - o.beta2**t) + o.eps)
                p[name] = p[name] - o.lr * g
        return float(loss)

    def call(self) -> Any:
        """One evaluation of loss and gradients from Python."""
        return self.both(arrays.parameters(self.work), *self.inputs)
