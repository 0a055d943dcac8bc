"""The page of a comparison: where two graphs part, the picture, and tables of what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..escape import one_line, xml
from ..model.difference import MADE, ONLY_A, ONLY_B, Pair, relative
from ..notation.numbers import show
from . import html
from .compare_sketch import far
from .opening import opening
from .svg import embedded

if TYPE_CHECKING:
    from .compare import Diff

ROWS = 400  # a longer table is cut, and says so


def page(diff: Diff, light: Diff) -> str:
    """A self-contained page. light: the same in light colours."""
    svg, *sides = light.drawn
    said = "".join(f"<p>{xml(line)}</p>" for line in (diff.counted(), *diff.parted(signs=True)))
    opens = opening(light.graph, light.look, light.sketcher)
    parts = [f'<div class="said">{said}</div>', _figure(diff, svg, sides, opens), _numbers(diff), _others(diff)]
    return html.whole(parts, diff.title, diff.theme, svg, diff.head)


def _figure(diff: Diff, svg: str, sides: list[str], opens: Any) -> str:
    """The picture, which begins where the two part; and, for the script, those of the sides."""
    more = "".join(f'<template data-name="{xml(name)}">{embedded(side)}</template>' for name, side in zip(diff.names, sides, strict=True))
    first = diff.found.first or diff.found.first_grad
    begins = f"{_node(diff, first).replace('data-node', 'data-first')} " if first else ""
    made = html.figure(svg, diff.title, opens).replace("</figure>", f"{more}</figure>", 1)
    return made.replace("<figure ", f"<figure {begins}{'data-beside ' if diff.beside else ''}", 1)


def _node(diff: Diff, pair: Pair) -> str:
    place = diff.places_of[id(pair)]
    node = diff.graph.nodes[diff.graph.owner[place]]
    return f'data-node="n{place}" data-in="{node.id}"'


def _numbers(diff: Diff) -> str:
    every = list(diff.rows())
    if not every:
        return ""
    rows = []
    for p, what, x, y in every[:ROWS]:
        name = diff.found.a.told[p.a]
        cells = [xml(one_line(diff.found.a.formula(p.a, 4), 40)), what, _long(x), _long(y), show(relative(x, y), 3), far(x, y)]
        rows.append(f'<tr {_node(diff, p)}><th scope="row">{xml(one_line(name, 40))}</th>{"".join(f"<td>{c}</td>" for c in cells)}</tr>')
    heads = ("value", "made by", "what", xml(diff.names[0]), xml(diff.names[1]), "relative", "ulps")
    more = f'<p class="note">and {len(every) - ROWS:,} more</p>' if len(every) > ROWS else ""
    return (
        '<section class="numbers"><h2>Other numbers</h2><p class="note">Data going forward, then gradients going back: they part in the '
        'first row of each.</p><div class="scroll"><table><thead><tr>'
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{more}</section>"
    )


def _long(x: float) -> str:
    return show(x, 17)


def _others(diff: Diff) -> str:
    """What was made in another way, and what one side has alone."""
    made = []
    found = diff.found
    for status, title in (
        (MADE, "Made in another way"),
        (ONLY_A, f"Only in {diff.names[0]}"),
        (ONLY_B, f"Only in {diff.names[1]}"),
    ):
        pairs = found.of(status)
        if not pairs:
            continue
        heads = ["value", *diff.names] if status == MADE else ["value", "made by", "data"]
        rows = []
        for p in pairs[:ROWS]:
            one, at = (found.a, p.a) if status != ONLY_B else (found.b, p.b)
            cells = [one.formula(at, 4) or "a leaf", show(one.data[at], 6)]
            if status == MADE:
                cells[1] = found.b.formula(p.b, 4) or "a leaf"
            name = xml(one_line(one.told[at], 40))
            rows.append(
                f'<tr {_node(diff, p)}><th scope="row">{name}</th>{"".join(f"<td>{xml(one_line(c, 60))}</td>" for c in cells)}</tr>'
            )
        head = "".join(f'<th scope="col">{xml(h)}</th>' for h in heads)
        more = f'<p class="note">and {len(pairs) - ROWS:,} more</p>' if len(pairs) > ROWS else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        made.append(f'<section class="others"><h2>{xml(title)}</h2><div class="scroll">{table}</div>{more}</section>')
    return "".join(made)
