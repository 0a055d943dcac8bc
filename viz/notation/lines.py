"""The parts of a line that tells a step: an operation in names and in numbers, a local derivative, as text or as TeX.

What `micrograd` prints of its own steps asks this file, and so does whoever tells a step in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..reading import args_of, is_literal, number
from . import tex, text
from .formula import Name, Number, Tree, is_word
from .names import Names, complete, modules_of, unique
from .numbers import TEXT, plain
from .rows import conventional, row_of, slope, written


def _write(tree: Tree, as_tex: bool) -> str:
    return tex.write(tree, TEXT) if as_tex else text.write(tree, TEXT)


def names(values: Sequence[Any], called: Names | None = None) -> list[str]:
    """What to call each value; a literal is itself.

    Its label (marked where another has it too), else the variable or parameter that it is, as far as `called` knows, else v1, v2, …
    (u1, … for a leaf).
    """
    called = called or Names()
    called.modules = modules_of(values)
    literal = {i: plain(number(value.data)) for i, value in enumerate(values) if is_literal(value)}
    kept = [value for i, value in enumerate(values) if i not in literal]
    told = iter(complete(unique([" ".join(called.path(value).split()) for value in kept]), [bool(args_of(value)) for value in kept]))
    return [literal[i] if i in literal else next(told) for i in range(len(values))]


def word(name: str) -> str:
    """A name as it stands beside other words: in parentheses where it is an expression."""
    return name if is_word(name) else f"({name})"


class _Operands(Sequence[Tree]):
    """Operands as trees, made when they are asked for: a sum of 100,000 writes six of them."""

    def __init__(self, value: Any, names: Sequence[str]) -> None:
        self.args, self.names = args_of(value), names

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[i] for i in range(len(self))[at]]
        arg = self.args[at]
        return Number(number(arg.data)) if is_literal(arg) else Name(self.names[at])


def operation(value: Any, operands: Sequence[str], as_tex: bool = False) -> str:
    """The operation that made a value, of operands by name (a literal as its number)."""
    return _write(written(row_of(value, len(operands)), _Operands(value, operands)), as_tex)


def in_numbers(value: Any, as_tex: bool = False) -> str:
    """The operation that made a value, in the numbers of its operands."""
    data = [Number(number(arg.data)) for arg in args_of(value)]
    return _write(written(row_of(value, len(data)), data), as_tex)


def derivative(value: Any, index: int, operands: Sequence[str], name: str, partial: float, as_tex: bool = False) -> str:
    """∂value/∂operands[index] as a formula in names; the number and "by convention" where there is none; '' where nobody knows it."""
    args = args_of(value)
    row = row_of(value, len(args))
    tree = slope(row, index, _Operands(value, operands), Name(name))
    if tree is None:
        return ""
    by_hand = getattr(getattr(value, "op", None), "formula", None) == ()  # known by its symbol alone: its rule may be another
    if (row.kinks or by_hand) and conventional(row, index, [number(arg.data) for arg in args], number(value.data), partial):
        if by_hand:
            return ""
        return _write(Number(partial), as_tex) + (r" \text{, by convention}" if as_tex else ", by convention")
    return _write(tree, as_tex)
