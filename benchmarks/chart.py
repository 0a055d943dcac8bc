"""The chart: a step of three workloads by everybody, and cost against size, for light and dark pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.compiled import CURVES
from benchmarks.peers import PEERS
from benchmarks.report import OURS, at

INK, FAINT = "#24292f", "#d0d7de"
DARK = {INK: "#e6edf3", FAINT: "#484f58"}
# Okabe and Ito's colours, which the colour-blind tell apart
COLOURS = {"W3": "#0072b2", "W4": "#e69f00", "W5": "#009e73"}
LINES = {
    "ours.native": ("#d55e00", "o", "this project"),
    "c": ("#8c8c8c", "s", "hand-written C"),
    "numpy": ("#0072b2", "^", "NumPy by hand"),
    "torch": ("#cc79a7", "D", "PyTorch eager"),
    "jax": ("#009e73", "v", "JAX jit"),
    "jax.loop": ("#56b4e9", "<", "JAX, loop jitted"),
}
# in the table alone: what another bar stands for
UNDRAWN = ("ours.auto", "ours.batch", "propgrad", "scalargrad", "casadi", "ddx", "ddx.llvm")
TITLES = {"W3": "moons", "W4": "digits", "W5": "scalar GPT"}


def draw(found: dict[str, Any], path: Path) -> None:
    """Write the chart as SVG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    colours = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK)
    style = {"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.family": "sans-serif", "font.size": 10, **colours}
    with plt.rc_context(style | {"axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(2, 2, figsize=(11, 15), gridspec_kw={"height_ratios": [2.7, 1]}, layout="constrained")
        grid = axes[0, 0].get_gridspec()
        for a in axes[0]:
            a.remove()
        bars(figure.add_subplot(grid[0, :]), found["steps"])
        for a, curve in zip(axes[1], ("samples", "positions"), strict=True):
            lines(a, found.get(curve, {}), curve)
        figure.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(figure)
    path.write_text(adaptive(path.read_text(encoding="utf-8")), encoding="utf-8")


def bars(axes: Any, found: dict[str, Any]) -> None:
    """Microseconds a step, a group of three bars for each of us."""
    who = [w for w in PEERS if w not in UNDRAWN and any("step" in found[k].get(w, {}) for k in COLOURS)]
    who.sort(key=lambda w: found["W3"].get(w, {}).get("step", 1e9), reverse=True)
    for i, workload in enumerate(COLOURS):
        spots = [(y, 1e6 * found[workload][w]["step"]) for y, w in enumerate(who) if "step" in found[workload].get(w, {})]
        heights = [y + 0.26 * (1 - i) for y, _ in spots]
        axes.barh(heights, [us for _, us in spots], 0.24, color=COLOURS[workload], label=TITLES[workload])
        for y, (_, us) in zip(heights, spots, strict=True):
            axes.text(us * 1.08, y, short(us), va="center", fontsize=6.5)
    axes.set_yticks(range(len(who)), [PEERS[w][2].replace("**", "") for w in who])
    for label, w in zip(axes.get_yticklabels(), who, strict=True):
        label.set_fontweight("bold" if w in OURS or w == "eager" else "normal")
    axes.set_xscale("log")
    axes.set_xlim(right=1e7 * 1.6)
    axes.set_xlabel("µs for one training step (log scale; shorter is faster)")
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="upper right")
    axes.set_title("One training step, float64, one thread", loc="left", fontweight="bold")


def short(us: float) -> str:
    """Microseconds in the unit that needs few digits."""
    value, unit = (us / 1e6, "s") if us >= 1e6 else (us / 1e3, "ms") if us >= 1e4 else (us, "µs")
    return f"{value:,.0f} {unit}" if value >= 99.5 else f"{value:.2g} {unit}"


def lines(axes: Any, found: dict[str, Any], curve: str) -> None:
    """Cost against size, both on log scales."""
    workload, _, sizes = CURVES[curve]
    for who, (colour, marker, title) in LINES.items():
        points = [(size, f["step"]) for size in sizes if (f := at(found, who, size)) and "step" in f]
        if points:
            xs, ys = zip(*points, strict=True)
            width = 2.4 if who in OURS else 1.2
            axes.plot(xs, [1e6 * y for y in ys], color=colour, marker=marker, markersize=4, linewidth=width, label=title)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{s:,}" for s in sizes])
    axes.minorticks_off()
    axes.set_xlabel({"samples": "samples in a moons step", "positions": "positions in a scalar GPT step"}[curve])
    axes.set_ylabel("µs a step")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    if axes.lines:
        axes.legend(frameon=False, fontsize=8)
    axes.set_title(f"Cost against {curve}, {TITLES[workload]}", loc="left", fontweight="bold")


def adaptive(svg: str) -> str:
    """The SVG with ink that turns light where the page is dark."""
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark} !important}}' for light, dark in DARK.items() for kind in ("fill", "stroke")
    )
    head, tail = svg.split("<defs>", 1)
    return f"{head}<style>@media (prefers-color-scheme: dark){{{rules}}}</style>\n <defs>{tail}"
