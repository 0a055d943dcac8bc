"""Batches that are known ahead: their steps in one call of compiled code are those that are made one by one, bit for bit."""

from __future__ import annotations

import math
import random
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import micrograd
from micrograd import Value, losses, nn, optim, train
from micrograd.compiler.training import ahead, updates

np = pytest.importorskip("numpy")

pytestmark = pytest.mark.usefixtures("c_compiler")
BACKENDS = ["c", pytest.param("numba", marks=pytest.mark.slow)]
Batch = tuple[Any, ...]


class Task:
    """A small regression: its model, the compiled loss, an optimizer and batches."""

    def __init__(self, backend: str, make: Callable[[Any], Any] | None = None, batch: bool = False) -> None:
        if backend == "numba":
            pytest.importorskip("numba")
        rng = random.Random(5)
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(3)]
        self.scale = Value(1.5)  # outside, and no parameter
        w, scale = self.w, self.scale

        def sample(x: Any, y: Any) -> Any:
            return ((w[0] * x[0] + w[1] * x[1] + w[2]).tanh() * scale - y) ** 2

        def loss(xs: Any, ys: Any) -> Any:
            return sum(sample(x, y) for x, y in zip(xs, ys, strict=True)) * 0.25

        self.step = micrograd.compile(sample if batch else loss, w, batch=batch, backend=backend)
        self.optimizer = (make or (lambda p: optim.Adam(p, lr=0.05)))(w)
        draw = np.random.default_rng(1)
        self.batches: list[Batch] = [(draw.normal(size=(4, 2)), draw.normal(size=4)) for _ in range(7)]

    def state(self) -> Any:
        return [p.data for p in self.w], [p.grad for p in self.w], self.optimizer.state_dict()


class Places:
    """Data with a length and places, and code that runs when one is taken."""

    def __init__(self, batches: list[Batch], count: int, does: Callable[[int], Any] = lambda k: None) -> None:
        self.batches, self.count, self.does = batches, count, does

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, k: int) -> Batch:
        if k >= self.count:
            raise IndexError(k)
        self.does(k)
        return self.batches[k % len(self.batches)]


def one_by_one(data: Any) -> Iterator[Any]:
    """The same as a generator, whose batches are read one by one."""
    yield from data


@pytest.fixture(autouse=True)
def few(monkeypatch: Any) -> list[int]:
    """Few steps in a call, so that there are several calls; how many each made."""
    made: list[int] = []
    loop = updates.Updates.loop

    def counted(self: Any, machine: Any, rows: Any, *rest: Any) -> Any:
        found = loop(self, machine, rows, *rest)
        made.append(len(found))
        return found

    monkeypatch.setattr(ahead, "CHUNK", 5)
    monkeypatch.setattr("micrograd.compiler.training.updates.Updates.loop", counted)
    return made


def agree(backend: str, run: Callable[[Task, Any], Any], few: list[int], **how: Any) -> None:
    """That a run on data that are known ahead ends as one on the same data one by one, and did go in compiled code."""
    first, second = Task(backend, **how), Task(backend, **how)
    expected = run(first, one_by_one)
    assert not few
    assert run(second, lambda data: data) == expected
    assert first.state() == second.state()
    assert max(few, default=0) > 1


OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda p: optim.Adam(p, lr=0.05),
    "schedule": lambda p: optim.AdamW(p, lr=0.05, schedule=optim.Cosine(20)),
    "own schedule": lambda p: optim.SGD(p, lr=0.05, schedule=lambda k: 1 / (1 + k)),
}


@pytest.mark.parametrize(
    ("backend", "make"), [*(("c", name) for name in OPTIMIZERS), pytest.param("numba", "adam", marks=pytest.mark.slow)]
)
def test_a_list_of_arrays(backend: str, make: str, few: list[int]) -> None:
    def run(task: Task, way: Any) -> Any:
        data = task.batches * 3 if way is one_by_one else task.batches
        return task.step.train(task.optimizer, way(data), steps=18)

    agree(backend, run, few, make=OPTIMIZERS[make])


def test_batches_of_lists_and_of_other_sizes(few: list[int]) -> None:
    def run(task: Task, way: Any) -> Any:
        data = [tuple(x.tolist() for x in batch) for batch in task.batches]
        data[3] = tuple(x[:2] for x in task.batches[3])  # traced anew, and run by another machine
        return task.step.train(task.optimizer, way(data * 2), steps=14)

    agree("c", run, few)


def test_batches_of_samples_in_c(few: list[int]) -> None:
    def run(task: Task, way: Any) -> Any:
        short = [(x[:3], y[:3]) for x, y in task.batches[:1]]
        return task.step.train(task.optimizer, way([*task.batches, *short, *task.batches]))

    agree("c", run, few, batch=True)


def test_a_list_of_arrays_that_is_filled_in_a_schedule() -> None:
    def run(way: Any) -> Any:
        task = Task("c")

        def schedule(k: int) -> float:
            task.batches[(k + 1) % 7][0][:] = k
            return 1.0

        task.optimizer.schedule = schedule
        return task.step.train(task.optimizer, way(task.batches * 3), steps=20)

    assert run(list) == run(one_by_one)


DOES: dict[str, Callable[[Task, list[Any]], Callable[[int], Any]]] = {
    "sets a parameter": lambda task, seen: lambda k: k in (3, 8) and setattr(task.w[1], "data", 0.25 * k),
    "sets a Value outside": lambda task, seen: lambda k: k in (3, 8) and setattr(task.scale, "data", 0.5 * k),
    "sets the learning rate": lambda task, seen: lambda k: k in (3, 8) and task.optimizer.groups[0].settings.update(lr=0.01 * k),
    "asks for the steps made": lambda task, seen: lambda k: seen.append(task.optimizer.steps),
    "asks the loss": lambda task, seen: lambda k: k in (3, 8) and seen.append(task.step(*task.batches[0])),
    "asks for numbers": lambda task, seen: lambda k: k in (3, 8) and seen.append(task.step.value_of(task.w[0])),
    "asks the machine": lambda task, seen: lambda k: k in (3, 8) and seen.append(task.step.machine.loss()),
    "trains": lambda task, seen: lambda k: k in (3, 8) and seen.extend(task.step.train(optim.SGD(task.w, lr=0.1), task.batches[:2])),
}


@pytest.mark.parametrize("what", DOES)
def test_what_taking_a_batch_does_is_seen_at_its_step(what: str, few: list[int]) -> None:
    def run(task: Task, way: Any) -> Any:
        seen: list[Any] = []
        numbers = task.step.train(task.optimizer, way(Places(task.batches, 13, DOES[what](task, seen))))
        return numbers, seen

    make = OPTIMIZERS["adam"]
    first, second = Task("c", make), Task("c", make)
    expected = run(first, one_by_one)
    del few[:]
    assert run(second, lambda data: data) == expected
    assert first.state() == second.state()
    assert max(few) > 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_ends_it_after_the_steps_before(error: type[BaseException], few: list[int]) -> None:
    def run(task: Task, way: Any) -> None:
        def does(k: int) -> None:
            if k == 8:
                if error is KeyboardInterrupt:
                    signal.raise_signal(signal.SIGINT)
                raise error("planted")

        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(error):
                task.step.train(task.optimizer, way(Places(task.batches, 13, does)))
        finally:
            signal.signal(signal.SIGINT, before)
        assert task.optimizer.steps == 8

    agree("c", run, few)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_gradient_that_is_nan_is_settled_at_its_step(backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")

    def run(way: Any) -> Any:
        w = Value(0.5)
        step = micrograd.compile(lambda x: (x * w).relu().sqrt() + w * w, [w], backend=backend)  # √ at 0: no gradient passes relu there
        xs = [(np.array(x),) for x in (1.0, 2.0, -1.0, 1.0, -2.0, 3.0, 1.0)]
        return step.train(optim.SGD([w], lr=0.01), way(xs)), w.data

    found = run(list)
    assert found == run(one_by_one)
    assert all(map(math.isfinite, found[0]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_fit_makes_its_steps_in_compiled_code_and_ends_at_a_loss_that_is_none(backend: str, few: list[int]) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    draw = np.random.default_rng(2)
    xs, ys = draw.normal(size=(40, 2)), draw.normal(size=(40, 1))

    def run(compiled: Any, lr: float) -> Any:
        model = nn.Linear(2, 1, rng=random.Random(3))
        optimizer = optim.SGD(model, lr=lr)
        try:
            history = train.fit(model, (xs, ys), losses.mse, optimizer, epochs=3, batch_size=8, compiled=compiled, whole=True)
        except ArithmeticError as error:
            return str(error), optimizer.steps, [p.data for p in model.parameters()]
        return history.steps, optimizer.steps, [p.data for p in model.parameters()]

    expected, found = run(True, 0.1), run(backend, 0.1)
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert max(few) > 1
    del few[:]
    (said, made, _), (expected_said, expected_made, _) = run(backend, 1e60), run(True, 1e60)
    assert "the loss became" in said
    assert (said, made) == (expected_said, expected_made)
    assert made > 1


def test_one_batch_is_read_ahead_of_the_machine_where_it_is_large(monkeypatch: Any, few: list[int]) -> None:
    monkeypatch.setattr(ahead, "ROOM", 30)  # two batches of twelve numbers, and no more are kept

    def run(task: Task, way: Any) -> Any:
        return task.step.train(task.optimizer, way(task.batches * 3), steps=20)

    agree("c", run, few)
    assert max(few) == 2


def test_an_index_beyond_its_table_is_told_at_its_step(few: list[int]) -> None:
    def run(way: Any) -> Any:
        w = [Value(0.5), Value(1.0)]
        step = micrograd.compile(lambda i: micrograd.compiler.take(w, i) ** 2, w, backend="c")
        optimizer = optim.SGD(w, lr=0.1)
        with pytest.raises(IndexError):
            step.train(optimizer, way([(0,), (1,), (1,), (2,), (0,)]))
        return [p.data for p in w], optimizer.steps

    assert run(list) == run(one_by_one)
    assert run(list)[1] == 3


@pytest.mark.parametrize("how", ["places", "generator", "on_step"])
def test_another_rate_on_the_way_is_taken_in_compiled_code(how: str) -> None:
    def trained(how: str) -> Any:
        task = Task("c", lambda p: optim.SGD(p, lr=0.05))
        batches = [task.batches[k % 7] for k in range(40)]

        def change(k: int) -> None:
            if k == 20:
                task.optimizer.groups[0].settings["lr"] = 0.001

        if how == "places":
            task.step.train(task.optimizer, Places(batches, 40, change))
        elif how == "generator":
            task.step.train(task.optimizer, (change(k) or batch for k, batch in enumerate(batches)))
        elif how == "on_step":
            task.step.train(task.optimizer, batches, on_step=lambda k, _: change(k + 1))
        else:
            task.step.train(task.optimizer, batches[:20])
            change(20)
            task.step.train(task.optimizer, batches[20:])
        return task.state()[0]

    assert trained(how) == trained("in two runs")
