"""A model read as columns of neurons: weights, biases, what is applied to them, and the activations for one input.

By duck typing, as everything here: ``layers`` of ``neurons`` with ``w`` and ``b`` (the original's MLP, Layer, Neuron, ours,
one's own), ``weight`` and ``bias`` as rows (our Linear), and what has no parameters between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ..given import short
from ..record import field, record
from .graph import is_value, number

Matrix = list[list[Any]]


@record
class Column:
    """One column of neurons; ``weights[i][j]`` leads from neuron j of the column before to neuron i."""

    name: str
    size: int
    act: str = ""  # "ReLU", "linear", "Tanh → Dropout", "" when unknown
    weights: Matrix = field(default_factory=list)
    biases: list[Any] = field(default_factory=list)  # empty: none
    values: list[float] = field(default_factory=list)  # the activations for an input


def is_network(model: Any) -> bool:
    """Does this look like a model or a layer, as against a Value, a list of them or a number?"""
    if isinstance(model, (type, list, tuple, set, dict, str)) or is_value(model):
        return False
    return callable(getattr(model, "parameters", None)) or _layers(model) is not None or _matrix(model) is not None


def columns(model: Any) -> list[Column]:
    """The inputs and every layer, from left to right; TypeError for a model that is no sequence of dense layers."""
    found: list[Column] = []
    for part in _parts(model):
        dense = _matrix(part)
        if dense is None:
            if found:
                before = "" if found[-1].act == "linear" else found[-1].act
                found[-1].act = " → ".join(filter(None, (before, _word(part))))
            continue
        weights, biases, act = dense
        width = len(weights[0]) if weights else 0
        if not width or any(len(row) != width for row in weights):
            raise TypeError(f"cannot draw {short(part)}: its neurons have no weights, or not equally many")
        if not found:
            found.append(Column("inputs", width))
        if found[-1].size != width:
            raise TypeError(f"cannot draw {short(model)}: {short(part)} takes {width} inputs, the layer before it has {found[-1].size}")
        found.append(Column(f"layer {len(found)}", len(weights), act, weights, biases))
    if not found:
        raise _no_columns(model, model)
    if len(found) == 2:
        found[1].name = "neuron" if found[1].size == 1 else "layer"
    return found


def activate(model: Any, found: Sequence[Column], x: Any) -> None:
    """Write into each column what its neurons give for the input ``x``.

    The layers are called one after another, and the last must give what the model itself gives: ValueError otherwise, and
    for an ``x`` of another length.
    """
    x = x if isinstance(x, (list, tuple)) or not isinstance(x, Iterable) else list(x)
    inputs = _numbers(x)
    if inputs is None or len(inputs) != found[0].size:
        many = "nothing that can be read as numbers" if inputs is None else f"{len(inputs):,} number{'s' * (len(inputs) != 1)}"
        raise ValueError(f"x={short(x)} has {many}, expected one input of {found[0].size:,} numbers")
    found[0].values = inputs
    at, h = 0, x
    for part in _parts(model):
        h = part(h)
        at += _matrix(part) is not None
        values = _numbers(h)
        if at and (values is None or len(values) != found[at].size):
            raise ValueError(f"{short(part)} gives {short(h)} for this x, expected {found[at].size:,} numbers")
        if at:
            found[at].values = values or []
    if not callable(model):
        return
    whole, again = _numbers(model(x)), _numbers(model(x))
    if not _alike(whole, again):
        raise ValueError(f"{short(model)} gives two answers for one x (dropout?): call model.eval() first")
    if not _alike(whole, found[-1].values):
        told = f"{short(model)} computes {short(whole)}, its layers one after another {short(found[-1].values)}"
        raise ValueError(f"{told}: the activations cannot be told; draw without x, or what it computes, viz.draw(model(x))")


def parameters(found: Iterable[Column]) -> list[Any]:
    """Every weight and bias."""
    return [p for column in found for p in (*(w for row in column.weights for w in row), *column.biases)]


def _parts(model: Any) -> list[Any]:
    """The dense layers and what stands between them, in order; containers are opened."""
    made: list[Any] = []
    stack = [model]
    while stack:
        part = stack.pop()
        layers = _layers(part)
        if layers is not None:
            stack += reversed(layers)
        elif _matrix(part) is not None or (callable(part) and not _has_parameters(part)):
            made.append(part)
        else:
            raise _no_columns(part, model)
    return made


def _layers(part: Any) -> list[Any] | None:
    layers = getattr(part, "layers", None)
    return list(layers) if isinstance(layers, (list, tuple)) else None


def _matrix(part: Any) -> tuple[Matrix, list[Any], str] | None:
    """Weights, biases and activation of one dense layer or neuron, None for anything else."""
    neurons = getattr(part, "neurons", None)
    if neurons is None and hasattr(part, "w") and hasattr(part, "b"):
        neurons = [part]
    if isinstance(neurons, (list, tuple)):
        if not all(hasattr(n, "w") and hasattr(n, "b") for n in neurons):
            return None
        acts = {_activation(n) for n in neurons}
        return [list(n.w) for n in neurons], [n.b for n in neurons], acts.pop() if len(acts) == 1 else ""
    weight, bias = getattr(part, "weight", None), getattr(part, "bias", None)
    rows = list(weight) if isinstance(weight, (list, tuple)) and hasattr(part, "bias") else []  # an Embedding has none
    if not rows or not all(isinstance(row, (list, tuple)) and all(map(is_value, row)) for row in rows):
        return None
    return [list(row) for row in rows], list(bias) if isinstance(bias, (list, tuple)) else [], "linear"


def _activation(neuron: Any) -> str:
    nonlin = getattr(neuron, "nonlin", None)
    if nonlin is None:
        return ""
    if not nonlin:
        return "linear"
    act = getattr(neuron, "activation", "relu")
    return "ReLU" if act == "relu" else act if isinstance(act, str) else _word(act)


def _word(part: Any) -> str:
    """What a part without parameters is called: Tanh, softmax."""
    name = getattr(part, "__name__", "") or type(part).__name__
    act = getattr(part, "activation", None)
    if type(part).__name__ == "Activation" and act is not None:
        name = act if isinstance(act, str) else getattr(act, "__name__", name)
    return "function" if name == "<lambda>" else name


def _has_parameters(part: Any) -> bool:
    listed = getattr(part, "parameters", None)
    return bool(list(listed())) if callable(listed) else False


def _no_columns(part: Any, model: Any) -> TypeError:
    inside = "" if part is model else f" in {short(model)}"
    return TypeError(
        f"cannot draw {short(part)}{inside} as columns of neurons (that takes layers with neurons, or Linear, as in "
        "Sequential): draw what it computes, viz.draw(model(x))"
    )


def _numbers(x: Any) -> list[float] | None:
    """All numbers of a nested list, array or Value, in order; None when something is none."""
    made: list[float] = []
    stack = [x]
    while stack:
        item = stack.pop()
        if isinstance(item, (str, bytes)):
            return None
        if is_value(item):
            made.append(number(item.data))
        elif isinstance(item, Iterable) and getattr(item, "ndim", 1) != 0:
            stack.extend(reversed(list(item)))
        else:
            try:
                made.append(float(item))
            except (TypeError, ValueError):
                return None
    return made


def _alike(xs: Sequence[float] | None, ys: Sequence[float] | None) -> bool:
    if xs is None or ys is None or len(xs) != len(ys):
        return False
    return all(x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12) for x, y in zip(xs, ys, strict=True))
