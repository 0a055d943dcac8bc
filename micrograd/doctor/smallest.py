"""The smallest expression that shows a mistake, with backward() as it is.

All programs are tried in order of their size, so it is the smallest there is, and the same in every run.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from micrograd.doctor.findings import Example, Finding
from micrograd.doctor.forms import Form
from micrograd.doctor.local import Local
from micrograd.doctor.programs import NAMES, Program
from micrograd.doctor.signatures import close
from micrograd.doctor.student import Student

NUMBERS = ((2.0, 3.0), (-2.0, 3.0), (0.5, 2.0))
MOST = 1500  # programs that are tried


def show(student: Student, local: Local, finding: Finding) -> Example | None:
    """The first program, by size, whose number or gradients are wrong; None where none of up to three operations shows the mistake."""
    forms = [f for f in local.forms if f.text in finding.of]
    if not forms or finding.kind != "fault":
        return None
    helpers = [f for f in local.trusted if f.key in ("a + b", "a * b") and f not in forms]
    if not helpers:
        helpers = [f for f in local.forms if f.key in ("a + b", "a * b") and f not in forms and f.key not in local.faulty]
    for program in itertools.islice(programs(forms[:2], helpers), MOST):
        found = wrong(student, program)
        if found is not None:
            return found
    return None


def programs(forms: Sequence[Form], helpers: Sequence[Form]) -> Iterator[Program]:
    """Every program of one, two and three operations that uses one of `forms`, and all of what it makes; the smaller first."""
    pool = [*forms, *helpers]
    for size in (1, 2, 3):
        for count in (1, 2):
            for chosen in itertools.product(pool, repeat=size):
                if not any(f in forms for f in chosen):
                    continue
                ways = [itertools.product(range(count + i), repeat=len(f.slopes)) for i, f in enumerate(chosen)]
                for places in itertools.product(*ways):
                    used = {p for row in places for p in row}
                    if used >= set(range(count + size - 1)):
                        for numbers in NUMBERS:
                            yield Program(numbers[:count], tuple(zip(chosen, places, strict=True)))


def wrong(student: Student, program: Program) -> Example | None:
    """What is wrong with one program on the class, None where nothing is."""
    given = dict(zip(NAMES, program.inputs, strict=False))
    try:
        values, grads = program.values(), program.gradients()
    except (ArithmeticError, ValueError, TypeError):
        return None
    if any(isinstance(x, complex) or x != x for x in (*values, *grads)):
        return None

    def action() -> list[Any]:
        made = program.build(student.make)
        if student.backward_name and student.grad_name and isinstance(made[-1], student.kind):
            student.backward(made[-1])
        return made

    seen = student.watch(action)
    root = NAMES[len(values) - 1]
    right = dict(zip(NAMES, grads, strict=False))
    if seen.error is not None:
        got = f"{type(seen.error).__name__}: {seen.error}"
        return Example(str(program), given, "the result", values[-1], got, program.shown(), root, right)
    made = seen.result
    if not isinstance(made[-1], student.kind):
        return Example(str(program), given, "the result", values[-1], f"a {type(made[-1]).__name__}", program.shown(), root, right)
    wanted = [(place, student.data_name, values[place], student.data(value)) for place, value in enumerate(made)]
    if student.backward_name and student.grad_name:
        inputs = enumerate(made[: len(program.inputs)])
        wanted += [(place, student.grad_name, grads[place], student.grad(value)) for place, value in inputs]
    for place, name, expected, found in wanted:
        if not close(found, expected):
            return Example(str(program), given, f"{NAMES[place]}.{name}", expected, found, program.shown(), NAMES[place], right)
    return None
