"""Derivatives as functions: grad, jacobian, hessian, hvp and vjp over a graph, jvp forward through it.

They leave every `.grad` as it was. With create_graph=True the derivatives are Values themselves, made by the same rules
run on Values, and can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.modes import choosing, refuse_changed
from micrograd.steps import contributions


def grad(output: Value, inputs: Value | Sequence[Value], create_graph: bool = False, upstream: Any = 1.0) -> Any:
    """∂output/∂input for each input (one number for one Value), by reverse mode.

    inputs: a Value or a sequence of them, leaves or not; one that the output does not depend on gets 0. create_graph: give
    Values. upstream: the cotangent of the output. Does not touch `.grad`. Raises TypeError for an op whose partials are
    unknown (made by setting `_backward`) with create_graph=True.

    >>> x = Value(3.0)
    >>> first = grad(x**3, x, create_graph=True)
    >>> first.data, grad(first, x)
    (27.0, 18.0)
    """
    single = isinstance(inputs, Value)
    wanted: Sequence[Value] = [inputs] if isinstance(inputs, Value) else list(inputs)
    zero: Any = Value(0.0) if create_graph else 0.0
    cotangent: dict[Value, Any] = {output: Value(upstream) if create_graph and not isinstance(upstream, Value) else upstream}
    order = output.interior()
    refuse_changed(order)
    for node in reversed(order):
        upstream = cotangent.get(node)
        if upstream is None:
            continue
        for arg, value in _pulled(node, upstream, create_graph):
            cotangent[arg] = cotangent[arg] + value if arg in cotangent else value
    found = [cotangent.get(v, zero) for v in wanted]
    return found[0] if single else found


def _pulled(node: Value, upstream: Any, create_graph: bool) -> list[tuple[Value, Any]]:
    op, args = node.op, node.args
    if not create_graph:
        return [(arg, value) for arg, _, value in contributions(node, upstream)]
    assert op is not None
    with choosing():
        partials = op.gradient(node, args)
    return [(arg, upstream * p) for arg, p in zip(args, partials, strict=True)]


def vjp(fn: Callable[..., Any], inputs: Sequence[Any], cotangents: Any) -> tuple[Any, list[float]]:
    """(outputs, Jᵀ·cotangents) of `fn(*inputs)`: reverse mode. cotangents: one number per output."""
    leaves = [Value(x) for x in inputs]
    outputs, single = _outputs(fn(*leaves))
    weights = [cotangents] if single else list(cotangents)
    total = [0.0] * len(leaves)
    for out, weight in zip(outputs, weights, strict=True):
        total = [t + g for t, g in zip(total, grad(out, leaves, upstream=float(weight)), strict=True)]
    data = [o.data for o in outputs]
    return (data[0] if single else data), total


def jvp(fn: Callable[..., Any], inputs: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """(outputs, J·tangents) of `fn(*inputs)`: forward mode, the tangents carried along in the order of evaluation.

    inputs and tangents: numbers, as many as fn takes. Gives floats, or lists of floats where fn gives a sequence.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    if len(inputs) != len(tangents):
        raise ValueError(f"jvp needs one tangent per input: {len(inputs)} inputs, {len(tangents)} tangents")
    leaves = [Value(x) for x in inputs]
    outputs, single = _outputs(fn(*leaves))
    tangent: dict[Value, float] = dict(zip(leaves, map(float, tangents), strict=True))
    for out in outputs:
        for node in out.interior():
            if node not in tangent:
                pushed = [p * tangent.get(a, 0.0) for a, p, _ in contributions(node, 1.0)]
                tangent[node] = sum(pushed, 0.0)
    data, pushed = [o.data for o in outputs], [tangent.get(o, 0.0) for o in outputs]
    return (data[0], pushed[0]) if single else (data, pushed)


def jacobian(fn: Callable[..., Any], inputs: Sequence[Any]) -> list[list[float]]:
    """J[i][j] = ∂outputᵢ/∂inputⱼ of `fn(*inputs)`: one reverse pass per output."""
    leaves = [Value(x) for x in inputs]
    outputs, _ = _outputs(fn(*leaves))
    return [grad(out, leaves) for out in outputs]


def hessian(fn: Callable[..., Any], inputs: Sequence[Any]) -> list[list[float]]:
    """H[i][j] = ∂²fn/∂xᵢ∂xⱼ of a scalar function: reverse mode over reverse mode.

    >>> hessian(lambda x, y: x * x * y, (2.0, 3.0))
    [[6.0, 4.0], [4.0, 0.0]]
    """
    leaves = [Value(x) for x in inputs]
    return [grad(first, leaves) for first in grad(fn(*leaves), leaves, create_graph=True)]


def hvp(fn: Callable[..., Any], inputs: Sequence[Any], vector: Sequence[Any]) -> list[float]:
    """H·vector of a scalar function, without the Hessian: the gradient of (gradient · vector)."""
    leaves = [Value(x) for x in inputs]
    first = grad(fn(*leaves), leaves, create_graph=True)
    if len(vector) != len(leaves):
        raise ValueError(f"hvp needs a vector of {len(leaves)} numbers, not {len(vector)}")
    directional = Value(0.0)
    for g, v in zip(first, vector, strict=True):
        directional = directional + g * float(v)
    result: list[float] = grad(directional, leaves)
    return result


def _outputs(result: Any) -> tuple[list[Value], bool]:
    single = isinstance(result, Value) or not isinstance(result, (list, tuple))
    found = [result] if single else list(result)
    return [o if isinstance(o, Value) else Value(o) for o in found], single
