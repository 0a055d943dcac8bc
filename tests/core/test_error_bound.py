"""The running-error bound: never smaller than the proven error, seldom much larger, and without any library."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import micrograd
import viz
from every_op import POWERS
from micrograd import Op, Value, nn, ops, testing
from micrograd.checking import running_code
from micrograd.checking.running import error_bound
from micrograd.checking.running_code import derivative
from micrograd.ops.op import compile_function, source
from micrograd.pull import symbols

ROWS = [op.bind(*op.defaults) if op.constants else op for op in ops.TABLE.values() if op is not ops.power] + POWERS


def compared(root):
    """(bound, proven error) of every value and gradient where both know something."""
    proof, bounds = micrograd.certify(root), error_bound(root)
    for v in proof:
        for sure, bound in zip(proof[v], bounds[v], strict=True):
            assert sure.double == bound.double or sure.double != sure.double
            if math.isfinite(sure.error):
                yield v, bound.error, sure.error


def holds(root):
    """The ratios of bound and proven error; the bound may be smaller by what the proof's own radius is, which is nothing."""
    ratios = []
    for v, bound, error in compared(root):
        assert bound >= error * (1 - 1e-9) or error <= 5e-324, (v, v.op, bound, error)
        if error > 1e-320:
            ratios.append(bound / error)
    return ratios


found: list[float] = []


@settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(testing.expressions(max_steps=12))
def test_it_is_never_smaller_than_the_error_in_random_graphs(expression):
    pytest.importorskip("flint")
    found.extend(r for r in holds(expression(*map(Value, expression.inputs))) if r < math.inf)


def test_it_is_within_a_hundred_times_in_the_median():
    pytest.importorskip("flint")
    if not found:
        test_it_is_never_smaller_than_the_error_in_random_graphs()
    assert len(found) > 200 and statistics.median(found) < 100


def test_a_network_of_many_sums():
    pytest.importorskip("flint")
    import random

    rng = random.Random(3)
    model = nn.MLP(2, [8, 8, 1], activation="tanh", rng=rng)
    loss = sum(((model([rng.uniform(-1, 1), rng.uniform(-1, 1)]) - 0.5) ** 2 for _ in range(3)), Value(0.0))
    ratios = holds(loss)
    assert len(ratios) > 500 and statistics.median(ratios) < 100


def numbers(op):
    n = 4 if op.arity is None else op.arity
    return {"acosh": (1.7,), "where": (1.0, 0.3, 0.7), "mod": (5.3, 2.2)}.get(op.name, (0.3, 0.7, -0.2, 1.5)[:n])


@pytest.mark.parametrize("op", ROWS, ids=lambda op: f"{op.name}{op.params or ''}")
def test_every_row(op):
    """Each op of arguments that have errors of their own."""
    pytest.importorskip("flint")
    leaves = [Value(x) for x in numbers(op)]
    args = [(x * 3.0 + 0.1 - 0.1) / 3.0 for x in leaves]
    out = op(*args)
    holds(out * 1.1)
    assert all(math.isfinite(error_bound(out)[v][0].error) for v in leaves)


@pytest.mark.parametrize("op", [op for op in ROWS if op.domain and op.arity], ids=lambda op: f"{op.name}{op.params or ''}")
def test_derivatives_of_rules_are_those_of_differences(op):
    """∂p/∂v as an expression, against differences of the compiled rule."""
    y, xs = symbols(op.arity)
    at = {"y": op.forward(*numbers(op), *op.params), **dict(zip((x.name for x in xs), numbers(op), strict=True))}
    for p in op.gradient(y, xs):
        if not isinstance(p, ops.symbol.Symbol):
            continue
        body, (text,) = source([p])
        rule = compile_function("rule", list(at), [*body, f"return {text}"])
        for name in at:
            d = derivative(p, name)
            if isinstance(d, ops.symbol.Symbol):
                body, (text,) = source([d])
                d = compile_function("slope", list(at), [*body, f"return {text}"])(**at)
            h = 1e-5 * max(abs(at[name]), 1e-3)
            up, down = (rule(**{**at, name: at[name] + s * h}) for s in (1, -1))
            assert abs((up - down) / (2 * h) - d) <= 1e-4 * (1 + abs(d)), (op, name)


def test_subnormal_numbers_lose_digits():
    pytest.importorskip("flint")
    x = Value(3e-320)
    holds((x * 0.3) * 7.0)
    holds(Value(-744.3).exp() * 2.0)


SIZES = st.builds(lambda sign, e, m: sign * m * 10.0**e, st.sampled_from((-1.0, 1.0)), st.integers(-322, 307), st.floats(1.0, 9.9))
UNARY = [op for op in ROWS if op.arity == 1 and op.domain]
BINARY = [op for op in ROWS if op.arity == 2 and op.domain]


@settings(max_examples=400, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(UNARY), st.sampled_from(UNARY + BINARY), st.one_of(SIZES, st.floats(-760, 760)), SIZES, SIZES, st.booleans())
def test_it_is_never_smaller_where_slopes_and_numbers_underflow(inner, outer, x, other, above, scaled):
    """A slope that is too small for a double counts once it is multiplied by a large number; a product that came to 0 may be on a kink."""
    pytest.importorskip("flint")
    y = inner(Value(x) * Value(other) if scaled else Value(x))
    y = (outer(y) if outer.arity == 1 else outer(y, Value(other))) * Value(above)
    proof, bounds = micrograd.certify(y), error_bound(y)
    for v in proof:
        for sure, bound in zip(proof[v], bounds[v], strict=True):
            if math.isfinite(sure.error) and not sure.why:
                assert bound.error >= sure.error * (1 - 1e-9) or sure.error <= 5e-324, (v, v.op, bound, sure)


def test_slopes_that_underflow_count():
    """Each of these was off by more than its bound."""
    pytest.importorskip("flint")
    tanh = Value(372.0).tanh()
    holds(tanh * 1e300)  # the slope is 7e-323, with one digit
    holds((Value(1e-200) * Value(1e-200)).relu() * 1e300)  # 0, and in truth on the other side of the kink
    holds(ops.less(Value(1e-200) * Value(1e-200), Value(0.0)) * 1.0)
    far = Value(-1e200).exp() * Value(1e300)
    holds(far)
    overflow = Value(800.0)
    assert error_bound(1.0 / overflow.exp())[overflow][1].error == math.inf


def test_constants_of_rules_count_as_the_doubles_that_they_are():
    pytest.importorskip("flint")
    for op in (ops.exp2, ops.erf, ops.normal_cdf, ops.log10):
        x = Value(0.7)
        holds(micrograd.grad(op(x), x, create_graph=True) * 1.0)


def test_a_planted_slope_without_its_underflow_is_found(monkeypatch):
    pytest.importorskip("flint")
    monkeypatch.setattr(running_code, "LEAST", 0.0)
    monkeypatch.setattr(running_code, "TINY", 0.0)
    running_code._compiled.cache_clear()
    try:
        with pytest.raises(AssertionError):
            holds(Value(372.0).tanh() * 1e300)
    finally:
        running_code._compiled.cache_clear()


def test_where_nothing_is_known_it_is_inf():
    x = Value(2.0, label="x")
    by_hand = Value(4.0, (x,), "mine")
    by_hand._backward = lambda: None
    assert error_bound(by_hand * 3.0)[x][1].error == math.inf
    y = x * 0.3
    y.register_hook(lambda g: 2 * g)
    assert error_bound(y * 1.1)[x][1].error == math.inf
    assert error_bound(x)[x][0].error == 0.0 and error_bound(x)[x][1].double == 1.0
    with pytest.raises(TypeError, match="root of a graph"):
        error_bound(2.0)


def test_a_structural_zero_passes_no_error():
    x = Value(-0.3)
    bounds = error_bound((x * 1.1).relu().sqrt())
    assert bounds[x][1].error == 0.0 and bounds[x][1].double == 0.0


@given(st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=20, deadline=None, database=None)
def test_nothing_of_the_graph_changes_and_gradients_are_backwards_own(a, b):
    x, y = Value(a), Value(b)
    z = ((x * y).tanh() + x) * x
    z.backward()
    before = [(v.data, v.grad) for v in z.topological()]
    bounds = error_bound(z)
    assert [(v.data, v.grad) for v in z.topological()] == before
    assert bounds[x][1].double == x.grad and bounds[y][1].double == y.grad


def test_a_planted_wrong_error_is_found(monkeypatch):
    """A bound that forgets a function's own rounding is smaller than the error somewhere."""
    pytest.importorskip("flint")
    monkeypatch.setattr(running_code, "VALUE", 1e-3)
    running_code._compiled.cache_clear()
    try:
        with pytest.raises(AssertionError):
            for k in range(1, 40):
                holds(Value(0.1 * k).exp() * 1.0)
    finally:
        running_code._compiled.cache_clear()


def test_pictures_take_it_and_it_prints():
    x = Value(1e-9, label="x")
    d = (1.0 + x) - 1.0
    d.backward()
    bounds = error_bound(d)
    assert "faint" in viz.draw(d, digits=bounds).svg and bounds.rows[0].digits in (6, 7)
    assert str(bounds).splitlines()[0].split() == ["number", "double", "error", "ulps", "digits"]
    mine = Op("mine", lambda x: 2.0 * x, (lambda y, x: 2.0 if x > 0 else 3.0,))  # branches: it cannot be read
    assert error_bound(mine(x))[x][1].error == math.inf


def test_it_needs_no_library():
    code = "import sys; sys.modules['flint'] = sys.modules['mpmath'] = None\n"
    code += "import micrograd; x = micrograd.Value(0.1)\nprint(micrograd.error_bound(x.tanh()).rows[0].digits)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "14"


def test_below_a_node_without_a_rule_gradients_are_those_of_backward_and_nothing_is_said_of_them():
    own = Op("own_sin", math.sin, (lambda y, a: math.cos(a),))
    x = Value(2.0)
    root = own(x * 3.0)
    value, gradient = error_bound(root)[x]
    root.backward()
    assert gradient.double == x.grad != 0.0 and gradient.error == math.inf and value.error == 0.0


def test_both_sides_of_a_kink_or_jump_count_where_an_operand_may_be_on_either():
    pytest.importorskip("flint")
    x = Value(0.1)
    near = x * 3.0 - 0.30000000000000004  # 0.0, and -2.8e-17 in truth
    same = Value(0.30000000000000004)
    for root in (
        abs(near), near.relu(), (-near).relu(), near.leaky_relu(0.01), ops.maximum(x * 3.0, same), ops.minimum(x * 3.0, same),
        (-near).sign(), ops.less(x * 3.0, same), ops.where(near, x, x * 2.0), (x * 3.0) % 0.1, (near + 1.0).floor(), near.clamp(0.0, 1.0),
    ):  # fmt: skip
        for _, bound, error in compared(root * 1.0):
            assert bound >= error * (1.0 - 1e-9), root


def test_a_kink_that_is_met_exactly_is_no_doubt():
    w, zero = Value(0.7), Value(0.0)
    bounds = error_bound((w * zero + zero).relu() + (zero - zero).relu() + w)
    assert bounds[w][1].digits >= 15 and math.isfinite(bounds[zero][1].error)
