"""`exercise("02.3")` in a notebook: the prompt, `.check(…)` with the hint ladder, and a tally of what is done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from micrograd.exercises import shown
from micrograd.exercises.boxes import page
from micrograd.exercises.evaluate import reply
from micrograd.exercises.format import Sheet, lesson, load
from micrograd.exercises.posed import Posed, Result
from micrograd.files import write

VARIABLE = "MICROGRAD_STUDENT"
_who: list[str] = []
_sheets: dict[str, Sheet] = {}
_asked: dict[tuple[str, str], Asked] = {}  # of this process, by student and id


def student(name: str | None = None) -> str:
    """Whose numbers are drawn, from now on; without a name: who it is (else $MICROGRAD_STUDENT, else nobody, "")."""
    if name is not None:
        if not isinstance(name, str):
            raise TypeError(f"a student is a name, not {name!r:.60}")
        _who[:] = [name.strip()]
    return _who[0] if _who else os.environ.get(VARIABLE, "").strip()


def exercise(id: str, *, student: str | None = None, file: str | Path | None = None) -> Asked:
    """An exercise of a lesson ("02.3"), or of a file of one's own, with this student's numbers.

    KeyError, with what there is, for an id that is not there.
    """
    who = globals()["student"]() if student is None else student.strip()
    where = f"{Path(file).resolve()}" if file is not None else id.partition(".")[0]
    if where not in _sheets:
        _sheets[where] = load(where) if file is not None else lesson(where)
    found = _sheets[where][id]
    key = (who, f"{where}:{found.id}")
    if key not in _asked:
        _asked[key] = Asked(found.posed(who))
    return _asked[key]


def standing() -> dict[tuple[str, str], tuple[int, int]]:
    """How often each exercise was tried, and wrongly: for a page that runs a program at every key (`stand`)."""
    return {key: (a.tries, a.wrong) for key, a in _asked.items()}


def stand(tries: dict[tuple[str, str], tuple[int, int]]) -> None:
    """Count no try since `standing()` gave this, so that no hint is used up by an answer that is half typed."""
    for key, a in _asked.items():
        a.tries, a.wrong = tries.get(key, (0, 0))


def nobody() -> None:
    """Forget who the student is."""
    _who.clear()


class Asked:
    """One exercise in this notebook. It shows itself; `.check(…)` judges; `.numbers.a` is the number drawn for a."""

    def __init__(self, posed: Posed) -> None:
        self.posed, self.numbers, self.code = posed, posed.numbers, posed.code
        self.tries = 0
        self.wrong = 0
        self.best: Result | None = None

    def check(self, *answer: Any, **answers: Any) -> Result:
        """Judge answers by name, or the one answer there is. `...` stands for one not given yet, and is no try.

        TypeError for a name that is no blank.
        """
        blanks = self.posed.exercise.blanks
        if len(answer) > len(blanks):
            raise TypeError(f"exercise {self.posed.exercise.id} has {len(blanks)} blanks ({', '.join(blanks)}), {len(answer)} were given")
        given = {**dict(zip(blanks, answer, strict=False)), **answers}
        strange = [name for name in given if name not in blanks]
        if strange:
            raise TypeError(f"exercise {self.posed.exercise.id} has no blank {strange[0]!r} (its blanks: {', '.join(blanks)})")
        kept = {name: x for name, x in given.items() if x is not ...}
        replies = {name: [reply(kept[name], r) for r in rs] for name, rs in self.posed.requests(list(kept)).items()}
        result = self.posed.judged(replies, self.wrong)
        if kept:
            self.tries += 1
            self.wrong += not all(v.right for v in result.verdicts.values())
            if self.best is None or result.score >= self.best.score:
                self.best = result
        return result

    def save(self, path: str | os.PathLike[str], *, steps: bool = False) -> Path:
        """Write the exercise as one page (.html) that opens offline; numbers are checked in it.

        steps: below it the stepper of its program, at the beginning, so that an answer can be followed number by number.
        ValueError for another ending, or for steps of an exercise that has no program.
        """
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"cannot write {os.fspath(path)!r}: expected a name ending in .html")
        return write(path, page(self.posed, steps).encode())

    def __repr__(self) -> str:
        return shown.text(self.posed)

    def _repr_html_(self) -> str:
        return shown.prompt_html(self.posed)


class Tally:
    """What is done in this notebook: a row for each exercise that was shown or tried."""

    def __init__(self, asked: list[Asked]) -> None:
        self.rows: list[tuple[str, str, int, float, float]] = []
        for a in asked:
            status, score = ("unanswered", 0.0) if a.best is None else (a.best.status, a.best.score)
            self.rows.append((a.posed.exercise.id, status, a.tries, score, a.posed.exercise.points))

    @property
    def score(self) -> float:
        return sum(row[3] for row in self.rows)

    @property
    def points(self) -> float:
        return sum(row[4] for row in self.rows)

    def __repr__(self) -> str:
        lines = [f"{id:<8}  {status:<10}  {tries} tries  {score:g} of {points:g}" for id, status, tries, score, points in self.rows]
        return "\n".join([*lines, f"{self.score:g} of {self.points:g} points"])

    def _repr_html_(self) -> str:
        return shown.tally_html(self.rows)


def tally() -> Tally:
    """The tally of this process, for the present student."""
    who = student()
    return Tally([a for (name, _), a in _asked.items() if name == who])
