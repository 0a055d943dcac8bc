"""`viz.draw(model)`: the network as teachers draw it, against the weights and a forward pass worked out here."""

from __future__ import annotations

import math
import random
import re
import xml.etree.ElementTree as ET

import pytest

import viz
from micrograd import Value, nn
from viz.drawn import theme
from viz.drawn.network import Network
from viz.given import whole
from viz_values import image_in

SVG = "{http://www.w3.org/2000/svg}"


class Plain:
    """A model of one's own, with the lecture's names and no base class: tanh everywhere, nothing says so."""

    class Value:
        def __init__(self, data, _prev=()):
            self.data, self.grad, self._prev, self._op = float(data), 0.0, _prev, ""

    class Neuron:
        def __init__(self, numbers, bias):
            self.w, self.b = [Plain.Value(v) for v in numbers], Plain.Value(bias)

        def __call__(self, x):
            x = [getattr(v, "data", v) for v in x]
            return Plain.Value(math.tanh(sum(w.data * v for w, v in zip(self.w, x, strict=True)) + self.b.data))

    class Layer:
        def __init__(self, *neurons):
            self.neurons = neurons

        def __call__(self, x):
            out = [n(x) for n in self.neurons]
            return out[0] if len(out) == 1 else out

    def __init__(self):
        self.layers = [self.Layer(self.Neuron([1, -2], 0.5), self.Neuron([0.25, 0], -1)), self.Layer(self.Neuron([3, -0.5], 0))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for n in layer.neurons for p in [*n.w, n.b]]


def lines(picture):
    """(number in the tip, colour, width) of every weight's line."""
    found = []
    for line in ET.fromstring(picture.svg).iter(f"{SVG}line"):
        title = line.find(f"{SVG}title")
        if title is not None:
            found.append((float(title.text.split(" = ")[1].replace("−", "-")), line.get("stroke"), float(line.get("stroke-width"))))
    return found


def tips(picture):
    return [g.find(f"{SVG}title").text for g in ET.fromstring(picture.svg).iter(f"{SVG}g") if g.get("class") == "neuron"]


def made(*sizes, seed=0, **options):
    random.seed(seed)
    return nn.MLP(sizes[0], list(sizes[1:]), **options)


def test_a_line_for_each_weight_its_sign_as_colour_and_its_size_as_width():
    model = made(2, 4, 4, 1)
    drawn = lines(viz.draw(model, precision=12))
    weights = [w.data for layer in model.layers for n in layer.neurons for w in n.w]
    assert sorted(number for number, _, _ in drawn) == pytest.approx(sorted(weights), abs=1e-11)
    for number, colour, _ in drawn:
        assert colour == (theme.LIGHT.leaf_line if number > 0 else theme.LIGHT.root_line)
    by_size = sorted((abs(number), width) for number, _, width in drawn)
    widths = [width for _, width in by_size]
    assert widths == sorted(widths)
    (least, thin), (most, thick) = by_size[0], by_size[-1]
    for size, width in by_size:  # linear in the size, up to the two decimals that are written
        assert width == pytest.approx(thin + (thick - thin) * (size - least) / (most - least), abs=0.011)


def test_the_names_in_the_tips_are_pythons():
    model = made(2, 3, 1)
    svg = viz.draw(model).svg
    for layer in (0, 1):
        for i, neuron in enumerate(model.layers[layer].neurons):
            for j, w in enumerate(neuron.w):
                assert f"layers[{layer}].neurons[{i}].w[{j}] = {w.data:.4f}".replace("-", "−") in svg


def test_gradients_instead_of_weights():
    model = made(2, 3, 1, seed=2)
    (model([1.0, -0.5]) ** 2).backward()
    drawn = lines(viz.draw(model, color="grad", precision=9))
    grads = [w.grad for layer in model.layers for n in layer.neurons for w in n.w]
    assert sorted(number for number, _, _ in drawn) == pytest.approx(sorted(grads), abs=1e-8) and any(grads)
    assert all(colour == theme.LIGHT.line for number, colour, _ in drawn if number == 0)


def test_activations_are_those_of_the_forward_pass():
    model, x = made(3, 5, 2, seed=4), [0.5, -1.0, 2.0]
    for p in model.parameters():
        p.data += 0.1
    hidden = [max(0.0, n.b.data + sum(w.data * v for w, v in zip(n.w, x, strict=True))) for n in model.layers[0].neurons]
    out = [n.b.data + sum(w.data * v for w, v in zip(n.w, hidden, strict=True)) for n in model.layers[1].neurons]
    told = [float(re.search(r"activation (\S+)", tip)[1].replace("−", "-")) for tip in tips(viz.draw(model, x=x, precision=9))]
    assert told == pytest.approx([*x, *hidden, *out], abs=1e-8)


def test_drawing_changes_nothing():
    model = made(2, 4, 1)
    (model([1.0, 2.0]) ** 2).backward()
    before = [(p.data, p.grad) for p in model.parameters()]
    state = random.getstate()
    assert viz.draw(model, x=[1.0, 2.0]).svg and viz.draw(model, x=[1.0, 2.0]).svg == viz.draw(model, x=[1.0, 2.0]).svg
    assert [(p.data, p.grad) for p in model.parameters()] == before and random.getstate() == state


def test_a_model_of_ones_own():
    model = Plain()
    picture = viz.draw(model, x=[0.5, 0.25], precision=9)
    assert repr(picture) == "Network(2-2-1, 9 parameters)"
    h = [math.tanh(0.5 - 0.5 + 0.5), math.tanh(0.125 - 1)]
    told = [float(re.search(r"activation (\S+)", tip)[1].replace("−", "-")) for tip in tips(picture)]
    assert told == pytest.approx([0.5, 0.25, *h, math.tanh(3 * h[0] - 0.5 * h[1])], abs=1e-8)
    assert sorted(number for number, _, _ in lines(picture)) == [-2, -0.5, 0, 0.25, 1, 3]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: nn.Neuron(3), "Network(3-1, 4 parameters)"),
        (lambda: nn.Layer(3, 2), "Network(3-2, 8 parameters)"),
        (lambda: nn.Linear(4, 2, bias=False), "Network(4-2, 8 parameters)"),
        (lambda: nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Sequential(nn.Linear(3, 2), nn.Softmax())), "Network(4-3-2, 23 parameters)"),
        (lambda: nn.Sequential(nn.MLP(2, [3]), nn.Linear(3, 1)), "Network(2-3-1, 13 parameters)"),
        (lambda: nn.MLP(1, [1]), "Network(1-1, 2 parameters)"),
    ],
)
def test_what_is_a_network(make, told):
    picture = viz.draw(make())
    assert isinstance(picture, Network) and repr(picture) == told
    ET.fromstring(picture.svg)


def test_what_is_applied_is_said():
    text = viz.draw(nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2), lambda x: x, nn.Softmax())).text
    assert "layer 1: 3 Tanh" in text and "layer 2: 2 function → Softmax" in text
    assert "layer 1: 3 ReLU" in viz.draw(made(2, 3, 1)).text and "layer 2: 1 linear" in viz.draw(made(2, 3, 1)).text
    assert "layer 1: 3 sigmoid" in viz.draw(made(2, 3, 1, activation="sigmoid")).text


def test_a_long_column_shows_its_ends_and_says_how_many_are_left_out():
    picture = viz.draw(nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)))
    assert "50 more" in picture.svg and "18 more" in picture.svg and picture.svg.count(" more<") == 2
    assert len(tips(picture)) == 14 + 14 + 10 and len(lines(picture)) == 14 * 14 + 14 * 10
    everything = viz.draw(picture.root, budget=400)
    assert " more<" not in everything.svg and len(tips(everything)) == 106
    assert len(tips(viz.draw(picture.root, budget=9))) <= 9
    assert len(viz.draw(nn.Sequential(nn.Linear(784, 100))).svg) < 200_000


def test_saving(tmp_path):
    picture = viz.draw(made(2, 3, 1), x=[1.0, -1.0])
    for ending, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("html", b"<!doctype html>"), ("txt", b"Network 2-3-1")):
        assert picture.save(tmp_path / f"n.{ending}").read_bytes().startswith(start)
    with pytest.raises(ValueError, match=r"must be one of \.svg, \.png, \.pdf, \.html, \.txt$"):
        picture.save(tmp_path / "n.dot")
    assert image_in(picture._repr_mimebundle_()["text/html"]) == picture.svg


def test_dark_is_the_same_drawing_in_other_colours():
    dark, light = viz.draw(made(2, 3, 1), theme="dark"), viz.draw(made(2, 3, 1), theme="light")
    blank = re.compile(r'"#[0-9a-f]{6}"')
    assert blank.sub("", dark.svg) == blank.sub("", light.svg) and "<style>" not in dark.svg + light.svg
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', light.svg))
    auto = viz.draw(made(2, 3, 1)).svg
    assert used and all(f'"{colour}"]' in auto for colour in used)  # each has a rule


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_numbers_can_be_read_on_the_fullest_neuron(palette):
    def mixed(colour, share):
        parts = [(int(colour[i : i + 2], 16), int(palette.paper[i : i + 2], 16)) for i in (1, 3, 5)]
        return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in parts)

    for colour in (palette.leaf_line, palette.root_line, palette.bad_line):
        assert theme.contrast(palette.ink, mixed(colour, 0.45)) >= 4.5


def test_numbers_that_are_no_numbers():
    model = made(2, 2, 1)
    model.layers[0].neurons[0].w[0].data = math.nan
    model.layers[0].neurons[1].b.data = math.inf
    picture = viz.draw(model)
    assert [colour for number, colour, _ in lines(picture) if number != number] == [theme.LIGHT.bad_line]
    assert "nan or inf" in picture.svg and "nan or inf" not in viz.draw(made(2, 2, 1)).svg
    ET.fromstring(viz.draw(model, x=[1.0, 2.0]).svg)


class Bent(nn.Module):
    """Its layers are not all that it computes."""

    def __init__(self):
        self.layers = [nn.Linear(2, 3), nn.Linear(3, 1)]

    def __call__(self, x):
        return self.layers[1]([v.tanh() for v in self.layers[0](x)])


def test_activations_that_cannot_be_known_are_refused():
    random.seed(0)
    assert repr(viz.draw(Bent())) == "Network(2-3-1, 13 parameters)"
    with pytest.raises(ValueError, match=r"its layers one after another.*viz\.draw\(model\(x\)\)"):
        viz.draw(Bent(), x=[1.0, 2.0])
    model = nn.Sequential(nn.Linear(2, 30), nn.Dropout(0.5), nn.Linear(30, 1))
    with pytest.raises(ValueError, match=r"model\.eval\(\) first"):
        viz.draw(model, x=[1.0, 2.0])
    assert viz.draw(model.eval(), x=[1.0, 2.0]).svg


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: viz.draw(nn.Conv2d(1, 2, 3)), TypeError, r"cannot draw Conv2d.* as columns of neurons.*viz\.draw\(model\(x\)\)"),
        (lambda m: viz.draw(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))), TypeError, "LayerNorm.* in Sequential"),
        (lambda m: viz.draw(nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 2))), TypeError, "takes 3 inputs, the layer before it has 2"),
        (lambda m: viz.draw(nn.Embedding(3, 2)), TypeError, "Embedding.* as columns of neurons"),
        (lambda m: viz.draw(nn.MultiHeadAttention(4, 2)), TypeError, "MultiHeadAttention.* as columns of neurons"),
        (lambda m: viz.draw(nn.Tanh()), TypeError, "as columns of neurons"),
        (lambda m: viz.draw(m, x=[1.0]), ValueError, "has 1 number, expected one input of 2"),
        (lambda m: viz.draw(m, x=[[1.0, 2.0], [3.0, 4.0]]), ValueError, "has 4 numbers, expected one input of 2"),
        (lambda m: viz.draw(m, x="ab"), ValueError, "nothing that can be read as numbers"),
        (lambda m: viz.draw(m, rankdir="TB"), ValueError, "are for graphs; a network takes x"),
        (lambda m: viz.draw(Value(1.0) + 1, x=[1.0]), ValueError, "x= is the input of a model"),
        (lambda m: viz.draw(m, precision=-1), ValueError, "precision=-1: expected a whole number from 1 to 17"),
    ],
)
def test_what_is_no_network_says_what_to_draw(call, error, message):
    with pytest.raises(error, match=message):
        call(made(2, 3, 1))


def test_arrays_are_inputs_too():
    numpy = pytest.importorskip("numpy")
    model = made(2, 3, 1)
    for x in (numpy.array([1.0, 2.0]), (1, 2), iter([1.0, 2.0]), [Value(1.0), Value(2.0)]):
        assert viz.draw(model, x=x).svg == viz.draw(model, x=[1.0, 2.0]).svg


@pytest.mark.parametrize("given", [-1, 2.5, "4", True, None, 18])
def test_whole_numbers(given):
    with pytest.raises(ValueError, match=r"precision=.*: expected a whole number from 1 to 17"):
        whole("precision", given, 1, 17)
