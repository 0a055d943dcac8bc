"""What a Program means: the living definition, in plain Python, one number at a time. Every back end must agree with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.compiler.ir import Access, Instruction, Program
from micrograd import ops
from micrograd.op import Symbol


def run(
    program: Program, params: Sequence[float], inputs: Sequence[Sequence[float]] = ((),), draws: Sequence[float] = ()
) -> tuple[list[float], list[float]]:
    """(outputs, gradient of the loss by each parameter). inputs: the numbers of each sample (of one, without a batch)."""
    samples = len(inputs)
    pools = {
        "v": ([[0.0] for _ in range(program.sizes[0])], [[0.0] * samples for _ in range(program.sizes[1])]),
        "g": ([[0.0] for _ in range(program.sizes[0])], [[0.0] * samples for _ in range(program.sizes[1])]),
    }
    values = pools["v"]
    for places, numbers in ((program.params, params), program.constants, (program.draws, draws)):
        for place, x in zip(places, numbers, strict=True):
            values[0][int(place)][0] = float(x)
    for i, place in enumerate(program.inputs):
        for b in range(samples):
            values[program.batch][int(place)][b] = float(inputs[b][i])
    for step in program.forward:
        perform(step, pools, samples)
    outputs = []
    for o in program.outputs:
        if isinstance(o, tuple):
            found = values[o[0]][o[1]]
            outputs.append(sum(found) / len(found))
        else:
            outputs.append(o)
    batch, place = program.outputs[0]
    pools["g"][batch][place] = [1.0 / samples] * samples if batch else [1.0]
    for step in program.backward:
        perform(step, pools, samples)
    return outputs, [pools["g"][0][int(place)][0] for place in program.params]


def perform(step: Instruction, pools: dict[str, Any], samples: int) -> None:
    """One instruction: all points that share an output address are folded into it."""
    reads = [r.addresses(step.shape).ravel().tolist() if isinstance(r, Access) else r for r in step.reads]
    result: dict[tuple[int, int], list[float]] = {}
    for i, place in enumerate(step.out.addresses(step.shape).ravel().tolist()):
        for b in range(samples if step.batch else 1):
            operands = {}
            for name, access, where in zip(step.rule.names, step.reads, reads, strict=True):
                if isinstance(access, Access):
                    operands[name] = pools[access.pool][access.batch][where[i]][b if access.batch else 0]
                else:
                    operands[name] = access
            result.setdefault((place, b if step.out.batch else 0), []).append(evaluate(step.rule.result, operands))
    pool = pools[step.out.pool][step.out.batch]
    for (place, b), found in result.items():
        if step.rule.fold == "shift":
            pool[place][b] = ops.shift.forward(*found)
        else:
            total = pool[place][b] if step.add else found.pop(0)
            for x in found:
                total += x
            pool[place][b] = total


def evaluate(s: Any, operands: dict[str, float]) -> float:
    """A rule's expression on floats."""
    if not isinstance(s, Symbol):
        return float(s)
    if s.op is None:
        return operands[s.name]
    return float(s.op.forward(*(evaluate(a, operands) for a in s.args), *s.op.params))
