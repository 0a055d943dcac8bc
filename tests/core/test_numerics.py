"""Every edge that NUMERICS names, and every double there is: values and gradients against independent truth.

The table of special cases is written out as numbers. Accuracy is measured against mpmath (micrograd/checking/exact.py): values by the
plain mathematics of the row, partials by its textbook formula, which is itself checked against mpmath's own differences.
"""

import math
import os
import platform
import struct
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import TABLE, Value, ops
from micrograd.ops import ieee
from micrograd.ops.polynomials import CORE, CORE_0, LOWER, LOWER_0, LOWER_SQRT2, LOWER_SQRT2_0, SLOPE, SLOPE_0, corrected

thorough = settings(max_examples=2 * settings().max_examples)  # of the profile, see conftest
inf, nan = math.inf, math.nan
PARAMS = {"leaky_relu": (0.01,), "elu": (1.5,), "clamp": (-1.0, 2.0), "gauss": (0.5,), "power": (3.0,)}
ROWS = [op.bind(*PARAMS.get(op.name, op.defaults)) if op.constants else op for op in TABLE.values()]
FIXED = [op for op in ROWS if op.arity is not None and op.domain]


def same(a, b):
    """Equal as doubles: nan is nan, and zeros by their signs."""
    return struct.pack("<d", a) == struct.pack("<d", b) or (a != a and b != b)


def run(op, *xs):
    """(value, gradients) of one op through the engine, forward and backward."""
    args = [Value(x) for x in xs]
    out = op(*args)
    out.backward()
    return out.data, [a.grad for a in args]


# --- the table of special cases ------------------------------------------------------------------------------------------

EDGES = [
    # kinks
    ("relu", (0.0,), 0.0, (0.0,)),
    ("relu", (-0.0,), 0.0, (0.0,)),
    ("abs", (0.0,), 0.0, (0.0,)),
    ("maximum", (1.0, 1.0), 1.0, (0.5, 0.5)),
    ("minimum", (1.0, 1.0), 1.0, (0.5, 0.5)),
    ("maximum", (nan, 1.0), nan, (nan, nan)),
    ("maximum", (1.0, nan), nan, (nan, nan)),
    ("minimum", (nan, 1.0), nan, (nan, nan)),
    ("minimum", (1.0, nan), nan, (nan, nan)),
    ("relu", (nan,), nan, (nan,)),
    ("abs", (nan,), nan, (nan,)),
    # powers
    ("pow", (0.0, 0.0), 1.0, (0.0, 0.0)),
    ("pow", (0.0, 0.5), 0.0, (inf, 0.0)),
    ("pow", (0.0, 1.0), 0.0, (1.0, 0.0)),
    ("pow", (0.0, 2.0), 0.0, (0.0, 0.0)),
    ("pow", (0.0, -1.0), inf, (-inf, -inf)),
    ("pow", (-2.0, 3.0), -8.0, (12.0, nan)),
    ("pow", (-2.0, 2.5), nan, (nan, nan)),
    ("pow", (1e200, 2.0), inf, (2e200, inf)),
    # poles and ends of domains
    ("log", (0.0,), -inf, (inf,)),
    ("log", (-1.0,), nan, (nan,)),
    ("log2", (0.0,), -inf, (inf,)),
    ("log10", (-1.0,), nan, (nan,)),
    ("log1p", (-1.0,), -inf, (inf,)),
    ("log1p", (-2.0,), nan, (nan,)),
    ("div", (1.0, 0.0), inf, (inf, -inf)),
    ("div", (-1.0, 0.0), -inf, (inf, inf)),
    ("div", (1.0, -0.0), -inf, (-inf, -inf)),
    ("div", (0.0, 0.0), nan, (inf, nan)),
    ("sqrt", (0.0,), 0.0, (inf,)),
    ("sqrt", (-1.0,), nan, (nan,)),
    ("cbrt", (0.0,), 0.0, (inf,)),
    ("cbrt", (-0.0,), -0.0, (inf,)),
    ("cbrt", (inf,), inf, (0.0,)),
    ("cbrt", (-inf,), -inf, (0.0,)),
    ("exp", (710.0,), inf, (inf,)),
    ("exp", (-inf,), 0.0, (0.0,)),
    ("sin", (inf,), nan, (nan,)),
    ("cos", (-inf,), nan, (nan,)),
    ("tan", (inf,), nan, (nan,)),
    ("asin", (1.0,), math.pi / 2, (inf,)),
    ("asin", (-1.0,), -math.pi / 2, (inf,)),
    ("asin", (2.0,), nan, (nan,)),
    ("acos", (1.0,), 0.0, (-inf,)),
    ("acos", (-1.0,), math.pi, (-inf,)),
    ("acos", (-2.0,), nan, (nan,)),
    ("atanh", (1.0,), inf, (inf,)),
    ("atanh", (-1.0,), -inf, (inf,)),
    ("atanh", (2.0,), nan, (nan,)),
    ("acosh", (1.0,), 0.0, (inf,)),
    ("acosh", (0.5,), nan, (nan,)),
    ("acosh", (-3.0,), nan, (nan,)),
    # limits
    ("sigmoid", (inf,), 1.0, (0.0,)),
    ("sigmoid", (-inf,), 0.0, (0.0,)),
    ("tanh", (inf,), 1.0, (0.0,)),
    ("tanh", (-inf,), -1.0, (0.0,)),
    ("softplus", (inf,), inf, (1.0,)),
    ("softplus", (-inf,), 0.0, (0.0,)),
    ("log_sigmoid", (inf,), 0.0, (0.0,)),
    ("log_sigmoid", (-inf,), -inf, (1.0,)),
    ("erf", (inf,), 1.0, (0.0,)),
    ("erf", (-inf,), -1.0, (0.0,)),
    ("erfc", (inf,), 0.0, (0.0,)),
    ("erfc", (-inf,), 2.0, (0.0,)),
    ("atan", (inf,), math.pi / 2, (0.0,)),
    ("atan", (-inf,), -math.pi / 2, (0.0,)),
    ("gelu", (inf,), inf, (1.0,)),
    ("gelu", (-inf,), -0.0, (0.0,)),
    ("silu", (inf,), inf, (1.0,)),
    ("silu", (-inf,), -0.0, (0.0,)),
    ("normal_cdf", (inf,), 1.0, (0.0,)),
    ("normal_cdf", (-inf,), 0.0, (0.0,)),
    # two arguments
    ("atan2", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("sub", (inf, inf), nan, (1.0, -1.0)),
    ("mul", (inf, 0.0), nan, (0.0, inf)),
    # what loses digits elsewhere
    ("tanh", (19.1,), 1.0, (1.0280418219381054e-16,)),
    ("sigmoid", (40.0,), 1.0, (4.248354255291589e-18,)),
    ("softplus", (20.5,), 20.500000001250154, (0.9999999987498471,)),
    ("asinh", (1e200,), 461.2101657793691, (1e-200,)),
    ("div", (1.0, 1e-200), 1e200, (1e200, -inf)),
    ("div", (1e-200, 1e-200), 1.0, (1e200, -1e200)),
    ("atan2", (1e-200, 1e-200), math.pi / 4, (5e199, -5e199)),
    ("hypot", (1e200, 1e200), 1.4142135623730951e200, (0.7071067811865476, 0.7071067811865476)),
    ("hypot", (5e-324, 5e-324), 5e-324, (0.7071067811865476, 0.7071067811865476)),
    ("gelu", (-10.0,), -7.619853024160526e-23, (-7.618400096464814e-22,)),
]


@pytest.mark.parametrize(("name", "xs", "value", "gradients"), EDGES, ids=lambda x: str(x))
def test_special_cases(name, xs, value, gradients):
    got, grads = run(TABLE[name], *xs)
    for found, expected in zip([got, *grads], [value, *gradients], strict=True):
        if math.isfinite(expected) and expected:
            assert abs(found - expected) <= 2 * math.ulp(expected)
        else:
            assert found == expected or (found != found and expected != expected)
    assert value or same(got, value)  # zeros by their signs


@pytest.mark.parametrize(("p", "value", "slope"), [(0.5, 0, inf), (1, 0, 1), (2, 0, 0), (3, 0, 0), (0, 1, 0), (-1, inf, -inf)])
def test_powers_of_zero_with_a_number(p, value, slope):
    x = Value(0.0)
    y = x**p
    y.backward()
    assert (y.data, x.grad) == (value, slope)


def test_compositions_of_edges():
    x = Value(0.0)
    (x * x).sqrt().backward()
    assert x.grad != x.grad  # inf · 0, as IEEE-754 has it
    x = Value(1.0)
    x.maximum(x).backward()
    assert x.grad == 1.0
    x = Value(1e200)
    y = x**2
    y.backward()
    assert (y.data, x.grad) == (inf, 2e200)
    picked = ops.where(Value(0.0), Value(nan), 1.0)
    picked.backward()
    assert [a.grad for a in picked.args] == [0.0, 0.0, 1.0]


def test_signed_zeros_and_subnormals_are_kept():
    assert math.copysign(1.0, (-Value(0.0)).data) == -1.0
    assert math.copysign(1.0, (Value(-0.0) * 1).data) == -1.0
    assert math.copysign(1.0, Value(-0.0).sqrt().data) == -1.0
    x = Value(5e-324)
    y = x * 1.0
    y.backward()
    assert (y.data, x.grad) == (5e-324, 1.0)
    assert abs(Value(-745.0).exp().data - 5e-324) <= 5e-324
    assert ops.silu(-742.0) == -4.2065e-320


def test_second_derivatives_at_zero_are_right():
    """An even rule written in |x| must not take |x|' = 0 for the slope there."""
    for name, expected in [("tanh", 0.0), ("sigmoid", 0.0), ("silu", 0.5), ("gelu", 2 / math.sqrt(2 * math.pi)), ("softplus", 0.25)]:
        assert micrograd.hessian(getattr(micrograd, name), (0.0,)) == [[pytest.approx(expected, abs=1e-15)]], name
    x = Value(0.0)
    y = x.tanh()
    for expected in (1.0, 0.0, -2.0):  # its first three derivatives
        y = micrograd.grad(y, x, create_graph=True)
        assert y.data == pytest.approx(expected)
    assert micrograd.hessian(lambda v: v**3, (0.0,)) == [[0.0]]
    assert micrograd.hessian(lambda a, b: a**b, (2.0, 0.0)) == [[0.0, 0.5], [0.5, pytest.approx(math.log(2.0) ** 2)]]


# --- any bit pattern -----------------------------------------------------------------------------------------------------

PATTERNS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
DOUBLES = st.one_of(PATTERNS, st.floats(), st.floats(-40.0, 40.0), st.sampled_from([0.0, -0.0, 5e-324, inf, -inf, nan]))


def arguments(op):
    return st.tuples(*[DOUBLES] * op.arity) if op.arity is not None else st.lists(DOUBLES, max_size=3).map(lambda xs: (*xs, *xs))


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
@thorough
@given(data=st.data())
def test_arithmetic_never_raises(op, data):
    xs = data.draw(arguments(op))
    assume(xs)
    value, gradients = run(op, *xs)
    assert type(value) is float
    assert all(isinstance(g, (int, float)) for g in gradients)
    again = run(op, *xs)
    assert same(value, again[0])
    assert all(map(same, map(float, gradients), map(float, again[1])))


@pytest.mark.parametrize("op", FIXED, ids=lambda op: op.name)
@thorough
@given(data=st.data())
def test_the_engine_adds_what_the_rules_say(op, data):
    """The compiled backward pass of one node and the rule itself are the same numbers, bit for bit."""
    xs = data.draw(arguments(op))
    y, gradients = run(op, *xs)
    for i, g in enumerate(gradients):
        assert same(float(g), 0.0 + 1.0 * op.partial(i, y, *xs)), (op, i, xs)


@given(DOUBLES, DOUBLES)
def test_python_operators_never_raise(x, p):
    a = Value(x)
    for y in (a**2, a**-1, a**0.5, a**3, 2**a, a / 3, 3 / a, a - 1, 1 - a, -a, abs(a), a**p if p == p else a):
        y.backward()
        assert type(y.data) is float


# --- accuracy: primitives ------------------------------------------------------------------------------------------------

GLIBC = platform.libc_ver()[0] == "glibc" and not hasattr(math.exp, "__wrapped__")  # and not that of tests/helpers/other_libm.py
VALUE_ULPS, PARTIAL_ULPS = (2.5, 3.0) if GLIBC else (3.5, 5.0)  # another library's functions may be off by one more unit each
TIED = {"maximum", "minimum"}  # at a tie, and at the origin, a convention stands in for the textbook (see above)


@pytest.mark.parametrize("op", FIXED, ids=lambda op: op.name)
@thorough
@given(data=st.data())
def test_every_double_to_a_few_ulp(op, data):
    exact = pytest.importorskip("micrograd.checking.exact")
    pytest.importorskip("mpmath")
    xs = tuple(x + 0.0 for x in data.draw(arguments(op)))  # mpmath has no -0
    if op.name == "power":
        p = data.draw(st.one_of(DOUBLES, st.integers(-40, 40).map(float)))
        assume(abs(p) < inf)
        op = TABLE["power"].bind(p)
    assume(all(abs(x) < inf for x in xs) and not (op.name in TIED and xs[0] == xs[1]) and xs != (0.0, 0.0))
    check_ulps(exact, op, xs)


@pytest.mark.parametrize("op", [ops.div, ops.hypot, ops.atan2, ops.pow_], ids=lambda op: op.name)
@thorough
@given(a=st.one_of(PATTERNS, st.floats(0.01, 100)), ratio=st.floats(-60, 60))
def test_two_arguments_of_like_size(op, a, ratio):
    exact = pytest.importorskip("micrograd.checking.exact")
    pytest.importorskip("mpmath")
    a = abs(a)
    assume(0.0 < a < inf and a != 1.0)
    b = 18.0 * ratio / math.log2(a) if op.name == "pow" else a * ratio  # powers: from underflow to overflow
    assume(abs(b) < inf and b)
    check_ulps(exact, op, (a, b))


def check_ulps(exact, op, xs):
    y = op.forward(*xs, *op.params)
    true = exact.value(op, xs)
    if true != true:
        assert not math.isfinite(y), (op, xs, y)
        return
    assert exact.ulps(y, true) <= VALUE_ULPS, (op, xs, y, true)
    for i in range(op.arity):
        slope, expected = op.partial(i, y, *xs), exact.partial(op, i, xs)
        if expected == expected:
            assert exact.ulps(slope, expected) <= PARTIAL_ULPS, (op, i, xs, slope, expected)


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("silu", -1.2784645427610738), ("silu", -1.2784645427610737), ("silu", -742.0), ("silu", -0.08), ("silu", -3.747),
        ("gelu", -0.7517915246935645), ("gelu", -0.7517915246935644), ("gelu", -38.0), ("gelu", -1.5674790234054101),
        ("gelu", -5.4796), ("gelu", -0.0496), ("erfc", 0.95), ("erfc", 20.628108367031054), ("erfc", 27.2), ("normal_cdf", -1.8646),
        ("normal_cdf", -38.2), ("cbrt", 3.061307089193474e-264), ("cbrt", 5e-324), ("tanh", -19.06), ("gauss", -9.9e265), ("gauss", 38.0),
        ("asin", 1 - 2**-53), ("acos", 1 - 2**-53), ("atanh", 1 - 2**-53), ("acosh", 1 + 2**-52), ("log1p", -1 + 2**-53),
    ],
)  # fmt: skip
def test_where_digits_are_easily_lost(name, x):
    exact = pytest.importorskip("micrograd.checking.exact")
    pytest.importorskip("mpmath")
    op = next(op for op in ROWS if op.name == name)
    check_ulps(exact, op, (x,))


def test_a_planted_inaccuracy_is_caught():
    exact = pytest.importorskip("micrograd.checking.exact")
    pytest.importorskip("mpmath")
    rough = micrograd.Op("tanh", math.tanh, (lambda y, x: 1.0 - y * y,), formula=("1 - y**2",))
    with pytest.raises(AssertionError):
        check_ulps(exact, rough, (15.0,))


@pytest.mark.parametrize("op", [op for op in FIXED if op.formula], ids=lambda op: op.name)
@given(data=st.data())
def test_formulas_against_differences_in_many_digits(op, data):
    """The textbook partials, which judge the rules above, are themselves judged by mpmath's differences of the value."""
    exact = pytest.importorskip("micrograd.checking.exact")
    testing = pytest.importorskip("micrograd.testing")
    pytest.importorskip("mpmath")
    xs = data.draw(testing.domain(op, size=4.0))
    assume(op.name != "elu" or xs[0])
    for i in range(op.arity):
        formula, difference = exact.partial(op, i, xs), exact.derivative(op, i, xs)
        assert abs(formula - difference) <= 1e-15 * abs(formula) + 1e-25, (op, i, xs)


@pytest.mark.parametrize("t", [0.0, 0.1, 0.67, 0.75, 1.0, 1.25, 1.4, 2.0, 3.0, 5.9, 6.1, 12.0, 25.0, 38.9])
def test_polynomials_against_fifty_digits(t):
    m = pytest.importorskip("micrograd.checking.exact")
    pytest.importorskip("mpmath")
    m = m.context(60)
    t = m.mpf(t)
    lower = m.erfc(t / m.sqrt(2)) / 2 * m.exp(t**2 / 2)
    root = m.mpf(0.7517915246935645) - m.mpf("1.4956759177009883e-17")
    slope = (lower - t / m.sqrt(2 * m.pi)) / (t - root)
    q = (t - 6) / (t + 6)
    cases = [(q, LOWER_0, LOWER, (1 + t) * lower), (q, LOWER_SQRT2_0, LOWER_SQRT2, (1 + t) * lower * m.sqrt(2)), (q, SLOPE_0, SLOPE, slope)]
    if t <= 1.25:
        cases.append((t - root, CORE_0, CORE, slope * m.exp(-(t**2) / 2)))
    for at, constant, coefficients, expected in cases:
        found = sum((m.mpf(c) * at**k for k, c in enumerate(coefficients, 1)), m.mpf(constant[0]) + m.mpf(constant[1]))
        assert abs(found / expected - 1) < m.mpf(2) ** -54
    assert corrected(0.0, LOWER_0, LOWER, 0.0)[0] == LOWER_0[0]


def test_a_power_of_minus_zero_asks_for_a_whole_exponent():
    """-0.9999999999999999 is no odd number, though % 2 rounds it to one."""
    assert ieee.pow(-0.0, -0.9999999999999999) == ieee.inf == ieee.pow(-0.0, -2.0) and ieee.pow(-0.0, -1.0) == -ieee.inf
    assert ieee.pow(-1e200, 3.0) == -ieee.inf and ieee.pow(-1e200, 2.0) == ieee.inf == ieee.pow(0.0, -3.0)


@pytest.mark.parametrize("f", [ieee.cbrt])
@given(x=st.floats(-1e300, 1e300, allow_subnormal=True))
@example(5e-324)
def test_cube_roots_of_cubes(f, x):
    assert f(-x) == -f(x)
    n = float(round(f(abs(x) % 1e15)))
    assert f(n**3) == n


def test_the_table_of_accuracies():
    pytest.importorskip("mpmath")
    accuracy = pytest.importorskip("benchmarks.accuracy")
    _, _, *lines = accuracy.table(["tanh", "pow"], 30, 0)
    assert [line.split(" | ")[0] for line in lines] == ["| tanh", "| pow"]
    for line in lines:
        value, partials = map(float, line.strip("| ").split(" | ")[1:3])
        assert 0 < value <= VALUE_ULPS and 0 < partials <= PARTIAL_ULPS


# --- accuracy: composites ------------------------------------------------------------------------------------------------


def running_errors(root):
    """First-order rounding errors over the graph: {node: (of its value, of its gradient)}, one ulp an operation."""
    nodes = root.topological()
    value, gradient, upstream = {}, dict.fromkeys(nodes, 0.0), dict.fromkeys(nodes, 0.0)
    partials = {}
    for v in nodes:
        xs = [a.data for a in v.args]
        partials[v] = [v.op.partial(i, v.data, *xs) for i in range(len(xs))] if v.op else []
        inherited = sum(abs(p) * value[a] for p, a in zip(partials[v], v.args, strict=True))
        value[v] = math.ulp(v.data) + inherited if v.op else 0.0
    upstream[root] = 1.0
    for v in reversed(nodes):
        xs = [a.data for a in v.args]
        for i, (a, p) in enumerate(zip(v.args, partials[v], strict=True)):
            moved = math.ulp(p)
            for j, b in enumerate(v.args):
                h = 1e-6 * (abs(xs[j]) or 1.0)
                up, down = ([x + s * h if k == j else x for k, x in enumerate(xs)] for s in (1, -1))
                bend = v.op.partial(i, v.op(*up), *up) - v.op.partial(i, v.op(*down), *down)
                moved += abs(bend) / (2 * h) * value[b]
            c = upstream[v] * p
            upstream[a] += c
            gradient[a] += abs(p) * gradient[v] + abs(upstream[v]) * moved + math.ulp(c) + math.ulp(upstream[a])
    return {v: (value[v], gradient[v]) for v in nodes}


@thorough
@given(data=st.data())
def test_composites_to_a_few_running_errors(data):
    exact = pytest.importorskip("micrograd.checking.exact")
    testing = pytest.importorskip("micrograd.testing")
    pytest.importorskip("mpmath")
    expression = data.draw(testing.expressions(ops=[op for op in FIXED if op.name not in ("less", "equal", "where", "step", "sign")]))
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    assume(root.op is not None and all(abs(v.data) < 1e100 for v in root.topological()))
    root.backward()
    errors = running_errors(root)
    m = exact.context(250)  # the tail of tanh cancels a hundred digits of its differences

    def at(*moved):
        result = expression(*(exact.Exact(x, m) for x in moved))
        return result.x

    start = [m.mpf(x) for x in expression.inputs]
    assert abs(root.data - at(*start)) <= 2 * errors[root][0]
    for i, leaf in enumerate(leaves):
        if leaf not in errors:
            continue
        h = m.mpf(10) ** -60
        true = (at(*start[:i], start[i] + h, *start[i + 1 :]) - at(*start[:i], start[i] - h, *start[i + 1 :])) / (2 * h)
        assert abs(leaf.grad - true) <= 4 * errors[leaf][1] + 1e-100, (str(expression), expression.inputs, i)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12))
def test_sums_and_products_go_from_left_to_right(xs):
    pairs = xs[: len(xs) // 2 * 2]
    half = len(pairs) // 2
    total, products = xs[0], pairs[0] * pairs[half]
    for x in xs[1:]:
        total += x
    for a, b in zip(pairs[1:half], pairs[half + 1 :], strict=True):
        products += a * b
    assert ops.sum_(*xs) == total
    assert ops.dot(*pairs) == products
    assert abs(ops.sum_(*xs) - math.fsum(xs)) <= len(xs) * 2**-53 * math.fsum(map(abs, xs))


# --- types ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [True, 3, Fraction(1, 3), Decimal("0.1"), 0.25])
def test_real_numbers_of_any_type_become_floats(x):
    assert type(Value(x).data) is float
    assert Value(x).data == float(x)
    assert (Value(2.0) * x if not isinstance(x, Decimal) else Value(2.0) * Value(x)).data == 2.0 * float(x)
    assert type(ops.exp(x)) is float


@pytest.mark.parametrize("bad", ["1", None, [1.0], {}, 1j, b"1", object()], ids=lambda x: type(x).__name__)
def test_a_wrong_type_raises_at_once_and_only_a_wrong_type(bad):
    with pytest.raises(TypeError):
        Value(bad)
    for op in ROWS:
        if op.arity:
            with pytest.raises(TypeError):
                op(*[bad] * op.arity)
    for apply in (lambda a: a + bad, lambda a: bad + a, lambda a: a * bad, lambda a: a - bad, lambda a: a / bad, lambda a: a**bad):
        with pytest.raises(TypeError):
            apply(Value(2.0))


# --- the same bits, always -----------------------------------------------------------------------------------------------

SCRIPT = """
from micrograd import Value
import random
r = random.Random(7)
xs = [Value(r.uniform(-2, 2)) for _ in range(6)]
pool = list(xs)
for _ in range(60):
    a, b = r.choice(pool), r.choice(pool)
    pool.append(r.choice([lambda: a * b, lambda: a + b, a.tanh, a.gelu, lambda: a.hypot(b), lambda: a - b, a.sigmoid])())
out = sum(pool[6:], Value(0.0))
out.backward()
print(out.data.hex(), *(x.grad.hex() if isinstance(x.grad, float) else x.grad for x in xs))
"""


def test_results_are_bit_identical_across_hash_seeds():
    found = set()
    for seed in ("0", "1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        found.add(subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, encoding="utf-8", check=True).stdout)
    assert len(found) == 1
    assert found.pop().strip()


@pytest.mark.parametrize(
    ("a", "b", "y", "partials"),
    [
        (7.5, 3.0, 1.5, (1.0, -2.0)), (-7.5, 3.0, 1.5, (1.0, 3.0)), (7.5, -3.0, -1.5, (1.0, 3.0)), (-7.5, -3.0, -1.5, (1.0, -2.0)),
        (1.0, 3.0, 1.0, (1.0, 0.0)), (6.0, 3.0, 0.0, (1.0, -2.0)), (5.0, 0.0, nan, (nan, nan)), (inf, 3.0, nan, (nan, nan)),
        (math.nextafter(9.0, 0.0), 3.0, math.nextafter(9.0, 0.0) - 6.0, (1.0, -2.0)),  # a/b rounds to 3
        (-1.7e308, 0.95e308, 0.2e308, (1.0, 2.0)),  # a - y is too large for a double
        (-2.0, inf, inf, (1.0, 1.0)),  # a + b: b goes in -1 times
        (5e-324, -inf, -inf, (1.0, 1.0)),
        (-5e-324, 1e300, 1e300, (1.0, 1.0)),
        (2.0, inf, 2.0, (1.0, 0.0)),
        (-0.0, inf, 0.0, (1.0, 0.0)),
    ],
)  # fmt: skip
def test_the_remainder_is_python_s_and_its_slope_counts_the_jumps(a, b, y, partials):
    x, z = Value(a), Value(b)
    out = x % z
    out.backward()
    assert (out.data, x.grad, z.grad) == pytest.approx((y, *partials), rel=1e-15, nan_ok=True)
    assert b == 0.0 or out.data == pytest.approx(a % b, rel=0, nan_ok=True)
    assert (x % b).data == pytest.approx(y, rel=1e-15, nan_ok=True) and (a % z).data == pytest.approx(y, rel=1e-15, nan_ok=True)


def test_rounding_to_whole_numbers_keeps_signs_of_zero_and_what_is_not_finite():
    for name, whole in (("floor", math.floor), ("ceil", math.ceil), ("trunc", math.trunc), ("round", round)):
        op = TABLE[name]
        for x in (-2.5, -1.5, -0.5, -0.4, 0.4, 0.5, 1.5, 2.5, 3.0, 2.0**52 + 1, -(2.0**60)):
            assert op(x) == float(whole(x)) and math.copysign(1.0, op(x)) == math.copysign(1.0, whole(x) or x)
        assert [op(x) for x in (inf, -inf)] == [inf, -inf] and math.isnan(op(nan)) and math.copysign(1.0, op(-0.0)) == -1.0
