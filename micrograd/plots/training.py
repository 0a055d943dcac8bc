"""Pictures of training: losses, gradients by layer, distributions of weights and activations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

from micrograd.engine import Value
from micrograd.given import sequence
from micrograd.nn.module import Module
from micrograd.nn.shapes import flat
from micrograd.nn.summary import children
from micrograd.plots.common import COLOURS, axes, number


def loss_curves(history: Mapping[str, Sequence[float]] | Sequence[float], ax: Any = None, log: bool = False) -> Any:
    """The losses of a History (or any mapping name → list, or one list) by epoch; metrics on a scale of their own."""
    ax = axes(ax)
    curves = dict(history) if isinstance(history, Mapping) else {"loss": history}
    left = {k: v for k, v in curves.items() if "loss" in k or not isinstance(history, Mapping)}
    right = {k: v for k, v in curves.items() if k not in left and k not in ("lr", "val_lr")}
    if not left:
        left, right = right, {}
    for (name, numbers), colour in zip(left.items(), COLOURS, strict=False):
        few = len(numbers) < 30
        ax.plot(range(1, len(numbers) + 1), numbers, color=colour, label=name.replace("_", " "), marker="o" if few else "", ms=3)
    ax.set(xlabel="epoch" if isinstance(history, Mapping) else "step", ylabel="loss", yscale="log" if log else "linear")
    if right:
        other = ax.twinx()
        for (name, numbers), colour in zip(right.items(), COLOURS[len(left) :], strict=False):
            other.plot(range(1, len(numbers) + 1), numbers, color=colour, ls="--", label=name.replace("_", " "))
        other.set(ylabel=", ".join(right).replace("val_", "").replace("_", " "))
        handles = [*ax.get_legend_handles_labels()[0], *other.get_legend_handles_labels()[0]]
        ax.legend(handles=handles, frameon=False, loc="center right")
    else:
        ax.legend(frameon=False)
    return ax


def layers(model: Module) -> list[tuple[str, list[Value]]]:
    """(name, parameters) of the layers: the modules that hold parameters themselves, neurons counting with their layer."""
    return list(_layers("", model))


def _layers(name: str, module: Module) -> Iterator[tuple[str, list[Value]]]:
    inside = children(module)
    if module.parameters() and (not inside or any(n.startswith("neurons.") for n, _ in inside)):
        yield name or type(module).__name__, module.parameters()
        return
    own = [p for n, p in module.named_parameters() if not any(n.startswith(f"{c}.") for c, _ in inside)]
    if own:
        yield name or type(module).__name__, own
    for key, sub in inside:
        yield from _layers(f"{name}.{key}" if name else key, sub)


def gradient_flow(model: Module | Mapping[str, Module], ax: Any = None) -> Any:
    """The size of the gradients in each layer, root mean square and largest, on a logarithmic scale; call it after `backward()`.

    Several models (name → model) are drawn as lines. What vanishes or explodes with depth is a slope.
    """
    ax = axes(ax)
    if not isinstance(model, Module):
        for (name, each_model), colour in zip(model.items(), COLOURS, strict=False):
            means = [_sizes(ps)[0] for _, ps in layers(each_model)]
            ax.plot(range(1, len(means) + 1), means, "o-", ms=4, color=colour, label=name)
        ax.set(yscale="log", xlabel="layer", ylabel="gradient, root mean square")
        ax.legend(frameon=False)
        return ax
    named = layers(model)
    sizes = [_sizes(ps) for _, ps in named]
    places = range(len(named))
    ax.bar(places, [s for s, _ in sizes], color=COLOURS[0], label="root mean square")
    ax.plot(places, [top for _, top in sizes], "_", ms=18, mew=2, color=COLOURS[1], label="largest")
    ax.set_xticks(places, [name for name, _ in named], rotation=30, ha="right")
    positive = [s for pair in sizes for s in pair if s > 0]
    if positive:
        ax.set(yscale="log", ylim=(min(positive) / 3, max(positive) * 3))
    ax.set(ylabel="gradient")
    ax.legend(frameon=False)
    return ax


def _sizes(params: Sequence[Value]) -> tuple[float, float]:
    grads = [abs(float(p.grad)) for p in params]
    return sqrt(sum(g * g for g in grads) / len(grads)), max(grads)


def weight_histogram(model: Module, ax: Any = None, bins: int = 30, gradients: bool = False) -> Any:
    """How the parameters of each layer are distributed (or, with gradients=True, their gradients)."""
    numbers = {name: [float(p.grad) if gradients else p.data for p in ps] for name, ps in layers(model)}
    return _histograms(numbers, axes(ax), bins, "gradient" if gradients else "weight")


def activation_histogram(model: Module, inputs: Sequence[Any], ax: Any = None, bins: int = 30) -> Any:
    """How the outputs of each layer are distributed over some inputs: dead, saturated or lively."""
    seen: dict[str, list[float]] = {}
    removes = []
    for name, module in model.named_modules():
        inside = [n for n, _ in children(module)]
        if ".neurons." not in f".{name}" and (all(n.startswith("neurons.") for n in inside) or not inside):

            def note(_: Any, __: Any, out: Any, key: str = f"{name} {type(module).__name__}") -> None:
                seen.setdefault(key, []).extend(number(v) for v in flat(out))

            removes.append(module.register_hook(note))
    try:
        for x in sequence("inputs", inputs):
            model(x)
    finally:
        for remove in removes:
            remove()
    return _histograms(seen, axes(ax), bins, "activation")


def _histograms(numbers: Mapping[str, Sequence[float]], ax: Any, bins: int, label: str) -> Any:
    everything = [x for xs in numbers.values() for x in xs]
    low, high = min(everything), max(everything)
    edges = [low + (high - low or 1.0) * k / bins for k in range(bins + 1)]
    for (name, xs), colour in zip(numbers.items(), COLOURS * 9, strict=False):
        ax.hist(xs, bins=edges, weights=[1 / len(xs)] * len(xs), histtype="stepfilled", alpha=0.25, color=colour)
        ax.hist(xs, bins=edges, weights=[1 / len(xs)] * len(xs), histtype="step", lw=1.5, color=colour, label=name)
    ax.set(xlabel=label, ylabel="part of the layer")
    ax.legend(frameon=False, fontsize="small")
    return ax
