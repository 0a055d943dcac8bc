"""The recording against the engine's own passes; folding, breakpoints, pages."""

import base64
import json
import math
import random
import re
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from micrograd import TABLE, Value, nn, scope
from micrograd.stale import StaleDataWarning
from viz.model import boxes as tree
from viz.notation.numbers import show as fmt
from viz.stepped.breaks import positions
from viz.stepped.recording import record


def expression(seed, size=12):
    """A random graph over a few leaves, with reuse."""
    rng = random.Random(seed)
    pool = [Value(rng.uniform(-2, 2), label=name) for name in "abc"]
    for _ in range(size):
        x, y = rng.choice(pool), rng.choice(pool)
        pool.append(rng.choice([x + y, x * y, x - y, x.tanh(), x.relu(), (x * 0.3).exp(), x**2]))
    return sum(pool[3:], start=pool[0])


def told(root):
    """The values that are no numbers of the code."""
    return [v for v in root.topological() if not v.is_literal]


def unpack(text, code):
    if code == "I":
        text, code = text[1:], {"1": "B", "2": "H", "4": "I"}[text[0]]
    data = base64.b64decode(text)
    return list(struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_recording_is_the_engines_pass(seed):
    root = expression(seed)
    t = record(root)
    for v in t.values:
        v.grad = 0.0
    root.backward()
    assert t.values == told(root)
    assert t.grads(len(t)) == [v.grad for v in t.values]
    assert t.data[: len(t.values)] == [v.data for v in t.values]
    steps = [c for s in root.steps() for c in getattr(s, "contributions", ()) if not c.arg.is_literal]
    assert t.edges.value == [c.value for c in steps] and t.edges.partial == [c.partial for c in steps]
    assert len(t) == t.forward + 1 + len(steps)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_json_alone_gives_the_same_numbers(seed):
    """A second decoder, written from the table in the docstring of viz.stepped.payload."""
    root = expression(seed)
    data = json.loads(json.dumps(viz.step(root).data))
    counts, args, rows = unpack(data["count"], "I"), unpack(data["args"], "I"), unpack(data["op"], "I")
    starts, grad, known, ops = [0], [0.0] * data["n"], data["known"], data["ops"]
    for c in counts:
        starts.append(starts[-1] + c)
    sent, slopes = iter(unpack(data["data"], "d")), iter(unpack(data["partial"], "d"))
    numbers = [None if known[row] & 1 else next(sent) for row in rows] + list(sent)
    partial = [None if known[rows[i]] & 2 else next(slopes) for i in range(data["n"]) for _ in range(counts[i])]
    for i in range(data["n"]):
        rule, xs = ops[rows[i]].get("r"), [numbers[a] for a in args[starts[i] : starts[i + 1]]]
        if numbers[i] is None:
            numbers[i] = compute(rule["f"][0], [*xs], [rule["f"][1]])[0]
        if counts[i] and partial[starts[i]] is None:
            partial[starts[i] : starts[i + 1]] = compute(rule["g"][0], [*xs, numbers[i]], rule["g"][1])
    grad[data["root"]] = 1.0
    for node in reversed(range(data["n"])):
        for e in range(starts[node], starts[node + 1]):
            if args[e] < data["n"]:
                grad[args[e]] += grad[node] * partial[e]
    for v in root.topological():
        v.grad = 0.0
    root.backward()
    assert grad == [v.grad for v in told(root)]
    assert numbers[: data["n"]] == [v.data for v in told(root)]


def compute(lines, registers, wanted):
    """A rule's lines, in Python."""
    at = lambda x: float(x) if isinstance(x, str) else registers[x]  # noqa: E731
    for name, *operands in lines:
        registers.append(TABLE[name].forward(*map(at, operands)))
    return [at(x) for x in wanted]


def test_what_the_page_works_out_is_left_out_and_no_more():
    """Products, sums and relu are the same on every computer; exp is not, nor what a graph's leaves would not give today."""
    a = Value(0.5, label="a")
    data = viz.step((a * a + a).relu() * a.exp(), names=False).data
    assert len(unpack(data["data"], "d")) == 2 and len(unpack(data["partial"], "d")) == 0  # a and its exp
    b = a * 3.0
    a.data = 7.0
    with pytest.warns(StaleDataWarning):
        data = viz.step(b, names=False).data
    assert unpack(data["data"], "d") == [7.0, 1.5, 3.0]


def test_the_graph_is_left_as_it_was():
    root = expression(3)
    root.backward()
    before = [(v.data, v.grad, type(v)) for v in root.topological()]
    viz.step(root, check=True)
    assert [(v.data, v.grad, type(v)) for v in root.topological()] == before


def test_gradients_start_at_zero_whatever_was_left_in_them():
    a = Value(3.0, label="a")
    root = a * a
    root.backward()
    t = record(root)
    assert t.edges.before == [0.0, 3.0] and t.edges.after == [3.0, 6.0]


def test_names_come_from_labels_then_variables_then_modules():
    a = Value(1.0)
    b = Value(2.0, label="beta")
    root = a * b
    names = viz.step(root).trace.names
    assert names == ["a", "beta", "root"]
    assert viz.step(root, names=False).trace.names == ["", "beta", ""]
    model = nn.MLP(2, [2, 1])
    names = viz.step(model([1.0, 2.0])).trace.names
    assert "model.layers[1].neurons[0].w[1]" in names and len(set(filter(None, names))) == sum(map(bool, names))


def test_source_lines_are_found_where_they_are_certain():
    p = Value(1.0)
    q = p * 2.0
    r = q + p
    twice = p + p
    twice = q + r
    data = viz.step(twice).data
    lines = {data["names"][place]: data["lines"][i] for place, i in data["line"].items()}
    assert lines["q"] == "q = p * 2.0" and lines["r"] == "r = q + p"
    assert "twice" not in lines  # two assignments fit: better none than a wrong one


def test_a_value_is_wanted():
    with pytest.raises(TypeError, match="cannot step through 3"):
        viz.step(3)


@pytest.mark.parametrize(
    "break_on, wanted",
    [
        ("e", lambda m: m.name == "e"),
        ("*", lambda m: m.op == "*"),
        ("add", lambda m: m.op == "+"),
        ("grad == 3", lambda m: m.grad == 3),
        ("kind == 'seed'", lambda m: m.kind == "seed"),
        (["e", "abs(value) > 2"], lambda m: m.name == "e" or abs(m.value) > 2),
    ],
)
def test_breakpoints(break_on, wanted):
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    e = a * b
    e.label = "e"
    t = record(e + b)
    assert positions(t, break_on) == [p for p, m in enumerate(t.moments(), 1) if wanted(m)] != []


def test_breakpoints_by_value_function_and_word():
    x = Value(-1.0, label="x")
    dead = x.relu()
    root = dead * Value(math.inf, label="w")
    t = record(root)
    assert positions(t, x) == [p for p, m in enumerate(t.moments(), 1) if m.node is x]
    assert positions(t, lambda m: m.kind == "forward") == [1, 2]
    assert 1 in positions(t, "dead relu")
    assert positions(t, "nan") and positions(t, "inf")


@pytest.mark.parametrize("wrong", ["no such", "__import__('os')", "grad.real > 1", "x ==", "open('f')"])
def test_a_breakpoint_that_means_nothing_says_what_is_allowed(wrong):
    with pytest.raises(ValueError, match=r"break_on=.*allowed: a label .*'nan'"):
        viz.step(expression(1), break_on=wrong)


# ---------------------------------------------------------------- folding


def moons(samples=4, hidden=(16, 16)):
    rng = random.Random(1)
    model = nn.MLP(2, [*hidden, 1])
    losses = [(1 + -rng.choice((-1, 1)) * model([rng.random(), rng.random()])).relu() for _ in range(samples)]
    return sum(losses) * (1.0 / samples) + 1e-4 * sum(p * p for p in model.parameters())


def boxes_of(root):
    t = record(root)
    return tree.grow(t.values, t.args, [t.root], deep=True)


def partition(boxes, opened):
    shown = boxes.shown(opened)
    return len(set(shown)), shown


@pytest.mark.parametrize("make", [moons, lambda: expression(5, 400), lambda: moons(1), lambda: expression(1)])
@pytest.mark.parametrize("budget", [10, 60, 300])
def test_folding_keeps_the_budget_and_loses_nothing(make, budget):
    t = record(make())
    boxes = tree.grow(t.values, t.args, [t.root], room=budget, deep=True)
    opened = tree.opened(boxes, budget=budget)
    seen, shown = partition(boxes, opened)
    top = len(boxes.inside()[tree.TOP])
    assert seen <= max(budget, top) and top <= budget
    everything, all_shown = partition(boxes, tree.opened(boxes, all=True))
    assert everything == len(t.values) and all_shown == list(range(len(t.values)))
    for box, things in boxes.inside().items():
        assert things or box == tree.TOP  # no empty box
        assert len(things) <= max(budget, tree.ROOM)
    assert len(shown) == len(t.values)


def test_repeated_samples_become_one_box_of_n():
    boxes = boxes_of(moons(5))
    whole = boxes.name.index("MLP ×5")
    inside = [name for name, parent in zip(boxes.name, boxes.parent, strict=True) if parent == whole]
    assert inside == ["layers[0] ×5", "layers[1] ×5", "layers[2] ×5"], "layers in their order"


def test_named_scopes_stay_closed_when_asked():
    a = Value(2.0, label="a")
    with scope("inner"):
        b = a * a + a
    root = b.tanh()
    stepper = viz.step(root, fold="inner")
    assert stepper.open == [] and stepper.tree.name == ["inner"]
    assert viz.step(root, fold=False).open == [0]
    with pytest.raises(ValueError, match="fold=0"):
        viz.step(root, fold=0)
    with pytest.raises(TypeError, match="fold="):
        viz.step(root, fold=[1])


def test_a_class_without_scopes_folds_by_shape():
    class V:
        def __init__(self, data, prev=(), op=""):
            self.data, self.grad, self._prev, self._op = data, 0.0, prev, op
            self._backward = lambda: None

    xs = [V(float(i)) for i in range(40)]
    total = V(0.0)
    for x in xs:
        squared = V(x.data**2, (x, x), "*")
        total = V(total.data + squared.data, (total, squared), "+")
    boxes = boxes_of(total)
    assert len(set(boxes.shown(tree.opened(boxes)))) < 20
    assert any("×40" in name for name in boxes.name)


# ---------------------------------------------------------------- pages


def test_the_page_of_a_thousand_values_is_small_and_complete():
    root = moons(1, (16, 16))
    stepper = viz.step(root)
    assert len(stepper.trace.values) > 900
    page = stepper.to_html()
    assert len(page.encode()) < 500_000
    assert len(stepper._repr_html_().encode()) < 500_000
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert page.count("<script") == 1


def test_names_cannot_break_out_of_the_page():
    a = Value(1.0, label='</script><script>alert("x")</script><!--')
    page = viz.step(a * a).to_html()
    assert page.count("</script>") == 1 and "<!--" not in page.split("<body>")[1]


def test_saving_is_whole_or_not_at_all(tmp_path):
    stepper = viz.step(expression(2))
    path = stepper.save(tmp_path / "page.html")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(FileNotFoundError):
        stepper.save(tmp_path / "no" / "page.html")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_options_are_checked():
    root = expression(2)
    for quiz in ({"colour": 1}, {"kinds": ["essay"]}):
        with pytest.raises(ValueError, match="quiz"):
            viz.step(root, quiz=quiz)
    assert viz.step(root, at=-1).data["at"] == len(viz.step(root))


def test_log_agrees_with_the_recording():
    stepper = viz.step(expression(4))
    lines = list(stepper.log())
    assert len(lines) == len(stepper)
    last = lines[-1].rsplit("→", 1)[1].strip()
    assert last == fmt(stepper.trace.edges.after[-1])


def test_the_originals_kind_of_class_folds_a_loss_into_few_boxes():
    """No scopes, no labels, bare sets: shapes alone must find neurons, samples, sums and parameters."""

    class V:
        def __init__(self, data, prev=(), op=""):
            self.data, self.grad, self._prev, self._op = data, 0.0, set(prev), op
            self._backward = lambda: None

        def __add__(self, other):
            return V(self.data + other.data, (self, other), "+")

        def __mul__(self, other):
            return V(self.data * other.data, (self, other), "*")

        def relu(self):
            return V(max(0.0, self.data), (self,), "ReLU")

    weights = [[V(0.1 * i - 0.2 * j) for j in range(3)] for i in range(6)]
    total = V(0.0)
    for sample in range(30):
        xs = [V(float(sample)), V(float(-sample)), V(1.0)]
        hidden = [(ws[0] * xs[0] + ws[1] * xs[1] + ws[2] * xs[2]).relu() for ws in weights]
        score = hidden[0]
        for h in hidden[1:]:
            score = score + h
        total = total + score.relu()
    boxes = boxes_of(total * V(1 / 30))
    opened = tree.opened(boxes)
    assert len(set(boxes.shown(opened))) <= 20
    assert any(name.endswith("×30") for name in boxes.name)
