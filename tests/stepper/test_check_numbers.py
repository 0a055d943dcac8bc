"""What the check knows of operations that other people's classes made, without any package of ours."""

from __future__ import annotations

import math
from typing import Any

import pytest

from micrograd import ops
from viz.stepped.check import NUMBERS, forward_of

AT = {1: (0.3,), 2: (0.7, 1.9), 3: (0.4, 0.2, -0.6)}
BINARY = ("+", "-", "*", "/", "**", "max", "min")
KNOWN = (
    *BINARY,
    *[
        "neg",
        "abs",
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sinh",
        "cosh",
        "relu",
        "ReLU",
        "sigmoid",
        "erf",
        "gelu",
        "silu",
        "softplus",
    ],
)


class Theirs:
    """A student's value: a number, a symbol, nothing else."""

    def __init__(self, data: float, symbol: str = "") -> None:
        self.data, self.grad, self._prev, self._op = data, 0.0, set[Any](), symbol

    def swish(self) -> Theirs:
        return Theirs(self.data / (1.0 + math.exp(-self.data)), "swish")

    __neg__ = swish  # not what it should be


@pytest.mark.parametrize("op", [op for op in ops.TABLE.values() if op.arity and not op.constants], ids=lambda op: op.name)
def test_numbers_are_those_of_the_table_or_not_known(op: Any) -> None:
    f = forward_of(Theirs(1.0, op.symbol), op.arity)
    if f is None:
        assert op.symbol not in KNOWN and op.name not in KNOWN
    else:
        xs = (1.3,) if op is ops.acosh else AT[op.arity]
        assert f(*xs) == pytest.approx(op.forward(*xs), rel=1e-12)


@pytest.mark.parametrize("symbol", sorted(KNOWN))
def test_what_students_write_is_known(symbol: str) -> None:
    assert forward_of(Theirs(1.0, symbol), 2 if symbol in BINARY else 1) is not None


def test_a_class_is_asked_for_what_nobody_else_knows_and_not_for_what_a_textbook_does() -> None:
    swish, minus = forward_of(Theirs(1.0, "swish"), 1), forward_of(Theirs(1.0, "neg"), 1)
    assert swish is not None and minus is not None
    assert swish(0.5) == 0.5 / (1.0 + math.exp(-0.5)) and minus(0.5) == -0.5
    assert forward_of(Theirs(1.0, "mystery"), 1) is None
    cubed = forward_of(Theirs(1.0, "**3"), 1)
    assert cubed is not None and cubed(-2.0) == -8.0
    divided = forward_of(Theirs(1.0, "/"), 2)
    with pytest.raises(ArithmeticError):
        divided(1.0, 0.0)  # type: ignore[misc]


def test_a_planted_wrong_number_is_found(monkeypatch: Any) -> None:
    monkeypatch.setitem(NUMBERS, "tanh", math.sinh)
    with pytest.raises(AssertionError):
        test_numbers_are_those_of_the_table_or_not_known(ops.tanh)
