"""The record of a loss that runs: nodes without arguments give the same programs, whoever looks at them meanwhile."""

from __future__ import annotations

import copy
import gc
import threading
from typing import Any

import pytest

pytest.importorskip("numpy")

import micrograd
from micrograd import Value, detect_anomaly, no_grad, record_source
from micrograd.compiler import TraceError
from micrograd.compiler.tracing.record import Record
from micrograd.nn import effects


def alike(loss: Any, params: list[Value], *args: Any) -> Any:
    """A compiled loss gives the numbers and gradients of the engine, in the engine's order: bit for bit."""
    step = micrograd.compile(loss, params, exact=True)
    value, gradient = step.value_and_grad(*args)
    for p in params:
        p.grad = 0
    root = loss(*args)
    root.backward()
    assert value == root.data and gradient.tolist() == [p.grad for p in params]
    return step


def chain(x: Any, n: int = 40) -> Any:
    for k in range(n):
        x = (x * 0.9 + k).tanh() * x
    return x


def test_nodes_go_when_the_loss_lets_go_of_them() -> None:
    w, most = Value(0.5), 0

    def loss(x: float) -> Value:
        nonlocal most
        gc.collect()
        before, total = len(gc.get_objects()), w * x
        for _ in range(3000):
            total = (total * w).tanh() + w
        most = len(gc.get_objects()) - before
        return total

    micrograd.lower(loss(2.0))  # the objects of an eager run
    assert most > 9000
    micrograd.compile(loss, [w], backend="numpy")(2.0)
    assert most < 100


def test_derivatives_inside_a_loss_find_the_nodes_that_are_gone() -> None:
    w, v = Value(0.7, label="w"), Value(-0.3)

    def loss(x: Any) -> Any:
        scaled = (x - 1.0) / 3.0  # numbers, not Values
        y = chain(w * scaled + v)
        (slope,) = micrograd.grad(y, [w], create_graph=True)
        return slope * slope + chain(y * scaled, 3)

    alike(loss, [w, v], 2.5)


def test_what_is_alive_is_what_a_walk_finds() -> None:
    w = Value(0.7)

    def loss(x: Any) -> Any:
        kept = (w * x).exp()
        y = chain(kept, 5)
        (by_kept,) = micrograd.grad(y, [kept], create_graph=True)
        assert any(a is kept for a in y.topological())
        return by_kept * w + y

    alike(loss, [w], 0.3)


def test_a_constant_of_the_loss_can_be_derived_by() -> None:
    w = Value(0.7)

    def loss() -> Any:
        c = Value(3.0)
        return micrograd.grad(c * c * 2.0, [c], create_graph=True)[0] * w

    alike(loss, [w])


def test_nodes_from_before_among_those_of_the_loss() -> None:
    w = Value(0.7)
    before = (w * 2.0).exp()
    alike(lambda x: chain(before * x + w, 3) + before, [w], 0.5)


def test_what_nothing_needs_is_left_out() -> None:
    w, v, u = Value(0.7), Value(0.2), Value(0.4)

    def loss(x: Any) -> Any:
        _unused = chain(u * v, 4)
        return w * x + v

    alike(loss, [w, v, u], 2.0)
    step = micrograd.compile(loss, backend="numpy")
    step(2.0)
    assert step.params is None and step.latest.traced.params == [w, v]  # not u, and in the order of their first use that counts
    assert "2 results" in step.passes


def test_a_label_outlives_its_node() -> None:
    w = Value(0.7)

    def loss(x: Any) -> Any:
        h = (w * x).exp()
        h.label = "h"
        two = Value(2.0, label="two")
        h = h * two
        h.label = "lost"
        return h.tanh()

    step = micrograd.compile(loss, [w], backend="numpy")
    step.value_and_grad(0.5)
    root = loss(0.5)
    root.backward()
    (lost,) = root.args
    assert step.value_of("lost") == pytest.approx(lost.data) and step.grad_of("lost") == pytest.approx(lost.grad)
    assert "h = " in str(step.after("scalars"))
    bad = micrograd.compile(lambda x: loss(x) * (w * 0.0).log(), [w], backend="numpy")
    with detect_anomaly(), pytest.raises(ArithmeticError, match=r"log\(.*\) made -inf"):
        bad(0.5)


def test_a_node_that_was_kept_is_asked_for_by_itself() -> None:
    w, kept = Value(0.7), []

    def loss(x: Any) -> Any:
        h = (w * x).exp()
        keep(h)
        return h * h

    def keep(h: Any) -> None:
        if type(h).__name__ == "Node":
            threading.current_thread().kept = h  # type: ignore[attr-defined]

    step = micrograd.compile(loss, [w], backend="numpy")
    step.value_and_grad(0.5)
    h = threading.current_thread().__dict__.pop("kept")
    root = loss(0.5)
    root.backward()
    assert step.value_of(h) == pytest.approx(root.args[0].data) and step.grad_of(h) == pytest.approx(root.args[0].grad)
    with pytest.raises(TraceError, match="belongs to that run alone"):
        _ = h.args
    assert not kept


def test_lines_are_recorded_in_a_part_of_the_loss() -> None:
    w = Value(0.7)

    def loss(x: Any) -> Any:
        y = w * x
        with record_source():
            z = (y * 0.0).log()
        return z + y

    step = micrograd.compile(loss, [w], backend="numpy")
    with detect_anomaly(), pytest.raises(ArithmeticError, match=r"log\(.*test_compiler_record.py:\d+"):
        step(2.0)


def test_a_rule_set_by_hand_is_refused_where_the_loss_needs_it() -> None:
    w = Value(0.7)

    def loss(x: Any, needed: bool = True) -> Any:
        y = w * x
        y._backward = lambda: None
        return y * 2.0 if needed else w * 2.0

    with pytest.raises(TraceError, match="made by hand"):
        micrograd.compile(loss, [w])(2.0)
    assert micrograd.compile(loss, [w])(2.0, needed=False) == 1.4


def test_other_children_are_refused_where_the_loss_needs_them() -> None:
    w, v = Value(0.7), Value(0.2)

    def loss(x: Any) -> Any:
        y = w * x
        y._prev = (v,)
        return y * 2.0

    with pytest.raises(TraceError, match="made by hand"):
        micrograd.compile(loss, [w, v])(2.0)


def test_local_gradients_walls_and_numbers_made_values_again() -> None:
    w, v = Value(0.7), Value(0.2)

    def loss(x: Any) -> Any:
        y = Value(w.data * w.data * x, (w,), (2 * w.data * x,))
        with no_grad():
            z = y * v
        return chain(y * z + Value(z.data) * y.detach() + v, 3)

    alike(loss, [w, v], 0.6)


def test_a_constant_that_is_set_after_its_use_is_refused() -> None:
    w = Value(0.7)

    def loss(x: Any) -> Any:
        c = Value(1.0)
        y = w * c
        c.data = 2.0
        return y * c * x

    with pytest.raises(TraceError, match="data of a traced Value is set"):
        micrograd.compile(loss, [w])(3.0)

    def before(x: Any) -> Any:
        c = Value(1.0)
        c.data = 2.0
        return w * c * x

    alike(before, [w], 3.0)


def test_copies_of_what_was_there_before() -> None:
    w, plain = Value(0.7), (Value(2.0) * 3.0).exp()
    holder = {"graph": plain}

    def loss(x: Any, of: Any = copy.copy) -> Any:
        return w * x * of(holder["graph"])

    root = w * 2.0 * plain
    root.backward()
    step = micrograd.compile(loss, [w], backend="numpy")
    assert step.value_and_grad(2.0)[1].tolist() == pytest.approx([w.grad])


def test_nodes_of_another_thread() -> None:
    import contextvars

    w = Value(0.7)

    def loss(x: Any) -> Any:
        found: list[Any] = []
        run = contextvars.copy_context().run
        thread = threading.Thread(target=lambda: found.append(run(lambda: w * x)))
        thread.start()
        thread.join()
        return found[0] * w + x

    assert micrograd.compile(loss, [w], backend="numpy").value_and_grad(2.0)[1].tolist() == pytest.approx([2.8])


def test_buffers_and_draws() -> None:
    w, mean = Value(0.7), Value(0.0)

    def loss(x: Any) -> Any:
        y = w * x + mean
        effects.assign(mean, mean * 0.9 + y.detach() * 0.1)
        return y * y * effects.fresh(lambda: 2.0)

    step = micrograd.compile(loss, backend="numpy")
    expected = 0.0
    for x in (1.0, 2.0, 3.0):
        y = 0.7 * x + expected
        assert step(x) == pytest.approx(2 * y * y)
        expected = expected * 0.9 + y * 0.1
        assert mean.data == pytest.approx(expected)
    assert step.latest.traced.params == [w]


def test_planted_faults_of_the_record_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that drops an argument, or does not give arguments back."""
    meet = Record.meet
    w, v = Value(0.7), Value(0.2)
    with monkeypatch.context() as patched:
        patched.setattr(Record, "meet", lambda self, x: self.mark(w) if x is v else meet(self, x))
        with pytest.raises(AssertionError):
            alike(lambda x: w * x + v, [w, v], 3.0)
    with monkeypatch.context() as patched:
        patched.setattr(Record, "thaw", lambda self: setattr(self, "whole", True))
        with pytest.raises(Exception):  # noqa: B017
            test_derivatives_inside_a_loss_find_the_nodes_that_are_gone()
