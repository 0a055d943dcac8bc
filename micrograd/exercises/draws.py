"""Numbers drawn per student: a draw says from what, the seed is a hash of the student's name and the exercise's id.

    >>> rng = seeded("ada", "02.1")
    >>> whole(-5, 5)(rng), decimal(0, 1, 1)(rng), pick("tanh", "exp")(rng)
    (5, 0.2, 'tanh')

The same on every machine and in every version of Python: of `random` only `random()` is used, which is promised to stay.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Draw(NamedTuple):
    """What a number is drawn from: call it with a generator. told: how it is written for a reader of the file."""

    make: Callable[[random.Random], Any]
    told: str

    def __call__(self, rng: random.Random) -> Any:
        return self.make(rng)

    def __repr__(self) -> str:
        return self.told


def seeded(*words: str) -> random.Random:
    """A generator that depends on these words alone."""
    digest = hashlib.sha256("\0".join(words).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


def whole(low: int, high: int, but: Sequence[int] = ()) -> Draw:
    """A whole number from `low` to `high`, both included, none of `but`. ValueError where none is left."""
    from_these = [n for n in range(low, high + 1) if n not in but]
    if not from_these:
        raise ValueError(f"whole({low}, {high}, but={tuple(but)}) leaves no number to draw")
    return Draw(lambda rng: _one_of(rng, from_these), f"whole({low}, {high}{f', but={tuple(but)}' if but else ''})")


def decimal(low: float, high: float, places: int = 1) -> Draw:
    """A number from `low` to `high` with so many decimal places, such as 0.3. ValueError where none lies there."""
    scale = 10**places
    first, last = -int(-low * scale // 1), int(high * scale // 1)
    if first > last:
        raise ValueError(f"decimal({low}, {high}, {places}) leaves no number to draw")
    return Draw(lambda rng: _one_of(rng, range(first, last + 1)) / scale, f"decimal({low}, {high}, {places})")


def real(low: float, high: float) -> Draw:
    """Any double between: for inputs that nobody reads."""
    if not low < high:
        raise ValueError(f"real({low}, {high}): the first must be below the second")
    return Draw(lambda rng: low + (high - low) * rng.random(), f"real({low}, {high})")


def pick(*things: Any) -> Draw:
    """One of these: numbers, words, texts of code. ValueError without any."""
    if not things:
        raise ValueError("pick() has nothing to pick from")
    return Draw(lambda rng: _one_of(rng, things), f"pick({len(things)} things)")


def listed(count: int, draw: Draw) -> Draw:
    """A list of so many draws: a vector; of lists, a matrix."""
    return Draw(lambda rng: [draw(rng) for _ in range(count)], f"listed({count}, {draw!r})")


def _one_of(rng: random.Random, things: Sequence[Any]) -> Any:
    return things[int(rng.random() * len(things))]
