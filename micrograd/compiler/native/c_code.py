"""The C back end: a program's own code by the C compiler of this machine, in a second, on the same pools as NumPy's.

It is the code that `micrograd.export.to_c` prints, without what only others need: a function for each instruction, every extent,
stride and address a constant. A call lets other threads run (ctypes gives the lock of the interpreter back).
"""

from __future__ import annotations

import ctypes
from collections.abc import Container
from functools import partial
from typing import Any

from micrograd.compiler.arrays.machine import ArrayMachine, bound, large
from micrograd.compiler.braces.c_file import PART, C, Functions, before, names_of
from micrograd.compiler.braces.nests import Shared, Unwritten
from micrograd.compiler.machine import Machine
from micrograd.compiler.native import cc
from micrograd.compiler.native.specialise import sections
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Instruction, unrolled
from micrograd.compiler.program.ir import Program

LARGE = 2**23  # terms in one product from which BLAS is faster than the kernels, whose operands are then out of the second cache
MOST = 2**31  # numbers in the pools: addresses are C's int
POOLS = "double *V, double *G, double *VB, double *GB, const int *T"


def generate(program: Program, samples: int, outside: Container[Instruction] = ()) -> tuple[str, Any]:
    """(source of `run(pools …, first, last)` for so many samples, the table of addresses that it is given).

    run performs the sections first … last - 1 (0: forward, 1: backward); instructions `outside` are left out, and cut more sections.
    Raises NotImplementedError for what C cannot say.
    """
    if (program.sizes[0] + program.sizes[1] * samples) >= MOST:
        raise NotImplementedError(f"pools of {MOST:,} numbers and more have addresses beyond C's int")
    shared = Shared(C)
    functions = Functions(shared, program, samples, samples, tables=True)
    code: list[str] = []
    run = ["", f"void run({POOLS}, int first, int last) {{"]
    try:
        for number, (backward, steps) in enumerate((b, steps) for b, inside, steps in sections(program, outside) if inside):
            run.append(f"    if (first <= {number} && {number} < last) {{")
            made, calls = functions.section(steps, "grad" if backward else "make")
            code += made
            run += [f"        {line}" for line in calls]
            run.append("    }")
    except Unwritten as error:
        raise NotImplementedError(str(error)) from None
    table = np.concatenate(shared.tables).astype(np.int32) if shared.tables else np.zeros(1, dtype=np.int32)
    first = before(shared, [*code, *run])
    names = names_of(shared, code)
    head = [f"/* A program of {program.scalars:,} scalars, written by micrograd.compiler.native.c_code: its loops with constant bounds. */"]
    head += [f"#include <{name}.h>" for name in ("float", "math", "stdint", "string")]
    head += ["", PART, *[f"#define {x} {x.upper() if x == 'nan' else 'INFINITY'}" for x in ("inf", "nan") if x in names], ""]
    return "\n".join([*head, *first, *code, *run, "}"]) + "\n", table


class Code:
    """The code of a program for machines of so many samples: all of it but the products that are large, which are BLAS's."""

    kind = "c"

    def __init__(self, program: Program, samples: int) -> None:
        self.program, self.samples = program, samples
        self.outside = frozenset(step for step in program if large(step, samples, LARGE))
        kept, key = program.cache, ("c", samples if program.batch else 1, self.outside)
        if key not in kept:
            kept[key] = generate(program, samples, self.outside)
        self.text, self.table = kept[key]

    @property
    def on_disk(self) -> bool:
        """Whether it has been compiled before."""
        return cc.on_disk(self.text)

    def compiling(self) -> cc.Compiling:
        """Another process that compiles it."""
        return cc.Compiling(self.text)

    def bind(self, machine: Machine) -> None:
        """Give a machine the calls that run it: `native`, and `entry` where nothing is outside."""
        run = cc.load(self.text, "code for this program once").run
        run.restype = None
        v, g = machine.values, machine.grads
        arguments = tuple(map(cc.pointer, (v[0], g[0], v[1], g[1], self.table)))
        calls: tuple[list[Any], list[Any]] = [], []
        number = 0
        for backward, inside, steps in sections(self.program, self.outside):
            if inside:
                calls[backward].append(partial(run, *arguments, ctypes.c_int(number), ctypes.c_int(number + 1)))
                number += 1
            else:
                calls[backward].extend(bound(step, self.program, machine.pools, machine.samples) for step in unrolled(steps))
        machine.bound = calls
        machine.kept = self.table
        machine.native = "c"
        machine.entry = None if self.outside else run, arguments


class CMachine(ArrayMachine):
    """Pools for a program, and its code in C, compiled now if it is not on disk (backend="c")."""

    def _bind(self) -> None:
        Code(self.program, self.samples).bind(self)
