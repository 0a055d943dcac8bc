"""What the plots share: axes, colours, ranges. Matplotlib is imported when the first picture is drawn."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

from micrograd.engine import Value

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#F0E442")  # Okabe & Ito 2008
MAP, TWO_SIDED = "cividis", "PuOr"
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#aa4499", "0.55"  # lines in the lessons


def style(dpi: int = 90) -> None:
    """The look of the lessons, for figures made from now on: white, small letters, no frame at the top and at the right."""
    plt = _pyplot()
    plt.rcParams.update({"figure.facecolor": "white", "figure.dpi": dpi, "font.size": 9})
    plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})


def _pyplot() -> Any:
    try:
        return importlib.import_module("matplotlib.pyplot")
    except ImportError:
        raise ImportError("plots are drawn by matplotlib: pip install matplotlib") from None


def axes(ax: Any, **size: Any) -> Any:
    """`ax`, or that of a new figure."""
    if ax is not None:
        return ax
    return _pyplot().subplots(figsize=size.get("figsize", (5.2, 3.6)), layout="constrained")[1]


def number(x: Any) -> float:
    """The number of a Value, or the number itself."""
    return x.data if isinstance(x, Value) else float(x)


def compiles() -> bool:
    """Whether models can be compiled here."""
    return importlib.util.find_spec("numpy") is not None


def spread(numbers: Sequence[float], margin: float) -> tuple[float, float]:
    """From the least to the greatest, and a part of that on either side."""
    low, high = min(numbers), max(numbers)
    room = margin * (high - low or 1.0)
    return low - room, high + room
