"""What JAX's primitives do to arrays of scalars: as a jaxpr writes functions down in them.

A rule is called with the equation and its operands as arrays of objects. Equations that no Value goes into are JAX's own to compute.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from math import inf, nan
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.engine import Value
from micrograd.export import valued
from micrograd.export.valued import COMPARED, Array, array, each, mapped, reduced, total
from micrograd.export.valued_nets import convolution, pooled
from micrograd.ops.op import Op

Rule = Callable[..., Any]

HELD = Op("stop_gradient", define=lambda x: x, partials=(lambda y, x: 0.0,), formula=("0",), domain=((-inf, inf),), doc="x as a constant.")


def _each(op: Op) -> Rule:
    f = mapped(op)
    return lambda eqn, *xs: f(*xs)


def _plainly(f: Callable[..., Array]) -> Rule:
    return lambda eqn, *xs: f(*xs)


def _held(x: Any) -> Any:
    return HELD(x) if isinstance(x, Value) else x


def _rounded(eqn: Any, x: Array) -> Array:
    if int(eqn.params["rounding_method"]) == 1:
        return mapped(ops.round_)(x)
    whole = mapped(ops.trunc)(x)
    up = COMPARED["ge"](mapped(ops.abs_)(each(operator.sub, x, whole)), 0.5)
    return each(operator.add, whole, valued.where(up, mapped(ops.sign)(x), 0.0))


def _clamp(eqn: Any, low: Array, x: Array, high: Array) -> Array:
    def one(a: Any, v: Any, b: Any) -> Any:
        if isinstance(a, Value) or isinstance(b, Value):
            return ops.minimum(ops.maximum(v, a), b)
        return mapped(ops.clamp.bind(float(a), float(b)))(array(v)).item()

    return each(one, low, x, high)


def _select(eqn: Any, which: Array, *cases: Array) -> Array:
    if len(cases) == 2:
        return valued.where(which, cases[1], cases[0])
    return each(lambda at, *xs: xs[int(at)], which, *cases)


def _broadcast(eqn: Any, x: Array, *_: Any) -> Array:
    shape, axes = eqn.params["shape"], eqn.params["broadcast_dimensions"]
    own = [1] * len(shape)
    for n, a in zip(x.shape, axes, strict=True):
        own[a] = n
    return np.broadcast_to(x.reshape(own), shape)


def _slice(eqn: Any, x: Array) -> Array:
    p = eqn.params
    steps = p["strides"] or [1] * x.ndim
    cut = tuple(slice(a, b, s) for a, b, s in zip(p["start_indices"], p["limit_indices"], steps, strict=True))
    return x[cut]


def _split(eqn: Any, x: Array) -> list[Array]:
    return np.split(x, list(itertools.accumulate(eqn.params["sizes"]))[:-1], axis=eqn.params["axis"])


def _moved(moving: Sequence[int]) -> Rule:
    """What only moves numbers, by JAX itself. moving: which operands have the numbers; the others say where."""

    def rule(eqn: Any, *xs: Array) -> Array:
        params = {**eqn.params, **({"fill_value": -1} if "fill_value" in eqn.params else {})}

        def run(*places: Any) -> Any:
            given = [x if k not in moving else places[moving.index(k)] for k, x in enumerate(xs)]
            return _bound(eqn, given, params)

        fill = eqn.params.get("fill_value")
        return valued.moved(run, *(x for k, x in enumerate(xs) if k in moving), fill=nan if fill is None else float(fill))

    return rule


def _bound(eqn: Any, given: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The primitive on whole numbers."""
    jnp = import_module("jax.numpy")
    return eqn.primitive.bind(*(jnp.asarray(np.asarray(x, dtype=np.int64)) for x in given), **params)


def _scatter_add(eqn: Any, x: Array, index: Array, more: Array) -> Array:
    """Where each number goes is what the transpose of the operation fetches from there."""
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    at, zeros = jnp.asarray(index.astype(np.int64)), jnp.zeros(x.shape)
    _, back = jax.vjp(lambda u: eqn.primitive.bind(zeros, at, u, **eqn.params), jnp.zeros(more.shape))
    (targets,) = back(jnp.arange(1.0, x.size + 1).reshape(x.shape))
    sums: list[list[Any]] = [[v] for v in x.ravel()]
    for target, v in zip(np.ravel(targets), more.ravel(), strict=True):
        if target:
            sums[int(target) - 1].append(v)
    return array([total(vs) if len(vs) > 1 else vs[0] for vs in sums]).reshape(x.shape)


def _reduced(f: Callable[[list[Any]], Any]) -> Rule:
    return lambda eqn, x: reduced(f, x, eqn.params["axes"]) if eqn.params["axes"] else x


def _of_two(op: Op) -> Callable[[Any, Any], Any]:
    f = mapped(op)
    return lambda a, b: f(a, b).item()


def _cumulated(f: Callable[[Any, Any], Any]) -> Rule:
    def rule(eqn: Any, x: Array) -> Array:
        turn = -1 if eqn.params["reverse"] else 1
        run = itertools.accumulate
        return valued.along(lambda xs: list(run(xs[::turn], f))[::turn], x, eqn.params["axis"])

    return rule


def _dot(eqn: Any, x: Array, y: Array) -> Array:
    over, batch = eqn.params["dimension_numbers"]
    return valued.contracted(x, y, over, batch)


def _convolution(eqn: Any, x: Array, weight: Array) -> Array:
    p = eqn.params
    into, kernel, out = p["dimension_numbers"]
    found = convolution(
        x.transpose(into), weight.transpose(kernel), None, p["window_strides"], p["padding"], p["rhs_dilation"],
        p["feature_group_count"], p["lhs_dilation"],
    )  # fmt: skip
    return found.transpose(np.argsort(out))


def _window(f: Callable[[list[Any]], Any], empty: float) -> Rule:
    def rule(eqn: Any, x: Array) -> Array:
        p = eqn.params
        given = p["window_dimensions"], p["window_strides"], p["padding"], p["window_dilation"]
        return pooled(lambda xs: f(xs) if xs else empty, x[None, None], *given)[0, 0]

    return rule


_SAME = ["exp", "exp2", "expm1", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh"]
_SAME += ["asinh", "acosh", "atanh", "erf", "erfc", "floor", "ceil", "sign"]
_NAMED = {"log": ops.log_, "abs": ops.abs_, "logistic": ops.sigmoid, "max": ops.maximum, "min": ops.minimum, "div": ops.div}
TABLE: Mapping[str, Rule] = {
    **{name: _each(ops.TABLE[name]) for name in _SAME}, **{name: _each(op) for name, op in _NAMED.items()},
    **{name: _plainly(rule) for name, rule in COMPARED.items()},
    **{name: _plainly(lambda x, y: each(operator.add, x, y)) for name in ("add", "add_any")},
    "sub": _plainly(lambda x, y: each(operator.sub, x, y)), "mul": _plainly(lambda x, y: each(operator.mul, x, y)),
    "neg": _plainly(lambda x: each(operator.neg, x)),
    "rsqrt": _plainly(lambda x: mapped(ops.div)(1.0, mapped(ops.sqrt)(x))), "square": _plainly(mapped(ops.power.bind(2.0))),
    "integer_pow": lambda eqn, x: mapped(ops.power.bind(float(eqn.params["y"])))(x), "pow": _plainly(valued.raised), "round": _rounded,
    "rem": _plainly(valued.remainder),
    "clamp": _clamp, "is_finite": _plainly(lambda x: each(valued.finite, x)), "select_n": _select,
    "and": _each(ops.minimum), "or": _each(ops.maximum), "xor": _plainly(COMPARED["ne"]),
    "not": _plainly(lambda x: each(lambda v: 1.0 - v, x)),
    "stop_gradient": _plainly(lambda x: each(_held, x)),
    "convert_element_type": lambda eqn, x: COMPARED["ne"](x, 0.0) if np.dtype(eqn.params["new_dtype"]) == np.bool_ else x,
    **{name: _plainly(lambda x: x) for name in ("copy", "copy_p", "device_put", "name", "sharding_constraint")},
    "optimization_barrier": lambda eqn, *xs: list(xs),
    "broadcast_in_dim": _broadcast, "reshape": lambda eqn, x, *_: x.reshape(eqn.params["new_sizes"]), "slice": _slice,
    "squeeze": lambda eqn, x: np.squeeze(x, tuple(eqn.params["dimensions"])), "split": _split,
    "expand_dims": lambda eqn, x: np.expand_dims(x, tuple(eqn.params["dimensions"])),
    "transpose": lambda eqn, x: x.transpose(eqn.params["permutation"]), "rev": lambda eqn, x: np.flip(x, tuple(eqn.params["dimensions"])),
    "concatenate": lambda eqn, *xs: np.concatenate(xs, axis=eqn.params["dimension"]), "tile": _moved([0]),
    "stack": lambda eqn, *xs: np.stack(xs, axis=eqn.params["axis"]),
    "gather": _moved([0]), "dynamic_slice": _moved([0]), "dynamic_update_slice": _moved([0, 1]), "pad": _moved([0, 1]),
    "scatter": _moved([0, 2]), "scatter-add": _scatter_add,
    "reduce_sum": _reduced(total), "reduce_max": _reduced(valued.largest), "reduce_min": _reduced(valued.smallest),
    "reduce_prod": _reduced(valued.multiplied), "reduce_and": _reduced(valued.smallest), "reduce_or": _reduced(valued.largest),
    "cumsum": _cumulated(operator.add), "cumprod": _cumulated(operator.mul),
    "cummax": _cumulated(_of_two(ops.maximum)), "cummin": _cumulated(_of_two(ops.minimum)),
    "dot_general": _dot, "conv_general_dilated": _convolution, "reduce_window_sum": _window(total, 0.0),
    "reduce_window_max": _window(valued.largest, -inf), "reduce_window_min": _window(valued.smallest, inf),
}  # fmt: skip

# Functions of jax.nn that are a row of our table (by what they are called in a jaxpr).
NAMED: Mapping[str, Op] = {name: ops.TABLE[name] for name in ("relu", "silu", "softplus", "log_sigmoid")}
CALLS = {"jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint", "custom_jvp_call", "custom_vjp_call"}
# Arithmetic that wraps around in whole numbers of few bits, and below 0 in those without a sign.
WRAPS = {
    "add", "add_any", "sub", "mul", "neg", "abs", "integer_pow", "pow", "square", "dot_general", "conv_general_dilated", "reduce_sum",
    "reduce_prod", "reduce_window_sum", "cumsum", "cumprod", "scatter-add",
}  # fmt: skip
CUSTOM = {"custom_jvp_call", "custom_vjp_call"}
# Operands that must not come from Values: they say where numbers stand.
PLACES: Mapping[str, slice] = {
    "gather": slice(1, None), "dynamic_slice": slice(1, None), "dynamic_update_slice": slice(2, None), "scatter": slice(1, 2),
    "scatter-add": slice(1, 2),
}  # fmt: skip


def beyond(eqn: Any, held: Sequence[bool]) -> str | None:
    """What an equation asks that its rule does not do. held: for each operand whether Values go into it."""
    name, p = eqn.primitive.name, eqn.params
    if any(held[PLACES.get(name, slice(0, 0))]):
        return f"{name} at places that are made of Values (whole numbers known when it is read are allowed)"
    if name == "select_n" and held[0] and len(held) > 3:
        return "select_n of several cases by Values (two are allowed)"
    own = eqn.invars[0].aval.dtype if eqn.invars else np.dtype(np.bool_)
    if name in ("and", "or", "xor", "not", "div") and not _inexact(own):
        return f"{name} of whole numbers that are made of Values (floating-point numbers and booleans are allowed)"
    if name in WRAPS and (own.kind == "u" or (own.kind == "i" and own.itemsize < 4)):
        return f"{name} of {own} numbers that are made of Values, which wraps around (floating-point numbers, int32 and int64 are allowed)"
    if name == "convert_element_type" and not (_inexact(p["new_dtype"]) or own == np.bool_ or np.can_cast(own, p["new_dtype"])):
        return f"convert_element_type of Values to {np.dtype(p['new_dtype'])} (floating-point numbers and booleans are allowed)"
    if name == "conv_general_dilated" and p["batch_group_count"] != 1:
        return f"conv_general_dilated with batch_group_count={p['batch_group_count']} (1 is allowed)"
    if name.startswith("reduce_window") and any(d != 1 for d in p["base_dilation"]):
        return f"{name} with base_dilation={tuple(p['base_dilation'])} (ones are allowed)"
    return None


def _inexact(dtype: Any) -> bool:
    """Floating-point (bfloat16 and its like too, which NumPy knows by name alone) or boolean."""
    return np.dtype(dtype) == np.bool_ or "float" in str(np.dtype(dtype))
