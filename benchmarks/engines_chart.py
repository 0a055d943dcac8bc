"""The chart of `benchmarks.engines`: the worst error of each row by each engine, as colours; for light and dark pages."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from benchmarks.chart import FAINT, INK, adaptive

STEPS = ((4.0, "#0072b2", "≤ 4 ulp"), (1e2, "#7fb8d8", "≤ 100"), (1e4, "#e8dca8", "≤ 10⁴"), (1e8, "#f0a868", "≤ 10⁸"),
         (2.0**52, "#d55e00", "more"), (math.inf, "#6b2600", "no digit, or nan"))  # fmt: skip


def draw(found: dict[str, Any], path: Path) -> None:
    """Write the chart as SVG. found: see `benchmarks.engines.measure`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import patches
    from matplotlib import pyplot as plt

    from benchmarks.engines import KINDS, of_kind

    engines, names = list(found), list(found["ours"])
    colours = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK)
    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "engines", "font.family": "sans-serif", "font.size": 9, **colours}
    with plt.rc_context(style):
        figure, axes = plt.subplots(1, 3, figsize=(11, 0.19 * len(names) + 2), layout="constrained", squeeze=False)
        for order, (a, kind) in enumerate(zip(axes[0], KINDS, strict=True)):
            places: dict[str, list[tuple[float, float]]] = {}
            for x, who in enumerate(engines):
                for y, name in enumerate(names):
                    errors = of_kind(found[who].get(name, {}), order)
                    if errors:
                        colour = next(c for limit, c, _ in STEPS if max(errors) <= limit)
                        places.setdefault(colour, []).append((x + 0.5, y + 0.5))
                    elif of_kind(found["ours"][name], order):
                        a.text(x + 0.5, y + 0.5, "–", ha="center", va="center")
            wide, high = 210 / len(engines), 0.17 * 72  # points of a cell
            for colour, spots in places.items():
                corners = [(-wide, -high), (wide, -high), (wide, high), (-wide, high)]
                a.scatter(*zip(*spots, strict=True), s=wide**2, marker=corners, color=colour, linewidth=0)
            a.set_xlim(0, len(engines))
            a.set_ylim(len(names), 0)
            a.set_xticks([x + 0.5 for x in range(len(engines))], engines, rotation=50, ha="left", rotation_mode="anchor")
            a.xaxis.tick_top()
            a.set_yticks([y + 0.5 for y in range(len(names))], names if order == 0 else [])
            a.tick_params(length=0)
            a.set_title(f"{kind}, worst error", loc="left", fontweight="bold")
            for spine in a.spines.values():
                spine.set_color(FAINT)
        handles = [patches.Patch(color=colour, label=label) for _, colour, label in STEPS]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(STEPS), frameon=False)
        figure.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(figure)
    path.write_text(adaptive(path.read_text(encoding="utf-8")), encoding="utf-8")
