"""Whether a gradient raises, or is nan, where the function does, and only there: `gradcheck(…, alike=True)`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd.checking.evaluation import Evaluation
from micrograd.checking.numeric import UNKNOWN
from micrograd.checking.report import Row, open_row
from micrograd.checking.slots import Slots

METHOD = "raises alike"


def raised(slots: Slots, gradient: Any, error: Exception, alike: bool) -> list[Row]:
    """The rows where the function raised: with alike, what its gradient (a function, as another engine has) does there."""
    what = f"the function raised {type(error).__name__}: {error}"
    if not alike or not callable(gradient):
        return [open_row(name, what) for name in slots.names]
    try:
        given = slots.flattened(gradient(*slots.arguments(slots.start)))
    except Exception as other:
        same = type(other) is type(error)
        text = "ok" if same else f"WRONG: the function raised {type(error).__name__}, the gradient {type(other).__name__}: {other}"
        return [Row(name, math.nan, *UNKNOWN, METHOD, text) for name in slots.names]
    text = "ok" if any(g != g for g in given) else f"WRONG: {what}, and its gradient is a number"
    return [Row(name, g, *UNKNOWN, METHOD, text) for name, g in zip(slots.names, given, strict=True)]


def gradient_raised(slots: Slots, outputs: Sequence[Any], error: Exception, alike: bool) -> list[Row]:
    """The rows where the gradient raised and the function did not: with alike that is wrong, unless the function is nan."""
    what = f"the gradient raised {type(error).__name__}: {error}"
    numbers = [slots.evaluation(k, outputs).here() for k in range(len(outputs))]
    if not alike:
        return [open_row(name, what) for name in slots.names]
    text = "ok" if any(y != y for y in numbers) else f"WRONG: {what}, where the function is {numbers[0]:.6g}"
    return [Row(name, math.nan, *UNKNOWN, METHOD, text) for name in slots.names]


def nan_alike(e: Evaluation, gradient: Sequence[float]) -> list[Row]:
    """The rows where the function or a gradient is nan; none where neither is.

    One nan among the gradients is enough: of inf - inf, which is nan, the partials are 1 and -1.
    """
    y, nans = e.here(), [g != g for g in gradient]
    if y == y and not any(nans):
        return []
    if y == y:
        known = [f"undecided: it is nan, and the function is {y:.6g}" if bad else "undecided: another gradient is nan" for bad in nans]
    else:
        known = ["ok" if any(nans) else "WRONG: the function is nan, and no gradient is"] * len(nans)
    return [Row(name, g, *UNKNOWN, METHOD, text) for name, g, text in zip(e.names, gradient, known, strict=True)]
