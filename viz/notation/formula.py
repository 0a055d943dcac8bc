"""Formulas as trees: parsed once from what a row of the table says, filled with names or numbers, then printed.

A row writes its formulas in Python's own grammar (`"-a / b**2"`, `"1 if a > 0 else slope"`), in `a`, `b`, `c` for the arguments, `y`
for the result and the names of its constants. `parse` reads one, `fill` puts other trees in the places of names, `fold` works out
what constants make trivial, and the three printers (`text`, `tex`, `mathml`) write it with the parentheses that it needs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any

from ..record import NamedTuple


class Number(NamedTuple):
    """A number."""

    x: float


class Name(NamedTuple):
    """What somebody called a value. As a hole of a page it is filled in later: then `text` is the operand's place, or "y"."""

    text: str
    hole: bool = False


class Call(NamedTuple):
    """A function of trees. `form`: the formula that is typeset for it, and what its arguments are called there; () for none of its own."""

    name: str
    args: tuple[Any, ...]
    form: tuple[str, ...] = ()


class Infix(NamedTuple):
    """A sum, difference, product, quotient or power; of more than two operands only where `sign` is + or *."""

    sign: str
    args: tuple[Any, ...]


class Minus(NamedTuple):
    """A tree with its sign changed."""

    arg: Any


class Compare(NamedTuple):
    """A chain of comparisons, `low < a < high`."""

    signs: tuple[str, ...]
    args: tuple[Any, ...]


class Choice(NamedTuple):
    """`yes` where the condition holds, else `no`."""

    condition: Any
    yes: Any
    no: Any


Tree = Number | Name | Call | Infix | Minus | Compare | Choice
DOTS = Name("…")  # stands for operands that are left out
CHOICE, COMPARE, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)  # how tightly a tree holds together
_BREAKS = r"[-+−*/×·÷^=<>(),;|&~\s]"  # what no word has
_BINDS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "%": PRODUCT, "**": POWER}


@lru_cache(maxsize=4096)
def parse(formula: str) -> Tree:
    """A formula in Python's grammar as a tree; ValueError for what no formula has.

    >>> parse("-a / b**2")
    Infix(sign='/', args=(Minus(arg=Name(text='a', hole=False)), Infix(sign='**', args=(Name(text='b', hole=False), Number(x=2.0)))))
    """
    from .grammar import read

    return read(formula)


def fill(tree: Tree, names: Mapping[str, Tree]) -> Tree:
    """The tree with other trees in the places of names."""
    if isinstance(tree, Name):
        return tree if tree.hole else names.get(tree.text, tree)
    return _mapped(tree, lambda t: fill(t, names))


def fold(tree: Tree) -> Tree:
    """What constants make trivial worked out: `2 * a**(2 - 1)` is `2 * a`."""
    tree = _mapped(tree, fold)
    found: Tree = tree
    match tree:
        case Minus(Number(x)):
            found = Number(-x)
        case Infix("+" | "-" | "*" as sign, (Number(x), Number(y))):
            found = Number(x + y if sign == "+" else x - y if sign == "-" else x * y)
        case Infix("*", (Number(0.0), _)):
            found = Number(0.0)
        case Infix("*", (Number(1.0), other)) | Infix("**", (other, Number(1.0))):
            found = other
        case Infix("*", (Number(-1.0), other)):
            found = Minus(other)
    return found


def _mapped(tree: Tree, f: Callable[[Any], Any]) -> Tree:
    match tree:
        case Call(name, args, form):
            return Call(name, tuple(map(f, args)), form)
        case Infix(sign, args):
            return Infix(sign, tuple(map(f, args)))
        case Compare(signs, args):
            return Compare(signs, tuple(map(f, args)))
        case Minus(arg):
            return Minus(f(arg))
        case Choice(condition, yes, no):
            return Choice(f(condition), f(yes), f(no))
    return tree


@lru_cache(maxsize=4096)
def is_word(name: str) -> bool:
    """Whether a name may stand inside an expression as it is: `x1`, `layers[0].w[1]`; not `x1*w1`, as the lectures name a product."""
    return not re.search(_BREAKS, name) and name != ""


def binds(tree: Tree) -> int:
    """How tightly a tree holds together when it is written: CHOICE … ATOM."""
    match tree:
        case Name(text, hole):
            return ATOM if hole or is_word(text) else CHOICE
        case Number(x):
            return SIGN if x < 0 or str(x) == "-0.0" else ATOM
        case Infix(sign, _):
            return _BINDS.get(sign, PRODUCT)
        case Minus():
            return SIGN
        case Compare():
            return COMPARE
        case Choice():
            return CHOICE
    return ATOM


def signed(tree: Tree) -> bool:
    """Whether what is written begins with a minus."""
    match tree:
        case Number() | Minus():
            return binds(tree) == SIGN
        case Infix(sign, args):
            return sign != "**" and signed(args[0]) and binds(args[0]) >= binds(tree)
    return False


def loose(parent: Tree, at: int, child: Tree) -> bool:
    """Whether operand `at` needs parentheses: it would be read otherwise without, or a sign would follow a sign.

    The right side of a sum or product is no sum or product: floating-point arithmetic is not associative.
    """
    match parent:
        case Minus():
            return binds(child) < PRODUCT or signed(child)
        case Infix("**", _):
            return binds(child) < ATOM
        case Infix(sign, _):
            own = _BINDS.get(sign, PRODUCT)
            return binds(child) < own if at == 0 else binds(child) <= own or signed(child)
        case Compare():
            return binds(child) <= COMPARE
        case Choice():
            return binds(child) <= CHOICE
    return False


def evaluate(tree: Tree, names: Mapping[str, float], functions: Mapping[str, Callable[..., float]]) -> float:
    """The number of a tree, as IEEE arithmetic gives it; nan where it cannot be known."""
    return reckoner(tree, functions)(names)


Reckoner = Callable[[Mapping[str, float]], float]


def reckoner(tree: Tree, functions: Mapping[str, Callable[..., float]]) -> Reckoner:
    """The function that evaluates a tree, for many numbers.

    >>> f = reckoner(parse("1 if a > 0 else slope"), {})
    >>> f({"a": 2.0}), f({"a": -2.0, "slope": 0.1}), f({"a": -2.0})
    (1.0, 0.1, nan)
    """
    found = _reckoner(tree, functions)

    def reckon(names: Mapping[str, float]) -> float:
        try:
            return found(names)
        except (ArithmeticError, KeyError, TypeError, ValueError):
            return math.nan

    return reckon


def _reckoner(tree: Tree, functions: Mapping[str, Callable[..., float]]) -> Reckoner:
    def of(*trees: Tree) -> list[Reckoner]:
        return [_reckoner(t, functions) for t in trees]

    match tree:
        case Number(x):
            return lambda names: x
        case Name(text):
            return lambda names: names[text]
        case Call(name, args):
            each = of(*args)
            return lambda names: functions[name](*[f(names) for f in each])
        case Minus(arg):
            (inner,) = of(arg)
            return lambda names: -inner(names)
        case Infix(sign, args):
            first, *rest = of(*args)
            return lambda names: reduce(lambda found, f: _OPERATIONS[sign](found, f(names)), rest, first(names))
        case Compare(signs, args):
            every = of(*args)
            return lambda names: _in_order(signs, [f(names) for f in every])
        case Choice(condition, yes, no):
            on, then, other = of(condition, yes, no)
            return lambda names: then(names) if on(names) else other(names)


def _in_order(signs: Sequence[str], numbers: Sequence[float]) -> float:
    return float(all(_ORDER[s](numbers[i], numbers[i + 1]) for i, s in enumerate(signs)))


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "**": math.pow, "%": lambda a, b: a % b,
}  # fmt: skip
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip
