"""The table on complex numbers x + ih with a tiny h: derivatives free of cancellation, for functions written for Values."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from typing import Any


class Ordered(complex):
    """A complex number that compares by its real part, so that max, min and if choose as they do for real numbers."""

    def __lt__(self, other: Any) -> bool:
        return bool(self.real < other.real)

    def __gt__(self, other: Any) -> bool:
        return bool(self.real > other.real)

    def __le__(self, other: Any) -> bool:
        return bool(self.real <= other.real)

    def __ge__(self, other: Any) -> bool:
        return bool(self.real >= other.real)

    def __eq__(self, other: Any) -> bool:
        return bool(self.real == other.real)

    __hash__ = complex.__hash__

    def __bool__(self) -> bool:
        return bool(self.real)


def _analytic(f: Callable[[complex], complex]) -> Any:
    return staticmethod(f)


class ComplexStep:
    """The functions of `Op.exact` on complex numbers x + ih with a tiny h: f(x + ih) = f(x) + ih·f'(x), free of cancellation.

    Squire & Trapp, SIAM Review 40 (1998). Functions that `cmath` lacks are written out to first order in h.
    """

    pi = math.pi
    exp, log10, sqrt = map(_analytic, (cmath.exp, cmath.log10, cmath.sqrt))
    sin, cos, tan, asin, acos, atan = map(_analytic, (cmath.sin, cmath.cos, cmath.tan, cmath.asin, cmath.acos, cmath.atan))
    sinh, cosh, tanh = map(_analytic, (cmath.sinh, cmath.cosh, cmath.tanh))
    asinh, acosh, atanh = map(_analytic, (cmath.asinh, cmath.acosh, cmath.atanh))

    @staticmethod
    def mpf(x: Any) -> Ordered:
        return Ordered(x)

    @staticmethod
    def log(z: complex, base: float | None = None) -> complex:
        return cmath.log(z) if base is None else cmath.log(z) / math.log(base)

    @staticmethod
    def expm1(z: complex) -> complex:
        return complex(math.expm1(z.real), math.exp(z.real) * z.imag)

    @staticmethod
    def log1p(z: complex) -> complex:
        return complex(math.log1p(z.real), z.imag / (1.0 + z.real))

    @staticmethod
    def power(z: complex, p: complex) -> complex:
        if p.imag == 0.0 and p.real.is_integer() and abs(p.real) < 1024:
            return complex(z) ** int(p.real)
        if z.real <= 0.0:
            raise ValueError("a complex power of a number that is not positive")
        return cmath.exp(p * cmath.log(z))

    @staticmethod
    def fabs(z: complex) -> complex:
        return -z if z.real < 0.0 else +z

    @staticmethod
    def sign(z: complex) -> complex:
        return Ordered(math.copysign(1.0, z.real) if z.real else 0.0)

    @staticmethod
    def floor(z: complex) -> complex:
        return Ordered(math.floor(z.real))

    @staticmethod
    def ceil(z: complex) -> complex:
        return Ordered(math.ceil(z.real))

    @staticmethod
    def nint(z: complex) -> complex:
        return Ordered(round(z.real))

    @staticmethod
    def fmod(a: complex, b: complex) -> complex:
        return a - b * math.floor(a.real / b.real)

    @staticmethod
    def cbrt(z: complex) -> complex:
        return cmath.exp(cmath.log(z) / 3.0)

    @staticmethod
    def hypot(a: complex, b: complex) -> complex:
        return cmath.sqrt(a * a + b * b)

    @staticmethod
    def atan2(a: complex, b: complex) -> complex:
        r = math.hypot(a.real, b.real)
        return complex(math.atan2(a.real, b.real), b.real / r * (a.imag / r) - a.real / r * (b.imag / r))

    @staticmethod
    def erf(z: complex) -> complex:
        return complex(math.erf(z.real), z.imag * 2.0 / math.sqrt(math.pi) * math.exp(-z.real * z.real))

    @staticmethod
    def erfc(z: complex) -> complex:
        return complex(math.erfc(z.real), -z.imag * 2.0 / math.sqrt(math.pi) * math.exp(-z.real * z.real))

    @staticmethod
    def fsum(zs: Sequence[complex]) -> complex:
        return sum(zs, 0j)
