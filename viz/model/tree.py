"""The stepper's folding tree: which values a closed box stands for, at every depth.

Three things make boxes, in this order:

1. **scopes**: one box for each module call or user scope, nested as they were entered;
2. **repeats**: sibling calls of one module (or equally named scopes) become one box "name ×N";
3. **shapes**, where a box still holds too much (or the class knows no scopes): values used in one place
   only are drawn together with their user, and parts of one shape at one depth become "op ×N". A long
   sum becomes one box; what remains is cut into consecutive runs.

The page opens and closes these boxes; nothing here decides what is open. All walks are iterative.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..stepped.recording import Trace

TOP = -1
ROOMY = 60  # a box may hold this many things before its shape is looked at
EFFORT = 500_000  # values looked at while peeling one part
PEELS = 12  # how often the last value of one thick part is taken off before giving up
DRAWN = 2000  # the page draws at most this many things at once
WIDE = 24  # a repeat shows at most this many at once


@dataclass
class Tree:
    """Boxes as parallel lists; ``of[i]`` is the innermost box of value i, ``TOP`` for none."""

    of: list[int]
    parent: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)  # scope, repeat, part, sum, leaves, run

    def add(self, parent: int, name: str, kind: str) -> int:
        self.parent.append(parent)
        self.name.append(name)
        self.kind.append(kind)
        return len(self.parent) - 1

    def inside(self) -> dict[int, list[tuple[str, int]]]:
        """What each box holds directly, as ("value", place) and ("box", number); ``TOP`` too."""
        held: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for place, box in enumerate(self.of):
            held[box].append(("value", place))
        for box, parent in enumerate(self.parent):
            held[parent].append(("box", box))
        return held

    def shown(self, opened: Sequence[int]) -> list[int]:
        """For each value what shows it: its own place, or ``len(of) + box`` for the outermost closed box."""
        is_open, seen = set(opened), {TOP: TOP}
        for box in range(len(self.parent)):
            path = []
            while box not in seen:
                path.append(box)
                box = self.parent[box]
            for inner in reversed(path):
                outer = seen[self.parent[inner]]
                seen[inner] = outer if outer != TOP or inner in is_open else inner
        n = len(self.of)
        return [i if seen[box] == TOP else n + seen[box] for i, box in enumerate(self.of)]

    def chain(self, box: int) -> list[int]:
        """The box and all that hold it, outermost last."""
        found = []
        while box != TOP:
            found.append(box)
            box = self.parent[box]
        return found


def grow(trace: Trace) -> Tree:
    """The folding tree of a trace. A small graph without scopes has no boxes."""
    tree = Tree([TOP] * len(trace.values))
    users: list[list[int]] = [[] for _ in trace.values]
    for user, args in enumerate(trace.args):
        for arg in set(args):
            users[arg].append(user)
    _scopes(tree, trace)
    _place_leaves(tree, trace, users)
    _Shapes(tree, trace, users).fold()
    _widen(tree)
    return tree


# ---------------------------------------------------------------- scopes and repeats


def _scopes(tree: Tree, trace: Trace) -> None:
    box: dict[int, int] = {}
    modules: dict[int, Any] = {}
    for place, value in enumerate(trace.values):
        scope = getattr(value, "scope", None) if trace.args[place] else None
        chain = []
        while scope is not None and id(scope) not in box:
            chain.append(scope)
            scope = scope.parent
        for inner in reversed(chain):
            above = inner.parent
            at = tree.add(TOP if above is None else box[id(above)], str(inner.name), "scope")
            box[id(inner)] = at
            modules[at] = getattr(inner, "module", None)
        scope = getattr(value, "scope", None) if trace.args[place] else None
        if scope is not None:
            tree.of[place] = box[id(scope)]
    siblings: dict[tuple[int, Hashable], list[int]] = defaultdict(list)
    for at in range(len(tree.parent)):
        module = modules[at]
        siblings[tree.parent[at], tree.name[at] if module is None else id(module)].append(at)
    for (parent, _), boxes in siblings.items():
        if len(boxes) > 1:
            repeat = tree.add(parent, f"{tree.name[boxes[0]]} ×{len(boxes)}", "repeat")
            for number, at in enumerate(boxes, 1):
                tree.parent[at] = repeat
                tree.name[at] = f"{tree.name[at]} #{number}"


def _place_leaves(tree: Tree, trace: Trace, users: list[list[int]]) -> None:
    """A leaf goes into the innermost box that holds all its users."""
    for place in trace.leaves:
        common: list[int] | None = None
        for box in {tree.of[user] for user in users[place]}:
            chain = tree.chain(box)
            if common is None:
                common = chain
            else:
                keep = set(chain)
                common = [b for b in common if b in keep]
            if not common:
                break
        tree.of[place] = common[0] if common else TOP


# ---------------------------------------------------------------- shapes


class _Shapes:
    def __init__(self, tree: Tree, trace: Trace, users: list[list[int]]) -> None:
        self.tree, self.trace, self.users = tree, trace, users
        depth = [0] * len(trace.values)
        for place, args in enumerate(trace.args):
            if args:
                depth[place] = 1 + max(depth[arg] for arg in args)
        self.depth = depth

    def fold(self) -> None:
        held: dict[int, list[int]] = defaultdict(list)
        for place, box in enumerate(self.tree.of):
            held[box].append(place)
        single: list[tuple[int, list[int]]] = []
        work = [(box, places, 0) for box, places in held.items() if len(places) > ROOMY]
        while work:
            box, places, peeled = work.pop()
            rest = self._sum(box, places) if peeled else places
            parts = self._parts(rest)
            thick = max(parts, key=len, default=[])
            if len(thick) > 0.9 * len(places):
                if peeled < PEELS and peeled * len(places) < EFFORT:  # one thick part: its last value stays, the rest is looked at again
                    work.append((box, thick, peeled + 1))
                    parts.remove(thick)
                else:
                    continue  # a long mixed chain: left to be cut into runs
            work += [(at, part, 1) for at, part in self._name(box, parts) if len(part) > ROOMY]
            single.append((box, [part[0] for part in parts if len(part) == 1]))
        for box, places in single:  # now that the boxes of all users are known
            self._leaves(box, places)

    def _parts(self, places: Sequence[int]) -> list[list[int]]:
        """Each value with all that is used nowhere but in it (its fan-out-free cone)."""
        home: dict[int, int] = {}
        for place in reversed(places):
            users = self.users[place]
            into = home.get(users[0], TOP) if users else TOP
            if into != TOP and len(users) > 1 and any(home.get(user, TOP) != into for user in users):
                into = TOP
            home[place] = place if into == TOP else into
        parts: dict[int, list[int]] = defaultdict(list)
        for place in places:
            parts[home[place]].append(place)
        return list(parts.values())

    def _sum(self, box: int, places: list[int]) -> list[int]:
        """A long chain of one operation at the end gets a box of its own; returns what is left."""
        op, inside, top = self.trace.op, set(places), places[-1]
        spine, stack = {top}, [top]
        while stack:
            for arg in self.trace.args[stack.pop()]:
                if arg in inside and arg not in spine and op[arg] == op[top]:
                    spine.add(arg)
                    stack.append(arg)
        if len(spine) < 8 or len(spine) == len(places):
            spine = {top}
        else:
            symbol = self.trace.ops[op[top]]["s"]
            at = self.tree.add(box, f"{'Σ' if symbol == '+' else symbol} ×{len(spine)}", "sum")
            for place in spine:
                self.tree.of[place] = at
        return [place for place in places if place not in spine]

    def _shape(self, part: Sequence[int]) -> Hashable:
        at = {place: i for i, place in enumerate(part)}
        return tuple((self.trace.op[place], tuple(at.get(arg, TOP) for arg in self.trace.args[place])) for place in part)

    def _name(self, box: int, parts: list[list[int]]) -> list[tuple[int, list[int]]]:
        """Put parts into boxes, equal ones at equal depth into one repeat; returns the new boxes."""
        alike: dict[Hashable, list[list[int]]] = defaultdict(list)
        for part in parts:
            if self.trace.args[part[-1]]:
                alike[self.depth[part[-1]], self._shape(part)].append(part)
        made = []
        for equal in alike.values():
            name = self._title(equal[0])
            into = box
            if len(equal) > 1:
                into = self.tree.add(box, f"{name} ×{len(equal)}", "repeat")
            for number, part in enumerate(equal, 1):
                at = into
                if len(part) > 1:
                    title = name if len(equal) == 1 else f"{name} #{number}"
                    at = self.tree.add(into, self.trace.names[part[-1]] or title, "part")
                    made.append((at, part))
                for place in part:
                    self.tree.of[place] = at
        return made

    def _title(self, part: Sequence[int]) -> str:
        ops = [self.trace.ops[self.trace.op[p]]["s"] for p in part if self.trace.args[p]]
        last = ops.pop()
        inner = sorted(set(ops) - {last}, key=ops.index)
        return f"{last}({' '.join(inner[:3])})" if inner else str(last)

    def _leaves(self, box: int, places: list[int]) -> None:
        """Leaves with the same users, as the boxes now stand, become one box."""
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for place in places:
            if not self.trace.args[place]:
                alike[frozenset(self._seen(box, user) for user in self.users[place])].append(place)
        for equal in alike.values():
            if len(equal) > 2:
                at = self.tree.add(box, f"{self.stem(equal)} ×{len(equal)}", "leaves")
                for place in equal:
                    self.tree.of[place] = at

    def _seen(self, box: int, user: int) -> tuple[str, int]:
        """What of ``user`` is seen when exactly ``box`` is open."""
        at = self.tree.of[user]
        chain = self.tree.chain(at)
        if at == box:
            return "value", user
        if box == TOP:
            return "box", chain[-1]
        return "box", chain[chain.index(box) - 1] if box in chain else chain[-1]

    def stem(self, places: Sequence[int]) -> str:
        """What the names of these leaves have in common: their letters, or "parameters" for dotted ones."""
        names = [self.trace.names[place] for place in places]
        if all("." in name for name in names):
            return "parameters"
        stems = {re.sub(r"[\W\d_]+$", "", name) for name in names}
        return stems.pop() or "leaves" if len(stems) == 1 else "leaves"


# ---------------------------------------------------------------- what is still too wide


def _widen(tree: Tree) -> None:
    """Cut a box with too many things inside into consecutive runs, and those again."""
    inside, first = tree.inside(), dict[int, int]()
    for place, box in enumerate(tree.of):
        for above in tree.chain(box):
            first.setdefault(above, place)
    for box, things in list(inside.items()):
        repeat = box != TOP and tree.kind[box] in ("repeat", "leaves")
        if len(things) <= (WIDE if repeat else ROOMY):
            continue
        things.sort(key=lambda thing: thing[1] if thing[0] == "value" else first.get(thing[1], 0))
        _cut(tree, box, things)


BUNDLES = ("repeat", "leaves", "run", "sum")  # not opened of themselves in a big graph


def opened(tree: Tree, *, budget: int = ROOMY, closed: Sequence[str] = (), all: bool = False) -> list[int]:
    """The boxes to open at first: small ones first, while no more than ``budget`` things are seen.

    Boxes of one kind in one place open together or not at all. ``closed`` names boxes that stay shut (all
    others open, as far as the page can draw them); ``all`` opens everything.
    """
    if all:
        return list(range(len(tree.parent)))
    if closed:
        budget = DRAWN
    inside = tree.inside()
    free = bool(closed) or len(tree.of) <= budget
    front = [g for kind, g in inside[TOP] if kind == "box"]
    seen = len(inside[TOP])
    found: list[int] = []
    while True:
        sets: dict[Hashable, list[int]] = defaultdict(list)
        for g in front:
            sets[tree.parent[g], stem(tree.name[g])].append(g)
        can = []
        for boxes in sets.values():
            shut = any(stem(tree.name[g]) in closed or tree.name[g] in closed for g in boxes)
            bundled = not free and any(tree.kind[g] in BUNDLES for g in boxes)
            cost = sum(len(inside[g]) - 1 for g in boxes)
            if not shut and not bundled and seen + cost <= budget:
                can.append((cost, boxes))
        if not can:
            return found
        cost, boxes = min(can)
        seen += cost
        found += boxes
        taken = set(boxes)
        front = [g for g in front if g not in taken]
        front += [g for box in boxes for kind, g in inside[box] if kind == "box"]


def stem(name: str) -> str:
    """A box's name without its number: `relu` of `relu #3`, `layers` of `layers.0`."""
    return re.sub(r"[ #×]+[\d,]+$|[.\d]+$", "", name)


def _cut(tree: Tree, box: int, things: list[tuple[str, int]]) -> None:
    work = [(box, things, 1)]
    prefix = f"{stem(tree.name[box])} " if box != TOP and tree.kind[box] == "repeat" else ""
    while work:
        at, part, start = work.pop()
        if len(part) <= 12:
            for kind, i in part:
                if kind == "value":
                    tree.of[i] = at
                else:
                    tree.parent[i] = at
            continue
        size = 10
        while size * 10 < len(part):
            size *= 10
        for k in range(0, len(part), size):
            piece = part[k : k + size]
            low, high = start + k, start + k + len(piece) - 1
            work.append((tree.add(at, f"{prefix}{low}–{high}", "run"), piece, low))
