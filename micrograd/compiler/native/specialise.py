"""Specialise: a Program as Numba source of its own, every extent, stride and address a constant of the code.

Each instruction is a function of its own (see `nest`): LLVM gives better code for many small functions than for a large one, in less
time. What a loop of the program repeats is compiled once, and called for each turn. The result is plain code that can be read
(`print(step.source)`); it is compiled once and kept on disk by its text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from itertools import groupby
from typing import Any

from micrograd.compiler.native.nest import Emitter, Tables
from micrograd.compiler.native.templates import HEADER
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction, Repeat, Step
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.show import Names, extents


def sections(program: Program, outside: Container[Instruction] = ()) -> Iterator[tuple[bool, bool, list[Step]]]:
    """(of the backward program?, inside?, steps): the longest runs of instructions that are inside the code, or outside it."""
    flat = program.forward, program.backward
    loops = not any(step in outside for steps in flat for step in steps)
    for backward, steps in enumerate(program.steps if loops else flat):
        for inside, run in groupby(steps, key=lambda step: step not in outside):
            yield bool(backward), inside, list(run)


def generate(program: Program, outside: Container[Instruction] = ()) -> tuple[str, Any]:
    """(source of `run(pools …, first, last)`, the table of addresses that it is given).

    run performs the sections first … last - 1 (0: forward, 1: backward); instructions `outside` are left out, and cut more sections.
    """
    tables, names = Tables(), Names(program.families)
    arguments = "V, G, VB, GB, T" if program.batch else "V, G, T"
    functions: list[str] = []
    lines = ["", "", "@whole", f"def run({arguments}, first, last):"]
    known: Counter[str] = Counter()
    for number, steps in enumerate(steps for _, inside, steps in sections(program, outside) if inside):
        lines.append(f"    if first <= {number} < last:")
        for turns, body in by_loops(steps):
            given, space = (f"{arguments}, t", " " * 12) if turns else (arguments, " " * 8)
            if turns:
                lines.append(f"        for t in range({turns}):")
            for step, start in _with_starts(body):
                name = _named(step, names, known)
                about = f"# {names.line(step, max(1, turns))}    {extents(step)}".rstrip()
                functions += ["", "", "@part", f"def {name}({given}):", f"    {about}"]
                functions += ["    samples = VB.shape[1]"] if step.batch else []
                functions += ["    " + line for line in Emitter(program.boxed(step, max(1, turns)), start, tables).lines()]
                lines.append(f"{space}{name}({given})")
    table = np.concatenate(tables.parts).astype(np.int64) if tables.parts else np.zeros(1, dtype=np.int64)
    head = [HEADER.format(title=f"A program of {program.scalars:,} scalars.")]
    head += [line for _, text in tables.rules.values() for line in text]
    return "\n".join([*head, *functions, *lines]) + "\n", table


def by_loops(steps: Sequence[Step]) -> Iterator[tuple[int, list[Instruction]]]:
    """(turns, instructions): of a loop its body, of what stands between loops as much as there is, with 0 turns."""
    for looped, run in groupby(steps, key=lambda step: isinstance(step, Repeat)):
        if looped:
            yield from ((step.count, step.body) for step in run if isinstance(step, Repeat))
        else:
            yield 0, [step for step in run if isinstance(step, Instruction)]


def _named(step: Instruction, names: Names, known: Counter[str]) -> str:
    """What to call the function of an instruction: after what it makes."""
    name = ("d_" if step.out.pool == "g" else "") + "".join(c if c.isalnum() else "_" for c in names.family(step.out).name)
    known[name] += 1
    return name if known[name] == 1 else f"{name}_{known[name]}"


def _with_starts(steps: Sequence[Instruction]) -> list[tuple[Instruction, Instruction | None]]:
    """Each instruction, and the one before it where that only gives it the numbers to add to (a bias, say)."""
    found: list[tuple[Instruction, Instruction | None]] = []
    for step in steps:
        before = found[-1][0] if found else None
        if (
            before is not None and found[-1][1] is None and step.add and not before.add and before.rule.product
            and len(before.reads) == 1 and not before.summed and step.rule.product and len(step.reads) == 2
            and not step.scatters and not before.scatters and before.batch == step.batch and before.limit is None and step.limit is None
            and (not isinstance(before.reads[0], Access) or before.reads[0].affine)
            and before.out.base == step.out.base and before.out.step == step.out.step
            and before.out.pool == step.out.pool and before.out.batch == step.out.batch
            and before.shape == tuple(n for a, n in enumerate(step.shape) if step.out.uses(a))
            and before.out.strides == tuple(s for s in step.out.strides if s)
        ):  # fmt: skip
            found[-1] = (step, before)
        else:
            found.append((step, None))
    return found
