"""A report on a class, from a folder of results: students by exercises, misconceptions by name, what nobody solved, the points."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from micrograd.classroom.results import Broken, Done, Slip, read
from micrograd.doctor.faults import FAULTS
from micrograd.doctor.loop_faults import LOOPS
from micrograd.exercises.programs import MISTAKES

FORMS = {  # of an answer that is wrong in a way that says little of what was thought
    "not-an-answer": "no answer of the kind that was asked for",
    "too-few-digits": "right, but in too few digits",
    "other-line": "another line than the wrong one",
    "other-rule": "another rule than the wrong one",
    "other-choice": "another option",
    "equals": "another value than the one asked for, at some input",
    "slopes": "another value or gradient than the one asked for, at some input",
    "raises": "the error that was asked for is not raised",
    "shaped": "another shape than the one asked for",
    "holds": "a property that was asked for does not hold",
    "below": "a loss that is not low enough",
}
SIGNS = {"right": "✓", "partly": "◐", "wrong": "✗", "unanswered": "–", "error": "!"}
BINS = 10


def called(slip: Slip) -> str:
    """A mistake in words: of the exercises, the doctor, its loops; the author's own by what is said."""
    if slip.key in MISTAKES:
        return MISTAKES[slip.key].rstrip(".")
    if slip.key in FAULTS:
        return FAULTS[slip.key].title
    if slip.key in LOOPS:
        return LOOPS[slip.key][0]
    return FORMS.get(slip.key, slip.key).rstrip(".")


@dataclass
class Student:
    """One student: what they did, by exercise."""

    name: str
    done: dict[str, Done] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return sum(d.score for d in self.done.values())


@dataclass
class Misconception:
    """A mistake with a name: who made it, and in which exercises. form: it says more of the answer's form than of what was thought."""

    title: str
    students: list[str]
    exercises: list[str]
    example: str
    form: bool


@dataclass
class Report:
    """What a folder of results shows. students: those with the fewest points first. skipped: what was left out, and why."""

    title: str
    students: list[Student]
    exercises: list[str]
    points: dict[str, float]
    skipped: list[str]
    said: list[str]

    @property
    def most(self) -> float:
        """All points there are."""
        return sum(self.points.values())

    def of(self, exercise: str) -> list[Done]:
        """What was done in one exercise."""
        return [s.done[exercise] for s in self.students if exercise in s.done]

    def solved(self, exercise: str) -> int:
        """By how many."""
        return sum(d.status == "right" for d in self.of(exercise))

    @property
    def unsolved(self) -> list[str]:
        """The exercises that somebody was given, and nobody solved."""
        return [e for e in self.exercises if self.of(e) and not self.solved(e)]

    @property
    def misconceptions(self) -> list[Misconception]:
        """The mistakes that have a name: those of thought before those of form, the commonest first."""
        found: dict[str, list[tuple[Student, Done, Slip]]] = {}
        for student in self.students:
            for done in student.done.values():
                for slip in done.slips:
                    found.setdefault(slip.key, []).append((student, done, slip))
        made = []
        for key, rows in found.items():
            who = list(dict.fromkeys(s.name for s, _, _ in rows))
            where = [e for e in self.exercises if any(d.id == e for _, d, _ in rows)]
            made.append(Misconception(called(rows[0][2]), who, where, rows[0][2].said, key in FORMS))
        return sorted(made, key=lambda m: (m.form, -len(m.students), m.title))

    @property
    def bins(self) -> list[tuple[float, float, int]]:
        """(from, to, how many students) over all points there are; the last holds its end too."""
        if not self.most:
            return []
        count = min(BINS, max(2, round(self.most)))
        wide = self.most / count
        places = [min(count - 1, int(s.score / wide + 1e-9)) for s in self.students]
        return [(k * wide, (k + 1) * wide, sum(p == k for p in places)) for k in range(count)]

    @property
    def middle(self) -> float:
        """The median of the points."""
        scores = sorted(s.score for s in self.students)
        half = len(scores) // 2
        return scores[half] if len(scores) % 2 else (scores[half - 1] + scores[half]) / 2

    def __str__(self) -> str:
        wide = max([7, *(len(s.name) for s in self.students)])
        lines = [self.head, "", f"{'':<{wide}}  {'  '.join(self.exercises)}  points"]
        for s in self.students:
            cells = [f"{SIGNS[s.done[e].status] if e in s.done else '':^{len(e)}}" for e in self.exercises]
            lines.append(f"{s.name:<{wide}}  {'  '.join(cells)}  {s.score:g}")
        lines.append(f"{'solved':<{wide}}  {'  '.join(f'{self.solved(e):^{len(e)}}' for e in self.exercises)}")
        if self.misconceptions:
            lines += ["", "misconceptions:"]
            for m in self.misconceptions:
                lines.append(f"  {len(m.students):>3}  {m.title} ({', '.join(m.exercises)}): {', '.join(m.students)}")
        if self.unsolved:
            lines += ["", f"nobody solved: {', '.join(self.unsolved)}"]
        lines += ["", *(f"  {low:g} to {high:g} points: {n}" for low, high, n in self.bins)] if self.bins else []
        lines += ["", *self.said] if self.said else []
        lines += ["", "left out:", *(f"  {line}" for line in self.skipped)] if self.skipped else []
        return "\n".join(lines)

    @property
    def head(self) -> str:
        """The title, how many, and the median."""
        many = f"{len(self.students)} student{'s' if len(self.students) != 1 else ''}"
        return f"{self.title}: {many}" + (f", median {self.middle:g} of {self.most:g} points" if self.most else "")


def gathered(folder: str | Path, *, anonymous: bool = False, title: str = "") -> Report:
    """The report on all results in a folder and the folders in it.

    Of two results for one exercise of one student the better counts. anonymous: students are numbered in the order in which they stand, and
    no name of a file is told. Files that cannot be read are said in `skipped`; it raises nothing for them.
    """
    students: dict[str, Student] = {}
    skipped, twice, sheets = [], set(), []
    points: dict[str, float] = {}
    for path in sorted(p for p in Path(folder).rglob("*.json") if p.is_file()):
        try:
            result = read(path)
        except Broken as error:
            skipped.append(f"{'a file' if anonymous else path.relative_to(folder)}: {error}")
            continue
        sheets.append(result.sheet)
        student = students.setdefault(result.student, Student(result.student))
        for done in result.done:
            points[done.id] = max(points.get(done.id, 0.0), done.points)
            old = student.done.get(done.id)
            if old is not None:
                twice.add(student.name)
            if old is None or (done.score, done.status == "right") > (old.score, old.status == "right"):
                student.done[done.id] = done
    ordered = sorted(students.values(), key=lambda s: (s.score, _mixed(s.name) if anonymous else s.name.casefold()))
    said = []
    if twice:
        who = f"{len(twice)} students" if anonymous else ", ".join(sorted(twice))
        said.append(f"more than one result for an exercise: {who}; the better one counts")
    if anonymous:
        for k, student in enumerate(ordered, 1):
            student.name = f"student {k}"
    named = title or ", ".join(dict.fromkeys(filter(None, sheets))) or "Results"
    return Report(named, ordered, sorted(points), points, skipped, said)


def _mixed(name: str) -> str:
    """An order that says nothing of the name."""
    return hashlib.sha256(name.encode()).hexdigest()
