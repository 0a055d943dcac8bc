"""Grade one answer: run it in its process, ask it, judge what it gives here.

The answer has no way to say "right": its process sends numbers and words, and this one compares them with numbers that it works out itself,
at inputs that it draws anew each time. So an answer that changes the library, `math` or the builtins, that prints a result, ends Python
or compares equal to everything changes nothing but its own process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from micrograd.exercises.format import Exercise, Sheet
from micrograd.exercises.posed import Posed, Result, Verdict
from micrograd.grading.answers import Answer, Unreadable, read
from micrograd.grading.process import Ended, Process, clean

SECONDS = 20.0
MOST = 600  # characters of a reason


@dataclass
class Graded:
    """What came of one answer. results: one an exercise, in the sheet's order. said: what is to be said of the file as a whole."""

    sheet: Sheet
    path: Path
    student: str
    results: list[Result] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)  # of exercises whose answer ended the process, or ran out of time
    said: list[str] = field(default_factory=list)
    printed: str = ""
    seconds: float = 0.0

    @property
    def score(self) -> float:
        return float(sum(r.score for r in self.results))

    @property
    def points(self) -> float:
        return self.sheet.points

    def __bool__(self) -> bool:
        return all(self.results) and bool(self.results)

    def __str__(self) -> str:
        who = f" ({self.student})" if self.student else ""
        lines = [f"{self.path.name}{who}: {self.score:g} of {self.points:g} points", *(f"  {s}" for s in self.said)]
        for result in self.results:
            lines.append(f"{result.id}  {result.status}  {result.score:g} of {result.points:g}")
            lines += [f"  {line}" for line in result.lines]
            if result.id in self.errors:
                lines.append(f"  {self.errors[result.id]}")
        return "\n".join(lines)


def grade(sheet: Sheet, path: str | os.PathLike[str], student: str | None = None, *, seconds: float = SECONDS, hints: int = 1) -> Graded:
    """Grade an answer, a file of Python or a notebook, that calls `exercise(id).check(…)`; the last call for each blank counts.

    student: whose numbers; None: whom the file names, else nobody's. seconds: for running the file, and again for each exercise. hints:
    which step of the ladder (0: none) is told of what is wrong. FileNotFoundError where there is no such file; else nothing is raised.
    """
    begin = time.monotonic()
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {str(path)!r} to grade")
    try:
        answer = read(path)
    except Unreadable as error:
        graded = Graded(sheet, path, student or "", said=[str(error)])
        graded.results = [_nothing(e) for e in sheet]
        return graded
    who = (answer.student or "") if student is None else student
    graded = Graded(sheet, path, who)
    if student is not None and answer.student is not None and answer.student != student:
        graded.said.append(f"the file names the student {answer.student!r:.60}; it is graded with the numbers of {student!r:.60}")
    secret = os.urandom(16).hex()
    posed = {e.id: e.posed(who, secret) for e in sheet}
    _ask_all(graded, answer, posed, seconds, hints)
    graded.seconds = time.monotonic() - begin
    return graded


def _nothing(exercise: Exercise) -> Result:
    return Result(exercise.id, exercise.points, {}, tuple(exercise.blanks), labels={n: b.label for n, b in exercise.blanks.items()})


def _ask_all(graded: Graded, answer: Answer, posed: Mapping[str, Posed], seconds: float, hints: int) -> None:
    """Ask about each exercise; where the process is lost, another one takes over with the next exercise."""
    told = {id: {"numbers": p.drawn, "code": p.code, "blanks": list(p.exercise.blanks)} for id, p in posed.items()}
    hidden = [str(graded.sheet.path.resolve())]
    left = list(posed)
    results: dict[str, Result] = {}
    while left:
        with Process(answer, told, graded.student, seconds, hidden) as process:
            try:
                process.begin()
                graded.said += [s for s in process.said if s not in graded.said]
            except Ended as end:  # before anything could be asked
                graded.said.append(str(end))
                results.update({id: _nothing(posed[id].exercise) for id in left})
                graded.errors.update(dict.fromkeys(left, str(end)))
                left = []
            while left:
                id = left.pop(0)
                try:
                    results[id] = _asked(process, posed[id], hints)
                except Ended as end:
                    graded.errors[id] = str(end)
                    results[id] = _lost(posed[id], process.handed.get(id, []), str(end))
                    break
                except Exception as error:  # of the sheet's own functions, on what nobody thought of
                    graded.errors[id] = f"exercise {id} cannot be judged: {type(error).__name__}: {clean(str(error)[:MOST])}"
                    results[id] = _lost(posed[id], process.handed.get(id, []), graded.errors[id])
            process.end()
            graded.printed = graded.printed or process.printed
    graded.results = [results[id] for id in posed]


def _asked(process: Process, posed: Posed, hints: int) -> Result:
    id = posed.exercise.id
    answered = [name for name in posed.exercise.blanks if name in process.handed.get(id, [])]
    replies: dict[str, list[dict[str, Any]]] = {n: process.ask(id, n, rs) for n, rs in posed.requests(answered).items()}
    result = posed.judged(replies, max(0, hints - 1))
    result.verdicts = {n: replace(v, reason=clean(v.reason[:MOST]), given=clean(v.given[:MOST])) for n, v in result.verdicts.items()}
    if not hints:
        result.hint = ""
    return result


def _lost(posed: Posed, answered: list[str], why: str) -> Result:
    verdicts = {name: Verdict(False, why, "ended") for name in answered}
    result = _nothing(posed.exercise)
    result.verdicts, result.open = verdicts, tuple(n for n in posed.exercise.blanks if n not in verdicts)
    return result
