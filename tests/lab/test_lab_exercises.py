"""Exercises of the lessons in the lab: shown, graded in place, and no hint is used up by an answer that is half typed."""

import sys

import pytest

from micrograd.exercises import asked
from micrograd.exercises.format import LESSONS, lesson
from micrograd.lab import page
from micrograd.lab.inside import Lab

HEAD = "from micrograd.exercises import exercise, student, tally\n"


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(asked, "_asked", {})
    monkeypatch.setattr(asked, "_who", [])
    return Lab()


def out(lab, capsys, program, pressed=True):
    told = lab.run(HEAD + program, pressed=pressed)
    assert told["ok"], told
    return capsys.readouterr().out


def right(student):
    n = lesson("02")["02.1"].posed(student).numbers
    return n.b + 1, n.a + 2 * n.b + 1  # of (a + b)(b + 1), by hand


def test_every_lessons_exercises_are_in_the_page():
    names = {path.relative_to(LESSONS.parents[2]).as_posix() for path in LESSONS.glob("*.py")}
    assert names and all(f'"{name}":' in page.carried() for name in names)


def test_an_exercise_is_shown_and_graded(lab, capsys):
    shown = out(lab, capsys, 'exercise("02.1")')
    posed = lesson("02")["02.1"].posed("")
    assert posed.prompt in shown and "check(da=..., db=...)" in shown
    da, db = right("")
    assert out(lab, capsys, f'exercise("02.1").check(da={da}, db={db})').startswith("02.1: right")
    said = out(lab, capsys, f'exercise("02.1").check(da={da}, db={db + 100})')
    assert said.startswith("02.1: partly") and "hint 1" in said
    assert "1 of 1" in out(lab, capsys, "tally()")


def test_hints_are_used_up_by_runs_that_were_asked_for_alone(lab, capsys):
    wrong = 'exercise("02.1").check(da=1000, db=1000)'
    for _ in range(5):
        assert "hint 1" in out(lab, capsys, wrong, pressed=False)
    assert "hint 1" in out(lab, capsys, wrong)
    assert "hint 2" in out(lab, capsys, wrong, pressed=False) and "hint 2" in out(lab, capsys, wrong)
    assert "hint 3" in out(lab, capsys, wrong)
    assert "3 tries" in out(lab, capsys, "tally()")


def test_a_student_is_the_programs_and_not_the_next_ones(lab, capsys):
    da, db = right("ada")
    assert out(lab, capsys, f'student("ada")\nexercise("02.1").check(da={da}, db={db})').startswith("02.1: right")
    assert "(ada)" not in out(lab, capsys, "print(student())") and asked.student() == ""
