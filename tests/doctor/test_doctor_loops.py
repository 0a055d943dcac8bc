"""Training loops, watched: right ones raise no alarm, each mistake has its name and its line."""

from __future__ import annotations

import warnings

import pytest

import doctor_loops
from micrograd import Value, testing
from micrograd.cli.main import main
from micrograd.doctor.loop_faults import LOOPS

WRONG = doctor_loops.wrong() + doctor_loops.afterwards()


@pytest.mark.parametrize("name", doctor_loops.RIGHT)
def test_right_loops_raise_no_alarm(name):
    report = doctor_loops.report(doctor_loops.RIGHT[name])
    assert report.faults == [] and report.works and not report.said


def test_nine_of_ten_mistakes_are_named():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = [(w, [f.name for f in doctor_loops.report(w.text).faults]) for w in WRONG]
    missed = [(w.loop, w.name, names) for w, names in told if w.name not in names]
    assert len(missed) <= 0.1 * len(WRONG), missed
    assert {w.name for w in WRONG} == set(LOOPS) and all(all(words) for words in LOOPS.values())


def test_a_function_is_watched_in_a_notebook():
    w = Value(1.0)

    def train():
        for _ in range(5):
            loss = (w * 3.0 - 2.0) ** 2
            loss.backward()
            w.data -= 0.01 * w.grad

    (finding,) = testing.watch_loop(train).faults
    assert finding.name == "not-zeroed" and finding.spot.text == "loss.backward()"
    assert Value.backward.__name__ == "backward" and w.data != 1.0


def test_a_long_training_is_ended():
    calls = []

    def train():
        w = Value(1.0)
        while True:
            w.grad = 0.0
            (w * w).backward()
            w.data -= 0.01 * w.grad
            calls.append(1)

    assert testing.watch_loop(train) and len(calls) < 50


@pytest.mark.parametrize("step", [
    "new = [Value(x.data - 0.1 * x.grad) for x in ps]; ps = new",
    "ps = [Value(x.data - 0.1 * x.grad) for x in ps]",
    "kept = [x.data - 0.1 * x.grad for x in ps]; ps = [Value(x) for x in kept]",
])  # fmt: skip
def test_new_leaves_that_follow_the_old_ones_are_no_mistake(step):
    text = "\n    ".join(("def train():", "ps = [Value(0.1), Value(0.2)]", "for _ in range(20):", "    loss = (ps[0] * ps[1] - 3.0) ** 2"))
    text += f"\n        loss.backward()\n        {step}\n"
    made = {"Value": Value}
    exec(text, made)
    assert testing.watch_loop(made["train"], text=text)
    again = text.replace(step, "ps = [Value(0.1), Value(0.2)]")
    exec(again, made)
    assert [f.name for f in testing.watch_loop(made["train"], text=again).faults] == ["rebuilt"]


def test_an_engine_that_is_imported_by_name_is_watched(tmp_path, capsys):
    (tmp_path / "own_engine.py").write_text(doctor_loops.ENGINE, encoding="utf-8")
    loop = "w = Scalar(5.0)\nfor _ in range(9):\n    loss = (w + -1.0) * (w + -1.0)\n    loss.backward()\n    w.data -= 0.01 * w.grad\n"
    for line in ("from own_engine import Scalar", "from own_engine import *"):
        path = tmp_path / "train.py"
        path.write_text(f"{line}\n{loop}", encoding="utf-8")
        assert main(["doctor", str(path), "--loop"]) == 1
        assert "not set to 0" in capsys.readouterr().out


@pytest.mark.parametrize(("loop", "status", "said"), [("right", 0, "no mistake"), ("wrong", 1, "go up the gradient")])
def test_the_command_watches_a_file(tmp_path, capsys, loop, status, said):
    text = doctor_loops.BY_HAND if loop == "right" else doctor_loops.BY_HAND.replace("p.data -=", "p.data +=")
    path = tmp_path / "train.py"
    path.write_text(text, encoding="utf-8")
    assert main(["doctor", str(path), "--loop"]) == status
    out = capsys.readouterr().out
    assert said in out and (status == 0 or "p.data += lr * p.grad" in out)


def test_a_file_without_a_loop_says_so(tmp_path, capsys):
    path = tmp_path / "train.py"
    path.write_text("x = 1\n", encoding="utf-8")
    assert main(["doctor", str(path), "--loop"]) == 3
    assert "called 0 times" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sign", "maximise", "named"), [(1, True, []), (-1, True, ["wrong-way"]), (1, False, ["wrong-way"]), (-1, False, [])]
)
def test_a_quantity_that_is_maximised_on_purpose_goes_up(sign, maximise, named):
    def train():
        w = Value(0.3)
        for _ in range(8):
            w.grad = 0.0
            reward = (w * 2.0).tanh() - w * w * 0.1
            reward.backward()
            w.data += sign * 0.05 * w.grad

    report = testing.watch_loop(train, maximise=maximise)
    assert [f.name for f in report.faults] == named
    if named:
        assert ("maximise=True" in report.text(3)) is not maximise and ("down the gradient" in report.text()) is maximise


def test_a_mistake_beside_the_direction_is_found_where_it_is_maximised_too():
    def train():
        w = Value(0.3)
        for _ in range(8):
            (w * 2.0).tanh().backward()
            w.data += 0.05 * w.grad

    assert [f.name for f in testing.watch_loop(train, maximise=True).faults] == ["not-zeroed"]


def test_the_command_knows_loops_that_go_up(tmp_path, capsys):
    path = tmp_path / "up.py"
    path.write_text(
        "from micrograd import Value\nw = Value(0.3)\nfor _ in range(8):\n    w.grad = 0.0\n    r = (w * 2.0).tanh()\n    r.backward()\n"
        "    w.data += 0.05 * w.grad\n", encoding="utf-8",
    )  # fmt: skip
    assert main(["doctor", str(path), "--loop", "--maximise"]) == 0
    assert main(["doctor", str(path), "--loop"]) == 1
    capsys.readouterr()
    assert main(["doctor", str(path), "--maximise"]) == 2 and "goes with --loop" in capsys.readouterr().err
