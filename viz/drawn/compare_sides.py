"""The two sides of a comparison, each in a picture of its own: what both have stands at the same place in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..escape import one_line
from ..model.difference import SAME
from ..model.graph import Node
from ..model.matching import FREE
from ..model.union import missing
from ..notation.numbers import brief, show
from ..record import replace
from .compare_sketch import Compared
from .sketch import NAME_LIMIT, Box, Line, Row, Sketch


class OneSide:
    """What a picture of both looks like with the numbers, operations and edges of side 0 or 1 alone."""

    def __init__(self, both: Compared, which: int) -> None:
        self.both, self.which = both, which
        self.found, self.name = both.sides.found, both.sides.names[which]
        self.side = (self.found.a, self.found.b)[which]
        self.gone = missing(self.found, which)

    def sketch(self, whole: Sketch) -> Sketch:
        """``whole``, the picture of both, without what this side has not."""
        graph = self.both.graph
        nodes = {node.id: node for node in graph.nodes}
        boxes = [made for box in whole.boxes if (made := self.box(nodes[box.id.removesuffix("-op")], box)) is not None]
        there = {box.id for box in boxes}
        kept = set[tuple[str, str]]()
        for user, operands in enumerate(self.both.sides.operands):
            for operand in operands:
                if (operand, user) not in self.gone:
                    kept.add((graph.nodes[graph.owner[operand]].id, graph.nodes[graph.owner[user]].id))
        lines = []
        for line in whole.lines:
            src, dst = line.src.removesuffix("-op"), line.dst.removesuffix("-op")
            if line.arrow and (src, dst) in kept:
                lines.append(self.line(line, there, dst))
            elif not line.arrow and line.src in there and line.dst in there:
                lines.append(line)
        frames = [frame for frame in whole.frames if there.intersection(frame.members)]
        return replace(whole, boxes=boxes, lines=lines, frames=frames, notes=[])

    @staticmethod
    def line(line: Line, there: set[str], dst: str) -> Line:
        """An edge, up to its value where the operation's sign is not there."""
        return replace(line, text="", tip=line.tip.partition(", only in")[0], dst=line.dst if line.dst in there else dst)

    def at(self, place: int) -> int:
        """Where a pair is on this side."""
        p = self.both.sides.pairs[place]
        return (p.a, p.b)[self.which]

    def box(self, node: Node, box: Box) -> Box | None:
        """A box of the picture of both, or an operation's sign, as it is here; None where it is not."""
        if all(self.both.sides.pairs[place].status == SAME for place in node.members):
            return box
        if node.kind == "fold":
            if all(self.at(place) == FREE for place in node.members):
                return None
            return replace(box, rows=self.fold_rows(node), tip="\n".join(" ".join(filter(None, row[:2])) for row in self.fold_rows(node)))
        at = self.at(node.members[0])
        if at == FREE:
            return None
        if not box.id.endswith("-op"):
            return replace(box, rows=self.rows(node, at), tip=self.tip(at))
        return replace(box, rows=[Row(self.sign(at))], tip=self.tip(at)) if self.side.operands[at] else None

    def sign(self, at: int) -> str:
        """The operation's sign."""
        return one_line(self.side.sign(at), NAME_LIMIT) or "?"

    def rows(self, node: Node, at: int) -> list[Row]:
        """Its name, its two numbers."""
        name = one_line(node.name, NAME_LIMIT)
        digits = self.both.look.precision
        p = self.both.pair(node)
        data, grad = show(self.side.data[at], digits), show(self.side.grads[at], digits)
        if FREE not in (p.a, p.b):  # as many digits as tell them apart
            data = self.both.both(self.found.a.data[p.a], self.found.b.data[p.b], p.data).split(" | ")[-1 if self.which else 0]
            grad = self.both.both(self.found.a.grads[p.a], self.found.b.grads[p.b], p.grad).split(" | ")[-1 if self.which else 0]
        rows = [Row(name, bold=True)] if node.label.strip() else [self.both.wide(name)]
        return [*rows, self.both.key("data", data), self.both.key("grad", grad)]

    def tip(self, at: int) -> str:
        """The formula, the number, the gradient."""
        side, name = self.side, self.side.told[at]
        made = one_line(side.formula(at, self.both.look.precision), 80)
        return f"{name} = {f'{made} = ' if made else ''}{show(side.data[at], 17)}\n{name}.grad = {show(side.grads[at], 17)}"

    def fold_rows(self, node: Node) -> list[Row]:
        """Of several values: what they are, from where to where they reach, how many are others on the other side."""
        pairs = self.both.sides.pairs
        here = [at for place in node.members if (at := self.at(place)) != FREE]
        numbers = [x for at in here if (x := self.side.data[at]) == x] or [float("nan")]
        low, high = brief(min(numbers)), brief(max(numbers))
        rows = [Row(one_line(node.op, NAME_LIMIT), bold=True), *map(self.both.wide, node.lines)]
        rows.append(self.both.key("data", low if low == high else f"{low} … {high}"))
        other = sum(pairs[place].status != SAME for place in node.members if self.at(place) != FREE)
        return [*rows, self.both.wide(f"{other:,} of {len(here):,} differ" if other else f"{len(here):,} alike")]


class Both(Compared):
    """Draws the boxes of a comparison, and knows what either side alone looks like."""

    def each(self) -> tuple[OneSide, OneSide]:
        """Either side alone; made anew, for one that was kept here would be a cycle."""
        return OneSide(self, 0), OneSide(self, 1)

    def opened(self, nodes: Sequence[Node]) -> dict[str, Any]:
        """For each side and thing [rows, tip, the operation's sign], 1 where it is as in the picture of both, 0 where it is not there.

        And the edges that the side has not.
        """
        each = self.each()
        gone = [[f"{operand},{user}" for operand, user in sorted(one.gone)] for one in each]
        return {"sides": [[self._thing(one, node) for node in nodes] for one in each], "gone": gone}

    def _thing(self, one: OneSide, node: Node) -> Any:
        whole = self.box(node)
        box = one.box(node, whole)
        if box is None or box is whole:
            return int(box is whole)
        at = one.at(node.members[0]) if node.kind != "fold" else FREE
        sign = one.sign(at) if at != FREE and one.side.operands[at] else ""
        return [[[row.text, row.number, int(row.bold), row.fill] for row in box.rows], box.tip, sign]
