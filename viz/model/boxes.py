"""One tree of boxes for every telling: which values a closed box stands for, at every depth.

Three things make boxes, from the outside inwards:

1. **scopes** (`regions`): one box for each module call or user scope; the calls of one module, and equally named scopes, beside each
   other are laid on each other, "name ×N". Where a call works on what another gave (a recurrent cell) they stand in a row instead,
   "cell ×T" with "cell #1", "cell #2" … inside;
2. **alike parts** (`shapes`): what is left side by side in a box, where that is much, by its shape: "tanh ×100", a sum of a hundred
   terms, the middle of a long chain;
3. **runs**: what is still too much in one place, cut in the order of the computation.

What is open is another matter: a picture opens boxes while its budget lasts (`opened`), a person opens them on a page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ..record import field, record
from .order import arrange
from .regions import Region, module_parameters, modules, name_regions, regions
from .shapes import Group, Shapes

TOP = -1
ROOM = 60  # a box holds no more things than this side by side, and a picture shows no more of itself
FEW = 8  # so many values in one place are seen one by one
EDGES = 3  # lines for each thing of the budget
FRAMES = ("scope", "repeat")  # what a picture draws a frame around when it is open


@record
class Boxes:
    """Boxes as parallel lists; ``of[i]`` is the innermost box of value i, ``TOP`` for none."""

    of: list[int]
    args: list[tuple[int, ...]]
    parent: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)  # scope, repeat, alike, run
    region: list[Region | None] = field(default_factory=list)  # of scopes and repeats
    modules: list[Any] = field(default_factory=list)  # those of the scopes, outermost first

    def add(self, parent: int, name: str, kind: str, region: Region | None = None) -> int:
        """A new box; its number."""
        self.parent.append(parent)
        self.name.append(name)
        self.kind.append(kind)
        self.region.append(region)
        return len(self.parent) - 1

    def inside(self) -> dict[int, list[int]]:
        """What each box holds directly: values by place, boxes as ``len(of) + number``; ``TOP`` too."""
        n, held = len(self.of), defaultdict[int, list[int]](list)
        for place, box in enumerate(self.of):
            held[box].append(place)
        for box, parent in enumerate(self.parent):
            held[parent].append(n + box)
        return held

    def shown(self, opened: Iterable[int]) -> list[int]:
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

    def order(self) -> list[int]:
        """The values that were computed, in an order that makes the values of every box come one after another (see `order`)."""
        return arrange(self.of, self.parent, self.args)

    def frame(self, box: int) -> int:
        """The innermost frame that holds this box, ``TOP`` for none."""
        box = self.parent[box]
        while box != TOP and self.kind[box] not in FRAMES:
            box = self.parent[box]
        return box


def grow(
    values: list[Any], args: list[tuple[int, ...]], roots: Sequence[int], *, room: int = ROOM, apart: bool = False, deep: bool = False
) -> Boxes:
    """The boxes of a graph.

    One of no more than ``room`` values has its scopes alone, each call by itself, unless ``apart`` is given: then the calls of a
    module lie together, and those of a recurrent cell in a row. ``deep``: cut what is wide in boxes that no picture opens, too.
    """
    merge = apart or len(values) > room
    tree = regions(values, args, merge)
    name_regions(tree)
    boxes = Boxes([TOP] * len(values), args, modules=modules(tree))
    numbers = [TOP]
    for region in tree[1:]:
        kind = "repeat" if region.unrolled else "scope"
        numbers.append(boxes.add(numbers[region.parent], times(region.name, region.calls), kind, region))
    shapes = Shapes(values, args, tree, roots if len(roots) <= room // 3 else ()) if merge else None
    for at, region in enumerate(tree):
        _fill(boxes, numbers[at], at, region, shapes, room)
    if merge:
        _cut(boxes, room, deep)
    return boxes


def _fill(boxes: Boxes, box: int, at: int, region: Region, shapes: Shapes | None, room: int) -> None:
    """Put the values directly in a region into its box, alike ones together."""
    for place in region.direct:
        boxes.of[place] = box
    if shapes is None:
        return
    if region.unrolled:  # its parameters, apart from the data
        found = [Group([place for place in region.direct if place in shapes.parameters], "")]
    else:
        found = _states(shapes, at, region)
        if region.calls > 1 or len(region.direct) > FEW:
            begun = {place for members, _ in found for place in members}
            found += [Group([i for i in members if i not in begun], word) for members, word in _alike(shapes, at, region, room)]
    for members, word in found:
        if len(members) > 1:
            inner = boxes.add(box, word if "×" in word else times(shapes.word(members[-1]), len(members)), "alike")
            for place in members:
                boxes.of[place] = inner


def _states(shapes: Shapes, at: int, region: Region) -> list[Group]:
    """The leaves a module makes as it runs cells along a sequence, by cell: the zeros at the start, and where a gradient was cut."""
    found: dict[int, list[int]] = {}
    if getattr(region.scope, "module", None) is not None and any(shapes.tree[inner].unrolled for inner in region.children):
        for place in region.direct:
            if not shapes.args[place] and place not in shapes.parameters:
                found.setdefault(shapes.child(at, shapes.first_user[place]), []).append(place)
    return [Group(places, times("states", len(places))) for places in found.values()]


def _alike(shapes: Shapes, at: int, region: Region, room: int) -> list[Group]:
    """The values of a region in groups: the calls of a module laid on each other, else by shape."""
    found = [Group(members, "") for members in _piles(shapes.ops, region).values()] if region.calls > 1 else []
    return found if found and len(found) <= room // 3 else shapes.groups(at, room // 3)


def _piles(ops: list[str], region: Region) -> dict[tuple[int, str], list[int]]:
    """The calls of a module laid on each other: the values at one place of each call, by what made them."""
    piles: dict[tuple[int, str], list[int]] = {}
    for place, position in zip(region.direct, region.position, strict=True):
        piles.setdefault((position, ops[place]), []).append(place)
    return piles


def _cut(boxes: Boxes, room: int, deep: bool) -> None:
    """Where a box holds too much: consecutive runs in the order of the computation, at the top what comes before the last things."""
    n, inside = len(boxes.of), boxes.inside()
    wide = [box for box, things in inside.items() if len(things) > (max(room, 2) if box == TOP else ROOM)]
    for box in wide if deep else ():
        if box != TOP and inside[box][-1] < n:  # values alone are in order
            _runs(boxes, box, inside[box])
    wide = [box for box in wide if box == TOP or inside[box][-1] >= n]
    if not wide:
        return
    when = {place: k for k, place in enumerate(boxes.order())}
    users: dict[int, int] = {}
    for user, operands in enumerate(boxes.args):
        for arg in operands:
            users.setdefault(arg, user)

    def first(thing: int) -> tuple[int, int]:
        least, stack = len(when), [thing]
        while stack:
            x = stack.pop()
            if x >= n:
                stack += inside[x - n]
            elif x in when:
                least = min(least, when[x])
            elif thing < n:
                least = when.get(users.get(x, x), least) - 1
        return least, thing

    for box in wide:
        things = sorted(inside[box], key=first)
        if box == TOP:
            keep = max(room, 2) - 1
            things, last = things[:-keep], things[-keep:]
            into = boxes.add(TOP, "earlier values", "run")
            _runs(boxes, into, things)
            count = n - sum(_amount(inside, thing, n) for thing in last)
            boxes.name[into] = times("earlier values", count)
        else:
            _runs(boxes, box, things)


def _amount(inside: dict[int, list[int]], thing: int, n: int) -> int:
    count, stack = 0, [thing]
    while stack:
        x = stack.pop()
        if x < n:
            count += 1
        else:
            stack += inside[x - n]
    return count


def _runs(boxes: Boxes, box: int, things: list[int]) -> None:
    """Put things into a box, as runs of ten, of a hundred … where they are many."""
    n, work = len(boxes.of), [(box, things, 1)]
    while work:
        at, part, start = work.pop()
        if len(part) <= 12:
            for thing in part:
                if thing < n:
                    boxes.of[thing] = at
                else:
                    boxes.parent[thing - n] = at
            continue
        size = 10
        while size * 10 < len(part):
            size *= 10
        for k in range(0, len(part), size):
            low, high = start + k, start + min(k + size, len(part)) - 1
            work.append((boxes.add(at, f"{low}–{high}", "run"), part[k : k + size], low))


# ---------------------------------------------------------------- what is open


def opened(boxes: Boxes, *, budget: int = ROOM, closed: Collection[str] = (), all: bool = False, time: bool = False) -> list[int]:
    """The boxes to open at first: from the outside inwards, while no more than ``budget`` things are seen.

    Boxes of one kind beside each other (the neurons of a layer) open together or not at all. ``closed`` names boxes that stay shut,
    all others open; ``all`` opens everything; ``time`` opens what stands in a row, and shows each of its steps closed.
    """
    if closed or all:
        return [box for box in range(len(boxes.parent)) if not called(boxes, box) & set(closed)]
    n, inside = len(boxes.of), boxes.inside()
    seen, steps = len(inside[TOP]), list[list[int]]()

    def doors(box: int) -> list[list[int]]:
        kinds: dict[str, list[int]] = {}
        for thing in inside[box]:
            if thing >= n:
                kinds.setdefault(_kind(boxes, thing - n), []).append(thing - n)
        return list(kinds.values())

    queue, later = doors(TOP), list[list[int]]()
    while queue:
        batch, *queue = queue
        if boxes.kind[batch[0]] not in FRAMES:
            later.append(batch)  # alike parts, when all scopes had their turn
            continue
        row = time and boxes.kind[batch[0]] == "repeat"
        if time and not row and not any(_has_row(boxes, inside, box) for box in batch):
            continue
        cost = sum(len(inside[box]) - 1 for box in batch)
        if seen + cost <= budget or time:
            seen += cost
            steps.append(batch)
            queue += [kind for box in batch for kind in doors(box)]
    while later and not time and n <= 4 * budget:  # where much is folded, alike things say more as one
        batch, *later = later
        cost = sum(len(inside[box]) - 1 for box in batch)
        if seen + cost <= budget:
            seen += cost
            steps.append(batch)
            later += [kind for box in batch for kind in doors(box)]
    most = 0 if time else seen * (seen - 1)  # lines that so many things can have
    while len(steps) > 1 and most > EDGES * budget and _lines(boxes, steps) > EDGES * budget:
        steps.pop()  # too many lines to follow: close what was opened last
    return [box for batch in steps for box in batch]


def _lines(boxes: Boxes, steps: list[list[int]]) -> int:
    """How many lines a picture with these boxes open has."""
    shown = boxes.shown(box for batch in steps for box in batch)
    lines = {(shown[arg], shown[i]) for i, operands in enumerate(boxes.args) for arg in operands}
    return sum(a != b for a, b in lines)


def _has_row(boxes: Boxes, inside: dict[int, list[int]], box: int) -> bool:
    """Whether there is a row of cells anywhere in this box."""
    n, stack = len(boxes.of), [box]
    while stack:
        at = stack.pop()
        if boxes.kind[at] == "repeat":
            return True
        stack += [thing - n for thing in inside[at] if thing >= n]
    return False


def _kind(boxes: Boxes, box: int) -> str:
    """Equal for boxes that open together: of one module class, or named alike but for a number; alike parts beside each other."""
    region = boxes.region[box]
    if region is None:
        return boxes.kind[box]
    module = getattr(region.scope, "module", None)
    return f"{boxes.kind[box]} {stem(boxes.name[box]) if module is None else type(module).__name__}"


def stem(name: str) -> str:
    """A box's name without its number: ``relu`` of ``relu #3``, ``layers`` of ``layers[0] ×4``."""
    return re.sub(r"( ×[\d,]+)?( #\d+)?[\d\[\]._ -]*$", "", name) or name


def called(boxes: Boxes, box: int) -> set[str]:
    """The words by which a caller may mean this box: its name with and without its number, its path, its module's class."""
    name, region = boxes.name[box], boxes.region[box]
    words = {name, name.split(" ×")[0], stem(name)}
    if region is not None:
        module = getattr(region.scope, "module", None)
        words |= {region.name, region.path} | ({type(module).__name__} if module is not None else set())
    return words


def times(text: str, count: int) -> str:
    """``text``, with "×N" when there is more than one."""
    return f"{text} ×{count:,}" if count > 1 else text


def describe(region: Region | None) -> tuple[str, ...]:
    """A line on the module behind a folded scope: its kind and how many parameters it has."""
    module = getattr(region.scope, "module", None) if region is not None else None
    if module is None or region is None or region.number:  # those of a row stand beside it
        return ()
    count = len(module_parameters(module))
    kind = type(module).__name__
    known = kind == region.name.split(" ")[0]
    if not count:
        return () if known else (kind,)
    amount = f"{count:,} parameter{'s' if count > 1 else ''}"
    return (amount,) if known else (f"{kind}, {amount}",)
