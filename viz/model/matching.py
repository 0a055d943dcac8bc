"""Which value of one graph is which of another: by structure from the roots, names as anchors, in time that grows as their sizes do.

What both sides hold as one object is matched first, then, always the strongest pairs that are known:

1. the same expression down to the leaves (a leaf by its name, else by its number);
2. the same shape (leaves without a name, numbers and constants may differ);
3. the same operation in the same place; the same operation of operands that are matched; the same name;
4. what stands in the same place and was made in another way.

A matched pair brings the pairs of its operands.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Any

from .sides import Side

EXACT, SHAPE, KIND, PLACE = range(4)
FREE = -1
COMMUTE = frozenset({"add", "mul"})


class Matching:
    """``a_of[j]`` is the place in ``a`` of what is at j in ``b``, and the other way round; ``FREE`` for what has no partner."""

    def __init__(self, a: Side, b: Side) -> None:
        self.sides = (a, b)
        self.b_of, self.a_of = [FREE] * len(a.values), [FREE] * len(b.values)
        #: pairs to make, the strongest first
        self.waiting: list[deque[tuple[int, int]]] = [deque() for _ in range(4)]
        self.exact, self.shape = self._hashes()
        if a.operands == b.operands and self.shape[0] == self.shape[1]:  # two runs of one program
            self.b_of, self.a_of = list(range(len(a.values))), list(range(len(b.values)))
        else:
            self._run()

    def equal(self, i: int, j: int) -> bool:
        """Are these the same expression down to the leaves?"""
        return self.exact[0][i] == self.exact[1][j]

    # ------------------------------------------------------------ structure

    def _hashes(self) -> tuple[list[list[int]], list[list[int]]]:
        """A whole number for each value and number of both sides: equal for equal expressions; equal for equal shapes."""
        ids: dict[Any, int] = {}
        common = self._common()
        exact: list[list[int]] = []
        shape: list[list[int]] = []
        labelled = [any(label and not operands for label, operands in zip(s.labels, s.operands, strict=True)) for s in self.sides]
        for side, other in zip(self.sides, reversed(labelled), strict=True):
            first, second = [0] * len(side.data), [0] * len(side.data)
            n = len(side.values)
            for place in range(n, len(side.data)):
                first[place] = ids.setdefault(("leaf", repr(side.data[place])), len(ids))
                second[place] = ids.setdefault("leaf", len(ids))
            for place, operands in enumerate(side.operands):
                if operands:
                    kind, constants = side.kinds[place]
                    first[place] = ids.setdefault((kind, constants, *[first[o] for o in operands]), len(ids))
                    second[place] = ids.setdefault((kind, *[second[o] for o in operands]), len(ids))
                    continue
                key = common.get(id(side.values[place])) or common.get(side.names[place])
                if key is None and side.labels[place] and other:  # where authors name leaves, another name is another leaf
                    key = (place, id(side))
                first[place] = ids.setdefault(("named", key) if key else ("leaf", repr(side.data[place])), len(ids))
                second[place] = ids.setdefault(("named", key) if key else "leaf", len(ids))
            exact.append(first)
            shape.append(second)
        return exact, shape

    def _common(self) -> dict[Any, Any]:
        """Leaves of both sides: by the object, and by the name; what they are called here."""
        leaves = [[i for i, operands in enumerate(side.operands) if not operands] for side in self.sides]
        found: dict[Any, Any] = {}
        (a, b), (la, lb) = self.sides, leaves
        held = {id(a.values[i]): a.names[i] or f"object {i}" for i in la}
        shared = {id(b.values[j]) for j in lb} & held.keys()
        for key in shared:
            found[key] = ("object", held[key])
        names = {a.names[i] for i in la if id(a.values[i]) not in shared} & {b.names[j] for j in lb if id(b.values[j]) not in shared}
        found.update((name, ("name", name)) for name in names if name)
        return found

    # ------------------------------------------------------------ pairs

    def _run(self) -> None:
        a, b = self.sides
        place = {id(value): i for i, value in enumerate(a.values)}
        for j, value in enumerate(b.values):
            i = place.get(id(value))
            if i is not None and bool(a.operands[i]) == bool(b.operands[j]):
                self._match(i, j)
        for i, j in self._tops():
            self._match(i, j)
        self._work(EXACT)
        self._anchor(self.exact)
        self._work(SHAPE)
        self._anchor(self.shape)
        self._work(SHAPE)
        self._by_name()
        self._work(KIND)
        self._upward()
        self._work(PLACE)
        self._upward()

    def _tops(self) -> Iterable[tuple[int, int]]:
        """The roots: those of one name, then in their order."""
        a, b = self.sides
        named = {b.names[j]: j for j in b.roots if b.names[j]}
        taken: set[int] = set()
        rest = []
        for i in a.roots:
            j = named.get(a.names[i]) if a.names[i] else None
            if j is None or j in taken:
                rest.append(i)
            else:
                taken.add(j)
                yield i, j
        others = [j for j in b.roots if j not in taken]
        for i, j in zip(rest, others, strict=False):
            if len(a.roots) == len(b.roots) == 1 or not (a.labels[i] and b.labels[j]):  # in a list, what authors name is that
                yield i, j

    def _match(self, i: int, j: int) -> bool:
        """Make them a pair, where both are free, and note the pairs that this suggests."""
        a, b = self.sides
        if self.b_of[i] != FREE or self.a_of[j] != FREE:
            return False
        self.b_of[i], self.a_of[j] = j, i
        self._align(a.operands[i], b.operands[j], len(a.values), len(b.values))
        return True

    def _work(self, most: int) -> None:
        """Make pairs of what waits, the strongest first, down to this strength."""
        level, waiting = 0, self.waiting
        while level <= most:
            while waiting[level]:
                if self._match(*waiting[level].popleft()):
                    level = 0
            level += 1

    def _align(self, ours: Sequence[int], theirs: Sequence[int], n: int, m: int) -> None:
        """Note which operand may be which: the same expression at the same place, then anywhere; then by shape; then by operation."""
        if not ours or not theirs:
            return
        left, right = [o for o in ours if o < n], [o for o in theirs if o < m]
        same_places = len(ours) == len(theirs) == len(left) == len(right)
        for level, ids in ((EXACT, self.exact), (SHAPE, self.shape)):
            if same_places:
                pairs = [(i, j) for i, j in zip(left, right, strict=True) if ids[0][i] == ids[1][j]]
                self.waiting[level].extend(pairs)
                if len(pairs) == len(left):
                    return
                rest = [(i, j) for i, j in zip(left, right, strict=True) if ids[0][i] != ids[1][j]]
                left, right = [i for i, _ in rest], [j for _, j in rest]
            left, right = self._by_key(level, ids[0], ids[1], left, right)
            same_places = same_places and len(left) == len(right)
        a, b = self.sides
        by_kind: dict[Any, deque[int]] = defaultdict(deque)
        for j in right:
            if b.operands[j]:
                by_kind[b.kinds[j][0]].append(j)
        used = set()
        rest_left = []
        for i in left:
            if a.operands[i] and (waiting := by_kind.get(a.kinds[i][0])):
                j = waiting.popleft()
                used.add(j)
                self.waiting[KIND].append((i, j))
            else:
                rest_left.append(i)
        rest_right = [j for j in right if j not in used]
        for i, j in zip(rest_left, rest_right, strict=False):
            if bool(a.operands[i]) == bool(b.operands[j]) and (a.operands[i] or self._renamed(i, j)):
                self.waiting[PLACE].append((i, j))

    def _by_key(self, level: int, ours: list[int], theirs: list[int], left: list[int], right: list[int]) -> tuple[list[int], list[int]]:
        """Pairs of equal keys in order; what is left of both."""
        found: dict[int, deque[int]] = defaultdict(deque)
        for j in right:
            found[theirs[j]].append(j)
        rest, used = [], Counter[int]()
        for i in left:
            where = found.get(ours[i])
            if where:
                j = where.popleft()
                used[j] += 1
                self.waiting[level].append((i, j))
            else:
                rest.append(i)
        others = []
        for j in right:
            if used[j]:
                used[j] -= 1
            else:
                others.append(j)
        return rest, others

    def _renamed(self, i: int, j: int) -> bool:
        """May two leaves of other names be one? Not where their authors named both, nor where the other side has the name too."""
        a, b = self.sides
        return not (a.names[i] and b.names[j] and a.labels[i] and b.labels[j])

    # ------------------------------------------------------------ anchors

    def _anchor(self, ids: list[list[int]]) -> None:
        """Equal expressions anywhere, where both sides have as many of them; the largest first."""
        a, b = self.sides
        free: list[dict[int, list[int]]] = []
        for side, partner, keys in ((a, self.b_of, ids[0]), (b, self.a_of, ids[1])):
            found: dict[int, list[int]] = defaultdict(list)
            for place, operands in enumerate(side.operands):
                if operands and partner[place] == FREE:
                    found[keys[place]].append(place)
            free.append(found)
        level = EXACT if ids is self.exact else SHAPE
        for key in sorted(free[0].keys() & free[1].keys(), key=lambda key: -free[0][key][-1]):
            if len(free[0][key]) == len(free[1][key]):
                for i, j in zip(free[0][key], free[1][key], strict=True):
                    self._match(i, j)
                self._work(level)

    def _by_name(self) -> None:
        """What is called the same: an interior value that its author named, or a leaf."""
        a, b = self.sides
        names = {name: j for j, name in enumerate(b.names) if name and self.a_of[j] == FREE}
        for i in reversed(range(len(a.values))):
            j = names.get(a.names[i]) if a.names[i] and self.b_of[i] == FREE else None
            if j is not None and bool(a.operands[i]) == bool(b.operands[j]):
                self._match(i, j)

    def _upward(self) -> None:
        """The same operation of operands that are matched."""
        a, b = self.sides
        users: dict[Any, deque[int]] = defaultdict(deque)
        for j, operands in enumerate(b.operands):
            if operands and self.a_of[j] == FREE:
                users[self._key(b, j, operands, None)].append(j)
        if not users:
            return
        for i, operands in enumerate(a.operands):
            if operands and self.b_of[i] == FREE:
                waiting = users.get(self._key(a, i, operands, self.b_of))
                if waiting:
                    self._match(i, waiting.popleft())
        self._work(KIND)

    def _key(self, side: Side, place: int, operands: Sequence[int], partner: list[int] | None) -> Any:
        n = len(side.values)
        told = [repr(side.data[o]) if o >= n else o if partner is None else partner[o] if partner[o] != FREE else None for o in operands]
        return (None, place) if None in told else (side.kinds[place], *told)
