"""The partials of powers, first and second: each in the form that keeps its digits, from 5e-324 to 1.8e308 (see `rules`)."""

from __future__ import annotations

from functools import lru_cache
from math import inf, prod
from typing import Any

from micrograd.ops import rules, table
from micrograd.ops.inner import MADE, Inner, followed


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


def lowered(a: Any, b: Any, n: float, rest: Any, more: Any = 1.0) -> Any:
    """aᵇ⁻ⁿ·rest·more: in so many words where b - n is exact, elsewhere (b is small, or aᵇ is about 1) by quotients of aᵇ.

    By halves of the exponent where the power alone is too small or too large for a double.
    """
    exact = table.equal((b - n) + n, b)
    quotient = raised(a, b)
    for _ in range(int(n)):
        quotient = table.div(quotient, a)
    q = table.where(exact, raised(a, b - n), quotient)
    factor = rest if isinstance(more, float) and more == 1.0 else rest * more
    ordinary = rules.within(rules.TINY, q, inf) * table.less(table.abs_(factor), inf) * rules.within(1e-290, a, 1e290)

    def half() -> Any:  # made anew each time, so that it is computed only in the branch that needs it
        size = table.abs_(a)
        by = table.sqrt(size) if n % 2 else 1.0
        for _ in range(int(n) // 2):
            by = by * size
        return table.where(exact, raised(size, 0.5 * (b - n)), table.div(raised(size, 0.5 * b), by))

    turn = -1.0 if n % 2 else 1.0
    odd = table.where(table.less(a, 0.0), turn * table.pow_(-1.0, b), 1.0)
    far = table.where(rules.within(0.0, a, inf), odd * ((half() * rest) * (half() * more)), q * factor)
    return table.where(ordinary, q * factor, far)


def power_aa(y: Any, a: Any, b: Any) -> Any:
    """∂²aᵇ/∂a² = b·(b - 1)·aᵇ⁻²; 0 for b = 0 and 1 at any a."""
    rest = b * (b - 1.0)
    found = lowered(a, b, 2.0, b, b - 1.0)
    return table.where(rules.within(0.0, a, inf), found, table.where(table.equal(rest, 0.0), rest, found))


def power_ab(y: Any, a: Any, b: Any) -> Any:
    """∂²aᵇ/∂a∂b = aᵇ⁻¹·(1 + b·log a)."""
    rest = table.minimum(table.maximum(1.0 + b * table.log_(a), -1e300), 1e300)  # beyond, the power is 0 or inf
    return lowered(a, b, 1.0, rest)


def power_bb(y: Any, a: Any, b: Any) -> Any:
    """∂²aᵇ/∂b² = aᵇ·log²a; 0 at a = 0, but inf for a negative exponent."""
    root = table.pow_(a, 0.5 * b) * table.log_(a)
    return table.where(table.equal(a, 0.0), table.where(table.less(b, 0.0), inf, b * 0.0), root * root)


@lru_cache(maxsize=256)
def power_slope(p: float) -> Inner:
    """p·xᵖ⁻¹ for a number p, whose derivative is p times that of xᵖ⁻¹."""

    def curve(y: Any, x: Any) -> Any:
        if (p - 1.0) + 1.0 == p and p != 1.0:
            return p * (table.where(table.equal(x, x), 1.0, x) if p == 2.0 else power(p - 1.0)(raised(x, p - 1.0), x, p - 1.0))
        return power_curve(p, 2.0)(x)

    def define(x: Any) -> Any:
        return exact_slope(x, p) if power(p) is power_exact else base_slope(raised(x, p), x, p)

    formula = (f"({p!r} * y - y) / a",)  # exact numbers where it is read: p - 1 as a double may not be
    return Inner("power_slope", p, define=define, partials=(curve,), formula=formula)


@lru_cache(maxsize=256)
def power_curve(p: float, n: float) -> Inner:
    """The derivative of xᵖ of order n ≥ 2, p·(p - 1)·…·xᵖ⁻ⁿ, for a p of which 1 cannot be taken exactly."""
    factor = prod(p - k for k in range(int(n)))

    def exact(m: Any, x: Any) -> Any:
        return prod((m.mpf(p) - k for k in range(int(n))), start=m.power(x, m.mpf(p) - int(n)))

    return Inner(
        "power_curve", p, n, define=lambda x: lowered(x, p, n, factor), partials=(lambda y, x: power_curve(p, n + 1.0)(x),),
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
    return power_slope(p)(x) if followed(x) else base_slope(y, x, p)


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


POWER_A: Inner = Inner(
    "power_by_base", define=lambda a, b: base_slope(table.pow_(a, b), a, b), partials=(power_aa, power_ab),
    formula=("b * (b - 1) * a**(b - 2)", "a**(b - 1) * (1 + b * log(a))"),
)  # fmt: skip
POWER_B: Inner = Inner(
    "power_by_exponent", define=lambda a, b: exponent_slope(table.pow_(a, b), a, b), partials=(power_ab, power_bb),
    formula=("a**(b - 1) * (1 + b * log(a))", "a**b * log(a)**2"),
)  # fmt: skip
MADE.update(power_slope=power_slope, power_curve=power_curve)
