"""`micrograd export FILE.py:NAME -o FILE`."""

from __future__ import annotations

import importlib.util
import sys

import pytest

pytest.importorskip("numpy")
from micrograd.cli.main import main

FILE = """\
import micrograd
from micrograd import Value, optim
import beside

w = [Value(0.5), Value(beside.NUMBER)]
root = (w[0] * w[1]).tanh()
sgd = optim.SGD(w, lr=0.1)

def loss():
    return (w[0] * w[1] - 1.0) ** 2

step = micrograd.compile(loss, w)
raises = lambda: w[0] * {}["rate"]
waits = micrograd.compile(lambda x: w[0] * x, w)
bare = lambda x: w[0] * x
"""


@pytest.fixture
def given(tmp_path, monkeypatch):
    (tmp_path / "file.py").write_text(FILE, encoding="utf-8")
    (tmp_path / "beside.py").write_text("NUMBER = -2.0\n", encoding="utf-8")
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "needs.py").write_text("import no_such_module\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("beside", None)


@pytest.mark.parametrize("name", ["loss", "step", "root"])
@pytest.mark.parametrize(
    ("output", "says"), [("out.c", "double value_and_grad("), ("out.mjs", "export function valueAndGrad("), ("o.JS", "export")]
)
def test_a_loss_a_compiled_one_and_a_graph(given, name, output, says):
    path = list(sys.path)
    assert main(["export", f"file.py:{name}", "-o", output]) == 0
    assert says in (given / output).read_text(encoding="utf-8")
    assert sys.path == path


def test_with_an_optimizer(given):
    assert main(["export", "file.py:step", "--optimizer", "sgd", "--steps", "7", "-o", "out.c"]) == 0
    text = (given / "out.c").read_text(encoding="utf-8")
    assert "void update(" in text and "t < 8;" in text


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["file.py:bare", "-o", "out.c"], "bare takes arguments: compile it in the file"),
        (["file.py:step", "-o", "out.c", "--jax"], "--jax is for a .py"),
        (["file.py"], "not FILE.py:NAME"),
        (["file.py:loss"], "-o file.c"),
        (["file.py:loss", "-o", "out.exe"], ".c .js .mjs"),
        (["nowhere.py:loss", "-o", "out.c"], "no file 'nowhere.py'"),
        (["file.py:nothing", "-o", "out.c"], "defines no 'nothing'"),
        (["file.py:loss", "--optimizer", "adam", "-o", "out.c"], "defines no 'adam'"),
        (["file.py:w", "-o", "out.c"], "w is a list"),
        (["file.py:waits", "-o", "out.c"], "call it once"),
        (["file.py:step", "--optimizer", "root", "-o", "out.c"], "micrograd.optim"),
        (["needs.py:loss", "-o", "out.c"], "needs.py cannot be run: No module named 'no_such_module'"),
        (["file.py:raises", "-o", "out.c"], "raises cannot be run: KeyError"),
        (["broken.py:loss", "-o", "out.c"], "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_written(given, capsys, argv, message):
    assert main(["export", *argv]) == 2
    assert message in capsys.readouterr().err
    assert not (given / "out.c").exists()


@pytest.mark.parametrize(("package", "output"), [("numpy", "out.c"), ("numpy", "out.onnx"), ("onnx", "out.onnx"), ("numpy", "out.py")])
def test_what_must_be_installed_is_one_sentence(given, capsys, monkeypatch, package, output):
    real = importlib.util.find_spec
    monkeypatch.setattr("micrograd.cli.export.find_spec", lambda name: None if name == package else real(name) or name)
    assert main(["export", "broken.py:loss", "-o", output]) == 2  # the file is not run
    said = capsys.readouterr().err.strip()
    assert f"needs the package {package}: pip install" in said and "\n" not in said
    assert not (given / output).exists()


def test_a_file_is_needed(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["export"])
    assert stop.value.code == 2 and "FILE.py:NAME" in capsys.readouterr().err
