"""A sketch as Mermaid: the flowcharts that code hosts and note-takers draw from text (mermaid.js.org/syntax/flowchart)."""

from __future__ import annotations

from ..escape import one_line
from .sketch import Box, Frame, Line, Sketch


def source(sketch: Sketch) -> str:
    """The flowchart: boxes with their rows, operations as circles, frames as subgraphs, partials on the arrows.

    Names of nodes are of our making and texts stand in quotes with entities, so that nothing in a label is read as syntax.
    """
    names = {box.id: f"n{k}" for k, box in enumerate(sketch.boxes)}
    numbers = {frame.path: k for k, frame in enumerate(sketch.frames)}
    within: dict[str, list[Frame]] = {}
    for frame in sketch.frames:
        within.setdefault(frame.parent, []).append(frame)
    lines = [f"flowchart {sketch.look.rankdir}", *(f"  {_box(box, names)}" for box in sketch.boxes if not box.frame)]
    stack: list[Frame | None] = list(reversed(within.get("", [])))
    while stack:
        found = stack.pop()
        if found is None:
            lines.append("  end")
            continue
        lines.append(f'  subgraph f{numbers[found.path]}["{_text(found.text)}"]')
        lines += [f"  {_box(box, names)}" for box in sketch.boxes if box.frame == found.path]
        stack += [None, *reversed(within.get(found.path, []))]
    colours = sketch.look.palette
    lines += [f"  {_line(line, names)}" for line in sketch.lines]
    lines += [f"  style {names[box.id]} fill:{box.fill},stroke:{box.line},color:{colours.ink}" for box in sketch.boxes]
    lines += [f"  style f{k} fill:{colours.cluster},stroke:{colours.cluster_line},color:{colours.muted}" for k in numbers.values()]
    lines += [f'  note{k}["{_text(words)}"]' for k, words in enumerate(sketch.notes)]
    return "\n".join(lines) + "\n"


def _box(box: Box, names: dict[str, str]) -> str:
    text = "<br>".join(_text(row.text if row.number is None else f"{row.text} {row.said or row.number}") for row in box.rows) or " "
    opened, closed = ('(("', '"))') if box.radius * 2 >= box.w else ('["', '"]')
    return f"{names[box.id]}{opened}{text}{closed}"


def _line(line: Line, names: dict[str, str]) -> str:
    arrow = ("-->" if line.arrow else "---") + (f'|"{_text(line.text)}"|' if line.text else "")
    return f"{names[line.src]} {arrow} {names[line.dst]}"


def _text(text: str) -> str:
    """In quotes, where # begins an entity, and where letters of HTML and of Markdown would be read.

    >>> print(_text("#1 <b>"))
    #35;1 #60;b#62;
    """
    return "".join(f"#{ord(c)};" if c in "#&<>\"'`*_~[](){}|\\" else c for c in one_line(text))
