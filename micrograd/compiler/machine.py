"""What every back end is: pools of numbers for a program, and its instructions bound to them as calls.

As it stands a machine performs them by the reference interpreter, one number at a time (backend="reference"); a back end says how else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import LINE, Instruction
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.reference import perform
from micrograd.compiler.settle import settle, watched

Run = Callable[[], object]  # a piece of a program, on pools that it knows
Pools = dict[str, tuple[Any, Any]]  # "v" values, "g" gradients: the numbers without, and with a batch axis


class Runs(Protocol):
    """What a compiled loss and its training ask of a machine, whether it runs a batch whole or in tiles."""

    program: Program
    samples: int
    values: tuple[Any, Any]
    params: Any  # the parameters: the first of the values
    gradient: Any  # by the parameters
    inputs: Any  # the pool that takes the inputs
    views: Any  # the numbers of each argument in it, if a plan feeds it
    loaded: int  # modes.state.last_change when it took the numbers of the parameters
    entry: tuple[Any, Any]  # compiled code that is all of the program, and its arguments; (None, ()) where there is none

    @property
    def native(self) -> str:
        """Whose compiled code runs it: "numba", "c", or "" where none does."""

    def forward(self) -> None:
        """Compute every value."""

    def run(self) -> None:
        """Compute every value and every gradient."""

    def loss(self) -> float:
        """The loss of the latest run."""

    def outputs(self) -> list[Any]:
        """What the loss returned, as numbers; means over the batch."""

    def all(self) -> Machine:
        """A machine that has every number of the latest run."""


class Machine:
    """Pools for a program and one batch size. `run()` computes outputs and gradients."""

    native = ""
    loaded = -1
    views: Any = None
    entry: tuple[Any, Any] = None, ()
    kept: Any = None  # what has to live as long
    listing: Callable[[], str] | None = None  # what compiled code goes through, as text

    def __init__(self, program: Program, samples: int = 1, share: Machine | None = None) -> None:
        """share: a machine whose numbers without batch axis (the parameters among them) are also this one's."""
        self.program, self.samples = program, samples
        size, size_of_batch = program.sizes
        self.values: tuple[Any, Any] = (share.values[0] if share else pool(size), pool(size_of_batch, samples))
        self.grads: tuple[Any, Any] = (share.grads[0] if share else pool(size), pool(size_of_batch, samples))
        where, numbers = program.constants
        self.values[0][where] = numbers
        self.count = len(program.params)
        self.params = self.values[0][: self.count]  # parameters have the first addresses
        self.gradient = self.grads[0][: self.count]
        self.inputs = self.values[program.batch]
        self.bound: tuple[Sequence[Run], Sequence[Run]] = [], []  # forward, backward
        self.watch = watched(self)
        self.once_more: Run | None = None  # the gradients by the careful program, made when first needed
        self._bind()
        self.seed(1.0 / samples if program.outputs[0][0] else 1.0)

    # --- what a back end may do in its own way -----------------------------------------------------------------------

    def call(self, step: Instruction, pools: Pools) -> Run:
        """An instruction on these pools, as a call without arguments."""
        return partial(perform, step, pools, self.samples)

    def _bind(self) -> None:
        """Fill `bound`."""
        pools = self.pools
        self.bound = [self.call(s, pools) for s in self.program.forward], [self.call(s, pools) for s in self.program.backward]

    def spend(self, seconds: float, steps: int = 1) -> None:
        """What it is told when compiled code has run it for so long, some steps in one call."""

    def __str__(self) -> str:
        """What runs the program; where it is the interpreter, its table of instructions."""
        forward, backward = map(len, self.bound)
        size = f"{self.samples} samples" if self.program.batch else "one sample"
        calls = "1 call" if forward == 1 else f"{forward} calls"
        head = f"{type(self).__name__} of {size}: {calls} for the values, {backward} more for the gradients"
        return "\n".join([head, *([self.listing()] if self.listing is not None else [])])

    # --- what all have -----------------------------------------------------------------------------------------------

    @property
    def pools(self) -> Pools:
        """The pools by their names in a program."""
        return {"v": self.values, "g": self.grads}

    def seed(self, gradient: float) -> None:
        """The gradient of the loss (of one sample) by which all others are multiplied."""
        batch, root = self.program.outputs[0]
        self.grads[batch][root] = gradient

    def all(self) -> Machine:
        """The machine itself: it has every number of the latest run."""
        return self

    def forward(self) -> None:
        """Compute every value."""
        self._sections(1)

    def run(self) -> None:
        """Compute every value and every gradient."""
        self._sections(2)
        if self.watch:
            settle(self)

    def _sections(self, count: int) -> None:
        """The values; and the gradients, if two."""
        whole, arguments = self.entry
        if whole is not None:  # which warns of no inf
            whole(*arguments, 0, count)
            return
        with np.errstate(all="ignore"):
            for steps in self.bound[:count]:
                for run in steps:
                    run()

    def loss(self) -> float:
        """The loss of the latest run."""
        return self._number(*self.program.outputs[0])

    def outputs(self) -> list[Any]:
        """What the loss returned, as numbers; means over the batch."""
        return [o if not isinstance(o, tuple) else self._number(*o) for o in self.program.outputs]

    def _number(self, batch: int, place: int) -> float:
        return mean(self.values[1][place]) if batch else float(self.values[0][place])


def mean(x: Any) -> float:
    """The mean over the samples, of inf and nan without a warning."""
    with np.errstate(all="ignore"):
        return float(np.add.reduce(x)) / len(x)


def pool(*shape: int) -> Any:
    """Zeros that begin at a line of the cache."""
    n = math.prod(shape)
    whole = np.zeros(n + LINE)
    start = -(whole.ctypes.data // 8) % LINE
    return whole[start : start + n].reshape(shape)
