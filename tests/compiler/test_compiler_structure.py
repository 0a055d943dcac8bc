"""Graphs that differ in their leaves alone share one program; graphs that differ in anything else do not."""

from __future__ import annotations

import random
from typing import Any

import pytest

import micrograd
from micrograd import Value
from micrograd.compiler.passes import PASSES, known

np = pytest.importorskip("numpy")


@pytest.fixture
def lowerings(monkeypatch: Any) -> list[int]:
    """How many scalars each graph had that was lowered anew."""
    found: list[int] = []
    fuse = PASSES["fuse"]
    monkeypatch.setitem(PASSES, "fuse", lambda graph: found.append(len(graph)) or fuse(graph))
    monkeypatch.setattr(known, "_known", type(known._known)())
    return found


def net(seed: int, width: int = 3) -> list[Value]:
    rng = random.Random(seed)
    return [Value(rng.uniform(-1, 1)) for _ in range(2 * width)]


def loss(w: list[Value], xs: Any, scale: float = 1.0) -> Any:
    n = len(w) // 2
    hidden = [(a * x).tanh() for a, x in zip(w[:n], xs, strict=False)]
    hidden[0].label = "first"
    return sum((h * b for h, b in zip(hidden, w[n:], strict=False)), Value(0.0)) ** 2 * scale


def expect(step: Any, w: list[Value], xs: Any, scale: float = 1.0) -> None:
    value, grads = step.value_and_grad(xs)
    for p in w:
        p.grad = 0
    root = loss(w, xs, scale)
    root.backward()
    assert value == pytest.approx(root.data, rel=1e-13)
    assert grads.tolist() == pytest.approx([p.grad for p in w], rel=1e-12)


def test_a_new_net_of_the_same_shape_is_not_lowered_again(lowerings: list[int]) -> None:
    for seed in range(3):
        w = net(seed)
        step = micrograd.compile(lambda xs, w=w: loss(w, xs), w, backend="numpy")
        expect(step, w, [0.5, -1.0, 2.0 + seed])
        h = np.tanh(w[0].data * 0.5)
        assert step.value_of("first") == pytest.approx(h, rel=1e-13)  # each program knows its own Values
    assert len(lowerings) == 1


def test_sequences_of_a_length_seen_before(lowerings: list[int]) -> None:
    for seed, n in enumerate((2, 3, 2, 3, 2)):
        w = net(seed)
        step = micrograd.compile(lambda xs, w=w: loss(w, xs), w, backend="numpy")
        step([0.1] * n)
    assert len(lowerings) == 2


def test_existing_graphs_with_other_leaves(lowerings: list[int]) -> None:
    for x in (0.5, -2.0):
        w = net(1)
        inputs = [Value(x), Value(2 * x), Value(1.0)]
        root = loss(w, inputs)
        assert micrograd.lower(root, backend="numpy")() == pytest.approx(root.data, rel=1e-13)
    assert len(lowerings) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda w, xs: loss(w, xs, 2.0),  # a constant of the code
        lambda w, xs: loss(w, xs, float("nan")),
        lambda w, xs: loss(w[::-1], xs),  # who is where
        lambda w, xs: loss(w, xs) + 0.0 * w[0],
        lambda w, xs: loss([w[0].detach(), *w[1:]], xs),  # where gradients stop
        lambda w, xs: (loss(w, xs), w[0] * 2),  # what is asked for
    ],
    ids=["constant", "nan", "arguments", "term", "wall", "output"],
)
def test_anything_else_is_another_program(lowerings: list[int], change: Any) -> None:
    w, xs = net(0), [0.5, -1.0, 2.0]
    first = micrograd.compile(lambda xs: loss(w, xs), w, backend="numpy")
    first(xs)
    step = micrograd.compile(lambda xs: change(w, xs), w, backend="numpy")
    step(xs)
    assert len(lowerings) == 2
    found = change(w, xs)
    root = found[0] if isinstance(found, tuple) else found
    for p in w:
        p.grad = 0
    root.backward()
    value, grads = step.value_and_grad(xs)
    value = value[0] if isinstance(value, tuple) else value
    assert value == pytest.approx(root.data, rel=1e-13, nan_ok=True)
    assert grads.tolist() == pytest.approx([p.grad for p in w], rel=1e-12, nan_ok=True)
    expect(first, w, xs)


def test_exact_and_input_gradients_are_programs_of_their_own(lowerings: list[int]) -> None:
    w, xs = net(0), [0.5, -1.0, 2.0]
    for options in ({}, {"exact": True}, {"input_grads": True}):
        micrograd.compile(lambda xs: loss(w, xs), w, **options).value_and_grad(xs)
    assert len(lowerings) == 3


def test_the_oldest_are_forgotten(lowerings: list[int], monkeypatch: Any) -> None:
    monkeypatch.setattr(known, "KEPT", 2)
    for n in (1, 2, 3, 1):
        w = net(0)
        micrograd.compile(lambda xs, w=w: loss(w, xs), w, backend="numpy")([0.1] * n)
    assert len(lowerings) == 4 and len(known._known) == 2
