"""Checks along random directions, the order of the remainder, third derivatives, forward mode, and what raises alike."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from micrograd import Op, Value, gradcheck, nn, ops, testing
from micrograd.checking import checks

DIRECTED = ("directions", "taylor")


def smooth(x, y, z):
    return (x * y).tanh() * z.exp() + (x + 2.5).log() / z


def verdicts(*args, **keywords):
    return [row.verdict for row in gradcheck(*args, **keywords).rows]


@pytest.mark.parametrize("method", DIRECTED)
def test_a_right_gradient_is_ok_along_every_direction(method):
    report = gradcheck(smooth, (0.3, -0.7, 1.2), method=method)
    assert report and len(report.rows) == (8 if method == "directions" else 4)
    assert report.rows[0].name == "direction 1"
    if method == "directions":
        assert {row.method for row in report.rows} == {"forward mode", "differences"}
    else:
        assert all(1.9 < float(row.method.rpartition(" ")[2]) < 2.1 for row in report.rows)


@pytest.mark.parametrize("method", DIRECTED)
@pytest.mark.parametrize("off", [1e-6, -1e-5, 0.1, 2.0])
def test_a_planted_wrong_rule_is_found(method, off):
    wrong = Op("wrong", math.sin, (lambda y, x: math.cos(x) * (1 + off),))
    said = verdicts(lambda x, y: wrong(x) * y + y, (0.4, 1.3), method=method)
    assert any(v.startswith("WRONG") for v in said), said


@pytest.mark.parametrize("method", DIRECTED)
def test_one_wrong_gradient_among_hundreds_is_found(method):
    xs = [math.sin(k) for k in range(300)]

    def f(*x):
        return sum(math.sin(a) * b for a, b in itertools.pairwise(x))

    def gradient(*x):
        g = [0.0] * len(x)
        for i, (a, b) in enumerate(itertools.pairwise(x)):
            g[i] += math.cos(a) * b
            g[i + 1] += math.sin(a)
        return g

    assert gradcheck(f, xs, gradient=gradient, method=method)
    report = gradcheck(f, xs, gradient=lambda *x: [g * (1.001 if i == 150 else 1.0) for i, g in enumerate(gradient(*x))], method=method)
    assert report.wrong


def test_large_networks_take_a_few_evaluations():
    rng = random.Random(2)
    model = nn.MLP(4, [12, 12, 1], activation="tanh", rng=rng)
    calls = []

    def loss(model, x):
        calls.append(1)
        return model(x)

    assert gradcheck(loss, (model, [0.1, -0.4, 0.3, 0.9]), method="directions", directions=2)
    assert len(calls) < 200 < len(model.parameters())


def test_the_same_seed_gives_the_same_report():
    for method in DIRECTED:
        one, two, other = (str(gradcheck(smooth, (0.3, -0.7, 1.2), method=method, seed=s)) for s in (5, 5, 6))
        assert one == two != other


def test_the_remainder_of_a_linear_function_is_rounding():
    report = gradcheck(lambda x, y: 3.0 * x - y, (0.1, 7.0), method="taylor")
    assert report and all(row.method == "Taylor, order inf" for row in report.rows)
    assert gradcheck(lambda x: Value(2.0) + 0.0 * x, (1.0,), method="taylor")


def test_kinks_jumps_and_what_is_not_finite_are_undecided():
    assert all(v.startswith("undecided: a kink") for v in verdicts(lambda x: x.abs() * 3.0 + x, (0.0,), method="taylor"))
    assert all("jump" in v for v in verdicts(lambda x: x.floor() + x * x, (2.0,), method="taylor"))
    steps = verdicts(lambda x: x.exp().round(), (3.0,), method="taylor", seed=3)
    assert not [v for v in steps if v.startswith("WRONG")] and any(v.startswith("undecided") for v in steps)
    assert verdicts(lambda x: x.log(), (-1.0,), method="taylor") == ["undecided: the function is nan here"] * 4
    assert verdicts(lambda x: x * random.random(), (1.0,), method="taylor")[0].startswith("undecided: a random function")
    assert len(verdicts(lambda x: [x, x * x], (1.0,), method="taylor", directions=3)) == 6


@settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(testing.expressions(max_steps=8))
def test_no_right_gradient_is_called_wrong(expression):
    for method in DIRECTED:
        report = gradcheck(expression, expression.inputs, method=method, directions=2)
        assert not report.wrong, (method, str(expression), str(report))


# --- forward mode --------------------------------------------------------------------------------------------------------------


def test_forward_mode_is_checked_too():
    report = gradcheck(smooth, (0.3, -0.7, 1.2), forward=True)
    assert report and [row.name for row in report.rows] == ["x", "y", "z", "x (jvp)", "y (jvp)", "z (jvp)"]


def test_a_planted_fault_of_forward_mode_is_found(monkeypatch):
    push = checks.push

    def half(order, tangent, graph=False):
        push(order, tangent, graph)
        for v in order:
            if v.op is ops.tanh:
                tangent[v] *= 0.5

    monkeypatch.setattr(checks, "push", half)
    assert [row.name for row in gradcheck(lambda x: x.tanh(), (0.4,), forward=True).wrong] == ["x (jvp)"]
    assert [row.method for row in gradcheck(lambda x: x.tanh(), (0.4,), method="directions").wrong] == ["forward mode"] * 4


# --- third order -----------------------------------------------------------------------------------------------------------------


def test_third_derivatives():
    report = gradcheck(lambda x, y: x**3 * y + (x * y).tanh(), (0.4, -0.9), order=3)
    assert report and len(report.rows) == 8 and report.rows[1].name == "x, x, y"
    x, y = 0.4, -0.9
    row = gradcheck(lambda x, y: x**3 * y**2, (x, y), order=3).rows
    assert [r.analytic for r in row] == pytest.approx([6 * y * y, 12 * x * y, 12 * x * y, 6 * x * x, 12 * x * y, 6 * x * x, 6 * x * x, 0.0])


def test_a_planted_fault_of_the_third_order_is_found():
    second = Op("second", lambda x: 6.0 * x, (lambda y, x: 6.001,))  # the slope of 6x
    first = Op("first", lambda x: 3.0 * x * x, (lambda y, x: second(x),))
    cube = Op("cube", lambda x: x**3, (lambda y, x: first(x),))
    assert gradcheck(cube, (1.3,)) and gradcheck(cube, (1.3,), order=2)
    assert gradcheck(cube, (1.3,), order=3).wrong


# --- what raises alike -------------------------------------------------------------------------------------------------------------


def test_what_raises_alike_is_ok_and_what_does_not_is_wrong():
    def gradient(x):
        return [1 / x if x > 0 else math.log(x)]

    assert gradcheck(math.log, (-1.0,), gradient=gradient, alike=True)
    assert verdicts(math.log, (-1.0,), gradient=gradient)[0].startswith("undecided: the function raised ValueError")
    assert verdicts(math.log, (-1.0,), gradient=lambda x: [1 / x], alike=True)[0].startswith("WRONG: the function raised ValueError")
    assert "the gradient ZeroDivisionError" in verdicts(math.log, (0.0,), gradient=lambda x: [1 / x], alike=True)[0]
    assert verdicts(math.log, (-1.0,), gradient=lambda x: [math.nan], alike=True) == ["ok"]
    assert "where the function is 2" in verdicts(lambda x: 2.0 * x, (1.0,), gradient=lambda x: [math.log(-x)], alike=True)[0]


def test_nan_alike():
    assert gradcheck(lambda x: x.log(), (-1.0,), alike=True)
    planted = Op("planted", lambda x: math.nan, (lambda y, x: 1.0,))
    assert verdicts(planted, (-1.0,), alike=True) == ["WRONG: the function is nan, and no gradient is"]
    assert verdicts(lambda x: x.sqrt() ** 2, (0.0,), alike=True)[0].startswith("undecided: it is nan")
    assert gradcheck(smooth, (0.3, -0.7, 1.2), alike=True)


@given(
    st.sampled_from([op for op in ops.TABLE.values() if op.arity == 1 and not op.constants]), st.sampled_from([-2.0, math.nan, 0.0, 0.5])
)
@settings(max_examples=60, deadline=None, database=None)
def test_no_row_of_ours_gives_numbers_for_the_slope_of_a_nan(op, x):
    assert (
        not [v for v in verdicts(op, (x,), alike=True) if "no gradient is" in v]
        or op.name in ("sign", "step", "less", "floor")
        or (all(p == 0.0 for p in op.gradient(math.nan, [x])))
    )


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="order=2 goes input by input"):
        gradcheck(smooth, (0.3, -0.7, 1.2), order=2, method="taylor")
    with pytest.raises(ValueError, match="our own forward mode"):
        gradcheck(math.sin, (0.3,), gradient=[math.cos(0.3)], forward=True)


@pytest.mark.parametrize("method", DIRECTED)
def test_a_right_gradient_is_not_called_wrong_where_the_function_cancels(method):
    """Near the optimum of a loss: what an input's step loses to rounding is more than the whole function."""
    assert gradcheck(lambda a: (a - 1) ** 2, [1 + 1e-7], method=method)
    assert gradcheck(lambda w, b: (w * 3 + b - 7) ** 2 + (b - w + 1) ** 2, [2.0 + 1e-8, 1.0 - 1e-8], method=method)
    said = verdicts(lambda a: (a + 1e10) - 1e10, [1.0], method=method)
    assert not any(v.startswith("WRONG") for v in said), said


@pytest.mark.parametrize("method", DIRECTED)
def test_no_direction_is_no_verdict(method):
    with pytest.raises(ValueError, match="directions=0 checks nothing"):
        gradcheck(lambda a: a * a, [3.0], gradient=lambda a: [0.0], method=method, directions=0)


def test_an_infinite_slope_that_both_modes_have_is_left_open():
    said = verdicts(lambda a: a.sqrt(), [0.0], method="directions")
    assert all(v.startswith("undecided") for v in said), said


@pytest.mark.parametrize("method", ["taylor", "directions"])
@pytest.mark.parametrize("small", [1e-9, 1e-14, 1e-200, 0.0])
def test_a_wrong_gradient_of_a_small_input_does_not_hide(method, small):
    """Moved by its own size, an input of 1e-9 changes nothing that shows beside others."""

    def f(x, y):
        return math.tanh(x * 3.0) + math.sin(y) * 2.0 + x * y

    def values(x, y):
        return (x * 3.0).tanh() + y.sin() * 2.0 + x * y

    def claimed(x, y):
        slope = 1.0 - math.tanh(3.0 * x) ** 2
        return 3.0 * slope + y, (math.cos(y) * 2.0 + x) * 1.01

    inputs = (0.3, small)
    report = gradcheck(f, inputs, gradient=claimed, method=method, directions=2)
    assert not report and any("WRONG" in row.verdict for row in report.rows)
    assert gradcheck(values, inputs, method=method, directions=4)
    assert gradcheck(lambda x, y: x.exp() + y.log(), (0.3, 1e-9), method=method, directions=4)  # half a unit below 1e-9 there is no log
    assert gradcheck(lambda x, y: x.exp() + (y - 1e-3).relu(), (0.3, 1e-9), method=method, directions=4)


def test_taylor_calls_no_right_gradient_wrong_where_no_step_shows_a_line():
    """Far out a function bends more than it moves at every step that is no rounding, or its value is rounding altogether."""

    def chaos(x):
        for _ in range(40):
            x = 3.9 * x * (1 - x)
        return x

    for f, x in ((lambda x: x.erf(), 5.5), (chaos, 0.4), (lambda x: x / 2, 1.7e308), (lambda x: x.sigmoid(), 30.0)):
        assert not gradcheck(f, (x,), method="taylor").wrong, x
    for off in (1.1, 1.001, 0.0):
        assert gradcheck(math.erf, (1.5,), gradient=(off * 2.0 / math.sqrt(math.pi) * math.exp(-2.25),), method="taylor").wrong
        assert gradcheck(lambda x: math.sin(1e4 * x), (0.3,), gradient=(off * 1e4 * math.cos(3e3),), method="taylor").wrong
