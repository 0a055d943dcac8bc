"""Derivatives of any order as proven enclosures: Taylor series whose coefficients are balls of Arb. Needs python-flint.

    >>> from micrograd import ops
    >>> first, second = (float(taylor(ops.tanh, (0.5,), (1,), 2)[k].mid()) for k in (1, 2))    # doctest: +SKIP

A series is run through the row's plain mathematics (`Op.exact`), and through nothing else of ours: neither the rules that `backward()`
runs nor the textbook formulas are asked. The rules of series: Griewank and Walther, "Evaluating Derivatives", 2008, 13.2.
Derivatives by two arguments come from directions: 2·f_ab = D²₍₁,₁₎f - D²₍₁,₀₎f - D²₍₀,₁₎f; what that cancels, more bits give back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import comb, factorial
from typing import Any

from micrograd.checking.balls import Balls, flint, precision
from micrograd.checking.enclosures import plain
from micrograd.ops.op import Op

FIRST, LAST = 192, 40_000  # bits
CLOSE = 80  # bits of a coefficient that are enough
BETWEEN = (1, -1, 2)  # directions (1, t)
BELOW = -1200  # what is below 2**BELOW is 0 as a double


class Jet:
    """A Taylor series u₀ + u₁t + u₂t² + …; compares as u₀ does."""

    __slots__ = ("c",)

    def __init__(self, c: list[Any]) -> None:
        self.c = c

    def _of(self, other: Any) -> list[Any]:
        arb = flint().arb
        return other.c if type(other) is Jet else [arb(other), *[arb(0)] * (len(self.c) - 1)]

    def __add__(self, other: Any) -> Jet:
        return Jet([a + b for a, b in zip(self.c, self._of(other), strict=True)])

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return Jet([-a for a in self.c])

    def __sub__(self, other: Any) -> Jet:
        return Jet([a - b for a, b in zip(self.c, self._of(other), strict=True)])

    def __rsub__(self, other: Any) -> Jet:
        return -self + other

    def __mul__(self, other: Any) -> Jet:
        a, b = self.c, self._of(other)
        return Jet([_sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(len(a))])

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Jet:
        b = self._of(other)
        found: list[Any] = []
        for k, a in enumerate(self.c):
            found.append((a - _sum(b[j] * found[k - j] for j in range(1, k + 1))) / b[0])
        return Jet(found)

    def __rtruediv__(self, other: Any) -> Jet:
        return Jet(self._of(other)) / self

    def __pow__(self, other: Any) -> Jet:
        u, n = self.c, len(self.c)
        p = Jet(self._of(other)).c
        if any(not x.is_zero() for x in p[1:]):
            found = (Jet(p) * _function(self, "log")).exp()
            return Jet([u[0] ** p[0], *found.c[1:]])
        if u[0].is_zero() and p[0].is_integer() and 0 < p[0] <= 64:
            y = self
            for _ in range(int(p[0].unique_fmpz()) - 1):
                y = y * self
            return y
        found = [u[0] ** p[0]]
        for k in range(1, n):
            found.append(_sum((p[0] * j - (k - j)) * u[j] * found[k - j] for j in range(1, k + 1)) / (u[0] * k))
        return Jet(found)

    def __rpow__(self, other: Any) -> Jet:
        base = flint().arb(other)
        found = (self * base.log()).exp()
        return Jet([base ** self.c[0], *found.c[1:]])

    def __abs__(self) -> Jet:
        return -self if self < 0 else self

    def __lt__(self, other: Any) -> bool:
        return bool(self.c[0] < self._of(other)[0])

    def __gt__(self, other: Any) -> bool:
        return bool(self.c[0] > self._of(other)[0])

    def __eq__(self, other: object) -> bool:
        return bool(self.c[0] == self._of(other)[0])

    __hash__ = None  # type: ignore[assignment]

    def known(self, value: Any, slope: Jet) -> Jet:
        """f(u) for f(u₀) and f′(u): from y′ = f′(u)·u′."""
        u, d = self.c, slope.c
        return Jet([value, *[_sum(j * u[j] * d[k - j] for j in range(1, k + 1)) / k for k in range(1, len(u))]])

    def exp(self) -> Jet:
        u = self.c
        found = [u[0].exp()]
        for k in range(1, len(u)):
            found.append(_sum(j * u[j] * found[k - j] for j in range(1, k + 1)) / k)
        return Jet(found)

    def _pair(self, first: Any, second: Any, sign: int) -> tuple[Jet, Jet]:
        """Two functions of which each is the other's derivative, the second's with a sign."""
        u, f, g = self.c, [first], [second]
        for k in range(1, len(u)):
            f.append(_sum(j * u[j] * g[k - j] for j in range(1, k + 1)) / k)
            g.append(_sum(j * u[j] * f[k - j] for j in range(1, k + 1)) / k * sign)
        return Jet(f), Jet(g)

    def sin(self) -> Jet:
        return self._pair(self.c[0].sin(), self.c[0].cos(), -1)[0]

    def cos(self) -> Jet:
        return self._pair(self.c[0].sin(), self.c[0].cos(), -1)[1]

    def sinh(self) -> Jet:
        return self._pair(self.c[0].sinh(), self.c[0].cosh(), 1)[0]

    def cosh(self) -> Jet:
        return self._pair(self.c[0].sinh(), self.c[0].cosh(), 1)[1]

    def root(self, n: int) -> Jet:
        return Jet([self.c[0].root(n), *(self ** (flint().arb(1) / n)).c[1:]])

    def sqrt(self) -> Jet:
        return Jet([self.c[0].sqrt(), *(self ** flint().arb(0.5)).c[1:]])


def _function(u: Jet, name: str) -> Any:
    return getattr(u, name)()


def _sum(terms: Iterator[Any]) -> Any:
    return sum(terms, flint().arb(0))


def _bell(u: Jet) -> Jet:
    return -(-(u * u)).exp() * (2 / flint().arb.pi().sqrt())


_SLOPES: dict[str, Callable[[Jet], Jet]] = {
    "log": lambda u: 1 / u, "log1p": lambda u: 1 / (1 + u), "expm1": lambda u: u.exp(), "tan": lambda u: 1 / (u.cos() * u.cos()),
    "tanh": lambda u: 1 / (u.cosh() * u.cosh()), "asin": lambda u: 1 / (1 - u * u).sqrt(), "acos": lambda u: -1 / (1 - u * u).sqrt(),
    "atan": lambda u: 1 / (1 + u * u), "asinh": lambda u: 1 / (1 + u * u).sqrt(), "acosh": lambda u: 1 / (u * u - 1).sqrt(),
    "atanh": lambda u: 1 / (1 - u * u), "erf": lambda u: -_bell(u), "erfc": _bell,
}  # fmt: skip
for _name, _slope in _SLOPES.items():
    setattr(Jet, _name, lambda u, _name=_name, _slope=_slope: u.known(getattr(u.c[0], _name)(), _slope(u)))


class Series(Balls):
    """The functions of `Op.exact` on series."""

    def mpf(self, x: Any) -> Any:
        return x if type(x) is Jet else self.arb(x)

    def cbrt(self, x: Any) -> Jet:
        if x.c[0].is_zero():
            return Jet([x.c[0], *[self.nan] * (len(x.c) - 1)])
        return -((-x).root(3)) if x < 0 else x.root(3)

    def atan2(self, a: Any, b: Any) -> Jet:
        length = a * a + b * b
        p, q = Jet(_moved((b / length).c, a.c)), Jet(_moved((a / length).c, b.c))
        return Jet([self.arb.atan2(a.c[0], b.c[0]), *(p - q).c[1:]])


for _name in ("sign", "floor", "ceil", "nint"):  # flat
    setattr(Series, _name, lambda m, x, _name=_name: Jet([getattr(Balls, _name)(m, x.c[0]), *[m.arb(0)] * (len(x.c) - 1)]))


def _moved(slope: list[Any], u: list[Any]) -> list[Any]:
    """∫ slope·u′ without its constant."""
    return [flint().arb(0), *[_sum(j * u[j] * slope[k - j] for j in range(1, k + 1)) / k for k in range(1, len(u))]]


def taylor(op: Op, xs: Sequence[float], way: Sequence[int], order: int) -> list[Any]:
    """Dᵏf at xs along `way`, k from 0 to order, as balls at the precision that is set; no number where f has none."""
    m = Series()
    arb = m.arb
    jets = [Jet([arb(x), arb(d), *[arb(0)] * (order - 1)][: order + 1]) for x, d in zip(xs, way, strict=True)]
    found = plain(op)(m, *jets, *map(arb, op.params))
    coefficients = found.c if type(found) is Jet else [arb(found), *[arb(0)] * order]
    return [c * factorial(k) for k, c in enumerate(coefficients)]


def derivatives(op: Op, xs: Sequence[float], order: int) -> dict[tuple[int, ...], Any]:
    """{(how often by each argument): the derivative} up to an order (4 at most), each a ball of CLOSE bits or below 2**BELOW.

    Left out is what no number of bits gives: at poles and outside the domain.
    """
    bits = FIRST
    while True:
        with precision(bits):
            found = dict(_mixed(op, xs, order))
            if not found[(0,) * len(xs)].is_finite() and bits > LAST // 8:
                return {}
            limit = flint().arb(2) ** BELOW
            good = {k: c for k, c in found.items() if c.is_finite() and (c.rel_accuracy_bits() >= CLOSE or abs(c) < limit)}
        if len(good) == len(found) or bits > LAST:
            return good
        bits *= 2


def _mixed(op: Op, xs: Sequence[float], order: int) -> Iterator[tuple[tuple[int, ...], Any]]:
    if len(xs) == 1:
        yield from (((k,), c) for k, c in enumerate(taylor(op, xs, (1,), order)))
        return
    a, b = taylor(op, xs, (1, 0), order), taylor(op, xs, (0, 1), order)
    yield (0, 0), a[0]
    for k in range(1, order + 1):
        yield from (((k, 0), a[k]), ((0, k), b[k]))
    between = {t: taylor(op, xs, (1, t), order) for t in BETWEEN[: order - 1]}
    for n in range(2, order + 1):  # Dⁿ along (1, t) is the sum of C(n, q)·tᑫ times the derivative by b q times
        ts = BETWEEN[: n - 1]
        inverse = flint().fmpq_mat([[flint().fmpq(t**q) for q in range(1, n)] for t in ts]).inv()
        rest = [between[t][n] - a[n] - t**n * b[n] for t in ts]
        for q in range(1, n):
            weights = [flint().arb(inverse[q - 1, j]) for j in range(n - 1)]
            yield (n - q, q), _sum(w * r for w, r in zip(weights, rest, strict=True)) / comb(n, q)


def number(m: Any, ball: Any) -> Any:
    """The middle of a ball as a number of mpmath, exactly."""
    man, exp = ball.mid().man_exp()
    return m.ldexp(int(man), int(exp))
