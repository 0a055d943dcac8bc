"""What real clients of the original do to a node gives the same numbers with its engine (`benchmarks/original.py`) and with ours.

Run unmodified: closures wrapped, children and symbols assigned, subclasses of every make, data changed before backward.
"""

from __future__ import annotations

import copy
import gc
import math
import pickle
import random
import warnings
import weakref

import pytest

import micrograd
from benchmarks.original import Value as Original
from micrograd import StaleDataWarning, Value, detect_anomaly

CLIENTS = []


def client(f):
    """A program that gives numbers, written for the original's Value class, which it is handed."""
    CLIENTS.append(f)
    return f


@pytest.mark.parametrize("program", CLIENTS, ids=lambda f: f.__name__)
def test_a_client_gets_the_original_s_numbers(program):
    expected = program(Original)
    assert program(Value) == pytest.approx(expected, rel=1e-14, abs=0)
    assert expected, "the program says nothing"


# --- closures ---------------------------------------------------------------------------------------------------------


@client
def logs_by_wrapping_the_closures_of_all_nodes(V):
    x, y = V(2.0), V(-3.0)
    out = (x * y + x).relu() * 3 + x**2
    seen = []

    def wrap(v):
        inner = v._backward

        def logged():
            inner()
            seen.append(v.grad)

        v._backward = logged

    nodes, work = set(), [out]
    while work:
        v = work.pop()
        if v not in nodes:
            nodes.add(v)
            work.extend(v._prev)
    for v in nodes:
        wrap(v)
    out.backward()
    return [x.grad, y.grad, len(nodes), *sorted(seen)]


@client
def wraps_one_closure_twice(V):
    x = V(3.0)
    y = x * x
    calls = []
    first = y._backward
    y._backward = lambda: (first(), calls.append(1))
    second = y._backward
    y._backward = lambda: (second(), calls.append(10))
    (y * 2).backward()
    return [x.grad, sum(calls)]


@client
def puts_a_closure_on_a_leaf(V):
    """It is no interior node: its gradient adds up over two backward passes."""
    x = V(1.0)
    seen = []
    x._backward = lambda: seen.append(x.grad)
    (x * 3).backward()
    (x * 4).backward()
    return [x.grad, *seen]


@client
def clips_the_gradient_of_a_leaf_in_its_closure(V):
    w = V(2.0)

    def clip():
        w.grad = max(-1.0, min(1.0, w.grad))

    w._backward = clip
    (w * w * 5).backward()
    return [w.grad]


@client
def reverses_a_gradient(V):
    x = V(0.5)
    h = x * 3

    def flipped():
        x.grad -= 3 * h.grad

    h._backward = flipped
    (h * h).backward()
    return [x.grad]


@client
def stops_a_gradient_by_an_empty_closure(V):
    x = V(0.5)
    h = x * 3
    h._backward = lambda: None
    (h * x).backward()
    return [x.grad, h.grad]


@client
def calls_backward_on_a_leaf_with_a_closure(V):
    x = V(2.0)
    seen = []
    x._backward = lambda: seen.append(x.grad)
    x.backward()
    return seen


# --- children and symbols ---------------------------------------------------------------------------------------------


@client
def walks_by_sets(V):
    a, b = V(2.0), V(3.0)
    out = (a + b) * (a - b) + a * a
    seen, front = set(), {out}
    sizes = []
    while front:
        seen |= front
        following = set()
        for v in front:
            assert isinstance(v._prev, set)
            following = following | v._prev
            following = following.union(v._prev) - seen
        front = following
        sizes.append(len(front))
    return [len((a * a)._prev), len((a * b)._prev), len(a._prev), *(v.data for v in [a, b] if v in seen)]


@client
def takes_children_off_a_chain(V):
    x = V(2.0)
    y = ((x**2) ** 3) ** 0.5
    v, found = y, []
    while v._prev:
        found.append(v.data)
        v = v._prev.pop()
    y.backward()  # nothing is below any more: only its own rule runs
    return [*found, v.data, x.grad]


@client
def detaches_by_clearing_the_children(V):
    x, w = V(2.0), V(3.0)
    h = x * w
    h.data = 6.0
    h._prev = set()
    h._backward = lambda: None
    out = h * w
    out.backward()
    return [x.grad, w.grad, h.grad]


@client
def keeps_the_rule_when_children_are_cleared(V):
    """Only the walk ends there: the rule still gives to its arguments."""
    x, w = V(2.0), V(3.0)
    h = x * w
    h._prev = set()
    (h * h).backward()
    return [x.grad, w.grad, h.grad]


@client
def builds_its_graph_by_hand_from_the_top(V):
    root, middle, leaf = V(18.0), V(9.0), V(3.0)
    root._prev, root._op = {middle}, "double"
    middle._prev, middle._op = {leaf}, "square"

    def double():
        middle.grad += 2 * root.grad

    def square():
        leaf.grad += 2 * leaf.data * middle.grad

    root._backward, middle._backward = double, square
    root.backward()
    return [leaf.grad, middle.grad, root.grad, len(root._prev), len(root._op)]


@client
def adds_a_dependency_with_in_place_set_operations(V):
    x, extra = V(2.0), V(5.0)
    side = extra * 2
    y = x * 3
    y._prev.add(side)
    y._prev |= {extra}
    own = y._backward
    y._backward = lambda: (own(), setattr(side, "grad", side.grad + 7 * y.grad))
    y.backward()
    return [x.grad, extra.grad, len(y._prev)]


@client
def renames_operations(V):
    x = V(2.0)
    y = x * x
    y._op = "square"
    x._op = "input"
    y.backward()
    y.backward()
    return [x.grad / 2, y._op == "square", x._op == "input", len(x._prev)]


@client
def makes_inputs_with_a_symbol(V):
    x = V(2.0, (), "input")
    (x * 3).backward()
    (x * 4).backward()
    return [x.grad, x._op == "input"]


# --- subclasses -------------------------------------------------------------------------------------------------------


@client
def a_subclass_with_its_own_constructor(V):
    class Mine(V):
        def __init__(self, data, _children=(), _op="", name=""):
            self.data = data
            self.grad = 0
            self._backward = lambda: None
            self._prev = set(_children)
            self._op = _op
            self.name = name

        def cube(self):
            out = Mine(self.data**3, (self,), "cube")

            def _backward():
                self.grad += 3 * self.data**2 * out.grad

            out._backward = _backward
            return out

    x, y = Mine(2.0, name="x"), Mine(-1.0)
    z = Mine(0.0, (x.cube(), y * x), "+")
    z.data = sum(v.data for v in z._prev)

    def _backward():
        for v in z._prev:
            v.grad += z.grad

    z._backward = _backward
    out = z.cube() * y
    out.backward()
    (x * y).backward()
    return [out.data, x.grad, y.grad, x.name == "x", x._op == "", len(x._prev), isinstance(x, V)]


@client
def a_subclass_whose_operators_give_its_own_type(V):
    class Counted(V):
        made = 0

        def __init__(self, data, _children=(), _op=""):
            super().__init__(data, _children, _op)
            Counted.made += 1

        def __add__(self, other):
            other = other if isinstance(other, V) else Counted(other)
            out = Counted(self.data + other.data, (self, other), "+")

            def _backward():
                self.grad += out.grad
                other.grad += out.grad

            out._backward = _backward
            return out

        def __mul__(self, other):
            other = other if isinstance(other, V) else Counted(other)
            out = Counted(self.data * other.data, (self, other), "*")

            def _backward():
                self.grad += other.data * out.grad
                other.grad += self.data * out.grad

            out._backward = _backward
            return out

    a, b = Counted(2.0), Counted(3.0)
    made = [-a, a - b, a / b, 1 + a, 1 - a, 2 * a, 2 / a, sum([a, b]), a**2, a.relu(), a / 4, a - 4]
    for v in made:
        v.backward()
    return [a.grad, b.grad, Counted.made, *(v.data for v in made), *(type(v) is Counted for v in made), *(type(v) is V for v in made)]


@client
def a_subclass_that_wraps_what_super_gives(V):
    said = []

    class Loud(V):
        def __mul__(self, other):
            out = super().__mul__(other)
            said.append(out.data)
            out.__class__ = Loud
            return out

        def __sub__(self, other):
            out = super().__sub__(other)
            said.append(100 + out.data)
            return out

    a, b, plain = Loud(2.0), Loud(3.0), V(5.0)
    out = (a - b) * a + (-a) * plain + plain * a + plain / a - b / plain
    out.backward()
    return [out.data, a.grad, b.grad, plain.grad, len(said), *said, type(plain * a) is V, type(a * plain) is Loud]


@client
def a_mixin_with_operators(V):
    class Squares:
        def __pow__(self, other):
            return self * self if other == 2 else super().__pow__(other)

    class Mine(Squares, V):
        pass

    class Heir(Mine):
        def __add__(self, other):
            out = super().__add__(other)
            out.note = "added"
            return out

    x = Heir(3.0)
    y = x**2 - 1 + x**3
    y.backward()
    return [y.data, x.grad, len((x**2)._prev), hasattr(x - 1, "note"), hasattr(Mine(1.0) - 1, "note"), hasattr(1 + x, "note")]


@client
def a_subclass_with_nothing_but_methods(V):
    class Mine(V):
        def double(self):
            return self + self

    x = Mine(2.0)
    y = x.double() - x * 0.5
    y.backward()
    return [y.data, x.grad, type(x + x) is V, type(-x) is V, type(x.double()) is V]


@client
def the_scalar_gpt_s_class_as_a_subclass(V):
    class Node(V):
        def __init__(self, data, children=(), local_grads=()):
            self.data, self.grad, self._children, self._local_grads = data, 0, children, local_grads

        def square(self):
            return Node(self.data**2, (self,), (2 * self.data,))

        def backward(self):
            topo, seen = [], set()

            def build(v):
                if v not in seen:
                    seen.add(v)
                    for child in v._children:
                        build(child)
                    topo.append(v)

            build(self)
            self.grad = 1
            for v in reversed(topo):
                for child, local in zip(v._children, v._local_grads, strict=True):
                    child.grad += local * v.grad

    x = Node(3.0)
    y = x.square().square()
    y.backward()
    return [y.data, x.grad, len(y._children), *y._local_grads]


# --- data changed between forward and backward ------------------------------------------------------------------------


def quietly(program):
    """The program with its warnings of stale data counted: some in ours, none in the original."""

    def run(V):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = program(V)
        kinds = [w.category for w in caught]
        assert kinds == [StaleDataWarning] * len(kinds) and bool(kinds) == (V is Value)
        assert all(w.filename == __file__ for w in caught)
        return found

    run.__name__ = program.__name__
    return run


@client
@quietly
def changes_every_kind_of_operand_before_backward(V):
    found = []
    makers = [
        lambda a, b: a * b, lambda a, b: a**3, lambda a, b: a / b, lambda a, b: a.relu() * b, lambda a, b: a * a, lambda a, b: b / a,
        lambda a, b: a.tanh() * b, lambda a, b: a.exp() * a, lambda a, b: a.log() * b, lambda a, b: a**-0.5, lambda a, b: a * b - b * b,
    ]  # fmt: skip
    for make in makers:
        for change in ({"a": 0.25}, {"b": 2.5}, {"a": 3.0, "b": 0.5}, {"a": -0.5}):
            a, b = V(1.5), V(4.0)
            y = make(a, b) * 1.0
            fits = not (set(change) == {"a", "b"} and make in makers[2:6:3])  # both parts of a quotient: 1/b is nowhere any more
            if fits and not ("a" in change and change["a"] < 0 and make in makers[8:10]):
                a.data, b.data = change.get("a", a.data), change.get("b", b.data)
                y.backward()
                found += [a.grad, b.grad, y.data]
    return found


@client
@quietly
def updates_before_backward(V):
    """The slip of many first training loops: the step stands before backward."""
    w, losses = V(3.0), []
    for _ in range(5):
        loss = (w * 2 - 1) ** 2
        w.data -= 0.05 * w.grad
        w.grad = 0
        loss.backward()
        losses.append(loss.data)
    return [*losses, w.data, w.grad]


@client
@quietly
def uses_one_graph_for_two_passes_with_an_update_between(V):
    w, x = V(0.5), V(2.0)
    out = (w * x).relu() * w
    for _ in range(3):
        for v in [out, *out._prev, *(c for child in out._prev for c in child._prev), w, x]:
            v.grad = 0
        for v in [c for child in out._prev for c in child._prev]:
            for c in v._prev:
                c.grad = 0
        out.backward()
        w.data -= 0.1
    return [w.grad, x.grad, out.data]


@client
@quietly
def sets_an_interior_number(V):
    x = V(2.0)
    h = x * 3
    y = h * h
    h.data = 1.0
    y.backward()
    e = x.exp()
    e.data = 5.0
    (e * 1.0).backward()
    return [x.grad, h.grad]


@client
def runs_forward_again_by_hand(V):
    """Not stale: every number below was set after those that it is made of."""
    a, b = V(2.0), V(-3.0)
    c = a * b
    s = c + a
    d = s.relu()
    e = d * a
    a.data, b.data = 1.5, 4.0
    c.data = a.data * b.data
    s.data = c.data + a.data
    d.data = max(0.0, s.data)
    e.data = d.data * a.data
    e.backward()
    return [a.grad, b.grad, e.data]


@client
@quietly
def runs_forward_again_by_hand_and_forgets_a_node(V):
    a, b = V(2.0), V(-3.0)
    d = (a * b).relu()
    a.data, b.data = 1.5, 4.0
    d.data = max(0.0, a.data * b.data)
    (d * 1.0).backward()
    return [a.grad, b.grad, d.data]


@client
def trains_as_everybody_does(V):
    random.seed(4)
    ws = [V(random.uniform(-1, 1)) for _ in range(3)]
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0]]
    losses = []
    for k in range(20):
        total = sum((sum((w * x for w, x in zip(ws, row, strict=True)), V(0.0)) - y) ** 2 for row, y in zip(xs, (1, -1, 0.5), strict=True))
        for w in ws:
            w.grad = 0
        total.backward()
        for w in ws:
            w.data += -0.02 * w.grad
            w.grad = 0.0 if k % 2 else 0
        losses.append(total.data)
    return losses


# --- copies, arrays, collections --------------------------------------------------------------------------------------


@client
def keeps_the_best_weights_by_copying(V):
    ws = [V(0.0), V(5.0)]
    best, kept = math.inf, None
    for _ in range(30):
        loss = (ws[0] - 1) ** 2 + (ws[1] + 2) ** 2 * 0.3
        if loss.data < best:
            best, kept = loss.data, [copy.copy(w) for w in ws]
        for w in ws:
            w.grad = 0
        loss.backward()
        for w in ws:
            w.data -= 0.9 * w.grad
    return [best, *(w.data for w in kept), *(a is b for a, b in zip(kept, ws, strict=True))]


@client
def copies_a_node(V):
    x = V(2.0)
    y = x * x + x
    z = copy.copy(y)
    z.data, z.note = 10.0, "mine"
    return [y.data, z.data, z.grad, z._prev == y._prev, z is y, hasattr(y, "note"), z._op == y._op]


@client
def uses_arrays_of_values(V):
    np = pytest.importorskip("numpy")
    xs = np.array([V(float(i)) for i in range(4)])
    out = (xs * np.arange(4.0)).sum() + np.dot(xs, xs) + (xs**2).sum() / 4 + np.float64(2.0) * xs[1] + xs[2] * np.int64(3)
    out.backward()
    return [out.data, *(x.grad for x in xs)]


@client
def sorts_and_groups(V):
    rng = random.Random(1)
    vs = [V(rng.random()) for _ in range(6)]
    table = {v: i for i, v in enumerate(vs)}
    order = sorted(vs, key=lambda v: v.data)
    total = sum(order[:3]) - order[-1] * len(set(vs + vs))
    total.backward()
    return [total.data, *(table[v] for v in order), *(v.grad for v in vs)]


@client
def writes_the_topological_order_by_hand(V):
    a, b = V(2.0), V(3.0)
    out = (a * b + a) * (b + 1)
    topo, visited = [], set()

    def build(v):
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build(child)
            topo.append(v)

    build(out)
    out.grad = 1.0
    for v in reversed(topo):
        v._backward()
    return [a.grad, b.grad, len(topo), topo[-1] is out]


@client
def numeric_check_by_nudging(V):
    def f(a, b):
        return (a * b + a**2).relu() / b

    h = 1e-6
    x, y = V(1.3), V(0.7)
    f(x, y).backward()
    found = [x.grad, y.grad]
    for v, other in ((x, y), (y, x)):
        v.data += h
        up = f(x, y).data
        v.data -= 2 * h
        down = f(x, y).data
        v.data += h
        found.append(round((up - down) / (2 * h), 4))
        assert other.data
    return found


# --- what our own side must keep --------------------------------------------------------------------------------------


def test_there_are_many_clients():
    assert len(CLIENTS) >= 30 and len({f.__name__ for f in CLIENTS}) == len(CLIENTS)


def test_children_keep_their_order_and_args_the_doubles():
    a, b = Value(2.0), Value(3.0)
    y = b * a
    assert list(y._prev) == [b, a] and y._prev == {a, b} and isinstance(y._prev, set) and (a * a).args == (a, a)
    assert list(micrograd.sum(b, a, b, Value(0.0))._prev)[:2] == [b, a]
    assert type(y._prev.copy()) is set and type(y._prev | {y}) is set and pickle.loads(pickle.dumps(y._prev))
    for change, left in (
        (lambda p: p.discard(a), {b}), (lambda p: p.remove(a), {b}), (lambda p: p.clear(), set()), (lambda p: p.add(y), {a, b}),
        (lambda p: p.update([]), {a, b}), (lambda p: p.intersection_update({a}), {a}), (lambda p: p.difference_update({a}), {b}),
        (lambda p: p.symmetric_difference_update({a}), {b}), (lambda p: p.__iand__({b}), {b}), (lambda p: p.__isub__({b}), {a}),
        (lambda p: p.pop(), {a}),
    ):  # fmt: skip
        node = b * a
        prev = node._prev
        if left == {a, b} and len(prev) == 2:
            change(prev)
            continue
        change(prev)
        assert node._prev == left == prev == set(node.args)
    with pytest.raises(KeyError):
        a._prev.pop()


def test_an_unchanged_set_of_children_changes_nothing():
    x = Value(3.0)
    y = x * x
    y._prev = set(y._prev)
    assert y.op is micrograd.TABLE["mul"] and y.args == (x, x)


def test_wrong_assignments_are_refused_in_one_sentence():
    x = Value(2.0, label="x")
    y = x * 3
    for wrong in (None, 5, "f"):
        with pytest.raises(TypeError, match=r"_backward of .* takes a function of no arguments, not .*; to stop gradients: v\.detach\(\)"):
            y._backward = wrong
    with pytest.raises(TypeError, match=r"_prev of x = 2\.0 takes Values, not float: 1\.5"):
        x._prev = (1.5,)
    y.backward()
    assert x.grad == 3.0


def test_reading_a_closure_leaves_the_rule_and_gives_back_the_user_s_own():
    x = Value(2.0)
    y = x * x

    def f():
        x.grad += 1.0

    read = y._backward
    assert y.op is micrograd.TABLE["mul"]
    y._backward = f
    assert y._backward is f
    y._backward = read
    y.backward()
    assert x.grad == 4.0
    x._backward = f
    assert x._backward is f and x.op is None and x.args == ()


def test_a_leaf_s_closure_runs_in_steps_and_goes_with_it():
    x = Value(2.0)
    seen = []
    gone = weakref.ref(x)
    x._backward = lambda: seen.append(gone().grad)
    assert len(list((x * x).steps())) == 3 and seen == [4.0]
    x._backward = lambda: None
    (x * x).backward()
    assert seen == [4.0]
    x._backward = lambda: seen.append(0)
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.deepcopy(x * 2)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(x * 2)
    del x
    gc.collect()
    assert gone() is None


def test_a_plain_copy_of_a_node_with_a_closure_gets_its_own_gradient():
    x = Value(2.0)
    y = Value(8.0, (x,), "cube")

    def _backward():
        x.grad += 12.0 * y.grad

    y._backward = _backward
    z = copy.copy(y)
    (z * 2).backward()
    assert (x.grad, y.grad, z.grad) == (24.0, 0, 2.0)


def test_subclasses_pickle_and_copy_with_their_class():
    x = Named(2.0)
    x.name = "x"
    y = x * 3 + 1
    y.__class__ = Named
    z = y * y
    for again in (pickle.loads(pickle.dumps(z)), copy.deepcopy(z)):
        assert type(again) is Value and type(again.args[0]) is Named
        again.backward()
        assert [v.grad for v in again.topological() if type(v) is Named] == [42.0, 14.0]
    assert type(copy.copy(y)) is Named and copy.copy(x).name == "x"


class Named(Value):
    name = ""


def test_a_plain_value_pays_nothing_for_subclasses():
    assert "__neg__" in vars(Value) and (Value(1.0) - Value(2.0)).op is micrograd.TABLE["sub"]
    assert (Named(1.0) - Named(2.0)).op is micrograd.TABLE["sub"] and Named.__bases__ == (Value,)  # no operator of its own


def test_stale_data_says_what_is_stale_at_the_user_s_line():
    w = Value(3.0, label="w")
    y = w * w
    w.data = 4.0
    with pytest.warns(StaleDataWarning, match=r"the data of Value 'w' was set after '\*' was computed with it.*build the expression again"):
        y.backward()
    with pytest.warns(StaleDataWarning) as caught:
        for step in y.steps():
            str(step)
    assert caught[0].filename == __file__
    assert w.grad == 16.0


def test_stale_data_is_an_error_where_one_is_asked_for():
    w = Value(3.0, label="w")
    y = w * w
    w.data = 4.0
    with detect_anomaly(), pytest.raises(RuntimeError, match=r"'w' was set to 4\.0 after"):
        y.backward()
    with pytest.raises(StaleDataWarning):
        y.backward()  # warnings are errors in these tests
    for ours in (lambda: micrograd.grad(y, w), lambda: micrograd.grad(y, w, create_graph=True), lambda: micrograd.check_grads(y)):
        with pytest.raises(RuntimeError, match="build the expression again"):
            ours()
    assert (w.grad, y.grad) == (0, 0)  # nothing was half done


def test_the_warning_does_not_pile_up():
    """One text a line of code: Python shows it once and keeps it once."""
    w = Value(3.0, label="w")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for k in range(20):
            y = w * w
            w.data = float(k)
            y.backward()
    assert len(caught) == 1


def test_a_graph_wired_by_hand_is_walked_by_its_wiring():
    rng = random.Random(3)
    nodes = [Value(1.0) for _ in range(40)]
    for i, v in enumerate(nodes[:-1]):  # children are younger than their users
        later = rng.sample(nodes[i + 1 :], min(2, len(nodes) - i - 1))
        v._prev = later
        v._backward = lambda v=v, later=later: [setattr(c, "grad", c.grad + v.grad) for c in later]
    nodes[0].backward()
    paths = {nodes[-1]: 1}  # to the last node

    for v in reversed(nodes[:-1]):
        paths[v] = sum(paths[c] for c in v.args)
    assert nodes[-1].grad == paths[nodes[0]]
    order = nodes[0].topological()
    place = {v: i for i, v in enumerate(order)}
    assert all(place[c] < place[v] for v in order for c in v.args)


# --- pictures ---------------------------------------------------------------------------------------------------------


class Early:
    """The lecture's class before it knows gradients."""

    def __init__(self, data, _children=(), _op=""):
        self.data, self._prev, self._op = data, set(_children), _op

    def __add__(self, other):
        return Early(self.data + other.data, (self, other), "+")


class Foreign:
    """A tensor of a library that warns when the gradient of an inner tensor is read."""

    data, ndim = 1.0, 0

    @property
    def grad(self):
        warnings.warn("The .grad attribute of a Tensor that is not a leaf is being accessed", UserWarning, stacklevel=2)


def test_a_class_without_grad_yet_is_drawn():
    viz = pytest.importorskip("viz")
    a, b = Early(2.0), Early(3.0)
    out = a + b
    picture = viz.draw(out)
    for text in (picture.dot, viz.draw_dot(out).source, viz.text_tree(out)):
        assert "data" in text and "grad" not in text.replace("gradient", "")
    assert "5" in viz.text_tree(out) and len(picture.graph.nodes) == 3
    with pytest.raises(TypeError, match="an object with data, grad and _prev"):
        viz.step(out)
    a.grad = b.grad = out.grad = 0.5
    assert viz.text_tree(out).count("grad 0.5") == 3


def test_a_foreign_tensor_beside_the_graph_is_left_alone():
    viz = pytest.importorskip("viz")
    tensor, tensors, holder = Foreign(), [Foreign()], type("Holder", (), {"inner": Foreign()})()
    a = Value(2.0)
    out = a * 3
    assert "data" in viz.draw(out).dot and "data" in viz.text_tree(out) and viz.draw_dot(out).source
    assert (tensor, tensors, holder) and out.data == 6.0
