"""The Doctor tab's data: what a program's class and training loop have wrong, and what is said where there is neither."""

import json
import sys

import pytest

from micrograd.lab import page
from micrograd.lab.doctor import NOTHING
from micrograd.lab.inside import TOO_LONG, Lab
from micrograd.ops import TABLE

CODE = next(example["code"] for example in page.examples() if "homework" in example["name"])
MENDED = CODE.replace("(1 - t)", "(1 - t * t)").replace("    loss.backward()", "    w.grad = b.grad = 0.0\n    loss.backward()")


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return Lab()


def seen(lab, program, **wish):
    lab.run(program)
    return lab.view("doctor", wish)


def line_of(program, text):
    return program[: program.index(text)].count("\n") + 1


def test_both_planted_mistakes_have_their_line_and_their_hints(lab):
    found = seen(lab, CODE)
    engine, loop = found["reports"]
    assert (found["classes"], found["chosen"]) == (["Value"], "Value") and not engine["ok"] and not loop["ok"]
    (tanh,), (kept,) = engine["faults"], loop["faults"]
    assert tanh["line"] == line_of(CODE, "self.grad += (1 - t)") and "the square is missing" in tanh["title"]
    assert kept["line"] == line_of(CODE, "loss.backward()") and "not set to 0" in kept["title"]
    assert len(tanh["hints"]) == len(kept["hints"]) == 3 and not any("1 - t * t" in hint or "t**2" in hint for hint in tanh["hints"])
    rows = dict(tanh["rows"])
    assert rows["expression"] == "a.tanh()" and float(rows["expected a.grad"]) == pytest.approx(1 - 0.9640275800758169**2, rel=1e-5)
    assert float(rows["got"]) == pytest.approx(1 - 0.9640275800758169, rel=1e-5) and 'class="wrong' in tanh["svg"]
    json.dumps(found)


def test_a_mended_program_has_no_mistake(lab):
    assert [(report["ok"], report["faults"]) for report in seen(lab, MENDED)["reports"]] == [(True, []), (True, [])]


def test_no_class_is_said(lab):
    for program in ("", "x = 1", "from micrograd import Value\nc = Value(1.0) * 2\nc.backward()", "class Car:\n    pass"):
        assert seen(lab, program)["nothing"] == NOTHING


def test_what_is_no_python_is_said(lab):
    assert seen(lab, "x = 1\ny = (2")["nothing"] == "line 2: '(' was never closed: this is no Python yet"


@pytest.mark.parametrize("before", [True, False])
def test_a_program_that_ends_with_an_error_is_examined_too(lab, before):
    program = CODE[: CODE.index("w, b = ")]
    program = "print(undefined)\n" + program if before else program + "print(undefined)\n"
    assert not lab.run(program)["ok"]
    (report,) = lab.view("doctor")["reports"]
    assert [fault["line"] for fault in report["faults"]] == [line_of(program, "self.grad += (1 - t)")]


def test_one_of_several_classes_is_chosen(lab):
    other = CODE[CODE.index("class Value") : CODE.index("w, b = ")].replace("Value", "Scalar").replace("(1 - t)", "(1 - t * t)")
    program = CODE[: CODE.index("w, b = ")] + other
    assert seen(lab, program)["chosen"] == "Value" and seen(lab, program)["classes"] == ["Value", "Scalar"]
    found = seen(lab, program, **{"class": "Scalar"})
    assert found["chosen"] == "Scalar" and found["reports"][0]["ok"]
    assert seen(lab, program, **{"class": "Gone"})["chosen"] == "Value"


def test_micrograds_own_loop_is_watched_and_what_it_registered_stays(lab):
    program = (
        "import micrograd\nfrom micrograd import Value\n"
        "micrograd.register(micrograd.Op('cube', lambda x: x**3, (lambda y, x: 3.0 * x * x,)))\n"
        "w = Value(1.0)\nfor step in range(5):\n    loss = (w - 2.0) ** 2 + w.cube() * 0.0\n"
        "    loss.backward()\n    w.data -= 0.1 * w.grad\n"
    )
    (report,) = seen(lab, program)["reports"]
    assert report["subject"] == "training loop" and [fault["line"] for fault in report["faults"]] == [
        line_of(program, "    loss.backward()")
    ]
    assert "cube" in TABLE and "nothing" not in lab.view("stepper")
    lab.run("")
    assert "cube" not in TABLE


def test_what_a_class_prints_is_not_shown_and_main_is_the_programs(lab, capsys):
    program = MENDED.replace(
        "out = Value(self.data + other.data, (self, other))", "print('adding')\n        out = Value(self.data + other.data, (self, other))"
    )
    lab.run(program)
    capsys.readouterr()
    main = sys.modules["__main__"]
    assert lab.view("doctor")["reports"][0]["ok"] and capsys.readouterr().out == "" and sys.modules["__main__"] is main


def test_the_time_limit_is_said(lab, monkeypatch):
    monkeypatch.setattr("micrograd.lab.doctor.diagnose", lambda cls: (_ for _ in ()).throw(KeyboardInterrupt))
    assert seen(lab, CODE)["nothing"] == TOO_LONG
