"""The model behind the pictures: what it says of any Value-like graph, and what folding keeps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd import Value, nn, scope
from viz.model.graph import Graph, Node, args_of, build, is_value, number, topological
from viz.model.partials import local
from viz_values import Bare, Scope, Scoped, Stored, Student, graphs


def check(graph, values):
    """The laws of every model, folded or not."""
    ids = [node.id for node in graph.nodes]
    assert len(set(ids)) == len(ids)
    assert len({edge.id for edge in graph.edges}) == len(graph.edges)
    assert sorted(i for node in graph.nodes for i in node.members) == list(range(len(values)))
    assert graph.total == len(values)
    total = math.fsum(abs(v.grad) for v in values)
    assert math.fsum(node.grad_abs for node in graph.nodes) == pytest.approx(total, rel=1e-9, abs=1e-12)
    within = sum(graph.of(arg) is graph.of(v) for v in values for arg in args_of(v))
    assert sum(edge.count for edge in graph.edges) + within == sum(len(args_of(v)) for v in values)
    paths = {cluster.path for cluster in graph.clusters}
    assert len(paths) == len(graph.clusters)
    inside = [id for cluster in graph.clusters for id in cluster.members]
    assert len(set(inside)) == len(inside)
    assert set(inside) <= set(ids)
    for cluster in graph.clusters:
        assert cluster.parent in paths | {""}
        for id in cluster.members:
            assert graph.node(id).cluster == cluster.path
    for edge in graph.edges:
        assert edge.src in ids
        assert edge.dst in ids
        assert edge.src != edge.dst
    for node in graph.nodes:
        assert (node.kind == "fold") == (len(node.members) > 1)


@given(graphs())
def test_an_unfolded_model_is_the_graph(root):
    values = topological([root])
    graph = build(root)
    check(graph, values)
    assert len(graph.nodes) == len(values)
    for node in graph.nodes:
        assert [graph.node(id).value for id in node.args] == list(args_of(node.value))
    assert graph.node(graph.roots[0]).value is root
    assert graph.note == ""


@given(graphs(), st.integers(1, 30), st.sampled_from(["auto", True, 0, 1, 2]))
def test_folding_keeps_values_gradients_and_edges(root, budget, fold):
    values = topological([root])
    graph = build(root, fold=fold, budget=budget)
    check(graph, values)
    if fold is True or fold == "auto":
        assert len(graph.nodes) <= max(budget, 2)
    assert bool(graph.note) == (len(graph.nodes) < len(values))


@given(graphs())
def test_models_are_the_same_every_time(root):
    assert build(root, fold="auto", budget=7).nodes == build(root, fold="auto", budget=7).nodes


@given(graphs(scopes=False))
def test_topological_order_puts_arguments_first(root):
    order = topological([root])
    place = {id(v): i for i, v in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[id(arg)] < place[id(v)] for v in order for arg in args_of(v))


# ------------------------------------------------------------------ anybody's Value


def test_a_plus_a_has_two_edges_in_every_class():
    a = Student(3.0)
    for root in (a + a, a * a, Value(2.0) * Value(1.0)):
        assert len(build(root).edges) == 2
    twin = Bare(3.0)
    assert len(build(Bare(6.0, {twin}, "+")).edges) == 2
    assert len(build(Bare(6.0, (twin, twin), "+")).edges) == 2
    assert len(build(Bare(0.9, {twin}, "tanh")).edges) == 1


def test_the_order_of_a_set_is_regained_from_the_closure():
    for _ in range(20):  # a set of objects has a new order each time
        a, b = Student(1.0), Student(2.0)
        assert args_of(a - b) == (a, b)
        assert args_of(b - a) == (b, a)


def test_without_a_closure_the_order_is_the_same_in_every_run():
    for _ in range(20):
        a, b = Student(1.0, label="a"), Student(2.0)
        assert args_of(Bare(3.0, {b, a}, "+")) == (a, b)


def test_children_and_local_grads():
    a, b = Stored(2.0), Stored(5.0)
    c = Stored(10.0, (a, b), (5.0, 2.0))
    graph = build(c, partials=True)
    assert [node.kind for node in graph.nodes] == ["leaf", "leaf", "value"]
    assert [edge.partial for edge in graph.edges] == [5.0, 2.0]


def test_local_derivatives_of_a_students_own_rules():
    a, b = Student(2.0), Student(-3.0)
    a.grad = 7.0
    c = a * b
    assert list(local(c)) == [-3.0, 2.0]
    assert list(local(a * a)) == [2.0, 2.0]
    assert list(local((a + b).tanh())) == pytest.approx([1 - math.tanh(-1.0) ** 2])
    assert (a.grad, b.grad, c.grad) == (7.0, 0.0, 0.0)  # probing leaves no trace


def test_a_rule_that_raises_only_loses_its_numbers():
    a = Bare(1.0)
    b = Bare(2.0, (a,), "odd")
    b._backward = lambda: 1 / 0
    assert list(local(b)) == [None]
    assert build(b, partials=True).edges[0].partial is None


def test_local_derivatives_are_those_of_the_engine():
    a, b = Value(2.0), Value(-3.0)
    for root in (a * b, a - b, a / b, a**3, a.tanh(), (a * b).exp()):
        graph = build(root, partials=True)
        node = graph.node(graph.roots[0])
        partials = [edge.partial for edge in graph.edges if edge.dst == node.id]
        *_, last = (s for s in root.steps() if s.kind == "backward" and s.node is root)
        assert partials == [c.partial for c in last.contributions]


@pytest.mark.parametrize(
    ("x", "expected"),
    [(1, 1.0), (True, 1.0), (2.5, 2.5), (Value(3.0), 3.0)],
)
def test_numbers_of_any_kind(x, expected):
    assert number(x) == expected


@pytest.mark.parametrize("x", [None, "text", [1], object(), 1j])
def test_what_is_no_number_is_nan(x):
    assert math.isnan(number(x))


def test_what_can_be_drawn():
    assert is_value(Value(1.0))
    assert is_value(Student(1.0))
    assert is_value(Stored(1.0))
    assert not is_value(3.0)
    assert not is_value("Value")
    with pytest.raises(TypeError, match=r"cannot draw 3\.0"):
        build(3.0)
    with pytest.raises(TypeError, match="expected a Value"):
        build([Value(1.0), "x"])
    with pytest.raises(ValueError, match="empty list"):
        build([])


def test_several_roots_share_one_graph():
    a = Value(1.0)
    b, c = a + 1, a * 2
    graph = build([b, [c, b]])
    assert len(graph.nodes) == 3
    assert [graph.node(id).value for id in graph.roots] == [b, c]


def test_a_producer_makes_its_own_model():
    class Program:
        def __viz_graph__(self):
            return Graph([Node("p0", "leaf", label="x"), Node("p1", "value", "matmul", args=("p0",))], [])

    assert [node.id for node in build(Program()).nodes] == ["p0", "p1"]

    class Wrong:
        def __viz_graph__(self):
            return "graph"

    with pytest.raises(TypeError, match="returned str"):
        build(Wrong())


# ------------------------------------------------------------------ scopes


def moons_loss(samples=10):
    model = nn.MLP(2, [4, 4, 1])
    scores = [model([Value(i / 10), Value(1 - i / 10)]) for i in range(samples)]
    return model, sum((1 - s).relu() for s in scores) * (1 / samples)


def test_parameters_lie_in_the_scope_of_their_module():
    model, loss = moons_loss()
    graph = build(loss, fold=3)
    for name, parameter in model.named_parameters():
        where = graph.of(parameter).cluster
        layer, neuron = name.split(".")[1], name.split(".")[3]
        assert where == f"MLP/layers[{layer}]/neurons[{neuron}]", name


def test_repeated_calls_of_a_module_are_drawn_as_one():
    _, loss = moons_loss()
    graph = build(loss, fold=3)
    assert {cluster.count for cluster in graph.clusters} == {10}
    folded = build(loss, fold=0)
    (box,) = [node for node in folded.nodes if node.op.startswith("MLP")]
    assert box.op == "MLP ×10"
    assert box.lines == ("37 parameters",)


def test_everything_shown_keeps_calls_apart():
    neuron = nn.Neuron(2)
    root = neuron([Value(1.0), 2.0]) + neuron([Value(3.0), 4.0])
    graph = build(root)
    assert [cluster.path for cluster in graph.clusters] == ["Neuron", "Neuron#2"]
    assert all(graph.of(p).cluster == "" for p in neuron.parameters())


def test_scopes_by_name_depth_and_class():
    with scope("encoder"):
        with scope("norm"):
            a = Value(1.0) * 2
        b = a + 1
    with scope("loss"):
        c = b * b
    paths = [cluster.path for cluster in build(c).clusters]
    assert paths == ["encoder", "encoder/norm", "loss"]
    graph = build(c, fold="norm")
    assert [node.op for node in graph.nodes if node.kind == "fold"] == ["norm"]
    graph = build(c, fold=["loss", "encoder"])
    assert {cluster.path for cluster in graph.clusters} == set()
    assert [c.path for c in build(c, fold=1).clusters] == ["encoder", "loss"]
    _, loss = moons_loss(2)
    assert {n.op for n in build(loss, fold="Layer").nodes if n.op.startswith("layers")} == {
        "layers[0] ×2", "layers[1] ×2", "layers[2] ×2",
    }  # fmt: skip


def test_an_unknown_scope_is_an_error_that_says_which_there_are():
    with scope("encoder"):
        a = Value(1.0) * 2
    with pytest.raises(ValueError, match=r"no scope called 'decoder'; this graph has 'encoder'"):
        build(a, fold="decoder")
    with pytest.raises(ValueError, match="no scopes"):
        build(Value(1.0) + 1, fold=["x"])


def test_neurons_of_a_layer_fold_all_or_none():
    model = nn.MLP(2, [16, 16, 1])
    loss = sum(((1 - model([Value(i / 9), 0.5])).relu() for i in range(10)), Value(0.0))
    graph = build(loss, fold="auto")
    assert len(graph.nodes) <= 60
    names = [node.op.split(" ")[0] for node in graph.nodes if node.kind == "fold"]
    assert {"layers[0]", "layers[1]", "layers[2]"} <= set(names)
    assert graph.total == sum(not value.is_literal for value in topological([loss]))


# ------------------------------------------------------------------ shapes


def test_a_run_of_one_operation_is_one_box():
    total = sum((Value(float(i)) for i in range(100)), Value(0.0))
    graph = build(total, fold="auto", budget=10)
    assert [node.op for node in graph.nodes if node.op.startswith("+")] == ["+ ×99", "+"]


def test_a_repeating_chain_is_counted_in_periods():
    x = Value(1.0)
    for _ in range(1000):
        x = x * 1.001 + 0.1
    graph = build(x, fold="auto")
    (middle,) = [node for node in graph.nodes if node.op.startswith("(* +)")]
    assert middle.op == "(* +) ×998"
    assert middle.count == 2 * 998
    assert graph.node(graph.roots[0]).value is x


def test_alike_parts_of_a_students_loop_are_one_box():
    rows = [[Student(float(i + j)) for j in range(3)] for i in range(20)]
    weights = [Student(0.1 * j) for j in range(3)]
    total = Student(0.0)
    for row in rows:
        score = row[0] * weights[0] + row[1] * weights[1] + row[2] * weights[2]
        total = total + score.tanh()
    graph = build(total, fold="auto", budget=12)
    ops = {node.op for node in graph.nodes}
    assert {"* ×60", "tanh ×20"} <= ops
    check(graph, topological([total]))


def test_what_nothing_else_folds_is_folded_by_distance():
    nodes = [Bare(float(i)) for i in range(3)]
    for i in range(300):  # an irregular web: every node is used twice
        nodes.append(Bare(1.0, (nodes[-1], nodes[-2 - i % 2]), ("+", "*", "-")[(i * i) % 3]))
    graph = build(nodes[-1], fold="auto", budget=20)
    assert len(graph.nodes) <= 20
    (rest,) = [node for node in graph.nodes if node.op.startswith("earlier values")]
    assert rest.count > 250
    assert graph.node(graph.roots[0]).value is nodes[-1]


def test_balanced_sums_and_unsorted_members():
    leaves = [Bare(float(i)) for i in range(64)]
    level = leaves
    while len(level) > 1:
        level = [Bare(0.0, (a, b), "+") for a, b in zip(level[::2], level[1::2], strict=True)]
    graph = build(level[0], fold="auto", budget=8)
    assert sorted(node.op for node in graph.nodes) == ["+", "+ ×62", "leaf ×64"]
    check(graph, topological(level))


@pytest.mark.slow
def test_a_million_values():
    x = Bare(1.0)
    c = Bare(1.0001)
    for _ in range(1_000_000):
        x = Bare(1.0, (x, c), "*", grad=1.0)
    graph = build(x, fold="auto")
    assert graph.total == 1_000_002
    assert len(graph.nodes) < 10
    assert sum(node.grad_abs for node in graph.nodes) == 1_000_000
    near = build(x, fold="auto", limit=1000)
    assert near.total == 1000
    assert "nearest" in near.note


def test_a_limit_looks_at_the_nearest_only():
    x = Value(1.0)
    for _ in range(100):
        x = x * 2
    graph = build(x, fold=False, limit=30)
    assert len(graph.nodes) == 30
    assert graph.node(graph.roots[0]).value is x
    assert "only the 30 values nearest to the result" in graph.note
    assert build(x, limit=1000).note == ""


def test_a_fan_out_of_many():
    x = Value(2.0)
    graph = build(sum((x * i for i in range(3000)), Value(0.0)), fold="auto")
    assert len(graph.nodes) <= 8
    assert graph.of(x).kind == "leaf"


@settings(max_examples=30)
@given(graphs(largest=15))
def test_hand_made_scopes_with_the_same_name_stay_apart_when_nothing_folds(root):
    graph = build(root)
    scopes = {id(v.scope) for v in topological([root]) if v.scope is not None}
    outer = set()
    for v in topological([root]):
        here = v.scope
        while here is not None:
            outer.add(id(here))
            here = here.parent
    assert len(graph.clusters) == len(outer)
    assert scopes <= outer


def test_deep_scopes_do_not_recurse():
    here = None
    for i in range(3000):
        here = Scope(f"s{i}", here)
    root = Scoped(1.0, (Scoped(2.0),), "tanh", scope=here)
    assert len(build(root).clusters) == 3000
    assert len(build(root, fold=0).nodes) == 2
