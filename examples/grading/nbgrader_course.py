"""A course for nbgrader out of a file of exercises: `python nbgrader_course.py hw1.py COURSE`.

Then, in COURSE: `nbgrader generate_assignment hw1`. Each exercise becomes what is asked, a cell to answer in, and a test cell whose last
line is the points: nbgrader takes a number there as partial credit. The file of exercises goes with the assignment, for there is no
solution in it.

nbgrader runs tests in the kernel in which the student's cells ran, so a student who patches the library there reaches them too. Grade
the same notebooks by `micrograd grade hw1.py submitted/…/hw1.ipynb` where that matters.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from micrograd.exercises import load

CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "micrograd"\n'


def cell(kind: str, id: str, source: str, **marks: Any) -> dict[str, Any]:
    """A cell of a notebook, with nbgrader's marks where there are any; a cell without is the student's."""
    whole = {"grade": False, "locked": True, "solution": False, "task": False, **marks, "grade_id": id, "schema_version": 3}
    made: dict[str, Any] = {"cell_type": kind, "id": id, "metadata": {"nbgrader": whole} if marks else {}, "source": source}
    return {**made, "outputs": [], "execution_count": None} if kind == "code" else made


def notebook(path: Path) -> dict[str, Any]:
    """The instructor's notebook of a file of exercises."""
    sheet = load(path)
    cells = [
        cell("markdown", "title", f"# {sheet.title}"),
        cell("code", "imports", "from micrograd.exercises import exercise, student", locked=True),
        cell("code", "who", 'student("")  # your name: it draws your numbers'),
    ]
    for e in sheet:
        id = e.id.replace(".", "-")
        name = f'exercise("{e.id}", file="{path.name}")'
        handed = ", ".join(f"{blank}={blank}" for blank in e.blanks)
        cells += [
            cell("code", f"ask-{id}", name, locked=True),
            cell("code", f"answer-{id}", "\n".join(f"{blank} = ..." for blank in e.blanks)),
            cell("code", f"test-{id}", f"result = {name}.check({handed})\nprint(result)\nresult.score", grade=True, points=e.points),
        ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def course(path: Path, folder: Path) -> Path:
    """Write the course; the notebook's place."""
    import json

    source = folder / "source" / path.stem
    source.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, source / path.name)
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    target = source / f"{path.stem}.ipynb"
    target.write_text(json.dumps(notebook(path), indent=1, ensure_ascii=False), encoding="utf-8")
    return target


if __name__ == "__main__":
    print(course(Path(sys.argv[1]), Path(sys.argv[2])))
