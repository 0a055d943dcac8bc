"""A Program as text: one line an instruction, in index notation.

relu1[i + 100j]  = relu(sum1[i + 100j])            i < 100, j < 16
sum2[i + 100j]  += Σk p[48 + 16j + k] · relu1[i + 100k]
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Any

from micrograd.compiler.program.ir import LETTERS, Access, Family, Instruction, Program
from micrograd.compiler.program.rule import Rule

TEXT = {
    "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "{0} · {1}", "div": "({0} / {1})", "neg": "-{0}", "power": "({0} ** {1})",
    "pow": "({0} ** {1})", "less": "[{0} < {1}]", "equal": "[{0} = {1}]", "where": "({1} if {0} else {2})", "abs": "|{0}|",
}  # fmt: skip


def show(program: Program) -> str:
    """The whole program: what goes in, the forward instructions, the backward instructions."""
    names = Names(program)
    kinds = {"p": "parameters", "x": "inputs", "d": "random numbers", "b": "buffers", "o": "outside numbers"}
    lines = [
        f"program of {program.scalars:,} scalars → {program.operations} tensor operations"
        + (f" and {sum(not s.add for s in program.backward)} for the gradients" if program.backward else "")
        + (", for every sample of a batch" if program.batch else "")
    ]
    for family in program.families:
        if family.name in kinds or family.name[0] == "x":
            lines.append(f"  {family.name}[{family.size}]  {kinds[family.name[0]]}")
    rows = [(names.line(step), extents(step)) for step in program.forward]
    back = [(names.line(step), extents(step)) for step in program.backward]
    width = min(100, max(len(text) for text, _ in rows + back))
    lines += ["forward", *(f"  {text:{width}}   {where}".rstrip() for text, where in rows)]
    if back:
        lines += ["backward", *(f"  {text:{width}}   {where}".rstrip() for text, where in back)]
    return "\n".join(lines)


class Names:
    """What to call each slot: the family that it belongs to and its place there."""

    def __init__(self, program: Program) -> None:
        self.families: tuple[list[Family], list[Family]] = ([], [])
        for family in program.families:
            self.families[family.batch].append(family)

    def family(self, access: Access) -> Family:
        """The family that an access reads or writes (where it reads several, the one of its first address)."""
        found = self.families[access.batch]
        return found[max(0, bisect_right([f.base for f in found], access.base) - 1)]

    def access(self, access: Any) -> str:
        """`name[affine function of the indices]`; a constant as itself."""
        if not isinstance(access, Access):
            return f"{access:g}"
        family = self.family(access)
        start = access.base - family.base
        parts = [str(start)] if start or not (any(access.strides) or not access.affine) else []
        for axis, stride in enumerate(access.strides):
            letter = LETTERS[axis]
            if access.index is not None and axis == 0:
                parts.append(f"table({letter})")
            elif stride:
                parts.append(letter if stride == 1 else f"{stride}{letter}")
        if access.chosen is not None:
            steps = {int(b) - int(a) for a, b in pairwise(access.jumps)}
            row = self.access(access.chosen)
            step = steps.pop() if len(steps) == 1 else 0
            parts.append((f"{step} " if step != 1 else "") + row if step else f"row({row})")
        if access.batch:
            parts.append("…")
        return f"{'∂' if access.pool == 'g' else ''}{family.name}[{' + '.join(parts)}]"

    def line(self, step: Instruction) -> str:
        """One instruction."""
        right = written(step.rule, [self.access(r) for r in step.reads])
        summed = "".join(LETTERS[a] for a in step.summed)
        fold = "max" if step.rule.fold == "shift" else "Σ"
        over = summed + ("," if summed and step.sums_batch else "") + ("batch" if step.sums_batch else "")
        if over:
            right = f"{fold}{over} {right}"
        elif fold == "max" and step.out.index is not None:
            right = f"max {right}"
        return f"{self.access(step.out)} {'+=' if step.add else ' ='} {right}"


def extents(step: Instruction) -> str:
    """`i < 100, j < 16`."""
    return ", ".join(f"{LETTERS[a]} < {n}" for a, n in enumerate(step.shape))


def written(rule: Rule, operands: list[str]) -> str:
    """The rule as textbook text, with these operands."""
    if rule.name == "zero":
        return "0"
    if rule.fold == "shift":
        return operands[0]
    if rule.product:
        return " · ".join(operands)
    if rule.op is not None:
        template = TEXT.get(rule.op.name)
        params = [f"{p:g}" for p in rule.op.params]
        text = template.format(*operands, *params) if template else f"{rule.op.name}({', '.join([*operands, *params])})"
        return text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text
    return f"{rule.name}({', '.join(operands)})"
