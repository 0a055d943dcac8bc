"""What the table says to those who cannot import it: `python -m micrograd.telling` writes two files of viz.

`viz/notation/rows.json`, one JSON object a row: name, symbol, arity (null: any number), precedence, what Python calls it as an operator,
its form in typeset mathematics, names and defaults of its constants, the formula of each partial derivative, and whether there are
kinks. viz reads it for other people's classes.

`viz/static/primitives.js`: the primitives as JavaScript computes them, from the column that an exported program is written with. A page
runs on them what `rule` says of an op, so that it computes a graph anew without Python, and without making code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from micrograd.ops import TABLE
from micrograd.ops.op import Op, Symbol
from micrograd.pull import lives

# what IEEE 754 rounds, or what picks
ROUNDED = {"add", "sub", "mul", "div", "neg", "abs", "sqrt", "less", "equal", "where", "maximum", "minimum", "relu"} | {"floor", "ceil"}


def told() -> str:
    """The table as JSON, a line a row."""
    rows = [
        {
            "name": op.name, "symbol": op.symbol, "arity": op.arity, "precedence": op.precedence,
            "operator": op.operator, "typeset": op.typeset, "constants": op.constants,
            "defaults": [x if isfinite(x) else f"{x:f}".replace("inf", "Infinity") for x in op.defaults], "formula": op.formula,
            "kinks": bool(op.kinks),
        }
        for op in TABLE.values()
    ]  # fmt: skip
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def primitives() -> str:
    """The JavaScript of the primitives: a function for each, and for those of any number of arguments one of a list."""
    from micrograd.compiler.braces import columns  # whose room asks for NumPy

    lines = []
    for name, template in columns.JS.items():
        arguments = [letter for i, letter in enumerate("abc") if f"{{{i}}}" in template]
        lines.append(f"  {name}: ({', '.join(arguments)}) => {template.format(*'abc')},")
    return "\n".join(
        [
            "// Written by python -m micrograd.telling from micrograd/compiler/braces/columns.py, as exported programs are.",
            "",
            *(source for _, source, _ in columns.JS_HELPERS.values()),
            "export const PRIMITIVES = {",
            *lines,
            "};",
            "",
        ]
    )


class _Tape:
    """Expressions as lines `[primitive, operand, …]`: an operand is the place of an argument or a line, or a number in words."""

    def __init__(self, arguments: Iterable[Symbol]) -> None:
        self.at: dict[Any, int] = {}  # of a symbol by its id, of a line by what it says
        self.lines: list[list[Any]] = []
        self.kept: list[Symbol] = list(arguments)  # alive, for their ids
        self.at.update((id(s), i) for i, s in enumerate(self.kept))
        self.first = len(self.kept)

    def put(self, s: Any) -> int | str:
        """Where the value of an expression is found."""
        if not isinstance(s, Symbol):
            return in_words(float(s))
        if id(s) not in self.at:
            op = s.op
            if op is None or TABLE.get(op.name) is None or TABLE[op.name].forward is not op.forward or op.arity is None:
                raise TypeError(f"{s!r} is no primitive")
            self.kept.append(s)
            if op.define:
                found = self.put(op.define(*s.args, *op.params))
                if isinstance(found, str):
                    return found
            else:
                found = self._line(op.name, [self.put(x) for x in (*s.args, *op.params)])
            self.at[id(s)] = found
        return self.at[id(s)]

    def _line(self, name: str, operands: list[int | str]) -> int:
        key = (name, *operands)
        if key not in self.at:
            self.at[key] = self.first + len(self.lines)
            self.lines.append([name, *operands])
        return self.at[key]


def in_words(x: float) -> str:
    """A number as a rule and JavaScript have it, to the last bit."""
    return repr(x) if isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def rule(op: Op) -> dict[str, Any] | None:
    """How an op and its partials are computed, as data; None where its rules cannot be read.

    `f`: lines over the arguments, and where the result is; `g`: lines over the arguments and the result, where each partial is, and
    whether it passes something on (see `micrograd/pull.py`). For an op of any number of arguments its name (`all`) and what each
    partial is. `x`: 1 where every computer rounds the result alike, and 2 more where it does so with the partials, given the result.

    >>> from micrograd import ops
    >>> rule(ops.mul)
    {'f': [[['mul', 0, 1]], 2], 'g': [[], [1, 0], ['1.0', '1.0']], 'x': 3}
    >>> rule(ops.exp)["x"], rule(ops.sqrt)["g"]
    (2, [[['abs', 1], ['div', '0.5', 2]], [3], ['1.0']])
    >>> rule(ops.dot)
    {'all': 'dot', 'each': 'opposite', 'x': 3}
    """
    try:
        return _of_many(op) if op.arity is None else _of_some(op, op.arity)
    except (TypeError, AttributeError):  # a rule that branches in Python, or computes with something else than primitives
        return None


def _of_some(op: Op, n: int) -> dict[str, Any]:
    y, xs = Symbol("y"), [Symbol(f"x{i}") for i in range(n)]
    if op.partials is None:
        raise TypeError(f"the partials of {op.name} are not known")
    forward, back = _Tape(xs), _Tape([*xs, y])
    result = forward.put(op.define(*xs, *op.params) if op.define else Symbol("", op, tuple(xs)))
    partials = [back.put(p) for p in op.gradient(y, xs)]
    passes = [back.put(p) for p in lives(op, y, xs)]
    exact = [all(line[0] in ROUNDED for line in tape.lines) for tape in (forward, back)]
    return {"f": [forward.lines, result], "g": [back.lines, partials, passes], "x": exact[0] + 2 * exact[1]}


def _of_many(op: Op) -> dict[str, Any]:
    xs = [Symbol(f"x{i}") for i in range(4)]
    partials = op.gradient(Symbol("y"), xs)
    if all(a is b for a, b in zip(partials, [*xs[2:], *xs[:2]], strict=True)):
        each = "opposite"
    else:
        each, *others = {in_words(float(p)) for p in partials}
        if others:
            raise TypeError(f"the partials of {op.name} differ")
    if TABLE.get(op.name) is None or TABLE[op.name].forward is not op.forward:
        raise TypeError(f"{op.name} is no primitive")
    return {"all": op.name, "each": each, "x": 3}


def lines(arguments: Sequence[str], results: Sequence[Any]) -> tuple[list[list[Any]], list[int | str]]:
    """Expressions over symbols of these names as lines, and where the value of each is found (see `rule`).

    Arguments of one name are one. TypeError where an expression has something else than primitives in it.
    """
    tape = _Tape(map(Symbol, arguments))
    found = {id(s): s for r in results for s in _leaves(r)}
    tape.kept += found.values()
    tape.at.update((id(s), arguments.index(s.name)) for s in found.values())
    return tape.lines, [tape.put(r) for r in results]


def _leaves(s: Any) -> list[Symbol]:
    if not isinstance(s, Symbol):
        return []
    return [s] if s.op is None else [leaf for x in (*s.args, *s.op.params) for leaf in _leaves(x)]


def main() -> None:
    """Write both files."""
    viz = Path(__file__).parent.parent / "viz"
    for place, text in ((viz / "notation" / "rows.json", told()), (viz / "static" / "primitives.js", primitives())):
        place.write_text(text, encoding="utf-8")
        print(f"{place}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
