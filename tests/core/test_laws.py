"""Laws of differentiation, where they hold: linearity, products, chains, inverses, transposes, symmetry."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Value, functional, grad, hessian, hvp, jacobian, jvp, ops, testing, vjp

NUMBERS = testing.values(-3.0, 3.0)
SMOOTH = [op for op in micrograd.TABLE.values() if op.domain and op.name not in ("less", "equal", "where", "step", "sign", "abs", "elu")]
EXPRESSIONS = testing.expressions(ops=SMOOTH)


def close(a, b, size=1.0, digits=1e-9):
    return abs(a - b) <= digits * (abs(a) + abs(b) + size)


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def gradient(fn, xs):
    leaves = [Value(x) for x in xs]
    return grad(fn(*leaves), leaves)


@given(EXPRESSIONS, EXPRESSIONS, NUMBERS, NUMBERS)
def test_the_gradient_is_linear_and_keeps_the_product_rule(f, g, a, b):
    n = min(len(f.inputs), len(g.inputs))
    xs = f.inputs[:n]
    f, g = _of(f, xs), _of(g, xs)
    fv, gv = f(*map(Value, xs)).data, g(*map(Value, xs)).data
    if not (abs(fv) < 1e4 and abs(gv) < 1e4):
        return
    df, dg = gradient(f, xs), gradient(g, xs)
    both = gradient(lambda *v: a * f(*v) + b * g(*v), xs)
    product = gradient(lambda *v: f(*v) * g(*v), xs)
    for i in range(n):
        if all(abs(d) < 1e8 for d in (df[i], dg[i])):
            scale = (abs(a * df[i]) + abs(b * dg[i]) + abs(df[i] * gv) + abs(fv * dg[i])) * 1e-3 + 1e-9
            assert close(both[i], a * df[i] + b * dg[i], scale)
            assert close(product[i], df[i] * gv + fv * dg[i], scale)


def _of(expression, xs):
    """The expression as a function of its first inputs, the others kept at their numbers."""
    rest = expression.inputs[len(xs) :]
    return lambda *v: expression(*v, *rest) + 0.0 * v[0]


INVERSES = [
    ("exp", "log", (-5.0, 5.0)), ("expm1", "log1p", (-5.0, 5.0)), ("sin", "asin", (-1.5, 1.5)), ("cos", "acos", (0.1, 3.0)),
    ("tan", "atan", (-1.5, 1.5)), ("sinh", "asinh", (-5.0, 5.0)), ("cosh", "acosh", (0.1, 5.0)), ("tanh", "atanh", (-3.0, 3.0)),
    ("log", "exp", (0.01, 50.0)), ("atan", "tan", (-9.0, 9.0)), ("asinh", "sinh", (-9.0, 9.0)),
]  # fmt: skip


@pytest.mark.parametrize(("there", "back", "interval"), INVERSES, ids=lambda x: str(x))
@given(data=st.data())
def test_a_function_and_its_inverse_cancel(there, back, interval, data):
    x = Value(data.draw(testing.values(*interval)))
    y = getattr(getattr(x, there)(), back)()
    first = grad(y, x, create_graph=True)
    assert y.data == pytest.approx(x.data, rel=1e-9, abs=1e-9)
    assert first.data == pytest.approx(1.0, rel=1e-6)
    assert grad(first, x) == pytest.approx(0.0, abs=1e-3)


@given(st.floats(0.05, 20.0), st.floats(-4.0, 4.0))
def test_powers_are_exponentials_of_logarithms(x, p):
    def direct(a, b):
        return a**b

    def spelt_out(a, b):
        return (b * a.log()).exp()

    assert gradient(direct, (x, p)) == pytest.approx(gradient(spelt_out, (x, p)), rel=1e-9, abs=1e-9)
    for f, g in zip(hessian(direct, (x, p)), hessian(spelt_out, (x, p)), strict=True):
        assert f == pytest.approx(g, rel=1e-9, abs=1e-9)


@given(NUMBERS.filter(lambda x: abs(x) > 0.01))
def test_functions_that_are_written_by_one_another(x):
    pairs = [
        (lambda v: v.sigmoid(), lambda v: 0.5 + 0.5 * (0.5 * v).tanh()),
        (lambda v: v.softplus(), lambda v: (1 + v.exp()).log()),
        (lambda v: v.log_sigmoid(), lambda v: v.sigmoid().log()),
        (lambda v: v.silu(), lambda v: v * v.sigmoid()),
        (lambda v: v.gelu(), lambda v: v * (0.5 + 0.5 * (v / math.sqrt(2)).erf())),
        (lambda v: v.erfc(), lambda v: 1 - v.erf()),
        (lambda v: v.tan(), lambda v: v.sin() / v.cos()),
        (lambda v: v.cosh() * v.cosh() - v.sinh() * v.sinh(), lambda v: v * 0 + 1),
        (lambda v: abs(v), lambda v: v.maximum(-v)),
        (lambda v: v.relu(), lambda v: v.maximum(0)),
        (lambda v: (v * v).sqrt(), lambda v: v.hypot(0)),
    ]
    for one, other in pairs:
        a, b = Value(x), Value(x)
        f, g = one(a), other(b)
        df, dg = grad(f, a, create_graph=True), grad(g, b, create_graph=True)
        assert (f.data, df.data) == (pytest.approx(g.data, rel=1e-9, abs=1e-10), pytest.approx(dg.data, rel=1e-8, abs=1e-9))
        assert grad(df, a) == pytest.approx(grad(dg, b), rel=1e-6, abs=1e-7)


def several(*xs):
    """A function of many inputs with many outputs that depend on one another."""
    total = ops.sum_(*(x * x for x in xs))
    return [total.sqrt().tanh(), *functional.softmax(list(xs)), functional.logsumexp([x * xs[0] for x in xs])]


VECTORS = st.lists(NUMBERS, min_size=2, max_size=4)


@given(VECTORS, st.randoms(use_true_random=False))
def test_jvp_is_the_transpose_of_vjp(xs, rng):
    if not any(xs):
        return
    tangents, cotangents = [rng.uniform(-1, 1) for _ in xs], [rng.uniform(-1, 1) for _ in range(len(xs) + 2)]
    _, pushed = jvp(several, xs, tangents)
    _, pulled = vjp(several, xs, cotangents)
    assert close(dot(cotangents, pushed), dot(tangents, pulled), digits=1e-12)
    rows = jacobian(several, xs)
    for row, p in zip(rows, pushed, strict=True):
        assert close(dot(row, tangents), p, digits=1e-12)


@given(EXPRESSIONS, st.randoms(use_true_random=False))
def test_the_hessian_is_symmetric_and_hvp_multiplies_by_it(expression, rng):
    xs = expression.inputs
    h = hessian(lambda *v: expression(*v) + 0.0, xs)
    size = 1.0 + max(abs(x) for row in h for x in row)
    if not size < 1e8:
        return
    vector = [rng.uniform(-1, 1) for _ in xs]
    product = hvp(lambda *v: expression(*v) + 0.0, xs, vector)
    for i, row in enumerate(h):
        assert all(close(row[j], h[j][i], size) for j in range(len(xs)))
        assert close(product[i], dot(row, vector), size)


@given(VECTORS)
def test_softmax_adds_up_and_ignores_a_shift(xs):
    leaves = [Value(x) for x in xs]
    total = ops.sum_(*functional.softmax(leaves))
    assert total.data == pytest.approx(1.0)
    assert grad(total, leaves) == pytest.approx([0.0] * len(xs), abs=1e-12)
    shift = Value(0.0)
    out = functional.softmax([v + shift for v in leaves])[0]
    assert grad(out, shift) == pytest.approx(0.0, abs=1e-12)


@given(VECTORS, st.floats(0.1, 5.0))
def test_euler_on_homogeneous_functions(xs, factor):
    """x · ∇f = k·f for f of degree k: the norm (1), products (n), sums of squares (2)."""
    if not all(xs):
        return

    def product(*v):
        out = v[0]
        for x in v[1:]:
            out = out * x
        return out

    for f, degree in ((lambda *v: functional.norm(v), 1), (product, len(xs)), (lambda *v: ops.dot(*v, *v), 2)):
        value = f(*map(Value, xs)).data
        assert close(dot(xs, gradient(f, xs)), degree * value, abs(value))
        scaled = gradient(f, [factor * x for x in xs])
        assert scaled == pytest.approx([factor ** (degree - 1) * g for g in gradient(f, xs)], rel=1e-9)


@pytest.mark.parametrize("name", ["tanh", "sin", "sinh", "asinh", "atan", "erf", "cbrt"])
@given(x=NUMBERS)
def test_odd_functions_have_even_gradients_bit_for_bit(name, x):
    f = getattr(micrograd, name)
    assert f(-x) == -f(x)
    assert gradient(f, (x,)) == gradient(f, (-x,))
