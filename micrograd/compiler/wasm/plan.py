"""A plan in the page: the tables of one graph, the Values whose numbers it takes and gives, and the machines made of it."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from micrograd import modes
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.tracing.scalars import Scalars
from micrograd.compiler.tracing.trace import Trace
from micrograd.compiler.wasm.tables import tables
from micrograd.engine import Value, _clock


class Plan:
    """One graph. numbers: those of the arguments, sample by sample where it is of a batch."""

    def __init__(self, traced: Trace, shapes: tuple[Any, ...], guards: Guards, make: Callable[[str], Any]) -> None:
        self.traced, self.shapes, self.guards, self.make = traced, shapes, guards, make
        self.graph = Scalars(traced)
        self.program = SimpleNamespace(places=(self.graph, None))  # for `provenance.compare`
        self.asked = [o for o in self.graph.outputs if o is not None]
        self.tables = tables(self.graph, [*self.asked, *(new for _, new in self.graph.assigns)])
        flat = [v for block in traced.inputs for v in block]
        self.limits = [(i, traced.limits[id(v)]) for i, v in enumerate(flat) if id(v) in traced.limits]
        self.width, self.params = len(flat), len(traced.params)
        self.machines: dict[Any, Machine] = {}

    def machine(self, kernel: Any = None, update: dict[str, Any] | None = None) -> Machine:
        """The machine, made when first needed: with the rule of an optimizer, one for each."""
        if kernel not in self.machines:
            self.machines[kernel] = Machine(self, {**self.tables, "optimizer": update})
        return self.machines[kernel]

    def check_indices(self, numbers: Sequence[float], samples: int) -> None:
        """IndexError for one that is no whole number, or beyond what it is looked up in."""
        for i, limit in self.limits:
            for k in range(samples):
                x = numbers[k * self.width + i]
                if not (0 <= x < limit and x == int(x)):
                    raise IndexError(f"an index among the inputs is {x:g}, outside 0 … {limit - 1}")

    def store(self, numbers: Sequence[float], gradient: Sequence[float]) -> None:
        """Write parameters and their gradients to their Values, as `Plan.store` beside NumPy does."""
        for p, x, g in zip(self.traced.params, numbers, gradient, strict=True):
            p._data = x
            p._born = _clock()
            p.grad = g
        modes.state.last_change = _clock()


class Machine:
    """A machine of the page with the places of its numbers."""

    def __init__(self, plan: Plan, given: dict[str, Any]) -> None:
        self.plan, self.js = plan, plan.make(json.dumps(given))
        count, leaves = plan.params, given["leaves"]
        self.params, self.gradient = self.js.part("values", 0, count), self.js.part("gradients", 0, count)
        self.rest = self.js.part("values", count, leaves - count)
        self.has_rest, self.loaded, self.samples = leaves > count, -1, 1
        self.found = array("d", bytes(8 * len(given["outputs"])))
        self.kept = array("d", bytes(8 * count))

    def load(self) -> None:
        """Take the numbers of the parameters from their Values, as far as any was set since."""
        now = modes.state.last_change
        if self.loaded != now and self.plan.params:
            self.params.assign(array("d", [p._data for p in self.plan.traced.params]))
        self.loaded = now

    def feed(self, numbers: array[float]) -> None:
        """Set the inputs, draw what is drawn afresh, and take the numbers of buffers and of Values outside."""
        plan, traced = self.plan, self.plan.traced
        samples = len(numbers) // plan.width if traced.batch and plan.width else 1
        if plan.limits:
            plan.check_indices(numbers, samples)
        draws = [draw for _, draw in traced.draws]
        others = [b._data for b, _ in traced.assigns] + [v._data for v in traced.outside]
        self.samples = samples
        if not traced.batch:
            if self.has_rest:
                self.rest.assign(numbers + array("d", [*(draw() for draw in draws), *others]))
            return
        if self.has_rest:
            self.rest.assign(array("d", bytes(8 * (plan.width + len(draws)))) + array("d", others))
        if draws:  # sample by sample, as the eager engine draws
            rows = [numbers[k * plan.width : (k + 1) * plan.width] + array("d", [draw() for draw in draws]) for k in range(samples)]
            numbers = sum(rows, array("d"))
        self.js.feed(samples).assign(numbers)

    def run(self, back: bool) -> None:
        """Forward, and back too."""
        if self.plan.traced.batch:
            self.js.batch(back)
        elif back:
            self.js.run()
        else:
            self.js.forward()
        self.read()

    def read(self) -> None:
        """The outputs of the latest run, and what it assigns to buffers."""
        if not self.plan.traced.batch:
            self.js.answer.assign_to(self.found)
            for (buffer, _), x in zip(self.plan.traced.assigns, self.found[len(self.plan.asked) :], strict=True):
                buffer.data = x
        else:
            self.found = array("d", bytes(8 * self.samples * len(self.plan.asked)))
            self.js.out.assign_to(self.found)

    def outputs(self) -> list[float]:
        """Of the loss, in order; of a batch the means over the samples. What is no Value stays what it was."""
        n = len(self.plan.asked)
        numbers = iter([sum(self.found[k::n]) / self.samples for k in range(n)] if self.plan.traced.batch else self.found[:n])
        return [next(numbers) if isinstance(o, Value) else o for o in self.plan.traced.outputs]

    def loss(self) -> float:
        return self.outputs()[0]

    def gradients(self) -> array[float]:
        """By the parameters."""
        found = array("d", bytes(8 * self.plan.params))
        if found:
            self.gradient.assign_to(found)
        return found

    def numbers(self) -> array[float]:
        """The parameters."""
        if self.kept:
            self.params.assign_to(self.kept)
        return self.kept

    def by_inputs(self) -> list[list[float]]:
        """Of each sample the gradients by its inputs."""
        plan = self.plan
        if not plan.traced.batch:
            found = array("d", bytes(8 * plan.width))
            if found:
                self.js.part("gradients", plan.params, plan.width).assign_to(found)
            return [found.tolist()]
        whole = plan.width + len(plan.traced.draws)
        found = array("d", bytes(8 * whole * self.samples))
        self.js.slope.assign_to(found)
        return [found[k * whole : k * whole + plan.width].tolist() for k in range(self.samples)]
