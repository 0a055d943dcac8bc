"""Zero times infinity: structural zeros pass nothing, numeric ones keep IEEE's answer, and every way to a derivative agrees."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
import viz
from micrograd import Op, Value, hessian, hvp, jvp, ops, vjp
from zeros import CASES, TABLE, Program, alike, bits, programs

inf, nan = math.inf, math.nan


def backward(fn, xs):
    leaves = [Value(x) for x in xs]
    fn(*leaves).backward()
    return [v.grad for v in leaves]


def stepped(fn, xs):
    leaves = [Value(x) for x in xs]
    for _ in fn(*leaves).steps():
        pass
    return [v.grad for v in leaves]


def by_grad(fn, xs):
    leaves = [Value(x) for x in xs]
    return micrograd.grad(fn(*leaves), leaves)


def by_graph(fn, xs):
    leaves = [Value(x) for x in xs]
    return [g.data for g in micrograd.grad(fn(*leaves), leaves, create_graph=True)]


def forward(fn, xs):
    return [jvp(fn, xs, [float(i == k) for i in range(len(xs))])[1] for k in range(len(xs))]


def reverse(fn, xs):
    return vjp(fn, xs, 1.0)[1]


WAYS = [backward, stepped, by_grad, by_graph, forward, reverse]


@pytest.mark.parametrize("way", WAYS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("case", CASES)
def test_the_gradient_at_the_edge(case, way):
    fn, xs, expected = CASES[case]
    found = way(fn, xs)
    assert all(map(alike, found, expected)), found
    assert all(type(g) is float for g in found)


@given(programs())
def test_every_way_agrees_with_the_oracle(program):
    expected, xs = program.gradient(), program.inputs
    assert list(map(bits, backward(program, xs))) == list(map(bits, expected))
    assert list(map(bits, stepped(program, xs))) == list(map(bits, expected))
    for way in (by_grad, by_graph, reverse):
        assert all(map(alike, way(program, xs), expected)), way.__name__
    tangents = [1.0, 0.0, -2.0][: len(xs)]
    assert bits(jvp(program, xs, tangents)[1]) == bits(program.derivative(tangents))


@given(programs(tree=True))
def test_forward_and_reverse_mode_agree_where_paths_are_single(program):
    for a, b in zip(forward(program, program.inputs), backward(program, program.inputs), strict=True):
        assert alike(a, b, 1e-12)


def test_the_oracle_would_notice_numeric_zeros(monkeypatch):
    """Planted: an oracle for which no zero is structural disagrees with the engine."""
    program = Program([-0.9], 1, [("relu", (0,)), ("sqrt", (1,))])
    assert program.gradient() == backward(program, program.inputs) == [0.0]
    monkeypatch.setitem(TABLE, "relu", (ops.relu, 1, lambda y, x: [False]))
    assert math.isnan(program.gradient()[0])


# --- what the caller gives ---------------------------------------------------------------------------------------------


def test_a_constant_has_no_tangent_and_a_tangent_of_zero_passes_nothing():
    assert jvp(lambda x: x / 1e-200, (0.5,), (1.0,)) == (0.5 / 1e-200, 1e200)
    assert jvp(lambda x: x ** Value(3.0), (-2.0,), (1.0,)) == (-8.0, 12.0)
    assert jvp(lambda x, y: ops.sqrt(x) + y, (0.0, 1.0), (0.0, 1.0)) == (1.0, 1.0)
    assert jvp(lambda x, y: ops.sqrt(x) + y, (0.0, 1.0), (1.0, 0.0)) == (1.0, inf)


def test_a_cotangent_of_zero_passes_nothing():
    assert vjp(lambda x: [ops.sqrt(x), 2 * x], (0.0,), (0.0, 1.0)) == ([0.0, 0.0], [2.0])
    x = Value(0.0)
    assert micrograd.grad(ops.sqrt(x), x, upstream=0.0) == 0.0
    assert hvp(lambda x, y: ops.sqrt(x) * 1.0 + y * y, (0.0, 3.0), (0.0, 1.0)) == [0.0, 2.0]


def test_second_derivatives_pass_no_structural_zero_either():
    assert hessian(lambda x: ops.sqrt(ops.relu(x)), (-0.9,)) == [[0.0]]
    assert hessian(lambda x: ops.where(ops.less(0.0, x), ops.log_(x), x * x), (-1.0,)) == [[2.0]]
    assert hessian(lambda x, y: ops.where(ops.less(0.0, x), y / x, y * y), (0.0, 3.0)) == [[0.0, 0.0], [0.0, 2.0]]
    (a, b), (c, d) = hessian(lambda x, p: x**p, (1.0, 0.0))  # x**p at p = 0 is no constant: ∂²/∂x∂p = 1
    assert (a, b, c, d) == pytest.approx((0.0, 1.0, 1.0, 0.0))


# --- the engine's own ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [lambda root: root.backward(), lambda root: list(root.steps())], ids=["backward", "steps"])
def test_a_node_that_nothing_reached_reads_as_zero_and_what_its_closure_adds_is_discarded(run):
    x = Value(0.0, label="x")
    dead, live = ops.log_(x), x + 1.0
    seen = []
    own = Value(5.0, (dead,), "own")

    def closure():
        seen.append(own.grad)
        dead.grad += own.grad * inf

    own._backward = closure
    run(ops.where(0.0, own, live))
    assert (own.grad, dead.grad, live.grad, x.grad, seen) == (0.0, 0.0, 1.0, 1.0, [0.0])
    run(ops.where(1.0, own, live))
    assert seen == [0.0, 1.0] and dead.grad == x.grad == inf
    run(ops.where(0.0, own, live))
    assert (own.grad, dead.grad, x.grad) == (0.0, 0.0, inf)  # fresh again; 1 + inf + 1


def test_a_closure_may_inject_a_gradient_where_nothing_reached():
    x = Value(2.0)
    own = Value(5.0, (x,), "own")

    def closure():
        x.grad += 7.0

    own._backward = closure
    ops.where(0.0, own, x).backward()
    assert x.grad == 8.0


def test_a_closures_own_zero_is_numeric():
    x = Value(-1.0)
    gate = Value(0.0, (x,), "gate")

    def closure():
        x.grad += (gate.data > 0) * gate.grad

    gate._backward = closure
    ops.sqrt(gate).backward()
    assert math.isnan(x.grad)  # 0 · inf, as the closure says


@pytest.mark.parametrize("hook", [lambda g: g, lambda g: 2 * g, lambda g: None, lambda g: max(-1.0, min(1.0, g))])
def test_a_hook_on_what_nothing_reached_lets_it_be(hook):
    x = Value(0.0)
    root = ops.sqrt(x)
    remove = root.register_hook(hook)
    try:
        ops.where(0.0, root, x).backward()
    finally:
        remove()
    assert x.grad == 1.0


def test_a_hook_may_inject_a_gradient():
    x = Value(4.0)
    root = ops.sqrt(x)
    remove = root.register_hook(lambda g: 8.0)
    try:
        ops.where(0.0, root, x).backward()
    finally:
        remove()
    assert x.grad == 3.0  # 1 + 8 · ¼


def test_the_steps_say_why_nothing_passes():
    x = Value(-0.9, label="x")
    text = "\n".join(map(str, ops.sqrt(ops.relu(x)).steps()))
    assert "x.grad  += v1.grad × ∂v1/∂x  = inf ×   0 =   0   x.grad:  0 +   0 =   0" in text
    assert "∂v1/∂x = 1 if x > 0 else 0: a 0 by rule passes nothing" in text
    x = Value(0.0, label="x")
    (*_, last) = ops.where(0.0, ops.sqrt(x), 1.0).steps()
    assert str(last).endswith("= 0 × inf = 0   x.grad:  0 + 0 = 0   ∂v1/∂x = 1 / (2 * v1): nothing reached v1")
    assert last.contributions[0].value == 0.0 and last.upstream == 0.0


def test_stepper_table_and_check_show_that_nothing_passes():
    x = Value(-0.9, label="x")
    root = ops.sqrt(ops.relu(x))
    stepper = viz.step(root, check=True)
    assert any(line.endswith("∂v1/∂x = ∞ · 0, which passes nothing: 0 → 0") for line in stepper.log())
    assert stepper.problems == []
    x = Value(0.0, label="x")
    root = ops.where(ops.less(0.0, x), 1 / x, 7.0)
    assert viz.step(root, check=True).problems == []
    root.backward()
    products = re.findall(r"<td>= [^<]* × [^<]*</td><td>= ([^<]*)</td>", viz.draw(root).html)
    assert "0" in products and "nan" not in products


def test_the_check_still_finds_a_wrong_zero_below_an_infinite_gradient():
    """Planted: an op that passes 0 where the slope is 3, under an upstream of inf."""
    x = Value(0.0, label="x")
    wrong_op = Op("three", lambda a: 3.0 * a, (lambda y, a: 0.0,), doc="3 a, with a wrong rule.")
    assert viz.step(ops.sqrt(wrong_op(x)), check=True).problems


def test_detect_anomaly_finds_nothing_in_a_branch_not_taken():
    x = Value(0.5)
    with micrograd.detect_anomaly():
        ops.where(ops.less(1.0, x), ops.sqrt(ops.relu(x - 1.0)), x).backward()
    assert x.grad == 1.0


# --- reading a rule ------------------------------------------------------------------------------------------------------


def gradient_of(rule, x):
    """Of sqrt(op(x)) where op is 0: what passes is inf times the rule's partial."""
    op = Op("mine", lambda x: 0.0, (rule,), doc="0")
    v = Value(x)
    ops.sqrt(op(v)).backward()
    return v.grad


@pytest.mark.parametrize(
    ("rule", "x", "expected"),
    [
        (lambda y, x: 0.0, 1.0, 0.0),
        (lambda y, x: 2.0 * ops.step(x), -1.0, 0.0),
        (lambda y, x: -ops.step(x), -1.0, 0.0),
        (lambda y, x: ops.div(ops.less(0.0, x), x), -1.0, 0.0),
        (lambda y, x: ops.step(x) + ops.step(x + 2.0), -3.0, 0.0),
        (lambda y, x: ops.step(x) + ops.step(x + 2.0), -1.0, inf),
        (lambda y, x: ops.step(x) * ops.exp(x), -1.0, 0.0),
        (lambda y, x: ops.where(ops.less(x, 0.0), 0.0, x), -1.0, 0.0),
        (lambda y, x: ops.where(ops.less(x, 0.0), 0.0, x), 0.0, nan),  # the 0 is x's: arithmetic
        (lambda y, x: 0.0 * x, 1.0, nan),
        (lambda y, x: x - x, 1.0, nan),
        (lambda y, x: 1.0 - ops.step(x), 1.0, nan),
        (lambda y, x: 5.0 if x == 1.0 else 2.0, 1.0, inf),
        (lambda y, x: 0.0 if x < 2.0 else 2.0, 1.0, nan),  # a rule that branches in Python is not read
    ],
)
def test_which_zero_a_rule_says(rule, x, expected):
    assert alike(gradient_of(rule, x), expected)


def test_a_rule_that_compares_its_argument_is_called_not_read():
    """`x == 0.0` on the symbol of x would be False for ever."""
    op = Op("bent", lambda x: x, (lambda y, x: 5.0 if x == 0.0 else 2.0,), doc="x")
    x = Value(0.0)
    op(x).backward()
    assert x.grad == 5.0


@given(st.sampled_from(sorted(TABLE)), st.lists(st.sampled_from((-0.9, 0.0, -0.0, 1.0, 2.0, inf, -inf, nan)), min_size=3, max_size=3))
def test_the_table_says_which_edges_pass(name, numbers):
    op, n, structural = TABLE[name]
    xs = numbers[:n]
    y = op(*xs)
    passes = op.passes(y, *xs) if op.passes else [True] * n
    assert [not p for p in passes] == list(structural(y, *xs))
    for p, some in zip(op.gradient(y, xs), passes, strict=True):
        assert some or p == 0.0
