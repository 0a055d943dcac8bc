"""Careful: two more programs for the gradients, in which what passes nothing is left out; `settle` says when they are run.

Flags (pool "r"), by the loops of the backward program, 1 where something reaches a gradient; and the backward program with
`where(r, g · partial, 0)` for each product.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from micrograd import ops
from micrograd.compiler.passes.eager_order import ordered
from micrograd.compiler.passes.transpose import part, reachable, transposed
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.ir import CarefulSteps, Program
from micrograd.compiler.program.rule import Rule, masked_product, pullback
from micrograd.ops.op import Op, Symbol
from micrograd.ops.symbol import names as names_in
from micrograd.pull import live

_R = Symbol("r")

reached = Rule("reached", ("r",), ops.where(_R, 1.0, 0.0))


def careful(program: Program) -> tuple[Program, str]:
    """Note how the careful steps are made, where a gradient can need them."""
    needed = program.wanted is not None and (any(_chooses(program, step) for step in program.forward) or _in_part(program))
    if not needed:
        return program, ""
    program.careful = steps
    return program, "where a gradient comes out nan, what passes nothing is left out, by steps that are made then"


def steps(program: Program) -> CarefulSteps:
    """(flags, the backward program with masks), made when first needed."""
    if "careful" not in program.cache:
        backward = ordered(replace(program), program.places[1], masked).backward if program.exact else transposed(program, masked)
        program.cache["careful"] = transposed(program, flagged), backward
    found: CarefulSteps = program.cache["careful"]
    return found


def _chooses(program: Program, step: Instruction) -> bool:
    for read in step.reads:  # rows that were computed, of which a look-up takes one
        if isinstance(read, Access) and read.chosen is not None:
            rows = step.addresses(read)
            return bool(program.wanted[read.batch][rows].any() and (read.batch or rows.max() >= len(program.params)))
    op = step.rule.op
    if op is None or op.arity is None or step.rule.product or not program.wanted[step.out.batch][step.addresses(step.out)].any():
        return False
    return any(isinstance(_passes(op, i, op.arity), Symbol) for i in range(op.arity))


def _in_part(program: Program) -> bool:
    """Whether the loss depends on some of the outputs of a step and not on others."""
    found = reachable(program)
    reached = [found[step.out.batch][step.addresses(step.out)] for step in program.forward]
    return any(r.any() and not r.all() for r in reached)


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
        return replace(plain, rule=masked_product, reads=(*plain.reads, step.out.within("r")))
    assert step.rule.op is not None
    return _instruction(step, read.within("g"), _mask(step.rule.op, i, len(step.reads)))


def _instruction(step: Instruction, into: Access, rule: Rule) -> Instruction:
    operands = {"g": step.out.within("g"), "r": step.out.within("r"), "y": step.out}
    operands |= {f"x{k}": r for k, r in enumerate(step.reads)}
    return Instruction(step.shape, into, rule, tuple(operands[name] for name in rule.names), True, step.batch, limit=step.limit)


@lru_cache(maxsize=4096)
def _passes(op: Op, i: int, arity: int) -> Any:
    return live(op.partial(i, Symbol("y"), *(Symbol(f"x{k}") for k in range(arity))))


@lru_cache(maxsize=4096)
def _flag(op: Op, i: int, arity: int) -> Rule:
    passes = _passes(op, i, arity)
    return _rule("reached", ops.where(_R, ops.where(passes, 1.0, 0.0), 0.0), arity) if isinstance(passes, Symbol) else reached


@lru_cache(maxsize=4096)
def _mask(op: Op, i: int, arity: int) -> Rule:
    plain = pullback(op, i, arity)
    assert plain is not None
    return _rule(plain.name, ops.where(_R, plain.result, 0.0), arity)


def _rule(name: str, result: Any, arity: int) -> Rule:
    used = names_in([result])
    return Rule(name, tuple(n for n in ("g", "y", *(f"x{k}" for k in range(arity)), "r") if n in used), result)
