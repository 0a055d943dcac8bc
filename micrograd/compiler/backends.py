"""Which back end runs a program: NumPy everywhere, Numba where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from micrograd.compiler.ir import Program

NAMES = ("auto", "reference", "numpy", "numba")


def named(backend: str) -> str:
    """The name, if there is such a back end; ValueError or ImportError if not."""
    if backend not in NAMES:
        raise ValueError(f"no back end {backend!r}; there are {', '.join(NAMES)}")
    if backend == "numba" and find_spec("numba") is None:
        raise ImportError("backend='numba' needs Numba: pip install 'micrograd-lab[native]'")
    return backend


def machine(program: Program, backend: str, samples: int) -> Any:
    """Pools for a program and so many samples, with the means to run it."""
    if backend == "reference":
        from micrograd.compiler.reference import Machine as Reference

        return Reference(program, samples)
    if backend == "numpy" or (backend == "auto" and find_spec("numba") is None):
        from micrograd.compiler.numpy_backend import Machine

        return Machine(program, samples)
    from micrograd.compiler.numba_backend import NumbaMachine, TieredMachine

    return (NumbaMachine if backend == "numba" else TieredMachine)(program, samples)


def source(program: Program) -> str:
    """The specialised code."""
    from micrograd.compiler.specialise import generate

    return generate(program)[0]
