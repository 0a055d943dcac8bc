"""What `viz`'s functions are first given: several roots, data in every form, names of files, numbers that mean nothing."""

from __future__ import annotations

import json
import math
import os
import random
import xml.etree.ElementTree as ET

import pytest

import viz
from micrograd import Value, nn, no_grad
from viz.samples import samples
from viz_values import Student


def two_roots(cls=Value):
    a, b = cls(2.0, label="a"), cls(-3.0, label="b")
    c = a * b
    d = c + a
    c.label, d.label = "c", "d"
    return a, b, c, d


# ------------------------------------------------------------------ several roots


@pytest.mark.parametrize("cls", [Value, Student])
def test_one_picture_of_several_roots_marks_each(cls):
    _, _, c, d = two_roots(cls)
    for picture in (viz.draw(c, d), viz.draw([c, d]), viz.draw((c, d))):
        assert [picture.graph.node(id).label for id in picture.graph.roots] == ["c", "d"]
        assert picture.title == "Computation graph of c and d, 4 values"
        assert picture.dot.count('class="value root"') == 2 and len(picture.graph.values) == 4
    assert "c = × data −6" in viz.draw(c, d).text and "d = + data −4" in viz.draw(c, d).text


@pytest.mark.parametrize("cls", [Value, Student])
@pytest.mark.parametrize("count", [2, 3])
def test_the_walk_from_several_roots_adds_up_what_a_pass_for_each_gives(cls, count):
    a, b, c, d = two_roots(cls)
    roots = [c, d, d * a][:count]
    # by hand: c = ab, d = ab + a, (ab + a)a
    by_hand = {"a": sum([-3.0, -2.0, 2 * 2.0 * -3.0 + 2 * 2.0][:count]), "b": sum([2.0, 2.0, 4.0][:count])}
    for stepper in (viz.step(*roots), viz.step(roots)):
        trace = stepper.trace
        grads = dict(zip(trace.names, trace.grads(len(trace)), strict=True))
        assert {name: grads[name] for name in "ab"} == pytest.approx(by_hand)
        assert trace.data[trace.root] == pytest.approx(sum(root.data for root in roots))
        assert stepper.title.startswith("Backpropagation, step by step: back from the sum of c")
    assert [v.grad for v in (a, b, c, d)] == [0.0] * 4
    assert list(viz.step(c, d).log())[-1].startswith("b.grad += c.grad · ∂c/∂b = 2 · 2 = 4")


def test_several_roots_everywhere(tmp_path):
    _, _, c, d = two_roots()
    assert viz.step(c, c).title == "Backpropagation, step by step" and len(viz.step([c]).trace.values) == 3
    assert viz.step(c, d, title="Two").title == "Two"
    assert "from the sum of c and d" in viz.step(c, d).to_html()
    assert len(viz.frames([c, d], tmp_path / "frames")) == len(viz.step(c, d)) + 1
    assert len(viz.exercise([c, d]).blanks) > len(viz.exercise(d).blanks)
    assert "c &=" in viz.to_latex([c, d])


def test_roots_whose_sum_keeps_no_graph():
    _, _, c, d = two_roots()
    with no_grad(), pytest.raises(ValueError, match="no graph is kept of it here"):
        viz.step(c, d)

    class Bare:
        data = grad = 0.0
        _prev = ()

    with pytest.raises(ValueError, match="these cannot be added"):
        viz.step(Bare(), Bare())


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda c: viz.draw(c, "g.svg"), TypeError, r"viz\.draw\(…\)\.save\('g\.svg'\) writes a file"),
        (lambda c: viz.step(c, "s.html"), TypeError, r"viz\.step\(…\)\.save\('s\.html'\) writes the page"),
        (lambda c: viz.draw(3.0), TypeError, "of a plain number nothing is known but its value"),
        (lambda c: viz.draw(Value), TypeError, "this is the class"),
        (lambda c: viz.draw(c.backward()), TypeError, "what returns nothing"),
        (lambda c: viz.draw(nn.MLP(2, [1]), [1.0, 2.0]), TypeError, r"its input given by name, viz\.draw\(model, x=\[…\]\)"),
        (lambda c: viz.draw(nn.MLP(2, [1]).layers), TypeError, "a network is drawn alone"),
        (lambda c: viz.draw(nn.MLP(2, [1])).dot, AttributeError, "a drawn network has no 'dot'"),
        (lambda c: viz.draw(nn.MLP(2, [1])).graph, AttributeError, "a drawn network has no 'graph'"),
        (lambda c: viz.draw_dot(c, c), TypeError, r"several roots are a list, draw_dot\(\[c, d\]\)"),
        (lambda c: viz.watch(nn.MLP(2, [1]), predict=3), TypeError, "predict=3: expected a function"),
        (lambda c: viz.draw(abs), TypeError, "call it first"),
        (lambda c: viz.draw("x" * 10_000), TypeError, "^cannot draw 'x{50,60}…"),
        (lambda c: viz.step(3), TypeError, "or a list of them$"),
        (lambda c: viz.step(nn.MLP(2, [1])), TypeError, "call it with an input"),
        (lambda c: viz.draw(c, precision=-1), ValueError, "precision=-1"),
        (lambda c: viz.text_tree(c, precision=-1), ValueError, "precision=-1"),
        (lambda c: viz.text_tree(c, limit=0), ValueError, "limit=0"),
        (lambda c: viz.draw(c, precision="4"), ValueError, "precision='4'"),
        (lambda c: viz.draw(c, budget=0), ValueError, "budget=0: expected a whole number of at least 1"),
        (lambda c: viz.draw(c, fold=-1), ValueError, "fold=-1: expected 'auto', False"),
        (lambda c: viz.draw(c, fold=None), ValueError, "fold=None"),
        (lambda c: viz.draw(c, fold=1.5), ValueError, "fold=1.5"),
        (lambda c: viz.draw(c, labels={1: "a"}), ValueError, "expected a dict of Value: name"),
        (lambda c: viz.step(c, fold="nosuch"), ValueError, "no box is called 'nosuch'; this graph has no boxes"),
        (lambda c: viz.step(c, fold=1.5), TypeError, "fold=1.5"),
        (lambda c: viz.step(c, at="end"), ValueError, "at='end': expected a whole number$"),
        (lambda c: viz.step(c, quiz={"count": 0}), ValueError, "quiz count=0"),
        (lambda c: viz.step(c, quiz={"tolerance": "x"}), ValueError, "quiz tolerance='x': expected a number above 0"),
        (lambda c: viz.step(c).save("s.svg"), ValueError, r"ends in \.html"),
        (lambda c: viz.step(c).save("s"), ValueError, r"ends in \.html"),
        (lambda c: viz.watch(nn.MLP(1, [1])).save("w.png"), ValueError, r"ends in \.html"),
        (lambda c: viz.frames(c, "x.mov"), ValueError, r"an animation is a \.gif, \.png, \.webp or \.mp4"),
        (lambda c: viz.frames(c, "x.svg"), ValueError, "pictures go to a folder, viz.frames\\(root, 'x'"),
        (lambda c: viz.frames(c, ""), ValueError, "path=''"),
        (lambda c: viz.frames(c, "x.gif", format="png"), ValueError, "do not fit"),
        (lambda c: viz.frames(c, "x.gif", seconds=0), ValueError, "seconds=0: expected a number above 0"),
        (lambda c: viz.frames(c, "x.gif", scale=-1), ValueError, "scale=-1"),
        (lambda c: viz.exercise(Value(1.0)), ValueError, "nothing to ask"),
        (lambda c: viz.watch(nn.MLP(1, [1]).parameters()), TypeError, "give the model"),
        (lambda c: viz.watch(nn.MLP(1, [1]))("x"), TypeError, "the loss is 'x'"),
        (lambda c: viz.watch(nn.MLP(1, [1]))(None), TypeError, "the loss is None"),
        (lambda c: viz.watch(nn.MLP(1, [1]), every=1.5), ValueError, "every=1.5"),
        (lambda c: viz.drw, AttributeError, "did you mean 'draw'"),
    ],
)
def test_one_sentence_says_what_is_allowed(call, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    a = Value(2.0, label="a")
    with pytest.raises(error, match=message) as caught:
        call(a * a)
    assert len(str(caught.value)) < 300 and os.listdir(tmp_path) == []


def test_a_folder_may_have_a_dot(tmp_path):
    a = Value(2.0)
    assert viz.frames(a * a, tmp_path / "run.2")[0].name == "000.svg"
    (tmp_path / "x.svg").mkdir()
    assert viz.frames(a * a, tmp_path / "x.svg")[0].parent.name == "x.svg"


def test_labels_either_way_round():
    a = Value(2.0)
    for labels in ({a: "weight"}, {"weight": a}):
        assert viz.draw(a * 3, labels=labels).graph.nodes[0].label == "weight"


# ------------------------------------------------------------------ watch


X, Y = [[0.0, 1.0], [1.0, 0.25], [0.5, 0.5]], [1, -1, 1]


def forms():
    yield (X, Y)
    yield [X, Y]
    yield list(zip(X, Y, strict=True))
    yield zip(X, Y, strict=True)
    yield ((x, y) for x, y in zip(X, Y, strict=True))
    yield [[tuple(x), float(y)] for x, y in zip(X, Y, strict=True)]
    yield ([[Value(v) for v in x] for x in X], [Value(y) for y in Y])
    np = pytest.importorskip("numpy")
    yield (np.array(X), np.array(Y))
    yield list(zip(np.array(X), np.array(Y), strict=True))
    pd = pytest.importorskip("pandas")
    yield (pd.DataFrame(X, columns=["p", "q"]), pd.Series(Y, index=[5, 6, 7]))


def test_data_in_every_form():
    for form in forms():
        watch = viz.watch(nn.MLP(2, [2, 1]), data=form, grid=3)
        assert watch.pairs == [([0.0, 1.0], 1.0), ([1.0, 0.25], -1.0), ([0.5, 0.5], 1.0)]
    for pairs in (X[:2], Y[:2]), list(zip(X[:2], Y[:2], strict=True)):
        assert samples(pairs) == (X[:2], [1.0, -1.0])  # two samples: neither is taken for the other
    assert samples(None) == samples([]) == ([], [])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (3, TypeError, "expected .inputs, targets., or pairs of them such as zip.X, y."),
        ("ab", TypeError, "expected .inputs, targets."),
        (X, TypeError, "3 items that are no pairs"),
        ((X, [1]), ValueError, "3 inputs but 1 targets"),
        (([0.5, 1.0], [1, 2]), TypeError, r"input 0 is 0\.5: expected a list of numbers, such as \[0\.5\]"),
        (([["a", "b"]], [1]), ValueError, "input 0 is 'a': expected a finite number"),
        (([[math.nan, 1.0]], [1]), ValueError, "input 0 is nan"),
        ((X, [[1, 0]] * 3), ValueError, r"target 0 is \[1, 0\]"),
        ((X, ["yes", "no", "no"]), ValueError, "target 0 is 'yes'"),
    ],
)
def test_data_that_cannot_be_read(data, error, message):
    with pytest.raises(error, match=message):
        viz.watch(nn.MLP(2, [1]), data=data)


def watched(*losses):
    random.seed(0)
    watch = viz.watch(nn.MLP(2, [1]))
    for loss in losses:
        watch(Value(loss))
    return watch


def test_a_loss_that_is_no_number_is_shown_and_said():
    watch = watched(1.0, math.nan, 0.5, math.inf, math.nan)
    assert watch.trouble() == "loss nan or ∞ at 3 of 5 steps, first at step 1"
    assert watch.trouble() in repr(watch) and watch.trouble() in watch.alt() and watch.trouble() in watch.to_html()
    assert ET.fromstring(watch.curve()) is not None and watch.curve().count("l8,8m0,-8l-8,8") == 3
    payload = json.loads(json.dumps(watch.payload(), allow_nan=False))
    assert [loss for _, loss in payload["losses"]] == [1.0, "nan", 0.5, "inf", "nan"]
    assert [shot["loss"] for shot in payload["snapshots"]] == [1.0, "nan", 0.5, "inf", "nan"]
    long = watched(*[1.0] * 3001, math.nan, *[1.0] * 3000)
    assert len(long.payload()["losses"]) < 1600 and [3001, "nan"] in long.payload()["losses"]
    assert "loss nan at every step" in watched(math.nan, math.nan).alt()
    assert watched(1.0, 2.0).trouble() == "" and "nan" not in repr(watched(1.0))
