"""Module, Neuron, Layer, MLP: the original's behaviour, and what Module adds to it."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import random

import pytest

from micrograd import Value, nn, optim, scope
from micrograd.nn import MLP, Layer, Linear, Module, Neuron, Sequential
from micrograd.nn.files import pack
from micrograd.nn.summary import shape

# --- as the original -------------------------------------------------------------------------------------------------


def test_draws_in_the_original_order_and_biases_without_a_draw():
    random.seed(1337)
    expected = [random.uniform(-1, 1) for _ in range(2 * 3 + 3 * 1)]
    random.seed(1337)
    model = MLP(2, [3, 1])
    assert [w.data for layer in model.layers for n in layer.neurons for w in n.w] == expected
    assert all(n.b.data == 0 for layer in model.layers for n in layer.neurons)
    assert random.random() == (random.seed(1337), [random.uniform(-1, 1) for _ in range(9)], random.random())[2]


def test_reprs():
    assert repr(Neuron(2)) == "ReLUNeuron(2)"
    assert repr(Neuron(2, nonlin=False)) == "LinearNeuron(2)"
    assert repr(MLP(2, [2, 1])) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    assert repr(Layer(1, 1, activation="tanh")) == "Layer of [TanhNeuron(1)]"
    assert repr(Neuron(1, activation=math.cos)) == "CosNeuron(1)"


def test_a_neurons_sum_begins_with_its_bias_and_goes_left_to_right():
    neuron = Neuron(3)
    for w, x in zip(neuron.w, (0.1, 0.2, 0.3), strict=True):
        w.data = x
    neuron.b.data = 0.7
    out = neuron([1.0, 2.0, 3.0])
    assert out.data == ((0.7 + 0.1 * 1.0) + 0.2 * 2.0) + 0.3 * 3.0
    ops = [v._op for v in out.topological() if v._op]
    assert ops == ["*", "+", "*", "+", "*", "+", "ReLU"]


def test_seeded_moons_loss():
    """The demo notebook's first loss; its data, made by scikit-learn 0.2x, come from its own seed."""
    np = pytest.importorskip("numpy")
    datasets = pytest.importorskip("sklearn.datasets")
    np.random.seed(1337)
    random.seed(1337)
    x, y = datasets.make_moons(n_samples=100, noise=0.1)
    model = MLP(2, [16, 16, 1])
    scores = [model([Value(a) for a in row]) for row in x]
    losses = [(1 + -yi * s).relu() for yi, s in zip(y * 2 - 1, scores, strict=True)]
    total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
    assert len(model.parameters()) == 337
    assert total.data == 0.8958441028683222


def test_inputs_of_the_wrong_length_are_refused():
    for bad in ([1.0], [1.0, 2.0, 3.0], (1.0,), 1.0):
        for module in (Neuron(2), Layer(2, 2), MLP(2, [2, 1]), Linear(2, 1)):
            with pytest.raises(ValueError, match=r"takes 2 input\(s\), not [13]|nested 1 deep"):
                module(bad)


def test_raw_numbers_tuples_generators_and_a_bare_value_are_inputs():
    model = MLP(2, [1, 3])  # the first layer gives a bare Value to the second
    expected = [v.data for v in model([0.5, 2])]
    for x in ((0.5, 2), [Value(0.5), Value(2)], (v for v in (0.5, 2))):
        assert [v.data for v in model(x)] == expected


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "gelu", "silu", "softplus", "sin"])
def test_activation_by_name(name):
    neuron = Neuron(1, activation=name)
    x = neuron.w[0].data * 0.5
    assert neuron([0.5]).data == getattr(Value(x), name)().data
    assert MLP(1, [2, 1], activation=name).layers[0].neurons[0].activation == name


def test_an_unknown_activation_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"no activation named 'rleu'; there are .*relu"):
        MLP(1, [1], activation="rleu")


def test_a_generator_makes_the_draws_explicit():
    state = random.getstate()
    a, b = (MLP(2, [3, 1], rng=random.Random(7)) for _ in range(2))
    assert a.state_dict() == b.state_dict()
    assert random.getstate() == state


# --- parameters and names --------------------------------------------------------------------------------------------


class Odd(Module):
    """Parameters in every kind of container, and things that are none."""

    buffers = ("mean",)

    def __init__(self):
        self.a = Value(1.0)
        self.table = {"x": [Value(2.0), (Value(3.0),)]}
        self.sub = Neuron(1)
        self.again = self.a
        self.mean = [Value(9.0)]
        self.number = 5
        self.output = self.a * 2  # not a leaf
        self._hidden = Value(8.0)

    def __call__(self, x):
        return self.a * x


def test_named_parameters_buffers_and_modules():
    odd = Odd()
    assert list(dict(odd.named_parameters())) == ["a", "table.x.0", "table.x.1.0", "sub.w.0", "sub.b"]
    assert [(n, b.data) for n, b in odd.named_buffers()] == [("mean.0", 9.0)]
    assert [n for n, _ in MLP(1, [1, 1]).named_modules()] == [
        "", "layers.0", "layers.0.neurons.0", "layers.1", "layers.1.neurons.0",
    ]  # fmt: skip
    names = [n for n, _ in MLP(2, [2, 1]).named_parameters()]
    assert names[:4] == ["layers.0.neurons.0.w.0", "layers.0.neurons.0.w.1", "layers.0.neurons.0.b", "layers.0.neurons.1.w.0"]
    assert [p for _, p in MLP(2, [2, 1]).named_parameters()] != []


def test_parameters_agree_with_their_names():
    model = MLP(3, [4, 2])
    assert [p for _, p in model.named_parameters()] == model.parameters()
    for p in model.parameters():
        p.grad = 2.0
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {0}


def test_original_style_subclass_needs_no_super_init():
    class Old(Module):
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, x):
            return self.w * x

        def parameters(self):
            return [self.w]

    old = Old()
    assert old(3).data == 6.0 and list(old.state_dict()) == ["w"]


# --- scopes and hooks ------------------------------------------------------------------------------------------------


def test_each_call_is_a_scope_of_its_own():
    model = MLP(2, [2, 1])
    with scope("loss"):
        a, b = model([1, 2]), model([3, 4])
    assert a.scope is not b.scope and a.scope.module is b.scope.module is model.layers[1].neurons[0]
    assert a.scope.path == ("loss", "MLP", "layers.1", "neurons.0")
    assert Value(1.0).scope is None


def test_super_call_opens_one_scope_and_an_exception_closes_it():
    class Twice(Neuron):
        def __call__(self, x):
            return super().__call__(x) * 2

    twice = Twice(1)
    assert twice([1.0]).scope.path == ("Twice",)
    assert twice([1.0]).args[0].scope.path == ("Twice",)
    with pytest.raises(ValueError):
        twice([1.0, 2.0])
    assert Value(1.0).scope is None


def test_hooks_see_and_may_replace_the_output():
    neuron, seen = Neuron(1), []
    remove = neuron.register_hook(lambda module, inputs, out: seen.append((module, inputs, out.data)))
    doubled = neuron.register_hook(lambda module, inputs, out: out * 2)
    out = neuron([1.0])
    assert seen == [(neuron, ([1.0],), out.data / 2)]
    remove()
    doubled()
    neuron([1.0])
    assert len(seen) == 1 and Neuron(1)._hooks == ()


# --- train, eval, freeze ---------------------------------------------------------------------------------------------


def test_train_and_eval_reach_every_module():
    model = Sequential(Linear(1, 1), nn.Dropout(0.5), Sequential(nn.Dropout(0.5)))
    assert all(m.training for _, m in model.named_modules())
    assert model.eval() is model
    assert not any(m.training for _, m in model.named_modules())
    assert model.train().training


def test_freeze_holds_through_deepcopy():
    model = copy.deepcopy(MLP(1, [1, 1]).freeze())
    model.layers[1].freeze(False)
    before = model.state_dict()
    for p in model.parameters():
        p.grad = 1.0
    optim.GD(model).step()
    changed = {name for name, x in model.state_dict().items() if x != before[name]}
    assert changed == {"layers.1.neurons.0.w.0", "layers.1.neurons.0.b"}
    assert "4 parameters, 2 of them frozen" in model.summary()


# --- state -----------------------------------------------------------------------------------------------------------


def test_load_state_dict_names_what_does_not_fit_and_changes_nothing():
    model = MLP(1, [2, 1])
    before = model.state_dict()
    wrong = {**dict.fromkeys(list(before)[1:], 0.0), "extra": 1.0}
    with pytest.raises(KeyError, match=r"this MLP: missing layers\.0\.neurons\.0\.w\.0; unexpected extra"):
        model.load_state_dict(wrong)
    with pytest.raises(TypeError, match=r"layers\.1\.neurons\.0\.b: expected a Value or a real number, not str"):
        model.load_state_dict({**dict.fromkeys(before, 0.0), "layers.1.neurons.0.b": "0"})
    assert model.state_dict() == before


@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_save_and_load_are_exact(tmp_path, ending):
    if ending == "safetensors":
        pytest.importorskip("safetensors")
    model, other = (Sequential(MLP(3, [4, 2]), Odd(), nn.BatchNorm(2)) for _ in range(2))
    odd_numbers = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1, math.pi, 1.7976931348623157e308]
    for p, x in zip(model.parameters(), odd_numbers, strict=False):
        p.data = x
    path = tmp_path / f"model.{ending}"
    model.save(path)
    assert other.load(path) is other
    assert [x.hex() for x in other.state_dict().values()] == [x.hex() for x in model.state_dict().values()]


def test_the_file_is_tensors_for_people_and_other_tools(tmp_path):
    MLP(2, [3, 1], rng=random.Random(0)).save(tmp_path / "m.json")
    content = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert {name: shape(t) for name, t in content["state"].items()} == {
        "layers.0.neurons.w": (3, 2), "layers.0.neurons.b": (3,), "layers.1.neurons.w": (1, 3), "layers.1.neurons.b": (1,),
    }  # fmt: skip


@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_loading_into_another_shape_says_so(tmp_path, ending):
    if ending == "safetensors":
        pytest.importorskip("safetensors")
    Linear(2, 3).save(tmp_path / f"m.{ending}")
    with pytest.raises(ValueError, match=r"weight has shape \(3, 2\) in .*, but \(2, 2\) here"):
        Linear(2, 2).load(tmp_path / f"m.{ending}")
    with pytest.raises(KeyError, match=r"missing w\.0, b; unexpected (weight, bias|bias, weight)"):
        Neuron(1).load(tmp_path / f"m.{ending}")


def test_a_file_that_is_not_ours_is_refused(tmp_path):
    path = tmp_path / "m.json"
    path.write_text('{"weights": [1]}', encoding="utf-8")
    with pytest.raises(ValueError, match="not a state that micrograd saved"):
        Linear(1, 1).load(path)


def test_a_failed_save_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    model = Linear(1, 1)
    model.save(path)
    before = path.read_bytes()

    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="disk full"):
        model.save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["m.json"]


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_are_independent(clone):
    model = Sequential(MLP(2, [3, 2], activation="tanh"), nn.ReLU(), Linear(2, 2), nn.Dropout(0.5), nn.LSTM(2, 2))
    twin = clone(model)
    assert twin.state_dict() == model.state_dict()
    assert not set(twin.parameters()) & set(model.parameters())
    twin.parameters()[0].data += 1
    assert twin.state_dict() != model.state_dict()


def test_pack_stacks_only_what_is_alike():
    assert {k: s for k, (s, _) in pack(["a.0", "a.1", "b.0.w.0", "b.1.w.0", "b.1.w.1", "c"]).items()} == {
        "a": (2,), "b.0.w": (1,), "b.1.w": (2,), "c": (),
    }  # fmt: skip
    names = ["l.0.n.0.w.0", "l.0.n.0.b", "l.0.n.1.w.0", "l.0.n.1.b"]
    assert pack(names)["l.0.n.w"] == ((2, 1), ["l.0.n.0.w.0", "l.0.n.1.w.0"])


# --- words -----------------------------------------------------------------------------------------------------------


def test_summary_and_repr():
    model = Sequential(Linear(2, 3), nn.Tanh(), Linear(3, 1))
    table = model.summary([0.5, 1.0])
    assert [line.split() for line in table.splitlines()] == [
        ["module", "type", "parameters", "count", "output"],
        ["-" * len(table.splitlines()[1])],
        ["·", "Sequential", "13", "(1,)"],
        ["layers.0", "Linear", "weight", "(3,", "2),", "bias", "(3,)", "9", "(3,)"],
        ["layers.1", "Tanh", "0", "(3,)"],
        ["layers.2", "Linear", "weight", "(1,", "3),", "bias", "(1,)", "4", "(1,)"],
        ["-" * len(table.splitlines()[1])],
        ["13", "parameters"],
    ]
    assert all(m._hooks == () for _, m in model.named_modules())
    assert repr(model) == (
        "Sequential(13 parameters)\n  layers.0: Linear(nin=2, nout=3, 9 parameters)\n  layers.1: Tanh()\n"
        "  layers.2: Linear(nin=3, nout=1, 4 parameters)"
    )
    assert "337 parameters" in MLP(2, [16, 16, 1]).summary()
