"""Functions of lists against their closed forms in 50 digits: values, gradients, and numbers far out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import Value, functional, grad

mpmath = pytest.importorskip("mpmath")
LISTS = st.lists(st.floats(-30.0, 30.0), min_size=1, max_size=5)


def logsumexp(xs):
    with mpmath.workdps(50):
        return mpmath.log(mpmath.fsum(mpmath.exp(x) for x in xs))


def shares(xs):
    with mpmath.workdps(50):
        e = [mpmath.exp(x) for x in xs]
        return [float(x / mpmath.fsum(e)) for x in e]


@given(LISTS)
def test_logsumexp_and_its_gradient(xs):
    leaves = [Value(x) for x in xs]
    out = functional.logsumexp(leaves)
    assert out.data == pytest.approx(float(logsumexp(xs)), rel=1e-14, abs=1e-14)
    assert grad(out, leaves) == pytest.approx(shares(xs), rel=1e-12, abs=1e-300)


@given(LISTS)
def test_softmax_and_its_logarithm(xs):
    found, expected = functional.softmax(list(map(Value, xs))), shares(xs)
    assert [p.data for p in found] == pytest.approx(expected, rel=1e-13)
    leaves = [Value(x) for x in xs]
    for i, out in enumerate(functional.log_softmax(leaves)):
        assert out.data == pytest.approx(float(xs[i] - logsumexp(xs)), rel=1e-13, abs=1e-13)
        assert grad(out, leaves) == pytest.approx([(i == j) - p for j, p in enumerate(expected)], rel=1e-10, abs=1e-14)


@given(LISTS)
def test_mean_and_norm(xs):
    leaves = [Value(x) for x in xs]
    mean, length = functional.mean(leaves), functional.norm(leaves)
    assert mean.data == pytest.approx(math.fsum(xs) / len(xs), rel=1e-13, abs=1e-13)
    assert grad(mean, leaves) == pytest.approx([1 / len(xs)] * len(xs))
    assert length.data == pytest.approx(math.hypot(*xs), rel=1e-14)
    if math.hypot(*xs) > 1e-100:
        assert grad(length, leaves) == pytest.approx([x / math.hypot(*xs) for x in xs], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("far", [1000.0, -1000.0])
def test_far_from_zero(far):
    xs = [far, far + 1.0, far - 2.0]
    assert functional.logsumexp([Value(x) for x in xs]).data == pytest.approx(far + float(logsumexp([0, 1, -2])), rel=1e-15)
    assert [p.data for p in functional.softmax([Value(x) for x in xs])] == pytest.approx(shares([0, 1, -2]), rel=1e-13)
    assert [p.data for p in functional.log_softmax([Value(x) for x in xs])] == pytest.approx(
        [x - float(logsumexp([0, 1, -2])) for x in (0, 1, -2)], rel=1e-13
    )
    assert functional.norm([Value(1e300), Value(1e300)]).data == pytest.approx(math.sqrt(2) * 1e300)


def test_argmax_is_the_first_of_equals_and_the_first_nan():
    assert [functional.argmax(xs) for xs in ([1, 3, 2], [3, 1, 3], [-5], [1.0, math.nan, 9.0, math.nan], [-1, -2])] == [1, 0, 0, 1, 0]
    assert functional.argmax([Value(1.0), Value(4.0), 2.0]) == 1


@pytest.mark.parametrize("name", ["argmax", "mean", "logsumexp", "softmax", "log_softmax", "norm"])
def test_lists_are_asked_for_by_name(name):
    f = getattr(functional, name)
    with pytest.raises(ValueError, match=rf"^{name} of an empty list is not defined"):
        f([])
    for wrong in (Value(1.0), 3.0, "12"):
        with pytest.raises(TypeError, match=rf"^{name} is of a list of numbers, not of "):
            f(wrong)
    for rows in ([[1.0, 2.0]], [(1.0,)], [[1.0], 2.0]):
        with pytest.raises(TypeError, match=rf"^{name} is of one list of numbers; of each row: \[{name}\(row\) for row in rows\]"):
            f(rows)
    assert f(x for x in (Value(1.0), Value(2.0))) is not None  # any iterable


def test_rows_of_an_array_are_rows():
    np = pytest.importorskip("numpy")
    with pytest.raises(TypeError, match="of each row"):
        functional.softmax(np.ones((2, 2)))
    with pytest.raises(TypeError, match="of each row"):
        functional.softmax([np.ones(2), 1.0])
    assert functional.mean(np.array([1.0, 2.0])) == 1.5  # numbers in, a number out
