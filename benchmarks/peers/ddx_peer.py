"""ddx: one graph of scalars, built and differentiated once; run by its interpreter, or compiled through LLVM."""

from __future__ import annotations

import ddx

from benchmarks.peers import flat
from benchmarks.workloads import Workload

ddx.Expression.relu = lambda x: ddx.select(x > 0.0, x, 0.0 * x)
ddx.Expression.exp, ddx.Expression.log, ddx.Expression.tanh = (lambda x: ddx.exp(x)), (lambda x: ddx.log(x)), (lambda x: ddx.tanh(x))


class Interpreted(flat.Flat):
    def __init__(self, work: Workload) -> None:
        super().__init__(work)
        self.equation = ddx.equation(lambda: flat.loss(work, [ddx.var(f"x{i}") for i in range(len(self.start))]))
        self.compile()
        self.bound = self.equation.buffer(self.x)
        self.x = self.bound.x  # a call reads the point from its own array, and fills the gradient into another
        self.bound()
        self.g = self.bound.jacobian

    def compile(self) -> None:
        """Nothing, for the interpreter."""

    def call(self) -> float:
        self.bound()
        return float(self.bound.value)


class Compiled(Interpreted):
    def compile(self) -> None:
        if self.work.name[:2] == "W5":
            raise NotImplementedError("> 120 s to compile")
        self.equation.compile()
