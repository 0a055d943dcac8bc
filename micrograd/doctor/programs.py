"""Small programs of several operations, their true numbers and gradients, and what wrong ways of walking back would give for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from micrograd.doctor.forms import Form

NAMES = "abcdefghijklmnopqrstuvwxyz"


class Program(NamedTuple):
    """inputs: numbers of a, b, …. steps: (form, places of its operands among inputs and earlier results); the last one is the root."""

    inputs: tuple[float, ...]
    steps: tuple[tuple[Form, tuple[int, ...]], ...]

    def __str__(self) -> str:
        used = [p for _, places in self.steps for p in places]
        names = list(NAMES[: len(self.inputs)])
        lines = []
        for i, (form, places) in enumerate(self.steps):
            said = form.written([names[p] for p in places])
            last = i + 1 == len(self.steps)
            if not last and used.count(len(self.inputs) + i) == 1 and len(self.steps) <= 3:
                names.append(f"({said})")
            else:
                names.append(NAMES[len(self.inputs) + i])
                lines.append(said if last else f"{names[-1]} = {said}")
        return "; ".join(lines)

    def shown(self) -> list[tuple[str, str, list[str]]]:
        """(name, text, names of the operands) of every step, for a picture."""
        names = list(NAMES[: len(self.inputs) + len(self.steps)])
        n = len(self.inputs)
        return [
            (names[n + i], form.written([names[p] for p in places]), [names[p] for p in places])
            for i, (form, places) in enumerate(self.steps)
        ]

    def build(self, make: Callable[[float], Any]) -> list[Any]:
        """Inputs and results, made by a class."""
        made = [make(x) for x in self.inputs]
        for form, places in self.steps:
            made.append(form.run(*(made[p] for p in places)))
        return made

    def values(self) -> list[float]:
        """The true numbers."""
        made = list(self.inputs)
        for form, places in self.steps:
            made.append(float(form.value(*(made[p] for p in places))))
        return made

    def graph(self) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
        """(operands, local derivatives) of every place; none for an input."""
        values, rows = self.values(), [((), ())] * len(self.inputs)  # type: list[float], list[Any]
        for i, (form, places) in enumerate(self.steps):
            xs = [values[p] for p in places]
            rows.append((places, tuple(rule(values[len(self.inputs) + i], *xs) for rule in form.slopes)))
        return rows

    def gradients(self) -> list[float]:
        """The true gradients of the root by every place."""
        rows = self.graph()
        grads = [0.0] * len(rows)
        grads[-1] = 1.0
        for place in range(len(rows) - 1, -1, -1):
            _push(rows, grads, place)
        return grads


Rows = Sequence[tuple[tuple[int, ...], tuple[float, ...]]]


def _push(rows: Rows, grads: list[float], place: int, once: bool = False) -> None:
    args, slopes = rows[place]
    given: set[int] = set()
    for arg, slope in zip(args, slopes, strict=True):
        if not once or arg not in given:
            grads[arg] += grads[place] * slope
        given.add(arg)


Walk = Callable[[Rows, Sequence[Sequence[int]]], list[float]]


def _start(rows: Rows) -> list[float]:
    return [0.0] * (len(rows) - 1) + [1.0]


def _recursive(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
    grads, stack = _start(rows), [len(rows) - 1]
    while stack:
        place = stack.pop()
        _push(rows, grads, place)
        stack.extend(reversed(kids[place]))
    return grads


def _recursive_once(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
    """Depth first, each node when it is first met."""
    grads, stack = _start(rows), [len(rows) - 1]
    seen: set[int] = set()
    while stack:
        place = stack.pop()
        if place not in seen:
            seen.add(place)
            _push(rows, grads, place)
            stack.extend(reversed(kids[place]))
    return grads


def _reseeding(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
    """backward() calls backward() of the operands, and each sets its own gradient to 1."""
    grads, stack = _start(rows), [len(rows) - 1]
    while stack:
        place = stack.pop()
        grads[place] = 1.0
        _push(rows, grads, place)
        stack.extend(reversed(kids[place]))
    return grads


def _each(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
    """Push to one operand and go on from there before the next is pushed to."""
    grads = _start(rows)
    ways = [zip(*rows[-1], strict=True)]  # of each node on the way down, what is still to be pushed to
    places = [len(rows) - 1]
    while ways:
        for arg, slope in ways[-1]:
            grads[arg] += grads[places[-1]] * slope
            ways.append(zip(*rows[arg], strict=True))
            places.append(arg)
            break
        else:
            ways.pop()
            places.pop()
    return grads


def _order(kids: Sequence[Sequence[int]], root: int, first: bool, visited: bool) -> list[int]:
    found: list[int] = []
    seen: set[int] = set()
    stack = [(root, False)]  # a node, and whether its operands are done
    while stack:
        place, done = stack.pop()
        if done:
            found.append(place)
            continue
        if visited and place in seen:
            continue
        seen.add(place)
        if first:
            found.append(place)
        else:
            stack.append((place, True))
        stack.extend((kid, False) for kid in reversed(kids[place]))
    return found


def _listed(first: bool, visited: bool, back: bool, once: bool = False) -> Walk:
    def walk(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
        grads = _start(rows)
        order = _order(kids, len(rows) - 1, first, visited)
        for place in reversed(order) if back else order:
            _push(rows, grads, place, once)
        return grads

    return walk


def _spreading(next_one: int, stop: bool) -> Walk:
    """Each node when its turn comes: of those that wait the first (0, breadth first) or the last (-1, a stack). stop: each waits once."""

    def walk(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
        grads = _start(rows)
        waiting, seen = [len(rows) - 1], {len(rows) - 1}
        while waiting:
            place = waiting.pop(next_one)
            _push(rows, grads, place)
            for kid in kids[place]:
                if not stop or kid not in seen:
                    seen.add(kid)
                    waiting.append(kid)
        return grads

    return walk


def _root_alone(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
    grads = _start(rows)
    _push(rows, grads, len(rows) - 1)
    return grads


def _without_upstream(rows: Rows, kids: Sequence[Sequence[int]]) -> list[float]:
    grads = _start(rows)
    for place in range(len(rows) - 1, -1, -1):
        for arg, slope in zip(*rows[place], strict=True):
            grads[arg] += slope
    return grads


# name, detail, walk: what a wrong walk would give
WALKS: tuple[tuple[str, str, Walk], ...] = (
    ("duplicates", "", _listed(False, True, True, once=True)),
    ("upstream-missing", "", _without_upstream),
    ("one-level", "", _root_alone),
    ("not-reversed", "", _listed(False, True, False)),
    ("no-visited", "", _listed(False, False, True)),
    ("order", "recursion at once", _recursive),
    ("order", "recursion at once, and every node sets its own gradient to 1", _reseeding),
    ("order", "recursion at once, operand by operand", _each),
    ("order", "depth first, each node when it is first met", _recursive_once),
    ("preorder", "", _listed(True, True, True)),
    ("preorder", "", _listed(True, True, False)),
    ("order", "breadth first", _spreading(0, True)),
    ("order", "breadth first, nodes again and again", _spreading(0, False)),
    ("order", "a stack in place of an order", _spreading(-1, True)),
    ("order", "a stack in place of an order", _spreading(-1, False)),
)


def _arrangements(rows: Rows) -> Iterator[list[tuple[int, ...]]]:
    """The orders in which the operands of each node may be met: as written and turned round, doubles kept or not."""
    ways = []
    for args, _ in rows:
        plain = tuple(args)
        ways.append(list(dict.fromkeys([plain, plain[::-1], tuple(dict.fromkeys(plain))])))
    yield from map(list, itertools.islice(itertools.product(*ways), 256))


def wrong_walks(seen: Sequence[tuple[Program, Sequence[float]]]) -> dict[str, str]:
    """The wrong walks (name, detail) that give the gradients of the inputs seen in all of these programs."""

    def fits(walk: Walk, program: Program, grads: Sequence[float]) -> bool:
        rows, n = program.graph(), len(program.inputs)
        for kids in _arrangements(rows):
            made = walk(rows, kids)
            if all(abs(x - y) <= 1e-6 * max(1e-3, abs(x), abs(y)) for x, y in zip(made[:n], grads[:n], strict=True)):
                return True
        return False

    found: dict[str, str] = {}
    for name, detail, walk in WALKS:
        if name not in found and all(fits(walk, program, grads) for program, grads in seen):
            found[name] = detail
    return found
