"""``viz.step(root)``: walk forward and backward through a graph, one contribution at a time.

    >>> import viz
    >>> from micrograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> stepper = viz.step(a * b + a)
    >>> stepper
    Stepper(4 values, 7 steps)
    >>> for line in stepper.log():
    ...     print(line)
    v1 = a * b = −6
    v2 = v1 + a = −4
    v2.grad = 1
    v1.grad += v2.grad · ∂v2/∂v1 = 1 · 1 = 1: 0 → 1
    a.grad += v2.grad · ∂v2/∂a = 1 · 1 = 1: 0 → 1
    a.grad += v1.grad · ∂v1/∂a = 1 · −3 = −3: 1 → −2
    b.grad += v1.grad · ∂v1/∂b = 1 · 2 = 2: 0 → 2

In a notebook the stepper shows itself (no kernel needed afterwards, nothing fetched); ``save`` writes one
page that opens offline; ``live`` is the two-way widget.
"""

from __future__ import annotations

import html
import math
import os
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

from .. import notebook, shell
from ..browse import shown
from ..bundle import inline, script, sheet
from ..given import page_path, short, whole
from ..model import passes
from ..model.boxes import ROOM, called, grow, opened, stem
from ..model.certain import INKED, inks, meant
from ..model.certain import known as certain_of
from ..model.expression import expression
from ..model.fold import in_a_row
from ..notation import text
from ..notation.names import from_caller
from ..notation.numbers import MINUS, show, within
from ..reading import collector_paused, is_value, summed
from ..save import write
from . import breaks, sources
from .check import check as check_trace
from .options import fold_options, quiz_options
from .payload import payload, whole_numbers
from .recording import Trace, record

TITLE = "Backpropagation, step by step"
FEW = 200  # values of a graph that may have a line for a name
CSS = """main { max-width: 1180px; }
h1 { font-size: 20px; margin: 4px 0 10px; }
@media (max-width: 560px) { body { padding: 4px; } }
"""


def step(
    root: Any,
    *more: Any,
    break_on: Any = None,
    fold: Any = True,
    quiz: Any = None,
    check: bool = False,
    at: int = 0,
    names: bool = True,
    title: str = TITLE,
    digits: Any = False,
) -> Stepper:
    """A stepper over the whole computation of ``root``; the graph is left as it was found.

    ``root``: a Value of ours, or of any class with ``data``, ``grad``, ``_prev``, ``_op`` and ``_backward``:
    then its own closures are driven, and what they do is shown, right or wrong.
    Several roots, ``step(c, d)`` or ``step([c, d])``: one pass back from their sum, which is added as the last value of the
    walk, by the class's own ``+``. So each root starts with the gradient 1, and the leaves get what one ``backward()`` of
    each root after the other would add up to.
    ``break_on``: a label, an operation, a Value, 'nan', 'inf', 'dead relu', an expression such as
    ``"abs(grad) > 10"``, a function of a ``Moment``, or a list of these.
    ``fold``: True folds down to about 60 visible boxes, a number is another such budget, False shows
    every value, a name or list of names keeps the boxes so called closed, "time" shows the calls of a
    recurrent cell in a row. A closed box is one step for Next.
    ``quiz``: True, a seed, or ``{"seed": 1, "count": 10, "tolerance": 0.01, "kinds": ["product", "total", "slope"]}``.
    ``check``: compare every local derivative with finite differences, ask each closure of your own class once more where the pass's
    numbers could hide a mistake, mark what is wrong and say how many problems there are.
    ``at``: the step to open at (negative counts from the end). ``names``: name values by the caller's variables.
    ``digits``: as `viz.draw`'s: the panel of a selected value, and the log, show its numbers with the digits that are certain.

    Raises TypeError when ``root`` is no Value and ValueError for an option that means nothing here.
    """
    if any(isinstance(other, (str, os.PathLike)) for other in more):
        raise TypeError(f"step() takes Values, and options by name: viz.step(…).save({short(more[0])}) writes the page")
    frame = sys._getframe(1) if names else None
    with collector_paused():
        return Stepper([root, *more] if more else root, frame, break_on, fold, quiz, check, at, title, digits)


class Stepper:
    """A recorded pass and the page that shows it. Made by ``viz.step``."""

    def __init__(
        self,
        root: Any,
        frame: FrameType | None = None,
        break_on: Any = None,
        fold: Any = True,
        quiz: Any = None,
        check: bool = False,
        at: int = 0,
        title: str = TITLE,
        digits: Any = False,
    ) -> None:
        roots = _roots(root)
        self._certain = certain_of(digits, roots[0] if len(roots) == 1 else roots)
        self.trace: Trace = record(summed(roots), from_caller(frame) if frame is not None else [])
        self.title = str(title)
        if len(roots) > 1 and title == TITLE:
            self.title += f": back from the sum of {self._listed(roots)}"
        self._fold = fold_options(fold)
        #: the boxes of the graph
        self.tree = grow(self.trace.values, self.trace.args, [self.trace.root], deep=True, **self._fold.pop("grow"))
        closed = set(self._fold.get("closed", ()))
        if closed and (missing := closed.difference(*(called(self.tree, box) for box in range(len(self.tree.name))))):
            known = ", ".join(sorted({repr(stem(name)) for name in self.tree.name})) or "no boxes"
            raise ValueError(f"fold: no box is called {', '.join(map(repr, sorted(missing)))}; this graph has {known}")
        if self._fold.get("time"):
            in_a_row(self.tree, ROOM)  # or it says that there is none
        self.trace.arrange(self.tree.order())
        self.breaks = breaks.positions(self.trace, break_on)
        self._by_numbers = breaks.by_numbers(self.trace, break_on)
        #: what is to be said where the leaves hold the sum of several passes
        self.passes = passes.beside(self.trace.values, self.trace.operands, self.trace.root, self.trace.grads(len(self.trace)))
        #: what ``check=True`` found, as (value, message) pairs
        self.problems: list[tuple[Any, str]] = []
        #: how many operations the check could not recompute, and so did not judge
        self.unjudged = 0
        self._checked = check
        if check:
            marks, self.unjudged = check_trace(self.trace)
            for place, messages in marks.items():
                self.trace.marks.setdefault(place, []).extend(messages)
        for place in sorted(self.trace.marks):
            self.problems += [(self.trace.values[place], m) for m in self.trace.marks[place]]
        self._quiz = quiz_options(quiz)
        at = whole("at", at)
        self._at = max(0, len(self.trace) + 1 + at) if at < 0 else min(at, len(self.trace))
        self._data: dict[str, Any] | None = None
        self._lines = sources.lines_for(frame, self.trace.values, self.trace.names)

    @cached_property
    def open(self) -> list[int]:
        """The boxes that are open at first."""
        return opened(self.tree, **self._fold)

    def __len__(self) -> int:
        return len(self.trace)

    def __repr__(self) -> str:
        found = f", {len(self.problems)} problems" if self.problems else ""
        return f"Stepper({len(self.trace.values)} values, {len(self.trace)} steps{found})"

    @property
    def data(self) -> dict[str, Any]:
        """The trace with folding, sources, breakpoints and quiz: all that the page needs, as JSON data."""
        if self._data is None:
            made = payload(self.trace)
            boxes = self.tree
            if boxes.parent:
                made["groups"] = {
                    "parent": boxes.parent,
                    "name": boxes.name,
                    "of": whole_numbers(box + 1 for box in boxes.of),
                }
                made["open"] = self.open
            made |= {"title": self.title, "at": self._at}
            if self.passes:
                made["passes"] = self.passes
            if self._certain is not None and len(self.trace.values) <= INKED:
                made["certain"] = inks(self.trace.values, self._certain)
            if self._checked:
                made["check"] = {"said": self.checked(), "ok": not self.problems}
            if self.breaks:
                made["breaks"], made["asked"] = self.breaks, self._by_numbers
            if self._quiz:
                made["quiz"] = self._quiz
            self._add_lines(made)
            self._data = made
        return self._data

    def _add_lines(self, made: dict[str, Any]) -> None:
        table: dict[str, int] = {}
        codes: dict[Any, str] = {}
        line = {p: table.setdefault(text, len(table)) for p, text in self._lines.items()}
        code = {}
        for place in [] if self.trace.engine else self.trace.interior:
            value = self.trace.values[place]
            key = sources.code_key(value)
            if key is not None:
                if key not in codes:
                    codes[key] = sources.backward_code(value)
                if codes[key]:
                    code[place] = table.setdefault(codes[key], len(table))
        if table:
            made |= {"lines": list(table), "line": line, "code": code}

    def log(self) -> Iterator[str]:
        """Every step as a line of text: the same walk for a terminal."""
        t = self.trace
        for m in t.moments():
            name = self._name(m.place)
            if m.kind == "forward":
                yield f"{name} = {text.write(t.written(m.place))} = {self._told(m.place, m.data, False)}"
            elif m.kind == "seed":
                yield f"{name}.grad = 1"
            else:
                node, value = self._name(m.source), show(m.value)
                if not math.isnan(m.partial):
                    numbers = f"{show(m.upstream)} · {show(m.partial)}"
                    nothing = m.value == 0.0 and math.isnan(m.upstream * m.partial)  # a structural zero, see micrograd/pull.py
                    value = f"{node}.grad · ∂{node}/∂{name} = {numbers}{', which passes nothing' if nothing else f' = {value}'}"
                yield f"{name}.grad += {value}: {show(m.before)} → {self._told(m.place, m.grad, True)}"
        if self.passes:
            yield self.passes
        if self._checked or t.marks:
            yield self.checked()
            yield from (f"⚠ {self._name(place)}: {message}" for place in sorted(t.marks) for message in t.marks[place])

    def _told(self, place: int, x: float, gradient: bool) -> str:
        pair = self._certain(self.trace.values[place]) if self._certain is not None else None
        proof = pair and pair[gradient]
        return within(x, proof.digits, proof.error).replace("-", MINUS) if proof and meant(proof, x) else show(x)

    def checked(self) -> str:
        """What ``check=True`` found, in a sentence."""
        count, total = len(self.problems), self.trace.forward
        found = f"{count} problem{'s' * (count > 1)}" if count else "no problem"
        if not self._checked:
            return f"{found} met"
        rest = f"; {self.unjudged} could not be computed again, so not judged" if self.unjudged else ""
        return f"check: {found} in {total} operation{'s' * (total != 1)}{rest}"

    def _listed(self, roots: list[Any]) -> str:
        place = {id(value): i for i, value in enumerate(self.trace.values)}
        found = [self._name(place[id(root)]) for root in roots]
        return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) < 6 else f"{len(found)} values"

    def _name(self, place: int) -> str:
        return self.trace.told[place]

    def fragment(self, *, image: bool = True, page: bool = False) -> str:
        """The stepper as an HTML fragment: a div and one inline module script, nothing fetched. page: keys work before it is clicked."""
        fallback = ""
        if image:
            from .stills import picture

            fallback = notebook.still(picture(self), self.alt())
        return inline(fallback, script("stepper"), "stepper", self.data, page)

    def alt(self) -> str:
        """One sentence for those who cannot see the picture."""
        t = self.trace
        leaves = [f"{t.names[i]} {show(g)}" for i, g in enumerate(t.grads(len(t))) if t.names[i] and not t.operands[i]]
        gradients = f"; gradients {', '.join(leaves[:8])}" if leaves else ""
        return f"Graph of {len(t.values)} values, result {show(t.data[t.root])}{gradients}"

    def to_html(self) -> str:
        """One self-contained page that opens offline."""
        body = f"<h1>{html.escape(self.title)}</h1>\n{self.fragment(image=False, page=True)}"
        return shell.page(self.head(), body, CSS, sheets=[sheet()])

    def head(self) -> str:
        """What the tab of the page says: what is computed, then the title; a title of one's own alone."""
        t = self.trace
        if len(t.values) > FEW or self.title != TITLE:
            return self.title
        known = {id(value): name for value, name in zip(t.values, t.names, strict=True)}
        said = expression(t.values[t.root], lambda value: known.get(id(value), ""))
        return " · ".join(filter(None, (said, self.title)))

    def show(self) -> None:
        """Show the stepper: in a notebook here, in a script in the browser."""
        shown(self, self.to_html, "steps.html")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to ``path``, whole or not at all; returns the path. ValueError unless it ends in .html."""
        return write(page_path(path, "viz.frames makes pictures and viz.draw(root).save(…) a drawing"), self.to_html().encode())

    def _repr_html_(self) -> str:
        return self.fragment()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .stills import picture

        return notebook.bundle(repr(self), self._repr_html_, lambda: picture(self, "light"), include, exclude)

    def live(self) -> Any:
        """The two-way widget (needs the extra ``live``): ``w.step``, ``w.score``, ``w.on_event``."""
        from .widget import live

        return live(self)


def _roots(root: Any) -> list[Any]:
    """One Value, or a list or array of them; TypeError for anything else."""
    if is_value(root) and hasattr(root, "grad") and not isinstance(root, type):
        return [root]
    listed = isinstance(root, (list, tuple)) or hasattr(root, "tolist")
    items = list(root.tolist() if hasattr(root, "tolist") else root) if listed else []
    wrong = [item for item in items if not (is_value(item) and hasattr(item, "grad"))] if items else [root]
    if wrong:
        way = "; call it with an input and step through what it gives" if callable(root) else ""
        way = "; viz.draw shows it" if callable(getattr(root, "__viz_graph__", None)) else way
        raise TypeError(
            f"cannot step through {short(wrong[0])} ({type(wrong[0]).__name__}): expected a Value, that is an object with data, grad and "
            f"_prev, or a list of them{way}"
        )
    return list({id(item): item for item in items}.values())
