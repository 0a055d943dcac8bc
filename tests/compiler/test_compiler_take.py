"""Look-ups by integers that are known only when the program runs: against the eager engine, which just indexes."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value
from micrograd.compiler import take

np = pytest.importorskip("numpy")
from small_losses import eager  # noqa: E402

BACKENDS = ["reference", "numpy", "numba"]


def agree(backend: str, loss: Any, params: list[Value], *many: Any, **options: Any) -> Any:
    """One trace serves every set of inputs."""
    if backend == "numba":
        pytest.importorskip("numba")
    step = micrograd.compile(loss, params, backend=backend, **options)
    for inputs in many:
        value, grads = eager(loss, params, *inputs)
        found, gradient, *_ = step.value_and_grad(*inputs)
        assert found == pytest.approx(value, rel=1e-13)
        assert gradient.tolist() == pytest.approx(grads, rel=1e-12, abs=1e-15)
    step.program.verify()
    assert len(step._plans) == 1
    return step


def numbers(n: int, seed: int = 0) -> list[Value]:
    rng = random.Random(seed)
    return [Value(rng.uniform(-1, 1)) for _ in range(n)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_of_an_embedding_one_of_them_twice(backend: str) -> None:
    flat = numbers(30)
    rows = [flat[3 * i : 3 * i + 3] for i in range(10)]

    def loss(tokens: Any) -> Any:
        found = [take(rows, t) for t in tokens]
        return sum(((a * b).tanh() for row in found for a, b in zip(row, found[0], strict=True)), Value(0.0))

    step = agree(backend, loss, flat, ([1, 4, 4, 9],), ([0, 0, 0, 0],), ([9, 8, 7, 9],))
    assert step.program.scalars < 90  # one scalar a number that is looked up, not one a row


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_class_among_computed_numbers_and_rows_that_are_not_params(backend: str) -> None:
    w = numbers(4)

    def plain(x: Any, k: Any, m: Any) -> Any:
        scores = [(a * x).exp() for a in w]
        return scores[k].log() * [0.5, 2.0, 8.0][m] + [w[0], scores[2], Value(3.0)][m] - 1.0

    if backend == "numba":
        pytest.importorskip("numba")

    def loss(x: Any, k: Any, m: Any) -> Any:
        scores = [(a * x).exp() for a in w]
        return take(scores, k).log() * take([0.5, 2.0, 8.0], m) + take([w[0], scores[2], Value(3.0)], m) - 1.0

    step = micrograd.compile(loss, w, backend=backend)
    for inputs in ((0.7, 3, 0), (-1.2, 0, 1), (0.1, 2, 2)):
        value, grads = eager(plain, w, *inputs)
        found, gradient = step.value_and_grad(*inputs)
        assert found == pytest.approx(value, rel=1e-13)
        assert gradient.tolist() == pytest.approx(grads, rel=1e-12, abs=1e-15)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(6)), picks=st.lists(st.integers(0, 5), min_size=1, max_size=5), seed=st.integers(0, 9))
def test_rows_in_any_order_and_of_any_kind(order: list[int], picks: list[int], seed: int) -> None:
    flat = numbers(6, seed)

    def loss(places: Any) -> Any:
        made = [p * 2.0 if i % 2 else p for i, p in enumerate(flat)]
        rows = [made[i] for i in order]
        total = Value(0.0)
        for k, p in enumerate(places):
            total = total + take(rows[k:] + rows[:k], p) * (k + 1.0) * take(rows, p)
        return total

    for backend in ("reference", "numpy"):
        agree(backend, loss, flat, (picks,), ([5 - p for p in picks],))


@pytest.mark.parametrize("backend", BACKENDS)
def test_look_ups_in_a_batch(backend: str) -> None:
    """The index of each sample; in rows of parameters, of sample's numbers, and of both."""
    if backend == "numba":
        pytest.importorskip("numba")
    flat = numbers(12)
    rows = [flat[2 * i : 2 * i + 2] for i in range(5)]

    def sample(x: Any, k: Any) -> Any:
        a, b = take(rows, k)
        scores = [(a * x).tanh(), (b + x) * a, b, flat[11] * flat[10]]
        return take(scores, k) ** 2 + a * b

    def plain(X: Any, K: Any) -> Any:
        return sum((sample(x, k) for x, k in zip(X, K, strict=True)), Value(0.0)) / len(X)

    step = micrograd.compile(sample, flat, batch=True, backend=backend)
    for X, K in (([0.3, -1.0, 2.0], [0, 3, 3]), ([1.5], [2]), ([0.1] * 5, [0, 1, 2, 3, 1])):
        value, grads = eager(plain, flat, X, K)
        found, gradient = step.value_and_grad(X, K)
        assert found == pytest.approx(value, rel=1e-13)
        assert gradient.tolist() == pytest.approx(grads, rel=1e-12, abs=1e-15)


def test_exact_adds_up_look_ups_as_the_eager_engine() -> None:
    flat = numbers(8)

    def loss(tokens: Any) -> Any:
        return sum((take(flat, t) * take(flat, t).exp() for t in tokens), Value(0.0)) * 0.1

    step = micrograd.compile(loss, flat, exact=True)
    for tokens in ([1, 1, 1, 6], [0, 7, 3, 7]):
        value, grads = eager(loss, flat, tokens)
        found, gradient = step.value_and_grad(tokens)
        assert found == value and gradient.tolist() == grads


def test_a_large_table_costs_no_more_than_a_small_one() -> None:
    """In instructions and points, which are what is counted here: 2,000 rows against 20."""

    def points(n: int) -> int:
        flat = numbers(n)
        step = micrograd.compile(lambda t: sum((take(flat, i) ** 2 for i in t), Value(0.0)), flat, backend="numpy")
        step.value_and_grad([1, 2, 3, 19])
        return sum(s.size for s in step.program.forward)

    assert points(2000) == points(20)


def test_an_index_outside_its_table_is_refused() -> None:
    flat = numbers(5)
    step = micrograd.compile(lambda i: take(flat, i) * 1.0, flat)
    step(4)
    with pytest.raises(IndexError, match=r"an index among the inputs is 5, outside 0 … 4"):
        step(5)


def test_what_is_looked_up_says_so() -> None:
    flat = numbers(30)
    rows = [flat[3 * i : 3 * i + 3] for i in range(10)]
    step = micrograd.compile(lambda t: sum((a for i in t for a in take(rows, i)), Value(0.0)) ** 2, flat, backend="numpy")
    step.value_and_grad([1, 2])
    assert "p[j + 3 x1[i]]" in str(step.program)


@pytest.mark.parametrize("kind", [int, float])
def test_look_ups_of_different_sizes_over_a_batch(kind: Any) -> None:
    """Each index has the limit of its own table: 35 is a person, and no film."""
    people, films = ([Value(float(k)) for k in range(n)] for n in (40, 30))
    step = micrograd.compile(lambda u, i: take(people, u) * take(films, i), [*people, *films], batch=True, backend="numpy")
    users, items = [kind(35), kind(3)], [kind(4), kind(29)]
    value, gradients = step.value_and_grad(users, items)
    assert value == (35 * 4 + 3 * 29) / 2
    assert gradients[35] == 4 / 2 and gradients[40 + 29] == 3 / 2
    with pytest.raises(IndexError, match="35"):
        step.value_and_grad(items, users)
