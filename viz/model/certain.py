"""Which digits of a graph's numbers are certain: a certificate that comes with the values, or that the caller gives.

viz proves nothing. `digits=True` asks the root for `__certify__()`; anything else is taken as the certificate: for each value
`certificate[value]` is a pair, for its data and for its gradient, of objects with `double` (the number that is meant), `digits` (how
many of its significant digits are certain) and `error` (a bound of its error); KeyError for a value that it does not know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..notation.numbers import TEXT, above, inked, show, whole, within

Pair = tuple[Any, Any]
INKED = 3000  # values of a page that may say which of their digits are certain: some hundred bytes each


def known(digits: Any, root: Any) -> Certain | None:
    """value ↦ what is certain of its data and gradient, None where nothing is known of it; None without a certificate.

    Raises TypeError where the root cannot make one (ValueError for several roots), and for what is none.
    """
    if digits is None or digits is False:
        return None
    if digits is True:
        if isinstance(root, (list, tuple)):
            raise ValueError("digits=True is for one root: give a certificate of each graph by itself")
        make = getattr(root, "__certify__", None)
        if not callable(make):
            raise TypeError(f"digits=True asks the value for its certificate, and a {type(root).__name__} makes none: give digits=")
        digits = make()
    if isinstance(digits, Certain):
        return digits
    if not hasattr(digits, "__getitem__"):
        raise TypeError(f"digits= is True or a certificate, not {digits!r:.60}")

    return Certain(digits)


class Certain:
    """A certificate as a function of values."""

    def __init__(self, certificate: Any) -> None:
        self.certificate = certificate

    def __call__(self, value: Any) -> Pair | None:
        try:
            pair: Pair = self.certificate[value]
        except (KeyError, TypeError):
            return None
        return pair


def meant(proof: Any, x: float) -> bool:
    """Whether this number is the one that is proven."""
    return proof is not None and bool(proof.double == x or (proof.double != proof.double and x != x))


def inks(values: Sequence[Any], certain: Certain) -> dict[int, list[list[Any] | None]]:
    """For a page: {place: [its data, its gradient]}, each [number, certain digits, the others, power of ten, bound], None if unknown."""
    found = {}
    for place, value in enumerate(values):
        pair = certain(value)
        if pair is not None:
            found[place] = [_inks(proof) for proof in pair]
    return found


def _inks(proof: Any) -> list[Any] | None:
    x = proof.double
    if not math.isfinite(x):
        return None
    return [x, *inked(show(x, whole(x)), proof.digits), above(proof.error) if proof.error else ""]


def said(proof: Any, x: float, digits: int = TEXT) -> str:
    """What is certain of a number, in words: its digits, the bound of its error, and the verdict where there is one."""
    verdict = getattr(proof, "verdict", "")
    return within(x, proof.digits, proof.error, digits) + (f" ({verdict})" if verdict else "")
