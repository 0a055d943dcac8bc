"""A compiled loss as the lab's page has it, without NumPy: WebAssembly, run by Node, held to the eager engine."""

import math
import os
import random
import shutil
import subprocess
import sys

import pytest

from micrograd import Op, Value, detect_anomaly, losses, nn, no_grad, ops, optim, register
from micrograd.compiler import TraceError, take
from micrograd.compiler.wasm import home as page
from micrograd.nn import effects
from micrograd.train import fit, predict
from rows import VARIANTS, points, ulps
from wasm_home import Home

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


@pytest.fixture(scope="module")
def home():
    made = Home()
    yield made
    made.close()


def eager(loss, params, *given):
    """(loss, gradients) by the engine."""
    for p in params:
        p.grad = 0
    root = loss(*given)
    root.backward()
    return root.data, [float(p.grad) for p in params]


def moons():
    rng = random.Random(3)
    points = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)]
    model = nn.MLP(2, [5, 1], rng=random.Random(1))

    def hinge():
        found = [(1 - (1 if x * y > 0 else -1) * model([x, y])).relu() for x, y in points]
        return sum(found) / len(found)

    return model, hinge


# --- the numbers -----------------------------------------------------------------------------------------------------


def parts(op, wrong):
    """Where one op, or one of its partials, is not what the engine has: at edges and thousands of points."""
    leaves = [Value(1.0) for _ in range(op.arity)]
    step = wrong.compile(lambda: op(*leaves), leaves)
    found = []
    for given in points(op.arity, 7)[:: 1 if op.arity < 2 else 9]:
        for leaf, x in zip(leaves, given, strict=True):
            leaf.data = x
        value, grads = eager(lambda: op(*leaves), leaves)
        got, slopes = step.value_and_grad()
        here = [(value, got), *zip(grads, slopes, strict=True)]
        found += [(given, x, y) for x, y in here if ulps(x, y) > 8 and not abs(x - y) <= 1e-12 * abs(x)]
    return found


@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_and_its_partials(home, name):
    assert not parts(VARIANTS[name], home)


@pytest.mark.parametrize(
    ("name", "fault"),
    [("div", ("div: 0xa3", "div: 0xa2")), ("maximum", ("maximum: 0xa5", "maximum: 0xa4")), ("relu", ("put(pass);", "body.number(1);"))],
)
def test_a_planted_fault_is_found(name, fault):
    wrong = Home(fault)
    try:
        op = VARIANTS[name]
        if name != "relu":
            assert parts(op, wrong)
        else:  # an edge that should pass nothing: sqrt(relu(x)) at -1 has gradient 0
            x = Value(-1.0)
            assert math.isnan(wrong.compile(lambda: ops.sqrt(x.relu()), [x]).value_and_grad()[1][0])
    finally:
        wrong.close()


def test_random_programs_over_the_whole_table(home, monkeypatch):
    pytest.importorskip("mpmath")
    from fuzz_check import Compiled, check
    from fuzz_programs import Program

    monkeypatch.setattr(page, "maker", lambda: home)
    for seed in range(80):
        check([Program(seed)], [Compiled([Program(seed)], "auto")])


def test_a_network_bit_for_bit(home):
    model, hinge = moons()
    value, grads = eager(hinge, model.parameters())
    step = home.compile(hinge, model)
    assert step.value_and_grad()[0] == value == step() and step.value_and_grad()[1].tolist() == grads
    assert step.backward() == value  # adds to what is there
    assert [p.grad for p in model.parameters()] == [2 * g for g in grads]


def test_what_nothing_reaches_stays_without_a_gradient(home):
    x, y = Value(-1.0), Value(3.0)
    for loss in (
        lambda: ops.sqrt(x.relu()) + y,
        lambda: ops.where(y, y, x.log()),
        lambda: ops.sqrt(x.relu() * y).relu() + (x * 0).detach() * y,
    ):
        assert home.compile(loss, [x, y]).value_and_grad()[1].tolist() == eager(loss, [x, y])[1]

    def paused():
        with no_grad():
            z = ops.asin(y)
        return z * x + y

    value, grads = home.compile(paused, [x, y]).value_and_grad()
    assert math.isnan(value) and math.isnan(grads[0]) and grads[1] == 1.0


# --- what a loss may do ----------------------------------------------------------------------------------------------


def test_arguments_are_inputs_and_a_branch_on_one_is_refused(home):
    w = [Value(0.5, label="w0"), Value(-1.0)]
    step = home.compile(lambda xs, y: (sum(wi * xi for wi, xi in zip(w, xs, strict=True)) - y) ** 2, params=w, input_grads=True)
    assert step([1.0, 2.0], 0.5) == 4.0
    value, grads, (xs, y) = step.value_and_grad([1.0, 2.0], 0.5)
    assert (value, grads.tolist(), xs, y) == (4.0, [-4.0, -8.0], [-2.0, 4.0], 4.0)
    assert step.grad_of(w[0]) == step.grad_of("w0") == -4.0 and step.value_of(w[0]) == 0.5
    with pytest.raises(TraceError, match="a branch"):
        home.compile(lambda x: w[0] * x if x > 0 else w[1], w)(1.0)


def test_what_it_reads_from_outside_is_read_again(home):
    scale, w = [2.0], Value(3.0)
    step = home.compile(lambda: w * scale[0], [w])
    assert step() == 6.0
    scale[0] = 5.0
    assert step() == 15.0
    w.data = 1.0
    assert step() == 5.0


def test_tuples_tables_and_batches(home):
    w, table = Value(2.0), [Value(float(k)) for k in range(4)]
    assert home.compile(lambda: (w * 3, w, 7.0), [w])() == (6.0, 2.0, 7.0)
    look = home.compile(lambda i: take(table, i) * w, [w, *table])
    value, grads = look.value_and_grad(3)
    assert (value, grads.tolist()) == (6.0, [3.0, 0.0, 0.0, 0.0, 2.0])
    with pytest.raises(IndexError, match="an index among the inputs is 4, outside 0 … 3"):
        look(4)
    each = home.compile(lambda x, y: [w * x - y, -x], [w], batch=True)
    assert each.each([1.0, 3.0], [1, 0]).tolist() == [[1.0, -1.0], [6.0, -3.0]]
    square = home.compile(lambda x: (w * x) ** 2, [w], batch=True, input_grads=True)
    value, grads, inputs = square.value_and_grad([1.0, 2.0, 3.0])
    assert value == pytest.approx(56 / 3, rel=1e-15) and grads[0] == pytest.approx(56 / 3, rel=1e-15)
    assert [x for (x,) in inputs] == pytest.approx([8 / 3, 16 / 3, 8], rel=1e-15)
    with pytest.raises(ValueError, match="as many samples each: 1 and 2"):
        each([1.0], [1.0, 2.0])


def test_what_is_drawn_and_what_is_kept(home):
    w, drop = Value(1.0), nn.Dropout(0.5, rng=random.Random(4))
    step = home.compile(lambda: drop([w])[0], [w])
    assert {step() for _ in range(40)} == {0.0, 2.0}
    buffer, v = Value(3.0), Value(2.0)

    def keeps():
        effects.assign(buffer, buffer * 0.5 + v)
        return buffer * v

    mean = home.compile(keeps, [v])
    assert [mean(), mean(), mean()] == [6.0, 7.0, 7.5] and buffer.data == 3.875


def test_an_op_of_ones_own(home):
    square = register(Op("square_here", lambda x: x * x, (lambda y, x: 2.0 * x,), formula=("2 * a",), domain=((-9.0, 9.0),), doc="x²"))
    closed = register(Op("closed_here", lambda x: math.floor(float(x)) + 0.5, (lambda y, x: 1.0,), formula=("1",), doc="a function"))
    try:
        x = Value(3.0)
        value, grads = home.compile(lambda: x.square_here() * 2, [x]).value_and_grad()
        assert (value, grads.tolist()) == (18.0, [12.0])
        with pytest.raises(TraceError, match="the op 'closed_here' is a Python function"):
            home.compile(lambda: x.closed_here(), [x])()
    finally:
        for op in (square, closed):
            del ops.TABLE[op.name]
            delattr(Value, op.name)


def test_what_this_page_does_not_have_says_so(home):
    x = Value(1.0)
    step = home.compile(lambda: x * 2, [x])
    with pytest.raises(AttributeError, match=r"\.program shows the tensor program, which is made where NumPy is"):
        step.program  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        step.nothing  # noqa: B018
    with detect_anomaly(), pytest.raises(TypeError, match="call the loss itself"):
        step()
    with pytest.raises(ValueError, match="no back end 'gpu'"):
        home.compile(lambda: x, [x], backend="gpu")
    step()
    with pytest.raises(KeyError, match="not a node of the traced graph"):
        step.value_of(Value(3.0))
    assert "wasm, not traced yet" in repr(home.compile(lambda: x, [x]))


# --- training --------------------------------------------------------------------------------------------------------

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.05),
    "nesterov": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "weight decay, l1": lambda p: optim.SGD(p, lr=0.05, weight_decay=0.01, l1=0.001),
    "adam": lambda p: optim.Adam(p, lr=0.02),
    "adamw, schedule": lambda p: optim.AdamW(p, lr=0.02, schedule=optim.Cosine(20)),
    "clip norm": lambda p: optim.SGD(p, lr=0.1, clip_norm=0.1),
    "groups": lambda p: optim.Adam([{"params": p[:3], "lr": 0.5}, {"params": p[3:]}], lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_bit_for_bit(home, name):
    (one, loss), (other, same) = moons(), moons()
    optimizer, expected = OPTIMIZERS[name](one.parameters()), []
    for _ in range(23):
        optimizer.zero_grad()
        root = loss()
        root.backward()
        optimizer.step()
        expected.append(root.data)
    compiled, seen = OPTIMIZERS[name](other.parameters()), []
    step = home.compile(same, other)
    found = step.train(compiled, steps=10)
    found += step.train(compiled, steps=8, every=2, on_step=lambda k, answer: seen.append((k, answer)))
    found += step.train(compiled, [() for _ in range(5)])
    assert found == expected and [p.data for p in other.parameters()] == [p.data for p in one.parameters()]
    assert compiled.state_dict() == optimizer.state_dict()
    assert seen == [(k, expected[10 + k]) for k in (1, 3, 5, 7)]


def test_training_stops_where_it_is_told_and_leaves_whole_steps(home):
    model, loss = moons()
    step, optimizer = home.compile(loss, model), optim.SGD(model, lr=0.1)
    assert len(step.train(optimizer, steps=50, on_step=lambda k, x: k == 2)) == 3
    before = [p.data for p in model.parameters()]

    def refuse(loss):
        raise ArithmeticError("no more")

    with pytest.raises(ArithmeticError, match="no more"):
        step.train(optimizer, steps=5, before_step=refuse)
    assert [p.data for p in model.parameters()] == before and optimizer.steps == 3
    w = Value(1e200)
    with pytest.raises(ArithmeticError, match="the loss became inf"):
        fit_step = home.compile(lambda: w * w, [w])
        fit_step.train(optim.SGD([w], lr=0.1), steps=3, before_step=optim.clipping.finite_loss)
    assert w.data == 1e200


def test_an_optimizer_of_another_kind_and_frozen_parameters(home):
    model, loss = moons()
    other, same = moons()

    class Plain:
        def step(self):
            for p in model.parameters():
                p.data -= 0.1 * p.grad

    home.compile(loss, model).train(Plain(), steps=4)
    home.compile(same, other).train(optim.SGD(other, lr=0.1), steps=4)
    assert [p.data for p in model.parameters()] == pytest.approx([p.data for p in other.parameters()], rel=1e-14)
    with pytest.raises(ValueError, match="was not given in params"):
        home.compile(loss, model).train(optim.SGD([Value(1.0)], lr=0.1), steps=1)


def test_fit_and_predict_compiled_as_in_the_page(home, monkeypatch):
    monkeypatch.setattr(page, "maker", lambda: home)
    xs, ys = [[0.1 * k, 1.0] for k in range(8)], [[0.3 * k - 0.5] for k in range(8)]

    def run(compiled):
        model = nn.MLP(2, [3, 1], rng=random.Random(2))
        history = fit(
            model, (xs, ys), losses.mse, optim.Adam(model, lr=0.05), epochs=4, batch_size=3, compiled=compiled, validation=(xs, ys)
        )
        return history["loss"] + history["val_loss"], predict(model, xs, compiled=compiled)

    (numbers, answers), (expected, right) = run(True), run(False)
    assert numbers == pytest.approx(expected, rel=1e-12)
    assert answers == pytest.approx(right, rel=1e-12)


def test_without_numpy_all_of_it_is_there():
    program = (
        "import sys\nsys.modules['numpy'] = None\nfrom wasm_home import Home\nfrom micrograd import Value, optim\n"
        "home = Home()\nw = [Value(0.5), Value(2.0)]\n"
        "step = home.compile(lambda x: ((w[0] * x).tanh() - w[1]) ** 2, w)\n"
        "batch = home.compile(lambda x, y: (w[0] * x - y) ** 2, w[:1], batch=True)\n"
        "print(step.value_and_grad(1.5)[1].tolist())\nstep.train(optim.Adam(w, lr=0.1), (1.5,), steps=3)\n"
        "print(batch.value_and_grad([1.0, 2.0], [1, 2]))\nhome.close()\nassert sys.modules['numpy'] is None\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    t = math.tanh(0.75)
    first = ran.stdout.splitlines()[0]
    assert [float(x) for x in first.strip("[]").split(",")] == pytest.approx([2 * (t - 2) * (1 - t * t) * 1.5, -2 * (t - 2)], rel=1e-12)
