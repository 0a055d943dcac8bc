"""What `micrograd.export.to_sympy` gives: values and derivatives of SymPy, against the engine's."""

from __future__ import annotations

import math
from random import Random

import pytest

sympy = pytest.importorskip("sympy")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from micrograd import Op, Value, functional, ops  # noqa: E402
from micrograd.export import to_sympy  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:bitcount function is deprecated:DeprecationWarning")  # mpmath, by SymPy
ROWS = [op for op in ops.TABLE.values() if op.arity is not None]


def points(op):
    """Some points inside the domain of an op."""
    rng = Random(op.name)
    for _ in range(3):
        yield [rng.uniform(max(low, -3.0) + 0.1, min(high, max(low, -3.0) + 4.0) - 0.1) for low, high in op.domain]


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_op_has_the_value_and_the_slope_of_the_engine(op):
    if op.constants:
        op = op.bind(*[{"low": -0.5, "high": 0.75}.get(n, d) for n, d in zip(op.constants, op.defaults, strict=True)])
    for xs in points(op):
        leaves = [Value(x, label=f"x{i}") for i, x in enumerate(xs)]
        y = op(*leaves)
        y.backward()
        expression = to_sympy(y)
        symbols = [sympy.Symbol(f"x{i}", real=True) for i in range(len(xs))]
        at = {symbol: sympy.Float(x, 40) for symbol, x in zip(symbols, xs, strict=True)}
        assert float(expression.subs(at).evalf(30)) == pytest.approx(y.data, rel=1e-13, abs=1e-300)
        for symbol, leaf in zip(symbols, leaves, strict=True):
            slope = expression.diff(symbol)
            if not slope.has(sympy.Derivative, sympy.Subs):  # SymPy has no derivative of floor
                assert float(slope.subs(at).evalf(30)) == pytest.approx(leaf.grad, rel=1e-12, abs=1e-300)


def expressions():
    leaf = st.sampled_from("abc")
    unary = st.sampled_from(["tanh", "sin", "exp", "sigmoid", "relu", "softplus"])
    binary = st.sampled_from(["add", "sub", "mul", "maximum"])
    return st.recursive(leaf, lambda inner: st.tuples(unary, inner) | st.tuples(binary, inner, inner), max_leaves=5)


@settings(max_examples=25, deadline=None)
@given(tree=expressions(), xs=st.tuples(*[st.floats(-1.5, 1.5)] * 3))
def test_random_graphs(tree, xs):
    leaves = {name: Value(x, label=name) for name, x in zip("abc", xs, strict=True)}

    def build(t):
        return leaves[t] if isinstance(t, str) else ops.TABLE[t[0]](*map(build, t[1:]))

    root = build(tree)
    at = {sympy.Symbol(name, real=True): sympy.Float(v.data, 40) for name, v in leaves.items()}
    assert float(sympy.N(to_sympy(root).subs(at), 30)) == pytest.approx(root.data, rel=1e-12, abs=1e-13)


def test_leaves_of_one_label_stay_two_and_numbers_are_numbers():
    a, b = Value(2.0, label="x"), Value(3.0, label="x")
    x, y = sympy.symbols("x x_2", real=True)
    assert to_sympy(a * b + 2 * a) == x * y + 2 * x
    assert to_sympy(ops.dot(a, b, b, a) + ops.sum_(a, a)) == 2 * x * y + 2 * x


def test_a_softmax_comes_out_as_the_textbooks_after_the_shift():
    rng = Random(1)
    zs = [Value(rng.gauss(0, 1), label=f"z{i}") for i in range(3)]
    at = {sympy.Symbol(z.label, real=True): z.data for z in zs}
    total = sum(math.exp(z.data) for z in zs)
    for p, z in zip(functional.softmax(zs), zs, strict=True):
        assert float(to_sympy(p).subs(at)) == pytest.approx(math.exp(z.data) / total, rel=1e-12)


def test_what_has_no_form_is_named():
    unseen = Op("unseen", lambda x: x, (lambda y, x: 1.0,))
    with pytest.raises(ValueError, match="'unseen'"):
        to_sympy(unseen(Value(1.0)))
    with pytest.raises(TypeError, match="takes a Value"):
        to_sympy(3.0)
