"""The numbers of arguments, read at once where their structure is known: as they are read one by one, or not at all."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Value

np = pytest.importorskip("numpy")

from micrograd.compiler.tracing import arguments, reading  # noqa: E402

Numbers = st.one_of(st.floats(), st.integers(-(2**31), 2**31 - 1))
Nested = st.recursive(Numbers, lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple), max_leaves=20)


def bits(xs: Any) -> bytes:
    return struct.pack(f"{len(xs)}d", *xs)


def one_by_one(x: Any) -> tuple[Any, list[float]]:
    flat: list[float] = []
    return arguments.structure(x, flat), flat


def another(x: Any, draw: Any) -> Any:
    """Other numbers in the same nesting."""
    if isinstance(x, (list, tuple)):
        return type(x)(another(item, draw) for item in x)
    return draw(st.floats() if isinstance(x, float) else st.integers(-(2**31), 2**31 - 1))


@given(Nested, st.data())
def test_a_known_structure_is_read_as_number_by_number(x: Any, data: Any) -> None:
    shape, flat = one_by_one(x)
    if not flat:
        with pytest.raises(ValueError):
            reading.Known(shape)
        return
    known = reading.Known(shape)
    for y in (x, another(x, data.draw)):
        assert bits(known.read(y)) == bits(one_by_one(y)[1])


@given(Nested, Nested)
def test_another_structure_is_never_read_as_this_one(x: Any, y: Any) -> None:
    (shape, flat), (other, _) = one_by_one(x), one_by_one(y)
    if flat:
        assert (reading.Known(shape).read(y) is not None) == (shape == other)


@pytest.mark.parametrize(
    "y",
    [[True, 2.0], [1.0, 2.0], [1, 2], [1, np.float64(2.0)], [2**31, 2.0], [1, 2.0, 3.0], (1, 2.0), [[1], 2.0], [1, None], [1, "2.0"],
     [1, Value(2.0)], [1, Fraction(2)], [1, b"12345678"], np.array([1, 2.0]), [1, np.zeros(2)], [1, 2j], b"[\x02\0\0\0", None],
)  # fmt: skip
def test_what_only_looks_alike(y: Any) -> None:
    assert reading.Known(one_by_one([1, 2.0])[0]).read(y) is None


def test_a_mask_that_hides_types_would_be_seen() -> None:
    known = reading.Known(one_by_one([1.0, 2.0])[0])
    known.mask[:], known.text = 0, bytes(known.size)
    assert known.read((1.0, 2.0)) is not None  # which is what the tests above refuse


@given(st.lists(st.lists(st.tuples(st.floats(), st.integers(-9, 9)), min_size=1, max_size=3), min_size=3, max_size=6))
def test_call_after_call(calls: Any) -> None:
    reader = reading.Reader()
    for xs in calls:
        x, k = [[a] for a, _ in xs], [n for _, n in xs]
        shapes, numbers = reader.numbers((x, np.array(k), k))
        assert bits(numbers) == bits([a for a, _ in xs] + k + k)
        assert shapes == (one_by_one(x)[0], ("array", (len(k),), "int"), one_by_one(k)[0])
        each, columns = reader.samples((x, k))
        assert each == (("list", "float", 1), "int")
        assert [bits(row) for row in columns] == [bits([a for a, _ in xs]), bits(k)]


def test_arrays_are_copied_and_may_lie_anyhow() -> None:
    reader = reading.Reader()
    x = np.arange(12.0, dtype=np.float32).reshape(3, 4)[:, ::2]
    shapes, numbers = reader.numbers((x, np.array(2**63, dtype=np.uint64), np.array([True])))
    assert shapes == (("array", (3, 2), "float"), ("array", (), "int"), ("array", (1,), "bool"))
    assert numbers.tolist() == [0, 2, 4, 6, 8, 10, 2.0**63, 1.0]
    x = np.zeros(3)
    numbers = reader.numbers((x,))[1]
    x += 1.0
    assert numbers.tolist() == [0.0, 0.0, 0.0]


def test_a_repeated_call_follows_types_and_lengths() -> None:
    step = micrograd.compile(lambda xs: sum((x * x for x in xs), Value(0.0)), [], backend="numpy")
    for xs in (
        [1.0, 2.0],
        [3.0, 4.0],
        [5.0, 6.0],
        [5, 6],
        [True, 2.0],
        [1.0, 2.0, 3.0],
        [1.5, 2.5],
        [math.inf, 1.0],
        (1.0, 2.0),
        [-0.0, 7.0],
    ):
        for _ in range(3):
            expected = sum(0.0 if isinstance(x, bool) and not x else x * x for x in xs)
            assert step(xs) == expected


@pytest.mark.parametrize("bad", [3, -1, 1.5, math.nan, math.inf, -math.inf, 1e300])
def test_an_index_outside_is_refused(bad: float) -> None:
    from micrograd.nn.effects import lookup

    step = micrograd.compile(lambda i: lookup([Value(1.0), Value(2.0), Value(4.0)], i), backend="numpy")
    assert [step(np.array(float(i))) for i in range(3)] == [1.0, 2.0, 4.0]
    with pytest.raises(IndexError, match=r"outside 0 … 2"):
        step(np.array(float(bad)))


def test_masked_numbers_are_no_numbers() -> None:
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    alone = micrograd.compile(lambda xs: xs[0] * 2 + xs[1], [], backend="numpy")
    batch = micrograd.compile(lambda x: x * 2, [], batch=True, backend="numpy")
    for step in (alone, batch):
        with pytest.raises(TypeError, match="has masked numbers: fill them"):
            step(masked)
    assert alone(np.ma.array([1.0, 2.0])) == 4.0


def test_memory_that_may_change_is_no_constant() -> None:
    step = micrograd.compile(lambda xs: Value(1.0) * xs[0], [], backend="numpy")
    with pytest.raises(TypeError, match="a constant that can be hashed, not memoryview"):
        step(memoryview(np.ones(2)))
