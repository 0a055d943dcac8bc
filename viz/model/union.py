"""Two compared graphs as one, to be drawn: every pair once, what one side has alone beside it; folded so that what differs is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .boxes import TOP, Boxes, grow, opened
from .difference import SAME, Difference
from .fold import partition
from .graph import Graph, Inside, materialise
from .matching import FREE
from .told import Told

SOURCES = 200  # places of difference that are looked at for opening
FIRST = 4  # the way to the first one is opened even where that takes so many budgets


def union(found: Difference, budget: int) -> Graph:
    """The graph of both: a value for each pair, in their order."""
    a, b = found.a, found.b
    pairs = found.pairs
    place_a, place_b = _places(found)
    values = [a.values[p.a] if p.a != FREE else b.values[p.b] for p in pairs]
    operands = joined(found)
    roots = list(dict.fromkeys([place_a[i] for i in a.roots] + [place_b[j] for j in b.roots]))
    told = Told(values, operands, [], {id(v): k for k, v in enumerate(values)}, {}, values)
    boxes = grow(values, operands, roots, room=budget, deep=True)
    is_open = _opened(boxes, found, budget)
    names = _namer(values, found.named)
    plan = partition(boxes, is_open)
    if len(plan.groups) < len(values):
        plan.note = f"{len(values):,} values shown as {len(plan.groups):,} boxes"
    graph = materialise(told, roots, plan, names)
    if boxes.parent:
        graph.inside = Inside(told, roots, names, boxes, is_open)
    return graph


def joined(found: Difference) -> list[tuple[int, ...]]:
    """The operands of each pair, as places among the pairs: those of either side."""
    a, b = found.a, found.b
    place_a, place_b = _places(found)
    operands: list[tuple[int, ...]] = []
    for p in found.pairs:
        mine = [place_a[o] for o in a.operands[p.a] if o in place_a] if p.a != FREE else []
        if p.b != FREE and p.status != SAME:
            mine += [k for o in b.operands[p.b] if (k := place_b.get(o, -1)) >= 0 and k not in mine]
        operands.append(tuple(mine))
    return operands


def missing(found: Difference, which: int) -> set[tuple[int, int]]:
    """(operand, user) of the joined graph that side 0 or 1 has not, as places among the pairs."""
    side, mine = (found.a, found.b)[which], _places(found)[which]
    gone = set[tuple[int, int]]()
    for user, (p, operands) in enumerate(zip(found.pairs, joined(found), strict=True)):
        at = (p.a, p.b)[which]
        has = {mine[o] for o in side.operands[at] if o in mine} if at != FREE else set[int]()
        for operand in operands:
            q = found.pairs[operand]
            if at == FREE or (q.a, q.b)[which] == FREE or (p.status != SAME and operand not in has):
                gone.add((operand, user))
    return gone


def _places(found: Difference) -> tuple[dict[int, int], dict[int, int]]:
    """For the places of either side those among the pairs."""
    return {p.a: k for k, p in enumerate(found.pairs) if p.a != FREE}, {p.b: k for k, p in enumerate(found.pairs) if p.b != FREE}


def _namer(values: list[Any], names: list[str]) -> Callable[[Any], str]:
    known = {id(value): name for value, name in zip(values, names, strict=True)}
    return lambda value: known.get(id(value), "")


def _opened(boxes: Boxes, difference: Difference, budget: int) -> list[int]:
    """The boxes on the way to what differs, the first differences first; all where there is room."""
    inside = boxes.inside()
    if len(boxes.of) <= budget:
        return opened(boxes, budget=budget)
    pairs = difference.pairs
    firsts = [p for p in (difference.first, difference.first_grad) if p is not None]
    sources = [k for first in firsts for k, p in enumerate(pairs) if p is first]
    sources += [k for k, p in enumerate(pairs) if p.status != SAME and p.source]
    sources += [k for k, p in enumerate(pairs) if p.status != SAME and p.grad_source]
    if not sources:
        return opened(boxes, budget=budget)
    seen, found = len(inside[TOP]), set[int]()
    for k in sources[:SOURCES]:
        way = []
        box = boxes.of[k]
        while box != TOP:
            if box not in found:
                way.append(box)
            box = boxes.parent[box]
        cost = sum(len(inside[box]) - 1 for box in way)
        if seen + cost <= (budget if found else FIRST * budget):
            seen += cost
            found.update(way)
    return sorted(found)
