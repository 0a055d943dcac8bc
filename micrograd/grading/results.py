"""A graded answer as JSON, in the form that Gradescope's autograder reads (`results.json`); the whole of it under `extra_data`.

Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

from typing import Any

from micrograd.grading.grader import Graded

FORMAT = 1


def as_json(graded: Graded) -> dict[str, Any]:
    """score, execution_time, output, tests (one an exercise), and extra_data.micrograd: what a class report is made from."""
    tests = []
    for result in graded.results:
        lines = [*result.lines, *([graded.errors[result.id]] if result.id in graded.errors else [])]
        tests.append({
            "name": f"exercise {result.id}", "number": result.id, "score": _round(result.score), "max_score": result.points,
            "status": "passed" if result else "failed", "output": "\n".join(lines), "output_format": "text", "visibility": "visible",
        })  # fmt: skip
    output = "\n".join([f"{graded.score:g} of {graded.points:g} points", *graded.said])
    return {
        "score": _round(graded.score), "execution_time": round(graded.seconds, 3), "output": output, "output_format": "text",
        "visibility": "visible", "stdout_visibility": "hidden", "tests": tests, "extra_data": {"micrograd": _whole(graded)},
    }  # fmt: skip


def _whole(graded: Graded) -> dict[str, Any]:
    exercises = []
    for result in graded.results:
        blanks = []
        for name, label in result.labels.items():
            v = result.verdicts.get(name)
            row = {"name": name, "label": label, "status": "unanswered" if v is None else "right" if v.right else "wrong"}
            blanks.append({**row, "given": v.given if v else "", "reason": v.reason if v else "", "mistake": v.mistake if v else ""})
        ended = graded.errors.get(result.id, "")
        exercises.append({
            "id": result.id, "status": "error" if ended else result.status, "score": _round(result.score), "points": result.points,
            "said": ended, "hint": result.hint, "blanks": blanks,
        })  # fmt: skip
    return {
        "format": FORMAT, "sheet": graded.sheet.title, "file": graded.sheet.path.name, "student": graded.student,
        "answer": graded.path.name, "score": _round(graded.score), "max_score": graded.points, "said": graded.said,
        "printed": graded.printed, "exercises": exercises,
    }  # fmt: skip


def _round(x: float) -> float:
    return round(x, 6)
