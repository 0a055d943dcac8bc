"""A plan: one program, for one structure of the arguments and one state of what the loss reads from outside."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack_into
from typing import Any

from micrograd import modes
from micrograd.compiler.inputs import Inputs
from micrograd.compiler.machine import Runs
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.program.ir import Program
from micrograd.compiler.tiers import choose
from micrograd.compiler.tracing import trace
from micrograd.engine import _clock


class Plan:
    """The program, the Values whose numbers it takes and gives, and machines to run it on."""

    def __init__(self, program: Program, traced: trace.Trace, shapes: tuple[Any, ...], guards: Guards) -> None:
        self.program, self.traced, self.shapes, self.guards = program, traced, shapes, guards
        self.machines: dict[tuple[str, int, bool, int | None], Runs] = {}
        self.inputs = Inputs(program, traced)

    def machine(self, backend: str, samples: int, in_tiles: bool, threads: int | None = None) -> Runs:
        """The pools and bound instructions for this many samples, made when first needed (the latest sizes are kept)."""
        key = backend, samples, in_tiles, threads
        if key not in self.machines:
            if len(self.machines) > 4:
                self.machines.pop(next(iter(self.machines)))
            made = self.machines[key] = choose.machine(self.program, *key)
            made.views = self.inputs.views(made.inputs)
        return self.machines[key]

    def feed(self, machine: Runs, numbers: Sequence[Any]) -> None:
        """Set the inputs, and draw what is drawn afresh at every run. numbers: of each argument (see `Inputs`)."""
        self.inputs.lay(numbers, machine.views)
        if self.traced.draws:
            self.draw(machine)

    def draw(self, machine: Runs) -> None:
        """Draw what is drawn afresh at every run: sample by sample, as the eager engine does."""
        draws = [draw for _, draw in self.traced.draws]
        found = np.array([[draw() for draw in draws] for _ in range(machine.samples)]).T
        machine.inputs[self.program.draws] = found if self.program.batch else found[:, 0]

    def load(self, machine: Runs) -> None:
        """Take the numbers of the parameters, of the buffers and of other Values outside from them, as far as any was set since."""
        now = modes.state.last_change
        if machine.loaded != now:
            numbers = [p._data for p in self.traced.params]
            pack_into(f"{len(numbers)}d", machine.params, 0, *numbers)  # in half the time that NumPy takes for a list
            self.load_outside(machine)
            machine.loaded = now
        if self.traced.assigns:
            self._load_buffers(machine)

    def load_outside(self, machine: Runs) -> None:
        """Take the numbers of Values outside that are neither."""
        if self.traced.outside:
            machine.values[0][self.program.outside] = [v._data for v in self.traced.outside]

    def load_rest(self, machine: Runs) -> None:
        """… all but the parameters."""
        self.load_outside(machine)
        self._load_buffers(machine)

    def _load_buffers(self, machine: Runs) -> None:
        for (buffer, _), (place, _) in zip(self.traced.assigns, self.program.assigns, strict=True):
            machine.values[0][place] = buffer._data

    def store(self, machine: Runs) -> None:
        """Write the parameters and buffers back to their Values: what their `data` setters do, a hundred thousand at a time."""
        for p, x in zip(self.traced.params, machine.params.tolist(), strict=True):
            p._data = x
            p._born = _clock()
        modes.state.last_change = _clock()
        self.keep(machine)

    def advance(self, machine: Runs) -> None:
        """What the loss assigned to buffers, for the next run."""
        for place, new in self.program.assigns:
            machine.values[0][place] = machine.values[0][new]

    def keep(self, machine: Runs) -> None:
        """Write the buffers back to their Values."""
        for (buffer, _), (place, _) in zip(self.traced.assigns, self.program.assigns, strict=True):
            buffer.data = float(machine.values[0][place])
