"""Derivatives as functions: of nested arguments, inside one another, in no_grad; what is refused, and what to write instead."""

from __future__ import annotations

import math
from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Value, explain, grad, hessian, hvp, jacobian, jvp, nn, no_grad, value_and_grad, vjp
from micrograd.nested import opened

np = pytest.importorskip("numpy")

reals = st.floats(-2.0, 2.0)


def slope(f, x, h=1e-5):
    """The derivative by central differences."""
    return (f(x + h) - f(x - h)) / (2 * h)


# --- grad(f), value_and_grad(f) ----------------------------------------------------------------------------------------


@given(reals, reals)
def test_the_gradient_of_a_function_is_a_function(x, y):
    def f(x, y):
        return (x * y).sin() + x**3

    closed = math.cos(x * y) * y + 3 * x * x, math.cos(x * y) * x
    assert grad(f)(x, y) == pytest.approx(closed[0], abs=1e-12)
    assert grad(f, argnums=1)(x, y) == pytest.approx(closed[1], abs=1e-12)
    assert grad(f, argnums=(1, 0))(x, y) == pytest.approx(closed[::-1], abs=1e-12)
    value, gradient = value_and_grad(f)(x, y)
    assert (value, gradient) == pytest.approx((math.sin(x * y) + x**3, closed[0]), abs=1e-12)
    assert type(value) is type(gradient) is float


@given(st.floats(-3.0, 3.0))
def test_derivatives_of_derivatives(x):
    f = micrograd.sin
    derivatives = [grad(f)(x), grad(grad(f))(x), grad(grad(grad(f)))(x)]
    assert derivatives == pytest.approx([math.cos(x), -math.sin(x), -math.cos(x)], abs=1e-14)


@given(reals, reals)
def test_a_derivative_inside_a_function_is_seen_by_the_one_around_it(w, x):
    """The inner function is given a plain number; what it closes over is differentiated all the same."""
    assert grad(lambda w: grad(lambda x: w**2 * x**3)(x))(w) == pytest.approx(2 * w * 3 * x * x, abs=1e-12)
    assert grad(lambda w: jvp(lambda x: w**2 * x**3, (x,), (1.0,))[1])(w) == pytest.approx(6 * w * x * x, abs=1e-12)
    assert grad(lambda w: hessian(lambda x: w**2 * x**3, (x,))[0][0])(w) == pytest.approx(12 * w * x, abs=1e-12)
    assert grad(lambda w: jacobian(lambda x: w**2 * x**3, (x,))[0][0])(w) == pytest.approx(6 * w * x * x, abs=1e-12)
    assert grad(lambda w: vjp(lambda x: w**2 * x**3, (x,), w)[1][0])(w) == pytest.approx(9 * w * w * x * x, abs=1e-11)
    assert grad(lambda w: hvp(lambda x: w**2 * x**3, (x,), (w,))[0])(w) == pytest.approx(18 * w * w * x, abs=1e-11)
    assert jvp(grad(lambda z: z**3), (x,), (1.0,)) == pytest.approx((3 * x * x, 6 * x), abs=1e-12)
    assert jvp(lambda w: w**2 * x, (w,), (1.0,)) == pytest.approx((w * w * x, 2 * w * x), abs=1e-12)


def test_one_value_given_twice_is_two_arguments():
    x = Value(3.0)
    assert grad(lambda a, b: a * a * b)(x, x).data == 18.0  # not 27: the second argument is held
    assert grad(lambda a: a * x)(x).data == 3.0


def test_values_in_values_out():
    x = Value(2.0)
    first = grad(lambda x: x**3)(x)
    assert first.data == 12.0 and grad(first, x) == 12.0  # d(3x²)/dx = 6x
    first.backward()
    assert x.grad == 12.0
    out, tangent = jvp(lambda x: x**3, (x,), (1.0,))
    assert (out.data, tangent.data, grad(tangent, x)) == (8.0, 12.0, 12.0)
    value, gradient = value_and_grad(lambda x: x**3, create_graph=True)(2.0)
    assert (value.data, gradient.data) == (8.0, 12.0)
    pushed = jvp(lambda x: x**3, (2.0,), (Value(1.0),))[1]
    assert pushed.data == 12.0


Line = namedtuple("Line", "slope offset")


def test_arguments_nest():
    assert grad(lambda w: w["a"][0] * w["a"][1] ** 2 + w["b"])({"a": [2.0, 3.0], "b": 1.0}) == {"a": [9.0, 12.0], "b": 1.0}
    assert grad(lambda p: p.slope * 3 + p.offset)(Line(2.0, 1.0)) == Line(3.0, 1.0)
    assert grad(lambda p: p[0] * p[1])((2, 3)) == (3.0, 2.0)
    found = grad(lambda w: np.sum(w**2))(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert found.dtype == float and found.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert grad(lambda w, x: (w @ x) ** 2)(np.array([1.0, 2.0]), np.array([3.0, 4.0])).tolist() == [66.0, 88.0]
    of_values = grad(lambda w: np.sum(w**3))(np.array([Value(1.0), Value(2.0)], dtype=object))
    assert of_values.dtype == object and [v.data for v in of_values] == [3.0, 12.0]
    assert grad(lambda x: x * x)(np.float64(3.0)) == 6.0 == grad(lambda x: x * x)(np.array(3.0))
    model = nn.Linear(2, 1)
    assert grad(lambda x: model(x)[0])([1.0, 2.0]) == [w.data for w in model.weight[0]]


NESTS = st.recursive(
    st.floats(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text("ab"), inner, max_size=2),
)


@given(NESTS)
def test_what_is_opened_is_filled_as_it_was(x):
    numbers = []
    fill = opened(x, numbers)
    assert fill(iter(numbers)) == x and all(type(n) is float for n in numbers)
    gradient = grad(lambda nest: micrograd.functional.mean([v * v for v in values(nest)] or [Value(0.0)]))(x)
    filled = []
    opened(gradient, filled)
    assert filled == pytest.approx([2 * n / len(numbers) for n in numbers])


def values(nest):
    found = []
    opened(nest, found)
    return found


def test_other_arguments_are_handed_on():
    def f(x, power, *, scale):
        assert power == 3 and type(scale) is str
        return x**power

    assert grad(f)(2.0, 3, scale="mm") == 12.0


def test_what_grad_of_a_function_refuses():
    def square(x):
        return x * x

    for call, word in (
        (lambda: grad(square, 2.0), r"write grad\(f\)\(2.0\)"),
        (lambda: grad(square, (2.0, 3.0)), r"write grad\(f\)\(2.0, 3.0\)"),
        (lambda: grad(Value(2.0)), r"grad\(output, inputs\)"),
        (lambda: grad(2.0, 3.0), "takes a function, or a Value"),
        (lambda: grad(lambda x: [x, x])(2.0), "one number.*jacobian"),
        (lambda: grad(lambda x: None)(2.0), "forget to return"),
        (lambda: grad(square)("2"), "argument 0: expected a Value or a real number, not str"),
        (lambda: grad(square)([1.0, "2"]), "argument 0: expected a Value or a real number, not str"),
        (lambda: grad(square, argnums=1)(2.0), "argument 1"),
        (lambda: grad(square, argnums=1.5), "argnums must be a whole number, not 1.5"),
        (lambda: grad(square, argnums="x"), "argnums must be a whole number, not 'x'"),
        (lambda: grad(Value(2.0) * 2, nn.Linear(1, 1)), r"model\.parameters\(\)"),
        (lambda: grad(square)(x=2.0), "argument 0 .*by name"),
        (lambda: grad(micrograd.compile(square, []))(2.0), r"value_and_grad\(…\)"),
        (lambda: hessian(square, 3.0), r"in a tuple: \(3.0,\)"),
        (lambda: jvp(square, 3.0, 1.0), r"in a tuple: \(3.0,\)"),
        (lambda: vjp(lambda x: "a", (3.0,), 1.0), "gives numbers, not 'a'"),
    ):
        with pytest.raises(TypeError, match=word):
            call()


def test_grad_by_what_is_no_value_is_refused_rather_than_0():
    x = Value(3.0)
    with pytest.raises(TypeError, match=r"write x, not x\.data"):
        grad(x * x, [x.data])
    with pytest.raises(TypeError, match="not str"):
        grad(x * x, "ab")
    with pytest.raises(TypeError, match="not str"):
        grad(x * x, x, upstream="2")
    assert grad(x * x, [x, [x]]) == [6.0, [6.0]] and grad(x * x, (x,)) == [6.0] and grad(x * x, iter([x])) == [6.0]


# --- in no_grad ---------------------------------------------------------------------------------------------------------


def test_no_grad_does_not_make_derivatives_0():
    with no_grad():
        assert grad(lambda x: x**3)(2.0) == 12.0
        assert hessian(lambda x: x**3, (2.0,)) == [[12.0]] and jacobian(lambda x: x**3, (2.0,)) == [[12.0]]
        assert jvp(lambda x: x**3, (2.0,), (1.0,)) == (8.0, 12.0) and vjp(lambda x: x**3, (2.0,), 1.0) == (8.0, [12.0])
        assert hvp(lambda x: x**3, (2.0,), (1.0,)) == [12.0]
        assert (Value(2.0) * 3).args == ()  # and afterwards it is on again

        def inner(x):
            with no_grad():
                return x * x

        assert grad(inner)(2.0) == 0.0  # the function's own no_grad holds
    assert len((Value(2.0) * 3).args) == 2


# --- nested arguments of the others ----------------------------------------------------------------------------------------


@given(st.lists(reals, min_size=2, max_size=2), reals)
def test_jacobian_hessian_and_their_products_of_nested_arguments(x, y):
    def f(x, y):
        return x[0] ** 2 * x[1] + (x[1] * y["b"]).sin()

    a, b = x
    at, cos, sin = (x, {"b": y}), math.cos(b * y), math.sin(b * y)
    gradient = [2 * a * b, a * a + cos * y, cos * b]
    h = [[2 * b, 2 * a, 0.0], [2 * a, -sin * y * y, cos - sin * b * y], [0.0, cos - sin * b * y, -sin * b * b]]

    (row,) = jacobian(f, at)
    assert [*row[0], row[1]["b"]] == pytest.approx(gradient, abs=1e-12)
    blocks = hessian(f, at)
    assert [blocks[0][0][k][m] for k in (0, 1) for m in (0, 1)] == pytest.approx([h[k][m] for k in (0, 1) for m in (0, 1)], abs=1e-12)
    assert [blocks[0][1][k]["b"] for k in (0, 1)] == pytest.approx([h[0][2], h[1][2]], abs=1e-12)
    assert blocks[1][0]["b"] == pytest.approx(h[2][:2], abs=1e-12)
    assert blocks[1][1]["b"]["b"] == pytest.approx(h[2][2], abs=1e-12)
    product = hvp(f, at, ([1.0, -2.0], {"b": 3.0}))
    assert [*product[0], product[1]["b"]] == pytest.approx([r[0] - 2 * r[1] + 3 * r[2] for r in h], abs=1e-11)
    _, pulled = vjp(f, at, 2.0)
    assert [*pulled[0], pulled[1]["b"]] == pytest.approx([2 * g for g in gradient], abs=1e-12)
    _, pushed = jvp(f, at, ([1.0, -2.0], {"b": 3.0}))
    assert pushed == pytest.approx(gradient[0] - 2 * gradient[1] + 3 * gradient[2], abs=1e-11)


def test_arrays_give_arrays():
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    ((h,),) = hessian(lambda x: x @ a @ x * 0.5, [np.array([1.0, 2.0])])
    assert h.dtype == float and h.tolist() == a.tolist()
    ((block,),) = hessian(lambda x: np.sum(x**3), [np.ones((2, 2))])
    assert block.shape == (2, 2, 2, 2) and np.allclose(block.reshape(4, 4), 6.0 * np.eye(4))
    rows = jacobian(lambda x: a @ x, [np.array([1.0, 2.0])])
    assert [row[0].tolist() for row in rows] == a.tolist()
    out, pushed = jvp(lambda x: a @ x, [np.array([1.0, 2.0])], [np.array([1.0, 0.0])])
    assert out.tolist() == [4.0, 7.0] and pushed.tolist() == [2.0, 1.0]
    named = vjp(lambda x: {"a": x[0] ** 2, "b": (x[1], x[0])}, [[3.0, 5.0]], {"a": 1.0, "b": (10.0, 100.0)})
    assert named == ({"a": 9.0, "b": (5.0, 3.0)}, [[106.0, 10.0]])
    assert jvp(lambda x: {"a": x[0] ** 2, "b": (x[1], x[0])}, [[3.0, 5.0]], [[1.0, 2.0]])[1] == {"a": 6.0, "b": (2.0, 1.0)}
    out, (pulled,) = vjp(lambda x: a @ x, [np.array([1.0, 2.0])], np.array([1.0, 0.0]))
    assert pulled.tolist() == [2.0, 1.0]
    assert hessian(lambda x, y: x * y, np.array([1.0, 2.0])) == [[0.0, 1.0], [1.0, 0.0]]  # an array of two arguments


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match=r"argument 0 has 2 number.*tangent 1"):
        jvp(lambda x: x[0], ([1.0, 2.0],), ([1.0],))
    with pytest.raises(ValueError, match="2 outputs, 1 cotangents"):
        vjp(lambda x: [x, x], (1.0,), [1.0])
    with pytest.raises(ValueError, match=r"argument 0 has 2 number.*vector 3"):
        hvp(lambda x: x[0] * x[1], ([1.0, 2.0],), ([1.0, 2.0, 3.0],))


def test_derivatives_under_compile():
    """∂/∂w of a penalty on ∂f/∂x, as differences say it; and numbers in, numbers out, as in eager."""
    w = Value(1.5)

    def penalty(x):
        return grad(lambda x: (w * x).tanh(), create_graph=True)(x) ** 2

    def plain(w, x=0.7):
        return (w * (1 - math.tanh(w * x) ** 2)) ** 2

    step = micrograd.compile(penalty, [w])
    for x in (0.7, 0.3):
        value, (found,) = step.value_and_grad(x)
        assert value == pytest.approx(plain(1.5, x)) and found == pytest.approx(slope(lambda w, x=x: plain(w, x), 1.5), rel=1e-6)

    for mixed in (
        lambda x: w * grad(lambda x: (w * x).tanh())(x),  # what is given a number gives one, by which nothing is differentiated
        lambda x: w * jvp(lambda x: (w * x).tanh(), (x,), (1.0,))[1],
        lambda x: w * value_and_grad(lambda x: (w * x).tanh())(x)[1],
        lambda x: w * hvp(lambda x: (w * x).tanh(), (x,), (1.0,))[0],
        lambda x: w * vjp(lambda x: (w * x).tanh(), (x,), x)[1][0],
        lambda x: w * grad((w * x).tanh(), w),
    ):
        step = micrograd.compile(mixed, [w])
        for x in (0.7, 0.3):
            value, (found,) = step.value_and_grad(x)
            eager = mixed(x)
            assert (value, found) == pytest.approx((eager.data, grad(eager, w)), rel=1e-12)


def test_checks_of_derivatives():
    """The checker takes a derivative for the function that it is."""
    for report in (
        micrograd.gradcheck(grad(lambda x: x**3), 2.0),
        micrograd.gradcheck(lambda x, y: grad(lambda z: (z * y).tanh())(x), (0.5, 2.0)),
        micrograd.gradcheck(lambda x: jvp(lambda z: z**3, (x,), (1.0,))[1], 2.0),
    ):
        assert report and report.rows[0].verdict == "ok"


# --- explanations, which are such derivatives ----------------------------------------------------------------------------


def test_explanations_in_no_grad_and_of_arrays():
    model = nn.Linear(2, 2)
    x = np.array([1.0, 2.0])
    row = [w.data for w in model.weight[1]]
    assert explain.saliency(model, x, target=1) == row == explain.saliency(model, [1, 2], target=1.0)
    with no_grad():
        assert explain.saliency(model, x, target=1) == row
        assert explain.integrated_gradients(model, x, target=1) == pytest.approx([w * v for w, v in zip(row, x, strict=True)])


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda m: explain.saliency(m, "ab"), TypeError, "not str"),
        (lambda m: explain.integrated_gradients(m, ["1", "2"]), TypeError, "a number of the input must be a real number, not '1'"),
        (lambda m: explain.integrated_gradients(m, [1.0, 2.0], baseline="0"), TypeError, "the baseline must be a real number, not '0'"),
        (lambda m: explain.integrated_gradients(m, [1.0, 2.0], steps=0), ValueError, "steps must be at least 1"),
        (lambda m: explain.saliency(m, [1.0, 2.0], target="a"), TypeError, "whole number, not 'a'"),
        (lambda m: explain.saliency(m, [1.0, 2.0], target=5), IndexError, "outside 0 … 1"),
        (lambda m: explain.saliency(m, [1.0, 2.0], target=-1), IndexError, "outside 0 … 1"),
    ],
)
def test_what_cannot_be_explained(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call(nn.Linear(2, 2))
