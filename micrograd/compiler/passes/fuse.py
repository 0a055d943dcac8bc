"""Fuse: chains of + become n-ary sums, products that only a sum uses become its terms, and every unit gets its level.

A unit is what is left: either one op of its arguments, or `Σ aₖ·bₖ + Σ cⱼ`. A unit's level is the longest path to it from the
leaves. Fusing adds up in another order than the eager engine, so the last bits may differ; `exact` skips it. A 0.0 among the terms
is left out, but for this: it makes a sum of -0.0 alone a 0.0 (`Unit.zero`).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.show import bare, called, shortened
from micrograd.compiler.tracing.scalars import Scalars
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


OTHER, MUL, DOT, ADD, SUM = range(5)
KINDS = {ops.mul: MUL, ops.dot: DOT, ops.add: ADD, ops.sum_: SUM}
NONE = array("i")  # shared: never appended to


class Units(list[Unit]):
    """The units of a graph, arguments before users."""

    def __init__(self, graph: Scalars, units: list[Unit]) -> None:
        super().__init__(units)
        self.graph = graph

    def told(self) -> str:
        """What was fused."""
        absorbed = np.count_nonzero(self.graph.absorbed)
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
    """The units of a graph."""
    found = Units(graph, _units(graph))
    return found, found.told()


def _units(graph: Scalars) -> list[Unit]:
    """The units, by their ids: so arguments are before users.

    A sum takes in the sums and products that nobody else uses; then its terms are those of all these, in the order of the nodes that
    they were arguments of.
    """
    if not graph.code:
        graph.absorbed = np.zeros(len(graph), dtype=np.int32)
        return []
    first, constants = len(graph.leaves), len(graph.data)
    code, arg = np.frombuffer(graph.code, dtype=np.int32), np.frombuffer(graph.args, dtype=np.int32)
    counts = graph.counts()
    start = np.cumsum(counts, dtype=np.int32) - counts
    kind = np.array([OTHER if graph.exact else KINDS.get(op, OTHER) for op in graph.ops], dtype=np.int8)[code]
    owner = np.repeat(np.arange(len(code), dtype=np.int32), counts)  # of each argument; nodes are counted from 0 here
    plain = (kind >= ADD)[owner]  # the arguments of sums, of which those that are taken in go, and zeros
    data = np.array(graph.data, dtype=np.float64)[::-1]
    zero = np.flatnonzero(plain & (arg < 0))
    zero = zero[data[arg[zero] + constants] == 0.0]
    positive = owner[zero[~np.signbit(data[arg[zero] + constants])]]
    taken = _taken(graph, arg, owner, kind, plain)
    plain[zero] = plain[taken] = False
    parent = np.arange(len(code), dtype=np.int32)
    parent[arg[taken] - first] = owner[taken]
    graph.absorbed = np.zeros(len(graph), dtype=np.int32)
    graph.absorbed[arg[taken]] = owner[taken] + first
    root = tops(parent)

    added = np.flatnonzero(plain)
    alone = (kind == ADD) & (np.bincount(owner[added], minlength=len(code)) == 2)
    added = added[np.argsort(root[owner[added]], kind="stable")]
    a, b, into = _products(arg, start, counts, kind, taken, root, first)
    plus, pairs = array("i", arg[added].tobytes()), array("i", np.stack([a, b], axis=1).tobytes())
    zeros = np.zeros(len(code), dtype=bool)
    zeros[root[positive]] = True

    whole = np.flatnonzero(parent == np.arange(len(code)))
    stops = [np.cumsum(np.bincount(of, minlength=len(code)))[whole].tolist() for of in (root[owner[added]], into)]
    sums = ((kind >= DOT) & ~alone)[whole].tolist()
    level = array("i", bytes(4 * len(graph)))
    known, args, at = graph.ops, graph.args, level.__getitem__
    found = []
    p = q = 0
    for i, is_sum, op, k, n, stop_p, stop_q, z in zip(
        (whole + first).tolist(), sums, code[whole].tolist(), start[whole].tolist(), counts[whole].tolist(), *stops, zeros[whole].tolist(),
        strict=True,
    ):  # fmt: skip
        if is_sum:
            u = Unit(i, None, plus[p:stop_p], pairs[2 * q : 2 * stop_q], 0, z)
            u.level = 1 + max(max(map(at, u.args), default=0), max(map(at, u.pairs), default=0))
        else:
            u = Unit(i, known[op], args[k : k + n], NONE, 0, False)
            u.level = 1 + max(map(at, u.args))
        level[i] = u.level
        found.append(u)
        p, q = stop_p, stop_q
    return found


def _taken(graph: Scalars, arg: Any, owner: Any, kind: Any, added: Any) -> Any:
    """Which arguments of sums become a part of them: sums and products with no other user, that get a gradient if it does."""
    first, constants = len(graph.leaves), len(graph.data)
    uses = np.bincount(arg + constants, minlength=len(graph))
    uses[np.array(graph.roots, dtype=np.int64) + constants] = 2
    once = uses == 1
    del uses
    wanted = np.frombuffer(graph.wanted, dtype=np.int8)
    found = np.flatnonzero(added & (arg >= first)).astype(np.int32)
    found = found[kind[arg[found] - first] != OTHER]
    mine = once[arg[found] + constants] & (wanted[arg[found]] == wanted[owner[found] + first])
    return found[mine]


def _products(arg: Any, start: Any, counts: Any, kind: Any, taken: Any, root: Any, first: int) -> tuple[Any, Any, Any]:
    """The factors of all products that are terms, and the sum that each is in, sorted by that."""
    node = arg[taken] - first
    mul = kind[node] == MUL
    place, node = taken[mul], node[mul]
    a, b = arg[start[node]], arg[start[node] + 1]
    dots = np.flatnonzero(kind == DOT)
    if len(dots):
        half = counts[dots] // 2
        at = np.zeros(len(kind), dtype=np.int64)
        at[arg[taken] - first] = taken
        each = np.repeat(dots, half)
        term = np.arange(len(each)) - np.repeat(np.cumsum(half) - half, half)
        a = np.concatenate([a, arg[start[each] + term]])
        b = np.concatenate([b, arg[start[each] + np.repeat(half, half) + term]])
        place, node = np.concatenate([place, at[each]]), np.concatenate([node, each])
    order = np.lexsort((place, root[node])) if len(dots) else np.argsort(root[node], kind="stable")
    return a[order], b[order], root[node][order]


def tops(parent: Any) -> Any:
    """Where each comes to by going from parent to parent: in as many turns as the logarithm of the longest way."""
    while True:
        further = parent[parent]
        if (further == parent).all():
            return parent
        parent = further
