"""From numbers to a named mistake.

Each known mistake says what a gradient, or a result, would be if it were made; the one that fits at every point is the diagnosis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from micrograd.doctor.asking import Answer

RELATIVE = 1e-6  # a student's formula rounds otherwise than ours, by some 1e-15; a mistake is off by far more


class Named(NamedTuple):
    """A mistake that fits: its name in `faults.FAULTS`, and what is particular here."""

    name: str
    detail: str = ""


class Case(NamedTuple):
    """One operand at one point: its gradient before and after, the slope by each operand, the upstream gradient, the numbers."""

    base: float
    new: float
    slopes: tuple[float, ...]
    u: float
    y: float
    xs: tuple[float, ...]
    old: tuple[float, ...]


def close(x: float, y: float, relative: float = RELATIVE) -> bool:
    """Whether two numbers are alike, beyond rounding."""
    return x == y or (x != x and y != y) or abs(x - y) <= relative * max(1e-3, abs(x), abs(y))


def gradient(answers: Sequence[Answer], slot: int, zeroed: bool) -> Named | None:
    """What is wrong with what an operation passes back to one operand; None: nothing.

    zeroed: the class sets gradients to 0 before it walks, so that old ones are not expected.
    """
    form = answers[0].form
    cases = []
    for a in answers:
        assert a.y is not None
        xs = a.point
        slopes = tuple(rule(form.value(*xs), *xs) for rule in form.slopes)
        base = tuple(0.0 for _ in a.old) if zeroed else a.old
        cases.append(Case(base[slot], a.new[slot], slopes, a.upstream, form.value(*xs), xs, base))
    if all(_fits(lambda c: c.base + c.u * c.slopes[slot], c) for c in cases):
        return None
    for name, detail, rule in _hypotheses(form.kind, form.rivals[slot] if slot < len(form.rivals) else (), slot, len(form.slopes)):
        if all(_fits(rule, c) for c in cases):
            return Named(name, detail)
    factors = {round((c.new - c.base) / (c.u * c.slopes[slot]), 6) for c in cases if abs(c.slopes[slot]) > 1e-9}
    if len(factors) == 1:
        return Named("wrong-derivative", f"off by the factor {factors.pop():g}")
    return Named("wrong-derivative")


def _fits(rule: Callable[[Case], float], case: Case) -> bool:
    try:
        return close(rule(case), case.new)
    except (ArithmeticError, ValueError, TypeError):
        return False


Guess = Callable[[Case], float]
Hypothesis = tuple[str, str, Guess]


def _other(j: int) -> Guess:
    return lambda c: c.base + c.u * c.slopes[j]


def _number(j: int) -> Guess:
    return lambda c: c.base + c.u * c.xs[j]


def _grad_of(j: int, i: int) -> Guess:
    return lambda c: c.base + c.old[j] * c.slopes[i]


def _rival(rule: Callable[..., float], sign: float = 1.0, kept: bool = True) -> Guess:
    return lambda c: (c.base if kept else 0.0) + sign * c.u * rule(c.y, *c.xs)


def _hypotheses(kind: str, rivals: Sequence[tuple[str, Callable[..., float]]], i: int, arity: int) -> Iterator[Hypothesis]:
    """The mistakes that one operand's gradient may show, the commonest first."""
    yield "overwrite", "", lambda c: c.u * c.slopes[i]
    yield "overwrite", "", lambda c: c.u * c.slopes[i] if c.slopes[i] else c.base  # not written to in a branch
    yield "nothing-back", "", lambda c: c.base
    yield "upstream-missing", "", lambda c: c.base + c.slopes[i]
    yield "sign", "", lambda c: c.base - c.u * c.slopes[i]
    yield "local-missing", "", lambda c: c.base + c.u
    yield "counted-twice", "", lambda c: c.base + 2 * c.u * c.slopes[i]
    for j in range(arity):
        if j != i:
            yield "wrong-operand", "", _other(j)
    for text, rule in rivals:
        yield "wrong-derivative", text, _rival(rule)
    yield "own-grad", "", lambda c: c.base + c.old[i] * c.slopes[i]
    for j in range(arity):
        if j != i:
            yield "own-grad", "", _grad_of(j, i)
    yield "data-for-grad", "", lambda c: c.base + c.y * c.slopes[i]
    yield "value-for-derivative", "its own number stands where the derivative belongs", lambda c: c.base + c.u * c.xs[i]
    yield "value-for-derivative", "the result stands where the derivative belongs", lambda c: c.base + c.u * c.y
    for j in range(arity):
        if j != i:
            yield "wrong-operand", "", _number(j)
    yield "added-not-multiplied", "", lambda c: c.base + c.u + c.slopes[i]
    yield "divided-by-derivative", "", lambda c: c.base + c.u / c.slopes[i]
    yield "upstream-twice", "", lambda c: c.base + c.u * c.u * c.slopes[i]
    yield "multiplied-into", "", lambda c: c.base * c.u * c.slopes[i]
    yield "multiplied-into", "", lambda c: c.base * c.u * c.slopes[i] if c.slopes[i] else c.base
    yield "grad-added-twice", "", lambda c: 2 * c.base + c.u * c.slopes[i]
    # two at once
    yield "upstream-missing", "and = stands where += belongs", lambda c: c.slopes[i]
    yield "sign", "and = stands where += belongs", lambda c: -c.u * c.slopes[i]
    yield "local-missing", "and = stands where += belongs", lambda c: c.u
    for text, rule in rivals:
        yield "wrong-derivative", text, _rival(rule, -1.0)
        yield "wrong-derivative", text, _rival(rule, 1.0, False)


def value(answers: Sequence[Answer], others: Sequence[tuple[str, Callable[..., float]]]) -> Named | None:
    """What is wrong with the number of a result; None: nothing. others: what the class's other methods compute."""
    form = answers[0].form
    pairs = [(a.point, a.y) for a in answers if a.y is not None]

    def fits(rule: Callable[..., float]) -> bool:
        try:
            return all(close(rule(*xs), y) for xs, y in pairs)
        except (ArithmeticError, ValueError, TypeError):
            return False

    if fits(form.value):
        return None
    for text, rule in form.other_values:
        if fits(rule):
            return Named("swapped" if "swapped" in text else "wrong-value", text)
    if len(form.slopes) == 2:
        if fits(lambda a, b: form.value(b, a)):
            return Named("swapped", f"{form.written('ba')} is computed")
        for text, rule in _TWO:
            if fits(rule):
                return Named("wrong-value", f"{text} is computed")
    else:
        for text, rule in others:
            if fits(rule):
                return Named("another-function", f"it gives what {text} gives")
        for text, rule in _ONE:
            if fits(rule):
                return Named("wrong-value", f"{text} is computed")
    return Named("wrong-value")


_TWO: tuple[tuple[str, Callable[..., float]], ...] = (
    ("a + b", lambda a, b: a + b), ("a - b", lambda a, b: a - b), ("b - a", lambda a, b: b - a), ("a * b", lambda a, b: a * b),
    ("a / b", lambda a, b: a / b), ("b / a", lambda a, b: b / a), ("a ** b", lambda a, b: a**b), ("a alone", lambda a, b: a),
    ("b alone", lambda a, b: b), ("a + a", lambda a, b: a + a), ("a * a", lambda a, b: a * a), ("b * b", lambda a, b: b * b),
    ("b + b", lambda a, b: b + b), ("a // b", lambda a, b: a // b), ("-(a + b)", lambda a, b: -(a + b)), ("a % b", lambda a, b: a % b),
)  # fmt: skip
_ONE: tuple[tuple[str, Callable[..., float]], ...] = (
    ("a alone", lambda a: a), ("-a", lambda a: -a), ("0", lambda a: 0.0), ("1", lambda a: 1.0), ("a + 1", lambda a: a + 1),
    ("a - 1", lambda a: a - 1), ("1 - a", lambda a: 1 - a), ("1/a", lambda a: 1 / a), ("a * a", lambda a: a * a),
    ("abs(a)", abs), ("exp(a)", math.exp),
)  # fmt: skip
