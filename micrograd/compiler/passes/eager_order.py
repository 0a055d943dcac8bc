"""Eager order: the backward program that adds up gradients in the eager engine's order, so that sums agree with it bit for bit.

The eager engine adds the contributions to a gradient one by one, those of the youngest user first. Here every contribution gets a
slot of its own, those of one gradient side by side in that order, and then they are summed from left to right.
"""

from __future__ import annotations

from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.group import Numbering
from micrograd.compiler.passes.transpose import Part, part, reachable
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.rule import left_to_right


def eager_order(program: Program) -> tuple[Program, str]:
    """Fill in program.backward, where every bit is to be the eager engine's."""
    if not program.exact:
        return program, ""
    program = ordered(program, program.places[1])
    return program, f"{len(program.backward)} instructions for the gradients, which add up in the eager engine's order"


def ordered(program: Program, numbering: Numbering, part: Part = part) -> Program:
    """Fill in program.backward."""
    size, batched_size = numbering.sizes
    if program.batch:
        raise ValueError("exact=True has no meaning with batch=True, which adds up over samples that the eager engine never saw")
    owner = np.zeros(size, dtype=np.int64)  # address → id; ids grow as nodes were made
    given = np.flatnonzero(numbering.address >= 0)
    owner[numbering.address[given]] = given
    found: list[tuple[Instruction, Instruction, Any]] = []  # an instruction, the contributions of an operand, where they belong
    made: list[Any] = []
    reached, _ = reachable(program)
    for step in program.forward:
        if step.rule.fold == "shift" or not reached[step.out.addresses(step.shape)].any():
            continue
        for i, read in enumerate(step.reads):
            if not isinstance(read, Access) or not program.wanted[0][read.addresses(step.shape)].any():
                continue
            contribution = part(step, i, read)
            if contribution is not None:
                into = read.addresses(step.shape).ravel()
                terms = int(np.prod([step.shape[a] for a in step.summed], dtype=np.int64))
                place = np.arange(step.size) % terms + i * terms
                found.append((step, contribution, into))
                made.append(np.stack([into, -owner[step.out.addresses(step.shape).ravel()], place]))
    if not found:
        return program
    every = np.concatenate(made, axis=1)
    order = np.lexsort(every[::-1])
    slots = np.empty(len(order), dtype=np.int64)
    slots[order] = np.arange(len(order)) + size
    targets, starts, counts = np.unique(every[0][order], return_index=True, return_counts=True)
    program.sizes = (size + len(order), batched_size)
    before: dict[int, list[Instruction]] = {}
    at = 0
    for origin, contribution, into in found:
        own = slots[at : at + len(into)]
        at += len(into)
        reads = tuple(_flat(r, contribution.shape) for r in contribution.reads)
        flat = Instruction((len(into),), Access("g", (0,), 0, own), contribution.rule, reads)
        before.setdefault(id(origin), []).append(flat)
    program.backward = []
    root = program.outputs[0][1]
    for step in reversed(program.forward):
        mine = np.unique(step.out.addresses(step.shape))
        if id(step) in before:
            program.backward += _sums(mine[mine != root], targets, starts + size, counts)
            program.backward += before[id(step)]
    program.backward += _sums(np.concatenate([program.params, program.inputs]), targets, starts + size, counts)
    return program


def _flat(read: Any, shape: tuple[int, ...]) -> Any:
    """An access with every address in its table."""
    return Access(read.pool, (0,), 0, read.addresses(shape).ravel()) if isinstance(read, Access) else read


def _sums(places: Any, targets: Any, starts: Any, counts: Any) -> list[Instruction]:
    """Gradients as sums of their contributions, from left to right; one instruction for each number of them."""
    where = np.searchsorted(targets, places)
    here = where[(where < len(targets)) & (targets[np.minimum(where, len(targets) - 1)] == places)]
    found = []
    for count in np.unique(counts[here]).tolist():
        some = here[counts[here] == count]
        into, first = Access("g", (0, 0), 0, targets[some]), Access("g", (0, 1), 0, starts[some])
        found.append(Instruction((len(some), count), into, left_to_right, (first,)))
    return found
