"""Proven digits: the exact number lies inside every enclosure, always; what is decided is right, and what is not says why."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import micrograd
from every_op import EDGES, POWERS, raw
from micrograd import Op, Value, ops, testing
from micrograd.checking.exact import Exact, TooLong, by_formula, exactly

pytest.importorskip("flint")
mpmath = pytest.importorskip("mpmath")

from micrograd.checking import balls, enclosures  # noqa: E402
from micrograd.checking.proven import digits, nearest  # noqa: E402

ROWS = [op.bind(*op.defaults) if op.constants else op for op in ops.TABLE.values() if op is not ops.power] + POWERS
CAPPED = {"normal_cdf", "gelu", "erfc"}
M = mpmath.MPContext()
M.prec = 5200  # the exact sum of any two doubles, and 200 digits more


def mp(x):
    """A ball's middle, or radius, or any double, as mpmath's number, exactly."""
    if isinstance(x, float):
        return M.mpf(x)
    man, exp = x.man_exp()
    return M.ldexp(M.mpf(int(man)), int(exp))


def inside(ball, true):
    """Whether the true number, known to 200 digits more than a double needs, lies in the ball."""
    return not ball.is_finite() or abs(mp(ball.mid()) - true) <= mp(ball.rad()) + M.ldexp(abs(true), -2000)


def truth(f):
    """f(), a real number in many digits, or None."""
    try:
        found = f()
    except (TooLong, ZeroDivisionError, ValueError, OverflowError):
        return None
    if isinstance(found, (bool, int, float)):
        found = M.mpf(found)
    return found if isinstance(found, M.mpf) and M.isfinite(found) else None


def hits(op, xs):
    """Whether these numbers are at a kink where the convention is another number than the formula gives: the row's own rule says it."""
    return (op in (ops.maximum, ops.minimum) and xs[0] == xs[1]) or any(tuple(k.at) == tuple(xs) for k in op.kinks)


def look(op, xs, bits=128):
    """What is proven of one op at these doubles, and whether it is true: (value ball, slopes)."""
    with balls.precision(bits):
        args = [balls.balls().arb(x) for x in xs]
        y = enclosures.value(op)(*args)
        slopes = enclosures.slopes(op)(y, *args)
    if op.name in CAPPED and max(map(abs, xs)) > 1e5:  # the rows' `exact` is cut off there, where all is nearly 0
        assert abs(float(y.mid())) < 1e-300 or not xs[0] * (-1 if op.name != "erfc" else 1) > 0
        return y, slopes
    y_true = truth(lambda: exactly(op, M, [M.mpf(x) for x in xs]))
    if y_true is not None:
        assert inside(y, y_true), (op, xs, y)
    elif all(map(math.isfinite, xs)) and not math.isfinite(op.forward(*xs, *op.params)):
        assert not y.is_finite() or abs(float(y.mid())) > 1.7e308, (op, xs, y)
    rule = op.gradient(op.forward(*xs, *op.params), list(xs))
    for i, p in enumerate(slopes):
        assert rule[i] == rule[i] or not p.is_finite() or not all(map(math.isfinite, xs)), (op, xs, i, p)
        if op.arity is None or hits(op, xs):
            true = M.mpf(rule[i]) if math.isfinite(rule[i]) else None
        else:
            true = truth(lambda i=i: by_formula(op, i, M, xs))
        if true is not None and y_true is not None:
            assert inside(p if hasattr(p, "rad") else balls.balls().arb(p), true), (op, xs, i, p)
    return y, slopes


@pytest.mark.parametrize("op", ROWS, ids=lambda op: f"{op.name}{op.params or ''}")
def test_the_exact_number_is_inside_at_every_edge(op):
    edges = [x for x in EDGES if math.isfinite(x)]
    n = 2 if op.arity is None else op.arity
    some = edges if n < 3 and op is not ops.pow_ else [0.0, 1.0, -2.0, 0.5, 1e-300] + [5e-324] * (op is ops.pow_)
    for xs in product(some, repeat=n):
        look(op, xs)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: f"{op.name}{op.params or ''}")
def test_the_exact_number_is_inside_anywhere(op):
    @settings(max_examples=15, deadline=None, database=None, derandomize=True)
    @given(st.data())
    def run(data):
        n = 4 if op.arity is None else op.arity
        xs = tuple(data.draw(raw.filter(math.isfinite)) for _ in range(n))
        assume(op.name not in ("pow", "power", "exp2") or all(abs(x) < 1e4 for x in xs))
        look(op, xs)

    run()


@pytest.mark.parametrize("op", [op for op in ROWS if op.domain and op.arity], ids=lambda op: f"{op.name}{op.params or ''}")
def test_slopes_are_the_derivatives_of_the_value(op):
    """By differences in many digits of the value's mathematics, which knows nothing of formulas and rules."""

    @settings(max_examples=6, deadline=None, database=None, derandomize=True)
    @given(testing.domain(op))
    def run(xs):
        _, slopes = look(op, xs)
        for i, p in enumerate(slopes):
            h = M.ldexp(1, -1000)
            up, down = ([M.mpf(x) + (s * h if j == i else 0) for j, x in enumerate(xs)] for s in (1, -1))
            true = (exactly(op, M, up) - exactly(op, M, down)) / (2 * h)
            assert abs(mp(balls.balls().arb(p).mid()) - true) <= M.ldexp(1 + abs(true), -80), (op, xs, i)

    run()


# --- graphs ----------------------------------------------------------------------------------------------------------------

W = mpmath.MPContext()
W.prec = 1400
STEP = W.ldexp(1, -400)


def exact_gradient(f, xs):
    """(f, its gradient) at these numbers, by differences in 400 digits."""

    def at(numbers):
        found = f(*(Exact(x, W) for x in numbers))
        return found.x if isinstance(found, Exact) else W.mpf(found)

    xs = [W.mpf(x) for x in xs]
    moved = [[x + (s * STEP if i == j else 0) for j, x in enumerate(xs)] for i in range(len(xs)) for s in (1, -1)]
    rises = [at(numbers) for numbers in moved]
    return at(xs), [(up - down) / (2 * STEP) for up, down in zip(rises[::2], rises[1::2], strict=True)]


def holds(proven, true):
    """Whether the true number (known to 200 digits) is inside, and what is decided of its rounding is right."""
    low, high = W.mpf(proven.low), W.mpf(proven.high)
    slack = W.ldexp(1 + abs(true), -660)
    assert low - slack <= true <= high + slack, proven
    if proven.ball.is_finite():
        assert abs(W.mpf(proven.double) - true) <= W.mpf(proven.error) + slack
        m, r = mp(proven.ball.mid()), mp(proven.ball.rad())
        assert abs(M.mpf(m) - true) <= r + M.mpf(slack)
    if proven.correctly_rounded is not None:
        man, exp = int(true.man) if hasattr(true, "man") else 0, int(true.exp) if hasattr(true, "man") else 0
        whole = Fraction(man) * Fraction(2) ** exp
        if abs(float(whole) - float(proven.ball.mid())) <= math.ulp(float(whole)) and abs(true) > 1e-250:
            assert proven.correctly_rounded == (float(whole) == proven.double), proven


@settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(testing.expressions())
def test_the_exact_gradient_is_inside_in_random_graphs(expression):
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    proof = micrograd.certify(root)
    value, gradient = exact_gradient(expression, expression.inputs)
    holds(proof[root][0], value)
    root.backward()
    for leaf, true in zip(leaves, gradient, strict=True):
        if leaf in list(proof):
            assert proof[leaf][1].double == leaf.grad or leaf.grad != leaf.grad
            holds(proof[leaf][1], true)
            assert not proof[leaf][1].why, proof[leaf][1]


@settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(testing.expressions(max_inputs=2, max_steps=6), st.floats(1e-6, 1e-3), st.lists(st.floats(-1, 1), min_size=2, max_size=2))
def test_every_input_within_the_radius_is_inside(expression, radius, where):
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    inputs = {v: radius for v in leaves if v in root.topological()}
    proof = micrograd.certify(root, inputs)
    moved = [x + radius * w if v in inputs else x for x, w, v in zip(expression.inputs, where, leaves, strict=False)]
    assume(all(abs(m - x) <= radius for m, x in zip(moved, expression.inputs, strict=True)))
    value, gradient = exact_gradient(expression, moved)
    holds(proof[root][0], value)
    for leaf, true in zip(leaves, gradient, strict=True):
        if leaf in inputs:
            holds(proof[leaf][1], true)


# --- what is said where nothing can be decided -----------------------------------------------------------------------------


def why(root, leaf, inputs=None):
    return micrograd.certify(root, inputs)[leaf][1].why


def test_undecided_says_why():
    x = Value(2.0, label="x")
    nearly = x.sqrt() ** 2 - 2  # 0, which no number of digits shows
    assert "a kink or jump of root = relu(v3) is straddled" in why(nearly.relu(), x)
    assert "pole" in why(1 / (x - 2), x)
    assert "is no real number" in why((-x).log(), x)
    assert why(x.relu(), x, {x: 3.0}) == "a kink or jump of root = relu(x) is straddled"
    assert why(x.tanh(), x, {"x": 1e-3}) == "the inputs are known to ± something only"
    assert "no rule for 'mine'" in why(Value(4.0, (x,), "mine") * 3, x)
    assert "the input y is inf" in why(x * Value(math.inf, label="y"), x)
    assert "no rule for 'closed'" in why(by_closure(x), x)


def by_closure(x):
    out = Value(x.data**2, (x,), "closed")

    def _backward():
        x.grad += 2 * x.data * out.grad

    out._backward = _backward
    return out


def test_a_hook_is_not_a_derivative():
    x = Value(3.0, label="x")
    y = x * x
    remove = y.register_hook(lambda g: 2 * g)
    assert "a hook changes the gradient" in why(y * 1.0, x)
    remove()
    assert not why(y * 1.0, x)


def test_conventions_at_kinks_are_exact():
    x, y = Value(0.0), Value(0.0)
    for root, slope in ((x.relu(), 0.0), (x.abs(), 0.0), (x.hypot(y), 0.0), (x.maximum(y), 0.5), (x.minimum(x), 1.0), (x.pow(y), 0.0)):
        assert micrograd.certify(root)[x][1].verdict == "exact" and micrograd.certify(root)[x][1].double == slope
    assert micrograd.certify((x - 0.9).relu().sqrt())[x][1].verdict == "exact"  # a structural zero passes nothing
    assert micrograd.certify(ops.where(0.0, x.log(), 1.0))[x][1].verdict == "exact"
    assert micrograd.certify(x.sqrt() ** 2)[x][1].why  # a numeric zero times infinity


def test_rounding_is_decided_at_ties_edges_and_far_out():
    x = Value(1.0)
    tie = micrograd.certify(x + 2.0**-53)
    assert tie.rows[0].correctly_rounded and tie.rows[0].ulps == 0.5 and not tie.undecided
    big, tiny = Value(710.0), Value(-746.0)
    assert micrograd.certify(big.exp()).rows[0].correctly_rounded and big.exp().data == math.inf
    assert micrograd.certify(tiny.exp()).rows[0].correctly_rounded and tiny.exp().data == 0.0
    third = micrograd.certify(Value(1e16) + 1.0 - 1e16).rows[0]
    assert third.double == 0.0 and third.low == third.high == 1.0 and third.digits == 0 and third.correctly_rounded is False
    saturated = micrograd.certify(Value(400.0).tanh())  # sech² of it is 4·10**-348
    assert saturated.rows[0].correctly_rounded
    sub = Value(5e-324)
    assert micrograd.certify(sub * 0.5).rows[0].correctly_rounded and micrograd.certify(sub * 0.5).rows[0].digits == 0


@given(st.integers(-(2**200), 2**200), st.integers(-1300, 900))
@settings(max_examples=200, deadline=None, database=None)
def test_a_ball_without_a_radius_rounds_as_python_rounds(man, exp):
    with balls.precision(400):
        ball = balls.balls().arb(man) * balls.balls().arb(2) ** exp
    try:
        expected = float(Fraction(man) * Fraction(2) ** exp)
    except OverflowError:
        expected = math.copysign(math.inf, man)
    assert nearest(ball) == expected


def test_digits_are_those_that_are_certain():
    assert digits(138.83379, 3e-14) == 16 and digits(138.83379, 0.06) == 3 and digits(138.83379, 0.04) == 4
    assert digits(9.99, 0.006) == 2 and digits(1.0, 0.6) == 0 and digits(0.0, 1e-300) == 0 and digits(5.0, 0.0) == 17


# --- other engines, ops of one's own, and planted faults -----------------------------------------------------------------------


def test_another_engines_gradient_is_judged():
    def f(x, y):
        return (x * y).tanh() / y

    ours = micrograd.certify(f, (0.5, 2.0))
    assert ours and [r.name for r in ours.rows] == ["v3", "x", "y"] and all(r.ulps < 3 for r in ours.rows)
    x, y = Value(0.5), Value(2.0)
    f(x, y).backward()
    theirs = micrograd.certify(f, (0.5, 2.0), gradient=[x.grad * (1 + 1e-9), y.grad])
    assert 1e6 < theirs.rows[1].ulps < 1e8 and theirs.rows[1].digits == 9 and theirs.rows[2].ulps == ours.rows[2].ulps
    by_function = micrograd.certify(f, (0.5, 2.0), gradient=lambda x, y: (x, y))
    assert [r.double for r in by_function.rows[1:]] == [0.5, 2.0]


@pytest.mark.parametrize("op", [
    ops.exp2, ops.log2, ops.log10, ops.erf, ops.erfc, ops.normal_cdf, ops.cbrt, ops.gelu, ops.silu, ops.tanh, ops.atan, ops.acosh,
    ops.gauss.bind(0.5), ops.gauss.bind(0.3), ops.power.bind(0.1),
], ids=str)  # fmt: skip
def test_a_graph_of_derivatives_encloses_the_derivatives_themselves(op):
    """Not the doubles next to the constants of its rules, such as log 2."""
    from benchmarks import truth

    x = Value(1.37)
    first = micrograd.grad(op(x), x, create_graph=True)
    proof, true = micrograd.certify(first), truth.derivatives(op, (1.37,), 2)
    for proven, key in ((proof[first][0], (1,)), (proof[x][1], (2,))):
        assert proven.ball.overlaps(true[key]) and proven.ball.rel_accuracy_bits() > 80, (op, key)
    again = pickle.loads(pickle.dumps(first))
    assert str(micrograd.certify(again).rows[0].ball) == str(proof[first][0].ball)


def test_a_double_of_the_code_is_no_constant_of_a_rule():
    x = Value(1.5)
    assert micrograd.certify(x * 0.6931471805599453).rows[0].ulps != micrograd.certify(x * ops.known.LOG_2).rows[0].ulps


def test_whole_numbers_beyond_every_precision_are_exact():
    assert micrograd.certify(Value(-4.359849129807199e280).round()).rows[0].error == 0.0


def test_a_planted_wrong_rule_loses_its_digits():
    op = Op("planted", lambda x: x * x, (lambda y, x: 2.000001 * x,), formula=("2 * a",), exact=lambda m, x: x * x)
    x = Value(0.3)
    found = micrograd.certify(op(x))[x][1]
    assert found.digits == 6 and found.correctly_rounded is False


def test_an_op_of_ones_own_is_what_its_rules_say():
    defined = Op("mine", define=lambda x: ops.relu(x) * 3.0, partials=(lambda y, x: ops.step(x) * 3.0,))
    x = Value(0.7, label="x")
    assert micrograd.certify(defined(x)).rows[1].verdict == "exact"
    unknown = Op("unknown", lambda x: 2.0 * x, (lambda y, x: 2.0,))
    assert "no rule for 'unknown'" in micrograd.certify(unknown(x))[x][1].why


def test_a_planted_wrong_enclosure_is_found(monkeypatch):
    monkeypatch.setattr(balls.Balls, "tanh", lambda self, x: x.tanh() * (1 + balls.balls().arb(2) ** -100))
    with pytest.raises(AssertionError):
        look(ops.tanh, (0.7,))


def test_nothing_of_the_graph_changes():
    x, w = Value(0.7, label="x"), Value(-1.3, label="w")
    y = (x * w).tanh() + x
    y.backward()
    before = [(v.data, v.grad) for v in y.topological()]
    micrograd.certify(y)
    assert [(v.data, v.grad) for v in y.topological()] == before
    x.data = 3.0
    with pytest.raises(RuntimeError, match="was set"):
        micrograd.certify(y)


def test_it_prints_and_refuses():
    x = Value(0.1, label="x")
    text = str(micrograd.certify(x.tanh() * 3))
    assert text.splitlines()[0].split() == ["number", "double", "error", "ulps", "digits", "verdict"] and "correctly rounded" in text
    assert "±" in str(micrograd.certify(x.tanh()).rows[0])
    with pytest.raises(TypeError, match="root of a graph"):
        micrograd.certify(3.0)
    with pytest.raises(TypeError, match="needs its inputs"):
        micrograd.certify(lambda x: x)
    with pytest.raises(ValueError, match="no leaf"):
        micrograd.certify(x.tanh(), {"y": 1.0})
    with pytest.raises(ValueError, match="one number; fn gave 2"):
        micrograd.certify(lambda x: [x, x], (1.0,))
    with pytest.raises(KeyError, match="not in this graph"):
        micrograd.certify(x.tanh())[Value(1.0)]


def test_without_the_library_it_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ImportError, match="pip install python-flint"):
        micrograd.certify(Value(1.0).tanh())


@pytest.mark.parametrize("p", [0.1, 1 / 3, -1.3, 2.1])
@pytest.mark.parametrize("x", [0.7, 1.3, 3.0])
def test_derivatives_of_a_power_are_those_of_its_exponent_not_of_a_rounded_one(p, x):
    """p - 1 and p·(p - 1) are no doubles."""
    v = Value(x)
    (first,) = micrograd.grad(v**p, [v], create_graph=True)
    (second,) = micrograd.grad(first, [v], create_graph=True)
    a, b = M.mpf(x), M.mpf(p)
    slopes = [b * a ** (b - 1), b * (b - 1) * a ** (b - 2), b * (b - 1) * (b - 2) * a ** (b - 3)]
    assert inside(micrograd.certify(first)[first][0].ball, slopes[0])
    assert inside(micrograd.certify(first)[v][1].ball, slopes[1])
    assert inside(micrograd.certify(second)[second][0].ball, slopes[1])
    assert inside(micrograd.certify(second)[v][1].ball, slopes[2])


@pytest.mark.parametrize(("name", "slope"), [
    ("silu", lambda x: (1 + x / (1 + M.exp(x))) / (1 + M.exp(-x))),
    ("gelu", lambda x: M.erfc(-x / M.sqrt(2)) / 2 + x * M.exp(-x * x / 2) / M.sqrt(2 * M.pi)),
    ("cbrt", lambda x: 1 / (3 * M.cbrt(x) ** 2)),
])  # fmt: skip
@pytest.mark.parametrize("x", [0.3, 0.9, 5.1])
def test_a_slope_in_a_graph_is_the_slope_not_the_polynomial_that_computes_it(name, slope, x):
    v = Value(x)
    (first,) = micrograd.grad(getattr(v, name)(), [v], create_graph=True)
    proof = micrograd.certify(first)
    assert inside(proof[first][0].ball, slope(M.mpf(x)))
    h = M.ldexp(1, -1000)
    assert abs(mp(proof[v][1].ball.mid()) * 2 * h / (slope(x + h) - slope(x - h)) - 1) < 1e-30


def test_an_op_of_ones_own_that_leaves_balls_is_left_open():
    v = Value(2.0, label="v")
    for op in (
        Op("own_sin", math.sin, (lambda y, a: math.cos(a),), exact=lambda m, a: m.sin(a)),
        Op("own_gamma", math.gamma, (lambda y, a: y,), exact=lambda m, a: m.gamma(a)),
        Op("own_choice", lambda a: a, (lambda y, a: 1.0,), exact=lambda m, a: math.fabs(a)),
    ):
        assert f"no rule for {op.name!r}" in str(micrograd.certify(op(v)))


def test_a_gradient_function_that_returns_nothing_is_refused():
    with pytest.raises(TypeError, match="gave None"):
        micrograd.certify(lambda a, b: a * b, [0.1, 0.3], gradient=lambda a, b: None)


def test_what_is_not_enclosed_is_neither_called_a_pole_nor_a_tie():
    x = Value(1e100, label="x")
    assert "too large to be enclosed" in str(micrograd.certify(x.exp()))
    assert "at a pole" in str(micrograd.certify(1 / Value(0.0)))
    w = Value(0.5)
    for _ in range(2200):
        w = (w * 3.9) * (1 - w)
    found = micrograd.certify(w)
    assert found[w][0].why.startswith("4096 bits do not enclose it closely")
