"""A picture as HTML: inline for notebooks, and a page of its own with gradients and steps."""

from __future__ import annotations

import heapq
import json
import math
from typing import Any

from .. import shell
from ..bundle import modules, safe, squeezed_css, static
from ..escape import clean, one_line, xml
from ..model.graph import Graph, Node, args_of, label_of, number
from ..model.passes import sentence
from ..notation.formula import Name, Number
from ..notation.numbers import MINUS, show
from ..notebook import size
from ..reading import grad_of
from . import theme
from .svg import embedded

LEAVES = 60  # as many leaves have a row, those with the largest gradients
ROWS = 400  # a longer table is cut, and says so
UPRIGHT = 800.0  # points of a picture that stay readable upright: between the margins of A4 or Letter are 540


def plain(message: str, text: str) -> str:
    """What is shown where no picture can be made."""
    return f"<div><p>{xml(message)}</p><pre>{xml(text)}</pre></div>"


def _fluid(svg: str, least: float) -> str:
    """The drawing at its own size, shrunk to fit down to ``least`` of it: smaller is unreadable."""
    width, _, _ = size(svg)
    style = f"max-width:100%;height:auto;min-width:{round(width * least)}pt"
    return embedded(svg).replace("<svg ", f'<svg style="{style}" ', 1)


def page(graph: Graph, svg: str, title: str, chosen: str, precision: int, head: str = "", opening: Any = None) -> str:
    """A self-contained page: the picture, a table of leaf gradients, the table of steps.

    head: what the tab says. opening: what opens the boxes.
    """
    parts = [
        figure(svg, title, opening),
        _leaves(graph, precision),
        _steps(graph, precision),
    ]
    return whole(parts, title, chosen, svg, head)


def figure(svg: str, title: str, opening: Any = None) -> str:
    """The picture as a part of a page; with ``opening`` its boxes can be opened there."""
    made = f'<figure class="mg-picture" tabindex="0" aria-label="{xml(title)}">{_fluid(svg, 0.75)}</figure>'
    if opening is None:
        return made
    data = json.dumps(opening, ensure_ascii=False, separators=(",", ":"))
    return f'{made}<script type="application/json" id="mg-boxes">{safe(clean(data))}</script>'


def whole(parts: list[str], title: str, chosen: str, svg: str, head: str = "") -> str:
    """A self-contained page of these parts; the picture among them decides how paper lies."""
    theme.check(chosen)
    opens = any('id="mg-boxes"' in part for part in parts)
    script = modules("picture", *(["picture_boxes"] if opens else [])) + f"\npicture.start({'picture_boxes.Boxes' * opens});"
    css = squeezed_css("".join(map(static, ("viewport.css", "picture.css", "picture_panes.css"))))
    return shell.page(
        clean(head or title),
        f"<h1>{xml(title)}</h1>{''.join(parts)}",
        f"{theme.page_style(chosen)}{css}{lying(*size(svg)[:2])}",
        theme=chosen,
        after=f'<script type="module">{script}</script>\n',
    )


def lying(width: float, height: float, room: float = UPRIGHT) -> str:
    """The style of a printed page with a picture of this size: across where it is too wide to stay readable upright."""
    return "@page{size:landscape}" if width > max(room, height) else ""


def _leaves(graph: Graph, precision: int) -> str:
    """The gradients of the leaves, shown or folded: those with names first, the largest first."""
    leaves = [value for value in graph.values if not args_of(value)]
    if not leaves:
        return ""
    path = graph.path or label_of
    named = {id(leaf): bool(path(leaf)) for leaf in leaves}
    largest = heapq.nlargest(LEAVES, leaves, key=lambda leaf: (named[id(leaf)], _magnitude(leaf)))
    scale = next((m for m in map(_magnitude, largest) if 0 < m < math.inf), 1.0)
    rows = []
    for leaf in largest:
        node, grad = graph.of(leaf), grad_of(leaf)
        name = path(leaf) if node.kind == "fold" or node.cluster else node.name
        half = 50 * min(_magnitude(leaf) / scale, 1.0)
        bar = f'<i style="width:{half:.1f}%;margin-left:{50 - half if grad < 0 else 50:.1f}%"></i>'
        rows.append(
            f'<tr {_at(graph, leaf, node)}><th scope="row">{xml(one_line(name, 40)) or "constant"}</th>'
            f"<td>{xml(show(number(leaf.data), precision))}</td>"
            f'<td>{xml(show(grad, precision))}</td><td class="bar">{bar if grad else ""}</td></tr>'
        )
    rest = len(leaves) - len(largest)
    notes = [f"{rest:,} more leaves have smaller gradients or no name."] if rest else []
    added = sentence(graph.passes)
    notes += [f"{added[:1].upper()}{added[1:]}; the steps below are those of one pass."] if added else []
    return (
        '<section class="leaves"><h2>Gradients of the leaves</h2><div class="scroll" tabindex="0"><table>'
        '<thead><tr><th scope="col">leaf</th><th scope="col">data</th><th scope="col">gradient</th>'
        '<th scope="col">size</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{_notes(notes)}</section>"
    )


def _at(graph: Graph, leaf: Any, node: Node) -> str:
    """Which node of the picture a row belongs to: the leaf's own, and the box that it is in at first."""
    return f'data-node="n{graph.place(leaf)}" data-in="{node.id}"' if node.kind == "fold" else f'data-node="{node.id}"'


def _magnitude(leaf: Any) -> float:
    grad = abs(grad_of(leaf))
    return grad if grad == grad else math.inf


def _steps(graph: Graph, precision: int) -> str:
    """Forward: each operation in numbers. Backward: upstream × local = contribution, edge by edge."""
    by_id = {node.id: node for node in graph.nodes}
    shown = [node for node in graph.nodes if node.kind == "value" and node.value is not None]
    if not shown:
        return ""
    rows = []
    for node in shown:
        args = [by_id[id] for id in node.args]
        if any(arg.kind == "fold" for arg in args) or len(args) > 12:
            continue
        symbols = node.line([Name(_plain_name(arg)) for arg in args], precision)
        numbers = node.line([Number(arg.data) for arg in args], precision)
        rows.append(
            f'<tr data-node="{node.id}"><th scope="row">{_name(node)}</th><td>{xml(symbols)}</td>'
            f"<td>= {xml(numbers)}</td><td>= {xml(show(node.data, precision))}</td></tr>"
        )
    forward = f"<tbody><tr><th colspan=4 scope=rowgroup>Forward: each operation</th></tr>{''.join(rows[:ROWS])}</tbody>"
    backward, notes = _backward(graph, shown, precision)
    if len(rows) > ROWS:
        notes.append(f"Only the first {ROWS} forward steps are listed.")
    if any(node.kind == "fold" for node in graph.nodes):
        notes.append("Steps inside folded boxes are not listed.")
    table = f'<div class="scroll" tabindex="0"><table class="steps">{forward}{backward}</table></div>'
    return f"<section><h2>Steps</h2>{table}{_notes(notes)}</section>"


def _backward(graph: Graph, shown: list[Node], precision: int) -> tuple[str, list[str]]:
    if all(node.grad == 0 for node in shown):
        return "", ["All gradients are 0: backward() has not been called yet."]
    by_id = {node.id: node for node in graph.nodes}
    into: dict[str, list[str]] = {}
    for edge in graph.edges:
        user, arg = by_id[edge.dst], by_id[edge.src]
        if edge.partial is None or user.kind != "value" or arg.kind == "fold":
            continue
        upstream, local = show(user.grad, precision), show(edge.partial, precision)
        product = user.grad * edge.partial
        if math.isnan(product) and not math.isnan(arg.grad):  # nothing passed: see micrograd/pull.py
            product = 0.0
        into.setdefault(user.id, []).append(
            f'<tr data-node="{arg.id}"><th scope="row">{_name(arg)}.grad</th>'
            f"<td>+= {_name(user)}.grad × ∂{_name(user)}/∂{_name(arg)}</td>"
            f"<td>= {xml(upstream)} × {xml(_around(local))}</td><td>= {xml(show(product, precision))}</td></tr>"
        )
    rows = [row for node in reversed(shown) for row in into.get(node.id, [])]
    body = f"<tbody><tr><th colspan=4 scope=rowgroup>Backward: upstream × local = contribution</th></tr>{''.join(rows[:ROWS])}</tbody>"
    return body, [f"Only the first {ROWS} backward steps are listed."] if len(rows) > ROWS else []


def _plain_name(node: Node) -> str:
    return one_line(node.name, 40)


def _name(node: Node) -> str:
    return xml(_plain_name(node))


def _around(text: str) -> str:
    return f"({text})" if text.startswith(MINUS) else text


def _notes(notes: list[str]) -> str:
    return "".join(f'<p class="note">{xml(note)}</p>' for note in notes)
