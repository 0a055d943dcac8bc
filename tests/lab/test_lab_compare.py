"""What the Compare tab is told: each way against numbers that were found otherwise; and what its door lets through."""

import copy
import json
import math
import shutil
import subprocess
import sys

import pytest

from micrograd import Value
from micrograd.lab import page
from micrograd.lab.inside import Lab

HEAD = "from micrograd import Value, nn\nimport viz\nx = Value(3.0)\n"
EXAMPLES = {example["name"]: example["code"] for example in page.examples()}


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    lab = Lab()
    yield lab
    lab.run("None")  # what the last program had registered goes with it


def numbers(view):
    """{(value, "data" or "grad"): (first, second)}."""
    table = next(table for table in view["tables"] if table["kind"] == "numbers")
    read = [(cells[0], cells[2], *(float(c.replace("−", "-").replace(" ", "")) for c in cells[3:5])) for _, _, cells in table["rows"]]
    return {(name, what): (a, b) for name, what, a, b in read}


def test_a_kept_run_is_compared_with_later_ones(lab):
    first = EXAMPLES["a neuron"]
    lab.run(first)
    assert lab.view("compare", {"kept": first})["alike"]
    lab.run(first.replace("6.88", "7.25"))
    view = lab.view("compare", {"kept": first})
    assert view["way"] == "kept" and view["names"] == ["kept", "now"]
    assert numbers(view)["o", "data"] == (math.tanh(0.88), math.tanh(1.25)) and numbers(view)["b", "data"] == (6.88, 7.25)


def test_a_new_worker_makes_the_kept_run_again_in_silence(lab, capsys):
    first = HEAD + "print('said')\nf = x * 2"
    lab.run(HEAD + "f = x * 5", first)
    assert capsys.readouterr().out == ""
    assert numbers(lab.view("compare", {"kept": first}))["f", "data"] == (6.0, 15.0)
    lab.run(first, "1 / 0")  # one that gave nothing is no harm
    assert "no run is kept" in lab.view("compare", {"kept": "1 / 0", "way": "kept"})["nothing"]


def test_a_step_of_sgd_and_the_numbers_are_put_back(lab):
    lab.run(HEAD + "w, b = Value(2.0), Value(-1.0)\nloss = (w * x + b) ** 2\nloss.backward()")
    root = lab.run_.roots[0]
    before = [(v.data, v.grad) for v in root.topological()]
    view = lab.view("compare", {"way": "step", "rate": 0.01})
    w, x, b = 2 - 0.01 * 2 * 5 * 3, 3 - 0.01 * 2 * 5 * 2, -1 - 0.01 * 2 * 5
    found = numbers(view)
    assert found["w", "data"] == pytest.approx((2, w)) and found["b", "data"] == pytest.approx((-1, b))
    assert found["loss", "data"] == pytest.approx((25, (w * x + b) ** 2)) and found["w", "grad"] == pytest.approx((30, 2 * (w * x + b) * x))
    assert [(v.data, v.grad) for v in root.topological()] == before
    own = "import math, micrograd\nmicrograd.register(micrograd.Op('rt', math.sqrt, (lambda y, x: 0.5 / y,)))\n"
    own += "x = Value(0.01)\nr = x.rt()"
    lab.run(HEAD + own)
    assert "no number" in lab.view("compare", {"way": "step", "rate": 10})["nothing"] and lab.run_.roots[0].data == 0.1


def test_a_step_moves_the_parameters_of_a_model_alone(lab):
    lab.run(HEAD + "import random\nrandom.seed(2)\nmodel = nn.Neuron(1)\nloss = (model([x]) - 1) ** 2")
    moved = {name for name, what in numbers(lab.view("compare", {"way": "step"})) if what == "data"}
    assert "x" not in moved and any(name.endswith("w[0]") for name in moved)


def test_an_own_engine_beside_the_table(lab):
    wrong = (
        EXAMPLES["an engine of one's own, with a mistake"]
        .replace("c = a * b", "c = b * a")
        .replace("self.grad = other.data", "self.grad = 2 * other.data")
    )
    lab.run(wrong)
    view = lab.view("compare")
    assert view["way"] == "table" and view["names"] == ["yours", "micrograd"]
    a, b = Value(0.5), Value(-2.0)
    c = b * a
    o = ((a + c) * a).tanh()
    o.backward()
    found = numbers(view)
    assert found["b", "grad"][1] == b.grad and found["b", "grad"][0] != b.grad and not [key for key in found if key[1] == "data"]
    lab.run(EXAMPLES["an engine of one's own, with a mistake"])
    view = lab.view("compare")
    assert view["alike"] and "Check tab" in view["said"][-1]  # today's numbers hide it
    lab.run(wrong.replace('"tanh"', '"swoosh"'))
    assert "swoosh, which is none of micrograd's table" in lab.view("compare")["nothing"]


def test_two_results_and_what_the_program_compared(lab):
    lab.run(HEAD + "f = (x + 1) ** 2\ng = x**2 + 2 * x + 1.5\nf, g")
    view = lab.view("compare")
    assert view["way"] == "results" and view["names"] == ["f", "g"]
    lab.run(HEAD + "viz.diff(x * 2, x * 3, names=('twice', 'thrice'))")
    view = lab.view("compare")
    assert view["way"] == "diff" and view["names"] == ["twice", "thrice"]
    lab.run("x = 1")
    assert "no Value" in lab.view("compare")["nothing"]


BIG = "random = __import__('random')\nrandom.seed(1)\nm = nn.MLP(2, [3, 1])\nl = sum((m([0.1 * k, 0.7]) - 1.0) ** 2 for k in range(12))"


def planted(view):
    """Messages that must not pass."""

    def other(change):
        made = copy.deepcopy(view)
        change(made)
        return made

    yield other(lambda v: v["boxes"]["parent"].__setitem__(0, 0))  # a box inside itself
    yield other(lambda v: v["boxes"]["things"].pop())
    yield other(lambda v: v["boxes"]["args"][-1].append(10**6))
    yield other(lambda v: v["boxes"]["things"][0][0].__setitem__(6, "wide"))
    yield other(lambda v: v["sides"].append(5))
    yield other(lambda v: v["tables"][0]["rows"][0].__setitem__(2, [{}]))
    yield other(lambda v: v.update(ways="x"))
    yield {"kind": "compare", "nothing": "x", "ways": [[1, 2, 3]]}


def test_the_door_lets_comparisons_through_and_no_planted_one(lab):
    lab.run(HEAD + BIG, HEAD + BIG.replace("0.7", "0.8"))
    view = json.loads(json.dumps(lab.view("compare", {"kept": HEAD + BIG.replace("0.7", "0.8")})))
    assert view["boxes"]["parent"] and view["sides"]
    refused = list(planted(view))
    messages = [
        {"type": "view", "id": 1, "view": v} for v in [view, {"kind": "compare", "way": "", "ways": view["ways"], "nothing": "x"}, *refused]
    ]
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    door = (page.STATIC / "lab_door.js").read_text(encoding="utf-8")
    whole = f"{door}\nconsole.log(JSON.stringify({json.dumps(messages)}.map((m) => admit(m) !== null)));"
    ran = subprocess.run(["node", "--input-type=module"], input=whole, capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said == [True, True, *[False] * len(refused)]
