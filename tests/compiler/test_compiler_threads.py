"""While a loss is traced in one thread, the Values that it reads are what they always are in the others."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

import micrograd
from micrograd import Value, copying

pytest.importorskip("numpy")


class Own(Value):
    """A user's subclass."""


def beside_a_trace(params: list[Value], check: Callable[[], None]) -> Any:
    """`check` in this thread while a loss of these parameters is in the middle of its trace in another; what that one gives."""
    inside, go = threading.Event(), threading.Event()
    found: list[Any] = []

    def loss(x: Any) -> Any:
        inside.set()
        assert go.wait(30)
        return (params[0] * x + params[1]).relu() + Value(1.0, (params[0],), "mine", local_grads=(2.0,))

    step = micrograd.compile(loss, params, backend="numpy")
    thread = threading.Thread(target=lambda: found.append(step.value_and_grad(3.0)))
    thread.start()
    try:
        assert inside.wait(30)
        check()
    finally:
        go.set()
        thread.join()
    value, grads = found[0]
    return value, grads.tolist()


@pytest.mark.parametrize("kind", [Value, Own])
def test_values_are_what_they_are_in_other_threads(kind: Any) -> None:
    a, b = kind(0.5, label="a"), kind(-1.0, label="b")
    names = dict(vars(Value))

    def check() -> None:
        assert dict(vars(Value)) == names  # nothing of the class is another thing for anybody
        made = a * 2.0 + b * b + Value(3.0, (b,), "mine", local_grads=(5.0,))
        assert type(made) is Value and type(Value(1.0)) is Value
        made.backward()
        assert (made.data, a.grad, b.grad) == (5.0, 2.0, 3.0)
        assert (repr(a), f"{a.data:.2f}", a < b, round(a)) == (f"{kind.__name__}(data=0.5, grad=2.0, label='a')", "0.50", False, 0)
        for again in (pickle.loads(pickle.dumps(a)), copy.copy(a), copy.deepcopy(a), a.detach()):
            assert type(again) in (kind, Value) and again.data == 0.5
        assert type(pickle.loads(pickle.dumps(a * b)).args[0]) is kind
        assert f"{a:.3f}" == f"{Value(0.5):.3f}"
        a.grad = b.grad = 0
        b.data = -1.0

    value, grads = beside_a_trace([a, b], check)
    assert (value, grads) == (1.0 + 0.5, [3.0 + 2.0, 1.0])
    assert type(a) is type(b) is kind


def test_a_planted_fault_a_copy_of_the_traces_class(monkeypatch: Any) -> None:
    monkeypatch.setattr(copying, "_class", type)
    with pytest.raises(pickle.PicklingError):
        test_values_are_what_they_are_in_other_threads(Value)
