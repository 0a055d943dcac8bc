"""Tests for otter-grader out of a file of exercises: `python otter_tests.py hw1.py FOLDER`.

Then, in FOLDER: `otter generate -t tests hw1.py`. Each exercise becomes a file of tests, one test a blank, which reads the student's
variables (`da`, `softplus`, …; `...` is no answer). A student checks by `otter.Notebook().check("hw1_1")`. The file of exercises goes with
it, for there is no solution in it.

otter runs tests in the process in which the student's cells ran, so a student who patches the library there reaches them too. Grade the
same notebooks by `micrograd grade` where that matters.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from micrograd.exercises import load

HEAD = '''"""Exercise {id}."""

from micrograd.exercises import exercise
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = {points}
'''
TEST = """

@test_case(name="{label}", points={points})
def test_{blank}({blank}):
    result = exercise("{id}", file="{file}").check({blank}=... if {blank} is None else {blank})
    assert result.verdicts and result.verdicts["{blank}"].right, repr(result)
"""


def tests(path: Path, folder: Path) -> list[Path]:
    """Write the tests; their files."""
    made = []
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder / path.name)
    for e in load(path):
        name = e.id.replace(".", "_").replace("-", "_")
        share = e.points / len(e.blanks)
        parts = [
            TEST.format(id=e.id, file=path.name, blank=blank, points=share, label=f"{e.id} {b.label}".replace('"', "'"))
            for blank, b in e.blanks.items()
        ]
        target = folder / "tests" / f"{name}.py"
        target.write_text(HEAD.format(id=e.id, name=name, points=e.points) + "".join(parts), encoding="utf-8")
        made.append(target)
    return made


if __name__ == "__main__":
    print(*tests(Path(sys.argv[1]), Path(sys.argv[2])), sep="\n")
