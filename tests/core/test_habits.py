"""What people type first, coming from NumPy, PyTorch, JAX and scikit-learn: it works, or one sentence says what to write."""

from __future__ import annotations

import copy
import importlib
import math
import pickle
import random
import re

import pytest

import micrograd
from micrograd import Value, data, functional, grad, habits, losses, metrics, nn, optim
from micrograd.train import fit

np = pytest.importorskip("numpy")

# --- NumPy on Values and on arrays of them -------------------------------------------------------------------------------

UNARY = [
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh",
    "cosh", "tanh", "arcsinh", "arctanh", "square", "reciprocal", "negative", "positive", "absolute", "abs",
]  # fmt: skip
BINARY = ["add", "subtract", "multiply", "divide", "true_divide", "power", "hypot", "arctan2"]


def numeric(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


@pytest.mark.parametrize("name", [*UNARY, "arccosh"])
def test_numpy_functions_of_values(name):
    f, x = getattr(np, name), 1.3 if name == "arccosh" else 0.4
    for wrapped in (lambda v: f(v), lambda v: f(np.array([v]))[0], lambda v: f(np.array([[v, v]]))[0, 0]):
        value = wrapped(Value(x))
        assert isinstance(value, Value) and value.data == pytest.approx(f(x), rel=1e-14)
        assert grad(wrapped)(x) == pytest.approx(numeric(f, x), rel=1e-6)


@pytest.mark.parametrize("name", BINARY)
def test_numpy_functions_of_two_values(name):
    f, a, b = getattr(np, name), 0.7, 0.4
    assert f(Value(a), Value(b)).data == pytest.approx(f(a, b), rel=1e-14)
    slopes = numeric(lambda x: f(x, b), a), numeric(lambda x: f(a, x), b)
    assert grad(f, argnums=(0, 1))(a, b) == pytest.approx(slopes, rel=1e-6)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: np.sum(x), [1.0, 1.0]),
        (lambda x: np.mean(x), [0.5, 0.5]),
        (lambda x: x.sum(), [1.0, 1.0]),
        (lambda x: np.prod(x), [-2.0, 3.0]),
        (lambda x: np.dot(x, x), [6.0, -4.0]),
        (lambda x: np.dot(np.array([[1.0, 2.0], [3.0, 4.0]]), x).sum(), [4.0, 6.0]),
        (lambda x: x @ np.array([5.0, 7.0]), [5.0, 7.0]),
        (lambda x: np.max(x), [1.0, 0.0]),
        (lambda x: np.min(x), [0.0, 1.0]),
        (lambda x: np.maximum(x, 0).sum(), [1.0, 0.0]),
        (lambda x: np.clip(x, -1, 1).sum(), [0.0, 0.0]),
        (lambda x: np.abs(x).sum(), [1.0, -1.0]),
        (lambda x: np.linalg.norm(x), [3 / math.sqrt(13), -2 / math.sqrt(13)]),
        (lambda x: np.where(x > 0, x, 0.1 * x).sum(), [1.0, 0.1]),
        (lambda x: np.cumsum(x)[-1], [1.0, 1.0]),
        (lambda x: np.outer(x, x).sum(), [2.0, 2.0]),
        (lambda x: (x[:, None] * x[None, :]).sum(), [2.0, 2.0]),
        (lambda x: np.einsum("i,i->", x, x), [6.0, -4.0]),
        (lambda x: sum(x), [1.0, 1.0]),
        (lambda x: np.concatenate([x, x]).sum(), [2.0, 2.0]),
        (lambda x: np.float64(2.0) * x[0] + np.float32(0.5) / x[1] + np.int64(3) - x[0], [1.0, -0.5 / 4]),
        (lambda x: x[np.argmax(x)], [1.0, 0.0]),
        (lambda x: np.tensordot(x, np.array([5.0, 7.0]), 1), [5.0, 7.0]),
    ],
)
def test_numpy_code_on_an_array_of_values(f, expected):
    found = grad(f)(np.array([3.0, -2.0]))
    assert isinstance(found, np.ndarray) and found.tolist() == pytest.approx(expected, rel=1e-12)


# --- PyTorch's loop ---------------------------------------------------------------------------------------------------------


def test_a_class_written_with_forward_is_a_module():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = nn.Linear(2, 3, rng=random.Random(1)), nn.Linear(3, 1, rng=random.Random(2))

        def forward(self, x):
            return self.out(nn.ReLU()(self.hidden(x)))

    class Doubled(Net):
        def forward(self, x):
            return [2 * v for v in super().forward(x)]

    net = Net()
    (out,) = net([1.0, -1.0])
    assert out.scope.module is net.out and out.scope.parent.module is net  # a box in pictures
    assert Doubled()([1.0, -1.0])[0].data == 2 * out.data and net.forward([1.0, -1.0])[0].data == out.data
    assert len(list(net.parameters())) == 13

    optimizer = optim.Adam(net.parameters(), lr=1e-2)
    net.train()
    seen = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = losses.mse(net([1.0, -1.0]), 3.0)
        loss.backward()
        optimizer.step()
        seen.append(loss.item())
    assert seen[0] > seen[1] > seen[2] and type(seen[0]) is float
    other = Net()
    other.load_state_dict(net.state_dict())
    assert other.eval()([1.0, -1.0])[0].data == net([1.0, -1.0])[0].data


def test_sequential_takes_one_list_and_functions_of_the_table():
    layer = nn.Linear(2, 3, rng=random.Random(1))
    x = [1.0, -2.0]
    expected = [math.tanh(v.data) for v in layer(x)]
    for net in (nn.Sequential(layer, micrograd.tanh), nn.Sequential([layer, nn.Tanh()]), nn.Sequential(layer, nn.Activation("tanh"))):
        assert [v.data for v in net(x)] == pytest.approx(expected, rel=1e-15)
        assert [v.data for v in net([x])[0]] == pytest.approx(expected, rel=1e-15)
        assert pickle.loads(pickle.dumps(net)).state_dict() == net.state_dict()
    assert len(nn.Sequential()) == 0 and nn.Sequential()(x) == x
    for wrong in (lambda: nn.Sequential(layer, nn.ReLU), lambda: nn.Sequential(layer, "relu"), lambda: nn.Sequential(layer, 3)):
        with pytest.raises(TypeError, match=r"Sequential takes layers and functions"):
            wrong()


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: nn.MLP(2, [1], activation=nn.ReLU), TypeError, r"a name \('relu'\) or a function, not the class ReLU"),
        (lambda: nn.MLP(2, [1], activation="ReLU"), ValueError, r"did you mean 'relu'\?"),
        (lambda: nn.MLP(2, [1], activation="Leaky ReLU"), ValueError, "'Leaky ReLU'; did you mean 'leaky_relu'"),
        (lambda: optim.SGD(nn.Linear(1, 1).weight), TypeError, r"write model\.parameters\(\)"),
        (lambda: optim.SGD(nn.Linear(1, 1).state_dict()), TypeError, "a dict with 'params'"),
        (lambda: float(Value(2.0)), TypeError, r"v\.data"),
        (lambda: math.exp(Value(2.0)), TypeError, r"v\.data"),
        (lambda: losses.cross_entropy([0.3], 0), ValueError, "two or more classes.*bce_with_logits"),
        (lambda: losses.cross_entropy([[0.3], [0.1]], [0, 0]), ValueError, "two or more classes.*bce_with_logits"),
        (lambda: losses.cross_entropy([0.1, 0.2, 0.3], [0, 1, 1]), ValueError, "adds up to 2 .*a list of scores for each"),
        (lambda: losses.cross_entropy([0.1, 0.2], [-1.0, 2.0]), ValueError, "adds up to 1"),
        (lambda: losses.cross_entropy([0.1, 0.2], 2), IndexError, "count from 0"),
    ],
)
def test_slips(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_one_parameter_is_a_list_of_one():
    x = Value(5.0)
    optimizer = optim.SGD(x, lr=0.1)
    x.grad = 1.0
    optimizer.step()
    assert x.data == 4.9


# --- scikit-learn and Keras --------------------------------------------------------------------------------------------------

X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 0, 0]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("size", [None, 1, 2])
@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.multi_hinge, losses.kl])
def test_a_loss_of_classes_on_a_model_of_one_score_is_refused(loss, size, compiled):
    """The four scores were taken for those of one sample's four classes, its labels for a distribution over them."""
    model = nn.MLP(2, [1])
    with pytest.raises(ValueError, match=r"score for each"):
        fit(model, (X, Y), loss, optim.GD(model), epochs=1, batch_size=size, compiled=compiled)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"metrics": ["accuracy"]}, TypeError, r"metrics=\{'accuracy': metrics.accuracy\}, not \['accuracy'\]"),
        ({"metrics": {"accuracy": metrics.accuracy}}, ValueError, "give validation="),
        ({"callbacks": print}, TypeError, "in a list"),
        ({"callbacks": ["print"]}, TypeError, "functions of the run"),
        ({"early_stopping": 5}, TypeError, r"optim\.EarlyStopping\(patience"),
        ({"average": 0.9}, TypeError, r"optim\.Average\(model\)"),
        ({"validation": 0.2}, TypeError, "not one float"),
    ],
)
def test_options_of_fit(options, error, sentence):
    model = nn.MLP(2, [2])
    with pytest.raises(error, match=sentence):
        fit(model, (X, Y), losses.cross_entropy, optim.GD(model), epochs=1, **options)


def test_train_test_split(monkeypatch):
    selection = pytest.importorskip("sklearn.model_selection")
    train_x, test_x, train_y, test_y = selection.train_test_split(np.array(X), np.array(Y), random_state=0)
    model = nn.MLP(2, [2])
    history = fit(
        model, (train_x, train_y), losses.cross_entropy, optim.Adam(model), epochs=2, validation=(test_x, test_y),
        metrics={"accuracy": metrics.accuracy},
    )  # fmt: skip
    assert len(history["val_accuracy"]) == 2
    with pytest.raises(ValueError, match=r"item 0 is no pair") as caught:
        fit(model, selection.train_test_split(np.array(X), np.array(Y)), losses.cross_entropy, optim.Adam(model))
    assert "\n" not in str(caught.value)


# --- names that are not here -----------------------------------------------------------------------------------------------

OWNERS = {"Value": Value(1.0), "Module": nn.ReLU(), "Optimizer": optim.SGD([Value(1.0)])}
NAMES = [(owner, name) for owner, table in habits.HERE.items() for name in table]


@pytest.mark.parametrize(("owner", "name"), NAMES)
def test_every_name_of_the_table_is_missing_and_its_error_says_what_to_write(owner, name):
    where = OWNERS[owner] if owner in OWNERS else importlib.import_module(owner)
    here = habits.HERE[owner][name]
    with pytest.raises(AttributeError, match=re.escape(f"has no attribute {name!r}; here: {here}")):
        getattr(where, name)
    for module, word in re.findall(r"\b(losses|optim|nn|functional|data|train|viz)\.(\w+)", here):  # what it says is there
        assert hasattr(importlib.import_module(module if module == "viz" else f"micrograd.{module}"), word), here
    if owner.startswith("micrograd.") and re.fullmatch(r"\w+(\(.*\))?", here) and owner != "micrograd.data":
        head = here.partition("(")[0]
        assert hasattr(where, head) or hasattr(micrograd, head) or head == "sum", here


def test_missing_names_stay_attribute_errors():
    v = Value(2.0)
    assert not hasattr(v, "numpy") and not hasattr(v, "shape") and not hasattr(v, "__array__") and not hasattr(v, "__len__")
    assert getattr(v, "colour", None) is None
    v.colour = 3
    assert v.colour == 3 and v.frozen is False
    assert copy.deepcopy(v).data == 2.0 and pickle.loads(pickle.dumps(v)).data == 2.0
    assert copy.deepcopy(nn.Linear(1, 1)).nin == 1
    for where, name in ((v, "nonsense"), (nn.ReLU(), "nonsense"), (losses, "nonsense"), (micrograd, "nonsense")):
        with pytest.raises(AttributeError, match=r"has no attribute 'nonsense'$"):
            getattr(where, name)
    with pytest.raises(AttributeError, match=r"'Own' object has no attribute 'fit'; here: train.fit"):
        type("Own", (nn.Module,), {})().fit  # noqa: B018
    with pytest.raises(AttributeError, match=r"here: micrograd.relu"):
        functional.relu  # noqa: B018
    with pytest.raises(AttributeError, match=r"here: Adam"):
        optim.adam  # noqa: B018
    for where, name, here in ((micrograd, "tahn", "tanh"), (nn, "MPL", "MLP"), (losses, "croos_entropy", "cross_entropy")):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'; here: {here}$"):
            getattr(where, name)
    with pytest.raises(ImportError):
        from micrograd.losses import MSELoss  # noqa: F401
    assert "numpy" not in dir(v) and {"data", "tanh", "colour"} <= set(dir(v)) and "fit" not in dir(nn.ReLU())
    assert Value(2.5).item() == 2.5 and data.moons(2)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize(
    ("loss", "wrong", "right"), [(losses.hinge, [0, 1, 0, 0], [-1, 1, -1, -1]), (losses.bce_with_logits, [-1, 1, -1, -1], [0, 1, 0, 0])]
)
def test_labels_of_the_other_convention_are_refused(loss, wrong, right, compiled, accumulate):
    """hinge has no gradient for a label 0; binary cross-entropy falls without end for a label -1."""
    for labels in (wrong, np.array(wrong, dtype=float), [[y] for y in wrong]):
        model = nn.MLP(2, [1])
        with pytest.raises(ValueError, match=f"the targets of {loss.__name__} are .*, not {min(wrong)}: of those for two classes write"):
            fit(model, (X, labels), loss, optim.GD(model), epochs=1, compiled=compiled, accumulate=accumulate)
    model = nn.MLP(2, [1])
    fit(model, (X, right), loss, optim.GD(model), epochs=1, compiled=compiled, accumulate=accumulate)
    with pytest.raises(ValueError, match="adds up to 2"):
        losses.kl([[-1.0, -2.0]], [[1.0, 1.0]])
    with pytest.raises(TypeError, match="whole number, not 'yes'"):
        metrics.precision([0.5], [1], positive="yes")


@pytest.mark.parametrize("compiled", [False, True])
def test_bce_of_scores_does_not_train(compiled):
    """Where all labels are 1 it went below 0 without end, for a score above 1."""
    model = nn.Linear(1, 1)
    model.weight[0][0].data, model.bias[0].data = 2.0, 0.0
    with pytest.raises((ValueError, ArithmeticError), match=r"probabilities, from 0 to 1, not 2|the loss became nan"):
        fit(model, ([[1.0]], [1.0]), losses.bce, optim.GD(model), epochs=1, compiled=compiled)
    model = nn.Sequential(nn.Linear(2, 1, rng=random.Random(1)), nn.Sigmoid())
    twin = nn.Sequential(nn.Linear(2, 1, rng=random.Random(1)), nn.Sigmoid())
    history = fit(model, (X, Y), losses.bce, optim.GD(model), epochs=3, compiled=compiled)
    assert history.steps == pytest.approx(fit(twin, (X, Y), losses.bce, optim.GD(twin), epochs=3).steps, rel=1e-12)


@pytest.mark.parametrize("root", ["a", 2.0, [Value(1.0)], abs])
@pytest.mark.parametrize("name", ["lower", "check_grads"])
def test_what_takes_a_root_says_so(name, root):
    with pytest.raises(TypeError, match=f"{name} takes the root of a graph, a Value, not "):
        getattr(micrograd, name)(root)


def test_a_file_of_a_package_is_no_slip_of_the_pen(monkeypatch):
    """Before `from micrograd import console` reads the file, Python asks the package for that name: no word is searched for it."""
    monkeypatch.setattr(habits, "nearest", lambda name, words: f"searched for {name}")
    assert str(habits.missing("micrograd", "console", ["cosh"])) == "module 'micrograd' has no attribute 'console'"
    assert str(habits.missing("micrograd.nn", "linear", ["Linear"])) == "module 'micrograd.nn' has no attribute 'linear'"
    assert "searched for linear" in str(habits.missing("micrograd.losses", "linear", ["Linear"]))  # no package
    assert "searched for consol" in str(habits.missing("micrograd", "consol", ["cosh"]))
