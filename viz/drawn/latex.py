"""An expression graph as LaTeX: one formula, with names for what is used more than once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..escape import one_line
from ..model.graph import number, roots_of
from ..model.told import told
from ..notation import tex
from ..notation.formula import Name, Number, Tree
from ..notation.names import Names, complete, from_caller, unique
from ..notation.rows import row_of, written

LINES = 200  # of a longer derivation the first lines and the last are written
LONG = 160  # a formula longer than this is cut: its operand gets a name and a line of its own
NAME = 40  # characters of a name


def to_latex(root: Any, *, names: Callable[[Any], str] | None = None, values: bool = False) -> str:
    """The expression below ``root`` as LaTeX, for ``$…$``, KaTeX or MathJax.

    Leaves are written by name, or by number where they have none; a sub-expression that has a name
    or is used more than once gets a line of its own. With ``values`` each line ends with its number.
    One line is plain; several stand in an ``aligned`` environment.

    >>> from micrograd import Value
    >>> a, b = Value(2.0), Value(-3.0)
    >>> print(to_latex((a + b) * a**2))
    \\left(a + b\\right) \\cdot a^{2}
    >>> c = a * b
    >>> print(to_latex(c + c.exp(), values=True))
    \\begin{aligned}
    c &= a \\cdot b = -6 \\\\
    v_{2} &= c + e^{c} = -5.99752
    \\end{aligned}
    """
    names = names or Names(from_caller(sys._getframe(1)))
    roots = roots_of(root)
    graph = told(roots)
    order, count = graph.values, len(graph.values)
    uses = Counter(at for places in graph.operands for at in places)
    tops = {id(value) for value in roots}
    given = unique([one_line(names(value), NAME) for value in order])
    called = complete(given, [bool(places) for places in graph.operands])
    trees: list[Tree] = []
    lines: list[tuple[str, str, Any]] = []
    for at, (value, places, name, needed) in enumerate(zip(order, graph.operands, given, called, strict=True)):
        if not places:
            trees.append(Name(name) if name else Number(number(value.data)))
            continue
        operands = [trees[i] if i < count else Number(graph.numbers[i - count]) for i in places]
        tree = written(row_of(value, len(operands)), operands)
        body = tex.write(tree)
        if name or id(value) in tops or uses[at] > 1 or len(body) > LONG:
            lines.append((tex.name(needed), body, value))
            tree = Name(needed)
        trees.append(tree)
    if not lines:
        return ", ".join(tex.write(trees[graph.place[id(value)]]) for value in roots)
    ends = [f" = {tex.number(number(value.data))}" if values else "" for _, _, value in lines]
    if len(lines) == 1:
        own = names(lines[0][2])
        return (f"{lines[0][0]} = " if own else "") + lines[0][1] + ends[0]
    rows = [f"{x} &= {right}{end}" for (x, right, _), end in zip(lines, ends, strict=True)]
    if len(rows) > LINES:
        rows[LINES - 2 : -1] = [r"&\;\;\vdots"]
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
