"""The differential fuzz: random programs, the eager engine against every back end, and against 50 digits.

eager = reference = NumPy = interpreter = own code to the order of sums (twice the running-error bound of `fuzz_bounds`), and
= exact=True in every bit; the eager gradient = that of 50 digits where the program is well conditioned. Edge-laden numbers, every row of
the table, look-ups, batches, existing graphs. A failure prints its seed and its program. The same seeds run every time:
`MICROGRAD_FUZZ=50 pytest tests/compiler/test_fuzz.py` runs 50 times as many programs, MICROGRAD_FUZZ_SEED=… others.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import micrograd
from micrograd import Value

np = pytest.importorskip("numpy")
import fuzz_bounds  # noqa: E402
from fuzz_bounds import Run, allowed, identical  # noqa: E402
from fuzz_check import Compiled, Wrong, against_many_digits, check, points  # noqa: E402
from fuzz_programs import Program  # noqa: E402

TIMES = float(os.environ.get("MICROGRAD_FUZZ", "1"))
FIRST = int(os.environ.get("MICROGRAD_FUZZ_SEED", "0"))


def seeds(count: int) -> Iterator[int]:
    return iter(range(FIRST, FIRST + math.ceil(count * TIMES)))


# --- the ways to run a program -------------------------------------------------------------------------------------------


# --- the fuzz ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("backend", "exact"), [("reference", False), ("numpy", False), ("reference", True), ("numpy", True)])
def test_programs(backend: str, exact: bool) -> None:
    for seed in seeds(60):
        programs = [Program(seed)]
        check(programs, [Compiled(programs, backend, exact)])


@pytest.mark.parametrize("exact", [False, True])
def test_many_programs_as_one(exact: bool) -> None:
    """Where their nodes meet in loops."""
    for seed in seeds(3):
        programs = [Program(10_000 + 20 * seed + k) for k in range(20)]
        check(programs, [Compiled(programs, "numpy", exact)])


@pytest.mark.slow
def test_programs_in_the_interpreter() -> None:
    pytest.importorskip("numba")
    for seed in seeds(100):
        programs = [Program(seed)]
        check(programs, [Compiled(programs, "interpreter")])
    for seed in seeds(5):
        programs = [Program(10_000 + 20 * seed + k) for k in range(20)]
        check(programs, [Compiled(programs, "interpreter")])


def test_programs_in_c(c_compiler: None) -> None:
    for seed in seeds(2):
        programs = [Program(60_000 + 20 * seed + k) for k in range(20)]
        check(programs, [Compiled(programs, "c")])


@pytest.mark.slow
def test_programs_in_code_of_their_own() -> None:
    pytest.importorskip("numba")
    for seed in seeds(1):
        programs = [Program(20_000 + 5 * seed + k, 10) for k in range(5)]
        check(programs, [Compiled(programs, "numba")], 12)


@pytest.mark.parametrize("backend", ["reference", "numpy", "c", pytest.param("interpreter", marks=pytest.mark.slow)])
def test_batches(backend: str, request: pytest.FixtureRequest) -> None:
    """The mean over samples, of values and of gradients."""
    if backend == "interpreter":
        pytest.importorskip("numba")
    if backend == "c":
        request.getfixturevalue("c_compiler")
    for seed in seeds(3 if backend == "c" else 25):  # each is compiled for three numbers of samples
        program = Program(30_000 + seed)
        params = [Value(1.0) for _ in program.places("p")]
        step = micrograd.compile(program.loss(params), params, batch=True, backend=backend)
        rng = random.Random(seed)
        for samples in (1, 3, 8):
            batch(step, backend, program, params, rng, samples)


def batch(step: Any, backend: str, program: Program, params: Sequence[Value], rng: random.Random, samples: int) -> None:
    """Run one batch, and compare it."""
    rows = [program.point(rng) for _ in range(samples)]
    for p, k in zip(params, program.places("p"), strict=True):
        p.data = rows[0][k]
        for row in rows:
            row[k] = rows[0][k]
    columns = [[row[k] for row in rows] for k in program.places("x")]
    found = step.value_and_grad(*columns, [int(row[program.places("i")[0]]) for row in rows])
    compare_batch(backend, program, [fuzz_bounds.run(program, row, 1.0 / samples) for row in rows], step.program.outputs, *found)


@pytest.mark.parametrize("seed", [34_313, 140_010_089, 771_030_088])
def test_batches_near_the_largest_double(seed: int) -> None:
    """A gradient summed over samples before it is multiplied by its slope may be inf there, or where that is: `fuzz_bounds.crowded`."""
    program = Program(seed)
    rng = random.Random(seed - 30_000)
    params = [Value(1.0) for _ in program.places("p")]
    step = micrograd.compile(program.loss(params), params, batch=True, backend="reference")
    for samples in (1, 3, 8):
        batch(step, "reference", program, params, rng, samples)


def test_few_gradients_are_let_off_for_their_size() -> None:
    let_off = judged = 0
    for seed in range(60):
        program, rng = Program(30_000 + seed), random.Random(seed)
        runs = [fuzz_bounds.run(program, program.point(rng), 1.0 / 8) for _ in range(8)]
        let_off += len(fuzz_bounds.crowded(program, runs) & set(program.places("p")))
        judged += len(program.places("p"))
    assert let_off <= 0.1 * judged


def compare_batch(who: str, program: Program, runs: Sequence[Run], outputs: Sequence[Any], values: Any, grads: Any) -> None:
    """Raise Wrong where means and gradients over samples are not what the eager engine's are. outputs: (whether over samples, …)."""
    judged = []
    for (batched, _), place, y in zip(outputs, program.outputs, values, strict=True):
        mean = fuzz_bounds.mean([r.values[place] for r in runs], [r.errors[place] for r in runs])
        x, bound = mean if batched else (runs[0].values[place], runs[0].errors[place])
        judged.append(("value", place, x, bound, y))
    crowded = fuzz_bounds.crowded(program, runs)
    for place, y in zip(program.places("p"), grads.tolist(), strict=True):
        x, bound = fuzz_bounds.total([r.grads[place] for r in runs], [r.grad_errors[place] for r in runs])
        judged.append(("gradient", place, x, None if place in crowded else bound, y))
    for what, place, x, bound, y in judged:
        if not allowed(x, bound, y):
            text = "\n\n".join(program.text(r.values) for r in runs)
            raise Wrong(f"{who}, a batch, seed {program.seed}: the {what} of v{place} is {x!r}, {y!r} here (bound {bound!r})\n{text}")


@pytest.mark.parametrize("exact", [False, True])
def test_existing_graphs(exact: bool) -> None:
    for seed in seeds(40):
        program = Program(40_000 + seed)
        for (leaves,), (run,) in points([program], 1):
            given = [int(x) if kind == "i" else Value(x) for kind, x in zip(program.leaves, leaves, strict=True)]
            root = program.build(given)[program.outputs[0]]
            places = [k for k, kind in enumerate(program.leaves) if kind != "i"]
            value, grads = micrograd.lower(root, [given[k] for k in places], backend="numpy", exact=exact).value_and_grad()
            for k, x, bound, found in [
                (program.outputs[0], run.values[program.outputs[0]], run.errors[program.outputs[0]], value),
                *((k, run.grads[k] + 0.0, run.grad_errors[k], g) for k, g in zip(places, grads.tolist(), strict=True)),
            ]:
                right = identical(x, found) if exact and bound is not None else allowed(x, bound, found)
                assert right, f"lower, seed {program.seed}: v{k} is {x!r} eager, {found!r} here\n{program.text(run.values)}"


def test_gradients_against_many_digits() -> None:
    pytest.importorskip("mpmath")
    judged = 0
    for seed in seeds(200):
        judged += against_many_digits(Program(50_000 + seed, 8))
    assert judged > 100 * TIMES
