"""The interpreter's kernels: a loop over neighbouring numbers for every rule of the table and of its derivatives, as source.

Numbers that an op is bound to (the slope of leaky_relu) are one more operand, so that one kernel serves all of them. A row whose
partials need to know its numbers (power) has kernels for the common ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from micrograd import ops
from micrograd.compiler.native.templates import HEADER, TEMPLATES
from micrograd.compiler.program.own_ops import lift
from micrograd.compiler.program.rule import Rule, calls, forward, positive, product, pullback
from micrograd.ops.op import Op, Symbol

POWERS = (-2.0, -1.0, -0.5, 0.5, 1.5, 2.0, 3.0, 4.0)
GROUP = 16  # kernels in one function of choices

settle = Rule("settle", ("x0",), ops.where(ops.equal(ops.abs_(Symbol("x0")), float("inf")), 0.0, Symbol("x0") + 0.0))


def rows() -> Iterator[Op]:
    """The library's own ops, those with numbers bound to names for them."""
    for op in (*vars(ops).values(), lift):
        if isinstance(op, Op) and op.arity is not None:
            yield general(op) if op.constants else op
            if op is ops.power:
                yield from (op.bind(p) for p in POWERS)


def general(op: Op) -> Op:
    """The op bound to names in place of its numbers."""
    return op.bind(*[Symbol(f"c{k}") for k in range(len(op.constants))])  # type: ignore[arg-type]


def made(row: tuple[Any, ...]) -> Rule | None:
    """The rule of a row, None where there is none (a partial is 0, or cannot be written for names)."""
    make, op, *rest = row
    rule: Rule | None
    try:
        rule = make(op, *rest)
    except (TypeError, AttributeError):
        return None
    if rule is None or not op.params or not isinstance(op.params[0], Symbol):
        return rule
    return Rule(rule.name, (*rule.names, *sorted({p.name for p in op.params} - set(rule.names))), rule.result)


def code_of(rule: Rule) -> tuple[str, ...]:
    """A rule as lines of code: its operands, its assignments, its result. This is what tells rules apart."""
    body, text = rule.code(TEMPLATES)
    return (", ".join(rule.names), *body, text)


@lru_cache(maxsize=1)
def known() -> dict[tuple[str, ...], int]:
    """The place of each rule's kernel."""
    found: dict[tuple[str, ...], int] = {}
    for rule in (product, positive, settle):
        found.setdefault(code_of(rule), len(found))
    for op in rows():
        n = op.arity or 0
        for row in ((forward, op, n), *((pullback, op, i, n) for i in range(n))):
            made_rule = made(row)
            if made_rule is not None and not made_rule.product and not calls(made_rule, TEMPLATES):
                found.setdefault(code_of(made_rule), len(found))
    return found


@lru_cache(maxsize=4096)
def kernel(rule: Rule) -> tuple[int, tuple[str, ...], dict[str, float]] | None:
    """(place, names of the operands, numbers for those that are numbers) of a rule's kernel, None where there is none."""
    if not calls(rule, TEMPLATES):
        place = known().get(code_of(rule))
        if place is not None:
            return place, rule.names, {}
    if not rule.made_by or not rule.made_by[1].params:
        return None
    make, op, *rest = rule.made_by
    other = made((make, general(op), *rest))
    place = known().get(code_of(other)) if other is not None else None
    if other is None or place is None:
        return None
    numbers = {f"c{k}": float(p) for k, p in enumerate(op.params)}
    return (place, other.names, numbers) if {*other.names} <= {*rule.names, *numbers} else None


@lru_cache(maxsize=1)
def generate() -> str:
    """The source of `run(V, G, T, first, last)`, which interprets sections of the table T (where the pools are stands in it)."""
    lines = [HEADER.format(title="The interpreter of programs: a kernel for every rule, and how one is chosen.")]
    lines += [
        "from micrograd.compiler.native.walk import interpreter",
        "from micrograd.compiler.native.memory import peek, poke, word",
    ]
    count = 0
    for (names, *body, text), k in known().items():
        operands = names.split(", ") if names else []
        lines += ["", "", "@exactly", f"def rule_{k}({names}):", *[f"    {line}" for line in body], f"    return {text}"]
        lines += ["", "", "@exactly", f"def kernel_{k}(n, A):", "    out = word(A, 0)"]
        lines += [f"    {name} = word(A, {i + 1})" for i, name in enumerate(operands)]
        reads = ", ".join(f"peek({name}, i)" for name in operands)
        lines += ["    for i in range(n):", f"        poke(out, i, rule_{k}({reads}))"]
        count += 1
    for start in range(0, count, GROUP):
        lines += ["", "", "@exactly", f"def group_{start // GROUP}(k, n, A):"]
        for k in range(start, min(count, start + GROUP)):
            lines += [f"    {'if' if k == start else 'elif'} k == {k}:", f"        kernel_{k}(n, A)"]
    lines += ["", "", "@exactly", "def kernel(k, n, A):", f"    group = k // {GROUP}"]
    for g in range(-(-count // GROUP)):
        lines += [f"    {'if' if g == 0 else 'elif'} group == {g}:", f"        group_{g}(k, n, A)"]
    lines += ["", "", "walk = interpreter(kernel)", "", "", "@whole", "def run(V, G, T, first, last):", "    walk(T, first, last)"]
    return "\n".join(lines) + "\n"
