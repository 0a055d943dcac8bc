"""Tiles: a batch too large for the cache, run a part at a time.

Samples of a batch meet only in sums over the batch, and gradients are linear in where they start: so the gradients of the parts
add up to those of the whole, and each part stays in the cache from its first instruction to its last. Where a program's own code is C, the
tiles are shared by all cores (see `native.c_tiles`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.compiler.machine import Machine
from micrograd.compiler.native import c_tiles
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.ir import Program

CACHE = 2**20  # bytes of values and gradients that a tile may take
LEAST = 64  # samples in a tile


def tile(program: Program, samples: int) -> int:
    """How many samples to run at a time: all of them where they fit, or where something needs them together."""
    together = not program.batch or program.assigns or not program.outputs[0][0]
    most = max(LEAST, CACHE // (16 * max(1, program.sizes[1])) // 8 * 8)
    return samples if together or samples < 2 * most else most


class TiledMachine:
    """A machine for any number of samples, made of one for a tile and, where some are left over, one for the rest.

    It has the parameters, their gradients, the inputs and the outputs of the whole batch; not the values in between.
    """

    loaded = -1
    views: Any = None
    entry: tuple[Any, Any] = None, ()

    def __init__(
        self, program: Program, samples: int, size: int, make: Callable[[int, Machine | None], Machine], threads: int | None
    ) -> None:
        self.program, self.samples, self.size, self._make = program, samples, size, make
        self.threads = c_tiles.cores() if threads is None else threads
        self._shared: c_tiles.Tiles | None = None
        self._means = [k for k, output in enumerate(program.outputs) if isinstance(output, tuple) and output[0]]
        self.first = make(size, None)
        self.rest = make(samples % size, self.first) if samples % size else None
        for machine in (self.first, self.rest):
            if machine is not None:
                machine.seed(1.0 / samples)
        self.values, self.params = self.first.values, self.first.params
        self.gradient = np.zeros_like(self.first.gradient)
        fed = np.concatenate([program.inputs, program.draws])
        self._fed = int(fed.max(initial=-1)) + 1  # inputs and draws have the first addresses of the batch's pool
        self.inputs = np.zeros((self._fed, samples))
        self._sums = np.zeros(len(program.outputs))

    @property
    def native(self) -> str:
        """Whose compiled code runs it."""
        return self.first.native

    def _tiles(self, run: Callable[[Any], None], sections: int) -> None:
        self._sums[:] = 0.0
        for start in range(self._in_c(sections), self.samples, self.size):
            stop = min(start + self.size, self.samples)
            machine: Any = self.first if stop - start == self.size else self.rest
            machine.inputs[: self._fed] = self.inputs[:, start:stop]
            run(machine)
            with np.errstate(all="ignore"):
                for k in self._means:
                    self._sums[k] += machine.values[1][self.program.outputs[k][1]].sum()

    def _in_c(self, sections: int) -> int:
        """Let C do the whole tiles, if it can; how many samples are done. sections: 1, or 2 with the gradients."""
        first = self.first
        if first.native != "c" or not first.entry[0]:
            return 0
        if self._shared is None:
            self._shared = c_tiles.Tiles(first, self.samples, self.threads, [self.program.outputs[k][1] for k in self._means])
        shared = self._shared
        if shared.run(self.inputs, self._fed, sections) and first.watch:
            return 0  # what passes nothing has to be left out: see `settle`
        with np.errstate(all="ignore"):
            for sums, gradient in zip(shared.sums, shared.gradients, strict=True):
                self._sums[self._means] += sums
                if sections > 1:
                    self.gradient += gradient
        return self.samples // self.size * self.size

    def forward(self) -> None:
        """Compute the outputs."""
        self._tiles(lambda machine: machine.forward(), 1)

    def run(self) -> None:
        """Compute the outputs and the gradients of the parameters."""
        self.gradient[:] = 0.0

        def part(machine: Machine) -> None:
            machine.run()
            with np.errstate(all="ignore"):
                np.add(self.gradient, machine.gradient, out=self.gradient)

        self._tiles(part, 2)

    def all(self) -> Machine:
        """A machine with every number of the latest run: in tiles they were written over, so they are computed once more."""
        machine = self._make(self.samples, self.first)
        machine.inputs[: self._fed] = self.inputs
        machine.run()
        return machine

    def loss(self) -> float:
        """The loss of the latest run."""
        return float(self._sums[0]) / self.samples

    def outputs(self) -> list[Any]:
        """What the loss returned, as numbers; means over the batch."""
        found = self.first.outputs()
        means = (self._sums / self.samples).tolist()
        return [mean if isinstance(o, tuple) and o[0] else x for o, mean, x in zip(self.program.outputs, means, found, strict=True)]
