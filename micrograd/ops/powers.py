"""The partials of powers, first and second: each in the form that keeps its digits, from 5e-324 to 1.8e308 (see `rules`)."""

from __future__ import annotations

from functools import lru_cache
from math import inf, prod
from typing import Any

from micrograd.ops import rules, table
from micrograd.ops.inner import MADE, Inner, followed
from micrograd.ops.pairs import Pair, added, multiplied, product, squared, total


def raised(x: Any, p: Any) -> Any:
    """x ** p; with a number for p one argument is enough."""
    return table.power.bind(p)(x) if isinstance(p, float) else table.pow_(x, p)


def far_power(a: Any, p: Any) -> Any:
    """p·aᵖ⁻¹ where aᵖ or aᵖ⁻¹ is too large or too small for a double: by halves of the exponent (p/2 is exact)."""

    def half() -> Any:  # made anew each time, so that it is computed only in the branch that needs it
        return raised(table.abs_(a), 0.5 * p)

    odd = table.where(table.less(a, 0.0), -table.pow_(-1.0, p), 1.0)
    return table.where(rules.within(0.0, a, inf), odd * (table.div(p * half(), table.abs_(a)) * half()), p * raised(a, p - 1.0))


def power_a(y: Any, a: Any, b: Any) -> Any:
    """b·aᵇ⁻¹ as b·aᵇ/a, for b - 1 loses the digits of a small b."""
    return POWER_A(a, b) if followed(a, b) else base_slope(y, a, b)


def base_slope(y: Any, a: Any, b: Any) -> Any:
    """`power_a`, written out."""
    above = b * y
    ordinary = rules.within(rules.TINY, y, inf) * rules.within(0.0, a, inf) * table.less(table.abs_(above), inf)
    return table.where(ordinary, table.div(above, a), table.where(table.equal(b, 0.0), 0.0, far_power(a, b)))


def power_b(y: Any, a: Any, b: Any) -> Any:
    """aᵇ·log a; 0 at a = 0, but -inf for a negative exponent."""
    return POWER_B(a, b) if followed(a, b) else exponent_slope(y, a, b)


def exponent_slope(y: Any, a: Any, b: Any) -> Any:
    """`power_b`, written out."""

    def half() -> Any:
        return table.pow_(a, 0.5 * b)

    inside = table.where(table.less(rules.TINY, y) * table.less(y, inf), y * table.log_(a), half() * (half() * table.log_(a)))
    return table.where(table.equal(a, 0.0), table.where(table.less(b, 0.0), -inf, b * 0.0), inside)


def lowered(a: Any, b: Any, n: float, rest: Any, low: Any = 0.0) -> Any:
    """aᵇ⁻ⁿ·(rest + low), rest being rounded and low what that lost.

    b - n is rounded to c, and aᵇ⁻ⁿ = aᶜ·(1 + δ·log a) for the δ that was lost. By halves of the exponent where the power alone is too
    small or too large for a double.
    """
    size = table.abs_(a)
    c, lost = total(b, -n)
    more: Any = 0.0
    if not isinstance(lost, float) or lost != 0.0:
        more = lost * table.log_(size)
        more = table.where(table.less(table.abs_(more), 1e-3), more, 0.0)  # elsewhere the power is 0 or inf
    odd = table.where(table.less(a, 0.0), (-1.0 if n % 2 else 1.0) * table.pow_(-1.0, b), 1.0)
    q = raised(size, c)
    scale, by = _moderate(q), _moderate(table.abs_(rest))
    found = multiplied(product(q * scale, rest * by), (1.0, more))
    near = table.div(table.div(found[0] + (found[1] + q * scale * (by * low)), scale), by)
    near = table.where(table.less(table.abs_(rest), 1e290), near, q * rest)

    def half() -> Any:  # made anew each time, so that it is computed only in the branch that needs it
        return raised(size, 0.5 * c)

    factor = table.maximum(table.minimum(rest, 1e300), -1e300)  # no 0 · inf
    far = (half() * (factor + factor * more)) * half()
    whole = table.maximum(rules.within(rules.TINY, q, inf), table.equal(c, 1.0))  # q has all its digits
    return table.where(rules.within(0.0, a, inf), odd * table.where(whole, near, far), raised(a, c) * rest)


def _moderate(x: Any) -> Any:
    """A power of two by which x ≥ 0 is neither large nor small."""
    return table.where(table.less(x, 1e-100), 2.0**400, table.where(table.less(1e100, x), 2.0**-400, 1.0))


def logarithm(a: Any) -> Pair:
    """log a: what it lost is what its exponential is off by, where that tells more.

    A finite number at 0 and infinity, for it multiplies a power.
    """
    found = table.log_(a)
    back = table.exp(found)
    kept = table.maximum(table.minimum(found, 1e5), -1e5)
    return kept, table.where(rules.within(2.0, found, 700.0), table.div(a - back, back), 0.0)


def moderate(b: Any) -> Any:
    """An exponent, or ±1e30: any power but one of 1 is 0 or inf there."""
    return table.maximum(table.minimum(b, 1e30), -1e30)


def by_base(a: Any, b: Any, n: int) -> Any:
    """∂ⁿaᵇ/∂aⁿ = b·(b - 1)·…·aᵇ⁻ⁿ; 0 where a factor is."""
    rest: Pair = (b, 0.0)
    for k in range(1, n):
        rest = multiplied(rest, total(b, float(-k)))
    return table.where(table.equal(rest[0], 0.0), rest[0], lowered(a, b, float(n), *rest))


def power_ab(a: Any, b: Any) -> Any:
    """∂²aᵇ/∂a∂b = aᵇ⁻¹·(1 + b·log a)."""
    return lowered(a, b, 1.0, *added((1.0, 0.0), multiplied((moderate(b), 0.0), logarithm(a))))


def power_aab(y: Any, a: Any, b: Any) -> Any:
    """∂³aᵇ/∂a²∂b = aᵇ⁻²·(2b - 1 + b·(b - 1)·log a)."""
    few = moderate(b)
    less: Pair = total(few, -1.0)
    both = multiplied(multiplied((few, 0.0), less), logarithm(a))
    return lowered(a, b, 2.0, *added(added((few, 0.0), less), both))


def power_abb(y: Any, a: Any, b: Any) -> Any:
    """∂³aᵇ/∂a∂b² = aᵇ⁻¹·log a·(2 + b·log a)."""
    log = logarithm(a)
    return lowered(a, b, 1.0, *multiplied(log, added((2.0, 0.0), multiplied((moderate(b), 0.0), log))))


def power_bb(a: Any, b: Any) -> Any:
    """∂²aᵇ/∂b² = aᵇ·log²a; 0 at a = 0, but inf for a negative exponent."""
    found = lowered(a, b, 0.0, *squared(logarithm(a)))
    return table.where(table.equal(a, 0.0), table.where(table.less(b, 0.0), inf, b * 0.0), found)


def power_bbb(y: Any, a: Any, b: Any) -> Any:
    """∂³aᵇ/∂b³ = aᵇ·log³a; 0 at a = 0, but -inf for a negative exponent."""
    log = logarithm(a)
    found = lowered(a, b, 0.0, *multiplied(log, squared(log)))
    return table.where(table.equal(a, 0.0), table.where(table.less(b, 0.0), -inf, b * 0.0), found)


@lru_cache(maxsize=256)
def power_slope(p: float) -> Inner:
    """p·xᵖ⁻¹ for a number p, whose derivative is p times that of xᵖ⁻¹."""

    def curve(y: Any, x: Any) -> Any:
        if p in (2.0, 3.0):
            return 2.0 * table.where(table.equal(x, x), 1.0, x) if p == 2.0 else 6.0 * x
        return power_curve(p, 2.0)(x)

    def define(x: Any) -> Any:
        return exact_slope(x, p) if power(p) is power_exact else lowered(x, p, 1.0, p)

    formula = (f"({p!r} * y - y) / a",)  # exact numbers where it is read: p - 1 as a double may not be
    return Inner("power_slope", p, define=define, partials=(curve,), formula=formula)


@lru_cache(maxsize=256)
def power_curve(p: float, n: float) -> Inner:
    """The derivative of xᵖ of order n ≥ 2, p·(p - 1)·…·xᵖ⁻ⁿ."""
    from fractions import Fraction  # (late: it loads decimal)

    factor = prod(p - k for k in range(int(n)))
    exactly = prod(Fraction(p) - k for k in range(int(n))) if abs(p) < 1e20 else None
    low = float(exactly - Fraction(factor)) if exactly is not None else 0.0

    def exact(m: Any, x: Any) -> Any:
        return prod((m.mpf(p) - k for k in range(int(n))), start=m.power(x, m.mpf(p) - int(n)))

    return Inner(
        "power_curve", p, n, define=lambda x: lowered(x, p, n, factor, low), partials=(lambda y, x: power_curve(p, n + 1.0)(x),),
        formula=(f"({p!r} * y - {n!r} * y) / a",), exact=exact,
    )  # fmt: skip


def power(p: float) -> Any:
    """p·xᵖ⁻¹, as it stands where p - 1 is exact."""
    if p in (0.0, 1.0, 2.0):
        return power_doubled if p == 2.0 else power_constant
    if not abs(p) < inf:
        return power_broken
    n, d = p.as_integer_ratio()
    return power_exact if (p - 1.0).as_integer_ratio() == (n - d, d) else power_broken


def power_broken(y: Any, x: Any, p: Any) -> Any:
    """p·xᵖ⁻¹ where p - 1 is not exact."""
    return power_slope(p)(x) if followed(x) else lowered(x, p, 1.0, p)


def power_doubled(y: Any, x: Any, p: Any) -> Any:
    """2x."""
    return 2.0 * x


def power_constant(y: Any, x: Any, p: Any) -> Any:
    """The slope of x and of 1."""
    return p


def power_exact(y: Any, x: Any, p: Any) -> Any:
    """p·xᵖ⁻¹ in so many words, where it is neither too large nor too small for a double."""
    return power_slope(p)(x) if followed(x) else exact_slope(x, p)


def exact_slope(x: Any, p: Any) -> Any:
    """`power_exact`, written out."""
    q = raised(x, p - 1.0)
    return table.where(rules.within(rules.TINY, q, inf), p * q, far_power(x, p))


_AA, _AB, _BB = "b * (b - 1) * a**(b - 2)", "a**(b - 1) * (1 + b * log(a))", "a**b * log(a)**2"
_AAB, _ABB = "a**(b - 2) * (2 * b - 1 + b * (b - 1) * log(a))", "a**(b - 1) * log(a) * (2 + b * log(a))"
POWER_A: Inner = Inner(
    "power_by_base", define=lambda a, b: base_slope(table.pow_(a, b), a, b),
    partials=(lambda y, a, b: POWER_AA(a, b), lambda y, a, b: POWER_AB(a, b)), formula=(_AA, _AB),
)  # fmt: skip
POWER_B: Inner = Inner(
    "power_by_exponent", define=lambda a, b: exponent_slope(table.pow_(a, b), a, b),
    partials=(lambda y, a, b: POWER_AB(a, b), lambda y, a, b: POWER_BB(a, b)), formula=(_AB, _BB),
)  # fmt: skip
POWER_AA: Inner = Inner(
    "power_aa", define=lambda a, b: by_base(a, b, 2), partials=(lambda y, a, b: by_base(a, b, 3), power_aab),
    formula=("b * (b - 1) * (b - 2) * a**(b - 3)", _AAB), exact=lambda m, a, b: b * (b - 1) * m.power(a, b - 2),
)  # fmt: skip
POWER_AB: Inner = Inner(
    "power_ab", define=power_ab, partials=(power_aab, power_abb), formula=(_AAB, _ABB),
    exact=lambda m, a, b: m.power(a, b - 1) * (1 + b * m.log(a)),
)  # fmt: skip
POWER_BB: Inner = Inner(
    "power_bb", define=power_bb, partials=(power_abb, power_bbb), formula=(_ABB, "a**b * log(a)**3"),
    exact=lambda m, a, b: m.power(a, b) * m.log(a) ** 2,
)  # fmt: skip
MADE.update(power_slope=power_slope, power_curve=power_curve)
