"""What a graph computes, in one line: the names of pages and tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..escape import clean
from ..notation.formula import Name, Number, Tree
from ..notation.rows import row_of, written
from ..notation.text import write
from ..reading import label_of
from .told import Told, told

OPERATIONS, LETTERS = 16, 72  # more than these are no title


def expression(root: Any, name_of: Callable[[Any], str] = label_of) -> str:
    """``L = tanh(c) + a**2``: what made the root, of the values that have names; "" where that is long, or nothing to say.

    >>> from micrograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> expression((a * b + a).tanh() ** 2)
    'tanh(a × b + a)**2'
    """
    line = told([root])
    made = _Trees(line, root, name_of).of(line.place[id(root)])
    if made is None:
        return ""
    text = clean(" = ".join(filter(None, (name_of(root), write(made, 4, signs=True)))))
    return text if len(text) <= LETTERS and "\n" not in text else ""


class _Trees:
    def __init__(self, line: Told, root: Any, name_of: Callable[[Any], str]) -> None:
        self.line, self.root, self.name_of, self.left = line, root, name_of, OPERATIONS

    def of(self, place: int) -> Tree | None:
        """What is written for a value; None: it is too long, or a leaf without a name."""
        line, n = self.line, len(self.line.values)
        if place >= n:
            return Number(line.numbers[place - n])
        value, operands = line.values[place], line.operands[place]
        if value is not self.root and (name := self.name_of(value)):
            return Name(name)
        self.left -= 1
        inside = [self.of(operand) for operand in operands] if operands and self.left >= 0 else [None]
        made = [part for part in inside if part is not None]
        return written(row_of(value, len(operands)), made) if len(made) == len(inside) else None
