"""A sketch as DOT: what the layout programs read, and what a ``.dot`` file holds."""

from __future__ import annotations

from collections.abc import Sequence

from ..escape import label as html
from ..escape import quoted
from .sketch import DOUBLE, NOTE, Box, Frame, Line, Row, Sketch
from .theme import Palette

FONT = "Helvetica"
PORTS = {"LR": ("e", "w"), "RL": ("w", "e"), "TB": ("s", "n"), "BT": ("n", "s")}  # where lines leave and enter


def source(sketch: Sketch) -> str:
    """The DOT source of a picture. All sizes are given, so that every program lays it out alike."""
    return "\n".join(_Writer(sketch).lines()) + "\n"


class _Writer:
    def __init__(self, sketch: Sketch) -> None:
        self.sketch, self.look, self.colours = sketch, sketch.look, sketch.look.palette

    def lines(self) -> list[str]:
        c, look = self.colours, self.look
        # Many lines at once are read as a fan of straight, thin ones, with room between the ranks.
        room, tip = "0.35", "0.6"
        if self.sketch.dense:
            out, into = PORTS[look.rankdir]
            room = "1.8 splines=line outputorder=edgesfirst"
            tip = f"0.4 tailport={out} headport={into}"
        if any(line.way for line in self.sketch.lines):
            room += " newrank=true"
        top = [
            "digraph {",
            f"graph [rankdir={look.rankdir} bgcolor={quoted(c.paper)} pad=0.25 nodesep=0.22 ranksep={room} fontname={quoted(FONT)}]",
            f"node [fontname={quoted(FONT)} fontsize=11 fontcolor={quoted(c.ink)} fixedsize=true margin=0]",
            f"edge [fontname={quoted(FONT)} fontsize=10 fontcolor={quoted(self.sketch.tint)} color={quoted(c.line)} arrowsize={tip}]",
        ]
        ranks = [f"{{rank=same; {'; '.join(map(quoted, row))}}}" for row in self.sketch.ranks]
        return [*top, *self.frames(), *ranks, *map(self.edge, self.sketch.lines), *self.caption(), "}"]

    def frames(self) -> list[str]:
        sketch = self.sketch
        boxes = {box.id: box for box in sketch.boxes}
        inside: dict[str, list[Frame]] = {}
        for frame in sketch.frames:
            inside.setdefault(frame.parent, []).append(frame)
        number = {frame.path: k for k, frame in enumerate(sketch.frames)}
        made = [self.box(box) for box in sketch.boxes if not box.frame]
        stack: list[Frame | None] = list(reversed(inside.get("", [])))
        while stack:
            inner = stack.pop()
            if inner is None:
                made.append("}")
                continue
            made.append(self.open(inner, number[inner.path]))
            made += [self.box(boxes[id]) for id in inner.members]
            stack += [None, *reversed(inside.get(inner.path, []))]
        return made

    def open(self, frame: Frame, number: int) -> str:
        c = self.colours
        return (
            f'subgraph cluster_{number} {{\nid="frame{number}" style="rounded,filled" margin=10 labelloc=t labeljust=l '
            f"fillcolor={quoted(c.cluster)} pencolor={quoted(c.cluster_line)} fontcolor={quoted(c.muted)} fontname={quoted(FONT)} "
            f"fontsize=11 label=<{_fixed(frame.text, frame.room, 16)}> tooltip={quoted(frame.tip)}"
        )

    def box(self, box: Box) -> str:
        inner = 2 * DOUBLE if box.double else 0.0
        shape = "shape=circle style=filled" if box.radius * 2 >= box.w else 'shape=box style="rounded,filled"'
        if box.double:
            shape += " peripheries=2"
        return (
            f'{quoted(box.id)} [id="{box.id}" class="{box.css.removeprefix("node ")}" {shape} width={(box.w - inner) / 72:.4f} '
            f"height={(box.h - inner) / 72:.4f} label=<{_table(box.rows, self.colours)}> fontsize={box.size:g} "
            f"fillcolor={quoted(box.fill)} color={quoted(box.line)} penwidth={box.pen:g} tooltip={quoted(box.tip)}]"
        )

    def edge(self, line: Line) -> str:
        attributes = [f'id="{line.id}" penwidth={line.pen:.2f}']
        ends = [line.src, line.dst]
        if line.way == "back":
            ends.reverse()
            attributes.append("dir=back")
        elif line.way == "aside":
            attributes.append("constraint=false")
        if not line.arrow:
            attributes.append("arrowhead=none weight=8 minlen=1")
        if line.tip:
            attributes.append(f"tooltip={quoted(line.tip)} labeltooltip={quoted(line.tip)}")
        if line.text:
            attributes.append(f"label=<{_fixed(line.text, *line.room)}>")
        return f"{quoted(ends[0])} -> {quoted(ends[1])} [{' '.join(attributes)}]"

    def caption(self) -> list[str]:
        """The line below, after the clusters, which would inherit it."""
        words = [*self.sketch.notes]
        if self.sketch.scale is not None:
            words.append("grad " + "  ".join(text for _, text in self.sketch.scale.legend()))
        return [f"labelloc=b labeljust=l fontsize={NOTE:g} label={quoted('; '.join(words))}"] if words else []


def _table(rows: Sequence[Row], colours: Palette) -> str:
    body = "".join([_cells(row, colours) for row in rows]) or "<TR><TD> </TD></TR>"
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{body}</TABLE>'


def _cells(row: Row, colours: Palette) -> str:
    text = f"<B>{html(row.text)}</B>" if row.bold else html(row.text)
    if row.fill:
        text = f'<FONT COLOR="{row.fill}">{text}</FONT>'
    if row.number is None:
        return f'<TR><TD COLSPAN="2">{text}</TD></TR>'
    number = html(row.number)
    if row.parts is not None and row.parts[1]:
        ink, faint, rest = map(html, row.parts)
        number = f'{ink}<FONT COLOR="{colours.faint}">{faint}</FONT>{rest}'
    return f'<TR><TD ALIGN="LEFT">{text}  </TD><TD ALIGN="RIGHT">{number}</TD></TR>'


def _fixed(text: str, wide: float, high: float) -> str:
    """A label that takes so much room, whatever the program thinks of its letters."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{round(wide)}" HEIGHT="{round(high)}"'
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" {size}><TR><TD>{html(text)}</TD></TR></TABLE>'
