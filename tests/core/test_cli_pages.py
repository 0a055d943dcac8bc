"""The command line's pages, worksheets, colours and completion."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from micrograd.cli import colours
from micrograd.cli.main import main

SOURCE, GIVEN = "c = a*b; d = tanh(c) + a**2", ["a=2", "b=-0.5"]


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """The addresses that a browser was asked to open; temporary files lie in tmp_path."""
    import tempfile
    import webbrowser

    found = []
    monkeypatch.setattr(webbrowser, "open", lambda url, *more: found.append(url) or True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return found


@pytest.mark.parametrize(
    ("argv", "name", "inside"),
    [
        (["step", SOURCE, *GIVEN], "steps.html", "<title>d = tanh(c) + a**2 · Backpropagation, step by step</title>"),
        (["draw", SOURCE, *GIVEN], "graph.html", "<title>d = tanh(c) + a**2 · Computation graph of d = 3.238, 6 values</title>"),
        (["quiz", SOURCE, *GIVEN, "--seed", "4"], "quiz.html", '"quiz":{"seed":4}'),
        (["exercise", SOURCE, *GIVEN, "--key"], "exercise.html", "<title>Backpropagation by hand</title>"),
    ],
)
def test_open_shows_a_page_of_its_own(opened, capsys, argv, name, inside):
    assert main([*argv, "--open"]) == 0
    assert len(opened) == 1 and opened[0].startswith("file:///") and opened[0].endswith(f"/{name}")
    with open(opened[0].removeprefix("file://"), encoding="utf-8") as page:
        assert inside in page.read()
    assert capsys.readouterr() == ("", "")


def test_open_shows_the_file_that_was_asked_for(opened, tmp_path):
    target = tmp_path / "kept.svg"
    assert main(["draw", SOURCE, *GIVEN, "-o", str(target), "--open"]) == 0
    assert opened == [target.as_uri()] and target.is_file()
    assert main(["draw", SOURCE, *GIVEN, "-o", str(target)]) == 0 and len(opened) == 1


def test_a_real_browser_is_started(tmp_path):
    """By the module webbrowser, whose way to a browser is the environment's BROWSER."""
    if os.name != "posix":
        pytest.skip("a script as browser")
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/seen\n', encoding="utf-8")
    script.chmod(0o755)
    env = {**os.environ, "BROWSER": f"{script} %s", "TMPDIR": str(tmp_path)}
    code = "import viz; from micrograd import Value; a = Value(2.0); viz.step(a * a).show(); viz.draw(a * a).show()"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    seen = (tmp_path / "seen").read_text(encoding="utf-8").strip()
    assert seen.endswith("/graph.html") and os.path.isfile(seen.removeprefix("file://"))


def test_without_a_browser_it_says_where_the_page_is(monkeypatch, capsys, tmp_path):
    import webbrowser

    monkeypatch.setattr(webbrowser, "open", lambda *a: False)
    target = tmp_path / "s.html"
    assert main(["step", "a*b", "a=1", "b=2", "-o", str(target), "--open"]) == 0
    assert capsys.readouterr().err == f"no browser could be started here: open {target} in one\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["step", "a", "a=1", "-o", "s.txt", "--open"], "--open shows pages and pictures, and s.txt is text"),
        (["draw", "a", "a=1", "-o", "s.dot", "--open"], "--open shows pages and pictures, and s.dot is text"),
        (["quiz", "a*a", "a=1"], "add --open to see it in the browser, or -o quiz.html"),
        (["quiz", "a", "a=1", "--open"], "there is nothing to ask"),
        (["quiz", "a*a", "a=1", "-o", "q.svg"], "must be one of .html"),
        (["exercise", "a*a", "a=1", "--blanks", "99"], "blanks=99: this graph has 1 to "),
        (["exercise", "a", "a=1"], "there is nothing to ask"),
        (["exercise", "a*a", "a=1", "-o", "x.png"], "must be one of .html .svg .pdf"),
        (["check", "a*a", "a=1", "--open"], "there is no option --open"),
        (["completion"], "which shell?"),
        (["completion", "fish"], "invalid choice"),
    ],
)
def test_what_cannot_be_shown_is_refused(opened, capsys, tmp_path, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    try:
        status = main(argv)
    except SystemExit as stop:
        status = stop.code
    assert status == 2 and message in capsys.readouterr().err and opened == [] and list(tmp_path.iterdir()) == []


def test_an_exercise_as_text_and_its_key(capsys):
    assert main(["exercise", "L = a*b", "a=2", "b=-3"]) == 0
    asked = capsys.readouterr().out.splitlines()
    assert main(["exercise", "L = a*b", "a=2", "b=-3", "--key"]) == 0
    key = capsys.readouterr().out.splitlines()
    assert asked[2:] == ["1. L = a · b = ______", "2. ∂L/∂a = ______", "3. ∂L/∂b = ______", "4. b.grad = ______", "5. a.grad = ______"]
    assert [line.rsplit(" = ", 1)[1] for line in key[2:]] == ["−6", "−3", "2", "2", "−3"]


# --- colours ----------------------------------------------------------------------------------------------------------

TERMINAL = type("Terminal", (), {"isatty": lambda self: True})()
PIPE = type("Pipe", (), {"isatty": lambda self: False})()


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        (TERMINAL, {"TERM": "xterm"}, True), (PIPE, {"TERM": "xterm"}, False), (object(), {"TERM": "xterm"}, False),
        (TERMINAL, {"TERM": "dumb"}, False), (TERMINAL, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (TERMINAL, {"TERM": "xterm", "NO_COLOR": ""}, True), (PIPE, {"FORCE_COLOR": "1"}, True),
        (PIPE, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)  # fmt: skip
def test_when_colours_are_wanted(stream, environment, wanted):
    assert colours.wanted(stream, environment) is wanted


@pytest.mark.parametrize("argv", [["step"], ["draw"], ["check"]])
def test_colours_change_no_sign(capsys, monkeypatch, argv):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    main([*argv, SOURCE, *GIVEN])
    bare = capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    main([*argv, SOURCE, *GIVEN])
    painted = capsys.readouterr().out
    assert painted.count("\x1b[") > 4 and re.sub(r"\x1b\[[\d;]*m", "", painted) == bare and "\x1b" not in bare


def test_every_step_has_its_colour(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    main(["step", SOURCE, *GIVEN])
    lines = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert all(re.search("\x1b\\[1m[-\\d.e]+\x1b\\[0m", line) for line in lines), lines
    target_free = [line for line in lines if line.startswith("\x1b[33mbackward")]
    assert target_free and all(line.count("\x1b[1m") == 1 for line in lines)


def test_an_error_in_a_terminal_is_red_and_a_file_has_no_colours(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["step", "sen(x)", "x=1"]) == 2
    assert capsys.readouterr().err.startswith("\x1b[1;31mmicrograd step:\x1b[0m there is no function 'sen'")
    assert main(["step", "x*x", "x=1", "-o", str(tmp_path / "s.txt")]) == 0
    assert b"\x1b" not in (tmp_path / "s.txt").read_bytes()


# --- completion -------------------------------------------------------------------------------------------------------


def test_completion_in_a_real_bash(capsys, tmp_path):
    pytest.importorskip("shtab")
    bash = shutil.which("bash") or pytest.skip("no bash")
    assert main(["completion", "bash"]) == 0
    (tmp_path / "complete").write_text(capsys.readouterr().out, encoding="utf-8")
    ask = (
        "source ./complete; COMP_WORDS=(micrograd {}); COMP_CWORD={}; _shtab_micrograd; "
        'printf "%s\\n" "${{COMPREPLY[@]}}"'
    )  # fmt: skip

    def completed(words, at):
        done = subprocess.run([bash, "-c", ask.format(words, at)], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60)
        return done.stdout.split()

    assert set(completed("''", 1)) >= {"draw", "step", "check", "quiz", "exercise", "export"}
    assert completed("ex", 1) == ["exercise", "export"]
    assert completed("step a --op", 3) == ["--open"]


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_completion_for_other_shells(capsys, shell):
    pytest.importorskip("shtab")
    assert main(["completion", shell]) == 0
    assert "micrograd" in capsys.readouterr().out


def test_completion_without_its_library_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == "micrograd completion: completion needs shtab: pip install 'micrograd-lab[completion]'\n"


def test_every_command_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(
        re.search(rf"^    {name}\b", out, re.M) for name in ("draw", "step", "check", "quiz", "exercise", "export", "site", "completion")
    )
