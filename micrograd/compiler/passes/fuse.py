"""Fuse: chains of + become n-ary sums, products that only a sum uses become its terms, and every unit gets its level.

A unit is what is left: either one op of its arguments, or `Σ aₖ·bₖ + Σ cⱼ`. A unit's level is the longest path to it from the
leaves. Fusing adds up in another order than the eager engine, so the last bits may differ; `exact` skips it. A 0.0 among the terms
is left out, but for this: it makes a sum of -0.0 alone a 0.0 (`Unit.zero`).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import copysign
from typing import Any

from micrograd import ops
from micrograd.compiler.passes.scalars import Scalars
from micrograd.compiler.program.show import bare, called, shortened
from micrograd.ops.op import Op


@dataclass(slots=True)
class Unit:
    """op(args), or with op None the sum of args and of pairs[0]·pairs[1] + pairs[2]·pairs[3] + …; id: of the node that it computes."""

    id: int
    op: Op | None
    args: array[int]
    pairs: array[int]
    level: int
    zero: bool  # a sum that begins with 0.0


_Sum = tuple["array[int]", "array[int]"]  # what is added; the factors of the products


NONE = array("i")  # shared: never appended to


class Units(list[Unit]):
    """The units of a graph, arguments before users."""

    def __init__(self, graph: Scalars, units: list[Unit]) -> None:
        super().__init__(units)
        self.graph = graph

    def told(self) -> str:
        """What was fused."""
        absorbed = sum(map(bool, self.graph.absorbed))
        levels = max((u.level for u in self), default=0)
        return f"{absorbed:,} results became terms of others: {len(self):,} units in {levels} levels"

    def __str__(self) -> str:
        return "\n".join([self.told(), *shortened(len(self), lambda k: f"  {self[k].level:3}  {self.line(self[k])}")])

    __repr__ = __str__

    def line(self, u: Unit) -> str:
        """A unit as an equation."""
        name = self.graph.name
        if u.op is not None:
            return f"{name(u.id)} = {bare(called(u.op, [name(a) for a in u.args]))}"
        factors = iter(u.pairs)
        terms = [f"{name(a)} · {name(b)}" for a, b in zip(factors, factors, strict=True)] + [name(a) for a in u.args]
        return f"{name(u.id)} = {'0 + ' if u.zero else ''}{' + '.join(terms)}"


def fuse(graph: Scalars) -> tuple[Units, str]:
    """The units of a graph. Its ids are in them from here on, and no longer in the Values."""
    try:
        found = Units(graph, _Fuser(graph).units)
    finally:
        graph.forget()
    return found, found.told()


class _Fuser:
    """One pass over the nodes. `sums` and `products`: nodes that may yet become a part of their only user."""

    def __init__(self, graph: Scalars) -> None:
        n, exact = len(graph), graph.exact
        self.level = array("i", bytes(4 * n))
        self.uses = bytearray(n)  # 0, 1, or 2 for many
        self.absorbed = graph.absorbed = array("i", bytes(4 * n))  # a sum that went into another → that one, else 0
        self.wanted = graph.wanted
        self.zeros = {-1 - i: copysign(1.0, x) == 1.0 for i, x in enumerate(graph.data) if x == 0.0}  # → whether it is 0.0, not -0.0
        self.positive: set[int] = set()  # sums in which a 0.0 was left out
        self.sums: dict[int, _Sum] = {}
        self.products: dict[int, tuple[int, int]] = {}
        self.alone: set[int] = set()  # sums that are a single + of two things
        self.units: list[Unit] = []
        uses = self.uses
        for v in graph.nodes:
            for a in v.args:
                place: Any = a._mark
                if uses[place] < 2:
                    uses[place] += 1
        for kept in graph.roots:
            uses[kept] = 2
        adds = () if exact else (ops.add, ops.sum_)
        for v in graph.nodes:
            op: Any = v.op
            i: Any = v._mark
            found: Any = [a._mark for a in v.args]
            if op in adds:
                self._sum(i, found, op is ops.sum_)
            elif op is ops.dot and not exact:
                self._settle_all(found)
                half = len(found) // 2
                pairs = [a for pair in zip(found[:half], found[half:], strict=True) for a in pair]
                self.sums[i] = array("i"), array("i", pairs)
            else:
                self._settle_all(found)
                if op is ops.mul and not exact:
                    self.products[i] = found
                else:
                    self._unit(i, op, array("i", found), NONE)
        self._settle_all([*self.sums, *self.products])

    def _sum(self, i: int, found: list[int], many: bool) -> None:
        """A + or a Σ: takes in sums and products that nobody else uses."""
        plus, pairs = array("i"), array("i")
        for a in found:
            mine = self.uses[a] == 1 and self.wanted[a] == self.wanted[i]
            if mine and a in self.sums:
                inner = self.sums.pop(a)
                self.absorbed[a] = i
                many = True
                if a in self.positive:
                    self.positive.add(i)
                if len(inner[0]) + len(inner[1]) > len(plus) + len(pairs):  # grow the longer list
                    plus, pairs, inner = *inner, (plus, pairs)
                plus.extend(inner[0])
                pairs.extend(inner[1])
            elif mine and a in self.products:
                pair = self.products.pop(a)
                self.absorbed[a] = i
                pairs.extend(pair)
            elif a in self.zeros:
                many = True
                if self.zeros[a]:
                    self.positive.add(i)
            else:
                self._settle(a)
                plus.append(a)
        self.sums[i] = plus, pairs
        if not many and not pairs:
            self.alone.add(i)

    def _settle_all(self, found: list[int]) -> None:
        for a in found:
            self._settle(a)

    def _settle(self, i: int) -> None:
        """The node cannot be part of its user: it becomes a unit."""
        if i in self.products:
            self._unit(i, ops.mul, array("i", self.products.pop(i)), NONE)
        elif i in self.sums:
            plus, pairs = self.sums.pop(i)
            self._unit(i, ops.add if i in self.alone else None, plus, pairs, i in self.positive)

    def _unit(self, i: int, op: Op | None, args: array[int], pairs: array[int], zero: bool = False) -> None:
        level = self.level
        level[i] = 1 + max([level[a] for found in (args, pairs) for a in found])
        self.units.append(Unit(i, op, args, pairs, level[i], zero))
