"""The report on a class: counts against a table made by hand, names left out, broken files named, nothing of a file as markup."""

import json

import pytest

from micrograd.classroom import gathered
from micrograd.classroom.report_page import page
from micrograd.cli.main import main
from micrograd.exercises.format import lesson
from micrograd.grading import as_json, grade


def blank(status, mistake="", reason=""):
    return {"name": "x", "label": "x", "status": status, "given": "1", "reason": reason, "mistake": mistake}


def exercise(id, status, score, *blanks):
    return {"id": id, "status": status, "score": score, "points": 1.0, "said": "", "blanks": list(blanks)}


def result(student, *exercises):
    score = sum(e["score"] for e in exercises)
    whole = {
        "format": 1,
        "sheet": "Week 1",
        "file": "w.py",
        "student": student,
        "answer": f"{student}.py",
        "score": score,
        "max_score": 3.0,
    }
    return {"score": score, "tests": [], "extra_data": {"micrograd": {**whole, "exercises": list(exercises)}}}


SIGN, LINE = blank("wrong", "sign", "The sign is wrong."), blank("wrong", "other-line", "line 3 is not it")
OWN = blank("wrong", "known", "You took the mean, not the sum.")
CLASS = {
    "ada": [exercise("w.1", "right", 1.0, blank("right")), exercise("w.2", "right", 1.0), exercise("w.3", "wrong", 0.0, LINE)],
    "ben": [exercise("w.1", "wrong", 0.0, SIGN), exercise("w.2", "partly", 0.5, OWN, blank("right")), exercise("w.3", "wrong", 0.0, LINE)],
    "cy": [
        exercise("w.1", "wrong", 0.0, SIGN, SIGN),
        exercise("w.2", "error", 0.0),
        exercise("w.3", "unanswered", 0.0, blank("unanswered")),
    ],
}


@pytest.fixture
def folder(tmp_path):
    for name, rows in CLASS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(result(name, *rows)), encoding="utf-8")
    return tmp_path


def test_the_counts_are_those_of_a_table_by_hand(folder):
    found = gathered(folder)
    assert [(s.name, s.score) for s in found.students] == [("cy", 0.0), ("ben", 0.5), ("ada", 2.0)]
    assert found.title == "Week 1" and found.exercises == ["w.1", "w.2", "w.3"] and found.most == 3.0 and found.middle == 0.5
    assert [found.solved(e) for e in found.exercises] == [1, 1, 0] and found.unsolved == ["w.3"] and found.skipped == []
    assert [(m.title, m.students, m.exercises) for m in found.misconceptions] == [
        ("The sign is wrong", ["cy", "ben"], ["w.1"]),
        ("You took the mean, not the sum", ["ben"], ["w.2"]),
        ("another line than the wrong one", ["ben", "ada"], ["w.3"]),
    ]
    assert [n for _, _, n in found.bins] == [2, 0, 1] and sum(n for *_, n in found.bins) == 3
    assert "nobody solved: w.3" in str(found)


def test_no_name_is_left_where_names_are_left_out(folder):
    (folder / "dora.json").write_text("{", encoding="utf-8")
    found = gathered(folder, anonymous=True)
    for text in (str(found), page(found)):
        assert not any(name in text for name in ("ada", "ben", "cy.", "dora")) and "student 3" in text and "a file: it is no JSON" in text
    assert "ada" in page(gathered(folder)) and "dora.json" in page(gathered(folder))  # and with names they are there


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "it is no JSON: "),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"[]", "an object is needed"),
        (b"{}", "it is neither of"),
        (b"[" * 100_000, "too deep"),
        (json.dumps({"extra_data": {"micrograd": {"format": 2}}}).encode(), "its format is 2"),
        (json.dumps({"extra_data": {"micrograd": 3}}).encode(), "is 3, and no object"),
        (json.dumps(result("x", {**exercise("w.1", "right", 1.0), "status": "good"})).encode(), "an exercise is 'good'"),
        (
            json.dumps(result("x", {**exercise("w.1", "right", 1.0), "score": 0.0}))
            .replace('"score": 0.0, "points"', '"score": NaN, "points"')
            .encode(),
            "score is nan",
        ),
        (json.dumps(result("x", exercise("w.1", "wrong", 0.0, 7))).encode(), "a blank is 7"),
        (json.dumps({"tests": [{"name": "a", "score": "1", "max_score": 1}]}).encode(), "score is '1'"),
        (json.dumps({"findings": [{"kind": "fault", "name": 3}]}).encode(), "the name of a fault is 3"),
    ],
    ids=range(12),
)
def test_a_broken_file_is_named_and_the_others_count(folder, content, said):
    (folder / "broken.json").write_bytes(content)
    found = gathered(folder)
    assert len(found.students) == 3 and len(found.skipped) == 1
    assert found.skipped[0].startswith("broken.json: ") and said in found.skipped[0] and "broken.json" in page(found)


def test_of_two_results_the_better_counts(folder):
    (folder / "later").mkdir()
    (folder / "later" / "x.json").write_text(json.dumps(result("ben", exercise("w.1", "right", 1.0), exercise("w.2", "wrong", 0.0))))
    found = gathered(folder)
    ben = next(s for s in found.students if s.name == "ben")
    assert {e: d.status for e, d in ben.done.items()} == {"w.1": "right", "w.2": "partly", "w.3": "wrong"} and "ben" in found.said[0]


def test_gradescopes_form_and_the_doctors_reports_are_read(folder, tmp_path):
    from micrograd.doctor import diagnose

    names = {}
    source = (
        "class V:\n    def __init__(self, d):\n        self.data = d\n    def __add__(self, o):\n        return V(self.data - o.data)\n"
    )
    exec(source, names)
    report = diagnose(names["V"])
    assert report.faults
    (folder / "eve.json").write_text(json.dumps(report.as_dict()), encoding="utf-8")
    (folder / "fay").mkdir()
    tests = {"tests": [{"number": "w.1", "name": "first", "score": 1, "max_score": 1}]}
    (folder / "fay" / "results.json").write_text(json.dumps(tests), encoding="utf-8")
    found = gathered(folder)
    students = {s.name: s for s in found.students}
    assert students["fay"].done["w.1"].status == "right" and students["eve"].done["engine"].status == "wrong"
    assert found.skipped == [] and any(m.students == ["eve"] and m.title == report.faults[0].title for m in found.misconceptions)


def test_what_grade_writes_is_read(tmp_path):
    answer = tmp_path / "ada.py"
    n = lesson("02")["02.1"].posed("ada").numbers
    answer.write_text(f'from micrograd.exercises import exercise\nexercise("02.1").check(da={-(n.b + 1)}, db={n.a + 2 * n.b + 1})\n')
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ada.json").write_text(json.dumps(as_json(grade(lesson("02"), answer, "ada"))), encoding="utf-8")
    found = gathered(tmp_path / "out")
    (ada,) = found.students
    assert ada.score == 0.5 and ada.done["02.1"].status == "partly" and found.unsolved == ["02.1", "02.2", "02.3"]
    assert [(m.title, m.students) for m in found.misconceptions] == [("The sign is wrong", ["ada"])]


def test_nothing_of_a_file_is_markup(folder):
    bad = "<script>alert(1)</script>"
    rows = [exercise(bad, "wrong", 0.0, blank("wrong", bad, bad), blank("wrong", "known", bad))]
    (folder / "x.json").write_text(json.dumps(result(bad, *rows)), encoding="utf-8")
    text = page(gathered(folder, title=bad))
    assert "<script" not in text and text.count("&lt;script&gt;") >= 6 and "default-src &#x27;none&#x27;" in text


def test_the_command(folder, tmp_path, capsys):
    out = folder / "r.html"
    assert main(["report", str(folder), "-o", str(out), "--title", "Autumn", "--anonymous"]) == 0
    text = out.read_text(encoding="utf-8")
    assert "<title>Autumn</title>" in text and "student 1" in text and "ada" not in text
    assert main(["report", str(folder)]) == 0 and "w.1" in capsys.readouterr().out
    empty = folder / "empty"
    empty.mkdir()
    for argv, said in (
        (["report", "no_such"], "no folder"),
        (["report", str(empty)], "has no results"),
        (["report", str(folder), "-o", "x.pdf"], ".html .txt"),
        (["report"], "is needed"),
    ):
        with pytest.raises(SystemExit) if argv == ["report"] else nothing():
            assert main(argv) == 2
        assert said in capsys.readouterr().err


class nothing:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None
