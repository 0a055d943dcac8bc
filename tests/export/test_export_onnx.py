"""The model that `to_onnx` writes: its loss and gradients, by ONNX Runtime, are the eager engine's."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from export_arrays import Onnx  # noqa: E402
from export_models import MODELS, Fuzz, every_op, listed, near, wrong_edges  # noqa: E402
from fuzz_check import Wrong, compare, points  # noqa: E402
from fuzz_programs import Program  # noqa: E402
from micrograd import Op, Value, compile, optim  # noqa: E402
from micrograd.compiler import take  # noqa: E402
from micrograd.export import to_onnx  # noqa: E402


def flat_arguments(args, batch):
    return [float(x) for row in (zip(*args, strict=True) if batch else [args]) for a in row for x in np.ravel(a)]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("make", MODELS)
def test_a_model_has_the_gradients_of_the_eager_engine(make, batch):
    step, model, args = make(batch)
    root = step.graph(*args)
    params = listed(model)
    expected = [p.grad for p in params]
    step(*args)
    value, grads = Onnx(step).value_and_grad([p.data for p in params], flat_arguments(args, batch))
    near([value], [root.data])
    near(grads, expected)


def test_every_op_at_its_edges():
    cases, params, step = every_op()
    step()
    flat = [p.data for xs in params for p in xs]
    home = Onnx(step)
    wrong = wrong_edges(cases, params, home.numbers(flat, [])[1:], home.value_and_grad(flat, [])[1])
    assert not [w for w in wrong if not w[3] == w[4] == 0.0]  # 0.0 may be -0.0


@pytest.mark.parametrize("first", [0, 8])
def test_random_programs_answer_as_the_engine_does(first):
    compared([Program(seed) for seed in range(9500 + first, 9508 + first)])


def compared(programs):
    """As `fuzz_check.check`, where no zero has met a division: its sign is not kept."""
    made = Fuzz("ONNX", programs, Onnx)
    for at, runs in points(programs):
        for program, run, got in zip(programs, runs, made(at), strict=True):
            if all(math.isfinite(x) for x in (*run.values, *run.grads)):
                exact = [[0.0 if x == 0.0 else x for x in part] for part in got]
                values = [0.0 if x == 0.0 else x for x in run.values]
                compare("ONNX", program, replace(run, values=values), exact)


def test_a_wrong_gradient_is_found(monkeypatch):
    from micrograd.export import onnx_ops

    monkeypatch.setitem(onnx_ops.BUILT, "mul", lambda n, a, b: n("Add", n("Mul", a, b), 1e-3))
    with pytest.raises(Wrong):
        compared([Program(seed) for seed in range(9500, 9516)])


def test_the_batch_axis_is_free_and_gradients_of_the_inputs_come_along():
    w = [Value(0.5), Value(-1.5)]
    step = compile(lambda x, y: (w[0] * x[0] + w[1] * x[1] - y) ** 2, w, batch=True, input_grads=True)
    step([[1.0, 2.0]], [3.0])
    home = Onnx(step)
    for n in (1, 2, 7):
        xs = np.random.default_rng(n).normal(size=(n, 3))
        found = home.run([0.5, -1.5], xs.ravel())
        off = xs[:, 0] * 0.5 - xs[:, 1] * 1.5 - xs[:, 2]
        near([found["loss"], *home.flat(found)], [(off**2).mean(), (2 * off * xs[:, 0]).mean(), (2 * off * xs[:, 1]).mean()])
        near(found["grad.x1"], np.outer(2 * off / n, [0.5, -1.5]))


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.RMSProp])
def test_a_whole_step_of_an_optimizer(make):
    step, model, args = MODELS[1](True)
    step(*args)
    params = model.parameters()
    optimizer = make(params, lr=0.05)
    home = Onnx(step, optimizer=optimizer)
    p, state, losses = [q.data for q in params], {}, []
    inputs = {i.name for i in home.session.get_overridable_initializers()}
    for t in range(1, 16):
        more = {**state, **({"t": np.array(float(t))} if "t" in inputs else {})}
        found = home.run(p, flat_arguments(args, True), **more)
        losses.append(float(found["loss"]))
        p = home.flat(found, "next.")
        state = {name[5:]: x for name, x in found.items() if name.startswith("next.") and "." in name[5:]}
    near(losses, step.train(optimizer, args, 15), 1e-10)
    near(p, [q.data for q in params], 1e-9)


def test_without_gradients_and_as_a_file(tmp_path):
    import onnx

    step, _, args = MODELS[0](True)
    step(*args)
    to_onnx(step, tmp_path / "model.onnx", gradients=False)
    read = onnx.load(str(tmp_path / "model.onnx"))
    assert [o.name for o in read.graph.output] == ["loss"] and "weight1" in [i.name for i in read.graph.input]


def test_look_ups():
    table = [[Value(float(10 * i + j)) for j in range(3)] for i in range(4)]
    flat = [p for row in table for p in row]
    step = compile(lambda t: sum((j + 1) * v for j, v in enumerate(take(table, t))), flat, batch=True)
    step([1, 2])
    value, grads = Onnx(step).value_and_grad([p.data for p in flat], [3, 0, 3])
    near([value], [np.mean([sum((j + 1) * table[i][j].data for j in range(3)) for i in (3, 0, 3)])])
    near(np.reshape(grads, (4, 3)), [[1 / 3, 2 / 3, 1], [0, 0, 0], [0, 0, 0], [2 / 3, 4 / 3, 2]])


def test_what_cannot_go_along_is_said_and_no_file_is_left(tmp_path):
    own = Op("mine", lambda x: math.exp(math.sin(x)), (lambda y, x: y,), formula=("y",))
    w = Value(0.5)
    step = compile(lambda: own(w), [w])
    step()
    with pytest.raises(ValueError, match="mine is an op of your own"):
        to_onnx(step, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
