"""What an instruction is: a loop nest over flat arrays of numbers; there is one kind.

    out[a·i + b·j + …]  (+)=  Σ  rule(x[…], y[…])

An `Instruction` walks an index space of constant extents; each operand is an `Access`, an affine function of the indices
(or a table of addresses for the outermost). Indices that the output does not use are summed over. So one form covers
elementwise maps, broadcasts, sums, matrix products, convolutions, gathers and scatters, and its derivative with respect to
an operand is the same loop with that operand and the output changing places (see `transpose`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.rule import Rule

LETTERS = "ijklmnopqrstuvwxyz"
LINE = 8  # numbers in a line of the cache: families and pools begin at one


@dataclass(eq=False)
class Access:
    """Addresses in a pool: base + Σₐ stridesₐ · iₐ, or, where the first axis goes by a table, base + index[i₀] + the rest.

    pool: "v" values, "g" gradients. batch: in the pool whose every slot has a number for each sample of a batch.
    chosen: a row of a table, known when the program runs: jumps[n] further on, n being the number (0, 1, …) found at `chosen`.
    """

    pool: str
    strides: tuple[int, ...]
    base: int = 0
    index: Any = None
    batch: bool = False
    chosen: Access | None = None
    jumps: Any = None

    def addresses(self, shape: Sequence[int]) -> Any:
        """Every address, as an array of that shape; with one axis more, the rows of the table, where one of them is chosen."""
        grid = self.starts(shape)
        return grid if self.chosen is None else grid[..., None] + self.jumps

    def starts(self, shape: Sequence[int]) -> Any:
        """Every address (in the first row of the table, where one is chosen), as an array of that shape."""
        grid = np.full(tuple(shape), self.base, dtype=np.int64)
        for axis, (stride, extent) in enumerate(zip(self.strides, shape, strict=True)):
            along = [1] * len(shape)
            along[axis] = extent
            steps = self.index if self.index is not None and axis == 0 else np.arange(extent) * stride
            grid = grid + np.asarray(steps).reshape(along)
        return grid

    def uses(self, axis: int) -> bool:
        """Whether the address depends on this axis."""
        here = bool(self.strides[axis]) or (axis == 0 and self.index is not None)
        return here or (self.chosen is not None and self.chosen.uses(axis))

    @property
    def affine(self) -> bool:
        """Whether the address is an affine function of the indices: no table of addresses, no chosen row."""
        return self.index is None and self.chosen is None

    @property
    def parts(self) -> tuple[Access, ...]:
        """What is read to read this: the access itself, and where it looks up its row."""
        return (self,) if self.chosen is None else (self, self.chosen)

    def within(self, pool: str) -> Access:
        """The same addresses in another pool."""
        return Access(pool, self.strides, self.base, self.index, self.batch, self.chosen, self.jumps)


Read = Any  # an Access, or a float: a constant in the code


@dataclass(eq=False)
class Instruction:
    """One loop nest. add: onto what is there (else it replaces it). batch: also for every sample of the batch.

    zero: what it replaces with begins with 0.0, which -0.0 + -0.0 + … alone does not.
    """

    shape: tuple[int, ...]
    out: Access
    rule: Rule
    reads: tuple[Read, ...]
    add: bool = False
    batch: bool = False
    zero: bool = False

    @property
    def summed(self) -> tuple[int, ...]:
        """The axes that the output does not use."""
        return tuple(a for a in range(len(self.shape)) if not self.out.uses(a))

    @property
    def accesses(self) -> list[Access]:
        """The output, the operands that are no constants, and where they look up their rows."""
        return [a for access in (self.out, *self.reads) if isinstance(access, Access) for a in access.parts]

    @property
    def size(self) -> int:
        """How many times the rule is applied (for one sample)."""
        return int(np.prod(self.shape, dtype=np.int64))

    @cached_property
    def scatters(self) -> bool:
        """Whether the output has a table of addresses, or comes to one address at several indices that it uses (i + j)."""
        if not self.out.affine:
            return True
        span = 0  # strides in rising order never meet where each is beyond all that is reached with those before it
        for stride, extent in sorted((abs(s), n) for s, n in zip(self.out.strides, self.shape, strict=True) if s and n > 1):
            if stride <= span:
                used = tuple(n if s else 1 for s, n in zip(self.out.strides, self.shape, strict=True))
                found = self.out.addresses(self.shape)[tuple(slice(n) for n in used)]
                return bool(len(np.unique(found)) < found.size)
            span += stride * (extent - 1)
        return False

    @property
    def sums_batch(self) -> bool:
        """Whether the samples of a batch are added up in the output."""
        return self.batch and not self.out.batch


@dataclass
class Family:
    """Slots that one loop of the user's code made: a name and where they are."""

    name: str
    base: int
    size: int
    batch: bool = False
