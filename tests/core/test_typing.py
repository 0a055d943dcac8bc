"""What a type checker knows of us: typed uses that pass, and mistakes that it must find. Each line says what is expected of it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd
import viz
from micrograd import Value, stubs

ROOT = Path(micrograd.__file__).parents[1]

# A line ends in what it is (`: float`), or in `!` where it is a mistake.
USES = """
import micrograd
import viz
from micrograd import Value, compile, functional, losses, nn
a = Value(2.0, label="a")
a.grad  # float
a.data  # float
a.args  # tuple[Value, ...]
a + 1  # Value
2 / a  # Value
-a**2  # Value
a.relu()  # Value
a.leaky_relu(0.1)  # Value
a.arctan()  # Value
a.maximum(1).where(a, 2.0)  # Value
micrograd.exp(a)  # Value
micrograd.exp(1.0)  # float
micrograd.hypot(a, 1.0)  # Value
micrograd.sum(a, 1, 2.0)  # Value
micrograd.exp.domain  # tuple[tuple[float, float], ...]
a.data -= 0.1 * a.grad
a.label = "b"
nn.Neuron(2)([a, 1.0])  # Value
nn.Neuron(2)([[a, 1.0], [1, 2]])  # list[Value]
nn.Linear(2, 3)([a, 1.0])  # list[Value]
nn.ReLU()(a)  # Value
nn.MLP(2, [4, 1])([a, 1.0])  # Any
losses.mse([a], [1.0])  # Value
losses.cross_entropy([[a, a]], [0], reduction="none")  # list[Value]
functional.softmax([a, 1.0])  # list[Value]
functional.mean([1.0, 2.0])  # float
def loss(x: Value) -> Value:
    return x * a
compile(loss)(1.0)  # float
micrograd.lower(a * a)()  # float
viz.draw(a)  # Picture
viz.step(a)  # Stepper
class Line(nn.Module):
    def __call__(self, x: Value) -> Value:
        return x * a
Line()(a)  # Value
a.gard  # !
a.relu().gard  # !
a.rleu()  # !
a.relu(1)  # !
a.maximum("x")  # !
a.tanh().backward().data  # !
micrograd.exmp(a)  # !
micrograd.hypot(a)  # !
nn.MPL(2, [1])  # !
nn.Neuron(2)([a, a]).gard  # !
losses.mse([a], [1.0]).gard  # !
losses.mse([a], [1.0], "max")  # !
functional.softmax([a, a]).data  # !
compile(loss)(1.0).grad  # !
viz.drw(a)  # !
viz.draw(a, colour="grad")  # !
viz.step(a).sav("x.html")  # !
""".strip().splitlines()

CHECKERS = {
    "mypy": (
        [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--no-error-summary"],
        r"^[^:]*:(\d+): (error|note: Revealed)(.*)",
    ),
    "pyright": (["pyright"], r"^[^:]*:(\d+):\d+ - (error|information)(.*)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_knows_what_things_are_and_finds_every_mistake(checker, tmp_path):
    command, pattern = CHECKERS[checker]
    if checker == "mypy":
        pytest.importorskip("mypy")
    elif shutil.which("pyright") is None:
        pytest.skip("pyright is not installed")
    code = [re.sub(r"^(.*?)  # [^!].*", r"reveal_type(\1)", line) for line in USES]
    (tmp_path / "uses.py").write_text("\n".join(code), encoding="utf-8")
    config = f'{{"extraPaths": ["{ROOT.as_posix()}"], "typeCheckingMode": "standard"}}'
    (tmp_path / "pyrightconfig.json").write_text(config, encoding="utf-8")
    env = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run([*command, "uses.py"], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=300)
    said = {}
    for line in done.stdout.splitlines():  # of other files, too, which import what has no types
        if "uses.py:" in line and (found := re.match(pattern, line.strip())):
            said.setdefault(int(found[1]), []).append((found[2] == "error", found[3]))
    wrong = []
    for number, line in enumerate(USES, 1):
        *_, expected = line.split("  # ") if "  # " in line else ("", "")
        errors = [text for error, text in said.get(number, ()) if error]
        texts = [re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", text) for error, text in said.get(number, ()) if not error]
        right = bool(errors) if expected == "!" else not errors and (not expected or any(f'"{expected}"' in text for text in texts))
        if not right:
            wrong.append((line, said.get(number)))
    assert not wrong, (wrong, done.stderr[-1000:])


def test_the_stub_says_what_the_table_says():
    made = Path(micrograd.__file__).with_name("methods.pyi").read_text(encoding="utf-8")
    assert made == stubs.stub(), "run python -m micrograd.stubs"


def test_a_new_row_is_in_the_stub():
    micrograd.register(micrograd.Op("cube", lambda x: x * x * x, (lambda y, x: 3.0 * x * x,), doc="x³."))
    try:
        text = stubs.stub()
    finally:
        del micrograd.TABLE["cube"], Value.cube
    assert '    def cube(self, /) -> Value:\n        """x³."""' in text and "\ncube: Op1\n" in text


def test_values_take_new_attributes_at_run_time():
    a = Value(2.0)
    a.note = [1, 2]
    assert (a * 2).args[0].note == [1, 2]


def test_viz_lists_its_public_names():
    assert dir(viz) == sorted(viz.__all__) and {"draw", "draw_dot", "step", "watch", "trace"} <= set(viz.__all__)
    assert all(getattr(viz, name) is not None for name in viz.__all__)
    space: dict = {}
    exec("from viz import *", space)
    assert set(viz.__all__) <= set(space)
