"""Grading: an answer runs in a process of its own, and what it gives, numbers and words, is judged here by an untouched library."""

from __future__ import annotations

from micrograd.grading.grader import Graded, grade
from micrograd.grading.results import as_json

__all__ = ["Graded", "as_json", "grade"]
