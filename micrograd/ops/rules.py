"""The partials and definitions of the table that take more than a line: each in the form that keeps its digits.

Written in primitives alone, without branches in Python, so that they run on floats, Values and symbols. Bounds are worked out
for doubles: a primitive is within 2.5 units in the last place in value and 3 in each partial (tests/core/test_numerics.py).
"""

from __future__ import annotations

from math import inf, nan, sqrt
from typing import Any

from micrograd.ops import curves, logistic, plane, table
from micrograd.ops.inner import Inner, followed
from micrograd.ops.pairs import product, square, total
from micrograd.ops.polynomials import CORE, CORE_0, LOWER, LOWER_0, LOWER_SQRT2, LOWER_SQRT2_0, SLOPE, SLOPE_0, corrected

TINY = 2.2250738585072014e-308  # the smallest double with all its digits
UP = 2.0**600


def valid(y: Any, partial: Any) -> Any:
    """`partial`, or nan where the value itself is nan (outside the domain)."""
    return table.where(table.equal(y, y), partial, y)


def size(x: Any) -> Any:
    """|x| with derivative 1 at 0, where the true one does not matter: an even rule f(|x|) keeps its own higher derivatives."""
    return table.where(table.less(x, 0.0), -x, x)


def within(low: float, x: Any, high: float) -> Any:
    """low < |x| < high, as 1 or 0."""
    return table.less(low, table.abs_(x)) * table.less(table.abs_(x), high)


# --- quotients and roots ------------------------------------------------------------------------------------------------


def quotient_b(y: Any, a: Any, b: Any) -> Any:
    """-(a/b)/b, not -a/b² (b² is 0 at 1e-200); where a/b is subnormal it has lost digits: scale first."""
    up, down = 2.0**200, 2.0**-200
    return table.where(table.less(table.abs_(y), TINY), table.div(table.div(a * -up, b), b) * down, -table.div(y, b))


def cbrt(y: Any, x: Any) -> Any:
    """1/(3y²)."""
    return CBRT(x) if followed(x) else curves.cbrt(y, x)


def mod_b(y: Any, a: Any, b: Any) -> Any:
    """-floor(a/b) as the whole number at (a - y)/b, for a/b may round up to the next; in parts where a - y may overflow.

    1 where y is infinite: there b is, of the other sign than a, and y = a + b.
    """
    turns = table.where(table.less(table.abs_(a), 1e300), table.div(a - y, b), table.div(a, b) - table.div(y, b))
    return table.where(table.equal(table.abs_(y), inf), 1.0, -table.round_(turns))


# --- lengths and angles --------------------------------------------------------------------------------------------------


def over_square(z: Any, a: Any, b: Any) -> Any:
    """z/(a² + b²), scaled by a power of two so that the squares are ordinary; 0 at the origin and at infinity."""
    longer = table.maximum(table.abs_(a), table.abs_(b))
    scale = table.where(table.less(longer, 2.0**-450), UP, table.where(table.less(2.0**450, longer), 1.0 / UP, 1.0))
    a, b = a * scale, b * scale
    inside = table.div(z * scale, a * a + b * b) * scale
    return table.where(within(0.0, longer, inf), inside, table.where(table.equal(longer, longer), 0.0, longer))


def over_length(z: Any, a: Any, b: Any, length: Any) -> Any:
    """z/√(a² + b²), scaled where the length has lost digits or overflowed; 0 at the origin."""
    up = table.div(z * UP, table.hypot(a * UP, b * UP))
    down = table.div(z * 0.5, table.hypot(a * 0.5, b * 0.5))
    inside = table.where(table.less(length, 1e-290), up, table.where(table.equal(length, inf), down, table.div(z, length)))
    return table.where(table.equal(length, 0.0), 0.0, inside)


def length_partial(y: Any, a: Any, b: Any) -> Any:
    """∂√(a² + b²)/∂a = a/y."""
    return LENGTH(a, b) if followed(a, b) else over_length(a, a, b, y)


def angle_partial(a: Any, b: Any) -> Any:
    """∂atan2(a, b)/∂a = b/(a² + b²)."""
    return ANGLE(a, b) if followed(a, b) else over_square(b, a, b)


def selects(a: Any, b: Any) -> Any:
    """1 where a is the larger, ½ at a tie, nan with a nan."""
    return table.where(table.less(b, a), 1.0, table.where(table.less(a, b), 0.0, table.where(table.equal(a, b), 0.5, nan)))


# --- the logistic family -------------------------------------------------------------------------------------------------


def unit(x: Any) -> Any:
    """1 - x²: by a square near 0, where the derivative of the product (1 - x)(1 + x) would cancel."""
    return table.where(table.less(table.abs_(x), 0.5), 1.0 - x * x, (1.0 - x) * (1.0 + x))


def bell(e: Any) -> Any:
    """e/(1 + e)²: the derivative of the logistic function, e = exp(-|x|). Below, 1 + e(2 + e) rounds least."""
    return table.div(e, 1.0 + e * (2.0 + e))


def sigmoid(x: Any) -> Any:
    """1/(1 + e⁻ˣ), which is eˣ far to the left: one exponential either way, so that no branch is taken around it."""
    far = table.less(x, -700.0)
    e = table.exp(table.where(far, x, -x))
    return table.where(far, e, table.div(1.0, 1.0 + e))


def halves(x: Any, factor: Any) -> Any:
    """eˣ·factor, x ≤ 0, as (eˣᐟ²·factor)·eˣᐟ²: one rounding where eˣ is subnormal. Made for a branch seldom taken."""
    return (table.exp(0.5 * x) * factor) * table.exp(0.5 * x)


def silu(x: Any) -> Any:
    """x/(1 + e⁻ˣ), which is x·eˣ far to the left."""
    z = table.maximum(x, -1500.0)
    return table.where(table.less(x, -700.0), halves(z, z), table.div(x, 1.0 + table.exp(-x)))


def silu_slope(x: Any) -> Any:
    """σ(x)·(1 + x·σ(-x)), from its value at t = -|x|, where it is (1 - t + e)/(2 + f + e), e = exp(-t), f = exp(t).

    1 - t + e has a root t₀: measured from there it is d + (t₀ - 1)·expm1(d), d = t₀ - t, in which nothing cancels.
    """
    t = table.minimum(size(x), 1500.0)
    f = table.exp(t)
    e = table.div(1.0, f)
    under, under_lost = total(2.0, f)
    under, more_lost = total(under, e)
    d, d_lost = total(1.2784645427610737, -t)
    over, over_lost = total(d, 0.2784645427610738 * table.expm1(d))
    over_lost = over_lost + (d_lost + 1.0946994183093437e-16) * (1.0 + e)
    over = over + (over_lost - over * table.div(under_lost + more_lost, under))
    left = table.where(table.less(t, 700.0), table.div(over, under), halves(-t, 1.0 - t))
    return table.where(table.less(x, 0.0), left, 1.0 - left)


# --- the normal distribution ---------------------------------------------------------------------------------------------


def capped(x: Any) -> Any:
    """|x|, at most 40: there exp(-x²/2) is 0."""
    return table.minimum(size(x), 40.0)


def times(e: Any, x: Any, rest: Any) -> Any:
    """e·(x + rest), rounded once (but where e is so small that its digits are lost anyway)."""
    rounded, lost = product(e, x)
    return rounded + table.where(table.less(e, 1e-270), 0.0, lost + e * rest)


def tail(x: Any, k: float, ratio: Any, base: float, base_lost: float = 0.0, factor: Any = None) -> Any:
    """factor·exp(-kx²)·p/(base + x), ratio(lost) being p·(1 - lost): what x² and base + x lost goes into the ratio."""
    squared, lost = square(x)
    under, under_lost = total(base, x)
    p, p_lost = ratio(k * lost + table.div(under_lost + base_lost, under))
    quotient = table.div(p, under)
    back, back_lost = product(quotient, under)
    rest = table.div(((p - back) - back_lost) + p_lost, under)
    if factor is None:
        return times(table.exp(-k * squared), quotient, rest)
    return table.exp(-k * squared) * (factor * quotient)


def mapped(t: Any) -> Any:
    """The variable of the polynomials, -1 ≤ q < 1."""
    return table.div(t - 6.0, t + 6.0)


def lower(t: Any, factor: Any = None) -> Any:
    """factor·Φ(-t), 0 ≤ t ≤ 40, by Mills' ratio."""
    return tail(t, 0.5, lambda lost: corrected(mapped(t), LOWER_0, LOWER, lost), 1.0, factor=factor)


def normal_cdf(x: Any) -> Any:
    """Φ(x): by erf near 0; further out by Mills' ratio, the right side being 1 less the left tail."""
    left = lower(capped(x))
    outside = table.where(table.less(x, 0.0), left, 1.0 - left)
    return table.where(table.less(table.abs_(x), 0.67), 0.5 + 0.5 * table.erf(x * sqrt(0.5)), outside)


def erfc(x: Any) -> Any:
    """1 - erf(x) to the left of 0.45; 2Φ(-x√2) by Mills' ratio from there on, divided by √½ + x and not by 1 + x√2."""
    z = table.minimum(x, 28.0)
    q = mapped(z * sqrt(2.0))
    right = tail(z, 1.0, lambda lost: corrected(q, LOWER_SQRT2_0, LOWER_SQRT2, lost), 0.7071067811865476, -4.833646656726457e-17)
    return table.where(table.less(x, 0.45), 1.0 - table.erf(x), right)


def gelu(x: Any) -> Any:
    """x·Φ(x); far to the left x joins the ratio before the exponential, which is subnormal there."""
    z = table.maximum(x, -40.0)
    return table.where(table.less(x, -36.0), lower(capped(z), factor=z), x * table.normal_cdf(x))


def gelu_slope(x: Any) -> Any:
    """Φ(x) + x·φ(x), from its value at t = -|x|: a polynomial times t - t₀, t₀ being its root, and times exp(-t²/2) far out."""
    t = capped(x)
    high = t - 0.7517915246935645
    d = high + 1.4956759177009883e-17
    d_lost = table.div(d - high - 1.4956759177009883e-17, d)
    squared, lost = square(t)
    core, core_lost = corrected(d, CORE_0, CORE, d_lost)
    p, p_lost = corrected(mapped(t), SLOPE_0, SLOPE, 0.5 * lost + d_lost)
    inside = table.less(t, 1.25)
    rest, rest_lost = product(d, table.where(inside, core, p))
    rest_lost = rest_lost + d * table.where(inside, core_lost, p_lost)
    outer = times(table.exp(-0.5 * squared), rest, rest_lost)
    left = table.where(inside, rest + rest_lost, table.where(table.less(t, 37.0), outer, halves(-0.5 * squared, rest)))
    return table.where(table.less(x, 0.0), left, 1.0 - left)


# --- partials with a derivative of their own: see `inner` ----------------------------------------------------------------

BELL: Inner = Inner(
    "bell", define=lambda x: bell(table.exp(-size(x))), partials=(lambda y, x: logistic.BELL(x),), formula=("-y * tanh(a / 2)",)
)
SILU: Inner = Inner(
    "silu_slope", define=silu_slope, partials=(lambda y, x: logistic.SILU_CURVE(x),),
    formula=("sigmoid(a) * sigmoid(-a) * (2 - a * tanh(a / 2))",),
    exact=lambda m, x: (1 + x / (1 + m.exp(x))) / (1 + m.exp(-x)),
)  # fmt: skip
CBRT: Inner = Inner(
    "cbrt_slope", define=lambda x: curves.cbrt(table.cbrt(x), x), partials=(lambda y, x: curves.CBRT(x),),
    formula=("-2 * y / (3 * a)",), exact=lambda m, x: 1 / (3 * m.cbrt(m.fabs(x)) ** 2),
)  # fmt: skip
GELU: Inner = Inner(
    "gelu_slope", define=gelu_slope, partials=(lambda y, x: curves.gelu(x),), formula=("exp(-a**2 / 2) * (2 - a**2) / sqrt(2 * pi)",),
    exact=lambda m, x: m.erfc(-x / m.sqrt(2)) / 2 + x * m.exp(-x * x / 2) / m.sqrt(2 * m.pi),
)  # fmt: skip


LENGTH: Inner = Inner(
    "hypot_slope", define=lambda a, b: over_length(a, a, b, table.hypot(a, b)),
    partials=(lambda y, a, b: plane.ACROSS(a, b), lambda y, a, b: plane.ALONG(a, b)),
    formula=("b**2 / hypot(a, b)**3", "-a * b / hypot(a, b)**3"),
)  # fmt: skip
ANGLE: Inner = Inner(
    "atan2_slope", define=lambda a, b: over_square(b, a, b),
    partials=(lambda y, a, b: plane.TWIST(a, b), lambda y, a, b: plane.TURN(a, b)),
    formula=("-2 * a * b / (a**2 + b**2)**2", "(a**2 - b**2) / (a**2 + b**2)**2"),
)  # fmt: skip
