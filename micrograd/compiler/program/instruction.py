"""What an instruction is: a loop nest over flat arrays of numbers; there is one kind.

    out[a·i + b·j + …]  (+)=  Σ  rule(x[…], y[…])

An `Instruction` walks an index space of constant extents, of which one may end sooner (`for j < i + 1`, see `Limit`); each operand
is an `Access`, an affine function of the indices (or a table of addresses for the outermost). Indices that the output does not use are
summed over. So one form covers elementwise maps, broadcasts, sums, matrix products, convolutions, causal attention, gathers and
scatters, and its derivative with respect to an operand is the same loop with that operand and the output changing places (see
`transpose`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, permutations
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.program.rule import Rule

LETTERS = "ijklmopqrsuvwxyz"  # of axes; t is the loop around instructions, n the number of samples
LINE = 8  # numbers in a line of the cache: families and pools begin at one


@dataclass(eq=False)
class Access:
    """Addresses in a pool: base + Σₐ stridesₐ · iₐ, or, where the first axis goes by a table, base + index[i₀] + the rest.

    pool: "v" values, "g" gradients. batch: in the pool whose every slot has a number for each sample of a batch.
    chosen: a row of a table, known when the program runs: jumps[n] further on, n being the number (0, 1, …) found at `chosen`.
    step: how far all addresses move from one turn of the `Repeat` around to the next; those of turn 0 are said here.
    """

    pool: str
    strides: tuple[int, ...]
    base: int = 0
    index: Any = None
    batch: bool = False
    chosen: Access | None = None
    jumps: Any = None
    step: int = 0

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
        return Access(pool, self.strides, self.base, self.index, self.batch, self.chosen, self.jumps, self.step)

    def at(self, turn: int) -> Access:
        """The access at one turn of the loop around."""
        if not any(a.step for a in self.parts):
            return self
        chosen = None if self.chosen is None else self.chosen.at(turn)
        return Access(self.pool, self.strides, self.base + turn * self.step, self.index, self.batch, chosen, self.jumps)


Read = Any  # an Access, or a float: a constant in the code


def affine(numbers: Sequence[int], i: str, times: str = "") -> str:
    """Numbers as an affine function of their place i: `i + 1`, `16 - 2i` (2 * i with times " * "), `7`; "" where they are none."""
    slopes = {b - a for a, b in pairwise(numbers)} or {0}
    if len(slopes) > 1:
        return ""
    slope, first = slopes.pop(), numbers[0]
    moved = i if abs(slope) == 1 else f"{abs(slope)}{times}{i}"
    if not slope:
        return str(first)
    if slope < 0:
        return f"{first} - {moved}"
    return moved + (f" + {first}" if first > 0 else f" - {-first}" if first else "")


@dataclass(frozen=True)
class Limit:
    """An axis that ends sooner: at step i of the axis `by` it has ends[i] steps. Triangles, and rows of any lengths."""

    axis: int
    by: int
    ends: tuple[int, ...]

    @property
    def monotone(self) -> bool:
        """Whether ends only rise, or only fall: then the steps of `by` that reach a step of `axis` are neighbours."""
        return list(self.ends) in (sorted(self.ends), sorted(self.ends, reverse=True))

    def spans(self, extent: int) -> list[tuple[int, int]]:
        """For each of so many steps of `axis`, the first step of `by` that reaches it, and the one after the last; if `monotone`."""
        ends, n = self.ends, len(self.ends)
        if ends[0] <= ends[-1]:
            return [(bisect_right(ends, j), n) for j in range(extent)]
        return [(0, n - bisect_right(ends[::-1], j)) for j in range(extent)]

    def text(self, letters: Sequence[str]) -> str:
        """The end, in the letters of the axes: `i + 1`, `16 - i`; `n(i)` where it is no affine function."""
        i = letters[self.by]
        return affine(self.ends, i) or f"n({i})"


@dataclass(eq=False)
class Instruction:
    """One loop nest. add: onto what is there (else it replaces it). batch: also for every sample of the batch.

    zero: what it replaces with begins with 0.0, which -0.0 + -0.0 + … alone does not. limit: of an axis that ends sooner.
    """

    shape: tuple[int, ...]
    out: Access
    rule: Rule
    reads: tuple[Read, ...]
    add: bool = False
    batch: bool = False
    zero: bool = False
    limit: Limit | None = None

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
        whole = int(np.prod(self.shape, dtype=np.int64))
        if self.limit is None:
            return whole
        return whole // (self.shape[self.limit.axis] * self.shape[self.limit.by]) * sum(self.limit.ends)

    @cached_property
    def inside(self) -> Any:
        """Which points of the box `shape` there are, as an array that broadcasts to it; None: all."""
        if self.limit is None:
            return None
        along = [[1] * len(self.shape) for _ in range(2)]
        along[0][self.limit.axis], along[1][self.limit.by] = self.shape[self.limit.axis], self.shape[self.limit.by]
        return np.arange(self.shape[self.limit.axis]).reshape(along[0]) < np.array(self.limit.ends).reshape(along[1])

    def addresses(self, access: Access) -> Any:
        """The addresses of an access at every point (with a last axis for the rows of a table, where one of them is chosen)."""
        found = access.addresses(self.shape)
        return found if self.inside is None else found[np.broadcast_to(self.inside, self.shape)]

    @property
    def ends_evenly(self) -> bool:
        """Whether loops can go to the limit from either of its axes, without a table of addresses."""
        limit = self.limit
        if limit is None or min(self.shape[limit.axis], self.shape[limit.by]) < 2:
            return False
        return limit.monotone and all(a.affine for a in self.accesses)

    @cached_property
    def tabled(self) -> Instruction:
        """The same without a limit: the axes that it is about are one, with a table of addresses for every access to it."""
        if self.limit is None:
            return self
        tables = any(a.index is not None for a in self.accesses)
        merged = sorted({self.limit.axis, self.limit.by, *([0] if tables else [])})
        rest = [a for a in range(len(self.shape)) if a not in merged]
        box = tuple(n if a in merged else 1 for a, n in enumerate(self.shape))
        points = np.broadcast_to(self.inside, box)
        shape = (int(points.sum()), *(self.shape[a] for a in rest))
        out, *reads = (_flat(access, box, points, merged, rest) for access in (self.out, *self.reads))
        return replace(self, shape=shape, out=out, reads=tuple(reads), limit=None)

    @cached_property
    def joined(self) -> Instruction:
        """The same with two axes as one wherever all accesses go through them as through one (maps alone, without tables)."""
        if self.limit is not None or self.summed or not all(a.affine and a.chosen is None for a in self.accesses):
            return self
        for a, b in permutations(range(len(self.shape)), 2):
            if all(x.strides[a] == self.shape[b] * x.strides[b] for x in self.accesses):
                shape = _without(a, b, self.shape, self.shape[a] * self.shape[b])
                out, *reads = (
                    replace(x, strides=_without(a, b, x.strides, x.strides[b])) if isinstance(x, Access) else x
                    for x in (self.out, *self.reads)
                )
                return replace(self, shape=shape, out=out, reads=tuple(reads)).joined
        return self

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

    def at(self, turn: int) -> Instruction:
        """The instruction at one turn of the loop around."""
        reads = tuple(r.at(turn) if isinstance(r, Access) else r for r in self.reads)
        return Instruction(self.shape, self.out.at(turn), self.rule, reads, self.add, self.batch, self.zero, self.limit)


@dataclass(eq=False)
class Repeat:
    """for t < count: the body, whose accesses move on by their `step` from one turn to the next."""

    count: int
    body: list[Instruction]

    def __iter__(self) -> Iterator[Instruction]:
        """Every turn written out."""
        return (step.at(turn) for turn in range(self.count) for step in self.body)


Step = Instruction | Repeat


def unrolled(steps: Sequence[Step]) -> list[Instruction]:
    """Instructions alone: loops around several of them turn by turn."""
    return [x for step in steps for x in (step if isinstance(step, Repeat) else (step,))]


@dataclass
class Family:
    """Slots that one loop of the user's code made: a name and where they are."""

    name: str
    base: int
    size: int
    batch: bool = False


def _without(a: int, b: int, of: tuple[int, ...], there: int) -> tuple[int, ...]:
    """Numbers for each axis without that of a; that of b is another."""
    return tuple(there if k == b else x for k, x in enumerate(of) if k != a)


def _flat(access: Any, box: tuple[int, ...], points: Any, merged: Sequence[int], rest: Sequence[int]) -> Any:
    """An operand whose merged axes are one, of the points of their box, by a table; the rest as they are."""
    if not isinstance(access, Access):
        return access
    used = any(access.strides[a] or (a == 0 and access.index is not None) for a in merged)
    index = access.starts(box)[points] - access.base if used else None
    strides = (0, *(access.strides[a] for a in rest))
    return replace(access, strides=strides, index=index, chosen=_flat(access.chosen, box, points, merged, rest))
