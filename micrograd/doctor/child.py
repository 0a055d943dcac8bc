"""The process in which a student's file runs: it is read, its class is examined, and the report goes into a file. It can be killed."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import types
from pathlib import Path
from typing import Any

from micrograd.doctor.diagnosis import diagnose
from micrograd.doctor.findings import Report
from micrograd.doctor.repair import repaired
from micrograd.doctor.student import engines_in

MODULE = "the_students_file"
RUNS = (ast.Call, ast.Subscript, ast.Await, ast.Yield, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.BinOp)


def definitions(tree: ast.Module) -> ast.Module:
    """The file without what runs: imports, functions, classes, and names of constants."""
    kept: list[ast.stmt] = []
    for node in tree.body:
        plain = isinstance(node, ast.Assign) and not any(isinstance(n, RUNS) for n in ast.walk(node.value))
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)) or plain:
            kept.append(node)
    return ast.Module(kept, tree.type_ignores)


def load(path: str, whole: bool) -> tuple[types.ModuleType, str]:
    """(the module, what went wrong when it ran). whole: run all of it, else its definitions alone. SyntaxError where it is no Python."""
    text = Path(path).read_text(encoding="utf-8")
    tree = ast.parse(text, path)
    module = types.ModuleType(MODULE)
    module.__file__ = path
    sys.modules[MODULE] = module
    sys.path.insert(0, str(Path(path).resolve().parent))
    said = ""
    if whole:
        try:
            exec(compile(tree, path, "exec"), vars(module))
            return module, ""
        except BaseException as error:
            line = next((f.tb_lineno for f in _frames(error) if f.tb_frame.f_code.co_filename == path), 0)
            said = f"running the file ends with {type(error).__name__}: {error} (line {line}); its classes were read alone"
            if isinstance(error, EOFError):
                said = f"the file asks for input (line {line}); its classes were read alone"
            vars(module).clear()
            vars(module).update(__name__=MODULE, __file__=path)
    exec(compile(definitions(tree), path, "exec"), vars(module))
    return module, said


def _frames(error: BaseException) -> list[Any]:
    found, walk = [], error.__traceback__
    while walk is not None:
        found.append(walk)
        walk = walk.tb_next
    return found[::-1]


def examine(path: str, name: str, whole: bool, solution: bool) -> Report:
    """The report on a file's class; one that says why where there is none to be had."""
    try:
        module, said = load(path, whole)
    except SyntaxError as error:
        return Report(Path(path).name, unread=[f"line {error.lineno}: {error.msg}: this is no Python yet"], said="")
    except Exception as error:
        return Report(Path(path).name, unread=[f"its definitions alone end with {type(error).__name__}: {error}"])
    namespace = vars(module)
    if name:
        cls = namespace.get(name)
        if not isinstance(cls, type):
            there = ", ".join(c.__name__ for c in engines_in(namespace, MODULE)) or "none that looks like an engine"
            return Report(f"{Path(path).name}:{name}", unread=[f"there is no class {name!r} (classes: {there})"], said=said)
    else:
        found = engines_in(namespace, MODULE)
        if not found:
            return Report(Path(path).name, unread=["no class with __add__ or __mul__ is defined here"], said=said)
        cls = found[0]
    report = diagnose(cls)
    report.subject = f"{Path(path).name}:{cls.__name__}"
    report.said = said
    if solution:
        for finding in report.faults:
            finding.solution = repaired(path, cls.__name__, finding, report)
    return report


def main() -> None:
    """path, name, whole, solution, and the file for the report."""
    path, name, whole, solution, target = sys.argv[1:6]
    silent = io.StringIO()
    with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(io.StringIO()):
        report = examine(path, name, whole == "1", solution == "1")
    if silent.getvalue():
        lines = silent.getvalue().count("\n") + 1
        report.said = "; ".join(filter(None, [report.said, f"the file printed {lines} lines when it ran"]))
    from micrograd.doctor.page import page

    made = {"report": report.as_dict(), "texts": [report.text(k) for k in range(4)], "page": page(report)}
    part = f"{target}.part"
    Path(part).write_text(json.dumps(made), encoding="utf-8")
    os.replace(part, target)


if __name__ == "__main__":
    main()
