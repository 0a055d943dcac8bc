"""What goes along when a compiled loss leaves: the program, its numbers as they are now, the latest arguments, and an optimizer's rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from micrograd.compiler.compiled import Compiled
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Instruction
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.rule import written_out
from micrograd.optim.optimizer import Optimizer

Runs = list[tuple[int, list[float]]]  # where numbers begin, and the numbers


class Taken:
    """The program of the latest call of a compiled loss.

    params: their numbers. names: their labels. numbers: those of other slots that nothing computes (constants, buffers, Values outside).
    inputs: the latest arguments, a row for each sample. limits: (place among the inputs, how many rows the look-up has).
    """

    def __init__(self, step: Any) -> None:
        if not isinstance(step, Compiled):
            raise TypeError(f"export takes what micrograd.compile or micrograd.lower gives, not {type(step).__name__}: {step!r:.80}")
        if step._latest is None:
            try:
                step()
            except TypeError as error:
                raise ValueError("call it once on arguments like those it will have: there is no program yet to export") from error
        assert step._latest is not None
        plan, machine = step._latest
        self.program: Program = plan.program
        self.plan, self.name = plan, str(step.__name__)
        program = self.program
        if len(program.draws):
            raise ValueError(
                "the loss draws random numbers by Python functions at every run (nn.Dropout?), and those cannot go with the program: "
                "export it in eval mode, or pass the numbers as arguments"
            )
        self.params = [float(p.data) for p in plan.traced.params]
        self.names = [str(p.label or "") for p in plan.traced.params]
        slots: dict[int, float] = dict(zip(map(int, program.constants[0]), map(float, program.constants[1]), strict=True))
        slots |= {int(at): float(v.data) for at, v in zip(program.outside, plan.traced.outside, strict=True)}
        slots |= {int(at): float(b.data) for (at, _), (b, _) in zip(program.assigns, plan.traced.assigns, strict=True)}
        self.numbers: Runs = []
        for _, run in groupby(enumerate(sorted(slots)), key=lambda pair: pair[1] - pair[0]):
            places = [at for _, at in run]
            self.numbers.append((places[0], [slots[at] for at in places]))
        self.samples = int(machine.samples)
        rows = np.asarray(machine.inputs)[np.asarray(program.inputs, dtype=np.int64)]
        self.inputs = rows.T if program.batch else rows.reshape(1, -1)
        self.limits = plan.inputs.limits
        self.input_grads = bool(step.input_grads)
        self.together = not program.batch or bool(program.assigns) or not program.outputs[0][0]

    @property
    def careful(self) -> tuple[list[Instruction], list[Instruction]]:
        """The gradients once more, with what passes nothing left out: what runs where a nan came out (see compiler.settle)."""
        return ([], []) if self.program.careful is None else self.program.careful(self.program)


class Update:
    """An optimizer's update rule in a language: `body` (assignments), `results` (the new p, then the new slots), and its numbers.

    constants: those that stay. by_step: those that Adam makes of the number t of the step, as formulas in t and constants.
    state: for each slot its numbers now. made: steps made before.
    """

    def __init__(self, optimizer: Any, params: list[Any], templates: Mapping[str, str]) -> None:
        if not isinstance(optimizer, Optimizer) or type(optimizer).step is not Optimizer.step:
            raise TypeError(f"the optimizer is one of micrograd.optim, not {type(optimizer).__name__}")
        for what in ("schedule", "clip_norm", "clip_value"):
            if getattr(optimizer, what) is not None:
                raise ValueError(f"an optimizer with a {what} cannot be exported: its numbers are made in Python at every step")
        group = optimizer.groups[0]
        live = [p for p in group.params if not getattr(p, "frozen", False)]
        if len(optimizer.groups) > 1 or list(map(id, live)) != list(map(id, params)):
            raise ValueError("the optimizer to export has one group, of the parameters of the compiled loss in their order, none frozen")
        kernel = optimizer.kernel(group)
        self.body, self.results = written_out(kernel.results, templates)
        self.name, self.slots = type(optimizer).__name__, list(optimizer.slots)
        self.names = list(kernel.arguments[2 + len(self.slots) :])
        states = [optimizer.state_of(group, p) for p in params]
        self.state = [[float(s[1 + k]) for s in states] for k in range(len(self.slots))]
        if len({s[0] for s in states}) > 1:
            raise ValueError("the parameters have made different numbers of steps")
        self.made = int(states[0][0]) if states else 0
        first, second = (dict(zip(self.names, optimizer.scalars(group, t), strict=True)) for t in (self.made + 1, self.made + 2))
        self.constants = {name: x for name, x in first.items() if second[name] == x and name not in ("size", "root2")}
        self.by_step = {name: _BY_STEP[name] for name in first if name not in self.constants and name in _BY_STEP}
        if len(self.constants) + len(self.by_step) < len(first):
            raise ValueError(f"the numbers of {self.name} change from step to step in a way that only Python knows")

    def numbers(self, used: Callable[[str], set[str]]) -> tuple[dict[str, float], dict[str, str]]:
        """The constants, and the formulas, that the rule uses; `used` finds the names in a text."""
        text = set().union(*map(used, [*self.body, *self.results]))
        formulas = {name: f for name, f in self.by_step.items() if name in text}
        text = text.union(*map(used, formulas.values()))
        return {name: x for name, x in self.constants.items() if name in text}, formulas


_BY_STEP = {"size": "lr / (1.0 - {pow}(beta1, t))", "root2": "{sqrt}(1.0 - {pow}(beta2, t))"}
