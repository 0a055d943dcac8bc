"""What is known of the operation that made a value: how it is written, and its derivative by each operand, as trees.

A value of ours brings its row of the table (`value.op`). For other people's classes, which have a symbol alone, `rows.json` says the same:
it is made from the table by `python -m micrograd.telling`, and a test holds it fresh.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..record import NamedTuple
from .formula import DOTS, Call, Choice, Compare, Infix, Minus, Number, Reckoner, Tree, evaluate, fill, fold, parse, reckoner
from .numbers import MINUS, show

MANY = 8  # of more operands than this the first and the last few are written

# What students' classes call what the table has under another symbol.
ALIASES = {
    "−": "-", "·": "*", "×": "*", "÷": "/", "^": "**", "pow": "**", "u-": "neg", "negate": "neg", "ln": "log",
    "relu": "ReLU", "RELU": "ReLU",
    "maximum": "max", "minimum": "min", "σ": "sigmoid", "logistic": "sigmoid",
}  # fmt: skip
_CONST_POW = re.compile(r"^(?:\*\*|\^)\s*\(?(-?[\d.]+(?:e[-+]?\d+)?)\)?$")


class Row(NamedTuple):
    """One operation: `arity` operands (None: any number), then the `constants` whose numbers are `params`."""

    name: str
    symbol: str
    arity: int | None
    precedence: int = 0
    constants: tuple[str, ...] = ()
    params: tuple[float, ...] = ()
    formula: tuple[str, ...] = ()
    kinks: bool = False  # whether there are points without a derivative
    operator: str = ""  # what Python calls it: "add" for __add__
    typeset: str = ""  # the formula that typeset mathematics writes for it, in a, b, … and the constants

    @property
    def method(self) -> str:
        """The method of a class that has this operation."""
        return f"__{self.operator}__" if self.operator else self.name

    @property
    def form(self) -> tuple[str, ...]:
        """`typeset`, and the names of its operands and constants there; () where a call is written."""
        return (self.typeset, *"abc"[: self.arity], *self.constants) if self.typeset else ()


@lru_cache(maxsize=1)
def table() -> dict[str, Row]:
    """The rows of `rows.json` by name."""
    with open(os.path.join(os.path.dirname(__file__), "rows.json"), encoding="utf-8") as file:
        rows = json.load(file)
    for r in rows:
        r["constants"], r["params"], r["formula"] = tuple(r["constants"]), tuple(map(float, r.pop("defaults"))), tuple(r["formula"])
    return {r["name"]: Row(**r) for r in rows}


@lru_cache(maxsize=1)
def _by_symbol() -> dict[tuple[str, int | None], Row]:
    """Rows by symbol and number of operands, without those that need a constant."""
    return {(row.symbol, row.arity): row for row in reversed(table().values()) if not row.constants}


def row_of(value: Any, operands: int) -> Row:
    """The row of the operation that made a value; one without a formula where nobody knows it."""
    return row(*made_by(value), operands)


def made_by(value: Any) -> tuple[Any, str]:
    """What says which operation made a value: its row in the engine's own table (None: it has none), and its symbol."""
    op: Any = getattr(value, "op", None)
    known = callable(getattr(op, "forward", None)) and getattr(op, "partials", None) is not None
    return (op if known else None), str(getattr(value, "_op", "") or "")


def row(op: Any, symbol: str, operands: int) -> Row:
    """The row of an operation that is said so."""
    return by_symbol(symbol, operands) if op is None else _of_table(op, symbol)


@lru_cache(maxsize=1024)
def _of_table(op: Any, symbol: str) -> Row:
    more = {name: getattr(op, name, "") for name in ("operator", "typeset")}
    sign, constants, params = symbol or op.symbol, tuple(op.constants), tuple(op.params)
    return Row(op.name, sign, op.arity, op.precedence, constants, params, tuple(op.formula), bool(op.kinks), **more)


def by_symbol(symbol: str, operands: int) -> Row:
    """The row that a symbol stands for, as students' classes write it: the one place that knows other people's operations.

    >>> [by_symbol(symbol, n).name for symbol, n in (("×", 2), ("^2", 1), ("**", 2), ("RELU", 1), ("u-", 1), ("swish", 1))]
    ['mul', 'power', 'pow', 'relu', 'neg', 'swish']
    """
    power = _CONST_POW.match(symbol)
    if power and operands == 1:
        return table()["power"]._replace(params=(float(power[1]),))
    plain = ALIASES.get(symbol, symbol)
    for key in ((symbol, operands), (plain, operands), (plain.lower(), operands), (symbol, None)):
        if key in _by_symbol():
            return _by_symbol()[key]
    if plain == "-" and operands == 1:
        return table()["neg"]
    return Row(symbol or "f", symbol, operands)


def written(row: Row, operands: Sequence[Tree]) -> Tree:
    """The operation applied to operands.

    >>> from viz.notation.formula import Name
    >>> from viz.notation.text import write
    >>> a, b = Name("a"), Number(-3.0)
    >>> write(written(by_symbol("*", 2), [a, b])), write(written(by_symbol("**2", 1), [b])), write(written(by_symbol("swish", 1), [a]))
    ('a * (-3)', '(-3)**2', 'swish(a)')
    """
    params = tuple(map(Number, row.params))
    if row.arity is None:
        if row.symbol == "·" and len(operands) % 2 == 0:
            half = len(operands) // 2
            shown = [i if i == DOTS else Infix("*", (operands[i], operands[half + i])) for i in _few(range(half))]
            return Infix("+", tuple(shown))
        return Infix("+", _few(operands)) if row.symbol == "Σ" and len(operands) else Call(row.name, _few(operands))
    if row.precedence and len(operands) + len(params) == 2:
        pair = (*operands, *params)
        if row.symbol in ("<", ">", "="):
            return Compare(("==" if row.symbol == "=" else row.symbol,), pair)
        return Infix("**" if row.symbol.startswith("**") else row.symbol, pair)
    if row.precedence and len(operands) == 1:
        return Minus(operands[0])
    return Call(row.name, (*_few(operands), *params), row.form)


def _few(operands: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(operands) if len(operands) <= MANY else (*operands[:3], DOTS, *operands[-2:])


def slope(row: Row, index: int, operands: Sequence[Tree], result: Tree) -> Tree | None:
    """∂result/∂operands[index]; None where nobody knows it.

    >>> from viz.notation.formula import Name
    >>> from viz.notation.text import write
    >>> write(slope(by_symbol("**2", 1), 0, [Name("a")], Name("y"))), write(slope(by_symbol("/", 2), 1, [Name("a"), Name("b")], Name("y")))
    ('2 * a', '-a / b**2')
    """
    if not row.formula:
        return None
    if row.arity is None:
        if row.formula[0] == "opposite":
            return operands[(index + len(operands) // 2) % len(operands)]
        return parse(row.formula[0])
    return fill(_local(row.formula[index], row.constants, row.params), dict(zip("abc", operands[:3], strict=False)) | {"y": result})


@lru_cache(maxsize=1024)
def _local(formula: str, constants: tuple[str, ...], params: tuple[float, ...]) -> Tree:
    """A local derivative in a, b, c and y, with its constants."""
    tree = fold(fill(parse(formula), {name: Number(x) for name, x in zip(constants, params, strict=False)}))
    return Choice(tree, Number(1.0), Number(0.0)) if isinstance(tree, Compare) else tree


def circle(row: Row, literals: Mapping[int, str] | None = None) -> str:
    """The operation as it stands in its circle of a picture, with its constants and the numbers that the code wrote among its operands.

    >>> circle(by_symbol("*", 2)), circle(by_symbol("**2", 1)), circle(by_symbol("neg", 1)), circle(by_symbol("tanh", 1))
    ('×', 'x²', '−x', 'tanh')
    >>> circle(by_symbol("*", 2), {0: "2"}), circle(by_symbol("-", 2), {1: "−1"}), circle(by_symbol("max", 2), {1: "0.5"})
    ('2 ×', '− (−1)', 'max(x, 0.5)')
    >>> circle(table()["clamp"]._replace(params=(0.0, 1.0)))
    'clamp(x, 0, 1)'
    """
    if row.precedence and row.arity == 1:
        p = row.params[0] if row.params else None
        if p is None:
            return "−x"
        return "x" + f"{p:.0f}".translate(_RAISED) if p.is_integer() and abs(p) < 1000 else f"x ^ {show(p)}"
    sign = {"*": "×", "-": "−", "/": "÷", "**": "xʸ"}.get(row.symbol, row.symbol)
    literals = literals or {}
    if row.arity is None:
        return f"{sign} {', '.join(literals.values())}" if 0 < len(literals) < 4 else sign
    if not row.precedence and (literals or row.params):
        return f"{row.symbol}({', '.join([*(literals.get(i, 'x') for i in range(row.arity)), *map(show, row.params)])})"
    if not literals:
        return sign
    if 0 in literals:
        return literals[0] + (" ^ x" if row.symbol == "**" else f" {sign}")
    return f"{'x ^' if row.symbol == '**' else sign} {f'({literals[1]})' if literals[1].startswith(MINUS) else literals[1]}"


def brief(row: Row) -> Row:
    """The operation for a small box, without the constants of a call, which the line below says."""
    return row if row.precedence else row._replace(params=())


def word(symbol: str) -> str:
    """An operation as it stands before "×N"."""
    return "dot" if symbol == "·" else symbol  # a sign too small to stand before a number


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def conventional(row: Row, index: int, data: Sequence[float], result: float, partial: float) -> bool:
    """Whether the partial that was used is not what the formula gives: a convention, where there is no derivative."""
    if not row.formula or partial != partial or abs(partial) == math.inf:
        return False
    if row.arity is None:
        found = evaluate(slope(row, index, [Number(x) for x in data], Number(result)) or Number(math.nan), {}, FUNCTIONS)
    else:
        names = {**dict(zip("abc", data, strict=False)), "y": result}
        found = _reckoner(row.formula[index], row.constants, row.params)(names)
    return found != found or (abs(found) != math.inf and abs(found - partial) > 1e-6 * abs(partial) + 1e-9)


@lru_cache(maxsize=1024)
def _reckoner(formula: str, constants: tuple[str, ...], params: tuple[float, ...]) -> Reckoner:
    return reckoner(_local(formula, constants, params), FUNCTIONS)


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


FUNCTIONS = {name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "sinh", "cosh", "floor")} | {
    "sigmoid": _sigmoid,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "normal_cdf": lambda x: math.erfc(-x / math.sqrt(2.0)) / 2.0,
    "pi": lambda: math.pi,
}
