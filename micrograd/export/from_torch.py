"""Under the microscope: a small `nn.Module` of PyTorch as scalar `Value` code with the same parameters."""

from __future__ import annotations

import itertools
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.export import aten, valued, valued_nets
from micrograd.export.arrived import Arrived, argument, labelled, nested
from micrograd.export.valued import array, mapped, reduced, total
from micrograd.scopes import scope

_SAME = ["exp", "expm1", "exp2", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"]
_SAME += ["asinh", "acosh", "atanh", "floor", "ceil", "trunc", "round", "erf", "erfc", "relu", "sigmoid", "silu", "sign"]


def _slice(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    cut = (*[slice(None)] * (dim % x.ndim), slice(start, end, step))
    return x[cut]


def _expand(x: Any, sizes: Any, implicit: bool = False) -> Any:
    shape = [1] * (len(sizes) - x.ndim) + list(x.shape)
    return np.broadcast_to(x, [n if s == -1 else s for n, s in zip(shape, sizes, strict=True)])


def _gather(x: Any, dim: int, index: Any, sparse: bool = False) -> Any:
    return np.take_along_axis(x, index.astype(np.int64), dim)


def _split(x: Any, sizes: Any, dim: int = 0) -> list[Any]:
    return np.split(x, list(itertools.accumulate(sizes))[:-1], axis=dim)


def _power(x: Any, p: Any) -> Any:
    return mapped(ops.power.bind(float(p)))(x) if isinstance(p, (int, float)) else mapped(ops.pow_)(x, p)


def _gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "none":
        return mapped(ops.gelu)(x)
    return array(x * 0.5 * (1.0 + mapped(ops.tanh)(array(math.sqrt(2 / math.pi) * (x + x * x * x * 0.044715)))))


def _elu(x: Any, alpha: float = 1.0, scale: float = 1.0, inner: float = 1.0) -> Any:
    return array(mapped(ops.elu.bind(float(alpha)))(array(x * inner)) * scale)


def _add(x: Any, y: Any, *, alpha: float = 1) -> Any:
    return array(x + (y if alpha == 1 else y * alpha))


def _sub(x: Any, y: Any, *, alpha: float = 1) -> Any:
    return array(x - (y if alpha == 1 else y * alpha))


def _full(size: Any, value: Any, **_: Any) -> Any:
    return array(np.full(tuple(size), value, dtype=object))


def _mean(xs: list[Any]) -> Any:
    return total(xs) / len(xs)


TABLE: Mapping[str, Callable[..., Any]] = {
    **{f"aten.{name}.default": mapped(getattr(ops, name, None) or ops.TABLE[name]) for name in _SAME},
    "aten.log.default": mapped(ops.log_), "aten.abs.default": mapped(ops.abs_), "aten.neg.default": lambda x: array(-x),
    "aten.gelu.default": _gelu,
    "aten.elu.default": _elu, "aten.leaky_relu.default": lambda x, slope=0.01: mapped(ops.leaky_relu.bind(float(slope)))(x),
    "aten.hardtanh.default": lambda x, low=-1.0, high=1.0: mapped(ops.clamp.bind(float(low), float(high)))(x),
    "aten.clamp.default": lambda x, low=None, high=None: mapped(
        ops.clamp.bind(-math.inf if low is None else float(low), math.inf if high is None else float(high))
    )(x),
    "aten.reciprocal.default": lambda x: mapped(ops.div)(1.0, x), "aten.rsqrt.default": lambda x: mapped(ops.div)(1.0, mapped(ops.sqrt)(x)),
    "aten.add.Tensor": _add, "aten.add.Scalar": _add, "aten.sub.Tensor": _sub, "aten.sub.Scalar": _sub,
    "aten.rsub.Scalar": lambda x, y, alpha=1: array(y - x * alpha),
    **dict.fromkeys(("aten.mul.Tensor", "aten.mul.Scalar"), lambda x, y: array(x * y)),
    **dict.fromkeys(("aten.div.Tensor", "aten.div.Scalar"), mapped(ops.div)),
    "aten.pow.Tensor_Scalar": _power, "aten.pow.Tensor_Tensor": _power, "aten.maximum.default": mapped(ops.maximum),
    "aten.minimum.default": mapped(ops.minimum), "aten.atan2.default": mapped(ops.atan2),
    "aten.mm.default": valued.matmul, "aten.bmm.default": valued.matmul, "aten.addmm.default": aten.addmm,
    "aten._softmax.default": valued_nets.softmax,
    "aten._log_softmax.default": valued_nets.log_softmax, "aten.native_layer_norm.default": aten.layer_norm,
    "aten.native_group_norm.default": aten.group_norm, "aten._native_batch_norm_legit_no_training.default": aten.batch_norm,
    "aten.convolution.default": aten.convolution, "aten.max_pool2d_with_indices.default": aten.max_pool,
    "aten.avg_pool2d.default": aten.avg_pool, "aten.avg_pool1d.default": aten.avg_pool,
    "aten.embedding.default": lambda table, index, *_, **__: table[index.astype(np.int64)],
    "aten.permute.default": lambda x, order: x.transpose(order), "aten.view.default": lambda x, shape: x.reshape(shape),
    "aten.reshape.default": lambda x, shape: x.reshape(shape), "aten.unsqueeze.default": lambda x, dim: np.expand_dims(x, dim),
    "aten.squeeze.dims": lambda x, dims: np.squeeze(x, tuple(d for d in dims if x.shape[d] == 1)), "aten.expand.default": _expand,
    "aten.slice.Tensor": _slice, "aten.select.int": lambda x, dim, at: np.take(x, at, axis=dim), "aten.gather.default": _gather,
    "aten.cat.default": lambda xs, dim=0: np.concatenate(xs, axis=dim), "aten.split_with_sizes.default": _split,
    "aten.clone.default": lambda x, **_: x, "aten.alias.default": lambda x: x, "aten._to_copy.default": lambda x, **_: x,
    "aten.full.default": _full, "aten.arange.start_step": lambda a, b, step=1, **_: array(np.arange(a, b, step)),
    "aten.full_like.default": lambda x, value, **_: _full(x.shape, value), "aten.scalar_tensor.default": lambda x, **_: array(x),
    "aten.sum.default": lambda x, **_: reduced(total, x), "aten.mean.default": lambda x, **_: reduced(_mean, x),
    "aten.sum.dim_IntList": lambda x, dims=None, keep=False, **_: reduced(total, x, dims, keep),
    "aten.mean.dim": lambda x, dims=None, keep=False, **_: reduced(_mean, x, dims, keep),
    "aten.amax.default": lambda x, dims=(), keep=False: reduced(valued.largest, x, dims, keep), "aten.where.self": valued.where,
    "aten.any.dim": lambda x, dim, keep=False: reduced(any, x, [dim], keep),
    "aten.logical_not.default": lambda x: array(np.frompyfunc(operator.not_, 1, 1)(x)),
    "aten.logical_and.default": lambda x, y: array(np.frompyfunc(lambda a, b: bool(a and b), 2, 1)(x, y)),
    **{f"aten.{name}.Scalar": aten.compared(name) for name in valued.COMPARED},
    "aten._assert_tensor_metadata.default": lambda *_, **__: None, "<built-in function getitem>": operator.getitem,
}  # fmt: skip


def from_torch(module: Any, example: Any) -> Scalars:
    """A module as scalar code: call it on numbers or Values in nested lists, and it gives Values in nested lists.

    module: an `nn.Module`, as it computes in its mode of now (call `.eval()` for dropout and batch normalisation). example: a tensor,
    or a tuple of them, of the shapes that it will be called on. What it does is read by `torch.export`, operator by operator; its
    submodules are scopes, so that pictures fold as it is built. Its parameters are labelled `0.weight[1,2]`.

        >>> import torch                                                             # doctest: +SKIP
        >>> model = micrograd.export.from_torch(net, torch.zeros(1, 3))              # doctest: +SKIP
        >>> y = model([[0.5, -1.0, 2.0]])[0][0]; y.backward(); viz.draw(y)           # doctest: +SKIP
        >>> net.load_state_dict(model.state_dict(), strict=False)                    # doctest: +SKIP

    Raises ImportError without PyTorch; NotImplementedError that names every operator without a rule here, before anything is built.
    """
    torch: Any = import_module("torch")
    given = example if isinstance(example, tuple) else (example,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.export's, of its own insides
        read = torch.export.export(module, given).run_decompositions()
    calls = [n for n in read.graph.nodes if n.op == "call_function"]
    unknown = sorted({str(n.target) for n in calls} - set(TABLE))
    if unknown:
        raise NotImplementedError(f"from_torch has no rule for {', '.join(unknown)}; it has one for {len(TABLE)} operators of ATen's core")
    beyond = sorted({text for n in calls if (text := aten.limits(str(n.target), n.args))})
    if beyond:
        raise NotImplementedError(f"from_torch has no rule for {', '.join(beyond)}")
    return Scalars(torch, read)


class Scalars(Arrived):
    """What `from_torch` gives. Its parameters are Values; numbers of buffers are numbers."""

    def __init__(self, torch: Any, read: Any) -> None:
        super().__init__()
        self._torch, self._graph = torch, read.graph
        signature, state = read.graph_signature, {**read.state_dict, **read.constants}
        names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers, **signature.inputs_to_lifted_tensor_constants}
        self._known: dict[str, Any] = {}
        for node, name in names.items():
            numbers = state[name].detach().cpu().numpy()
            if node in signature.inputs_to_parameters:
                self.arrays[name] = labelled(numbers, name)
                self._known[node] = self.arrays[name]
            else:
                self._known[node] = array(numbers)
        self._inputs = list(signature.user_inputs)

    def state_dict(self) -> dict[str, Any]:
        """The parameters as they are now, as tensors for the module's `load_state_dict`."""
        return {name: self._torch.from_numpy(self.numbers(name)) for name in self.arrays}

    def __call__(self, *args: Any) -> Any:
        """The module on numbers or Values in nested lists (a Value for a single number)."""
        if len(args) != len(self._inputs):
            raise TypeError(f"the module takes {len(self._inputs)} argument(s), not {len(args)}")
        found = dict(self._known)
        shapes = {n.name: n.meta["val"] for n in self._graph.nodes if n.op == "placeholder" and n.name in self._inputs}
        for name, x in zip(self._inputs, args, strict=True):
            found[name] = argument(name, x, [int(n) for n in shapes[name].shape], shapes[name].dtype.is_floating_point)
        for path, nodes in itertools.groupby(list(self._graph.nodes), key=_path):
            with scope(path) if path else nullcontext(), np.errstate(all="ignore"):
                for node in nodes:
                    if node.op == "call_function":
                        made = (_plain(found, part) for part in (node.args, node.kwargs))
                        positional, named = made
                        found[node.name] = TABLE[str(node.target)](*positional, **named)
                    elif node.op == "output":
                        results = [nested(found[r.name]) for r in node.args[0]]
        return results[0] if len(results) == 1 else tuple(results)


def _path(node: Any) -> str:
    """The module that an operator belongs to; of none, or of the whole, nothing."""
    stack = node.meta.get("nn_module_stack") or {}
    return list(stack.values())[-1][0] if stack else ""


def _plain(found: Mapping[str, Any], x: Any) -> Any:
    """An argument of an operator: nodes as what was found for them."""
    if hasattr(x, "op") and hasattr(x, "target"):
        return found[x.name]
    if isinstance(x, (list, tuple)):
        return [_plain(found, part) for part in x]
    if isinstance(x, Mapping):
        return {key: _plain(found, part) for key, part in x.items()}
    return x
