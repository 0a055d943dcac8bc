"""A graph as it is told: without the numbers that the code wrote, and without the ``0 + x`` that ``sum()`` begins with.

The 2 of ``2 * x`` is written where it is used, so it is no value here; ``0 + x`` reads as ``x``. Only our engine's values can be told
apart so (``is_literal``): of other people's classes every value is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from .reading import args_of, is_literal, number, op_of, topological


@dataclass(slots=True)
class Told:
    """``operands[i]`` are the places of the operands of ``values[i]``; a place of ``len(values)`` or more is a number, see ``numbers``."""

    values: list[Any]
    operands: list[tuple[int, ...]]
    numbers: list[float]
    place: dict[int, int]  # id(value) -> place, also of a 0 + x: where its x is
    starts: dict[int, Any]  # id(0 + x) -> x

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
    tops = {id(root) for root in roots}
    literal = {id(value) for value in every if is_literal(value) and id(value) not in tops}
    if not literal:
        place = {id(value): i for i, value in enumerate(every)}
        if within is None:
            return Told(every, [tuple([place[id(arg)] for arg in args_of(value)]) for value in every], [], place, {})
        return Told(every, [tuple([place[id(arg)] for arg in args_of(value) if id(arg) in place]) for value in every], [], place, {})
    starts = _starts(every, literal, tops)
    values = [value for value in every if id(value) not in literal and id(value) not in starts]
    place = {id(value): i for i, value in enumerate(values)}
    for value in every:  # arguments first: the x of 0 + (0 + x) is known
        if id(value) in starts and id(starts[id(value)]) in place:
            place[id(value)] = place[id(starts[id(value)])]
    numbers: dict[str, int] = {}  # by its text, which tells -0.0 from 0.0 and nan from nothing
    kept: list[float] = []

    def places(value: Any) -> tuple[int, ...]:
        made = []
        for arg in args_of(value):
            if id(arg) in literal:
                x = number(arg.data)
                if (at := numbers.setdefault(repr(x), len(kept))) == len(kept):
                    kept.append(x)
                made.append(len(values) + at)
            elif id(arg) in place:
                made.append(place[id(arg)])
        return tuple(made)

    return Told(values, [places(value) for value in values], kept, place, starts)


def _starts(every: list[Any], literal: set[int], tops: set[int]) -> dict[int, Any]:
    """{id(0 + x): x} of those sums that are used once and have no name of their own."""
    found = {}
    for value in every:
        if op_of(value) == "+" and id(value) not in tops and not getattr(value, "label", ""):
            args = args_of(value)
            if len(args) == 2 and id(args[0]) in literal and args[0].data == 0 and id(args[1]) not in literal:
                found[id(value)] = args[1]
    if found:
        uses = dict.fromkeys(found, 0)
        for value in every:
            for arg in args_of(value):
                if id(arg) in uses:
                    uses[id(arg)] += 1
        found = {key: x for key, x in found.items() if uses[key] == 1}
    return found
