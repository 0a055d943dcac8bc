"""What a picture shows, before anything has a place: boxes with their rows, lines, frames, and the words below.

Everything has its size here, and so every layout (``place``) is given the same sizes and every drawing (``svg``, ``dot``) the same texts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..escape import one_line
from ..model.certain import Certain, Pair, meant, said
from ..model.graph import Edge, Graph, Node
from ..model.passes import sentence
from ..notation.formula import Name, Number
from ..notation.numbers import brief, inked, show, within
from ..notation.numbers import whole as full
from ..record import NamedTuple, field, record
from .heat import Scale
from .metrics import width
from .theme import LIGHT, Palette

SIZE, OP, NOTE = 11.0, 15.0, 10.0  # of the letters: in boxes, in circles, on edges
LINE, PAD_X, PAD_Y, GAP = 15.0, 8.0, 5.0, 10.0  # the height of a row; room around rows, and between a key and its number
DOUBLE = 4.0  # from one line of a double frame to the other
NAME_LIMIT, FRAME_LIMIT, WIDE_LIMIT = 28, 40, 60


class Look(NamedTuple):
    """How a graph is drawn; see `viz.draw` for what the options mean."""

    rankdir: str = "LR"
    partials: bool = False
    color: str = "kind"
    precision: int = 4
    ranks: str = ""
    aliases: bool = False  # show v1, v2, … on values without a label
    palette: Palette = LIGHT
    certain: Certain | None = None  # which digits are


class Row(NamedTuple):
    """One line of a box: a text in the middle, or a key at the left and its number at the right."""

    text: str
    number: str | None = None
    bold: bool = False
    fill: str = ""  # of the text, or of the key; the ink where it says nothing
    parts: tuple[str, str, str] | None = None  # of a number whose middle part is not certain, and drawn faint
    said: str = ""  # the same where there is one ink alone: 138.834 ± 3e-14

    @property
    def width(self) -> float:
        """The room that it needs, whatever font it is shown in."""
        wide = width(self.text, SIZE, self.bold)
        return wide if self.number is None else wide + GAP + width(self.number, SIZE)


@record
class Box:
    """A value, a fold or an operation."""

    id: str
    css: str
    rows: Sequence[Row]
    fill: str
    line: str
    pen: float
    tip: str
    w: float
    h: float
    size: float = SIZE
    double: bool = False
    radius: float = 6.0
    frame: str = ""  # path of the frame that it stands in


@record
class Line:
    """An edge, or the stem from an operation to its value."""

    id: str
    src: str
    dst: str
    tip: str = ""
    pen: float = 1.0
    arrow: bool = True
    text: str = ""
    way: str = ""  # as of an `Edge`

    @property
    def room(self) -> tuple[float, float]:
        """Width and height that its text needs, the space around it included."""
        return width(self.text, NOTE) + 8, 14.0


@record
class Frame:
    """An open scope or module around its boxes."""

    path: str
    parent: str
    text: str
    tip: str
    members: list[str] = field(default_factory=list)

    @property
    def room(self) -> float:
        """The width that its name needs."""
        return width(self.text, SIZE) + 8


@record
class Sketch:
    """All that is drawn, in the order of the graph."""

    look: Look
    boxes: list[Box]
    lines: list[Line]
    frames: list[Frame]
    dense: bool  # so many lines that they are drawn thin and straight
    notes: list[str]
    scale: Scale | None = None
    ranks: list[list[str]] = field(default_factory=list)  # boxes that stand beside each other

    @property
    def tint(self) -> str:
        """The colour of the local derivatives; a grey where colours tell the gradients."""
        palette = self.look.palette
        return palette.partial if self.scale is None else palette.muted


def sketch(graph: Graph, look: Look) -> Sketch:
    """What the picture of a graph shows."""
    return Sketcher(graph, look).made()


class Sketcher:
    """Makes the sketch of one graph."""

    def __init__(self, graph: Graph, look: Look) -> None:
        self.graph, self.look, self.colours = graph, look, look.palette
        self.by_id = {node.id: node for node in graph.nodes}
        self.roots = set(graph.roots)
        self.dense = len(graph.edges) > 4 * len(graph.nodes)
        self.scale = Scale.of([node.grad_abs for node in graph.nodes]) if look.color == "grad" else None
        # On a strong fill the softer colour of keys would be hard to read.
        self.soft = self.colours.muted if self.scale is None else self.colours.ink
        self.key = partial(Row, fill=self.soft)

    def made(self) -> Sketch:
        boxes: list[Box] = []
        lines: list[Line] = []
        for node in self.graph.nodes:
            if node.kind != "fold" and node.op:
                boxes.append(self.circle(node))
                lines.append(Line(f"{node.id}-stem", f"{node.id}-op", node.id, arrow=False))
            boxes.append(self.box(node))
        lines += [self.edge(edge) for edge in self.graph.edges]
        return Sketch(self.look, boxes, lines, self.frames(boxes), self.dense, self.notes(), self.scale, self.ranks())

    def frames(self, boxes: list[Box]) -> list[Frame]:
        made = []
        for cluster in self.graph.clusters:
            count = f" ×{cluster.count:,}" if cluster.count > 1 else ""
            name = (one_line(cluster.name, FRAME_LIMIT) or "scope") + count
            tip = cluster.path + (f"\n{cluster.count:,} calls drawn as one" if count else "")
            made.append(Frame(cluster.path, cluster.parent, name, tip, [box.id for box in boxes if box.frame == cluster.path]))
        return made

    # ------------------------------------------------------------ boxes

    def box(self, node: Node) -> Box:
        rows = self.fold_rows(node) if node.kind == "fold" else self.value_rows(node)
        fill, line, pen = self.paint(node)
        css = {"leaf": "node value leaf", "value": "node value", "fold": "node fold"}[node.kind]
        if node.id in self.roots:
            css += " root"
        if self.scale is not None:
            css += f" heat{self.scale.level(self.told(node))}"
        double = 2 * DOUBLE if node.kind == "fold" else 0.0
        w = max([row.width for row in rows], default=0.0) + 2 * PAD_X + double
        h = max(1, len(rows)) * LINE + 2 * PAD_Y + double
        return Box(
            node.id,
            css,
            rows,
            fill,
            line,
            pen,
            self.tip(node),
            max(w, 24.0),
            h,
            double=bool(double),
            radius=6 + double / 2,
            frame=node.cluster,
        )

    def circle(self, node: Node) -> Box:
        text = one_line(node.sign, NAME_LIMIT) or "?"
        single = len(text) == 1
        size, c = OP if single else SIZE, self.colours
        w, h = (24.5, 24.5) if single else (max(26.0, width(text, size) + 16), 21.0)
        return Box(
            f"{node.id}-op", "node op", [Row(text)], c.op, c.op_line, 1.0, self.tip(node), w, h,
            size=size, radius=h / 2, frame=node.cluster,
        )  # fmt: skip

    def told(self, node: Node) -> float:
        """The gradient that the colour tells; of several values the sum of the sizes, which has no sign."""
        return node.grad_abs if node.kind == "fold" else node.grad

    def paint(self, node: Node) -> tuple[str, str, float]:
        """Fill, outline and width of the outline. Where the fill tells the gradient, no other colour has a meaning."""
        colours = self.colours
        numbers = (node.data, node.grad) if node.kind != "fold" else (node.grad_abs,)
        drawn = node.value is not None or node.kind == "fold"
        line, width = colours.value_line, 1.0
        fill = colours.value
        if node.kind == "leaf":
            fill, line = colours.leaf, colours.leaf_line
        elif node.kind == "fold":
            fill, line = colours.fold, colours.fold_line
        if node.id in self.roots:
            fill, line, width = colours.root, colours.root_line, 2.0
        if self.scale is not None:
            level = self.scale.level(self.told(node))
            fill = colours.sum(level) if node.kind == "fold" else colours.heat(level)
            line = colours.op_line if node.id in self.roots else colours.value_line
        if drawn and not all(map(math.isfinite, numbers)):
            fill, line, width = colours.bad, colours.bad_line, 2.0
        return fill, line, width

    def value_rows(self, node: Node) -> list[Row]:
        rows = []
        name = one_line(node.label, NAME_LIMIT)
        if name:
            rows.append(Row(name, bold=True))
        elif self.look.aliases and node.alias:
            rows.append(self.wide(node.alias))
        if node.data == node.data or node.value is not None:
            proofs = self.proofs(node)
            rows.append(self.numbered("data", node.data, proofs[0]))
            if node.value is None or hasattr(node.value, "grad"):
                rows.append(self.numbered("grad", node.grad, proofs[1]))
        return rows + [self.wide(line) for line in node.lines]

    def proofs(self, node: Node) -> Pair:
        """What is certain of a value's data and gradient."""
        pair = self.look.certain(node.value) if self.look.certain is not None and node.value is not None else None
        return pair or (None, None)

    def numbered(self, key: str, x: float, proof: Any) -> Row:
        """A number; with all its digits where it is known which are certain."""
        if not meant(proof, x):
            return self.key(key, show(x, self.look.precision))
        text = show(x, full(x))
        return self.key(key, text, parts=inked(text, proof.digits), said=within(x, proof.digits, proof.error))

    def fold_rows(self, node: Node) -> list[Row]:
        rows = [Row(one_line(node.op, NAME_LIMIT), bold=True), *map(self.wide, node.lines)]
        if node.members:
            low, high = brief(node.low), brief(node.high)
            rows.append(self.key("data", low if low == high else f"{low} … {high}"))
            rows.append(self.key("Σ|grad|", brief(node.grad_abs)))
        return rows

    def wide(self, text: str) -> Row:
        return self.key(one_line(text, WIDE_LIMIT))

    # ------------------------------------------------------------ lines

    def edge(self, edge: Edge) -> Line:
        src, dst = self.by_id[edge.src], self.by_id[edge.dst]
        end = f"{dst.id}-op" if dst.kind != "fold" and dst.op else dst.id
        names = _name(src), _name(dst)
        made = Line(edge.id, src.id, end, f"{names[0]} → {names[1]}, operand {edge.index + 1}", 0.5 if self.dense else 1.0)
        made.way = edge.way
        if edge.way == "aside":
            made.pen, made.tip = 0.5, f"{names[1]} reads {names[0]}"
        if edge.count > 1:
            made.pen *= min(1 + math.log10(edge.count) / 2, 3)
            made.tip = f"{names[0]} → {names[1]}: {edge.count:,} edges"
        if edge.partial is not None:
            text = show(edge.partial, self.look.precision)
            made.tip += f"\n∂{names[1]}/∂{names[0]} = {text}"
            if self.look.partials:
                made.text = text
        return made

    def ranks(self) -> list[list[str]]:
        """Boxes that stand beside each other: all leaves, or all values of one depth."""
        if not self.look.ranks:
            return [list(row) for row in self.graph.rows]
        level: dict[str, int] = {}
        rows: dict[tuple[str, int], list[str]] = {}
        for node in self.graph.nodes:
            level[node.id] = max((level[a] + 1 for a in node.args if a in level), default=0)
            if self.look.ranks == "levels" or level[node.id] == 0:
                rows.setdefault((node.cluster, level[node.id]), []).append(node.id)
        return [row for (path, _), row in rows.items() if not path]

    def opened(self, nodes: Sequence[Node]) -> dict[str, Any]:
        """What a page has to know besides to open boxes: nothing. nodes: every thing that can be seen."""
        return {}

    # ------------------------------------------------------------ words

    def tip(self, node: Node) -> str:
        """What the mouse finds: the formula in names and in numbers, then value and gradient."""
        digits = self.look.precision
        if node.kind == "fold":
            lines = [node.op, *node.lines]
            if node.members:
                lines.append(f"{node.count:,} values from {show(node.low)} to {show(node.high)}")
                lines.append(f"Σ|grad| = {show(node.grad_abs, digits)}")
            return "\n".join(lines)
        lines = []
        if node.op:
            args = [self.by_id[id] for id in node.args]
            whole = all(arg.kind != "fold" for arg in args)
            if whole and len(args) <= 12:
                symbols = node.line([Name(_name(arg)) for arg in args], digits)
                numbers = node.line([Number(arg.data) for arg in args], digits)
                lines = [f"{_name(node)} = {symbols}", f"= {numbers} = {show(node.data, digits)}"]
        if not lines:
            lines = [f"{_name(node)} = {show(node.data, digits)}"] if node.value is not None else []
        if node.value is not None and hasattr(node.value, "grad"):
            lines.append(f"{_name(node)}.grad = {show(node.grad, digits)}")
        for key, x, proof in zip(("data", "grad"), (node.data, node.grad), self.proofs(node), strict=True):
            if meant(proof, x):
                lines.append(f"{key} {said(proof, x)}")
        return "\n".join([*lines, *node.lines]) or node.name

    def notes(self) -> list[str]:
        """The lines below the picture."""
        folded = f"{self.graph.note}; a double frame holds several values" if self.graph.note else ""
        added = sentence(self.graph.passes)
        return [note for note in (folded, added[:1].upper() + added[1:]) if note]


def _name(node: Node) -> str:
    return one_line(node.name, NAME_LIMIT)
