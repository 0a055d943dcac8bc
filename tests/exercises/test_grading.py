"""`micrograd grade`: honest answers get their points, and no cheat that people try gets any, nor reaches out of its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from micrograd.cli.main import main
from micrograd.exercises import load
from micrograd.grading import as_json, grade

HOMEWORK = '''
"""Week 1."""

import math

from micrograd.exercises import Exercise, engine, equals, function, number, raises, real, slopes, whole

HINTS = ["Look there.", "Ask that.", "This must hold."]
Exercise("hw.1", "L = a·b + a at a = {a}, b = {b}: a.grad?", numbers={"a": whole(2, 5), "b": whole(6, 9)}, program="L = a*b + a",
         blanks={"da": number("a.grad"), "db": number("b.grad")}, hints=HINTS)
Exercise("hw.2", "Write f, the square root, which refuses what has none.", hints=HINTS,
         blanks={"f": function(equals(math.sqrt, real(0.1, 9)), raises(ValueError, -1.0))})
Exercise("hw.3", "Write g with Values.", blanks={"g": function(slopes(lambda x: x.tanh() * x, real(-2, 2)))}, hints=HINTS)
Exercise("hw.4", "A class.", blanks={"cls": engine("add", "mul")}, hints=HINTS)
'''

RIGHT = """
from micrograd.exercises import exercise

n = exercise("hw.1").numbers
exercise("hw.1").check(da=n.b + 1, db=n.a)

def f(x):
    if x < 0:
        raise ValueError("no root")
    return x ** 0.5

exercise("hw.2").check(f)
exercise("hw.3").check(lambda x: x.tanh() * x)

class Number:
    def __init__(self, data, prev=(), local=()):
        self.data, self.grad, self._prev, self.local = data, 0.0, prev, local

    def __add__(self, other):
        return Number(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Number(self.data * other.data, (self, other), (other.data, self.data))

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for p in v._prev:
                    visit(p)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            for p, local in zip(v._prev, v.local):
                p.grad += v.grad * local

exercise("hw.4").check(Number)
"""

START = "from micrograd.exercises import exercise\n"


@pytest.fixture
def homework(tmp_path: Path) -> Path:
    file = tmp_path / "hw.py"
    file.write_text(textwrap.dedent(HOMEWORK), encoding="utf-8")
    return file


def graded(homework: Path, code: str, name: str = "answer.py", **more: Any) -> Any:
    file = homework.parent / name
    file.write_text(textwrap.dedent(code), encoding="utf-8")
    return grade(load(homework), file, **{"seconds": 10.0, **more})


@pytest.mark.parametrize("student", ["", "ada", "Νόε"])
def test_a_right_answer_has_all_points_with_anybodys_numbers(homework: Path, student: str) -> None:
    found = graded(homework, RIGHT, student=student)
    assert found and found.score == 4.0 and not found.said and [r.status for r in found.results] == ["right"] * 4, found


def test_what_is_wrong_is_said_by_name_with_one_hint(homework: Path) -> None:
    code = (
        RIGHT.replace("da=n.b + 1, db=n.a", "da=n.b, db=-n.a").replace("local=()):", "local=()):  # mine").replace("p.grad +=", "p.grad =")
    )
    found = graded(homework, code)
    first, *_, last = found.results
    assert first.verdicts["da"].mistake == "use-forgotten" and first.verdicts["db"].mistake == "sign" and first.hint == "Look there."
    assert last.status == "wrong" and last.verdicts["cls"].mistake and "overwrites" in last.verdicts["cls"].reason
    assert found.score == 2.0 and not found


def test_what_is_not_handed_in_is_open_and_half_is_half(homework: Path) -> None:
    found = graded(homework, START + 'exercise("hw.1").check(da=..., db=exercise("hw.1").numbers.a)\n')
    assert [r.status for r in found.results] == ["partly", "unanswered", "unanswered", "unanswered"] and found.score == 0.5


def test_the_students_name_in_the_file_counts_unless_the_grader_names_one(homework: Path) -> None:
    code = START + 'from micrograd.exercises import student\nstudent("ada")\nprint(exercise("hw.1").numbers)\n'
    alone, other = graded(homework, code), graded(homework, code, student="bob")
    assert alone.student == "ada" and other.student == "bob" and "'ada'" in other.said[0] and "namespace" in alone.printed
    assert f"{load(homework)['hw.1'].posed('ada').numbers}" in alone.printed


def test_a_notebook_is_graded_cell_by_cell(homework: Path) -> None:
    cells = ["%matplotlib inline\nx = 1", "this is no Python", *RIGHT.split("\n\nclass ")[0].split("\n\ndef ")[:1], "1 / 0"]
    book = {
        "cells": [{"cell_type": "code", "source": c.splitlines(True)} for c in cells],
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
    }
    found = graded(homework, json.dumps(book), "ada.ipynb")
    assert found.results[0].status == "right" and [s.partition(",")[0] for s in found.said] == ["cell 2", "cell 4"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe\x00", "UTF-8"), (b"def f(:", "line 1"), (b"", ""), (b"x" * 5_000_000, "bytes")],
    ids=["binary", "syntax", "empty", "huge"],
)  # fmt: skip
def test_a_file_that_is_no_answer_is_said_and_never_raised(homework: Path, content: bytes, said: str) -> None:
    file = homework.parent / "ada.py"
    file.write_bytes(content)
    found = grade(load(homework), file, seconds=10.0)
    assert found.score == 0 and said in " ".join(found.said) and len(found.results) == 4
    json.dumps(as_json(found))


# --- cheats: each claims exercises that it did not solve -------------------------------------------------------------------

CLAIM = """
exercise("hw.1").check(da=YES, db=YES)
exercise("hw.2").check(YES)
exercise("hw.3").check(YES)
exercise("hw.4").check(YES)
"""
CHEATS = {
    "the library is patched": """
        import micrograd
        micrograd.Value.backward = lambda self: None
        micrograd.Value.tanh = lambda self: self
        exercise("hw.3").check(lambda x: x)
    """,
    "the doctor and every judge are patched": """
        import sys, micrograd.doctor, micrograd.checking.checks
        micrograd.doctor.diagnose = lambda *a, **k: type("R", (), {"faults": []})
        for module in list(sys.modules.values()):
            for name in dir(module):
                if name in ("judge", "judged", "same", "near", "truth", "fault", "check_grads", "gradcheck"):
                    setattr(module, name, lambda *a, **k: True)
        exercise("hw.4").check(type("N", (), {"__init__": lambda s, x: setattr(s, "data", x)}))
    """,
    "math and builtins are replaced": """
        import builtins, json, math
        math.isclose = lambda *a, **k: True
        math.isfinite = lambda *a: True
        builtins.abs = lambda x: 0.0
        builtins.isinstance = lambda *a: True
        builtins.all = builtins.any = builtins.bool = lambda *a: True
        exercise("hw.1").check(da=0, db=0)
        exercise("hw.2").check(lambda x: 0.0)
    """,
    "Python is ended with success": "import sys\n" + CLAIM.replace("YES", "0") + "\nsys.exit(0)",
    "the process is ended at once": "import os\nos._exit(0)",
    "the process is ended at the end": """
        import atexit, os
        atexit.register(lambda: os._exit(0))
        exercise("hw.2").check(lambda x: os._exit(0))
    """,
    "a result is printed": """
        import json, os, sys
        handed = '{"said": [], "handed": {"hw.1": {"da": "a number", "db": "a number"}}}'
        for text in ('{"score": 4, "tests": []}', handed, '{"out": 1.0}', '{"right": true}'):
            print(text)
            sys.__stdout__.write(text)
            for fd in range(3, 12):
                try:
                    os.write(fd, (text + "\\n").encode())
                except OSError:
                    pass
        exercise("hw.1").check(da=1, db=1)
    """,
    "it is equal to everything": """
        class Yes:
            __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
            __ne__ = lambda self, other: False
            __hash__ = lambda self: 0
            __bool__ = lambda self: True
            __abs__ = __neg__ = __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = lambda self, *other: self
            __call__ = lambda self, *args: self
            data = property(lambda self: self)
    """ + textwrap.indent(CLAIM.replace("YES", "Yes()"), " " * 8),
    "floats that lie": """
        class Yes(float):
            __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
            __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
            __float__ = lambda self: self
        exercise("hw.1").check(da=Yes(1), db=Yes(2))
        exercise("hw.2").check(lambda x: Yes(1))
        exercise("hw.3").check(lambda x: x * Yes(0))
    """,
    "numbers that are none": """
        exercise("hw.1").check(da=float("nan"), db=10 ** 5000)
        exercise("hw.2").check(lambda x: [[[[float("inf")]]]])
        exercise("hw.3").check(lambda x: float("nan") * x)
    """,
    "all errors at once": """
        def f(x):
            raise type("E", (ValueError, TypeError, KeyError), {})("no")
        exercise("hw.2").check(f)
    """,
    "the reply is forged": """
        import json
        real = json.dumps
        json.dumps = lambda x, **k: real({**x, "out": 1.0, "grads": [1.0], "right": True, "score": 9}) if isinstance(x, dict) else real(x)
        exercise("hw.2").check(lambda x: 1.0)
    """,
    "the frames above are changed": """
        import sys
        frame = sys._getframe()
        while frame:
            for name, x in list(frame.f_locals.items()):
                if name == "handed":
                    x.update({id: {"da": 1, "db": 1, "f": 1, "g": 1, "cls": 1} for id in ("hw.1", "hw.2", "hw.3", "hw.4")})
            frame = frame.f_back
    """,
    "the exercises are patched": """
        import micrograd.exercises as e
        e.exercise = lambda *a, **k: type("A", (), {"check": lambda *a, **k: True})()
        e.exercise("hw.1").check(da=1, db=1)
    """,
    "a thread writes on": """
        import os, threading
        def spam():
            while True:
                for fd in range(3, 12):
                    try:
                        os.write(fd, b'{"out": 2.0, "grads": [1.0]}' + bytes([10]))
                    except OSError:
                        pass
        threading.Thread(target=spam, daemon=True).start()
        exercise("hw.1").check(da=1, db=1)
        exercise("hw.2").check(lambda x: 2.0)
        exercise("hw.3").check(lambda x: x)
    """,
}  # fmt: skip


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_gets_no_point(homework: Path, name: str) -> None:
    code = START + textwrap.dedent(CHEATS[name])
    compile(code, name, "exec")
    found = graded(homework, code, seconds=6.0)
    assert found.score == 0.0, found
    assert len(found.results) == 4 and not found


def test_the_cheats_would_be_caught_by_nothing_less(homework: Path) -> None:
    """The same patches in this process would fool a grader that asks the library there: so the judging must not be done there."""
    code = textwrap.dedent(CHEATS["math and builtins are replaced"]).partition("exercise(")[0]
    told = subprocess.run([sys.executable, "-c", code + "\nprint(math.isclose(1, 2))"], capture_output=True, text=True, check=False)
    assert told.stdout.strip() == "True"


ESCAPES = {
    "reads the exercises": "open({exercises!r}).read()",
    "reads a lesson's exercises": """
        import micrograd, glob, os
        d = os.path.dirname(micrograd.__file__) + '/exercises/lessons/'
        open(d + '02_chain_rule_by_hand.py').read()
    """,
    "reads them by the import system": """
        from micrograd.exercises.format import lesson
        lesson('02')
    """,
    "reads them by a loader": """
        import importlib.util as u, micrograd, os
        d = os.path.dirname(micrograd.__file__) + '/exercises/format.py'
        s = u.spec_from_file_location('x', d)
        s.loader.exec_module(u.module_from_spec(s))
    """,
    "reads another file": "open('/etc/passwd').read()",
    "reads by descriptor": """
        import os
        os.open('/etc/passwd', os.O_RDONLY)
    """,
    "lists another folder": """
        import os
        os.listdir('/')
    """,
    "leaves by dots": "open('../../../../../../etc/passwd').read()",
    "leaves by bytes": "open(b'/etc/passwd').read()",
    "leaves by a path whose text lies": """
        import os
        class P(str):
            __str__ = split = lambda self, *a: 'mine'
        open(P('/etc/passwd')).read()
    """,
    "leaves by a link": """
        import os
        os.symlink('/etc', 'here')
        open('here/passwd').read()
    """,
    "leaves by a changed library": """
        import os, posixpath
        posixpath.realpath = posixpath.abspath = os.path.normpath = lambda p: os.getcwd()
        open('/etc/passwd').read()
    """,
    "leaves by changed builtins": """
        import builtins
        opened = open
        builtins.isinstance = lambda *a: True
        builtins.str = builtins.any = builtins.len = lambda *a: ''
        opened('/etc/passwd').read()
    """,
    "writes elsewhere": "open({outside!r}, 'w').write('x')",
    "appends elsewhere": "open({outside!r}, 'a').write('x')",
    "removes": """
        import os
        os.remove({exercises!r})
    """,
    "renames": """
        import os
        open('mine', 'w').close()
        os.rename('mine', {outside!r})
    """,
    "starts a program": """
        import subprocess
        subprocess.run(['touch', {outside!r}])
    """,
    "starts a program by the system": """
        import os
        os.system('touch {outside}')
    """,
    "starts a program below": """
        import _posixsubprocess, subprocess
        (getattr(subprocess, '_fork_exec', None) or _posixsubprocess.fork_exec)(1)
    """,
    "forks": """
        import os
        os.fork()
    """,
    "connects": """
        import socket
        socket.create_connection(('127.0.0.1', 9))
    """,
    "asks the network": """
        import urllib.request
        urllib.request.urlopen('http://127.0.0.1:9')
    """,
    "calls foreign functions": """
        import ctypes
        ctypes.CDLL(None).system(b'true')
    """,
    "kills the grader": """
        import os
        os.kill(os.getppid(), 9)
    """,
    "raises its limits": """
        import resource
        resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))
    """,
    "looks for the hook": """
        import gc
        gc.get_objects()
    """,
    "opens a data base": """
        import sqlite3
        sqlite3.connect({outside!r})
    """,
    "imports a module of machine code": """
        open('x.so', 'wb').write(b'')
        import importlib.machinery as m, importlib.util as u
        loader = m.ExtensionFileLoader('x', 'x.so')
        u.module_from_spec(u.spec_from_file_location('x', 'x.so', loader=loader))
    """,
}  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize("name", ESCAPES)
def test_an_answer_stays_in_its_folder(homework: Path, name: str) -> None:
    """What it tries is refused with an error, told to it, and the rest of the answer is graded all the same."""
    outside = homework.parent / "outside.txt"
    attempt = textwrap.dedent(ESCAPES[name]).format(exercises=str(homework), outside=str(outside))
    code = f"{START}n = exercise('hw.1').numbers\nexercise('hw.1').check(da=n.b + 1, db=n.a)\n{attempt}\nprint('came ' + 'through')\n"
    found = graded(homework, code)
    assert "came through" not in found.printed and found.said, found
    if "builtins" not in name:  # its own process could not go on with those
        assert found.results[0].status == "right", found
        assert any(word in found.said[0] for word in ("may not", "No module named", "cannot import")), found.said
    assert homework.is_file() and not outside.exists()


def test_python_files_its_own_and_numpy_may_be_used(homework: Path) -> None:
    pytest.importorskip("numpy")
    code = START + textwrap.dedent("""
        import tempfile, os, json, random, dataclasses, decimal
        import numpy as np
        open("mine.txt", "w").write("3")
        os.mkdir("d"); os.rename("mine.txt", "d/mine.txt"); os.listdir(".")
        with tempfile.NamedTemporaryFile() as f:
            f.write(b"x")
        n = exercise("hw.1").numbers
        exercise("hw.1").check(da=np.float64(n.b + 1), db=np.array([n.a])[0])
        exercise("hw.2").check(lambda x: np.sqrt(x) if x >= 0 else int(open("d/nothing").read()))
    """)
    found = graded(homework, code)
    assert not found.said and found.results[0].status == "right", found
    assert "FileNotFoundError" in found.results[1].verdicts["f"].reason


def test_the_graders_surroundings_are_not_seen(homework: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "abc123")
    found = graded(homework, "import os\nprint(sorted(os.environ))\nprint(os.environ.get('MY_TOKEN'))")
    assert "MY_TOKEN" not in found.printed and "PYTHONPATH" in found.printed


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time\ntime.sleep(60)",
        "exercise('hw.2').check(lambda x: [0 for _ in iter(int, 1)])",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass",
        "try:\n    while True: pass\nexcept BaseException: pass\nwhile True: pass",
    ],
)
def test_an_answer_that_does_not_end_is_ended(homework: Path, code: str) -> None:
    found = graded(homework, f"{START}{code}\n", seconds=2.0)
    assert found.score == 0 and found.errors and "2 seconds" in " ".join(found.errors.values()), found


def test_one_exercise_that_ends_the_process_does_not_cost_the_others(homework: Path) -> None:
    found = graded(homework, RIGHT.replace("return x ** 0.5", "import os; os._exit(0)"))
    assert [r.status for r in found.results] == ["right", "wrong", "right", "right"] and list(found.errors) == ["hw.2"], found
    assert as_json(found)["extra_data"]["micrograd"]["exercises"][1]["status"] == "error"


def test_nothing_that_comes_back_breaks_the_grader(homework: Path) -> None:
    """Lists too deep, not numbers, escapes for the terminal, words without end; and an error of the sheet's own functions is said."""
    sheet = textwrap.dedent('''
        import textwrap
        from micrograd.exercises import Exercise, function, holds, line, number
        hints = list("abc")
        loop = """
        from micrograd import Value
        w = Value(1.0)
        for _ in range(9):
            L = w * w
            L.backward()
            w.data += 0.1 * w.grad
        """
        Exercise("s.1", "?", blanks={"f": function(holds("small", lambda out: out["x"] < 1))}, hints=hints)
        Exercise("s.2", "?", blanks={"at": line("loop")}, hints=hints, shows=textwrap.dedent(loop))
        Exercise("s.3", "?", blanks={"x": number(lambda n: n.nothing, "x")}, hints=hints)
        Exercise("s.4", "?", blanks={"x": number(lambda n: 1.0, "x")}, hints=hints)
    ''')
    (homework.parent / "s.py").write_text(sheet, encoding="utf-8")
    code = START + textwrap.dedent("""
        deep = 1.0
        for _ in range(900):
            deep = [deep]
        exercise("s.1").check(lambda: deep)
        exercise("s.2").check(float("nan"))
        exercise("s.3").check(1.0)
        exercise("s.4").check(chr(27) + "[2J" + "x" * 100000)
    """)
    found = graded(homework.parent / "s.py", code)
    assert found.score == 0 and [r.status for r in found.results] == ["wrong"] * 4 and list(found.errors) == ["s.3"], found
    assert "cannot be judged: AttributeError" in found.errors["s.3"]
    assert chr(27) not in str(found) and len(str(found)) < 3000
    json.dumps(as_json(found))


def test_a_flood_of_replies_fills_no_memory(homework: Path) -> None:
    code = (
        START
        + "import os\nfor fd in range(3, 12):\n    try:\n        while True: os.write(fd, b'{}' + bytes([10]))\n    except OSError: pass\n"
    )
    tracemalloc.start()
    try:
        assert graded(homework, code, seconds=2.0).score == 0
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_memory_and_output_have_an_end(homework: Path) -> None:
    memory = graded(homework, START + "x = bytearray(1 << 40)\n")
    assert "MemoryError" in memory.said[0]
    flood = graded(homework, START + "while True: print('x' * 1000)\n", seconds=3.0)
    assert flood.score == 0 and len(as_json(flood)["extra_data"]["micrograd"]["printed"]) < 10_000


# --- the command -----------------------------------------------------------------------------------------------------------


def test_gradescopes_form(homework: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ada.py").write_text(RIGHT.replace("da=n.b + 1", "da=n.b"), encoding="utf-8")
    target = tmp_path / "results.json"
    assert main(["grade", str(homework), str(tmp_path / "ada.py"), "--student", "ada", "--json", str(target)]) == 1
    assert "ada.py (ada): 3.5 of 4 points" in capsys.readouterr().out
    made = json.loads(target.read_text(encoding="utf-8"))
    assert made["score"] == 3.5 and sum(t["score"] for t in made["tests"]) == 3.5 and sum(t["max_score"] for t in made["tests"]) == 4
    assert {t["status"] for t in made["tests"]} == {"passed", "failed"} and {t["visibility"] for t in made["tests"]} == {"visible"}
    assert set(made) <= {"score", "execution_time", "output", "output_format", "visibility", "stdout_visibility", "tests", "extra_data"}
    whole = made["extra_data"]["micrograd"]
    assert whole["student"] == "ada" and whole["exercises"][0]["blanks"][0]["mistake"] == "use-forgotten"


def test_a_folder_of_answers(homework: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "in"
    answers.mkdir()
    for name, code in {"ada": RIGHT, "bob": RIGHT.replace("n.b + 1", "n.b"), "eve": "import os; os._exit(0)"}.items():
        (answers / f"{name}.py").write_text(code, encoding="utf-8")
    assert main(["grade", str(homework), str(answers), "--json", str(tmp_path / "out"), "--timeout", "10"]) == 1
    made = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in (tmp_path / "out").iterdir()}
    assert {name: m["score"] for name, m in made.items()} == {"ada": 4.0, "bob": 3.5, "eve": 0.0}
    assert {m["extra_data"]["micrograd"]["student"] for m in made.values()} == {"ada", "bob", "eve"}
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["99", "a.py"], "lesson '99' has no exercises"), (["02", "nobody.py"], "there is no file or folder 'nobody.py'"),
        (["02"], "an answer is needed"),
        (["02", ".", "--timeout", "0"], "above 0"), (["nothing.py", "."], "there is no file of exercises"), (["02", "."], "has no answers"),
    ],
)  # fmt: skip
def test_a_wrong_command_is_said(arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["grade", *arguments]) == 2 and said in capsys.readouterr().err
