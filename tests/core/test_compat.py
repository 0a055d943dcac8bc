"""The drop-in surface: code written for the original and for what grew out of it runs as it stands.

The micrograd repository (K), the lectures (L), EurekaLabs' course (E), the 200-line scalar GPT (G). Expectations are our own:
closed forms, finite differences, published numbers.
"""

from __future__ import annotations

import copy
import itertools
import math
import pickle
import random
import re
from fractions import Fraction

import pytest

import micrograd
from micrograd import nn
from micrograd.engine import Value


def numeric_gradient(f, xs, i, h=1e-5):
    up, down = [*xs], [*xs]
    up[i] += h
    down[i] -= h
    return (f(*up) - f(*down)) / (2 * h)


# --- imports ----------------------------------------------------------------------------------------------------------


def test_imports_of_the_original():
    from micrograd import Value as top
    from micrograd import nn as package
    from micrograd.engine import Value as engine
    from micrograd.nn import MLP, Layer, Module, Neuron

    assert top is engine
    assert {MLP, Layer, Module, Neuron} == {package.MLP, package.Layer, package.Module, package.Neuron}
    assert issubclass(MLP, Module) and issubclass(Layer, Module) and issubclass(Neuron, Module)


# --- constructors -----------------------------------------------------------------------------------------------------


def test_constructor_K_and_L():
    a, b = Value(2), Value(3.0, label="b")
    c = Value(6.0, (a, b), "*")
    d = Value(5.0, (a, b), "+", "d")
    e = Value(1.0, _children=(a,), _op="f", label="e")
    assert (c.data, list(c._prev), c._op, c.label) == (6.0, [a, b], "*", "")
    assert (d._op, d.label, e._prev, e._op, e.label, b.label) == ("+", "d", {a}, "f", "e", "b")


def test_constructor_E():
    a = Value(2.0)
    out = Value(4.0, _prev=(a,), _op="square")
    assert (out._prev, out._op, out.grad) == ({a}, "square", 0)


def test_constructor_G_third_argument_is_a_tuple_of_local_gradients():
    a, b = Value(2.0), Value(3.0)
    by_place = Value(6.0, (a, b), (3.0, 2.0))
    by_name = Value(6.0, children=(a, b), local_grads=(3.0, 2.0))
    for out in (by_place, by_name):
        assert tuple(out._children) == (a, b)
        assert tuple(out._local_grads) == (3.0, 2.0)
        assert out._op == ""
    (by_place + by_name).backward()
    assert (a.grad, b.grad) == (6.0, 4.0)


@pytest.mark.parametrize("children", [lambda a, b: (a, b), lambda a, b: [a, b], lambda a, b: {a, b}])
def test_children_may_be_any_collection(children):
    a, b = Value(2.0), Value(3.0)
    assert set(Value(5.0, children(a, b), "+")._prev) == {a, b}


# --- attributes -------------------------------------------------------------------------------------------------------


def test_attributes_of_a_leaf():
    a = Value(2.5)
    assert (a.data, a.grad, a.label, a._op) == (2.5, 0, "", "")
    assert list(a._prev) == [] and list(a._children) == [] and list(a._local_grads) == []
    assert a._backward() is None and a.grad == 0


def test_attributes_are_settable():
    p = Value(1.0)
    p.m, p.v, p._vis_color = 0.0, 0.5, (255, 0, 0)  # EurekaLabs keeps its optimizer and colours there
    p.data = 3
    p.data -= 0.5
    p.grad = 0
    p.grad += 2.0
    p.label = "weight"
    assert (p.m, p.v, p._vis_color, p.data, p.grad, p.label) == (0.0, 0.5, (255, 0, 0), 2.5, 2.0, "weight")
    assert isinstance(p.data, float)


def test_local_grads_of_built_in_ops_are_their_partials():
    a, b = Value(2.0), Value(-3.0)
    assert tuple((a * b)._local_grads) == (-3.0, 2.0)
    assert tuple((a**3)._local_grads) == (12.0,)


@pytest.mark.parametrize(
    ("make", "op"),
    [
        (lambda a, b: a + b, "+"), (lambda a, b: a * b, "*"), (lambda a, b: a**2, "**2"), (lambda a, b: a**-1, "**-1"),
        (lambda a, b: a**0.5, "**0.5"), (lambda a, b: a.relu(), "ReLU"), (lambda a, b: a.tanh(), "tanh"),
        (lambda a, b: a.exp(), "exp"), (lambda a, b: a.log(), "log"), (lambda a, b: a, ""),
    ],
)  # fmt: skip
def test_op_names(make, op):
    assert make(Value(1.5), Value(2.5))._op == op


# --- methods and semantics --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: -a, lambda a, b: a**b,
        lambda a, b: a + 2, lambda a, b: 2 + a, lambda a, b: a - 2, lambda a, b: 2 - a, lambda a, b: a * 2, lambda a, b: 2 * a,
        lambda a, b: a / 2, lambda a, b: 2 / a, lambda a, b: a**2, lambda a, b: 2**a, lambda a, b: a**-1.5, lambda a, b: a * a,
        lambda a, b: sum([a, b, a]), lambda a, b: a - a, lambda a, b: (a + b) * (a - b) / (a * a + 1),
    ],
)  # fmt: skip
def test_arithmetic_forward_and_backward(f):
    xs = (1.7, 0.6)
    a, b = map(Value, xs)
    out = f(a, b)
    assert out.data == pytest.approx(f(*xs), rel=1e-15)
    out.backward()
    for i, v in enumerate((a, b)):
        assert v.grad == pytest.approx(numeric_gradient(f, xs, i), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("name", "plain"), [("relu", lambda x: max(x, 0.0)), ("tanh", math.tanh), ("exp", math.exp), ("log", math.log)])
def test_functions_forward_and_backward(name, plain):
    x = Value(0.8814)
    out = getattr(x, name)()
    out.backward()
    assert out.data == plain(0.8814)
    assert x.grad == pytest.approx(numeric_gradient(plain, (0.8814,), 0), rel=1e-8)


def test_relu_has_derivative_0_at_0():
    x = Value(0.0)
    x.relu().backward()
    assert x.grad == 0


def test_root_gradient_is_1_and_leaves_accumulate():
    a, b = Value(2.0), Value(3.0)
    c = a * b
    c.backward()
    assert c.grad == 1
    (a * 10).backward()
    assert (a.grad, b.grad) == (13.0, 2.0)


def test_identity_hash_and_equality():
    a, b = Value(1.0), Value(1.0)
    assert a != b and a == a and len({a, b, a}) == 2
    assert a in [b, a] and a not in [b]


def test_augmented_assignment_makes_a_new_node():
    a = Value(1.0)
    first = a
    a += a + 1
    assert a is not first and a.data == 3.0
    a.backward()
    assert first.grad == 2.0


# --- NumPy ------------------------------------------------------------------------------------------------------------


def test_array_times_value_is_an_object_array():
    np = pytest.importorskip("numpy")
    v = Value(2.0)
    for out in (np.array([1.0, 2.0, 3.0]) * v, v * np.array([1.0, 2.0, 3.0]), np.array([1, 2, 3]) * v):
        assert out.dtype == object and out.shape == (3,)
        assert [o.data for o in out] == [2.0, 4.0, 6.0]
    total = (np.array([[1.0, 2.0]]) * v + np.array([[v, v]])).sum()
    total.backward()
    assert (total.data, v.grad) == (10.0, 5.0)


def test_numpy_scalars():
    np = pytest.importorskip("numpy")
    v = Value(3.0)
    outs = [
        np.int64(2) * v, v * np.int64(2), -np.int64(-2) * v, np.float32(2) * v, v + np.float64(3), np.float64(3) + v,
        v ** np.int64(2) - 3, np.float64(9) - v, np.int64(18) / v, Value(np.float64(6.0)), Value(np.int32(6)),
    ]  # fmt: skip
    assert [o.data for o in outs] == [6.0] * len(outs)
    assert all(type(o.data) is float for o in outs)
    (v ** np.int64(2)).backward()
    assert v.grad == 6.0
    assert (v ** np.int64(2))._op == "**2"


def test_dot_product_of_object_arrays():
    np = pytest.importorskip("numpy")
    w = np.array([Value(1.0), Value(2.0)])
    out = w @ np.array([3.0, 4.0])
    out.backward()
    assert out.data == 11.0 and [p.grad for p in w] == [3.0, 4.0]


@pytest.mark.parametrize("x", [True, 3, Fraction(3, 4), 2.5])
def test_real_numbers_of_all_kinds(x):
    assert Value(x).data == float(x) and (Value(1.0) * x).data == float(x)


# --- repr -------------------------------------------------------------------------------------------------------------


def test_reprs():
    assert repr(Value(-4.0)) == "Value(data=-4.0, grad=0)"
    assert repr(nn.Neuron(2)) == "ReLUNeuron(2)"
    assert repr(nn.Neuron(2, nonlin=False)) == "LinearNeuron(2)"
    assert repr(nn.Layer(2, 2)) == "Layer of [ReLUNeuron(2), ReLUNeuron(2)]"
    assert repr(nn.MLP(2, [2, 1])) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    after = Value(3.0)
    (after * 2).backward()
    assert repr(after) == "Value(data=3.0, grad=2.0)"


# --- nn ---------------------------------------------------------------------------------------------------------------


def test_seeded_weights_are_drawn_in_the_original_order():
    random.seed(7)
    mlp = nn.MLP(2, [3, 1])
    random.seed(7)
    for layer, nin in zip(mlp.layers, (2, 3), strict=True):
        for neuron in layer.neurons:
            assert [w.data for w in neuron.w] == [random.uniform(-1, 1) for _ in range(nin)]
            assert neuron.b.data == 0


def test_attributes_of_layers():
    mlp = nn.MLP(3, [4, 4, 1])
    assert [len(layer.neurons) for layer in mlp.layers] == [4, 4, 1]
    assert [layer.neurons[0].nonlin for layer in mlp.layers] == [True, True, False]
    neuron = mlp.layers[0].neurons[0]
    assert len(neuron.w) == 3 and neuron.parameters() == [*neuron.w, neuron.b]
    assert len(mlp.parameters()) == 41
    assert mlp.layers[0].parameters() == mlp.parameters()[:16]


def test_calls_take_numbers_and_values():
    random.seed(1)
    mlp = nn.MLP(2, [2, 1])
    assert isinstance(mlp([1.0, -2.0]), Value)  # the bare value when nout is 1
    assert mlp([1.0, -2]).data == mlp([Value(1.0), Value(-2.0)]).data
    out = nn.Layer(2, 3)([1.0, 2.0])
    assert isinstance(out, list) and len(out) == 3
    n = nn.Neuron(2, nonlin=False)
    assert n([1.0, 2.0]).data == pytest.approx(n.w[0].data + 2 * n.w[1].data + n.b.data)


def test_zero_grad():
    mlp = nn.MLP(2, [2, 1])
    mlp([1.0, 2.0]).backward()
    assert any(p.grad for p in mlp.parameters())
    mlp.zero_grad()
    assert all(p.grad == 0 for p in mlp.parameters())


@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0, 3.0], []])
@pytest.mark.parametrize("make", [lambda: nn.Neuron(2), lambda: nn.Layer(2, 3), lambda: nn.MLP(2, [3, 1])])
def test_wrong_number_of_inputs_is_an_error(make, x):
    with pytest.raises(ValueError, match=f"2 input.*{len(x)}"):
        make()(x)


def test_a_user_module_subclass():
    class Line(nn.Module):
        def __init__(self):
            self.k, self.b = Value(2.0), Value(1.0)

        def __call__(self, x):
            return self.k * x + self.b

        def parameters(self):
            return [self.k, self.b]

    line = Line()
    line(3.0).backward()
    assert [p.grad for p in line.parameters()] == [3.0, 1.0]
    line.zero_grad()
    assert [p.grad for p in line.parameters()] == [0, 0]


def test_a_bare_module():
    m = nn.Module()
    assert m.parameters() == []
    m.zero_grad()
    assert nn.Layer(2, 1, nonlin=False).neurons[0].nonlin is False


# --- published numbers ------------------------------------------------------------------------------------------------


def test_golden_readme_example():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert f"{g.data:.4f} {a.grad:.4f} {b.grad:.4f}" == "24.7041 138.8338 645.5773"


def test_golden_whole_expression():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)  # y = (3x+2)² + (3x+2)x(1+x), by hand where 3x+2 < 0


def test_golden_softmax_exercise():
    logits = [Value(0.0), Value(3.0), Value(-2.0), Value(1.0)]
    counts = [x.exp() for x in logits]
    total = sum(counts)
    loss = -(counts[3] / total).log()
    loss.backward()
    assert loss.data == pytest.approx(2.1755153626167147, rel=1e-14)
    expected = [0.041772570515350445, 0.8390245074625319, 0.005653302662216329, -0.8864503806400986]
    assert [x.grad for x in logits] == pytest.approx(expected, rel=1e-13)


def two_moons(np, n, noise):
    """scikit-learn's make_moons, with the same draws from NumPy's global generator."""
    outer, inner = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    x = np.vstack([np.append(np.cos(outer), 1 - np.cos(inner)), np.append(np.sin(outer), 0.5 - np.sin(inner))]).T
    y = np.hstack([np.zeros(n // 2, dtype=np.intp), np.ones(n - n // 2, dtype=np.intp)])
    order = np.arange(n)
    np.random.shuffle(order)
    x, y = x[order], y[order]
    return x + np.random.normal(scale=noise, size=x.shape), y


def test_golden_demo():
    np = pytest.importorskip("numpy")
    np.random.seed(1337)
    random.seed(1337)
    x, y = two_moons(np, 100, 0.1)
    y = y * 2 - 1
    model = nn.MLP(2, [16, 16, 1])
    assert len(model.parameters()) == 337

    def loss():
        scores = [model([Value(v) for v in row]) for row in x]
        margins = [(1 + -yi * si).relu() for yi, si in zip(y, scores, strict=True)]
        hinge = sum(margins) * (1.0 / len(margins))
        decay = 1e-4 * sum(p * p for p in model.parameters())
        right = sum((yi > 0) == (si.data > 0) for yi, si in zip(y, scores, strict=True))
        return hinge + decay, right

    total, right = loss()
    assert total.data == pytest.approx(0.8958441028683222, rel=1e-14) and right == 50
    model.zero_grad()
    total.backward()
    for p in model.parameters():
        p.data -= p.grad
    total, right = loss()
    assert total.data == pytest.approx(1.7235905336972022, rel=1e-13) and right == 81  # the demo's second line


# --- lecture style ----------------------------------------------------------------------------------------------------


def squash(x):
    """tanh added by hand, as the lecture does."""
    t = (math.exp(2 * x.data) - 1) / (math.exp(2 * x.data) + 1)
    out = Value(t, (x,), "tanh", label="o")

    def _backward():
        x.grad += (1 - t**2) * out.grad

    out._backward = _backward
    return out


def lecture_neuron():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1 = x1 * w1
    x1w1.label = "x1*w1"
    x2w2 = x2 * w2
    x2w2.label = "x2*w2"
    s = x1w1 + x2w2
    s.label = "x1*w1 + x2*w2"
    n = s + b
    n.label = "n"
    return [x1, w1, x2, w2, b], [x1w1, x2w2, s, n], n


LECTURE_GRADS = [-1.5, 1.0, 0.5, 0.0, 0.5]


def test_backward_called_by_hand_node_by_node():
    leaves, (x1w1, x2w2, s, n), _ = lecture_neuron()
    o = squash(n)
    o.grad = 1.0
    for node in (o, n, leaves[4], s, x2w2, x1w1):  # `b` is a leaf: nothing happens
        node._backward()
    assert [v.grad for v in leaves] == pytest.approx(LECTURE_GRADS, abs=1e-12)


def test_topological_order_built_by_hand():
    leaves, _, n = lecture_neuron()
    o = squash(n)
    topo, visited = [], set()

    def build(v):
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build(child)
            topo.append(v)

    build(o)
    assert topo[-1] is o and len(topo) == 10
    o.grad = 1.0
    for node in reversed(topo):
        node._backward()
    assert [v.grad for v in leaves] == pytest.approx(LECTURE_GRADS, abs=1e-12)


@pytest.mark.parametrize("finish", [squash, lambda n: n.tanh(), lambda n: ((2 * n).exp() - 1) / ((2 * n).exp() + 1)])
def test_closures_and_built_in_ops_agree(finish):
    leaves, _, n = lecture_neuron()
    o = finish(n)
    assert o.data == pytest.approx(0.7071067811865476)
    o.backward()
    assert [v.grad for v in leaves] == pytest.approx(LECTURE_GRADS, abs=1e-12)
    o.backward()  # twice: leaves accumulate, the interior is fresh
    assert [v.grad for v in leaves] == pytest.approx([2 * g for g in LECTURE_GRADS], abs=1e-12)


def test_a_method_added_to_the_class(monkeypatch):
    def cube(self):
        out = Value(self.data**3, (self,), "cube")

        def _backward():
            self.grad += 3 * self.data**2 * out.grad

        out._backward = _backward
        return out

    monkeypatch.setattr(Value, "cube", cube, raising=False)
    x = Value(2.0)
    (x.cube() * 2).backward()
    assert x.grad == 24.0


def test_lecture_training_loop():
    random.seed(3)
    n = nn.MLP(3, [4, 4, 1], activation="tanh")
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    losses = []
    for _ in range(30):
        ypred = [n(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred, strict=True))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for p in n.parameters():
            p.data += -0.05 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.1 * losses[0]


# --- EurekaLabs style -------------------------------------------------------------------------------------------------


def test_eureka_style_adamw_keeps_its_state_on_the_values():
    target = [0.3, -1.2, 2.0]
    params = [Value(0.0) for _ in target]
    for t in range(1, 200):
        loss = Value(0.0)
        for p, goal in zip(params, target, strict=True):
            loss = loss + (p - goal) ** 2
        loss.backward()
        for p in params:
            if t == 1:
                p.m = p.v = 0.0
            p.m = 0.9 * p.m + 0.1 * p.grad
            p.v = 0.99 * p.v + 0.01 * p.grad**2
            p.data -= 0.1 * (p.m / (1 - 0.9**t)) / ((p.v / (1 - 0.99**t)) ** 0.5 + 1e-8)
            p.grad = 0
    assert [p.data for p in params] == pytest.approx(target, abs=1e-2)


def test_eureka_style_cross_entropy_with_closures():
    def softmax(logits):
        top = max(x.data for x in logits)
        counts = [(x - top).exp() for x in logits]
        bottom = sum(counts)
        return [c / bottom for c in counts]

    def nll(p):
        out = Value(-math.log(p.data), _prev=(p,), _op="nll")

        def _backward():
            p.grad += -1 / p.data * out.grad

        out._backward = _backward
        return out

    logits = [Value(x) for x in (1.0, -2.0, 0.5)]
    nll(softmax(logits)[2]).backward()
    weights = [math.exp(x.data) for x in logits]
    expected = [w / sum(weights) - (i == 2) for i, w in enumerate(weights)]
    assert [x.grad for x in logits] == pytest.approx(expected, rel=1e-12)


# --- the scalar GPT's style -------------------------------------------------------------------------------------------


class Gpt:
    """A one-layer character model written over scalars: every op is a Value with its local gradients beside it."""

    def __init__(self, vocab, width, heads, context, rng):
        self.width, self.heads = width, heads

        def matrix(rows, columns):
            return [[Value(rng.gauss(0, 0.3)) for _ in range(columns)] for _ in range(rows)]

        self.tokens, self.places = matrix(vocab, width), matrix(context, width)
        self.q, self.k, self.v, self.o = (matrix(width, width) for _ in range(4))
        self.up, self.down, self.head = matrix(2 * width, width), matrix(width, 2 * width), matrix(vocab, width)
        groups = (self.tokens, self.places, self.q, self.k, self.v, self.o, self.up, self.down, self.head)
        self.params = [p for group in groups for row in group for p in row]

    @staticmethod
    def squared_relu(x):
        y = max(x.data, 0.0)
        return Value(y * y, (x,), (2 * y,))

    @staticmethod
    def exponential(x):
        y = math.exp(x.data)
        return Value(y, (x,), (y,))

    @staticmethod
    def product(a, b):
        return Value(a.data * b.data, (a, b), (b.data, a.data))

    def linear(self, x, w):
        return [sum(self.product(wi, xi) for wi, xi in zip(row, x, strict=True)) for row in w]

    def softmax(self, xs):
        top = max(x.data for x in xs)
        es = [self.exponential(x - top) for x in xs]
        total = sum(es)
        return [e / total for e in es]

    def normed(self, x):
        scale = (sum(self.product(xi, xi) for xi in x) / len(x) + 1e-5) ** -0.5
        return [self.product(xi, scale) for xi in x]

    def logits(self, token, place, keys, values):
        x = self.normed([a + b for a, b in zip(self.tokens[token], self.places[place], strict=True)])
        keys.append(self.linear(x, self.k))
        values.append(self.linear(x, self.v))
        query, size, mixed = self.linear(x, self.q), self.width // self.heads, []
        for h in range(0, self.width, size):
            scores = [sum(query[h + j] * key[h + j] for j in range(size)) / size**0.5 for key in keys]
            weights = self.softmax(scores)
            mixed += [sum(w * v[h + j] for w, v in zip(weights, values, strict=True)) for j in range(size)]
        x = [a + b for a, b in zip(x, self.linear(mixed, self.o), strict=True)]
        hidden = [self.squared_relu(u) for u in self.linear(self.normed(x), self.up)]
        x = [a + b for a, b in zip(x, self.linear(hidden, self.down), strict=True)]
        return self.linear(x, self.head)

    def loss(self, text):
        keys, values, losses = [], [], []
        for place, (token, following) in enumerate(itertools.pairwise(text)):
            probabilities = self.softmax(self.logits(token, place, keys, values))
            losses.append(-probabilities[following].log())
        return (1 / len(losses)) * sum(losses)


def test_scalar_gpt_gradients_and_training():
    rng = random.Random(42)
    text = [0, 3, 1, 4, 0]
    gpt = Gpt(vocab=5, width=4, heads=2, context=4, rng=rng)
    loss = gpt.loss(text)
    loss.backward()
    for p in rng.sample(gpt.params, 12):
        kept, h = p.data, 1e-5
        p.data = kept + h
        up = gpt.loss(text).data
        p.data = kept - h
        down = gpt.loss(text).data
        p.data = kept
        assert p.grad == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-8)
    m, v = [0.0] * len(gpt.params), [0.0] * len(gpt.params)
    first = loss.data
    for step in range(12):
        loss = gpt.loss(text)
        for p in gpt.params:
            p.grad = 0
        loss.backward()
        for i, p in enumerate(gpt.params):
            m[i] = 0.9 * m[i] + 0.1 * p.grad
            v[i] = 0.95 * v[i] + 0.05 * p.grad**2
            p.data -= 0.05 * (m[i] / (1 - 0.9 ** (step + 1))) / ((v[i] / (1 - 0.95 ** (step + 1))) ** 0.5 + 1e-8)
    assert loss.data < 0.5 * first


def test_local_gradients_give_what_the_table_gives(monkeypatch):
    rng = random.Random(1)
    gpt = Gpt(vocab=4, width=4, heads=1, context=3, rng=rng)
    gpt.loss([0, 1, 2]).backward()
    by_hand = [p.grad for p in gpt.params]
    for p in gpt.params:
        p.grad = 0
    monkeypatch.setattr(Gpt, "squared_relu", staticmethod(lambda x: x.relu() ** 2))
    monkeypatch.setattr(Gpt, "exponential", staticmethod(lambda x: x.exp()))
    monkeypatch.setattr(Gpt, "product", staticmethod(lambda a, b: a * b))
    gpt.loss([0, 1, 2]).backward()
    assert [p.grad for p in gpt.params] == pytest.approx(by_hand, rel=1e-12, abs=1e-15)


# --- drawing ----------------------------------------------------------------------------------------------------------


def drawn():
    a, b = Value(2.0, label="a"), Value(-3.0)
    c = a * b
    c.label = "c"
    out = c + a
    out.backward()
    return a, b, c, out


def test_trace():
    viz = pytest.importorskip("viz")
    a, b, c, out = drawn()
    nodes, edges = viz.trace(out)
    assert set(nodes) == {a, b, c, out}
    assert set(edges) == {(a, c), (b, c), (c, out), (a, out)}


def test_draw_dot():
    viz = pytest.importorskip("viz")
    graphviz = pytest.importorskip("graphviz")
    _, _, _, out = drawn()
    dot = viz.draw_dot(out, format="svg", rankdir="TB")
    assert isinstance(dot, graphviz.Digraph)
    assert "rankdir=TB" in dot.source and dot.format == "svg"
    assert "rankdir=LR" in viz.draw_dot(out).source
    labels = re.findall(r'label="(\{.*?\})"', dot.source)
    assert {re.sub(r"\s+", " ", label.replace("<data>", "").replace("<grad>", "")) for label in labels} == {
        "{ a | data 2.0000 | grad -2.0000 }", "{ data -3.0000 | grad 2.0000 }",
        "{ c | data -6.0000 | grad 1.0000 }", "{ data -4.0000 | grad 1.0000 }",
    }  # fmt: skip


def test_a_plus_a_is_drawn_with_two_edges():
    viz = pytest.importorskip("viz")
    a = Value(1.0, label="a")
    source = viz.draw_dot(a + a).source
    into_op = [line for line in source.splitlines() if "->" in line]
    assert len(into_op) == 3  # twice into the op, once out of it


# --- what the originals get wrong -------------------------------------------------------------------------------------


def test_chain_deeper_than_the_recursion_limit():
    x = Value(1.0)
    y = x
    for _ in range(5000):
        y = y + 1
    y.backward()
    assert (y.data, x.grad) == (5001.0, 1.0)


def test_second_backward():
    x = Value(3.0)
    y = x * x * x
    y.backward()
    assert x.grad == 27.0
    x.grad = 0
    y.backward()
    assert x.grad == 27.0
    y.backward()
    assert x.grad == 54.0


def test_pickle_and_deepcopy():
    x = Value(3.0, label="x")
    y = x * x + x
    for again in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        again.backward()
        (leaf,) = {v for v in again.topological() if v.label == "x"}
        assert leaf is not x and leaf.grad == 7.0
    assert x.grad == 0


def test_repeated_arguments_are_kept():
    a = Value(1.0)
    assert (a + a).args == (a, a) and (a + a)._prev == {a}


def test_no_overflow():
    for x, f, value in ((1000.0, "tanh", 1.0), (-1000.0, "sigmoid", 0.0), (1000.0, "sigmoid", 1.0), (800.0, "exp", math.inf)):
        v = Value(x)
        out = getattr(v, f)()
        out.backward()
        assert out.data == value and not math.isnan(v.grad)


def test_number_divided_by_value():
    v = Value(4.0)
    out = 1 / v
    out.backward()
    assert (out.data, v.grad) == (0.25, -0.0625)


def test_value_powers():
    a, b = Value(2.0), Value(3.0)
    c = a**b
    c.backward()
    assert (c.data, a.grad, b.grad) == (8.0, 12.0, pytest.approx(8 * math.log(2)))
    d = 2**b
    d.backward()
    assert d.data == 8.0


def test_functions_take_numbers_too():
    assert micrograd.tanh(0.5) == math.tanh(0.5) and isinstance(micrograd.tanh(Value(0.5)), Value)
