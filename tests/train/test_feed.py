"""What `fit`, `evaluate` and the plots are given: columns, pairs, batches and tables, told apart by structure or refused."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from micrograd import losses, metrics, nn, optim, plots
from micrograd.feed import Batches, Columns, feed
from micrograd.train import evaluate, fit, predict

X = [[0.5, -1.0], [1.0, 2.0], [-0.25, 0.75], [0.0, 1.0], [2.0, 0.5]]
Y = [1, 0, 1, 1, 0]
CUT = [(X[:2], Y[:2]), (X[2:4], Y[2:4]), (X[4:], Y[4:])]


def model(seed=1, widths=(3, 2)):
    return nn.MLP(2, list(widths), rng=random.Random(seed))


def trained(data, loss=losses.cross_entropy, widths=(3, 2), **options):
    made = model(widths=widths)
    history = fit(made, data, loss, optim.Adam(made, lr=0.05), epochs=3, **options)
    return history.steps, made.state_dict()


class Loader:
    """What a DataLoader is: iterated anew for each epoch, with a length, without places."""

    def __init__(self, batches):
        self.batches, self.epochs = batches, 0

    def __iter__(self):
        self.epochs += 1
        return iter([list(b) for b in self.batches])  # PyTorch's give lists

    def __len__(self):
        return len(self.batches)


class Dataset:
    """Places and a length, and no end to the places."""

    def __getitem__(self, k):
        return X[k % 5], Y[k % 5]

    def __len__(self):
        return 5


@pytest.fixture
def pd():
    return pytest.importorskip("pandas")


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("size", [None, 2])
def test_all_forms_of_the_same_samples_train_alike(size, compiled):
    expected = trained((X, Y), batch_size=size, compiled=compiled)
    pairs = list(zip(X, Y, strict=True))
    forms = [
        [X, Y], (np.array(X), np.array(Y)), (X, np.array(Y, dtype=float)), (np.array(X), [[y] for y in Y]), (tuple(X), tuple(Y)),
        pairs, tuple(pairs), [list(p) for p in pairs], zip(X, Y, strict=True), ((x, y) for x, y in pairs), iter(pairs), Dataset(),
        zip(np.array(X), np.array(Y), strict=True),
    ]  # fmt: skip
    for form in forms:
        steps, state = trained(form, batch_size=size, compiled=compiled)
        assert steps == pytest.approx(expected[0], rel=1e-12) and state == pytest.approx(expected[1], rel=1e-9)


@pytest.mark.parametrize("size", [None, 2])
def test_tables(pd, size):
    frame, series = pd.DataFrame(X, columns=["u", "v"], index=[9, 8, 7, 6, 5]), pd.Series(Y, index=[9, 8, 7, 6, 5], name="class")
    expected = trained((X, Y), batch_size=size)
    assert trained((frame, series), batch_size=size) == expected
    assert trained((frame, series.to_frame()), batch_size=size) == expected
    assert trained((frame[["u", "v"]], series.astype(float)), batch_size=size) == expected
    made = model()
    assert evaluate(made, (frame, series), losses.cross_entropy, {"accuracy": metrics.accuracy}) == evaluate(
        made, (X, Y), losses.cross_entropy, {"accuracy": metrics.accuracy}
    )
    assert predict(made, frame) == predict(made, X) == predict(made, np.array(X))
    assert predict(made, frame, compiled=True) == pytest.approx(np.array(predict(made, X)), rel=1e-12)
    with pytest.raises(TypeError, match=r"not one DataFrame: fit\(model, \(inputs, targets\)"):
        fit(made, frame, losses.cross_entropy, optim.GD(made))
    with pytest.raises(TypeError, match=r"targets must be a list, an array or a table, not 'class'"):
        fit(made, (frame, "class"), losses.cross_entropy, optim.GD(made))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_batches_from_elsewhere(compiled, accumulate):
    by_hand, optimizer, expected = model(), None, []
    optimizer = optim.Adam(by_hand, lr=0.05)
    for _ in range(3):
        for group in (CUT[:2], CUT[2:]) if accumulate == 2 else [[b] for b in CUT]:
            optimizer.zero_grad()
            for xs, ys in group:
                loss = losses.cross_entropy([by_hand(x) for x in xs], ys) * (1 / len(group))
                loss.backward()
                expected.append(loss.data * len(group))
            optimizer.step()
    loader = Loader(CUT)
    arrays = [(np.array(xs), np.array(ys)) for xs, ys in CUT]
    columns = [(np.array(xs), np.array(ys).reshape(-1, 1)) for xs, ys in CUT]
    zipped = zip(*zip(*arrays, strict=True), strict=True)
    for form in (loader, iter(CUT), (b for b in CUT), CUT, tuple(CUT), arrays, iter(arrays), columns, zipped):
        steps, state = trained(form, compiled=compiled, accumulate=accumulate)
        assert steps == pytest.approx(expected, rel=1e-12) and state == pytest.approx(by_hand.state_dict(), rel=1e-9)
    assert loader.epochs == 3


def test_the_mean_of_an_epoch_counts_samples():
    made = model()
    history = fit(made, Loader(CUT), losses.cross_entropy, optim.GD(made, lr=0.1), epochs=1, validation=iter(CUT))
    a, b, c = history.steps
    assert history["loss"] == [pytest.approx((2 * a + 2 * b + c) / 5)]
    assert history["val_loss"][-1] == evaluate(made, (X, Y), losses.cross_entropy)["loss"]


def test_a_stream_is_used_as_it_comes():
    """Training does not wait for the end of the data, which there may not be."""
    made, taken = model(), []

    def forever():
        for k in itertools.count():
            taken.append(k)
            yield CUT[k % 3]

    class Enough:
        def on_step(self, run):
            if len(taken) == 7:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(made, forever(), losses.cross_entropy, optim.GD(made), epochs=1, callbacks=[Enough()])
    assert taken == list(range(7))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ([([0.0, 1.0], 1), ([1.0, 0.0], 0)], "pairs"),  # two pairs: once taken for inputs and targets
        ((([0.0, 1.0], 1), ([1.0, 0.0], 0)), "pairs"),
        ([([0.0, 1.0], [1, 0, 0]), ([1.0, 0.0], [0, 1, 0])], "pairs"),  # told by their lengths
        ([[[0.0, 1.0], [1.0, 0.0]], [1, 0]], "columns"),
        (([[0.0, 1.0], [1.0, 0.0]], [1, 0]), "columns"),
        (([1.0, 2.0], [3.0, 4.0]), "columns"),  # lists in a tuple, as the documentation has it
        ((np.eye(2), np.eye(2)), "columns"),
        ([np.eye(2), np.ones(2)], "columns"),
        (([[1.0], [2.0]], [[3.0], [4.0]]), "columns"),
        ([([0.0, 1.0], 1)], "pair"),
    ],
)
def test_two_things_are_told_apart_by_structure(data, kind):
    inputs, targets = feed(data).columns()
    items = [[np.asarray(x).tolist(), np.asarray(y).tolist()] for x, y in zip(inputs, targets, strict=True)]
    if kind == "columns":
        data = list(zip(*data, strict=True))
    assert items == [[np.asarray(x).tolist(), np.asarray(y).tolist()] for x, y in data]


@pytest.mark.parametrize(
    ("data", "error", "sentence"),
    [
        (lambda: [(1.0, 2.0), (3.0, 4.0)], ValueError, r"two pairs .*write \(\[x1, x2\], \[y1, y2\]\)"),
        (lambda: ((1.0, 2.0), (3.0, 4.0)), ValueError, "two pairs"),
        (lambda: [[1.0, 2.0], [3.0, 4.0]], ValueError, "two pairs"),
        (lambda: [([0.0, 1.0], [1.0, 0.0]), ([1.0, 0.0], [0.0, 1.0])], ValueError, "two pairs"),
        (lambda: [(np.eye(3), np.eye(3))] * 3, ValueError, r"as many rows as rows of targets \(3 in the first\).*iter\(data\)"),
        (lambda: iter([([1.0, 2.0], [3.0, 4.0])]), ValueError, "one sample, or a batch of 2"),
        (lambda: np.eye(3), TypeError, r"not one ndarray: fit\(model, \(inputs, targets\)"),
        (lambda: "data", TypeError, "not one str"),
        (lambda: {"x": X, "y": Y}, TypeError, "not one dict"),
        (lambda: 3.0, TypeError, "not one float"),
        (lambda: None, TypeError, "not one NoneType"),
        (list, ValueError, "this list is empty"),
        (lambda: iter([]), ValueError, "nothing came of this"),
        (lambda: (X, Y, Y), ValueError, "item 0 is no pair"),
        (lambda: [[[1.0, 2.0], [3.0, 4.0]], [1, 0], [0.5, 0.5]], ValueError, "item 1 of this list is unlike item 0"),
        (lambda: [[*x, 1.0] for x in X], ValueError, "item 0 is no pair"),
        (lambda: (X, Y[:2]), ValueError, "one length, at least 1, not 5 and 2"),
        (lambda: ([], []), ValueError, "not 0 and 0"),
        (lambda: Loader([(X, Y[:2])]), ValueError, "batch 0 is .* not 5 and 2"),
        (lambda: Loader([(X[0], 1)]), ValueError, "samples one by one come in a list of pairs"),
        (lambda: Loader([X]), ValueError, "item 0 is no pair"),
        (lambda: (b for b in [CUT[0], X]), ValueError, "item 1 is no pair"),
        (lambda: ("ab", [1, 0]), TypeError, "inputs must be a list, an array or a table, not 'ab'"),
    ],
)
def test_what_is_refused(data, error, sentence):
    made = model()
    before = made.state_dict()
    with pytest.raises(error, match=sentence) as caught:
        fit(made, data(), losses.cross_entropy, optim.GD(made, lr=0.0), epochs=1)
    assert "\n" not in str(caught.value) and made.state_dict() == before


def test_batches_come_without_a_size():
    for form in (CUT, iter(CUT), Loader(CUT)):
        with pytest.raises(ValueError, match=r"leave batch_size out"):
            feed(form, 2)
    assert isinstance(feed(CUT), Batches) and isinstance(feed((X, Y), 2), Columns)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda m, o: fit(m, (X, Y), "mse", o), TypeError, r"such as micrograd\.losses\.mse, not 'mse'"),
        (lambda m, o: fit(m, X, Y, losses.mse, 3), TypeError, r"fit\(model, \(inputs, targets\), loss, optimizer\), not \[1, 0"),
        (lambda m, o: fit(m, (X, Y), losses.mse, "adam"), TypeError, r"optim\.Adam\(model\), not 'adam'"),
        (lambda m, o: fit(m, (X, Y), losses.mse, optim.Adam), TypeError, r"optim\.Adam\(model\), not <class"),
        (lambda m, o: fit(nn.MLP, (X, Y), losses.mse, o), TypeError, "the model is a module or a function"),
        (lambda m, o: fit(model(2), (X, Y), losses.mse, o), ValueError, "no parameter of this model, which would stand still"),
        (lambda m, o: fit(m, (X, Y), losses.mse, o, epochs="3"), TypeError, "epochs must be a whole number, not '3'"),
        (lambda m, o: fit(m, (X, Y), losses.mse, o, batch_size=2.5), TypeError, "batch_size must be a whole number, not 2.5"),
        (lambda m, o: fit(m, (X, ["a"] * 5), losses.cross_entropy, o), TypeError, r"names\.index"),
        (lambda m, o: fit(m, ([["0", "1"]] * 5, Y), losses.cross_entropy, o), TypeError, "a str is not a number"),
        (lambda m, o: fit(m, (X, ["1"] * 5), losses.mse, o), (TypeError, ValueError), "not of '1'|against '1'"),
        (lambda m, o: predict(m, X[0]), ValueError, r"predict\(model, \[x\]\) for one"),
        (lambda m, o: predict(m, "ab"), TypeError, "inputs must be a list"),
        (lambda m, o: predict(m, 1.0), TypeError, "inputs must be a list"),
        (lambda m, o: predict("m", X), TypeError, r"the model is a module or a function"),
        (lambda m, o: predict(nn.MLP, X), TypeError, r"the model is a module or a function"),
        (lambda m, o: evaluate(m, (X, Y), "mse"), TypeError, r"such as micrograd\.losses\.mse"),
        (lambda m, o: evaluate(m, (X, Y), losses.mse, [metrics.accuracy]), TypeError, r"metrics=\{'accuracy'"),
        (lambda m, o: evaluate(m, (X, Y), losses.mse, {"accuracy": "accuracy"}), TypeError, r"a metric is a function"),
        (lambda m, o: fit(m, (X, Y), lambda p, t: 0.0, o), TypeError, r"one Value, computed from the predictions, not 0.0"),
        (lambda m, o: fit(m, (X, Y), lambda p, t: None, o), TypeError, r"one Value, computed from the predictions, not None"),
        (lambda m, o: fit(m, (X, Y), lambda p, t: [p[0][0]], o), TypeError, r"one Value, computed from the predictions, not \["),
    ],
)
def test_arguments_in_the_wrong_place(call, error, sentence):
    made = model()
    with pytest.raises(error, match=sentence):
        call(made, optim.GD(made))


@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_of_ones_own_without_modes_and_a_function(compiled):
    inner = model()

    class Own:
        def parameters(self):
            return inner.parameters()

        def __call__(self, x):
            return inner(x)

    expected = trained((X, Y), compiled=compiled)
    for own in (Own(), lambda x: inner(x)):
        inner.load_state_dict(model().state_dict())
        history = fit(own, (X, Y), losses.cross_entropy, optim.Adam(inner, lr=0.05), epochs=3, compiled=compiled)
        assert history.steps == pytest.approx(expected[0], rel=1e-12)
        assert predict(own, X) == predict(inner, X)


# --- plots ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ax():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, made = plt.subplots()
    yield made
    plt.close(figure)


def dots(ax):
    """name → (points, colour) of what was scattered."""
    own = [s for s in ax.collections if s.get_label().startswith("class")]
    return {s.get_label(): (s.get_offsets().tolist(), tuple(s.get_facecolor()[0])) for s in own}


def test_decision_boundary_takes_inputs_and_classes_apart(ax, pd):
    made = model(widths=(3, 1))
    plots.decision_boundary(made, (X, Y), ax, 5)  # the axes third, as before
    expected = dots(ax)
    assert set(expected) == {"class 0", "class 1"} and expected["class 0"][0] == [X[1], X[4]]
    forms = [(X, Y), (np.array(X), np.array(Y)), (pd.DataFrame(X, columns=["u", "v"]), pd.Series(Y, index=[5, 6, 7, 8, 9]))]
    forms += [(X, np.array(Y, dtype=float).reshape(-1, 1)), (X, [bool(y) for y in Y])]
    for xs, ys in forms:
        ax.clear()
        assert plots.decision_boundary(made, xs, ys, ax=ax, steps=5) is ax and dots(ax) == expected
    ax.clear()
    plots.decision_boundary(made, list(zip(X, Y, strict=True)), ax=ax, steps=5)
    assert dots(ax) == expected
    ax.clear()
    plots.decision_boundary(made, X, ["no" if y else "yes" for y in Y], ax=ax, steps=5)
    assert set(dots(ax)) == {"class no", "class yes"}
    with pytest.raises(ValueError, match=r"two numbers for each input"):
        plots.decision_boundary(made, [[1.0]], [1], ax=ax)
    with pytest.raises(IndexError, match=r"whole number, not 0.5"):
        plots.decision_boundary(made, X, [0.5] * 5, ax=ax)


def test_a_class_has_the_colour_of_its_region_also_where_others_are_missing(ax):
    made = model(widths=(3, 4))
    plots.decision_boundary(made, X, [1, 3, 1, 3, 3], ax=ax, steps=5)
    from matplotlib.colors import to_rgba

    from micrograd.plots.common import COLOURS

    assert {name: colour for name, (_, colour) in dots(ax).items()} == {"class 1": to_rgba(COLOURS[1]), "class 3": to_rgba(COLOURS[3])}


def test_fitted_curve_takes_inputs_and_targets_apart(ax):
    made = nn.MLP(1, [3, 1])
    for args in ((([[1.0], [2.0]], [3.0, 4.0]),), ([[1.0], [2.0]], [[3.0], [4.0]]), (np.array([1.0, 2.0]), np.array([3.0, 4.0]))):
        ax.clear()
        plots.fitted_curve(made, *args, ax=ax, steps=5)
        assert ax.lines[0].get_xydata().tolist() == [[1.0, 3.0], [2.0, 4.0]]
