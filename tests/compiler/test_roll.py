"""What repeats becomes a loop of the program: which programs do, what they say, and that every back end runs them as the engine does."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

import micrograd
from micrograd import Value, nn, ops

np = pytest.importorskip("numpy")
from micrograd.compiler.passes import roll  # noqa: E402
from micrograd.compiler.program.instruction import Repeat, unrolled  # noqa: E402
from recurrences import Recurrence  # noqa: E402
from small_losses import Net, eager  # noqa: E402


def loops(program: Any) -> list[list[tuple[int, int]]]:
    """(turns, instructions) of the loops forward and backward."""
    return [[(s.count, len(s.body)) for s in steps if isinstance(s, Repeat)] for steps in program.steps]


def compiled(loss: Any, params: list[Value], *inputs: Any, **options: Any) -> Any:
    """A program that has been held to the engine by NumPy and by the definition."""
    value, grads = eager(loss, params, *inputs)
    for backend in ("reference", "numpy"):
        step = micrograd.compile(loss, params, backend=backend, **options)
        found, gradient = step.value_and_grad(*inputs)
        assert found == pytest.approx(value, rel=1e-12, abs=1e-12), backend
        assert gradient.tolist() == pytest.approx(grads, rel=1e-10, abs=1e-12), backend
    step.program.verify()
    return step


def sequence(kind: Any, turns: int, every: bool = False, **settings: Any) -> Any:
    rng = random.Random(3)
    layer, head = kind(2, 3, rng=rng, **settings), nn.Linear(3, 1, rng=rng)

    def loss(xs: Any) -> Any:
        outputs, _ = layer(xs)
        errors = [(head(o)[0] - 0.5) ** 2 for o in (outputs if every else outputs[-1:])]
        return sum(errors) * (1 / len(errors))

    return loss, [*layer.parameters(), *head.parameters()], [[rng.uniform(-1, 1) for _ in range(2)] for _ in range(turns)]


# --- which programs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [False, True], ids=["last", "every"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_layers(kind: Any, layers: int, every: bool) -> None:
    """However many steps there are, the program has the same instructions."""
    sizes = set()
    for turns in (12, 20):
        loss, params, xs = sequence(kind, turns, every, layers=layers)
        program = compiled(loss, params, xs).program
        sizes.add(sum(len(s.body) if isinstance(s, Repeat) else 1 for steps in program.steps for s in steps))
        for side in loops(program):
            assert max(count * size for count, size in side) > turns
    assert len(sizes) == 1


def test_layers_that_are_equal() -> None:
    net = Net([3] * 33, "tanh")
    step = compiled(lambda x: sum(v * v for v in net(x)), net.parameters(), [0.1, 0.2, 0.3])
    (forward,), (backward,) = loops(step.program)
    assert forward[0] >= 30 and backward[0] >= 29
    assert "tanh(1+t)[i]  = tanh(sum(1+t)[i])" in str(step.program) and "p[12 + 12t + 4i + j]" in str(step.program)


def test_steps_of_an_optimizer_and_of_a_differential_equation() -> None:
    a, b = Value(0.9), Value(-0.4)

    def descent() -> Any:
        x, y = a, b
        for _ in range(25):
            x, y = x - 0.1 * (4.0 * x * (x * x + y)), y - 0.1 * (2.0 * (y + x * x))
        return x * x + y * y

    def euler() -> Any:
        x, v = a, b
        for k in range(40):
            x, v = x + 0.05 * v, v - 0.05 * (ops.sin(x) + 0.2 * ops.cos(Value(0.1 * k)).data)
        return x

    for loss in (descent, euler):
        (forward, *_), (backward, *_) = loops(compiled(loss, [a, b]).program)
        assert forward[0] >= 18 and backward[0] >= 18


def test_a_long_chain() -> None:
    """x = x · 1.0001 + 0.1, two thousand times: one turn each way."""
    start = Value(0.5)

    def chain() -> Any:
        x = start
        for _ in range(2000):
            x = x * 1.0001 + 0.1
        return x

    step = compiled(chain, [start])
    assert sum(len(s.body) if isinstance(s, Repeat) else 1 for steps in step.program.steps for s in steps) <= 10
    assert "roll        2 loops around instructions that repeat: 1,99" in "\n".join(
        step.passes.splitlines() if isinstance(step.passes, str) else step.passes
    )


def test_numbers_that_change_from_turn_to_turn_are_looked_up() -> None:
    """Horner's rule: the coefficients are a table of constants."""
    x = Value(0.7)
    coefficients = [0.3, -1.5, 2.0, 0.25, -0.75, 1.25, 0.5, -2.5]

    def polynomial() -> Any:
        y = Value(1.0) * x
        for c in coefficients:
            y = y * x + c
        return y

    program = compiled(polynomial, [x]).program
    assert set(coefficients[1:-1]) <= set(program.constants[1].tolist())
    assert program.families[-1].name.startswith("c") and "[t]" in str(program)


def test_what_does_not_repeat_stays_as_it_is() -> None:
    net = Net([2, 4, 4, 1])
    program = compiled(net, net.parameters(), [0.3, -0.2]).program
    assert program.rolled is None and program.steps == (program.forward, program.backward)


# --- what it says, and what it is ----------------------------------------------------------------------------------------


def test_the_program_of_a_plain_recurrence() -> None:
    w, u = Value(0.5), Value(-0.25)

    def loss(xs: Any) -> Any:
        h = Value(0.0)
        for x in xs:
            h = (w * x + u * h).tanh()
        return h

    step = compiled(loss, [w, u], [0.1 * k for k in range(10)])
    lines = [line.rstrip() for line in str(step.after("roll")).splitlines()]
    at = next(k for k, line in enumerate(lines) if "for t <" in line)
    assert lines[at : at + 4] == [
        "  for t < 9:",
        "    sum(2+t)[0]  = p[0] · x1[1 + t]",
        "    sum(2+t)[0] += p[1] · tanh(1+t)[0]",
        "    tanh(2+t)[0]  = tanh(sum(2+t)[0])",
    ]
    assert "    p.grad[1] += sum(9-t).grad[0] · tanh(8-t)[0]" in lines and "    p.grad[0] += sum(9-t).grad[0] · x1[8 - t]" in lines


def test_turns_written_out_are_the_instructions_that_there_were() -> None:
    """The lists `forward` and `backward` mean what they meant without the pass."""
    loss, params, xs = sequence(nn.GRU, 9)
    step = micrograd.compile(loss, params)
    step.value_and_grad(xs)
    before, after = step.after("careful"), step.program
    for old, new in ((before.forward, after.forward), (before.backward, after.backward)):
        assert len(old) == len(new)
        for a, b in zip(old, new, strict=True):
            assert a.rule is b.rule and a.shape == b.shape and (a.add, a.batch, a.zero) == (b.add, b.batch, b.zero)
            for x, y in zip(a.accesses, b.accesses, strict=True):
                assert (x.pool, x.batch) == (y.pool, y.batch) and (x.addresses(a.shape) == y.addresses(b.shape)).all()
    for rolled, flat in zip(after.steps, (after.forward, after.backward), strict=True):
        assert len(rolled) < len(unrolled(rolled)) == len(flat)


# --- any of them, in any back end ----------------------------------------------------------------------------------------


def differs(seed: int, backends: Any, batch: bool = False) -> bool:
    """Whether a program of a random recurrence gives other numbers than the engine."""
    work = Recurrence(seed)
    rng = random.Random(f"point of {seed}")
    points = [work.inputs(rng) for _ in range(3 if batch else 1)]
    found = [eager(work.loss, work.params, *point) for point in points]
    value = sum(v for v, _ in found) / len(found)
    grads = [sum(g) / len(found) for g in zip(*(g for _, g in found), strict=True)]
    arguments = tuple(map(list, zip(*points, strict=True))) if batch else points[0]
    for backend in backends:
        step = micrograd.compile(work.loss, work.params, backend=backend, batch=batch)
        got, gradient = step.value_and_grad(*arguments)
        step.program.verify()
        if [got, *gradient.tolist()] != pytest.approx([value, *grads], rel=1e-9, abs=1e-11):
            return True
    return False


@pytest.mark.parametrize("batch", [False, True], ids=["one", "batch"])
def test_random_recurrences(batch: bool) -> None:
    for seed in range(60):
        assert not differs(seed, ["numpy"] if seed % 6 else ["numpy", "reference"], batch), seed


def test_random_recurrences_in_c(c_compiler: Any) -> None:
    for seed in range(2000, 2010):
        assert not differs(seed, ["c"], batch=bool(seed % 2)), seed


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "count"), [("interpreter", 40), ("numba", 4)])
def test_random_recurrences_in_compiled_code(backend: str, count: int) -> None:
    pytest.importorskip("numba")
    for seed in range(1000, 1000 + count):
        assert not differs(seed, [backend], batch=bool(seed % 2)), seed


def faulty(monkeypatch: Any, name: str, fault: Any) -> bool:
    """Whether random recurrences find a fault of the pass."""
    from collections import OrderedDict

    from micrograd.compiler.passes import known

    monkeypatch.setattr(known, "_known", OrderedDict())
    monkeypatch.setattr(f"micrograd.compiler.passes.roll.{name}", fault)
    try:
        return any(differs(seed, ["numpy"]) for seed in range(40))
    except ValueError:  # an address outside its pool
        return True


def test_planted_faults(monkeypatch: Any) -> None:
    moving, run = roll._moving, roll._run
    with monkeypatch.context() as patch:  # operands that go backwards stay where they are
        assert faulty(patch, "_moving", lambda a, b: replace(moving(a, b), step=max(0, b.base - a.base)))
    with monkeypatch.context() as patch:  # turns need not move alike
        assert faulty(patch, "_run", lambda kinds, bases, i, n: run(kinds, bases * 0, i, n))
    with monkeypatch.context() as patch:  # numbers of the code are those of the first turn
        assert faulty(patch, "_Roller._number", lambda self, first, turns, axes: first)
    assert not any(differs(seed, ["numpy"]) for seed in range(5))
