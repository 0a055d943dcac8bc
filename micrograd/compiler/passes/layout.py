"""Layout: number the slots of a family so that the axis of identical samples is the innermost, and runs as vector lanes.

The samples are the outermost loop of the largest product with a parameter that is the same for each of them. Families that
are rows of samples are numbered the other way round; which slots a family has does not change.
"""

from __future__ import annotations

from dataclasses import replace

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.factor import Irregular, Nests, nests
from micrograd.compiler.passes.group import Numbering
from micrograd.compiler.program.instruction import Access, Instruction


def layout(found: Nests) -> tuple[Nests, str]:
    """The nests with samples innermost, where that can be (and where sums may go in another order)."""
    numbering, loops = found.numbering, found.loops
    before = numbering.address.copy()
    turned, samples = (0, 1) if found.graph.exact else lanes(found.steps, numbering)
    if turned:
        try:
            found = replace(found, steps=nests(loops, numbering))
            return found, f"{turned} families turned, so that {samples} samples lie side by side"
        except Irregular:  # a table whose rows would no longer lie alike for all samples
            numbering.address[:] = before
    return found, "as the code made them"


def lanes(steps: list[Instruction], numbering: Numbering) -> tuple[int, int]:
    """Renumber in place; (how many families were turned, the number of samples that now lie side by side)."""
    samples = _samples(steps)
    if samples < 2:
        return 0, samples
    starts = np.array([f.base for f in numbering.families if not f.batch])
    plain = [f for f in numbering.families if not f.batch]
    turned = set()
    for step in steps:
        for access in step.accesses:
            if access.batch or not access.affine or step.shape[:1] != (samples,):
                continue
            family = plain[int(np.searchsorted(starts, access.base, side="right")) - 1]
            if family.name != "p" and family.size > samples and access.strides[0] * samples == family.size:
                turned.add(family.base)
    for family in plain:
        if family.base in turned:
            inside = (numbering.address >= family.base) & (numbering.address < family.base + family.size) & ~numbering.batched
            place = numbering.address[inside] - family.base
            sample, rest = np.divmod(place, family.size // samples)
            numbering.address[inside] = family.base + rest * samples + sample
    return len(turned), samples


def _samples(steps: list[Instruction]) -> int:
    best = (0, 1)
    for step in steps:
        if step.rule.product and len(step.reads) == 2 and len(step.shape) > 1 and step.out.strides[0] and step.out.affine:
            for read in step.reads:
                if isinstance(read, Access) and not read.uses(0) and any(read.strides):
                    best = max(best, (step.size, step.shape[0]))
    return best[1]
