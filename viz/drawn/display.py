"""What a Value shows in a notebook: a small picture, always quickly."""

from __future__ import annotations

from typing import Any

from ..model.graph import build
from ..notation.names import Names, from_caller
from . import html
from .picture import Picture
from .render import LayoutError
from .sketch import Look
from .text import text_tree

BUDGET = 30
LIMIT = 20_000  # of a larger graph only the values nearest to the result are looked at


def repr_html(value: Any) -> str:
    """``value`` as HTML for a notebook: its graph, folded to about 30 boxes.

    Never raises for the sake of a picture: without a layout program it is a tree of text.
    """
    names = Names(from_caller(None))
    try:
        graph = build(value, fold="auto", budget=BUDGET, names=names, partials=True, limit=LIMIT)
        return Picture(graph, Look(), "auto", value)._repr_html_()
    except LayoutError as error:
        return html.plain(str(error), text_tree(value, limit=60, names=names))
