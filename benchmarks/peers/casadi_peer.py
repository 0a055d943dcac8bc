"""CasADi SX: a graph of scalars, built and differentiated once; run by its interpreter, or as C that it writes and gcc compiles."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import casadi
import numpy as np

from benchmarks import native
from benchmarks.peers import flat
from benchmarks.workloads import Workload

casadi.SX.relu = lambda x: casadi.fmax(x, 0.0)


class Interpreted(flat.Flat):
    """The whole loss as one graph."""

    def __init__(self, work: Workload) -> None:
        super().__init__(work)
        self.loss = np.zeros(1)
        # the argument and the results are these arrays: a call copies nothing
        self.buffer, self.run = self.step().buffer()
        self.buffer.set_arg(0, memoryview(self.x))
        self.buffer.set_res(0, memoryview(self.loss))
        self.buffer.set_res(1, memoryview(self.g))

    def step(self) -> Any:
        """The function from the parameters to the loss and the gradient."""
        x = casadi.SX.sym("x", len(self.x))
        loss = flat.loss(self.work, casadi.vertsplit(x))
        return casadi.Function("step", [x], [loss, casadi.gradient(loss, x)])

    def call(self) -> float:
        self.run()
        return float(self.loss[0])


class Compiled(Interpreted):
    """The graph of one sample, mapped over all: as C it compiles in seconds, where one function of the whole takes a minute."""

    def step(self) -> Any:
        if self.work.name[:2] == "W5":
            raise NotImplementedError("> 120 s to compile")
        cc = native.compiler()
        if cc is None:
            raise NotImplementedError("no C compiler")
        function = super().step() if self.work.sample is None else self.mapped()
        code = casadi.CodeGenerator("step.c")
        code.add(function)
        with tempfile.TemporaryDirectory() as folder:
            part, built = (str(Path(folder) / name) for name in ("step.o", "step.so"))
            # the hand-written C's options, and linked apart as it is
            subprocess.run([cc, *native.FLAGS, "-x", "c", "-c", "-", "-o", part], input=code.dump(), encoding="utf-8", check=True)
            subprocess.run([cc, "-shared", part, "-o", built, "-lm"], check=True)
            return casadi.external("step", built)

    def mapped(self) -> Any:
        rows, labels = np.array(self.work.inputs[0], float).T, np.array(self.work.inputs[1], float)[None]
        x, row, label = casadi.SX.sym("x", len(self.x)), casadi.SX.sym("row", len(rows)), casadi.SX.sym("label")
        work = flat.over(self.work, casadi.vertsplit(x), pick)
        loss = work.sample(casadi.vertsplit(row), label)
        sample = casadi.Function("sample", [x, row, label], [loss, casadi.gradient(loss, x)])
        given = casadi.MX.sym("given", len(self.x))
        # the parameters are the same for every sample (argument 0), both results are added up
        loss, gradient = sample.map("samples", "serial", labels.size, [0], [0, 1])(given, rows, labels)
        return casadi.Function("step", [given], [loss / labels.size, gradient / labels.size])


def pick(values: Any, index: Any) -> Any:
    """The value at an index that is an expression."""
    return casadi.conditional(index, list(values[:-1]), values[-1])
