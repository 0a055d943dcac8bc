"""The examples for nbgrader and otter-grader, by their own packages: an answer that is half right gets its points there, too."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micrograd.exercises import load
from micrograd.grading import grade

EXAMPLES = Path(__file__).parents[2] / "examples" / "grading"
ROOT = str(Path(__file__).parents[2])

ANSWERS = {
    "hw1.1": "n = exercise('hw1.1', file='hw1.py').numbers\nv = n.a * n.b + n.b\nda = 2 * v * n.b\ndb = 2 * v * n.a",  # db is wrong
    "hw1.2": "softplus = lambda x: (1 + x.exp()).log()",
    "hw1.3": "name = 'sin'\nslope = lambda x: 0.5 * x**-0.5",  # name is wrong
}
POINTS = {"hw1.1": 0.5, "hw1.2": 2.0, "hw1.3": 0.5}


@pytest.fixture(autouse=True)
def kernel_finds_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH", "")])))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")  # nbgrader calls alembic by name
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")


def test_the_example_answer_and_the_shell(tmp_path: Path) -> None:
    for name in ("hw1.py", "ada.py"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    found = grade(load(tmp_path / "hw1.py"), tmp_path / "ada.py")
    assert found.student == "ada" and {r.id: r.score for r in found.results} == {**POINTS, "hw1.3": 1.0}, found


@pytest.mark.skipif(os.name == "nt", reason="a script of bash")
def test_gradescopes_script(tmp_path: Path) -> None:
    for folder in ("source", "submission", "results", "venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(EXAMPLES / "hw1.py", tmp_path / "source")
    for name, words in (("python", ""), ("micrograd", "-m micrograd ")):
        (tmp_path / "venv/bin" / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n')
        (tmp_path / "venv/bin" / name).chmod(0o755)
    (tmp_path / "submission_metadata.json").write_text('{"users": [{"email": "ada", "name": "Ada"}]}')

    def results() -> Any:
        surroundings = {**os.environ, "AUTOGRADER": str(tmp_path)}
        subprocess.run(["bash", str(EXAMPLES / "gradescope/run_autograder")], env=surroundings, check=True, capture_output=True)
        return json.loads((tmp_path / "results/results.json").read_text(encoding="utf-8"))

    assert results()["score"] == 0
    shutil.copy(EXAMPLES / "ada.py", tmp_path / "submission")
    found = results()
    assert found["score"] == 3.5 and found["extra_data"]["micrograd"]["student"] == "ada" and len(found["tests"]) == 3


def filled(notebook: Path) -> None:
    """A student fills in the cells that nbgrader left open."""
    book = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in book["cells"]:
        kind, _, id = cell["id"].partition("-")
        if kind == "answer":
            cell["source"] = ANSWERS[id.replace("-", ".")]
    notebook.write_text(json.dumps(book), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore")
def test_nbgrader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nbgrader")
    course = runpy.run_path(str(EXAMPLES / "nbgrader_course.py"))["course"]
    made = course(EXAMPLES / "hw1.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def nbgrader(*words: str) -> None:
        done = subprocess.run([sys.executable, "-m", "nbgrader", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", "hw1", "--create")
    released = tmp_path / "release" / "hw1"
    assert (released / "hw1.py").is_file() and made.name in os.listdir(released)
    for student in ("ada", "eve"):
        shutil.copytree(released, tmp_path / "submitted" / student / "hw1")
    filled(tmp_path / "submitted" / "ada" / "hw1" / "hw1.ipynb")
    nbgrader("autograde", "hw1", "--create")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {s: book.find_submission("hw1", s).score for s in ("ada", "eve")}
        cells = {g.name: g.score for g in book.find_submission_notebook("hw1", "hw1", "ada").grades}
        most = book.find_assignment("hw1").max_score
    assert scores == {"ada": 3.0, "eve": 0.0} and most == 4.0
    assert cells == {f"test-{id.replace('.', '-')}": points for id, points in POINTS.items()}


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore")
def test_otter(tmp_path: Path) -> None:
    pytest.importorskip("otter")
    tests = runpy.run_path(str(EXAMPLES / "otter_tests.py"))["tests"]
    tests(EXAMPLES / "hw1.py", tmp_path)
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{k}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for k, source in enumerate(["from micrograd.exercises import exercise", *ANSWERS.values()])
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "ada.ipynb").write_text(json.dumps(book), encoding="utf-8")
    code = (
        "import json, otter.api\n"
        "from otter.generate import main\n"
        "main(tests_dir='tests', output_path='autograder.zip', files=['hw1.py'], no_environment=True)\n"
        "found = otter.api.grade_submission('ada.ipynb', 'autograder.zip', quiet=True)\n"
        "print(json.dumps({name: f.score for name, f in found.results.items()}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {id.replace(".", "_"): points for id, points in POINTS.items()}, done.stdout
