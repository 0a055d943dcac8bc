"""Sheets for a class: no two equal, numbers that can be read, keys that are right by another way, codes that lead back."""

import io
import re
import shlex
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd.classroom import Unequal, of_exercises, of_expression
from micrograd.classroom.drawn import USUAL, ranged
from micrograd.classroom.page import page
from micrograd.classroom.sheets import LETTERS
from micrograd.cli.expression import read
from micrograd.cli.main import main
from micrograd.exercises.draws import whole
from micrograd.exercises.format import lesson, load

TEXT = "c = a*b; L = (c + a)*b"


def at(text):
    return lambda numbers: read(text, numbers).root


def drawn(text=TEXT, draws=None, count=30, names=(), seed=0, blanks=1.0):
    return of_expression(text, at(text), draws or {"a": USUAL, "b": USUAL}, count, names, seed, blanks)


def numbers(part):
    return {name: Fraction(x.replace("−", "-")) for name, x in re.findall(r"(\w) = (−?[\d.]+)", part.given.partition(" at ")[2])}


def answers(part):
    return {q.text.removesuffix(" =").partition(" = ")[0]: Fraction(q.answer.replace("−", "-")) for q in part.questions}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_sheets_differ_and_their_keys_are_the_derivatives_of_school(seed, count):
    made = drawn(seed=seed, count=count)
    seen = [numbers(sheet.parts[0]) for sheet in made]
    assert len(made) == count == len({tuple(x.values()) for x in seen}) == len({sheet.code for sheet in made})
    for sheet, x in zip(made, seen, strict=True):
        a, b, key = x["a"], x["b"], answers(sheet.parts[0])
        assert key["c"] == a * b and key["L"] == (a * b + a) * b  # exact: the fractions are equal
        assert key["a.grad"] == b * b + b and key["b.grad"] == 2 * a * b + a
        assert all(key.values()), "a number is 0, though others can be had"
        assert len(sheet.code) == 4 and set(sheet.code) <= set(LETTERS)


def test_the_same_seed_makes_the_same_class_and_another_another():
    assert page(drawn(count=5)) == page(drawn(count=5)) != page(drawn(count=5, seed=1))


def test_a_name_keeps_its_sheet_when_others_come():
    few, more = drawn(names=["ada", "ben"], count=None), drawn(names=["zoe", "ada", "ben"], count=5)
    sheets = {sheet.name: sheet for sheet in more}
    assert [sheet.name for sheet in more] == ["zoe", "ada", "ben", "", ""]
    assert all(sheets[sheet.name] == sheet for sheet in few)


def test_where_exact_numbers_cannot_be_had_they_are_rounded():
    made = drawn("L = tanh(a) / b", count=8)
    assert len({str(numbers(sheet.parts[0])) for sheet in made}) == 8
    with pytest.raises(Unequal, match="only 2 different sheets"):
        drawn("L = a * 3", {"a": whole(1, 2)}, count=3)


def test_quotients_are_drawn_that_end():
    for sheet in drawn("L = a / b", count=20):
        x, key = numbers(sheet.parts[0]), answers(sheet.parts[0])
        assert key["L"] == x["a"] / x["b"] and key["b.grad"] == -x["a"] / x["b"] ** 2  # as fractions: no digit is lost


@pytest.mark.parametrize(
    ("count", "names", "said"),
    [
        (0, [], "--class 0"),
        (2, ["a", "b", "c"], "3 names"),
        (None, ["a", "a"], "each name"),
        (2000, [], "1 to 1000"),
        (None, [], "--class 0"),
    ],
)
def test_what_is_no_class_is_refused(count, names, said):
    with pytest.raises(Unequal, match=said):
        drawn(count=count, names=names)


def test_ranges():
    assert str(ranged("-3..4")) == "whole(-3, 4)" and str(ranged("0.25..1")) == "decimal(0.25, 1.0, 2)" and ranged("3") is None
    with pytest.raises(Unequal, match="smaller end"):
        ranged("5..1")


FILE = '''"""Week 1."""
from micrograd.exercises import Exercise, choice, function, equals, number, real, whole
HINTS = ["Where?", "What is asked there?", "What must hold?"]
Exercise("w.1", "L = `a*b` at a = {a}, b = {b}.\\n\\nBy hand.", numbers={"a": whole(-9, 9, but=(0,)), "b": whole(2, 9)}, program="L = a*b",
         blanks={"da": number("a.grad"), "l": number("L")}, hints=HINTS)
Exercise("w.2", "Which is 4?", blanks={"c": choice(["2 + 2", "2 + 3", "5 < 4"], right=lambda n, o: o == "2 + 2")}, hints=HINTS)
Exercise("w.3", "Write f.", blanks={"f": function(equals(abs, real(-1, 1)))}, hints=HINTS)
'''


@pytest.fixture
def week(tmp_path):
    path = tmp_path / "week.py"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_file_of_exercises_has_the_numbers_that_grade_takes(week):
    sheet = load(week)
    for made in (of_exercises(sheet, 12), of_exercises(sheet, names=["ada", "ben"])):
        for handout in made:
            first, second, third = handout.parts
            posed = sheet["w.1"].posed(handout.student)
            a, b = posed.numbers.a, posed.numbers.b
            assert posed.prompt == first.prose and f"a = {a}, b = {b}" in first.prose
            assert [q.answer.replace("−", "-") for q in first.questions] == [str(b), str(a * b)]
            letter = second.options.index(next(o for o in second.options if o.endswith("2 + 2")))
            assert second.questions[0].answer == f"{'ABC'[letter]}  2 + 2" and third.questions[0].room
        assert len({str([(p.prose, p.options) for p in h.parts]) for h in made}) == len(made)
    assert [h.student for h in of_exercises(sheet, names=["ada", "ben"])] == ["ada", "ben"]


def test_too_few_draws_and_equal_students_are_said(tmp_path):
    path = tmp_path / "same.py"
    path.write_text(
        FILE.split('Exercise("w.1"')[0] + 'Exercise("s.1", "One.", blanks={"x": number(lambda n: 1.0, says="x")}, hints=HINTS)\n'
    )
    with pytest.raises(Unequal, match="only 1 different sheets"):
        of_exercises(load(path), 2)
    with pytest.raises(Unequal, match="ben and ada would have equal sheets"):
        of_exercises(load(path), names=["ada", "ben"])


@pytest.mark.parametrize("number", ["02", "07"])
def test_lessons_can_be_printed(number):
    made = page(of_exercises(lesson(number), 3))
    assert made.count('class="sheet"') == 3 and "<script" not in made and "…</" not in made


def test_the_page_is_safe_and_its_keys_stand_apart(tmp_path):
    made = drawn(names=["<img src=x>", "Émilie"], count=None)
    whole_page, sheets, keys = page(made), page(made, keys=False), page(made, sheets=False)
    assert (
        "<img" not in whole_page
        and "&lt;img src=x&gt;" in whole_page
        and "script-src" not in whole_page
        and "default-src 'none'" in whole_page.replace("&#x27;", "'")
    )
    assert (
        ": answers</h1>" not in sheets and ": answers</h1>" in keys and 'class="sheet"' not in keys and keys.count('class="answers"') == 2
    )
    for sheet in made:
        assert sheet.code in sheets and sheet.code in keys
        assert not any(f"<strong>{q.answer}</strong>" in sheets for q in sheet.parts[0].questions)


# --- the command -------------------------------------------------------------------------------------------------------


def test_the_command_writes_sheets_and_keys(tmp_path, capsys):
    names = tmp_path / "names.txt"
    names.write_text("\ufeffada\n# a note\n\n  Grace   Hopper \n", encoding="utf-8")
    out, keys = tmp_path / "s.html", tmp_path / "k.html"
    argv = ["exercise", TEXT, "b=1..9", "--names", str(names), "--class", "3", "-o", str(out), "--keys", str(keys)]
    assert main(argv) == 0, capsys.readouterr().err
    text = out.read_text(encoding="utf-8")
    assert text.count('class="sheet"') == 3 and "Grace Hopper" in text and ": answers" not in text
    assert "b=1..9" in keys.read_text(encoding="utf-8") and keys.read_text(encoding="utf-8").count('class="answers"') == 3


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_pdf_has_the_paper_that_was_asked_for(tmp_path, paper, week):
    pytest.importorskip("reportlab")
    pytest.importorskip("svglib")
    for what in ([TEXT], [str(week)]):
        out = tmp_path / "s.pdf"
        assert main(["exercise", *what, "--class", "4", "-o", str(out), "--paper", paper]) == 0
        content = out.read_bytes()
        wide = {float(w) for w in re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)", content)}
        pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", content))
        assert pages >= 5 and wide and all(abs(w - (595.28 if paper == "A4" else 612.0)) < 1 for w in wide)
    assert io.BytesIO(content).read(4) == b"%PDF"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["a*b", "a=1", "b=2", "--class", "3", "-o", "x.html"], "every number is fixed"),
        (["a*b", "--class", "3"], "are a file: add -o"),
        (["a*b", "--class", "3", "-o", "x.svg"], "must be one of .html .pdf"),
        (["a*b", "c=1", "--class", "3", "-o", "x.html"], "does not use c"),
        (["a*", "--class", "3", "-o", "x.html"], "a*"),
        (["a*b", "a=4..1", "--class", "3", "-o", "x.html"], "smaller end"),
        (["a*b", "--names", "no_such.txt", "-o", "x.html"], "--names no_such.txt: No such file"),
        (["no_such.py", "--class", "3", "-o", "x.html"], "no_such.py"),
        (["02", "a=3", "--class", "3", "-o", "x.html"], "draws its own numbers"),
        (["02", "--class", "3", "--blanks", "2", "-o", "x.html"], "--blanks is for an expression"),
        (["hw.py", "-o", "x.html"], "add --class 30"),
        (["a*b", "--class", "3", "-o", "x.html", "--keys", "x.html"], "another name"),
    ],
)
def test_a_wrong_command_is_one_sentence(argv, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["exercise", *argv]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error and not list(tmp_path.iterdir())


COMMANDS = [
    line.partition("  #")[0].strip()
    for file in ("README.md", "docs/exercises.md")
    for line in Path(__file__).parents[2].joinpath(file).read_text(encoding="utf-8").splitlines()
    if line.startswith("micrograd exercise") and "--class" in line
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_that_documents_give_make_their_sheets(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)[1:]
    if any(w.endswith(".pdf") for w in words):
        pytest.importorskip("svglib")
    assert main(words) == 0
    made = tmp_path / words[words.index("-o") + 1]
    assert made.stat().st_size > 1000 and len(COMMANDS) >= 3
