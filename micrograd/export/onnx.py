"""ONNX: a compiled loss as a graph whose outputs are the loss **and its gradients**, for ONNX Runtime and whatever reads that format.

ONNX has no autodiff, and needs none: the backward program is a list of loop nests like the forward one, and both are printed.
"""

from __future__ import annotations

import os
from dataclasses import replace
from importlib import import_module
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.export.homes import Written, parameters, refuse
from micrograd.export.onnx_nodes import DOUBLE, Nodes
from micrograd.export.onnx_ops import KNOWN
from micrograd.export.taken import Taken, Update
from micrograd.export.tensors import Found, Tensors
from micrograd.files import write

OPSET, IR = 18, 9


def to_onnx(step: Any, path: str | os.PathLike[str] | None = None, *, gradients: bool = True, optimizer: Any = None) -> Any:
    """A compiled loss as an `onnx.ModelProto`, checked, also written to `path`.

    step: what `micrograd.compile` or `micrograd.lower` gave, called once. Inputs: the arguments x1, x2, … as float64 tensors (regular
    nested lists are their axes; with batch=True the samples N are a first axis of any length), and the parameters weight1, bias1, …, which
    have the numbers of now unless others are given. Outputs: `loss`; `outputs`, the other numbers that the loss returns; with
    gradients=True `grad.weight1`, …, with input_grads=True at compiling also `grad.x1`, ….

    optimizer: one of `micrograd.optim`. Then the model makes a whole step: further outputs `next.weight1`, …, further inputs and outputs
    for what the optimizer remembers (`adam_m.weight1` → `next.adam_m.weight1`), and an input `t`, the number of the step from 1 on.

    Values as the engine's to 1e-12, but for what docs/export.md has in its table. Raises ImportError without the package onnx, ValueError
    for what cannot go along.
    """
    try:
        checker = import_module("onnx.checker")
    except ImportError as error:
        raise ImportError("to_onnx needs the package onnx: pip install 'micrograd-lab[onnx]'") from error
    taken = Taken(step)
    model = _Model(taken, gradients or optimizer is not None, optimizer).proto(gradients)
    checker.check_model(model, full_check=True)
    if path is not None:
        write(path, model.SerializeToString())
    return model


class _Both(Tensors):
    """… of the backward program too, which also writes into rows that are chosen when it runs."""

    def perform(self, step: Instruction) -> None:
        if step.out.chosen is None:
            super().perform(step)
        else:
            self._put(step)

    def _put(self, step: Instruction) -> None:
        """Every number goes to the row that its index says."""
        out = step.out
        assert out.chosen is not None
        index = self.read(out.chosen, step.shape)
        assert isinstance(index, Found)
        plain = Access(out.pool, out.strides, out.base, out.index, out.batch)
        used = [a for a in range(len(step.shape)) if plain.uses(a) and step.shape[a] > 1]
        needed = [a for a in range(len(step.shape)) if a in used or a in index.axes]
        each = replace(step, out=replace(out, batch=True)) if index.batch else step  # not summed over the samples before it is known where
        found = self._map(each, needed)
        batch = found.batch or index.batch
        x = self._full(found, needed, [step.shape[a] for a in needed], batch)
        letters = self._letters(needed, batch), self._letters(index.axes, index.batch), self._letters(used, out.batch) + "z"
        writer: Any = self.writer
        rows = writer.put(x, index.tensor, len(out.jumps), letters)
        places = self._wanted(plain, step.shape, used)[..., None] + np.asarray(out.jumps)
        kept = [*used, len(step.shape)]
        onto = Access(out.pool, (*out.strides, 1), out.base, None, out.batch)
        whole = Instruction((*step.shape, len(out.jumps)), onto, step.rule, (), True)
        self._scatter(whole, Found(rows, kept, out.batch), kept, places, self.names.line(step))


class _Model:
    """The graph, its inputs and outputs."""

    def __init__(self, taken: Taken, gradients: bool, optimizer: Any) -> None:
        refuse(taken, KNOWN, "ONNX")
        if taken.program.assigns:
            raise ValueError("the loss assigns to buffers (batch normalisation in training?), and a graph has none: export it in eval mode")
        self.taken, self.program = taken, taken.program
        self.update = None if optimizer is None else Update(optimizer, taken.plan.traced.params, {})
        self.optimizer = optimizer
        self.nodes = nodes = Nodes()
        self.outputs: list[tuple[str, list[int | str]]] = []
        self.inputs: list[tuple[str, list[int | str], Any]] = []
        self.nodes.used.update(block.name for block in parameters(taken))
        self.written = Written(taken, nodes, "{}", _Both)
        batch: list[int | str] = ["N"] if self.program.batch else []
        self.inputs += [(a.name, [*batch, *a.shape], None) for a in self.written.arguments]
        self.inputs += [(b.name, list(b.places.shape), b.numbers) for b in self.written.blocks]
        self._results()
        if gradients:
            self._gradients()

    def _give(self, name: str, x: Any, shape: list[int | str]) -> None:
        self.nodes.used.add(name)
        self.nodes.nodes.append(self.nodes.helper.make_node("Identity", [self.nodes.named(x)], [name]))
        self.outputs.append((name, shape))

    def _results(self) -> None:
        outputs, batch = self.program.outputs, self.program.batch
        loss = self.written.slot("v", outputs[0])
        self._give("loss", self.nodes("ReduceMean", loss, keepdims=0) if outputs[0][0] else loss, [])
        if len(outputs) > 1:
            several = any(b for b, _ in outputs[1:])
            self._give("outputs", self.written.slots("v", outputs[1:]), [*(["N"] if batch and several else []), len(outputs) - 1])

    def _gradients(self) -> None:
        """The backward program, from 1 at the loss (the mean's share of each sample)."""
        tensors, nodes, (batch, root) = self.written.tensors, self.nodes, self.program.outputs[0]
        seed: Any = nodes.full(nodes("Div", 1.0, nodes.samples()), (), True) if batch else nodes.number(1.0)
        tensors.hold("g", seed, root, (), batch)
        for step in self.program.backward:
            tensors.perform(step)
        first = int(self.program.params[0]) if len(self.program.params) else 0
        for block in self.written.blocks:
            grad = tensors.at("g", False, first + block.places, first + block.base, block.axes)
            self._give(f"grad.{block.name}", grad, list(block.places.shape))
            if self.update is not None:
                self._step(block.name, block.places, grad)
        if self.taken.input_grads:
            at = 0
            for argument in self.written.arguments:
                size = argument.numbers.shape[1]
                where = np.asarray(self.program.inputs[at : at + size], dtype=np.int64).reshape(argument.shape)
                grad = tensors.at("g", self.program.batch, where, 0, None)
                self._give(f"grad.{argument.name}", grad, [*(["N"] if self.program.batch else []), *argument.shape])
                at += size

    def _step(self, name: str, places: Any, grad: Any) -> None:
        """The optimizer's rule for one block of the parameters."""
        update, nodes, shape = self.update, self.nodes, list(places.shape)
        assert update is not None
        kernel = self.optimizer.kernel(self.optimizer.groups[0])
        slots = []
        for k, slot in enumerate(update.slots):
            slots.append(nodes.fresh(f"{slot}.{name}"))
            self.inputs.append((slots[-1], shape, np.array(update.state[k])[places]))
        numbers = dict(update.constants)
        by_step = self._by_step() if update.by_step else {}
        given = dict(zip(kernel.arguments, [name, grad, *slots, *({**numbers, **by_step}[n] for n in update.names)], strict=True))
        for result, old in zip(kernel.results, [name, *slots], strict=True):
            self._give(f"next.{old}", nodes.expression(result, given), shape)

    def _by_step(self) -> dict[str, Any]:
        """What Adam makes of the number of the step."""
        assert self.update is not None
        n, constants = self.nodes, self.update.constants
        if not any(name == "t" for name, *_ in self.inputs):
            n.used.add("t")
            self.inputs.append(("t", [], np.array(float(self.update.made + 1))))
            settings = self.optimizer.groups[0].settings
            beta = {**settings, **constants}
            self.powers = {
                "size": n("Div", float(beta["lr"]), n("Sub", 1.0, n("Pow", float(beta["beta1"]), "t"))) if "beta1" in beta else "",
                "root2": n("Sqrt", n("Sub", 1.0, n("Pow", float(beta["beta2"]), "t"))) if "beta2" in beta else "",
            }
        return self.powers

    def proto(self, gradients: bool) -> Any:
        """The model; parameters are inputs that have a number already."""
        helper, nodes = self.nodes.helper, self.nodes
        wanted = [(name, shape) for name, shape in self.outputs if gradients or not name.startswith("grad.")]
        initial = [nodes.numpy_helper.from_array(np.asarray(x, dtype=np.float64), name) for name, _, x in self.inputs if x is not None]
        graph = helper.make_graph(
            nodes.nodes,
            "loss",
            [helper.make_tensor_value_info(name, DOUBLE, shape) for name, shape, _ in self.inputs],
            [helper.make_tensor_value_info(name, DOUBLE, shape) for name, shape in wanted],
            [*initial, *nodes.initializers],
            doc_string=f"{self.taken.name}: a {self.program}",
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="micrograd-lab")
