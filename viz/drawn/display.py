"""What a Value shows in a notebook: the picture of `viz.draw`."""

from __future__ import annotations

from typing import Any

from ..model.graph import build
from ..notation.names import Names, from_caller
from .picture import Picture
from .sketch import Look

LIMIT = 100_000  # of a larger graph only the values nearest to the result are looked at


def repr_html(value: Any) -> str:
    """``value`` as HTML for a notebook, as `viz.draw` draws it.

    Never raises for the sake of a picture: without a layout program it is a tree of text.
    """
    return str(repr_mimebundle(value, include=["text/html"])["text/html"])


def repr_mimebundle(value: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """``value`` in every form that a notebook keeps: its words, the picture as HTML, and for exports as PNG."""
    graph = build(value, fold="auto", names=Names(from_caller(None)), partials=True, limit=LIMIT)
    bundle = Picture(graph, Look(), "auto", value)._repr_mimebundle_(include, exclude)
    return bundle | {"text/plain": repr(value)} if "text/plain" in bundle else bundle
