"""Transpose: the backward program, by letting each instruction's output and operand change places.

    out[o] += Σ x[a]·y[b]     gives     gx[a] += Σ gout[o]·y[b]   and   gy[b] += Σ gout[o]·x[a]

over the same loops: a gather becomes a scatter, a broadcast a sum, a matrix product two matrix products. An elementwise op
becomes, for each operand, gout times its row's partial. The first to write a gradient replaces it, the others add.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction, Read
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.rule import copy, product, pullback, zero

Part = Callable[[Instruction, int, Access], "Instruction | None"]  # of a step, for its i-th operand


def transpose(program: Program) -> tuple[Program, str]:
    """Fill in program.backward. Gradients live at the addresses of their values, in the pool "g"; the loss has 1."""
    if program.exact:  # see eager_order
        return program, ""
    program.backward = transposed(program, part)
    return program, f"{len(program.backward)} instructions for the gradients"


def transposed(program: Program, part: Part) -> list[Instruction]:
    """The instructions that carry something from the output of each step down to its operands: `part` of each."""
    written = [np.zeros(n, dtype=bool) for n in program.sizes]
    found: list[Instruction] = []
    root = program.outputs[0]
    written[root[0]][root[1]] = True
    for step in reversed(program.forward):
        if step.rule.fold == "shift" or not _wanted(program, step, step.out):
            continue
        if not written[step.out.batch][step.addresses(step.out)].any():
            continue  # the loss does not depend on it
        for i, read in enumerate(step.reads):
            if isinstance(read, Access) and _wanted(program, step, read):
                carried = part(step, i, read)
                if carried is not None:
                    found.extend(_first_replaces(carried, written))
    return found


def reachable(program: Program) -> list[Any]:
    """Which slots the loss depends on, by paths on which not every partial is 0 all over: one array for each pool."""
    found = [np.zeros(n, dtype=bool) for n in program.sizes]
    root = program.outputs[0]
    found[root[0]][root[1]] = True
    for step in reversed(program.forward):
        if step.rule.fold != "shift" and found[step.out.batch][step.addresses(step.out)].any():
            for i, read in enumerate(step.reads):
                if isinstance(read, Access) and _wanted(program, step, read) and part(step, i, read) is not None:
                    where = step.addresses(read)
                    found[read.batch][where[program.wanted[read.batch][where]]] = True
    return found


def _wanted(program: Program, step: Instruction, access: Access) -> bool:
    return bool(program.wanted[access.batch][step.addresses(access)].any())


def part(step: Instruction, i: int, read: Access) -> Instruction | None:
    """The instruction that carries the gradient of step's output to operand i."""
    g, into = step.out.within("g"), read.within("g")
    reads: tuple[Read, ...]
    if step.rule.product or step.rule.fold == "ordered":
        others = tuple(r for k, r in enumerate(step.reads) if k != i)
        rule, reads = (product, (g, *others)) if others else (copy, (g,))
    else:
        assert step.rule.op is not None
        pulled = pullback(step.rule.op, i, len(step.reads))
        if pulled is None:
            return None
        operands: dict[str, Read] = {"g": g, "y": step.out, **{f"x{k}": r for k, r in enumerate(step.reads)}}
        rule, reads = pulled, tuple(operands[name] for name in pulled.names)
    return Instruction(step.shape, into, rule, reads, True, step.batch, limit=step.limit)


def _first_replaces(step: Instruction, written: list[np.ndarray]) -> list[Instruction]:
    """The step, replacing where nothing was written before; zeros before it where that is so in part."""
    mask = written[step.out.batch]
    where = np.unique(step.addresses(step.out))
    before = mask[where]
    mask[where] = True
    if not before.any() and step.out.chosen is None:
        step.add = False
        return [step]
    if before.all():
        return [step]
    fresh = where[~before]
    even = len(fresh) > 1 and (np.diff(fresh) == fresh[1] - fresh[0]).all()
    stride, table = (int(fresh[1] - fresh[0]), None) if even else (0, fresh - fresh[0])
    zeros = Access(step.out.pool, (stride,), int(fresh[0]), table, step.out.batch)
    return [Instruction((len(fresh),), zeros, zero, (), False, step.out.batch), step]
