"""docs/teaching.md: every lesson has a session, minutes add up to 90, its commands work as they stand, the key is right."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from micrograd.cli.main import main

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"^### (\d+) · [^\n]+ \(([\d, ]+)\)\n(.*?)(?=^### |^## )", TEXT, re.M | re.S)
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()]


def lessons():
    return re.findall(r"^\| (\d\d) \| \[", (ROOT / "notebooks/README.md").read_text(encoding="utf-8"), re.M)


def test_every_lesson_has_one_session():
    told = [n for _, numbers, _ in SESSIONS for n in numbers.split(", ")]
    assert len(set(told)) == len(told)
    assert set(lessons()) <= {*told, "00"}


def test_minutes_run_from_0_to_90_without_a_hole():
    assert [int(k) for k, _, _ in SESSIONS] == list(range(1, len(SESSIONS) + 1)) and len(SESSIONS) > 15
    for k, _, body in SESSIONS:
        spans = [tuple(map(int, span)) for span in re.findall(r"^\| (\d+)–(\d+) \|", body, re.M)]
        assert spans[0][0] == 0 and spans[-1][1] == 90, k
        assert all(a[1] == b[0] for a, b in pairwise(spans)), k
        assert len(re.findall(r"^micrograd exercise ", body, re.M)) == 1 and "At home: " in body, k


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("micrograd ")], ids=lambda c: c.rpartition(" -o ")[2])
def test_each_command_works_as_it_stands(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)
    assert main(words[1:]) == 0
    text = (tmp_path / words[words.index("-o") + 1]).read_text(encoding="utf-8")
    if words[1] == "exercise":
        assert 5 <= text.count("<li>") <= 40  # what a quarter of an hour holds
        assert main([*words[1:], "--key"]) == 0


def test_slides_are_asked_of_a_lesson_that_is_there():
    asked = [shlex.split(c) for c in COMMANDS if c.startswith("python ")]
    assert asked and all((ROOT / words[1]).is_file() and words[2] in lessons() for words in asked)


def test_the_key_of_the_written_test_is_right():
    (key,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    exec(compile(key, "key", "exec"), {})
    with pytest.raises(AssertionError):
        exec(compile(key.replace("== (2, 5)", "== (2, 3)"), "key", "exec"), {})


def test_points_add_up_and_every_task_has_a_rubric():
    points = list(map(int, re.findall(r"^\d\. \*\((\d)\)\*", TEXT, re.M)))
    rubric = re.findall(r"^\| (\d) \|.+\|.+\|.+\|$", TEXT.split("### Rubric")[1], re.M)
    assert sum(points) == 40 and rubric == [str(k) for k in range(1, len(points) + 1)]
