"""Axes: in which order a record goes through the axes of an instruction, and where its accesses go along them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass
class Place:
    """Where an access goes along the axes of a loop; along the first one by a table, if it has one."""

    base: int
    strides: list[int]
    table: Any = None


@dataclass
class Spans:
    """Two axes of a loop of which each goes, at a step of the other, from one of its own to another: by axis, [firsts, ends]."""

    tables: dict[int, Any]

    def along(self, axes: Sequence[int]) -> Spans:
        """The same for a loop of these axes."""
        return Spans({axes.index(a): table for a, table in self.tables.items()})

    def by(self, outer: int) -> tuple[int, int, int]:
        """(address of the table, axis that it is by, the other axis)."""
        (inner,) = self.tables.keys() - {outer}
        return int(self.tables[outer].ctypes.data), outer, inner


def _moves(place: Place, a: int, axis: int) -> bool:
    return bool(place.strides[a]) or (place.table is not None and a == axis)


def sums_inside(extents: list[int], out: Place, axis: int) -> bool:
    """Whether the innermost axis is the only one that is summed."""
    return not _moves(out, -1 % len(extents), axis) and all(_moves(out, a, axis) for a in range(len(extents) - 1))


def dropped(shape: Sequence[int], places: list[Place], indexed: bool = True) -> tuple[list[int], list[Place], int]:
    """Without the axes of extent 1; and the axis of the tables (-1: there is none). indexed: tables are along the first axis."""
    indexed = indexed and any(p.table is not None for p in places)
    if indexed and shape[0] == 1:
        places = [p if p.table is None else Place(p.base + 8 * int(p.table[0]), p.strides) for p in places]
        indexed = False
    kept = [a for a, n in enumerate(shape) if n > 1]
    return [shape[a] for a in kept], _along(places, kept), 0 if indexed else -1


def _along(places: list[Place], axes: Sequence[int]) -> list[Place]:
    return [Place(p.base, [p.strides[a] for a in axes], p.table) for p in places]


def ordered(
    shape: Sequence[int], places: list[Place], still: bool, spans: Spans | None = None, indexed: bool = True
) -> tuple[list[int], list[Place], int, Spans | None]:
    """Extents, places, the tables' axis and spans with the axes in a good order and merged; still: as they are."""
    extents, places, axis = dropped(shape, places, indexed)
    if not extents:
        return [1], [Place(p.base, [0], p.table) for p in places], -1, None
    if spans is not None:
        spans = spans.along([a for a, n in enumerate(shape) if n > 1])

    def cost(a: int) -> float:
        """Of a point, were this axis the innermost: a row costs time to begin, steps beyond the neighbour cost more."""
        near = [p.strides[a] in (0, 1) and not (p.table is not None and a == axis) for p in places]
        return sum(15.0 / extents[a] + (0.3 if n else 1.5) for n in near)

    if not still:
        last = min(range(len(extents)), key=lambda a: (cost(a), a))
        rest = [a for a in range(len(extents)) if a != last]
        rest.sort(key=lambda a: [-abs(p.strides[a]) if p.table is None or a != axis else -math.inf for p in places])
        order = [*rest, last]
        extents, places = [extents[a] for a in order], _along(places, order)
        axis = order.index(axis) if axis >= 0 else -1
        spans = spans and spans.along(order)
    a = len(extents) - 2
    while a >= 0:
        apart = {axis, *(spans.tables if spans else ())}
        if not apart & {a, a + 1} and all(p.strides[a] == p.strides[a + 1] * extents[a + 1] for p in places):
            extents[a : a + 2] = [extents[a] * extents[a + 1]]
            for p in places:
                del p.strides[a]
            axis -= axis > a
            spans = spans and Spans({x - (x > a): table for x, table in spans.tables.items()})
        a -= 1
    return extents, places, axis, spans
