"""Still pictures of a stepper: one SVG or PNG a step, an animated GIF, APNG or WebP for slides, or a film.

The drawing is the page's own (same boxes, colours and numbers) made in Python, without a browser or a
layout program. PNG needs ``resvg-py``, animations ``pillow`` too (extra ``export``), a film ``imageio-ffmpeg`` (extra ``film``).
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..drawn.film import film
from ..drawn.png import png
from ..drawn.theme import STEPS
from ..given import above_zero
from .scene import Scene

if TYPE_CHECKING:
    from .stepper import Stepper

MOVING = (".gif", ".png", ".webp", ".mp4")
# Endings of files, which nobody gives to a folder.
FILES = (
    ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".apng", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".svg",
    ".pdf", ".ps", ".eps", ".html", ".htm", ".txt", ".md", ".tex", ".pptx", ".ppt", ".docx", ".zip", ".json", ".py", ".ipynb", ".dot",
)  # fmt: skip


def picture(stepper: Stepper, theme: str = "auto") -> str:
    """One SVG of the finished pass: the image for places where scripts do not run."""
    scene = Scene(stepper)
    return scene.draw(scene.final(), theme)


def frames(
    root: Any,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    theme: str = "light",
    scale: float = 1.0,
    seconds: float = 1.2,
    fold: Any = True,
) -> list[Path]:
    """Pictures of every step of ``root`` (a Value, several, or a stepper); returns the files written.

    ``path`` ending in .gif, .png or .webp writes one animation (PNG as APNG), ``seconds`` a step, in .mp4 a film. A path without the ending
    of a file is a folder for ``000.svg``, ``001.svg`` …, or with ``format="png"`` PNG files. ``theme`` is "light"
    or "dark". Raises ValueError for another kind of file, format or theme, ImportError when the extra is missing.
    """
    from ..save import write
    from .stepper import Stepper, step

    if theme not in STEPS:
        raise ValueError(f"theme={theme!r}: expected one of {sorted(STEPS)}")
    scale, seconds = above_zero("scale", scale), above_zero("seconds", seconds)
    target = Path(path)
    ending = target.suffix.lower()
    if not os.fspath(path):
        raise ValueError("path='': expected the name of a .gif, .png, .webp or .mp4 file, or of a folder")
    moving = ending in MOVING
    if ending in FILES and not target.is_dir():
        raise ValueError(
            f"cannot write {os.fspath(path)!r}: an animation is a .gif, .png, .webp or .mp4, and pictures go to a folder, "
            f"viz.frames(root, {str(target.with_suffix(''))!r}, format='svg' or 'png')"
        )
    format = format or (ending[1:] if moving else "svg")
    if moving and format != ending[1:]:
        raise ValueError(f"format={format!r} and {os.fspath(path)!r} do not fit: the ending alone says it")
    if not moving and format not in ("svg", "png"):
        raise ValueError(f"format={format!r}: expected 'svg' or 'png' for a folder of pictures")
    stepper = root if isinstance(root, Stepper) else step(root, fold=fold, names=False)
    scene = Scene(stepper)
    drawn = [scene.draw(state, theme) for state in scene.states()]
    if moving:
        pictures = [png(svg, scale) for svg in drawn]
        return [write(target, film(pictures, seconds) if format == "mp4" else _animation(pictures, format, seconds))]
    target.mkdir(parents=True, exist_ok=True)
    digits = max(3, len(str(len(drawn) - 1)))
    return [write(target / f"{i:0{digits}d}.{format}", png(svg, scale) if format == "png" else svg.encode()) for i, svg in enumerate(drawn)]


def _animation(pictures: Sequence[bytes], format: str, seconds: float) -> bytes:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("animations need Pillow: pip install pillow") from None
    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    if format != "webp":  # few colours, few bytes
        palette = images[-1].quantize(64, dither=Image.Dither.NONE)
        images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    out = io.BytesIO()
    pause = [round(1000 * seconds)] * (len(images) - 1) + [round(3000 * seconds)]
    images[0].save(
        out,
        format=format.upper(),
        save_all=True,
        append_images=images[1:],
        duration=pause,
        loop=0,
        optimize=True,
    )
    return out.getvalue()
