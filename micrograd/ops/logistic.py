"""Slopes and second partials of the logistic family: tanh, sigmoid, softplus, log_sigmoid, silu. Written as `curves`."""

from __future__ import annotations

from typing import Any

from micrograd.ops import rules, table
from micrograd.ops.inner import Inner, followed
from micrograd.ops.pairs import Pair, added, multiplied, over, squared, total

FLAT, FLAT_LOST = 2.3993572805154675, 1.8464872855353363e-16  # where t·tanh(t/2) = 2


def cubed(x: Pair) -> Pair:
    """x³."""
    return multiplied(squared(x), x)


def tanh(y: Any, x: Any) -> Any:
    """4e/(1 + e)², e = exp(-2|x|)."""
    return TANH(x) if followed(x) else 4.0 * rules.BELL(2.0 * x)


TANH: Inner = Inner(
    "tanh_slope", define=lambda x: 4.0 * rules.BELL(2.0 * x), partials=(lambda y, x: TANH_CURVE(x),),
    formula=("-2 * y * tanh(a)",),
)  # fmt: skip


def bell(x: Any, factor: float = 1.0) -> Any:
    """The derivative of e/(1 + e)², e = exp(-|x|): e(1 - e)/(1 + e)³ with the sign of -x, times a factor; near 0 by e - 1."""
    t = rules.size(x)
    less, e = table.expm1(-table.minimum(t, 1.0)), (table.exp(-t), 0.0)
    near = _bell(total(1.0, less), (-less * factor, 0.0))
    apart = _bell(e, multiplied(added((1.0, 0.0), (-e[0], 0.0)), (factor, 0.0)))
    found = table.where(table.less(t, 0.7), near, table.where(table.less(t, 700.0), apart, rules.halves(-t, factor)))
    return table.where(table.less(x, 0.0), found, -found)


def _bell(e: Pair, rest: Pair) -> Any:
    """e·rest/(1 + e)³."""
    return over(multiplied(e, rest), cubed(added((1.0, 0.0), e)))


def bell_curve(x: Any) -> Any:
    """The second derivative of the logistic bell."""
    y, slope = rules.BELL(x), table.tanh(0.5 * x)
    return y * (slope * slope - 2.0 * y)


BELL: Inner = Inner(
    "bell_slope", define=bell, partials=(lambda y, x: bell_curve(x),),
    formula=("sigmoid(a) * sigmoid(-a) * (1 - 6 * sigmoid(a) * sigmoid(-a))",),
    exact=lambda m, x: m.exp(-x) * m.expm1(-x) / (1 + m.exp(-x)) ** 3,
)  # fmt: skip
TANH_CURVE: Inner = Inner(
    "tanh_curve", define=lambda x: bell(2.0 * x, 8.0), partials=(lambda y, x: 16.0 * bell_curve(2.0 * x),),
    formula=("16 * sigmoid(2 * a) * sigmoid(-2 * a) * (1 - 6 * sigmoid(2 * a) * sigmoid(-2 * a))",),
    exact=lambda m, x: 8 * m.exp(-2 * x) * m.expm1(-2 * x) / (1 + m.exp(-2 * x)) ** 3,
)  # fmt: skip


def slope(x: Any) -> Any:
    """1/(1 + e⁻ˣ) rounded less than `rules.sigmoid`: the slope of softplus and, mirrored, of log_sigmoid."""
    return LOGISTIC(x) if followed(x) else written_slope(x)


def written_slope(x: Any) -> Any:
    """`slope`, written out."""
    e = table.exp(-table.abs_(x))
    return over((table.where(table.less(x, 0.0), e, 1.0), 0.0), total(1.0, e))


LOGISTIC: Inner = Inner(
    "logistic", define=written_slope, partials=(lambda y, x: LOGISTIC_SLOPE(x),), formula=("y * (1 - y)",),
    exact=lambda m, x: 1 / (1 + m.exp(-x)),
)  # fmt: skip


def logistic_slope(x: Any) -> Any:
    """e/(1 + e)², e = exp(-|x|), rounded less than `rules.bell`."""
    e = table.exp(-table.abs_(x))
    return over((e, 0.0), squared(total(1.0, e)))


LOGISTIC_SLOPE: Inner = Inner(
    "logistic_slope", define=logistic_slope, partials=(lambda y, x: BELL(x),), formula=("-y * tanh(a / 2)",),
    exact=lambda m, x: m.exp(-x) / (1 + m.exp(-x)) ** 2,
)  # fmt: skip


# --- silu --------------------------------------------------------------------------------------------------------------------


def silu_curve(x: Any) -> Any:
    """silu″ = σ′(t)·(2 - t·tanh(t/2)) = e·(2 - t + e·(2 + t))/(1 + e)³, t = |x|, e = exp(-t).

    Near the root t₀ of the second factor it is -((2 + t₀)·expm1(d) + d·expm1(t))·eᵗ/(1 + eᵗ)³, d = t - t₀, in which nothing cancels.
    """
    t = table.minimum(rules.size(x), 1500.0)
    e, d = (table.exp(-t), 0.0), total(*added((t, 0.0), (-FLAT, -FLAT_LOST)))
    bent = added(total(2.0, -t), multiplied(e, total(2.0, t)))
    apart = over(multiplied(e, bent), cubed(added((1.0, 0.0), e)))
    less, near_less = table.expm1(table.minimum(t, 100.0)), table.expm1(d[0])
    grown = total(1.0, less)
    both = added(multiplied((4.399357280515468, -2.59440481296529e-16), (near_less, d[1] * (1.0 + near_less))), multiplied(d, (less, 0.0)))
    near = -over(multiplied(both, grown), cubed(added((1.0, 0.0), grown)))
    ordinary = table.where(table.less(table.abs_(d[0]), 1.0), near, apart)
    return table.where(table.less(t, 700.0), ordinary, rules.halves(-t, 2.0 - t))


def silu_third(y: Any, x: Any) -> Any:
    """3σ″ + x·(the derivative of σ″), σ the logistic function."""
    t = table.minimum(rules.size(x), 1500.0)
    far = rules.halves(-t, t - 3.0)
    near = 3.0 * BELL(x) + table.maximum(table.minimum(x, 1e4), -1e4) * bell_curve(x)
    return table.where(table.less(t, 700.0), near, table.where(table.less(x, 0.0), -far, far))


SILU_CURVE: Inner = Inner(
    "silu_curve", define=silu_curve, partials=(silu_third,),
    formula=("sigmoid(a) * sigmoid(-a) * (a * (1 - 6 * sigmoid(a) * sigmoid(-a)) - 3 * tanh(a / 2))",),
    exact=lambda m, x: m.exp(-x) / (1 + m.exp(-x)) ** 2 * (2 - x * m.tanh(x / 2)),
)  # fmt: skip
