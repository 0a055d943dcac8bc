"""Ctrl-C at every bytecode instruction of a training run: parameters, optimizer and its count of steps are those of whole steps."""

from __future__ import annotations

import random
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import micrograd
from micrograd import Value, losses, nn, optim
from micrograd.interrupts import Interrupts, held, wholly
from micrograd.optim import schedules
from micrograd.train import fit

HERE = Path(micrograd.__file__).parent
WATCHED = {
    str(HERE / name)
    for name in ("optim/optimizer.py", "compiler/train.py", "compiler/optimize.py", "compiler/collector.py", "interrupts.py", "train.py")
}
STEPS = 4


def hit(place: int, work: Callable[[], Any]) -> int:
    """Do some work, with Ctrl-C at the so-and-so-many-th instruction of the watched files; how many instructions there were."""
    count = 0

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in WATCHED:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count == place:
                signal.raise_signal(signal.SIGINT)  # where it is not held, KeyboardInterrupt leaves this instruction
        return trace

    before, handler = sys.gettrace(), signal.getsignal(signal.SIGINT)
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
        # Between two instructions that nothing but tracing can part, `__enter__` may have put its own there, which asks this one.
        signal.signal(signal.SIGINT, handler)
    return count


# --- runs ----------------------------------------------------------------------------------------------------------------

Run = tuple[Any, list[Value], Callable[[int], Any]]  # an optimizer, its parameters, and what goes on until so many steps are made
DATA = [([0.5, -1.0], 1.0), ([1.5, 0.25], -1.0), ([-0.75, 2.0], 0.5), ([0.1, 0.2], 0.3)]


def groups(params: list[Value]) -> Any:
    made = [{"params": params[:2], "lr": 0.1}, {"params": params[2:], "weight_decay": 0.01}]
    return optim.Adam(made, lr=0.05, schedule=schedules.Cosine(10), clip_norm=0.5)


def one_group(params: list[Value]) -> Any:
    return optim.Adam(params, lr=0.05, schedule=schedules.Cosine(10))


class Foreign:
    """An optimizer of another kind, which is whole by itself."""

    def __init__(self, params: list[Value]) -> None:
        self.params, self.steps = params, 0

    def step(self) -> None:
        moved = [p.data - 0.1 * p.grad for p in self.params]
        with held():
            for p, x in zip(self.params, moved, strict=True):
                p.data = x
            self.steps += 1

    def state_dict(self) -> int:
        return self.steps


def squared(w: list[Value]) -> Any:
    return lambda x, y: (w[0] * x[0] + w[1] * x[1] + w[2] - y) ** 2


def weights() -> list[Value]:
    return [Value(x) for x in (0.5, -0.25, 1.0)]


def by_hand() -> Run:
    w = weights()
    optimizer, loss = groups(w), squared(w)

    def until(steps: int) -> None:
        for x, y in DATA[optimizer.steps : steps]:
            optimizer.zero_grad()
            loss(x, y).backward()
            optimizer.step()

    return optimizer, w, until


def compiled(backend: str, make: Any = groups, many: bool = False, **more: Any) -> Callable[[], Run]:
    def run() -> Run:
        w = weights()
        optimizer = make(w)
        step = micrograd.compile(squared(w), w, backend=backend)

        def until(steps: int) -> None:
            first = optimizer.steps
            if first < steps:
                step.train(optimizer, DATA[0] if many else DATA[first:steps], steps=steps - first, **more)

        return optimizer, w, until

    return run


def fitted(compile_it: bool) -> Callable[[], Run]:
    def run() -> Run:
        model = nn.Linear(2, 1, rng=random.Random(0))
        optimizer = optim.RMSProp(model, lr=0.01)
        data = [list(x) for x, _ in DATA], [[y] for _, y in DATA]

        def until(steps: int) -> None:
            fit(model, data, losses.mse, optimizer, epochs=steps - optimizer.steps, compiled=compile_it, progress=False)

        return optimizer, model.parameters(), until

    return run


RUNS: dict[str, Callable[[], Run]] = {
    "by hand": by_hand,
    "fit": fitted(False),
    "fit, compiled": fitted(True),
    "numpy, a list": compiled("numpy"),
    "numpy, one tuple": compiled("numpy", many=True),
    "numpy, called back": compiled("numpy", on_step=lambda number, loss: None),
    "numpy, another optimizer": compiled("numpy", Foreign),
    "native, a list": compiled("numba", one_group),
    "native, one tuple": compiled("numba", one_group, many=True),
}


def state(optimizer: Any, params: list[Value]) -> Any:
    return [p.data.hex() for p in params], optimizer.state_dict()


def ended(run: Callable[[], Run], steps: int) -> Any:
    optimizer, params, until = run()
    until(steps)
    assert optimizer.steps == steps
    return state(optimizer, params)


@pytest.fixture(autouse=True)
def folder(tmp_path_factory: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("MICROGRAD_CACHE", str(tmp_path_factory.getbasetemp() / "micrograd"))


def check(name: str, points: int) -> None:
    if name not in ("by hand", "fit"):
        pytest.importorskip("numpy")
    if name.startswith("native"):
        pytest.importorskip("numba")
    run = RUNS[name]
    whole = [ended(run, n) for n in range(STEPS + 1)]
    _, _, until = run()
    total = hit(-1, lambda: until(STEPS))
    assert total > 50
    stopped = 0
    for place in range(1, total + 1, max(1, total // points)):
        optimizer, params, until = run()
        hit(place, lambda until=until: until(STEPS))
        assert state(optimizer, params) == whole[optimizer.steps], f"instruction {place} of {total}, after {optimizer.steps} steps"
        stopped += optimizer.steps < STEPS
        until(STEPS)
        assert state(optimizer, params) == whole[-1], f"resumed after instruction {place} of {total}"
    assert stopped  # Ctrl-C was heard


@pytest.mark.parametrize("name", RUNS)
def test_ctrl_c_at_many_instructions(name: str) -> None:
    check(name, 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_ctrl_c_at_most_instructions(name: str) -> None:
    check(name, 500)


def test_a_planted_fault_is_found(monkeypatch: Any) -> None:
    """A step that counts itself first, and changes parameters one by one."""

    def careless(self: Any) -> None:
        self.steps += 1
        for group in self.groups:
            update = self.kernel_on_floats(group)
            for p in group.params:
                state = self.state_of(group, p)
                state[0] += 1
                p.data, *state[1:] = update(p.data, float(p.grad), *state[1:], *self.scalars(group, state[0]))

    careless.__code__ = careless.__code__.replace(co_filename=str(HERE / "optim/optimizer.py"))
    monkeypatch.setattr(optim.Optimizer, "step", careless)
    with pytest.raises(AssertionError, match="instruction"):
        check("by hand", 60)


# --- the parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_an_exception_of_the_schedule_changes_nothing(backend: str) -> None:
    """Also where it comes between two groups."""
    pytest.importorskip("numpy")

    def moody(step: int) -> float:
        calls.append(step)
        if step == 2 and calls.count(2) == 2:
            raise RuntimeError("no")
        return 1.0

    calls: list[int] = []
    seen: list[Any] = []
    w = weights()
    optimizer = optim.Adam([{"params": w[:2]}, {"params": w[2:]}], lr=0.1, schedule=moody)
    with pytest.raises(RuntimeError, match="no"):
        if backend == "numpy":
            micrograd.compile(squared(w), w, backend=backend).train(optimizer, DATA, on_step=lambda *_: seen.append(state(optimizer, w)))
        for x, y in DATA:
            optimizer.zero_grad()
            squared(w)(x, y).backward()
            seen.append(state(optimizer, w))
            optimizer.step()
    assert optimizer.steps == 2 and state(optimizer, w) == seen[-1]


def test_held_waits_and_puts_back_what_was_there() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held():
        with held():
            signal.raise_signal(signal.SIGINT)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, None], ids=["ignored", "default", "foreign"])
def test_what_is_not_python_s_to_hear_is_left_alone(monkeypatch: Any, handler: Any) -> None:
    """SIG_IGN: nohup. None: a handler of the program that Python is a part of, which could not be put back."""
    monkeypatch.setattr(signal, "getsignal", lambda which: handler)
    monkeypatch.setattr(signal, "signal", lambda *_: pytest.fail("touched"))
    with held() as ctrl_c:
        assert ctrl_c.before is None


def test_an_interpreter_within_another_and_other_threads(monkeypatch: Any) -> None:
    def refused(*_: Any) -> None:
        raise ValueError("signal only works in main thread of the main interpreter")

    monkeypatch.setattr(signal, "signal", refused)
    with held() as ctrl_c:
        assert ctrl_c.before is None
    found: list[Any] = []

    def elsewhere() -> None:
        with Interrupts() as inside:
            inside.held = True
            found.append(inside.before)
            inside.release()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [None]


def test_training_puts_the_handler_back() -> None:
    pytest.importorskip("numpy")
    for stop in (None, KeyboardInterrupt, ValueError):

        def told(number: int, loss: Any, stop: Any = stop) -> None:
            if stop is not None:
                raise stop

        w = weights()
        try:
            micrograd.compile(squared(w), w, backend="numpy").train(one_group(w), DATA, on_step=told)
        except (KeyboardInterrupt, ValueError):
            assert stop is not None
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_cut_is_done_again() -> None:
    tries: list[int] = []
    numbers = [0, 0]

    def commit() -> None:
        numbers[0] = 1
        tries.append(1)
        if len(tries) == 1:
            raise KeyboardInterrupt
        numbers[1] = 2

    with pytest.raises(KeyboardInterrupt):
        wholly(commit)
    assert numbers == [1, 2]


def test_a_state_is_loaded_whole(monkeypatch: Any) -> None:
    model, other = (nn.Linear(3, 2, rng=random.Random(k)) for k in range(2))
    new, old = other.state_dict(), model.state_dict()
    watched = {str(HERE / "nn/module.py"), str(HERE / "interrupts.py")}
    monkeypatch.setattr(sys.modules[__name__], "WATCHED", watched)
    total = hit(-1, lambda: model.load_state_dict(new))
    found = set()
    for place in range(1, total + 1):
        model.load_state_dict(old)
        hit(place, lambda: model.load_state_dict(new))
        found.add(tuple(model.state_dict().values()))
    assert found == {tuple(old.values()), tuple(new.values())}
