"""Fuse: chains of + become n-ary sums, products that only a sum uses become its terms, and every unit gets its level.

A unit is what is left: either one op of its arguments, or `Σ aₖ·bₖ + Σ cⱼ`. A unit's level is the longest path to it from the
leaves. Fusing adds up in another order than the eager engine, so the last bits may differ; `exact` skips it.
"""

from __future__ import annotations

from dataclasses import dataclass

from micrograd import ops
from micrograd.compiler.graph import Graph
from micrograd.op import Op

_SUMS = {id(ops.add), id(ops.sum_)}


@dataclass(slots=True)
class Unit:
    """op(args), or with op None the sum of left[k]·right[k] and of args. id: of the graph node that it computes."""

    id: int
    op: Op | None
    args: list[int]
    left: list[int]
    right: list[int]
    level: int


def fuse(graph: Graph, exact: bool = False) -> list[Unit]:
    """The units of a graph, arguments before users."""
    op, args, data = graph.op, graph.args, graph.data
    leaves = len(graph.leaves)
    uses = [0] * len(graph)
    for found in args:
        for a in found:
            uses[a] += 1
    for i in (*(o for o in graph.outputs if isinstance(o, int)), *(new for _, new in graph.assigns)):
        uses[i] += 2
    zero = [k == "c" and x == 0.0 for k, x in zip(graph.kinds, data, strict=True)]
    level = [0] * len(graph)
    sums: dict[int, tuple[list[int], list[int], list[int]]] = {}  # a sum that may go into its only user: its terms
    products: dict[int, tuple[int, int]] = {}
    alone: set[int] = set()  # sums that are a single + of two things
    units: list[Unit] = []

    def settle(i: int) -> None:
        """The node cannot be part of its user: it becomes a unit."""
        if i in products:
            a, b = products.pop(i)
            level[i] = 1 + max(level[a], level[b])
            units.append(Unit(i, ops.mul, [a, b], [], [], level[i]))
        elif i in sums:
            plus, left, right = sums.pop(i)
            level[i] = 1 + max([level[a] for found in (plus, left, right) for a in found], default=0)
            if i in alone:
                units.append(Unit(i, ops.add, plus, [], [], level[i]))
            else:
                units.append(Unit(i, None, plus, left, right, level[i]))

    for i in range(leaves, len(graph)):
        this, found = op[i], args[i]
        if not exact and id(this) in _SUMS:
            plus: list[int] = []
            left: list[int] = []
            right: list[int] = []
            many = id(this) != id(ops.add)
            for a in found:
                inner = sums.pop(a, None) if uses[a] == 1 and graph.wanted[a] == graph.wanted[i] else None
                if inner is not None:
                    many = True
                    graph.absorbed[a] = i
                    if len(inner[0]) + len(inner[1]) > len(plus) + len(left):  # grow the longer list
                        inner[0].extend(plus), inner[1].extend(left), inner[2].extend(right)
                        plus, left, right = inner
                    else:
                        plus.extend(inner[0]), left.extend(inner[1]), right.extend(inner[2])
                    continue
                pair = products.pop(a, None) if uses[a] == 1 and graph.wanted[a] == graph.wanted[i] else None
                if pair is not None:
                    graph.absorbed[a] = i
                    left.append(pair[0])
                    right.append(pair[1])
                elif a < leaves and zero[a]:
                    many = True
                else:
                    if a in sums or a in products:
                        settle(a)
                    plus.append(a)
            sums[i] = plus, left, right
            if not many and not left:
                alone.add(i)
        elif not exact and this is ops.dot:
            half = len(found) // 2
            for a in found:
                settle(a)
            sums[i] = [], list(found[:half]), list(found[half:])
        else:
            for a in found:
                if a in sums or a in products:
                    settle(a)
            if this is ops.mul and not exact:
                products[i] = found  # type: ignore[assignment]
                continue
            level[i] = 1 + max([level[a] for a in found])
            units.append(Unit(i, this, list(found), [], [], level[i]))
    for i in [*sums, *products]:
        settle(i)
    return units
