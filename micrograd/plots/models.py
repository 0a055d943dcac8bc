"""Pictures of trained models: boundaries, curves, confusion, attention, saliency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.explain import saliency as saliency_of
from micrograd.feed import feed
from micrograd.given import index, is_list, sequence
from micrograd.metrics import classes as classes_of
from micrograd.nn.shapes import depth, flat
from micrograd.plots.common import COLOURS, MAP, TWO_SIDED, axes, compiles, number, spread
from micrograd.train import Predictor


def decision_boundary(
    model: Any, data: Any, classes: Any = None, ax: Any = None, steps: int = 80, threshold: float = 0.0
) -> Any:  # fmt: skip
    """The plane coloured by what the model answers, with points on it: data = (inputs, classes), or inputs and classes apart.

    One output: the score in two colours, its threshold as a line. Several: the class of the highest. Classes are whole numbers, or
    words (in their order, the first being class 0). ValueError where a point has other than two numbers.
    """
    points, targets, ax = _told(data, classes, ax)
    ax = axes(ax, figsize=(4.6, 4.0))
    if any(not is_list(p) or len(p) != 2 for p in points):
        raise ValueError("decision_boundary is of points in the plane: two numbers for each input")
    (x0, x1), (y0, y1) = (spread([float(p[k]) for p in points], 0.12) for k in (0, 1))
    xs, ys = ([a + (b - a) * k / (steps - 1) for k in range(steps)] for a, b in ((x0, x1), (y0, y1)))
    outputs = Predictor(model, compiled=compiles())([[x, y] for y in ys for x in xs])
    first = outputs[0]
    scores = [flat(o)[0] for o in outputs]
    labels = [t if isinstance(t, str) else index(_only(t)) for t in targets]
    names = sorted(set(labels))
    several = depth(first) and len(first) > 1
    if several:
        found = classes_of(outputs)
        top = max(len(first), len(names))
        rows = [found[i * steps : (i + 1) * steps] for i in range(steps)]
        levels = [k - 0.5 for k in range(top + 1)]
        ax.contourf(xs, ys, rows, levels=levels, colors=[COLOURS[k % len(COLOURS)] for k in range(top)], alpha=0.25)
    else:
        scores = [s - threshold for s in scores]
        size = max(max(map(abs, scores)), 1e-12)
        rows = [scores[i * steps : (i + 1) * steps] for i in range(steps)]
        ax.contourf(xs, ys, rows, levels=24, cmap=TWO_SIDED, vmin=-1.3 * size, vmax=1.3 * size)
        ax.contour(xs, ys, rows, levels=[0.0], colors=["black"], linewidths=1.5)
    palette = COLOURS if several or len(names) > 2 else ("#E66101", "#5E3C99")
    colours = {n: palette[(n if several and not isinstance(n, str) else k) % len(palette)] for k, n in enumerate(names)}
    for name in names:
        own = [p for p, t in zip(points, labels, strict=True) if t == name]
        style = {"s": 22, "color": colours[name], "edgecolor": "white", "lw": 0.6}
        ax.scatter([p[0] for p in own], [p[1] for p in own], label=f"class {name}", **style)
    ax.set(xlim=(x0, x1), ylim=(y0, y1))
    ax.legend(fontsize="small", loc="upper right", framealpha=0.8)
    return ax


def fitted_curve(model: Any, data: Any, targets: Any = None, ax: Any = None, steps: int = 200) -> Any:
    """A model of one input as a line through the points of data = ([[x], …], [y, …]), or of inputs and targets apart."""
    inputs, outputs, ax = _told(data, targets, ax)
    ax = axes(ax)
    xs, ys = [number(_only(x)) for x in inputs], [number(_only(y)) for y in outputs]
    low, high = spread(xs, 0.05)
    grid = [low + (high - low) * k / (steps - 1) for k in range(steps)]
    line = [flat(y)[0] for y in Predictor(model, compiled=compiles())([[x] for x in grid])]
    ax.plot(xs, ys, "o", ms=4, alpha=0.6, color=COLOURS[6], label="data")
    ax.plot(grid, line, color=COLOURS[0], lw=2, label="model")
    ax.set(xlabel="x", ylabel="y")
    ax.legend(frameon=False)
    return ax


def _told(data: Any, targets: Any, ax: Any) -> tuple[Any, Any, Any]:
    """(inputs, targets, axes) from (inputs, targets), ax or from inputs, targets, ax."""
    if hasattr(targets, "contourf"):
        targets, ax = None, targets
    inputs, targets = feed(data if targets is None else (list(sequence("inputs", data)), sequence("targets", targets))).columns()
    return inputs, targets, ax


def _only(x: Any) -> Any:
    """x, or the one number in a list of it."""
    return _only(x[0]) if is_list(x) and len(x) == 1 else x


def confusion_matrix(matrix: Sequence[Sequence[int]], names: Sequence[Any] | None = None, ax: Any = None) -> Any:
    """A matrix of counts[true][predicted] (see `micrograd.metrics`): each row coloured by its parts, the counts written in."""
    if not is_list(matrix) or not len(matrix) or not all(is_list(row) and len(row) == len(matrix) for row in matrix):
        raise TypeError("plots.confusion_matrix draws a matrix: metrics.confusion_matrix(predictions, targets)")
    n = len(matrix)
    ax = axes(ax, figsize=(1.6 + 0.45 * n, 1.4 + 0.42 * n))
    parts = [[c / (sum(row) or 1) for c in row] for row in matrix]
    ax.imshow(parts, cmap=MAP, vmin=0, vmax=1)
    for i, row in enumerate(matrix):
        for j, c in enumerate(row):
            if c:
                ink = "black" if parts[i][j] > 0.55 else "white"
                ax.text(j, i, str(c), ha="center", va="center", color=ink, fontsize="small")
    names = list(range(n)) if names is None else names
    ax.set_xticks(range(n), names, rotation=45 if max(len(str(x)) for x in names) > 3 else 0)
    ax.set_yticks(range(n), names)
    ax.set(xlabel="predicted", ylabel="true")
    return ax


def image(numbers: Sequence[Any], ax: Any = None, title: str = "", signed: bool = False, **more: Any) -> Any:
    """Numbers as a picture without axes: ink on white, the least white; with `signed`, 0 in the middle of two colours.

    numbers: rows of pixels, or a flat list of a square picture. more: options of matplotlib's imshow (cmap, vmin, vmax, …).
    ValueError where a flat list is no square.
    """
    rows = [[number(x) for x in row] for row in numbers] if depth(numbers) > 1 else _squared([number(x) for x in numbers])
    ax = axes(ax, figsize=(1.8, 1.8))
    size = max((abs(x) for row in rows for x in row), default=0.0) or 1.0
    colours = {"cmap": TWO_SIDED, "vmin": -size, "vmax": size} if signed else {"cmap": "Greys"}
    ax.imshow(rows, **(colours | more))
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)
    ax.spines[:].set_visible(False)
    return ax


def _squared(numbers: list[float]) -> list[list[float]]:
    side = round(len(numbers) ** 0.5)
    if side * side != len(numbers):
        raise ValueError(f"image: {len(numbers)} numbers are no square; give rows")
    return [numbers[k : k + side] for k in range(0, len(numbers), side)]


def attention_map(
    weights: Sequence[Sequence[Any]], tokens: Sequence[Any] | None = None, ax: Any = None, keys: Sequence[Any] | None = None
) -> Any:  # fmt: skip
    """The weights of one attention head: each row a query, each column what it takes from. Causal rows may be shorter.

    tokens: names of the positions; keys: those of the columns, where they differ.
    """
    width = max(len(row) for row in weights)
    ax = axes(ax, figsize=(1.8 + 0.34 * width, 1.2 + 0.34 * len(weights)))
    rows = [[number(w) for w in row] + [float("nan")] * (width - len(row)) for row in weights]
    image = ax.imshow(rows, cmap=MAP, vmin=0, vmax=1)
    keys = tokens if keys is None else keys
    if tokens is not None and keys is not None:
        ax.set_yticks(range(len(weights)), [str(t) for t in tokens[: len(weights)]])
        ax.set_xticks(range(width), [str(t) for t in keys[:width]])
    ax.set(xlabel="attends to", ylabel="position")
    ax.figure.colorbar(image, ax=ax, label="weight", shrink=0.8)
    return ax


def saliency(model: Any, x: Any, target: int | None = None, ax: Any = None, names: Sequence[str] | None = None) -> Any:
    """How strongly the score of the target class (the highest, unless given) depends on each number of the input.

    An image (lists nested 2 or 3 deep): the absolute gradient as a picture, beneath it the image's outline in grey. A vector:
    bars.
    """
    gradient = saliency_of(model, x, target)
    if depth(x) >= 2:
        ax = axes(ax, figsize=(3.6, 3.2))
        planes = gradient if depth(x) == 3 else [gradient]
        rows = [[max(abs(p[i][j]) for p in planes) for j in range(len(planes[0][0]))] for i in range(len(planes[0]))]
        image = ax.imshow(rows, cmap=MAP)
        shown = x[0] if depth(x) == 3 else x
        ax.contour(shown, levels=3, colors="white", linewidths=0.8, alpha=0.8)
        ax.set_axis_off()
        ax.figure.colorbar(image, ax=ax, label="|gradient|", shrink=0.8)
        return ax
    ax = axes(ax)
    places = range(len(gradient))
    ax.barh(places, gradient, color=[COLOURS[0] if g >= 0 else COLOURS[1] for g in gradient])
    ax.set_yticks(places, names if names is not None else [f"x{k}" for k in places])
    ax.invert_yaxis()
    ax.axvline(0, color=COLOURS[6], lw=0.8)
    ax.set(xlabel="gradient of the score")
    return ax
