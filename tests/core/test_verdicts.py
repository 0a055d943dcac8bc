"""A check says ok only of what it knows: derivatives in closed form, planted gradients, and inputs at which there is none."""

import gc
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import TABLE, Op, Value, check_grads, functional, gradcheck, losses, nn, ops, testing
from micrograd.checking.numeric import EPSILON, Ladder, best_central, side, sides

METHODS = ("auto", "differences", "exact")


def verdicts(*args, **options):
    return [row.verdict for row in gradcheck(*args, **options).rows]


@pytest.fixture(autouse=True)
def _mpmath():
    pytest.importorskip("mpmath")


# --- numeric derivatives against closed forms ---------------------------------------------------------------------------


def only_from(low, f):
    return lambda x: f(x) if x >= low else math.nan


@pytest.mark.parametrize(
    ("f", "x", "left", "right"),
    [
        (lambda x: x**3, 0.0, 0.0, 0.0),
        (lambda x: math.tanh(x) ** 3, 0.0, 0.0, 0.0),
        (lambda x: max(x, 0.0) ** 3, 0.0, 0.0, 0.0),
        (lambda x: x * x * abs(x), 0.0, 0.0, 0.0),
        (lambda x: 1.0 + x**4, 0.0, 0.0, 0.0),
        (lambda x: abs(x) * 3.0 + x, 0.0, -2.0, 4.0),
        (lambda x: max(x, x * x), 1.0, 1.0, 2.0),
        (only_from(0.0, lambda x: x**1.5), 0.0, None, 0.0),
        (only_from(0.0, lambda x: x**2.5 + 2.0 * x), 0.0, None, 2.0),
        (only_from(0.0, lambda x: x**1.1), 0.0, None, 0.0),
        (only_from(0.0, math.sqrt), 0.0, None, math.inf),
        (only_from(1.0, math.acosh), 1.0, None, math.inf),
        (lambda x: math.sqrt(1.0 - x) if x <= 1.0 else math.nan, 1.0, -math.inf, None),
        (lambda x: math.copysign(abs(x) ** (1 / 3), x), 0.0, math.inf, math.inf),
        (lambda x: math.sqrt(abs(x - 5.0)), 5.0, -math.inf, math.inf),
        (lambda x: math.sin(1e6 * x), 0.3, 1e6 * math.cos(3e5), 1e6 * math.cos(3e5)),
    ],
)
def test_sides(f, x, left, right):
    for found, expected in zip(sides(f, x), (left, right), strict=True):
        if expected is None:
            assert found.kind == "none"
        elif math.isinf(expected):
            assert (found.kind, found.value) == ("steep", expected)
        else:
            assert found.kind == "finite"
            assert abs(found.value - expected) <= 4 * found.error + 1e-12
            assert found.error <= 1e-7 * max(1.0, abs(expected))


@pytest.mark.parametrize("jump", [7.0, 1e-3, 1e-7])
def test_a_jump_is_seen_from_both_sides_and_the_slopes_beyond_it(jump):
    left, right = sides(lambda x: 2.0 * x + (jump if x > 0.5 else 0.0), 0.5)
    assert (left.kind, left.value) == ("finite", pytest.approx(2.0))
    assert (right.kind, right.value) == ("jump", pytest.approx(2.0))


def test_the_error_says_when_rounding_drowns_the_difference():
    ladder = Ladder(lambda x: 1e16 + x, 1.0, 1e16 + 1.0)
    assert best_central(ladder).error > 1.0
    assert side(ladder, 1.0).error > 1.0


@given(testing.values(-3, 3), st.floats(0.1, 3.0), st.floats(-2, 2))
def test_differences_are_within_their_error(x, scale, shift):
    def f(t):
        return math.sin(scale * t + shift) * math.exp(0.3 * t) + shift

    expected = math.exp(0.3 * x) * (scale * math.cos(scale * x + shift) + 0.3 * math.sin(scale * x + shift))
    found = best_central(Ladder(f, x, f(x)))
    assert abs(found.value - expected) <= 4.0 * found.error + 1e-14
    assert found.error < 1e-9


# --- flat functions, borders, kinks --------------------------------------------------------------------------------------

FLAT = {
    "x**3": lambda x: x**3,
    "tanh(x)**3": lambda x: x.tanh() ** 3,
    "relu(x)**3": lambda x: x.relu() ** 3,
    "x*x*abs(x)": lambda x: x * x * abs(x),
    "x**1.5": lambda x: x**1.5,
    "x**2.5": lambda x: x**2.5,
    "x*sin(x)*x": lambda x: x * x.sin() * x,
    "1 + x**4": lambda x: 1 + x**4,
    "cosh(x)": lambda x: x.cosh(),
    "sin(x)**5 + 2": lambda x: x.sin() ** 5 + 2,
    "gauss(x)": lambda x: ops.gauss(x, 1.0),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", FLAT)
def test_a_flat_point_is_right_and_a_slope_there_is_wrong(name, method):
    assert verdicts(FLAT[name], 0.0, method=method) == ["ok"]
    tilt = Op("tilt", lambda t: 0.0, (lambda y, t: 1e-3,), exact=lambda m, t: 0 * t)
    assert not gradcheck(lambda x: FLAT[name](x) + tilt(x), 0.0, method=method).rows[0].ok


INFINITE = [
    (lambda x: x.sqrt(), 0.0, math.inf),
    (lambda x: (1 - x).sqrt(), 1.0, -math.inf),
    (lambda x: x.acosh(), 1.0, math.inf),
    (lambda x: x.asin(), 1.0, math.inf),
    (lambda x: x.acos(), -1.0, -math.inf),
    (lambda x: x.cbrt(), 0.0, math.inf),
    (lambda x: x**0.5, 0.0, math.inf),
    (lambda x: (x - 3).sqrt() * 2, 3.0, math.inf),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("fn", "x", "slope"), INFINITE)
def test_an_infinite_slope_is_a_kink_that_the_differences_confirm(fn, x, slope, method):
    report = gradcheck(fn, x, method=method)
    assert report.rows[0].verdict == f"kink: {slope} … {slope}"
    for planted in (-slope, math.nan, 0.0, 5.0):
        assert not gradcheck(lambda v: fn(Value(v)).data, x, gradient=[planted])


NOT_FINITE = [
    (lambda x: 1 / x, 0.0),
    (lambda x: x.log(), 0.0),
    (lambda x: x.log(), -1.0),
    (lambda x: x.log1p(), -1.0),
    (lambda x: x.exp(), 800.0),
    (lambda x: x.atanh(), 1.0),
    (lambda x: x.exp().exp().sin(), 25.0),
    (lambda x: x * x.log(), 0.0),
    (lambda x: x.sinh(), -800.0),
    (lambda x: x, math.inf),
    (lambda x: x.tanh(), -math.inf),
    (lambda x: x * 2, math.nan),
    (lambda x: x / 1e-320, 0.0),
    (lambda x: (x * x).sqrt() * 0 + (x * x).sqrt(), 0.0),
]
NAN_OF_OURS = [(lambda x: x * x.sqrt(), 0.0), (lambda x: 1 / x.exp().exp(), 25.0)]  # the derivative is 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("fn", "x"), NOT_FINITE)
def test_where_the_function_or_its_gradient_is_not_finite_nothing_is_known(fn, x, method):
    assert verdicts(fn, x, method=method)[0].startswith("undecided: ")
    for planted in (0.0, 1.0, math.inf, -math.inf, math.nan):
        assert verdicts(lambda v: fn(Value(v)).data, x, gradient=planted) != ["ok"]


@pytest.mark.parametrize(("fn", "x"), NAN_OF_OURS)
def test_a_nan_that_the_engine_gives_for_a_derivative_is_undecided_and_the_derivative_is_ok(fn, x):
    for method in METHODS:
        assert verdicts(fn, x, method=method) == ["undecided: the gradient is nan"]
    assert verdicts(lambda v: fn(Value(v)).data, x, gradient=0.0) == ["ok"]
    assert verdicts(lambda v: fn(Value(v)).data, x, gradient=math.nan) != ["ok"]


def test_a_nan_of_ours_beside_an_infinite_number_is_no_alarm():
    for method in METHODS:
        assert verdicts(lambda x: x ** Value(math.inf), 1e-200, method=method) == ["undecided: the gradient is nan"]


def test_many_digits_know_more_than_floats():
    assert verdicts(lambda x: x * x, 1e200) == ["undecided: the function is inf here"]
    assert verdicts(lambda x: x * x, 1e200, method="exact") == ["ok"]
    assert verdicts(lambda x: x.log(), 1e-300, method="exact") == ["ok"]
    assert verdicts(lambda x: 1e16 + x, 1.0, method="exact") == ["ok"]
    assert verdicts(lambda x: (1e300 + x) - 1e300, 0.5, method="exact") == ["ok"]


def test_digits_have_a_limit_which_is_said():
    huge = Op("huge", lambda x: 1.0, (lambda y, x: 0.0,), exact=lambda m, x: x)  # floats see 1, many digits the number itself
    assert verdicts(lambda x: huge(ops.sin(x.exp().exp()) + 0.0), 5.0, method="exact")[0].startswith("WRONG")
    report = gradcheck(lambda x: huge(x.exp().exp().exp().sin()), 25.0, method="exact")
    assert "too many digits" in report.rows[0].verdict


def test_a_division_by_zero_in_two_variables():
    assert all(v.startswith("undecided") for v in verdicts(lambda a, b: a / b, (1.0, 0.0)))


@pytest.mark.parametrize("planted", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_wrong_at_a_smooth_point(planted):
    assert verdicts(lambda x: x * x, 3.0, gradient=[planted])[0].startswith("WRONG")
    rule = Op("rule", math.sin, (lambda y, x: planted,), domain=((-math.inf, math.inf),))
    assert verdicts(lambda x: rule(x), 0.4)[0].startswith("WRONG")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fn", [ops.sign, ops.step, lambda x: ops.less(0.0, x) * 3 + x, lambda x: ops.where(ops.less(0.0, x), x + 1, x)])
def test_at_a_jump_nothing_is_ok(fn, method):
    assert verdicts(lambda x: fn(x), 0.0, method=method) == ["undecided: the function jumps here"]


@pytest.mark.parametrize("method", ["auto", "differences"])
@pytest.mark.parametrize("x", [1e200, -1e200, 2.0**53 + 2.0, 1e15, 3e11 + 0.3, 1e7 + 0.3, 2.5])
@pytest.mark.parametrize(
    "fn", [ops.floor, ops.ceil, ops.trunc, ops.round_, lambda x: x % 3.0, lambda x: 3.0 * ops.floor(x) + x, lambda x: 1e17 % ops.abs_(x)]
)
def test_steps_too_small_to_be_seen_accuse_nobody(fn, x, method):
    assert not any(v.startswith("WRONG") for v in verdicts(fn, [x], method=method))


@pytest.mark.parametrize("x", [1e200, 1e7, 2.5])
def test_a_flat_gradient_of_a_function_that_is_no_row_of_steps_is_wrong(x):
    flat = Op("flat", lambda x: x * 1.0, (lambda y, x: 0.0,), formula=("0",))
    assert verdicts(lambda v: flat(v), [x], method="differences")[0].startswith("WRONG")
    assert verdicts(lambda v: ops.floor(2.5) + flat(v) + ops.floor(v * (0.5 / x)), [x], method="differences")[0].startswith("WRONG")


@pytest.mark.parametrize("planted", [0.0, 1.0, 7.0, -3.0])
def test_at_a_jump_of_any_function_nothing_is_known(planted):
    for fn, x in ((lambda x: 1.0 * (x > 0), 0.0), (lambda x: float(math.floor(x)) + x, 2.0), (lambda x: x if x < 1 else x + 1e-3, 1.0)):
        assert verdicts(fn, x, gradient=[planted]) == ["undecided: the function jumps here"]
    assert verdicts(lambda x: ops.sigmoid(ops.atan2(x, x)), -0.0) == ["undecided: the function jumps here"]


@pytest.mark.parametrize("method", METHODS)
def test_a_function_that_turns_faster_than_floats_follow_is_no_alarm(method):
    def fn(x):
        t = ops.sum_(x, x, ops.cos(x), x)
        return ops.tan(ops.cbrt(ops.cos(x)) * 0 + ops.tan(t))

    for x in (1e16, 3e15, 1.7e16):
        assert not gradcheck(fn, x, method=method).wrong


def test_tiny_numbers_are_judged_on_their_own_scale_where_the_function_has_it():
    assert verdicts(lambda x: x.cbrt(), 1e-200) == ["ok"]
    for planted in (0.0, 7.0, math.inf):
        assert verdicts(lambda x: math.copysign(abs(x) ** (1 / 3), x), 1e-200, gradient=[planted])[0].startswith("WRONG")
    assert verdicts(lambda x: 1.0 + x, 1e-200, gradient=[1.0]) == ["ok"]
    assert verdicts(lambda x: 1.0 + x, 1e-200, gradient=[1.001])[0].startswith("WRONG")
    assert verdicts(lambda x, p: x**p, (1e-200, 1e-200))[0] != "ok"
    assert verdicts(lambda x, y: ops.atan2(x, y), (0.0, 1e-320), gradient=[7.0, 0.0])[0] != "ok"


def test_rounding_that_drowns_the_difference_is_no_proof():
    for planted in (1.0, 5.0, 0.0, -1.0):
        assert verdicts(lambda x: 1e16 + x, 1.0, gradient=[planted]) == ["undecided: rounding drowns it"]
    assert verdicts(lambda x: 1e16 + x, 1.0) == ["ok"]  # the complex step is free of it
    assert verdicts(lambda x: 1e16 + x, 1.0, method="differences") == ["undecided: rounding drowns it"]
    five = Op("five", lambda x: 1e16 + x, (lambda y, x: 5.0,), exact=lambda m, x: 10**16 + x)
    for method in METHODS:
        assert not gradcheck(lambda x: five(x), 1.0, method=method), method


def test_random_functions_are_undecided():
    random.seed(7)
    drop = nn.Dropout(0.5)
    for fn, x in ((lambda x: x * random.random(), 1.0), (lambda x: drop([x])[0], 1.0), (lambda xs: drop(xs)[0], ([1.0, 2.0],))):
        for method in METHODS:
            report = gradcheck(fn, x, method=method)
            assert not report
            assert {row.verdict for row in report.rows} == {"undecided: a random function: it gives another number each time"}
    np = pytest.importorskip("numpy")
    assert not gradcheck(lambda x: x * np.random.random(), 1.0, gradient=[0.5])
    calls = []
    assert verdicts(lambda x: calls.append(1) or x * len(calls), 1.0)[0].startswith("undecided: a random function")


def test_a_function_that_seeds_itself_is_not_random():
    def fn(x):
        random.seed(3)
        return x * random.random()

    assert verdicts(fn, 1.0) == ["ok"]
    drop = nn.Dropout(0.5)

    def seeded(x):
        drop.rng.seed(5)
        return drop([x, x, x])[1] + x

    assert verdicts(seeded, 1.0) == ["ok"]
    drop.eval()
    assert verdicts(lambda x: drop([x])[0], 1.0) == ["ok"]
    norm = nn.BatchNorm(1)
    assert gradcheck(lambda xs: norm([[x] for x in xs])[0][0], ([0.3, -1.0, 2.0],))


@pytest.mark.parametrize("error", [ZeroDivisionError, ValueError, OverflowError, IndexError, AssertionError])
def test_what_the_function_raises_for_its_numbers_is_a_verdict(error):
    def always(x):
        raise error("no")

    assert verdicts(always, 1.0) == [f"undecided: the function raised {error.__name__}: no"]

    def nearby(x):
        if x > 1.0:
            raise error("no")
        return x * x

    assert verdicts(nearby, 1.0, gradient=[2.0]) == ["ok"]
    assert verdicts(nearby, 1.0, gradient=[3.0])[0].startswith("WRONG")


def test_what_the_gradient_raises_is_a_verdict_and_mistakes_in_the_code_are_raised():
    assert verdicts(lambda x: abs(x), 0.0, gradient=lambda x: [x / x])[0].startswith("undecided: the gradient raised ZeroDivisionError")
    with pytest.raises(TypeError):
        gradcheck(lambda x: x + "a", 1.0)
    with pytest.raises(NameError):
        gradcheck(lambda x: nothing_of_this_name, 1.0)  # noqa: F821
    with pytest.raises(TypeError, match="None"):
        gradcheck(lambda x: None, 1.0, gradient=[1.0])


# --- second order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "x", "between"),
    [
        (lambda x: x.relu() * x, 0.0, (0, 2)),
        (lambda x: x.relu(), 0.0, (0, 0)),
        (abs, 0.0, (0, 0)),
        (lambda x: x.maximum(x * x), 1.0, (0, 2)),
        (lambda x: x * abs(x), 0.0, (-2, 2)),
    ],
)
def test_second_order_at_a_kink(fn, x, between):
    assert verdicts(fn, x, order=2) == [f"kink: {between[0]} … {between[1]}"]


def test_second_order_at_a_kink_catches_a_planted_rule():
    up = Op("up", lambda x: max(x, 0.0), (lambda y, x: ops.step(x) + 7.0 * (x - (x.data if isinstance(x, Value) else x)),))
    assert verdicts(lambda x: up(x), 0.0, order=2)[0].startswith("WRONG")
    assert verdicts(lambda x: up(x), 1.0, order=2)[0].startswith("WRONG")


def test_second_order_of_flat_and_of_random_functions():
    assert verdicts(lambda x: x**4, 0.0, order=2) == ["ok"]
    assert verdicts(lambda x: x**3, 0.0, order=2) == ["ok"]
    assert verdicts(lambda x: x * x * random.random(), 1.0, order=2)[0].startswith("undecided")


# --- the engine's own gradients, and planted ones, over the whole table ----------------------------------------------------

EDGES = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 1e-8, -1e-8, 1e8, 30.0, -30.0, 800.0, -800.0, 1e200, 1e-200, 1e-320, 5.5, math.inf, math.nan)
ROWS = [op for op in TABLE.values() if op.name != "shift"]  # its gradient is 0 by decree


def bound(op):
    return op.bind(-1.0, 1.0) if op.name == "clamp" else op.bind(*op.defaults) if op.constants else op


def points(op):
    draw = random.Random(op.name)
    domain = op.domain if op.arity is not None else op.domain * 4
    ordinary = [[draw.uniform(max(low, -6) + 0.05, min(high, 6) - 0.05) for low, high in domain] for _ in range(2)]
    edges = [[draw.choice(EDGES) for _ in domain] for _ in range(3)] + [[edge] * len(domain) for edge in EDGES[:3]]
    found = [tuple(xs) for xs in ordinary + edges] + [kink.at for kink in op.kinks if len(kink.at) == len(domain)]
    return [xs for xs in found if op.name not in WHOLE or not 1e12 * abs((*xs, 1.0)[1]) < abs(xs[0]) < math.inf]


WHOLE = ("floor", "ceil", "trunc", "round", "mod")  # far out they jump at every double: to one that sees doubles they are x


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_no_gradient_of_the_engine_is_called_wrong(op, method):
    for xs in points(op):
        for row in gradcheck(lambda *v: bound(op)(*v), xs, method=method).rows:
            assert not row.verdict.startswith("WRONG"), (xs, row)
            assert row.verdict != "ok" or math.isfinite(row.analytic), (xs, row)


@pytest.mark.parametrize("how", ["plain", "auto", "exact"])
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_no_planted_gradient_is_ok(op, how):
    from micrograd.checking.exact import exactly

    op = bound(op)
    for xs in points(op):
        right = [row.analytic for row in gradcheck(lambda *v: op(*v), xs).rows]
        sees = 1e-18 * max([1.0, *(abs(g) for g in right if math.isfinite(g))])
        for i, g in enumerate(right):
            if math.isfinite(g) and abs(g) < sees and g:
                continue  # 0 for all that numbers beside it can show
            for planted in (g * 1.001, -g, 0.0, 7.0, math.inf, math.nan):
                if planted == g or (planted != planted and g != g) or abs(planted - g) < 9e-4 * abs(g):
                    continue
                if how == "plain" and planted == 0.0 and abs(g * (abs(xs[i]) or 1.0)) < 1e-15 * abs(op.forward(*xs, *op.params)):
                    continue  # a function that does not move
                given = [*right[:i], planted, *right[i + 1 :]]
                if how == "plain":
                    report = gradcheck(lambda *v: op.forward(*v, *op.params), xs, gradient=given)
                else:
                    wrong = Op(
                        "wrong", lambda *v: op.forward(*v, *op.params), tuple(lambda y, *v, c=c: c for c in given),
                        exact=lambda m, *v: exactly(op, m, v), domain=op.domain if op.arity is not None else (),
                    )  # fmt: skip
                    report = gradcheck(lambda *v, op=wrong: op(*v), xs, method=how)
                assert report.rows[i].verdict != "ok", (xs, g, planted, report.rows[i])


@given(st.data())
def test_random_expressions_at_ordinary_points_and_at_zero(data):
    expression = data.draw(testing.expressions())
    numbers = list(expression.inputs)
    if data.draw(st.booleans()):
        numbers[data.draw(st.integers(0, len(numbers) - 1))] = data.draw(st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0]))
    method = data.draw(st.sampled_from(METHODS))
    report = gradcheck(expression, numbers, method=method)
    assert not report.wrong, (str(expression), numbers, str(report))
    for row in report.rows:
        if row.verdict == "ok" and abs(row.analytic) > 1e-6:
            given = [r.analytic for r in report.rows]
            given[report.rows.index(row)] *= data.draw(st.sampled_from([1.001, 0.999, -1.0, 2.0, math.inf, math.nan]))
            planted = gradcheck(lambda *xs: expression(*xs), numbers, gradient=given)
            assert planted.rows[report.rows.index(row)].verdict != "ok", (str(expression), numbers, str(planted))


@pytest.mark.parametrize("x", [1e-3, 0.3, 1.0, 2.5, -0.7])
def test_a_value_that_is_cut_off_by_data_stays_wrong(x):
    for method in METHODS:
        assert verdicts(lambda v: v * v.data, x, method=method)[0].startswith("WRONG"), method


# --- many digits wherever eager can go ------------------------------------------------------------------------------------

w, u = Value(0.7, label="w"), Value(-1.3)
computed = w * 2 + u


@pytest.mark.parametrize(
    "fn",
    [
        lambda x, y: w * x + y,
        lambda x, y: w - x - y,
        lambda x, y: w / x + y,
        lambda x, y: x**w + y,
        lambda x, y: w**x * y,
        lambda x, y: ops.tanh(w * x) - y,
        lambda x, y: sum([x, y, x * y], Value(0.0)),
        lambda x, y: ops.sum_(w, x, y, 3.0),
        lambda x, y: ops.maximum(w, x) + w.minimum(y),
        lambda x, y: w.hypot(x) * ops.atan2(u, y),
        lambda x, y: computed * x + computed.maximum(y),
        lambda x, y: functional.softmax([x, y, w])[1],
        lambda x, y: functional.logsumexp([x, y]) + functional.log_softmax([y, x])[0],
        lambda x, y: losses.cross_entropy([x, y, w], 1),
        lambda x, y: losses.cross_entropy([[x, y], [y, x]], [0, 1], label_smoothing=0.1),
        lambda x, y: losses.mse([x, y], [w, 2.0]) + losses.huber([x], [u]),
        lambda x, y: ops.where(x > y, x.exp(), y * w),
        lambda x, y: ops.dot(x, w, u, y),
        lambda x, y: x.gelu() + ops.erf(y) * ops.clamp(x, -1.0, 1.0) + x.silu(),
        lambda x, y: ops.leaky_relu(x * y, 0.1) + (x.relu() if x > 0 else y),
    ],
)
@pytest.mark.parametrize("method", ["auto", "complex", "exact"])
def test_values_of_the_closure_and_functions_of_lists(fn, method):
    report = gradcheck(fn, (0.3, 1.7), method=method)
    assert report, str(report)
    assert {row.verdict for row in report.rows} == {"ok"}
    assert (w.data, u.data) == (0.7, -1.3)


@pytest.mark.parametrize("method", ["complex", "exact"])
def test_given_values_and_modules_are_stood_in_for(method):
    a, b = Value(0.3, label="a"), Value(1.2)
    model, wide, normal = nn.MLP(2, [3, 1], activation="tanh"), nn.Linear(2, 2), nn.LayerNorm(3)
    for fn, inputs in (
        (lambda a, b: a * b.tanh() + a, (a, b)),
        (lambda a, x: a * x + x.exp(), (a, 0.7)),
        (lambda m, xs: m(xs), (model, [0.3, -0.2])),
        (lambda m, xs: ops.sum_(*(y**2 for y in m(xs))), (wide, [0.3, -0.2])),
        (lambda m, xs: ops.sum_(*(y**3 for y in m(xs))), (normal, [0.3, 0.1, 0.5])),  # gradients that floats round to 0
    ):
        before = [p.data for p in model.parameters()]
        report = gradcheck(fn, inputs, method=method)
        assert report, str(report)
        assert [p.data for p in model.parameters()] == before and (a.data, b.data) == (0.3, 1.2)
        twice = Op("twice", float, (lambda y, x: 2.0,), exact=lambda m, x: x)  # x, and a slope of 2
        assert not gradcheck(lambda *args, fn=fn, twice=twice: twice(fn(*args)), inputs, method=method)


@pytest.mark.parametrize("method", ["complex", "exact"])
def test_a_given_value_that_is_read_by_another_way_is_never_frozen_in_silence(method):
    a = Value(0.3, label="a")
    for fn in (lambda v: v * a.data, lambda v: v + a.data * 2.0, lambda v: v * a.data * a.data):
        assert not gradcheck(fn, (a,), method=method)
    assert gradcheck(lambda v: v * a, (a,), method=method)
    if method == "complex":  # its graph knows the way
        assert gradcheck(lambda v: a * a, (a,), method=method)
    else:
        with pytest.raises(TypeError, match="by another way than its argument"):
            gradcheck(lambda v: a * a, (a,), method=method)


def test_another_arithmetic_is_refused_where_the_function_leaves_it():
    for method in ("complex", "exact"):
        with pytest.raises(TypeError, match=r"cannot go through this function .*method='auto'"):
            gradcheck(lambda x: x * math.exp(x.data), 1.0, method=method)
    assert not gradcheck(lambda x: x * math.exp(x.data), 1.0)


# --- the report, assert_gradients, what is left behind ---------------------------------------------------------------------


def test_the_report_tells_wrong_from_undecided():
    report = gradcheck(lambda x, y, z: ops.step(x) + y * y + z, (0.0, 3.0, 1.0), gradient=lambda *xs: (0.0, 5.0, 1.0))
    assert [row.name for row in report.wrong] == ["y"]
    assert [row.name for row in report.undecided] == ["x"]
    assert not report
    assert "undecided: the function jumps here" in str(report)
    assert not gradcheck(lambda x, y: ops.step(x) + y, (0.0, 3.0))


def test_assert_gradients_wants_something_decided():
    testing.assert_gradients(lambda x, y: ops.step(x) + y * y, (0.0, 3.0))
    with pytest.raises(testing.GradientError, match="nothing could be decided"):
        testing.assert_gradients(lambda x: ops.step(x), (0.0,))
    with pytest.raises(testing.GradientError, match="the gradient is wrong in 1 of 2"):
        testing.assert_gradients(lambda x, y: ops.step(x) + y * y, (0.0, 3.0), gradient=[0.0, 5.0])


def test_gradients_that_cancel_are_zero_by_every_method():
    for method in METHODS:
        for fn in (lambda x: x / x, lambda x: x - x, lambda x: x.sin() ** 2 + x.cos() ** 2, lambda x: x.exp() / x.exp()):
            assert verdicts(fn, 1.375, method=method) == ["ok"]


def test_a_gradient_that_depends_on_the_size_of_others_is_not_proved_by_them():
    given = [1.0, 5.0]
    assert verdicts(lambda x, y: 1e16 * x + y, (1.0, 1.0), gradient=given)[1].startswith("undecided: rounding")
    assert EPSILON * 1e16 > 1.0


@pytest.mark.parametrize("factor", [1.0, 1.0 + 1e-6])
def test_a_graph_is_judged_in_the_same_way(factor):
    x, y = Value(0.0, label="x"), Value(2.0, label="y")
    assert [row.verdict for row in check_grads(ops.step(x) * y + y**3 * x).rows] == ["undecided: the function jumps here", "ok"]
    assert [row.verdict for row in check_grads(x.sqrt() + y).rows] == ["kink: inf … inf", "ok"]
    assert check_grads(x**3 + y).rows[0].verdict == "ok"
    rule = Op("rule", math.sin, (lambda t, a: math.cos(a) * factor,))
    assert bool(check_grads(rule(y) * y)) == (factor == 1.0)


CALLS = [
    lambda: gradcheck(lambda x, y: x * y, (1.0, 2.0)),
    lambda: gradcheck(lambda x: x.relu(), 0.0),
    lambda: gradcheck(lambda x: x[0] * x[1][0], ([1.0, [2.0]],)),
    lambda: gradcheck(lambda m, x: m(x), (nn.MLP(1, [2, 1]), [0.1])),
    lambda: gradcheck(lambda x, y: x * y, (1.0, 2.0), gradient=lambda x, y: (x, x)),
    lambda: gradcheck(lambda x: x.tanh(), 1.0, method="exact"),
    lambda: gradcheck(lambda x: x.tanh(), 1.0, order=2),
    lambda: check_grads(w * u + w),
]


@pytest.mark.parametrize("call", CALLS)
def test_nothing_waits_for_the_collector(call):
    call()
    gc.collect()
    gc.disable()
    try:
        call()
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("method", ["auto", "complex", "differences", "exact"])
@pytest.mark.parametrize("x", [1e15, 1e15 + 0.5, 2.0**52 + 1.0])
def test_what_jumps_again_and_again_is_not_called_wrong_far_out(method, x):
    if method == "exact":
        pytest.importorskip("mpmath")
    for f in (lambda x: x % 3.0, lambda x: ops.mod(x, 3.0), lambda x: (x % 3.0) * 2.0 + x):
        report = gradcheck(f, x, method=method)
        assert not report.wrong and bool(report) == (method == "exact"), report
    wrong = Op("wrong", ops.mod.forward, (lambda y, a, b: 7.0, lambda y, a, b: 0.0), exact=ops.mod.exact)
    assert not gradcheck(lambda x: wrong(x, 3.0), x, method=method)


@pytest.mark.parametrize("below", [1e-13, 1e-14, 1e-15, 2.0**-52])
def test_a_slope_that_is_finite_at_the_last_floats_alone_is_not_called_infinite(below):
    x = 1.0 - below
    right = 1.0 / math.sqrt((1.0 - x) * (1.0 + x))
    assert gradcheck(lambda x: x.asin(), x) and gradcheck(lambda x: x.asin(), x, method="complex")
    for method in ("differences", "directions"):
        assert not gradcheck(lambda x: x.asin(), x, method=method).wrong
    assert not gradcheck(math.asin, (x,), gradient=(right,)).wrong
    for wrong in (0.0, 1.0, -right, -math.inf):
        assert gradcheck(math.asin, (x,), gradient=(wrong,)).wrong, wrong


def test_an_infinite_slope_refutes_a_large_number():
    for wrong in (0.0, 1.0, 1e9, 1e100, -1e9):
        assert gradcheck(math.sqrt, (0.0,), gradient=(wrong,)).wrong, wrong
    assert gradcheck(math.asin, (1.0,), gradient=(1e6,)).wrong and gradcheck(math.asin, (1.0,), gradient=(-1e12,)).wrong
