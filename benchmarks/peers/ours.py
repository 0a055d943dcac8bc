"""This project: the eager engine, and `micrograd.compile` in each of its tiers. And the original, by the same few lines."""

from __future__ import annotations

from typing import Any

import micrograd
from benchmarks.optimizers import Adam
from benchmarks.workloads import ALL, Workload, engine
from micrograd import optim
from micrograd.compiler.native import cc


class Eager:
    """A training loop of plain Value code."""

    engine = "micrograd"

    def __init__(self, work: Workload) -> None:
        self.work, self.start = work, work.data()
        if self.engine != "micrograd":  # the same workload over another Value
            self.work = ALL[work.name[:2]](engine(self.engine), **work.sizes)

    def reset(self) -> None:
        for p, x in zip(self.work.params, self.start, strict=True):
            p.data = x

    def gradients(self) -> tuple[float, list[float]]:
        self.reset()
        return self.work.gradients()

    def call(self) -> Any:
        return self.work.gradients()

    def train(self, steps: int) -> float:
        self.reset()
        self.work.optimizer.reset()
        loss = 0.0
        for _ in range(steps):
            loss = self.work.step()
        return loss


class Original(Eager):
    engine = "original"


class Compiled:
    """`micrograd.compile(loss)`, by one thread; the inputs are arguments of the loss: other data of that shape runs without a new trace."""

    backend = "auto"
    batch = False

    def __init__(self, work: Workload) -> None:
        self.work, self.start = work, work.data()
        loss = work.sample if self.batch else work.loss
        assert loss is not None
        self.compiled = micrograd.compile(loss, params=work.params, batch=self.batch, backend=self.backend, threads=1)

    def gradients(self) -> tuple[float, list[float]]:
        self.reset()
        loss, gradients = self.compiled.value_and_grad(*self.work.inputs)
        return float(loss), [float(g) for g in gradients]

    def reset(self) -> None:
        for p, x in zip(self.work.params, self.start, strict=True):
            p.data = x

    def train(self, steps: int) -> float:
        self.reset()
        o: Any = self.work.optimizer
        sgd = optim.SGD(self.work.params, o.lr)
        optimizer = optim.Adam(self.work.params, o.lr, o.beta1, o.beta2, o.eps) if isinstance(o, Adam) else sgd
        return float(self.compiled.train(optimizer, self.work.inputs, steps=steps)[-1])

    def call(self) -> Any:
        """One evaluation of loss and gradients from Python."""
        return self.compiled.value_and_grad(*self.work.inputs)


class NumPy(Compiled):
    backend = "numpy"


class Interpreter(Compiled):
    backend = "interpreter"


class Native(Compiled):
    """What a long run gets: C, or Numba's code where there is no compiler for that."""

    backend = "c" if cc.compiler() else "numba"


class Numba(Compiled):
    backend = "numba"


class Batch(Native):
    """One sample is traced."""

    batch = True
