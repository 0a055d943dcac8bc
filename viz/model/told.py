"""A graph as it is told: without the numbers that the code wrote, and without the ``0 + x`` that ``sum()`` begins with.

The 2 of ``2 * x`` is written where it is used, so it is no value here; ``0 + x`` reads as ``x``. Only our engine's values can be told
apart so (``is_literal``): of other people's classes every value is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, compress
from typing import Any

from ..reading import args_of, is_literal, number, op_of, topological
from ..record import record


@record
class Told:
    """``operands[i]`` are the places of the operands of ``values[i]``; a place of ``len(values)`` or more is a number, see ``numbers``."""

    values: list[Any]
    operands: list[tuple[int, ...]]
    numbers: list[float]
    place: dict[int, int]  # id(value) -> place, also of a 0 + x: where its x is
    starts: dict[int, Any]  # id(0 + x) -> x
    every: list[Any]  # the literals and the 0 + x too

    @property
    def args(self) -> list[tuple[int, ...]]:
        """The operands that are values."""
        if not self.numbers:
            return self.operands
        n = len(self.values)
        return [tuple([a for a in places if a < n]) for places in self.operands]


def told(roots: Sequence[Any], within: Collection[int] | None = None) -> Told:
    """What is told of everything reachable from ``roots``; ``within``: only values whose ``id`` is in it."""
    every = topological(roots, within)
    used = list(map(args_of, every))
    tops = {id(root) for root in roots}
    literal = {id(value) for value, args in zip(every, used, strict=True) if not args and is_literal(value) and id(value) not in tops}
    starts = _starts(every, used, literal, tops) if literal else {}
    if literal:
        dropped = literal.union(starts)
        kept = [key not in dropped for key in map(id, every)]
        values, used = list(compress(every, kept)), list(compress(used, kept))
    else:
        values = every
    place = {id(value): i for i, value in enumerate(values)}
    for key, x in starts.items():  # arguments first: the x of 0 + (0 + x) is known
        if id(x) in place:
            place[key] = place[id(x)]
    if within is None and not literal:
        return Told(values, [tuple([place[id(arg)] for arg in args]) for args in used], [], place, starts, every)
    numbers: list[float] = []
    at = place | dict.fromkeys(literal, -1)
    seen: dict[str, int] = {}  # by the text, which tells -0.0 from 0.0 and nan from nothing

    def told_as(arg: Any) -> int:
        x = number(arg.data)
        where = seen.setdefault(repr(x), len(values) + len(numbers))
        if where == len(values) + len(numbers):
            numbers.append(x)
        at[id(arg)] = where
        return where

    if within is not None:
        used = [[arg for arg in args if id(arg) in at] for args in used]
    operands = [tuple([i if (i := at[id(arg)]) >= 0 else told_as(arg) for arg in args]) for args in used]
    return Told(values, operands, numbers, place, starts, every)


def _starts(every: list[Any], used: list[Sequence[Any]], literal: set[int], tops: set[int]) -> dict[int, Any]:
    """{id(0 + x): x} of those sums that are used once and have no name of their own, arguments first."""
    found = {}
    begun = [(value, args) for value, args in zip(every, used, strict=True) if len(args) == 2 and id(args[0]) in literal]
    for value, args in begun:
        zero = args[0].data == 0 and id(args[1]) not in literal
        if zero and op_of(value) == "+" and id(value) not in tops and not getattr(value, "label", ""):
            found[id(value)] = args[1]
    if found:
        uses = dict.fromkeys(found, 0)
        for key in filter(uses.__contains__, map(id, chain.from_iterable(used))):
            uses[key] += 1
        found = {key: x for key, x in found.items() if uses[key] == 1}
    return found
