"""Limits on gradients."""

from __future__ import annotations

from collections.abc import Iterable
from math import frexp, fsum, inf, isfinite, ldexp, nan, sqrt
from typing import Any

from micrograd.engine import Value
from micrograd.given import real


def norm_of(numbers: Iterable[float]) -> float:
    """√Σ gᵢ², the sum rounded once (so in any order it is the same), scaled so that no square overflows.

    >>> norm_of([3 * 2.0**700, 4 * 2.0**700]) == 5 * 2.0**700
    True
    """
    found = [float(x) for x in numbers]
    top = max(map(abs, found), default=0.0)
    if not all(map(isfinite, found)):
        return inf if inf in map(abs, found) else nan
    _, e = frexp(top)  # scaling by a power of two loses nothing
    root = sqrt(fsum(ldexp(x, -e) ** 2 for x in found))
    try:
        return ldexp(root, e)
    except OverflowError:
        return inf


def finite_loss(loss: float) -> float:
    """The loss of a step; ArithmeticError where it is nan or inf. As `before_step` of a compiled loss it is asked by compiled code."""
    if not isfinite(loss):
        raise ArithmeticError(f"the loss became {loss}: micrograd.detect_anomaly() finds where; a smaller lr may help")
    return loss


def clip_norm(params: Any, limit: float) -> float:
    """Scale all gradients by limit/norm where their common norm is over the limit; gives the norm before.

    Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks". A norm that is nan or inf
    raises ArithmeticError: no scale could mend it. params: Values, or a module.
    """
    params, limit = _listed(params), real("the limit of clip_norm", limit)
    norm = norm_of(p.grad for p in params)
    if not isfinite(norm):
        raise ArithmeticError(f"the gradients have norm {norm}: find where with micrograd.detect_anomaly()")
    if norm > limit:
        for p in params:
            p.grad = p.grad / norm * limit  # limit / norm alone may be too small for a normal number
    return norm


def clip_value(params: Any, limit: float) -> None:
    """Bring every gradient into [-limit, limit]. params: Values, or a module."""
    limit = real("the limit of clip_value", limit)
    for p in _listed(params):
        g: Any = p.grad
        p.grad = limit if g > limit else -limit if g < -limit else g


def _listed(params: Any) -> list[Value]:
    return list(params.parameters() if hasattr(params, "parameters") else params)
