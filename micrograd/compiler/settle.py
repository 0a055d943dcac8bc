"""Settle: the gradients once more, with what passes nothing left out. It is run where a gradient came out nan.

The backward program multiplies everywhere, by structural zeros too (see `micrograd/pull.py`). As long as numbers are finite that is as if
nothing passed. A zero that meets an inf or a nan makes a nan, and a nan goes down to some parameter or input: so it is enough
to look at those, at the end of a run. Then the machine calls the steps that `passes.careful` made: flags (pool "r"), 1 where
something reaches a gradient, and the backward program with a mask in each product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.rule import masked_product, product, zero

if TYPE_CHECKING:
    from micrograd.compiler.machine import Machine

LARGE = 2**22  # points of a masked product at a time


def watched(machine: Machine) -> list[Any]:
    """The gradients in which a nan would end up; none where every slot of the program is reached, whatever the numbers."""
    program = machine.program
    if program.careful is None:
        return []
    found = [machine.gradient] if machine.count else []
    where = program.inputs
    if len(where) and program.wanted[program.batch][where].any():
        found.append(machine.grads[program.batch][int(where.min()) : int(where.max()) + 1].reshape(-1))
    return found


def settle(machine: Machine) -> None:
    """Work the gradients out again where there is a nan among those that are watched."""
    for x in machine.watch:
        most = x[x.argmax()]  # the first nan, if there is one
        if most != most:
            if machine.once_more is None:
                machine.once_more = _bound(machine)
            with np.errstate(all="ignore"):
                machine.once_more()
            return


def _bound(machine: Machine) -> Callable[[], None]:
    program = machine.program
    flags = tuple(np.zeros_like(pool) for pool in machine.values)
    pools = machine.pools | {"r": flags}
    batch, root = program.outputs[0]
    flags[batch][root] = 1.0
    assert program.careful is not None
    first, second = program.careful(program)
    calls = [machine.call(step, pools) for step in first] + [_product(machine, step, pools) for step in second]

    def run() -> None:
        for call in calls:
            call()

    return run


def _product(machine: Machine, step: Instruction, pools: dict[str, tuple[Any, Any]]) -> Callable[[], object]:
    """A masked product needs no mask, and can be a matrix product, as long as what the gradient is multiplied with is finite."""
    if step.rule is not masked_product:
        return machine.call(step, pools)
    plain = machine.call(replace(step, rule=product, reads=step.reads[:2]), pools)
    made: list[Callable[[], object]] = []
    factor = step.reads[1]
    places = step.addresses(factor) if isinstance(factor, Access) else None

    def run() -> None:
        numbers = factor if places is None else pools["v"][factor.batch][places]
        if np.isfinite(numbers).all():
            plain()
            return
        if not made:
            made.extend(machine.call(piece, pools) for piece in _pieces(step.tabled, machine.samples if step.batch else 1))
        for call in made:
            call()

    return run


def _pieces(step: Instruction, samples: int) -> list[Instruction]:
    """A loop nest in parts that are not too large for arrays of all points."""
    if step.size * samples <= LARGE or max(step.shape) == 1:
        return [step]
    axis = int(np.argmax(step.shape))
    if not step.add and not step.out.uses(axis):
        zeros = replace(step, rule=zero, reads=(), shape=tuple(n if step.out.uses(a) else 1 for a, n in enumerate(step.shape)))
        return [zeros, *_pieces(replace(step, add=True), samples)]
    half = step.shape[axis] // 2
    found = []
    for start, stop in ((0, half), (half, step.shape[axis])):
        shape = tuple(stop - start if a == axis else n for a, n in enumerate(step.shape))
        out, *reads = (_from(a, axis, start, stop) for a in (step.out, *step.reads))
        found += _pieces(Instruction(shape, out, step.rule, tuple(reads), step.add, step.batch), samples)
    return found


def _from(access: Any, axis: int, start: int, stop: int) -> Any:
    """An access along a part of an axis."""
    if not isinstance(access, Access):
        return access
    chosen = _from(access.chosen, axis, start, stop) if access.chosen is not None else None
    if access.index is not None and axis == 0:
        return replace(access, index=access.index[start:stop], chosen=chosen)
    return replace(access, base=access.base + start * int(access.strides[axis]), chosen=chosen)
