"""What a Program means: the living definition, in plain Python, one number at a time. Every back end must agree with it."""

from __future__ import annotations

from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.ops.op import Symbol


def perform(step: Instruction, pools: dict[str, Any], samples: int) -> None:
    """One instruction: all points that share an output address are folded into it."""
    out = _where(step.out, step, pools)
    reads = [_where(r, step, pools) if isinstance(r, Access) else None for r in step.reads]
    result: dict[tuple[int, int], list[float]] = {}
    points = range(step.size) if step.inside is None else np.flatnonzero(np.broadcast_to(step.inside, step.shape)).tolist()
    for i in points:
        for b in range(samples if step.batch else 1):
            operands = {}
            for name, access, at in zip(step.rule.names, step.reads, reads, strict=True):
                operands[name] = _number(access, pools, at(i, b), b) if at else access
            result.setdefault((out(i, b), b if step.out.batch else 0), []).append(value_at(step.rule.result, operands))
    pool = pools[step.out.pool][step.out.batch]
    for (place, b), found in result.items():
        at = (place, b) if step.out.batch else place
        if step.rule.fold == "shift":
            pool[at] = ops.shift.forward(*found)
        else:
            total = float(pool[at]) if step.add else 0.0 if step.zero else found.pop(0)
            for x in found:
                total += x
            pool[at] = total


def _where(access: Access, step: Instruction, pools: dict[str, Any]) -> Any:
    """The address at point i for sample b."""
    starts = access.starts(step.shape).ravel().tolist()
    if access.chosen is None:
        return lambda i, b: starts[i]
    chosen, at = access.chosen, _where(access.chosen, step, pools)
    return lambda i, b: starts[i] + int(access.jumps[int(_number(chosen, pools, at(i, b), b))])


def _number(access: Access, pools: dict[str, Any], place: int, b: int) -> float:
    pool = pools[access.pool][access.batch]
    return float(pool[place, b] if access.batch else pool[place])


def value_at(s: Any, operands: dict[str, float]) -> float:
    """A rule's expression on floats."""
    if not isinstance(s, Symbol):
        return float(s)
    if s.op is None:
        return operands[s.name]
    return float(s.op.forward(*(value_at(a, operands) for a in s.args), *s.op.params))
