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
from micrograd import Value, ops

np = pytest.importorskip("numpy")
import fuzz_bounds  # noqa: E402
from fuzz_bounds import Run, allowed, identical  # noqa: E402
from fuzz_exact import gradient_in_many_digits  # noqa: E402
from fuzz_programs import Program  # noqa: E402

TIMES = float(os.environ.get("MICROGRAD_FUZZ", "1"))
FIRST = int(os.environ.get("MICROGRAD_FUZZ_SEED", "0"))
POINTS = 4
Found = tuple[list[float], list[float]]  # the numbers of the outputs, the gradients of parameters and inputs


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("MICROGRAD_CACHE", str(tmp_path_factory.getbasetemp() / "micrograd"))


def seeds(count: int) -> Iterator[int]:
    return iter(range(FIRST, FIRST + math.ceil(count * TIMES)))


class Wrong(AssertionError):
    """Two runs disagree."""


# --- the ways to run a program -------------------------------------------------------------------------------------------


def eager(program: Program, leaves: Sequence[float]) -> Found:
    """The numbers of all nodes, and the gradients of all leaves, by the eager engine."""
    given = [int(x) if kind == "i" else Value(x) for kind, x in zip(program.leaves, leaves, strict=True)]
    found = program.build(given)
    found[program.outputs[0]].backward()
    return [float(v) if isinstance(v, int) else v.data for v in found], [0.0 if isinstance(v, int) else float(v.grad) for v in given]


class Compiled:
    """Some programs as one, compiled by one back end: so that many cost one compilation. Call it on the leaves of each."""

    def __init__(self, programs: Sequence[Program], backend: str, exact: bool = False) -> None:
        self.programs, self.exact = programs, exact
        self.name = backend + (" exact" if exact else "")
        self.params = [[Value(1.0) for _ in p.places("p")] for p in programs]
        losses = [p.loss(own) for p, own in zip(programs, self.params, strict=True)]

        def loss(*inputs: Any) -> Any:
            found = [f(*own) for f, own in zip(losses, inputs, strict=True)]
            return (ops.sum_(*[values[0] for values in found]), *[v for values in found for v in values])

        flat = [p for own in self.params for p in own]
        self.step = micrograd.compile(loss, flat, backend=backend, exact=exact, input_grads=True)

    def __call__(self, points: Sequence[Sequence[float]]) -> list[Found]:
        arguments = []
        for program, own, leaves in zip(self.programs, self.params, points, strict=True):
            for p, k in zip(own, program.places("p"), strict=True):
                p.data = leaves[k]
            arguments.append([*(leaves[k] for k in program.places("x")), int(leaves[program.places("i")[0]])])
        (_, *values), grads, inputs = self.step.value_and_grad(*arguments)
        value, grad = iter(values), iter(grads.tolist())
        return [
            ([next(value) for _ in p.outputs], [*(next(grad) for _ in p.places("p")), *own[: len(p.places("x"))]])
            for p, own in zip(self.programs, inputs, strict=True)
        ]


def compare(who: str, program: Program, run: Run, got: Found, exact: bool = False) -> None:
    """Raise Wrong where the numbers are not what the eager engine has."""
    leaves = [*program.places("p"), *program.places("x")]
    for what, at, expected, bounds, found in (
        ("value", program.outputs, run.values, run.errors, got[0]),
        ("gradient", leaves, run.grads, run.grad_errors, got[1]),
    ):
        for place, y in zip(at, found, strict=True):
            x, bound = expected[place] + (0.0 if what == "gradient" else -0.0), bounds[place]
            bitwise = exact and (what == "value" or (bound is not None and not program.looks_up))
            if not (identical(x, y) if bitwise else allowed(x, bound, y)):
                text = program.text(run.values, None if what == "gradient" else place)
                raise Wrong(f"{who}, seed {program.seed}: the {what} of v{place} is {x!r} eager, {y!r} here (bound {bound!r})\n{text}")


def points(programs: Sequence[Program], count: int = POINTS) -> Iterator[tuple[list[list[float]], list[Run]]]:
    """Numbers for the leaves of each, and what the eager engine makes of them."""
    drawn = [random.Random(f"points of {p.seed}") for p in programs]
    for _ in range(count):
        at = [p.point(rng) for p, rng in zip(programs, drawn, strict=True)]
        runs = [fuzz_bounds.run(p, leaves) for p, leaves in zip(programs, at, strict=True)]
        for program, leaves, run in zip(programs, at, runs, strict=True):
            values, grads = eager(program, leaves)
            found = [values[o] for o in program.outputs], [grads[k] for k in (*program.places("p"), *program.places("x"))]
            compare("the engine", program, run, found, True)
        yield at, runs


def check(programs: Sequence[Program], tiers: Sequence[Compiled], count: int = POINTS) -> None:
    """All tiers at some points."""
    for at, runs in points(programs, count):
        for tier in tiers:
            for program, run, got in zip(programs, runs, tier(at), strict=True):
                compare(tier.name, program, run, got, tier.exact)


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


@pytest.mark.slow
def test_programs_in_code_of_their_own() -> None:
    pytest.importorskip("numba")
    for seed in seeds(1):
        programs = [Program(20_000 + 5 * seed + k, 10) for k in range(5)]
        check(programs, [Compiled(programs, "numba")], 12)


@pytest.mark.parametrize("backend", ["reference", "numpy", pytest.param("interpreter", marks=pytest.mark.slow)])
def test_batches(backend: str) -> None:
    """The mean over samples, of values and of gradients."""
    if backend == "interpreter":
        pytest.importorskip("numba")
    for seed in seeds(25):
        program = Program(30_000 + seed)
        params = [Value(1.0) for _ in program.places("p")]
        step = micrograd.compile(program.loss(params), params, batch=True, backend=backend)
        rng = random.Random(seed)
        for samples in (1, 3, 8):
            rows = [program.point(rng) for _ in range(samples)]
            for p, k in zip(params, program.places("p"), strict=True):
                p.data = rows[0][k]
                for row in rows:
                    row[k] = rows[0][k]
            columns = [[row[k] for row in rows] for k in program.places("x")]
            found = step.value_and_grad(*columns, [int(row[program.places("i")[0]]) for row in rows])
            compare_batch(backend, program, [fuzz_bounds.run(program, row, 1.0 / samples) for row in rows], step.program.outputs, *found)


def compare_batch(who: str, program: Program, runs: Sequence[Run], outputs: Sequence[Any], values: Any, grads: Any) -> None:
    """Raise Wrong where means and gradients over samples are not what the eager engine's are. outputs: (whether over samples, …)."""
    judged = []
    for (batched, _), place, y in zip(outputs, program.outputs, values, strict=True):
        mean = fuzz_bounds.mean([r.values[place] for r in runs], [r.errors[place] for r in runs])
        x, bound = mean if batched else (runs[0].values[place], runs[0].errors[place])
        judged.append(("value", place, x, bound, y))
    for place, y in zip(program.places("p"), grads.tolist(), strict=True):
        judged.append(("gradient", place, *fuzz_bounds.total([r.grads[place] for r in runs], [r.grad_errors[place] for r in runs]), y))
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


def against_many_digits(program: Program) -> int:
    """How many gradients of a program could be compared; Wrong where one is not that of 50 digits."""
    leaves = program.point(random.Random(f"point of {program.seed}"))
    run = fuzz_bounds.run(program, leaves, truth=True)
    values, grads = eager(program, leaves)
    places = [k for k in (*program.places("p"), *program.places("x")) if well(grads[k], run.grad_errors[k])]
    root = program.outputs[0]
    truth = gradient_in_many_digits(program, leaves) if places and well(values[root], run.errors[root]) else None
    for k in places if truth else ():
        if abs(truth[k] - grads[k]) > 4.0 * run.grad_errors[k]:
            known = f"{grads[k]!r}, in 50 digits {float(truth[k])!r} (bound {run.grad_errors[k]!r})"
            raise Wrong(f"seed {program.seed}: the gradient of v{k} is {known}\n{program.text(run.values)}")
    return len(places) if truth else 0


def well(x: float, bound: Any) -> bool:
    """Whether a number is known well enough to be judged."""
    return bound is not None and math.isfinite(x) and bound <= 1e-6 * abs(x) and 1e-250 < abs(x) < 1e250
