"""Which back end runs a program: NumPy everywhere; where Numba is installed the interpreter, and a program's own code."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from micrograd.compiler.program.ir import Program
from micrograd.compiler.tiers.tiles import TiledMachine, tile

NAMES = ("auto", "reference", "numpy", "interpreter", "numba")


def named(backend: str) -> str:
    """The name, if there is such a back end; ValueError or ImportError if not."""
    if backend not in NAMES:
        raise ValueError(f"no back end {backend!r}; there are {', '.join(NAMES)}")
    if backend in ("interpreter", "numba") and find_spec("numba") is None:
        raise ImportError(f"backend={backend!r} needs Numba: pip install 'micrograd-lab[native]'")
    return backend


def machine(program: Program, backend: str, samples: int, in_tiles: bool = False) -> Any:
    """Pools for a program and so many samples, with the means to run it; in_tiles: a large batch a part at a time."""
    size = tile(program, samples) if in_tiles else samples
    if size < samples:
        return TiledMachine(program, samples, size, lambda n, share: _machine(program, backend, n, share))
    return _machine(program, backend, samples)


def _machine(program: Program, backend: str, samples: int, share: Any = None) -> Any:
    if backend == "reference":
        from micrograd.compiler.program.reference import Machine as Reference

        return Reference(program, samples, share)
    if backend == "numpy" or (backend == "auto" and find_spec("numba") is None):
        from micrograd.compiler.arrays.machine import Machine

        return Machine(program, samples, share)
    if backend == "interpreter":
        from micrograd.compiler.native.interpreter import InterpreterMachine

        return InterpreterMachine(program, samples, share)
    if backend == "numba":
        from micrograd.compiler.native.own_code import NumbaMachine

        return NumbaMachine(program, samples, share)
    from micrograd.compiler.tiers.tiers import TieredMachine

    return TieredMachine(program, samples, share)


def source(program: Program) -> str:
    """The specialised code."""
    from micrograd.compiler.native.specialise import generate

    return generate(program)[0]
