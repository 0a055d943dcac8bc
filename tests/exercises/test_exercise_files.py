"""Every lesson's exercises are well-formed: prompts for several students, wrong answers refused, no solution in the file."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from micrograd.doctor import diagnose
from micrograd.exercises import shown
from micrograd.exercises.asked import Asked
from micrograd.exercises.blanks import Choice, Line, Number, Rule, run
from micrograd.exercises.format import LESSONS, Exercise, lesson
from micrograd.exercises.functions import Engine, Function, Repair

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
FILES = sorted(LESSONS.glob("*.py"))
EVERY = [e for path in FILES for e in lesson(path.name.partition("_")[0])]
STUDENTS = ["", "ada", "Grace Hopper", "Νόε", "student-17"]


def wrong_for(posed: Any, name: str) -> Any:
    """An answer that is of the right kind, and wrong."""
    blank = posed.exercise.blanks[name]
    if isinstance(blank, Number):
        return 2.0 * blank.truth(posed) + 1.37
    if isinstance(blank, Line):
        return next(k for k in range(1, 999) if k not in blank.truth(posed))
    if isinstance(blank, Rule):
        return "no such rule"
    if isinstance(blank, Choice):
        return next(text for text in blank.options if text not in blank.truth(posed))
    if isinstance(blank, Repair):
        return (1, posed.code.strip("\n").splitlines()[0])
    return type("Wrong", (), {}) if isinstance(blank, Engine) else lambda *args: -12.34


def solutions(path: Path) -> list[str]:
    """The blocks of Python of a notebook's folded solutions."""
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    folded = [
        part for c in cells if c["cell_type"] == "markdown" for part in re.findall(r"<details>.*?</details>", "".join(c["source"]), re.S)
    ]
    return [block for part in folded for block in re.findall(r"```python\n(.*?)```", part, re.S)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_is_one_lessons(path: Path) -> None:
    number = path.name.partition("_")[0]
    assert (NOTEBOOKS / f"{path.stem}.ipynb").is_file(), "named as the notebook"
    sheet = lesson(number)
    assert len(sheet) >= 3 and all(e.id.startswith(f"{number}.") for e in sheet) and sheet.title


@pytest.mark.parametrize("exercise", EVERY, ids=lambda e: e.id)
@pytest.mark.parametrize("student", STUDENTS)
def test_prompts_render_and_wrong_answers_are_refused(exercise: Exercise, student: str) -> None:
    posed = exercise.posed(student)
    assert exercise.posed(student).drawn == posed.drawn and exercise.posed(student).code == posed.code
    text, html = shown.text(posed), shown.prompt_html(posed)
    assert exercise.id in text and exercise.id in html and not re.search(r"\{\w+\}", posed.prompt)
    assert len(posed.hints) == 3
    asked = Asked(posed)
    assert asked.check(**dict.fromkeys(exercise.blanks, ...)).status == "unanswered" and asked.tries == 0
    for name in exercise.blanks:
        result = asked.check(**{name: wrong_for(posed, name)})
        assert result.status == "wrong" and result.verdicts[name].reason and result.hint, name
        assert not asked.check(**{name: None}), name


@pytest.mark.parametrize("exercise", EVERY, ids=lambda e: e.id)
def test_the_truth_is_found_and_accepted_and_no_hint_prints_it(exercise: Exercise) -> None:
    drawn = set()
    for student in STUDENTS:
        posed = exercise.posed(student)
        drawn.add(f"{posed.drawn}{posed.code}")
        for name, blank in exercise.blanks.items():
            if isinstance(blank, Function | Engine):
                continue
            truth = blank.truth(posed)
            answer = truth[0] if isinstance(truth, list) else truth
            assert Asked(posed).check(**{name: answer}).verdicts[name].right, (student, name)
            if isinstance(blank, Number) and blank.digits <= 4 and not float(truth).is_integer():
                assert not any(f"{truth:.{blank.digits}g}" in hint for hint in posed.hints), (student, name)
    if exercise.numbers:
        assert len(drawn) > 1, "numbers are drawn per student"


ENGINES = [e for e in EVERY if any(isinstance(b, Line) and b.by == "doctor" for b in e.blanks.values())]


@pytest.mark.parametrize("exercise", ENGINES, ids=lambda e: e.id)
def test_the_doctor_finds_one_mistake_in_an_engine_that_is_shown(exercise: Exercise) -> None:
    """With several findings, in different places, the line that is called wrong may be another one than that which was planted."""
    for code in {exercise.posed(f"student {k}").code for k in range(12)}:
        engines = [x for x in run(code)[0].values() if isinstance(x, type) and x.__module__ == "shown"]
        assert len({f.spot for f in diagnose(engines[0], examples=False).faults}) == 1, code


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_line_of_a_solution_stands_in_the_file(path: Path) -> None:
    code = re.sub(r"\s+", "", path.read_text(encoding="utf-8"))
    for block in solutions(NOTEBOOKS / f"{path.stem}.ipynb"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Return | ast.AugAssign) or (isinstance(node, ast.Assign) and not isinstance(node.value, ast.Name)):
                said = re.sub(r"\s+", "", ast.unparse(node))
                assert len(said) < 12 or said not in code, said


PLANTED = [e for e in EVERY if any(isinstance(b, Repair) for b in e.blanks.values())]


def test_many_lessons_have_a_planted_mistake():
    assert len({e.id.partition(".")[0] for e in PLANTED}) >= 16


class Handed:
    """Stands for `exercise(id)` in a solution: its code and numbers for one student, and what the solution hands in."""

    def __init__(self, posed: Any) -> None:
        self.code, self.numbers, self.answers = posed.code, posed.drawn, {}

    def check(self, **answers: Any) -> None:
        self.answers = answers


@pytest.mark.parametrize("exercise", PLANTED, ids=lambda e: e.id)
def test_each_planted_mistake_is_wrong_as_shown_and_right_by_the_solution(exercise: Exercise) -> None:
    (path,) = NOTEBOOKS.glob(f"{exercise.id.partition('.')[0]}_*.ipynb")
    (block,) = (b for b in solutions(path) if f'exercise("{exercise.id}").check(' in b)
    (name,) = exercise.blanks
    codes: dict[str, Any] = {}
    for k in range(40):
        posed = exercise.posed(f"student {k}")
        codes.setdefault(posed.code, posed)
    for posed in codes.values():
        handed = Handed(posed)
        exec(block, {"exercise": lambda id, handed=handed: handed})
        assert Asked(posed).check(**handed.answers).status == "right", posed.code
        at, new = handed.answers[name]
        as_shown = posed.code.strip("\n").splitlines()[at - 1]
        assert as_shown.strip() != new.strip() and not Asked(posed).check(**{name: (at, as_shown)}), posed.code
