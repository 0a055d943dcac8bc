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
from .rows import Row, conventional, row_of, slope, written


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
    told = iter(complete(unique([" ".join(called.path(value).split()) for value in kept]), [bool(args_of(value)) for value in kept]))
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


def _by_name(name: str) -> tuple[str, str]:
    """How it stands in a form, and its text there."""
    return ("w" if is_word(name) else "x"), name


def _by_number(x: float) -> tuple[str, str]:
    text = plain(x, TEXT)
    return ("-", text[1:]) if text.startswith("-") else ("w", text)


def _filled(row: Row, index: int, told: list[tuple[str, str]]) -> str | None:
    """The operation (index -1), or its derivative by an operand, of operands told so; after these comes the result."""
    form = _form(row, index, "".join([kind for kind, _ in told]), repr(row.params) if row.params else "")
    return None if form is None else form.format(*[text for _, text in told])


@lru_cache(maxsize=4096)
def _form(row: Row, index: int, kinds: str, params: str) -> str | None:
    """params: theirs, for which 0.0 and -0.0 are not the same. None: nobody knows the derivative."""
    row = row._replace(name=_braced(row.name), symbol=_braced(row.symbol))
    trees = [_STANDS[kind](str(i)) for i, kind in enumerate(kinds)]
    tree = written(row, trees) if index < 0 else slope(row, index, trees[:-1], trees[-1])
    return None if tree is None else text.write(tree, TEXT)


def _braced(name: str) -> str:
    return name.replace("{", "{{").replace("}", "}}")


def _short(row: Row, operands: int) -> bool:
    return operands <= _FEW and row.arity is not None


def operation(value: Any, operands: Sequence[str], as_tex: bool = False) -> str:
    """The operation that made a value, of operands by name (a literal as its number)."""
    row = row_of(value, len(operands))
    if _short(row, len(operands)) and not as_tex:
        return _filled(row, -1, _told(value, operands)) or ""
    return _write(written(row, _Operands(value, operands)), as_tex)


def _told(value: Any, names: Sequence[str]) -> list[tuple[str, str]]:
    """Operands by name, a literal as its number."""
    pairs = zip(args_of(value), names, strict=True)
    return [_by_number(number(arg.data)) if is_literal(arg) else _by_name(name) for arg, name in pairs]


def in_numbers(value: Any, as_tex: bool = False) -> str:
    """The operation that made a value, in the numbers of its operands."""
    data = [number(arg.data) for arg in args_of(value)]
    row = row_of(value, len(data))
    if _short(row, len(data)) and not as_tex:
        return _filled(row, -1, list(map(_by_number, data))) or ""
    return _write(written(row, [Number(x) for x in data]), as_tex)


def derivatives(value: Any, edges: Sequence[tuple[int, float]], operands: Sequence[str], name: str) -> list[str]:
    """For each (index, partial used) ∂value/∂operands[index] as a formula in names.

    The number and "by convention" where there is no derivative; '' where nobody knows it.
    """
    args = args_of(value)
    row = row_of(value, len(args))
    if not row.formula:
        return [""] * len(edges)
    by_hand = getattr(getattr(value, "op", None), "formula", None) == ()  # known by its symbol alone: its rule may be another
    data = [number(arg.data) for arg in args] if row.kinks or by_hand else []
    told = [*_told(value, operands), _by_name(name)] if _short(row, len(args)) else None
    found: list[str | None] = []
    for index, partial in edges:
        if data and conventional(row, index, data, number(value.data), partial):
            found.append(None if by_hand else f"{plain(partial)}, by convention")
        elif told is not None:
            found.append(_filled(row, index, told))
        else:
            tree = slope(row, index, _Operands(value, operands), Name(name))
            found.append(None if tree is None else _write(tree, False))
    return [text or "" for text in found]
