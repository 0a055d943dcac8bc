"""What the trace says of each operation: how it is written, in tokens with holes (see ``notation.mathml``), and how it is computed.

The page fills the holes with names or with numbers, so that one form gives both `d = e + c` and `d = −6 + 10`.
"""

from __future__ import annotations

from typing import Any

from ..notation import mathml, rows
from ..notation.formula import Name
from ..notation.rows import Row


def told(
    row: Row,
    symbol: str,
    arity: int,
    conventions: tuple[float | None, ...] = (),
    literals: tuple[int, ...] = (),
    op: Any = None,
) -> dict[str, Any]:
    """The trace's row for one operation.

    ``s``: its symbol; ``n``: its name, with the numbers of its constants after it; ``f``: its form; ``d``: its local derivatives, empty
    where nobody knows them (the page then writes the plain ∂y/∂x alone); ``w``, where there are kinks: the derivatives for other numbers,
    where they are others than ``d``; ``k``: what stands in the picture, where that is not the
    symbol; ``r``: the rule by which a page computes it anew (``micrograd.telling.rule``), where its engine says one.
    ``conventions``: for each operand the number that is used by convention where there is no derivative, None where the formula holds.
    ``literals``: the operands that are numbers of the code; ``k`` has holes for them. ``op``: the engine's own row.
    """
    holes = [Name(str(i), hole=True) for i in range(arity)]
    slopes = [rows.slope(row, i, holes, Name("y", hole=True)) for i in range(arity)]
    lines = [mathml.tokens(tree) for tree in slopes if tree is not None]
    plain = list(lines)
    for i, x in enumerate(conventions):
        if x is not None:
            lines[i] = [mathml.number(x), BY_CONVENTION]
    made: dict[str, Any] = {"s": symbol, "n": [row.name, *map(str, row.params)], "f": mathml.tokens(rows.written(row, holes)), "d": lines}
    circle = rows.circle(rows.brief(row), {i: f"{{{i}}}" for i in literals})
    if row.kinks:
        made["w"] = [] if lines == plain else plain
    rule = getattr(op, "told", None)
    return made | ({"k": circle} if circle != symbol else {}) | ({"r": rule} if rule else {})


BY_CONVENTION = ["mtext", ", by convention"]
