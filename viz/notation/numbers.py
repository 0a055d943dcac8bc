"""One formatter of numbers for everything that is shown.

Significant digits: 4 in pictures, 6 in text. What is shown is what rounding gives, never another number.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, inf
from typing import Any

MINUS = "−"  # the sign, as wide as a digit; a hyphen is easily overlooked
PICTURE, TEXT = 4, 6
_LARGE = 10**6
FEW = 9  # certain digits that are all shown
ROOM = 4096  # texts that are kept


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
    return _TEXTS[digits][x] if x else "0" if copysign(1.0, x) > 0.0 else "-0"


class _Kept(dict[Any, Any]):
    """What was made of numbers lately: those of a step come several times in it, and again in the next (not 0, which -0 equals)."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make

    def __missing__(self, x: Any) -> Any:
        if len(self) >= ROOM:
            self.clear()
        made = self[x] = self.make(x)
        return made


_TEXTS = _Kept(lambda digits: _Kept(lambda x: _told(x, digits)))


def _told(x: float, digits: int) -> str:
    if x != x:
        return "nan"
    if abs(x) == inf:
        return "inf" if x > 0 else "-inf"
    if x == int(x) and abs(x) < _LARGE:
        return str(int(x))
    if type(x) is float and not (x * 2.0**26).is_integer():  # no tie, which C would round to the even digit
        if digits == TEXT:
            mantissa, e, power = f"{x:.{TEXT}g}".partition("e")
            return f"{mantissa}e{int(power)}" if e else mantissa
        mantissa, _, power = f"{x:.{digits - 1}e}".partition("e")
        if -5 < int(power) < 6:
            places = digits - 1 - int(power)
            return _short(f"{x:.{places}f}") if places > 0 else str(int(float(f"{mantissa}e{power}")))
        return f"{_short(mantissa)}e{int(power)}"
    from decimal import ROUND_HALF_UP, Context, Decimal

    rounded = Decimal(x).normalize(Context(prec=digits, rounding=ROUND_HALF_UP)).normalize(Context(prec=digits))
    if Decimal("1e-4") <= abs(rounded) < _LARGE:
        return f"{rounded:f}"
    mantissa, _, power = f"{rounded:e}".partition("e")
    return f"{mantissa}e{int(power)}"


def _short(text: str) -> str:
    """Without zeros at the end of the places."""
    return text.rstrip("0").rstrip(".") if "." in text else text


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


# --- how much of a number is certain ---------------------------------------------------------------------------------------


def within(x: float, certain: int, error: float, digits: int = TEXT) -> str:
    """A number whose first `certain` digits are, and a bound of its error, as text: no digit more than is certain (but the first).

    Of many certain digits so many are shown as in any text; of few (up to 9) all.

    >>> within(138.83379, 16, 2.6e-14), within(0.30000000000000004, 2, 0.0039), within(2.0, 17, 0.0), within(5.0, 0, float("inf"))
    ('138.834 ± 3e-14', '0.3 ± 0.004', '2', '5 ± inf')
    """
    return plain(x, max(1, certain) if certain <= FEW else digits) + (f" ± {above(error)}" if error else "")


def above(error: float) -> str:
    """A bound to one digit, rounded up.

    >>> above(2.01e-14), above(0.5), above(float("inf"))
    ('3e-14', '0.5', 'inf')
    """
    from decimal import ROUND_UP, Context, Decimal

    return plain(float(Decimal(error).normalize(Context(prec=1, rounding=ROUND_UP))), 1)


def whole(x: float) -> int:
    """How many digits tell a double from all others.

    >>> whole(0.1), whole(0.30000000000000004), whole(-2.5e-7)
    (1, 17, 2)
    """
    return max(1, len(repr(x).partition("e")[0].replace(".", "").strip("-0")))


def inked(text: str, certain: int) -> tuple[str, str, str]:
    """A number as it is written, in three parts: with the digits that are certain, the digits that are not, the power of ten.

    >>> inked("138.83378999", 8), inked("−0.0012345e−7", 3), inked("2", 17), inked("∞", 0), inked("7", 0)
    (('138.83378', '999', ''), ('−0.00123', '45', 'e−7'), ('2', '', ''), ('', '∞', ''), ('', '7', ''))
    """
    if certain == 0:
        return "", text, ""
    mantissa, e, power = text.partition("e") if text[-1:].isdigit() else (text, "", "")
    seen, begun = 0, False
    for i, c in enumerate(mantissa):
        begun = begun or c in "123456789"
        if begun and c.isdigit():
            if seen == certain:
                return mantissa[:i], mantissa[i:], e + power
            seen += 1
    return mantissa, "", e + power
