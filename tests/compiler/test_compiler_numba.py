"""The specialised code against the eager engine and NumPy: one program with every op at every edge, and the workloads."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value, ops, optim

np = pytest.importorskip("numpy")
pytest.importorskip("numba")
from every_op import BINARY, EDGES, POWERS, UNARY, close, raw  # noqa: E402
from small_losses import Net, agree_in_batches, attention, eager, hinge, moons  # noqa: E402


class Zoo:
    """Every op of the table once, each of a parameter (or two) of its own, so that gradients do not mix."""

    def __init__(self) -> None:
        self.ops = [*UNARY, *POWERS, *BINARY]
        self.params = [[Value(0.5) for _ in range(op.arity or 0)] for op in self.ops]
        self.flat = [p for row in self.params for p in row]

    def loss(self) -> Any:
        found = [op(*args) for op, args in zip(self.ops, self.params, strict=True)]
        return (ops.sum_(*found), *found)

    def check(self, step: Any, x: float, y: float) -> None:
        for row in self.params:
            for p, number in zip(row, (x, y), strict=False):
                p.data = number
        (_, *values), grads = step.value_and_grad()
        rest = iter(grads.tolist())
        for op, row, value in zip(self.ops, self.params, values, strict=True):
            expected = op.forward(*[p.data for p in row], *op.params)
            who = f"{op.name}{op.params}({', '.join(str(p.data) for p in row)})"
            assert close(value, expected), f"{who} = {expected}, not {value}"
            for i, p in enumerate(row):
                slope = op.partial(i, expected, *[q.data for q in row])
                got = next(rest)
                assert close(got, 1.0 * slope, 64.0), f"∂{who}/∂{i} = {slope}, not {got}"
                del p


@pytest.fixture(scope="module")
def zoo() -> Zoo:
    return Zoo()


@pytest.fixture(scope="module")
def steps(zoo: Zoo, tmp_path_factory: Any) -> dict[str, Any]:
    patch = pytest.MonkeyPatch()
    patch.setenv("MICROGRAD_CACHE", str(tmp_path_factory.getbasetemp() / "micrograd"))
    found = {b: micrograd.compile(zoo.loss, zoo.flat, backend=b) for b in ("numpy", "numba")}
    for step in found.values():
        step()
    patch.undo()
    return found


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_every_op_at_every_edge(zoo: Zoo, steps: dict[str, Any], backend: str) -> None:
    for x in EDGES:
        for y in EDGES:
            zoo.check(steps[backend], x, y)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@settings(max_examples=200, deadline=None)
@given(x=st.one_of(st.floats(-30, 30), raw), y=st.one_of(st.floats(-30, 30), raw))
def test_every_op_at_any_64_bits(zoo: Zoo, steps: dict[str, Any], backend: str, x: float, y: float) -> None:
    zoo.check(steps[backend], x, y)


def same(loss: Any, params: list[Value], *inputs: Any) -> Any:
    value, grads = eager(loss, params, *inputs)
    step = micrograd.compile(loss, params, backend="numba")
    found, gradient = step.value_and_grad(*inputs)
    assert found == pytest.approx(value, rel=1e-12)
    assert gradient.tolist() == pytest.approx(grads, rel=1e-9, abs=1e-13)
    return step


def test_the_moons_loss_and_its_source() -> None:
    net = Net([2, 8, 8, 1], "tanh")
    step = same(hinge(net), net.parameters(), *moons(24))
    assert "for i in range(24):" in step.source and "def run(V, G, T, first, last):" in step.source
    losses = step.train(optim.Adam(net, lr=0.01), moons(24), steps=40)
    assert losses[-1] < losses[0]


def test_products_keep_their_order() -> None:
    """By constants too, which a compiler that may re-associate multiplies beforehand."""
    rng = random.Random(3)
    w = Value(1.0)
    c = [rng.uniform(0.5, 2.0) for _ in range(4)]

    def loss() -> Any:
        first = w * c[0]
        second = first * c[1]
        return second * c[2] * c[3], first, second

    step = micrograd.compile(loss, [w], backend="numba")
    for _ in range(50):
        w.data = rng.uniform(-2.0, 2.0)
        values, grads = step.value_and_grad()
        first = w.data * c[0]
        assert values == (first * c[1] * c[2] * c[3], first, first * c[1])
        assert grads.tolist() == [c[3] * c[2] * c[1] * c[0]]


def test_attention_in_specialised_code() -> None:
    loss, params = attention(4, 5)
    step = same(loss, params, [1, 4, 0, 3, 3])
    value, _ = step.value_and_grad([2, 2, 1, 0, 4])
    assert value == pytest.approx(eager(loss, params, [2, 2, 1, 0, 4])[0], rel=1e-12)


def test_a_batch_in_specialised_code() -> None:
    agree_in_batches("numba")


def test_code_is_kept_on_disk_and_taken_from_there(capsys: Any) -> None:
    from micrograd.compiler.native import own_code

    net = Net([2, 2, 1])
    step = same(hinge(net), net.parameters(), *moons(3))
    assert "compiling code" in capsys.readouterr().err
    assert own_code.Code(step.program, 1).on_disk
    again = micrograd.compile(hinge(net), net)  # auto: finds it, and uses it at once
    again(*moons(3))
    machine = again._latest[1]
    assert machine.native
    assert capsys.readouterr().err == ""


def test_a_long_run_earns_its_code(monkeypatch: Any, tmp_path: Any) -> None:
    from micrograd.compiler.tiers import tiers

    monkeypatch.setenv("MICROGRAD_CACHE", str(tmp_path))  # another test may have kept the same program's code
    monkeypatch.setattr(tiers, "EARNED", 0.0)
    monkeypatch.setattr(tiers, "FETCHED", 0.0)
    monkeypatch.setattr(tiers, "LOOK", 0.0)
    monkeypatch.setattr(tiers.interpreter, "on_disk", lambda: True)  # it has its own test
    monkeypatch.setattr(tiers.interpreter, "loaded", lambda: False)
    monkeypatch.setattr(tiers.interpreter, "bind", lambda machine: None)
    net = Net([2, 3, 1])
    step = micrograd.compile(hinge(net), net)
    data = moons(4)
    expected = step.value_and_grad(*data)
    machine = step._latest[1]
    assert machine._compiler is not None
    assert machine._compiler.process.wait(120) == 0
    value, grads = step.value_and_grad(*data)  # notices that it is done
    value, grads = step.value_and_grad(*data)
    assert machine.native
    assert value == pytest.approx(expected[0], rel=1e-13)
    assert grads.tolist() == pytest.approx(expected[1].tolist(), rel=1e-12)


def test_one_loop_on_disk_trains_every_program_and_optimizer() -> None:
    from micrograd.compiler.native.loop import compiled_loop

    for power, make in ((2, optim.SGD), (4, optim.Adam)):
        w, twin = Value(2.0), Value(2.0)
        micrograd.compile(lambda w=w, power=power: (w - 1.0) ** power, [w], backend="numba").train(make([w], lr=0.01), steps=5)
        slow = make([twin], lr=0.01)
        for _ in range(5):
            twin.grad = 0
            ((twin - 1.0) ** power).backward()
            slow.step()
        assert math.isclose(w.data, twin.data, rel_tol=1e-14)
    assert len(compiled_loop().overloads) == 1
