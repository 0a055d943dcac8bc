"""What ONNX's operators do to arrays of scalars. A rule is called with the node's attributes and its inputs (None: left out).

Nodes that no Value goes into, and the places of what is only moved, are computed by ONNX's own reference implementation.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.export import onnx_recurrent, valued, valued_nets
from micrograd.export.valued import COMPARED, Array, array, each, mapped, reduced, total
from micrograd.ops.op import Op

Attributes = Mapping[str, Any]
Rule = Callable[..., Any]


def _each(f: Callable[..., Array]) -> Rule:
    return lambda a, *xs: f(*xs)


def _two(f: Callable[[Any, Any], Any]) -> Rule:
    return lambda a, x, y: each(f, x, y)


def _several(f: Callable[[Any, Any], Any]) -> Rule:
    """Of one array or more, from left to right."""
    return lambda a, *xs: xs[0] if len(xs) == 1 else _several(f)(a, each(f, xs[0], xs[1]), *xs[2:])


def _of_two(op: Op) -> Callable[[Any, Any], Any]:
    f = mapped(op)
    return lambda x, y: f(x, y).item()


def _mean(a: Attributes, *xs: Array) -> Array:
    return each(lambda v: v / len(xs), _several(operator.add)(a, *xs))


def _reciprocal(x: Any) -> Array:
    return mapped(ops.div)(1.0, x)


def _mod(a: Attributes, x: Array, y: Array) -> Array:
    return valued.remainder(x, y) if a["fmod"] else mapped(ops.mod)(x, y)


def _clip(a: Attributes, x: Array, low: Any = None, high: Any = None) -> Array:
    low, high = (array(end).item() if end is not None else limit for end, limit in ((low, -math.inf), (high, math.inf)))
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return mapped(ops.clamp.bind(float(low), float(high)))(x)
    return mapped(ops.minimum)(mapped(ops.maximum)(x, low), high)


def _gelu(a: Attributes, x: Array) -> Array:
    if a["approximate"] == "none":
        return mapped(ops.gelu)(x)
    return each(lambda v: 0.5 * v * (1.0 + mapped(ops.tanh)(math.sqrt(2 / math.pi) * (v + 0.044715 * v * v * v)).item()), x)


def _hard_sigmoid(a: Attributes, x: Array) -> Array:
    return mapped(ops.clamp.bind(0.0, 1.0))(each(lambda v: v * a["alpha"] + a["beta"], x))


def _selu(a: Attributes, x: Array) -> Array:
    return each(lambda v: v * a["gamma"], mapped(ops.elu.bind(float(a["alpha"])))(x))


def _is_inf(a: Attributes, x: Array) -> Array:
    below = COMPARED["eq"](x, -math.inf if a["detect_negative"] else math.nan)
    return mapped(ops.maximum)(below, COMPARED["eq"](x, math.inf if a["detect_positive"] else math.nan))


def _cast(a: Attributes, x: Array) -> Array:
    return COMPARED["ne"](x, 0.0) if a["to"] == BOOL else x


# --- sums and products -----------------------------------------------------------------------------------------------------


def _axes(a: Attributes, x: Array, axes: Any) -> list[int] | None:
    given = a.get("axes") if axes is None else [int(v) for v in np.ravel(axes)]
    return [int(v) for v in given] if given is not None and len(given) else None


def _reduced(f: Callable[[list[Any]], Any], after: Callable[[Any], Any] | None = None, before: Callable[[Any], Any] | None = None) -> Rule:
    def rule(a: Attributes, x: Array, axes: Any = None) -> Array:
        over = _axes(a, x, axes)
        x = x if before is None else each(before, x)
        nothing = over is None and a.get("noop_with_empty_axes")  # over no axis: each number is the sum of itself
        found = x if nothing else reduced(f, x, over, bool(a["keepdims"]))
        return found if after is None else each(after, found)

    return rule


def _one(op: Op) -> Callable[[Any], Any]:
    f = mapped(op)
    return lambda x: f(x).item()


def _log_sum_exp(xs: list[Any]) -> Any:
    top = mapped(ops.shift)(*xs).item()
    return _one(ops.log_)(total([_one(ops.exp)(x - top) for x in xs])) + top


def _cumsum(a: Attributes, x: Array, axis: Any) -> Array:
    turn = -1 if a["reverse"] else 1

    def row(xs: list[Any]) -> list[Any]:
        sums = list(itertools.accumulate(xs[::turn]))
        return ([0.0, *sums[:-1]] if a["exclusive"] else sums)[::turn]

    return valued.along(row, x, int(array(axis).item()))


def _matmul(a: Attributes, x: Array, y: Array) -> Array:
    found = valued.matmul(x[None] if x.ndim == 1 else x, y[:, None] if y.ndim == 1 else y)
    found = found[..., 0, :] if x.ndim == 1 else found
    return np.asarray(found[..., 0], dtype=object) if y.ndim == 1 else found


def _gemm(a: Attributes, x: Array, y: Array, bias: Any = None) -> Array:
    found = valued.matmul(x.T if a["transA"] else x, y.T if a["transB"] else y)
    found = found if a["alpha"] == 1 else each(lambda v: v * a["alpha"], found)
    if bias is None:
        return found
    return each(operator.add, found, bias if a["beta"] == 1 else each(lambda v: v * a["beta"], bias))


def einsum(equation: str, *xs: Array) -> Array:
    """Sums of products by Einstein's convention, one operand after another."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    rest = max(x.ndim - len(t.replace("...", "")) for t, x in zip(terms, xs, strict=True))
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in equation][:rest]

    def spelled(term: str, ndim: int) -> str:
        n = ndim - len(term.replace("...", ""))
        return term.replace("...", "".join(free[rest - n :]))

    terms = [spelled(t, x.ndim) for t, x in zip(terms, xs, strict=True)]
    once = "".join(sorted(c for c in set("".join(terms)) if "".join(terms).count(c) == 1 and c not in free))
    out = spelled(right, len(right.replace("...", "")) + rest) if arrow else "".join(free) + once
    letters, found = _summed(terms[0], xs[0], set(out) | set("".join(terms[1:])))
    for k, (term, x) in enumerate(zip(terms[1:], xs[1:], strict=True), 1):
        later = set(out) | set("".join(terms[k + 1 :]))
        letters, found = _product(letters, found, *_summed(term, x, later | set(letters)), later)
    return found.transpose([letters.index(c) for c in out])


def _summed(term: str, x: Array, kept: set[str]) -> tuple[str, Array]:
    """One operand with each letter once, summed over what nothing else has."""
    letters = "".join(dict.fromkeys(term))
    if letters != term:
        x = valued.moved(lambda places: np.einsum(f"{term}->{letters}", places), x)
    over = [k for k, c in enumerate(letters) if c not in kept]
    return "".join(c for c in letters if c in kept), reduced(total, x, over) if over else x


def _product(a: str, x: Array, b: str, y: Array, kept: set[str]) -> tuple[str, Array]:
    both = [c for c in a if c in b]
    batch, over = [c for c in both if c in kept], [c for c in both if c not in kept]
    sizes = {c: max(x.shape[a.index(c)], y.shape[b.index(c)]) for c in both}
    x = np.broadcast_to(x, [sizes.get(c, n) for c, n in zip(a, x.shape, strict=True)])
    y = np.broadcast_to(y, [sizes.get(c, n) for c, n in zip(b, y.shape, strict=True)])
    given = [[[s.index(c) for c in which] for s in (a, b)] for which in (over, batch)]
    return "".join([*batch, *(c for c in a if c not in both), *(c for c in b if c not in both)]), valued.contracted(x, y, *given)


# --- networks ---------------------------------------------------------------------------------------------------------------


def _pads(
    a: Attributes, size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> list[tuple[int, int]]:
    n = len(kernel)
    how = a.get("auto_pad", "NOTSET")
    if how == "NOTSET":
        pads = [int(p) for p in a.get("pads") or [0] * (2 * n)]
        return list(zip(pads[:n], pads[n:], strict=True))
    found = []
    for s, k, step, d in zip(size, kernel, stride, dilation, strict=True):
        more = max((math.ceil(s / step) - 1) * step + d * (k - 1) + 1 - s, 0) if how != "VALID" else 0
        found.append((more // 2, more - more // 2) if how == "SAME_UPPER" else (more - more // 2, more // 2))
    return found


def _convolution(how: Callable[..., Array]) -> Rule:
    def rule(a: Attributes, x: Array, weight: Array, bias: Any = None) -> Array:
        n = weight.ndim - 2
        stride, dilation = a.get("strides") or [1] * n, a.get("dilations") or [1] * n
        pads = _pads(a, x.shape[2:], weight.shape[2:], stride, dilation)
        more = [a.get("output_padding") or ()] if how is valued_nets.transposed else []
        return how(x, weight, bias, stride, pads, dilation, a["group"], *more)

    return rule


def _pool(kind: str) -> Rule:
    def rule(a: Attributes, x: Array) -> Array:
        kernel = a["kernel_shape"]
        stride, dilation = a.get("strides") or [1] * len(kernel), a.get("dilations") or [1] * len(kernel)
        pads = _pads(a, x.shape[2:], kernel, stride, dilation)
        size = math.prod(kernel) if a.get("count_include_pad") else 0
        f = valued.largest if kind == "max" else lambda xs: total(xs) / (size or len(xs))
        return valued_nets.pooled(f, x, kernel, stride, pads, dilation)

    return rule


def _average(xs: list[Any]) -> Any:
    return total(xs) / len(xs)


def _globally(f: Callable[[list[Any]], Any]) -> Rule:
    return lambda a, x: reduced(f, x, range(2, x.ndim), True)


def _batch_norm(a: Attributes, x: Array, weight: Array, bias: Array, mean: Array, var: Array) -> Array:
    by = (1, -1, *[1] * (x.ndim - 2))
    scale = _reciprocal(mapped(ops.sqrt)(each(lambda v: v + a["epsilon"], var)))
    found = each(lambda v, m, s: (v - m) * s, x, mean.reshape(by), scale.reshape(by))
    return valued_nets.affine(found, weight.reshape(by), bias.reshape(by))


def _layer_norm(a: Attributes, x: Array, weight: Array, bias: Any = None) -> Array:
    rows = x.reshape(*x.shape[: a["axis"] % x.ndim], -1)
    found = valued.along(lambda xs: valued_nets.normalised(xs, a["epsilon"])[0], rows, -1).reshape(x.shape)
    return valued_nets.affine(found, weight, bias)


def _instance_norm(a: Attributes, x: Array, weight: Array, bias: Array) -> Array:
    by = (1, -1, *[1] * (x.ndim - 2))
    rows = x.reshape(*x.shape[:2], -1)
    found = valued.along(lambda xs: valued_nets.normalised(xs, a["epsilon"])[0], rows, -1).reshape(x.shape)
    return valued_nets.affine(found, weight.reshape(by), bias.reshape(by))


BOOL = 9  # the number of ONNX's type
_SAME = "Exp Sqrt Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Erf Floor Ceil Sign Relu Sigmoid Softplus Div"
_NAMED = {**{name: ops.TABLE[name.lower()] for name in _SAME.split()}, "Abs": ops.abs_, "Log": ops.log_, "Round": ops.round_}
TABLE: Mapping[str, Rule] = {
    **{name: _each(mapped(op)) for name, op in _NAMED.items()},
    "Add": _two(operator.add), "Sub": _two(operator.sub), "Mul": _two(operator.mul), "Neg": lambda a, x: each(operator.neg, x),
    "Reciprocal": _each(_reciprocal), "Pow": _each(valued.raised), "Mod": _mod, "Clip": _clip, "Gelu": _gelu, "Selu": _selu,
    "HardSigmoid": _hard_sigmoid,
    "Elu": lambda a, x: mapped(ops.elu.bind(float(a["alpha"])))(x),
    "LeakyRelu": lambda a, x: mapped(ops.leaky_relu.bind(float(a["alpha"])))(x),
    "Max": _several(_of_two(ops.maximum)), "Min": _several(_of_two(ops.minimum)), "Sum": _several(operator.add), "Mean": _mean,
    "Less": _each(COMPARED["lt"]), "Greater": _each(COMPARED["gt"]), "LessOrEqual": _each(COMPARED["le"]),
    "GreaterOrEqual": _each(COMPARED["ge"]), "Equal": _each(COMPARED["eq"]), "Xor": _each(COMPARED["ne"]),
    "And": _each(mapped(ops.minimum)), "Or": _each(mapped(ops.maximum)), "Not": lambda a, x: each(lambda v: 1.0 - v, x),
    "Where": _each(valued.where), "IsInf": _is_inf, "IsNaN": lambda a, x: COMPARED["ne"](x, x), "Cast": _cast,
    "CastLike": lambda a, x, _: x,
    "Dropout": lambda a, x, *_: [x, array(np.ones(x.shape, dtype=bool))],
    "Shape": lambda a, x: np.array(x.shape[slice(a.get("start") or 0, a.get("end"))], dtype=np.int64),
    "Size": lambda a, x: np.array(x.size),
    "ReduceSum": _reduced(total), "ReduceMean": _reduced(_average), "ReduceMax": _reduced(valued.largest),
    "ReduceMin": _reduced(valued.smallest), "ReduceProd": _reduced(valued.multiplied), "ReduceLogSumExp": _reduced(_log_sum_exp),
    "ReduceL1": _reduced(total, None, _one(ops.abs_)), "ReduceL2": _reduced(total, _one(ops.sqrt), lambda v: v * v),
    "ReduceSumSquare": _reduced(total, None, lambda v: v * v), "ReduceLogSum": _reduced(total, _one(ops.log_)), "CumSum": _cumsum,
    "MatMul": _matmul, "Gemm": _gemm, "Einsum": lambda a, *xs: einsum(a["equation"], *xs),
    "Softmax": lambda a, x: valued_nets.softmax(x, a["axis"]), "LogSoftmax": lambda a, x: valued_nets.log_softmax(x, a["axis"]),
    "Conv": _convolution(valued_nets.convolution), "ConvTranspose": _convolution(valued_nets.transposed),
    "MaxPool": _pool("max"), "AveragePool": _pool("mean"), "GlobalAveragePool": _globally(_average),
    "GlobalMaxPool": _globally(valued.largest),
    "BatchNormalization": _batch_norm, "LayerNormalization": _layer_norm, "InstanceNormalization": _instance_norm,
    "RNN": onnx_recurrent.rnn, "GRU": onnx_recurrent.gru, "LSTM": onnx_recurrent.lstm,
}  # fmt: skip

# Operators that only move numbers: which inputs have these (None: all). The other inputs say where, and cannot come from Values.
_FIRST = """Identity Reshape Transpose Squeeze Unsqueeze Flatten Split Slice Gather GatherElements GatherND Expand Tile DepthToSpace
SpaceToDepth Compress ReverseSequence Trilu"""
MOVES: Mapping[str, Sequence[int] | None] = {
    **dict.fromkeys(_FIRST.split(), (0,)), "Concat": None, "Pad": (0, 2), "ScatterElements": (0, 2), "ScatterND": (0, 2),
}  # fmt: skip
# Numbers that go to one place are put together, where a scatter says how; and what fetches from these places.
TOGETHER: Mapping[str, Callable[[list[Any]], Any]] = {
    "add": total, "mul": valued.multiplied, "max": valued.largest, "min": valued.smallest,
}  # fmt: skip
FETCHES = {"ScatterElements": "GatherElements", "ScatterND": "GatherND"}

# What an attribute may be where the rule does not take all; None is "left out".
_GATES: Mapping[str, tuple[Any, ...]] = {"layout": (0,), "clip": (None,)}
LIMITS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "MaxPool": {"ceil_mode": (0,), "storage_order": (0,)}, "AveragePool": {"ceil_mode": (0,)},
    "ConvTranspose": {"auto_pad": ("NOTSET",), "output_shape": (None,)}, "BatchNormalization": {"training_mode": (0,)},
    "RNN": {**_GATES, "activations": (None, ["Tanh"], ["Tanh"] * 2)},
    "GRU": {**_GATES, "activations": (None, ["Sigmoid", "Tanh"], ["Sigmoid", "Tanh"] * 2)},
    "LSTM": {**_GATES, "input_forget": (0,), "activations": (None, ["Sigmoid", "Tanh", "Tanh"], ["Sigmoid", "Tanh", "Tanh"] * 2)},
}  # fmt: skip
ABSENT: Mapping[str, Mapping[int, str]] = {  # inputs that have no rule
    "RNN": {4: "sequence_lens"}, "GRU": {4: "sequence_lens"}, "LSTM": {4: "sequence_lens", 7: "P (peepholes)"},
    "Dropout": {2: "training_mode"},
}  # fmt: skip
OUTPUTS: Mapping[str, int] = {"MaxPool": 1, "BatchNormalization": 1, "LayerNormalization": 1}  # how many have a rule, where not all
