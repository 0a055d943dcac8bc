"""``viz.exercise(root, seed=…)``: a printable worksheet with blanks, and its answer key.

    >>> import viz
    >>> from micrograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> sheet = viz.exercise(a * b + a, seed=1)
    >>> sheet
    Exercise(9 blanks, seed 1)
    >>> for number, blank in enumerate(sheet.blanks, 1):
    ...     print(number, blank.question, "=", blank.answer)  # doctest: +ELLIPSIS
    1 v1 = a · b = −6
    2 v2 = v1 + a = −4
    ...

``save`` writes SVG, HTML or (with the extra ``export``) PDF by the name's ending; ``key=True`` writes the answers
too. The same seed always leaves the same blanks.
"""

from __future__ import annotations

import html
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import notebook, shell
from ..browse import shown
from ..drawn.html import UPRIGHT, lying
from ..notation.numbers import show
from ..save import write
from .scene import Scene
from .stepper import Stepper, step

BLANK = "____"

CSS = """body { font-size: 15px; line-height: 1.6; }
main { max-width: 980px; }
h1 { font-size: 22px; } svg { max-width: 100%; height: auto; }
ol { columns: 2; column-gap: 40px; padding-left: 28px; } li { break-inside: avoid; margin-bottom: 8px; }
.name { float: right; } .key { break-before: page; } b { color: var(--good); }
@media (max-width: 600px) { ol { columns: 1; } }
@media print { svg { max-height: 60vh; break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Blank:
    """One thing to fill in: a value, a local derivative or a gradient."""

    kind: str  # "data", "slope" or "grad"
    place: int  # of the value, or for a slope the number of the backward step
    question: str
    answer: str
    number: float


def exercise(
    root: Any,
    *,
    seed: int = 0,
    blanks: float | int = 1.0,
    kinds: tuple[str, ...] = ("data", "slope", "grad"),
    title: str = "Backpropagation by hand",
    names: bool = True,
) -> Exercise:
    """A worksheet on the graph of ``root``.

    ``blanks``: how many numbers to leave out, as a count or (a float up to 1.0) a share of all. ``kinds``: which:
    "data" (values of the forward pass), "slope" (local derivatives on edges), "grad" (gradients).
    Raises ValueError for an unknown kind, or for a graph of more than 120 values: no sheet of paper holds it.
    """
    import sys

    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    wrong = [kind for kind in kinds if kind not in ("data", "slope", "grad")]
    if wrong or not kinds:
        raise ValueError(f"kinds={kinds!r}: expected some of 'data', 'slope', 'grad'")
    stepper = Stepper(root, sys._getframe(1) if names else None, fold=False, title=title)
    if len(stepper.trace.values) > 120:
        raise ValueError(f"an exercise on {len(stepper.trace.values)} values is too long for a sheet: at most 120")
    return Exercise(stepper, seed, blanks, kinds, title)


class Exercise:
    """A worksheet and its key; made by ``viz.exercise``."""

    def __init__(self, stepper: Stepper, seed: int, share: float | int, kinds: tuple[str, ...], title: str) -> None:
        self.stepper, self.seed, self.title = stepper, seed, title
        self._scene = Scene(stepper)
        everything = [blank for blank in self._all() if blank.kind in kinds]
        count = share if isinstance(share, int) else round(share * len(everything))
        if not everything:
            raise ValueError("there is nothing to ask: no operation leads to this value")
        if not 1 <= count <= len(everything):
            raise ValueError(f"blanks={share!r}: this graph has 1 to {len(everything)} of these kinds")
        chosen = sorted(random.Random(seed).sample(range(len(everything)), count))
        #: what is left out, in the order of the passes
        self.blanks: list[Blank] = [everything[i] for i in chosen]

    def __repr__(self) -> str:
        return f"Exercise({len(self.blanks)} blanks, seed {self.seed})"

    def _all(self) -> list[Blank]:
        t, name = self.stepper.trace, self.stepper._name
        made = []
        for place, line in zip(t.interior, self.stepper.log(), strict=False):
            question = line.rsplit(" = ", 1)[0].replace(" * ", " · ")
            made.append(Blank("data", place, question, show(t.data[place]), t.data[place]))
        for k, (node, arg) in enumerate(zip(t.edges.node, t.edges.arg, strict=True)):
            if t.edges.partial[k] == t.edges.partial[k]:
                made.append(Blank("slope", k, f"∂{name(node)}/∂{name(arg)}", show(t.edges.partial[k]), t.edges.partial[k]))
        grads, seen = t.grads(len(t)), {t.root}
        for arg in reversed(t.edges.arg):
            if arg not in seen:
                seen.add(arg)
                made.append(Blank("grad", arg, f"{name(arg)}.grad", show(grads[arg]), grads[arg]))
        order = {"data": 0, "slope": 1, "grad": 2}
        made.sort(key=lambda b: (order[b.kind], -b.place if b.kind == "grad" else b.place))
        return made

    def picture(self, *, key: bool = False) -> str:
        """The graph as SVG, with numbered blanks; with ``key`` the answers stand in their places."""
        numbers: dict[tuple[str, int], str] = {}
        for number, blank in enumerate(self.blanks, 1):
            shown = blank.answer if key else f"({number}) {BLANK}"
            numbers[blank.kind, blank.place] = shown
        text: Callable[[int, str, str], str] = lambda place, field, shown: numbers.get(  # noqa: E731
            (field, place), shown
        )
        labels: Callable[[int], str | None] = lambda k: numbers.get(("slope", k))  # noqa: E731
        state = self._scene.final()
        state.caption = f"{self.title}, {'answers' if key else 'worksheet'} {self.seed}"
        shown_labels = labels if any(b.kind == "slope" for b in self.blanks) else lambda k: None
        return self._scene.draw(state, "light", caption=False, text=text, labels=shown_labels)

    def svg(self, *, key: bool = False) -> str:
        """The whole sheet as one SVG: title, graph, numbered questions."""
        graph = self.picture(key=key)
        match = re.match(r"<svg [^>]*?width=\"(\d+)\" height=\"(\d+)\"", graph)
        assert match is not None
        width, height = max(760, int(match[1])), int(match[2])
        rows = -(-len(self.blanks) // 2)
        total = 60 + height + 24 + 26 * rows + 20
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" width="{width}" '
            f'height="{total}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="14">'
            f'<rect width="{width}" height="{total}" fill="#ffffff"/>'
            f'<text x="16" y="34" font-size="20" font-weight="700">{html.escape(self._heading(key))}</text>'
        ]
        if not key:
            parts.append(f'<text x="{width - 16}" y="34" text-anchor="end">Name: __________________</text>')
        inner = graph[graph.index(">") + 1 : -len("</svg>")]
        parts.append(f'<g transform="translate({(width - int(match[1])) / 2:.0f},56)" font-size="12.5">{inner}</g>')
        for i, blank in enumerate(self.blanks):
            x, y = 16 + (width // 2 if i >= rows else 0), 60 + height + 34 + 26 * (i % rows)
            answer = blank.answer if key else "____________"
            parts.append(f'<text x="{x}" y="{y}">{i + 1}.  {html.escape(blank.question)} = {html.escape(answer)}</text>')
        return "".join(parts) + "</svg>"

    def _heading(self, key: bool) -> str:
        return f"{self.title}: answers (sheet {self.seed})" if key else f"{self.title} (sheet {self.seed})"

    def to_html(self, *, key: bool = True) -> str:
        """The worksheet as one page to print; with ``key`` the answers follow on a page of their own."""
        width, height = self._scene.width, self._scene.height
        body = self._part(False) + (self._part(True) if key else "")
        return shell.page(self.title, body, CSS + lying(width, height, UPRIGHT * 4 / 3), theme="light")

    def _part(self, key: bool) -> str:
        items = "".join(
            f"<li>{html.escape(b.question)} = {f'<b>{html.escape(b.answer)}</b>' if key else '______________'}</li>" for b in self.blanks
        )
        name = "" if key else '<span class="name">Name: ____________________</span>'
        return (
            f"<section{' class=key' if key else ''}>{name}<h1>{html.escape(self._heading(key))}</h1>"
            f"{self.picture(key=key)}<ol>{items}</ol></section>"
        )

    def _repr_html_(self) -> str:
        return notebook.picture(self.svg(), self._heading(False))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return notebook.bundle(repr(self), self._repr_html_, self.svg, include, exclude)

    def _mime_(self) -> tuple[str, str]:
        return "text/html", notebook.still(self.svg(), self._heading(False))

    def show(self, *, key: bool = False) -> None:
        """Show the sheet: in a notebook here, in a script in the browser, with `key` the answers after it."""
        shown(self, lambda: self.to_html(key=key), "exercise.html")

    def save(self, path: str | os.PathLike[str], *, key: bool = False) -> Path:
        """Write the sheet (with ``key`` the answers: in HTML and PDF after it, in SVG instead of it).

        The ending says how: .svg, .html or .pdf; ValueError for another.
        """
        target = Path(path)
        kind = target.suffix.lower()
        if kind == ".svg":
            return write(target, self.svg(key=key).encode())
        if kind in (".html", ".htm"):
            return write(target, self.to_html(key=key).encode())
        if kind == ".pdf":
            return write(target, self._pdf([False, True] if key else [False]))
        raise ValueError(f"cannot write {target.name!r}: expected a name ending in .svg, .html or .pdf")

    def quiz(self) -> Stepper:
        """The same graph as an interactive quiz with this seed: ``.save("quiz.html")`` needs no kernel."""
        made = step(self.stepper.trace.values[self.stepper.trace.root], quiz=self.seed, names=False)
        made.trace.names = list(self.stepper.trace.names)
        made.title = self.title
        return made

    def _pdf(self, keys: list[bool]) -> bytes:
        from ..drawn.pdf import pdf

        pages = [self.svg(key=key) for key in keys]
        return pdf(pages[0], self.title, *pages[1:])
