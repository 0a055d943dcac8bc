"""``viz.draw(root)``: a picture that shows itself in notebooks and saves itself as a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..browse import shown
from ..escape import one_line
from ..given import one_of, precision_of, short, whole
from ..model.certain import known
from ..model.fold import Fold
from ..model.graph import Graph, build, is_value, label_of
from ..notation.names import Names, from_caller
from ..notation.numbers import show
from ..save import write
from . import render, svg, theme
from .dot import PORTS, source
from .place import places
from .sketch import Look, Sketch, sketch

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = ("svg", "png", "pdf", "html", "dot", "mmd", "tex", "txt")
COLORS = ("kind", "grad")
RANKS = ("", "leaves", "levels")
BOXES = 1500  # more than this is no picture, and takes the layout minutes
PNG_DPI = 192
FEW = 200  # values of a graph that may have a line for a name

Labels = bool | str | Mapping[Any, str] | Callable[[Any], str]


def draw(
    root: Any,
    *more: Any,
    x: Any = None,
    rankdir: str = "auto",
    partials: bool = False,
    color: str = "kind",
    precision: int = 4,
    budget: int = 60,
    fold: Fold = "auto",
    labels: Labels = True,
    theme: str = "auto",
    ranks: str = "",
    layout: str = "auto",
    digits: Any = False,
) -> Picture:
    """Draw the graph below ``root``: every value with its data and gradient, every operation.

    ``root`` is a Value (ours, or any object with ``data``, ``grad`` and ``_prev``), a list of Values
    such as a layer returns, or an object with ``__viz_graph__()`` such as a compiled program. Several roots,
    ``draw(c, d)``, make one picture with each of them marked.

    A model (MLP, Layer, Neuron, Linear, Sequential of these, or the original's) is drawn as teachers do: neurons in
    columns, weights by sign and size; ``x``, one input, adds the activations. ``color="grad"`` shows gradients for weights,
    ``budget`` the neurons that are shown.

    - ``rankdir``: "LR" (left to right), "RL", "TB", "BT"; "auto" is LR for a graph, TB for a compiled program.
    - ``partials``: write the local derivative on each edge.
    - ``color``: "kind" (leaf, value, result) or "grad": the gradient, blue above 0 and orange below, the
      stronger the larger on a logarithmic scale, with a legend (greys for boxes of several values).
    - ``precision``: significant digits, 1 to 17.
    - ``budget``, ``fold``: "auto" folds scopes, then alike parts, until about ``budget`` boxes are
      left; False shows every value; a number opens scopes down to that depth; names (of a scope, its
      path, or a module class) fold these scopes and open the others; "time" shows the calls of a recurrent
      cell in a row.
    - ``labels``: a value without a label gets the name of the one public variable that holds it, or
      of the parameter that it is. "all": others are called v1, v2, … False: only real labels. A dict
      or a function gives names itself.
    - ``theme``: "auto" follows the notebook or the system, else "light" or "dark".
    - ``ranks``: "leaves" puts all leaves in one column, "levels" every step of the computation.
    - ``layout``: "auto" takes `graphviz-pure` (the same picture on every machine), else a system `dot`, else "layers", which need no
      program; a name takes that one, and so does the environment variable ``VIZ_LAYOUT``.

    - ``digits``: True shows every number with all its digits, those that are proven in full ink and the rest faint (our Values
      prove them by `micrograd.certify`, which needs python-flint); or a certificate, see `viz/model/certain.py`.

    >>> from micrograd import Value
    >>> a, b = Value(2.0), Value(-3.0)
    >>> c = a * b
    >>> picture = draw(c)
    >>> picture
    Picture(3 values)
    >>> [node.label for node in picture.graph.nodes]
    ['a', 'b', 'c']

    Raises TypeError for what is no Value and no model, ValueError for options that mean nothing.
    """
    one_of("rankdir", rankdir, ("auto", *PORTS))
    one_of("color", color, COLORS)
    one_of("ranks", ranks, RANKS)
    one_of("theme", theme, ("auto", "light", "dark"))
    one_of("layout", layout, render.LAYOUTS)
    shown_digits, room = precision_of(precision), whole("budget", budget, 1)
    if any(isinstance(other, (str, os.PathLike)) for other in more):
        raise TypeError(f"draw() takes Values, and options by name: viz.draw(…).save({short(more[0])}) writes a file")
    from ..model.neurons import is_network

    models = [item for item in (*(root if isinstance(root, (list, tuple)) else [root]), *more) if is_network(item)]
    models = [model for model in models if not callable(getattr(model, "__viz_graph__", None))]
    if models and (more or models[0] is not root):
        which = f"here {short(models[0], 40)} is one of several"
        raise TypeError(f"a network is drawn alone, its input given by name, viz.draw(model, x=[…]): {which}")
    if models:
        if (rankdir, partials, fold, labels, ranks, layout, digits) != ("auto", False, "auto", True, "", "auto", False):
            options = "rankdir, partials, fold, labels, ranks, layout and digits"
            raise ValueError(f"{options} are for graphs; a network takes x, color, precision, budget, theme")
        from .network import network

        return network(root, x, gradients=color == "grad", precision=shown_digits, budget=room, chosen=theme)
    if x is not None:
        raise ValueError(f"x= is the input of a model, and {short(root)} is none: draw what it computes without x")
    root = [root, *more] if more else root
    certain = known(digits, root)
    names = namer(labels, from_caller(sys._getframe(1)))
    graph = build(root, fold=fold, budget=room, names=names, partials=True)
    if len(graph.nodes) > BOXES:
        raise ValueError(
            f"{len(graph.nodes):,} boxes are no picture (at most {BOXES:,}): draw with fold='auto', "
            "which shows about `budget` boxes, or fold more scopes"
        )
    look = Look(
        graph.rankdir if rankdir == "auto" else rankdir, partials, color, shown_digits, ranks, labels == "all", _palette(theme), certain
    )
    return Picture(graph, look, theme, root, layout)


class Picture:
    """A drawn graph. Shows itself in a notebook; see ``save``."""

    endings: tuple[str, ...] = ENDINGS

    def __init__(self, graph: Graph, look: Look, theme: str, root: Any = None, layout: str = "auto") -> None:
        self.graph, self.look, self.theme, self.root, self.layout = graph, look, theme, root, layout

    @cached_property
    def sketch(self) -> Sketch:
        """What is drawn, before it has a place."""
        return sketch(self.graph, self.look)

    @cached_property
    def dot(self) -> str:
        """The DOT source."""
        return source(self.sketch)

    @cached_property
    def mmd(self) -> str:
        """The picture as a Mermaid flowchart, which code hosts and note-takers draw."""
        from . import mermaid

        return mermaid.source(self._still.sketch)

    @cached_property
    def tex(self) -> str:
        """The picture as a LaTeX document of one `tikzpicture`."""
        from . import tikz

        return tikz.source(self._still.sketch, places(self._still.sketch, self.layout))

    @cached_property
    def svg(self) -> str:
        """The picture as an SVG document. Nodes have stable ids and classes, edges and clusters too."""
        return svg.drawing(self.sketch, places(self.sketch, self.layout), title=self.title, chosen=self.theme)

    @property
    def png(self) -> bytes:
        """The picture as PNG at 192 dots an inch: this drawing by ``resvg-py`` (the extra ``export``), else the layout program's own."""
        from .png import png

        try:
            return png(self._still.svg.replace('pt"', '"', 2), PNG_DPI / 72)
        except ImportError:
            return render.layout(self.dot, "png", dpi=PNG_DPI, path=render.program(self.layout))

    @property
    def _still(self) -> Picture:
        """The same picture in one theme, for files that cannot follow their reader's."""
        return Picture(self.graph, self.look, "dark" if self.theme == "dark" else "light", self.root, self.layout)

    @property
    def pdf(self) -> bytes:
        """The picture as PDF; needs ``svglib`` and ``reportlab`` (the extra ``export``)."""
        from .pdf import pdf

        return pdf(self._still.svg, self.title)

    @cached_property
    def html(self) -> str:
        """A page of its own: the picture, the gradients of the leaves, the steps. Opens offline."""
        from . import html
        from .opening import opening

        named = Picture(self.graph, self.look._replace(aliases=True, palette=theme.LIGHT), self.theme, self.root, self.layout)
        opens = opening(self.graph, named.look)
        return html.page(self.graph, named.svg, self.title, self.theme, self.look.precision, self.head, opens)

    @cached_property
    def text(self) -> str:
        """The graph as a plain-text tree."""
        from .text import text_tree

        if self.graph.values:
            shown = {id(node.value): node.label for node in self.graph.nodes if node.label}
            return text_tree(
                [self.graph.values[self.graph.node(r).members[-1]] for r in self.graph.roots],
                precision=self.look.precision,
                digits=self.look.certain,
                names=lambda value: label_of(value) or shown.get(id(value), ""),
            )
        return "\n".join(f"{node.id} = {node.op or node.label}({', '.join(node.args)})" for node in self.graph.nodes)

    @property
    def title(self) -> str:
        """What the picture shows, in a few words."""
        if self.graph.title:
            return self.graph.title
        roots = self.graph.roots
        root = self.graph.node(roots[0]) if len(roots) == 1 else None
        count = len(self.graph.values) or len(self.graph.nodes)
        name = one_line(root.label, 40) if root is not None else ""
        if root is not None and root.value is not None:
            name = f"{name or 'value'} = {show(root.data, self.look.precision)}"
        if len(roots) > 1:
            names = [one_line(node.label, 24) for node in map(self.graph.node, roots) if node.label]
            name = " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) == len(roots) < 6 else f"{len(roots)} roots"
        of = f" of {name}" if name else ""
        return f"Computation graph{of}, {count:,} value{'s' if count > 1 else ''}"

    @property
    def head(self) -> str:
        """What the tab of the page says: what is computed, where that fits in a line, then the title."""
        from ..model.expression import expression

        known = {id(node.value): node.label for node in self.graph.nodes if node.value is not None}
        one = len(self.graph.roots) == 1 and not self.graph.title and len(self.graph.values) <= FEW
        root = self.graph.node(self.graph.roots[0]).value if one else None
        said = expression(root, lambda value: known.get(id(value), "")) if root is not None else ""
        return " · ".join(filter(None, (said, self.title)))

    def show(self) -> None:
        """Show the picture: in a notebook here, in a script its page in the browser."""
        shown(self, lambda: self.html, "graph.html")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file; its ending says how: svg, png, pdf, html, dot, mmd (Mermaid), tex (TikZ) or txt.

        The file appears whole or not at all. Returns its path.
        """
        return write(path, self.file(path))

    def file(self, path: str | os.PathLike[str]) -> bytes:
        """What `save` writes to a file of this name."""
        ending = os.path.splitext(path)[1].lower().removeprefix(".")
        if ending not in self.endings:
            raise ValueError(
                f"cannot save {os.fspath(path)!r}: the ending must be one of {', '.join('.' + known for known in self.endings)}"
            )
        made = self.text + "\n" if ending == "txt" else getattr(self, ending)
        return made if isinstance(made, bytes) else made.encode()

    def __repr__(self) -> str:
        if self.graph.title:
            return f"Picture({self.graph.title})"
        count = len(self.graph.values) or len(self.graph.nodes)
        boxes = len(self.graph.nodes)
        folded = f" in {boxes:,} boxes" if boxes < count else ""
        return f"Picture({count:,} value{'s' if count > 1 else ''}{folded})"

    def _repr_html_(self) -> str:
        from ..notebook import picture

        try:
            return picture(self.svg, self.title)
        except render.LayoutError as error:
            from .html import plain

            return plain(str(error), self.text)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from ..notebook import bundle

        return bundle(repr(self), self._repr_html_, self._plain_svg, include, exclude)

    def _mime_(self) -> tuple[str, str]:
        """For marimo, which gives what has a script a frame of its own."""
        from ..notebook import still

        return "text/html", still(self.svg, self.title)

    def _plain_svg(self) -> str:
        """The drawing without its style sheet; "" where it cannot be made."""
        try:
            return svg.embedded(self.svg)
        except render.LayoutError:
            return ""


def namer(labels: Labels, namespaces: list[Mapping[str, Any]]) -> Callable[[Any], str]:
    """The function that names values, as the option ``labels`` says."""
    if labels is True or labels == "all":
        return Names(namespaces)
    if labels is False:
        return label_of
    if isinstance(labels, Mapping):
        given = {}
        for value, name in labels.items():
            if is_value(name) and isinstance(value, str):  # {"a": a} can only mean {a: "a"}
                value, name = name, value
            if not is_value(value):
                raise ValueError(f"labels: expected a dict of Value: name, not {short(value)}: {short(name)}")
            given[id(value)] = str(name)
        return lambda value: given.get(id(value)) or label_of(value)
    if callable(labels):
        return labels
    raise ValueError(f"unknown labels {labels!r}: expected True, False, 'all', a dict or a function")


def _palette(chosen: str) -> theme.Palette:
    return theme.DARK if chosen == "dark" else theme.LIGHT
