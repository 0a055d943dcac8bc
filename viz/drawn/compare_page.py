"""The page of a comparison: where two graphs part, the picture, and tables of what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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
    parts = [f'<div class="said">{said}</div>', _figure(diff, svg, sides, opens), *map(_section, tables(diff))]
    return html.whole(parts, diff.title, diff.theme, svg, diff.head)


def _figure(diff: Diff, svg: str, sides: list[str], opens: Any) -> str:
    """The picture, which begins where the two part; and, for the script, those of the sides."""
    more = "".join(f'<template data-name="{xml(name)}">{embedded(side)}</template>' for name, side in zip(diff.names, sides, strict=True))
    first = diff.found.first or diff.found.first_grad
    begins = f"{_node(diff, first).replace('data-node', 'data-first')} " if first else ""
    made = html.figure(svg, diff.title, opens).replace("</figure>", f"{more}</figure>", 1)
    return made.replace("<figure ", f"<figure {begins}{'data-beside ' if diff.beside else ''}", 1)


def _places(diff: Diff, pair: Pair) -> tuple[str, str]:
    """The node of a pair, and the one that it is in at first."""
    place = diff.places_of[id(pair)]
    return f"n{place}", diff.graph.nodes[diff.graph.owner[place]].id


def _node(diff: Diff, pair: Pair) -> str:
    node, inside = _places(diff, pair)
    return f'data-node="{node}" data-in="{inside}"'


class Table(NamedTuple):
    """Rows of what differs; of each its node, the one that it is in at first, and its cells."""

    kind: str  # "numbers", or "others"
    title: str
    note: str
    head: list[str]
    rows: list[tuple[str, str, list[str]]]
    more: int  # so many are left out


def tables(diff: Diff) -> list[Table]:
    """The numbers that differ; what was made in another way, and what one side has alone."""
    found, made = diff.found, []
    every = list(diff.rows())
    if every:
        rows = []
        for p, what, x, y in every[:ROWS]:
            how = one_line(found.a.formula(p.a, 4), 40)
            cells = [one_line(found.a.told[p.a], 40), how, what, show(x, 17), show(y, 17), show(relative(x, y), 3), far(x, y)]
            rows.append((*_places(diff, p), cells))
        head = ["value", "made by", "what", *diff.names, "relative", "ulps"]
        note = "Data going forward, then gradients going back: they part in the first row of each."
        made.append(Table("numbers", "Other numbers", note, head, rows, len(every) - len(rows)))
    for status, title in ((MADE, "Made in another way"), (ONLY_A, f"Only in {diff.names[0]}"), (ONLY_B, f"Only in {diff.names[1]}")):
        pairs = found.of(status)
        rows = []
        for p in pairs[:ROWS]:
            one, at = (found.a, p.a) if status != ONLY_B else (found.b, p.b)
            cells = [one.formula(at, 4) or "a leaf", show(one.data[at], 6)]
            if status == MADE:
                cells[1] = found.b.formula(p.b, 4) or "a leaf"
            rows.append((*_places(diff, p), [one_line(one.told[at], 40), *(one_line(cell, 60) for cell in cells)]))
        if rows:
            head = ["value", *diff.names] if status == MADE else ["value", "made by", "data"]
            made.append(Table("others", title, "", head, rows, len(pairs) - len(rows)))
    return made


def _section(table: Table) -> str:
    rows = [
        f'<tr data-node="{node}" data-in="{inside}"><th scope="row">{xml(name)}</th>{"".join(f"<td>{xml(c)}</td>" for c in cells)}</tr>'
        for node, inside, (name, *cells) in table.rows
    ]
    note = f'<p class="note">{xml(table.note)}</p>' if table.note else ""
    head = "".join(f'<th scope="col">{xml(h)}</th>' for h in table.head)
    more = f'<p class="note">and {table.more:,} more</p>' if table.more else ""
    body = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    return f'<section class="{table.kind}"><h2>{xml(table.title)}</h2>{note}{body}{more}</section>'


def told(diff: Diff) -> dict[str, Any]:
    """The comparison as plain data, for a page that draws and lists it itself (the lab's): drawings, what opens boxes, words, tables."""
    both, first, second = diff.drawn
    begins = diff.found.first or diff.found.first_grad
    return {
        "names": list(diff.names),
        "svg": both,
        "sides": [first, second],
        "boxes": opening(diff.graph, diff.look, diff.sketcher),
        "first": list(_places(diff, begins)) if begins else [],
        "alike": diff.alike,
        "said": [diff.counted(), *diff.parted(signs=True)],
        "tables": [table._asdict() for table in tables(diff)],
    }
