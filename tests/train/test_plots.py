"""Plots draw what they say, on the axes given; explanations obey their axioms."""

from __future__ import annotations

import math
import random

import pytest

from micrograd import Value, data, explain, losses, nn, optim
from micrograd.train import History, fit

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

from micrograd import plots  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def trained():
    model = nn.MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    xs, ys = data.moons(20)
    signs = [2 * y - 1 for y in ys]
    path = plots.Path(model)
    fit(model, (xs, signs), losses.hinge, optim.Adam(model, lr=0.05), epochs=5, callbacks=[path])
    root = losses.hinge([model(x) for x in xs], signs)
    model.zero_grad()
    root.backward()
    return model, (xs, ys), signs, path


def lines(ax):
    return {line.get_label(): list(line.get_ydata()) for line in ax.get_lines()}


def test_loss_curves_draw_the_numbers():
    history = History({"loss": [3.0, 2.0], "val_loss": [4.0, 3.0], "lr": [0.1, 0.1]})
    _, given = plt.subplots()
    ax = plots.loss_curves(history, given, log=True)
    assert ax is given and ax.get_yscale() == "log"
    assert lines(ax) == {"loss": [3.0, 2.0], "val loss": [4.0, 3.0]}
    history.record(val_accuracy=0.5)
    ax = plots.loss_curves(history)
    twin = next(a for a in ax.figure.axes if a is not ax)
    assert lines(twin) == {"val accuracy": [0.5]}
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["loss", "val loss", "val accuracy"]
    assert lines(plots.loss_curves([1.0, 0.5])) == {"loss": [1.0, 0.5]}


def test_gradient_flow_is_by_layer(trained):
    model = trained[0]
    names = [name for name, _ in plots.layers(model)]
    assert names == ["layers.0", "layers.1"]
    ax = plots.gradient_flow(model)
    first = [p.grad for p in model.layers[0].parameters()]
    heights = [bar.get_height() for bar in ax.patches]
    assert heights[0] == pytest.approx(math.sqrt(sum(g * g for g in first) / len(first)))
    assert lines(ax)["largest"][0] == max(map(abs, first))
    assert [t.get_text() for t in ax.get_xticklabels()] == names and ax.get_yscale() == "log"
    compared = plots.gradient_flow({"a": model, "b": model})
    assert lines(compared)["a"] == pytest.approx(heights)
    deep = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.TransformerBlock(2, 1), nn.LSTM(2, 1))
    assert sum(len(ps) for _, ps in plots.layers(deep)) == len(deep.parameters())


def test_histograms_count_every_number(trained):
    model, (xs, _), *_ = trained
    weights, gradients = plots.weight_histogram(model), plots.weight_histogram(model, gradients=True)
    for ax in (weights, gradients, plots.activation_histogram(model, xs)):
        assert len(ax.get_legend().get_texts()) == 2
    assert all(m._hooks == () for _, m in model.named_modules())
    ax = plots.activation_histogram(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), xs)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["layers.0 Linear", "layers.1 ReLU"]
    plots.weight_histogram(nn.Linear(1, 1, init=nn.init.zeros, bias=False))  # one number, no spread


def test_decision_boundary_and_fitted_curve(trained):
    model, points, *_ = trained
    ax = plots.decision_boundary(model, points, steps=12)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["class 0", "class 1"]
    assert sum(len(c.get_offsets()) for c in ax.collections if c.get_label().startswith("class")) == 20
    three = nn.Linear(2, 3, rng=random.Random(1))
    plots.decision_boundary(three, data.spirals(30, classes=3), steps=12)
    line = nn.Linear(1, 1)
    drawn = lines(plots.fitted_curve(line, data.curve("line", 10), steps=5))
    assert drawn["model"][0] == pytest.approx(line([-1.1])[0].data)


def test_confusion_matrix_writes_the_counts():
    ax = plots.confusion_matrix([[5, 0], [2, 3]], ["cat", "dog"])
    assert {t.get_text() for t in ax.texts} == {"5", "2", "3"}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["cat", "dog"]


def test_attention_map_takes_causal_rows():
    _, weights = nn.MultiHeadAttention(2, 1)([[1.0, 2.0], [0.0, 1.0], [2.0, 2.0]], weights=True)
    ax = plots.attention_map(weights[0], "abc")
    shown = ax.images[0].get_array()
    assert shown.shape == (3, 3) and shown[0, 0] == 1.0 and math.isnan(shown.data[0, 2])


def test_loss_landscape_puts_the_parameters_back(trained):
    model, (xs, _), signs, path = trained
    before = model.state_dict()
    calls = []

    def loss():
        calls.append(1)
        return losses.hinge([model(x) for x in xs[:3]], signs[:3])

    ax = plots.loss_landscape(loss, model, path, steps=4)
    assert model.state_dict() == before and len(calls) == 16
    drawn = next(line for line in ax.get_lines() if line.get_label() == "path")
    assert len(drawn.get_xdata()) == 6
    assert drawn.get_xydata()[-1].tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    plots.loss_landscape(loss, model, steps=3)
    with pytest.raises(ZeroDivisionError):
        plots.loss_landscape(lambda: 1 / 0, model, steps=3)
    assert model.state_dict() == before


def test_the_landscapes_directions_are_those_of_the_path():
    params = [Value(0.0), Value(0.0), Value(0.0)]
    path = [[4.0, 0.0, 1.0], [2.0, 0.0, -1.0], [0.0, 0.0, 0.0]]
    seen = []
    plots.loss_landscape(lambda: seen.append([p.data for p in params]) or 0.0, params, path, steps=3)
    assert max(abs(p[1]) for p in seen) < 1e-9 < max(abs(p[2]) for p in seen)
    straight = [[3.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    plots.loss_landscape(lambda: 0.0, params, straight, steps=3)


def test_surface_draws_paths():
    ax = plots.surface(lambda x, y: x * x + y * y, (-1, 1), (-1, 1), {"GD": [[1.0, 1.0], [0.5, 0.5]]}, steps=8, log=False)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["GD"]


# --- explanations ----------------------------------------------------------------------------------------------------


def test_saliency_is_the_gradient_of_the_score():
    model = nn.Linear(3, 2, rng=random.Random(0))
    x = [0.5, -1.0, 2.0]
    assert explain.saliency(model, x, 1) == [w.data for w in model.weight[1]]
    top = max(range(2), key=lambda k: model(x)[k].data)
    assert explain.saliency(model, x) == [w.data for w in model.weight[top]]
    widths = [bar.get_width() for bar in plots.saliency(model, x, 0, names=["a", "b", "c"]).patches]
    assert widths == [w.data for w in model.weight[0]]
    net = nn.Sequential(nn.Conv2d(1, 1, 2, rng=random.Random(0)), nn.Flatten(), nn.Linear(4, 2, rng=random.Random(1)))
    image = [[[0.0, 0.5, 1.0], [0.2, 0.1, 0.0], [1.0, 0.0, 0.3]]]
    ax = plots.saliency(net, image, 0)
    gradient = explain.saliency(net, image, 0)
    assert ax.images[0].get_array().data.tolist() == [[abs(g) for g in row] for row in gradient[0]]


def test_integrated_gradients_are_complete():
    model = nn.MLP(3, [5, 2], activation="tanh", rng=random.Random(2))
    x, base = [1.0, -2.0, 0.5], [0.1, 0.2, 0.3]
    parts = explain.integrated_gradients(model, x, base, target=1)
    assert sum(parts) == pytest.approx(model(x)[1].data - model(base)[1].data, rel=1e-9)
    line = nn.Linear(2, 1)
    weights = [w.data for w in line.weight[0]]
    assert explain.integrated_gradients(line, [3.0, 4.0], steps=1) == pytest.approx([3 * weights[0], 4 * weights[1]])
    with pytest.raises(ValueError, match="baseline has 2 numbers, the input 3"):
        explain.integrated_gradients(model, x, [0.0, 0.0])


def test_an_image_is_of_rows_or_of_a_flat_square():
    rows = [[0.0, 1.0], [2.0, -3.0]]
    first, second = plots.image(rows), plots.image([0.0, Value(1.0), 2.0, -3.0], title="a", signed=True)
    for ax in (first, second):
        assert ax.images[0].get_array().tolist() == rows and not len(ax.get_xticks())
    assert second.get_title() == "a" and second.images[0].get_clim() == (-3.0, 3.0)
    assert plots.image(rows, vmin=0, vmax=9).images[0].get_clim() == (0, 9)
    with pytest.raises(ValueError, match="3 numbers are no square"):
        plots.image([1.0, 2.0, 3.0])


def test_the_style_of_the_lessons_is_white_without_a_frame():
    with plt.rc_context():
        plots.style(dpi=80)
        assert plt.rcParams["figure.dpi"] == 80 and plt.rcParams["figure.facecolor"] == "white"
        ax = plt.subplots()[1]
        assert [ax.spines[side].get_visible() for side in ("top", "right", "left", "bottom")] == [False, False, True, True]


def test_curves_have_their_names_colours_and_places():
    ax = plots.curves({"plain": [1.0, 10.0, 100.0], "Adam": [Value(3.0), 2.0, 1.0]}, x=[5, 6, 8], log=True, lw=0.8)
    first, second = ax.get_lines()
    assert [list(v) for v in first.get_data()] == [[5, 6, 8], [1, 10, 100]] and list(second.get_ydata()) == [3, 2, 1]
    assert [line.get_label() for line in (first, second)] == ["plain", "Adam"] and ax.get_yscale() == "log"
    assert (first.get_color(), second.get_color(), first.get_linewidth()) == (plots.BLUE, plots.ORANGE, 0.8)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["plain", "Adam"]
    assert list(plots.curves({"one": [4, 5]}, colours=("red",)).get_lines()[0].get_xdata()) == [0, 1]
    with pytest.raises(ValueError, match="2 lines and 1 colours"):
        plots.curves({"a": [1], "b": [2]}, colours=("red",))
    with pytest.raises(ValueError, match="3 places and 2 numbers of 'a'"):
        plots.curves({"a": [1, 2]}, x=[1, 2, 3])


def test_bars_are_blue_above_0_and_orange_below():
    to_rgba = pytest.importorskip("matplotlib.colors").to_rgba
    ax = plots.bars([Value(2.0), -1.0, 0.5], x=[1, 2, 3], title="weights")
    assert [bar.get_height() for bar in ax.patches] == [2, -1, 0.5] and ax.get_title() == "weights"
    assert [bar.get_x() + bar.get_width() / 2 for bar in ax.patches] == [1, 2, 3]
    assert [bar.get_facecolor() for bar in ax.patches] == [to_rgba(c) for c in (plots.BLUE, plots.ORANGE, plots.BLUE)]
    assert list(ax.get_lines()[0].get_ydata()) == [0, 0]
