"""Layer and RMS normalisation found in a program: x / √(mean of x² + eps), and that of x - mean, proved on the addresses that make it.

From an instruction that scales each row of numbers back to what the scale is made of: 1/√ of eps + Σ x²/n over just the numbers that it
scales. Where these are differences from a mean, the mean must be that of just the same row. An eps that stands elsewhere, a sum of some of
the numbers, another n or a gradient that is held back make none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program import rule as rules
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.export.known import Knowing, affine
from micrograd.export.makers import Makers, box


@dataclass(eq=False)
class Norm:
    """The instruction that gives its outputs. axes: of its loop, the row's own the last. reads: the numbers, with their shape.

    centred: whether the mean is taken away first. inside: the instructions that it takes the place of, where nothing else reads them.
    """

    step: Instruction
    axes: list[int]
    reads: list[tuple[Access, tuple[int, ...]]]
    eps: float
    centred: bool
    inside: list[Instruction]


def norms(knowing: Knowing, makers: Makers) -> Iterator[Norm]:
    """All of a program."""
    for step in knowing.program.forward:
        if _simple(knowing, step) and not step.add and len(step.reads) == 2 and not _summed(step):
            x, r = step.reads
            ways = [(x, r, False), (r, x, False)] if step.rule.product else [(x, r, True)] if step.rule.op is ops.div else []
            found = next((n for way in ways if (n := _norm(knowing, makers, step, *way)) is not None), None)
            if found is not None:
                yield found


def _simple(knowing: Knowing, step: Instruction) -> bool:
    """Whether it is a plain loop over numbers of this run, whose gradient goes through."""
    reads = [r for r in step.reads if isinstance(r, Access)]
    plain = step.limit is None and step.out.pool == "v" and step.out.batch == step.batch and not step.scatters
    return plain and all(r.affine and r.pool == "v" for r in reads) and not knowing.stops(step)


def _summed(step: Instruction) -> list[int]:
    return [a for a in step.summed if step.shape[a] > 1]


def _norm(knowing: Knowing, makers: Makers, step: Instruction, x: Any, r: Any, divides: bool) -> Norm | None:
    """x · r, or x / r, as a norm of x."""
    if not isinstance(x, Access) or not isinstance(r, Access):
        return None
    long = [a for a, n in enumerate(step.shape) if n > 1]
    row = [a for a in long if not r.uses(a)]
    if len(row) != 1 or not all(x.uses(a) for a in long):
        return None
    axes = [a for a in long if a not in row] + row
    n, inside = step.shape[row[0]], list[Instruction]()
    at = _square(makers, r.batch, box(step, r.starts(step.shape), axes[:-1]), divides, inside)
    found = None if at is None else _total(knowing, makers, *at, True, inside)
    if found is None or abs(found.factor * n - 1.0) > 1e-15 or not found.constant >= 0.0 or any(knowing.stops(s) for s in inside):
        return None
    squared, scaled, deeper = (found.batch, found.numbers), (x.batch, box(step, x.starts(step.shape), axes)), list[Instruction]()
    given = _centred(knowing, makers, squared, scaled, deeper)
    if given is not None:
        inside += deeper
    elif squared[0] != scaled[0] or not _alike(squared[1], scaled[1]):
        return None
    batch, numbers = given or scaled
    access = affine(numbers, batch)
    return None if access is None else Norm(step, axes, [(access, numbers.shape)], found.constant, given is not None, inside)


def _alike(a: Any, b: Any) -> bool:
    """Whether rows hold the same places, in any order."""
    return bool(a.shape == b.shape and (np.sort(a, -1) == np.sort(b, -1)).all())


def _square(makers: Makers, batch: bool, at: Any, divides: bool, inside: list[Instruction]) -> tuple[bool, Any] | None:
    """Of what these numbers are 1/√, or, with `divides`, √."""
    made = makers.of(batch, at)
    if made is None:
        return None
    step, points = made
    inside.append(step)
    reads = [r for r in step.reads if isinstance(r, Access)]
    if len(reads) != 1 or not reads[0].affine or reads[0].pool != "v" or _summed(step):
        return None
    found = reads[0].batch, reads[0].starts(step.shape).ravel()[points]
    op = step.rule.op
    if op is ops.sqrt and divides:
        return found
    if op is ops.div and not divides and step.reads[0] == 1.0:
        return _square(makers, *found, True, inside)
    return found if op is not None and not divides and op.name == "power" and op.params == (-0.5,) else None


@dataclass
class Total:
    """constant + factor · Σ of the numbers (or their squares) along the last axis."""

    constant: float
    factor: float
    numbers: Any
    batch: bool


def _total(knowing: Knowing, makers: Makers, batch: bool, at: Any, squares: bool, inside: list[Instruction]) -> Total | None:
    """The numbers at these places, where they are such totals."""
    constant, found = 0.0, None
    for step, points in makers.all_of(batch, at):
        inside.append(step)
        reads, numbers = [r for r in step.reads if isinstance(r, Access)], [r for r in step.reads if isinstance(r, float)]
        if not _simple(knowing, step):
            return None
        if not reads and step.rule is rules.copy and not _summed(step):
            constant += numbers[0]
            continue
        if found is not None or not reads:
            return None
        places = reads[0].starts(step.shape).ravel()[points]
        if _summed(step):
            found = _added(step, reads, numbers, places, squares)
        else:
            found = _scaled(knowing, makers, step, reads, numbers, places, squares, inside)
        if found is None:
            return None
    return None if found is None else Total(constant + found.constant, found.factor, found.numbers, found.batch)


def _added(step: Instruction, reads: list[Access], numbers: list[float], places: Any, squares: bool) -> Total | None:
    """The sum itself."""
    (axis, *more), (x, *others) = _summed(step), reads
    same = len(others) == 1 and (x.strides, x.base, x.batch) == (others[0].strides, others[0].base, others[0].batch)
    fits = step.rule.product and same if squares else step.rule is rules.copy
    if more or numbers or not fits or not x.strides[axis]:
        return None
    return Total(0.0, 1.0, places[..., None] + np.arange(step.shape[axis]) * x.strides[axis], x.batch)


def _scaled(
    knowing: Knowing, makers: Makers, step: Instruction, reads: list[Access], numbers: list[float], places: Any, squares: bool,
    inside: list[Instruction],
) -> Total | None:  # fmt: skip
    """A number times, or added to, a total."""
    rule, constant, factor = step.rule, 0.0, 1.0
    if len(reads) != 1 or len(step.reads) != 1 + len(numbers) or len(numbers) > 1 or (not numbers and rule is not rules.copy):
        return None
    if numbers and rule.product:
        factor = numbers[0]
    elif numbers and rule.op is ops.div and step.reads[0] is reads[0] and numbers[0]:
        factor = 1.0 / numbers[0]
    elif numbers and rule.op is ops.add:
        constant = numbers[0]
    elif numbers:
        return None
    under = _total(knowing, makers, reads[0].batch, places, squares, inside)
    return None if under is None else Total(constant + factor * under.constant, factor * under.factor, under.numbers, under.batch)


def _centred(knowing: Knowing, makers: Makers, *given: Any) -> tuple[bool, Any] | None:
    """What both are the differences of from its mean: the numbers that are squared, and those that are scaled."""
    *both, inside = given
    found = [_differences(knowing, makers, batch, at, inside) for batch, at in both]
    if found[0] is None or found[1] is None:
        return None
    (x, mean), (y, other) = found
    n = y[1].shape[-1]
    if x[0] != y[0] or not _alike(x[1], y[1]) or mean[0] != other[0] or any((m[1] != mean[1][..., :1]).any() for m in (mean, other)):
        return None
    total = _total(knowing, makers, mean[0], mean[1][..., 0], False, inside)
    if total is None or total.constant != 0.0 or abs(total.factor * n - 1.0) > 1e-15:
        return None
    return y if total.batch == y[0] and _alike(total.numbers, y[1]) else None


def _differences(knowing: Knowing, makers: Makers, batch: bool, at: Any, inside: list[Instruction]) -> Any:
    """Of what numbers these are the difference: each time in which pool, and where."""
    made = makers.of(batch, at)
    if made is None or made[0].rule.op is not ops.sub or not _simple(knowing, made[0]) or _summed(made[0]):
        return None
    step, points = made
    inside.append(step)
    reads = [r for r in step.reads if isinstance(r, Access)]
    return [(r.batch, r.starts(step.shape).ravel()[points]) for r in reads] if len(reads) == 2 else None
