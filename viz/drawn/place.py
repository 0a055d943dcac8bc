"""Where the things of a sketch stand: by a layout program, or by the layers that the stepper's stills use."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..record import record
from . import layers, render
from .dot import source
from .sketch import Box, Frame, Line, Sketch

Point = tuple[float, float]
Rect = tuple[float, float, float, float]  # left, top, right, bottom

MARGIN = 10.0  # of a frame around its boxes
HEAD = 20.0  # of a frame, for its name


@record
class Places:
    """Centres of boxes, Bézier points of lines (the last one is the tip), centres of their texts, frames."""

    boxes: dict[str, Point]
    lines: dict[str, list[Point]]
    texts: dict[str, Point]
    frames: dict[str, Rect]


def places(sketch: Sketch, layout: str = "auto") -> Places:
    """Lay a sketch out by the program that is asked for or found; by layers where there is none."""
    path = render.found(layout)
    if path is None:
        return _by_layers(sketch)
    made = render.layout(source(sketch), "json", path=path)
    try:
        return _read(sketch, json.loads(made))
    except (ValueError, KeyError, TypeError) as error:
        raise render.LayoutError(f"{path} gave JSON that tells no layout: {error}") from None


# ------------------------------------------------------------ a layout program


def _read(sketch: Sketch, made: dict[str, Any]) -> Places:
    found = Places({}, {}, {}, {})
    for thing in made.get("objects", ()):
        if "pos" in thing:
            found.boxes[thing["name"]] = _point(thing["pos"])
        elif thing.get("name", "").startswith("cluster_") and "bb" in thing:
            x0, y0, x1, y1 = map(float, thing["bb"].split(","))
            found.frames[sketch.frames[int(thing["name"][8:])].path] = (x0, -y1, x1, -y0)
    boxes = {box.id: box for box in sketch.boxes}
    lines = {line.id: line for line in sketch.lines}
    for edge in made.get("edges", ()):
        if "pos" not in edge:
            continue
        line = lines[edge["id"]]
        points, tip = _spline(edge["pos"])
        if line.way == "back":
            points.reverse()
        found.lines[line.id] = _touching(points, tip, boxes[line.src], boxes[line.dst], found)
        if "lp" in edge:
            found.texts[line.id] = _point(edge["lp"])
    return found


def _point(text: str) -> Point:
    x, y = text.split(",")[:2]
    return float(x), -float(y)  # programs count upwards


def _spline(text: str) -> tuple[list[Point], Point | None]:
    tip = None
    points = []
    for word in text.split(";")[0].split():
        if word.startswith(("e,", "s,")):
            tip = _point(word[2:])
        else:
            points.append(_point(word))
    return points, tip


def _touching(points: list[Point], tip: Point | None, src: Box, dst: Box, found: Places) -> list[Point]:
    """The line from outline to outline: programs end it at the rectangle, short of a round corner."""
    first, last = points[0], tip or points[-1]
    if tip is not None:
        points = [*points, *_straight(points[-1], tip)]
    start = _on_outline(src, found.boxes[src.id], first, _away(points[1], first))
    end = _on_outline(dst, found.boxes[dst.id], last, _away(points[-2], last))
    if start != first:
        points = [start, *_straight(start, first), *points[1:]]
    return [*points, *_straight(last, end)] if end != last else points


def _straight(a: Point, b: Point) -> list[Point]:
    """A straight piece from ``a`` as three more Bézier points."""
    return [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for t in (1 / 3, 2 / 3, 1.0)]


def _away(a: Point, b: Point) -> Point:
    long = math.dist(a, b) or 1.0
    return (b[0] - a[0]) / long, (b[1] - a[1]) / long


def _on_outline(box: Box, centre: Point, at: Point, way: Point) -> Point:
    """The first point from ``at`` on along ``way`` that is on the box; ``at`` itself where there is none near."""
    for step in range(33):
        x, y = at[0] + way[0] * step / 4, at[1] + way[1] * step / 4
        if outside(box, (x - centre[0], y - centre[1])) <= 0.25:
            return x, y
    return at


def outside(box: Box, at: Point) -> float:
    """How far a point, seen from the centre, is outside of the box with its round corners; below 0 inside."""
    r = min(box.radius, box.w / 2, box.h / 2)
    x, y = abs(at[0]) - box.w / 2 + r, abs(at[1]) - box.h / 2 + r
    return math.hypot(max(x, 0.0), max(y, 0.0)) + min(max(x, y), 0.0) - r


# ------------------------------------------------------------ layers


def _by_layers(sketch: Sketch) -> Places:
    """Left to right in layers, turned as ``rankdir`` says; a text on a line is a box of its own in the middle of it."""
    turned = sketch.look.rankdir in ("TB", "BT")
    back = sketch.look.rankdir in ("RL", "BT")
    at = {box.id: i for i, box in enumerate(sketch.boxes)}
    sizes = [(box.w, box.h) for box in sketch.boxes]
    keys = [2 * i for i in range(len(sizes))]
    edges: list[tuple[int, int]] = []
    parts: list[tuple[Line, list[int], int]] = []  # the line, its edges, the box of its text
    for line in sketch.lines:
        a, b = at[line.src], at[line.dst]
        if not line.text:
            parts.append((line, [len(edges)], -1))
            edges.append((a, b))
            continue
        middle = len(sizes)
        sizes.append(line.room)
        keys.append((keys[a] + keys[b]) // 2)
        parts.append((line, [len(edges), len(edges) + 1], middle))
        edges += [(a, middle), (middle, b)]
    if turned:
        sizes = [(h, w) for w, h in sizes]
    plan = layers.layout(sizes, keys, edges)

    def turn(point: Point) -> Point:
        x, y = (plan.width - point[0] if back else point[0]), point[1]
        return (y, x) if turned else (x, y)

    centres = [turn(point) for point in plan.centres]
    found = Places({box.id: centres[i] for box, i in zip(sketch.boxes, range(len(sizes)), strict=False)}, {}, {}, {})
    boxes = {box.id: box for box in sketch.boxes}
    for line, pieces, middle in parts:
        route = [turn(point) for piece in pieces for point in plan.routes[piece]]
        bezier = _bezier(route, turned)
        found.lines[line.id] = _touching(bezier, None, boxes[line.src], boxes[line.dst], found)
        if middle >= 0:
            found.texts[line.id] = centres[middle]
    _frames(sketch, found)
    return found


def _bezier(route: Sequence[Point], turned: bool) -> list[Point]:
    """A curve through the points, along the direction of the layers at each of them."""
    points = [route[0]]
    for (x0, y0), (x1, y1) in pairwise(route):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        points += [(x0, y), (x1, y), (x1, y1)] if turned else [(x, y0), (x, y1), (x1, y1)]
    return points


def _frames(sketch: Sketch, found: Places) -> None:
    """Frames around what belongs together, as far as nothing else stands there."""
    inside: dict[str, list[str]] = {frame.path: list(frame.members) for frame in sketch.frames}
    depth: dict[str, int] = {}
    for frame in reversed(sketch.frames):  # the outermost come first
        if frame.parent:
            inside[frame.parent] += inside[frame.path]
            depth[frame.parent] = max(depth.get(frame.parent, 0), depth.get(frame.path, 0) + 1)
    for frame in sketch.frames:
        rect = _around(sketch, found, frame, inside[frame.path], depth.get(frame.path, 0))
        if rect is not None:
            found.frames[frame.path] = rect


def _around(sketch: Sketch, found: Places, frame: Frame, members: list[str], depth: int) -> Rect | None:
    if not members:
        return None
    mine = set(members)
    sides: dict[bool, list[Rect]] = {True: [], False: []}
    for box in sketch.boxes:
        x, y = found.boxes[box.id]
        sides[box.id in mine].append((x - box.w / 2, y - box.h / 2, x + box.w / 2, y + box.h / 2))
    room = MARGIN * (depth + 1)
    own = sides[True]
    rect = (
        min(r[0] for r in own) - room,
        min(r[1] for r in own) - room - HEAD * (depth + 1) + 6,
        max(*(r[2] for r in own), min(r[0] for r in own) + frame.room - room) + room,
        max(r[3] for r in own) + room,
    )
    apart = all(r[2] < rect[0] or r[0] > rect[2] or r[3] < rect[1] or r[1] > rect[3] for r in sides[False])
    return rect if apart else None
