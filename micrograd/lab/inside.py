"""What runs in the page's worker: a person's program, and what went wrong in it. Plain Python, so that tests need no page.

A program runs as `__main__` in a namespace of its own; what it registered, the warnings it switched off and the random numbers it drew
are put back before the next one. Its result is the Value that its last lines give or name (see ``roots``).
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import io
import json
import linecache
import random
import sys
import time
import traceback
import types
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.lab import compare, shown
from micrograd.ops import TABLE

NAME = "lab.py"  # what the program is called in tracebacks
NO_NUMPY = (
    "NumPy is not in this page. micrograd.compile does without it; what exports a tensor program, or shows it, does not: save the program "
    "as .py and run it with Python"
)
NOT_HERE = "this page carries Python's standard library, micrograd and viz alone"
TOO_LONG = "the doctor was not done within its time: `micrograd doctor lab.py`, in a terminal, has no such limit"
NO_KEYBOARD = "input() cannot ask here: write the answer into the program"


class Lab:
    """One person's lab: the program that ran last, and what it left."""

    def __init__(self) -> None:
        self._ops = set(TABLE)
        self.run_: shown.Run | None = None
        self.kept: tuple[str, Any] | None = None  # the program of the run that was kept, and its stepper

    def run(self, source: str, kept: str = "", pressed: bool = True) -> dict[str, Any]:
        """Run a program: `ok`, `error` (line, message, the traceback), whether there is a `root`, a `watch`, and the seconds.

        kept: the program whose run is compared with this one's; it runs first, in silence, where this lab has not kept it (a new worker).
        pressed: somebody asked for it; else, while they type, what it hands in to exercises is no try, and uses no hint up.
        """
        tries = _tries()
        if kept and kept != source and (self.kept is None or self.kept[0] != kept):
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                self.run(kept, pressed=False)
                self._keep(kept)
        self._afresh()
        main = types.ModuleType("__main__")
        main.__dict__["input"] = _no_keyboard
        main.__file__ = NAME
        sys.modules["__main__"] = main
        linecache.cache[NAME] = (len(source), None, [*source.splitlines(keepends=True), "\n"], NAME)
        started = time.perf_counter()
        tree, last, error = None, None, None
        try:
            tree = ast.parse(source, NAME)
            last = _execute(tree, main.__dict__)
            if last is not None:
                print(repr(last))
        except SystemExit as end:
            if end.code not in (None, 0):
                error = told(end)
        except BaseException as wrong:
            error = told(wrong)
        if not pressed and (asked := sys.modules.get("micrograd.exercises.asked")) is not None:
            asked.stand(tries)
        found = roots(tree, main.__dict__, last) if tree is not None else []
        self.run_ = shown.Run(found, main.__dict__, NAME, source, last)
        return {
            "ok": error is None,
            "error": error,
            "root": bool(found),
            "own": bool(found) and not isinstance(found[0], Value),
            "watch": self.run_.watch is not None,
            "seconds": time.perf_counter() - started,
        }

    def _keep(self, source: str) -> None:
        """Keep the numbers of the last run, if it is this program's, to be compared with those of others."""
        if self.run_ is not None and self.run_.source == source and (self.kept is None or self.kept[0] != source):
            try:
                self.kept = (source, self.run_.stepper if self.run_.roots else None)
            except Exception:  # of a program's own class: nothing is kept, and the tab says so
                self.kept = None

    def view(self, kind: str, wish: dict[str, Any] | None = None) -> dict[str, Any]:
        """One view of the last run: what ``shown.VIEWS`` gives, or `nothing` with a sentence.

        wish: of a comparison, see ``compare.compared``; of the doctor, see ``doctor.doctored``.
        """
        if self.run_ is None:
            return {"kind": kind, "nothing": "nothing has run"}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the program's own were printed while it ran
                if kind == "compare":
                    wish = wish or {}
                    kept = wish.get("kept") or ""
                    self._keep(kept)
                    return {"kind": kind, **compare.compared(self.run_, self.kept[1] if self.kept and self.kept[0] == kept else None, wish)}
                if kind == "doctor":
                    from micrograd.lab.doctor import doctored  # loaded when it is first asked: the page starts without it

                    return {"kind": kind, **doctored(self.run_, wish or {}, self._unregister)}
                return {"kind": kind, **shown.VIEWS[kind](self.run_)}
        except KeyboardInterrupt:
            if kind == "doctor":
                return {"kind": kind, "nothing": TOO_LONG}
            return {"kind": kind, "nothing": "this view took too long; a smaller graph, or folding (micrograd.scope), helps"}
        except Exception as wrong:  # of a program's own class
            return {"kind": kind, "nothing": told(wrong)["message"]}

    def _unregister(self) -> None:
        for name in set(TABLE) - self._ops:
            del TABLE[name]
            if name in Value.__dict__:
                delattr(Value, name)

    def _let_go(self) -> None:
        """Forget the last run, each Value before those that it was made from: Python would free a chain deeper than the page's stack is."""
        left = self.run_
        values = [] if left is None else [x for x in gc.get_objects() if issubclass(type(x), Value)]
        values.sort(key=lambda v: getattr(v, "_born", 0))
        self.run_ = left = None
        sys.modules["__main__"] = types.ModuleType("__main__")
        while values:
            values.pop()

    def _afresh(self) -> None:
        self._unregister()
        self._let_go()
        if (asked := sys.modules.get("micrograd.exercises.asked")) is not None:
            asked.nobody()
        if sys.stdin is None or sys.stdin.closed:  # quit() closes it, and help() asks it
            sys.stdin = io.StringIO()
        warnings.resetwarnings()
        random.seed(0)


def _tries() -> Any:
    """How often exercises were tried so far."""
    asked = sys.modules.get("micrograd.exercises.asked")
    return asked.standing() if asked is not None else {}


def _no_keyboard(prompt: object = "") -> str:
    raise EOFError(NO_KEYBOARD)


def _execute(tree: ast.Module, names: dict[str, Any]) -> Any:
    """Run it, and give what a last line that is an expression gives."""
    body = tree.body
    last = body[-1] if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body[:-1] if last else body, []), NAME, "exec"), names)
    return eval(compile(ast.Expression(last.value), NAME, "eval"), names) if last else None


# --- what went wrong --------------------------------------------------------------------------------------------------


def told(error: BaseException) -> dict[str, Any]:
    """An error: the line of the program (0: none), one sentence, and the traceback as a terminal shows it."""
    line, tb = 0, error.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename != NAME:
        tb = tb.tb_next
    report = traceback.TracebackException(type(error), error, tb, compact=True)
    report.stack = traceback.StackSummary.from_list([frame for frame in report.stack if frame.filename != __file__])
    for frame in report.stack:
        line = (frame.lineno or 0) if frame.filename == NAME else line
    if isinstance(error, SyntaxError) and error.filename == NAME:
        line = error.lineno or 0
    message = (
        list(report.format_exception_only())[-1].strip() if not isinstance(error, SyntaxError) else f"{type(error).__name__}: {error.msg}"
    )
    if isinstance(error, KeyboardInterrupt):
        message = "stopped: the time limit was over here"
    elif isinstance(error, MemoryError):
        message = "MemoryError: this page gives a program 512 MB"
    elif isinstance(error, ImportError):
        message += f": {NO_NUMPY if 'NumPy' in str(error) else NOT_HERE}"
    if tb is None and not isinstance(error, SyntaxError):
        report = traceback.TracebackException(type(error), error, None)
    return {"line": line, "message": message, "kind": type(error).__name__, "traceback": "".join(report.format())}


# --- the result -------------------------------------------------------------------------------------------------------


def roots(tree: ast.Module, names: dict[str, Any], last: Any) -> list[Any]:
    """The Values that the program is about: what its last lines give, assign, or call something on; a computed one before a leaf."""
    value_like = _is_value
    first: list[Any] = []
    if found := _values(last, value_like):
        return found
    for name in _named(tree.body):
        found = _values(names.get(name), value_like)
        if any(getattr(value, "_prev", ()) for value in found):
            return found
        first = first or found
    return first


def _is_value(thing: Any) -> bool:
    reading = importlib.import_module("viz.reading")
    return not isinstance(thing, type) and bool(reading.is_value(thing)) and hasattr(thing, "grad")


def _values(thing: Any, value_like: Any) -> list[Any]:
    if isinstance(thing, (list, tuple)):
        return list(thing) if 0 < len(thing) <= 20 and all(map(value_like, thing)) else []
    try:
        return [thing] if value_like(thing) else []
    except Exception:  # an object that answers nobody
        return []


def _named(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that the statements assign, call methods of or give to functions, the last first."""
    for statement in reversed(body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for inner in ("finalbody", "orelse", "handlers", "body"):
            for part in reversed(getattr(statement, inner, [])):
                yield from _named(part.body if isinstance(part, ast.ExceptHandler) else [part])
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        if isinstance(statement, ast.Expr):
            targets = _asked(statement.value)
        for target in targets:
            for name in ast.walk(target) if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                if isinstance(name, ast.Name):
                    yield name.id


def _asked(call: ast.expr) -> list[ast.expr]:
    if isinstance(call, ast.Call):
        return [*call.args, *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]
    return [call]


# --- for the worker ---------------------------------------------------------------------------------------------------

_lab: Lab | None = None


def warm() -> None:
    """Import what a first program needs, and run one: a memory snapshot is made after it."""
    global _lab
    _lab = Lab()
    _lab.run("from micrograd import Value, nn\na = Value(2.0, label='a')\nb = a * a + 1\nmodel = nn.MLP(2, [2, 1])")
    for kind in (*shown.VIEWS, "compare", "doctor"):
        _lab.view(kind)
    _lab._afresh()


def start() -> None:
    """After a snapshot was loaded, or at a plain start: the files are there only now."""
    global _lab
    importlib.invalidate_caches()
    _lab = _lab or Lab()


def run(source: str, kept: str = "", pressed: bool = True) -> str:
    """For the worker: ``Lab.run`` as JSON."""
    assert _lab is not None
    return json.dumps(_lab.run(source, kept, pressed))


def view(kind: str, wish: str = "null") -> str:
    """For the worker: ``Lab.view`` as JSON; so is the wish."""
    assert _lab is not None
    return json.dumps(_lab.view(kind, json.loads(wish)), ensure_ascii=False, separators=(",", ":"))
