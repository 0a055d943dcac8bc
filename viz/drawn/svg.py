"""A sketch with its places as SVG: text anchored in the middle or at the end, so that it sits right in every font."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ..escape import xml
from . import theme
from .metrics import width
from .place import Places, Point
from .sketch import DOUBLE, LINE, NOTE, PAD_X, SIZE, Box, Frame, Line, Sketch

FONTS = "Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif"
EDGE = 18.0  # of paper around the picture
TIP = 7.0  # the length of an arrow's head
HEADING = 24.0  # the height of a name above one of several drawings


def drawing(sketch: Sketch, places: Places, *, title: str, chosen: str, like: Sketch | None = None, prefix: str = "") -> str:
    """A standalone SVG document; ``chosen`` is the theme. ``like``: another sketch with these places, whose size it gets.

    ``prefix``: of the ids, where a page shows several drawings of one graph.
    """
    return _Drawing(sketch, places, like, prefix).document(title, chosen)


def beside(sketches: Sequence[Sketch], like: Sketch, places: Places, names: Sequence[str], *, title: str, chosen: str) -> str:
    """One document of several drawings with the places of another sketch, next to each other, or in a column where they lie."""
    parts = [_Drawing(sketch, places, like, f"{letter}-") for sketch, letter in zip(sketches, "ab", strict=True)]
    c, (w, h) = like.look.palette, (parts[0].right - parts[0].left, parts[0].bottom - parts[0].top)
    lying = w > h
    room = max(w, *(width(name, SIZE + 2, True) for name in names))
    step = (0.0, h + HEADING + EDGE) if lying else (room + 2 * EDGE, 0.0)
    whole_w, whole_h = (room, 2 * h + HEADING + EDGE) if lying else (2 * room + 2 * EDGE, h)
    notes, wide, high = _Drawing(like, places).below()
    down = whole_h - h + HEADING  # how far the words have to go
    whole_w, whole_h = max(whole_w, wide) + 2 * EDGE, whole_h + HEADING + high + 2 * EDGE
    drawn = [f'<rect width="{whole_w:.0f}" height="{whole_h:.0f}" fill="{c.paper}"/>', _letters(c.ink)]
    for k, (part, name) in enumerate(zip(parts, names, strict=True)):
        x, y = k * step[0], k * step[1]
        head = _text(EDGE, EDGE + SIZE, name, anchor="start", bold=True, size=SIZE + 2)
        body = f'<g transform="translate(0,{HEADING:g})">{"".join(part.drawn())}</g>'
        drawn.append(f'<g class="side" transform="translate({x:.1f},{y:.1f})">{head}\n{body}</g>')
    drawn += [f'<g transform="translate(0,{down:.1f})">', *notes, "</g>", "</g>"]
    size = f'width="{whole_w:.0f}pt" height="{whole_h:.0f}pt" viewBox="0 0 {whole_w:.0f} {whole_h:.0f}"'
    return whole("\n".join(drawn), title, size, chosen)


def _letters(ink: str) -> str:
    return f'<g font-family="{FONTS}" font-size="{SIZE:g}" fill="{ink}" text-anchor="middle" direction="ltr">'


class _Drawing:
    """like: another sketch with the same places, whose room this one takes. prefix: of the ids."""

    def __init__(self, sketch: Sketch, places: Places, like: Sketch | None = None, prefix: str = "") -> None:
        self.sketch, self.places, self.c, self.prefix = sketch, places, sketch.look.palette, prefix
        self.like = like or sketch
        xs, ys = self.extent()
        self.left, self.top, self.right, self.bottom = min(xs), min(ys), max(xs), max(ys)

    def extent(self) -> tuple[list[float], list[float]]:
        """The coordinates of all that is drawn."""
        xs, ys = [], []
        for box in self.like.boxes:
            x, y = self.places.boxes[box.id]
            xs += [x - box.w / 2, x + box.w / 2]
            ys += [y - box.h / 2, y + box.h / 2]
        for points in self.places.lines.values():
            xs += [x for x, _ in points]
            ys += [y for _, y in points]
        for line in self.like.lines:
            if line.id in self.places.texts:
                x, y = self.places.texts[line.id]
                xs += [x - line.room[0] / 2, x + line.room[0] / 2]
                ys += [y - line.room[1] / 2, y + line.room[1] / 2]
        for x0, y0, x1, y1 in self.places.frames.values():
            xs += [x0, x1]
            ys += [y0, y1]
        return xs or [0.0], ys or [0.0]

    def document(self, title: str, chosen: str) -> str:
        below, wide, high = self.below()
        w = max(self.right - self.left, wide) + 2 * EDGE
        h = self.bottom - self.top + high + 2 * EDGE
        parts = [
            f'<rect width="{w:.0f}" height="{h:.0f}" fill="{self.c.paper}"/>',
            _letters(self.c.ink),
            *self.drawn(),
            *below,
            "</g>",
        ]
        size = f'width="{w:.0f}pt" height="{h:.0f}pt" viewBox="0 0 {w:.0f} {h:.0f}"'
        return whole("\n".join(parts), title, size, chosen)

    def drawn(self) -> list[str]:
        """Frames, lines, boxes."""
        return [
            *(self.frame(frame, k) for k, frame in enumerate(self.sketch.frames) if frame.path in self.places.frames),
            *(self.line(line) for line in self.sketch.lines if line.id in self.places.lines),
            *map(self.box, self.sketch.boxes),
        ]

    def at(self, x: float, y: float) -> Point:
        return x - self.left + EDGE, y - self.top + EDGE

    # ------------------------------------------------------------ parts

    def frame(self, frame: Frame, number: int) -> str:
        x0, y0, x1, y1 = self.places.frames[frame.path]
        x, y = self.at(x0, y0)
        rect = _rect(x, y, x1 - x0, y1 - y0, 8, self.c.cluster, self.c.cluster_line)
        text = _text(x + 9, y + 15, frame.text, self.c.muted, "start")
        return f'<g id="{self.prefix}frame{number}" class="cluster"><title>{xml(frame.tip)}</title>{rect}{text}</g>'

    def box(self, box: Box) -> str:
        cx, cy = self.at(*self.places.boxes[box.id])
        x, y = cx - box.w / 2, cy - box.h / 2
        made = [f'<g id="{self.prefix}{box.id}" class="{box.css}"><title>{xml(box.tip)}</title>']
        if box.double:
            made.append(_rect(x, y, box.w, box.h, box.radius, self.c.paper, box.line, box.pen))
            x, y = x + DOUBLE, y + DOUBLE
        inner = 2 * DOUBLE if box.double else 0.0
        if box.radius * 2 >= box.w:
            at = f'cx="{cx:.1f}" cy="{cy:.1f}" rx="{box.w / 2:.4g}" ry="{box.h / 2:.4g}"'
            made.append(f'<ellipse {at} fill="{box.fill}" stroke="{box.line}"/>')
        else:
            made.append(_rect(x, y, box.w - inner, box.h - inner, box.radius - inner / 2, box.fill, box.line, box.pen))
        top = cy - len(box.rows) * LINE / 2
        for k, row in enumerate(box.rows):
            base = top + (k + 0.5) * LINE + 0.36 * box.size
            if row.number is None:
                made.append(_text(cx, base, row.text, row.fill, bold=row.bold, size=box.size))
            else:
                made.append(_text(x + PAD_X, base, row.text, row.fill, "start"))
                made.append(_text(x + box.w - inner - PAD_X, base, row.number, "", "end", parts=row.parts, faint=self.c.faint))
        return "".join(made) + "</g>"

    def line(self, line: Line) -> str:
        points = [self.at(x, y) for x, y in self.places.lines[line.id]]
        css, c = "edge" if line.arrow else "edge stem", self.c.line
        head = ""
        if line.arrow:
            points, head = _headed(points, c, TIP * (0.7 if self.sketch.dense else 1.0))
        pen = f' stroke-width="{line.pen:.3g}"' if line.pen != 1 else ""
        title = f"<title>{xml(line.tip)}</title>" if line.tip else ""
        made = [f'<g id="{self.prefix}{line.id}" class="{css}">{title}<path fill="none" stroke="{c}"{pen} d="{_curve(points)}"/>{head}']
        if line.text and line.id in self.places.texts:
            x, y = self.at(*self.places.texts[line.id])
            wide, high = line.room[0] - 4, line.room[1] - 2
            made.append(_rect(x - wide / 2, y - high / 2, wide, high, 3, self.c.paper))
            made.append(_text(x, y + 0.36 * NOTE, line.text, self.sketch.tint, size=NOTE))
        return "".join(made) + "</g>"

    # ------------------------------------------------------------ below

    def below(self) -> tuple[list[str], float, float]:
        """Notes and legend under the picture, and the room that they take."""
        y, wide, made = self.bottom - self.top + EDGE + 8, 0.0, []
        for note in self.sketch.notes:
            y += 16
            made.append(_text(EDGE, y, note, self.c.muted, "start"))
            wide = max(wide, width(note, SIZE))
        if self.sketch.scale is not None:
            legend = self.sketch.scale.legend()
            rows = [("grad", [(self.c.heat(level), text) for level, text in legend])]
            if any(box.double for box in self.sketch.boxes):
                rows.append(("Σ|grad|, signs aside", [(self.c.sum(level), text) for level, text in legend if level >= 0]))
            for what, cells in rows:
                y += 26
                x = EDGE + max(width(said, SIZE) for said, _ in rows) + 8
                made.append(_text(EDGE, y, what, self.c.muted, "start"))
                for fill, text in cells:
                    w = width(text, SIZE) + 10
                    made.append(_rect(x, y - 14.5, w, 21, 2, fill, self.c.value_line) + _text(x + w / 2, y, text))
                    x += w + 2
                wide = max(wide, x - EDGE)
            y += 4
        return made, wide, y - (self.bottom - self.top + EDGE) if made else 0.0


def _headed(points: list[Point], colour: str, long: float) -> tuple[list[Point], str]:
    """The line up to its arrow's head, and the head."""
    (x, y), back = points[-1], points[-2]
    for point in reversed(points[:-1]):  # the last piece may be shorter than the head
        back = point
        if math.dist(point, (x, y)) >= long:
            break
    far = math.dist(back, (x, y)) or 1.0
    ux, uy = (x - back[0]) / far, (y - back[1]) / far
    bx, by, half = x - ux * long, y - uy * long, long / 3
    head = (
        f'<path fill="{colour}" d="M{x:.1f},{y:.1f}L{bx - uy * half:.1f},{by + ux * half:.1f}L{bx + uy * half:.1f},{by - ux * half:.1f}z"/>'
    )
    short = (x - ux * long / 2, y - uy * long / 2)
    return [*points[:-1], short], head


def _curve(points: list[Point]) -> str:
    rest = (" ".join(f"{x:.1f},{y:.1f}" for x, y in points[k : k + 3]) for k in range(1, len(points), 3))
    return f"M{points[0][0]:.1f},{points[0][1]:.1f}" + "".join(f"C{three}" for three in rest)


def _rect(x: float, y: float, w: float, h: float, r: float, fill: str, line: str = "", pen: float = 1.0) -> str:
    stroke = (f' stroke="{line}"' if line else "") + (f' stroke-width="{pen:g}"' if pen != 1 else "")
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{r:.3g}" fill="{fill}"{stroke}/>'


def _text(
    x: float, y: float, text: str, fill: str = "", anchor: str = "", *, bold: bool = False, size: float = SIZE,
    parts: tuple[str, str, str] | None = None, faint: str = "",
) -> str:  # fmt: skip
    """A line of text; parts: the same in three pieces, the middle one in the faint colour."""
    more = f' text-anchor="{anchor}"' if anchor else ""
    more += f' fill="{fill}"' if fill else ""
    more += ' font-weight="bold"' if bold else ""
    more += f' font-size="{size:g}"' if size != SIZE else ""
    said = xml(text)
    if parts is not None and parts[1]:
        said = f'{xml(parts[0])}<tspan class="faint" fill="{faint}">{xml(parts[1])}</tspan>{xml(parts[2])}'
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{said}</text>'


def whole(drawn: str, title: str, size: str, chosen: str) -> str:
    """The document of what is drawn in the colours of a theme; with ``chosen`` "auto" it follows its reader's."""
    css = theme.style(chosen, drawn)
    kind, style = ("graph-picture mg-auto", f"<style>{css}</style>\n") if css else ("graph-picture", "")
    said = xml(title)
    head = f'<svg class="{kind}" role="img" aria-label="{said}" {size} xmlns="http://www.w3.org/2000/svg">'
    return f"{head}\n<title>{said}</title>\n{style}{drawn}\n</svg>\n"


def embedded(svg: str) -> str:
    """The same drawing as part of a page, which brings the styles itself."""
    return re.sub(r"<style>.*?</style>\n?", "", svg, count=1, flags=re.S)
