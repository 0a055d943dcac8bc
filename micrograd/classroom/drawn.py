"""Worksheets of one expression for a class: its numbers are drawn for each student, readable, and exact where the expression allows it."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from micrograd.classroom.sheets import TRIES, ClassSheets, Handout, Part, Question, Unequal, codes, counted, minus
from micrograd.exercises.draws import Draw, decimal, seeded, whole

RANGE = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*\.\.\s*([-+]?\d+(?:\.\d*)?)\s*")
USUAL = whole(-5, 5, but=(0,))  # of a name that nothing is said of
LARGEST = 10_000.0  # a number of a sheet


def ranged(text: str) -> Draw | None:
    """What `low..high` draws from: whole numbers, or decimals where one of the two is one; None where it is no range.

    >>> ranged("0.5..2"), ranged("2")
    (decimal(0.5, 2.0, 1), None)
    """
    found = RANGE.fullmatch(text)
    if found is None:
        return None
    places = max(len(end.partition(".")[2]) for end in found.groups())
    low, high = map(float, found.groups())
    try:
        return decimal(low, high, places) if places else whole(int(low), int(high))
    except ValueError:
        raise Unequal(f"{text.strip()} leaves no number to draw: the smaller end comes first, such as -5..5") from None


def of_expression(
    text: str,
    read: Callable[[Mapping[str, float]], Any],
    draws: Mapping[str, Draw | float],
    count: int | None = None,
    names: Sequence[str] = (),
    seed: int = 0,
    blanks: float | int = 1.0,
) -> ClassSheets:
    """A worksheet for each student.

    text: the expression as it is written. read: its root, for a number for each name (ValueError where it has none). draws: for each name a
    number, or what it is drawn from. The blanks are the same in all sheets. Where exact numbers of four digits can be had, all answers are,
    and none is 0 where that can be had too.
    Unequal where there are not so many different sheets.
    """
    many = counted(count, names)
    if not any(isinstance(draw, Draw) for draw in draws.values()):
        raise Unequal(
            "every number is fixed, so all sheets would be equal: leave one out (it is drawn from -5..5), or give a range, a=1..9"
        )
    fits = _fitting(read, draws, seed, blanks)
    made: list[Handout] = []
    seen: set[tuple[float, ...]] = set()
    for code, name in codes(many, names, str(seed), text):
        rng = seeded(str(seed), text, name or code)
        for _ in range(TRIES):
            numbers = {key: float(draw(rng)) if isinstance(draw, Draw) else draw for key, draw in draws.items()}
            sheet = None if tuple(numbers.values()) in seen else _sheet(read, numbers, seed, blanks)
            if sheet is not None and fits(sheet):
                break
        else:
            raise Unequal(
                f"only {len(made)} different sheets with numbers that can be read were found: draw from more, such as "
                f"{next(k for k, d in draws.items() if isinstance(d, Draw))}=-9..9"
            )
        seen.add(tuple(numbers.values()))
        made.append(Handout(code, name, [_part(text, numbers, sheet)]))
    return ClassSheets("Backpropagation by hand", made)


def _sheet(read: Callable[[Mapping[str, float]], Any], numbers: Mapping[str, float], seed: int, blanks: float | int) -> Any:
    """The worksheet at these numbers; None where it has none that can be read."""
    try:
        root = read(numbers)
    except (ArithmeticError, ValueError):
        return None
    sheet = importlib.import_module("viz").exercise(root, seed=seed, blanks=blanks, names=False)
    good = all(math.isfinite(b.number) and abs(b.number) < LARGEST for b in sheet.blanks)
    return sheet if good and all(b.number == 0 or abs(b.number) > 1e-4 for b in sheet.blanks) else None


def _exact(sheet: Any) -> bool:
    return all(float(b.answer.replace("−", "-")) == b.number for b in sheet.blanks)


def _full(sheet: Any) -> bool:
    return _exact(sheet) and all(b.number for b in sheet.blanks)


def _fitting(
    read: Callable[[Mapping[str, float]], Any], draws: Mapping[str, Draw | float], seed: int, blanks: float | int
) -> Callable[[Any], bool]:
    """What may be asked of every sheet: what a tenth of 60 draws have."""
    rng = seeded(str(seed), "fitting")
    found = []
    for _ in range(60):
        sheet = _sheet(read, {key: float(draw(rng)) if isinstance(draw, Draw) else draw for key, draw in draws.items()}, seed, blanks)
        found += [sheet] if sheet is not None else []
    return next((fits for fits in (_full, _exact) if sum(map(fits, found)) >= 6), lambda sheet: True)


def _part(text: str, numbers: Mapping[str, float], sheet: Any) -> Part:
    given = f"`{text.strip().rstrip(';')}` at {minus(', '.join(f'{name} = {x:g}' for name, x in numbers.items()))}"
    questions = [Question(f"{b.question} =", b.answer) for b in sheet.blanks]
    return Part(
        "", f"{given}. Fill in the blanks: first forward, then from the result back.", questions, picture=sheet.picture(), given=given
    )
