"""`micrograd diff`: two expressions compared."""

from __future__ import annotations

import pytest

from micrograd.cli.main import main


def run(capsys, *argv):
    status = main(["diff", *argv])
    out, err = capsys.readouterr()
    return status, out, err


def test_alike_is_0_and_different_is_1(capsys):
    assert run(capsys, "a*b + 1", "b*a + 1", "a=2", "b=3") == (0, "first and second are alike: 4 values\n", "")
    status, out, _ = run(capsys, "c = a*b; tanh(c)", "c = a + b; tanh(c)", "a=2", "b=3")
    assert status == 1
    assert "first apart, going forward: c, made in another way: a * b | a + b" in out
    assert "roots" not in out  # no variable of the command's own


def test_numbers_within_some_ulps_are_the_same(capsys):
    wide = ["(a + b) + c", "a + (b + c)", "a=0.1", "b=0.2", "c=0.3"]
    last = "data    0.6     0.6  2.22e-16        1"
    assert last.split() in [line.split()[-5:] for line in run(capsys, *wide)[1].splitlines()]
    assert last.split() not in [line.split()[-5:] for line in run(capsys, *wide, "--ulps", "1")[1].splitlines()]


def test_a_page_is_written(tmp_path, capsys):
    file = tmp_path / "d.html"
    assert run(capsys, "-a + b", "a - b", "a=2", "b=3", "-o", str(file)) == (1, "", "")
    assert "Made in another way" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["a*b", "a=2", "b=3"], "a second expression is needed"),
        (["a", "a=1"], "a second expression is needed"),
        (["a*b"], "a second expression is needed"),
        (["a", "a+1", "a=1", "z=2"], "neither expression uses z"),
        (["a", "a+(", "a=1"], "is missing here"),
        (["a", "b", "a=1"], "'b' has no value"),
        (["a", "a", "a=1", "-o", "x.dot"], "the ending must be one of"),
        (["a", "a", "a=1", "--ulps", "-1"], "ulps=-1"),
    ],
)
def test_what_is_wrong_is_said(capsys, argv, said):
    status, _, err = run(capsys, *argv)
    assert status == 2 and said in err
