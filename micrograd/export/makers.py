"""Which instruction makes the numbers in some slots of a program: the way back along the addresses."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Instruction
from micrograd.compiler.program.ir import Program


class Makers:
    """Which instruction makes the number in a slot, and at which point of its loops; none for what several write."""

    def __init__(self, program: Program) -> None:
        self.steps = program.forward
        self.made = [(np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)) for n in program.sizes]
        for k, step in enumerate(self.steps):
            by, point = self.made[step.out.batch]
            if step.scatters or step.out.pool != "v":
                by[np.unique(step.addresses(step.out))] = -2
                continue
            at, points = _points(step)
            by[at], point[at] = np.where((by[at] != -1) | step.add, -2, k), points

    def of(self, batch: bool, at: Any) -> tuple[Instruction, Any] | None:
        """The one instruction that makes these numbers, and the flat point at which it makes each (0 along what it sums)."""
        by, point = self.made[batch]
        found = np.unique(by[at])
        return (self.steps[int(found[0])], point[at]) if len(found) == 1 and found[0] >= 0 else None

    def all_of(self, batch: bool, at: Any) -> list[tuple[Instruction, Any]]:
        """All instructions that make these numbers, in order, each all of them: the first begins them, the others add; else none."""
        by, point = self.made[batch]
        kinds = np.unique(by[at])
        if len(kinds) != 1 or kinds[0] == -1:
            return []
        if kinds[0] >= 0:
            return [(self.steps[int(kinds[0])], point[at])]
        found, low, high = list[tuple[Instruction, Any]](), at.min(), at.max()
        for step in self.steps:
            if step.out.batch != batch or step.out.base > high or not step.out.affine:
                continue
            to, points = _points(step)
            if to.max() < low or not np.isin(at, to).any():
                continue
            order = np.argsort(to)
            here = np.minimum(np.searchsorted(to, at, sorter=order), len(to) - 1)
            if step.scatters or step.out.pool != "v" or (to[order[here]] != at).any() or step.add != bool(found):
                return []
            found.append((step, points[order[here]]))
        return found


def _points(step: Instruction) -> tuple[Any, Any]:
    """Where an instruction writes, each address once, and at which flat point of its loops (the first along what it sums)."""
    once = tuple(slice(None) if step.out.uses(a) else slice(1) for a in range(len(step.shape)))
    at, points = step.out.starts(step.shape)[once], np.arange(step.out.starts(step.shape).size).reshape(step.shape)[once]
    inside = np.broadcast_to(True if step.inside is None else step.inside, step.shape)[once]
    return at[inside], points[inside]


def box(step: Instruction, x: Any, axes: list[int]) -> Any:
    """An array of the loop's points along these axes, in this order, the others at 0."""
    x = np.broadcast_to(x, step.shape)[tuple(slice(None) if a in axes else 0 for a in range(len(step.shape)))]
    return x.transpose([sorted(axes).index(a) for a in axes])
