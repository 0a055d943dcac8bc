"""Pictures of loss landscapes, and of the ways of optimizers over them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from math import hypot
from random import Random
from typing import Any

from micrograd.engine import Value
from micrograd.given import generator
from micrograd.plots.common import COLOURS, MAP, axes, number, spread

_ON_MAP = ("#D55E00", "#FFFFFF", "#56B4E9", "#CC79A7", "#F0E442")  # lines that show on the map's blues and yellows


class Path:
    """The parameters after every epoch: a callback for `fit`, whose points `loss_landscape` draws."""

    def __init__(self, model: Any) -> None:
        self.params: list[Value] = model.parameters() if hasattr(model, "parameters") else list(model)
        self.points = [[p.data for p in self.params]]

    def __call__(self, run: Any = None) -> None:
        self.points.append([p.data for p in self.params])


def surface(
    f: Callable[[float, float], Any], x: tuple[float, float], y: tuple[float, float], paths: Mapping[str, Any] | None = None,
    ax: Any = None, steps: int = 60, log: bool = True,
) -> Any:  # fmt: skip
    """The height of f(x, y) as contours (spaced by its logarithm above the least, if log), with the paths of optimizers on it.

    paths: name → points [x, y] in order.
    """
    ax = axes(ax, figsize=(5.2, 4.2))
    xs, ys = ([a + (b - a) * k / (steps - 1) for k in range(steps)] for a, b in (x, y))
    rows = [[number(f(a, b)) for a in xs] for b in ys]
    low, high = min(min(r) for r in rows), max(max(r) for r in rows)
    size = high - low or 1.0
    spaced = [low + size * ((1e3 ** (k / 24) - 1) / 999 if log else k / 24) for k in range(25)]
    norm = importlib.import_module("matplotlib.colors").BoundaryNorm(spaced, 256)
    filled = ax.contourf(xs, ys, rows, levels=spaced, cmap=MAP, norm=norm)
    ax.contour(xs, ys, rows, levels=spaced[1::2], colors="white", linewidths=0.3, alpha=0.6)
    ax.figure.colorbar(filled, ax=ax, format="%.3g", ticks=spaced[::6])
    for (name, points), colour in zip((paths or {}).items(), _ON_MAP, strict=False):
        px, py = [p[0] for p in points], [p[1] for p in points]
        ax.plot(px, py, "-", lw=1.6, color=colour, label=name)
        ax.plot(px, py, ".", ms=3, color=colour)
        ax.plot(px[-1:], py[-1:], "*", ms=11, color=colour, mec="black", mew=0.5)
    ax.set(xlim=x, ylim=y)
    if paths:
        ax.legend(loc="best", fontsize="small", facecolor="#555555", labelcolor="white", framealpha=0.8)
    return ax


def loss_landscape(
    loss: Callable[[], Any], params: Any, path: Path | Sequence[Sequence[float]] | None = None, ax: Any = None, steps: int = 25,
    span: float = 1.0, rng: Random | None = None,
) -> Any:  # fmt: skip
    """The loss around the present parameters along two directions, and the way that led here.

    loss: of no arguments, reading the parameters (a compiled one makes this quick: it is called steps² times). With a path,
    the two directions in which it goes furthest (principal components, as Li et al. 2018 draw them); without one, two random
    directions, each as long as the parameters are, up to `span` of that. The parameters are put back.
    """
    values: list[Value] = params.parameters() if hasattr(params, "parameters") else list(params)
    here = [v.data for v in values]
    points = [list(p) for p in (path.points if isinstance(path, Path) else path or [])]
    if points:
        one, two = _main_directions([[a - b for a, b in zip(p, here, strict=True)] for p in points])
    else:
        one, two = _random_directions(here, generator(rng))
    places = [[_dot(d, [a - b for a, b in zip(p, here, strict=True)]) for d in (one, two)] for p in points]
    if places:
        (x0, x1), (y0, y1) = (spread([p[k] for p in places] + [0.0], 0.35) for k in (0, 1))
        room = 0.25 * max(x1 - x0, y1 - y0)
        x0, x1, y0, y1 = min(x0, -room), max(x1, room), min(y0, -room), max(y1, room)
    else:
        x0 = y0 = -span * (hypot(*here) or 1.0)
        x1, y1 = -x0, -y0

    def height(a: float, b: float) -> float:
        for v, x, d, e in zip(values, here, one, two, strict=True):
            v.data = x + a * d + b * e
        return number(loss())

    try:
        ax = surface(height, (x0, x1), (y0, y1), {"path": places} if places else None, ax, steps)
    finally:
        for v, x in zip(values, here, strict=True):
            v.data = x
    if not places:
        ax.plot([0], [0], "*", ms=11, color=COLOURS[1], mec="black", mew=0.5)
    ax.set(xlabel="along the first direction", ylabel="along the second")
    return ax


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _unit(v: Sequence[float]) -> list[float]:
    length = hypot(*v) or 1.0
    return [x / length for x in v]


def _random_directions(here: Sequence[float], rng: Random) -> tuple[list[float], list[float]]:
    one = _unit([rng.gauss(0, 1) for _ in here])
    two = [rng.gauss(0, 1) for _ in here]
    along = _dot(one, two)
    return one, _unit([b - along * a for a, b in zip(one, two, strict=True)])


def _main_directions(rows: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """The first two principal directions of the rows about the origin, by power iteration."""
    found: list[list[float]] = []
    left = [list(r) for r in rows]
    for k in range(2):
        v = _unit(max(left, key=lambda r: hypot(*r)))
        if not any(v):
            v = _random_directions(rows[0], Random(k))[0]
            for u in found:
                v = _unit([a - _dot(u, v) * b for a, b in zip(v, u, strict=True)])
        for _ in range(100):
            weights = [_dot(r, v) for r in left]
            new = [_dot(weights, column) for column in zip(*left, strict=True)]
            if not any(new):
                break
            v = _unit(new)
        found.append(v)
        left = [[x - _dot(r, v) * d for x, d in zip(r, v, strict=True)] for r in left]
    return found[0], found[1]
