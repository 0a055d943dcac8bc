"""`.show()`, the names of pages, and films."""

import sys
import types

import pytest

import viz
from micrograd import Value, nn
from viz.model.expression import expression


def graph():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    return (a * b + a).tanh() ** 2


@pytest.mark.parametrize(
    "make",
    [
        viz.draw,
        viz.step,
        viz.exercise,
        lambda root: viz.watch(nn.MLP(2, [1])),
        lambda root: viz.draw(nn.MLP(2, [1])),
        lambda root: viz.diff(root, root + 1),
    ],
    ids=["picture", "stepper", "exercise", "watch", "network", "comparison"],
)
def test_show_in_a_notebook_displays_and_elsewhere_opens_a_page(make, monkeypatch, tmp_path):
    import tempfile
    import webbrowser

    opened, displayed = [], []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    thing = make(graph())
    assert thing.show() is None
    assert len(opened) == 1 and next(tmp_path.rglob("*.html")).read_text(encoding="utf-8").startswith("<!doctype html>")
    fake = types.ModuleType("IPython")
    fake.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    fake.display = types.ModuleType("IPython.display")
    fake.display.display = displayed.append
    monkeypatch.setitem(sys.modules, "IPython", fake)
    monkeypatch.setitem(sys.modules, "IPython.display", fake.display)
    thing.show()
    assert displayed == [thing] and len(opened) == 1
    fake.get_ipython = lambda: types.SimpleNamespace()  # a terminal's IPython
    thing.show()
    assert len(opened) == 2


def test_show_in_the_labs_page_says_what_is_shown_there(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "emscripten")
    for thing in (viz.draw(graph()), viz.step(graph())):
        thing.show()
        said = capsys.readouterr().err
        assert "the last line" in said and said.count("\n") == 1


def test_what_a_graph_computes_in_a_line():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    assert expression(graph()) == "tanh(a × b + a)**2"
    assert expression(sum([a, b], 0) * 2 + 1) == "(a + b) × 2 + 1"
    c = a - b
    c.label = "x+y"
    loss = c * c
    loss.label = "L"
    assert expression(loss) == "L = (x+y) × (x+y)"
    assert expression(a) == "" and expression(Value(2.0) * a) == ""  # a leaf without a name says nothing
    long = a
    for _ in range(3000):
        long = long * b
    assert expression(long) == ""


def test_the_tab_says_what_is_computed_unless_there_is_a_title_of_ones_own():
    d = graph()
    assert viz.step(d).to_html().count("<title>d = tanh(a × b + a)**2 · Backpropagation, step by step</title>") == 1
    assert "<title>Mine</title>" in viz.step(d, title="Mine").to_html()
    page = viz.draw(d).html
    assert "<title>d = tanh(a × b + a)**2 · Computation graph of d = 0.9987, 6 values</title>" in page
    evil = Value(1.0, label="</title><script>")
    assert "<script>" not in viz.step(evil * 2).to_html().split("</title>")[0]


def test_a_film_has_every_step_for_its_time(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    pytest.importorskip("resvg_py")
    stepper = viz.step(graph())
    assert viz.frames(stepper, tmp_path / "walk.mp4", seconds=0.5) == [tmp_path / "walk.mp4"]
    pictures, seconds = ffmpeg.count_frames_and_secs(str(tmp_path / "walk.mp4"))
    states = len(stepper) + 1
    assert pictures == 5 * (states + 2) and seconds == pytest.approx((states + 2) / 2, abs=0.2)
    reader = ffmpeg.read_frames(str(tmp_path / "walk.mp4"))
    meta = next(reader)
    reader.close()
    assert meta["codec"] == "h264" and all(side % 2 == 0 for side in meta["size"])


def test_a_film_without_its_library_says_what_to_install_and_writes_nothing(tmp_path, monkeypatch):
    pytest.importorskip("resvg_py")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ImportError, match=r"pip install 'micrograd-lab\[film\]'"):
        viz.frames(graph(), tmp_path / "walk.mp4")
    assert list(tmp_path.iterdir()) == []
