"""`viz.diff`: planted differences are found where they were planted, and nothing else; alike graphs are alike."""

from __future__ import annotations

import copy
import math
import random
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import micrograd
import viz
from micrograd import Value, nn
from viz.model.difference import Difference, relative, ulps
from viz.model.sides import side
from viz.notation.names import Names, as_python

OPS = {"+": lambda a, b: a + b, "*": lambda a, b: a * b, "tanh": lambda a, _: a.tanh(), "sin": lambda a, _: a.sin()}


def made(plan, *, named=True, numbers=None, ops=None, backward=True):
    """A graph by a plan: (numbers of the leaves, [(op, operand, operand)]); all of its values."""
    leaves, steps = plan
    values = [Value(x, label=f"x{i}" if named else "") for i, x in enumerate(numbers or leaves)]
    for k, (op, a, b) in enumerate(steps):
        left, right = values[a % len(values)], values[b % len(values)]
        op = (ops or {}).get(k, op)
        values.append(OPS[op](left, right))
    used = [v for v in values if v.op is not None]
    root = values[-1]
    for other in used[:-1]:  # all of it hangs together
        root = root + other
    root.label = "root"
    if backward:
        root.backward()
    return root, values


numbers = st.floats(-2, 2).map(lambda x: round(x, 3))
plans = st.tuples(
    st.lists(numbers, min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(["+", "*", "tanh", "sin"]), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=14),
)


def compared(a, b, **options):
    return Difference(side(a, Names([])), side(b, Names([])), **options)


# ------------------------------------------------------------ laws


@given(plans, st.booleans())
def test_a_graph_made_twice_is_alike(plan, named):
    found = compared(made(plan, named=named)[0], made(plan, named=named)[0])
    assert found.alike and found.first is None and found.first_grad is None
    assert [p.a for p in found.pairs] == [p.b for p in found.pairs]


@given(plans, st.booleans(), st.data())
def test_one_other_number_is_the_first_difference(plan, named, data):
    which = data.draw(st.integers(0, len(plan[0]) - 1))
    changed = [x + 0.5 * (k == which) for k, x in enumerate(plan[0])]
    (a, left), (b, right) = made(plan, named=named), made(plan, named=named, numbers=changed)
    found = compared(a, b)
    if left[which] not in found.a.values:
        assert found.alike  # nothing reads that leaf
        return
    first = found.first
    assert found.a.values[first.a] is left[which] and found.b.values[first.b] is right[which]
    assert first.data and first.source and all(p.b != -1 and p.a != -1 for p in found.pairs)


@given(plans, st.data())
def test_one_other_operation_is_the_first_difference(plan, data):
    k = data.draw(st.integers(0, len(plan[1]) - 1))
    other = {"+": "*", "*": "+", "tanh": "sin", "sin": "tanh"}[plan[1][k][0]]
    (a, left), (b, right) = made(plan), made(plan, ops={k: other})
    found = compared(a, b)
    first, place = found.first, len(plan[0]) + k
    assert found.a.values[first.a] is left[place] and found.b.values[first.b] is right[place]
    assert [p for p in found.pairs if p.status == "made"] == [first]
    assert found.of("a", "b") == []


@given(plans)
@example(([1.0], [("tanh", 0, 0)]))
def test_one_more_value_on_the_way_is_in_one_alone(plan):
    a, _ = made(plan, backward=False)
    b, _ = made(plan, backward=False)
    found = compared(a.exp(), b.relu().exp())
    assert [p.status for p in found.pairs if p.status != "same"].count("b") == 1
    assert found.b.kinds[found.first.b] == ("relu", ())
    assert found.of("a") == []


@given(plans, st.data())
def test_the_first_other_gradient_is_where_a_rule_is_wrong(plan, data):
    """A contribution doubled at one edge changes the gradient of that operand, and going back nothing before it."""
    (a, left), (b, right) = made(plan), made(plan)
    wrong = [i for i, v in enumerate(left) if v.grad != 0 and v is not a and v in set(a.topological())]
    if not wrong:
        return
    at = data.draw(st.sampled_from(wrong))
    right[at].grad *= 2
    assert compared(a, b).first_grad == next(p for p in compared(a, b).pairs if p.grad)
    found = compared(a, b)
    assert found.a.values[found.first_grad.a] is left[at] and found.first is None and found.first_grad.grad_source


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-40, 40))
def test_ulps_count_doubles(x, k):
    y = x
    for _ in range(abs(k)):
        y = math.nextafter(y, math.copysign(math.inf, k)) if hasattr(math, "nextafter") else y
    if math.isfinite(y):
        assert ulps(x, y) == ulps(y, x) == abs(k)
        assert 0 <= relative(x, y) <= 2


@given(plans, plans, st.booleans())
def test_of_any_two_graphs_each_value_is_told_once(one, other, named):
    a, b = made(one, named=named)[0], made(other, named=named)[0]
    found = compared(a, b)
    numbers_a, numbers_b = found.as_number
    assert sorted([*(p.a for p in found.pairs if p.a >= 0), *numbers_a]) == list(range(len(found.a.values)))
    assert sorted([*(p.b for p in found.pairs if p.b >= 0), *numbers_b]) == list(range(len(found.b.values)))
    assert len(set(found.names)) == len(found.names) == len(found.pairs)
    for p in found.pairs:
        if p.status == "same":
            assert not p.data and not p.grad and found.a.kinds[p.a] == found.b.kinds[p.b]
    assert found.alike is not viz.diff(a, b).__bool__()
    assert viz.diff(a, b, layout="layers").svg.startswith("<svg")


# ------------------------------------------------------------ cases


def test_other_classes_are_matched_with_ours():
    class V:
        def __init__(self, data, prev=(), op="", label=""):
            self.data, self.grad, self._prev, self._op, self.label = data, 0.0, prev, op, label

        def __add__(self, other):
            return V(self.data + other.data, (self, other), "+")

        def __mul__(self, other):
            return V(self.data * other.data, (self, other), "*")

        def relu(self):
            return V(max(0.0, self.data), (self,), "ReLU")

    def loss(kind):
        x, w = kind(2.0, label="x"), kind(3.0, label="w")
        return (x * w + x * x).relu()

    assert not viz.diff(loss(V), loss(Value))
    x = V(2.0, label="x")
    ours = Value(2.0, label="x")
    assert not viz.diff(x * V(2.0), ours * 2)  # its 2 is a leaf, ours a number of the code
    different = viz.diff(x * V(3.0), ours * 2)
    assert different.found.of("a", "b") == [] and different.found.first.status == "made"


def test_a_wrong_rule_of_ones_own_engine_is_where_gradients_part():
    def run(wrong):
        x, w = Value(2.0, label="x"), Value(3.0, label="w")
        p = x * w
        p.label = "p"
        y = p.tanh()
        y.label = "y"
        y.backward()
        if wrong:  # the rule of tanh forgot its factor
            p.grad, x.grad, w.grad = 1.0, 3.0, 2.0
        return y

    found = viz.diff(run(True), run(False))
    assert found.first is None and found.first_grad == "p"
    assert [p.grad_source for p in found.found.pairs if p.grad] == [False, False, True]


def test_before_and_after_a_step_of_an_optimizer():
    random.seed(2)
    model = nn.MLP(2, [3, 1])

    def loss():
        made = (model([0.5, -0.3]) - 1.0) ** 2
        made.label = "loss"
        return made

    first = loss()
    before = viz.step(first)
    first.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    found = viz.diff(before, viz.step(loss()), names=("before", "after"))
    assert found.found.of("a", "b", "made") == []
    moved = {p for p in model.parameters() if p.grad != 0}
    sources = {found.found.a.values[p.a] for p in found.found.pairs if p.data and p.source}
    assert sources == moved
    assert "before: " in str(found) and "going forward" in str(found)


def test_eager_and_compiled_agree_by_parameter():
    pytest.importorskip("numpy")
    random.seed(2)
    eager = nn.MLP(2, [3, 1])
    other = copy.deepcopy(eager)
    rows = [[0.5, -0.3], [0.1, 0.9]]

    def loss(model):
        return sum((model(row) - 1.0) ** 2 for row in rows)

    loss(eager).backward()
    _, gradients = micrograd.compile(lambda: loss(other), other.parameters()).value_and_grad()
    for parameter, gradient in zip(other.parameters(), gradients, strict=True):
        parameter.grad = gradient
    found = viz.diff(eager, other, names=("eager", "compiled"), ulps=4)
    assert not found and "alike" in str(found)
    assert found.found.grads
    name, parameter = next((n, p) for n, p in other.named_parameters() if p.grad)
    parameter.grad *= 1.0001
    found = viz.diff(eager, other, ulps=4)
    assert found.first is None and found.first_grad == as_python(name)


def test_gradients_of_one_side_alone_are_not_compared():
    x = Value(2.0, label="x")
    y = x * 3
    z = Value(2.0, label="x") * 3
    y.backward()
    found = viz.diff(y, z)
    assert not found.found.grads and found.alike
    assert "gradients are not compared: second has none" in str(found)


def test_a_sum_with_one_term_less_shifts_nothing():
    terms = [Value(float(i), label=f"t{i}") for i in range(6)]
    found = viz.diff(micrograd.fsum(terms) if hasattr(micrograd, "fsum") else sum(terms), sum(terms[:2] + terms[3:]))
    assert {found.found.a.names[p.a] for p in found.found.of("a") if found.found.a.names[p.a]} == {"t2"}
    assert all(
        found.found.a.names[p.a] == found.found.b.names[p.b] for p in found.found.pairs if p.a >= 0 and p.b >= 0 and p.status == "same"
    )


def test_swapped_factors_are_the_same_product():
    x, y = Value(2.0, label="x"), Value(5.0, label="y")
    assert not viz.diff((x * y).tanh(), (y * x).tanh())
    assert viz.diff((x - y).tanh(), (y - x).tanh()).found.first.status == "made"


def test_two_models_are_compared_by_parameter():
    random.seed(1)
    model = nn.MLP(2, [3, 1])
    other = copy.deepcopy(model)
    assert not viz.diff(model, other)
    other.layers[1].neurons[0].b.data = math.nan
    found = viz.diff(model, other)
    assert found.first == "layers[1].neurons[0].b" and "nan" in str(found)


def test_models_in_two_variables_have_the_same_parameters():
    random.seed(3)
    mine = nn.MLP(2, [3, 1])
    yours = copy.deepcopy(mine)
    a, b = mine([1.0, 2.0]).tanh(), (yours([1.0, 2.0]) * 2).relu()
    found = viz.diff(a, b)
    leaves = [p for p in found.found.pairs if p.a >= 0 and not found.found.a.operands[p.a]]
    assert len(leaves) == len(mine.parameters()) and all(p.status == "same" for p in leaves)
    assert not any("|" in name for name in found.found.names[:-1])
    assert viz.diff(viz.step(a), viz.step(b)).found.names[:-1] == found.found.names[:-1]


def kinds(found, status):
    """The operations of what has this status, by side."""
    return [(found.a.kinds[p.a] if p.a >= 0 else found.b.kinds[p.b])[0] for p in found.of(status)]


@pytest.mark.parametrize("named", [True, False])
def test_an_expression_further_in_is_the_same_without_a_name(named):
    def inner():
        x, y, z = (Value(k, label=name if named else "") for k, name in ((2.0, "x"), (3.0, "y"), (4.0, "z")))
        return x * y + z

    found = compared(inner().exp(), inner().relu().exp())
    assert kinds(found, "b") == ["relu"] and kinds(found, "made") == ["exp"] and kinds(found, "a") == []


def test_what_its_author_named_is_that_wherever_it_stands():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    c, d = x * y, x + y
    c.label = d.label = "c"
    found = compared(c.tanh() + x, (x * d.sin()).exp())
    assert [(found.a.told[p.a], found.a.kinds[p.a][0], found.b.kinds[p.b][0]) for p in found.of("made") if found.names[p.a] == "c"] == [
        ("c", "mul", "add")
    ]


def test_the_same_operation_of_the_same_is_the_same():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    u, v = x * y, x + y
    u.label = v.label = "u"
    found = compared(u.tanh().exp(), v.tanh().sin().relu())
    assert ("tanh", "tanh") in [(found.a.kinds[p.a][0], found.b.kinds[p.b][0]) for p in found.pairs if p.a >= 0 and p.b >= 0]
    assert kinds(found, "b") == ["sin"]


def test_leaves_of_other_labels_are_others_and_variables_may_be_renamed():
    w = Value(2.0, label="w")
    found = viz.diff(Value(1.0, label="x") * w, Value(1.0, label="y") * w)
    assert [found.found.names[found.places_of[id(p)]] for p in found.found.of("a", "b")] == ["x", "y"]
    before, after = Value(1.0), Value(1.5)
    found = viz.diff(before * w, after * w)
    assert found.first == "before | after" and found.found.of("a", "b") == []


def test_one_object_is_one_leaf_whatever_its_number():
    one, two = Value(1.0), Value(1.0)
    found = compared(one - two, two - one)
    assert kinds(found, "made") == ["sub"] and [found.a.values[p.a] is found.b.values[p.b] for p in found.of("same")] == [True, True]


def test_one_object_is_one_value_among_its_equals():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    twin, shared = x * y, x * y
    found = compared(shared.exp(), (twin + shared).relu())
    assert [found.b.values[p.b] is shared for p in found.pairs if p.a >= 0 and found.a.values[p.a] is shared] == [True]


def test_several_roots():
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    found = viz.diff([a + b, a * b], [a + b, a - b])
    assert [found.found.a.kinds[p.a][0] for p in found.found.of("made")] == ["mul"]


def test_what_cannot_be_compared_is_said():
    x = Value(1.0)
    for wrong in (3.0, None, "x", lambda: x, []):
        with pytest.raises(TypeError, match="cannot compare"):
            viz.diff(x, wrong)
    with pytest.raises(ValueError, match="expected two"):
        viz.diff(x, x, names="ab")
    with pytest.raises(ValueError, match="ulps=-1"):
        viz.diff(x, x, ulps=-1)
    with pytest.raises(ValueError, match="the ending must be"):
        viz.diff(x, x).save("x.dot")


def test_so_many_ulps_are_the_same():
    x, y = Value(0.1, label="x"), Value(0.1 + 2**-56, label="x")
    assert ulps(0.1, 0.1 + 2**-56) == 1
    assert viz.diff(x * 2, y * 2) and not viz.diff(x * 2, y * 2, ulps=1)


# ------------------------------------------------------------ what is shown


def differing():
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    a, b = (x * w + 1).tanh(), ((x * w).relu() + 1).tanh()
    a.label = b.label = "y"
    return a, b


def test_the_picture_shows_both_numbers_and_what_is_in_one_alone():
    svg = viz.diff(*differing(), names=("mine", "theirs")).svg
    said = re.sub(r"<title>.*?</title>", "", svg, flags=re.S)
    assert "−5 | 1" in said and "only in theirs" in said and "made in another way" in said
    assert "only in mine" in said  # the line that mine alone has
    assert "violet: only in theirs" in said and "blue" not in said


def test_numbers_that_look_alike_are_shown_with_more_digits():
    x, y = Value(0.1, label="x"), Value(0.1 + 2**-50, label="x")
    svg = viz.diff(x * 2, y * 2).svg
    found = re.search(r">([\d.]+) \| ([\d.]+)<", svg)
    assert found and found[1] != found[2]
    assert "64 ulps apart" in svg


def test_a_large_one_is_folded_and_its_first_difference_is_seen():
    random.seed(1)
    model = nn.MLP(2, [8, 8, 1])
    rows = [(random.random(), random.random()) for _ in range(20)]

    def loss(m):
        return sum(((m(list(row)) - 1.0) ** 2 for row in rows), start=Value(0.0))

    other = copy.deepcopy(model)
    other.layers[1].neurons[3].w[2].data += 1e-9
    a, b = loss(model), loss(other)
    a.backward()
    b.backward()  # gradients differ in other places, earlier in the order of the values
    found = viz.diff(a, b)
    assert found.first.endswith("layers[1].neurons[3].w[2]")
    first = found.places_of[id(found.found.first)]
    node = found.graph.nodes[found.graph.owner[first]]
    assert node.kind != "fold" and len(found.graph.nodes) < 300 < len(found.found.pairs)
    alike = viz.diff(loss(model), loss(copy.deepcopy(model)))
    assert alike.alike and len(alike.graph.nodes) < 100


@given(plans, plans, st.data())
def test_side_by_side_each_picture_has_what_its_side_has(one, other, data):
    if data.draw(st.booleans()):
        steps = list(one[1])
        k = data.draw(st.integers(0, len(steps) - 1))
        steps[k] = (data.draw(st.sampled_from([op for op in OPS if op != steps[k][0]])), *steps[k][1:])
        other = (one[0], steps)
    roots = made(one)[0], made(other)[0]
    found = viz.diff(*roots, budget=1000, layout="layers", beside=True)
    for which, (root, sketch) in enumerate(zip(roots, found.alone, strict=True)):
        mine = (found.found.a, found.found.b)[which]
        at = {f"n{place}": (p.a, p.b)[which] for place, p in enumerate(found.found.pairs)}
        boxes = {box.id: box for box in sketch.boxes if not box.id.endswith("-op")}
        assert sorted(at[id] for id in boxes) == list(range(len(mine.values))) and len(mine.values) == len(root.topological())
        for id, box in boxes.items():
            value = mine.values[at[id]]
            said = {row.text: row.number for row in box.rows}
            assert number_of(said["data"]) == pytest.approx(value.data, rel=1e-3)
            assert number_of(said["grad"]) == pytest.approx(value.grad, rel=1e-3)
        signs = {box.id: box.rows[0].text for box in sketch.boxes if box.id.endswith("-op")}
        assert {at[id.removesuffix("-op")]: sign for id, sign in signs.items()} == {
            k: mine.sign(k) for k, operands in enumerate(mine.operands) if operands
        }
        lines = {(mine.values[at[e.src]], mine.values[at[e.dst.removesuffix("-op")]]) for e in sketch.lines if e.arrow}
        assert lines == {(arg, v) for v in root.topological() for arg in v._prev}


def number_of(text):
    return float(text.replace("−", "-").replace(" ", ""))


def test_files_and_notebooks(tmp_path):
    found = viz.diff(*differing())
    for ending in ("svg", "html", "txt"):
        assert found.save(tmp_path / f"d.{ending}").stat().st_size
    assert (tmp_path / "d.txt").read_text(encoding="utf-8") == str(found) + "\n"
    page = (tmp_path / "d.html").read_text(encoding="utf-8")
    assert "Made in another way" in page and "Only in second" in page and "data-first" in page
    shown = found._repr_html_()
    assert "first apart" in shown and "<img" in shown
    pytest.importorskip("resvg_py")
    assert found.png.startswith(b"\x89PNG")


def test_names_of_any_content_are_safe():
    x = Value(1.0, label="</script><b>&")
    page = viz.diff(x * 2, Value(2.0, label="</script><b>&") * 2, names=("<i>", "b")).html
    assert "<b>&" not in page and "<i>" not in page
