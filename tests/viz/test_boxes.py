"""One tree of boxes: the same in pictures and in the stepper, each in one piece of the walk, in the order of the computation."""

import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_literals import mixed

import viz
from micrograd import Value, nn, scope
from viz.model.boxes import FRAMES, TOP, grow, opened
from viz.model.graph import build
from viz.model.order import arrange
from viz.model.told import told
from viz.stepped.scene import Scene
from viz_values import Bare, Scope, Scoped, graphs


def presses(stepper):
    """How often Next is pressed from the start to the end, and what each press is about."""
    t, n, shown = stepper.trace, len(stepper.trace.values), stepper.tree.shown(stepper.open)
    work = [shown[place] for place in (*t.interior, t.root, *t.edges.node)]
    phase = [(k > t.forward) - (k < t.forward) for k in range(len(work))]
    found = []
    for k, thing in enumerate(work):
        if not (k and thing >= n and work[k - 1] == thing and phase[k - 1] == phase[k]):
            found.append(stepper.tree.name[thing - n] if thing >= n else t.told[thing])
    return found


def moons(samples=100, hidden=(16, 16)):
    rng = random.Random(1)
    model = nn.MLP(2, [*hidden, 1])
    losses = [(1 + -rng.choice((-1, 1)) * model([rng.random(), rng.random()])).relu() for _ in range(samples)]
    return sum(losses) * (1.0 / samples) + 1e-4 * sum(p * p for p in model.parameters())


class Cell(nn.Module):
    """h' = tanh(w x + u h), made again at every step of time."""

    def __init__(self, hidden=2):
        self.w = [Value(0.3 * i - 0.2) for i in range(hidden)]
        self.u = [[Value(0.1 * (i - j)) for j in range(hidden)] for i in range(hidden)]

    def __call__(self, x, h):
        with scope("", module=self):
            sums = [w * x + row[0] * h[0] + row[1] * h[1] for w, row in zip(self.w, self.u, strict=True)]
            return [s.tanh() for s in sums]

    def parameters(self):
        return [*self.w, *(u for row in self.u for u in row)]


def recurrent(steps=5, samples=1):
    cell, total = Cell(), Value(0.0)
    for sample in range(samples):
        h = [Value(0.0), Value(0.0)]
        with scope("sequence"):
            for t in range(steps):
                h = cell(Value(0.1 * t + sample), h)
        total = total + h[0] * h[1]
    return total


def same_boxes(root, budget):
    """What the picture shows against what the stepper shows: (what each box says, its members' ids) of both."""
    graph, stepper = build(root, fold="auto", budget=budget), viz.step(root, fold=budget, names=False)
    picture = sorted(
        (tuple(sorted(id(graph.values[i]) for i in node.members)), node.op if node.kind == "fold" else "") for node in graph.nodes
    )
    trace, n = stepper.trace, len(stepper.trace.values)
    held = {}
    for place, thing in enumerate(stepper.tree.shown(stepper.open)):
        held.setdefault(thing, []).append(id(trace.values[place]))
    page = sorted((tuple(sorted(ids)), stepper.tree.name[thing - n] if thing >= n and len(ids) > 1 else "") for thing, ids in held.items())
    return picture, page


@settings(max_examples=60, deadline=None)
@given(graphs(largest=80), st.sampled_from([3, 7, 20, 60]))
def test_a_picture_and_the_stepper_have_the_same_boxes(root, budget):
    picture, page = same_boxes(root, budget)
    assert picture == page


@pytest.mark.parametrize("make", [lambda: moons(20, (4, 4)), recurrent, lambda: recurrent(6, 12), lambda: mixed(3)])
@pytest.mark.parametrize("budget", [10, 60])
def test_real_graphs_have_the_same_boxes_in_both(make, budget):
    picture, page = same_boxes(make(), budget)
    assert picture == page


@settings(max_examples=100, deadline=None)
@given(graphs(largest=60), st.sampled_from([2, 8, 60]), st.booleans(), st.randoms())
def test_every_value_is_in_one_node_and_the_order_keeps_operands_first(root, room, apart, rng):
    graph = told([root])
    boxes = grow(graph.values, graph.args, [graph.place[id(root)]], room=room, apart=apart, deep=True)
    n = len(boxes.of)
    ways = [opened(boxes, budget=room), [], range(len(boxes.parent)), [b for b in range(len(boxes.parent)) if rng.random() < 0.5]]
    for way in ways:
        shown = boxes.shown(way)
        assert len(shown) == n
        for place, thing in enumerate(shown):
            around = []
            box = boxes.of[place]
            while box != TOP:
                around.append(box)
                box = boxes.parent[box]
            shut = [box for box in around if box not in way]
            assert thing == (n + shut[-1] if shut else place), "the outermost closed box, else itself"
    order = boxes.order()
    assert sorted(order) == [i for i, operands in enumerate(graph.args) if operands]
    when = {place: k for k, place in enumerate(order)}
    assert all(when[arg] < when[user] for user in order for arg in graph.args[user] if arg in when)
    assert all(things or box == TOP for box, things in boxes.inside().items())


def test_boxes_that_use_each_other_keep_the_order_in_which_they_were_made():
    args = [(), (0,), (1,), (2,), (3,), (4,)]  # a chain through boxes 0, 1, 0, 1: neither can be done first
    assert arrange([TOP, 0, 1, 0, 1, TOP], [TOP, TOP], args) == [1, 2, 3, 4, 5]
    args = [(), (0,), (0,), (1,), (2,), (3, 4)]  # two strands, made in turn: each in one piece
    assert arrange([TOP, 0, 1, 0, 1, TOP], [TOP, TOP], args) == [1, 3, 2, 4, 5]


def plainly(of, parent, args):
    """`arrange` by its definition: at each place the things that wait for nothing, the one begun first before others."""
    n = len(of)
    holders = {box: {box} | set(walk(parent, box)) for box in range(len(parent))}
    values = {box: [p for p in range(n) if args[p] and (box == TOP or (of[p] != TOP and box in holders[of[p]]))] for box in (TOP, *holders)}

    def of_box(box):
        things = {p: [p] for p in values[box] if of[p] == box}
        things |= {n + inner: values[inner] for inner in holders if parent[inner] == box and values[inner]}
        if not things:
            return []
        home = {p: thing for thing, places in things.items() for p in places}
        uses = {thing: {home[a] for p in places for a in args[p] if a in home} - {thing} for thing, places in things.items()}
        made, left = [], set(things)
        while left:
            ready = [thing for thing in left if not uses[thing] & left]
            if not ready:
                circle = set(left)
                while ends := {thing for thing in circle if not any(thing in uses[other] for other in circle)}:
                    circle -= ends
                made += sorted(p for thing in circle for p in things[thing])
                left -= circle
                continue
            thing = min(ready, key=lambda thing: min(things[thing]))
            made += [thing] if thing < n else of_box(thing - n)
            left.discard(thing)
        return made

    return of_box(TOP)


def walk(parent, box):
    while parent[box] != TOP:
        box = parent[box]
        yield box


@given(st.randoms(use_true_random=False))
@settings(max_examples=400)
def test_the_order_of_any_boxes_is_that_of_its_definition(rng):
    n, count = rng.randrange(1, 25), rng.randrange(8)
    parent = [rng.randrange(-1, box) if box else TOP for box in range(count)]
    of = [rng.randrange(-1, count) for _ in range(n)]
    args = [tuple(rng.randrange(i) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))) if i else () for i in range(n)]
    assert arrange(of, parent, args) == plainly(of, parent, args)


CASES = [(make, fold) for make in (lambda: moons(20, (4, 4)), lambda: recurrent(6, 3)) for fold in (True, 10, False)]


@pytest.mark.parametrize(("make", "fold"), [*CASES, (lambda: recurrent(6, 3), "time")])
def test_stepping_through_closed_boxes_ends_in_backwards_gradients(make, fold):
    root = make()
    stepper = viz.step(root, fold=fold)
    trace = stepper.trace
    root.backward()
    assert trace.grads(len(trace)) == [v.grad for v in trace.values], "bit for bit"
    *_, last = Scene(stepper).states()
    assert last.grads == [v.grad for v in trace.values] and last.known == trace.forward
    grads = [0.0] * len(trace.values)
    grads[trace.root] = 1.0
    for node, arg, partial, value, before, after in zip(
        trace.edges.node, trace.edges.arg, trace.edges.partial, trace.edges.value, trace.edges.before, trace.edges.after, strict=True
    ):
        assert before == grads[arg] and after == pytest.approx(before + value, rel=1e-12, abs=1e-15)
        assert value == pytest.approx(grads[node] * partial, rel=1e-9, abs=1e-15), "what is passed on is complete"
        grads[arg] = after


def test_the_whole_moons_loss_walks_in_few_presses():
    samples = 100
    stepper = viz.step(moons(samples), names=False)
    walk = presses(stepper)
    assert len(walk) < 60, "1,760 when a closed box was left and entered again for each sample"
    closed = [name for name in walk if "×" in name]
    assert len(closed) == 2 * len(set(closed)), "each closed box is one press forward and one backward"
    forward = walk[: len(walk) // 2]
    assert [name for name in forward if name.startswith("layers")] == [f"layers[{i}] ×{samples}" for i in range(3)]


def test_time_is_unrolled_on_request():
    root = recurrent(5)
    folded = {node.op for node in build(root, fold="auto", budget=10).nodes if node.kind == "fold"}
    assert "sequence" in folded or "Cell ×5" in folded
    graph = build(root, fold="time")
    cells = [node for node in graph.nodes if node.op.startswith("Cell")]
    assert [node.op for node in cells] == [f"Cell #{i}" for i in range(1, 6)], "in a row, in their order"
    place = {node.id: node.op for node in cells}
    follow = [(place[e.src], place[e.dst]) for e in graph.edges if e.src in place and e.dst in place]
    assert follow == [(f"Cell #{i}", f"Cell #{i + 1}") for i in range(1, 5)]
    (weights,) = [node for node in graph.nodes if node.op.startswith("parameters")]
    assert weights.count == 6 and {e.dst for e in graph.edges if e.src == weights.id} == set(place), "apart from the data"
    walk = presses(viz.step(root, fold="time", names=False))
    assert [name for name in walk if name.startswith("Cell")] == [f"Cell #{i}" for i in (1, 2, 3, 4, 5, 5, 4, 3, 2, 1)]
    many = build(recurrent(4, 30), fold="time")
    assert [node.op for node in many.nodes if node.op.startswith("Cell")] == [f"Cell #{i} ×30" for i in range(1, 5)]
    with pytest.raises(ValueError, match="fold='time' shows the calls"):
        build(moons(3), fold="time")
    with pytest.raises(ValueError, match="fold='time' shows the calls"):
        viz.step(moons(3), fold="time")


def test_the_state_a_cell_begins_with_is_one_box():
    outputs, _ = nn.LSTM(2, 4, rng=random.Random(1))([[0.1, 0.2]] * 3)
    graph = build(sum(outputs[-1]), fold="time")
    (begun,) = [node for node in graph.nodes if node.op.startswith("states")]
    assert begun.op == "states ×8", "h and c, four zeros each: eight boxes before"
    assert [graph.node(edge.dst).op for edge in graph.edges if edge.src == begun.id] == ["forward_cells[0] #1"]
    assert not [node for node in graph.nodes if node.kind == "leaf"], "no zero stands alone"


def test_calls_that_work_on_each_others_results_by_a_way_round_stand_in_a_row():
    cell, other = object(), object()
    h = Bare(1.0)
    for _ in range(40):
        h = Scoped(1.0, (h, h), "*", scope=Scope("cell", None, cell))
        h = Scoped(1.0, (h,), "tanh", scope=Scope("head", None, other))
    graph = told([h])
    boxes = grow(graph.values, graph.args, [len(graph.values) - 1])
    assert boxes.kind.count("repeat") == 2 and {"cell ×40", "head ×40", "cell #7", "head #40"} <= set(boxes.name)


def test_a_values_own_picture_is_that_of_draw():
    for held in [SimpleNamespace(root=make()) for make in (lambda: moons(3), lambda: moons(20, (4, 4)), recurrent)]:
        assert viz.repr_html(held.root) == viz.draw(held.root)._repr_html_()


def test_frames_are_scopes_alone():
    graph = told([moons(10, (2,))])
    boxes = grow(graph.values, graph.args, [len(graph.values) - 1])
    assert {boxes.kind[b] for b in range(len(boxes.parent)) if boxes.region[b]} <= set(FRAMES)
    assert {c.path for c in build(moons(10, (2,)), fold=9).clusters} >= {"MLP", "MLP/layers[0]", "MLP/layers[0]/neurons[1]"}
