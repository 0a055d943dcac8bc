"""The format of exercises: numbers per student, truths against closed forms, mistakes by name, every kind of blank, notebook and page."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import exercises
from micrograd.exercises import (
    Exercise,
    below,
    choice,
    decimal,
    engine,
    equals,
    exercise,
    function,
    holds,
    line,
    listed,
    load,
    number,
    pick,
    raises,
    real,
    repair,
    rule,
    shaped,
    slopes,
    student,
    tally,
    whole,
)  # fmt: skip
from micrograd.exercises import asked as notebook
from micrograd.exercises.asked import Asked
from micrograd.exercises.blanks import same
from micrograd.exercises.boxes import boxes, near, page, script, written
from micrograd.exercises.draws import seeded
from micrograd.exercises.programs import MISTAKES, Graph
from micrograd.exercises.shown import marked, prompt_html, result_html

HINTS = ["Where?", "Why?", "What must hold?"]


def asked(blank: Any, who: str = "", **more: Any) -> Asked:
    return Asked(Exercise("t.1", "Do it.", blanks={"x": blank}, hints=HINTS, **more).posed(who))


# --- numbers per student -------------------------------------------------------------------------------------------------


def test_numbers_depend_on_the_student_and_the_exercise_alone() -> None:
    code = "from micrograd.exercises import exercise; print(exercise('02.1', student='ada').numbers, exercise('02.3', student='ada').code)"
    told = set()
    for seed in ("0", "77"):
        surroundings = {**os.environ, "PYTHONHASHSEED": seed}
        told.add(subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True).stdout)
    assert len(told) == 1 and str(exercise("02.1", student="ada").numbers) in told.pop()
    drawn = {str(exercise("02.1", student=f"student {k}").numbers) for k in range(40)}
    assert len(drawn) > 20


@given(st.text(max_size=20), st.integers(-50, 50), st.integers(0, 60), st.integers(0, 3))
def test_draws_stay_within_what_they_say(who: str, low: int, span: int, places: int) -> None:
    rng = seeded(who)
    assert low <= whole(low, low + span)(rng) <= low + span
    x = decimal(low, low + span, places)(rng)
    assert low <= x <= low + span and round(x, places) == x
    assert pick("a", "b")(rng) in "ab" and len(listed(3, real(0, 1))(rng)) == 3


def test_every_whole_number_is_drawn_and_none_that_is_not_allowed() -> None:
    assert {whole(-2, 2, but=(0,))(seeded(str(k))) for k in range(200)} == {-2, -1, 1, 2}


# --- truths and mistakes -------------------------------------------------------------------------------------------------


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_truths_are_those_of_calculus(a: int, b: int) -> None:
    graph = Graph("s = a + b; t = b + 1; L = s*t", {"a": a, "b": b})
    assert graph.truth("a.grad") == b + 1 and graph.truth("b.grad") == (b + 1) + (a + b) and graph.truth("L") == (a + b) * (b + 1)
    assert graph.truth("local(L, s)") == b + 1 and graph.truth("a - 0.5*a.grad") == a - 0.5 * (b + 1) and graph.truth("s.grad") == b + 1


@given(st.floats(-2, 2), st.floats(0.2, 2))
def test_proven_numbers_are_those_of_calculus(x: float, w: float) -> None:
    pytest.importorskip("flint")
    proven = Graph("y = tanh(w*x)", {"x": x, "w": w}).proven("x.grad")
    assert proven is not None and math.isclose(proven, w * (1 - math.tanh(w * x) ** 2), rel_tol=1e-12)


# (program, numbers, quantity, the wrong number by hand, its name)
WRONG = [
    ("s = a + b; t = b + 1; L = s*t", {"a": 2, "b": 5}, "b.grad", 6, "use-forgotten"),
    ("s = a + b; t = b + 1; L = s*t", {"a": 2, "b": 5}, "b.grad", 7, "use-forgotten"),
    ("s = a + b; t = b + 1; L = s*t", {"a": 2, "b": 5}, "b.grad", -13, "sign"),
    ("s = a + b; t = b + 1; L = s*t", {"a": 2, "b": 5}, "b.grad", 42, "multiplied"),
    ("u = a*b; L = u*c", {"a": 2, "b": 3, "c": 7}, "a.grad", 3, "upstream-forgotten"),
    ("u = a*b; L = u*c", {"a": 2, "b": 3, "c": 7}, "a.grad", 14, "operands-swapped"),
    ("u = a*b; L = 5*u", {"a": 2, "b": 3}, "a.grad", 1, "local-forgotten"),
    ("L = exp(2*a)*b", {"a": 0.5, "b": 3}, "a.grad", 6, "inner-forgotten"),
    ("u = a*b; L = u*c", {"a": 2, "b": 3, "c": 7}, "a.grad", 42, "value"),
    ("L = a*a", {"a": 3}, "a - 0.1*a.grad", 3.6, "step-upwards"),
]


@pytest.mark.parametrize(("program", "numbers", "quantity", "wrong", "name"), WRONG)
def test_a_mistake_is_called_by_its_name(program: str, numbers: Any, quantity: str, wrong: float, name: str) -> None:
    made = asked(number(quantity), program=program, numbers=numbers)
    verdict = made.check(x=wrong).verdicts["x"]
    assert not verdict.right and verdict.mistake == name and verdict.reason == MISTAKES[name]
    assert made.check(x=Graph(program, numbers).truth(quantity))
    assert made.check(x=12345.678).verdicts["x"].mistake == ""


def test_every_mistake_that_is_known_has_a_case() -> None:
    assert {row[-1] for row in WRONG} == set(MISTAKES)


@given(st.floats(1e-6, 1e6), st.integers(2, 8), st.floats(-3, 3))
def test_so_many_digits_are_asked_for_and_no_more(truth: float, digits: int, units: float) -> None:
    unit = 10.0 ** (math.floor(math.log10(truth)) - digits + 1)
    x = truth + units * unit
    if abs(abs(units) - 0.5) > 1e-3:
        assert same(x, truth, digits) == (abs(units) < 0.5)
    assert same(float(f"{truth:.{digits}g}"), truth, digits) and not same(math.nan, truth, digits)


def test_an_authors_own_mistakes_and_truths_are_computed() -> None:
    made = asked(number(lambda n: n.k / 3, "a third", digits=3, mistakes={"You multiplied.": lambda n: n.k * 3}), numbers={"k": 2})
    assert made.check(0.667) and made.check(2 / 3) and made.check(6).verdicts["x"].reason == "You multiplied."
    near_it = made.check(0.664).verdicts["x"]
    assert not near_it.right and near_it.mistake == "too-few-digits"
    assert not made.check(True) and not made.check("0.667") and not made.check([0.667]) and not made.check(float)


# --- the other kinds of blank --------------------------------------------------------------------------------------------


def test_the_wrong_line_is_the_planted_one() -> None:
    planted = ("(self, other), (1.0, 1.0))", "(self.data, other.data))", "i.grad = node")
    seen = set()
    for k in range(12):
        made = exercise("02.3", student=f"s{k}")
        rows = made.code.splitlines()
        at = next(n for n, row in enumerate(rows, 1) if planted[1] in row or planted[2] in row or (planted[0] in row and " - " in row))
        seen.add(at)
        assert made.check(at) and not made.check(at + 1) and not made.check(at - 1)
    assert len(seen) == 3
    assert "1 to 29" in exercise("02.3").check(99).verdicts["at"].reason


LOOP = """
from micrograd import Value

w = Value(0.5)
for _ in range(12):
    loss = (w * 3 - 6) ** 2
    w.grad = 0.0
    loss.backward()
    w.data += 0.01 * w.grad
"""


def test_the_wrong_line_of_a_loop() -> None:
    made = asked(line("loop"), shows=LOOP)
    assert made.check(8) and not made.check(6)


def test_code_without_a_fault_is_refused_as_an_exercise() -> None:
    with pytest.raises(ValueError, match="finds nothing wrong"):
        asked(line("loop"), shows=LOOP.replace("+=", "-=")).check(3)


RULES = """
from math import cos, exp, sin, tanh

RULES = {
    "sin": (sin, cos),
    "exp": (exp, exp),
    "tanh": (tanh, lambda x: 1 - tanh(x)),
    "square": (lambda x: x * x, lambda x: 2 * x),
}
"""


def test_the_wrong_rule_is_found_by_differences() -> None:
    made = asked(rule(), shows=RULES)
    assert made.check("tanh") and not made.check("sin") and not made.check("cosine") and not made.check(3)


def test_one_of_several_is_tried_out_and_shuffled() -> None:
    options = ["x*x", "x + x", "2*x + 1"]
    double = choice(options, right=lambda n, option: eval(option, {"x": n.k}) == 2 * n.k)
    orders = set()
    for who in "abcdef":
        made = asked(double, who, numbers={"k": 3})
        order = double.order(made.posed)
        orders.add(tuple(order))
        letter = "ABC"[order.index("x + x")]
        assert made.check(letter) and made.check(letter.lower()) and made.check("x + x") and not made.check("x*x") and not made.check("D")
        assert f"{letter}  x + x" in repr(made)
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("blank", "right", "wrong"),
    [
        (function(equals(math.tanh, real(-2, 2))), lambda x: 1 - 2 / (math.exp(2 * x) + 1), lambda x: x - x**3 / 3),
        (function(equals(lambda v: [x / sum(v) for x in v], listed(3, real(1, 2)))), lambda v: [x / sum(v) for x in v], lambda v: v),
        (function(equals(lambda x: 1e-10 * x, real(1, 2))), lambda x: x / 1e10, lambda x: 0.0),  # a small number is not nothing
        (function(slopes(lambda a, b: (a * b).tanh(), real(-1, 1), real(-1, 1))), lambda a, b: (b * a).tanh(), lambda a, b: a * b),
        (function(slopes(lambda x: x.tanh(), real(-2, 2))), lambda x: x.tanh(), lambda x: math.tanh(x.data)),
        (function(raises(ValueError, -1.0)), math.sqrt, abs),
        (function(shaped((2, 3))), lambda: [[1, 2, 3], [4, 5, 6]], lambda: [[1, 2], [3, 4, 5]]),
        (function(below(0.1, lambda w, k: (w - k) ** 2, 3.0)), lambda k: 3.2, lambda k: 2.0),
        (function(holds("f(x) > x", lambda out, x: out > x, real(0, 1))), lambda x: x + 1, lambda x: x),
    ],
)  # fmt: skip
def test_properties_hold_of_right_functions_and_not_of_wrong_ones(blank: Any, right: Any, wrong: Any) -> None:
    made = asked(blank)
    assert made.check(right), made.check(right)
    for other in (wrong, lambda *args: None, lambda *args: "x", lambda *args: 1 / 0, 3.0):
        verdict = made.check(other).verdicts["x"]
        assert not verdict.right and verdict.reason, other


def test_a_line_that_is_mended_gives_a_function_its_properties() -> None:
    code = "def mean(xs):\n    total = 0\n    for x in xs:\n        total = x\n    return total / len(xs)\n"
    made = asked(repair("mean", equals(lambda xs: sum(xs) / 4, listed(4, real(0, 1)))), shows=code)
    assert made.check((4, "total += x")) and made.check([4, "        total = total + x"])
    for wrong in ((4, "total = x"), (3, "for x in xs[1:]:"), (9, "x"), (4, "this is no Python"), "total += x", (True, "x")):
        assert not made.check(wrong), wrong


class Number:
    def __init__(self, data: float, prev: Any = (), local: Any = ()) -> None:
        self.data, self.grad, self._prev, self.local = data, 0.0, prev, local

    def __add__(self, other: Any) -> Any:
        return type(self)(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Any:
        return type(self)(self.data * other.data, (self, other), (other.data, self.data))

    def backward(self) -> None:
        order: list[Any] = []

        def visit(v: Any) -> None:
            if v not in order:
                for p in v._prev:
                    visit(p)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            for p, local in zip(v._prev, v.local, strict=True):
                self.send(p, v.grad * local)

    def send(self, p: Any, x: float) -> None:
        p.grad += x


class Overwrites(Number):
    def send(self, p: Any, x: float) -> None:
        p.grad = x


class Swaps(Number):
    def __mul__(self, other: Any) -> Any:
        return type(self)(self.data * other.data, (self, other), (self.data, other.data))


def test_a_class_is_tried_on_random_expressions() -> None:
    made = asked(engine("add", "mul"))
    assert made.check(Number)
    for wrong in (Overwrites, Swaps, Number(1.0), dict):
        verdict = made.check(wrong).verdicts["x"]
        assert not verdict.right and verdict.reason
    assert made.check(Swaps).verdicts["x"].mistake and not asked(engine("add", "mul", "tanh")).check(Number)


# --- in a notebook -------------------------------------------------------------------------------------------------------


def test_dots_are_not_answered_yet_and_a_ladder_of_hints_follows_wrong_tries() -> None:
    made = asked(number("L"), program="L = a*2", numbers={"a": 4})
    assert made.check(...).status == "unanswered" and made.check().status == "unanswered" and made.tries == 0
    assert [made.check(x=k).hint for k in range(4)] == ["Where?", "Why?", "What must hold?", "What must hold?"]
    right = made.check(x=8)
    assert right and not right.hint and made.tries == 5 and made.best is right
    with pytest.raises(TypeError, match="no blank 'y'"):
        made.check(y=1)
    with pytest.raises(TypeError, match="2 were given"):
        made.check(1, 2)


def test_the_tally_is_of_one_student(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "_asked", {})
    monkeypatch.setattr(notebook, "_who", [])
    monkeypatch.setenv("MICROGRAD_STUDENT", "eve")
    assert student() == "eve" and student("ada") == "ada"
    first = exercise("02.1")
    assert exercise("02.1") is first and first.posed.student == "ada" and exercise("02.1", student="bob") is not first
    n = first.numbers
    first.check(da=n.b + 1, db=0)
    exercise("02.3")
    assert [row[:3] for row in tally().rows] == [("02.1", "partly", 1), ("02.3", "unanswered", 0)]
    assert tally().score == 0.5 and tally().points == 2 and "0.5 of 2 points" in repr(tally()) and "<table" in tally()._repr_html_()
    with pytest.raises(TypeError, match="a student is a name"):
        student(3)  # type: ignore[arg-type]


def test_what_is_not_there_is_said_with_what_there_is() -> None:
    for id, said in (("02.9", "02.1, 02.2, 02.3"), ("99.1", "lesson '99' has no exercises"), ("../x.1", "has no exercises")):
        with pytest.raises(KeyError, match=said):
            exercise(id)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "hw.py"
    file.write_text(
        '"""Homework."""\nfrom micrograd.exercises import *\n'
        'Exercise("hw.1", "2·{k}?", numbers={"k": whole(1, 9)}, blanks={"x": number(lambda n: 2 * n.k, "x")}, hints=["a", "b", "c"])\n'
    )
    made = exercise("hw.1", file=file)
    assert made.check(2 * made.numbers.k) and load(file).title == "Homework" and load(file).points == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "1"}, "a sheet, a dot"), ({"hints": ["a"]}, "three hints are needed, this has 1"), ({"blanks": {}}, "blanks are"),
        ({"blanks": {"x": 3}}, "blanks are"), ({"points": 0}, "above 0"),
    ],
)  # fmt: skip
def test_what_is_not_well_formed_is_said(change: dict[str, Any], said: str) -> None:
    good: dict[str, Any] = {"id": "t.1", "prompt": "?", "blanks": {"x": line()}, "hints": HINTS}
    with pytest.raises(ValueError, match=said):
        Exercise(**{**good, **change})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: whole(3, 3, but=(3,)), "no number"), (lambda: decimal(0.2, 0.3, 0), "no number"), (pick, "nothing"),
        (lambda: real(1, 1), "below"),
        (lambda: number(lambda n: 1.0), "says="), (lambda: number("L", digits=20), "1 to 12"), (lambda: line("eye"), "'doctor'"),
        (lambda: choice(["a"], lambda n, o: True), "2 to 8"), (function, "properties"), (lambda: engine("no"), "operations of the table"),
        (lambda: Graph("", {}), "empty"), (lambda: Graph("L = [a]", {"a": 1}), "must give a name"),
        (lambda: asked(number("L")).posed.graph, "has no program"),
        (lambda: asked(line(), numbers={"a": whole(1, 2)}, where="a > 5"), "held for none"),
    ],
)  # fmt: skip
def test_wrong_words_of_an_author_are_said(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_a_file_without_exercises_or_with_one_twice(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("raise SystemExit\n")  # an answer in its place: it is not run
    with pytest.raises(ValueError, match="has no exercise"):
        load(file)
    one = 'exercises.Exercise("a.1", "?", blanks={"x": exercises.line()}, hints=list("abc"))\n'
    file.write_text(f"from micrograd import exercises\n{one}{one}")
    with pytest.raises(ValueError, match=r"has a\.1 twice"):
        load(file)
    with pytest.raises(FileNotFoundError, match="no file of exercises"):
        load(tmp_path / "b.py")


def test_markup_is_escaped_and_minus_is_one() -> None:
    assert marked("`a<b` at x = -3, a-b\n\nnext") == (
        "<p style='margin:.3em 0'><code>a&lt;b</code> at x = −3, a-b</p><p style='margin:.3em 0'>next</p>"
    )
    made = asked(number("L"), "<b>ada</b>", program="L = a*2", numbers={"a": 4})
    assert "<b>ada" not in prompt_html(made.posed) and "<script>" not in result_html(made.check("<script>"))


# --- in a page -----------------------------------------------------------------------------------------------------------


@given(st.floats(-1e6, 1e6), st.integers(1, 8), st.floats(-1, 1))
def test_the_numbers_that_are_near_are_those_that_are_the_same(truth: float, digits: int, units: float) -> None:
    """`near` lists exactly what `same` accepts, of numbers written to one digit more."""
    if abs(truth) < 1e-6:
        truth = 0.0
    every = near(truth, digits)
    assert written(float(f"{truth:.{digits - 1}e}"), digits + 1) in every and len(every) <= 11
    for text in every:
        assert same(float(text), truth, digits)
    if truth:
        x = float(f"{truth + units * 10.0 ** (math.floor(math.log10(abs(truth))) - digits + 1):.{digits}e}")
        if abs(abs(x - truth) / 10.0 ** (math.floor(math.log10(abs(truth))) - digits + 1) - 0.5) > 1e-3:
            assert (written(x, digits + 1) in every) == same(x, truth, digits)


def node(code: str, data: Any) -> Any:
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    program = f"{script()}\nconst data = {json.dumps(data)};\nconsole.log(JSON.stringify({code}));"
    return json.loads(
        subprocess.run(["node", "--input-type=module", "-"], input=program, capture_output=True, text=True, check=True).stdout
    )


def test_the_pages_hash_is_sha256() -> None:
    texts = ["", "abc", "é\0" * 40, "a" * 55, "b" * 56, "c" * 64, "d" * 1000]
    assert node("data.map(sha256)", texts) == [hashlib.sha256(t.encode()).hexdigest() for t in texts]


def test_the_page_writes_numbers_as_python_does() -> None:
    rng = seeded("numbers")
    cases = [(round((rng.random() - 0.5) * 10.0 ** int(rng.random() * 12 - 4), 7), int(rng.random() * 8) + 2) for _ in range(400)]
    cases += [(0.0, 4), (-0.0, 4), (1e300, 5), (-5e-324, 3), (9.9999996, 6), (1.0, 3)]
    assert node("data.map(([x, d]) => canonical(x, d))", cases) == [written(x, d) for x, d in cases]


def test_the_page_judges_as_python_does_and_holds_no_answer() -> None:
    made = asked(number("b.grad", digits=5), program="s = a*b; L = tanh(s) + b*a", numbers={"a": 0.37, "b": 1.9})
    graph = made.posed.graph
    truth = graph.truth("b.grad")
    tried = [truth, float(f"{truth:.4e}"), float(f"{truth:.3e}"), -truth, 0.0, 1.0, *(x for _, x in graph.wrong("b.grad"))]
    told = boxes(made.posed)
    data = json.loads(told.partition('data-mg-boxes="')[2].partition('"></div>')[0].replace("&quot;", '"').replace("&#x27;", "'"))
    found = node("data[1].map((x) => judge(String(x), data[0].blanks[0], `${data[0].salt}\\0x`, data[0].sentences))", [data, tried])
    for x, said in zip(tried, found, strict=True):
        verdict = made.check(x).verdicts["x"]
        assert said["right"] == verdict.right, x
        if verdict.mistake in MISTAKES:
            assert said["said"] == verdict.reason, x
    assert f"{truth:.4g}" not in told and f"{truth:.5g}"[2:] not in told
    assert node("data.map((t) => parse(t) ?? null)", ["−2", "1/3", "2·−3", "0,5", "x", ""]) == [-2, 1 / 3, -6, 0.5, None, None]


def test_an_exercise_without_numbers_has_no_boxes_and_a_page_is_whole(tmp_path: Path) -> None:
    assert boxes(exercise("02.2").posed) == "" and "<script" not in prompt_html(exercise("02.3").posed)
    assert page(exercise("02.1").posed).startswith("<!doctype html>")
    target = exercise("02.1").save(tmp_path / "e.html")
    assert target.read_text(encoding="utf-8").count("data-mg-boxes=") == 1
    with pytest.raises(ValueError, match=r"\.html"):
        exercise("02.1").save(tmp_path / "e.pdf")


def test_the_public_names_are_there() -> None:
    assert set(exercises.__all__) <= set(dir(exercises))
