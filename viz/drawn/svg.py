"""The layout program's SVG made fit for pages: styled, with tooltips, a title and fallback fonts."""

from __future__ import annotations

import re

from ..escape import xml
from ..notation.numbers import MINUS
from . import theme

FONTS = "Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif"

_LINK = re.compile(r'<g id="a_[^"]*"><a\b[^>]*?xlink:title="([^"]*)"[^>]*>(.*?)</a>\s*</g>', re.S)
_FONT = re.compile(r'font-family="Helvetica[^"]*"')
_SIZE = re.compile(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"')
_NUMBER = re.compile(
    r'(<text\b[^>]*?\bx=")(-?[\d.]+)("[^>]*?font-size=")([\d.]+)("[^>]*>)'
    "([\xa0 ]*-(?:[\\d.]+(?:e[-+]\\d+)?|inf)(?: … -?[\\d.e+-]+)?[\xa0 ]*|[\\d.e+-]+ … -[\\d.e+-]+)</text>"
)
_TITLE = re.compile(r"<title>[^<]*</title>\n")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.S)


def finish(raw: str, *, title: str, chosen: str) -> str:
    """A standalone SVG document from the program's output; ``chosen`` is the theme."""
    css = theme.style(chosen)
    start = raw.index("<svg")
    body = _COMMENT.sub("", raw[start:])
    body = body.replace("&#45;", "-")
    body = _TITLE.sub("", body)  # node names: the tooltips below say more
    body = _LINK.sub(_tooltip, body)
    body = _NUMBER.sub(_minus, body)
    body = _FONT.sub(f'font-family="{FONTS}"', body)
    head = f'class="graph-picture" role="img" aria-label="{xml(title)}"'
    body = _SIZE.sub(lambda m: f'<svg {head} width="{m[1]}pt" height="{m[2]}pt"', body, count=1)
    opening = body.index(">") + 1
    style = f"<style>{css}</style>\n" if css else ""
    return f"{body[:opening]}\n<title>{xml(title)}</title>\n{style}{body[opening:].lstrip()}"


def _tooltip(link: re.Match[str]) -> str:
    """A link that leads nowhere becomes a group with a <title>, which browsers show at the mouse."""
    return f"<g><title>{link[1]}</title>{link[2]}</g>"


def _minus(text: re.Match[str]) -> str:
    """The hyphens of numbers as minus signs, moved so that the number still ends where it did."""
    before, x, middle, size, after, number = text.groups()
    signs = len(re.findall(r"(?<![e\d])-", number))
    wider = 0.251 * float(size) * signs  # a minus sign is so much wider than a hyphen
    if 'text-anchor="middle"' in before:
        wider = 0.0
    number = number.replace("-", MINUS)
    return f"{before}{float(x) - wider:.2f}{middle}{size}{after}{number}</text>"


def size(svg: str) -> tuple[float, float]:
    """Width and height in points."""
    found = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def embedded(svg: str) -> str:
    """The same drawing as part of a page, which brings the styles itself."""
    return re.sub(r"<style>.*?</style>\n?", "", svg, count=1, flags=re.S)
