"""What a Program is: instructions in order, and what is where in the pools of numbers that they read and write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Family, Instruction, Step
from micrograd.compiler.program.picture import picture
from micrograd.compiler.program.show import show

__all__ = ["Access", "Family", "Instruction", "Program"]


CarefulSteps = tuple[list[Instruction], list[Instruction]]  # flags, and the backward program with masks


@dataclass(eq=False)
class Program:
    """Instructions over pools of `sizes` (values without, with batch axis), and what is where in them."""

    forward: list[Instruction]
    sizes: tuple[int, int]
    params: Any  # address of each parameter
    inputs: Any  # address of each input number, in the pool of the batch if `batch`
    draws: Any  # … of each number drawn afresh at every run
    assigns: list[tuple[int, int]]  # (buffer, what it takes after every run)
    constants: tuple[Any, Any]  # addresses (batch-free pool), numbers
    outputs: list[tuple[bool, int]]  # (in the batch pool?, address); the first is the loss
    batch: bool = False
    outside: Any = ()  # address of each number that is no parameter and is read from its Value at every call
    exact: bool = False  # gradients add up in the eager engine's order
    families: list[Family] = field(default_factory=list)
    scalars: int = 0  # nodes of the graph that it came from
    backward: list[Instruction] = field(default_factory=list)
    places: Any = None  # node → (in the batch pool?, address), for provenance
    wanted: Any = None  # which slots get a gradient
    spare: Any = None  # which slots are nobody's: what is written there is never read
    cache: dict[Any, Any] = field(default_factory=dict)  # what back ends made of it
    passes: list[str] = field(default_factory=list)  # what each pass did
    careful: Callable[[Program], CarefulSteps] | None = None  # makes the steps that `settle` runs; None: no gradient can need them
    rolled: tuple[list[Step], list[Step]] | None = None  # forward and backward, in which what repeats is a loop (see `passes.roll`)

    def __str__(self) -> str:
        return show(self)

    def __len__(self) -> int:
        return len(self.forward)

    def __iter__(self) -> Iterator[Instruction]:
        return iter([*self.forward, *self.backward])

    @property
    def steps(self) -> tuple[Sequence[Step], Sequence[Step]]:
        """Forward and backward, with loops around what repeats; the lists of those names have every turn written out."""
        return self.rolled or (self.forward, self.backward)

    @cached_property
    def operations(self) -> int:
        """Tensor operations of the forward program (what is added to an output belongs to its operation)."""
        return sum(not step.add for step in self.forward)

    @property
    def amount(self) -> str:
        """The same in words: "1 tensor operation", "9 tensor operations"."""
        return f"{self.operations} tensor operation{'s' * (self.operations != 1)}"

    def whole(self, step: Instruction, turns: int = 1) -> bool:
        """Whether an instruction with a limit may walk its whole box: what it writes beyond the limit is spare (at every turn)."""
        key = "whole", step
        if step.limit is not None and key not in self.cache:
            self.cache[key] = self.spare is not None and all(_whole(step.at(turn), self.spare) for turn in range(turns))
        return step.limit is None or bool(self.cache[key])

    def roomy(self, step: Instruction, turns: int = 1) -> bool:
        """Whether what an instruction with a limit would read beyond it is inside its pool (at every turn)."""
        return all(_inside(step.at(turn), self.sizes) for turn in range(turns))

    def boxed(self, step: Instruction, turns: int = 1, keep: bool = False) -> Instruction:
        """The same instruction without a limit: over the whole box where it may (see `whole`), else with tables of addresses.

        keep: a limit that loops can go to stays, where the whole box may not be gone through.
        """
        key = "boxed", step, keep
        if step.limit is not None and key not in self.cache:
            whole = self.whole(step, turns)
            self.cache[key] = replace(step, limit=None) if whole else step if keep and step.ends_evenly else step.tabled
        found: Instruction = step if step.limit is None else self.cache[key]
        return found

    def verify(self) -> Program:
        """Raise ValueError where an access leaves its pool, a slot is read before it is written, or a rule lacks an operand."""
        written = [np.zeros(n, dtype=bool) for n in self.sizes]
        written[0][np.concatenate([self.params, self.outside, self.constants[0], [b for b, _ in self.assigns]]).astype(np.int64)] = True
        for where in (self.inputs, self.draws):
            written[self.batch][where] = True
        for step in self.forward:
            _check(step, self.sizes)
            for read in step.accesses:
                if read.pool == "v" and read is not step.out and not written[read.batch][step.addresses(read)].all():
                    raise ValueError(f"reads a slot that nothing has written: {step.rule.name} over {step.shape}")
            written[step.out.batch][step.addresses(step.out)] = True
        for step in self.backward:
            _check(step, self.sizes)
        return self

    def __viz_graph__(self) -> Any:
        return picture(self)


def _whole(step: Instruction, spare: Any) -> bool:
    limit = step.limit
    assert limit is not None
    if step.scatters or not (step.out.uses(limit.axis) and step.out.uses(limit.by)):
        return False
    if not _inside(step, tuple(map(len, spare))):
        return False
    beyond = step.out.addresses(step.shape)[~np.broadcast_to(step.inside, step.shape)]
    return bool(spare[step.out.batch][beyond].all())


def _inside(step: Instruction, sizes: tuple[int, ...]) -> bool:
    for access in step.accesses:
        found = access.addresses(step.shape)
        if access.chosen is not None or found.min() < 0 or found.max() >= sizes[access.batch]:
            return False
    return True


def _check(step: Instruction, sizes: tuple[int, int]) -> None:
    if len(step.reads) != len(step.rule.names):
        raise ValueError(f"{step.rule.name} takes {len(step.rule.names)} operands, not {len(step.reads)}")
    for access in step.accesses:
        if len(access.strides) != len(step.shape):
            raise ValueError(f"{step.rule.name}: an access of {len(access.strides)} axes in a loop of {len(step.shape)}")
        found = step.addresses(access)
        if found.size and (found.min() < 0 or found.max() >= sizes[access.batch]):
            raise ValueError(f"{step.rule.name}: an address outside its pool of {sizes[access.batch]}")
        if access.batch and not step.batch:
            raise ValueError(f"{step.rule.name}: a batch operand outside the batch")
