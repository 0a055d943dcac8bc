"""``viz.diff(a, b)``: two graphs, or two runs, in one picture: what is only in one, what has another number, where they first part."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from .. import notebook
from ..escape import one_line, xml
from ..given import one_of, precision_of, whole
from ..model.difference import MADE, NUMBER, ONLY_A, ONLY_B, SAME, Difference, Pair, relative
from ..model.graph import Graph
from ..model.sides import side
from ..model.union import union
from ..notation.names import Names, from_caller
from ..notation.numbers import TEXT, plain, show
from . import compare_page, render, svg
from .compare_sides import Both
from .compare_sketch import Sides, far
from .picture import Picture
from .place import Places, places
from .sketch import Look, Sketch
from .theme import DARK, LIGHT

LINES = 40  # of a kind, in text


def diff(
    a: Any,
    b: Any,
    *,
    names: Sequence[str] = ("first", "second"),
    ulps: int = 0,
    labels: bool = True,
    precision: int = 4,
    budget: int = 60,
    theme: str = "auto",
    layout: str = "auto",
    beside: bool = False,
) -> Diff:
    """Compare two graphs, or two runs: before and after a step of an optimizer, a class of your own and ours, two versions of one thing.

    ``a``, ``b``: each a Value (of any class with ``data`` and ``_prev``), a list of them, what ``viz.step`` recorded, or a model (its
    parameters by name: so an eager run and a compiled one). The values are matched by structure, from the roots, with names as
    anchors; leaves that both sides hold as one object are the same leaf. A Value whose data is changed in place (``optimizer.step()``
    does) has the new number on both sides: ``before = viz.step(loss)`` keeps the old ones.

    - ``names``: what the sides are called.
    - ``ulps``: numbers that lie at most so many doubles apart are the same (0: equal ones, 0.0 and -0.0, two nan).
    - ``labels``: name values without a label by the caller's variables, and parameters; False: real labels alone.
    - ``precision``, ``budget``, ``theme``, ``layout``: as for `viz.draw`.
    - ``beside``: two pictures, one a side, next to each other (in a column where they are wider than high), in place of one of both;
      what both have stands at the same place in both. The saved page can switch between the two.

    Gradients are compared where both sides have some.

    >>> from micrograd import Value
    >>> x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    >>> print(diff((x * w + 1).tanh(), (x * w + 7).tanh()))
    first: 5 values, second: 5 values: 3 alike, 1 with another number, 1 made in another way
    first apart, going forward: v2, made in another way: v1 + 1 | v1 + 7
    <BLANKLINE>
    value  made by   what      first    second  relative     ulps
    v2     v1 + 1    data         -5         1       1.2  9.22e18
    v3     tanh(v2)  data  -0.999909  0.761594      1.76  9.21e18

    Raises TypeError for what has no graph, ValueError for options that mean nothing.
    """
    one_of("theme", theme, ("auto", "light", "dark"))
    one_of("layout", layout, render.LAYOUTS)
    if isinstance(names, str) or len(names) != 2:
        raise ValueError(f"names={names!r}: expected two, what to call a and what to call b")
    digits, room, limit = precision_of(precision), whole("budget", budget, 1), whole("ulps", ulps, 0)
    spaces = from_caller(sys._getframe(1)) if labels else []
    found = Difference(side(a, Names(spaces)), side(b, Names(spaces)), limit)
    return Diff(found, (one_line(str(names[0]), 20), one_line(str(names[1]), 20)), digits, room, theme, layout, bool(beside))


class Diff(Picture):
    """What differs between two graphs; prints as text, shows itself as a picture, saves itself as for every picture."""

    endings = ("svg", "png", "pdf", "html", "txt")

    def __init__(
        self, found: Difference, names: tuple[str, str], digits: int, budget: int, theme: str, layout: str, beside: bool = False
    ) -> None:
        self.found, self.names, self.budget, self.beside = found, names, budget, beside
        self.graph = union(found, budget)
        #: where each pair is in the graph that is drawn
        self.places_of = {id(pair): place for place, pair in enumerate(found.pairs)}
        look = Look(precision=digits, palette=DARK if theme == "dark" else LIGHT, aliases=True)
        super().__init__(self.graph, look, theme, None, layout)

    # ------------------------------------------------------------ answers

    @property
    def alike(self) -> bool:
        """Is nothing different?"""
        return self.found.alike

    def __bool__(self) -> bool:
        """True where something differs."""
        return not self.found.alike

    @property
    def first(self) -> str | None:
        """The value where they first part, going forward; None where they do not."""
        return self._full(self.found.first) if self.found.first else None

    @property
    def first_grad(self) -> str | None:
        """The value whose gradient first parts, going back from the result; None where none does."""
        return self._full(self.found.first_grad) if self.found.first_grad else None

    # ------------------------------------------------------------ words

    def _name(self, pair: Pair) -> str:
        return one_line(self._full(pair), 40)

    def _full(self, pair: Pair) -> str:
        return self.found.names[self.places_of[id(pair)]]

    def counted(self) -> str:
        """How many there are of each, in a sentence."""
        found = self.found
        count = {status: len(found.of(status)) for status in (SAME, NUMBER, MADE, ONLY_A, ONLY_B)}
        if found.alike:
            return f"{self.names[0]} and {self.names[1]} are alike: {_many(len(found.a.values), 'value')}"
        said = [f"{count[SAME]:,} alike"]
        said += [f"{count[NUMBER]:,} with another number"] if count[NUMBER] else []
        said += [f"{count[MADE]:,} made in another way"] if count[MADE] else []
        said += [f"{count[kind]:,} only in {name}" for kind, name in ((ONLY_A, self.names[0]), (ONLY_B, self.names[1])) if count[kind]]
        sides = ", ".join(f"{n}: {_many(len(s.values), 'value')}" for n, s in zip(self.names, (found.a, found.b), strict=True))
        return f"{sides}: {', '.join(said)}"

    def parted(self, signs: bool = False) -> list[str]:
        """Where they first part, in a line for the numbers and one for the gradients."""
        found, lines = self.found, []
        number = show if signs else plain
        if found.first is not None:
            p = found.first
            said = self._way(p, signs) if p.status != NUMBER else f"data {number(found.a.data[p.a], 6)} | {number(found.b.data[p.b], 6)}"
            lines.append(f"first apart, going forward: {self._name(p)}{', ' if p.status != NUMBER else ': '}{said}")
        if found.first_grad is not None:
            p = found.first_grad
            said = f"{number(found.a.grads[p.a], 6)} | {number(found.b.grads[p.b], 6)}"
            lines.append(f"first apart, going back: {self._name(p)}.grad: {said}")
        if not found.grads:
            which = self.names[0] if found.b.passed else self.names[1]
            lines.append(f"gradients are not compared: {which} has none, backward() was not called there")
        return lines

    def _way(self, p: Pair, signs: bool = False) -> str:
        found = self.found
        if p.status in (ONLY_A, ONLY_B):
            where, one, at = (self.names[0], found.a, p.a) if p.status == ONLY_A else (self.names[1], found.b, p.b)
            made = one.formula(at, TEXT, signs)
            return f"only in {where}{f': {made}' if made else ''}"
        ways = [one.formula(at, TEXT, signs) or "a leaf" for one, at in ((found.a, p.a), (found.b, p.b))]
        return f"made in another way: {' | '.join(ways)}"

    def rows(self) -> Iterator[tuple[Pair, str, float, float]]:
        """Every number that differs: its pair, "data" or "grad", the two numbers; data going forward, then gradients going back."""
        found = self.found
        yield from ((p, "data", found.a.data[p.a], found.b.data[p.b]) for p in found.pairs if p.data)
        yield from ((p, "grad", found.a.grads[p.a], found.b.grads[p.b]) for p in reversed(found.pairs) if p.grad)

    @cached_property
    def text(self) -> str:
        """The comparison in words, and a table of the numbers."""
        lines = [self.counted(), *self.parted()]
        for status in (MADE, ONLY_A, ONLY_B):
            others = [p for p in self.found.of(status) if p is not self.found.first]
            lines += [f"{self._name(p)}, {self._way(p)}" for p in others[:LINES]]
            lines += [f"and {len(others) - LINES:,} more"] if len(others) > LINES else []
        every = list(self.rows())
        if every:
            a = self.found.a
            cells = [("value", "made by", "what", *self.names, "relative", "ulps")]
            for p, what, x, y in every[:LINES]:
                made = one_line(a.formula(p.a, 4, signs=False), 30)
                cells.append((self._name(p), made, what, plain(x), plain(y), plain(relative(x, y), 3), far(x, y)))
            lines += ["", *_table(cells)]
            lines += [f"and {len(every) - LINES:,} more numbers"] if len(every) > LINES else []
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Diff({self.counted()})"

    @property
    def title(self) -> str:
        return f"{self.names[0]} and {self.names[1]} compared"

    @property
    def head(self) -> str:
        """What the tab of the page says."""
        return self.title

    # ------------------------------------------------------------ pictures

    def sketcher(self, graph: Graph, look: Look) -> Both:
        """What draws the boxes of this comparison."""
        return Both(Sides(self.found, self.names), graph, look)

    @cached_property
    def _drawer(self) -> Both:
        return self.sketcher(self.graph, self.look)

    @cached_property
    def sketch(self) -> Sketch:
        """What is drawn, before it has a place."""
        return self._drawer.made()

    @cached_property
    def _places(self) -> Places:
        return places(self.sketch, self.layout)

    @cached_property
    def svg(self) -> str:
        """The picture as an SVG document: of both sides, or of each (``beside``)."""
        if not self.beside:
            return svg.drawing(self.sketch, self._places, title=self.title, chosen=self.theme)
        return svg.beside(self.alone, self.sketch, self._places, self.names, title=self.title, chosen=self.theme)

    @cached_property
    def alone(self) -> tuple[Sketch, Sketch]:
        """What is drawn of either side; the places are those of the picture of both."""
        first, second = (one.sketch(self.sketch) for one in self._drawer.each())
        return first, second

    @cached_property
    def drawn(self) -> tuple[str, str, str]:
        """The drawings of both, of the first and of the second, of one size, for a page."""
        titles = (
            self.title,
            *(f"{name}: {_many(len(s.values), 'value')}" for name, s in zip(self.names, (self.found.a, self.found.b), strict=True)),
        )
        both = svg.drawing(self.sketch, self._places, title=titles[0], chosen=self.theme)
        first, second = (
            svg.drawing(one, self._places, title=title, chosen=self.theme, like=self.sketch, prefix=f"{letter}-")
            for one, title, letter in zip(self.alone, titles[1:], "ab", strict=True)
        )
        return both, first, second

    @property
    def _still(self) -> Picture:
        return self._in("dark" if self.theme == "dark" else "light")

    @cached_property
    def html(self) -> str:
        """A page of its own: the picture, whose boxes open and close, and tables of what differs. Opens offline."""
        light = self if self.theme != "dark" else self._in("light")
        return compare_page.page(self, light)

    def _in(self, theme: str) -> Diff:
        return Diff(self.found, self.names, self.look.precision, self.budget, theme, self.layout, self.beside)

    def _repr_html_(self) -> str:
        said = "".join(f"<div>{xml(line)}</div>" for line in (self.counted(), *self.parted(signs=True)))
        try:
            return f'<div style="margin:.3em 0">{said}</div>{notebook.picture(self.svg, self.title)}'
        except render.LayoutError:
            return f"<pre>{xml(self.text)}</pre>"

    def _mime_(self) -> tuple[str, str]:
        return "text/html", notebook.still(self.svg, f"{self.title}. {self.counted()}")


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns, the first at the left."""
    wide = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(f"{cell:<{w}}" if k < 3 else f"{cell:>{w}}" for k, (cell, w) in enumerate(zip(row, wide, strict=True))).rstrip()
        for row in rows
    ]
