"""The name that a slip of the pen meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, words: Iterable[str]) -> str:
    """The word nearest to `name`, "" when none is near.

    Letters that changed places are one slip, as a letter too many, too few or another one is. Of words equally near, one that
    has all the letters goes first.

    >>> nearest("tahn", ["tan", "tanh"]), nearest("ReLU", ["relu"]), nearest("sgn", ["sign", "sin"]), nearest("q", ["x", "y"])
    ('tanh', 'relu', 'sign', '')
    """
    if not name or len(name) > 40:
        return ""
    plain = name.lower()
    near = [
        (slips, any(plain.count(c) > word.lower().count(c) for c in plain), word[0].lower() != plain[0], abs(len(word) - len(name)), word)
        for word in dict.fromkeys(words)
        if (slips := _slips(plain, word.lower())) <= (max(len(name), len(word)) + 1) // 3
    ]
    return min(near)[-1] if near else ""


def _slips(a: str, b: str) -> int:
    """The least number of slips that make `a` of `b` (optimal string alignment; Damerau 1964)."""
    if abs(len(a) - len(b)) > 13:
        return 14
    older: list[int] = []
    old = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        new = [i]
        for j, y in enumerate(b, 1):
            least = min(old[j] + 1, new[j - 1] + 1, old[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                least = min(least, older[j - 2] + 1)
            new.append(least)
        older, old = old, new
    return old[-1]
