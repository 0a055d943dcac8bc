"""How each operation and its local derivatives are written on a page: MathML with holes (see ``notation.mathml``).

The page fills the holes with names or with numbers, so that one template gives both `d = e + c` and `d = −6 + 10`.
"""

from __future__ import annotations

import re
from typing import Any

from ..notation import mathml, rows
from ..notation.formula import Name
from ..notation.rows import Row

#: display symbols (ours, and what students' classes use) -> name of the operation
SYMBOLS = {
    "+": "add",
    "-": "sub",
    "−": "sub",
    "*": "mul",
    "·": "mul",
    "×": "mul",
    "/": "div",
    "**": "pow",
    "^": "pow",
    "ReLU": "relu",
    "Tanh": "tanh",
    "ln": "log",
    "max": "maximum",
    "min": "minimum",
    "σ": "sigmoid",
    "logistic": "sigmoid",
    "u-": "neg",
    "negate": "neg",
    "Sigmoid": "sigmoid",
}
_CONST_POW = re.compile(r"^(?:\*\*|\^)\s*\(?(-?[\d.]+(?:e[-+]?\d+)?)\)?$")


def identify(node: Any) -> tuple[str, str, tuple[float, ...]]:
    """(name, display symbol, constant parameters) of the operation that made ``node``; '' on leaves."""
    symbol = str(getattr(node, "_op", "") or "")
    row: Any = getattr(node, "op", None)
    if hasattr(row, "name") and getattr(row, "partials", ()) is not None:  # a row of the table
        return str(row.name), symbol or str(row.symbol), tuple(row.params or ())
    power = _CONST_POW.match(symbol)
    if power:
        return "pow", symbol, (float(power[1]),)
    return SYMBOLS.get(symbol, symbol.lower() if symbol in ("EXP", "LOG") else symbol), symbol, ()


def template(row: Row, symbol: str, arity: int, conventions: tuple[float | None, ...] = ()) -> dict[str, Any]:
    """The trace's row for one operation: symbol ``s``, form ``f``, local derivatives ``d``, and ``k``, what stands in the picture.

    ``conventions``: for each operand the number that is used by convention where there is no derivative, None where the formula holds.
    ``d`` is empty where nobody knows the derivatives: the page then writes the plain ∂y/∂x alone.
    """
    holes = [Name(str(i), hole=True) for i in range(arity)]
    slopes = [rows.slope(row, i, holes, Name("y", hole=True)) for i in range(arity)]
    lines = [mathml.write(tree) for tree in slopes if tree is not None]
    for i, x in enumerate(conventions):
        if x is not None:
            lines[i] = mathml.number(x) + "<mtext>, by convention</mtext>"
    made = {"s": symbol, "f": mathml.write(rows.written(row, holes)), "d": lines}
    circle = rows.circle(row)
    return made | ({"k": circle} if circle != symbol else {})
