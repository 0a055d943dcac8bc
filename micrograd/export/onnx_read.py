"""What is in an ONNX model, and what of it has no rule: known before anything is built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.export.onnx_rules import ABSENT, BOOL, LIMITS, MOVES, OUTPUTS, TABLE, TOGETHER

FIRST = 13  # the opset from which on axes are inputs and softmax has one axis
DRAWN = {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
INNER = {"Loop", "Scan", "SequenceMap"}  # with graphs inside


@dataclass
class Input:
    """What a model is called on. shape: None for an axis of any length. valued: whether it becomes Values."""

    name: str
    shape: list[int | None]
    dtype: Any
    valued: bool


class Read:
    """A model, read. initial: what its initializers hold; parameters: those that become Values; nodes: those that the outputs need."""

    def __init__(self, onnx: Any, proto: Any, parameters: Sequence[str] | None, outputs: Sequence[str] | None) -> None:
        self.onnx = onnx
        self._valid(proto)
        graph = self._inlined(proto).graph
        to_array = onnx.numpy_helper.to_array
        self.initial: dict[str, Any] = {t.name: to_array(t) for t in graph.initializer}
        self.outputs = self._chosen([o.name for o in graph.output], outputs)
        self.nodes = self._needed(graph)
        self.parameters = self._parameters(graph, parameters)
        self.inputs = [self._input(i) for i in graph.input if i.name not in self.initial]
        while True:
            self.found: list[str] = []
            whole: set[str] = set()
            inputs = {i.name: frozenset([i.name]) for i in self.inputs if i.valued}
            self._walk(self.nodes, {**inputs, **dict.fromkeys(self.parameters, frozenset([""]))}, whole)
            if not whole:
                break
            for i in self.inputs:
                i.valued = i.valued and i.name not in whole
        if self.found:
            found = "; ".join(sorted(set(self.found)))
            raise NotImplementedError(f"from_onnx has no rule for {found}; it has one for {len(TABLE) + len(MOVES)} operators")

    # --- what is there -------------------------------------------------------------------------------------------------------

    def _valid(self, proto: Any) -> None:
        try:
            self.onnx.checker.check_model(proto)
        except self.onnx.checker.ValidationError as error:
            raise ValueError(f"this is no valid ONNX model: {error}") from error
        names = [t.name for t in proto.graph.initializer]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"this is no valid ONNX model: two initializers are called {twice[0]!r}")
        if len(proto.graph.sparse_initializer):
            raise NotImplementedError("from_onnx has no rule for sparse initializers (dense ones are allowed)")
        self.opsets = {o.domain if o.domain != "ai.onnx" else "": o.version for o in proto.opset_import}
        if self.opsets.get("", FIRST) < FIRST:
            raise NotImplementedError(
                f"from_onnx reads opset {FIRST} and later, and this model is of opset {self.opsets['']}: "
                f"onnx.version_converter.convert_version(model, {FIRST}) makes it one"
            )

    def _inlined(self, proto: Any) -> Any:
        """The model with its functions written out: its own, and those of ONNX that have no rule here."""
        inliner = import_module("onnx.inliner")
        if len(proto.functions):
            proto = inliner.inline_local_functions(proto)
        done: set[str] = set()
        while functions := self._functions(proto) - done:  # a function may be made of others
            done |= functions
            proto = self.onnx.shape_inference.infer_shapes(self._told(proto, functions))
            pairs = [("", name) for name in sorted(functions)]
            proto = inliner.inline_selected_functions(proto, pairs, exclude=False, inline_schema_functions=True)
        return proto

    def _functions(self, proto: Any) -> set[str]:
        """Operators of ONNX without a rule here that it says in others itself."""
        asked = {n.op_type for n in _all(proto.graph.node) if n.domain in ("", "ai.onnx")} - set(TABLE) - set(MOVES)
        found = set()
        for name in asked:
            try:
                schema = self.onnx.defs.get_schema(name, self.opsets.get("", FIRST), "")
            except self.onnx.defs.SchemaError:
                continue
            if schema.has_function or schema.has_context_dependent_function:
                found.add(name)
        return found

    def _told(self, proto: Any, functions: set[str]) -> Any:
        """The model with what its functions need to be written out: all their attributes, the types of initializers."""
        made = type(proto)()
        made.CopyFrom(proto)
        helper = self.onnx.helper
        for node in _all(made.graph.node):
            if node.op_type in functions:
                given = {a.name for a in node.attribute}
                node.attribute.extend([helper.make_attribute(k, v) for k, v in self.attributes(node).items() if k not in given])
        known = {i.name for i in (*made.graph.input, *made.graph.value_info)}
        made.graph.value_info.extend(
            [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in made.graph.initializer if t.name not in known]
        )
        return made

    def _chosen(self, there: list[str], wanted: Sequence[str] | None) -> list[str]:
        chosen = there if wanted is None else list(wanted)
        missing = [name for name in chosen if name not in there]
        if missing:
            raise ValueError(f"the model has no output {missing[0]!r}; it has {there}")
        return chosen

    def _needed(self, graph: Any) -> list[Any]:
        needed, found = set(self.outputs), []
        for node in reversed(graph.node):
            if needed & set(node.output):
                found.append(node)
                needed |= {name for n in _all([node]) for name in n.input} | _given(node)
        self.used = needed
        return found[::-1]

    def _parameters(self, graph: Any, wanted: Sequence[str] | None) -> list[str]:
        floating = [name for name, x in self.initial.items() if _floating(x.dtype)]
        if wanted is not None:
            missing = [name for name in wanted if name not in floating]
            if missing:
                raise ValueError(f"the model has no floating-point initializer {missing[0]!r}; it has {floating}")
            return list(wanted)
        inputs = {i.name for i in graph.input}
        open_ = [name for name in floating if name in inputs]
        if open_:
            return open_
        running = {name for n in _all(graph.node) if n.op_type == "BatchNormalization" for name in n.input[3:5]}
        return [name for name in floating if name not in running and name in self.used]

    def _input(self, i: Any) -> Input:
        kind = i.type.tensor_type
        if not i.type.HasField("tensor_type"):
            raise NotImplementedError(f"from_onnx has no rule for the input {i.name!r}, which is no tensor")
        dtype = self.onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        shape = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim]
        return Input(i.name, shape, dtype, _floating(dtype))

    def attributes(self, node: Any) -> dict[str, Any]:
        """Those of a node, and the defaults of the others; text as str."""
        schema = self.onnx.defs.get_schema(node.op_type, self.opsets.get("", FIRST), "")
        found = {}
        for name, about in schema.attributes.items():
            if about.default_value.name:
                found[name] = _spelled(self.onnx.helper.get_attribute_value(about.default_value))
        return {**found, **{a.name: _spelled(self.onnx.helper.get_attribute_value(a)) for a in node.attribute}}

    def alone(self, node: Any, kind: str = "") -> Any:
        """A model of one node, its inputs called x0, x1, …; of another kind with those attributes that this has."""
        helper = self.onnx.helper
        made = type(node)()
        made.CopyFrom(node)
        made.domain = made.domain if made.domain != "ai.onnx" else ""
        n = len(node.input)
        if kind:
            made.op_type, n = kind, 2
            kept = [a for a in node.attribute if a.name in self.onnx.defs.get_schema(kind, self.opsets.get("", FIRST), "").attributes]
            del made.attribute[:]
            made.attribute.extend(kept)
        del made.input[:], made.output[:]
        made.input.extend([f"x{k}" if node.input[k] else "" for k in range(n)])
        made.output.extend([f"y{k}" for k in range(1 if kind else len(node.output))])
        inputs = [helper.make_value_info(name, self.onnx.TypeProto()) for name in made.input if name]
        outputs = [helper.make_value_info(name, self.onnx.TypeProto()) for name in made.output]
        opsets = [helper.make_opsetid(domain, version) for domain, version in self.opsets.items()]
        return helper.make_model(helper.make_graph([made], "one", inputs, outputs), opset_imports=opsets)

    # --- what has no rule --------------------------------------------------------------------------------------------------------

    def _walk(self, nodes: Iterable[Any], held: dict[str, frozenset[str]], whole: set[str]) -> None:
        """held: for what is made of Values the inputs that these come from, "" for a parameter. whole: inputs that must stay numbers."""
        for node in nodes:
            from_ = frozenset().union(*(held.get(name, frozenset()) for name in node.input))
            if node.op_type == "If":
                self._branches(node, held, whole)
                continue
            numbers = self._numbers(node, held)
            if numbers and "" not in numbers:
                whole |= numbers
                continue
            problem = self._problem(node, numbers, from_)
            if problem:
                self.found.append(f"{problem}{_called(node)}")
            if from_ and node.op_type not in ("Shape", "Size"):
                held.update((name, from_) for name in node.output if name)

    def _branches(self, node: Any, held: dict[str, frozenset[str]], whole: set[str]) -> None:
        if held.get(node.input[0]):
            if "" in held[node.input[0]]:
                self.found.append(f"If by Values{_called(node)}: a condition known when it is run, or Where, is allowed")
            else:
                whole |= held[node.input[0]]
        for branch in (a.g for a in node.attribute if a.name in ("then_branch", "else_branch")):
            inner = dict(held)
            self._walk(branch.node, inner, whole)
            for name, o in zip(node.output, branch.output, strict=True):
                held[name] = held.get(name, frozenset()) | inner.get(o.name, frozenset())

    def _numbers(self, node: Any, held: dict[str, frozenset[str]]) -> frozenset[str]:
        """What comes to where a node wants whole numbers: those that say where something stands, and what is cast to some."""
        at: Sequence[int] = []
        if node.op_type == "Cast" and node.domain in ("", "ai.onnx"):
            to = self.attributes(node)["to"]
            at = [0] if to != BOOL and not _floating(self.onnx.helper.tensor_dtype_to_np_dtype(to)) else []
        elif (moving := MOVES.get(node.op_type)) is not None:
            at = [k for k in range(len(node.input)) if k not in moving]
        elif node.op_type == "CumSum":
            at = [1]
        return frozenset[str]().union(*(held.get(node.input[k], frozenset()) for k in at))

    def _problem(self, node: Any, numbers: frozenset[str], from_: frozenset[str]) -> str | None:
        name: str = node.op_type
        if name in DRAWN:
            return f"{name}, whose numbers are others at every run"
        if name in INNER or name.startswith(("Sequence", "Optional")):
            return name
        if node.domain not in ("", "ai.onnx"):
            return f"{name} of the domain {node.domain!r}" if from_ else None
        if not from_:
            return None
        if name not in TABLE and name not in MOVES:
            return name
        a = self.attributes(node)
        if numbers and name == "Cast":
            return "Cast of Values to whole numbers (floating-point numbers and booleans are allowed)"
        if numbers:
            return f"{name} at places that are made of Values (whole numbers known when it is run are allowed)"
        if a.get("reduction", "none") not in ("none", *TOGETHER):
            return f"{name} with reduction={a['reduction']!r}"
        for key, allowed in LIMITS.get(name, {}).items():
            if a.get(key) not in allowed:
                return f"{name} with {key}={a[key]!r} ({', '.join('none' if x is None else repr(x) for x in allowed)} is allowed)"
        for at, what in ABSENT.get(name, {}).items():
            if len(node.input) > at and node.input[at]:
                return f"{name} with {what} (none is allowed)"
        if any(node.output[OUTPUTS.get(name, 99) :]):
            return f"{name} with {len(node.output)} outputs ({OUTPUTS[name]} is allowed)"
        return None


def _all(nodes: Iterable[Any]) -> Iterable[Any]:
    """Nodes, and those of the graphs in their attributes."""
    for node in nodes:
        yield node
        for a in node.attribute:
            for graph in ([a.g] if a.HasField("g") else []) + list(a.graphs):
                yield from _all(graph.node)


def _given(node: Any) -> set[str]:
    """What the graphs in a node's attributes give back."""
    return {o.name for a in node.attribute if a.HasField("g") for o in a.g.output}


def _floating(dtype: Any) -> bool:
    return "float" in str(np.dtype(dtype))


def _spelled(x: Any) -> Any:
    return x.decode() if isinstance(x, bytes) else [_spelled(v) for v in x] if isinstance(x, (list, tuple)) else x


def _called(node: Any) -> str:
    """Which node it is, where it has a name."""
    return f" (node {node.name!r})" if node.name else ""
