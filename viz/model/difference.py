"""What differs between two graphs: what one has alone, what was made in another way, what has another number and by how much."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..notation.names import complete, unique
from ..notation.numbers import show
from ..reading import collector_paused
from .matching import COMMUTE, FREE, Matching
from .sides import Side

SAME, NUMBER, MADE, ONLY_A, ONLY_B = "same", "number", "made", "a", "b"


def ulps(x: float, y: float) -> float:
    """How many doubles lie from one number to the other: 0 for equal ones (and for two nan), ∞ where one is not finite alone.

    >>> ulps(1.0, 1.0), ulps(1.0, 1.0000000000000002), ulps(0.0, -0.0), ulps(1.0, float("inf"))
    (0, 1, 0, inf)
    """
    if x == y or (x != x and y != y):
        return 0
    if not (math.isfinite(x) and math.isfinite(y)):
        return math.inf
    return abs(_rank(x) - _rank(y))


def _rank(x: float) -> int:
    """Doubles as whole numbers in their order."""
    bits: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def relative(x: float, y: float) -> float:
    """The distance of two numbers for the larger of them; nan where that says nothing.

    >>> relative(2.0, 1.0), relative(0.0, 0.0), relative(1.0, float("inf"))
    (0.5, 0.0, nan)
    """
    if x == y:
        return 0.0
    if not (math.isfinite(x) and math.isfinite(y)):
        return math.nan
    large = max(abs(x), abs(y))
    return abs(x / large - y / large)


@dataclass(frozen=True, slots=True)
class Pair:
    """A value of both sides, or of one: its places (``FREE`` where it is not), and what is to be said of it."""

    a: int
    b: int
    status: str  # SAME, NUMBER, MADE, ONLY_A or ONLY_B
    data: bool = False  # another number
    grad: bool = False  # another gradient
    source: bool = False  # and that although what it is computed from is the same
    grad_source: bool = False  # and that although the gradients that reach it are the same


class Difference:
    """Two sides compared. ``limit``: so many ulps apart are the same number."""

    def __init__(self, a: Side, b: Side, limit: int = 0) -> None:
        self.a, self.b, self.limit = a, b, limit
        with collector_paused():
            self.matching = Matching(a, b)
            #: gradients are compared where both sides have some, or neither has
            self.grads = a.passed == b.passed
            self._written()
            self.pairs = self._judged()
            self._called()

    # ------------------------------------------------------------ judging

    def apart(self, x: float, y: float) -> bool:
        """Are these two numbers?"""
        return x != y and not (x != x and y != y) and (not self.limit or ulps(x, y) > self.limit)

    def _written(self) -> None:
        """Leaves without a name that the other side writes as a number (a class without literals makes a leaf of the 2 of ``2 * x``)."""
        #: (place, number of the other side) on either side
        self.as_number: tuple[dict[int, float], dict[int, float]] = ({}, {})
        a, b, m = self.a, self.b, self.matching
        n, k = len(a.values), len(b.values)
        left_over = any(m.b_of[i] == FREE and self._plain_leaf(a, i) for i in range(n))
        if not left_over and not any(m.a_of[j] == FREE and self._plain_leaf(b, j) for j in range(k)):
            return
        for i, j in enumerate(m.b_of):
            if j == FREE or len(a.operands[i]) != len(b.operands[j]):
                continue
            for left, right in zip(a.operands[i], b.operands[j], strict=True):
                if left < n and right >= k and self._plain_leaf(a, left) and m.b_of[left] == FREE:
                    self.as_number[0][left] = b.data[right]
                if right < k and left >= n and self._plain_leaf(b, right) and m.a_of[right] == FREE:
                    self.as_number[1][right] = a.data[left]

    def _called(self) -> None:
        """One name for each pair, on both sides; both names where they are two."""
        a, b = self.a, self.b
        given = []
        for p in self.pairs:
            ours, theirs = a.names[p.a] if p.a != FREE else "", b.names[p.b] if p.b != FREE else ""
            given.append(f"{ours} | {theirs}" if ours and theirs and ours != theirs else ours or theirs)
        computed = [bool(a.operands[p.a] if p.a != FREE else b.operands[p.b]) for p in self.pairs]
        #: what each pair is called, where it has a name; and what it is called in any case
        self.named = unique(given)
        self.names = complete(self.named, computed)
        for side, numbers, at in ((a, self.as_number[0], "a"), (b, self.as_number[1], "b")):
            told = ["" if i not in numbers else show(side.data[i]) for i in range(len(side.values))]
            for p, name in zip(self.pairs, self.names, strict=True):
                if (place := getattr(p, at)) != FREE:
                    told[place] = name
            side.told = told

    @staticmethod
    def _plain_leaf(side: Side, place: int) -> bool:
        return not side.operands[place] and not side.names[place]

    def _tokens(self, i: int, j: int) -> tuple[Sequence[object], Sequence[object]]:
        """The operands of both, in words that can be compared: places in b, and numbers."""
        a, b, m = self.a, self.b, self.matching
        n, k = len(a.values), len(b.values)
        numbers, others = self.as_number
        ours = [a.data[o] if o >= n else a.data[o] if o in numbers else (m.b_of[o], o) for o in a.operands[i]]
        theirs = [b.data[o] if o >= k else b.data[o] if o in others else o for o in b.operands[j]]
        left = [repr(t) if isinstance(t, float) else t[0] if t[0] != FREE else ("a", t[1]) for t in ours]
        right = [repr(t) if isinstance(t, float) else t for t in theirs]
        if a.kinds[i][0] in COMMUTE and left != right:
            left, right = sorted(left, key=repr), sorted(right, key=repr)
        return left, right

    def _judged(self) -> list[Pair]:
        a, b, m = self.a, self.b, self.matching
        n = len(a.values)
        off = [m.b_of[i] != FREE and self.apart(a.data[i], b.data[m.b_of[i]]) for i in range(n)]
        sloped = [self.grads and m.b_of[i] != FREE and self.apart(a.grads[i], b.grads[m.b_of[i]]) for i in range(n)]
        below = [False] * n  # whether a user has another gradient, or is on one side alone
        for i in reversed(range(n)):
            if sloped[i] or m.b_of[i] == FREE:
                for o in a.operands[i]:
                    if o < n:
                        below[o] = True
        for j, operands in enumerate(b.operands):
            if m.a_of[j] == FREE:
                for o in operands:
                    if o < len(b.values) and m.a_of[o] != FREE:
                        below[m.a_of[o]] = True
        made = []
        for i, j in self._merged():
            if j == FREE:
                if i not in self.as_number[0]:
                    made.append(Pair(i, FREE, ONLY_A, source=True))
                continue
            if i == FREE:
                if j not in self.as_number[1]:
                    made.append(Pair(FREE, j, ONLY_B, source=True))
                continue
            other = a.kinds[i] != b.kinds[j]
            if not other and a.operands[i] and not m.equal(i, j):
                left, right = self._tokens(i, j)
                other = left != right
            came = any(off[o] for o in a.operands[i] if o < n)
            status = MADE if other else NUMBER if off[i] or sloped[i] else SAME
            made.append(Pair(i, j, status, off[i], sloped[i], other or (off[i] and not came), sloped[i] and not below[i]))
        return made

    def _merged(self) -> Iterator[tuple[int, int]]:
        """All values of both sides: those of a in their order, what b has alone before what uses it."""
        m, placed = self.matching, [False] * len(self.a.values)
        at = 0
        waiting: list[int] = []
        for j, i in enumerate(m.a_of):
            if i == FREE:
                waiting.append(j)
                continue
            while at < i:  # what comes before it in a
                if not placed[at]:
                    placed[at] = True
                    yield at, m.b_of[at]
                at += 1
            yield from ((FREE, k) for k in waiting)
            waiting = []
            if not placed[i]:
                placed[i] = True
                yield i, j
        yield from ((i, m.b_of[i]) for i, done in enumerate(placed) if not done)
        yield from ((FREE, k) for k in waiting)

    # ------------------------------------------------------------ answers

    def of(self, *statuses: str) -> list[Pair]:
        """The pairs of these statuses, in forward order."""
        return [pair for pair in self.pairs if pair.status in statuses]

    @cached_property
    def alike(self) -> bool:
        """Is nothing different?"""
        return all(pair.status == SAME for pair in self.pairs)

    @cached_property
    def first(self) -> Pair | None:
        """Where they first part, going forward: another number, another operation, or a value that one has alone."""
        return next((p for p in self.pairs if p.source and p.status != SAME), None) or next((p for p in self.pairs if p.data), None)

    @cached_property
    def first_grad(self) -> Pair | None:
        """Where the gradients first part, going back from the result."""
        return next((p for p in reversed(self.pairs) if p.grad), None)
