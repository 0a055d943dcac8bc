"""One formatter of numbers for everything that is shown.

Significant digits: 4 in pictures, 6 in text. What is shown is what rounding gives, never another number.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from math import inf

MINUS = "−"  # the sign, as wide as a digit; a hyphen is easily overlooked
PICTURE, TEXT = 4, 6
_LARGE = 10**6


def show(x: float, digits: int = PICTURE) -> str:
    """A number for a picture or a typeset line: a true minus, ∞, whole numbers below a million in full.

    >>> show(-6.0), show(0.70710678), show(7.373e-5), show(1.23456e-7), show(float("-inf")), show(123456.7), show(-0.0)
    ('−6', '0.7071', '7.373e−5', '1.235e−7', '−∞', '123500', '−0')
    """
    return plain(x, digits).replace("-", MINUS).replace("inf", "∞")


def plain(x: float, digits: int = TEXT) -> str:
    """A number for text that people paste: ASCII, and Python reads it.

    >>> plain(-6.0), plain(0.70710678), plain(1.23456e-7), plain(float("-inf")), plain(1e22), plain(-0.0)
    ('-6', '0.707107', '1.23456e-7', '-inf', '1e22', '-0')
    """
    return _told(x, digits) if x else "-0" if str(x).startswith("-") else "0"


@lru_cache(maxsize=4096)  # the numbers of a step come several times in it, and again in the next
def _told(x: float, digits: int) -> str:
    """… that is not 0: of two zeros only one would be kept."""
    if x != x:
        return "nan"
    if abs(x) == inf:
        return "inf" if x > 0 else "-inf"
    if x == int(x) and abs(x) < _LARGE:
        return str(int(x))
    rounded = Decimal(x).normalize(Context(prec=digits, rounding=ROUND_HALF_UP)).normalize(Context(prec=digits))
    if Decimal("1e-4") <= abs(rounded) < _LARGE:
        return f"{rounded:f}"
    mantissa, _, power = f"{rounded:e}".partition("e")
    return f"{mantissa}e{int(power)}"


def brief(x: float) -> str:
    """A number in few characters, for boxes that stand for many values.

    >>> brief(0.123456), brief(-12.0), brief(1234567.0)
    ('0.123', '−12', '1.23e6')
    """
    return show(x, 3)


def parts(x: float, digits: int) -> tuple[str, str, str]:
    """(sign, mantissa, power of ten) as `show` writes them; the power is '' for a number without one.

    >>> parts(-1.5e-10, 6), parts(2.0, 6)
    (('−', '1.5', '−10'), ('', '2', ''))
    """
    text = show(x, digits)
    sign = MINUS if text.startswith(MINUS) else ""
    mantissa, _, power = text[len(sign) :].partition("e")
    return sign, mantissa, power
