"""The format: one file of Python, its docstring the title, with a plain call of `Exercise` for each exercise."""

from __future__ import annotations

import re
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from micrograd.exercises.blanks import Blank
from micrograd.exercises.draws import Draw
from micrograd.exercises.posed import Posed

_ID = re.compile(r"[\w-]+\.[\w-]+")
_collected: list[list[Exercise]] = []  # of the files that are being read


class Exercise:
    """One exercise.

    id: the lesson's or sheet's name, a dot, and its own: "02.1". prompt: what is asked, with drawn numbers in braces. numbers: {name: a
    draw}. where: a condition on them, in Python. program: statements whose numbers are asked for. shows: code that is shown with numbered
    lines, or a draw of several; $a in it is the drawn number. blanks: {name: what is asked for}. hints: three steps; none prints the
    answer. points: in all.

    ValueError, with what is wrong, where it is not well-formed.
    """

    def __init__(
        self,
        id: str,
        prompt: str,
        *,
        blanks: Mapping[str, Blank],
        hints: Sequence[str],
        numbers: Mapping[str, Any] | None = None,
        where: str = "",
        program: str = "",
        shows: str | Draw = "",
        points: float = 1.0,
    ) -> None:
        self.id, self.prompt, self.blanks, self.hints = id, prompt, dict(blanks), list(hints)
        self.numbers, self.where, self.program, self.shows, self.points = dict(numbers or {}), where, program, shows, points
        if not _ID.fullmatch(id):
            raise ValueError(f"id {id!r}: a sheet, a dot and a name are needed, such as '02.1'")
        if len(self.hints) != 3 or not all(isinstance(h, str) and h.strip() for h in self.hints):
            raise ValueError(f"exercise {id}: three hints are needed, this has {len(self.hints)}")
        if not self.blanks or not all(name.isidentifier() and isinstance(b, Blank) for name, b in self.blanks.items()):
            raise ValueError(f"exercise {id}: blanks are {{name: number(…), line(), function(…), …}}, not {dict(blanks)!r:.80}")
        if not points > 0:
            raise ValueError(f"exercise {id}: points={points}: a number above 0 is needed")
        if _collected:
            _collected[-1].append(self)

    def posed(self, student: str = "", hidden: str = "") -> Posed:
        """With the numbers of one student."""
        return Posed(self, student, hidden)

    def __repr__(self) -> str:
        return f"Exercise({self.id!r}, {', '.join(self.blanks)})"


class Sheet:
    """The exercises of one file, by id. title: the first line of its docstring."""

    def __init__(self, path: Path, title: str, exercises: Sequence[Exercise]) -> None:
        self.path, self.title = path, title
        self.exercises = {e.id: e for e in exercises}

    def __getitem__(self, id: str) -> Exercise:
        """By the whole id, or by what stands after its dot. KeyError with what there is."""
        whole = [e for e in self.exercises if e == id or e.partition(".")[2] == id]
        if len(whole) != 1:
            raise KeyError(f"there is no exercise {id!r} in {self.path.name} (there are {', '.join(self.exercises)})")
        return self.exercises[whole[0]]

    def __iter__(self) -> Any:
        return iter(self.exercises.values())

    def __len__(self) -> int:
        return len(self.exercises)

    @property
    def points(self) -> float:
        return float(sum(e.points for e in self))


def load(path: str | Path) -> Sheet:
    """Read a file of exercises: it is run. ValueError where it has none, or two of one id; what it raises is passed on.

    A file in which no `Exercise(…)` stands is not run: it may be an answer, given in the wrong place.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file of exercises {str(path)!r}")
    if "Exercise(" not in path.read_text(encoding="utf-8", errors="replace"):
        raise ValueError(f"{path.name} has no exercise: call Exercise(…) in it")
    _collected.append([])
    try:
        names = runpy.run_path(str(path), run_name="exercises")
    finally:
        found = _collected.pop()
    if not found:
        raise ValueError(f"{path.name} has no exercise: call Exercise(…) in it")
    twice = {e.id for e in found if sum(e.id == other.id for other in found) > 1}
    if twice:
        raise ValueError(f"{path.name} has {', '.join(sorted(twice))} twice")
    title = str(names.get("__doc__") or path.stem).strip().splitlines()[0].rstrip(".")
    return Sheet(path, title, found)


LESSONS = Path(__file__).parent / "lessons"


def lesson(number: str) -> Sheet:
    """The exercises of a lesson: lesson("02"). KeyError where it has none."""
    found = sorted(LESSONS.glob(f"{number}_*.py")) if number.isalnum() else []
    if not found:
        there = ", ".join(sorted(p.name.partition("_")[0] for p in LESSONS.glob("[0-9]*_*.py")))
        raise KeyError(f"lesson {number!r} has no exercises (those that have: {there})")
    return load(found[0])
