"""The picture as PDF, by pip packages alone: svglib reads the SVG, reportlab writes the page."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

# Standard PDF fonts know Latin letters only. These are looked for, in this order, for other text.
FILES = ("LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf", "DejaVuSans.ttf", "Vera.ttf")
STAND_INS = {"−": "–", "Σ": "∑"}  # signs that look the same, where a font lacks the first

NEEDED = "saving PDF needs svglib and reportlab ({}): pip install 'micrograd-lab[export]'"
_TEXT = re.compile(r'<text\b((?:(?! font-family=)[^>])*)(?: font-family="[^"]*")?([^>]*>)([^<]*)(</text>)')


def pdf(svg: str, title: str, *more: str) -> bytes:
    """One page of the size of the drawing; a page each for ``more`` drawings."""
    try:
        from reportlab.graphics import renderPDF  # type: ignore[import-untyped]
        from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(NEEDED.format(error)) from None
    page = io.BytesIO()
    canvas = Canvas(page, invariant=1)
    canvas.setTitle(title)
    for source in (svg, *more):
        drawing = drawn(source)
        canvas.setPageSize((drawing.width, drawing.height))
        renderPDF.draw(drawing, canvas, 0, 0)
        canvas.showPage()
    canvas.save()
    return page.getvalue()


def drawn(svg: str) -> Any:
    """The drawing as reportlab has it. ImportError where a library is missing, RuntimeError where svglib cannot read it."""
    try:
        from svglib.svglib import svg2rlg
    except ImportError as error:
        raise ImportError(NEEDED.format(error)) from None
    made = svg2rlg(io.BytesIO(_TEXT.sub(_chosen, svg).encode()))
    if made is None:
        raise RuntimeError("svglib could not read the picture")
    return made


def _chosen(found: re.Match[str]) -> str:
    before, after, text, end = found.groups()
    family, text = fitting(text)
    return f'<text font-family="{family}"{before}{after}{text}{end}'


def fitting(text: str) -> tuple[str, str]:
    """(the font that can show a text, the text as that font can show it)."""
    return _fit(text, _fonts())


def _fit(text: str, fonts: tuple[tuple[str, Any], ...]) -> tuple[str, str]:
    """The font that can show ``text``, and the text as that font can show it."""
    plain = text.replace("−", "–")
    try:
        plain.encode("cp1252")
        return "Helvetica", plain
    except UnicodeEncodeError:
        pass
    best, least = ("Helvetica", plain), len(text) + 1
    for name, glyphs in fonts:
        shown = "".join(c if ord(c) in glyphs else STAND_INS.get(c, c) for c in text)
        missing = sum(ord(c) not in glyphs for c in shown)
        if missing < least:
            best, least = (name, shown), missing
    return best


@cache
def _fonts() -> tuple[tuple[str, Any], ...]:
    """(name, characters) of the fonts found here, registered with reportlab."""
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # type: ignore[import-untyped]
    from svglib.svglib import register_font

    found = []
    for file in FILES:
        name = f"Picture-{file.split('.')[0]}"
        try:
            font = TTFont(name, file)
        except (TTFError, OSError):
            continue
        pdfmetrics.registerFont(font)
        register_font(name, font.face.filename)
        found.append((name, font.face.charToGlyph))
    return tuple(found)
