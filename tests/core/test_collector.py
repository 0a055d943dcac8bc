"""The garbage collector waits while graphs are made, and everything is put back when other things are."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from micrograd import Value, collector


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    enabled, before = gc.isenabled(), gc.get_threshold()
    collector._Patience.ours = ()
    gc.enable()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)
    if not enabled:
        gc.disable()
    collector._Patience.ours = ()


@pytest.fixture
def looks() -> Iterator[list[int]]:
    """The generation of each collection."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            found.append(info["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def chain(n: int) -> Value:
    x = Value(1.0)
    for _ in range(n):
        x = x + 1.0
    return x


def step(n: int) -> None:
    chain(n).backward()


def other_things(n: int) -> list[Any]:
    return [[] for _ in range(n)]


def test_the_next_graph_is_made_without_looks(looks: list[int]) -> None:
    step(20_000)
    assert len(looks) > 20
    assert gc.get_threshold()[0] == 40_000
    for _ in range(5):
        looks.clear()
        step(20_000)
        assert len(looks) <= 1


def test_other_things_put_everything_back() -> None:
    step(20_000)
    other_things(50_000)
    assert gc.get_threshold() == (700, 10, 10)
    other_things(50_000)
    assert gc.get_threshold() == (700, 10, 10)
    step(20_000)
    assert gc.get_threshold()[0] == 40_000


def test_without_a_look_it_would_stay() -> None:
    step(20_000)
    gc.callbacks.remove(collector._look)
    other_things(50_000)
    assert gc.get_threshold()[0] == 40_000


@pytest.mark.parametrize("n", [10, 5_000])
def test_small_graphs_change_nothing(n: int) -> None:
    step(n)
    assert gc.get_threshold() == (700, 10, 10)


def test_what_others_set_stands() -> None:
    gc.set_threshold(100_000, 5, 5)
    step(20_000)
    assert gc.get_threshold() == (100_000, 5, 5)
    gc.set_threshold(0, 5, 5)
    step(20_000)
    assert gc.get_threshold() == (0, 5, 5)
    gc.set_threshold(700, 10, 10)
    gc.disable()
    step(20_000)
    assert gc.get_threshold() == (700, 10, 10)
    assert not gc.isenabled()
    gc.enable()
    step(20_000)
    gc.set_threshold(900, 8, 8)  # in between
    other_things(50_000)
    assert gc.get_threshold() == (900, 8, 8)
    step(20_000)
    other_things(100_000)
    assert gc.get_threshold() == (900, 8, 8)


def test_a_larger_graph_waits_longer_and_a_smaller_one_no_less() -> None:
    for n, expected in ((20_000, 40_000), (50_000, 100_000), (12_000, 100_000)):
        step(n)
        assert gc.get_threshold()[0] == expected
    collector.expect(10**9)
    assert gc.get_threshold()[0] == collector.MOST


def test_graphs_in_cycles_are_still_freed() -> None:
    """Of 30 graphs that refer to themselves no more than some are there at a time."""
    alive = [0]

    class Gone:
        def __init__(self) -> None:
            alive[0] += 1

        def __del__(self) -> None:
            alive[0] -= 1

    most = 0
    for _ in range(30):
        root: Any = chain(15_000)
        root.backward()
        root.me, root.gone = root, Gone()
        most = max(most, alive[0])
    assert most <= 8
