"""The partials and definitions of the table that take more than a line: each in the form that keeps its digits.

Written in primitives alone, without branches in Python, so that they run on floats, Values and symbols. Bounds are worked out
for doubles: a primitive is within 2.5 units in the last place in value and 3 in each partial (tests/test_numerics.py).
"""

from __future__ import annotations

from math import inf, nan, pi, sqrt
from typing import Any

from micrograd import ops
from micrograd.polynomials import CORE, CORE_0, LOWER, LOWER_0, LOWER_SQRT2, LOWER_SQRT2_0, SLOPE, SLOPE_0, corrected

TINY = 2.2250738585072014e-308  # the smallest double with all its digits
UP = 2.0**600


def valid(y: Any, partial: Any) -> Any:
    """`partial`, or nan where the value itself is nan (outside the domain)."""
    return ops.where(ops.equal(y, y), partial, y)


def size(x: Any) -> Any:
    """|x| with derivative 1 at 0, where the true one does not matter: an even rule f(|x|) keeps its own higher derivatives."""
    return ops.where(ops.less(x, 0.0), -x, x)


def total(a: Any, b: Any) -> tuple[Any, Any]:
    """a + b, and what its rounding lost (Knuth)."""
    rounded = a + b
    part = rounded - a
    return rounded, (a - (rounded - part)) + (b - part)


def within(low: float, x: Any, high: float) -> Any:
    """low < |x| < high, as 1 or 0."""
    return ops.less(low, ops.abs_(x)) * ops.less(ops.abs_(x), high)


# --- quotients and powers ------------------------------------------------------------------------------------------------


def quotient_b(y: Any, a: Any, b: Any) -> Any:
    """-(a/b)/b, not -a/b² (b² is 0 at 1e-200); where a/b is subnormal it has lost digits: scale first."""
    up, down = 2.0**200, 2.0**-200
    return ops.where(ops.less(ops.abs_(y), TINY), ops.div(ops.div(a * -up, b), b) * down, -ops.div(y, b))


def raised(x: Any, p: Any) -> Any:
    """x ** p; with a number for p one argument is enough."""
    return ops.power.bind(p)(x) if isinstance(p, float) else ops.pow_(x, p)


def far_power(a: Any, p: Any) -> Any:
    """p·aᵖ⁻¹ where aᵖ or aᵖ⁻¹ is too large or too small for a double: by halves of the exponent (p/2 is exact)."""

    def positive() -> Any:  # the base, kept from 0 so that second derivatives make no nan in a branch not taken
        return ops.where(ops.equal(a, 0.0), 1.0, ops.abs_(a))

    def half() -> Any:  # made anew each time, so that it is computed only in the branch that needs it
        return raised(positive(), 0.5 * p)

    odd = ops.where(ops.less(a, 0.0), -ops.pow_(-1.0, p), 1.0)
    return ops.where(within(0.0, a, inf), odd * (ops.div(p * half(), positive()) * half()), p * raised(a, p - 1.0))


def power_a(y: Any, a: Any, b: Any) -> Any:
    """b·aᵇ⁻¹ as b·aᵇ/a, for b - 1 loses the digits of a small b."""
    above = b * y
    ordinary = within(TINY, y, inf) * within(0.0, a, inf) * ops.less(ops.abs_(above), inf)
    return ops.where(ordinary, ops.div(above, a), ops.where(ops.equal(b, 0.0), 0.0, far_power(a, b)))


def power_b(y: Any, a: Any, b: Any) -> Any:
    """aᵇ·log a; 0 at a = 0, but -inf for a negative exponent."""

    def half() -> Any:
        return ops.pow_(a, 0.5 * b)

    inside = ops.where(ops.less(TINY, y) * ops.less(y, inf), y * ops.log_(a), half() * (half() * ops.log_(a)))
    return ops.where(ops.equal(a, 0.0), ops.where(ops.less(b, 0.0), -inf, b * 0.0), inside)


def power(p: float) -> Any:
    """p·xᵖ⁻¹, as it stands where p - 1 is exact."""
    if p in (0.0, 1.0, 2.0):
        return power_doubled if p == 2.0 else power_constant
    if not abs(p) < inf:
        return power_a
    n, d = p.as_integer_ratio()
    return power_exact if (p - 1.0).as_integer_ratio() == (n - d, d) else power_a


def power_doubled(y: Any, x: Any, p: Any) -> Any:
    """2x."""
    return 2.0 * x


def power_constant(y: Any, x: Any, p: Any) -> Any:
    """The slope of x and of 1."""
    return p


def power_exact(y: Any, x: Any, p: Any) -> Any:
    """p·xᵖ⁻¹ in so many words, where it is neither too large nor too small for a double."""
    q = raised(x, p - 1.0)
    return ops.where(within(TINY, q, inf), p * q, far_power(x, p))


def cbrt(y: Any, x: Any) -> Any:
    """1/(3y²) as (y/x)/3, which rounds less; inf at 0, 0 at infinity."""
    return ops.where(within(0.0, x, inf), ops.div(ops.div(y, x), 3.0), ops.div(1.0, y * y))


def mod_b(y: Any, a: Any, b: Any) -> Any:
    """-floor(a/b) as the whole number at (a - y)/b, for a/b may round up to the next; in parts where a - y may overflow."""
    return -ops.round_(ops.where(ops.less(ops.abs_(a), 1e300), ops.div(a - y, b), ops.div(a, b) - ops.div(y, b)))


# --- lengths and angles --------------------------------------------------------------------------------------------------


def atan(y: Any, x: Any) -> Any:
    """1/(1 + x²), as (1/x)/x where x² would overflow."""
    return ops.where(ops.less(ops.abs_(x), 1e100), ops.div(1.0, 1.0 + x * x), ops.div(ops.div(1.0, x), x))


def acosh(y: Any, x: Any) -> Any:
    """1/√((x - 1)(x + 1)); 1/x where that would overflow."""
    near = ops.div(1.0, ops.sqrt((x - 1.0) * (x + 1.0)))
    return valid(y, ops.where(ops.less(x, 1e100), near, ops.div(1.0, x)))


def over_square(z: Any, a: Any, b: Any) -> Any:
    """z/(a² + b²), scaled by a power of two so that the squares are ordinary; 0 at the origin and at infinity."""
    longer = ops.maximum(ops.abs_(a), ops.abs_(b))
    scale = ops.where(ops.less(longer, 2.0**-450), UP, ops.where(ops.less(2.0**450, longer), 1.0 / UP, 1.0))
    a, b = a * scale, b * scale
    inside = ops.div(z * scale, a * a + b * b) * scale
    return ops.where(within(0.0, longer, inf), inside, ops.where(ops.equal(longer, longer), 0.0, longer))


def over_length(z: Any, a: Any, b: Any, length: Any) -> Any:
    """z/√(a² + b²), scaled where the length has lost digits or overflowed; 0 at the origin."""
    up = ops.div(z * UP, ops.hypot(a * UP, b * UP))
    down = ops.div(z * 0.5, ops.hypot(a * 0.5, b * 0.5))
    inside = ops.where(ops.less(length, 1e-290), up, ops.where(ops.equal(length, inf), down, ops.div(z, length)))
    return ops.where(ops.equal(length, 0.0), 0.0, inside)


def selects(a: Any, b: Any) -> Any:
    """1 where a is the larger, ½ at a tie, nan with a nan."""
    return ops.where(ops.less(b, a), 1.0, ops.where(ops.less(a, b), 0.0, ops.where(ops.equal(a, b), 0.5, nan)))


# --- the logistic family -------------------------------------------------------------------------------------------------


def bell(e: Any) -> Any:
    """e/(1 + e)²: the derivative of the logistic function, e = exp(-|x|). Below, 1 + e(2 + e) rounds least."""
    return ops.div(e, 1.0 + e * (2.0 + e))


def logistic(x: Any) -> Any:
    """1/(1 + e⁻ˣ), which is eˣ far to the left."""
    return ops.where(ops.less(x, -700.0), ops.exp(x), ops.div(1.0, 1.0 + ops.exp(-x)))


def halves(x: Any, factor: Any) -> Any:
    """eˣ·factor, x ≤ 0, as (eˣᐟ²·factor)·eˣᐟ²: one rounding where eˣ is subnormal. Made for a branch seldom taken."""
    return (ops.exp(0.5 * x) * factor) * ops.exp(0.5 * x)


def silu(x: Any) -> Any:
    """x/(1 + e⁻ˣ), which is x·eˣ far to the left."""
    z = ops.maximum(x, -1500.0)
    return ops.where(ops.less(x, -700.0), halves(z, z), ops.div(x, 1.0 + ops.exp(-x)))


def silu_slope(y: Any, x: Any) -> Any:
    """σ(x)·(1 + x·σ(-x)), from its value at t = -|x|, where it is (1 - t + e)/(2 + f + e), e = exp(-t), f = exp(t).

    1 - t + e has a root t₀: measured from there it is d + (t₀ - 1)·expm1(d), d = t₀ - t, in which nothing cancels.
    """
    t = ops.where(ops.less(1500.0, size(x)), 1500.0, size(x))
    f = ops.exp(t)
    e = ops.div(1.0, f)
    under, under_lost = total(2.0, f)
    under, more_lost = total(under, e)
    near = ops.less(0.64, t) * ops.less(t, 2.0)
    d, d_lost = total(1.2784645427610737, -t)
    n, n_lost = total(1.0, -t)
    first, first_lost = ops.where(near, d, n), ops.where(near, (d_lost + 1.0946994183093437e-16) * (1.0 + e), n_lost)
    over, over_lost = total(first, ops.where(near, 0.2784645427610738 * ops.expm1(d), e))
    over = over + (over_lost + first_lost - over * ops.div(under_lost + more_lost, under))
    left = ops.where(ops.less(t, 700.0), ops.div(over, under), halves(-t, 1.0 - t))
    return ops.where(ops.less(x, 0.0), left, 1.0 - left)


# --- the normal distribution ---------------------------------------------------------------------------------------------


def capped(x: Any) -> Any:
    """|x|, at most 40: there exp(-x²/2) is 0."""
    return ops.where(ops.less(40.0, size(x)), 40.0, size(x))


def split(x: Any) -> tuple[Any, Any]:
    """x as a sum of two numbers of half the digits, whose products are exact (Dekker 1971)."""
    high = 134217729.0 * x
    high = high - (high - x)
    return high, x - high


def product(a: Any, b: Any) -> tuple[Any, Any]:
    """a·b, and what its rounding lost."""
    (a_high, a_low), (b_high, b_low) = split(a), split(b)
    rounded = a * b
    return rounded, ((a_high * b_high - rounded) + a_high * b_low + a_low * b_high) + a_low * b_low


def square(x: Any) -> tuple[Any, Any]:
    """x², and what its rounding lost."""
    high, low = split(x)
    rounded = x * x
    return rounded, ((high * high - rounded) + 2.0 * high * low) + low * low


def times(e: Any, x: Any, rest: Any) -> Any:
    """e·(x + rest), rounded once (but where e is so small that its digits are lost anyway)."""
    rounded, lost = product(e, x)
    return rounded + ops.where(ops.less(e, 1e-270), 0.0, lost + e * rest)


def tail(x: Any, k: float, ratio: Any, base: float, base_lost: float = 0.0, factor: Any = None) -> Any:
    """factor·exp(-kx²)·p/(base + x), ratio(lost) being p·(1 - lost): what x² and base + x lost goes into the ratio."""
    squared, lost = square(x)
    under, under_lost = total(base, x)
    p, p_lost = ratio(k * lost + ops.div(under_lost + base_lost, under))
    quotient = ops.div(p, under)
    back, back_lost = product(quotient, under)
    rest = ops.div(((p - back) - back_lost) + p_lost, under)
    if factor is None:
        return times(ops.exp(-k * squared), quotient, rest)
    return ops.exp(-k * squared) * (factor * quotient)


def mapped(t: Any) -> Any:
    """The variable of the polynomials, -1 ≤ q < 1."""
    return ops.div(t - 6.0, t + 6.0)


def lower(t: Any, factor: Any = None) -> Any:
    """factor·Φ(-t), 0 ≤ t ≤ 40, by Mills' ratio."""
    return tail(t, 0.5, lambda lost: corrected(mapped(t), LOWER_0, LOWER, lost), 1.0, factor=factor)


def normal_cdf(x: Any) -> Any:
    """Φ(x): by erf near 0; further out by Mills' ratio, the right side being 1 less the left tail."""
    left = lower(capped(x))
    outside = ops.where(ops.less(x, 0.0), left, 1.0 - left)
    return ops.where(ops.less(ops.abs_(x), 0.67), 0.5 + 0.5 * ops.erf(x * sqrt(0.5)), outside)


def erfc(x: Any) -> Any:
    """1 - erf(x) to the left of 0.45; 2Φ(-x√2) by Mills' ratio from there on, divided by √½ + x and not by 1 + x√2."""
    z = ops.where(ops.less(28.0, x), 28.0, ops.where(ops.less(x, 0.45), 0.45, x))
    q = mapped(z * sqrt(2.0))
    right = tail(z, 1.0, lambda lost: corrected(q, LOWER_SQRT2_0, LOWER_SQRT2, lost), 0.7071067811865476, -4.833646656726457e-17)
    return ops.where(ops.less(x, 0.45), 1.0 - ops.erf(x), right)


def gelu(x: Any) -> Any:
    """x·Φ(x); far to the left x joins the ratio before the exponential, which is subnormal there."""
    z = ops.maximum(x, -40.0)
    return ops.where(ops.less(x, -36.0), lower(capped(z), factor=z), x * ops.normal_cdf(x))


def gelu_slope(y: Any, x: Any) -> Any:
    """Φ(x) + x·φ(x), from its value at t = -|x|: a polynomial times t - t₀, t₀ being its root, and times exp(-t²/2) far out."""
    t = capped(x)
    high = t - 0.7517915246935645
    d = high + 1.4956759177009883e-17
    d_lost = ops.div(d - high - 1.4956759177009883e-17, d)
    core, _ = corrected(d, CORE_0, CORE, d_lost)
    squared, lost = square(t)
    p, p_lost = corrected(mapped(t), SLOPE_0, SLOPE, 0.5 * lost + d_lost)
    rest, rest_lost = product(d, p)
    outer = times(ops.exp(-0.5 * squared), rest, rest_lost + d * p_lost)
    left = ops.where(ops.less(t, 1.25), d * core, ops.where(ops.less(t, 37.0), outer, halves(-0.5 * squared, rest)))
    return ops.where(ops.less(x, 0.0), left, 1.0 - left)


def gauss_slope(y: Any, x: Any, k: float) -> Any:
    """-2kx·exp(-kx²), by halves where the exponential is subnormal."""

    z = ops.maximum(ops.minimum(x, 1e100), -1e100)  # no inf · 0
    squared, lost = square(z)
    far = (-2.0 * k) * halves(-k * squared, z - z * (k * lost))
    return ops.where(ops.less(y, TINY), far, (-2.0 * k) * (x * y))


NORMAL: float = 1.0 / sqrt(2.0 * pi)
