"""The benchmarks measure one thing on every engine: gradients of every workload agree. No timing here."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks import native, workloads
from benchmarks.workloads import Workload, engine

SMALL: dict[str, Callable[..., Workload]] = {
    "W1": workloads.readme,
    "W2": lambda e: workloads.chain(e, 100),
    "W3": lambda e: workloads.moons(e, samples=5),
    "W4": lambda e: workloads.digits(e, batch=2, width=4),
    "W5": lambda e: workloads.gpt(e, positions=3, width=8, heads=2),
    "W6": lambda e: workloads.images(e, batch=1),
}


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    """The original sorts by recursion."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(limit)


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-14)


@pytest.mark.parametrize("name", [n if n != "W6" else pytest.param(n, marks=pytest.mark.slow) for n in SMALL])
def test_engines_agree(name: str) -> None:
    (loss, ours), (original, theirs) = (SMALL[name](engine(e)).gradients() for e in ("micrograd", "original"))
    assert close(loss, original)
    assert all(map(close, ours, theirs))
    assert any(theirs)


@pytest.mark.parametrize("name", ["W3", "W4", "W5"])
def test_gradients_are_finite_differences(name: str) -> None:
    work = SMALL[name](engine("micrograd"))
    _, gradients = work.gradients()
    for i in range(0, len(work.params), len(work.params) // 7):
        p = work.params[i]
        at, h = p.data, 1e-5
        p.data = at + h
        above = work.loss(*work.inputs).data
        p.data = at - h
        below = work.loss(*work.inputs).data
        p.data = at
        assert gradients[i] == pytest.approx((above - below) / (2 * h), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", ["W3", "W4", "W5"])
def test_a_step_learns_the_same(name: str) -> None:
    works = [SMALL[name](engine(e)) for e in ("micrograd", "original")]
    losses: Any = [[w.step() for _ in range(3)] for w in works]
    assert losses[0][2] < losses[0][0]
    assert all(map(close, losses[0], losses[1]))
    assert all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(*(w.data() for w in works), strict=True))


def test_shapes_cover_the_parameters() -> None:
    for make in SMALL.values():
        work = make(engine("micrograd"))
        assert sum(math.prod(shape) for shape in work.shapes.values()) == len(work.params)


@pytest.mark.skipif(native.compiler() is None, reason="no C compiler")
@pytest.mark.parametrize(
    "make",
    [
        lambda e: workloads.moons(e, samples=11),
        lambda e: workloads.moons(e, samples=301, width=6),
        lambda e: workloads.digits(e, batch=3, width=5),
        lambda e: workloads.gpt(e, positions=3, width=8),
        lambda e: workloads.gpt(e, positions=10),
    ],
    ids=["moons 11", "moons 301", "digits 3", "gpt 3", "gpt 10"],
)
def test_c_agrees(make: Callable[..., Workload]) -> None:
    work = make(engine("micrograd"))
    c = native.Native(work)
    (loss, ours), (c_loss, theirs) = work.gradients(), c.gradients()
    assert close(loss, c_loss)
    assert all(map(close, ours, theirs))
    assert sys.float_info.min / 2 > 0, "loading the C must leave subnormal numbers alone"
    losses = [work.step() for _ in range(3)]
    assert close(c.train(3), losses[-1])
    assert all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(c.params, work.data(), strict=True))
