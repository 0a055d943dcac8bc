"""Words that fit into the boxes of a stepper's drawing; ``static/stepper_draw.js`` does the same with the page's own font."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ..drawn.metrics import width

SIZE, NAME_ROOM = 12.5, 111.0  # of letters; what a name and a sign share of a box
TAG_SIZE, TAG_ROOM, TAG_HIGH = 12.0, 52.0, 18.0  # a tag is never wider than the gap between two boxes

Point = tuple[float, float]


def shorten(name: str, most: int) -> str:
    """A long dotted name keeps its end and a bundle its count.

    >>> shorten("layers[0].neurons[3].w[1]", 14), shorten("parameters ×337", 13), shorten("forward_cells[0] #12 ×30", 13)
    ('…urons[3].w[1]', 'paramet… ×337', 'forw… #12 ×30')
    """
    if len(name) <= most:
        return name
    end = re.search(r"( #\d+)?( ×[\d,]+)?\Z", name)
    if end and end[0]:
        return f"{name[: end.start()][: max(1, most - len(end[0]) - 1)]}…{end[0]}"
    return f"…{name[1 - most :]}" if "." in name else f"{name[: most - 1]}…"


def beside(name: str, sign: str) -> str:
    """A name, as much of it as stands beside the operation's sign in every font.

    >>> beside("layers[0].neurons[3].w[1]", "×"), beside("WWWWWWWWWWWW", "tanh")
    ('…ons[3].w[1]', 'WWWW…')
    """
    room, most = NAME_ROOM - width(sign, SIZE), max(3, 15 - min(10, len(sign)))
    while most > 2 and width(shorten(name, most), SIZE, bold=True) > room:
        most -= 1
    return shorten(name, most)


def letters(text: str, room: float, size: float = SIZE) -> float:
    """The size of letters at which a text fits into a room, at most ``size``.

    >>> letters("−3", 60), round(letters("−3.123e−5", 60), 1)
    (12.5, 10.1)
    """
    wide = width(text, size)
    return size if wide <= room else size * room / wide


def spot(route: Sequence[Point], wide: float, taken: Sequence[Point], boxes: Sequence[Point], w: float, h: float) -> Point:
    """Where a tag stands on its line: in the middle, or a little aside where another tag is, or one of the boxes of this size."""
    middle = len(route) // 2
    (x0, y0), (x1, y1) = route[middle - 1], route[middle]
    places = []
    for t in (0.5, 0.35, 0.65, 0.25, 0.75):
        s = 3 * t * t - 2 * t * t * t if y0 != y1 else t  # the height of the curve there
        x = x0 + (x1 - x0) * t
        if t == 0.5 or min(x - x0, x1 - x) >= wide / 2:
            places.append((x, y0 + (y1 - y0) * s))
    places += [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in pairwise(route) if abs(c - a) > wide]
    x, y = places[0]
    places += [(x, y + TAG_HIGH + 1), (x, y - TAG_HIGH - 1)]
    around = [(a, b, wide, TAG_HIGH) for a, b in taken] + [(a, b, (w + wide) / 2, (h + TAG_HIGH) / 2) for a, b in boxes]
    free = (p for p in places if all(abs(p[0] - a) > c or abs(p[1] - b) > d for a, b, c, d in around))
    return next(free, places[0])
