"""Lists of numbers as lines with their names, and as bars above and below 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from micrograd.given import sequence
from micrograd.plots.common import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, number

ORDER = (BLUE, ORANGE, GREEN, PURPLE, GREY, "black")


def curves(
    named: Mapping[str, Sequence[Any]],
    ax: Any = None,
    x: Sequence[Any] | None = None,
    colours: Sequence[Any] = ORDER,
    log: bool = False,
    **line: Any,
) -> Any:
    """Name → numbers as lines, each with its name in a legend without a frame.

    x: the places of all of them (0, 1, 2, … unless given). colours: one for each. log: the numbers on a logarithmic scale. line: options
    of matplotlib's plot (ms, lw, marker, …). ValueError where there are fewer colours than lines, or other than one place for each number.
    """
    ax = axes(ax)
    if len(named) > len(colours):
        raise ValueError(f"curves: {len(named)} lines and {len(colours)} colours; give colours=")
    for (name, numbers), colour in zip(named.items(), colours, strict=False):
        heights = [number(v) for v in sequence("numbers", numbers)]
        if x is not None and len(x) != len(heights):
            raise ValueError(f"curves: {len(x)} places and {len(heights)} numbers of {name!r}")
        ax.plot(range(len(heights)) if x is None else x, heights, color=colour, label=name, **line)
    if log:
        ax.set_yscale("log")
    ax.legend(frameon=False)
    return ax


def bars(numbers: Sequence[Any], ax: Any = None, x: Sequence[Any] | None = None, title: str = "") -> Any:
    """Bars on a line at 0, blue above it and orange below. x: their places (0, 1, 2, … unless given)."""
    ax = axes(ax)
    heights = [number(v) for v in sequence("numbers", numbers)]
    ax.bar(range(len(heights)) if x is None else x, heights, color=[BLUE if v > 0 else ORANGE for v in heights])
    ax.axhline(0, color="black", lw=0.8)
    ax.set_title(title)
    return ax
