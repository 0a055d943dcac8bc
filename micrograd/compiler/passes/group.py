"""Level and group: units of one kind at one level become one loop; number every slot so that a loop writes a run of addresses.

A *family* is all units of a level with one op (sums of any length are one family), in the order in which the user's
code made them: its slots are neighbours. All of them get a gradient, or none does. A *group* is the part of a family whose units
take as many terms from the same families: one instruction. Its operands are columns of addresses, which `factor` reads as affine
functions.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.fuse import Unit, Units
from micrograd.compiler.passes.terms import Terms, terms_of
from micrograd.compiler.program import rule
from micrograd.compiler.program.instruction import LINE, Family
from micrograd.compiler.program.own_ops import by_hand, choose, row_of
from micrograd.compiler.program.rule import Rule
from micrograd.compiler.program.show import shortened, text_of
from micrograd.compiler.tracing.scalars import Scalars
from micrograd.ops.op import Op


@dataclass
class Loop:
    """out[i] (+)= Σₖ rule(columns[0][i, k], …); ids of graph nodes. A column that is one constant is a float.

    segments: where every output has a number of terms of its own, the place of each item's output in `out` (items in rows).
    rows: the lengths of the rows that the items are, one behind the other, if `rows` has found such.
    zero: the sum begins with 0.0.
    table, chosen: for each output the ids of rows, and the id of the number that says which of them is taken.
    """

    rule: Rule
    out: Any
    columns: list[Any]
    add: bool = False
    segments: Any = None
    fold: bool = False  # the second axis of the columns is summed over
    table: Any = None
    chosen: Any = None
    zero: bool = False
    rows: Any = None


RULES: dict[Op, Rule] = {ops.shift: rule.shift, ops.sum_: rule.left_to_right, ops.dot: rule.products_left_to_right}  # of rows of terms


@dataclass
class Numbering:
    """address[id] in the pool batched[id] (1 with a batch axis), and the runs of addresses that families are."""

    address: Any
    batched: Any
    sizes: list[int] = field(default_factory=lambda: [0, 0])
    families: list[Family] = field(default_factory=list)
    of: Any = None  # id → place in families

    def give(self, name: str, ids: Any, batch: bool) -> None:
        """The next run of addresses to these ids."""
        start = -(-self.sizes[batch] // LINE) * LINE
        if name in ("x", "c"):
            name += str(1 + sum(f.name[0] == name and f.name[1:].isdigit() for f in self.families))
        self.address[ids] = np.arange(start, start + len(ids))
        self.of[ids] = len(self.families)
        self.families.append(Family(name, start, len(ids), batch))
        self.sizes[batch] = start + len(ids)


@dataclass
class Loops:
    """The loops of a graph, in an order in which they can run, and where every slot is."""

    graph: Scalars
    loops: list[Loop]
    numbering: Numbering

    def told(self) -> str:
        """What became of the units."""
        return f"{len(self.loops)} loops, over {len(self.numbering.families)} families of neighbours"

    def __str__(self) -> str:
        return "\n".join([self.told(), *shortened(len(self.loops), lambda k: "  " + self.line(self.loops[k]))])

    __repr__ = __str__

    def line(self, loop: Loop) -> str:
        """A loop as an equation between families."""

        def family(ids: Any) -> str:
            return "[…]" if isinstance(ids, float) else self.numbering.families[self.numbering.of[ids.flat[0]]].name

        columns = [loop.table, loop.chosen] if loop.table is not None else loop.columns
        operands = [f"{c:g}" if isinstance(c, float) else family(c) for c in columns]
        text = f"{operands[0]}[{operands[1]}]" if loop.table is not None else text_of(loop.rule, operands, "")
        many = "Σ " if loop.segments is not None or (loop.fold and loop.rule.fold != "shift") else ""
        count = f"{len(loop.out):,} " + ("" if loop.segments is None else f"of {len(loop.segments):,} terms in all")
        return f"{family(loop.out)} {'+=' if loop.add else ' ='} {many}{text}   × {count}".rstrip()


_Sum = tuple[Unit, Terms]


def group(units: Units) -> tuple[Loops, str]:
    """Units of one kind at one level become one loop. The units are used up."""
    found = Loops(units.graph, *_grouped(units.graph, units))
    return found, found.told()


def _grouped(graph: Scalars, units: list[Unit]) -> tuple[list[Loop], Numbering]:
    batched = np.frombuffer(graph.batched, dtype=bool)
    numbering = Numbering(np.full(len(graph), -1, dtype=np.int32), batched)
    numbering.of = np.full(len(graph), -1, dtype=np.int32)
    start = 0
    for name, size in graph.blocks:
        if size:
            numbering.give(name, np.arange(start, start + size), bool(batched[start]))
        start += size
    units.sort(key=lambda u: (u.level, u.id), reverse=True)
    loops: list[Loop] = []
    made: dict[str, int] = {}
    kinds_of_terms: dict[Any, Any] = {}
    while units:
        level = units[-1].level
        families: dict[Any, list[_Sum]] = defaultdict(list)
        here: list[Unit] = []
        while units and units[-1].level == level:
            here.append(units.pop())
        for u, terms in terms_of(here, numbering, kinds_of_terms):
            kinds = tuple(kind if kind[0] != "rows" else "rows" for kind in terms)
            families[id(u.op), graph.batched[u.id], graph.wanted[u.id], kinds if u.op is None else ()].append((u, terms))
        for found in families.values():
            op = found[0][0].op
            name = "sum" if op is None else op.symbol if row_of(op) is by_hand and op.symbol.isidentifier() else op.name
            made[name] = made.get(name, 0) + 1
            numbering.give(f"{name}{made[name]}", _ids([u.id for u, _ in found]), bool(batched[found[0][0].id]))
            loops.extend(_tables(found, graph, numbering) if op is choose else _loops(found))
    for loop in loops:
        if loop.table is not None:
            continue
        read = [_constant(graph, c) for c in loop.columns]
        if not loop.fold or any(c.shape[1] == 1 for c in loop.columns) or not all(isinstance(c, float) for c in read):
            loop.columns = read  # (one column must be left to say how many terms there are)
        for c in loop.columns:
            if isinstance(c, float):
                continue
            new = c[numbering.address[c] < 0]
            if len(new):
                new = new[np.sort(np.unique(new, return_index=True)[1])]
                numbering.give("c", new, False)
    rest = _ids(sorted({i for i in graph.roots if i < 0 and numbering.address[i] < 0}))
    if len(rest):
        numbering.give("c", rest, False)
    return loops, numbering


def _loops(family: list[_Sum]) -> list[Loop]:
    """The groups of one family. Sums that come in three lengths or more share one segmented reduction."""
    parts: dict[Any, list[_Sum]] = defaultdict(list)
    for pair in family:
        parts[pair[0].zero, tuple((kind, len(columns[0])) for kind, columns in pair[1].items())].append(pair)
    alike: dict[Any, list[list[_Sum]]] = defaultdict(list)
    found: list[Loop] = []
    for (zero, key), sums in parts.items():
        op = sums[0][0].op
        if op is not None and row_of(op) not in RULES:
            found.append(_map(sums))
        else:
            alike[zero, tuple(kind if kind[0] != "rows" else "rows" for kind, _ in key)].append(sums)
    for same in alike.values():
        op = same[0][0][0].op
        whole = op is not None and row_of(op) is not ops.shift  # left to right: not to be interleaved
        if not whole and ((len(same) > 2 and max(map(len, same)) <= 64) or len(same) > 8):
            found.extend(_segmented(sorted((s for sums in same for s in sums), key=lambda s: s[0].id)))
        else:
            for sums in same:
                found.extend(_rows(sums))
    return found


def _map(sums: list[_Sum]) -> Loop:
    op = sums[0][0].op
    assert op is not None
    columns = [_ids(c) for c in zip(*(u.args for u, _ in sums), strict=True)]
    return Loop(rule.forward(op, len(columns)), _ids([u.id for u, _ in sums]), columns)


def _tables(sums: list[_Sum], graph: Scalars, numbering: Numbering) -> list[Loop]:
    """Look-ups: a group for each way in which the rows of a table lie behind one another."""
    address = numbering.address
    alike: dict[bytes, list[Unit]] = defaultdict(list)
    for u, _ in sums:
        rows = _ids(u.args[1:])
        new = np.unique(rows[address[rows] < 0])
        if len(new):
            numbering.give("c", new, False)
        jumps = address[rows] - address[rows[0]]
        alike[jumps.tobytes()].append(u)
    found = []
    for units in alike.values():
        table = _ids([u.args[1:] for u in units])
        out, chosen = _ids([u.id for u in units]), _ids([u.args[0] for u in units])
        found.append(Loop(rule.copy, out, [table[:, 0]], table=table, chosen=chosen))
    return found


def _rule(kind: str, u: Unit) -> Rule:
    if kind == "rows":
        assert u.op is not None
        return RULES.get(row_of(u.op), rule.left_to_right)
    return rule.copy if kind == "plus" else rule.product


def _rows(sums: list[_Sum]) -> list[Loop]:
    """Sums of one length each: their terms are rows."""
    out = _ids([u.id for u, _ in sums])
    loops: list[Loop] = []
    for kind in sums[0][1]:
        columns = [_matrix(c) for c in zip(*(terms[kind] for _, terms in sums), strict=True)]
        zero = sums[0][0].zero and not loops
        loops.append(Loop(_rule(kind[0], sums[0][0]), out, columns, add=bool(loops), fold=True, zero=zero))
    return loops


def _segmented(sums: list[_Sum]) -> list[Loop]:
    """Sums of different lengths: one item a term. Neighbours of one length are interleaved, so that they run as lanes."""
    out = _ids([u.id for u, _ in sums])
    loops: list[Loop] = []
    kinds = list(dict.fromkeys(kind[0] if kind[0] == "rows" else kind for _, terms in sums for kind in terms))
    for kind in kinds:
        columns = [next(c for k, c in terms.items() if k == kind or k[0] == kind) for _, terms in sums]
        lengths = np.array([len(c[0]) for c in columns])
        order = _interleaved(lengths, _lanes(lengths))
        segments = np.repeat(np.arange(len(sums)), lengths)[order]
        flat = [np.concatenate([_ids(c) for c in column])[order] for column in zip(*columns, strict=True)]
        by, zero = _rule(kind if kind == "rows" else kind[0], sums[0][0]), sums[0][0].zero and not loops
        loops.append(Loop(by, out, flat, add=bool(loops), segments=segments, zero=zero))
    return loops


def _lanes(lengths: Any) -> int:
    """The greatest number of neighbours that always have one length."""
    ends = np.flatnonzero(np.diff(lengths)) + 1
    return int(np.gcd.reduce(np.append(ends, len(lengths))))


def _interleaved(lengths: Any, lanes: int) -> Any:
    """The order of items in which each block of `lanes` sums is walked term by term, one lane after the other."""
    if lanes == 1:
        return np.arange(int(lengths.sum()))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    blocks = []
    for b in range(0, len(lengths), lanes):
        n = int(lengths[b])
        blocks.append(np.arange(starts[b], starts[b] + n * lanes).reshape(lanes, n).T.ravel())
    return np.concatenate(blocks)


def _constant(graph: Scalars, column: Any) -> Any:
    """The number, where a column is one constant all over."""
    if column.max() >= 0:
        return column
    numbers = {repr(graph.data[-1 - i]) for i in np.unique(column).tolist()}
    return graph.data[-1 - int(column.flat[0])] if len(numbers) == 1 else column


def _matrix(rows: tuple[array[int], ...]) -> Any:
    """Rows of as many ids each, side by side."""
    return np.frombuffer(b"".join(rows), dtype=np.int32).reshape(len(rows), -1)


def _ids(found: Any) -> Any:
    return np.array(found, dtype=np.int32)
