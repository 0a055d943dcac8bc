"""Gradients of the fuzz's programs in many digits: each row by its plain mathematics and by its textbook formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fuzz_programs import DETACH, TAKE, Program
from micrograd import ops
from micrograd.checking import exact


def gradient_in_many_digits(program: Program, leaves: Sequence[float]) -> list[Any] | None:
    """∂(first output)/∂(every leaf); None where some number is no finite real one, or stands where a row is not smooth."""
    m = exact.context(60)
    if not all(math.isfinite(x) for x in leaves):
        return None
    values: list[Any] = [m.mpf(x) for x in leaves]
    try:
        for op, args, _ in program.nodes:
            xs = [values[a] for a in args]
            values.append(_forward(op, m, xs))
            if isinstance(values[-1], m.mpc) or not m.isfinite(values[-1]) or _rough(op, xs):
                return None
        grads = [m.mpf(0)] * len(values)
        grads[program.outputs[0]] = m.mpf(1)
        for k in range(len(program.nodes) - 1, -1, -1):
            (op, args, paused), place = program.nodes[k], len(program.leaves) + k
            if paused:
                continue
            xs = [values[a] for a in args]
            for a, p in zip(args, _partials(op, m, xs), strict=True):
                grads[a] += grads[place] * p
    except (ZeroDivisionError, ValueError, OverflowError):
        return None
    return grads


def _forward(op: Any, m: Any, xs: list[Any]) -> Any:
    if op is TAKE:
        return xs[1 + int(xs[0])]
    if op is DETACH:
        return xs[0]
    if op.name == "shift":
        return max(xs)
    return exact.exactly(op, m, xs)


def _partials(op: Any, m: Any, xs: list[Any]) -> list[Any]:
    if op is TAKE:
        return [0, *(int(k == int(xs[0])) for k in range(len(xs) - 1))]
    if op is DETACH or op.name == "shift":
        return [0] * len(xs)
    if op.name == "sum":
        return [1] * len(xs)
    if op.name == "dot":
        return [*xs[len(xs) // 2 :], *xs[: len(xs) // 2]]
    return [exact.by_formula(op, i, m, xs) for i in range(len(xs))]


def _rough(op: Any, xs: list[Any]) -> bool:
    """Whether a row has no derivative here, or one by convention."""
    if isinstance(op, str):
        return False
    if op.name in ("maximum", "minimum", "less", "equal"):
        return bool(xs[0] == xs[1])
    if op.name in ("pow", "power"):
        return bool(xs[0] <= 0)
    if op is ops.where:
        return False
    return any(all(x == k for x, k in zip(xs, kink.at, strict=True)) for kink in op.kinks) or (op.name == "clamp" and xs[0] in op.params)
