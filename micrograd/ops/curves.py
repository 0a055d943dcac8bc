"""Second partials whose plain form loses digits: near their zeros, where a square overflows, and where the result is subnormal.

As in `rules`, a rule is written in primitives, without branches in Python. The distance from a root t₀ is taken with t₀ in two doubles, and
what remains has no zero, so that nothing cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import inf, nan, sqrt
from typing import Any

from micrograd.ops import known, rules, table
from micrograd.ops.inner import MADE, Inner, followed

FLAT, FLAT_LOST = 2.3993572805154675, 1.8464872855353363e-16  # where t·tanh(t/2) = 2


def silu(x: Any) -> Any:
    """silu″ = σ′(t)·(2 - t·tanh(t/2)), t = |x|.

    Near the root t₀ of the second factor that is -((2 + t₀)·expm1(d) + d·expm1(t))/(1 + eᵗ), d = t - t₀.
    """
    t = table.minimum(rules.size(x), 1500.0)
    d = (t - FLAT) - FLAT_LOST
    near = table.div(-(4.399357280515468 * table.expm1(d) + d * table.expm1(t)), 1.0 + table.exp(t))
    rest = table.where(table.less(table.abs_(d), 1.0), near, 2.0 - t * table.tanh(0.5 * t))
    return table.where(table.less(t, 700.0), rules.BELL(t) * rest, rules.halves(-t, 2.0 - t))


def below_square(square: float, root: float, lost: float, x: Any) -> Any:
    """square - x² for x ≥ 0, its root being root + lost; by a square near 0, where the product's derivative cancels."""
    near = ((root - x) + lost) * (root + x)
    return table.where(table.less(x, 0.5 * root), square - x * x, near)


def gelu(x: Any) -> Any:
    """gelu″ = φ(x)·(2 - x²)."""
    t = rules.capped(x)
    rest = below_square(2.0, 1.4142135623730951, -9.667293313452913e-17, t)
    squared, lost = rules.square(t)
    far = rules.halves(-0.5 * squared, rest * (1.0 - 0.5 * lost)) * known.NORMAL
    return table.where(table.less(t, 37.0), table.gauss.bind(0.5)(t) * known.NORMAL * rest, far)


def slope_of_gauss(y: Any, x: Any, k: float) -> Any:
    """-2kx·exp(-kx²), by halves where the exponential is subnormal."""
    return gauss_slope(k)(x) if followed(x) else written_slope(y, x, k)


def written_slope(y: Any, x: Any, k: Any) -> Any:
    """`slope_of_gauss`, written out."""
    z = table.maximum(table.minimum(x, 1e100), -1e100)  # no inf · 0
    squared, lost = rules.square(z)
    far = (-2.0 * k) * rules.halves(-k * squared, z - z * (k * lost))
    return table.where(table.less(y, rules.TINY), far, (-2.0 * k) * (x * y))


@lru_cache(maxsize=256)
def gauss_slope(k: float) -> Inner:
    """-2kx·exp(-kx²) for a number k. Its derivative is (2k)²·(x² - 1/(2k))·exp(-kx²)."""
    root, lost = _turn(k) if k > 0.0 else (0.0, 0.0)
    end = sqrt(3000.0 / k) if k > 0.0 else 1e100  # beyond, the exponential is 0

    def curve(y: Any, x: Any) -> Any:
        z = table.minimum(rules.size(x), end)
        rest = (-4.0 * k * k) * below_square(0.5 / k, root, lost, z) if k > 0.0 else (2.0 * k) * (2.0 * k * (z * z) - 1.0)
        squared, square_lost = rules.square(z)
        near = table.gauss.bind(k)(z)
        far = rules.halves(-k * squared, rest * (1.0 - k * square_lost))
        return table.where(table.less(near, rules.TINY), far, near * rest)

    return Inner(
        "gauss_slope", k, define=lambda x: written_slope(table.gauss.bind(k)(x), x, k), partials=(curve,),
        formula=(f"2 * {k!r} * (2 * {k!r} * a**2 - 1) * exp(-{k!r} * a**2)",),
        exact=lambda m, x: -2 * m.mpf(k) * x * m.exp(-m.mpf(k) * x * x),
    )  # fmt: skip


def _turn(k: float) -> tuple[float, float]:
    """1/√(2k), where the Gaussian turns from one bend to the other, in two doubles."""
    root = sqrt(0.5 / k)
    p, p_lost = rules.product(root, root)
    q, q_lost = rules.product(2.0 * k, p)
    return root, (((1.0 - q) - q_lost) - 2.0 * k * p_lost) / (4.0 * k * root)


MADE["gauss_slope"] = gauss_slope


def atan(y: Any, x: Any) -> Any:
    """1/(1 + x²), as (1/x)/x where x² would overflow."""
    return ATAN(x) if followed(x) else written_atan(x)


def written_atan(x: Any) -> Any:
    """`atan`, written out."""
    return table.where(table.less(table.abs_(x), 1e100), table.div(1.0, 1.0 + x * x), table.div(table.div(1.0, x), x))


ATAN: Inner = Inner(
    "atan_slope", define=written_atan, partials=(lambda y, x: table.where(table.less(table.abs_(x), 1e200), -2.0 * ((x * y) * y), y),),
    formula=("-2 * a * y**2",), exact=lambda m, x: 1 / (1 + x * x),
)  # fmt: skip


def acosh(y: Any, x: Any) -> Any:
    """1/√((x - 1)(x + 1)); 1/x where that would overflow."""
    return ACOSH(x) if followed(x) else written_acosh(x)


def written_acosh(x: Any) -> Any:
    """`acosh`, written out; nan below 1."""
    near = table.div(1.0, table.sqrt((x - 1.0) * (x + 1.0)))
    return table.where(table.less(x, 1.0), nan, table.where(table.less(x, 1e100), near, table.div(1.0, x)))


ACOSH: Inner = Inner(
    "acosh_slope", define=written_acosh, partials=(lambda y, x: bent(y, x, (x - 1.0) * (x + 1.0)),), formula=("-a * y**3",),
    exact=lambda m, x: 1 / m.sqrt((x - 1) * (x + 1)),
)  # fmt: skip


def bent(y: Any, x: Any, squared: Any) -> Any:
    """-xy³ for y = 1/√(x² ± 1): over the square, which rounds less than y³ does; from 1e9 on y is 1/|x|, to the last digit."""
    return table.where(table.less(table.abs_(x), 1e9), -table.div(x * y, squared), -table.div(y, x))


def asinh(y: Any, x: Any) -> Any:
    """1/√(1 + x²)."""
    return ASINH(x) if followed(x) else table.div(1.0, table.hypot(1.0, x))


ASINH: Inner = Inner(
    "asinh_slope", define=lambda x: table.div(1.0, table.hypot(1.0, x)), partials=(lambda y, x: bent(y, x, 1.0 + x * x),),
    formula=("-a * y**3",), exact=lambda m, x: 1 / m.sqrt(1 + x * x),
)  # fmt: skip


def asin(y: Any, x: Any) -> Any:
    """1/√(1 - x²)."""
    return ASIN(x) if followed(x) else table.div(1.0, table.sqrt(rules.unit(x)))


def acos(y: Any, x: Any) -> Any:
    """-1/√(1 - x²)."""
    return -ASIN(x) if followed(x) else table.div(-1.0, table.sqrt(rules.unit(x)))


ASIN: Inner = Inner(
    "asin_slope", define=lambda x: table.div(1.0, table.sqrt(rules.unit(x))), partials=(lambda y, x: table.div(x * y, rules.unit(x)),),
    formula=("a * y**3",), exact=lambda m, x: 1 / m.sqrt((1 - x) * (1 + x)),
)  # fmt: skip


def root(y: Any, x: Any) -> Any:
    """1/(2√x)."""
    return ROOT(x) if followed(x) else table.div(0.5, table.abs_(y))


ROOT: Inner = Inner(
    "sqrt_slope", define=lambda x: table.div(0.5, table.abs_(table.sqrt(x))),
    partials=(lambda y, x: table.div(table.div(-0.25, x), table.sqrt(x)),), formula=("-1 / (4 * a * sqrt(a))",),
    exact=lambda m, x: 1 / (2 * m.sqrt(x)),
)  # fmt: skip


def tanh(y: Any, x: Any) -> Any:
    """4e/(1 + e)², e = exp(-2|x|)."""
    return TANH(x) if followed(x) else 4.0 * rules.BELL(2.0 * x)


TANH: Inner = Inner(
    "tanh_slope", define=lambda x: 4.0 * rules.BELL(2.0 * x), partials=(lambda y, x: -2.0 * (y * table.tanh(x)),),
    formula=("-2 * y * tanh(a)",),
)  # fmt: skip


# --- the angle: its derivatives are those of log(b + ia), 1/(b + ia)ⁿ ----------------------------------------------------


def over_squares(a: Any, b: Any, factors: Callable[[Any, Any], tuple[Any, ...]]) -> Any:
    """The product of n linear factors of (a, b), each over a² + b², scaled as `rules.over_square`; 0 at the origin and at infinity."""
    longer = table.maximum(table.abs_(a), table.abs_(b))
    scale = table.where(table.less(longer, 2.0**-450), rules.UP, table.where(table.less(2.0**450, longer), 1.0 / rules.UP, 1.0))
    u, v = a * scale, b * scale
    under = u * u + v * v
    found, *rest = (table.div(factor, under) for factor in factors(u, v))
    for factor in rest:
        found = found * factor
    for _ in range(len(rest) + 1):
        found = found * scale
    return table.where(rules.within(0.0, longer, inf), found, table.where(table.equal(longer, longer), 0.0, longer))


ROOT_3 = sqrt(3.0)


def third_of_a(y: Any, a: Any, b: Any) -> Any:
    """∂³atan2(a, b)/∂a³ = 2b(3a² - b²)/(a² + b²)³."""
    return -2.0 * over_squares(a, b, lambda u, v: (v, v - ROOT_3 * u, v + ROOT_3 * u))


def third_of_ab(y: Any, a: Any, b: Any) -> Any:
    """∂³atan2(a, b)/∂a²∂b = 2a(3b² - a²)/(a² + b²)³."""
    return -2.0 * over_squares(a, b, lambda u, v: (u, u - ROOT_3 * v, u + ROOT_3 * v))


TWIST: Inner = Inner(
    "atan2_twist", define=lambda a, b: -2.0 * over_squares(a, b, lambda u, v: (u, v)), partials=(third_of_a, third_of_ab),
    formula=("2 * b * (3 * a**2 - b**2) / (a**2 + b**2)**3", "2 * a * (3 * b**2 - a**2) / (a**2 + b**2)**3"),
    exact=lambda m, a, b: -2 * a * b / (a * a + b * b) ** 2,
)  # fmt: skip
TURN: Inner = Inner(
    "atan2_turn", define=lambda a, b: over_squares(a, b, lambda u, v: (u - v, u + v)),
    partials=(third_of_ab, lambda y, a, b: -third_of_a(y, a, b)),
    formula=("2 * a * (3 * b**2 - a**2) / (a**2 + b**2)**3", "-2 * b * (3 * a**2 - b**2) / (a**2 + b**2)**3"),
    exact=lambda m, a, b: (a * a - b * b) / (a * a + b * b) ** 2,
)  # fmt: skip
