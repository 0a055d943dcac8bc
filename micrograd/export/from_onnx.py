"""Under the microscope: an ONNX model as scalar `Value` code with the same parameters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.export import valued
from micrograd.export.arrived import Arrived, argument, labelled, nested, plain
from micrograd.export.onnx_read import Read
from micrograd.export.onnx_rules import FETCHES, MOVES, TABLE, TOGETHER
from micrograd.export.valued import Array, array
from micrograd.files import write
from micrograd.scopes import scope


def from_onnx(model: Any, *, parameters: Sequence[str] | None = None, outputs: Sequence[str] | None = None) -> Nodes:
    """A model as scalar code: call it on numbers or Values in nested lists, and it gives Values in nested lists.

    model: a path or an `onnx.ModelProto`, of opset 13 or later. parameters: the initializers that become Values, labelled `fc.weight[1,2]`.
    None: those that are inputs too (as in models by `to_onnx`); where there are none, all of floating point, but for the means and
    variances of batch normalisation. outputs: those that are wanted, by name (None: all). It is called on the model's other inputs, in
    their order and of any length where the model leaves it open; one that is cast to whole numbers stays numbers. Nodes named by their
    path (`/block/fc/Gemm`) are made in scopes of these names.

        >>> model = micrograd.export.from_onnx("net.onnx")                           # doctest: +SKIP
        >>> y = model([[0.5, -1.0, 2.0]])[0][0]; y.backward(); viz.draw(y)           # doctest: +SKIP
        >>> model.save_onnx("trained.onnx")                                          # doctest: +SKIP

    Raises ImportError without the package onnx, ValueError for a model that is not valid, NotImplementedError that names every operator
    without a rule and its node, before anything is built.
    """
    try:
        onnx = import_module("onnx")
    except ImportError as error:
        raise ImportError("from_onnx needs the package onnx: pip install 'micrograd-lab[onnx]'") from error
    if not isinstance(model, (str, os.PathLike, onnx.ModelProto)):
        raise TypeError(f"from_onnx takes a path or an onnx.ModelProto, not {type(model).__name__}")
    try:
        proto = model if isinstance(model, onnx.ModelProto) else onnx.load(os.fspath(model))
    except import_module("google.protobuf.message").DecodeError as error:
        raise ValueError(f"{os.fspath(model)!r} is no ONNX model: {error}") from error
    return Nodes(onnx, proto, parameters, outputs)


class Nodes(Arrived):
    """What `from_onnx` gives. inputs, outputs: what it is called on, and what it gives, by name."""

    def __init__(self, onnx: Any, proto: Any, parameters: Sequence[str] | None, outputs: Sequence[str] | None) -> None:
        super().__init__()
        self._onnx = onnx
        self._proto = type(proto)()
        self._proto.CopyFrom(proto)
        self._read = read = Read(onnx, self._proto, parameters, outputs)
        self.arrays = {name: labelled(read.initial[name], name) for name in read.parameters}
        self.inputs, self.outputs = [i.name for i in read.inputs], list(read.outputs)
        self._runs: dict[int, tuple[Any, Any]] = {}  # the reference implementation of a node, by its id, and the node

    def proto(self) -> Any:
        """The model with the parameters as they are now, in the types that they came in."""
        made = type(self._proto)()
        made.CopyFrom(self._proto)
        for tensor in made.graph.initializer:
            if tensor.name in self.arrays:
                was = self._read.initial[tensor.name]
                tensor.CopyFrom(self._onnx.numpy_helper.from_array(self.numbers(tensor.name).astype(was.dtype), tensor.name))
        return made

    def save_onnx(self, path: str | os.PathLike[str]) -> Path:
        """`proto()` as a file, written whole or not at all."""
        return write(path, self.proto().SerializeToString())

    def __call__(self, *args: Any) -> Any:
        """The model on numbers or Values in nested lists; several outputs are a tuple."""
        if len(args) != len(self.inputs):
            raise TypeError(f"the model takes {len(self.inputs)} argument(s) {self.inputs}, not {len(args)}")
        known: dict[str, Any] = {**self._read.initial, **self.arrays}
        for given, x in zip(self._read.inputs, args, strict=True):
            found = argument(given.name, x, given.shape, given.valued)
            known[given.name] = found if given.valued else plain(given.name, found, given.dtype)
        with np.errstate(all="ignore"):
            self._graph(self._read.nodes, known)
        results = [nested(_objects(known[name])) for name in self.outputs]
        return results[0] if len(results) == 1 else tuple(results)

    def _graph(self, nodes: Sequence[Any], known: dict[str, Any]) -> None:
        """Every node, its outputs among what is known."""
        for node in nodes:
            path = node.name.strip("/").rpartition("/")[0]
            with scope(path) if path else nullcontext():
                found = self._node(node, known)
            known.update((name, x) for name, x in zip(node.output, found, strict=False) if name)

    def _node(self, node: Any, known: dict[str, Any]) -> Sequence[Any]:
        if node.op_type == "If":
            return self._branch(node, known)
        xs = [known[name] if name else None for name in node.input]
        if not any(map(_held, xs)):
            return self._plain(node, xs)
        if node.op_type in MOVES:
            return self._moved(node, xs)
        if node.op_type not in ("Shape", "Size"):
            xs = [None if x is None else _objects(x) for x in xs]
        found = TABLE[node.op_type](self._read.attributes(node), *xs)
        return found if isinstance(found, list) else [found]

    def _branch(self, node: Any, known: dict[str, Any]) -> Sequence[Any]:
        chosen = "then_branch" if bool(np.all(known[node.input[0]])) else "else_branch"
        graph = next(a.g for a in node.attribute if a.name == chosen)
        inner = {**known, **{t.name: self._onnx.numpy_helper.to_array(t) for t in graph.initializer}}
        self._graph(graph.node, inner)
        return [inner[o.name] for o in graph.output]

    def _plain(self, node: Any, xs: Sequence[Any], kind: str = "") -> list[Any]:
        """A node on numbers, by ONNX's reference implementation. kind: another operator in its place, with the attributes that it has."""
        if (kind or node.op_type) == "GatherElements":
            return [_fetched(xs[0], xs[1], self._read.attributes(node)["axis"])]
        if node.op_type == "Pad" and np.any(np.asarray(xs[1]) < 0):
            xs = _cropped(*xs)
        key = id(node) if not kind else -id(node)
        if key not in self._runs:
            made = self._read.alone(node, kind)
            self._runs[key] = import_module("onnx.reference").ReferenceEvaluator(made), node
        run = self._runs[key][0]
        return list(run.run(None, {f"x{k}": x for k, x in enumerate(xs) if x is not None}))

    def _moved(self, node: Any, xs: Sequence[Any]) -> list[Any]:
        """What only moves numbers: the reference implementation moves their places."""
        moving = MOVES[node.op_type] or range(len(xs))
        here = [k for k in moving if k < len(xs) and xs[k] is not None]
        how = self._read.attributes(node).get("reduction", "none")
        if how != "none":
            return [self._scattered(node, how, *xs)]
        count = len(node.output)
        given = [_objects(xs[k]) for k in here]
        found = []
        for out in range(count):

            def run(*places: Any, out: int = out) -> Any:
                filled = dict(zip(here, places, strict=True))
                return np.asarray(self._plain(node, [filled[k] + 1 if k in filled else x for k, x in enumerate(xs)])[out]) - 1

            found.append(valued.moved(run, *given, fill=0.0))
        return found

    def _scattered(self, node: Any, how: str, x: Any, index: Any, more: Any) -> Array:
        """Where each number goes is what fetches from there."""
        x, more = _objects(x), _objects(more)
        (targets,) = self._plain(node, [np.arange(x.size).reshape(x.shape), index], FETCHES[node.op_type])
        sums: list[list[Any]] = [[v] for v in x.ravel()]
        for target, v in zip(np.ravel(targets), more.ravel(), strict=True):
            sums[int(target)].append(v)
        made = np.empty(x.size, dtype=object)
        made[:] = [TOGETHER[how](vs) if len(vs) > 1 else vs[0] for vs in sums]
        return made.reshape(x.shape)


def _cropped(x: Any, pads: Any, value: Any = None, axes: Any = None) -> list[Any]:
    """The inputs of a Pad without its negative pads, which take away: the reference knows only those that add."""
    given = range(x.ndim) if axes is None else [int(axis) % x.ndim for axis in axes]
    starts, ends = np.asarray(pads).reshape(2, -1)
    cut = [slice(None)] * x.ndim
    for axis, start, end in zip(given, starts, ends, strict=True):
        cut[axis] = slice(max(0, -int(start)), max(0, x.shape[axis] + min(0, int(end))))
    return [x[tuple(cut)], np.maximum(pads, 0), value, axes][: 2 if value is None and axes is None else 4 if axes is not None else 3]


def _fetched(x: Any, index: Any, axis: int) -> Any:
    """GatherElements; the reference has none for more than 64 along the axis."""
    places = list(np.indices(index.shape))
    places[axis] = index
    return x[tuple(places)]


def _held(x: Any) -> bool:
    """Whether it is an array with Values in it."""
    return isinstance(x, np.ndarray) and x.dtype == np.dtype(object)


def _objects(x: Any) -> Array:
    x = np.asarray(x)
    return array(x.astype(np.float64) if x.dtype.kind == "V" else x)
