"""Ops inside rules: a first partial whose own derivative would lose digits if its rule were differentiated line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.ops.op import Op
from micrograd.ops.symbol import Symbol

MADE: dict[str, Callable[..., Inner]] = {}  # what makes the op of a name, of its numbers: a copied graph finds it again here


class Inner(Op):
    """An op that is no row of the table, with `define` and `partials`: on numbers and symbols it is written out, as its rule says it.

    On Values (where a partial is differentiated once more) it is a node, so that the next derivative comes from `partials`.
    """

    def __init__(self, name: str, *numbers: float, **fields: Any) -> None:
        super().__init__(name, **fields)
        self.numbers = numbers
        if not numbers:
            MADE[name] = lambda: self

    def __call__(self, *args: Any) -> Any:
        assert self.define is not None
        return super().__call__(*args) if followed(*args) else self.define(*args)


def followed(*xs: Any) -> bool:
    """Whether derivatives are taken of what is computed of these: not of numbers, nor of the symbols that a rule is read on."""
    return any(hasattr(type(x), "__op__") and type(x) is not Symbol for x in xs)
