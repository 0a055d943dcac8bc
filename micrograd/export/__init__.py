"""One program, many homes: a compiled loss leaves for PyTorch, JAX, C or JavaScript; a graph for SymPy.

    >>> import micrograd
    >>> from micrograd import Value, compile
    >>> w = Value(2.0)
    >>> step = compile(lambda x: (w * x).tanh(), [w])
    >>> round(step(0.25), 6)
    0.462117
    >>> text = micrograd.export.to_c(step)
    >>> "double value_and_grad(const double *p, const double *x, double *g)" in text
    True

What goes along is the program of the latest call (a list of one kind of loop nest, see `micrograd.compiler.program.ir`), the
parameters and the latest arguments.
"""

from __future__ import annotations

from micrograd.export.c import to_c
from micrograd.export.from_jax import from_jax
from micrograd.export.from_onnx import from_onnx
from micrograd.export.from_torch import from_torch
from micrograd.export.jax import jax_source, to_jax
from micrograd.export.js import to_js
from micrograd.export.onnx import to_onnx
from micrograd.export.sympy import to_sympy
from micrograd.export.torch import to_torch, torch_source

__all__ = [
    "from_jax", "from_onnx", "from_torch", "jax_source", "to_c", "to_jax", "to_js", "to_onnx", "to_sympy", "to_torch", "torch_source",
]  # fmt: skip
