"""A forward program with names for what libraries have whole: which instructions are replaced, and which nothing reads any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program import rule as rules
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.ir import Program
from micrograd.export.attended import Attention, attentions
from micrograd.export.known import MINUS_LOG, Knowing, Known
from micrograd.export.makers import Makers
from micrograd.export.normed import Norm, norms

Step = Instruction | Known | Attention | Norm
Names = dict[int, Known | Attention | Norm | None]  # by the instruction's id; None: only part of one, or a step towards it


def named(program: Program, stops: Callable[[Instruction], bool], fits: Callable[[Known], bool], layers: bool = False) -> list[Step]:
    """The forward program, instructions that have a name replaced by it, those that nothing reads any more left out.

    stops: whether an instruction holds its gradient back. fits: whether a name can be written. layers: whether attention and norms
    have one: where all that they are made of is read by them alone.
    """
    knowing = Knowing(program, stops, fits)
    names: Names = dict(knowing.steps)
    whole: list[Attention | Norm] = []
    if layers:
        makers = Makers(program)
        whole += [*attentions(knowing, makers), *norms(knowing, makers)]
    for name in whole:
        names.update((id(step), names.get(id(step))) for step in name.inside)
    names.update((id(name.step), name) for name in whole)
    while True:
        steps = _needed(program, names)
        kept = {id(step) for step in steps if isinstance(step, Instruction)}
        twice = [name for name in whole if any(id(step) in kept for step in name.inside)]  # what it is made of is read elsewhere too
        if not twice:
            return _reduced(steps, program, knowing.written[0])
        whole = [name for name in whole if name not in twice]
        for name in twice:
            del names[id(name.step)]


def _needed(program: Program, names: Names) -> list[Step]:
    """The instructions by their names, those left out that have one, or are part of one, and that nothing reads."""
    needed = [np.zeros(n, dtype=bool) for n in program.sizes]
    for batch, at in [*program.outputs, *((False, new) for _, new in program.assigns)]:
        needed[batch][at] = True
    steps: list[Step] = []
    for step in reversed(program.forward):
        if id(step) in names and not needed[step.out.batch][step.addresses(step.out)].any():
            continue
        name = names.get(id(step))
        for shape, access in _reads(name or step):
            needed[access.batch][shape.addresses(access)] = True
        steps.append(name or step)
    return steps[::-1]


def _reads(step: Step) -> Sequence[tuple[Instruction, Access]]:
    """What is read, each access with the loops that it stands in."""
    if isinstance(step, Instruction):
        return [(step, a) for r in step.reads if isinstance(r, Access) for a in r.parts]
    if isinstance(step, Attention | Norm):
        return [(replace(step.step, shape=shape, limit=None), access) for access, shape in step.reads]
    wide = step.step if step.axis >= 0 else replace(step.step, shape=(*step.step.shape, step.classes))
    return [(wide, step.x), *([(step.step, step.label)] if isinstance(step.label, Access) else [])]


def _reduced(steps: list[Step], program: Program, written: Any) -> list[Step]:
    """Losses of classes whose sum, or mean, is all that is read of them, as one."""
    reads = [np.zeros(n, dtype=np.int64) for n in program.sizes]
    for batch, at in [*program.outputs, *((False, new) for _, new in program.assigns)]:
        reads[batch][at] += 1
    for step in steps:
        for shape, access in _reads(step):
            np.add.at(reads[access.batch], shape.addresses(access).ravel(), 1)
    found: list[Step] = []
    for step in steps:
        known = next(
            (
                k
                for k in found
                if isinstance(k, Known) and isinstance(step, Instruction) and _over(k, step, reads) and written[step.out.base] == 1
            ),
            None,
        )
        if known is None:
            found.append(step)
            continue
        assert isinstance(step, Instruction)
        found.remove(known)
        found.append(replace(known, results=step, over="mean" if known.over == "sum" else "sum"))
    return found


def _over(known: Known, step: Any, reads: list[Any]) -> bool:
    """Whether an instruction reads all that is known, each number once and alone, to sum it up or to divide the sum by their number."""
    out, last, read = step.out, known.last, next((r for r in step.reads if isinstance(r, Access)), None)
    if known.label is None or known.kind != MINUS_LOG or step.add or out.batch or step.batch or read is None or read.batch or read.chosen:
        return False
    at = np.sort(step.addresses(read).ravel())
    if not np.array_equal(at, np.unique(last.addresses(last.out))) or (reads[0][at] != 1).any():
        return False
    if known.over == "none":
        return step.rule is rules.copy and at.size > 1 and len(np.unique(step.addresses(out))) == 1
    n, numbers = known.step.size, [r for r in step.reads if isinstance(r, float)]
    if known.over == "mean" or len(step.reads) != 2 or len(numbers) != 1:
        return False
    by = step.rule.op is ops.div and step.reads[1] == n
    return by or (step.rule is rules.product and numbers[0] == 1.0 / n)
