"""What a notebook keeps of a picture: an image that needs no script and no style, made the drawing itself where scripts run.

The image is an SVG in a data URL. A document in an image has a style sheet of its own, so two pictures on one page never
recolour each other, and a sanitiser that drops styles, scripts and classes leaves it whole. For exports that know no HTML
(LaTeX, PDF, a terminal with images) a bundle also has a small PNG.
"""

from __future__ import annotations

import io
import re
from binascii import b2a_base64
from collections.abc import Callable, Container
from functools import cache
from typing import Any

from .bundle import squeezed_css, squeezed_js, static
from .drawn.png import png as drawn
from .escape import xml

LEGIBLE = 0.62  # of its size, below which a picture is not shrunk: it scrolls
COLUMN = 500  # points: the narrowest column of a notebook, nearly; what may be wider is reached by keys, to scroll it
WIDE, COLOURS = 900.0, 32  # of the PNG: pixels across, about, and colours
LEAST, MOST = 0.5, 2.0  # pixels for a unit of the SVG

_SIZE = re.compile(r'(<svg\b[^>]*?\bwidth=")([\d.]+)((?:pt)?)" height="([\d.]+)\3"')


def still(svg: str, said: str, kind: str = "") -> str:
    """The picture as an image, with the style sheet of images. said: what it shows, in words."""
    wide, _, unit = size(svg)
    data = b2a_base64(svg.encode(), newline=False).decode("ascii")
    shape = f"max-width:100%;height:auto;min-width:{round(wide * LEGIBLE)}{unit}"
    image = f'<img class="mg-still{kind}" alt="{xml(said)}" style="{shape}" src="data:image/svg+xml;base64,{data}">'
    keys = ' tabindex="0"' if wide * LEGIBLE > COLUMN else ""
    return f'<div style="overflow:auto"{keys}>{image}</div><style>{style()}</style>'


def picture(svg: str, said: str) -> str:
    """A drawing for a notebook's output: the image, and the little script that makes it the drawing itself."""
    return f'{still(svg, said, " mg-picture")}<script type="module">{_script()}</script>'


@cache
def style() -> str:
    """The style sheet of images: which colours they have, and that they are whole in print. The same beside every image."""
    return squeezed_css(static("still.css"))


@cache
def _script() -> str:
    return squeezed_js(static("still.js"))


def size(svg: str) -> tuple[float, float, str]:
    """Width and height of a drawing, and their unit."""
    found = _SIZE.search(svg)
    return (float(found[2]), float(found[4]), found[3] or "px") if found else (0.0, 0.0, "px")


def bundle(
    plain: str, html: Callable[[], str], svg: Callable[[], str] | None, include: Container[str] | None, exclude: Container[str] | None
) -> dict[str, Any]:
    """A MIME bundle: text, HTML, and the drawing in light colours as PNG where `resvg-py` and Pillow are there to make it.

    No SVG: nbconvert's LaTeX stops at one where Inkscape is missing, and what shows SVG shows HTML.
    """
    makers: dict[str, Callable[[], Any]] = {"text/plain": lambda: plain, "text/html": html}
    if svg is not None:
        makers["image/png"] = lambda: png(svg())
    wanted = [kind for kind in makers if (include is None or kind in include) and kind not in (exclude or ())]
    made = {kind: makers[kind]() for kind in wanted}
    return {kind: content for kind, content in made.items() if content}


def png(svg: str) -> str:
    """A drawing in light colours as base64 PNG of few bytes; "" where a library is missing."""
    if not svg:
        return ""
    scale = min(MOST, max(LEAST, WIDE / (size(svg)[0] or WIDE)))
    try:
        from PIL import Image

        raw = drawn(_SIZE.sub(r'\1\2" height="\4"', svg, count=1), scale)
    except ImportError:
        return ""
    image = Image.open(io.BytesIO(raw)).convert("RGB")
    out, dpi = io.BytesIO(), 72 * scale
    image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", dpi=(dpi, dpi))
    return b2a_base64(out.getvalue(), newline=False).decode("ascii")
