"""Second and third partials of √(a² + b²) and of the angle of (b, a), whatever the sizes; with b = 1 those of asinh and atan.

Computed of numbers near 1 and scaled by powers of two, second partials in pairs of doubles (`pairs`), so that they round once.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, sqrt
from typing import Any

from micrograd.ops import rules, table
from micrograd.ops.inner import Inner
from micrograd.ops.pairs import Pair, added, multiplied, over, product, root, square, squared, total

ROOT_2, ROOT_3 = sqrt(2.0), sqrt(3.0)


def near_one(a: Any, b: Any, degree: int, found: Callable[[Any, Any, Any], Any]) -> Any:
    """A function f(a, b) with f(sa, sb)·s**degree = f(a, b): found(u, v, up) is f(u, v)·up**degree, where u, v are about 1 or smaller.

    `up` is the scale where that is large (the rest of it comes last), for what is small is to be scaled before it is multiplied. 0 at
    the origin and at infinity.
    """
    longer = table.maximum(table.abs_(a), table.abs_(b))
    scale = table.exp2(table.maximum(table.minimum(-table.round_(table.log2(longer)), 960.0), -960.0))
    up = table.maximum(table.minimum(scale, 2.0**480), 1.0)
    down = table.div(scale, up)
    value = found(a * scale, b * scale, up)
    for _ in range(degree):
        value = value * down
    return table.where(rules.within(0.0, longer, inf), value, table.where(table.equal(longer, longer), 0.0, longer))


def squares(u: Any, v: Any) -> Pair:
    """u² + v²."""
    return added(square(u), square(v))


# --- the length ----------------------------------------------------------------------------------------------------------


def over_cube(n: Pair, u: Any, v: Any) -> Any:
    """n/(u² + v²)^(3/2)."""
    under = squares(u, v)
    return over(n, multiplied(under, root(under)))


def over_fifth(n: Any, u: Any, v: Any) -> Any:
    """n/(u² + v²)^(5/2)."""
    under = u * u + v * v
    return table.div(table.div(n, under), under * table.sqrt(under))


def third_of_length(y: Any, a: Any, b: Any) -> Any:
    """∂³√(a² + b²)/∂a³ = -3ab²/(a² + b²)^(5/2)."""
    return -3.0 * near_one(a, b, 2, lambda u, v, up: over_fifth((up * v) * ((up * v) * u), u, v))


def mixed_of_length(y: Any, a: Any, b: Any) -> Any:
    """∂³√(a² + b²)/∂a²∂b = b(2a² - b²)/(a² + b²)^(5/2)."""
    return near_one(a, b, 2, lambda u, v, up: over_fifth((up * v) * (up * (ROOT_2 * u - v) * (ROOT_2 * u + v)), u, v))


ACROSS: Inner = Inner(
    "hypot_across", define=lambda a, b: near_one(a, b, 1, lambda u, v, up: over_cube(product(up * v, v), u, v)),
    partials=(third_of_length, mixed_of_length),
    formula=("-3 * a * b**2 / hypot(a, b)**5", "b * (2 * a**2 - b**2) / hypot(a, b)**5"),
    exact=lambda m, a, b: b * b / m.sqrt(a * a + b * b) ** 3,
)  # fmt: skip
ALONG: Inner = Inner(
    "hypot_along", define=lambda a, b: -near_one(a, b, 1, lambda u, v, up: over_cube(product(up * u, v), u, v)),
    partials=(mixed_of_length, lambda y, a, b: mixed_of_length(y, b, a)),
    formula=("b * (2 * a**2 - b**2) / hypot(a, b)**5", "a * (2 * b**2 - a**2) / hypot(a, b)**5"),
    exact=lambda m, a, b: -a * b / m.sqrt(a * a + b * b) ** 3,
)  # fmt: skip


# --- the angle: its derivatives are those of log(b + ia), 1/(b + ia)ⁿ ----------------------------------------------------


def over_fourth(n: Pair, u: Any, v: Any) -> Any:
    """n/(u² + v²)²."""
    return over(n, squared(squares(u, v)))


def over_sixth(n: Any, u: Any, v: Any) -> Any:
    """n/(u² + v²)³."""
    under = u * u + v * v
    return table.div(table.div(n, under), under * under)


def third_of_a(y: Any, a: Any, b: Any) -> Any:
    """∂³atan2(a, b)/∂a³ = 2b(3a² - b²)/(a² + b²)³."""
    return 2.0 * near_one(a, b, 3, lambda u, v, up: over_sixth((up * v) * (up * (ROOT_3 * u - v)) * (up * (ROOT_3 * u + v)), u, v))


def third_of_ab(y: Any, a: Any, b: Any) -> Any:
    """∂³atan2(a, b)/∂a²∂b = 2a(3b² - a²)/(a² + b²)³."""
    return third_of_a(y, b, a)


def between(u: Any, v: Any, up: Any) -> Pair:
    """(u² - v²)·up²."""
    (minus, minus_lost), (plus, plus_lost) = total(u, -v), total(u, v)
    return multiplied((up * minus, up * minus_lost), (up * plus, up * plus_lost))


TWIST: Inner = Inner(
    "atan2_twist", define=lambda a, b: -2.0 * near_one(a, b, 2, lambda u, v, up: over_fourth(product(up * u, up * v), u, v)),
    partials=(third_of_a, third_of_ab),
    formula=("2 * b * (3 * a**2 - b**2) / (a**2 + b**2)**3", "2 * a * (3 * b**2 - a**2) / (a**2 + b**2)**3"),
    exact=lambda m, a, b: -2 * a * b / (a * a + b * b) ** 2,
)  # fmt: skip
TURN: Inner = Inner(
    "atan2_turn", define=lambda a, b: near_one(a, b, 2, lambda u, v, up: over_fourth(between(u, v, up), u, v)),
    partials=(third_of_ab, lambda y, a, b: -third_of_a(y, a, b)),
    formula=("2 * a * (3 * b**2 - a**2) / (a**2 + b**2)**3", "-2 * b * (3 * a**2 - b**2) / (a**2 + b**2)**3"),
    exact=lambda m, a, b: (a * a - b * b) / (a * a + b * b) ** 2,
)  # fmt: skip
