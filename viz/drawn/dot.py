"""Graphs as DOT: the picture of `viz.draw`, and the classic one of `draw_dot`."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ..escape import label as html
from ..escape import one_line, quoted
from ..model.graph import Cluster, Edge, Graph, Node
from ..notation.formula import Name, Number
from ..notation.numbers import MINUS, brief, show
from ..notation.rows import circle
from .heat import Scale
from .theme import LIGHT, Palette

FONT = "Helvetica"  # the layout programs know its widths; `render` names others to fall back on
NAME_LIMIT = 28
PORTS = {"LR": ("e", "w"), "RL": ("w", "e"), "TB": ("s", "n"), "BT": ("n", "s")}  # where lines leave and enter


@dataclass(frozen=True)
class Look:
    """How a graph is drawn; see `viz.draw` for what the options mean."""

    rankdir: str = "LR"
    partials: bool = False
    color: str = "kind"
    precision: int = 4
    ranks: str = ""
    aliases: bool = False  # show v1, v2, … on values without a label
    palette: Palette = LIGHT


def source(graph: Graph, look: Look) -> str:
    """The DOT source of a picture."""
    return "\n".join(_Writer(graph, look).lines()) + "\n"


class _Writer:
    def __init__(self, graph: Graph, look: Look) -> None:
        self.graph, self.look, self.colours = graph, look, look.palette
        self.by_id = {node.id: node for node in graph.nodes}
        self.roots = set(graph.roots)
        shown = [node.grad_abs for node in graph.nodes]
        self.thin = False
        self.scale = Scale.of(shown) if look.color == "grad" else None

    def lines(self) -> list[str]:
        colours = self.colours
        dense = len(self.graph.edges) > 4 * len(self.graph.nodes)
        # Many lines at once are read as a fan of straight, thin ones, with room between the ranks.
        room, tip = ("0.35", "0.6")
        if dense:
            out, into = PORTS[self.look.rankdir]
            room = "1.8 splines=line outputorder=edgesfirst"
            tip = f"0.4 penwidth=0.5 tailport={out} headport={into}"
        self.thin = dense
        top = [
            "digraph {",
            f"graph [rankdir={self.look.rankdir} bgcolor={quoted(colours.paper)} pad=0.25 "
            f"nodesep=0.22 ranksep={room} fontname={quoted(FONT)}]",
            f'node [fontname={quoted(FONT)} fontsize=11 fontcolor={quoted(colours.ink)} margin="0.1,0.05" height=0.3]',
            f"edge [fontname={quoted(FONT)} fontsize=10 fontcolor={quoted(colours.partial)} color={quoted(colours.line)} arrowsize={tip}]",
        ]
        edges = [self.edge(edge) for edge in self.graph.edges]
        caption = self.caption()  # after the clusters, which would inherit it
        end = [f"labelloc=b labeljust=l fontsize=11 label=<{caption}>", "}"] if caption else ["}"]
        return [*top, *self.clusters(), *self.ranks(), *edges, *end]

    # ------------------------------------------------------------ clusters

    def clusters(self) -> list[str]:
        children: dict[str, list[Cluster]] = {}
        for cluster in self.graph.clusters:
            children.setdefault(cluster.parent, []).append(cluster)
        made: list[str] = []
        inside = {id for cluster in self.graph.clusters for id in cluster.members}
        for node in self.graph.nodes:
            if node.id not in inside:
                made += self.node(node)
        number = 0
        stack: list[Cluster | None] = list(reversed(children.get("", [])))
        while stack:
            inner = stack.pop()
            if inner is None:
                made.append("}")
                continue
            made += self.open(inner, number)
            number += 1
            for id in inner.members:
                made += self.node(self.by_id[id])
            stack += [None, *reversed(children.get(inner.path, []))]
        return made

    def open(self, cluster: Cluster, number: int) -> list[str]:
        colours = self.colours
        count = f" ×{cluster.count:,}" if cluster.count > 1 else ""
        label = html(one_line(cluster.name, NAME_LIMIT) or "scope") + count
        tip = cluster.path + (f"\n{cluster.count:,} calls drawn as one" if count else "")
        return [
            f"subgraph cluster_{number} {{",
            f'id="c{number}" style="rounded,filled" margin=10 labelloc=t labeljust=l '
            f"fillcolor={quoted(colours.cluster)} pencolor={quoted(colours.cluster_line)} "
            f"fontcolor={quoted(colours.muted)} fontname={quoted(FONT)} fontsize=11 "
            f"label=<{label}> tooltip={quoted(tip)}",
        ]

    # ------------------------------------------------------------ nodes

    def node(self, node: Node) -> list[str]:
        if node.kind == "fold":
            return [self.box(node, self.fold_label(node), 'style="rounded,filled" peripheries=2')]
        made = [self.box(node, self.value_label(node), 'style="rounded,filled"')]
        if node.op:
            made += [self.circle(node), self.stem(node)]
        return made

    def box(self, node: Node, label: str, shape: str) -> str:
        fill, line, width = self.paint(node)
        kind = {"leaf": "value leaf", "value": "value", "fold": "fold"}[node.kind]
        if node.id in self.roots:
            kind += " root"
        if self.scale is not None:
            kind += f" heat{self.scale.level(node.grad_abs)}"
        return (
            f'{node.id} [id="{node.id}" class="{kind}" shape=box {shape} label=<{label}> '
            f"fillcolor={quoted(fill)} color={quoted(line)} penwidth={width} "
            f"tooltip={quoted(self.tip(node))}]"
        )

    def paint(self, node: Node) -> tuple[str, str, float]:
        """Fill, outline and width of the outline."""
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
            fill = colours.heat[self.scale.level(node.grad_abs)]
        if drawn and not all(map(math.isfinite, numbers)):
            fill, line, width = colours.bad, colours.bad_line, 2.0
        return fill, line, width

    def value_label(self, node: Node) -> str:
        rows = []
        name = one_line(node.label, NAME_LIMIT)
        if name:
            rows.append(f'<TR><TD COLSPAN="2"{_room(name)}><B>{html(name)}</B></TD></TR>')
        elif self.look.aliases and node.alias:
            rows.append(self.wide(node.alias))
        if node.data == node.data or node.value is not None:
            rows += [self.row("data", show(node.data, self.look.precision))]
            if node.value is None or hasattr(node.value, "grad"):
                rows += [self.row("grad", show(node.grad, self.look.precision))]
        rows += [self.wide(line) for line in node.lines]
        return _table(rows)

    def fold_label(self, node: Node) -> str:
        title = one_line(node.op, NAME_LIMIT)
        rows = [f'<TR><TD COLSPAN="2"{_room(title)}><B>{html(title)}</B></TD></TR>']
        rows += [self.wide(line) for line in node.lines]
        if node.members:
            low, high = brief(node.low), brief(node.high)
            rows.append(self.row("data", low if low == high else f"{low} … {high}"))
            rows.append(self.row("Σ|grad|", brief(node.grad_abs)))
        return _table(rows)

    def row(self, key: str, text: str) -> str:
        # On a strong fill the softer colour of keys would be hard to read.
        colour = self.colours.muted if self.scale is None else self.colours.ink
        return f'<TR><TD ALIGN="LEFT"><FONT COLOR="{colour}">{key}  </FONT></TD><TD ALIGN="RIGHT">{_ascii(html(text))}</TD></TR>'

    def wide(self, text: str) -> str:
        colour = self.colours.muted if self.scale is None else self.colours.ink
        text = one_line(text, 44)
        room = _room(text)
        return f'<TR><TD COLSPAN="2"{room}><FONT COLOR="{colour}">{html(text)}</FONT></TD></TR>'

    def circle(self, node: Node) -> str:
        colours = self.colours
        text = circle(node.row)
        round_ = len(text) == 1
        size = "shape=circle fixedsize=true width=0.34 fontsize=15" if round_ else "shape=ellipse"
        return (
            f'{node.id}_op [id="{node.id}-op" class="op" {size} margin="0.05,0.02" style=filled '
            f"label=<{html(one_line(text, NAME_LIMIT) or '?')}> fillcolor={quoted(colours.op)} "
            f"color={quoted(colours.op_line)} tooltip={quoted(self.tip(node))}]"
        )

    def stem(self, node: Node) -> str:
        return (
            f'{node.id}_op -> {node.id} [id="{node.id}-stem" class="stem" arrowhead=none weight=8 '
            f"minlen=1 color={quoted(self.colours.line)}]"
        )

    # ------------------------------------------------------------ edges

    def edge(self, edge: Edge) -> str:
        src, dst = self.by_id[edge.src], self.by_id[edge.dst]
        end = f"{dst.id}_op" if dst.kind != "fold" and dst.op else dst.id
        attributes = [f'id="{edge.id}"']
        names = _name(src), _name(dst)
        if edge.count > 1:
            width = 0.5 if self.thin else 1.0
            attributes.append(f"penwidth={width * min(1 + math.log10(edge.count) / 2, 3):.2f}")
            tip = f"{names[0]} → {names[1]}: {edge.count:,} edges"
        else:
            tip = f"{names[0]} → {names[1]}, operand {edge.index + 1}"
        if edge.partial is not None:
            text = show(edge.partial, self.look.precision)
            tip += f"\n∂{names[1]}/∂{names[0]} = {text}"
            if self.look.partials:
                attributes.append(f"label=<&nbsp;{_ascii(html(text))}&nbsp;>")
        attributes.append(f"tooltip={quoted(tip)} labeltooltip={quoted(tip)}")
        return f"{src.id} -> {end} [{' '.join(attributes)}]"

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
        return "\n".join([*lines, *node.lines]) or node.name

    def caption(self) -> str:
        """The line below the picture: what was folded, and the legend of the gradient colours."""
        cells = []
        colours = self.colours
        if self.graph.note:
            text = f"{self.graph.note}; a double frame holds several values"
            cells.append(f'<TD><FONT COLOR="{colours.muted}">{html(text)}</FONT></TD>')
        if self.scale is not None:
            cells += [f'<TD>  <FONT COLOR="{colours.muted}">|grad|</FONT></TD>']
            for level, text in self.scale.legend():
                fill, line = colours.heat[level], colours.value_line
                cells.append(
                    f'<TD BGCOLOR="{fill}" COLOR="{line}" BORDER="1" CELLPADDING="4"><FONT COLOR="{colours.ink}">{html(text)}</FONT></TD>'
                )
        if not cells:
            return ""
        return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="4"><TR>{"".join(cells)}</TR></TABLE>'

    def ranks(self) -> list[str]:
        """Lines that put nodes beside each other: all leaves, or all nodes of one depth."""
        if not self.look.ranks:
            return []
        level: dict[str, int] = {}
        rows: dict[tuple[str, int], list[str]] = {}
        for node in self.graph.nodes:
            level[node.id] = max((level[a] + 1 for a in node.args if a in level), default=0)
            if self.look.ranks == "levels" or level[node.id] == 0:
                rows.setdefault((node.cluster, level[node.id]), []).append(node.id)
        return [f"{{rank=same; {'; '.join(row)}}}" for (path, _), row in rows.items() if not path]


def _table(rows: Sequence[str]) -> str:
    body = "".join(rows) or "<TR><TD> </TD></TR>"
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{body}</TABLE>'


def _room(text: str) -> str:
    """A least width for text with wide characters, which the layout takes to be narrower."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return f' WIDTH="{round(11 * (wide + 0.55 * (len(text) - wide)))}"' if wide else ""


def _ascii(text: str) -> str:
    """Numbers with the hyphen for a sign: the layout knows its width. `svg` puts the sign back."""
    return text.replace(MINUS, "-")


def _name(node: Node) -> str:
    return one_line(node.name, NAME_LIMIT)
