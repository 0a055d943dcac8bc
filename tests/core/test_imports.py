"""The arrows of the house: who may import whom; and what `import micrograd` costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd

ROOT = Path(micrograd.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py") if path.parent.name != "examples")  # those are programs

# The core of the engine, each file with all that it may import from the package at module level.
CORE = {
    "ops/ieee": set(),
    "ops/kept": set(),
    "ops/op": {"ops", "scalar"},
    "ops/symbol": {"ops"},
    "ops/table": {"ops"},
    "scopes": set(),
    "scalar": {"modes"},
    "notation": set(),
    "pull": {"collector", "ops"},
    "collector": {"modes"},
    "masks": {"ops", "pull"},
    "steps": {"notation", "pull"},
    "modes": set(),
    "walk": {"dropin", "modes", "pull", "stale", "steps"},
    "dropin": {"ops", "pull", "scalar", "steps", "subclasses"},
    "stale": {"modes", "ops", "pull", "steps"},
    "subclasses": {"modes", "scalar", "scopes"},
    "functional": {"engine", "ops"},
    "nested": {"engine", "ops"},
    "given": {"engine", "ops"},
    "habits": {"nearest", "ops"},
    "nearest": set(),
}
# What may import another package at module level.
MAY = {"numpy_gate": {"numpy"}, "numpy_kinds": {"numpy"}, "compiler/native": {"numpy", "numba", "llvmlite"}, "testing": {"hypothesis"}}
# What needs the engine and may not be needed by it.
LATE = {
    "nn", "losses", "optim", "train", "data", "metrics", "plots", "checking", "testing", "compiler", "export", "cli", "lab", "site",
    "feed", "predictor", "derived", "doctor",
}  # fmt: skip


def imports(path, inner=False):
    """Full names imported by a file, at module level (or anywhere with inner), `if TYPE_CHECKING` aside."""
    package = ["micrograd", *path.relative_to(ROOT).with_suffix("").parts][:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    work, found = list(tree.body), []
    while work:
        node = work.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            if module == "micrograd" or node.module is None:
                found += [f"{module}.{a.name}" for a in node.names]
            else:
                found.append(module)
        elif inner or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            work += ast.iter_child_nodes(node)
    return found


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_imports_viz(path):
    answers_viz = path.name == "picture.py"  # its function is called by viz alone
    assert not [i for i in imports(path, inner=not answers_viz) if i.split(".")[0] == "viz"]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_standard_library_alone_at_module_level(path):
    allowed = sys.stdlib_module_names | {"micrograd", "__future__"}
    for word, more in MAY.items():
        if word in name(path):
            allowed = allowed | more
    assert not [i for i in imports(path) if i.split(".")[0] not in allowed]


@pytest.mark.parametrize("stem", sorted(CORE))
def test_the_core_imports_what_its_row_allows(stem):
    found = {i.split(".")[1] for i in imports(ROOT / f"{stem}.py") if i.startswith("micrograd.")}
    assert found <= CORE[stem]


@pytest.mark.parametrize("path", [ROOT / f"{stem}.py" for stem in (*CORE, "engine", "copying", "transforms")], ids=name)
def test_the_engine_does_not_need_what_needs_it(path):
    assert not {i.split(".")[1] for i in imports(path) if i.startswith("micrograd.")} & LATE


def test_the_planted_fault_is_found(tmp_path, monkeypatch):
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    import viz.model.graph\nimport numpy as np\nfrom . import cli\n", encoding="utf-8")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert sorted(imports(bad, inner=True)) == ["micrograd.cli", "numpy", "viz.model.graph"] and "viz.model.graph" not in imports(bad)


def fresh(code):
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


NEW = "import sys; before = set(sys.modules); {}; print(*sorted(set(sys.modules) - before))"


def test_import_micrograd_loads_little():
    loaded = fresh(NEW.format("import micrograd"))
    ours = [m for m in loaded if m.startswith("micrograd")]
    theirs = {m.split(".")[0] for m in loaded} - {"micrograd"}
    assert theirs <= sys.stdlib_module_names
    heavy = {
        "numpy", "graphviz", "IPython", "json", "re", "ast", "inspect", "dataclasses", "random", "decimal", "fractions",
        "logging", "argparse", "pickle", "asyncio", "subprocess", "unittest", "tempfile", "pathlib", "viz",
    }  # fmt: skip
    assert not theirs & heavy - set(fresh(NEW.format("import typing")))  # which needs `re` in 3.10
    assert not {m.split(".")[1] for m in ours if "." in m} & LATE


def test_later_names_are_loaded_when_asked_for():
    loaded = fresh(NEW.format("import micrograd; micrograd.nn; micrograd.losses"))
    assert {"micrograd.nn", "micrograd.losses"} <= set(loaded)
    assert "numpy" not in loaded and "viz" not in loaded


def test_a_drawing_loads_nothing_of_the_other_commands(tmp_path):
    """`micrograd draw` is waited for: what a command needs alone it imports when it runs."""
    draw = f"import micrograd.start; micrograd.start.main(['draw', 'a*b', 'a=1', 'b=2', '-o', {str(tmp_path / 'g.svg')!r}])"
    loaded = set(fresh("import sys; before = set(sys.modules)\ntry:\n    " + draw + "\nexcept SystemExit: pass\n"
                       "print(*sorted(set(sys.modules) - before))"))  # fmt: skip
    assert (tmp_path / "g.svg").exists() and "micrograd.cli.main" in loaded
    assert not loaded & {"tempfile", "random", "numpy", "unittest", "asyncio", "IPython", "micrograd.doctor"}
    assert not loaded & {"dataclasses", "inspect", "ast", "shutil", "sysconfig", "pathlib"}
    assert not loaded & {"micrograd.cli.doctor", "micrograd.cli.classroom"}


def test_importing_the_package_prints_nothing_and_draws_no_random_numbers():
    code = "import random; random.seed(1); a = random.random(); random.seed(1); import micrograd.nn; print(a == random.random())"
    assert fresh(code) == ["True"]


def test_every_public_name_exists():
    missing = [n for n in micrograd.__all__ if not hasattr(micrograd, n)]
    assert not missing
