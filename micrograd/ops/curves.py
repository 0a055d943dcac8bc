"""Second partials whose plain form loses digits: near their zeros, where a square overflows, and where the result is subnormal.

As in `rules`, a rule is written in primitives, without branches in Python. The distance from a root t₀ is taken with t₀ in two doubles, and
what remains has no zero, so that nothing cancels.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, nan, sqrt
from typing import Any

from micrograd.ops import known, pairs, plane, rules, table
from micrograd.ops.inner import MADE, Inner, followed
from micrograd.ops.pairs import Pair, added, multiplied, over, product, squared, total

NORMAL_LOST = -2.49232720227773e-17  # what 1/√(2π) as a double lost


def below_square(square: float, root: float, lost: float, x: Any) -> Any:
    """square - x² for x ≥ 0, its root being root + lost; by a square near 0, where the product's derivative cancels."""
    near = ((root - x) + lost) * (root + x)
    return table.where(table.less(x, 0.5 * root), square - x * x, near)


def gelu(x: Any) -> Any:
    """gelu″ = φ(x)·(2 - x²)."""
    t = rules.capped(x)
    square, lost = pairs.square(t)
    rest = added((2.0, 0.0), (-square, -lost))
    factor, factor_lost = multiplied(rest, (known.NORMAL, NORMAL_LOST))
    far = rules.halves(-0.5 * square, (rest[0] + rest[1]) * (1.0 - 0.5 * lost)) * known.NORMAL
    e = table.gauss.bind(0.5)(t)
    near, near_lost = product(e, factor)
    return table.where(table.less(t, 37.0), near + (near_lost + e * factor_lost), far)


def slope_of_gauss(y: Any, x: Any, k: float) -> Any:
    """-2kx·exp(-kx²), by halves where the exponential is subnormal."""
    return gauss_slope(k)(x) if followed(x) else written_slope(y, x, k)


def written_slope(y: Any, x: Any, k: Any) -> Any:
    """`slope_of_gauss`, written out."""
    z = table.maximum(table.minimum(x, 1e100), -1e100)  # no inf · 0
    squared, lost = pairs.square(z)
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
        squared, square_lost = pairs.square(z)
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
    p, p_lost = product(root, root)
    q, q_lost = product(2.0 * k, p)
    return root, (((1.0 - q) - q_lost) - 2.0 * k * p_lost) / (4.0 * k * root)


MADE["gauss_slope"] = gauss_slope


def atan(y: Any, x: Any) -> Any:
    """1/(1 + x²), as (1/x)/x where x² would overflow."""
    return ATAN(x) if followed(x) else written_atan(x)


def written_atan(x: Any) -> Any:
    """`atan`, written out."""
    near = over((1.0, 0.0), added((1.0, 0.0), pairs.square(x)))
    return table.where(table.less(table.abs_(x), 1e100), near, table.div(table.div(1.0, x), x))


ATAN: Inner = Inner(
    "atan_slope", define=written_atan, partials=(lambda y, x: plane.TWIST(x, 1.0),), formula=("-2 * a * y**2",),
    exact=lambda m, x: 1 / (1 + x * x),
)  # fmt: skip


def atanh(y: Any, x: Any) -> Any:
    """1/(1 - x²); nan outside [-1, 1]."""
    return ATANH(x) if followed(x) else written_atanh(x)


def written_atanh(x: Any) -> Any:
    """`atanh`, written out."""
    return table.where(table.less(1.0, table.abs_(x)), nan, over((1.0, 0.0), below_one(x)))


ATANH: Inner = Inner(
    "atanh_slope", define=written_atanh, partials=(lambda y, x: ATANH_CURVE(x),), formula=("2 * a * y**2",),
    exact=lambda m, x: 1 / ((1 - x) * (1 + x)),
)  # fmt: skip
ATANH_CURVE: Inner = Inner(
    "atanh_curve", define=lambda x: rules.valid(written_atanh(x), over((2.0 * x, 0.0), squared(below_one(x)))),
    partials=(lambda y, x: table.div(2.0 + 6.0 * x * x, rules.unit(x) * rules.unit(x) * rules.unit(x)),),
    formula=("(2 + 6 * a**2) / (1 - a**2)**3",), exact=lambda m, x: 2 * x / ((1 - x) * (1 + x)) ** 2,
)  # fmt: skip


def below_one(x: Any) -> Pair:
    """1 - x²."""
    square, lost = pairs.square(x)
    return added((1.0, 0.0), (-square, -lost))


def acosh(y: Any, x: Any) -> Any:
    """1/√((x - 1)(x + 1)); 1/x where that would overflow."""
    return ACOSH(x) if followed(x) else written_acosh(x)


def written_acosh(x: Any) -> Any:
    """`acosh`, written out; nan below 1."""
    near = table.div(1.0, table.sqrt((x - 1.0) * (x + 1.0)))
    return table.where(table.less(x, 1.0), nan, table.where(table.less(x, 1e100), near, table.div(1.0, x)))


ACOSH: Inner = Inner(
    "acosh_slope", define=written_acosh, partials=(lambda y, x: ACOSH_CURVE(x),), formula=("-a * y**3",),
    exact=lambda m, x: 1 / m.sqrt((x - 1) * (x + 1)),
)  # fmt: skip


def acosh_curve(x: Any) -> Any:
    """-x/(x² - 1)^(3/2), which is -1/x² from 1e9 on; nan below 1."""
    less = added(pairs.square(x), (-1.0, 0.0))
    near = over((-x, 0.0), multiplied(less, pairs.root(less)))
    far = table.where(table.less(x, 1e9), near, -table.div(table.div(1.0, x), x))
    return table.where(table.less(x, 1.0), nan, far)


def acosh_third(y: Any, x: Any) -> Any:
    """(2x² + 1)/(x² - 1)^(5/2), which is 2/x³ from 1e9 on."""
    less = (x - 1.0) * (x + 1.0)
    near = table.div(2.0 * x * x + 1.0, less * less * table.sqrt(less))
    return table.where(table.less(x, 1e9), near, table.div(-2.0 * y, x))


ACOSH_CURVE: Inner = Inner(
    "acosh_curve", define=acosh_curve, partials=(acosh_third,), formula=("(2 * a**2 + 1) / (a**2 - 1)**2 / sqrt(a**2 - 1)",),
    exact=lambda m, x: -x / m.sqrt((x - 1) * (x + 1)) ** 3,
)  # fmt: skip


def asinh(y: Any, x: Any) -> Any:
    """1/√(1 + x²)."""
    return ASINH(x) if followed(x) else table.div(1.0, table.hypot(1.0, x))


ASINH: Inner = Inner(
    "asinh_slope", define=lambda x: table.div(1.0, table.hypot(1.0, x)), partials=(lambda y, x: plane.ALONG(x, 1.0),),
    formula=("-a * y**3",), exact=lambda m, x: 1 / m.sqrt(1 + x * x),
)  # fmt: skip


def asin(y: Any, x: Any) -> Any:
    """1/√(1 - x²)."""
    return ASIN(x) if followed(x) else table.div(1.0, table.sqrt(rules.unit(x)))


def acos(y: Any, x: Any) -> Any:
    """-1/√(1 - x²)."""
    return -ASIN(x) if followed(x) else table.div(-1.0, table.sqrt(rules.unit(x)))


ASIN: Inner = Inner(
    "asin_slope", define=lambda x: table.div(1.0, table.sqrt(rules.unit(x))), partials=(lambda y, x: ASIN_CURVE(x),),
    formula=("a * y**3",), exact=lambda m, x: 1 / m.sqrt((1 - x) * (1 + x)),
)  # fmt: skip
ASIN_CURVE: Inner = Inner(
    "asin_curve", define=lambda x: over((x, 0.0), multiplied(below_one(x), pairs.root(below_one(x)))),
    partials=(lambda y, x: table.div(1.0 + 2.0 * x * x, rules.unit(x) * rules.unit(x) * table.sqrt(rules.unit(x))),),
    formula=("(1 + 2 * a**2) / (1 - a**2)**2 / sqrt(1 - a**2)",), exact=lambda m, x: x / m.sqrt((1 - x) * (1 + x)) ** 3,
)  # fmt: skip


def root(y: Any, x: Any) -> Any:
    """1/(2√x)."""
    return ROOT(x) if followed(x) else table.div(0.5, table.abs_(y))


ROOT: Inner = Inner(
    "sqrt_slope", define=lambda x: table.div(0.5, table.abs_(table.sqrt(x))),
    partials=(lambda y, x: table.div(table.div(-0.25, x), table.sqrt(x)),), formula=("-1 / (4 * a * sqrt(a))",),
    exact=lambda m, x: 1 / (2 * m.sqrt(x)),
)  # fmt: skip


def tan(y: Any, x: Any) -> Any:
    """1 + tan²x."""
    return TAN(x) if followed(x) else 1.0 + y * y


def tan_curve(x: Any) -> Any:
    """2·tan x·(1 + tan²x)."""
    y = table.tan(x)
    high, low = multiplied((2.0 * y, 0.0), added((1.0, 0.0), pairs.square(y)))
    return high + low


TAN: Inner = Inner(
    "tan_slope", define=lambda x: 1.0 + table.tan(x) * table.tan(x), partials=(lambda y, x: TAN_CURVE(x),), formula=("2 * y * tan(a)",),
    exact=lambda m, x: 1 + m.tan(x) ** 2,
)  # fmt: skip
TAN_CURVE: Inner = Inner(
    "tan_curve", define=tan_curve, partials=(lambda y, x: 2.0 * TAN(x) * (1.0 + 3.0 * table.tan(x) * table.tan(x)),),
    formula=("2 * (1 + tan(a)**2) * (1 + 3 * tan(a)**2)",), exact=lambda m, x: 2 * m.tan(x) * (1 + m.tan(x) ** 2),
)  # fmt: skip


# --- the cube root ---------------------------------------------------------------------------------------------------------


def _cube_root(y: Any, x: Any) -> tuple[Pair, Pair, Any]:
    """(∛x·scale, 3x·scale³, scale), which makes them ordinary; y is ∛x, rounded."""
    scale = table.where(table.less(table.abs_(x), 2.0**-450), 2.0**200, table.where(table.less(2.0**450, table.abs_(x)), 2.0**-200, 1.0))
    z = x * scale * scale * scale
    y = y * scale
    cube, lost = multiplied(pairs.square(y), (y, 0.0))
    return (y, table.div((z - cube) - lost, 3.0 * y * y)), total(2.0 * z, z), scale


def cbrt(y: Any, x: Any) -> Any:
    """1/(3y²) as (y/x)/3, y in two doubles; inf at 0, 0 at infinity."""
    root, thrice, scale = _cube_root(y, x)
    return table.where(rules.within(0.0, x, inf), over(root, thrice) * scale * scale, table.div(1.0, y * y))


def cbrt_curve(x: Any) -> Any:
    """-2y/(9x²), y = ∛x; -inf at 0."""
    (high, low), thrice, scale = _cube_root(table.cbrt(x), x)
    found = -over((2.0 * high, 2.0 * low), squared(thrice))
    for _ in range(5):
        found = found * scale
    return table.where(rules.within(0.0, x, inf), found, -table.div(table.div(1.0, x), x))


CBRT: Inner = Inner(
    "cbrt_curve", define=cbrt_curve, partials=(lambda y, x: table.div(y, x) * known.MINUS_FIVE_THIRDS,), formula=("-5 * y / (3 * a)",),
    exact=lambda m, x: -2 * m.sign(x) * m.cbrt(m.fabs(x)) / (9 * x * x),
)  # fmt: skip
