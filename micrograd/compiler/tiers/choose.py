"""Which back end runs a program: NumPy everywhere; its own code where there is a C compiler, or Numba; with Numba the interpreter."""

from __future__ import annotations

from importlib.util import find_spec

from micrograd.compiler.arrays.machine import ArrayMachine
from micrograd.compiler.machine import Machine, Runs
from micrograd.compiler.native import c_code, cc
from micrograd.compiler.native.c_code import CMachine
from micrograd.compiler.native.interpreter import InterpreterMachine
from micrograd.compiler.native.own_code import NumbaMachine
from micrograd.compiler.native.specialise import generate
from micrograd.compiler.program.ir import Program
from micrograd.compiler.tiers.tiers import TieredMachine
from micrograd.compiler.tiers.tiles import TiledMachine, tile

MACHINES: dict[str, type[Machine]] = {
    "auto": TieredMachine, "reference": Machine, "numpy": ArrayMachine, "interpreter": InterpreterMachine, "numba": NumbaMachine,
    "c": CMachine,
}  # fmt: skip


def named(backend: str) -> str:
    """The name, if there is such a back end; ValueError or ImportError if not."""
    if backend not in MACHINES:
        raise ValueError(f"no back end {backend!r}; there are {', '.join(MACHINES)}")
    if backend == "c" and cc.compiler() is None:
        raise ImportError("backend='c' needs a C compiler: cc, gcc or clang (MICROGRAD_CC names another)")
    if backend in ("interpreter", "numba") and find_spec("numba") is None:
        raise ImportError(f"backend={backend!r} needs Numba: pip install 'micrograd-lab[native]'")
    return backend


def machine(program: Program, backend: str, samples: int, in_tiles: bool = False, threads: int | None = None) -> Runs:
    """Pools for a program and so many samples, with the means to run it.

    in_tiles: a large batch a part at a time, by so many threads (None: one for each core).
    """
    kind = MACHINES["numpy" if backend == "auto" and find_spec("numba") is None and cc.compiler() is None else backend]
    size = tile(program, samples) if in_tiles else samples
    if size < samples:
        return TiledMachine(program, samples, size, lambda n, share: kind(program, n, share), threads)
    return kind(program, samples)


def code(program: Program, backend: str, samples: int) -> str:
    """The program's own code, as this back end has it compiled: Numba's where that is asked for or there is no C compiler."""
    if backend == "numba" or (backend != "c" and cc.compiler() is None):
        return generate(program)[0]
    return c_code.generate(program, samples)[0]
