"""Exercises that are checked by properties: a small format, numbers for each student, grading in a notebook and by `micrograd grade`.

    >>> from micrograd.exercises import exercise
    >>> exercise("02.1", student="ada").check(da=0, db=...)
    02.1: wrong
      ✗ a.grad: 0 is not it
      … not answered yet: b.grad
      hint 1: Name the two factors s = a + b and t = b + 1. What are ∂L/∂s and ∂L/∂t?

docs/exercises.md says how a file of exercises is written.
"""

from __future__ import annotations

from micrograd.exercises.asked import exercise, student, tally
from micrograd.exercises.blanks import choice, line, number, rule
from micrograd.exercises.draws import decimal, listed, pick, real, whole
from micrograd.exercises.format import Exercise, Sheet, lesson, load
from micrograd.exercises.functions import below, engine, equals, function, holds, raises, repair, shaped, slopes

__all__ = [
    "Exercise", "Sheet", "below", "choice", "decimal", "engine", "equals", "exercise", "function", "holds", "lesson", "line", "listed",
    "load", "number", "pick", "raises", "real", "repair", "rule", "shaped", "slopes", "student", "tally", "whole",
]  # fmt: skip
