"""Ball arithmetic: each number has a radius within which the exact number lies, proven. The functions that the rows' mathematics asks for.

The arithmetic is Arb's, through python-flint (Johansson 2017, "Arb: efficient arbitrary-precision midpoint-radius interval
arithmetic", IEEE Transactions on Computers 66). `Balls` is the one place for the functions that `Op.exact` and `Op.formula` call, and for
the few rows that need another form in balls; how a row is read is in `micrograd/checking/enclosures.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock
from typing import Any

from micrograd.checking.choices import choices


def flint() -> Any:
    """python-flint, imported only here; ImportError with what to install where it is not."""
    try:
        import flint  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise ImportError("proven digits need python-flint (Arb's ball arithmetic): pip install python-flint") from error
    return flint


_turn = RLock()  # Arb's precision is one for all


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls are computed with so many bits in this block, by one thread at a time."""
    ctx = flint().ctx
    with _turn:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


class Balls:
    """The functions of `Op.exact` and of formulas, on balls (`flint.arb`) at the precision that is set.

    Outside its domain, and at a pole, a function gives a ball that is not finite.
    """

    def __init__(self) -> None:
        self.arb: Any = flint().arb
        self.nan: Any = self.arb("nan")

    def mpf(self, x: Any) -> Any:
        """A number as a ball: a double exactly."""
        return x if type(x) is self.arb else self.arb(x)

    @property
    def pi(self) -> Any:
        return self.arb.pi()

    def log(self, x: Any, base: int | None = None) -> Any:
        return self.mpf(x).log() if base is None else self.mpf(x).log() / self.arb(base).log()

    def log10(self, x: Any) -> Any:
        return self.log(x, 10)

    def power(self, x: Any, p: Any) -> Any:
        return self.mpf(x) ** self.mpf(p)

    def fabs(self, x: Any) -> Any:
        return abs(self.mpf(x))

    def cbrt(self, x: Any) -> Any:
        if x > 0:
            return x.root(3)
        return -((-x).root(3)) if x < 0 else self.arb(0, abs(x).upper().root(3).upper()) if not x.is_zero() else x

    def hypot(self, a: Any, b: Any) -> Any:
        return (a * a + b * b).sqrt()

    def atan2(self, a: Any, b: Any) -> Any:
        if not (a < 0 or a > 0 or b > 0):  # the origin has no angle; on the cut the sign of a zero decides
            choices.split = True
            return self.pi.union(-self.pi)
        return self.arb.atan2(a, b)

    def fsum(self, xs: Sequence[Any]) -> Any:
        return sum(xs, self.arb(0))

    # --- whole numbers: a jump that is straddled is told to `choices`

    def _whole(self, found: Any) -> Any:
        choices.split |= not found.is_exact()
        return found

    def sign(self, x: Any) -> Any:
        return self._whole(x.sgn())

    def floor(self, x: Any) -> Any:
        return self._whole(x.floor())

    def ceil(self, x: Any) -> Any:
        return self._whole(x.ceil())

    def nint(self, x: Any) -> Any:
        if x.is_integer():  # x + ½ may take more bits than there are
            return x
        half = self.arb(0.5)
        up = x + half
        low = self._whole(up.floor())
        if not up.is_exact():
            return low if not up.contains_integer() else low.union(low - 1)
        return low - 1 if up == low and not (low * half).is_integer() else low

    def fmod(self, a: Any, b: Any) -> Any:
        return a - b * self.floor(a / b)

    # --- rows in a form that neither overflows nor loses what balls need

    def sigmoid(self, x: Any) -> Any:
        if x < 0:
            e = x.exp()
            return e / (1 + e)
        return 1 / (1 + (-x).exp())

    def softplus(self, x: Any) -> Any:
        return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()

    def log_sigmoid(self, x: Any) -> Any:
        return -self.softplus(-x)

    def silu(self, x: Any) -> Any:
        return x * self.sigmoid(x)

    def normal_cdf(self, x: Any) -> Any:
        return (-x / self.arb(2).sqrt()).erfc() / 2

    def gelu(self, x: Any) -> Any:
        return x * self.normal_cdf(x)


_BY_NAME = (
    "exp", "expm1", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "erf", "erfc",
)  # fmt: skip
for _name in _BY_NAME:
    setattr(Balls, _name, lambda self, x, _name=_name: getattr(self.mpf(x), _name)())

# Forms of `Balls` that stand in for the row's own `exact`, which is written for mpmath.
INSTEAD = ("sigmoid", "softplus", "log_sigmoid", "silu", "normal_cdf", "gelu", "erfc", "cbrt", "log10")


@lru_cache(maxsize=1)
def balls() -> Balls:
    """The one arithmetic."""
    return Balls()
