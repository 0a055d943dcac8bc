"""PNG from SVG."""

from __future__ import annotations


def png(svg: str, scale: float = 1.0) -> bytes:
    """An SVG as PNG bytes, by resvg."""
    try:
        import resvg_py
    except ImportError:
        raise ImportError("PNG pictures need resvg-py: pip install resvg-py") from None
    fallback = "DejaVu Sans"
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=scale, font_family=fallback, sans_serif_family=fallback))
