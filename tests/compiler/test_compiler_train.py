"""Training inside the program: bit-equal to the eager optimizers, written back whatever ends it."""

from __future__ import annotations

import random
from typing import Any

import pytest

import micrograd
from micrograd import Value, nn, optim

np = pytest.importorskip("numpy")
from small_losses import Net, hinge, moons  # noqa: E402

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    "nesterov": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "weight decay, l1": lambda p: optim.SGD(p, lr=0.05, weight_decay=0.01, l1=0.001),
    "clip norm": lambda p: optim.SGD(p, lr=0.1, clip_norm=0.1),
    "clip value": lambda p: optim.Adam(p, lr=0.1, clip_value=0.01),
    "rmsprop": lambda p: optim.RMSProp(p, lr=0.01, momentum=0.5),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1),
    "adam": lambda p: optim.Adam(p, lr=0.02),
    "adamw, schedule": lambda p: optim.AdamW(p, lr=0.02, schedule=optim.Cosine(20)),
    "groups": lambda p: optim.Adam([{"params": p[:3], "lr": 0.5}, {"params": p[3:]}], lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_equal_in_every_bit_to_the_eager_optimizer(name: str, backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    w = [Value(random.Random(i).uniform(-1, 1)) for i in range(7)]  # a loss whose gradients are exact in both: products, no sums
    start = [p.data for p in w]

    def loss() -> Any:
        total = w[0] * 0.0
        for k, p in enumerate(w):
            total = total + p * (k - 3.25)
        return total

    eager = OPTIMIZERS[name](w)
    for _ in range(12):
        eager.zero_grad()
        loss().backward()
        eager.step()
    expected, state = [p.data for p in w], eager.state_dict()
    for p, x in zip(w, start, strict=True):
        p.data = x
    compiled = OPTIMIZERS[name](w)
    losses = micrograd.compile(loss, w, backend=backend).train(compiled, steps=12)
    assert len(losses) == 12
    assert [p.data for p in w] == expected
    assert compiled.state_dict() == state


def test_training_goes_on_where_it_stopped() -> None:
    def run(*parts: int) -> list[float]:
        net = Net([2, 4, 1], "tanh")
        optimizer = optim.Adam(net, lr=0.03)
        step = micrograd.compile(hinge(net), net, backend="numpy")
        return [x for steps in parts for x in step.train(optimizer, moons(10), steps=steps)]

    assert run(9) == run(4, 1, 4)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_parameters_are_written_back_on_an_exception(error: type[BaseException]) -> None:
    net = Net([2, 4, 1])
    before = [p.data for p in net.parameters()]

    def on_step(number: int, loss: float) -> None:
        if number == 3:
            raise error("stop")

    step = micrograd.compile(hinge(net), net, backend="numpy")
    optimizer = optim.SGD(net, lr=0.1, momentum=0.5)
    with pytest.raises(error):
        step.train(optimizer, moons(10), steps=10, on_step=on_step)
    assert [p.data for p in net.parameters()] != before
    assert optimizer.steps == 4


def test_on_step_sees_and_may_set_parameters_and_stop() -> None:
    w = Value(1.0)
    seen = []

    def on_step(number: int, loss: float) -> bool:
        seen.append((number, loss, w.data))
        if number == 1:
            w.data = 100.0
        return number == 2

    step = micrograd.compile(lambda x: w * x, [w], backend="numpy")
    losses = step.train(optim.SGD([w], lr=1.0), (2.0,), steps=9, on_step=on_step)
    assert seen == [(0, 2.0, -1.0), (1, -2.0, -3.0), (2, 200.0, 98.0)]
    assert losses == [2.0, -2.0, 200.0]


def test_any_object_with_step_is_an_optimizer() -> None:
    w = Value(1.0)

    class Mine:
        def step(self) -> None:
            w.data -= 0.25 * w.grad

    micrograd.compile(lambda x: w * x, [w], backend="numpy").train(Mine(), (2.0,), steps=3)
    assert w.data == -0.5


def test_data_as_tuples_functions_and_batches() -> None:
    w = Value(1.0)
    one = micrograd.compile(lambda x: (w - x) ** 2, [w], backend="numpy")
    optimizer = optim.SGD([w], lr=0.0)
    assert one.train(optimizer, [(1.0,), (2.0,), (3.0,)]) == [0.0, 1.0, 4.0]
    assert one.train(optimizer, lambda i: (float(i),), steps=3) == [1.0, 0.0, 1.0]
    assert one.train(optimizer, iter([(4.0,)])) == [9.0]
    many = micrograd.compile(lambda x: (w - x) ** 2, [w], batch=True, backend="numpy")
    losses = many.train(optimizer, ([1.0, 2.0, 3.0, 4.0, 5.0],), batch_size=2, rng=random.Random(1))
    assert len(losses) == 3 and losses[0] * 2 + losses[1] * 2 + losses[2] == pytest.approx(30.0)
    with pytest.raises(ValueError, match="how many steps"):
        one.train(optimizer, (1.0,))


def test_one_list_with_other_numbers_at_each_step() -> None:
    """A function of the step's number, or an iterable, may fill the same tuple again and again."""
    buffer = np.zeros(2)
    again = (buffer, 0.5)

    def fill(number: int) -> Any:
        buffer[:] = number, 1.0 - number
        return again

    def losses(data: Any) -> list[float]:
        w = [Value(0.5), Value(-1.0)]
        step = micrograd.compile(lambda xs, y: (w[0] * xs[0] + w[1] * xs[1] - y) ** 2, w, backend="numpy")
        return step.train(optim.SGD(w, lr=0.01), data, steps=4)

    expected = losses([(np.array([k, 1.0 - k]), 0.5) for k in range(4)])
    assert losses(fill) == losses(fill(k) for k in range(4)) == expected


def test_frozen_parameters_stay_and_strangers_are_refused() -> None:
    a, b = Value(1.0), Value(1.0)
    a.frozen = True
    step = micrograd.compile(lambda: a * b, [a, b], backend="numpy")
    step.train(optim.SGD([a, b], lr=0.5), steps=2)
    assert (a.data, b.data) == (1.0, 0.0)
    with pytest.raises(ValueError, match="not given in params"):
        micrograd.compile(lambda: a * b, [a], backend="numpy").train(optim.SGD([a, b], lr=0.5), steps=1)


CHANGES: dict[str, Any] = {
    "freeze": lambda w, made: setattr(w[0], "frozen", True),
    "thaw": lambda w, made: setattr(w[2], "frozen", False),
    "another rate": lambda w, made: made.groups[0].settings.update(lr=0.001),
    "a decay": lambda w, made: made.groups[0].settings.update(weight_decay=0.1),
    "a state": lambda w, made: made.load_state_dict(type(made)(w, lr=0.3).state_dict()),
    "no state": lambda w, made: made.groups[0].state.clear(),
    "a step of its own": lambda w, made: made.step(),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("make", [lambda w: optim.SGD(w, lr=0.05), lambda w: optim.Adam(w, lr=0.05)])
def test_on_step_may_change_the_optimizer(name: str, make: Any) -> None:
    def trained(compiled: bool) -> list[float]:
        w = [Value(1.0), Value(-0.5), Value(0.25)]
        w[2].frozen = True
        optimizer = make(w)

        def loss(x: Any) -> Any:
            return (w[0] * x + w[1] - w[2] * x * x) ** 2

        def on_step(number: int, _: Any) -> None:
            if number == 4:
                CHANGES[name](w, optimizer)

        data = [(0.3 * k - 1.0,) for k in range(9)]
        if compiled:
            micrograd.compile(loss, w, backend="numpy").train(optimizer, data, on_step=on_step)
        else:
            for k, (x,) in enumerate(data):
                optimizer.zero_grad()
                loss(x).backward()
                optimizer.step()
                on_step(k, None)
        return [p.data for p in w]

    assert trained(True) == pytest.approx(trained(False), rel=1e-12)


def test_on_step_may_train_with_the_same_optimizer() -> None:
    def trained(nested: bool) -> list[float]:
        w = [Value(1.0), Value(-0.5)]
        optimizer = optim.Adam(w, lr=0.05)
        step = micrograd.compile(lambda x: (w[0] * x + w[1]) ** 2, w, backend="numpy")
        data = [(0.3 * k - 1.0,) for k in range(9)]
        if nested:
            step.train(optimizer, data, on_step=lambda k, _: step.train(optimizer, [(k + 0.5,)]) and None)
        else:
            step.train(optimizer, [row for k, x in enumerate(data) for row in (x, (k + 0.5,))])
        return [p.data for p in w]

    assert trained(True) == trained(False)


def test_an_mlp_of_nn_learns_from_a_big_batch_traced_as_one_sample() -> None:
    random.seed(7)
    model = nn.MLP(6, [8, 3])
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6))
    y = X[:, :3].argmax(axis=1)

    def loss(x: Any, label: Any) -> Any:
        from micrograd.compiler import take
        from micrograd.functional import log_softmax

        return -take(log_softmax(model(list(x))), label)

    step = micrograd.compile(loss, model, batch=True)
    losses = step.train(optim.Adam(model, lr=0.02), (X, y), steps=150, batch_size=64)
    assert losses[-1] < 0.5 * losses[0]
    assert step.program.scalars < 1000


def test_dropout_draws_again_at_every_run_and_params_default_to_old_leaves() -> None:
    from micrograd.nn import effects

    w, draws = Value(2.0), iter([1.0, 10.0, 100.0, 1000.0])
    step = micrograd.compile(lambda: w * effects.fresh(lambda: next(draws)), backend="numpy")
    assert [step(), step(), step()] == [2.0, 20.0, 200.0]  # the trace itself draws nothing
    assert step._latest[0].traced.params == [w]


def test_a_running_statistic_is_kept() -> None:
    from micrograd.nn import effects

    w, mean = Value(2.0), Value(0.0)

    def loss(x: Any) -> Any:
        effects.assign(mean, mean * 0.5 + x * 0.5)
        return w * x + mean

    step = micrograd.compile(loss, [w], backend="numpy")
    assert step(4.0) == 8.0
    assert mean.data == 2.0
    assert step(4.0) == 10.0
    assert mean.data == 3.0


@pytest.mark.parametrize(("data", "options", "error", "said"), [
    (([1.0, 2.0], [0.0, 1.0]), {"batch_size": "a"}, TypeError, "batch_size must be a whole number, not 'a'"),
    (([1.0, 2.0], [0.0, 1.0]), {"batch_size": 0}, ValueError, "batch_size must be at least 1"),
    (([1.0, 2.0], [0.0]), {"batch_size": 2}, ValueError, "columns of one length"),
    ((1.0, 2.0), {"batch_size": 2}, ValueError, "columns of one length"),
    ([np.array([1.0, 2.0])], {}, TypeError, r"data gives for each step a tuple with the arguments of the loss, not array"),
    (np.array([[1.0, 2.0]]), {}, TypeError, r"data gives for each step a tuple"),
    ([3.0], {}, TypeError, r"not 3.0: for one argument x that is \(x,\)"),
    (3.0, {}, TypeError, "data is a tuple with the arguments of the loss"),
])  # fmt: skip
def test_data_that_is_none_is_refused_in_one_sentence(data: Any, options: Any, error: type[Exception], said: str) -> None:
    w = Value(1.0)
    step = micrograd.compile(lambda x, y: (w * x - y) ** 2, [w], backend="numpy")
    with pytest.raises(error, match=said):
        step.train(optim.SGD([w], lr=0.1), data, steps=2, **options)
    assert w.data == 1.0
