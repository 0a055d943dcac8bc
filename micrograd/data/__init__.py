"""Small data sets that need no network, as (inputs, targets) in plain lists: points, curves, tables, names, signatures, words.

What is synthesised takes a `random.Random`, and without one gives the same data each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.data.points import CURVES, blobs, circles, curve, moons, ratings, series, spirals, windows, xor
from micrograd.data.prepare import Scaling, one_hot, split
from micrograd.data.speech import Utterance, words
from micrograd.data.strokes import Signature, movements, normalised, signatures
from micrograd.data.tables import breast_cancer, diabetes, digits, iris
from micrograd.data.text import Characters, names

__all__ = [
    "CURVES", "Characters", "Scaling", "Signature", "Utterance", "blobs", "breast_cancer", "circles", "curve",
    "diabetes", "digits", "iris", "moons", "movements", "names", "normalised", "one_hot", "ratings", "series",
    "signatures", "spirals", "split", "windows", "words", "xor",
]  # fmt: skip


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from micrograd.habits import missing

        raise missing(__name__, name, known=globals())
