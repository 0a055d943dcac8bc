"""What a page needs to open and close the boxes of a drawn graph by itself: every thing that can be seen, with its words and its size.

The page lays out what is open (`static/picture_boxes.js`) as `place` does without a layout program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..model.boxes import FRAMES, TOP, describe
from ..model.fold import partition
from ..model.graph import Graph, Group, Node, called, materialise, node_of
from ..model.partials import fill
from .sketch import Box, Line, Look, Sketcher

MOST = 3000  # values of a graph whose page can open every box: some hundred bytes for each


def opening(graph: Graph, look: Look, make: Callable[[Graph, Look], Sketcher] = Sketcher) -> dict[str, Any] | None:
    """The data of a page that opens boxes; None where the graph has none, or too many values. make: what draws the boxes.

    ``things``: a value each, then a box each: what is drawn (see `_box`), and its circle. ``args``: the operands of each value.
    """
    inside = graph.inside
    if inside is None or len(graph.values) > MOST:
        return None
    boxes, told = inside.boxes, inside.told
    n = len(graph.values)
    whole = materialise(told, inside.roots, partition(boxes, range(len(boxes.parent))), inside.names)
    fill(whole)
    draws = make(whole, look)
    draws.scale = make(graph, look).scale  # the legend's
    drawn = draws.made()
    by_id = {box.id: box for box in drawn.boxes}
    names = called(told, inside.names)
    things: list[Any] = []
    nodes: list[Node] = [whole.nodes[whole.owner[place]] for place in range(n)]
    for place in range(n):
        circle, name = by_id.get(f"n{place}-op"), nodes[place].name
        things.append([_box(by_id[f"n{place}"]), circle and [circle.rows[0].text, circle.w, circle.h, circle.size], name])
    members: dict[int, list[int]] = {}
    for place, box in enumerate(boxes.of):
        while box != TOP:
            members.setdefault(box, []).append(place)
            box = boxes.parent[box]
    roots = set(inside.roots)
    for box, name in enumerate(boxes.name):
        node = node_of(Group(members[box], "", name, describe(boxes.region[box])), graph.values, names, fold=True)
        draws.roots = {node.id} if roots.intersection(members[box]) else set()
        things.append([_box(draws.box(node)), None, name])
        nodes.append(node)
    frames = {frame.path: frame for frame in drawn.frames}
    framed: list[Any] = []
    for box, kind in enumerate(boxes.kind):
        region = boxes.region[box]
        frame = frames.get(region.path) if region is not None and kind in FRAMES else None
        framed.append([frame.text, frame.tip, frame.room] if frame is not None else 0)
    c = look.palette
    return {
        "way": look.rankdir,
        "tint": drawn.tint,
        "line": c.line,
        "paper": c.paper,
        "faint": c.faint,
        "op": [c.op, c.op_line],
        "cluster": [c.cluster, c.cluster_line, c.muted],
        "things": things,
        "args": [list(args) for args in told.args],
        "operands": [_slots(operands, n) for operands in told.operands],
        "parent": boxes.parent,
        "of": boxes.of,
        "frames": framed,
        "lines": {_ends(line): _line(line) for line in drawn.lines if line.arrow},
        "open": sorted(inside.open),
        "note": graph.note,
        **draws.opened(nodes),
    }


def _ends(line: Line) -> str:
    """From where to where, and which operand it is."""
    return f"{line.src},{line.dst.removesuffix('-op')},{line.id.rpartition('-')[2]}"


def _slots(operands: Sequence[int], n: int) -> list[int]:
    """At which operands the values stand, among numbers that the code wrote."""
    return [slot for slot, arg in enumerate(operands) if arg < n]


def _box(box: Box) -> list[Any]:
    """A box as the page draws it: class, rows, fill, outline, pen, tip, width, height, double, radius."""
    rows = [[row.text, row.number, int(row.bold), row.fill, *([row.parts] if row.parts and row.parts[1] else [])] for row in box.rows]
    return [box.css, rows, box.fill, box.line, box.pen, box.tip, round(box.w, 3), box.h, int(box.double), box.radius]


def _line(line: Line) -> list[Any]:
    """A line between two values: its tip, and where it has a text, that and its room."""
    return [line.tip, line.text, *line.room] if line.text else [line.tip]
