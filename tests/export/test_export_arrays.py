"""What `to_torch` and `to_jax` write answers as the eager engine does, gradients by their own autograd."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
from export_arrays import Jax, Torch  # noqa: E402
from export_models import MODELS, Fuzz, every_op, listed, near, wrong_edges  # noqa: E402
from micrograd import Value, compile, functional, nn, ops, optim  # noqa: E402
from micrograd.compiler import take  # noqa: E402
from micrograd.export import jax_source, torch_source  # noqa: E402


@pytest.fixture(params=["torch", "jax"])
def home(request):
    pytest.importorskip(request.param)
    return {"torch": Torch, "jax": Jax}[request.param]


@pytest.mark.parametrize(
    ("make", "batch", "exact"), [*((m, b, False) for m in MODELS for b in (False, True)), *((m, False, True) for m in MODELS[2:4])]
)
def test_a_model_has_the_gradients_of_the_eager_engine(make, batch, exact, home):
    step, model, args = make(batch)
    root = step.graph(*args)
    params = listed(model)
    expected = [p.grad for p in params]
    step(*args)
    flat = [float(x) for row in (zip(*args, strict=True) if batch else [args]) for a in row for x in np.ravel(a)]
    value, grads = home(step, exact=exact).value_and_grad([p.data for p in params], flat)
    near([value], [root.data])
    near(grads, expected)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_every_op_with_its_own_derivative_answers_its_edges(name):
    pytest.importorskip(name)
    cases, params, step = every_op()
    step()
    home = {"torch": Torch, "jax": Jax}[name](step, exact=True)
    flat = [p.data for xs in params for p in xs]
    found = wrong_edges(cases, params, home.numbers(flat, [])[1:], home.value_and_grad(flat, [])[1])
    if name == "jax":  # XLA takes subnormal numbers for 0 on a CPU
        found = [w for w in found if not any(0.0 < abs(x) < 2.3e-308 for x in w[1])]
    assert not found


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_no_op_differs_that_the_table_of_differences_has_not(name):
    pytest.importorskip(name)
    text = (Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
    rows = [line.replace("\\|", "").split("|")[1:-1] for line in text.split("## ")[1].splitlines() if line.startswith("| `")]
    told = {op for row in rows if row[3 + (name == "jax")].strip() != "–" for op in re.findall(r"`(\w+)`", row[0])}
    cases, params, step = every_op()
    step()
    home, flat = {"torch": Torch, "jax": Jax}[name](step), [p.data for xs in params for p in xs]
    found = wrong_edges(cases, params, home.numbers(flat, [])[1:], home.value_and_grad(flat, [])[1])
    found = [w for w in found if name == "torch" or not any(0.0 < abs(x) < 2.3e-308 for x in w[1])]
    assert {re.search(r"'(\w+)'", w[0])[1] for w in found if not w[3] == w[4] == 0.0} <= told


def compared(home, programs):
    """As `fuzz_check.check`, but for what XLA computes with no subnormal numbers."""
    from fuzz_check import compare, points

    made = Fuzz(home.__name__, programs, lambda step: home(step, exact=True))
    for at, runs in points(programs):
        for program, run, got in zip(programs, runs, made(at), strict=True):
            if home is Torch or not any(0.0 < abs(x) < 2.3e-308 for x in (*run.values, *run.grads)):
                compare(made.name, program, run, got)


@pytest.mark.parametrize("first", [0, 8])
def test_random_programs_answer_as_the_engine_does(first, home):
    from fuzz_programs import Program

    compared(home, [Program(seed) for seed in range(9000 + first, 9000 + first + 8)])


def test_a_wrong_view_is_found(home, monkeypatch):
    from fuzz_check import Wrong
    from fuzz_programs import Program
    from micrograd.export import tensors

    right = tensors.view
    monkeypatch.setattr(tensors, "view", lambda held, wanted, base, axes: right(held, wanted[::-1] if wanted.ndim else wanted, base, None))
    with pytest.raises(Wrong):
        compared(home, [Program(seed) for seed in range(9100, 9116)])


def test_the_source_reads_as_one_would_write_it():
    model = nn.MLP(2, [16, 1])
    step = compile(lambda xs, ys: sum((1 - y * model(x)).relu() for x, y in zip(xs, ys, strict=True)) / len(xs), model)
    step([[1.0, 2.0], [0.5, -1.0]], [1.0, -1.0])
    text = torch_source(step)
    assert "F.linear(x1, self.weight1, self.bias1)" in text and "torch.relu(sum1)" in text and "index" not in text
    assert 'p["bias1"] + x1 @ p["weight1"].T' in jax_source(step)


def test_inputs_that_the_loss_has_itself_are_written_once():
    model = nn.MLP(2, [16, 16, 1])
    points = [[0.1 * i, 0.05 * i * i] for i in range(20)]
    step = compile(lambda: sum((1 - model(x)).relu() for x in points) * (1 / 20), model)
    step()
    text = torch_source(step)
    assert (
        text.count("18.05") == 1 and "F.linear(self.numbers, self.weight1, self.bias1)" in text and "einsum" not in text
    )  # 18.05 = 0.05 · 19²


@pytest.mark.parametrize("name", ["f", "_", "none", "true", "<lambda>", "loss_2"])
def test_the_name_of_the_loss_is_no_other_name(name):
    pytest.importorskip("torch")
    w = Value(0.5)

    def loss(x):
        return functional.softmax([w * x, w])[0] + ops.gelu(w)

    loss.__name__ = name
    step = compile(loss, [w])
    value = step(2.0)
    near([Torch(step).value_and_grad([0.5], [2.0])[0]], [value])


def test_the_batch_axis_is_free(home):
    w = [Value(0.5), Value(-1.5)]
    step = compile(lambda x, y: (w[0] * x[0] + w[1] * x[1] - y) ** 2, w, batch=True)
    step([[1.0, 2.0]], [3.0])
    made = home(step)
    for n in (1, 2, 7):
        xs = np.random.default_rng(n).normal(size=(n, 3))
        value, grads = made.value_and_grad([0.5, -1.5], xs.ravel())
        off = xs[:, 0] * 0.5 - xs[:, 1] * 1.5 - xs[:, 2]
        near([value, *grads], [(off**2).mean(), (2 * off * xs[:, 0]).mean(), (2 * off * xs[:, 1]).mean()])


def test_parameters_travel_both_ways(home):
    if home is Jax:
        pytest.skip("a dict of arrays travels by itself: flat(p)")
    import torch

    step, model, args = MODELS[1](True)
    step(*args)
    made = Torch(step)
    numbers = [p.data for p in model.parameters()]
    assert made.module.flat() == numbers
    optimizer = torch.optim.SGD(made.module.parameters(), lr=0.1)
    xs, ys = (torch.tensor(a, dtype=torch.float64) for a in args)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = made.module(xs, ys)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    near(losses, step.train(optim.SGD(model.parameters(), lr=0.1), args, 20), 1e-10)
    near(made.module.flat(), [p.data for p in model.parameters()], 1e-10)
    made.module.load(numbers)
    assert made.module.flat() == numbers
    assert sum(p.numel() for p in made.module.parameters()) == len(numbers)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of PyTorch's own insides
def test_torch_compile_gives_the_same():
    torch = pytest.importorskip("torch")
    step, _, args = MODELS[0](True)
    step(*args)
    made = Torch(step)
    xs, ys = (torch.tensor(a, dtype=torch.float64) for a in args)
    loss = torch.compile(made.module)(xs, ys)
    loss.backward()
    near([loss.item()], [step(*args)])


def test_jit_vmap_and_stablehlo():
    jax = pytest.importorskip("jax")
    step, _, args = MODELS[1](False)
    step(*args)
    made = Jax(step)
    given = [jax.numpy.asarray(a, dtype=float) for a in args]
    near([jax.jit(made.loss)(made.start, *given)], [step(*args)])
    many = jax.vmap(jax.grad(made.loss), in_axes=(None, 0, 0))(made.start, *(jax.numpy.stack([a, a]) for a in given))
    one = jax.grad(made.loss)(made.start, *given)
    near(many["weight1"][1], one["weight1"])
    from jax import export

    text = export.export(jax.jit(made.loss))(made.start, *given).mlir_module()
    assert "stablehlo.dot_general" in text


def test_embeddings_and_choices(home):
    table = [[Value(float(10 * i + j)) for j in range(3)] for i in range(4)]
    flat = [p for row in table for p in row]
    step = compile(lambda t: sum((j + 1) * v for j, v in enumerate(take(table, t))), flat, batch=True)
    step([1, 2])
    value, grads = home(step).value_and_grad([p.data for p in flat], [3, 0, 3])
    near([value], [np.mean([sum((j + 1) * table[i][j].data for j in range(3)) for i in (3, 0, 3)])])
    near(np.reshape(grads, (4, 3)), [[1 / 3, 2 / 3, 1], [0, 0, 0], [0, 0, 0], [2 / 3, 4 / 3, 2]])


def test_buffers_go_along_to_torch_and_are_refused_by_jax():
    norm = nn.BatchNorm(3)
    model = nn.Sequential(nn.Linear(2, 3), norm)
    step = compile(lambda xs: sum(v * v * v for row in model(xs) for v in row), model)
    xs = [[0.1, 0.2], [0.5, -0.3], [1.0, 0.7]]
    step(xs)
    with pytest.raises(ValueError, match="eval mode"):
        jax_source(step)
    pytest.importorskip("torch")
    made = Torch(step)
    value, _ = made.value_and_grad([p.data for p in model.parameters()], np.ravel(xs))
    near([value], [step(xs)])
    moved = [float(b) for name, b in made.module.named_buffers() if name.startswith("buffer")]
    near(sorted(moved), sorted(v.data for v in (*norm.running_mean, *norm.running_var)))


def test_what_cannot_go_along_is_said():
    from micrograd import Op

    own = Op("mine", lambda x: math.exp(math.sin(x)), (lambda y, x: y,), formula=("y",))
    w = Value(0.5)
    step = compile(lambda: own(w), [w])
    step()
    for source in (torch_source, jax_source):
        with pytest.raises(ValueError, match="mine is an op of your own"):
            source(step)


def test_hostile_names_stay_harmless(home):
    w = Value(2.0, label='x"""; import os; """')

    def loss():
        return w * w

    loss.__name__ = '"""\nraise SystemExit\n"""'
    step = compile(loss, [w])
    step()
    assert home(step).value_and_grad([3.0], []) == (9.0, [6.0])
