"""For a teacher: a sheet of exercises for each student of a class with its key, and a report on a folder of results."""

from __future__ import annotations

from micrograd.classroom.drawn import of_expression
from micrograd.classroom.report import Report, gathered
from micrograd.classroom.sheets import ClassSheets, Unequal, of_exercises

__all__ = ["ClassSheets", "Report", "Unequal", "gathered", "of_exercises", "of_expression"]
