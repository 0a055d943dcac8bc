"""Why a model answered so: gradients of a score with respect to the input, and integrated gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.engine import Value
from micrograd.given import real, whole
from micrograd.modes import recorded
from micrograd.nn.effects import lookup
from micrograd.nn.shapes import depth, each, flat
from micrograd.transforms import grad


def score_of(output: Any, target: int | None = None) -> Value:
    """The number to explain: a single output, or of several the one at `target` (the highest, unless given)."""
    found = flat(output)
    if target is None:
        return max(found, key=lambda v: v.data) if len(found) > 1 else found[0]  # type: ignore[no-any-return]
    return lookup(found, target)  # type: ignore[no-any-return]


def saliency(model: Callable[[Any], Any], x: Any, target: int | None = None) -> Any:
    """∂score/∂x for each number of the input x, in its shape. Simonyan, Vedaldi & Zisserman 2013.

    >>> from micrograd import nn
    >>> line = nn.Linear(2, 1)
    >>> saliency(line, [0.0, 0.0]) == [w.data for w in line.weight[0]]
    True
    """
    leaves = each(Value, x)
    numbers = flat(leaves)
    with recorded():
        score = score_of(model(leaves), target)
    found = iter(grad(score, numbers))
    return each(lambda _: next(found), x)


def integrated_gradients(model: Callable[[Any], Any], x: Any, baseline: Any = 0.0, target: int | None = None, steps: int = 50) -> Any:
    """(x - baseline) · the mean gradient of the score on the straight way from baseline to x, for each number of x.

    Completeness: they add up to score(x) - score(baseline), here but for the error of `steps` Gauss-Legendre points in pairs.
    baseline: one number, or numbers in the shape of x. Sundararajan, Taly & Yan 2017, "Axiomatic attribution".
    """
    numbers, steps = [real("a number of the input", v) for v in flat(x)], whole("steps", steps, 1)
    base = [real("the baseline", v) for v in flat(baseline)]
    start = base if depth(baseline) else base * len(numbers)
    if len(start) != len(numbers):
        raise ValueError(f"the baseline has {len(start)} numbers, the input {len(numbers)}")
    if target is None:  # the class that x is, along the whole way
        outputs = flat(model(each(Value, x)))
        target = max(range(len(outputs)), key=lambda k: outputs[k].data)
    total = [0.0] * len(numbers)
    for k in range(steps):
        for at in (0.5 - 0.5 / 3**0.5, 0.5 + 0.5 / 3**0.5):  # two-point Gauss rule in each of the steps
            t = (k + at) / steps
            between = iter([b + t * (a - b) for a, b in zip(numbers, start, strict=True)])
            g = flat(saliency(model, each(lambda _, it=between: next(it), x), target))  # type: ignore[misc]
            total = [s + v for s, v in zip(total, g, strict=True)]
    found = iter([(a - b) * s / (2 * steps) for a, b, s in zip(numbers, start, total, strict=True)])
    return each(lambda _: next(found), x)
