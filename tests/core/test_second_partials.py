"""Second partials within 8 ulp · condition, third ones within 64, of the truth in as many digits as it takes; from 1e-300 to 1e300."""

from __future__ import annotations

import copy
import math
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

mpmath = pytest.importorskip("mpmath")
from micrograd import Op, Value, compile, grad, ops  # noqa: E402
from micrograd.checking import exact  # noqa: E402

M = mpmath.MPContext()
SIZES = [1e-300, 1e-20, 1e-5, 1e-3, 0.49, 0.75, 0.99999, 2.5, 20.0, 361.0, 705.0, 1e20, 1e300]
POINTS = [*SIZES, *(-x for x in SIZES)]
FLAT = {"sign", "step", "floor", "ceil", "trunc", "round", "abs", "neg", "relu", "leaky_relu", "clamp"}
UNARY = [
    op.bind(*{"elu": (1.3,), "gauss": (0.5,)}.get(name, op.defaults)) if op.constants else op
    for name, op in ops.TABLE.items() if op.arity == 1 and op.domain and name not in FLAT | {"power"}
]  # fmt: skip
POWERS = [ops.power.bind(p) for p in (3.0, -1.0, -2.0, 0.5, -0.5, 2.5, 1 / 3, 0.1, 1.1, 7.0, 30.0, 1e-20)]
BASES, EXPONENTS = (1e-310, 1e-300, 1e-20, 0.3, 0.999, 40.0, 1e300), (-3.0, -0.5, 1e-20, 0.1, 1.0, 1.1, 2.0, 2.5, 17.0)


def exactly(op, xs):
    return exact.exactly(op, M, xs)


def differences(f, x, h):
    """f″, f‴ and f⁗, by central differences."""
    far, up, here, down, low = (f(x + k * h) for k in (2, 1, 0, -1, -2))
    return (up - 2 * here + down) / h**2, (far - 2 * up + 2 * down - low) / (2 * h**3), (far - 4 * up + 6 * here - 4 * down + low) / h**4


def real(x):
    return not isinstance(x, mpmath.mpc) and x == x and abs(x) != M.inf


def ours(op, x):
    v = Value(x)
    found, y = [], op(v)
    for _ in range(3):
        y = grad(y, v, create_graph=True) if isinstance(y, Value) else 0.0
        found.append(float(getattr(y, "data", y)))
    return found[1:]


def lost(op, points=POINTS):
    """Where a second or third derivative of an op of one argument is further off than it may be: (order, x, ours, the truth)."""
    found = []
    for x in points:
        try:
            inside = real(exact.value(op, (x,)))
        except exact.TooLong:
            continue
        if not inside:
            continue
        M.prec = 2600 + 4 * abs(math.frexp(x)[1])
        z = M.mpf(x)
        two, three, four = differences(lambda t: exactly(op, [t]), z, min(abs(z), 1) * M.ldexp(1, -200))
        for order, got, true, more, allowed in zip((2, 3), ours(op, x), (two, three), (three, four), (8, 64), strict=True):
            if real(true) and exact.ulps(got, true) > allowed * max(1, abs(z * more / true) if true else 1):
                found.append((order, x, got, M.nstr(true, 17)))
    return found


@pytest.mark.parametrize("op", [*UNARY, *POWERS], ids=lambda op: f"{op.name}{list(op.params) or ''}")
def test_second_and_third_derivatives_keep_their_digits(op):
    assert lost(op) == []


def test_second_partials_of_powers_keep_their_digits():
    assert [row for a in BASES for b in EXPONENTS for row in lost_of_two(ops.pow_, a, b)] == []


@pytest.mark.parametrize("op", [ops.div, ops.hypot, ops.atan2, ops.mul], ids=lambda op: op.name)
def test_second_partials_of_two_arguments_keep_their_digits(op):
    sizes = (1e-100, 1e-20, 0.3, 2.0, 1e20, 1e100)
    assert [row for a in sizes for b in sizes for row in lost_of_two(op, a, b)] == []


def lost_of_two(op, a, b):
    """The same for the second partials of an op of two arguments, their conditions by either added up."""
    M.prec = 4000
    at, hs = (M.mpf(a), M.mpf(b)), [M.mpf(x) * M.ldexp(1, -150) for x in (a, b)]

    def moved(xs, i, side):
        return [x + side * hs[i] if i == k else x for k, x in enumerate(xs)]

    def partial(f, i):
        return lambda xs: (f(moved(xs, i, 1)) - f(moved(xs, i, -1))) / (2 * hs[i])

    vs = [Value(a), Value(b)]
    firsts = grad(op(*vs), vs, create_graph=True)
    found = []
    for i in range(2):
        seconds = grad(firsts[i], vs) if isinstance(firsts[i], Value) else (0.0, 0.0)
        for k in range(2):
            f = partial(partial(lambda xs: exactly(op, xs), i), k)
            true = f(at)
            cond = sum(abs(at[n] * partial(f, n)(at) / true) for n in range(2)) if true and abs(true) > M.ldexp(1, -1074) else 1
            got = float(getattr(seconds[k], "data", seconds[k]))
            if real(true) and exact.ulps(got, true) > 8 * max(1, cond):
                found.append((i, k, a, b, got, M.nstr(true, 17)))
    return found


def test_a_rule_that_cancels_is_found():
    square = Op("worse_atanh", ops.atanh.forward, (lambda y, x: ops.div(1.0, (1.0 - x) * (1.0 + x)),), formula=("1 / (1 - a**2)",),
                domain=((-1.0, 1.0),), exact=lambda m, x: m.atanh(x))  # fmt: skip
    assert {order for order, *_ in lost(square, [1e-20, 1e-5])} == {2}
    worse = Op("worse_pow", ops.pow_.forward, (lambda y, a, b: b * ops.pow_(a, b - 1.0), lambda y, a, b: y * ops.log_(a)),
               formula=("0", "0"), domain=((0.0, 9.0), (-9.0, 9.0)), exact=lambda m, a, b: m.power(a, b))  # fmt: skip
    assert lost_of_two(worse, 1e-310, 2.5) and not lost_of_two(worse, 2.0, 2.5)


def test_the_edges_of_second_derivatives():
    def second(op, x):
        return ours(op, x)[0]

    for op, x, expected in [
        (ops.tanh, 0.0, 0.0), (ops.tanh, math.inf, 0.0), (ops.sigmoid, -math.inf, 0.0), (ops.silu, 0.0, 0.5), (ops.silu, math.inf, 0.0),
        (ops.silu, -math.inf, 0.0), (ops.asin, 0.0, 0.0), (ops.power.bind(3.0), 0.0, 0.0), (ops.power.bind(2.0), 0.0, 2.0),
        (ops.power.bind(4.0), 0.0, 0.0), (ops.power.bind(-1.0), math.inf, 0.0), (ops.power.bind(3.0), -2.0, -12.0),
    ]:  # fmt: skip
        assert second(op, x) == expected, (op, x)
    assert math.isnan(second(ops.tanh, math.nan)) and second(ops.power.bind(1.5), 0.0) == math.inf
    vs = [Value(-2.0), Value(3.0)]
    assert grad(grad(ops.pow_(*vs), vs, create_graph=True)[0], vs)[0] == -12.0


def test_graphs_of_second_derivatives_are_pickled_copied_and_compiled():
    x = Value(0.3)

    def first():
        return grad(x.tanh() * x.sigmoid() * x.silu() * x**2.5 * x**0.1 * ops.pow_(x, x) * ops.hypot(x, 2.0), x, create_graph=True)

    expected = grad(first(), x)
    y = first()
    for again in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        again.backward()
        leaf = next(v for v in again.topological() if v.data == 0.3 and v.op is None)
        assert leaf.grad == expected
    pytest.importorskip("numpy")
    assert compile(first, [x], backend="numpy").value_and_grad()[1][0] == pytest.approx(expected, rel=1e-14)


LENGTHS = {(2, 0): lambda a, b, r: b * b / r**3, (1, 1): lambda a, b, r: -a * b / r**3, (0, 2): lambda a, b, r: a * a / r**3}
ANGLES = {
    (2, 0): lambda a, b, r: -2 * a * b / r**4, (1, 1): lambda a, b, r: (a * a - b * b) / r**4, (0, 2): lambda a, b, r: 2 * a * b / r**4
}  # fmt: skip
SIZED = st.tuples(st.floats(1.0, 2.0), st.integers(-1020, 1020), st.sampled_from([1.0, -1.0])).map(lambda t: t[2] * math.ldexp(t[0], t[1]))


@pytest.mark.parametrize(("op", "true"), [(ops.hypot, LENGTHS), (ops.atan2, ANGLES)], ids=["hypot", "atan2"])
@given(SIZED, SIZED, st.integers(-60, 60))
@example(1e-154, 1e-154, 0)
@example(5e-324, 1e-310, 0)
@example(-1.7853448510027747e-279, 1.3654698852249683e-279, 0)
def test_second_partials_of_length_and_angle_round_once(op, true, a, b, k):
    """Within one ulp of the closed forms in 200 digits, at any sizes, one beside the other too."""
    M.dps = 200
    for c in (b, math.ldexp(a, k) if 1e-280 < abs(a) < 1e280 else -b):
        vs = [Value(a), Value(c)]
        firsts = grad(op(*vs), vs, create_graph=True)
        got = {(2, 0): grad(firsts[0], vs)[0], (1, 1): grad(firsts[0], vs)[1], (0, 2): grad(firsts[1], vs)[1]}
        x, y = M.mpf(a), M.mpf(c)
        for key, f in true.items():
            assert exact.ulps(float(got[key]), f(x, y, M.sqrt(x * x + y * y))) <= 1.5, (key, a, c)


def test_third_partials_of_powers_are_numbers_wherever_the_truth_is_one():
    """Where 1/a or a power on the way is too large for a double, too."""
    seen = 0
    for a in (5e-324, 1e-310, 1e-300, 1e-154, 0.3, 0.999, 1.0, 2.5, 1e154, 1e300):
        for b in (-3.0, -1.0, -0.5, 1e-300, 1e-20, 0.1, 1.0, 2.0, 2.5, 3.0, 4.0, 17.0, 1e20):
            M.dps = 700
            x, p = M.mpf(a), M.mpf(b)
            log = M.log(x)
            true = {
                (0, 0): p * (p - 1) * (p - 2) * x ** (p - 3), (0, 1): x ** (p - 2) * (2 * p - 1 + p * (p - 1) * log),
                (1, 1): x ** (p - 1) * log * (2 + p * log), (2, 2): x**p * log**3,
            }  # fmt: skip
            vs = [Value(a), Value(b)]
            firsts = grad(ops.pow_(*vs), vs, create_graph=True)
            aa, ab = grad(firsts[0], vs, create_graph=True)
            bb = grad(firsts[1], vs, create_graph=True)[1]
            got = {(0, 0): grad(aa, vs)[0], (0, 1): grad(aa, vs)[1], (1, 1): grad(ab, vs)[1], (2, 2): grad(bb, vs)[1]}
            for key, t in true.items():
                if abs(t) < 1.7e308:
                    assert exact.ulps(float(got[key]), t) <= 64, (key, a, b, got[key], M.nstr(t, 17))
                    seen += 1
    assert seen > 300
