"""A Program as text: one line an instruction, in index notation.

relu1[i + 100j]  = max(0, sum1[i + 100j])                            i < 100, j < 16
sum2[i + 100j]  += Σk p[48 + 16j + k] · relu1[i + 100k]              i < 100, j < 16, k < 16
sum1.grad[i + 100j] = relu1.grad[i + 100j] · ∂relu/∂sum1[i + 100j]   i < 100, j < 16
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from micrograd import ops
from micrograd.compiler.program.instruction import LETTERS, Access, Family, Instruction, Repeat, Step
from micrograd.compiler.program.own_ops import row_of
from micrograd.compiler.program.rule import Rule, zero
from micrograd.ops.op import Op, Symbol

if TYPE_CHECKING:
    from micrograd.compiler.program.ir import Program

TEXT = {
    ops.add: "({0} + {1})", ops.sub: "({0} - {1})", ops.mul: "{0} · {1}", ops.div: "({0} / {1})", ops.neg: "-{0}",
    ops.power: "({0} ** {1})", ops.pow_: "({0} ** {1})", ops.less: "[{0} < {1}]", ops.equal: "[{0} = {1}]",
    ops.where: "({1} if {0} else {2})", ops.abs_: "|{0}|", ops.relu: "max(0, {0})",
}  # fmt: skip
POOLS = {"v": "", "g": ".grad", "r": ".reached"}
KINDS = {"p": "parameters", "x": "inputs", "d": "random numbers", "b": "buffers", "o": "outside numbers", "c": "constants"}


def show(program: Program) -> str:
    """The whole program: what goes in, the forward instructions, the backward instructions."""
    names = Names(program.families)
    lines = [
        f"program of {program.scalars:,} scalars → {program.amount}"
        + (f" and {sum(not s.add for s in program.backward)} for the gradients" if program.backward else "")
        + (", for every sample of a batch" if program.batch else "")
    ]
    lines += [f"  {f.name}[{f.size}]  {kind}" for f in program.families if (kind := kind_of(f)) and kind != "constants"]
    forward, backward = program.steps
    rows = listed(names, [*forward, *backward])
    cut = sum(1 + len(step.body) if isinstance(step, Repeat) else 1 for step in forward)
    return "\n".join([*lines, "forward", *rows[:cut], *(["backward"] if backward else []), *rows[cut:]])


def listed(names: Names, steps: Sequence[Step]) -> list[str]:
    """A line for each instruction, what its loops go through in a column of its own; one for a loop around several of them."""
    rows: list[tuple[str, str]] = []
    for step in steps:
        if isinstance(step, Repeat):
            rows.append((f"for t < {step.count}:", ""))
            rows += [("  " + names.line(inner, step.count), extents(inner)) for inner in step.body]
        else:
            rows.append((names.line(step), extents(step)))
    width = min(100, max((len(text) for text, _ in rows), default=0))
    return [f"  {text:{width}}   {where}".rstrip() for text, where in rows]


def shortened(count: int, line: Callable[[int], str], most: int = 60) -> list[str]:
    """The lines of so many things, of a great many the first."""
    return [*(line(k) for k in range(min(count, most))), *([f"  … and {count - most:,} more"] if count > most else [])]


def kind_of(family: Family) -> str:
    """What numbers these are: parameters, inputs …; "" for what is computed."""
    return KINDS.get(family.name.rstrip("0123456789"), "")


class Names:
    """What to call each slot: the family that it belongs to and its place there."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families: tuple[list[Family], list[Family]] = ([], [])
        for family in families:
            self.families[family.batch].append(family)
        self.starts = [[f.base for f in found] for found in self.families]

    def family(self, access: Access) -> Family:
        """The family that an access reads or writes (where it reads several, the one of its first address)."""
        found = self.families[access.batch]
        return found[max(0, bisect_right(self.starts[access.batch], access.base) - 1)]

    def turning(self, access: Access, turns: int) -> tuple[str, int]:
        """(the family that an access of a loop is in, by the turn: `sum(3+2t)` for sum3, sum5, …; how far it moves within it)."""
        first = self.family(access)
        if not access.step:
            return first.name, 0
        found = [self.family(access.at(t)) for t in range(turns)]
        within = {access.base + t * access.step - f.base for t, f in enumerate(found)}
        stem = first.name.rstrip("0123456789")
        numbers = [f.name[len(stem) :] for f in found if f.name.startswith(stem)]
        if len(within) == 1 and len(numbers) == turns and all(n.isdigit() for n in numbers):
            by = {int(b) - int(a) for a, b in pairwise(numbers)}
            if len(by) == 1 and by != {0}:
                return f"{stem}({numbers[0]}{times_t(by.pop())})", 0
        return first.name, access.step

    def access(self, access: Any, turns: int = 1) -> str:
        """`name[affine function of the indices]`, of a gradient `name.grad[…]`; a constant as itself. turns: of the loop around."""
        if not isinstance(access, Access):
            return f"{access:g}"
        family = self.family(access)
        name, step = self.turning(access, turns)
        start = access.base - family.base
        parts = [str(start)] if start or not (any(access.strides) or step or not access.affine) else []
        if step:
            parts.append(times_t(step).lstrip("+"))
        for axis, stride in enumerate(access.strides):
            letter = LETTERS[axis]
            if access.index is not None and axis == 0:
                parts.append(f"table({letter})")
            elif stride:
                parts.append({1: letter, -1: f"-{letter}"}.get(stride, f"{stride}{letter}"))
        if access.chosen is not None:
            steps = {int(b) - int(a) for a, b in pairwise(access.jumps)}
            row = self.access(access.chosen, turns)
            by = steps.pop() if len(steps) == 1 else 0
            parts.append((f"{by} " if by != 1 else "") + row if by else f"row({row})")
        if access.batch:
            parts.append("…")
        return f"{name}{POOLS[access.pool]}[{' + '.join(parts).replace('+ -', '- ')}]"

    def line(self, step: Instruction, turns: int = 1) -> str:
        """One instruction. turns: of the loop around."""
        right = text_of(step.rule, [self.access(r, turns) for r in step.reads], self.access(step.out.within("v"), turns))
        summed = "".join(LETTERS[a] for a in step.summed)
        fold = "max" if step.rule.fold == "shift" else "Σ"
        over = summed + ("," if summed and step.sums_batch else "") + ("batch" if step.sums_batch else "")
        if over:
            right = f"{fold}{over} {right}"
        elif fold == "max" and step.out.index is not None:
            right = f"max {right}"
        return f"{self.access(step.out, turns)} {'+=' if step.add else ' ='} {right}"


def times_t(by: int) -> str:
    """`+t`, `-t`, `+3t`."""
    return f"{by:+}t".replace("1t", "t") if abs(by) == 1 else f"{by:+}t"


def extents(step: Instruction) -> str:
    """`i < 100, j < 16`; of an axis that ends sooner `j < i + 1`."""
    limit = step.limit
    ends = [limit.text(LETTERS) if limit is not None and a == limit.axis else n for a, n in enumerate(step.shape)]
    return ", ".join(f"{LETTERS[a]} < {n}" for a, n in enumerate(ends))


def text_of(rule: Rule, operands: list[str], by: str) -> str:
    """The rule as textbook text, with these operands. by: whose gradient it makes, where it carries one down."""
    if rule is zero:
        return "0"
    if rule.fold == "shift":
        return operands[0]
    if rule.product or rule.fold == "ordered":
        return " · ".join(operands)
    if rule.op is not None:
        return bare(called(rule.op, operands))
    named = dict(zip(rule.names, operands, strict=True))
    if not rule.made_by or is_arithmetic(rule.result):
        return bare(expression(rule.result, named))
    return f"{named['g']} · {local(rule.made_by[1], rule.made_by[2], named, by)}"


def called(op: Op, operands: Sequence[str]) -> str:
    """An op of these operands."""
    template = TEXT.get(row_of(op))
    given = [*operands, *(f"{p:g}" for p in op.params)]
    return template.format(*given) if template else f"{op.name}({', '.join(given)})"


def local(op: Op, i: int, named: Mapping[str, str], by: str) -> str:
    """The derivative of an op by its i-th operand: ∂relu/∂s, ∂(s ** 2)/∂s."""
    if op.arity == 1 and row_of(op) in TEXT and row_of(op) is not ops.relu:
        return f"∂{called(op, [by])}/∂{by}"
    twice = any(named.get(f"x{k}") == by for k in range(op.arity or 0) if k != i)
    return f"∂{op.name}/∂{by}" + (f" (operand {i + 1})" if twice else "")


def is_arithmetic(s: Any, most: int = 3) -> bool:
    """Whether an expression is so short, and so plain, that it says more than the name of a derivative."""
    found = [s]
    for x in found:  # grows while it is walked
        if isinstance(x, Symbol) and x.op is not None:
            if row_of(x.op) not in (ops.neg, ops.mul, ops.div):
                return False
            found.extend(x.args)
    return sum(isinstance(x, Symbol) and x.op is not None for x in found) <= most


def expression(s: Any, named: Mapping[str, str]) -> str:
    """An expression, with what its names stand for."""
    if not isinstance(s, Symbol):
        return f"{s:g}"
    return named[s.name] if s.op is None else called(s.op, [expression(a, named) for a in s.args])


def bare(text: str) -> str:
    """Without the parentheses around the whole."""
    return text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text
