"""What the picture of a comparison shows: both numbers where they differ, and a colour for what one side has alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from ..escape import one_line
from ..model.difference import MADE, NUMBER, ONLY_A, ONLY_B, SAME, Difference, Pair, relative, ulps
from ..model.graph import Edge, Graph, Node
from ..model.matching import FREE
from ..model.union import joined
from ..notation.numbers import brief, show
from .sketch import NAME_LIMIT, Box, Line, Look, Row, Sketcher


@dataclass(frozen=True)
class Sides:
    """What is compared, and what the sides are called."""

    found: Difference
    names: tuple[str, str]

    @property
    def pairs(self) -> list[Pair]:
        """For each value of the graph that is drawn its pair."""
        return self.found.pairs

    @cached_property
    def operands(self) -> list[tuple[int, ...]]:
        """For each of them its operands, those of either side."""
        return joined(self.found)


class Compared(Sketcher):
    """Draws the boxes of a comparison."""

    def __init__(self, sides: Sides, graph: Graph, look: Look) -> None:
        self.sides = sides
        super().__init__(graph, look)
        self.at = {node.id: node.members[0] for node in graph.nodes if node.kind != "fold"}

    def pair(self, node: Node) -> Pair:
        """The pair that a value of the picture stands for."""
        return self.sides.pairs[node.members[0]]

    # ------------------------------------------------------------ boxes

    def value_rows(self, node: Node) -> list[Row]:
        p, (a, b) = self.pair(node), (self.sides.found.a, self.sides.found.b)
        name = one_line(node.name, NAME_LIMIT)
        rows = [Row(name, bold=True)] if node.label.strip() else [self.wide(name)]
        if p.status in (ONLY_A, ONLY_B):
            one, at = (a, p.a) if p.status == ONLY_A else (b, p.b)
            rows.append(self.wide(f"only in {self.sides.names[p.status == ONLY_B]}"))
            return [
                *rows,
                self.key("data", show(one.data[at], self.look.precision)),
                self.key("grad", show(one.grads[at], self.look.precision)),
            ]
        if p.status == MADE:
            rows.append(self.wide("made in another way"))
        rows.append(self.key("data", self.both(a.data[p.a], b.data[p.b], p.data)))
        rows.append(self.key("grad", self.both(a.grads[p.a], b.grads[p.b], p.grad or not self.sides.found.grads)))
        return rows

    def both(self, x: float, y: float, differ: bool) -> str:
        """One number where they are the same; two, with more digits where that tells them apart."""
        if not differ:
            return show(x, self.look.precision)
        digits = next((d for d in range(self.look.precision, 18) if show(x, d) != show(y, d)), 17)
        return f"{show(x, digits)} | {show(y, digits)}"

    def fold_rows(self, node: Node) -> list[Row]:
        pairs = [self.sides.pairs[k] for k in node.members]
        rows = [Row(one_line(node.op, NAME_LIMIT), bold=True), *map(self.wide, node.lines)]
        other = [p for p in pairs if p.status != SAME]
        if not other:
            return [*rows, self.wide(f"{len(pairs):,} alike")]
        rows.append(self.wide(f"{len(other):,} of {len(pairs):,} differ"))
        rows += [self.key(what, f"up to {brief(far)} relative") for what in ("data", "grad") if (far := self.farthest(other, what)) > 0]
        return rows

    def farthest(self, pairs: list[Pair], what: str) -> float:
        """The largest relative difference."""
        a, b = self.sides.found.a, self.sides.found.b
        if what == "data":
            return max((relative(a.data[p.a], b.data[p.b]) for p in pairs if p.data), default=0.0)
        return max((relative(a.grads[p.a], b.grads[p.b]) for p in pairs if p.grad), default=0.0)

    def circle(self, node: Node) -> Box:
        node = self._signed(node)
        return super().circle(node)

    def _signed(self, node: Node) -> Node:
        """The node with the sign of its side, of both where they differ."""
        p, found = self.pair(node), self.sides.found
        ours = found.a.sign(p.a) if p.a != FREE and found.a.operands[p.a] else ""
        theirs = found.b.sign(p.b) if p.b != FREE and found.b.operands[p.b] else ""
        sign = ours if ours == theirs or not theirs else theirs if not ours else f"{ours} | {theirs}"
        return _Signed(sign, node)  # type: ignore[return-value]

    def paint(self, node: Node) -> tuple[str, str, float]:
        c = self.colours
        pairs = [self.sides.pairs[k] for k in node.members]
        kinds = {p.status for p in pairs}
        firsts = (self.sides.found.first, self.sides.found.first_grad)
        width = 3.5 if any(p is first for p in pairs for first in firsts) else 1.0
        if kinds == {ONLY_A}:
            return c.leaf, c.leaf_line, width
        if kinds == {ONLY_B}:
            return c.fold, c.fold_line, width
        if kinds == {SAME}:
            return c.value, c.value_line, width
        return c.root, c.root_line, width

    def box(self, node: Node) -> Box:
        made = super().box(node)
        kinds = {self.sides.pairs[k].status for k in node.members}
        made.css += " same" if kinds == {SAME} else " differs"
        return made

    # ------------------------------------------------------------ lines and words

    def edge(self, edge: Edge) -> Line:
        made = super().edge(edge)
        if edge.src in self.at and edge.dst in self.at and (where := self.only(self.at[edge.src], self.at[edge.dst])):
            made.text, made.tip = where, f"{made.tip.partition(', operand')[0]}, {where}"
        return made

    def only(self, src: int, dst: int) -> str:
        """Where one side alone reads an operand that both have: which side."""
        p, q, found = self.sides.pairs[src], self.sides.pairs[dst], self.sides.found
        if FREE in (p.a, p.b, q.a, q.b):
            return ""
        left, right = p.a in found.a.operands[q.a], p.b in found.b.operands[q.b]
        return "" if left == right else f"only in {self.sides.names[right]}"

    def tip(self, node: Node) -> str:
        if node.kind == "fold":
            return "\n".join(row.text + (f" {row.number}" if row.number else "") for row in self.fold_rows(node))
        p, found, digits = self.pair(node), self.sides.found, 17
        lines = []
        for name, one, at in zip(self.sides.names, (found.a, found.b), (p.a, p.b), strict=True):
            if at != FREE:
                made = one.formula(at, self.look.precision)
                lines.append(f"{name}: {one.told[at]} = {f'{one_line(made, 80)} = ' if made else ''}{show(one.data[at], digits)}")
                lines.append(f"{name}: {one.told[at]}.grad = {show(one.grads[at], digits)}")
        if p.data:
            lines.append(f"data {apart(found.a.data[p.a], found.b.data[p.b])}")
        if p.grad:
            lines.append(f"grad {apart(found.a.grads[p.a], found.b.grads[p.b])}")
        return "\n".join(lines)

    def notes(self) -> list[str]:
        found, (a, b) = self.sides.found, self.sides.names
        kinds = {p.status for p in found.pairs}
        said = {
            SAME: "grey: alike",
            NUMBER: f"orange: other numbers ({a} | {b})" + (", or made in another way" if MADE in kinds else ""),
            ONLY_A: f"blue: only in {a}",
            ONLY_B: f"violet: only in {b}",
        }
        shown = kinds | ({NUMBER} if MADE in kinds else set())
        legend = "; ".join(text for kind, text in said.items() if kind in shown)
        legend += "; a thick frame: where they first part" if not found.alike else ""
        folded = f"{self.graph.note}; a double frame holds several values" if self.graph.note else ""
        return [note for note in (folded, legend) if note]


def apart(x: float, y: float) -> str:
    """How far two numbers are from each other."""
    return f"{far(x, y)} ulp{'s' * (ulps(x, y) != 1)} apart, relative {show(relative(x, y), 3)}"


def far(x: float, y: float) -> str:
    """How many doubles lie between two numbers, in few characters."""
    count = ulps(x, y)
    return "∞" if count == math.inf else f"{count:,.0f}" if count < 1e6 else f"{count:.2e}".replace("e+", "e")


class _Signed:
    """A node whose sign is another."""

    def __init__(self, sign: str, node: Node) -> None:
        self.sign, self._node = sign, node

    def __getattr__(self, name: str) -> object:
        return getattr(self._node, name)
