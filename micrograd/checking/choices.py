"""How comparisons between balls come out: what overlaps cannot be told, so every way is tried, and the results' hull is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RUNS = 64  # so many combinations of undecided choices in one op, then the result is unknown


class Choices:
    """How the comparisons of one evaluation came out. What balls cannot tell is tried in every way, one run after another."""

    def __init__(self) -> None:
        self.split = False  # whether anything was left open since this was last set
        self.path: list[list[Any]] = []  # [the possible relations, which of them is tried]
        self.at = 0
        self.known: dict[Any, str] = {}
        self.held: list[Any] = []  # what is compared, so that no id is used twice

    def relation(self, a: Any, b: Any) -> str:
        """One of < = > and ? (one is no number), the same whenever these two are compared."""
        keys = a.key, b.key
        if keys in self.known:
            return self.known[keys]
        options = _relations(a, b)
        if len(options) == 1:
            found = options[0]
        else:
            self.split = True
            if self.at == len(self.path):
                self.path.append([options, 0])
            possible, i = self.path[self.at]
            found = possible[i]
            self.at += 1
        self.known[keys], self.known[keys[::-1]] = found, {"<": ">", ">": "<"}.get(found, found)
        self.held += (a, b)
        return found

    def hull(self, run: Callable[[], list[Any]]) -> list[Any]:
        """run() for each way in which its comparisons can come out: the hull of each of its results."""
        found: list[Any] = []
        self.path = []
        for _ in range(RUNS):
            self.at, self.known, self.held = 0, {}, []
            results = run()
            found = [x.union(y) for x, y in zip(found, results, strict=True)] if found else results
            while self.path and self.path[-1][1] == len(self.path[-1][0]) - 1:
                self.path.pop()
            if not self.path:
                return found
            self.path[-1][1] += 1
        self.path = []
        return [type(x)("nan") for x in found]


def _relations(a: Any, b: Any) -> str:
    x, y = a.x, b.x
    if x.is_nan() or y.is_nan():
        return "=?" if a.key == b.key else "<=>?"
    if a.key == b.key:
        return "="
    if x < y:
        return "<"
    if x > y:
        return ">"
    if x.is_exact() and y.is_exact():
        return "="
    return "<=" if x <= y else "=>" if x >= y else "<=>"


choices = Choices()
