"""What the plots share: axes, colours, ranges. Matplotlib is imported when the first picture is drawn."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

from micrograd.engine import Value

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#F0E442")  # Okabe & Ito 2008
MAP, TWO_SIDED = "cividis", "PuOr"


def axes(ax: Any, **size: Any) -> Any:
    """`ax`, or that of a new figure."""
    if ax is not None:
        return ax
    try:
        plt = importlib.import_module("matplotlib.pyplot")
    except ImportError:
        raise ImportError("plots are drawn by matplotlib: pip install matplotlib") from None
    return plt.subplots(figsize=size.get("figsize", (5.2, 3.6)), layout="constrained")[1]


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
