"""An exercise with the numbers of one student, and what comes of judging an answer to it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import Template
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from micrograd.exercises.draws import Draw, seeded
from micrograd.exercises.programs import Graph
from micrograd.notation import show

if TYPE_CHECKING:
    from micrograd.exercises.format import Exercise

TRIES = 1000  # draws until the condition holds


@dataclass(frozen=True)
class Verdict:
    """Of one blank. mistake: the name of a known mistake. given: the answer as it was read."""

    right: bool
    reason: str = ""
    mistake: str = ""
    given: str = ""


@dataclass
class Result:
    """Of one exercise: a verdict for each blank that was answered. True where all of them are right."""

    id: str
    points: float
    verdicts: dict[str, Verdict]
    open: tuple[str, ...] = ()  # not answered yet
    hint: str = ""
    step: int = 0  # of the hint ladder
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """Points: each blank has an equal share."""
        count = len(self.verdicts) + len(self.open)
        return self.points * sum(v.right for v in self.verdicts.values()) / count if count else 0.0

    @property
    def status(self) -> str:
        """One of "right", "partly", "wrong" and "unanswered"."""
        if not self.verdicts:
            return "unanswered"
        right = sum(v.right for v in self.verdicts.values())
        return "right" if right == len(self.verdicts) + len(self.open) else "partly" if right else "wrong"

    def __bool__(self) -> bool:
        return self.status == "right"

    @property
    def lines(self) -> list[str]:
        """What is said, one line a blank, then the hint."""
        said = [
            f"{'✓' if v.right else '✗'} {self.labels.get(name, name)}{'' if v.right or not v.reason else f': {v.reason}'}"
            for name, v in self.verdicts.items()
        ]
        if self.open:
            said.append(f"… not answered yet: {', '.join(self.labels.get(name, name) for name in self.open)}")
        return [*said, f"hint {self.step}: {self.hint}"] if self.hint else said

    def __repr__(self) -> str:
        return f"{self.id}: {self.status}\n" + "\n".join(f"  {line}" for line in self.lines)

    def _repr_html_(self) -> str:
        from micrograd.exercises.shown import result_html

        return result_html(self)


class Posed:
    """One student's exercise: `.numbers`, `.prompt`, `.code`, and how it is judged. Made by `Exercise.posed(student)`.

    hidden: what drives the draws that nobody is shown (inputs of functions): the same for each student, unless the grader gives another.
    """

    def __init__(self, exercise: Exercise, student: str = "", hidden: str = "") -> None:
        self.exercise, self.student = exercise, student
        rng = seeded(student, exercise.id)
        for _ in range(TRIES):
            drawn = {name: draw(rng) if isinstance(draw, Draw) else draw for name, draw in exercise.numbers.items()}
            if not exercise.where or eval(exercise.where, {"__builtins__": {"abs": abs}}, dict(drawn)):
                break
        else:
            raise ValueError(f"exercise {exercise.id}: {exercise.where!r} held for none of {TRIES} draws of {exercise.numbers}")
        self.numbers = SimpleNamespace(**drawn)
        shows = exercise.shows
        code = shows(rng) if isinstance(shows, Draw) else shows
        code = Template(code.strip("\n")).safe_substitute({name: repr(x) for name, x in drawn.items()})
        self.code: str = f"{code}\n" if code else ""
        self._hidden = hidden

    @property
    def drawn(self) -> dict[str, Any]:
        """The numbers as a dictionary."""
        return dict(vars(self.numbers))

    def rng(self, word: str) -> random.Random:
        """For what nobody is shown."""
        return seeded(self.student, self.exercise.id, word, self._hidden)

    @cached_property
    def graph(self) -> Graph:
        """The exercise's program at these numbers. ValueError where it has none."""
        if not self.exercise.program:
            raise ValueError(f"exercise {self.exercise.id} has no program: add program='L = a*b', or give the quantity as a function")
        return Graph(self.exercise.program, {n: x for n, x in self.drawn.items() if not isinstance(x, str)})

    def filled(self, text: str) -> str:
        """A text of the exercise with the numbers in it."""
        return text.format(**{name: show(x) if isinstance(x, float) else x for name, x in self.drawn.items()})

    @property
    def prompt(self) -> str:
        """What is asked."""
        return self.filled(self.exercise.prompt)

    @property
    def labels(self) -> dict[str, str]:
        """What each blank is called for a reader."""
        return {name: blank.label for name, blank in self.exercise.blanks.items()}

    @property
    def hints(self) -> list[str]:
        """The ladder."""
        return [self.filled(hint) for hint in self.exercise.hints]

    def requests(self, answered: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """What is asked of each blank that was answered."""
        return {name: self.exercise.blanks[name].requests(self) for name in answered}

    def judged(self, replies: Mapping[str, list[dict[str, Any]]], hints: int = 0) -> Result:
        """The result, from the replies to `requests` of the blanks that were answered. hints: the steps of the ladder given before."""
        blanks = self.exercise.blanks
        verdicts = {name: blanks[name].judge(self, replies[name]) for name in blanks if name in replies}
        left = tuple(name for name in blanks if name not in replies)
        result = Result(self.exercise.id, self.exercise.points, verdicts, left, labels=self.labels)
        if any(not v.right for v in verdicts.values()):
            result.step = min(hints + 1, len(self.exercise.hints))
            result.hint = self.hints[result.step - 1]
        return result
