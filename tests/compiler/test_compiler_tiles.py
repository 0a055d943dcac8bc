"""A large batch run in tiles is the same batch: against the eager engine, and against one machine for all samples."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value, ops, optim
from micrograd.compiler import take
from micrograd.compiler.tiers import tiles
from micrograd.nn import Dropout, Linear, Sequential, Tanh

np = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def small(monkeypatch: Any) -> None:
    monkeypatch.setattr(tiles, "CACHE", 1)
    monkeypatch.setattr(tiles, "LEAST", 8)


W = [Value(x, label=f"w{i}") for i, x in enumerate((0.3, -1.2, 0.7))]


def sample(x: Any, k: Any) -> Any:
    """Loss of one sample: it has a look-up, a number that no sample changes, and one that only parameters make."""
    decay = 0.01 * sum(w * w for w in W)
    h = (W[0] * x[0] + W[1] * x[1]).tanh()
    h.label = "h"
    return (h - take(W, k)) ** 2 + decay, h


def data(n: int) -> tuple[list[list[float]], list[int]]:
    rng = random.Random(n)
    return [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(n)], [rng.randrange(3) for _ in range(n)]


def eager(X: Any, K: Any) -> tuple[float, float, list[float]]:
    for w in W:
        w.grad = 0
    pairs = [sample(x, k) for x, k in zip(X, K, strict=True)]
    root = ops.sum_(*(a for a, _ in pairs)) / len(pairs)
    root.backward()
    return root.data, sum(h.data for _, h in pairs) / len(pairs), [w.grad for w in W]


@pytest.mark.parametrize("backend", ["reference", "numpy"])
@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 60))
def test_any_number_of_samples(backend: str, n: int) -> None:
    X, K = data(n)
    step = micrograd.compile(sample, W, batch=True, backend=backend)
    (loss, mean), grads = step.value_and_grad(X, K)
    machine = step._latest[1]
    assert isinstance(machine, tiles.TiledMachine) == (n >= 16)
    expected = eager(X, K)
    assert (loss, mean) == pytest.approx(expected[:2], rel=1e-13)
    assert grads.tolist() == pytest.approx(expected[2], rel=1e-12)
    assert step(X, K) == pytest.approx((loss, mean), rel=1e-14)


def test_numbers_in_between_can_be_asked_for() -> None:
    X, K = data(29)
    step = micrograd.compile(sample, W, batch=True, backend="numpy")
    step.value_and_grad(X, K)
    found = step.value_of("h"), step.grad_of("h")
    assert len(found[0]) == len(found[1]) == 29
    for i, (x, k) in enumerate(zip(X, K, strict=True)):
        root, h = sample(x, k)
        root.backward()
        assert found[0][i] == pytest.approx(h.data, rel=1e-13)
        assert found[1][i] == pytest.approx(h.grad / 29, rel=1e-12)


def test_training_in_tiles_is_training(monkeypatch: Any) -> None:
    def run() -> list[float]:
        net = Sequential(Linear(2, 5, rng=random.Random(1)), Tanh(), Linear(5, 1, rng=random.Random(2)))
        X, K = data(50)
        step = micrograd.compile(lambda x, k: (net(x)[0] - k) ** 2, net, batch=True, backend="numpy")
        losses = step.train(optim.Adam(net, lr=0.02), (X, K), steps=30, batch_size=37, rng=random.Random(0))
        assert losses[-1] < losses[0]
        return [p.data for p in net.parameters()]

    in_tiles = run()
    monkeypatch.setattr(tiles, "LEAST", 1000)
    assert in_tiles == pytest.approx(run(), rel=1e-9)


def test_drawn_numbers_are_drawn_sample_by_sample(monkeypatch: Any) -> None:
    def run() -> float:
        net = Sequential(Linear(2, 6, rng=random.Random(1)), Dropout(0.5, rng=random.Random(7)), Linear(6, 1, rng=random.Random(2)))
        X, _ = data(41)
        return float(micrograd.compile(lambda x: net(x)[0] ** 2, net, batch=True, backend="numpy")(X))

    in_tiles = run()
    monkeypatch.setattr(tiles, "LEAST", 1000)
    assert in_tiles == pytest.approx(run(), rel=1e-13)


def test_input_gradients_and_anomalies_need_the_whole_batch() -> None:
    X, K = data(40)
    step = micrograd.compile(sample, W, batch=True, backend="numpy", input_grads=True)
    _, _, by_input = step.value_and_grad(X, K)
    assert len(by_input) == 40
    with micrograd.detect_anomaly(), pytest.raises(ArithmeticError, match="in sample 33"):
        X[33][0] = float("inf")
        micrograd.compile(lambda x: W[0] * x, W, batch=True, backend="numpy")([x[0] for x in X])


def test_native_code_in_tiles(tmp_path_factory: Any, monkeypatch: Any) -> None:
    pytest.importorskip("numba")
    monkeypatch.setenv("MICROGRAD_CACHE", str(tmp_path_factory.getbasetemp() / "micrograd"))
    X, K = data(45)
    step = micrograd.compile(sample, W, batch=True, backend="numba")
    (loss, _), grads = step.value_and_grad(X, K)
    expected = eager(X, K)
    assert loss == pytest.approx(expected[0], rel=1e-13)
    assert grads.tolist() == pytest.approx(expected[2], rel=1e-12)


def test_threads_share_the_tiles_and_change_no_bit(c_compiler: None) -> None:
    X, K = data(8 * 13 + 5)
    found = []
    for threads in (1, 2, 3, 50):
        step = micrograd.compile(sample, W, batch=True, backend="c", threads=threads)
        (loss, mean), grads = step.value_and_grad(X, K)
        shared = step._latest[1]._shared  # type: ignore[index, union-attr]
        assert shared.threads == len(shared.machines) == min(threads, 13)
        found.append((loss, mean, grads.tolist(), step(X, K)))
    assert found.count(found[0]) == len(found)
    loss, mean, grads, called = found[0]
    expected = eager(X, K)
    assert (loss, mean) == called == pytest.approx(expected[:2], rel=1e-13)
    assert grads == pytest.approx(expected[2], rel=1e-12)


def test_what_passes_nothing_is_left_out_in_threads_too(c_compiler: None) -> None:
    w = Value(0.7)
    step = micrograd.compile(lambda x: (w * x).relu().sqrt(), [w], batch=True, backend="c", threads=2)
    xs = [1.0] * 30 + [-1.0] * 3
    value, (slope,) = step.value_and_grad(xs)
    assert value == pytest.approx(0.7**0.5 * 30 / 33) and slope == pytest.approx(0.5 * 0.7**-0.5 * 30 / 33)


def test_training_in_threads_is_training(c_compiler: None) -> None:
    def run(backend: str) -> list[float]:
        net = Sequential(Linear(2, 5, rng=random.Random(1)), Tanh(), Linear(5, 1, rng=random.Random(2)))
        X, K = data(50)
        step = micrograd.compile(lambda x, k: (net(x)[0] - k) ** 2, net, batch=True, backend=backend)
        step.train(optim.Adam(net, lr=0.02), (X, K), steps=30)
        return [p.data for p in net.parameters()]

    assert run("c") == pytest.approx(run("numpy"), rel=1e-9)


@pytest.mark.parametrize("threads", [0, 1.5, "two"])
def test_threads_are_a_whole_number(threads: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="threads must be"):
        micrograd.compile(sample, W, batch=True, threads=threads)
