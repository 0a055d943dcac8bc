"""What stands on the sheets of a class: a sheet for each student, no two equal, each with a code by which its key is found again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from micrograd.exercises.blanks import Choice, Number
from micrograd.exercises.format import Sheet as Exercises
from micrograd.exercises.functions import Engine, Function
from micrograd.exercises.posed import Posed
from micrograd.exercises.shown import numbered

LETTERS = "ACDEFHJKLMNPRTUVWXY34679"  # none that another is taken for
MOST = 1000  # sheets of one class
TRIES = 400  # draws for one sheet until it is another than those before
GRADED = "(micrograd grade tries it out)"


class Unequal(ValueError):
    """So many different sheets cannot be had; the message says how many can, or what to give."""


@dataclass
class Question:
    """One blank: what is asked, its answer for the key, and how many lines are left for it (0: it stands in the line)."""

    text: str
    answer: str
    room: int = 0


@dataclass
class Part:
    """One exercise: its head, its prose, lines of code, a picture (SVG), options to choose from, and its questions.

    given: what the key says of it in place of the head.
    """

    head: str
    prose: str
    questions: list[Question]
    code: list[str] = field(default_factory=list)
    picture: str = ""
    options: list[str] = field(default_factory=list)
    given: str = ""


@dataclass
class Handout:
    """One student's sheet. code: four letters, on the sheet and at its key. student: whose numbers (`micrograd grade --student`)."""

    code: str
    name: str
    parts: list[Part]
    student: str = ""


@dataclass
class ClassSheets:
    """The sheets of a class. how: the command that makes them again, for the keys."""

    title: str
    sheets: list[Handout]
    how: str = ""

    def __iter__(self) -> Iterator[Handout]:
        return iter(self.sheets)

    def __len__(self) -> int:
        return len(self.sheets)


def coded(*words: str) -> str:
    """Four letters that depend on these words alone."""
    number = int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:8], "big")
    found = ""
    for _ in range(4):
        number, at = divmod(number, len(LETTERS))
        found += LETTERS[at]
    return found


def codes(count: int, names: Sequence[str], *words: str) -> Iterator[tuple[str, str]]:
    """(code, name) of each student, no code twice: of those with a name it depends on the name, of the others on their place."""
    taken: set[str] = set()
    for k in range(count):
        name = names[k] if k < len(names) else ""
        code = next(code for turn in range(10_000) if (code := coded(*words, name or str(k), str(turn))) not in taken)
        taken.add(code)
        yield code, name


def counted(count: int | None, names: Sequence[str]) -> int:
    """How many sheets there are. Unequal where it is no number of sheets."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unequal(f"{', '.join(twice[:3])}: each name can stand in the list once, for a sheet is found by it")
    many = len(names) if count is None else count
    if not 1 <= many <= MOST:
        raise Unequal(f"--class {many}: 1 to {MOST} sheets can be made")
    if many < len(names):
        raise Unequal(f"--class {many}: the list has {len(names)} names, each of which gets a sheet")
    return many


def of_exercises(exercises: Exercises, count: int | None = None, names: Sequence[str] = (), seed: int = 0) -> ClassSheets:
    """A sheet of a file's exercises for each student.

    The numbers are those that `micrograd grade --student` takes: with names those of the name, whatever the seed is; without, those of the
    sheet's code, which is drawn from the seed. Unequal where two sheets would be equal.
    """
    many = counted(count, names)
    made: list[Handout] = []
    seen: dict[str, str] = {}
    turn = 0
    for code, name in codes(many, names, str(seed), exercises.path.stem):
        for turn in range(1 if name else TRIES):
            code = code if not turn else coded(str(seed), exercises.path.stem, code, str(turn))
            who = name or code
            posed = [e.posed(who) for e in exercises]
            same = seen.get(_drawn(posed))
            if same is None and code not in {sheet.code for sheet in made}:
                break
        else:
            if name:
                raise Unequal(
                    f"{name} and {same} would have equal sheets: give one of them another name, such as {name!r} with a middle initial"
                )
            raise Unequal(
                f"only {len(made)} different sheets of {exercises.path.name} were found: what it draws from is too few for {many}"
            )
        seen[_drawn(posed)] = who
        made.append(Handout(code, name, [_part(p) for p in posed], who))
    return ClassSheets(exercises.title, made)


def _drawn(posed: Sequence[Posed]) -> str:
    """What a student's exercises have of their own: numbers, code, the order of options."""
    orders = [[b.order(p) for b in p.exercise.blanks.values() if isinstance(b, Choice)] for p in posed]
    return repr([(sorted(p.drawn.items()), p.code) for p in posed] + [orders])


def _part(posed: Posed) -> Part:
    blanks = posed.exercise.blanks
    options = [
        f"{letter}  {text}"
        for b in blanks.values()
        if isinstance(b, Choice)
        for letter, text in zip("ABCDEFGH", b.order(posed), strict=False)
    ]
    questions = [_question(posed, name, blank) for name, blank in blanks.items()]
    return Part(posed.exercise.id, posed.prompt, questions, numbered(posed.code) if posed.code else [], "", options)


def _question(posed: Posed, name: str, blank: Any) -> Question:
    note = f" ({blank.note})" if blank.note else ""
    text = f"{blank.label}{note}" if blank.label != name else name
    if isinstance(blank, Engine):
        return Question(text, GRADED, 12)
    if isinstance(blank, Function):
        return Question(text, GRADED, 5)
    return Question(text, answer_of(blank, blank.truth(posed)))


def answer_of(blank: Any, truth: Any) -> str:
    """A right answer for the key."""
    if isinstance(blank, Number):
        return exactly(truth, max(4, blank.digits))
    if isinstance(blank, Choice):
        half = len(truth) // 2
        return "; or ".join(f"{letter}  {text}" for letter, text in zip(truth[:half], truth[half:], strict=True))
    found = [f"line {x}" if isinstance(x, int) else str(x) for x in truth]
    return " or ".join(found)


def exactly(x: float, digits: int) -> str:
    """A number in few digits where that is all of it, else rounded to so many.

    >>> exactly(0.25, 4), exactly(1 / 3, 4), exactly(-12, 4)
    ('0.25', '0.3333', '−12')
    """
    few, rounded = f"{x:.12g}", f"{x:.{digits}g}"
    return minus(few if float(few) == x and len(few) <= 8 else rounded)


def minus(words: str) -> str:
    """Words whose negative numbers have a minus that is one."""
    return re.sub(r"(?<![\w)])-(?=[\d.])", "−", words)
