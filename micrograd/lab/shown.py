"""What a page shows of a run: the graph, the stepper, the steps, the check, the training, each as plain data without any HTML."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

from micrograd.engine import Value

LINES = 5000  # of steps as text
CHECKED = 400  # values of an own engine whose derivatives are compared at once, while a person types


class Run:
    """The Values that a run gave, with the names of the program around them."""

    def __init__(self, roots: list[Any], names: dict[str, Any], file: str, source: str = "", last: Any = None) -> None:
        self.roots, self.names, self.file, self.source, self.last = roots, names, file, source, last
        self.own = bool(roots) and not isinstance(roots[0], Value)

    def called(self, function: Callable[..., Any], *, only: Any = None, **options: Any) -> Any:
        """``function(*roots, **options)`` as if the program's last line said so: viz finds its names and lines. only: one of the roots."""
        inside = {"_function": function, "_roots": self.roots if only is None else [only], "_options": options}
        exec(compile("_made = _function(*_roots, **_options)", self.file, "exec"), self.names, inside)
        return inside["_made"]

    @cached_property
    def stepper(self) -> Any:
        """The stepper; with the check of every local derivative where the engine is the program's own."""
        step = importlib.import_module("viz").step
        made = self.called(step, title="")
        if self.own and len(made.trace.values) <= CHECKED:
            made = self.called(step, title="", check=True)
        return made

    @property
    def watch(self) -> Any:
        """The last ``viz.watch(…)`` of the program that saw a step, if there is one."""
        training = importlib.import_module("viz.training")
        found = [thing for thing in self.names.values() if isinstance(thing, training.Watch) and len(thing)]
        return found[-1] if found else None


NO_ROOT = "no Value yet: the last line that gives or names one is what is shown here"


def _rooted(view: Callable[[Run], dict[str, Any]]) -> Callable[[Run], dict[str, Any]]:
    return lambda run: view(run) if run.roots else {"nothing": NO_ROOT}


def _graph(run: Run) -> dict[str, Any]:
    return {"svg": run.called(importlib.import_module("viz").draw, layout="layers", labels="all").svg}  # what a page can do by itself


def _stepper(run: Run) -> dict[str, Any]:
    return {"data": run.stepper.data}


def _steps(run: Run) -> dict[str, Any]:
    lines: list[str] = []
    for line in run.stepper.log():
        if len(lines) == LINES:
            return {"lines": lines, "more": len(run.stepper) - LINES}
        lines.append(line)
    return {"lines": lines, "more": 0}


def _check(run: Run) -> dict[str, Any]:
    """The gradients against finite differences; of an own engine, each local derivative."""
    if run.own:
        made = run.called(importlib.import_module("viz").step, title="", check=True)
        place = {id(value): i for i, value in enumerate(made.trace.values)}
        rows = [[made.trace.told[place[id(value)]], _rule(value, run.file), message] for value, message in made.problems]
        return {"said": made.checked(), "ok": not rows, "head": ["value", "its rule", "what is wrong"], "rows": rows}
    from micrograd.checking.checks import check_grads

    if len(run.roots) > 1:
        return {"nothing": "the check takes one result: make the last line one Value, their sum, say"}
    report = check_grads(run.roots[0])
    told = dict(zip(map(id, run.stepper.trace.values), run.stepper.trace.told, strict=True))
    leaves = [told.get(id(v), "") for v in run.roots[0].topological() if v.op is None]
    names = leaves if len(leaves) == len(report.rows) else [row.name for row in report.rows]
    rows = [
        [name, f"{r.analytic:.9g}", f"{r.numeric:.9g}", f"{r.error:.1e}", f"{r.ulps:.3g}", r.verdict]
        for name, r in zip(names, report.rows, strict=True)
    ]
    wrong, undecided = len(report.wrong), len(report.undecided)
    said = f"{wrong} wrong" if wrong else f"{undecided} undecided" if undecided else "every gradient agrees with its numeric derivative"
    head = ["input", "analytic", "numeric", "error", "ulps", "verdict"]
    return {"said": said, "ok": not wrong and not undecided, "head": head, "rows": rows, "note": report.note}


def _rule(value: Any, file: str) -> str:
    """Where in the program the rule of an own engine's value begins, if it is a closure there."""
    code = getattr(getattr(value, "_backward", None), "__code__", None)
    return f"line {code.co_firstlineno}" if code is not None and code.co_filename == file else ""


def _train(run: Run) -> dict[str, Any]:
    watch = run.watch
    if watch is None:
        return {"nothing": "nothing was watched: watch = viz.watch(model, data=(X, y)), and watch(loss) once a step after backward()"}
    return {"data": watch.payload(), "said": watch.alt()}


#: what can be asked of a run
VIEWS: dict[str, Callable[[Run], dict[str, Any]]] = {
    "graph": _rooted(_graph),
    "stepper": _rooted(_stepper),
    "steps": _rooted(_steps),
    "check": _rooted(_check),
    "train": _train,
}
