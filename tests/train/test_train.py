"""fit: the loop that one would write by hand, resumed to the same bits, and safe to interrupt; metrics."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import textwrap

import pytest

from micrograd import Value, losses, metrics, nn, optim
from micrograd.train import History, evaluate, fit, predict


def blobs(n=24, seed=0):
    rng = random.Random(seed)
    ys = [k % 2 for k in range(n)]
    return [[rng.gauss(2.0 * y - 1.0, 0.6), rng.gauss(0.0, 1.0)] for y in ys], ys


def rich(seed=1):
    """A model with everything that has a state."""
    rng = random.Random(seed)
    return nn.Sequential(
        nn.Linear(2, 4, rng=rng), nn.BatchNorm(4), nn.Tanh(), nn.Dropout(0.25, random.Random(seed)), nn.Linear(4, 2, rng=rng)
    )  # fmt: skip


def mlp(seed=1):
    return nn.MLP(2, [4, 2], activation="tanh", rng=random.Random(seed))


def test_fit_is_the_loop_written_by_hand():
    data, by_hand, fitted = blobs(), mlp(), mlp()
    optimizer, rng, expected = optim.Adam(by_hand, lr=0.05), random.Random(7), []
    for _ in range(3):
        order = list(range(24))
        rng.shuffle(order)
        for start in range(0, 24, 10):
            rows = order[start : start + 10]
            loss = losses.cross_entropy([by_hand(data[0][i]) for i in rows], [data[1][i] for i in rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            expected.append(loss.data)
    history = fit(fitted, data, losses.cross_entropy, optim.Adam(fitted, lr=0.05), epochs=3, batch_size=10, seed=7)
    assert fitted.state_dict() == by_hand.state_dict()
    assert history.steps == expected
    assert history["loss"][0] == pytest.approx((10 * expected[0] + 10 * expected[1] + 4 * expected[2]) / 24)
    assert history["lr"] == [0.05] * 3


@pytest.mark.parametrize("model", [mlp, rich])
def test_one_seed_gives_one_result(model):
    def run(seed):
        made = model()
        history = fit(made, blobs(), losses.cross_entropy, optim.SGD(made, lr=0.1), epochs=2, batch_size=5, seed=seed)
        return made.state_dict(), history.steps

    assert run(3) == run(3) != run(4)


def normed():
    rng = random.Random(2)
    return nn.Sequential(nn.Linear(2, 4, bias=False, rng=rng), nn.BatchNorm(4), nn.Tanh(), nn.Linear(4, 2, rng=rng))


@pytest.mark.parametrize("make", [mlp, normed])
def test_compiled_training_gives_the_same_numbers(make):
    pytest.importorskip("numpy")
    results = []
    for compiled in (False, True):
        model = make()
        history = fit(
            model, blobs(), losses.cross_entropy, optim.Adam(model, lr=0.05, clip_norm=1.0), epochs=4, batch_size=12,
            validation=blobs(6, 5), metrics={"accuracy": metrics.accuracy}, compiled=compiled,
        )  # fmt: skip
        results.append([*history.steps, *history["val_loss"], *history["val_accuracy"], *model.state_dict().values()])
    assert results[1] == pytest.approx(results[0], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_accumulated_gradients_are_those_of_the_larger_batch(compiled):
    if compiled:
        pytest.importorskip("numpy")
    whole, parts = mlp(), mlp()
    fit(whole, blobs(), losses.cross_entropy, optim.GD(whole, lr=0.1), epochs=2, batch_size=12, seed=3)
    options = {"epochs": 2, "batch_size": 4, "accumulate": 3, "seed": 3, "compiled": compiled}
    fit(parts, blobs(), losses.cross_entropy, optim.GD(parts, lr=0.1), **options)
    assert list(parts.state_dict().values()) == pytest.approx(list(whole.state_dict().values()), rel=1e-12)


# --- checkpoints -----------------------------------------------------------------------------------------------------


class Cut(Exception):
    pass


class CutAt:
    """Ends a run after so many steps: in the middle of an epoch."""

    def __init__(self, steps):
        self.left = steps

    def __call__(self, run):
        pass

    def on_step(self, run):
        self.left -= 1
        if self.left == 0:
            raise Cut


def everything(path, cut=None, resume=False, compiled=False, make=rich):
    model = make()
    optimizer = optim.Adam(model, lr=0.1, schedule=optim.Plateau(factor=0.5, patience=0))
    average, stopping = optim.Average(model, decay=0.9), optim.EarlyStopping(patience=50, params=model)
    history = fit(
        model, blobs(), losses.cross_entropy, optimizer, epochs=6, batch_size=10, validation=blobs(8, 9), average=average,
        early_stopping=stopping, checkpoint=path, resume=resume, compiled=compiled, callbacks=[CutAt(cut)] if cut else [],
    )  # fmt: skip
    return model.state_dict(), optimizer.state_dict(), average.values, history, history.steps


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("make", [rich, mlp])
def test_a_run_cut_short_resumes_to_the_same_bits(tmp_path, compiled, make):
    if compiled:
        pytest.importorskip("numpy")
    whole = everything(tmp_path / "a.json", compiled=compiled, make=make)
    for cut in (8, 11):
        with pytest.raises(Cut):
            everything(tmp_path / "b.json", cut=cut, resume=cut > 8, compiled=compiled, make=make)
    assert everything(tmp_path / "b.json", resume=True, compiled=compiled, make=make) == whole
    assert everything(tmp_path / "b.json", resume=True, compiled=compiled, make=make) == whole  # nothing left to do
    assert sorted(os.listdir(tmp_path)) == ["a.json", "b.json"]


@pytest.mark.skipif(os.name != "posix", reason="a signal that Windows has not")
def test_a_killed_process_resumes_to_the_same_bits(tmp_path):
    path = tmp_path / "run.json"
    program = textwrap.dedent(
        f"""
        import os, random, signal, sys
        from micrograd import losses, nn, optim
        from micrograd.train import fit
        model = nn.MLP(2, [3, 1], rng=random.Random(0))
        xs = [[k / 10, 1 - k / 7] for k in range(10)]
        def kill(run):
            if run.epoch == 3 and sys.argv[1] == "die":
                os.kill(os.getpid(), signal.SIGKILL)
        fit(model, (xs, [x[0] * x[1] for x in xs]), losses.mse, optim.Adam(model, lr=0.05), epochs=5, batch_size=4,
            checkpoint={str(path)!r}, resume=True, callbacks=[kill])
        print(sorted(model.state_dict().items()))
        """
    )

    def run(how):
        return subprocess.run([sys.executable, "-c", program, how], capture_output=True, encoding="utf-8", timeout=60)

    assert run("die").returncode == -signal.SIGKILL
    assert path.exists()
    resumed = run("live").stdout
    path.unlink()
    assert resumed == run("live").stdout != ""


def test_resume_refuses_another_run(tmp_path):
    path = tmp_path / "run.json"

    def run(**options):
        model = mlp()
        options = {"epochs": 1, "batch_size": 8, **options}
        return fit(model, blobs(), losses.cross_entropy, optim.GD(model), checkpoint=path, resume=True, **options)

    run()
    with pytest.raises(ValueError, match="other settings: seed was 0, now 1, batch_size was 8, now 4"):
        run(seed=1, batch_size=4)
    with pytest.raises(ValueError, match="a run with other parts"):
        run(average=optim.Average([Value(1.0)]))
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="is not a checkpoint"):
        run()


# --- what can go wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled", [False, True])
def test_a_loss_that_is_not_finite_stops_before_the_parameters_are_lost(compiled):
    if compiled:
        pytest.importorskip("numpy")
    model = nn.Linear(1, 1, rng=random.Random(0))
    before = model.state_dict()
    with pytest.raises(ArithmeticError, match=r"the loss became (inf|nan)"):
        fit(model, ([[1e200]], [[0.0]]), losses.mse, optim.GD(model), epochs=3, compiled=compiled)
    assert model.state_dict() == before


@pytest.mark.parametrize("make", [optim.Adam, lambda p: optim.SGD(p, lr=0.1, momentum=0.9, schedule=optim.Cosine(9))])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("bad", [1, 2, 5])
def test_compiled_or_not_the_steps_before_a_loss_that_is_not_finite_are_made_and_no_more(make, rows, bad):
    pytest.importorskip("numpy")
    rng = random.Random(1)
    batches = [([[rng.gauss(0, 1)] for _ in range(rows)], [[rng.gauss(0, 1)] for _ in range(rows)]) for _ in range(6)]
    batches[bad][0][0][0] = 1e200

    class Told:
        def __init__(self):
            self.steps = []

        def on_step(self, run):
            self.steps.append(run.optimizer.steps)

    found = []
    for compiled in (False, True):
        model = nn.Linear(1, 1, rng=random.Random(0))
        optimizer, average = make(model), optim.Average(model)
        told = Told()
        with pytest.raises(ArithmeticError, match="the loss became"):
            fit(model, iter(batches), losses.mse, optimizer, epochs=1, compiled=compiled, callbacks=[told], average=average)
        state = optimizer.state_dict()
        assert optimizer.steps == bad and [s[0] for s in state["groups"][0]["state"]] == [bad] * 2
        assert told.steps == [*range(1, bad + 1)]
        found.append([p.data for p in model.parameters()] + [x for s in state["groups"][0]["state"] for x in s])
    assert found[1] == pytest.approx(found[0], rel=1e-12)


def test_ctrl_c_waits_for_the_step_to_be_whole():
    class Impatient(optim.GD):
        def step(self):
            first, *_ = self.params
            first.data += 100.0
            signal.raise_signal(signal.SIGINT)
            for p in self.params[1:]:
                p.data += 100.0

    model = mlp()
    before = model.state_dict()
    with pytest.raises(KeyboardInterrupt):
        fit(model, blobs(), losses.cross_entropy, Impatient(model), epochs=3)
    assert [x - before[k] for k, x in model.state_dict().items()] == pytest.approx([100.0] * len(before))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"data": ([[1.0, 2.0]], [])}, "inputs, targets"),
        ({"batch_size": 0}, "batch_size and accumulate must be at least 1, not 0 and 1"),
        ({"accumulate": 0}, "not 24 and 0"),
    ],
)
def test_wrong_arguments(options, error):
    model = mlp()
    with pytest.raises(ValueError, match=error):
        fit(model, options.pop("data", blobs()), losses.cross_entropy, optim.GD(model), **options)


# --- around the loop -------------------------------------------------------------------------------------------------


def test_early_stopping_restores_the_best_and_callbacks_can_stop():
    model = mlp()
    stopping = optim.EarlyStopping(patience=1, params=model)
    seen = []
    history = fit(
        model, blobs(), losses.cross_entropy, optim.GD(model, lr=60.0), epochs=50, validation=blobs(10, 3),
        early_stopping=stopping, callbacks=[lambda run: seen.append((run.epoch, model.state_dict()))],
    )  # fmt: skip
    best = min(range(len(history["val_loss"])), key=history["val_loss"].__getitem__)
    assert len(seen) == len(history["loss"]) == best + 3 < 50
    assert model.state_dict() == seen[best][1]

    def stop(run):
        run.stop = run.epoch == 2

    assert len(fit(model, blobs(), losses.cross_entropy, optim.GD(model), epochs=9, callbacks=[stop])["loss"]) == 2


def test_the_models_mode_is_put_back_and_validation_is_in_evaluation():
    model = rich().eval()
    modes = []
    model.layers[3].register_hook(lambda module, inputs, out: modes.append(module.training))
    fit(model, blobs(), losses.cross_entropy, optim.GD(model), epochs=1, validation=blobs(3))
    assert modes == [True] + [False] * 3 and not model.training


def test_predict_and_evaluate():
    model = rich()
    xs, ys = blobs(7)
    expected = [[v.data for v in model.eval()(x)] for x in xs]
    model.train()
    assert predict(model, xs) == expected and model.training
    found = evaluate(model, (xs, ys), losses.cross_entropy, {"accuracy": metrics.accuracy})
    assert found == {"loss": losses.cross_entropy(expected, ys), "accuracy": metrics.accuracy(expected, ys)}


def test_compiled_predictions_follow_parameters_and_running_statistics():
    pytest.importorskip("numpy")
    from micrograd.train import Predictor

    model, xs = rich(), blobs(7)[0]
    compiled = Predictor(model, compiled=True)
    for _ in range(2):
        for got, expected in zip(compiled(xs), predict(model, xs), strict=True):
            assert got == pytest.approx(expected, rel=1e-12)
        model(xs)  # moves the running statistics
        model.layers[0].weight[0][0].data += 1.0
    bare = nn.MLP(2, [3, 1])
    assert predict(bare, xs, compiled=True) == pytest.approx(predict(bare, xs), rel=1e-12)


def test_progress_is_shown_when_asked_for(capsys):
    pytest.importorskip("tqdm")
    model = mlp()
    fit(model, blobs(), losses.cross_entropy, optim.GD(model), epochs=2, batch_size=12, progress=True)
    err = capsys.readouterr().err
    assert "4/4" in err and "loss=" in err
    fit(model, blobs(), losses.cross_entropy, optim.GD(model), epochs=1)
    assert capsys.readouterr().err == ""


def test_history_is_a_dictionary():
    history = History()
    history.record(loss=1.0)
    history.record(loss=0.5, lr=0.1)
    assert history == {"loss": [1.0, 0.5], "lr": [0.1]}


# --- metrics ---------------------------------------------------------------------------------------------------------


def test_metrics_by_their_definitions():
    rows = [[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]
    assert metrics.accuracy(rows, [1, 0, 0, 0]) == 0.75
    assert metrics.accuracy(rows, [[0, 1], [1, 0], [0, 1], [0, 1]]) == 0.75
    assert metrics.accuracy([Value(2.0), Value(-1.0)], [1, -1]) == 1.0
    assert metrics.accuracy([[0.7], [0.2]], [1, 1], threshold=0.5) == 0.5
    assert metrics.confusion_matrix(rows, [1, 0, 0, 0], count=3) == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert metrics.precision(rows, [1, 0, 0, 0]) == 0.5 and metrics.recall(rows, [1, 0, 0, 0]) == 1.0
    assert metrics.f1(rows, [1, 0, 0, 0]) == pytest.approx(2 / 3)
    assert metrics.f1([-1.0], [0]) == metrics.precision([-1.0], [1]) == metrics.recall([1.0], [0]) == 0.0
    assert metrics.perplexity(losses.cross_entropy([[0.0] * 7], [3])) == pytest.approx(7.0)
    assert metrics.r2([2.0, 2.0], [1.0, 3.0]) == 0.0 and metrics.r2([[1.0], [3.0]], [1.0, 3.0]) == 1.0
    assert not math.isnan(metrics.r2([5.0, 6.0], [0.0, 1.0]))
    for bad in (lambda: metrics.accuracy([], []), lambda: metrics.accuracy([1.0], [1, 0]), lambda: metrics.r2([1.0], [1.0])):
        with pytest.raises(ValueError, match=r"\d"):
            bad()
