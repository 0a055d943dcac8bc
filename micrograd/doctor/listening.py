"""Listening to a training loop: every backward() is written down, and every step of our optimizers."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from micrograd.doctor.student import BACKWARD, Student, Unreadable
from micrograd.doctor.watching import Runaway

MOST = 40  # calls of backward() that are watched; a loop shows what it does in a few


class Enough(Runaway):
    """What had to be seen has been seen: the loop is ended."""


class Pass(NamedTuple):
    """One backward(): its root, the leaves of its graph, their numbers, and their gradients before and after; how many nodes there were."""

    root: Any
    loss: float
    leaves: list[Any]
    data: list[float]
    before: list[float]
    after: list[float]
    size: int
    kept: bool  # whether the graph holds the root of the pass before


class Watched:
    """The passes of one run, and the steps of our optimizers: (numbers of their parameters, their gradients, the learning rate).

    until: the `time.perf_counter()` after which no further pass is waited for.
    """

    def __init__(self, until: float = math.inf) -> None:
        self.until = until
        self.passes: list[Pass] = []
        self.steps: list[tuple[list[Any], list[float], float]] = []
        self.student: Student | None = None


@contextmanager
def listening(watched: Watched, classes: Sequence[type]) -> Iterator[None]:
    """Every backward() of these classes, and every step of our optimizers, is written down."""
    from micrograd import optim

    undo: list[tuple[Any, str, Any]] = []
    inside = [False]
    for cls in dict.fromkeys(classes):
        try:
            student = Student(cls)
        except Unreadable:
            continue
        name = next((n for n in BACKWARD if callable(vars(cls).get(n))), "")
        if not name or not student.grad_name:
            continue
        original = vars(cls)[name]
        undo.append((cls, name, original))
        setattr(cls, name, _heard(watched, student, original, inside))
    step = optim.Optimizer.step

    def stepped(self: Any, *args: Any, **more: Any) -> Any:
        parameters = [p for group in self.groups for p in group.params]
        rates = [group.settings.get("lr", math.nan) for group in self.groups]
        watched.steps.append((parameters, [float(p.grad) for p in parameters], max(map(abs, rates), default=math.nan)))
        return step(self, *args, **more)

    undo.append((optim.Optimizer, "step", step))
    optim.Optimizer.step = stepped  # type: ignore[method-assign]
    try:
        yield
    finally:
        for owner, name, original in undo:
            setattr(owner, name, original)


def _heard(watched: Watched, student: Student, original: Any, inside: list[bool]) -> Any:
    def backward(self: Any, *args: Any, **more: Any) -> Any:
        if inside[0]:
            return original(self, *args, **more)
        nodes = _graph(student, self)
        leaves = [node for node, operands in nodes if not operands]
        data, before = [student.data(x) for x in leaves], [student.grad(x) for x in leaves]
        old = watched.passes[-1].root if watched.passes else None
        kept = old is not None and old is not self and any(node is old for node, _ in nodes)
        inside[0] = True
        try:
            result = original(self, *args, **more)
        finally:
            inside[0] = False
        watched.student = student
        after = [student.grad(x) for x in leaves]
        watched.passes.append(Pass(self, student.data(self), leaves, data, before, after, len(nodes), kept))
        if len(watched.passes) >= MOST or time.perf_counter() > watched.until:
            raise Enough
        return result

    return backward


def _graph(student: Student, root: Any) -> list[tuple[Any, list[Any]]]:
    """(node, its operands) of all that a root was made of."""
    args_of = importlib.import_module("viz.reading").args_of
    literal = importlib.import_module("viz.reading").is_literal
    found: list[tuple[Any, list[Any]]] = []
    seen = {id(root)}
    todo = [root]
    while todo and len(found) < 20_000:
        node = todo.pop()
        try:
            operands = [x for x in args_of(node) if isinstance(x, student.kind)]
        except TypeError:
            operands = []
        operands = operands or student.operands(node)
        if not (literal(node) and not operands):
            found.append((node, operands))
        for x in operands:
            if id(x) not in seen:
                seen.add(id(x))
                todo.append(x)
    return found
