"""Operations and numbers as people write them: `a × b`, `tanh(x)`, `−3.0000`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SIGNS = {"*": "×", "-": "−", "/": "÷"}
WORDS = {"·": "dot"}  # signs that are too small to stand before a number
INFIX = frozenset({"+", "-", "*", "/", "**", "<", "="})
MINUS = "−"  # the sign, as wide as a digit; a hyphen is easily overlooked


def show(x: float, precision: int = 4) -> str:
    """A number for people: fixed decimals, or a power of ten where that would hide or crowd digits.

    >>> show(-3.0), show(1.25e-7), show(6.02e23), show(0.0), show(float("-inf"))
    ('−3.0000', '1.250e−07', '6.020e+23', '0.0000', '−inf')
    """
    size = abs(x)
    if x != x or size == float("inf"):
        text = str(x)
    elif size and (size >= 1e7 or size < 0.5 * 10**-precision):
        text = f"{x:.{max(precision - 1, 0)}e}"
    else:
        text = f"{x:.{precision}f}"
        if float(text) == 0.0:
            text = text.lstrip("-")
    return text.replace("-", MINUS)


def brief(x: float) -> str:
    """A number in few characters, for boxes that stand for many values.

    >>> brief(0.123456), brief(-12.0), brief(1234567.0)
    ('0.123', '−12', '1.23e+06')
    """
    return f"{x:.3g}".replace("-", MINUS)


def sign(op: str) -> str:
    """The operation as it stands in its circle: × for *, and so on.

    >>> sign("*"), sign("tanh"), sign("**2")
    ('×', 'tanh', '**2')
    """
    return SIGNS.get(op, op)


def word(op: str) -> str:
    """The operation as it stands before "×N"."""
    return WORDS.get(op, op)


def written(op: str, operands: Sequence[str], params: Sequence[Any] = ()) -> str:
    """The operation applied to operands that are already text.

    >>> written("*", ["a", "−3.0000"]), written("**2", ["−x"]), written("relu", ["x"])
    ('a × (−3.0000)', '(−x)**2', 'relu(x)')
    >>> written("clamp", ["x"], (0.0, 1.0)), written("-", ["a", "b"]), written("neg", ["a"])
    ('clamp(x, 0, 1)', 'a − b', '−a')
    """
    if op in INFIX and len(operands) == 2:
        left, right = (_guard(operand) for operand in operands)
        return f"{operands[0] if op in '+-' else left} {sign(op)} {right}"
    if op in INFIX and len(operands) > 2:
        return f" {sign(op)} ".join(map(_guard, operands))
    if len(operands) == 1 and op.startswith("**"):
        return f"{_guard(operands[0])}{op}"
    if len(operands) == 1 and op in ("neg", "-"):
        return f"{MINUS}{_guard(operands[0])}"
    constants = [f"{x:g}" if isinstance(x, (int, float)) else str(x) for x in params]
    return f"{op}({', '.join([*operands, *constants])})"


def _guard(operand: str) -> str:
    return f"({operand})" if operand.startswith((MINUS, "-")) else operand
