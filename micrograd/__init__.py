"""micrograd: a scalar autograd engine to see, step through, check and run.

The table's functions (`micrograd.exp`, `micrograd.maximum`, …) take Values or plain numbers. Standard library only.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from micrograd import functional, mixed
from micrograd.engine import Value, install
from micrograd.habits import missing, said_of
from micrograd.modes import detect_anomaly, no_grad, record_source
from micrograd.ops import TABLE
from micrograd.ops.op import Kink, Op
from micrograd.scopes import Scope, scope
from micrograd.stale import StaleDataWarning
from micrograd.transforms import grad, hessian, hvp, jacobian, jvp, vjp

__version__ = "0.1.0"
__all__ = [
    "Kink", "Op", "Scope", "StaleDataWarning", "Value", "certify", "check_grads", "compile", "detect_anomaly", "error_bound",
    "functional", "grad", "gradcheck", "hessian", "hvp", "jacobian", "jvp", "lower", "nn", "no_grad", "record_source", "register",
    "scope", "value_and_grad", "vjp",
]  # fmt: skip

# What is imported when it is first asked for: name → module.
_LATER = {
    "gradcheck": "micrograd.checking.checks", "check_grads": "micrograd.checking.checks",
    "certify": "micrograd.checking.certify", "error_bound": "micrograd.checking.running",
    "compile": "micrograd.compiler", "lower": "micrograd.compiler", "value_and_grad": "micrograd.derived",
}  # fmt: skip
_MODULES = ("nn", "losses", "optim", "testing", "compiler", "data", "explain", "export", "train", "metrics", "plots")

if TYPE_CHECKING:
    from micrograd import compiler as compiler
    from micrograd import data as data
    from micrograd import explain as explain
    from micrograd import losses as losses
    from micrograd import metrics as metrics
    from micrograd import nn as nn
    from micrograd import optim as optim
    from micrograd import plots as plots
    from micrograd import testing as testing
    from micrograd import train as train
    from micrograd.checking.certify import certify
    from micrograd.checking.checks import check_grads, gradcheck
    from micrograd.checking.running import error_bound
    from micrograd.compiler import compile, lower
    from micrograd.derived import value_and_grad
    from micrograd.methods import *  # noqa: F403


mixed.glance()


said_of(Value)


def register(op: Op) -> Op:
    """Enter an op of your own in the table: it becomes a function, a method of Value, and a row that every check tests.

    >>> import micrograd
    >>> cube = micrograd.register(Op("cube", lambda x: x * x * x, (lambda y, x: 3.0 * x * x,)))
    >>> x = Value(2.0)
    >>> y = x.cube(); y.backward(); y.data, x.grad
    (8.0, 12.0)
    >>> del micrograd.TABLE["cube"], Value.cube
    """
    if not op.name.isidentifier():
        raise ValueError(f"an op's name must be a Python identifier, not {op.name!r}")
    if op.name in TABLE:
        raise ValueError(f"the table already has an op named {op.name!r}")
    TABLE[op.name] = op
    install(op)
    return op


if not TYPE_CHECKING:  # a checker would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name in _LATER:
            return getattr(importlib.import_module(_LATER[name]), name)
        if name in _MODULES:
            return importlib.import_module(f"micrograd.{name}")
        if name in TABLE:
            return TABLE[name]
        raise missing("micrograd", name, known=__dir__())


def __dir__() -> list[str]:
    return sorted({*__all__, *TABLE, *_MODULES})
