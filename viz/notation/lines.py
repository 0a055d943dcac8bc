"""The parts of a line that tells a step: an operation in names and in numbers, a local derivative, as text or as TeX.

What `micrograd` prints of its own steps asks this file, and so does whoever tells a step in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from ..reading import args_of, is_literal, number
from . import tex, text
from .formula import Minus, Name, Number, Tree, is_word
from .names import Names, complete, modules_of, unique
from .numbers import TEXT, plain
from .rows import Row, conventional, made_by, row, slope, written


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
    given = unique([" ".join(name.split()) if name else "" for name in called.paths(kept)])
    told = iter(complete(given, [bool(args_of(value)) for value in kept]))
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


# An operation is written some hundred thousand times in a long walk, in few forms: which parentheses there are depends on no name or
# number but on whether a name is a word and whether a number has a sign. So each form is written once, with places for the operands.

_STANDS: dict[str, Callable[[str], Tree]] = {
    "w": lambda place: Name(f"{{{place}}}"),  # a word, or a number without a sign
    "x": lambda place: Name(f"{{{place}:^}}"),  # what is no word, as this is none (centred in no width it stays as it is)
    "-": lambda place: Minus(Name(f"{{{place}}}")),  # a number with a sign
}
_FEW = 3  # operands of an operation that is written by its form


Stand = tuple[str, str, str]  # how an operand stands in a form, its text there, and how it is called beside other words


def _by_name(name: str) -> Stand:
    return ("w", name, name) if is_word(name) else ("x", name, f"({name})")


def _by_number(x: float) -> Stand:
    """… which has no name."""
    text = plain(x, TEXT)
    return ("-", text[1:], "") if text[0] == "-" else ("w", text, "")


def stands(values: Sequence[Any], names: Sequence[str]) -> list[Stand]:
    """How each value stands in an operation by its name, a literal by its number."""
    return [_by_number(number(v.data)) if is_literal(v) else _by_name(name) for v, name in zip(values, names, strict=True)]


class _Way(dict[tuple[int, tuple[str, ...]], "str | None"]):
    """How an operation of so many operands is written: its row, and the forms that were asked for, by (index, kinds of operands)."""

    def __init__(self, row: Row, operands: int) -> None:
        self.row, self.short = row, 0 < operands <= _FEW and row.arity is not None

    def __missing__(self, key: tuple[int, tuple[str, ...]]) -> str | None:
        index, kinds = key
        form = self[key] = _form(self.row, index, "".join(kinds), repr(self.row.params) if self.row.params else "")
        return form

    def filled(self, told: Sequence[Stand], index: int = -1) -> str:
        """The operation, or its derivative by an operand ('': nobody knows it), of operands told so; after these comes the result."""
        kinds, texts, _ = zip(*told, strict=True)
        form = self[index, kinds]
        return "" if form is None else form.format(*texts)


def way_of(value: Any, operands: int) -> _Way:
    """How the operation that made a value is written."""
    return _way(*made_by(value), operands)


@lru_cache(maxsize=1024)
def _way(op: Any, symbol: str, operands: int) -> _Way:
    return _Way(row(op, symbol, operands), operands)


@lru_cache(maxsize=4096)
def _form(row: Row, index: int, kinds: str, params: str) -> str | None:
    """params: theirs, for which 0.0 and -0.0 are not the same. None: nobody knows the derivative."""
    row = row._replace(name=_braced(row.name), symbol=_braced(row.symbol))
    trees = [_STANDS[kind](str(i)) for i, kind in enumerate(kinds)]
    tree = written(row, trees) if index < 0 else slope(row, index, trees[:-1], trees[-1])
    return None if tree is None else text.write(tree, TEXT)


def _braced(name: str) -> str:
    return name.replace("{", "{{").replace("}", "}}")


def operation(value: Any, operands: Sequence[str], as_tex: bool = False) -> str:
    """The operation that made a value, of operands by name (a literal as its number)."""
    way = way_of(value, len(operands))
    if way.short and not as_tex:
        return way.filled(stands(args_of(value), operands))
    return _write(written(way.row, _Operands(value, operands)), as_tex)


def in_numbers(value: Any, as_tex: bool = False) -> str:
    """The operation that made a value, in the numbers of its operands."""
    data = [number(arg.data) for arg in args_of(value)]
    way = way_of(value, len(data))
    if way.short and not as_tex:
        return way.filled([*map(_by_number, data)])
    return _write(written(way.row, [Number(x) for x in data]), as_tex)


def forward(value: Any, operands: Sequence[Stand]) -> tuple[str, str]:
    """The operation that made a value, of operands that stand so, and in their numbers."""
    way = way_of(value, len(operands))
    if not way.short:
        return operation(value, [stand[1] for stand in operands]), in_numbers(value)
    numbers = [_by_number(number(arg.data)) for arg in args_of(value)]
    return way.filled(operands), way.filled(numbers)


def derivatives(value: Any, edges: Sequence[Any], operands: Sequence[Stand], result: Stand) -> list[str]:
    """For each edge, that has an index and the partial that was used, ∂value/∂operands[index] as a formula in names.

    The number and "by convention" where there is no derivative; '' where nobody knows it.
    """
    way = way_of(value, len(operands))
    row = way.row
    if not row.formula:
        return [""] * len(edges)
    by_hand = getattr(getattr(value, "op", None), "formula", None) == ()  # known by its symbol alone: its rule may be another
    if way.short:
        told = [*operands, result]
        found = [way.filled(told, edge.index) for edge in edges]
    else:
        trees, name = _Operands(value, [stand[1] for stand in operands]), Name(result[1])
        found = ["" if (tree := slope(row, edge.index, trees, name)) is None else _write(tree, False) for edge in edges]
    if row.kinks or by_hand:
        data = [number(arg.data) for arg in args_of(value)]
        for at, edge in enumerate(edges):
            if conventional(row, edge.index, data, number(value.data), edge.partial):
                found[at] = "" if by_hand else f"{plain(edge.partial)}, by convention"
    return found
