"""A plan: one program, for one structure of the arguments and one state of what the loss reads from outside."""

from __future__ import annotations

from typing import Any

from micrograd import modes
from micrograd.compiler.machine import Runs
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.program.ir import Program
from micrograd.compiler.tiers import choose
from micrograd.compiler.tracing import trace
from micrograd.compiler.tracing.traced import Index
from micrograd.engine import _clock


class Plan:
    """The program, the Values whose numbers it takes and gives, and machines to run it on."""

    def __init__(self, program: Program, traced: trace.Trace, shapes: tuple[Any, ...], guards: Guards) -> None:
        self.program, self.traced, self.shapes, self.guards = program, traced, shapes, guards
        self.machines: dict[tuple[str, int, bool, int | None], Runs] = {}
        flat = [v for block in traced.inputs for v in block]
        self.integers = np.array([i for i, v in enumerate(flat) if id(v) in traced.limits], dtype=np.int64)
        self.limits = np.array([traced.limits[id(flat[i])] for i in self.integers], dtype=np.float64)
        self.whole = all(isinstance(flat[i], Index) for i in self.integers)  # given as integers
        if program.batch:
            self.limits = self.limits[:, None]
        self.limit_bits = self.limits.view(np.uint64)  # as bits, doubles that are not negative have the order of their numbers
        places = self.integers.tolist()
        self.looked: Any = slice(places[0], places[-1] + 1) if places and len(places) == places[-1] + 1 - places[0] else self.integers
        self.where, self.order = _in_a_row(program)

    def machine(self, backend: str, samples: int, in_tiles: bool, threads: int | None = None) -> Runs:
        """The pools and bound instructions for this many samples, made when first needed (the latest sizes are kept)."""
        key = backend, samples, in_tiles, threads
        if key not in self.machines:
            if len(self.machines) > 4:
                self.machines.pop(next(iter(self.machines)))
            self.machines[key] = choose.machine(self.program, *key)
        return self.machines[key]

    def feed(self, machine: Runs, numbers: Any) -> None:
        """Set the inputs, and draw what is drawn afresh at every run."""
        if isinstance(self.where, slice):
            self.lay(numbers, machine.inputs[self.where])
        else:
            if len(self.integers):
                self._check_indices(numbers[self.looked])
            machine.inputs[self.where] = numbers
        if self.traced.draws:  # sample by sample, as the eager engine draws
            draws = [draw for _, draw in self.traced.draws]
            found = np.array([[draw() for draw in draws] for _ in range(machine.samples)]).T
            machine.inputs[self.program.draws] = found if self.program.batch else found[:, 0]

    def lay(self, numbers: Any, into: Any) -> None:
        """Write the inputs, which lie in a row, as a machine has them."""
        if len(self.integers):
            self._check_indices(numbers[self.looked])
        if self.order is None:
            into[:] = numbers
        else:
            numbers.take(self.order, 0, into, "clip")  # (with "raise" it is copied twice)

    def _check_indices(self, found: Any) -> None:
        """IndexError for one that is no whole number, or beyond what it is looked up in."""
        if self.whole and np.count_nonzero(found.view(np.uint64) < self.limit_bits) == found.size:
            return  # (what is negative has the highest bit)
        good = (found >= 0.0) & (found < self.limits)
        if not self.whole:
            good &= np.floor(found) == found
        if np.count_nonzero(good) < good.size:
            raise IndexError(f"an index among the inputs is {found[~good][0]:g}, outside 0 … {int(self.limits.min()) - 1}")

    def load(self, machine: Runs) -> None:
        """Take the numbers of the parameters, of the buffers and of other Values outside from them, as far as any was set since."""
        now = modes.state.last_change
        if machine.loaded != now:
            machine.params[:] = [p._data for p in self.traced.params]
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


def _in_a_row(program: Program) -> tuple[Any, Any]:
    """Where the inputs go, and in which order (None: as they are): a slice, if nothing else lies between them.

    What lies there may be spare, up to the next line of the cache: it takes any of the numbers.
    """
    places = program.inputs
    count = len(places)
    if not count:
        return places, None
    start, stop = int(places.min()), int(places.max()) + 1
    families = [(f.base, f.base + f.size) for f in program.families if f.batch == program.batch]
    if sum(max(0, min(stop, end) - max(start, base)) for base, end in families) != count:
        return places, None
    order = np.zeros(stop - start, dtype=np.int64)
    order[places - start] = np.arange(count)
    return slice(start, stop), None if len(order) == count and (np.diff(order) == 1).all() else order
