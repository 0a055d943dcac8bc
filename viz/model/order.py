"""An order of the computation in which each box comes in one piece.

Any order that has operands before their users computes the same numbers. Values are made sample by sample; whoever steps through a
closed "layers[0] ×100" wants to be done with it in one step. So the things side by side in a box are sorted so that what they use comes
before them (by the place of their first value where that leaves a choice), and each box is sorted within itself. Where boxes use each
other in a circle, their values keep the order in which they were made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

TOP = -1


def arrange(of: Sequence[int], parent: Sequence[int], args: Sequence[Sequence[int]]) -> list[int]:
    """The places of all values that have operands, sorted. ``of`` and ``parent``: see `boxes.Boxes`."""
    n = len(of)
    first: dict[int, int] = {}  # box -> its first computed value
    inside: dict[int, list[int]] = defaultdict(list)
    for place, operands in enumerate(args):
        if operands:
            inside[of[place]].append(place)
            box = of[place]
            while box != TOP and box not in first:
                first[box] = place
                inside[parent[box]].append(n + box)
                box = parent[box]
    after = _uses(of, parent, args)
    made: list[int] = []
    stack = [iter(_sorted(inside[TOP], after[TOP], first, args, inside))]
    while stack:
        thing = next(stack[-1], None)
        if thing is None:
            stack.pop()
        elif thing < n:
            made.append(thing)
        else:
            stack.append(iter(_sorted(inside[thing - n], after[thing - n], first, args, inside)))
    return made


def _uses(of: Sequence[int], parent: Sequence[int], args: Sequence[Sequence[int]]) -> dict[int, dict[int, list[int]]]:
    """box -> thing directly in it -> the things directly in it that use it, where one of the two is a box."""
    n = len(of)
    chains: dict[int, list[int]] = {TOP: []}

    def chain(box: int) -> list[int]:  # from the outermost inwards
        if box not in chains:
            path = [box]
            while path[-1] != TOP and parent[path[-1]] != TOP:
                path.append(parent[path[-1]])
            chains[box] = path[::-1]
        return chains[box]

    met: dict[tuple[int, int], tuple[int, int, int] | None] = {}  # None: of two boxes side by side all is said
    after: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for user, operands in enumerate(args):
        b = of[user]
        for arg in operands:
            a = of[arg]
            if a == b or not args[arg]:
                continue
            if (a, b) not in met:
                left, right, k = chain(a), chain(b), 0
                while k < len(left) and k < len(right) and left[k] == right[k]:
                    k += 1
                met[a, b] = (left[k - 1] if k else TOP, n + left[k] if k < len(left) else TOP, n + right[k] if k < len(right) else TOP)
            if meeting := met[a, b]:
                where, x, y = meeting
                after[where][arg if x == TOP else x].append(user if y == TOP else y)
                if x != TOP and y != TOP:
                    met[a, b] = None
    return after


def _sorted(
    things: list[int], after: dict[int, list[int]], first: dict[int, int], args: Sequence[Sequence[int]], inside: dict[int, list[int]]
) -> list[int]:
    """The things of one box, what is used before its users; those in a circle as their values, in the order they were made.

    They come in the order in which they begin. A value begins after what it uses.
    """
    n = len(args)
    begun = {thing: first[thing - n] for thing in things if thing >= n}
    if all(begun.get(thing, thing) < begun.get(user, user) for thing, users in after.items() for user in users):
        return things
    waits = dict.fromkeys(things, 0)
    for user in things:
        for arg in args[user] if user < n else ():
            if arg in waits:
                after[arg].append(user)
    for users in after.values():
        for user in users:
            waits[user] += 1
    ready = [(begun.get(thing, thing), thing) for thing in things if not waits[thing]]
    heapify(ready)
    made: list[int] = []

    def done(thing: int) -> None:
        for user in after.get(thing, ()):
            if user in waits:
                waits[user] -= 1
                if not waits[user]:
                    heappush(ready, (begun.get(user, user), user))

    while waits:
        while ready:
            _, thing = heappop(ready)
            del waits[thing]
            made.append(thing)
            done(thing)
        if waits:
            circle = set(waits)
            while ends := [thing for thing in circle if circle.isdisjoint(after.get(thing, ()))]:
                circle.difference_update(ends)  # these come after the circle
            for thing in circle:
                del waits[thing]
            made += sorted(place for thing in circle for place in _values(thing, n, inside))
            for thing in circle:
                done(thing)
    return made


def _values(thing: int, n: int, inside: dict[int, list[int]]) -> list[int]:
    """The computed values in a thing."""
    found, stack = [], [thing]
    while stack:
        x = stack.pop()
        if x < n:
            found.append(x)
        else:
            stack += inside[x - n]
    return found
