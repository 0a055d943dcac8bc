"""What a stepper works out by itself, where the engine says that its pass is the chain rule alone, is what the engine's steps tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
import viz
from micrograd import Value
from viz.stepped import edges, recording
from viz.stepped.edges import Edges
from zeros import EDGES, bits, programs


def both(root: Any) -> tuple[recording.Trace, recording.Trace]:
    """The pass worked out, and written down from the steps."""
    worked_out = recording.record(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "_alone", lambda root, graph: None)
        return worked_out, recording.record(root)


def columns(made: Edges) -> list[Any]:
    numbers = [list(map(bits, column)) for column in (made.partial, made.value, made.before, made.after)]
    return [made.node, made.slot, made.arg, *numbers]


def check(root: Any) -> bool:
    """That both tell the same to the last bit, in the engine's order and in that of the boxes; whether anything was worked out."""
    first, second = both(root)
    assert second.written_down is not None and len(first) == len(second) == second.forward + 1 + len(second.edges.node)
    assert list(map(bits, first.grads(len(first)))) == list(map(bits, second.grads(len(second))))
    assert columns(first.edges) == columns(second.edges)
    order = list(first.interior)
    while (
        swap := next((i for i in range(len(order) - 1) if order[i] < order[i + 1] and order[i] not in first.args[order[i + 1]]), -1)
    ) >= 0:
        order[swap : swap + 2] = order[swap : swap + 2][::-1]
    for trace in (first, second):
        trace.arrange(order)
    assert columns(first.edges) == columns(second.edges)
    return first.written_down is None


@given(programs())
def test_edges_are_those_of_the_steps_also_where_0_meets_inf(program: Any) -> None:
    assert check(program(*map(Value, program.inputs)))


@given(st.lists(st.sampled_from(EDGES), min_size=1, max_size=4), st.booleans())
def test_edges_of_sums_that_begin_with_a_number(data: Any, again: bool) -> None:
    xs = [Value(x) for x in data]
    root = sum(x * x for x in xs) * xs[0] + (sum(xs[:1]) if again else 0.0)
    check(root * 2.0 + 1)


def test_a_page_is_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def roots() -> Any:
        x, y = Value(-0.9, label="x"), Value(0.0, label="y")
        yield sum((x * k).tanh() * (y + k).exp() for k in range(80)) / 3 - x.relu()
        yield x.relu().sqrt() + y
        yield (y.log() * 2.0).exp() + x

    pages = [viz.step(root, names=False).data for root in roots()]
    monkeypatch.setattr(recording, "_alone", lambda root, graph: None)
    assert pages == [viz.step(root, names=False).data for root in roots()] and ["back" in page for page in pages] == [False, True, False]


def hooked(x: Value, y: Value) -> Value:
    y.register_hook(lambda grad: grad * 2)
    return x * y


def by_hand(x: Value, y: Value) -> Value:
    out = Value(x.data * y.data, (x, y), "*")
    out._backward = lambda: setattr(x, "grad", 7.0)
    return out + 1


def changed(x: Value, y: Value) -> Value:
    out = x * y
    x.data = 5.0
    return out


@pytest.mark.filterwarnings("ignore::micrograd.stale.StaleDataWarning")
@pytest.mark.parametrize("function", [hooked, by_hand, changed])
def test_what_is_more_than_the_chain_rule_is_written_down(function: Any) -> None:
    x, y = Value(2.0), Value(3.0)
    root = function(x, y)
    assert root.__chain__(root.topological()) is None and recording.record(root).written_down is not None


def test_anomaly_is_still_detected() -> None:
    x = Value(0.0)
    root = x.sqrt()
    with micrograd.detect_anomaly(), pytest.raises(ArithmeticError, match="backward through"):
        viz.step(root)


def test_the_gradients_stay_as_they_were() -> None:
    x, y = Value(2.0), Value(3.0)
    root = x * y + x
    root.backward()
    root.backward()
    assert root.__chain__(root.topological()) == [4.0 if v is x else 2.0 if v is y else 1.0 for v in root.topological()]
    assert (x.grad, y.grad, root.grad) == (8.0, 4.0, 1.0)


def test_a_chain_rule_that_forgets_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    true = edges.chain

    def forgetful(*given: Any) -> Edges:
        made = true(*given)
        made.value[-1] *= 1.5
        return made

    monkeypatch.setattr(recording, "chain", forgetful)
    with pytest.raises(AssertionError):
        check(Value(2.0) * Value(3.0))
