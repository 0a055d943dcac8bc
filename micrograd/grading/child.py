"""The process in which an answer runs. It notes what is handed in, and answers requests about it, one line of JSON each.

First comes a job (one line: the pieces to run, and the numbers of each exercise), then requests. What the answer prints goes to stderr,
which is a file of the grader's. `micrograd.exercises` is here a module that notes `check(…)`: there is nothing in it to read.
"""

from __future__ import annotations

import ast
import io
import json
import linecache
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from micrograd.exercises.evaluate import kind, reply
from micrograd.grading import guard

FIRST = ("numpy", "scipy", "sklearn", "pandas", "matplotlib", "torch", "jax", "numba", "micrograd")  # loaded before the lock, where used
Handed = dict[str, dict[str, Any]]


class Noted:
    """What `check` gives here."""

    def __repr__(self) -> str:
        return "handed in"


class Noting:
    """`exercise(id)` in this process: `check` notes, `numbers` and `code` are those of this student."""

    def __init__(self, id: str, told: dict[str, Any], handed: Handed) -> None:
        self.id, self._told, self._handed = id, told, handed
        self.numbers = types.SimpleNamespace(**told["numbers"])
        self.code = told["code"]

    def check(self, *answer: Any, **answers: Any) -> Noted:
        blanks = self._told["blanks"]
        given = {**dict(zip(blanks, answer, strict=False)), **answers}
        strange = [name for name in given if name not in blanks]
        if strange or len(answer) > len(blanks):
            raise TypeError(f"exercise {self.id} has the blanks {', '.join(blanks)}, not {', '.join(strange) or len(answer)}")
        self._handed.setdefault(self.id, {}).update({name: x for name, x in given.items() if x is not ...})
        return Noted()

    def __repr__(self) -> str:
        return f"exercise {self.id}"


def notebook_side(job: dict[str, Any], handed: Handed) -> types.ModuleType:
    """The module that stands for `micrograd.exercises`."""
    module = types.ModuleType("micrograd.exercises")

    def exercise(id: str, **_: Any) -> Noting:
        told = job["exercises"]
        whole = [e for e in told if e == id or e.partition(".")[2] == id]
        if not whole:
            raise KeyError(f"there is no exercise {id!r} (there are {', '.join(told)})")
        return Noting(whole[0], told[whole[0]], handed)

    vars(module).update(
        exercise=exercise, student=lambda name=None: job["student"], tally=lambda: Noted(), __all__=["exercise", "student", "tally"]
    )
    return module


def load_first(pieces: list[list[str]]) -> None:
    """Import what the answer uses of the large packages, which look at many things when they are loaded."""
    used = set()
    for _, text in pieces:
        try:
            nodes = list(ast.walk(ast.parse(text)))
        except (SyntaxError, ValueError, RecursionError):
            continue
        used |= {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        used |= {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level}
    for name in sorted(used):
        if name.partition(".")[0] in FIRST and not name.startswith("micrograd.exercises"):
            try:
                __import__(name)
            except Exception:
                continue


def run(pieces: list[list[str]], names: dict[str, Any]) -> list[str]:
    """Run the pieces one after the other, as a notebook does; what is said of those that end badly."""
    said = []
    for k, (name, text) in enumerate(pieces):
        file = os.path.abspath(name) if name.endswith(".py") else f"<{name}>"
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        try:
            exec(compile(text, file, "exec"), names)
        except SyntaxError as error:
            said.append(f"{name}, line {error.lineno}: {error.msg}")
        except BaseException as error:
            line, walk = 0, error.__traceback__
            while walk is not None:
                line = walk.tb_lineno if walk.tb_frame.f_code.co_filename == file else line
                walk = walk.tb_next
            said.append(f"{name}, line {line}: {type(error).__name__}: {str(error)[:300]}")
            if isinstance(error, (SystemExit, KeyboardInterrupt)) and k + 1 < len(pieces):
                said.append(f"the {len(pieces) - k - 1} cells after it were not run")
                break
    return said


def main() -> None:
    """Take the job, run it, answer."""
    take, give = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what is printed goes where errors go
    sys.stdin = io.StringIO()
    dumps, loads, answered_by, kind_of, readline, write, flush = json.dumps, json.loads, reply, kind, take.readline, give.write, give.flush
    say: Callable[[Any], None] = lambda what: (write(dumps(what).encode() + b"\n"), flush(), None)[-1]  # noqa: E731
    job = loads(readline())
    import micrograd.doctor
    import micrograd.exercises

    handed: Handed = {}
    here = os.path.dirname(os.path.abspath(micrograd.exercises.__file__ or ""))
    load_first(job["pieces"])
    for name in [m for m in sys.modules if m.startswith(("micrograd.exercises", "micrograd.grading"))]:
        del sys.modules[name]
    stand_in = notebook_side(job, handed)
    sys.modules["micrograd.exercises"] = micrograd.exercises = stand_in
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    os.chdir(job["folder"])
    sys.path[:] = [p for p in sys.path if p] + [job["folder"]]  # at the end: an answer named random.py is not Python's random
    guard.limit(job["seconds"])
    guard.lock(job["folder"], [here, *job["hidden"]])
    said = run(job["pieces"], vars(module))
    say({"said": said, "handed": {id: {name: kind_of(x) for name, x in blanks.items()} for id, blanks in handed.items()}})
    while line := readline():
        asked = loads(line)
        say(answered_by(handed[asked["id"]][asked["blank"]], asked["request"]))


if __name__ == "__main__":
    main()
