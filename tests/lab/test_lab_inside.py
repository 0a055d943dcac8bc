"""What runs in the worker, without a page: the program, its error, its result, the views."""

import builtins
import io
import sys

import pytest

import micrograd
from micrograd import Value
from micrograd.lab import page
from micrograd.lab.inside import NAME, Lab


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return Lab()


HEAD = "from micrograd import Value, nn\na, b = Value(2.0), Value(-3.0)\n"


@pytest.mark.parametrize(
    ("program", "data"),
    [
        ("c = a * b", [-6]),
        ("c = a * b\nc", [-6]),
        ("c = a * b\nc.backward()", [-6]),
        ("c = a * b\nprint(c)", [-6]),
        ("c = a * b\nd = Value(1.0)", [-6]),  # a leaf is no result while there is a computed one
        ("a * b, a + b", [-6, -1]),
        ("for k in range(3):\n    c = a * k\n    c.backward()\n    a.data -= 0.0", [4]),
        ("if a.data > 0:\n    c = a + 1\nelse:\n    c = b", [3]),
        ("def f():\n    return a * b\nc = f()", [-6]),
        ("", [2]),
    ],
)
def test_the_result_is_what_the_last_lines_give_or_name(lab, program, data):
    told = lab.run(HEAD + program)
    assert told["ok"] and told["root"] and [root.data for root in lab.run_.roots] == data


def test_no_value_no_result(lab):
    assert not lab.run("x = 1\nprint(x)")["root"] and "no Value" in lab.view("stepper")["nothing"]


@pytest.mark.parametrize(
    ("program", "line", "message"),
    [
        ("a = 1\nb = (2", 2, "SyntaxError: '(' was never closed"),
        (HEAD + "c = a.nothing()", 3, "AttributeError: 'Value' object has no attribute 'nothing'"),
        (HEAD + "def f():\n    return 1 / 0\nf()", 4, "ZeroDivisionError: division by zero"),
        (
            "import no_such_library",
            1,
            "ModuleNotFoundError: No module named 'no_such_library': this page carries Python's standard library",
        ),
        ("input('name? ')", 1, "EOFError: input() cannot ask here"),
        ("raise KeyboardInterrupt", 1, "stopped: the time limit was over here"),
        ("\n\nraise SystemExit('enough')", 3, "SystemExit: enough"),
        ("def f(): f()\nf()", 1, "RecursionError"),
    ],
)
def test_an_error_is_at_its_line_in_one_sentence(lab, program, line, message):
    error = lab.run(program)["error"]
    assert error["line"] == line and error["message"].startswith(message) and "\n" not in error["message"]
    assert f'File "{NAME}", line {line}' in error["traceback"] and "inside.py" not in error["traceback"]


def test_a_good_end_is_no_error(lab):
    assert lab.run("exit()")["ok"] and lab.run(HEAD + "raise SystemExit")["root"]


def test_output_is_as_in_a_terminal_and_the_last_line_is_shown(lab, capsys):
    lab.run(HEAD + "print('hello')\n(a * b).data")
    assert capsys.readouterr().out == "hello\n-6.0\n"


def test_a_program_leaves_nothing_to_the_next(lab):
    own = "import micrograd\nmicrograd.register(micrograd.Op('cube', lambda x: x**3, (lambda y, x: 3.0 * x * x,)))"
    before = builtins.input
    assert lab.run(own)["ok"] and lab.run(own)["ok"]  # or the name would be taken
    lab.run("x = 1")
    assert "cube" not in micrograd.TABLE and not hasattr(Value, "cube") and builtins.input is before
    assert lab.run("x")["error"]["message"].startswith("NameError")


def test_random_numbers_are_those_of_the_run_before(lab, capsys):
    for _ in range(2):
        lab.run("import random\nprint(random.random())")
    first, second = capsys.readouterr().out.split()
    assert first == second


@pytest.mark.parametrize("example", page.examples(), ids=lambda example: example["name"])
def test_each_example_has_its_views(lab, example):
    told = lab.run(example["code"])
    assert told["ok"] and told["root"] and told["watch"] == (example["tab"] == "train")
    for kind in ("graph", "stepper", "steps", "check", example["tab"]):
        assert "nothing" not in lab.view(kind)


def test_the_planted_mistake_is_diagnosed_and_no_other(lab):
    code = next(example["code"] for example in page.examples() if "mistake" in example["name"])
    lab.run(code)
    found = lab.view("check")
    assert not found["ok"] and found["rows"] and all("*" in str(row) or "+=" in str(row) for row in found["rows"])
    times = code[: code.index("def _backward", code.index("def __mul__"))].count("\n") + 1
    assert {row[1] for row in found["rows"]} == {f"line {times}"}
    mended = code.replace("self.grad = other", "self.grad += other").replace("other.grad = self", "other.grad += self")
    assert mended != code and lab.run(mended)["ok"] and lab.view("check")["ok"]
    lab.run(mended.replace("1 - t**2", "1 - t"))
    assert not lab.view("check")["ok"]


def test_the_check_names_what_it_checked(lab):
    lab.run(HEAD + "c = a * b + a")
    found = lab.view("check")
    assert found["ok"] and [row[0] for row in found["rows"]] == ["a", "b"] and [float(row[1]) for row in found["rows"]] == [-2, 2]


HOSTILE = """
class V:
    data, grad, _op, _backward = 1.0, 0.0, '', None
    _prev = ()
    def __repr__(self): 1 / 0
v, w = V(), V()
w._prev = 3
"""


@pytest.mark.parametrize("kind", ["graph", "stepper", "steps", "check"])
def test_a_view_of_a_class_that_breaks_the_rules_is_a_sentence(lab, kind):
    lab.run(HOSTILE)
    assert lab.view(kind)["nothing"].startswith("TypeError: ")


def test_help_is_printed_after_a_program_that_quit(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    lab = Lab()
    assert lab.run("quit()")["ok"] and sys.stdin.closed
    assert lab.run("help(len)")["ok"]
    assert "Return the number of items" in capsys.readouterr().out
