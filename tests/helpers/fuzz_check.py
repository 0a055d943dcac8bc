"""How the fuzz judges a program: the ways to run it, and the error that names its seed, its numbers and its text."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import fuzz_bounds
import micrograd
from fuzz_bounds import Run, allowed, identical
from fuzz_exact import gradient_in_many_digits
from fuzz_programs import Program
from micrograd import Value, ops

POINTS = 4


Found = tuple[list[float], list[float]]  # the numbers of the outputs, the gradients of parameters and inputs


class Wrong(AssertionError):
    """Two runs disagree."""


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
