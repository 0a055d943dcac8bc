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
        assert [bits(found) for found in numbers] == [bits([a for a, _ in xs]), bits(k), bits(k)]
        assert shapes == (one_by_one(x)[0], ("array", (len(k),), "int"), one_by_one(k)[0])
        each, numbers = reader.samples((x, k))
        assert each == (("list", "float", 1), "int")
        assert [bits(found.reshape(-1)) for found in numbers] == [bits([a for a, _ in xs]), bits(k)]


def forms(x: Any) -> dict[str, Any]:
    """The same numbers, small whole ones, in arrays that lie and are written in other ways."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]))
    wide[..., ::2] = x
    still = x.copy()
    still.flags.writeable = False
    shifted = np.zeros(8 * x.size + 1, np.uint8)[1:].view(np.float64).reshape(x.shape)
    shifted[...] = x
    kinds = {kind: x.astype(kind) for kind in (">f8", "f4", "f2", "g", "i8", ">i8", "i4", "u1", "u8")}
    return kinds | {
        "plain": x, "every other": wide[..., ::2], "backwards": x[::-1].copy()[::-1], "Fortran's": np.asfortranarray(x),
        "read only": still, "shifted": shifted, "a subclass": x.view(np.matrix) if x.ndim == 2 else x.view(np.recarray),
        "filled": np.ma.array(x), "lists": x.tolist(), "whole lists": x.astype(int).tolist(),
    }  # fmt: skip


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_arrays_that_lie_anyhow_are_their_numbers(batch: bool, turned: bool) -> None:
    """turned: the program has its inputs with the samples side by side, which `exact` does not (see `passes.layout`)."""
    w = [[Value(0.5 + i - j) for j in range(3)] for i in range(4)]

    def one(row: Any, k: Any) -> Value:
        acts = [sum((wi * xi for wi, xi in zip(ws, row, strict=True)), Value(0.0)).tanh() for ws in w]
        return sum((a * (i + 1.5) for i, a in enumerate(acts)), k * row[2] + row[1])

    def loss(rows: Any, ks: Any) -> Value:
        return sum((one(row, k) * (i + 1) for i, (row, k) in enumerate(zip(rows, ks, strict=True))), Value(0.0))

    x, k = np.arange(15.0).reshape(5, 3), np.arange(5.0)[::-1].copy()
    true = np.mean([one(*sample).data for sample in zip(x.tolist(), k, strict=True)]) if batch else loss(x.tolist(), k.tolist()).data
    step = micrograd.compile(one if batch else loss, backend="numpy", batch=batch, exact=not (turned or batch))
    for name, form in forms(x).items():
        for other, ks in forms(k).items():
            for _ in range(3):  # where its form is new, has come before, and is known
                assert step(form, ks) == pytest.approx(true, rel=1e-14), (name, other)
    assert batch or (len(step.latest.inputs.axes[0][1]) == 2) == turned


def test_a_call_has_the_numbers_of_its_arrays_at_that_moment() -> None:
    x, scale = np.array([1.0, 2.0]), Value(3.0)
    step = micrograd.compile(lambda xs: xs[0] * scale + xs[1], [scale], backend="numpy")
    for _ in range(3):
        assert step(x) == 3 * x[0] + x[1]
        assert step.value_and_grad(x)[1].tolist() == [x[0]]
        x[0] += 1.0
        assert step.value_of(scale) == 3.0 and step.grad_of(scale) == x[0] - 1.0


@given(st.lists(st.floats(), min_size=1, max_size=5), st.data())
def test_every_parameter_that_was_set_is_read_again(xs: list[float], data: Any) -> None:
    params = [Value(1.0) for _ in xs]
    step = micrograd.compile(lambda: (Value(0.0), *params), params, backend="numpy")
    for _ in range(3):
        for k in data.draw(st.sets(st.integers(0, len(xs) - 1))):
            params[k].data = xs[k]
        assert bits(step()[1:]) == bits([p.data for p in params])


def test_a_refused_index_leaves_the_call_before_as_it_was() -> None:
    from micrograd.nn.effects import lookup

    table = [Value(1.0), Value(2.0), Value(4.0)]
    step = micrograd.compile(lambda x, i: lookup(table, i) * x, table, backend="numpy")
    for form in (int, np.int64, np.array, lambda i: np.array(i, dtype=">i4"), lambda i: np.array(i, dtype=np.uint8), float):
        assert step.value_and_grad(np.array(5.0), form(2))[0] == 20.0
        with pytest.raises(IndexError, match=r"an index among the inputs is 3, outside 0 … 2"):
            step(np.array(7.0), form(3))
        assert step.machine.inputs[step.program.inputs].tolist() == [5.0, 2.0]
    with pytest.raises(IndexError, match=r"is -1, outside 0 … 2"):
        step(np.array(7.0), -1)


def test_indices_among_other_numbers_and_of_several_tables() -> None:
    from micrograd.nn.effects import lookup

    short, long = [Value(1.0), Value(2.0)], [Value(float(i)) for i in range(10, 50)]
    step = micrograd.compile(lambda rows: sum((lookup(short, a) * lookup(long, b) + c for a, b, c in rows), Value(0.0)), backend="numpy")
    for rows in ([[0, 39, 7], [1, 20, -8]], [[1, 1, 2**40], [1, 0, -1]]):
        true = sum(short[a].data * long[b].data + c for a, b, c in rows)
        assert [step(form) for form in (np.array(rows), np.array(rows, dtype=float), rows)] == [true] * 3
    for bad in ([[2, 5, 0], [0, 0, 0]], [[0, 0, 0], [1, 40, 0]], [[0, -1, 0], [0, 0, 0]]):
        for form in (np.array(bad), np.array(bad, dtype=float), bad):
            with pytest.raises(IndexError, match="an index among the inputs is"):
                step(form)


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
