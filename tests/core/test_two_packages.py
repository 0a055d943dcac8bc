"""Another package named micrograd: as a folder in front of ours (no fault), and installed over ours (said, with what mends it)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from micrograd import Value, mixed, notation

ROOT = Path(mixed.HOME)
MEND = "pip uninstall -y micrograd micrograd-lab\n    pip install micrograd-lab"

# The original's files: the engine that the benchmarks hold, and layers.
NN = """
import random
from micrograd.engine import Value

class Neuron:
    def __init__(self, nin, nonlin=True):
        self.w, self.b, self.nonlin = [Value(random.uniform(-1, 1)) for _ in range(nin)], Value(0), nonlin
    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act.relu() if self.nonlin else act
    def parameters(self):
        return self.w + [self.b]

class Layer:
    def __init__(self, nin, nout, **kwargs):
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]
    def __call__(self, x):
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out
    def parameters(self):
        return [p for n in self.neurons for p in n.parameters()]

class MLP:
    def __init__(self, nin, nouts):
        sizes = [nin] + nouts
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != len(nouts) - 1) for i in range(len(nouts))]
    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]
"""


def original(folder: Path) -> Path:
    (folder / "micrograd").mkdir(parents=True)
    shutil.copy(ROOT / "benchmarks" / "original.py", folder / "micrograd" / "engine.py")
    for name, text in (("__init__.py", ""), ("nn.py", NN)):
        (folder / "micrograd" / name).write_text(text, encoding="utf-8")
    return folder


# ------------------------------------------------------------------ a folder in front of ours

EVERYTHING = """
import random
import viz
from micrograd.engine import Value
from micrograd.nn import MLP
import micrograd
assert not hasattr(micrograd, "__version__")
random.seed(1)
a, b = Value(2.0), Value(-3.0)
c = a * b
d = c + a
d.backward()
assert repr(viz.draw(d)) == "Picture(4 values)" and "a * b" not in viz.draw(d).text and "digraph" in viz.draw(d, partials=True).dot
assert viz.draw(c, d).graph.roots and viz.text_tree(d) and "a" in viz.to_latex(d) and len(viz.trace(d)[0]) == 4
stepper = viz.step(d, check=True)
assert stepper.problems == [] and len(list(stepper.log())) == 8 and "<script" in stepper.to_html()
assert (a.grad, b.grad) == (-2.0, 2.0)
assert "= c + d = " in list(viz.step(c, d).log())[2] and viz.step(d, quiz=True).data["quiz"]
assert len(viz.exercise(d, seed=1).blanks) == 9
model = MLP(2, [3, 1])
assert repr(viz.draw(model, x=[1.0, -2.0])) == "Network(2-3-1, 13 parameters)"
watch = viz.watch(model, data=[([0.0, 1.0], 1), ([1.0, 0.0], -1)], grid=3)
for x, y in watch.pairs:
    loss = model(x) * y
    loss.backward()
    watch(loss)
assert "2 steps seen" in repr(watch) and "<script" in watch.to_html()
print("everything works")
"""


def test_a_folder_named_micrograd_in_front_of_ours_is_no_fault(tmp_path):
    """Everything in viz works with the original's own classes, and nothing is warned of."""
    folder = original(tmp_path)
    (tmp_path / "script.py").write_text(EVERYTHING, encoding="utf-8")
    path = os.pathsep.join([str(folder), str(ROOT), *filter(None, sys.path)])
    env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    done = subprocess.run([sys.executable, "-W", "error", tmp_path / "script.py"], capture_output=True, text=True, env=env, timeout=120)
    assert done.stdout == "everything works\n", done.stderr


def test_without_viz_a_step_prints_in_plain_call_form_with_its_numbers(monkeypatch):
    monkeypatch.setattr(notation, "_ours", lambda name: None)
    a = Value(2.0, label="a")
    told = [str(step) for step in ((a**2 + 1) * 3).steps()]
    assert [line.split(" =")[1].strip() for line in told[:3]] == ["power(a, 2)", "add(v1, 1)", "mul(v2, 3)"], "no operand is lost"
    assert all("v4" not in line for line in told), "numbers of the code have no names"


# ------------------------------------------------------------------ what tells a mixture


def site(folder: Path, *names: str) -> Path:
    for package in ("micrograd", "viz"):
        (folder / package).mkdir(parents=True)
        shutil.copy(ROOT / "micrograd" / "mixed.py", folder / package / "mixed.py")
    for name in ("__init__.py", "engine.py"):
        (folder / "micrograd" / name).write_text("", encoding="utf-8")
    for name in names:
        (folder / name).mkdir()
    return folder


def told(folder: Path, package: str = "viz") -> str:
    spec = importlib.util.spec_from_file_location("told", folder / package / "mixed.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.trouble()


@pytest.mark.parametrize("other", ["micrograd-0.1.0.dist-info", "micrograd-0.2.egg-info", "Micrograd-1.dist-info"])
def test_two_distributions_in_one_folder(tmp_path, other):
    for package in ("viz", "micrograd"):
        said = told(site(tmp_path / package, "micrograd_lab-0.1.0.dist-info", other), package)
        assert said.startswith("two packages named micrograd are installed, micrograd-lab and micrograd ") and MEND in said


@pytest.mark.parametrize("other", ["micrograd_lab-0.dist-info", "micrograd_rs-1.dist-info", "micrograd-ab-1.dist-info", "micrograd.old"])
def test_what_is_no_second_package(tmp_path, other):
    assert told(site(tmp_path, other)) == ""


def test_files_that_another_package_took_with_it(tmp_path):
    site(tmp_path, "micrograd_lab-0.1.0.dist-info")
    (tmp_path / "micrograd" / "engine.py").unlink()
    assert told(tmp_path).startswith("files of micrograd-lab are gone") and MEND in told(tmp_path)


def test_another_installation_in_front(tmp_path, monkeypatch):
    ours, theirs = site(tmp_path / "ours"), original(tmp_path / "theirs")
    monkeypatch.setattr(sys, "path", [str(theirs), str(ours)])
    assert told(ours) == ""  # a folder alone
    (theirs / "micrograd-0.1.0.dist-info").mkdir()
    assert "micrograd 0.1.0" in told(ours)
    monkeypatch.setattr(sys, "path", [str(ours), str(theirs)])
    assert told(ours) == ""  # ours is the one that is found


def test_here_nothing_is_wrong():
    assert mixed.trouble() == ""


def test_both_copies_are_one_text():
    assert (ROOT / "viz" / "mixed.py").read_bytes() == (ROOT / "micrograd" / "mixed.py").read_bytes()


# ------------------------------------------------------------------ real installations


def pip(python: Path, *arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--python", python, *arguments]
    subprocess.run([*map(str, command)], check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Our wheel, and one of a package that has the original's name and files; built here, nothing is fetched."""
    for needed in ("pip", "setuptools"):  # looked for, not imported: setuptools will not come after another's distutils
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    folder = tmp_path_factory.mktemp("wheels")
    theirs = original(folder / "theirs")
    (theirs / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='micrograd', version='0.1.0', packages=['micrograd'])\n", encoding="utf-8"
    )
    ours = folder / "ours"
    ours.mkdir()
    for name in ("micrograd", "viz"):
        shutil.copytree(ROOT / name, ours / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, ours)
    for source in (theirs, ours):
        pip(Path(sys.executable), "wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder, source)
    return {"theirs": next(folder.glob("micrograd-*.whl")), "ours": next(folder.glob("micrograd_lab-*.whl"))}


class Place:
    """A virtual environment without pip, and what is run in it."""

    def __init__(self, folder: Path):
        venv.create(folder, with_pip=False)
        self.folder = folder
        self.bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.bin / ("python.exe" if os.name == "nt" else "python")

    def install(self, wheel):
        pip(self.python, "install", "--no-index", "--no-deps", wheel)

    def run(self, *command):
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONWARNINGS")}
        return subprocess.run([*map(str, command)], capture_output=True, text=True, encoding="utf-8", env=env, timeout=120, cwd=self.folder)

    def says(self, code):
        return self.run(self.python, "-c", code)

    def command(self):
        return self.run(self.bin / "micrograd", "step", "a*b", "a=2", "b=3")


@pytest.mark.slow
@pytest.mark.parametrize("order", [("theirs", "ours"), ("ours", "theirs")], ids=" then ".join)
def test_both_installed_is_said_with_the_commands_that_mend_it(wheels, tmp_path, order):
    place = Place(tmp_path / "venv")
    for name in order:
        place.install(wheels[name])
    words = "two packages named micrograd are installed, micrograd-lab and micrograd 0.1.0"

    done = place.command()
    assert done.stderr.count(words) == 1 and MEND in done.stderr and "Traceback" not in done.stderr
    assert (done.returncode, "v1 = a * b" in done.stdout) == ((0, True) if order[1] == "ours" else (2, False))
    for code in ("import viz", "import viz, micrograd", "from micrograd.nn import MLP; import viz", "import micrograd.losses"):
        done = place.says(code)
        assert done.returncode == 0 and done.stderr.count(words) == 1 and MEND in done.stderr, (code, done.stderr)
    if order[1] == "ours":
        assert place.says("from micrograd import Value; print(Value(2.0).exp)").stderr.count(words) == 1

    pip(place.python, "uninstall", "-y", "micrograd")  # it takes files of ours with it
    words = "files of micrograd-lab are gone"
    done = place.command()
    assert done.returncode == 2 and done.stderr.count(words) == 1 and MEND in done.stderr and "Traceback" not in done.stderr
    assert place.says("import viz").stderr.count(words) == 1

    pip(place.python, "uninstall", "-y", "micrograd", "micrograd-lab")  # the two commands
    place.install(wheels["ours"])
    done = place.command()
    assert (done.returncode, done.stderr) == (0, "") and "v1 = a * b" in done.stdout
    assert place.says("import warnings; warnings.simplefilter('error'); import viz, micrograd.nn").stderr == ""
