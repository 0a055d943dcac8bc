"""Ask a class one operation at one place: its number, and what it passes back for an upstream gradient and old gradients that are not 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from micrograd.doctor.forms import Form
from micrograd.doctor.student import Student
from micrograd.doctor.watching import Place, Seen

UPSTREAM = 0.75
OLD = (-1.25, 0.5)  # what the operands' gradients hold before: neither 0 nor alike
WAYS = ("seed", "argument", "preset", "closure")  # how an upstream gradient gets in, see `walk`


class Answer(NamedTuple):
    """What one operation did at one point.

    y: its number; None where there is none. stage: where it ended, "done" or the part that failed. upstream: what reached the result.
    old, new: the gradients of the operands before and after. forward, backward: the student's lines that ran.
    """

    form: Form
    point: tuple[float, ...]
    y: float | None
    stage: str
    result: Any
    upstream: float
    old: tuple[float, ...]
    new: tuple[float, ...]
    out_grad: float
    data_after: tuple[float, ...]
    leaves: list[Any]
    forward: Seen
    backward: Seen | None

    @property
    def error(self) -> BaseException | None:
        """What was raised."""
        return self.forward.error or (self.backward.error if self.backward else None)

    @property
    def at(self) -> Place | None:
        """Where it was raised."""
        return self.forward.at or (self.backward.at if self.backward else None)


def ask(student: Student, form: Form, point: tuple[float, ...], way: str, upstream: float = UPSTREAM, old: Sequence[float] = OLD) -> Answer:
    """Do it. `way`: see `walk`; "one" takes the upstream gradient 1 that backward() itself sets."""
    leaves = [student.make(x) for x in point]
    begun = tuple(old[: len(leaves)]) if student.grad_name else (0.0,) * len(leaves)
    if student.grad_name:
        for leaf, grad in zip(leaves, begun, strict=True):
            student.set_grad(leaf, grad)
    numbers = [_reader(student.data, leaf) for leaf in leaves]
    forward = student.watch(lambda: form.run(*leaves), numbers)
    out = forward.result

    def answer(stage: str, y: float | None, back: Seen | None = None, u: float = 1.0) -> Answer:
        new = tuple(student.grad(leaf) for leaf in leaves) if student.grad_name else begun
        after = tuple(student.data(leaf) for leaf in leaves)
        last = student.grad(out) if y is not None and student.grad_name else 0.0
        return Answer(form, point, y, stage, out, u, begun, new, last, after, leaves, forward, back)

    if forward.error is not None:
        return answer("forward", None)
    if not isinstance(out, student.kind):
        return answer("type", None)
    y = student.data(out)
    if not student.grad_name or not student.backward_name or any(out is leaf for leaf in leaves):
        return answer("forward only", y)
    back, reached = walk(student, out, leaves, way, upstream)
    return answer("done" if back.error is None else "backward", y, back, reached)


def _reader(read: Callable[[Any], float], value: Any) -> Callable[[], float]:
    return lambda: read(value)


def walk(student: Student, out: Any, leaves: Sequence[Any], way: str, upstream: float = UPSTREAM) -> tuple[Seen, float]:
    """(what was seen, the upstream gradient that reached `out`) of one backward pass, whose upstream gradient is not 1.

    "seed": what backward() first writes into `out` is replaced at the next line. "argument": backward(u). "preset": `out` holds it
    before, for a backward() that sets none. "closure": the function of `out` alone. "one": backward() as it is.

    Watched are the gradients of the leaves (slots 0, 1, …), that of `out` (the next slot), and their numbers (the rest).
    """
    n = len(leaves)
    slots = [_reader(student.grad, v) for v in (*leaves, out)] + [_reader(student.data, v) for v in (*leaves, out)]
    reached = [1.0]
    first = [True]

    def inject(slot: int, now: float) -> float | None:
        if slot == n and way == "seed" and first[0]:  # whatever it begins with
            first[0] = False
            student.set_grad(out, upstream)
            reached[0] = upstream
            return upstream
        return None

    if way == "argument":
        reached[0] = upstream
        seen = student.watch(lambda: student.backward(out, upstream), slots)
    elif way == "preset":
        student.set_grad(out, upstream)
        reached[0] = upstream
        seen = student.watch(lambda: student.backward(out), slots)
    elif way == "closure":
        student.set_grad(out, upstream)
        reached[0] = upstream
        closure = student.closure(out)
        seen = student.watch(closure if closure is not None else (lambda: None), slots)
    else:
        seen = student.watch(lambda: student.backward(out), slots, inject)
    return seen, reached[0]
