"""What a graph computes, in one line: the names of pages and tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..escape import clean
from ..notation.formula import Name, Number, Tree
from ..notation.rows import row_of, written
from ..notation.text import write
from ..reading import label_of
from .told import told

OPERATIONS, LETTERS = 16, 72  # more than these are no title


def expression(root: Any, name_of: Callable[[Any], str] = label_of) -> str:
    """``L = tanh(c) + a**2``: what made the root, of the values that have names; "" where that is long, or nothing to say.

    >>> from micrograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> expression((a * b + a).tanh() ** 2)
    'tanh(a × b + a)**2'
    """
    line = told([root])
    n, left = len(line.values), OPERATIONS

    def tree(place: int) -> Tree | None:
        """None: too long, or a leaf without a name."""
        nonlocal left
        if place >= n:
            return Number(line.numbers[place - n])
        value, operands = line.values[place], line.operands[place]
        if value is not root and (name := name_of(value)):
            return Name(name)
        left -= 1
        inside = [tree(operand) for operand in operands] if operands and left >= 0 else [None]
        made = [part for part in inside if part is not None]
        return written(row_of(value, len(operands)), made) if len(made) == len(inside) else None

    made = tree(line.place[id(root)])
    if made is None:
        return ""
    text = clean(" = ".join(filter(None, (name_of(root), write(made, 4, signs=True)))))
    return text if len(text) <= LETTERS and "\n" not in text else ""
