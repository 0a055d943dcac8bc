"""The drawing functions of the original notebooks: ``trace(root)`` and ``draw_dot(root)``."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphviz import Digraph  # type: ignore[import-untyped]

from .. import notebook
from ..escape import one_line, quoted, record
from ..given import short
from ..model.graph import args_of, label_of, number, op_of, roots_of, topological
from ..save import write
from . import render, svg
from .dot import PORTS
from .metrics import width
from .place import places
from .png import png
from .sketch import SIZE, Box, Line, Look, Row, Sketch

PURE = ("svg", "png", "jpg", "jpeg", "dot", "gv", "canon", "json", "json0", "plain", "plain-ext", "xdot")  # what graphviz-pure writes


def trace(root: Any) -> tuple[set[Any], set[tuple[Any, Any]]]:
    """All values below ``root`` and all edges ``(child, parent)``, as sets.

    >>> from micrograd import Value
    >>> a = Value(2.0)
    >>> nodes, edges = trace(a + a)
    >>> len(nodes), len(edges)
    (2, 1)
    """
    values = topological(roots_of(root))
    return set(values), {(arg, value) for value in values for arg in args_of(value)}


class Drawing(Digraph):  # type: ignore[misc]
    """A ``graphviz.Digraph`` that renders by `graphviz-pure`; by `dot` on request or where that is missing; SVG and PNG without both."""

    root: Any = None  # what it draws, for the case that no program is there
    said = "Computation graph"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        if self._jupyter_mimetype != "image/svg+xml" or "image/svg+xml" in (include or ()):  # graphviz.set_jupyter_format, or asked for
            return dict(super()._repr_mimebundle_(include, exclude))
        return notebook.bundle(f"<{self.said}>", self._repr_html_, self._plain_svg, include, exclude)

    def _repr_html_(self) -> str:
        return notebook.picture(self._plain_svg(), self.said)

    def _mime_(self) -> tuple[str, str]:
        return "text/html", notebook.still(self._plain_svg(), self.said)

    def _plain_svg(self) -> str:
        raw = self.pipe("svg", encoding="utf-8")
        return re.sub(r"<!--.*?-->\n?|<title>[^<]*</title>\n", "", raw[raw.index("<svg") :], flags=re.S)

    def pipe(self, format: str | None = None, *args: Any, **options: Any) -> Any:
        """The drawing in ``format``: bytes, or text when an ``encoding`` is given."""
        kind = format or self.format
        if _plain_dot(kind):
            try:
                return super().pipe(format, *args, **options)
            except UnicodeDecodeError as error:
                raise render.LayoutError(f"dot gave no text: {error}") from None
        made = self._made(kind)
        encoding = options.get("encoding")
        return made.decode(encoding) if encoding else made

    def render(self, filename: Any = None, **options: Any) -> str:
        """Save the source and the drawing beside it; the drawing's path comes back."""
        if _plain_dot(options.get("format") or Path(options.get("outfile") or "").suffix[1:] or self.format):
            return str(super().render(filename, **options))
        directory = options.get("directory")
        outfile = options.get("outfile")
        if outfile is not None:
            target = Path(self.directory if directory is None else directory, outfile)
            format = options.get("format") or target.suffix[1:]
            source = Path(filename) if filename is not None else target.with_suffix(".gv")
        else:
            source = Path(self.save(filename, directory=directory))
            format = options.get("format") or self.format
            target = Path(f"{source}.{format}")
        write(target, self._made(format))
        if outfile is not None:
            write(source, self.source.encode())
        if options.get("cleanup"):
            os.unlink(source)
        return str(target)

    def _made(self, format: str) -> bytes:
        path = render.found()
        if path is not None or self.root is None or format not in ("svg", "png"):
            return render.layout(self.source, format, path=path)
        drawn = sketch(self.root, self.graph_attr.get("rankdir", "LR"))
        made = svg.drawing(drawn, places(drawn, "layers"), title="Computation graph", chosen="light")
        if format == "svg":
            return made.encode()
        return png(made.replace('pt"', '"', 2), 96 / 72)


def _plain_dot(format: str) -> bool:
    """Whether Graphviz's own program does it: it is asked for, or what there is, or alone knows the format."""
    path = render.found()
    if path is not None and format not in PURE:
        path = shutil.which("dot") or path
    return path is not None and Path(path).stem.lower() == "dot"


def draw_dot(root: Any, format: str = "svg", rankdir: str = "LR") -> Drawing:
    """The original's drawing: a record node for each value, a node for each operation.

    Labels are ``{ data %.4f | grad %.4f }``, and ``{ name | data %.4f | grad %.4f }`` where the value has
    a label. ``a + a`` has two edges. ``root`` is a Value or a list of them; ``format`` is what
    `graphviz` can write ("svg", "png", …); ``rankdir`` one of LR, RL, TB, BT.

    >>> from micrograd import Value
    >>> a = Value(2.0, label="a")
    >>> print(draw_dot(a + a).source.strip())  # doctest: +NORMALIZE_WHITESPACE
    digraph {
        graph [rankdir=LR]
        n0 [label="{ a | data 2.0000 | grad 0.0000 }" shape=record]
        n1 [label="{ data 4.0000 | grad 0.0000 }" shape=record]
        "n1+" [label="+"]
        "n1+" -> n1
        n0 -> "n1+"
        n0 -> "n1+"
    }
    """
    if not isinstance(format, str):
        raise TypeError(f"format={short(format)}: expected a word such as 'svg'; several roots are a list, draw_dot([c, d])")
    if rankdir not in PORTS:
        raise ValueError(f"unknown rankdir {rankdir!r}: expected one of {', '.join(PORTS)}")
    drawing = Drawing(format=format, graph_attr={"rankdir": rankdir})
    drawing.body.extend(_lines(root))
    drawing.root = root
    count = sum("shape=record" in line for line in drawing.body)
    drawing.said = f"Computation graph, {count:,} value{'s' * (count > 1)}"
    return drawing


def _fields(value: Any) -> list[str]:
    return [f"data {number(value.data):.4f}", *([f"grad {number(value.grad):.4f}"] if hasattr(value, "grad") else [])]


def sketch(root: Any, rankdir: str) -> Sketch:
    """The same drawing for a layout without a program: a line of text for each value."""
    look = Look(rankdir)
    c = look.palette
    boxes: list[Box] = []
    lines: list[Line] = []
    values = topological(roots_of(root))
    names = {id(value): f"n{i}" for i, value in enumerate(values)}
    for value in values:
        name, op, label = names[id(value)], op_of(value), one_line(label_of(value))
        end = f"{name}-op" if op else name
        said = " | ".join([label, *_fields(value)] if label else _fields(value))
        shown = [(end, "node op", op, 12.5)] if op else []
        for id_, css, text, radius in [*shown, (name, "node value", said, 0.0)]:
            boxes.append(Box(id_, css, [Row(text)], c.paper, c.ink, 1.0, "", width(text, SIZE) + 16, 25.0, radius=radius))
        lines += [Line(f"e-{names[id(arg)]}-{name}-{k}", names[id(arg)], end) for k, arg in enumerate(args_of(value))]
        lines += [Line(f"{name}-stem", end, name)] if op else []
    return Sketch(look, boxes, lines, [], False, [])


def _lines(root: Any) -> Iterator[str]:
    # Written out, not by dot.node(): that checks each name, and takes half a minute for 10⁵ values.
    values = topological(roots_of(root))
    names = {id(value): f"n{i}" for i, value in enumerate(values)}
    for value in values:
        name, op = names[id(value)], op_of(value)
        fields, label = _fields(value), label_of(value)
        fields = [record(label), *fields] if label else fields
        yield f'\t{name} [label="{{ {" | ".join(fields)} }}" shape=record]\n'
        if op:
            yield f"\t{quoted(name + op)} [label={quoted(op)}]\n"
            yield f"\t{quoted(name + op)} -> {name}\n"
    for value in values:
        op = op_of(value)
        target = quoted(names[id(value)] + op) if op else names[id(value)]
        for arg in args_of(value):
            yield f"\t{names[id(arg)]} -> {target}\n"
