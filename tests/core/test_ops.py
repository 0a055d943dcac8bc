"""Every row of the table, by the same checks: a new row is tested with no new test."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import TABLE, Op, Value, gradcheck, ops, testing
from micrograd.ops.symbol import Symbol
from micrograd.testing import GradientError, assert_gradients

ROWS = [op.bind(*op.defaults) if op.constants else op for op in TABLE.values()]
SMOOTH = [op for op in ROWS if op.domain]
PIECEWISE_CONSTANT = ("less", "equal", "sign", "step", "floor", "ceil", "trunc", "round")


@pytest.mark.parametrize("op", SMOOTH, ids=lambda op: op.name)
@given(data=st.data())
def test_partials_are_the_derivatives(op, data):
    xs = data.draw(testing.domain(op))
    if xs:
        assert_gradients(op, xs)


@pytest.mark.parametrize("op", [op for op in SMOOTH if op.arity is not None], ids=lambda op: op.name)
@given(data=st.data())
def test_second_derivatives(op, data):
    xs = data.draw(testing.domain(op, size=3.0).filter(lambda xs: op.name not in ("elu", "pow") or 0.0 not in xs))  # jumps there
    assert_gradients(op, xs, order=2, rtol=1e-6)


@pytest.mark.parametrize("op", [op for op in SMOOTH if op.name not in PIECEWISE_CONSTANT and op.exact], ids=lambda op: op.name)
@given(data=st.data())
def test_against_fifty_digits(op, data):
    pytest.importorskip("mpmath")
    xs = data.draw(testing.domain(op, size=4.0))
    if xs:
        assert_gradients(op, xs, method="exact")


@pytest.mark.parametrize(("op", "kink"), [(op, k) for op in ROWS for k in op.kinks], ids=lambda x: getattr(x, "name", ""))
def test_kinks_answer_what_the_row_says(op, kink):
    args = [Value(x) for x in kink.at]
    op(*args).backward()
    assert [a.grad for a in args] == list(kink.partials), kink.why


@pytest.mark.parametrize("op", [op for op in SMOOTH if op.formula and op.arity], ids=lambda op: op.name)
@given(data=st.data())
def test_textbook_formulas_say_the_same(op, data):
    xs = data.draw(testing.domain(op, size=4.0))
    y = op(*xs)
    names = {"pi": math.pi, **{n: row.forward for n, row in TABLE.items()}}
    names |= dict(zip("abc", xs, strict=False)) | dict(zip(op.constants, op.params, strict=True)) | {"y": y}
    for i, formula in enumerate(op.formula):
        assert float(eval(formula, {"__builtins__": {}}, names)) == pytest.approx(op.partial(i, y, *xs), rel=1e-6, abs=1e-9)


@given(testing.expressions())
def test_expressions(expression):
    assert_gradients(expression, expression.inputs, rtol=1e-6)


@given(testing.mlps())
def test_whole_models(drawn):
    assert_gradients(testing.total_output, drawn)


@pytest.mark.parametrize("op", [op for op in ROWS if op.exact], ids=lambda op: op.name)
def test_the_plain_mathematics_at_whole_numbers_and_halves(op):
    """Ties, kinks and ends of domains among them; a pole and what is no real number are nan there."""
    exact = pytest.importorskip("micrograd.checking.exact")
    pytest.importorskip("mpmath")
    for xs in product((-3.0, -1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0), repeat=op.arity) if op.arity else [(2.0, 5.0, -3.0, 7.0, 0.5, 11.0)]:
        value, true = op.forward(*xs, *op.params), float(exact.value(op, xs))
        assert true == pytest.approx(value, rel=1e-13, abs=1e-15) or (true != true and not math.isfinite(value)), xs


def test_defaults_are_what_the_row_says():
    x = Value(-1.0)
    assert [x.leaky_relu().data, x.elu().data, ops.gauss(2.0), (ops.power(3.0))] == [-0.01, math.expm1(-1.0), math.exp(-4.0), 9.0]
    assert TABLE["clamp"].bind(*TABLE["clamp"].defaults)(0.5) == 0.5


@pytest.mark.parametrize("op", SMOOTH, ids=lambda op: op.name)
def test_domains_are_where_values_are_finite(op):
    """On a grid of the domain, cut at 50; beyond a bound of 1 or 0 there is nan, a pole or a kink, or another argument's."""
    bounds = [(max(low, -50.0), min(high, 50.0)) for low, high in op.domain]
    assert all(low < high for low, high in bounds)
    for k in range(1, 200):
        xs = [low + (high - low) * k / 200 for low, high in bounds]
        xs = xs if op.arity is not None else xs * 2
        assert math.isfinite(op(*xs)) and all(math.isfinite(op.partial(i, op(*xs), *xs)) for i in range(len(xs)) if op.arity)


@pytest.mark.parametrize("name", ["log", "log2", "log10", "log1p", "sqrt", "asin", "acos", "atanh", "acosh"])
def test_domains_end_where_the_function_does(name):
    [(low, high)] = TABLE[name].domain
    for end, out in ((low, -1e-9), (high, 1e-9)):
        if math.isfinite(end):
            assert math.isnan(TABLE[name](end + out)), "this is still within"


def planted(name, partial):
    return Op(name, lambda x: x * x, (partial,), domain=((-math.inf, math.inf),))


@pytest.mark.parametrize(
    "partial",
    [
        lambda y, x: 2.0 * x * (1.0 + 1e-6),
        lambda y, x: -2.0 * x,
        lambda y, x: x,
        lambda y, x: 2.0 * y,
        lambda y, x: 0.0,
    ],
    ids=["a millionth", "sign", "factor", "wrong operand", "nothing"],
)
def test_a_planted_bug_is_caught_in_any_row(partial):
    with pytest.raises(GradientError, match="WRONG"):
        assert_gradients(planted("planted", partial), (1.7,))
    assert not gradcheck(lambda x: planted("planted", partial)(x).tanh() + x, (0.8,))


def test_a_planted_row_is_caught_by_the_test_above():
    op = planted("planted", lambda y, x: 2.000002 * x)
    inner = test_partials_are_the_derivatives.hypothesis.inner_test

    class Draws:
        def draw(self, strategy):
            return (1.3,)

    with pytest.raises(GradientError):
        inner(op, Draws())


def test_every_row_is_documented():
    for op in TABLE.values():
        assert op.doc and (op.domain or "decree" in op.doc), op.name
    assert ops.TABLE is TABLE


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.arity], ids=lambda op: op.name)
@given(data=st.data())
def test_pull_source_is_the_code_that_backward_runs(op, data):
    op = op.bind(*[d if math.isfinite(d) else math.copysign(3.0, d) for d in op.defaults]) if op.constants else op
    xs = data.draw(testing.domain(op, size=3.0))
    names = {row.name: row.forward for row in TABLE.values()} | {"abs": abs, "inf": math.inf, "nan": math.nan}
    exec(op.pull_source, names)
    code, other = names[f"pull_{op.name}"], [Value(x) for x in xs]
    args = [Value(x) for x in xs]
    y = op(*args)
    y.backward()
    z = op(*other)
    z.grad = 1.0
    code(z)
    assert [a.grad for a in other] == [a.grad for a in args]
    assert "a.grad" in op.pull_source and "\n    g = node.grad\n" in op.pull_source


def test_pull_source_of_what_is_called_and_not_compiled():
    assert ops.sum_.pull_source.startswith("def _called_pull(self, node: Any) -> None:")
    branching = Op("branching", lambda x: x, (lambda y, x: 1.0 if x > 0 else 2.0,))
    assert branching.pull_source.startswith("def _called_pull")
    x = Value(2.0)
    y = Value(4.0, (x,), "square")
    assert "no derivative was given" in y.op.pull_source

    def backward():
        x.grad += 2 * x.data * y.grad

    y._backward = backward
    assert y.op.pull_source == "def backward():\n    x.grad += 2 * x.data * y.grad"
    assert Value(4.0, (x,), (3.0,)).op.pull_source.startswith("def _called_pull")  # not compiled for each node made by hand


def test_an_operator_of_ones_own():
    """`@` for √(a² + b²): the row says which operator it is, and a second one in its place is not the first."""
    for factor in (1.0, 2.0):
        op = Op("norm2", lambda a, b, f=factor: f * math.hypot(a, b), (lambda y, a, b: 0.0, lambda y, a, b: 0.0), operator="matmul")
        micrograd.register(op)
        del TABLE["norm2"], Value.norm2
        assert (Value(3.0) @ 4.0).data == (3 @ Value(4.0)).data == 5.0 * factor
    del Value.__matmul__, Value.__rmatmul__


def test_rules_are_read_through_the_operators_that_mean_the_op_itself():
    x = Symbol("x")
    assert repr(abs(x) + 2.0 * -x - 1) == "sub(add(abs(x), mul(2.0, neg(x))), 1)"
    for wrong in (lambda: x / 2, lambda: x**2, lambda: x % 2):  # Python's raise at 0, and ours give inf or nan
        with pytest.raises(TypeError):
            wrong()


def test_an_op_bound_twice_is_bound_anew_and_what_is_bound_of_a_named_one_is_its_own():
    row = Op("cubic", lambda x, p: p * x**3, lambda y, x, p: p * 3.0 * x * x, constants=("p",), defaults=(1.0,), formula="3 * p * a**2")
    twice = row.bind(5.0).bind(2.0)
    assert twice is row.bind(2.0) and twice.row is row and twice(2.0) == 16.0
    named = row.named("sq")
    assert named.bind(7.0) is not row.bind(7.0) and (named.bind(7.0).symbol, row.bind(7.0).symbol) == ("sq", "cubic")
    power = TABLE["power"].bind(3.5).bind(2.5)
    x = Value(2.0)
    y = power(x)
    y.backward()
    assert power.row is TABLE["power"]
    assert (y.data, x.grad) == pytest.approx((2.0**2.5, 2.5 * 2.0**1.5), rel=1e-14)
