"""The command line as a shell user meets it: output, files, messages, exit status."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from micrograd.cli.main import main

SOURCE = "c = a*b; d = tanh(c) + a**2"
GIVEN = ["a=2", "b=-0.5"]


@pytest.fixture
def run(capsys):
    def run(*argv, status=0):
        try:
            got = main(argv)
        except SystemExit as stop:
            got = stop.code
        out, err = capsys.readouterr()
        assert got == status, err
        return err if status == 2 else out

    return run


# --- draw -------------------------------------------------------------------------------------------------------------


def test_draw_prints_a_tree(run):
    out = run("draw", SOURCE, *GIVEN)
    assert re.search(r"^d = \+ data 3\.238 grad 1", out) and "c = " in out and "└─" in out
    assert re.search(r"a data 2 grad 3\.79", out)


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", b"<"), ("dot", b"digraph"), ("html", b"<!doctype html"), ("txt", b"d = "), ("png", b"\x89PNG")]
)
def test_draw_writes_what_the_ending_says(run, tmp_path, ending, start):
    target = tmp_path / f"graph.{ending}"
    assert run("draw", SOURCE, *GIVEN, "-o", str(target)) == ""
    content = target.read_bytes()
    assert content.lower().startswith(start.lower())
    assert os.listdir(tmp_path) == [target.name]  # no temporary file is left


def test_draw_options(run, tmp_path):
    target = tmp_path / "graph.dot"
    run("draw", "x*y", "x=2", "y=3", "--partials", "--color", "grad", "--rankdir", "TB", "-o", str(target))
    assert re.search(r"rankdir=\"?TB", target.read_text(encoding="utf-8"))


# --- step -------------------------------------------------------------------------------------------------------------


def test_step_prints_the_chain_rule_aligned(run):
    assert run("step", "c = a*b; L = c + a", "a=2", "b=-3") == (
        "forward   c = a * b = 2 * (-3) = -6\n"
        "forward   L = c + a =   -6 + 2 = -4\n"
        "seed      L.grad = 1\n"
        "backward  c.grad += L.grad × ∂L/∂c = 1 ×  1 =  1   c.grad: 0 +  1 =  1\n"
        "          a.grad += L.grad × ∂L/∂a = 1 ×  1 =  1   a.grad: 0 +  1 =  1\n"
        "backward  a.grad += c.grad × ∂c/∂a = 1 × -3 = -3   a.grad: 1 + -3 = -2   ∂c/∂a = b\n"
        "          b.grad += c.grad × ∂c/∂b = 1 ×  2 =  2   b.grad: 0 +  2 =  2   ∂c/∂b = a\n"
        "\n"
        "   value  gradient\n"
        "a      2        -2\n"
        "b     -3         2\n"
    )


def test_step_latex(run, tmp_path):
    out = run("step", "x**2", "x=3", "--latex")
    assert out.startswith("\\begin{gather*}\n") and out.endswith("\\end{gather*}\n")
    assert "v_{1} = x^{2} = 3^{2} = 9" in out and r"\frac{\partial v_{1}}{\partial x} = 1 \cdot 6 = 6" in out
    assert out.count("{") == out.count("}") and out.count(r"\begin") == out.count(r"\end") == 2
    run("step", "x**2", "x=3", "-o", str(tmp_path / "s.tex"))
    assert (tmp_path / "s.tex").read_text(encoding="utf-8") == out


def test_step_files(run, tmp_path):
    shown = run("step", SOURCE, *GIVEN)
    assert run("step", SOURCE, *GIVEN, "-o", str(tmp_path / "s.txt")) == ""
    assert (tmp_path / "s.txt").read_text(encoding="utf-8") == shown
    assert run("step", SOURCE, *GIVEN, "-o", str(tmp_path / "s.html")) == ""
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html") and "</html>" in page
    assert sorted(os.listdir(tmp_path)) == ["s.html", "s.txt"]


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_passes(run):
    out = run("check", SOURCE, *GIVEN)
    assert re.search(r"\ba\b.*3\.79", out)


@pytest.mark.parametrize(
    ("expression", "values", "says"),
    [
        ("log1p(x)", ["x=-1"], "undecided: the function is -inf here"),
        ("exp(x)", ["x=800"], "undecided: the function is inf here"),
        ("x*x", ["x=1e200"], "undecided: the function is inf here"),
        ("a/b", ["a=1", "b=0"], "undecided: the function is inf here"),
        ("x*sqrt(x)", ["x=0"], "undecided: the gradient is nan"),
        ("sign(x)", ["x=0"], "undecided: the function jumps here"),
    ],
)
def test_check_that_cannot_decide_has_a_status_of_its_own(run, expression, values, says):
    assert says in run("check", expression, *values, status=3)


@pytest.mark.parametrize(
    ("expression", "value", "says"),
    [("sqrt(1-x)", 1, "kink: -inf … -inf"), ("acosh(x)", 1, "kink: inf … inf"), ("relu(x)", 0, "kink: 0 … 1"), ("x**3", 0, "ok")],
)
def test_check_at_borders_and_kinks(run, expression, value, says):
    assert says in run("check", expression, f"x={value}")


def test_check_catches_a_wrong_rule(run, tmp_path):
    import micrograd

    micrograd.register(micrograd.Op("planted", lambda x: x * x, (lambda y, x: x * (2 + 2e-6),)))
    try:
        out = run("check", "planted(x)", "x=3", status=1)
    finally:
        del micrograd.TABLE["planted"], micrograd.Value.planted
    assert "x" in out and "6.000006" in out


# --- reading ----------------------------------------------------------------------------------------------------------


def test_standard_input(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("# two lines\nc = x * 2\nc + 1\n"))
    assert "c = x * 2 = 3 * 2 = 6" in re.sub(" +", " ", run("step", "-", "x=3"))


@pytest.mark.parametrize("expression", ["-x", "-x**2", "-2*x", "- x", "--x"])
def test_an_expression_may_begin_with_a_minus(run, expression):
    separated = ["--"] if expression.startswith("--") else []
    assert "x" in run("step", *separated, expression, "x=3")
    assert "x" in run("step", "--", expression, "x=3")


def test_values_are_expressions_of_numbers(run):
    out = run("step", "x + y + z + w", "x=-pi/2", "y=1e-3", "z=2**0.5", "w=inf")
    assert re.search(r"^x +-1\.5708", out, re.M) and re.search(r"^z +1\.41421", out, re.M) and re.search(r"^w +inf", out, re.M)


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["draw", "sen(x)", "x=1"], "micrograd draw: there is no function 'sen'; did you mean 'sin'?\n    sen(x)\n    ^^^\n"),
        (["step", "x.__class__", "x=1"], "    x.__class__\n     ^\n"),
        (["step", "x + y", "x=1"], "'y' has no value"),
        (["step", "x", "x=1", "y=2"], "does not use y"),
        (["step", "x", "x=1", "x=2"], "given twice"),
        (["step", "x", "y"], "name=value"),
        (["step", "x", "2=3"], "cannot be a name"),
        (["step", "x", "pi=3"], "cannot be a name"),
        (["step", "x", "x="], "value of 'x'"),
        (["step", "x", "x=1+"], "value of 'x': a number, a name or a function is missing here\n    1+\n      ^\n"),
        (["step", "x", "x=y"], "the value of 'x' must be a number, such as x=1.5, and 'y' is none"),
        (["draw", "x", "x=1", "-o", "graph.gif"], "must be one of .svg"),
        (["step", "x", "x=1", "-o", "graph"], "must be one of .html"),
        (["draw", "x", "x=1", "-o", "/no/such/folder/graph.svg"], "cannot write /no/such/folder/graph.svg: No such file"),
        (["step", "x", "x=1", "-o", "/no/such/folder/s.txt"], "cannot write /no/such/folder/s.txt: No such file"),
        (["step"], "EXPR"),
        ([], "required"),
        (
            ["paint", "x"],
            "there is no command 'paint' (there are draw, step, check, quiz, exercise, diff, doctor, grade, report, export, lab, sheet, "
            "site, completion)",
        ),
        (["draw", "x", "x=1", "--frobnicate"], "there is no option --frobnicate"),
        (["draw", "x", "x=1", "--color", "mauve"], "invalid choice"),
        (["step", ""], "no expression"),
    ],
)
def test_errors_go_to_standard_error_with_status_2(run, capsys, argv, message):
    err = run(*argv, status=2)
    assert message in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["step", "a*b", "a=1,b=2"], "a space stands between two values: a=1 b=2"),
        (["step", "a*b", "a=1,", "b=2"], "a space stands between two values"),
        (["step", "a*b", "a=1;b=2"], "a space stands between two values: a=1 b=2"),
        (["step", "a", "a=1;"], "a space stands between two values"),
        (["step", "a", "a=1\n2"], "a space stands between two values"),
        (["step", "x", "x=1,5"], "a decimal point is written x=1.5"),
        (["step", "x", "x", "=", "1"], "write x=1"),
        (["step", "x", "x=", "1"], "write x=1, without spaces"),
        (["step", "x", "x", "=1"], "write x=1, without spaces"),
        (["step", "x", "x", "1"], "write x=1, say"),
        (["step", "x", "x:1"], "write x=1"),
        (["step", "x", "x==1"], "write x=1"),
        (["step", "x", "-x=1"], "write x=1"),
        (["step", "x", "--x=1"], "write x=1"),
        (["step", "x", "$x=1"], "write x=1"),
        (["step", "a*b", "a=1", "b=x"], "'b' must be a number, such as b=1.5, and 'x' is none"),
        (["step", "x", "x=1", "-p"], "there is no option -p"),
        (["draw", "x", "x=1", "--colour", "grad"], "did you mean '--color'?"),
        (["draw", "x", "x=1", "x.svg"], "a file to write is given as -o x.svg"),
        (["draw", "x=1", "x*x"], "the expression goes first, before x=1"),
        (["draw", "a", "setup.cfg", "README.md", "b", "a=1"], "put the whole expression in quotes"),
        (["draw", "x", "x=1", "-o", os.curdir], "it is a folder; write ./graph.svg, say"),
        (["draw", "x", "x=1", "--partials"], "--partials is for pictures"),
        (["draw", "x", "x=1", "--partials", "-o", "x.txt"], "--partials is for pictures"),
        (["draw", "x", "x=1", "--color", "grad"], "--color is for pictures"),
        (["draw", "x", "x=1", "--rankdir", "TB"], "--rankdir is for pictures"),
        (["step", "x", "x=1", "--latex", "-o", "x.html"], "--latex writes LaTeX"),
        (["steps", "x", "x=1"], "did you mean 'step'?"),
        (["a*b", "a=1", "b=2"], 'say what to do with it first, micrograd step "a*b"'),
        (["draw"], 'an expression is needed: micrograd draw "a*b" a=2 b=3'),
        (["step", "tahn(x)", "x=1"], "did you mean 'tanh'?"),
        (["step", "softmax([x, x])", "x=1"], "write p, q = …"),
    ],
)
def test_what_students_type_is_answered_by_what_to_write(run, tmp_path, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    err = run(*argv, status=2)
    assert message in err.replace("\\", "/") and "Traceback" not in err and os.listdir(tmp_path) == []


@pytest.mark.parametrize("place", range(4))
def test_options_may_stand_anywhere(run, tmp_path, place):
    argv = ["a*b", "a=2", "b=-3"]
    target = tmp_path / "graph.dot"
    argv[place:place] = ["--partials", "-o", str(target)]
    assert run("draw", *argv) == "" and "b" in target.read_text(encoding="utf-8")


def test_other_spellings_of_options(run, tmp_path):
    target = tmp_path / "graph.dot"
    run("draw", "x*y", "x=2", "y=3", "--rankdir", "tb", "--output", str(target))
    assert re.search(r"rankdir=\"?TB", target.read_text(encoding="utf-8"))
    assert run("help") == run("--help")


@pytest.mark.parametrize(
    "argv",
    [
        ["'a*b'", "a=2", "b=3"], ["'a", "*", "b'", "a=2", "b=3"], ["'c", "=", "a*b;", "c'", "a=2", "b=3"],
        ["-o", "OUT", "'-a", "*", "-b'", "a=2", "b=3"],
    ],
)  # fmt: skip
def test_single_quotes_where_the_shell_knows_none(run, tmp_path, argv):
    """cmd.exe of Windows gives them as they are, and splits at blanks."""
    target = str(tmp_path / "s.txt")
    out = run("step", *[target if a == "OUT" else a for a in argv])
    out = out or (tmp_path / "s.txt").read_text(encoding="utf-8")
    assert " * " in out and "= 6" in re.sub(" +", " ", out)


def test_quotes_of_an_echo(run, monkeypatch):
    for text in ("'x*3'\n", '"x*3" \n'):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert "= 6" in run("step", "-", "x=2")
    assert "'" in run("step", "x'", "x=1", status=2)


def test_names_with_an_index():
    from micrograd.cli.assignments import assignments

    assert assignments(["x₁=1", "w_1=2", "λ=3", "é=4"]) == {"x₁": 1.0, "w_1": 2.0, "λ": 3.0, "é": 4.0}


def test_nothing_is_written_when_it_fails(run, tmp_path):
    target = tmp_path / "s.html"
    target.write_text("before", encoding="utf-8")
    run("step", "sen(x)", "x=1", "-o", str(target), status=2)
    assert target.read_text(encoding="utf-8") == "before" and os.listdir(tmp_path) == ["s.html"]


@pytest.mark.parametrize("argv", [["--help"], ["draw", "--help"], ["step", "-h"], ["check", "--help"]])
def test_help(run, argv):
    out = run(*argv)
    assert "EXPR" in out or "draw" in out
    assert "tanh" in out and "softmax" in out and "never executed" in out
    assert all(len(line) <= 100 for line in out.splitlines())


def test_version(run):
    import micrograd

    assert run("--version") == f"micrograd {micrograd.__version__}\n"


# --- as a process -----------------------------------------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "micrograd"]


def test_as_a_module():
    done = subprocess.run([*COMMAND, "step", "x*x", "x=3"], capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "") and "v1 = x * x" in done.stdout
    done = subprocess.run([*COMMAND, "step", "-"], input=b"\xff\xfe", capture_output=True, timeout=60)
    assert done.returncode == 2 and b"Traceback" not in done.stderr


def test_a_terminal_that_cannot_print_mathematics():
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "step", "x*x", "x=3"], capture_output=True, env=env, timeout=60)
    assert done.returncode == 0 and b"x.grad += v1.grad * dv1/dx" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_broken_pipe():
    source = "+".join(["x"] * 5000)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([*COMMAND, "step", "-", "x=1"], **pipes)
    process.stdin.write(source.encode())
    process.stdin.close()
    assert process.stdout.readline().startswith(b"forward")
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(60) == 141
    process.stderr.close()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupt():
    process = subprocess.Popen(
        [sys.executable, "-c", "from micrograd.cli.main import main; print(1, flush=True); raise SystemExit(main(['step', '-']))"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"1\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
