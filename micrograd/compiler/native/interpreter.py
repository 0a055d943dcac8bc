"""The interpreter as a back end: one piece of compiled code that runs every program, and NumPy for what it does not know.

It needs no compiling for a new program: instructions become a table of numbers (see `encode`). What it leaves to NumPy are ops that
it has no kernel for (a user's own), and products so large that BLAS is faster.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from micrograd.compiler.arrays.machine import ArrayMachine, bound
from micrograd.compiler.machine import Machine
from micrograd.compiler.native import cache, kernels, own_code
from micrograd.compiler.native.encode import Encoder
from micrograd.compiler.native.listing import listing


class InterpreterMachine(ArrayMachine):
    """Pools for a program, run by the interpreter (backend="interpreter"), which is compiled now if it is not on disk."""

    def _bind(self) -> None:
        bind(self)


def bind(machine: Machine) -> None:
    """Give a machine the calls of the interpreter (and of NumPy) that run it, and `entry` where NumPy is not needed."""
    run = own_code.load(kernels.generate(), False, "the interpreter of programs, once on this machine")
    encoder = Encoder(machine, kernels.kernel, kernels.settle)
    sections: list[list[list[int]]] = []
    parts: tuple[list[Any], list[Any]] = [], []
    for part, steps in zip(parts, (machine.program.forward, machine.program.backward), strict=True):
        coded = [(step, encoder.records(step)) for step in steps]
        for known, stretch in groupby(coded, key=lambda pair: pair[1] is not None):
            if known:
                part.append(len(sections))
                sections.append([record for _, records in stretch for record in records or ()])
            else:
                part.extend(step for step, _ in stretch)
    arguments = machine.values[0], machine.grads[0], encoder.table(sections)
    machine.kept = encoder  # the table has the addresses of its arrays
    machine.listing = lambda: listing(arguments[2], encoder)

    def call(x: Any) -> Any:
        return partial(run, *arguments, x, x + 1) if isinstance(x, int) else bound(x, machine.program, machine.pools, machine.samples)

    machine.bound = [call(x) for x in parts[0]], [call(x) for x in parts[1]]
    machine.native = "numba"
    machine.entry = (run, arguments) if parts == ([0], [1]) else (None, ())


def path() -> Path:
    """The file with its source."""
    return cache.write(kernels.generate())


def on_disk() -> bool:
    """Whether it has been compiled before."""
    return find_spec("numba") is not None and cache.sealed(cache.path_of(kernels.generate()))


def loaded() -> bool:
    """Whether this process has it already."""
    return "numba" in sys.modules and cache.name_of(kernels.generate()) in sys.modules
