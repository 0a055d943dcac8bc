"""The arrows between the rooms of the house, downwards only, and how large a file may be. A planted fault must be found."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import micrograd
import viz

HOUSE = Path(micrograd.__file__).parent.parent

# The compiler, from the ground up: what each room (or file at its root) may import of the rooms above this line in the table.
COMPILER = {
    "numpy_gate": "",
    "numpy_kinds": "",
    "program": "numpy_gate numpy_kinds",
    "tracing": "numpy_gate numpy_kinds program",
    "outside": "numpy_kinds tracing",
    "passes": "numpy_gate program tracing",
    "settle": "numpy_gate program",
    "machine": "numpy_gate program settle",
    "arrays": "numpy_gate program machine",
    "braces": "numpy_gate program",
    "native": "numpy_gate program machine arrays braces",
    "tiers": "numpy_gate program machine arrays native",
    "provenance": "numpy_kinds tracing",
    "inputs": "numpy_gate program tracing",
    "plan": "numpy_gate program tracing outside machine tiers inputs",
    "plans": "tracing outside",
    "training": "numpy_gate numpy_kinds settle tiers provenance plan plans",
    "guarded": "tracing outside provenance",
    "retraced": "tracing outside provenance plans guarded",
    "wasm": "program tracing outside braces plans training retraced",
    "compiled": "numpy_gate program tracing outside passes machine tiers provenance plan plans training retraced",
    "__init__": "tracing wasm compiled",
}
# What the compiler needs of the rest of micrograd, and the engine of nobody.
OF_THE_ENGINE = {
    "collector",
    "console",
    "engine",
    "files",
    "given",
    "interrupts",
    "modes",
    "nn",
    "ops",
    "optim",
    "pull",
    "telling",
    "__version__",
}
# Imports inside functions, each for a reason; any other would hide an arrow.
LATE = {
    ("compiler/__init__", "micrograd.compiler.compiled"): "NumPy: take and TraceError need none",
    ("compiler/__init__", "micrograd.compiler.wasm.compiled"): "a page alone",
    ("compiler/__init__", "micrograd.compiler.wasm.home"): "when a loss is compiled",
    ("compiler/native/cache", "llvmlite"): "optional",
    ("compiler/native/cache", "micrograd.__version__"): "there when the package is",
    ("compiler/native/cache", "msvcrt"): "Windows",
    ("compiler/native/loop", "numba"): "optional, a third of a second",
    ("compiler/native/own_code", "numba"): "optional, a third of a second",
    ("compiler/native/own_code", "numba.core"): "optional, a third of a second",
    ("compiler/native/own_code", "time"): "the compiling process alone",
    ("compiler/native/own_code", "resource"): "not on Windows",
    ("compiler/native/update", "numba"): "optional, a third of a second",
    ("compiler/program/picture", "viz.model.graph"): "viz asks for it",
}
# Late arrows between the files and folders of micrograd that go up.
UP = {
    ("ops", "pull"): "a row makes its backward code when first asked",
    ("ops", "telling"): "a row tells its rules when first asked",
    ("scalar", "copying"): "pickling and copying are rare",
    ("transforms", "derived"): "a derivative of a derivative",
    ("telling", "compiler"): "the column of JavaScript, when the file is written",
    ("train", "compiler"): "fit(compiled=True)",
    ("predictor", "compiler"): "rows by the thousand",
    ("start", "cli"): "the command line",
}


def imported(path: Path, house: Path) -> Iterator[tuple[str, bool]]:
    """(full name, inside a function?) of what a file imports, `if TYPE_CHECKING` aside."""
    package = path.relative_to(house).with_suffix("").parts[:-1]
    work: list[tuple[Any, bool]] = [(ast.parse(path.read_text(encoding="utf-8")), False)]
    while work:
        node, inner = work.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((a.name, inner) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            folder = (house / module.replace(".", "/")).is_dir()
            yield from ((f"{module}.{a.name}" if folder else module, inner) for a in node.names)
        inside = inner or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        work += [(child, inside) for child in ast.iter_child_nodes(node)]


def files(folder: str, house: Path = HOUSE) -> list[Path]:
    return sorted((house / folder).rglob("*.py"))


def room(name: str, folder: str) -> str:
    """The room of a full name, the part after the folder."""
    return name[len(folder) :].strip(".").partition(".")[0] or "__init__"


def faults(house: Path) -> list[str]:
    """What in the compiler goes against the table."""
    found = []
    for path in files("micrograd/compiler", house):
        here = room(".".join(path.relative_to(house).with_suffix("").parts), "micrograd.compiler")
        for name, inner in imported(path, house):
            if name.startswith("micrograd.compiler."):
                there = room(name, "micrograd.compiler")
                if there != here and there not in COMPILER.get(here, "").split():
                    found.append(f"{here} -> {there} ({path.name})")
            elif name.startswith("micrograd.") and name.split(".")[1] not in OF_THE_ENGINE:
                found.append(f"compiler -> {name} ({path.name})")
            stem = path.relative_to(house / "micrograd").with_suffix("").as_posix()
            if inner and (stem, name) not in LATE:
                found.append(f"late: {stem} -> {name}")
    return found


def test_the_compilers_arrows_go_down() -> None:
    assert not faults(HOUSE)


def test_the_table_goes_down_and_says_no_more_than_there_is() -> None:
    rooms, seen = list(COMPILER), set()
    for k, (here, allowed) in enumerate(COMPILER.items()):
        assert set(allowed.split()) <= set(rooms[:k]), here
    for path in files("micrograd/compiler"):
        here = room(".".join(path.relative_to(HOUSE).with_suffix("").parts), "micrograd.compiler")
        stem = path.relative_to(HOUSE / "micrograd").with_suffix("").as_posix()
        seen |= {(here, room(name, "micrograd.compiler")) for name, _ in imported(path, HOUSE)}
        seen |= {(stem, name) for name, inner in imported(path, HOUSE) if inner}
    assert not [(here, there) for here, allowed in COMPILER.items() for there in allowed.split() if (here, there) not in seen]
    assert not [row for row in LATE if row not in seen]


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("program/reference.py", "from micrograd.compiler.arrays.machine import ArrayMachine", "program -> arrays (reference.py)"),
        ("training/updates.py", "from micrograd.compiler import native", "training -> native (updates.py)"),
        ("passes/fuse.py", "from ..machine import Machine", "passes -> machine (fuse.py)"),
        ("tracing/trace.py", "from micrograd import checking", "compiler -> micrograd.checking (trace.py)"),
        ("machine.py", "def f():\n    import numba", "late: compiler/machine -> numba"),
    ],
)
def test_a_planted_arrow_is_found(tmp_path: Path, file: str, line: str, fault: str) -> None:
    for path in files("micrograd/compiler"):
        copy = tmp_path / path.relative_to(HOUSE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "micrograd/checking").mkdir()
    with open(tmp_path / "micrograd/compiler" / file, "a", encoding="utf-8") as f:
        f.write(f"\n{line}\n")
    assert fault in faults(tmp_path)


# --- the house as a whole ----------------------------------------------------------------------------------------------


def test_viz_imports_nothing_of_ours_not_even_late() -> None:
    assert not [(path.name, name) for path in files("viz") for name, _ in imported(path, HOUSE) if name.split(".")[0] == "micrograd"]


VIZ = ("notation", "model", "drawn", "stepped")  # from the bottom up


def climbs(house: Path) -> list[str]:
    """What in viz looks up, in functions too."""
    found = []
    for here, folder in enumerate(VIZ):
        for path in files(f"viz/{folder}", house):
            names = [room(name, "viz") for name, _ in imported(path, house) if name.startswith("viz.")]
            found += [f"{folder} -> {there} ({path.name})" for there in names if there in VIZ[here + 1 :]]
    return found


def test_vizs_arrows_go_down() -> None:
    assert not climbs(HOUSE)


def test_a_planted_arrow_up_in_viz_is_found(tmp_path: Path) -> None:
    (tmp_path / "viz/notation").mkdir(parents=True)
    (tmp_path / "viz/stepped").mkdir()
    (tmp_path / "viz/notation/a.py").write_text("def f():\n    from ..stepped.b import c\n", encoding="utf-8")
    assert climbs(tmp_path) == ["notation -> stepped (a.py)"]


def test_micrograd_has_no_circles_and_says_where_it_looks_up() -> None:
    """Between its files and folders at module level; what goes up inside functions is named in UP."""
    arrows: dict[str, set[str]] = {}
    late = set()
    for path in files("micrograd"):
        here = room(".".join(path.relative_to(HOUSE).with_suffix("").parts), "micrograd")
        for name, inner in imported(path, HOUSE):
            there = room(name, "micrograd") if name.startswith("micrograd.") else ""
            if not (HOUSE / "micrograd" / there).is_dir() and not (HOUSE / "micrograd" / f"{there}.py").is_file():
                continue
            if there and there != here and here != "__init__":
                late.add((here, there)) if inner else arrows.setdefault(here, set()).add(there)
    below: dict[str, set[str]] = {}

    def reach(here: str, way: tuple[str, ...] = ()) -> set[str]:
        assert here not in way, f"a circle: {' -> '.join((*way, here))}"
        if here not in below:
            below[here] = set().union({here}, *(reach(there, (*way, here)) for there in arrows.get(here, ())))
        return below[here]

    for here in arrows:
        reach(here)
    up = {(here, there) for here, there in late if there not in reach(here) and here in reach(there)}
    far = {(here, there) for here, there in late if there not in reach(here)}
    assert up <= set(UP) and set(UP) <= far


# --- sizes -------------------------------------------------------------------------------------------------------------

MOST = 350  # lines of a file; complexity is ruff's (C901 in pyproject.toml)
LESS = {"micrograd/engine.py": 300}
LONGER: set[str] = set()  # what may be longer, until it is not: an entry that is not needed any more fails


def lengths(house: Path = HOUSE) -> dict[str, int]:
    found = [path for folder in ("micrograd", "viz", "benchmarks") for path in files(folder, house)]
    found += sorted((house / "viz/static").glob("*.js")) + sorted((house / "micrograd/exercises/static").glob("*.js"))
    found += sorted(path for path in (house / "micrograd/lab").glob("*/*js") if path.parts[-2:] != ("static", "editor.js"))  # built
    return {path.relative_to(house).as_posix(): path.read_text(encoding="utf-8").count("\n") for path in found}


def too_long(sizes: dict[str, int]) -> set[str]:
    return {name for name, n in sizes.items() if n > LESS.get(name, MOST)}


def test_no_file_is_too_long_to_read() -> None:
    assert too_long(lengths()) == LONGER


def test_a_planted_long_file_is_found() -> None:
    assert too_long({"micrograd/engine.py": 301, "micrograd/a.py": 350, "viz/b.py": 351}) == {"micrograd/engine.py", "viz/b.py"}


def test_value_is_the_first_thing_in_the_engine() -> None:
    first = next(n for n in ast.parse((HOUSE / "micrograd/engine.py").read_text()).body if isinstance(n, (ast.ClassDef, ast.FunctionDef)))
    assert first.name == "Value" and Path(viz.__file__).parent.parent == HOUSE
