"""How many digits each rule keeps: its mean error in many ranges, which one lost correction doubles; and what is exact.

test_numerics holds the largest errors, for every double there is. A mean over a small range sees what those bounds let pass.
"""

import math
import platform
import random
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import TABLE
from micrograd.ops import pairs, powers, rules

inf = math.inf
GLIBC = platform.libc_ver()[0] == "glibc" and not hasattr(math.exp, "__wrapped__")  # and not that of tests/helpers/other_libm.py
POINTS, MARGIN = 100, 0.02  # for each range; of the means below, for another processor
accurate = pytest.mark.skipif(not GLIBC, reason="the means are those of glibc")

# row: the ranges between these borders, and in each the mean errors of value and slope in units in the last place (rounding alone: 0.25)
# fmt: off
MEANS = {
    "sigmoid": (
        (-745.0, -700.0, -36.0, -1.0, 0.0, 1.0, 36.0, 745.0),
        [(0.28, 0.28), (0.35, 0.25), (0.35, 0.53), (0.43, 0.48), (0.38, 0.55), (0.54, 0.49), (0.01, 0.24)],
    ),
    "tanh": (
        (-372.0, -19.0, -1.0, 0.0, 1.0, 19.0, 372.0),
        [(0.01, 0.31), (0.24, 0.51), (0.55, 0.45), (0.46, 0.47), (0.26, 0.47), (0.01, 0.32)],
    ),
    "softplus": ((-745.0, -36.0, -1.0, 0.0, 1.0, 36.0), [(0.25, 0.37), (0.36, 0.35), (0.33, 0.43), (0.29, 0.38), (0.26, 0.54)]),
    "log_sigmoid": ((-36.0, -1.0, 0.0, 1.0, 36.0, 745.0), [(0.23, 0.55), (0.3, 0.4), (0.37, 0.41), (0.29, 0.35), (0.24, 0.31)]),
    "silu": (
        (-750.0, -740.0, -700.0, -36.0, -2.0, -1.27846455, -1.27846453, -0.64, 0.0, 0.64, 2.0, 36.0),
        [(0.24, 0.25), (0.39, 0.46), (0.32, 0.35), (0.35, 0.44), (0.33, 0.36),
         (0.37, 0.35), (0.34, 0.36), (0.42, 0.37), (0.37, 0.34), (0.35, 0.25), (0.42, 0.26)],
    ),
    "gelu": (
        (-40.0, -38.2, -37.0, -36.0, -5.0, -1.25, -0.751791525, -0.751791524, 0.0, 0.67, 1.25, 8.0),
        [(0.06, 0.07), (0.43, 0.46), (0.47, 0.39), (0.49, 0.48), (0.43, 0.35),
         (0.44, 0.42), (0.25, 0.3), (0.4, 0.46), (0.39, 0.32), (0.35, 0.26), (0.31, 0.24)],
    ),
    "normal_cdf": (
        (-38.5, -37.0, -5.0, -0.67, 0.0, 0.67, 1.25, 8.0),
        [(0.3, 0.37), (0.37, 0.59), (0.4, 0.53), (0.36, 0.5), (0.26, 0.49), (0.27, 0.53), (0.24, 0.58)],
    ),
    "erf": ((-6.0, -1.0, 0.0, 1.0, 6.0, 27.0), [(0.27, 0.37), (0.26, 0.35), (0.28, 0.37), (0.25, 0.41), (0.01, 0.47)]),
    "erfc": (
        (-6.0, -0.45, 0.0, 0.45, 1.0, 5.0, 26.0, 26.5, 27.2),
        [(0.32, 0.46), (0.27, 0.3), (0.28, 0.32), (0.38, 0.34), (0.38, 0.45), (0.41, 0.43), (0.58, 0.49), (0.28, 0.41)],
    ),
    "gauss": (
        (-27.0, -26.5, -5.0, -1.0, 0.0, 1.0, 5.0, 26.5),
        [(0.33, 0.53), (0.38, 0.5), (0.36, 0.4), (0.29, 0.41), (0.27, 0.34), (0.34, 0.4), (0.3, 0.37)],
    ),
    "atan": (
        (-10.0, -1.0, 0.0, 1.0, 10.0, 1e90, 1e150),
        [(0.24, 0.41), (0.24, 0.38), (0.28, 0.35), (0.28, 0.39), (0.28, 0.31), (0.28, 0.3)],
    ),
    "asin": ((-1.0, -0.9, 0.9, 1.0), [(0.24, 0.39), (0.26, 0.36), (0.26, 0.42)]),
    "acos": ((-1.0, -0.9, 0.9, 1.0), [(0.26, 0.39), (0.24, 0.36), (0.27, 0.42)]),
    "tan": ((-1.5, 0.0, 1.5), [(0.27, 0.42), (0.25, 0.44)]),
    "acosh": ((1.0, 1.001, 2.0, 100.0, 1e90, 1e200), [(0.39, 0.49), (0.35, 0.43), (0.26, 0.41), (0.27, 0.26), (0.22, 0.26)]),
    "asinh": ((-3.0, 0.0, 3.0, 1e200), [(0.3, 0.4), (0.33, 0.36), (0.26, 0.24)]),
    "atanh": ((-1.0, -0.9, 0.9, 1.0), [(0.27, 0.37), (0.35, 0.47), (0.25, 0.4)]),
    "cbrt": ((-30.0, 0.0, 30.0), [(0.24, 0.39), (0.25, 0.43)]),
    "sqrt": ((0.0, 30.0), [(0.27, 0.39)]),
    "log": ((0.0, 2.0, 30.0), [(0.27, 0.28), (0.26, 0.25)]),
    "log2": ((0.0, 2.0, 30.0), [(0.23, 0.24), (0.26, 0.24)]),
    "log10": ((0.0, 2.0, 30.0), [(0.36, 0.29), (0.29, 0.27)]),
    "log1p": ((-1.0, -0.5, 0.5, 2.0), [(0.29, 0.27), (0.27, 0.35), (0.25, 0.37)]),
    "exp": ((-745.0, -700.0, 700.0), [(0.28, 0.28), (0.24, 0.24)]),
    "expm1": ((-1.0, 1.0, 700.0), [(0.25, 0.23), (0.25, 0.25)]),
    "exp2": ((-1074.0, -1020.0, 1020.0), [(0.26, 0.28), (0.26, 0.39)]),
    "sinh": ((-700.0, -1.0, 1.0), [(0.26, 0.26), (0.36, 0.29)]),
    "cosh": ((-700.0, -1.0, 1.0), [(0.26, 0.26), (0.29, 0.36)]),
    "elu": ((-36.0, -1.0, 0.0), [(0.26, 0.26), (0.26, 0.21)]),
}
POWERS = (3.0, -1.0, 0.5, 30.0, 0.1, 2.5, -7.3, -0.5, 7.0)
EXPONENTS = {  # log₂ of a power: mean errors of the value and the slope, the worst of those exponents
    (-1074.0, -1023.0): (0.26, 0.43),
    (-1020.0, -800.0): (0.29, 0.37),
    (-30.0, 30.0): (0.27, 0.44),
    (800.0, 1020.0): (0.28, 0.38),
    (1024.0, 1030.0): (0.0, 0.4),
}
PAIRS = [  # two arguments from a random generator, and the mean errors of value and partials
    ("pow", lambda u: (2.0 ** u(-20, 20), u(-40, 40)), (0.23, 0.41, 0.36)),
    ("pow", lambda u: (2.0 ** u(10, 900), 10.0 ** u(-20, -3)), (0.24, 0.47, 0.5)),
    ("pow", lambda u: (2.0 ** (a := u(-300, -10)), u(-1074, -1023) / a), (0.25, 0.62, 0.31)),
    ("pow", lambda u: (2.0 ** (a := u(10, 900)), u(-1074, -1023) / a), (0.25, 0.01, 0.32)),
    ("pow", lambda u: (2.0 ** (a := u(10, 900)), u(1024, 1030) / a), (0.0, 0.63, 0.0)),
    ("div", lambda u: (u(-2, 2), u(1, 2)), (0.26, 0.27, 0.3)),
    ("div", lambda u: (2.0**-1035 * u(-2, 2), 2.0 ** u(-9, -1)), (0.25, 0.26, 0.28)),
    ("div", lambda u: (2.0**-1020 * u(-2, 2), 2.0 ** u(3, 20)), (0.27, 0.26, 0.27)),
    ("mod", lambda u: (u(-30, 30), u(0.1, 3)), (0.0, 0.0, 0.0)),
    ("mod", lambda u: (2.0**1020 * u(-8, 8), 2.0**1010 * u(1, 900)), (0.0, 0.0, 0.0)),
    ("hypot", lambda u: (u(-2, 2), u(0, 4)), (0.26, 0.33, 0.42)),
    ("hypot", lambda u: (2.0**-1060 * u(-2, 2), 2.0**-1060 * u(0, 4)), (0.25, 0.33, 0.4)),
    ("hypot", lambda u: (2.0**1020 * u(-8, 8), 2.0**1020 * u(8, 15)), (0.26, 0.31, 0.39)),
    ("atan2", lambda u: (u(-2, 2), u(0, 4)), (0.26, 0.44, 0.44)),
    ("atan2", lambda u: (2.0**-1060 * u(-2, 2), 2.0**-1060 * u(0, 4)), (0.26, 0.0, 0.0)),
    ("atan2", lambda u: (2.0**1020 * u(-8, 8), 2.0**1020 * u(8, 15)), (0.27, 0.28, 0.24)),
]
# fmt: on


def means(op, points):
    """The mean errors of a value and its partials against mpmath, at points where the value is not 0 or inf for all that is near."""
    exact = pytest.importorskip("micrograd.checking.exact")
    pytest.importorskip("mpmath")
    errors = [0.0] * (1 + op.arity)
    for xs in points:
        y = op.forward(*xs, *op.params)
        errors[0] += exact.ulps(y, exact.value(op, xs))
        for i in range(op.arity):
            errors[1 + i] += exact.ulps(op.partial(i, y, *xs), exact.partial(op, i, xs))
    return [error / len(points) for error in errors]


def held(op, points, bounds):
    found = means(op, points)
    assert all(mean <= bound + MARGIN for mean, bound in zip(found, bounds, strict=True)), (op, points[0], points[-1], found)


ONE = [
    (name, low, high, bounds)
    for name, (borders, rows) in MEANS.items()
    for (low, high), bounds in zip(pairwise(borders), rows, strict=True)
]


@accurate
@pytest.mark.parametrize(("name", "low", "high", "bounds"), ONE)
def test_mean_errors_of_one_argument(name, low, high, bounds):
    rng = random.Random(low)
    op = TABLE[name].bind(*TABLE[name].defaults) if TABLE[name].constants else TABLE[name]
    held(op, [(rng.uniform(low, high),) for _ in range(POINTS)], bounds)


@accurate
@pytest.mark.parametrize("p", POWERS, ids=lambda p: f"power {p}")
@pytest.mark.parametrize(("low", "high"), EXPONENTS)
def test_mean_errors_of_powers(p, low, high):
    rng = random.Random(p)
    points = [(2.0**x,) for x in (rng.uniform(low, high) / p for _ in range(POINTS)) if abs(x) < 1000]
    if points:
        held(TABLE["power"].bind(p), points, EXPONENTS[low, high])


@accurate
@pytest.mark.parametrize(("name", "draw", "bounds"), PAIRS)
def test_mean_errors_of_two_arguments(name, draw, bounds):
    rng = random.Random(name)
    held(TABLE[name], [draw(rng.uniform) for _ in range(POINTS)], bounds)


@accurate
def test_a_lost_correction_is_noticed(monkeypatch):
    monkeypatch.setattr(rules, "total", lambda a, b: (a + b, 0.0))
    with pytest.raises(AssertionError):
        test_mean_errors_of_one_argument(*next(row for row in ONE if row[:2] == ("silu", -1.27846453)))


# --- what is exact -------------------------------------------------------------------------------------------------------

ORDINARY = st.floats(1e-100, 1e100).flatmap(lambda x: st.sampled_from([x, -x]))


@given(ORDINARY, ORDINARY)
def test_what_rounding_lost_is_known_exactly(a, b):
    for (rounded, lost), true in (
        (pairs.total(a, b), Fraction(a) + Fraction(b)),
        (pairs.product(a, b), Fraction(a) * Fraction(b)),
        (pairs.square(a), Fraction(a) ** 2),
    ):
        assert Fraction(rounded) + Fraction(lost) == true and rounded == float(true)
    for half in pairs.split(a):  # of 26 bits, or less, so that products of them are exact
        assert math.frexp(half)[0] * 2**26 % 1 == 0
    assert sum(pairs.split(a)) == a


@given(*[st.floats(1e-30, 1e30).flatmap(lambda x: st.sampled_from([x, -x]))] * 4)
def test_pairs_of_doubles_keep_twice_the_digits(a, b, c, d):
    """Sums of one sign, products and squares within 2**-98, roots too; a quotient rounds once."""

    def whole(x):
        return Fraction(x[0]) + Fraction(x[1])

    x, y = pairs.product(a, b), pairs.product(c, d)
    small = Fraction(1, 2**98)
    assert abs(whole(pairs.multiplied(x, y)) / (whole(x) * whole(y)) - 1) < small
    assert abs(whole(pairs.squared(x)) / whole(x) ** 2 - 1) < small
    if (x[0] < 0.0) == (y[0] < 0.0):
        assert abs(whole(pairs.added(x, y)) / (whole(x) + whole(y)) - 1) < small
    square = pairs.square(a)
    assert abs(whole(pairs.root(square)) / abs(Fraction(a)) - 1) < small
    assert pairs.root((0.0, 0.0)) == (0.0, 0.0)
    quotient, true = pairs.over((a, 0.0), pairs.total(c, c * 2.0**-54)), Fraction(a) / (Fraction(c) * (1 + Fraction(1, 2**54)))
    assert abs(Fraction(quotient) - true) <= Fraction(math.ulp(quotient)) * Fraction(5001, 10000) or not 1e-290 < abs(quotient) < 1e300


@pytest.mark.parametrize("name", ["hypot", "atan2", "div"])
@given(
    a=st.floats(-2.0, 2.0), b=st.floats(1.0, 2.0), k=st.sampled_from([-1000, -700, -449, -440, -300, 300, 440, 449, 451, 700, 1000, 1022])
)
def test_a_power_of_two_changes_no_digit(name, a, b, k):
    """Arguments times 2ᵏ: the same partials, or 2⁻ᵏ of them, to the last bit, but for what is too small for a double."""
    op, s = TABLE[name], 2.0**k
    a = math.copysign(max(abs(a), 0.125), a)
    for i in (0, 1):
        before = op.partial(i, op(a, b), a, b)
        after = op.partial(i, op(a * s, b * s), a * s, b * s)
        assert after == (before if name == "hypot" else before * 2.0**-k) or abs(after) < 1e-300


def test_powers_go_the_shortest_way_that_keeps_their_digits():
    chosen = {p: powers.power(p).__name__ for p in (0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 1.5, 1e15, 0.1, 1 / 3, -0.3, 1e-30, 1e17, inf, -inf)}
    constant, doubled, exact, any_ = (
        f.__name__ for f in (powers.power_constant, powers.power_doubled, powers.power_exact, powers.power_broken)
    )
    assert chosen == {
        0.0: constant, 1.0: constant, 2.0: doubled, 3.0: exact, -1.0: exact, 0.5: exact, 1.5: exact, 1e15: exact,
        0.1: any_, 1 / 3: any_, -0.3: any_, 1e-30: any_, 1e17: any_, inf: any_, -inf: any_,
    }  # fmt: skip
