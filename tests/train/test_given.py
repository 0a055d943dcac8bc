"""What people give: strings where numbers belong, labels of every type, rows, columns, tables; it works, or one sentence says why not."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import micrograd
from micrograd import Value, data, functional, losses, metrics, nn, optim
from micrograd.given import index, is_list, real, rows, sequence, whole

PAIRED = [losses.mse, losses.mae, losses.huber, losses.hinge, losses.bce, losses.bce_with_logits]
OF_CLASSES = [losses.cross_entropy, losses.nll, losses.multi_hinge]


@pytest.fixture
def pd():
    return pytest.importorskip("pandas")


# --- strings are no lists of numbers: "a"[0] == "a" for ever -----------------------------------------------------------


@pytest.mark.parametrize("loss", PAIRED)
@pytest.mark.parametrize("targets", ["1", ["1"], "ab", [b"1"], np.array(["1"]), [None]])
def test_losses_refuse_what_is_no_number(loss, targets):
    predictions = [0.5, 0.5] if targets == "ab" else [0.5]
    with pytest.raises((TypeError, ValueError), match=r"numbers, not of|against '1'|against 'ab'"):
        loss(predictions, targets)
    with pytest.raises((TypeError, ValueError), match=r"numbers, not of|different shapes"):
        loss(targets, predictions)


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_losses_of_classes_refuse_what_is_no_class(loss):
    for target in ("1", "b", None):
        with pytest.raises(TypeError, match=r"a class, like every index, is a whole number"):
            loss([1.0, 2.0], target)
    with pytest.raises(TypeError, match=r"names.index"):
        loss([[1.0, 2.0], [1.0, 2.0]], ["cat", "dog"])
    with pytest.raises(TypeError, match=r"of numbers, not of '1'"):
        loss(["1", "2"], 1)
    with pytest.raises(ValueError, match=r"not 'ab'"):
        loss("ab", 1)
    for target in (1.5, math.nan, math.inf, np.float64(0.5)):
        with pytest.raises(IndexError, match=r"whole number"):
            loss([1.0, 2.0], target)
    for target in (2, 2.0, -1, -1.0):
        with pytest.raises(IndexError, match=r"outside 0 … 1"):
            loss([1.0, 2.0], target)


@pytest.mark.parametrize("loss", OF_CLASSES)
@pytest.mark.parametrize(
    "one", [1, 1.0, True, np.int64(1), np.float64(1.0), np.float32(1.0), np.True_, np.array(1.0), np.array(1), Value(1.0), [1.0], (1,)]
)
def test_a_class_is_a_whole_number_of_any_type(loss, one):
    assert loss([0.25, 2.0, -1.0], one) == loss([0.25, 2.0, -1.0], 1)
    assert loss([[0.25, 2.0, -1.0]], [one]) == loss([[0.25, 2.0, -1.0]], [1])


def test_a_class_that_was_computed_is_refused():
    with pytest.raises(TypeError, match=r"whole number, not Value"):
        losses.cross_entropy([0.0, 1.0], Value(0.5) + 0.5)


def test_whole_float_labels_compile():
    model = nn.MLP(2, [3], rng=random.Random(1))
    table = nn.Embedding(4, 2, rng=random.Random(2))
    points = [[0.5, -1.0], [1.0, 2.0]]

    def loss(x, y):
        return losses.cross_entropy(model(x), y) + functional.norm(table(y))

    eager = micrograd.grad(loss(points[0], 2) + loss(points[1], 0), model.parameters())
    step = micrograd.compile(lambda x, y: loss(x[0], y[0]) + loss(x[1], y[1]), model)
    for labels in ([2.0, 0.0], np.array([2.0, 0.0]), [2, 0], [2.0, False]):
        _, found = step.value_and_grad(points, labels)
        assert found == pytest.approx(eager, rel=1e-12)
    for wrong in (1.5, 3.0, -1.0, math.nan):
        with pytest.raises(IndexError):
            step(points, [2.0, wrong])
    batch = micrograd.compile(loss, model, batch=True, exact=False)
    _, found = batch.value_and_grad(np.array(points), np.array([2.0, 0.0]))
    assert found == pytest.approx([g / 2 for g in eager], rel=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: nn.Linear(2, 1)("ab"), lambda: nn.Linear(2, 1)(["a", "b"]),
        lambda: nn.MLP(2, [1])("ab"), lambda: nn.MLP(2, [1])(["a", "b"]),
        lambda: nn.Neuron(1)("a"), lambda: nn.Neuron(2)("ab"), lambda: nn.ReLU()("a"), lambda: nn.ReLU()(["a"]),
        lambda: nn.Dropout()("ab"), lambda: nn.Embedding(2, 2)("ab"), lambda: nn.LayerNorm(2)("ab"), lambda: nn.BatchNorm(2)("ab"),
        lambda: nn.Flatten()("abc"), lambda: nn.Conv1d(1, 1, 1)("abc"), lambda: nn.MaxPool1d(1)("abc"), lambda: nn.Softmax()("ab"),
        lambda: functional.softmax("12"), lambda: functional.softmax(["1"]), lambda: functional.argmax(["1", "2"]),
        lambda: functional.mean("12"), lambda: losses.l1("ab"), lambda: losses.l2(["1"]),
        lambda: metrics.accuracy(["0.5"], [1]), lambda: metrics.accuracy([0.5], ["1"]), lambda: metrics.accuracy("ab", "ab"),
        lambda: metrics.r2(["1", "2"], [1, 2]), lambda: metrics.r2([1, 2], ["1", "2"]), lambda: metrics.roc(["1", "2"], [1, 0]),
        lambda: metrics.perplexity("1"), lambda: metrics.classes("ab"), lambda: metrics.confusion_matrix([1.0], ["1"]),
        lambda: nn.MLP("2", [1]), lambda: nn.MLP(2, ["1"]), lambda: nn.MLP(2, "11"), lambda: nn.Linear("2", 1), lambda: nn.Linear(2, "1"),
        lambda: nn.Neuron("2"), lambda: nn.Layer(2, "1"), lambda: nn.Dropout("0.5"), lambda: nn.Embedding("2", 2),
        lambda: nn.Conv1d("1", 1, 1), lambda: nn.Conv2d(1, 1, "3"), lambda: nn.MaxPool2d("2"), lambda: nn.LayerNorm("2"),
        lambda: nn.BatchNorm("2"), lambda: nn.RNN("2", 2), lambda: nn.LSTM(2, "2"), lambda: nn.MultiHeadAttention("4", 2),
        lambda: nn.TransformerBlock(4, "2"),
        lambda: optim.SGD([Value(1.0)], lr="0.1"), lambda: optim.Adam([Value(1.0)], beta1="0.9"), lambda: optim.Adam("ab"),
        lambda: optim.SGD([Value(1.0)], weight_decay="0"), lambda: optim.SGD([Value(1.0)], clip_norm="1"),
        lambda: optim.SGD([Value(1.0)], clip_value="1"), lambda: optim.SGD([Value(1.0)], schedule="cosine"),
        lambda: optim.SGD([{"params": [Value(1.0)], "lr": "0.1"}]), lambda: optim.SGD([Value(1.0)], lr=None),
        lambda: optim.clip_norm([Value(1.0)], "1"), lambda: optim.clip_value([Value(1.0)], "1"), lambda: optim.Cosine("100"),
        lambda: optim.StepDecay("2"), lambda: optim.Exponential("0.9"), lambda: optim.Plateau("0.1"),
        lambda: optim.EarlyStopping("3"), lambda: optim.EarlyStopping().update("0.5"), lambda: optim.Plateau().update("0.5"),
        lambda: optim.Average([Value(1.0)], decay="0.9"),
        lambda: data.split(([1.0], [1.0]), "0.2"), lambda: data.Scaling(["ab"]), lambda: data.Scaling([["1", "2"]]),
        lambda: data.one_hot(["a"]), lambda: data.moons("100"), lambda: data.moons(4, noise="0.1"), lambda: data.curve(n="3"),
        lambda: data.blobs(classes="2"), lambda: data.windows([1.0, 2.0], "1"),
    ],
)  # fmt: skip
def test_a_string_where_a_number_belongs_is_refused_at_once(call):
    with pytest.raises((TypeError, ValueError), match=r"not |is of numbers|is not a number|must be") as caught:
        call()
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


def test_dicts_and_sets_are_no_lists():
    for x in ({"a": 1.0}, {1.0, 2.0}):
        with pytest.raises(TypeError, match=r"numbers come in lists here, not in a"):
            losses.mse(x, x)
        with pytest.raises(TypeError, match=r"numbers come in lists here, not in a"):
            nn.MLP(2, [1])(x)


# --- settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: nn.MLP(2, 4), TypeError, r"a list of widths: \[4\], not 4"),
        (lambda: nn.MLP(2, [4.0]), TypeError, "widths must be a whole number, not 4.0"),
        (lambda: nn.MLP(2, [0]), ValueError, "at least 1, not 0"),
        (lambda: nn.Layer(2, -1), ValueError, "at least 1, not -1"),
        (lambda: nn.Conv2d(1, 1, (1, 2, 3)), ValueError, r"one number, or \(rows, columns\)"),
        (lambda: nn.Conv1d(1, 1, 3, stride=0), ValueError, "stride must be at least 1"),
        (lambda: optim.Adam([Value(1.0)], momentum=0.9), TypeError, "Adam has no setting momentum; it has lr, beta1"),
        (lambda: optim.AdamW([Value(1.0)], betas=(0.9, 0.99)), TypeError, "AdamW has no setting betas; it has lr, beta1"),
        (lambda: optim.SGD([Value(1.0)], lr=0.1, wd=0.1), TypeError, "SGD has no setting wd; it has .*weight_decay"),
        (lambda: optim.SGD({"lr": 0.1}), TypeError, "a dict with 'params'"),
        (lambda: optim.Adam(nn.Linear(1, 1).named_parameters()), TypeError, r"write model\.parameters\(\)"),
        (lambda: optim.Cosine(0), ValueError, "Cosine's total must be more than 0"),
        (lambda: data.split([1.0], [1.0]), TypeError, r"split\(\(inputs, targets\), 0.2\)"),
        (lambda: data.split(([1, 2], [1])), ValueError, "2 inputs for 1 targets"),
        (lambda: data.split(([1, 2], [1, 2]), 2), ValueError, r"in \[0, 1\], not 2"),
        (lambda: data.one_hot([0, 3], 3), ValueError, "classes are 0 … 2, not 3"),
        (lambda: data.one_hot([-1, 1]), ValueError, "classes are 0 … 1, not -1"),
        (lambda: data.one_hot([0.5]), IndexError, "whole number"),
        (lambda: functional.softmax([[1.0, 2.0]]), TypeError, r"\[softmax\(row\) for row in rows\]"),
        (lambda: functional.softmax(Value(1.0)), TypeError, "of a list of numbers"),
        (lambda: metrics.accuracy([2, 1], [2, 1]), ValueError, "a list with a score for each class"),
        (lambda: metrics.accuracy([0.1, 0.2], [0.5, 1]), IndexError, "whole number, not 0.5"),
        (lambda: metrics.accuracy([0.1, 0.2], [-3, 1]), ValueError, "not -3"),
        (lambda: metrics.accuracy([], []), ValueError, "0 predictions for 0 targets"),
        (lambda: losses.bce([1.2], [1]), ValueError, r"probabilities, from 0 to 1, not 1.2: of scores, bce_with_logits"),
        (lambda: losses.bce([Value(-0.2)], [1]), ValueError, r"not -0.2"),
        (lambda: losses.cross_entropy([1.0, 2.0], 1, weights=["1", "2"]), TypeError, r"of numbers, not of '1'"),
        (lambda: losses.l2(0.1), TypeError, r"l2\(model\), not of 0.1"),
        (lambda: losses.l1(Value(0.1)), TypeError, r"l2\(model\), not of Value"),
        (lambda: optim.SGD([Value(1.0)], schedule=optim.StepDecay), TypeError, r"such as optim.Cosine\(100\), not <class"),
        (lambda: optim.SGD([nn.Linear(1, 1)]), TypeError, r"write model.parameters\(\)"),
        (lambda: nn.Linear(2, 2, init="xavier"), TypeError, r"nn.init.xavier_uniform, not 'xavier'"),
        (lambda: nn.Embedding(2, 2, init="normal"), TypeError, r"init is a function"),
        (lambda: nn.init.reset(nn.Linear(2, 2), "normal"), TypeError, r"init is a function"),
        (lambda: nn.MLP(2, [1], rng=42), TypeError, r"write rng=random.Random\(42\)"),
        (lambda: nn.Linear(2, 1, rng=42), TypeError, r"write rng=random.Random\(42\)"),
        (lambda: nn.Linear(2, 1, init=nn.init.normal, rng=np.random.default_rng(0)), TypeError, r"a generator of the module random"),
        (lambda: nn.Dropout(0.5, rng=3), TypeError, r"write rng=random.Random\(3\)"),
        (lambda: data.moons(4, rng=0), TypeError, r"write rng=random.Random\(0\)"),
        (lambda: data.split(([1, 2], [1, 2]), 0.5, 7), TypeError, r"write rng=random.Random\(7\)"),
    ],
)
def test_settings_are_refused_in_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_an_optimizer_of_ones_own_hands_on_what_it_likes():
    class Mine(optim.Adam):
        def __init__(self, params, warmth=2.0):
            super().__init__(params, lr=0.1, warmth=warmth)

    class Plain(optim.SGD):
        pass

    assert Mine([Value(1.0)]).groups[0].settings["warmth"] == 2.0
    with pytest.raises(TypeError, match=r"Plain has no setting warmth"):
        Plain([Value(1.0)], warmth=1.0)


def test_limits_on_gradients_take_a_module():
    layer = nn.Linear(1, 1)
    layer.weight[0][0].grad, layer.bias[0].grad = 3.0, 4.0
    assert optim.clip_norm(layer, 1.0) == 5.0
    assert [p.grad for p in layer.parameters()] == pytest.approx([0.6, 0.8])
    optim.clip_value(layer, 0.5)
    assert [p.grad for p in layer.parameters()] == [0.5, 0.5]


def test_the_helpers():
    assert real("x", np.float32(0.5)) == 0.5 and whole("x", np.int32(3)) == 3 and index(2.0) == 2
    for x in ("1", None, [1.0], 1j):
        with pytest.raises(TypeError, match=r"x must be a real number, not"):
            real("x", x)
        with pytest.raises(TypeError, match=r"x must be a whole number, not"):
            whole("x", x)
    assert not is_list(np.array(1.0)) and is_list(np.array([1.0])) and not is_list(Value(1.0))
    array = np.ones((2, 2))
    assert rows(array) is array and sequence("x", (i for i in range(2))) == [0, 1]
    with pytest.raises(TypeError, match=r"x must be a list, an array or a table, not 'ab'"):
        sequence("x", "ab")


# --- rows, columns and tables ----------------------------------------------------------------------------------------------


X = [[0.5, -1.0], [1.0, 2.0], [-0.25, 0.75]]


@pytest.mark.parametrize(
    "model", [nn.Neuron(2), nn.Neuron(2, nonlin=False), nn.Layer(2, 3), nn.Layer(2, 1), nn.MLP(2, [4, 1]), nn.MLP(2, [1, 3])]
)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_model_on_rows_answers_each_row(model, count):
    def numbers(x):
        return [numbers(item) for item in x] if isinstance(x, list) else x.data

    expected = [numbers(model(x)) for x in X[:count]]
    tables = [X[:count], np.array(X[:count]), [np.array(x) for x in X[:count]], tuple(map(tuple, X[:count]))]
    tables += [[[Value(v) for v in x] for x in X[:count]], np.array([[Value(v) for v in x] for x in X[:count]])]
    for table in tables:
        assert numbers(model(table)) == expected
    with pytest.raises(ValueError, match=r"takes 2 input\(s\), not 3"):
        model([[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match=r"takes 2 input\(s\), not 3"):
        model([1.0, 2.0, 3.0])


def test_the_gradient_of_a_batch_flows_through_rows():
    model = nn.MLP(2, [4, 1], rng=random.Random(1))
    ys = [1.0, 0.0, 1.0]
    whole = micrograd.grad(losses.mse(model(np.array(X)), ys), model.parameters())
    assert whole == micrograd.grad(losses.mse([model(x) for x in X], ys), model.parameters())
    step = micrograd.compile(lambda x: losses.mse(model(x), ys), model)
    assert step.value_and_grad(np.array(X))[1] == pytest.approx(whole, rel=1e-12)


def test_tables_are_rows(pd):
    frame = pd.DataFrame(X, columns=["u", "v"], index=[7, 8, 9])
    series = pd.Series([1, 0, 1], index=[7, 8, 9])
    model, layer = nn.MLP(2, [4, 2], rng=random.Random(1)), nn.Linear(2, 1, rng=random.Random(1))
    assert [[v.data for v in out] for out in model(frame)] == [[v.data for v in model(x)] for x in X]
    assert [out[0].data for out in layer(frame)] == [layer(x)[0].data for x in X]
    assert losses.cross_entropy(model(X), series).data == losses.cross_entropy(model(X), [1, 0, 1]).data
    assert losses.mse(layer(X), series).data == losses.mse([layer(x)[0] for x in X], [1, 0, 1]).data
    assert metrics.accuracy([0.5, 0.5, -1.0], series) == 1 / 3 and metrics.r2(series, series) == 1.0
    assert data.Scaling(frame)(frame) == data.Scaling(X)(X)
    train, test = data.split((frame, series), 1 / 3)
    assert len(train[0]) == 2 and sorted(map(tuple, train[0] + test[0])) == sorted(map(tuple, X))
    with pytest.raises(TypeError, match=r"not of|not a number|real number"):
        model(pd.DataFrame({"u": ["a", "b"], "v": [1.0, 2.0]}))
    table = nn.Embedding(3, 2)
    assert [[v.data for v in vector] for vector in table(series)] == [[v.data for v in table(k)] for k in (1, 0, 1)]


class Tensor:
    """What another library's tensor is to us: an array on request, iterated as tensors of no dimension."""

    def __init__(self, x):
        self.x = np.asarray(x)

    def __array__(self, dtype=None, copy=None):
        return self.x

    def __len__(self):
        return len(self.x)

    def __getitem__(self, k):
        return Tensor(self.x[k])

    @property
    def ndim(self):
        return self.x.ndim


def test_tensors_of_other_libraries_are_rows():
    model = nn.MLP(2, [3, 2], rng=random.Random(1))
    expected = losses.cross_entropy(model(X), [1, 0, 1])
    assert losses.cross_entropy(model(Tensor(X)), Tensor([1, 0, 1])).data == expected.data
    assert losses.cross_entropy(Tensor([[1.0, 2.0]]), Tensor([1])) == losses.cross_entropy([[1.0, 2.0]], [1])
    assert losses.mse(Tensor([1.0, 2.0]), Tensor([[1.0], [4.0]])) == 2.0
    assert nn.Linear(2, 1, rng=random.Random(1))(Tensor(X))[0][0].data == nn.Linear(2, 1, rng=random.Random(1))(X)[0][0].data
    assert metrics.accuracy(Tensor([0.5, -0.5]), Tensor([1, 1])) == 0.5


@pytest.mark.parametrize("loss", PAIRED)
def test_a_column_is_its_numbers(loss):
    predictions, targets = [0.25, 0.75, 0.5], [1.0, -1.0 if loss is losses.hinge else 0.0, 1.0]
    expected = loss(predictions, targets)
    assert loss(predictions, [[t] for t in targets]) == loss([[p] for p in predictions], targets) == expected
    assert loss(predictions, np.array(targets).reshape(-1, 1)) == expected
    for wrong in ([targets], [[t, t] for t in targets], [[[t]] for t in targets]):
        with pytest.raises(ValueError, match=r"different shapes"):
            loss(predictions, wrong)


def test_r2_of_constants_is_nan():
    for predictions in ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]):
        for t in (2.0, 0.1):  # the mean of three 0.1 is not 0.1
            assert math.isnan(metrics.r2(predictions, [t] * 3))
    assert metrics.r2([1.0, 2.0, 3.5], [1.0, 2.0, 3.0]) == 1 - 0.25 / 2
    assert metrics.perplexity(1000.0) == math.inf
