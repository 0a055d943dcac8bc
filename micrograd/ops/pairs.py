"""Numbers in two doubles, high and low: a rounded number and what its rounding lost, so that a rule rounds once and not at every step.

Written in primitives, as `rules`. Dekker 1971, "A floating-point technique for extending the available precision", Numerische Mathematik
18; Knuth, The Art of Computer Programming 2, 4.2.2. Products are exact where nothing in them is too large or too small: numbers from
1e-130 to 1e130 always are.
"""

from __future__ import annotations

from typing import Any

from micrograd.ops import table

Pair = tuple[Any, Any]


def total(a: Any, b: Any) -> Pair:
    """a + b, and what its rounding lost (Knuth)."""
    rounded = a + b
    part = rounded - a
    return rounded, (a - (rounded - part)) + (b - part)


def split(x: Any) -> Pair:
    """x as a sum of two numbers of half the digits, whose products are exact (Dekker 1971)."""
    high = 134217729.0 * x
    high = high - (high - x)
    return high, x - high


def product(a: Any, b: Any) -> Pair:
    """a·b, and what its rounding lost."""
    (a_high, a_low), (b_high, b_low) = split(a), split(b)
    rounded = a * b
    return rounded, ((a_high * b_high - rounded) + a_high * b_low + a_low * b_high) + a_low * b_low


def square(x: Any) -> Pair:
    """x², and what its rounding lost."""
    high, low = split(x)
    rounded = x * x
    return rounded, ((high * high - rounded) + 2.0 * high * low) + low * low


def added(x: Pair, y: Pair) -> Pair:
    """x + y."""
    high, lost = total(x[0], y[0])
    return high, lost + (x[1] + y[1])


def negative(x: Pair) -> Pair:
    """-x."""
    return -x[0], -x[1]


def multiplied(x: Pair, y: Pair) -> Pair:
    """x·y."""
    high, lost = product(x[0], y[0])
    return high, lost + (x[0] * y[1] + x[1] * y[0])


def squared(x: Pair) -> Pair:
    """x²."""
    high, lost = square(x[0])
    return high, lost + 2.0 * x[0] * x[1]


def root(x: Pair) -> Pair:
    """√x, x an ordinary number or 0."""
    high = table.sqrt(x[0])
    back, lost = square(high)
    return high, table.where(table.less(0.0, high), table.div(((x[0] - back) - lost) + x[1], 2.0 * high), 0.0)


def over(x: Pair, y: Pair) -> Any:
    """x/y, rounded once; as doubles divide where that is inf, or too small to have digits to spare."""
    quotient = table.div(x[0], y[0])
    back, lost = product(quotient, y[0])
    rest = table.div((((x[0] - back) - lost) + x[1]) - quotient * y[1], y[0])
    size = table.abs_(quotient)
    return table.where(table.less(1e-290, size) * table.less(size, 1e300), quotient + rest, quotient)
