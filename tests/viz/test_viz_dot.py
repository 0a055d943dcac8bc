"""DOT and SVG: what is written, escaping of any text, ids and classes, the classic drawing."""

from __future__ import annotations

import re
import string
import xml.etree.ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import viz
from micrograd import Value, nn, scope
from viz import escape
from viz.drawn import render
from viz.drawn.heat import STEPS, Scale
from viz.model.graph import Graph, Node, build
from viz_values import Bare, Stored, Student, image_in

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<b>&\"{|}\\N\\n</b> '#&lt;-->]]>"


def elements(picture):
    """id -> element of every group of the picture."""
    return {g.get("id"): g for g in ET.fromstring(picture.svg).iter(f"{SVG}g") if g.get("id")}


def texts(element):
    return ["".join(text.itertext()).strip() for text in element.iter(f"{SVG}text")]


def title(element):
    """The tooltip of a node or an edge."""
    return next(element.iter(f"{SVG}title")).text


def lecture():
    a, b, c, f = (Value(x, label=n) for x, n in ((2.0, "a"), (-3.0, "b"), (10.0, "c"), (-2.0, "f")))
    e = a * b
    d = e + c
    root = d * f
    root.label = "L"
    root.backward()
    return root


# ------------------------------------------------------------------ the picture


def test_ids_classes_and_tooltips():
    found = elements(viz.draw(lecture(), labels=False))
    classes = {id: g.get("class") for id, g in found.items()}
    assert classes["n0"] == "node value leaf"
    assert classes["n2"] == "node value"
    assert classes["n2-op"] == "node op"
    assert classes["n6"] == "node value root"
    assert classes["e-n0-n2-0"] == "edge"
    assert classes["n2-stem"] == "edge stem"
    assert title(found["n0"]) == "a = 2\na.grad = 6"
    assert title(found["n2"]) == "v1 = a × b\n= 2 × (−3) = −6\nv1.grad = −2"
    assert title(found["e-n0-n2-0"]) == "a → v1, operand 1\n∂v1/∂a = −3"


def test_values_gradients_and_labels_are_written():
    found = elements(viz.draw(lecture()))
    assert texts(found["n6"]) == ["L", "data", "−8", "grad", "1"]
    assert texts(found["n6-op"]) == ["×"]
    third = Value(1.0, label="a") / Value(3.0)
    assert [texts(elements(viz.draw(third, precision=p))["n2"])[-3] for p in (1, 4, 7)] == ["0.3", "0.3333", "0.3333333"]


def test_local_derivatives_on_edges():
    plain, marked = (elements(viz.draw(lecture(), partials=p)) for p in (False, True))
    assert texts(plain["e-n0-n2-0"]) == []
    assert texts(marked["e-n0-n2-0"]) == ["−3"]
    assert texts(marked["e-n1-n2-1"]) == ["2"]


def test_a_plus_a_has_two_lines():
    a = Value(3.0, label="a")
    found = elements(viz.draw(a + a))
    assert {"e-n0-n1-0", "e-n0-n1-1"} <= found.keys()


def test_ids_do_not_change_from_run_to_run():
    assert viz.draw(lecture()).svg == viz.draw(lecture()).svg


def test_clusters_and_folds():
    with scope("loss <1>"):
        a = Value(1.0) * 2
    found = elements(viz.draw(a + 1))
    assert found["frame0"].get("class") == "cluster"
    assert texts(found["frame0"])[:1] == ["loss <1>"]
    model = nn.MLP(2, [4, 1])
    loss = sum((model([Value(i / 9), 1.0]) for i in range(9)), Value(0.0))
    picture = viz.draw(loss, fold=0)
    (box,) = [g for g in elements(picture).values() if g.get("class") == "node fold"
              and texts(g)[0] == "MLP ×9"]  # fmt: skip
    assert texts(box)[1] == "17 parameters"
    assert "values shown as" in picture.svg


def test_gradient_colours_have_a_legend():
    picture = viz.draw(lecture(), color="grad")
    found = elements(picture)
    assert found["n0"].get("class") == "node value leaf heat4"
    assert found["n6"].get("class") == "node value root heat2" and found["n1"].get("class") == "node value leaf heat-4"
    assert all(f">{text}<" in picture.svg for text in ("≥ −10", "0", "≤ 10"))
    assert ">Σ|grad|, signs aside<" not in picture.svg
    assert "≤ 10" not in viz.draw(lecture()).svg
    folded = viz.draw(sum((lecture() for _ in range(20)), Value(0.0)), color="grad", budget=8)
    assert ">Σ|grad|, signs aside<" in folded.svg


def test_with_gradients_as_colour_no_other_colour_has_a_meaning():
    from viz.drawn.theme import LIGHT

    used = set(re.findall(r'(?:fill|stroke)="(#\w+)"', viz.draw(lecture(), color="grad", partials=True, theme="light").svg))
    told = {LIGHT.heat(level) for level in range(-STEPS, STEPS + 1)}
    grey = {LIGHT.paper, LIGHT.ink, LIGHT.muted, LIGHT.line, LIGHT.value_line, LIGHT.op, LIGHT.op_line}
    assert used <= told | grey
    assert LIGHT.leaf_line in viz.draw(lecture()).svg and LIGHT.root_line in viz.draw(lecture()).svg


@given(st.lists(st.floats(0, 1e300, allow_nan=False), max_size=20))
def test_the_heat_scale_is_monotone_and_holds_every_magnitude(magnitudes):
    scale = Scale.of(magnitudes)
    assert [scale.level(-m) for m in magnitudes] == [-scale.level(m) for m in magnitudes]
    levels = [scale.level(m) for m in sorted(magnitudes)]
    assert levels == sorted(levels)
    assert all((level == 0) == (m == 0) for level, m in zip(levels, sorted(magnitudes), strict=True))
    if any(magnitudes):
        assert levels[-1] >= STEPS - 1
    assert scale.level(float("inf")) == scale.level(float("nan")) == STEPS == -scale.level(float("-inf"))


@pytest.mark.parametrize(("magnitude", "level"), [(0.0, 0), (100.0, 4), (10.1, 4), (-10.0, -3), (0.011, 1), (-1e-9, -1)])
def test_levels_of_a_scale_by_tens(magnitude, level):
    assert Scale(2, 1).level(magnitude) == level


def test_nan_and_inf_stand_out():
    from viz.drawn.theme import LIGHT

    found = elements(viz.draw(Bare(float("nan"), (Bare(1.0),), "log")))
    assert LIGHT.bad in ET.tostring(found["n1"]).decode()
    assert texts(found["n1"])[1] == "nan"
    assert LIGHT.bad not in ET.tostring(found["n0"]).decode()


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
@pytest.mark.parametrize("ranks", ["", "leaves", "levels"])
def test_directions_and_ranks(rankdir, ranks):
    picture = viz.draw(lecture(), rankdir=rankdir, ranks=ranks)
    assert f"rankdir={rankdir}" in picture.dot
    assert ("rank=same" in picture.dot) == bool(ranks)
    assert "n6" in elements(picture)


def test_a_dense_layer_is_drawn_with_straight_lines():
    model = nn.MLP(8, [12, 12])
    picture = viz.draw(model([Value(float(i)) for i in range(8)]), fold=["Neuron"])
    assert "splines=line" in picture.dot
    assert "</svg>" in picture.svg


def test_what_a_producer_says_is_shown():
    class Program:
        def __viz_graph__(self):
            from viz.model.graph import Edge

            return Graph(
                [
                    Node("p0", "leaf", label="X", lines=("100 × 2",)),
                    Node("p1", "value", "matmul", args=("p0",), lines=("100 × 16",)),
                ],
                [Edge("p0", "p1")],
                roots=("p1",),
            )

    picture = viz.draw(Program())
    found = elements(picture)
    assert texts(found["p0"]) == ["X", "100 × 2"]
    assert texts(found["p1"]) == ["100 × 16"]
    assert texts(found["p1-op"]) == ["matmul"]
    assert "matmul(p0)" in picture.text
    assert "<h1>" in picture.html


# ------------------------------------------------------------------ any text


ANY = (
    st.text(st.characters(exclude_categories=[]), max_size=30)
    | st.sampled_from([NASTY, "\\", "\\\\", '"', "&amp;", "<", "]]>", "\x00", "\ud800", "é中🙂", "\n\t", " "])
    | st.text(string.punctuation, max_size=12)
)


@settings(max_examples=60, deadline=None)
@given(ANY)
@example(NASTY)
@example("\\N")
@example("&#60;&lt;")
@example("a\\")
def test_any_label_survives_into_the_svg(label):
    root = Student(1.0, label=label) + Student(2.0)
    root.label = "r" + label
    with_ = elements(viz.draw(root, labels=False))
    shown = escape.one_line(label, 28)
    said = [texts(g)[0] for g in with_.values() if "leaf" in (g.get("class") or "")]
    assert not shown or any(_same(shown, text) for text in said)


def _same(a, b):
    """Equal but for the kinds of blank, of which SVG has one, and for what `one_line` normalises."""
    return a.split() == b.replace("\xa0", " ").split()


@settings(max_examples=60, deadline=None)
@given(ANY)
@example(NASTY)
@example("\\N")
@example("a|b{c}<d> e\\")
@example("\\n\\l\\r")
def test_any_label_and_op_survive_into_the_classic_drawing(label):
    a = Student(1.0, label=label)
    root = Student(2.0, (a,), "f" + escape.clean(label).replace("\n", " "))
    svg = viz.draw_dot(root).pipe(encoding="utf-8")
    tree = ET.fromstring(svg[svg.index("<svg") :])
    said = ["".join(text.itertext()) for text in tree.iter(f"{SVG}text")]
    shown = escape.one_line(label)
    if shown:
        assert any(_same(shown, text) for text in said), (shown, said)
    assert any("data 1" in text for text in said)


@settings(max_examples=40, deadline=None)
@given(ANY)
@example(NASTY)
@example("</title></svg><script>alert(1)</script>")
def test_any_label_survives_into_the_page(label):
    root = Student(1.0, label=label) * 2
    root.label = label
    page = viz.draw(root, labels=False).html
    assert page.count("<script") == 1
    shown = escape.one_line(label, 40)
    if shown:
        assert escape.xml(shown) in page
    ET.fromstring(viz.draw(root, labels=False).svg)


@given(ANY)
def test_cleaned_text_is_valid_everywhere(text):
    escape.clean(text).encode()
    ET.fromstring(f"<a b={chr(34)}{escape.xml(text)}{chr(34)}>{escape.xml(text)}</a>")


@given(ANY, st.integers(5, 40))
def test_one_line_is_one_line_and_short(text, limit):
    line = escape.one_line(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())


# ------------------------------------------------------------------ the classic drawing


def test_draw_dot_as_the_original_draws():
    a = Value(2.0, label="a")
    root = (a + a) * -3.0
    root.backward()
    dot = viz.draw_dot(root)
    import graphviz

    assert isinstance(dot, graphviz.Digraph)
    assert dot.format == "svg"
    assert '[label="{ a | data 2.0000 | grad -6.0000 }" shape=record]' in dot.source
    assert '[label="{ data -12.0000 | grad 1.0000 }" shape=record]' in dot.source
    assert "rankdir=LR" in dot.source
    assert dot.source.count('n0 -> "n1+"') == 2
    assert re.search(r'"n1\+" -> n1\n', dot.source)


@pytest.mark.parametrize("make", [Student, Value])
def test_trace_as_the_original_traces(make):
    a, b = make(2.0), make(3.0)
    c = a * b
    d = c + a
    nodes, edges = viz.trace(d)
    assert nodes == {a, b, c, d}
    assert edges == {(a, c), (b, c), (c, d), (a, d)}


def test_draw_dot_of_stored_local_gradients():
    a = Stored(2.0)
    assert "data 2.0000" in viz.draw_dot(Stored(4.0, (a, a), (2.0, 2.0))).source


def test_draw_dot_says_what_is_allowed():
    with pytest.raises(ValueError, match="'XX': expected one of LR, RL, TB, BT"):
        viz.draw_dot(Value(1.0), rankdir="XX")


def test_draw_dot_renders_in_a_notebook_and_to_files(tmp_path):
    dot = viz.draw_dot(Value(1.0) + 2)
    assert "<svg" in image_in(dot._repr_mimebundle_()["text/html"])
    assert "<svg" in dot._repr_mimebundle_(include={"image/svg+xml"})["image/svg+xml"]
    path = dot.render(str(tmp_path / "gout"), format="png")
    assert path == str(tmp_path / "gout.png")
    assert (tmp_path / "gout.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "gout").read_text(encoding="utf-8") == dot.source
    path = dot.render(outfile=tmp_path / "x.svg", cleanup=True)
    assert "<svg" in (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gout", "gout.png", "x.svg"]


def test_draw_dot_of_a_long_chain():
    x = Value(1.0)
    for _ in range(20_000):
        x = x + 1
    assert viz.draw_dot(x).source.count("shape=record") == 40_001


def test_the_layout_program_rejects_what_is_no_dot():
    with pytest.raises(render.LayoutError, match="failed"):
        render.layout("digraph {")


def test_big_models_are_refused_with_advice():
    x = Value(1.0)
    for _ in range(2000):
        x = x + 1
    with pytest.raises(ValueError, match=r"2,001 boxes are no picture .* fold='auto'"):
        viz.draw(x, fold=False)
    assert "n0" in elements(viz.draw(build(x, limit=5) and x, fold="auto"))
