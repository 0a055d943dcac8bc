"""CasADi SX: one graph of scalars, built and differentiated once; run by its interpreter, or as C that it writes and gcc compiles."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import casadi
import numpy as np

from benchmarks import native
from benchmarks.peers import flat
from benchmarks.workloads import Workload

casadi.SX.relu = lambda x: casadi.fmax(x, 0.0)


class Interpreted(flat.Flat):
    def __init__(self, work: Workload) -> None:
        super().__init__(work)
        x = casadi.SX.sym("x", len(self.x))
        loss = flat.loss(work, casadi.vertsplit(x))
        self.loss = np.zeros(1)
        function = self.made(casadi.Function("step", [x], [loss, casadi.gradient(loss, x)]))
        # arguments and results are these arrays: a call copies nothing
        self.buffer, self.run = function.buffer()
        self.buffer.set_arg(0, memoryview(self.x))
        self.buffer.set_res(0, memoryview(self.loss))
        self.buffer.set_res(1, memoryview(self.g))

    def made(self, function: casadi.Function) -> casadi.Function:
        return function

    def call(self) -> float:
        self.run()
        return float(self.loss[0])


class Compiled(Interpreted):
    """-O1: more takes a compiler minutes on one function of so many lines, and gains little."""

    def made(self, function: casadi.Function) -> casadi.Function:
        cc = native.compiler()
        if cc is None:
            raise NotImplementedError("no C compiler")
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)  # where CasADi writes
            try:
                function.generate("step.c")
            finally:
                os.chdir(here)
            built = Path(folder) / "step.so"
            subprocess.run([cc, "-O1", "-march=native", "-shared", "-fPIC", "step.c", "-o", str(built), "-lm"], cwd=folder, check=True)
            return casadi.external("step", str(built))
