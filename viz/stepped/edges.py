"""What a backward pass did along each edge: one contribution a row, in columns; written down, or worked out by the chain rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from .payload import same


@dataclass
class Edges:
    """Parallel lists, a row for each contribution, in the order of the pass."""

    node: list[int] = field(default_factory=list)  # the value whose local derivative is used
    slot: list[int] = field(default_factory=list)  # operand index within that value, -1: none
    arg: list[int] = field(default_factory=list)  # the value whose gradient changes
    partial: list[float] = field(default_factory=list)  # nan when unknown
    value: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)

    def add(self, *row: Any) -> None:
        """A row at the end."""
        for column, x in zip(self._columns(), row, strict=True):
            column.append(x)

    def _columns(self) -> tuple[list[Any], ...]:
        return self.node, self.slot, self.arg, self.partial, self.value, self.before, self.after

    @property
    def adds(self) -> bool:
        """Whether the pass did no more than to add up."""
        rows = zip(self.slot, self.before, self.value, self.after, strict=True)
        return all(slot >= 0 and same(before + value, after) for slot, before, value, after in rows)

    def arrange(self, order: Sequence[int], root: int) -> None:
        """Take the nodes in the order of their forward steps; the gradients at the end stay as they are, to the last bit."""
        of: dict[int, list[int]] = {}
        for k, node in enumerate(self.node):
            of.setdefault(node, []).append(k)
        ks = [k for node in reversed(order) for k in of.get(node, ())]
        final = dict(zip(self.arg, self.after, strict=True))
        for column in self._columns():
            column[:] = [column[k] for k in ks]
        grads = {root: 1.0}
        for k, (arg, value) in enumerate(zip(self.arg, self.value, strict=True)):
            self.before[k] = grads.get(arg, 0.0)
            grads[arg] = self.after[k] = self.before[k] + value
        for arg, k in {arg: k for k, arg in enumerate(self.arg)}.items():
            self.after[k] = final[arg]


def chain(
    values: Sequence[Any], operands: Sequence[Sequence[int]], data: Sequence[float], root: int, through: Collection[tuple[int, int]]
) -> Edges:
    """The pass of our engine, bit for bit, where it says that it is the chain rule alone.

    An edge that is a structural zero, or out of a value that nothing reached, passes nothing. through: the (value, slot) whose
    operand is a 0 + x, which makes a 0.0 of -0.0.
    """
    made, n = Edges(), len(values)
    grads, reached = [0.0] * n, [False] * n
    grads[root], reached[root] = 1.0, True
    for node in range(n - 1, -1, -1):
        if not operands[node]:
            continue
        op, upstream = values[node].op, grads[node]
        y, xs = data[node], [data[a] for a in operands[node]]
        passes = op.passes(y, *xs) if op.passes is not None else [True] * len(xs)
        for slot, (arg, partial, passing) in enumerate(zip(operands[node], op.gradient(y, xs), passes, strict=True)):
            if arg >= n:
                continue
            passing = passing and reached[node]
            value = upstream * partial if passing else 0.0
            if (node, slot) in through:
                value += 0.0
            before = grads[arg]
            if passing or not operands[arg]:
                grads[arg] = before + value
            reached[arg] = reached[arg] or bool(passing)
            made.add(node, slot, arg, partial, value, before, grads[arg])
    return made
