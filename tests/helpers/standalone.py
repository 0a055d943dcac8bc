"""Every page of its own that the project writes, as text; what a person can name in it (a title, a label, a message) is given."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import viz
from micrograd import Value, nn, sheet
from micrograd.classroom import gathered, of_expression, report_page
from micrograd.classroom import page as class_sheets
from micrograd.classroom.drawn import USUAL
from micrograd.cli.expression import read
from micrograd.doctor import page as doctor
from micrograd.doctor.findings import Example, Finding, Report
from micrograd.exercises import boxes, exercise

HOSTILE = "</title></script></style></template><img src=x onerror=hurt=1><script>hurt=2</script>\"' style='x' &amp; <!-- ]]>"  # for a name


def root(name: str = "a") -> Value:
    """A small graph after its backward pass, with a leaf of this name."""
    a, b = Value(2.0, label=name), Value(-3.0, label="b")
    made = (a * b + a).tanh() + a.relu()
    made.backward()
    return made


def scoped(name: str) -> Value:
    """A graph with boxes, one of this name."""
    import micrograd

    out = Value(0.5, label=name)
    for k in range(12):
        with micrograd.scope(f"{name}{k}"):
            out = (out * 0.5 + 1.0).tanh() * out
    out.backward()
    return out


def watched(name: str) -> viz.training.Watch:
    """A run of three steps."""
    made = viz.watch(nn.MLP(2, [3, 1]), data=([[0.0, 1.0], [1.0, 0.0]], [1, -1]), grid=4, title=name)
    for _ in range(3):
        loss = sum((made.model(x) - y) ** 2 for x, y in made.pairs)
        loss.backward()
        made(loss)
    return made


def examined(name: str) -> str:
    """What the doctor says of one mistake, one that is missing, and one that is worth knowing."""
    steps = [("c", "a * b", ["a", "b"]), ("d", "c.tanh()", ["c"])]
    example = Example("(a * b).tanh()", {"a": 0.5, "b": 2.0}, "b.grad", 0.21, name, steps, "b", {"a": 0.84, "b": 0.21, "c": 0.42, "d": 1.0})
    wrong = Finding("x", "fault", name, [name], detail=name, example=example, title=name, look=name, rule=name, solution=name)
    number = Finding(
        "y", "fault", "tanh", ["a.tanh()"], example=replace(example, got=0.5), title="the square is missing", look="?", rule="="
    )
    others = [Finding("z", kind, name, [], title=name) for kind in ("missing", "note")]
    return doctor.page(Report(name, [wrong, number, *others], works=["a + b", name], unread=[name], said=name))


def reported(name: str) -> str:
    """What is said of a class of two."""
    rows = [
        {"id": f"02.{k}", "status": status, "score": 0.5, "points": 1.0, "blanks": [{"status": "wrong", "mistake": "sign", "reason": name}]}
        for k, status in enumerate(("right", "partly", "wrong", "unanswered", "error"), 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for k, student in enumerate(("ben", name)):
            whole = {"format": 1, "sheet": name, "student": student, "exercises": rows}
            Path(folder, f"{k}.json").write_text(json.dumps({"extra_data": {"micrograd": whole}}), encoding="utf-8")
        return report_page.page(gathered(folder))


def handed(name: str) -> str:
    """The sheets of a class of two, with their keys."""
    text = "c = a*b; L = (c + a)*b"
    made = of_expression(text, lambda numbers: read(text, numbers).root, {"a": USUAL, "b": USUAL}, names=("ben", name))
    made.title = made.how = name
    return class_sheets.page(made)


def compared(name: str, beside: bool) -> str:
    """Two graphs, side by side or as one picture."""
    return viz.diff(root(name), root(name) * 2.0, names=("mine", name), beside=beside).html


PAGES: dict[str, Callable[[str], str]] = {
    "draw": lambda name: viz.draw(root(name), partials=True).html,
    "draw, dark": lambda name: viz.draw(root(name), theme="dark").html,
    "draw, boxes": lambda name: viz.draw(scoped(name), budget=8, layout="layers").html,
    "network": lambda name: viz.draw(nn.MLP(2, [3, 1]), x=[1.0, -1.0]).html,
    "diff": lambda name: compared(name, False),
    "diff, beside": lambda name: compared(name, True),
    "step": lambda name: viz.step(root(name), title=name, check=True).to_html(),
    "quiz": lambda name: viz.step(scoped(name), title=name, quiz=1, fold=8).to_html(),
    "watch": lambda name: watched(name).to_html(),
    "worksheet": lambda name: viz.exercise(root(name), title=name).to_html(),
    "exercise": lambda name: boxes.page(exercise("02.1", student=name).posed),
    "exercise, steps": lambda name: boxes.page(exercise("02.1", student=name).posed, steps=True),
    "doctor": examined,
    "report": reported,
    "class": handed,
    "sheet": lambda name: sheet.page(),
}
