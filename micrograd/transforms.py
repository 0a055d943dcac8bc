"""Derivatives as functions: grad, jacobian, hessian, hvp and vjp over a graph, jvp forward through it.

They leave every `.grad` as it was, and no_grad does not stop them. With create_graph=True the derivatives are Values themselves,
made by the same rules run on Values, and can be differentiated again.

A function's arguments are numbers, or numbers nested in lists, tuples, dicts and arrays; derivatives by them are nested
likewise. Numbers in, numbers out; Values in (or one of these functions inside another), Values out, to be differentiated again.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, overload

from micrograd import masks
from micrograd.engine import Value
from micrograd.modes import choosing, recorded, refuse_changed
from micrograd.nested import Arguments, is_value, one_value, opened
from micrograd.ops.op import number
from micrograd.pull import UNREACHED
from micrograd.steps import contributions

_F = TypeVar("_F", bound=Callable[..., Any])
_NOTHING: Any = object()


def _recorded(transform: _F) -> _F:
    """The transform with graphs recorded in it, whatever no_grad is on outside: else every derivative would be 0."""

    @wraps(transform)
    def run(*args: Any, **keywords: Any) -> Any:
        with recorded():
            return transform(*args, **keywords)

    return run  # type: ignore[return-value]


@overload
def grad(output: Value, inputs: Any, create_graph: bool = False, upstream: Any = 1.0) -> Any: ...


@overload
def grad(
    output: Callable[..., Any], *, argnums: int | Sequence[int] = 0, create_graph: bool = False
) -> Callable[..., Any]: ...  # fmt: skip


def grad(
    output: Any, inputs: Any = _NOTHING, create_graph: bool = False, upstream: Any = 1.0, *, argnums: int | Sequence[int] = 0
) -> Any:  # fmt: skip
    """∂output/∂input for each input (one number for one Value), by reverse mode; of a function, the function of its arguments.

    grad(y, x). inputs: a Value or a sequence of them (which may nest), leaves or not; one that the output does not depend on
    gets 0. create_graph: give Values. upstream: the cotangent of the output. Does not touch `.grad`. Raises TypeError for an
    op whose partials are unknown (made by setting `_backward`) with create_graph=True.

    grad(f). The function (x, …) ↦ ∂f/∂x for an f of one number, see `micrograd.derived`; argnums: by which argument, or
    arguments.

    >>> x = Value(3.0)
    >>> first = grad(x**3, x, create_graph=True)
    >>> first.data, grad(first, x)
    (27.0, 18.0)
    >>> grad(lambda x, y: x**3 * y)(3.0, 2.0), grad(grad(lambda x: x**3))(3.0)
    (54.0, 18.0)
    """
    if not isinstance(output, Value):
        from micrograd.derived import gradient

        return gradient(output, () if inputs is _NOTHING else (inputs,), argnums, create_graph)
    if inputs is _NOTHING or argnums != 0:
        raise TypeError("grad of a Value is by Values: grad(output, inputs); argnums is for grad(f), f being a function")
    if hasattr(inputs, "parameters"):
        raise TypeError("grad is by Values: write grad(output, model.parameters())")
    wanted: list[Any] = []
    one = isinstance(inputs, (Value, str, dict)) or hasattr(inputs, "__array__") or not hasattr(inputs, "__iter__")
    fill = opened(inputs if one else list(inputs), wanted)
    for v in wanted:
        if not isinstance(v, Value):
            raise TypeError(f"grad is by Values, not by a number: {v!r} has no place in the graph (write x, not x.data)")
    zero: Any = Value(0.0) if create_graph else 0.0
    upstream = upstream if isinstance(upstream, Value) else number(upstream)
    cotangent: dict[Value, Any] = {output: Value(upstream) if create_graph and not isinstance(upstream, Value) else upstream}
    order = output.interior()
    refuse_changed(order)
    if type(upstream) is float and upstream == 0.0:
        order = []  # a zero that the caller gives passes nothing
    if order and isinstance(output.data, Value):  # a compiler traces
        masks.pulled(order, cotangent, create_graph)
        order = []
    for node in reversed(order):
        if node in cotangent:
            for arg, value in _pulled(node, cotangent[node], create_graph):
                cotangent[arg] = cotangent[arg] + value if arg in cotangent else value
    return fill(iter([cotangent.get(v, zero) for v in wanted]))


def _pulled(node: Value, upstream: Any, create_graph: bool) -> list[tuple[Value, Any]]:
    """What passes to which argument."""
    op, args = node.op, node.args
    if not create_graph:
        return [(arg, value) for arg, _, value in contributions(node, upstream) if value is not UNREACHED]
    assert op is not None
    with choosing():
        partials = op.gradient(node, args)
    passes = op.passes(node.data, *[a.data for a in args]) if op.passes else [1.0] * len(args)
    return [(arg, upstream * p) for arg, p, some in zip(args, partials, passes, strict=True) if some]


@_recorded
def vjp(fn: Callable[..., Any], inputs: Sequence[Any], cotangents: Any) -> tuple[Any, list[Any]]:
    """(outputs, Jᵀ·cotangents) of `fn(*inputs)`: reverse mode. cotangents: a number for each output, nested as fn's outputs are.

    The second has an item for each argument, nested as that is.
    """
    at = Arguments("vjp", inputs)
    outputs, results = _outputs("vjp", at.call(fn, *at.nested(at.leaves)))
    weights: list[Any] = []
    opened(list(cotangents) if isinstance(cotangents, tuple) else cotangents, weights)
    if len(weights) != len(outputs):
        raise ValueError(f"vjp needs a cotangent for each output: {len(outputs)} outputs, {len(weights)} cotangents")
    total: list[Any] = [0.0] * len(at.leaves)
    for out, weight in zip(outputs, weights, strict=True):
        total = [t + g for t, g in zip(total, grad(out, at.leaves, at.graph, weight), strict=True)]
    return results(map(at.out, outputs)), at.nested(total)


@_recorded
def jvp(fn: Callable[..., Any], inputs: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """(outputs, J·tangents) of `fn(*inputs)`: forward mode, the tangents carried along in the order of evaluation.

    inputs: fn's arguments; tangents: as many, nested likewise. Gives floats, or lists of floats where fn gives a sequence.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    at = Arguments("jvp", inputs)
    if len(inputs) != len(tangents):
        raise ValueError(f"jvp needs one tangent per input: {len(inputs)} inputs, {len(tangents)} tangents")
    given = at.matched("jvp", "tangent", tangents)
    graph = at.graph or any(map(is_value, given))
    outputs, results = _outputs("jvp", at.call(fn, *at.nested(at.leaves)))
    tangent: dict[Value, Any] = {v: t for v, t in zip(at.leaves, given, strict=True) if isinstance(t, Value) or t != 0.0}
    for out in outputs:
        order = out.interior()
        if order and isinstance(out.data, Value):  # a compiler traces
            masks.pushed(order, tangent, graph)
            continue
        push(order, tangent, graph)
    pushed = [tangent.get(o, 0.0) for o in outputs]
    return results(map(at.out, outputs)), results(p if isinstance(p, Value) or not graph else Value(p) for p in pushed)


def push(order: Sequence[Value], tangent: dict[Value, Any], graph: bool = False) -> None:
    """Forward mode through these nodes: each gets the tangent that those of its arguments give it; `tangent` has the first ones."""
    for node in order:
        if node not in tangent:
            found = [p * tangent[a] for a, p in _partials(node, graph) if a in tangent]
            if found:
                tangent[node] = sum(found, 0.0)


def _partials(node: Value, graph: bool) -> list[tuple[Value, Any]]:
    """(argument, partial) for each edge out of `node` that passes something: numbers, or Values."""
    if not graph:
        return [(arg, partial) for arg, partial, value in contributions(node, 1.0) if value is not UNREACHED]
    return _pulled(node, 1.0, True)


@_recorded
def jacobian(fn: Callable[..., Any], inputs: Sequence[Any]) -> list[list[Any]]:
    """J[i][j] = ∂outputᵢ/∂inputⱼ of `fn(*inputs)`, nested as the j-th input is: one reverse pass per output.

    >>> jacobian(lambda w, x: [w[0] * x, w[1] * w[0]], ([2.0, 3.0], 5.0))
    [[[5.0, 0.0], 2.0], [[3.0, 2.0], 0.0]]
    """
    at = Arguments("jacobian", inputs)
    outputs, _ = _outputs("jacobian", at.call(fn, *at.nested(at.leaves)))
    return [at.nested(grad(out, at.leaves, at.graph)) for out in outputs]


@_recorded
def hessian(fn: Callable[..., Any], inputs: Sequence[Any]) -> list[list[Any]]:
    """H[i][j] = ∂²fn/∂xᵢ∂xⱼ of a function of one number: reverse mode over reverse mode.

    Where inputs are nested, H[i][j] is nested as the i-th is, with something nested as the j-th in each place; for two arrays it
    is one array: H[i][j][k][l] = ∂²fn/∂xᵢ[k]∂xⱼ[l].

    >>> hessian(lambda x, y: x * x * y, (2.0, 3.0))
    [[6.0, 4.0], [4.0, 0.0]]
    >>> hessian(lambda x: x[0] * x[1], [[1.0, 2.0]])
    [[[[0.0, 1.0], [1.0, 0.0]]]]
    """
    at = Arguments("hessian", inputs)
    first = grad(one_value("hessian", at.call(fn, *at.nested(at.leaves))), at.leaves, create_graph=True)
    rows = [at.nested(grad(g, at.leaves, at.graph)) for g in first]  # for each number, something for each argument
    columns = [at.nested(row[j] for row in rows) for j in range(len(at.fills))]
    return [[_joined(column[i]) for column in columns] for i in range(len(at.fills))]


@_recorded
def hvp(fn: Callable[..., Any], inputs: Sequence[Any], vector: Sequence[Any]) -> list[Any]:
    """H·vector of a function of one number, without the Hessian: the gradient of (gradient · vector), nested as the inputs are."""
    at = Arguments("hvp", inputs)
    if len(vector) != len(inputs):
        raise ValueError(f"hvp needs a vector of {len(inputs)} numbers, not {len(vector)}")
    first = grad(one_value("hvp", at.call(fn, *at.nested(at.leaves))), at.leaves, create_graph=True)
    directional = Value(0.0)
    for g, v in zip(first, at.matched("hvp", "part of the vector", vector), strict=True):
        if isinstance(v, Value) or v != 0.0:
            directional = directional + g * v
    return at.nested(grad(directional, at.leaves, at.graph))


def _outputs(who: str, result: Any) -> tuple[list[Value], Callable[[Any], Any]]:
    """What a function gave, as Values, and what nests numbers as it was; a tuple becomes a list."""
    found: list[Any] = []
    try:
        fill = opened(list(result) if type(result) is tuple else result, found)
    except TypeError:
        hint = ": did it forget to return?" if result is None else ""
        raise TypeError(f"{who} needs a function that gives numbers, not {result!r:.60}{hint}") from None
    return [o if isinstance(o, Value) else Value(o) for o in found], lambda numbers: fill(iter(numbers))


def _joined(block: Any) -> Any:
    """An array of arrays as one array."""
    if hasattr(block, "dtype") and block.size and hasattr(block.flat[0], "reshape"):
        np: Any = importlib.import_module("numpy")
        return np.array([item.tolist() for item in block.flat]).reshape(*block.shape, *block.flat[0].shape)
    return block
