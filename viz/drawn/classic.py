"""The drawing functions of the original notebooks: ``trace(root)`` and ``draw_dot(root)``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphviz import Digraph  # type: ignore[import-untyped]

from ..escape import quoted, record
from ..given import short
from ..model.graph import args_of, label_of, number, op_of, roots_of, topological
from ..save import write
from . import render
from .dot import PORTS


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
    """A ``graphviz.Digraph`` that also renders where only `graphviz-pure` is installed."""

    def pipe(self, format: str | None = None, *args: Any, **options: Any) -> Any:
        """The drawing in ``format``: bytes, or text when an ``encoding`` is given."""
        if _plain_dot():
            try:
                return super().pipe(format, *args, **options)
            except UnicodeDecodeError as error:
                raise render.LayoutError(f"dot gave no text: {error}") from None
        made = render.layout(self.source, format or self.format)
        encoding = options.get("encoding")
        return made.decode(encoding) if encoding else made

    def render(self, filename: Any = None, **options: Any) -> str:
        """Save the source and the drawing beside it; the drawing's path comes back."""
        if _plain_dot():
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
        write(target, render.layout(self.source, format))
        if outfile is not None:
            write(source, self.source.encode())
        if options.get("cleanup"):
            os.unlink(source)
        return str(target)


def _plain_dot() -> bool:
    return Path(render.program()).stem.lower() == "dot"


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
    return drawing


def _lines(root: Any) -> Iterator[str]:
    # Written out, not by dot.node(): that checks each name, and takes half a minute for 10⁵ values.
    values = topological(roots_of(root))
    names = {id(value): f"n{i}" for i, value in enumerate(values)}
    for value in values:
        name, op = names[id(value)], op_of(value)
        fields = [f"data {number(value.data):.4f}", *([f"grad {number(value.grad):.4f}"] if hasattr(value, "grad") else [])]
        label = label_of(value)
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
