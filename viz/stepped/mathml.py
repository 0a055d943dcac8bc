"""How each operation and its local derivatives are written on a page: MathML with holes (see ``notation.mathml``).

The page fills the holes with names or with numbers, so that one template gives both `d = e + c` and `d = −6 + 10`.
"""

from __future__ import annotations

from typing import Any

from ..notation import mathml, rows
from ..notation.formula import Name
from ..notation.rows import Row


def template(
    row: Row, symbol: str, arity: int, conventions: tuple[float | None, ...] = (), literals: tuple[int, ...] = ()
) -> dict[str, Any]:
    """The trace's row for one operation: symbol ``s``, form ``f``, local derivatives ``d``, and ``k``, what stands in the picture.

    ``conventions``: for each operand the number that is used by convention where there is no derivative, None where the formula holds.
    ``literals``: the operands that are numbers of the code; ``k`` has holes for them.
    ``d`` is empty where nobody knows the derivatives: the page then writes the plain ∂y/∂x alone.
    """
    holes = [Name(str(i), hole=True) for i in range(arity)]
    slopes = [rows.slope(row, i, holes, Name("y", hole=True)) for i in range(arity)]
    lines = [mathml.write(tree) for tree in slopes if tree is not None]
    for i, x in enumerate(conventions):
        if x is not None:
            lines[i] = mathml.number(x) + "<mtext>, by convention</mtext>"
    made = {"s": symbol, "f": mathml.write(rows.written(row, holes)), "d": lines}
    circle = rows.circle(rows.brief(row), {i: f"{{{i}}}" for i in literals})
    return made | ({"k": circle} if circle != symbol else {})
