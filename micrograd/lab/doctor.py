"""What the page's Doctor tab shows: the mistakes of an engine that the program defines, and of a training loop that it runs."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from micrograd.doctor import diagnose
from micrograd.doctor.child import definitions
from micrograd.doctor.findings import Finding, Report, said
from micrograd.doctor.loop_child import watched_run
from micrograd.doctor.loop_text import LoopText
from micrograd.doctor.page import picture
from micrograd.doctor.student import engines_in
from micrograd.lab.shown import Run

MAIN = "__main__"
LOOP_SECONDS = 10.0  # that a training loop is watched for, at most; 40 calls of backward() end it before
NOTHING = (
    "no class found: the doctor examines a class of your own with __add__ or __mul__ (the example “an engine of one's own” has one), "
    "and a loop that calls backward()"
)


class _Nowhere(io.TextIOBase):
    """Where a class that prints while it is asked prints to."""

    def write(self, text: str) -> int:
        return len(text)


def doctored(run: Run, wish: dict[str, Any], forget: Callable[[], None]) -> dict[str, Any]:
    """The reports on the program's class and on its training loop, as plain data, or `nothing` with the reason.

    wish: ``class``, the one of several that is examined ("": the one that looks most like an engine). forget: takes what the program
    registered out of the table, for a loop is watched in a second run. A program that ended with an error is examined too: what it
    had not defined by then is read from its definitions alone.
    """
    try:
        tree = ast.parse(run.source, run.file)
    except SyntaxError as error:
        return {"nothing": f"line {error.lineno}: {error.msg}: this is no Python yet"}
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        found = _classes(run, tree)
        name = next((c.__name__ for c in found if c.__name__ == wish.get("class")), found[0].__name__ if found else "")
        reports = [_told(diagnose(cls), f"class {name}") for cls in found if cls.__name__ == name]
        if isinstance(LoopText(run.source, run.file).loop, (ast.For, ast.While)):
            reports.append(_told(_watched(run, forget), "training loop"))
    base = {"classes": [cls.__name__ for cls in found], "chosen": name}
    return {**base, "reports": reports} if reports else {**base, "nothing": NOTHING}


def _classes(run: Run, tree: ast.Module) -> list[type]:
    found = engines_in(run.names, MAIN)
    if not found:  # the program ended before it came to them
        with contextlib.suppress(Exception):
            exec(compile(definitions(tree), run.file, "exec"), run.names)
        found = engines_in(run.names, MAIN)
    return list({cls.__name__: cls for cls in found}.values())[:20]


def _watched(run: Run, forget: Callable[[], None]) -> Report:
    """The program runs once more, from a clean table, while its backward() is listened to."""
    module = types.ModuleType(MAIN)
    vars(module)["input"] = run.names.get("input")
    module.__file__ = run.file
    first = sys.modules.get(MAIN)
    forget()
    sys.modules[MAIN] = module
    try:
        return watched_run(run.source, run.file, module, time.perf_counter() + LOOP_SECONDS)
    finally:
        if first is not None:
            sys.modules[MAIN] = first


def _told(report: Report, subject: str) -> dict[str, Any]:
    """A report as the page needs it."""
    return {
        "subject": subject, "head": report.head, "ok": bool(report), "faults": [_fault(f) for f in report.faults],
        "missing": [_line(f) for f in report.missing], "notes": [_line(f) for f in report.notes],
        "works": ", ".join(report.works), "unread": [*report.unread, *filter(None, [report.said])],
    }  # fmt: skip


def _line(finding: Finding) -> str:
    return f"{finding.sentence}{f' (line {finding.spot.line})' if finding.spot else ''}"


def _fault(finding: Finding) -> dict[str, Any]:
    """A mistake: its sentence, its line, rows of the smallest expression, the picture with the wrong value marked, and the hints."""
    spot, example = finding.spot, finding.example
    rows, svg = [], ""
    if example is not None:
        given = ", ".join(f"{name} = {x:g}" for name, x in example.inputs.items())
        rows = [
            ["expression", example.text],
            ["with", given],
            [f"expected {example.what}", said(example.expected)],
            ["got", said(example.got)],
        ]
        svg = picture(example)
    return {
        "key": f"{finding.where} {finding.name}", "title": finding.sentence,
        "line": spot.line if spot else 0, "text": spot.text if spot else "",
        "rows": rows, "svg": svg, "hints": list(finding.hints),
    }  # fmt: skip
