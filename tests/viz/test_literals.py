"""A number of the code is written where it is used: no box, no row, no step, no question; and `0 + x` of `sum()` reads as x."""

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from micrograd import Value, nn
from viz.model.graph import build
from viz.model.told import told
from viz.notation.numbers import show
from viz_values import Student


def example():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    return sum([a * b, a.maximum(0.5), 3 - b, b / 7, 1.5**a]) * 0.25 + 1


MAKES = [
    lambda x, y, c: x * c,
    lambda x, y, c: c - x,
    lambda x, y, c: sum([x, y]),
    lambda x, y, c: sum([x]),
    lambda x, y, c: sum([x * y, x, y]),
    lambda x, y, c: (x + c).tanh(),
    lambda x, y, c: 0 + x,
]


def mixed(seed):
    """A random graph with numbers in it and with sums that begin with 0, over leaves that other parts use too."""
    rng = random.Random(seed)
    pool = [Value(rng.uniform(-2, 2), label=name) for name in "abc"]
    for _ in range(rng.randint(1, 14)):
        x, y, c = rng.choice(pool), rng.choice(pool), rng.choice([0, 0.5, -2, 3])
        pool.append(rng.choice(MAKES)(x, y, c))
    return sum(pool)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_a_walk_without_literals_ends_in_backwards_gradients(seed):
    root = mixed(seed)
    order = root.topological()
    root.backward()
    wanted = [v.grad for v in order]
    stepper = viz.step(root)
    trace = stepper.trace
    place = {id(v): i for i, v in enumerate(trace.values)}
    got = trace.grads(len(trace))
    assert all(got[place[id(v)]] == g for v, g in zip(order, wanted, strict=True) if id(v) in place)
    for v in order:
        v.grad = 0
    for step in root.steps():
        for c in getattr(step, "contributions", ()):
            assert c.arg.is_literal or (c.after == c.before + c.value and id(c.arg) in place)
    assert [v.grad for v in order] == wanted, "bit for bit"
    graph = build(root)
    assert len(graph.nodes) == len(trace.values) and not any(v.is_literal for v in trace.values)
    texts = [str(step) for step in root.steps() if step.kind == "forward"]
    assert [text.split(" = ")[1].strip() for text in texts] == [
        line.split(" = ")[1].replace("−", "-") for line in stepper.log() if "grad" not in line
    ]


def test_no_box_no_row_no_step_no_question():
    root = example()
    trace = viz.step(root, names=False).trace
    assert [v.label for v in trace.values if not v.args] == ["a", "b"]
    picture = viz.draw(root, labels=False)
    circles = [node.sign for node in picture.graph.nodes if node.op]
    assert circles == ["×", "max(x, 0.5)", "3 −", "÷ 7", "1.5 ^ x", "+", "+", "+", "+", "× 0.25", "+ 1"]
    assert "<td>maximum(a, 0.5)</td>" in picture.html and "constant" not in picture.html
    assert len(re.findall('<tr data-node[^>]*><th scope="row">(.)</th>', picture.html.split("<h2>Steps")[0])) == 2
    lines = list(viz.step(root, names=False).log())
    assert "v2 = maximum(a, 0.5) = 2" in lines and "v4 = b / 7 = −0.4286" in lines and not any(re.search(r"\bu\d", line) for line in lines)
    assert not [blank for blank in viz.exercise(root, names=False).blanks if re.search(r"u\d|∂\S+/∂[\d.]", blank.question)]
    tree = viz.text_tree(root, names=lambda v: v.label)
    assert "× 0.25" in tree and "3 −" in tree and len(tree.splitlines()) == len(trace.values) + 4  # values used again are named again
    assert r"\cdot 0.25 + 1" in viz.to_latex(root) and "0 +" not in viz.to_latex(root)


def test_a_value_that_somebody_made_is_a_value():
    made = Value(2.0) * 3
    assert [node.kind for node in build(made).nodes] == ["leaf", "value"] and build(made).nodes[1].literals == {1: 3.0}
    named = 2 * Value(1.0)
    named.args[0].label = "two"
    assert [node.label for node in build(named).nodes] == ["two", "", ""]
    total = 0 + Value(5.0, label="x")
    assert len(build(total).nodes) == 2 and build(total).nodes[1].sign == "0 +", "a result is a value of its own"
    start = 0 + Value(5.0, label="x")
    start.label = "start"
    assert [node.name for node in build(start * 2).nodes] == ["x", "start", "v1"]
    twice = 0 + Value(5.0, label="x")
    assert len(build(twice * twice).nodes) == 3, "used twice: it collects a gradient of its own"
    other = Student(2.0) * 3
    assert len(build(other).nodes) == 3, "nobody can tell a literal of another class"


def test_raw_inputs_of_a_model_are_literals():
    neuron = nn.Neuron(2)
    out = neuron([1.0, -2.0])
    assert {node.label for node in build(out, names=neuron_names(neuron)).nodes if node.kind == "leaf"} == {"w0", "w1", "b"}
    assert [node.sign for node in build(out).nodes if node.op == "*"] == ["× 1", "× (−2)"]
    values = viz.step(neuron([Value(1.0), Value(-2.0)])).trace.values
    assert sum(not v.args for v in values) == 5


def neuron_names(neuron):
    named = {id(neuron.w[0]): "w0", id(neuron.w[1]): "w1", id(neuron.b): "b"}
    return lambda value: named.get(id(value), "")


def test_equal_numbers_are_sent_once():
    x = Value(1.5, label="x")
    y = x
    for _ in range(50):
        y = y * 2 + 0.1
    data = json.loads(json.dumps(viz.step(y).data))
    assert data["n"] == 101 and told([y]).numbers == [2.0, 0.1]


@pytest.mark.parametrize("x", [-0.0, 1e-9, -1.5e300, float("inf"), float("nan"), 1 / 3])
def test_any_number_can_be_written(x):
    root = Value(2.0, label="a") * x
    assert show(x) in viz.draw(root).svg and show(x).strip("∞") in next(iter(viz.step(root).log())).replace("-", "−")
