"""Careful: the gradients once more, with what passes nothing left out. It is run where a gradient came out nan.

The backward program multiplies everywhere, by structural zeros too (see `micrograd/pull.py`). As long as numbers are finite that is as if
nothing passed. A zero that meets an inf or a nan makes a nan, and a nan goes down to some parameter or input: so it is enough
to look at those, at the end of a run. Then NumPy, whatever ran the program, runs two more on its pools: flags (pool "r"), by the loops
of the backward program, 1 where something reaches a gradient; and the backward program with `where(r, g · partial, 0)` for each product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.eager_order import ordered
from micrograd.compiler.passes.transpose import part, reachable, transposed
from micrograd.compiler.program import rule as rules
from micrograd.compiler.program.ir import Access, Instruction, Program
from micrograd.compiler.program.rule import Rule
from micrograd.ops.op import Op, Symbol
from micrograd.pull import live

LARGE = 2**22  # points of a masked product at a time
_R = Symbol("r")

reached = Rule("reached", ("r",), ops.where(_R, 1.0, 0.0))
product = Rule("product", ("g", "x0", "r"), ops.where(_R, Symbol("g") * Symbol("x0"), 0.0))


# --- the two programs ----------------------------------------------------------------------------------------------------


def programs(program: Program) -> tuple[list[Instruction], list[Instruction]]:
    """(flags, the backward program with masks), made when first needed."""
    if "careful" not in program.cache:
        backward = ordered(replace(program), program.places[1], masked).backward if program.exact else transposed(program, masked)
        program.cache["careful"] = transposed(program, flagged), backward
    found: tuple[list[Instruction], list[Instruction]] = program.cache["careful"]
    return found


def flagged(step: Instruction, i: int, read: Access) -> Instruction | None:
    """The instruction that flags operand i: something reaches it if something reaches the output and passes."""
    plain = part(step, i, read)
    if plain is None:
        return None
    op = None if plain.rule.product else step.rule.op
    return _instruction(step, read.within("r"), reached if op is None else _flag(op, i, len(step.reads)))


def masked(step: Instruction, i: int, read: Access) -> Instruction | None:
    """The instruction that carries the gradient of step's output to operand i, and nothing where nothing passes."""
    plain = part(step, i, read)
    if plain is None or (len(plain.reads) == 1 and plain.rule.product):  # a copy of nothing is 0
        return plain
    if plain.rule.product:
        return replace(plain, rule=product, reads=(*plain.reads, step.out.within("r")))
    assert step.rule.op is not None
    return _instruction(step, read.within("g"), _mask(step.rule.op, i, len(step.reads)))


def _instruction(step: Instruction, into: Access, rule: Rule) -> Instruction:
    operands = {"g": step.out.within("g"), "r": step.out.within("r"), "y": step.out}
    operands |= {f"x{k}": r for k, r in enumerate(step.reads)}
    return Instruction(step.shape, into, rule, tuple(operands[name] for name in rule.names), True, step.batch)


@lru_cache(maxsize=4096)
def _passes(op: Op, i: int, arity: int) -> Any:
    return live(op.partial(i, Symbol("y"), *(Symbol(f"x{k}") for k in range(arity))))


@lru_cache(maxsize=4096)
def _flag(op: Op, i: int, arity: int) -> Rule:
    passes = _passes(op, i, arity)
    return _rule("reached", ops.where(_R, ops.where(passes, 1.0, 0.0), 0.0), arity) if isinstance(passes, Symbol) else reached


@lru_cache(maxsize=4096)
def _mask(op: Op, i: int, arity: int) -> Rule:
    plain = rules.pullback(op, i, arity)
    assert plain is not None
    return _rule(plain.name, ops.where(_R, plain.result, 0.0), arity)


def _rule(name: str, result: Any, arity: int) -> Rule:
    used = rules.free(result)
    return Rule(name, tuple(n for n in ("g", "y", *(f"x{k}" for k in range(arity)), "r") if n in used), result)


# --- running them --------------------------------------------------------------------------------------------------------


def watch(machine: Any) -> list[Any]:
    """The gradients in which a nan would end up; none where every slot of the program is reached, whatever the numbers."""
    program = machine.program
    if "watched" not in program.cache:
        chooses = program.wanted is not None and (any(_chooses(program, step) for step in program.forward) or _in_part(program))
        program.cache["watched"] = chooses
    if not program.cache["watched"]:
        return []
    found = [machine.gradient]
    where = program.inputs
    if len(where) and program.wanted[program.batch][where].any():
        found.append(machine.grads[program.batch][int(where.min()) : int(where.max()) + 1].reshape(-1))
    return found


def _chooses(program: Program, step: Instruction) -> bool:
    for read in step.reads:  # rows that were computed, of which a look-up takes one
        if isinstance(read, Access) and read.chosen is not None:
            rows = read.addresses(step.shape)
            return bool(program.wanted[read.batch][rows].any() and (read.batch or rows.max() >= len(program.params)))
    op = step.rule.op
    if op is None or op.arity is None or step.rule.product or not program.wanted[step.out.batch][step.out.addresses(step.shape)].any():
        return False
    return any(isinstance(_passes(op, i, op.arity), Symbol) for i in range(op.arity))


def _in_part(program: Program) -> bool:
    """Whether the loss depends on some of the outputs of a step and not on others."""
    found = reachable(program)
    reached = [found[step.out.batch][step.out.addresses(step.shape)] for step in program.forward]
    return any(r.any() and not r.all() for r in reached)


def settle(machine: Any) -> None:
    """Work the gradients out again where there is a nan among those that are watched."""
    for x in machine.watch:
        n = x.dot(x)
        if n != n:
            if machine.once_more is None:
                machine.once_more = _bound(machine)
            with np.errstate(all="ignore"):
                machine.once_more()
            return


def _bound(machine: Any) -> Callable[[], None]:
    program = machine.program
    flags = tuple(np.zeros_like(pool) for pool in machine.values)
    pools = {"v": machine.values, "g": machine.grads, "r": flags}
    batch, root = program.outputs[0]
    flags[batch][root] = 1.0
    first, second = programs(program)
    calls = [machine.call(step, pools) for step in first] + [_product(machine, step, pools) for step in second]

    def run() -> None:
        for call in calls:
            call()

    return run


def _product(machine: Any, step: Instruction, pools: dict[str, Any]) -> Callable[[], object]:
    """A masked product needs no mask, and can be a matrix product, as long as what the gradient is multiplied with is finite."""
    if step.rule is not product:
        return machine.call(step, pools)  # type: ignore[no-any-return]
    plain = machine.call(replace(step, rule=rules.product, reads=step.reads[:2]), pools)
    made: list[Callable[[], object]] = []
    factor = step.reads[1]
    places = factor.addresses(step.shape) if isinstance(factor, Access) else None

    def run() -> None:
        numbers = factor if places is None else pools["v"][factor.batch][places]
        if np.isfinite(numbers).all():
            plain()
            return
        if not made:
            made.extend(machine.call(piece, pools) for piece in _pieces(step, machine.samples if step.batch else 1))
        for call in made:
            call()

    return run


def _pieces(step: Instruction, samples: int) -> list[Instruction]:
    """A loop nest in parts that are not too large for arrays of all points."""
    if step.size * samples <= LARGE or max(step.shape) == 1:
        return [step]
    axis = int(np.argmax(step.shape))
    if not step.add and not step.out.uses(axis):
        zeros = replace(step, rule=rules.zero, reads=(), shape=tuple(n if step.out.uses(a) else 1 for a, n in enumerate(step.shape)))
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
