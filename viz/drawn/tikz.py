"""A sketch with its places as TikZ: a LaTeX document of its own, whose `tikzpicture` goes into a paper or a slide."""

from __future__ import annotations

import re

from ..escape import one_line
from .place import Places, Point
from .sketch import DOUBLE, LINE, NOTE, PAD_X, SIZE, Box, Row, Sketch

HEAD = """\
% One picture: the lines of the tikzpicture go into any document with \\usepackage{{tikz}}.
\\documentclass{{article}}
\\usepackage[paperwidth={wide:.0f}bp,paperheight={high:.0f}bp,margin=0bp]{{geometry}}
\\usepackage[utf8]{{inputenc}}
\\usepackage{{tikz}}
\\pagestyle{{empty}}
\\begin{{document}}
\\noindent
"""
EDGE = 12.0  # of paper around the picture
SPECIAL = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "%": "\\%", "_": "\\_",
    "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "$<$", ">": "$>$", "|": "$|$", '"': "''", "−": "$-$", "×": "$\\times$",
    "·": "$\\cdot$", "÷": "$\\div$", "Σ": "$\\Sigma$", "∂": "$\\partial$", "√": "$\\surd$", "∞": "$\\infty$", "…": "\\dots{}",
    "→": "$\\to$", "≤": "$\\le$", "≥": "$\\ge$", "½": "$\\frac12$", "±": "$\\pm$", "≠": "$\\ne$", "Φ": "$\\Phi$", "σ": "$\\sigma$",
    "π": "$\\pi$", "²": "$^2$", "³": "$^3$", "↑": "$\\uparrow$",
}  # fmt: skip


def source(sketch: Sketch, places: Places) -> str:
    """The document. Units are big points, y goes up; colours are those of the theme."""
    colours: dict[str, str] = {}
    body = [*_frames(sketch, places, colours), *_lines(sketch, places, colours)]
    for box in sketch.boxes:
        body += _box(box, places.boxes[box.id], sketch, colours)
    ends = [(x, y, box.w / 2, box.h / 2) for box in sketch.boxes for x, y in [places.boxes[box.id]]]
    rims = [(x0, y0, 0.0, 0.0) for x0, y0, *_ in places.frames.values()] + [(x1, y1, 0.0, 0.0) for *_, x1, y1 in places.frames.values()]
    bends = [(x, y, 0.0, 0.0) for points in places.lines.values() for x, y in points]
    every = [*ends, *rims, *bends] or [(0.0, 0.0, 0.0, 0.0)]
    left, right = min(x - w for x, _, w, _ in every), max(x + w for x, _, w, _ in every)
    top, bottom = min(y - h for _, y, _, h in every), max(y + h for _, y, _, h in every)
    notes = [*sketch.notes]
    if sketch.scale is not None:
        notes.append("grad " + "  ".join(text for _, text in sketch.scale.legend()))
    ink = _colour(sketch.look.palette.ink, colours)
    for k, words in enumerate(notes):
        at = _at((left, bottom + 20 + k * LINE))
        body.append(f"\\node[anchor=west,inner sep=0,text={ink},font={_font(NOTE)}] at {at} {{{text(words)}}};")
    bottom += LINE * len(notes) + (10 if notes else 0)
    size = HEAD.format(wide=right - left + 2 * EDGE, high=bottom - top + 2 * EDGE)
    body.insert(0, f"\\useasboundingbox {_at((left - EDGE, top - EDGE))} rectangle {_at((right + EDGE, bottom + EDGE))};")
    defined = [f"\\definecolor{{{name}}}{{HTML}}{{{code}}}" for code, name in colours.items()]
    picture = ["\\begin{tikzpicture}[x=1bp,y=1bp,>=stealth]", *defined, *body, "\\end{tikzpicture}"]
    return size + "\n".join(picture) + "\n\\end{document}\n"


def _frames(sketch: Sketch, places: Places, colours: dict[str, str]) -> list[str]:
    c, made = sketch.look.palette, []
    fill, line, ink = (_colour(x, colours) for x in (c.cluster, c.cluster_line, c.muted))
    for frame in sketch.frames:
        if frame.path in places.frames:
            x0, y0, x1, y1 = places.frames[frame.path]
            made.append(f"\\draw[rounded corners=6bp,fill={fill},draw={line}] {_at((x0, y0))} rectangle {_at((x1, y1))};")
            made.append(
                f"\\node[anchor=west,inner sep=0,text={ink},font={_font(SIZE)}] at {_at((x0 + 9, y0 + 11))} {{{text(frame.text)}}};"
            )
    return made


def _lines(sketch: Sketch, places: Places, colours: dict[str, str]) -> list[str]:
    c, made = sketch.look.palette, []
    line_colour, tint, paper = (_colour(x, colours) for x in (c.line, sketch.tint, c.paper))
    for line in sketch.lines:
        points = places.lines.get(line.id)
        if not points:
            continue
        curve = _at(points[0])
        rest = points[1:]
        for k in range(0, len(rest) - 2, 3):
            curve += f" .. controls {_at(rest[k])} and {_at(rest[k + 1])} .. {_at(rest[k + 2])}"
        if len(points) % 3 == 2:  # the tip, straight
            curve += f" -- {_at(points[-1])}"
        made.append(f"\\draw[{'->,' if line.arrow else ''}draw={line_colour},line width={line.pen:.3g}bp] {curve};")
        if line.id in places.texts:
            where = _at(places.texts[line.id])
            made.append(f"\\node[fill={paper},text={tint},inner sep=1.5bp,font={_font(NOTE)}] at {where} {{{text(line.text)}}};")
    return made


def _box(box: Box, at: Point, sketch: Sketch, colours: dict[str, str]) -> list[str]:
    x, y = at
    fill, line, ink, paper = (_colour(c, colours) for c in (box.fill, box.line, sketch.look.palette.ink, sketch.look.palette.paper))
    inner = DOUBLE if box.double else 0.0
    corner, other = (x - box.w / 2, y - box.h / 2), (x + box.w / 2, y + box.h / 2)
    pen = f"line width={box.pen:.3g}bp"
    if box.radius * 2 >= box.w:
        made = [f"\\draw[fill={fill},draw={line},{pen}] {_at(at)} ellipse ({box.w / 2:.2f} and {box.h / 2:.2f});"]
    else:
        made = []
        if box.double:
            outer = f"rounded corners={box.radius:g}bp,fill={paper}"
            made.append(f"\\draw[{outer},draw={line},{pen}] {_at(corner)} rectangle {_at(other)};")
            corner, other = (corner[0] + inner, corner[1] + inner), (other[0] - inner, other[1] - inner)
        edge = f"rounded corners={max(box.radius - inner / 2, 1):g}bp,fill={fill}"
        made.append(f"\\draw[{edge},draw={line},{pen}] {_at(corner)} rectangle {_at(other)};")
    top = y - len(box.rows) * LINE / 2
    for k, row in enumerate(box.rows):
        middle, size = top + (k + 0.5) * LINE, _font(box.size)
        colour = _colour(row.fill, colours) if row.fill else ink
        said = f"\\textbf{{{text(row.text)}}}" if row.bold else text(row.text)
        if row.number is None:
            made.append(f"\\node[inner sep=0,text={colour},font={size}] at {_at((x, middle))} {{{said}}};")
        else:
            left, right = x - box.w / 2 + inner + PAD_X, x + box.w / 2 - inner - PAD_X
            made.append(f"\\node[anchor=west,inner sep=0,text={colour},font={size}] at {_at((left, middle))} {{{said}}};")
            made.append(
                f"\\node[anchor=east,inner sep=0,text={ink},font={size}] at {_at((right, middle))} {{{_number(row, sketch, colours)}}};"
            )
    return made


def _number(row: Row, sketch: Sketch, colours: dict[str, str]) -> str:
    if row.parts is None or not row.parts[1]:
        return text(row.number or "")
    ink, faint, rest = map(text, row.parts)
    return f"{ink}\\textcolor{{{_colour(sketch.look.palette.faint, colours)}}}{{{faint}}}{rest}"


def _font(size: float) -> str:
    return f"\\sffamily\\fontsize{{{0.88 * size:.3g}bp}}{{{1.1 * size:.3g}bp}}\\selectfont"


def _at(point: Point) -> str:
    return f"({point[0]:.2f},{-point[1]:.2f})"


def _colour(code: str, colours: dict[str, str]) -> str:
    """The name of a colour, which is defined once."""
    digits = code.lstrip("#").upper()
    if not re.fullmatch("[0-9A-F]{6}|[0-9A-F]{3}", digits):
        return {"white": "white", "none": "white"}.get(code, "black")
    digits = digits if len(digits) == 6 else "".join(2 * c for c in digits)
    return colours.setdefault(digits, f"viz{digits}")


def text(words: str) -> str:
    """Words in LaTeX, where no letter of theirs is a command; what its fonts lack is told by its number.

    >>> print(text("50% of a_b"))
    50\\% of a\\_b
    """
    made = ""
    for c in one_line(words):
        made += SPECIAL.get(c) or (c if c.isascii() or ("\u00c0" <= c <= "\u017f" and c.isalpha()) else f"U+{ord(c):04X}")
    return made
