"""An exported C file behind the interface that the tests of every home have."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess

import numpy as np

from micrograd.export import to_c

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror"]


def run(path, compiler, flags):
    """What the program prints, line by line."""
    out = path.with_suffix(f".{compiler}")
    subprocess.run([compiler, *flags, *STRICT, str(path), "-o", str(out), "-lm"], check=True)
    return subprocess.run([str(out)], check=True, capture_output=True, encoding="utf-8", timeout=60).stdout.split()


class Library:
    """The functions of an exported file, by ctypes."""

    def __init__(self, step, folder, flags=("-O1",), compiler=None):
        source, built = folder / "step.c", folder / "step.so"
        self.text = to_c(step, source)
        cc = compiler or COMPILERS[0]
        subprocess.run([cc, *flags, *STRICT, "-DNO_MAIN", "-shared", "-fPIC", str(source), "-o", str(built), "-lm"], check=True)
        self.lib = ctypes.CDLL(str(built))
        self.lib.loss.restype = self.lib.value_and_grad.restype = ctypes.c_double
        program = step.program
        self.params, self.inputs, self.outputs = len(program.params), len(program.inputs), len(program.outputs)

    def array(self, numbers):
        flat = np.array(numbers, dtype=np.float64).ravel()
        return np.append(flat, 0.0)

    @staticmethod
    def at(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    def value_and_grad(self, p, x, samples=None, dx=False):
        p, x, g = self.array(p), self.array(x), self.array([math.nan] * self.params)
        d = self.array([math.nan] * (self.inputs * (samples or 1)))
        more = [ctypes.c_int(samples)] if samples is not None else []
        value = self.lib.value_and_grad(self.at(p), self.at(x), *more, self.at(g), *([self.at(d)] if dx else []))
        return (value, g[: self.params].tolist(), d[:-1].tolist()) if dx else (value, g[: self.params].tolist())

    def numbers(self, p, x, samples=None):
        p, x, y = self.array(p), self.array(x), self.array([math.nan] * (self.outputs * (samples or 1)))
        more = [ctypes.c_int(samples)] if samples is not None else []
        self.lib.outputs(self.at(p), self.at(x), *more, self.at(y))
        return y[:-1].tolist()
