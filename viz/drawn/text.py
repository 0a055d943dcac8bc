"""A graph as a plain-text tree, for terminals and where no layout program is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..escape import one_line
from ..given import precision_of, whole
from ..model.certain import known, meant
from ..model.graph import args_of, is_value, number, op_of, roots_of
from ..model.told import told
from ..notation.names import Names, from_caller
from ..notation.numbers import MINUS, TEXT, show, within
from ..notation.rows import circle, row_of
from ..reading import grad_of, is_literal, nearest


def text_tree(
    root: Any,
    *,
    limit: int = 200,
    precision: int = 4,
    names: Callable[[Any], str] | None = None,
    digits: Any = None,
) -> str:
    """The expression below ``root`` as an indented tree, each value once.

    A value used again is named where it comes back, with "↑" for "see above". After ``limit``
    lines the rest is only announced. ``digits``: as `viz.draw`'s; a number of which some digits are
    known to be certain is written as `138.834 ± 3e-14`.

    >>> from micrograd import Value
    >>> a, b = Value(2.0), Value(-3.0)
    >>> print(text_tree(a * b + a))
    + data −4 grad 0
    ├─ × data −6 grad 0
    │  ├─ a data 2 grad 0
    │  └─ b data −3 grad 0
    └─ a ↑
    """
    places, most = precision_of(precision), whole("limit", limit, 1)
    certain = known(digits, root)
    names = names or Names(from_caller(sys._getframe(1)))
    lines: list[str] = []
    seen: dict[int, str] = {}
    roots = roots_of(root)
    starts = told(roots, nearest(roots, 20 * most)).starts
    stack: list[tuple[Any, str, str]] = [(r, "", "") for r in reversed(roots)]
    while stack:
        if len(lines) >= most:
            lines.append(f"… and more: the first {most:,} lines are shown")
            break
        value, first, rest = stack.pop()
        name, op = one_line(names(value), 40), one_line(op_of(value), 40)
        every = [arg for arg in args_of(value) if is_value(arg)]
        literals = {i: show(number(arg.data), places) for i, arg in enumerate(every) if is_literal(arg)}
        args = [_through(starts, arg) for arg in every if not is_literal(arg)]
        sign = one_line(circle(row_of(value, len(every)), literals), 40) if op else ""
        title = f"{name} = {sign}" if name and op else name or sign
        if id(value) in seen:
            lines.append(f"{first}{seen[id(value)]} ↑")
            continue
        if args and not name:
            title += f" #{len(seen)}" if _shared(value, stack) else ""
        seen[id(value)] = name or title or show(number(value.data), places)
        data, grad = (certain(value) if certain else None) or (None, None)
        numbers = f"data {_told(number(value.data), data, places)}"
        if hasattr(value, "grad"):
            numbers += f" grad {_told(grad_of(value), grad, places)}"
        lines.append(f"{first}{title}{' ' if title else ''}{numbers}")
        for last, arg in enumerate(reversed(args)):
            head, tail = ("└─ ", "   ") if last == 0 else ("├─ ", "│  ")
            stack.append((arg, rest + head, rest + tail))
    return "\n".join(lines)


def _told(x: float, proof: Any, places: int) -> str:
    return within(x, proof.digits, proof.error, max(places, TEXT)).replace("-", MINUS) if meant(proof, x) else show(x, places)


def _through(starts: Mapping[int, Any], value: Any) -> Any:
    """The value itself, or the x of a 0 + x."""
    while id(value) in starts:
        value = starts[id(value)]
    return value


def _shared(value: Any, stack: list[tuple[Any, str, str]]) -> bool:
    return any(waiting is value for waiting, _, _ in stack)
