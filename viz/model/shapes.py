"""Folding by shape, where there are no scopes: runs of an op, repeating chains, alike expressions."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from itertools import chain
from typing import Any

from ..notation.rows import word
from ..reading import label_of, op_of
from ..record import NamedTuple
from .regions import Region

LONG = 12  # a chain at least this long is folded in the middle
PERIOD = 6  # the longest repeating unit that is looked for
NAMED = 16  # up to so many labelled leaves stay apart
NOBODY = -1
DOT = ("·", "dot")  # takes two vectors end to end


class Group(NamedTuple):
    """Values that one box stands for, and what it says."""

    members: list[int]
    op: str


class Shapes:
    """What folding by shape needs to know of the whole graph, gathered once."""

    def __init__(
        self,
        values: list[Any],
        args: list[tuple[int, ...]],
        tree: list[Region],
        alone: Collection[int] = (),
    ) -> None:
        self.args, self.tree = args, tree
        self.alone = frozenset(alone)  # the results: never one of many
        self.ops = list(map(op_of, values))
        self.values = values
        self.inside = [0] * len(values)
        self.parameters: set[int] = set()
        for at, region in enumerate(tree[1:], 1):
            for i, position in zip(region.direct, region.position, strict=True):
                self.inside[i] = at
                if position < 0:
                    self.parameters.add(i)
        self.uses = [0] * len(values)
        self.first_user = [NOBODY] * len(values)
        self.last_user = [NOBODY] * len(values)
        self.role = [0] * len(values)  # of a leaf: one bit for each kind of use, so that leaves can be sorted
        self.bits: dict[tuple[str, int, int], int] = {}
        bits = self.bits
        ops, inside, uses, first, last, role = (
            self.ops, self.inside, self.uses, self.first_user, self.last_user, self.role,
        )  # fmt: skip
        for i, operands in enumerate(args):
            if operands:
                op, count = ops[i], len(operands)
                for index, arg in enumerate(operands):
                    uses[arg] += 1
                    if first[arg] < 0:
                        first[arg] = i
                    last[arg] = i
                    if not args[arg]:
                        side = index if count < 3 else int(op in DOT and index < count // 2)
                        role[arg] |= 1 << bits.setdefault((op, side, inside[i]), len(bits) % 61)

    def groups(self, at: int, enough: int) -> list[Group]:
        """The values directly inside region ``at`` grouped by shape, into ``enough`` groups or so."""
        units = _Units(self, at)
        units.join_runs()
        units.fold_chains()
        return units.classes(True, enough) or units.classes(False, len(units.members))

    def word(self, i: int) -> str:
        """What a box of values like value i says before "×N"."""
        return word(self.ops[i]) or ("parameters" if i in self.parameters else "leaf")

    def child(self, at: int, i: int) -> int:
        """The region directly inside ``at`` that holds value i; -1 when i lies outside ``at``."""
        region = self.inside[i]
        while region > 0 and self.tree[region].parent != at:
            region = self.tree[region].parent
        return region if region > 0 else -1


class _Units:
    """A region's values as units: at first a value or a run of one op, then whole chains."""

    def __init__(self, shapes: Shapes, at: int) -> None:
        self.shapes, self.at = shapes, at
        self.direct = shapes.tree[at].direct
        self.unit: dict[int, int] = {}  # value -> its unit
        self.members: list[list[int]] = []  # unit -> its values
        self.text: dict[int, str] = {}  # what the box of a unit says, where it is more than one value

    def join_runs(self) -> None:
        """a + b + c + … is one unit: an op joins an argument of the same op that nobody else uses."""
        unit, members = self.unit, self.members
        ops, uses, args = self.shapes.ops, self.shapes.uses, self.shapes.args
        alone = self.shapes.alone
        for i in self.direct:
            joined = -1
            for arg in args[i] if i not in alone else ():
                if uses[arg] == 1 and arg not in alone and ops[arg] == ops[i] and arg in unit:
                    other = unit[arg]
                    if joined < 0:
                        joined = other
                    elif other != joined:  # a balanced tree: move the shorter list
                        if len(members[other]) > len(members[joined]):
                            joined, other = other, joined
                        for moved in members[other]:
                            unit[moved] = joined
                        members[joined] += members[other]
                        members[other] = []
            if joined < 0:
                joined = len(members)
                members.append([])
            unit[i] = joined
            members[joined].append(i)
        for one, run in enumerate(members):
            if len(run) > 1:
                run.sort()
                self.text[one] = f"{word(ops[run[-1]])} ×{len(run):,}"

    def fold_chains(self) -> None:
        """Fold the middle of every long chain, with the leaves that only the middle uses."""
        after = self._links()
        before = set(after.values())
        for start in [u for u in after if u not in before]:
            chain = [start]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            if len(chain) >= LONG:
                words = [self._word(u) for u in chain]
                keep, text = _period(words)
                if len(chain) > 2 * keep + 2:
                    self._merge(chain[keep : len(chain) - keep], text)

    def _links(self) -> dict[int, int]:
        """unit -> the next unit of its chain: the next has no other inner argument, this no other user."""
        shapes, unit, members = self.shapes, self.unit, self.members
        args, first, last = shapes.args, shapes.first_user, shapes.last_user
        after: dict[int, int] = {}
        for u, values in enumerate(members):
            inner = NOBODY
            for i in values:
                for arg in args[i]:
                    if args[arg]:
                        source = unit.get(arg, -2)
                        if source not in (u, inner):
                            inner = source if inner == NOBODY else -2
            if inner >= 0:
                out = members[inner][-1]
                if unit.get(first[out], -2) == u == unit.get(last[out], -2) and out not in shapes.alone:
                    after[inner] = u
        return after

    def _word(self, u: int) -> str:
        return self.text.get(u) or self.shapes.ops[self.members[u][-1]]

    def _merge(self, chain: list[int], text: str) -> None:
        members, unit = self.members, self.unit
        args, first, last = self.shapes.args, self.shapes.first_user, self.shapes.last_user
        target = chain[0]
        merged = [i for u in chain for i in members[u]]
        inner = set(merged)
        leaves = {arg for i in merged for arg in args[i] if not args[arg] and arg in unit and first[arg] in inner and last[arg] in inner}
        if any(self.shapes.uses[leaf] > 2 for leaf in leaves):  # other users may lie in between
            count: dict[int, int] = {}
            for i in merged:
                for arg in args[i]:
                    count[arg] = count.get(arg, 0) + 1
            leaves = {leaf for leaf in leaves if count[leaf] == self.shapes.uses[leaf]}
        for leaf in leaves:
            members[unit[leaf]] = []
        for u in chain[1:]:
            members[u] = []
            self.text.pop(u, None)
        members[target] = sorted([*merged, *leaves])
        for i in members[target]:
            unit[i] = target
        self.text[target] = text

    @cached_property
    def _labels(self) -> dict[int, str]:
        """The labels of the leaves."""
        args, values = self.shapes.args, self.shapes.values
        return {i: label_of(values[i]) for i in self.direct if not args[i]}

    @cached_property
    def _in_order(self) -> list[tuple[int, int]]:
        """The last value of each unit, and the unit."""
        return sorted([(values[-1], u) for u, values in enumerate(self.members) if values])

    def classes(self, fine: bool, most: int) -> list[Group]:
        """Alike units as one group: the same op over alike arguments, from the leaves upwards; [] where there are more than `most`.

        Fine: it matters in which scope a leaf is used, from which scope an argument comes, and whether it is a leaf.
        """
        shapes, members = self.shapes, self.members
        args, ops, values, alone = shapes.args, shapes.ops, shapes.values, shapes.alone
        labels, n = self._labels, len(values)
        named = sum(map(bool, labels.values())) <= NAMED
        kinds: dict[Any, int] = {}
        kind_at = list(range(-n, 0))  # of each value: the kind of its unit as far as it is known, else what it shares with none
        known: dict[Any, int] = {}  # of a unit of one value: its op and the kinds of its operands as they stand -> its kind
        piles: dict[int, list[int]] = {}  # kind -> its units
        for last, u in self._in_order:
            as_it_stands: Any = None
            if last in alone:
                key: Any = ("result", last)
            elif not args[last]:
                role = shapes.role[last] if fine else -(shapes.inside[shapes.first_user[last]] != self.at)
                key = (role, last in shapes.parameters, labels[last] if named else "")
            else:
                if len(members[u]) == 1:
                    as_it_stands = (ops[last], *map(kind_at.__getitem__, args[last]))
                    if (kind := known.get(as_it_stands, NOBODY)) != NOBODY:
                        kind_at[last] = kind
                        piles[kind].append(u)
                        continue
                key = (self.text.get(u, ops[last]), *sorted(self._sources(u, kind_at, fine)))
            kind = kinds.setdefault(key, len(kinds))
            if kind >= most:
                return []
            known[as_it_stands] = kind
            piles.setdefault(kind, []).append(u)
            for i in members[u]:
                kind_at[i] = kind
        made = []
        for pile in piles.values():
            every = sorted(chain.from_iterable([members[u] for u in pile]))
            text = ""
            if len(every) > 1:
                whole = self.text.get(pile[0], "") if len(pile) == 1 else ""
                text = whole or f"{self._kind_of_box(pile[0])} ×{len(every):,}"
            made.append(Group(every, text))
        return made

    def _sources(self, u: int, kind_at: list[int], fine: bool) -> set[int]:
        """The kinds of what a unit is computed from."""
        shapes, unit, mine = self.shapes, self.unit, self.members[u]
        used = {arg for i in mine for arg in shapes.args[i]}.difference(mine)
        kinds = {kind_at[arg] for arg in used}
        if all(kind >= 0 for kind in kinds):
            return kinds
        sources = {kind for kind in kinds if kind >= 0}
        for arg in used:
            if kind_at[arg] < 0:
                outside = -5 - 2 * shapes.child(self.at, arg) - (not shapes.args[arg]) if fine else -2
                sources.add(NOBODY if arg in unit else outside)
        return sources

    def _kind_of_box(self, u: int) -> str:
        return self.text.get(u, "").split(" ×")[0] or self.shapes.word(self.members[u][-1])


def _period(words: list[str]) -> tuple[int, str]:
    """How many units to keep at each end of a chain, and what to write on its middle."""
    for period in range(1, min(PERIOD, len(words) // 2) + 1):
        if words[period:-1] == words[: -period - 1]:
            times = (len(words) - 2 * period) // period
            unit = " ".join(words[:period])
            return period, f"({unit}) ×{times:,}" if period > 1 else f"{unit} ×{times:,}"
    return 2, f"chain of {len(words) - 4:,}"
