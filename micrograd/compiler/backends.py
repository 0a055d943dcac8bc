"""Which back end runs a program: NumPy everywhere, Numba where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from micrograd.compiler.ir import Program

NAMES = ("auto", "reference", "numpy", "numba")


def named(backend: str) -> str:
    """The back end that will run: "auto" is Numba where it is installed."""
    if backend not in NAMES:
        raise ValueError(f"no back end {backend!r}; there are {', '.join(NAMES)}")
    if backend == "numba" and find_spec("numba") is None:
        raise ImportError("backend='numba' needs Numba: pip install 'micrograd-lab[native]'")
    return backend


def machine(program: Program, backend: str, samples: int) -> Any:
    """Pools and bound instructions."""
    from micrograd.compiler.numpy_backend import Machine

    return Machine(program, samples)


def source(program: Program) -> str:
    """The specialised code."""
    from micrograd.compiler.specialise import specialised

    return specialised(program)
