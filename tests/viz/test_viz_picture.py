"""`viz.draw`: options, files, notebooks, names, themes, and what happens without a layout program."""

from __future__ import annotations

import re
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import viz
from micrograd import Value, nn
from viz.drawn import html, render, theme
from viz.drawn.heat import STEPS
from viz.notation import names
from viz.save import write
from viz_values import Bare, Student, image_in


@pytest.fixture
def picture():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    root = a * b + a
    root.backward()
    return viz.draw(root)


@pytest.fixture
def no_layout_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))


# ------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("ending", "start"),
    [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("html", b"<!doctype html>"),
     ("dot", b"digraph"), ("txt", b"root = +"), ("SVG", b"<svg")],
)  # fmt: skip
def test_saving(picture, tmp_path, ending, start):
    target = tmp_path / f"graph.{ending}"
    root = picture.root
    assert viz.draw(root).save(target) == target
    assert target.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("name", ["graph.gif", "graph", "graph.svg.gz"])
def test_an_unknown_ending_says_which_are_known(picture, tmp_path, name):
    with pytest.raises(ValueError, match=r"ending must be one of \.svg, \.png, \.pdf, \.html, \.dot, \.mmd, \.tex, \.txt"):
        picture.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "x.svg"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(target, b"new")
    assert target.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.svg"]
    monkeypatch.undo()
    write(target, b"new")
    assert target.read_text(encoding="utf-8") == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "missing" / "x.svg", b"")


def test_the_pdf_shows_other_alphabets_and_says_what_is_missing(tmp_path, monkeypatch):
    root = Student(1.0, label="Σ −3 ≤ é") + Student(2.0)
    assert viz.draw(root).pdf.count(b"/Page") >= 1
    assert viz.draw(root).pdf == viz.draw(root).pdf
    monkeypatch.setitem(sys.modules, "svglib.svglib", None)
    with pytest.raises(ImportError, match=r"micrograd-lab\[export\]"):
        viz.draw(root).save(tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_the_pdf_text_can_be_read(picture):
    from reportlab import rl_config

    rl_config.pageCompression = 0
    try:
        assert b"-4" in picture.pdf
    finally:
        rl_config.pageCompression = 1


def test_the_page_is_self_contained(picture):
    page = picture.html
    assert "://" not in page.replace("http://www.w3.org", "")
    assert re.search(r"<tr data-node=\"n0\"><th scope=\"row\">a</th><td>2</td><td>−2</td>", page)
    assert "a.grad" in page
    assert "= 1 × (−3)" in page
    assert page.count("<svg") == 1
    ids = re.findall(r'data-node="([^"]+)"', page)
    assert all(f'id="{id}"' in page for id in ids)


def test_the_page_says_when_backward_was_not_called():
    assert "backward() has not been called yet" in viz.draw(Value(1.0) + 2).html


def test_the_page_of_a_folded_graph_lists_parameters_by_full_name():
    model = nn.MLP(2, [4, 1])
    loss = sum((model([Value(i / 9), 1.0]) ** 2 for i in range(20)), Value(0.0))
    loss.backward()
    page = viz.draw(loss, budget=12).html
    for name in ("model.layers[0].neurons[3].w[1]", "model.layers[1].neurons[0].b"):
        assert f'<th scope="row">{name}</th>' in page
    assert "Steps inside folded boxes are not listed" in page


def test_contributions_on_the_page_add_up_to_the_gradients():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    root = (a * b + a).tanh() * a
    root.backward()
    page = viz.draw(root, precision=9).html
    rows = re.findall(r'scope="row">(\w+)\.grad</th>.*?<td>= ([−\d.]+)</td></tr>', page)
    sums = {}
    for name, value in rows:
        sums[name] = sums.get(name, 0.0) + float(value.replace("−", "-"))
    assert sums["a"] == pytest.approx(a.grad, abs=1e-8)
    assert sums["b"] == pytest.approx(b.grad, abs=1e-8)


# ------------------------------------------------------------------ notebooks


def test_a_big_value_shows_itself_small(monkeypatch):
    monkeypatch.setattr("viz.drawn.display.LIMIT", 20_000)
    x = Value(1.0)
    for _ in range(30_000):
        x = x * 1.0001 + 0.1
    shown = viz.repr_html(x)
    assert len(shown) < 200_000
    assert "only the 20,000 values nearest to the result" in image_in(shown)


def test_rich_display_works_for_a_students_value():
    assert "<svg" in image_in(viz.repr_html(Student(1.0) * 2))


# ------------------------------------------------------------------ no layout program


def test_without_a_layout_program_layers_place_the_same_things(no_layout_program, picture, tmp_path):
    assert render.found() is None
    for rankdir in ("LR", "RL", "TB", "BT"):
        bare = viz.draw(picture.root, rankdir=rankdir, partials=True)
        ids = re.findall(r'<g id="([^"]+)"', bare.svg)
        assert sorted(ids) == sorted(re.findall(r' \[id="([^"]+)"', bare.dot))
    assert "<svg" in image_in(viz.draw(picture.root)._repr_html_()) and "<pre>" not in viz.repr_html(picture.root)
    assert viz.draw(picture.root).save(tmp_path / "x.svg").read_bytes() == viz.draw(picture.root).svg.encode()
    assert viz.draw(picture.root).png.startswith(b"\x89PNG")
    assert "data −6" in viz.text_tree(picture.root)
    assert re.findall(r">(a \| data .*?)<", viz.draw_dot(picture.root).pipe(encoding="utf-8")) == ["a | data 2.0000 | grad -2.0000"]
    assert viz.draw_dot(picture.root).pipe("png").startswith(b"\x89PNG")
    viz.draw(picture.root).save(tmp_path / "x.dot")
    with pytest.raises(render.LayoutError, match="pip install graphviz-pure"):
        viz.draw_dot(picture.root).pipe("jpg")
    with pytest.raises(render.LayoutError, match="dot was asked for and is not installed"):
        assert viz.draw(picture.root, layout="dot").svg


def test_layers_keep_to_their_direction(picture):
    def tops(rankdir):
        svg = viz.draw(picture.root, rankdir=rankdir, layout="layers").svg
        at = {
            id: (float(x), float(y))
            for id, x, y in re.findall(r'<g id="(n\d+)"[^>]*><title>[^<]*</title><rect x="([\d.]+)" y="([\d.]+)"', svg)
        }
        return [[at[f"n{a}"][axis] < at["n3"][axis] for a in (0, 1, 2)] for axis in (0, 1)]

    assert tops("LR")[0] == tops("TB")[1] == [True] * 3
    assert tops("RL")[0] == tops("BT")[1] == [False] * 3


@pytest.fixture
def fake_dot(monkeypatch, tmp_path):
    def make(script):
        fake = tmp_path / "dot"
        fake.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
        return str(fake)

    return make


def test_the_same_picture_everywhere_comes_first_and_dot_on_request(monkeypatch, fake_dot, picture):
    before = viz.draw(picture.root).svg
    fake = fake_dot("echo '<svg>from dot</svg>'")
    assert Path(render.program()).stem == "graphviz-pure"
    assert viz.draw(picture.root).svg == before
    assert render.program("dot") == fake
    with pytest.raises(render.LayoutError, match="dot gave no JSON but '<svg>from dot"):
        assert viz.draw(picture.root, layout="dot").svg
    monkeypatch.setenv("VIZ_LAYOUT", "dot")
    assert render.program() == fake
    assert render.layout("digraph {}") == b"<svg>from dot</svg>\n"
    assert viz.draw_dot(picture.root).pipe() == b"<svg>from dot</svg>\n"
    assert viz.draw(picture.root, layout="graphviz-pure").svg == before
    monkeypatch.setenv("VIZ_LAYOUT", "neato")
    with pytest.raises(ValueError, match="VIZ_LAYOUT='neato': expected one of 'auto', 'graphviz-pure', 'dot', 'layers'"):
        render.program()


def test_dot_is_taken_where_the_other_is_missing(no_layout_program, fake_dot):
    fake = fake_dot("exit 0")
    assert render.program() == fake


def test_a_format_that_only_dot_writes_goes_to_dot(fake_dot, picture):
    fake_dot("echo %PDF-from-dot")
    assert viz.draw_dot(picture.root).pipe("pdf") == b"%PDF-from-dot\n"
    assert b"%PDF" not in viz.draw_dot(picture.root).pipe("svg")


def test_a_failing_layout_program_is_an_error_with_its_words(monkeypatch, fake_dot):
    monkeypatch.setenv("VIZ_LAYOUT", "dot")
    fake_dot("echo 'out of paper' >&2\nexit 3")
    with pytest.raises(render.LayoutError, match=r"dot failed \(3\): out of paper"):
        render.layout("digraph {}")


def test_pictures_are_drawn_from_several_threads():
    made = []
    threads = [threading.Thread(target=lambda i=i: made.append(viz.draw(Value(float(i)) + 1).svg)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4


# ------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("option", "wrong", "known"),
    [("rankdir", "LT", "'LR'"), ("color", "red", "'kind', 'grad'"), ("theme", "Dark", "'auto', 'light', 'dark'"),
     ("ranks", "x", "'leaves'"), ("layout", "neato", "'graphviz-pure', 'dot', 'layers'"), ("labels", "none", "True, False, 'all'")],
)  # fmt: skip
def test_a_wrong_option_says_what_is_allowed(option, wrong, known):
    with pytest.raises(ValueError, match=re.escape(known)) as caught:
        viz.draw(Value(1.0), **{option: wrong})
    assert repr(wrong) in str(caught.value)


def test_a_list_of_results_is_drawn():
    layer = nn.Layer(2, 3)
    outs = layer([Value(1.0), Value(2.0)])
    picture = viz.draw(outs)
    assert len(picture.graph.roots) == 3
    assert picture.svg.count('class="node value root"') == 3
    assert picture.text.count("\n") > 10


# ------------------------------------------------------------------ names


def test_variables_give_names_when_it_is_certain():
    a, b, twice = Value(1.0), Value(2.0), Value(3.0)
    again = twice
    _hidden = Value(4.0)
    xs = [Value(5.0), Value(6.0)]
    labelled = Value(7.0, label="theta")
    total = a + b + twice + _hidden + xs[1] + labelled
    named = {node.label for node in viz.draw(total).graph.nodes if node.label}
    assert named == {"a", "b", "xs[1]", "theta", "total"}
    assert again is twice
    assert {n.label for n in viz.draw(total, labels=False).graph.nodes} == {"", "theta"}
    assert "v1" in viz.draw(total, labels="all").svg


_module_level = None
shared_name = None


def test_the_nearest_namespace_decides(monkeypatch):
    here = sys.modules[__name__]
    value = Value(1.0)
    monkeypatch.setattr(here, "shared_name", value)
    root = value * 2
    assert "value" in {node.label for node in viz.draw(root).graph.nodes}
    del value
    assert "shared_name" in {node.label for node in viz.draw(root).graph.nodes}


def test_notebook_variables_are_found(monkeypatch):
    a = Value(1.0)
    space = {"alpha": a, "_": a, "_3": a, "Out": [a], "In": ["x"]}

    class Shell:
        user_ns = space

    class IPython:
        @staticmethod
        def get_ipython():
            return Shell

    monkeypatch.setitem(sys.modules, "IPython", IPython)
    assert names.notebook_variables() is space
    assert "alpha" in image_in(viz.repr_html(a * 2))


def test_parameters_are_named_by_their_module():
    neuron = nn.Neuron(2)
    xs = [Value(1.0), Value(2.0)]
    labels = [node.label for node in viz.draw(neuron(xs)).graph.nodes if node.kind == "leaf"]
    assert sorted(labels) == ["b", "w[0]", "w[1]", "xs[0]", "xs[1]"]


def test_names_given_by_the_caller():
    a, b = Value(1.0), Value(2.0)
    assert {n.label for n in viz.draw(a + b, labels={a: "α", b: "β"}).graph.nodes} == {"α", "β", ""}
    assert {n.label for n in viz.draw(a + b, labels=lambda v: f"{v.data:g}").graph.nodes} == {"1", "2", "3"}


def test_a_namespace_with_strange_objects_is_read():
    class Hostile:
        def __getattr__(self, name):
            raise RuntimeError(name)

        def __bool__(self):
            raise RuntimeError("bool")

        __eq__ = __bool__
        __hash__ = None

    strange = Hostile()
    a = Value(1.0)
    assert "a" in {node.label for node in viz.draw(a * 2).graph.nodes}
    assert strange is not None


# ------------------------------------------------------------------ themes


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
def test_contrast(palette):
    fills = [palette.paper, palette.leaf, palette.value, palette.root, palette.op, palette.fold,
             palette.cluster, palette.bad]  # fmt: skip
    for fill in [*fills, *map(palette.heat, range(-STEPS, STEPS + 1)), *map(palette.sum, range(1, STEPS + 1))]:
        assert theme.contrast(palette.ink, fill) >= 4.5
    for fill in fills:
        assert theme.contrast(palette.muted, fill) >= 4.5
    for paper in (palette.paper, palette.cluster):
        assert theme.contrast(palette.partial, paper) >= 4.5
        for line in ("line", "arrow", "leaf_line", "value_line", "root_line", "op_line", "fold_line", "bad_line"):
            assert theme.contrast(getattr(palette, line), paper) >= 3.0, line


def test_contrast_against_known_pairs():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)


def deuteranope(colour):
    """A colour as seen without green cones (Viénot, Brettel and Mollon 1999), linear RGB."""
    r, g, b = ((int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5))
    return (0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b)


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
def test_kinds_differ_without_green_cones(palette):
    kinds = [palette.leaf_line, palette.root_line, palette.fold_line, palette.value_line]
    seen = [deuteranope(colour) for colour in kinds]
    for i, a in enumerate(seen):
        for b in seen[:i]:
            assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 0.05


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
def test_signs_and_sizes_of_gradients_are_told_apart_without_green_cones(palette):
    for tell in (palette.heat, lambda level: palette.heat(-level), palette.sum):
        light = [theme.luminance(tell(level)) for level in range(STEPS + 1)]
        assert light in (sorted(light), sorted(light, reverse=True))
    seen = [deuteranope(palette.heat(level)) for level in range(-STEPS, STEPS + 1)]
    for level in range(1, STEPS + 1):
        (r, _, b), (r2, _, b2) = seen[STEPS + level], seen[STEPS - level]
        assert b / r > 1.1 * (b2 / r2), level  # bluer, and not by light alone


def test_every_role_has_a_colour_of_its_own():
    light = [role for _, role in theme._roles()]
    assert len(set(light)) == len(light)


def test_a_theme_recolours_every_colour_of_a_picture(picture):
    for svg in (viz.draw(picture.root, color="grad", partials=True).svg, picture.svg):
        body = re.sub(r"<style>.*?</style>", "", svg, flags=re.S)
        used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', body))
        assert used
        assert used <= {colour for _, colour in theme._roles()}
        assert set(re.findall(r'(?:fill|stroke)="([^"#]*)"', body)) <= {"none", "transparent"}


def test_the_dark_theme_needs_no_style_sheet(picture):
    svg = viz.draw(picture.root, theme="dark").svg
    assert theme.DARK.paper in svg
    assert theme.LIGHT.paper not in svg
    assert "<style" not in svg + viz.draw(picture.root, theme="light").svg and "light-dark" in picture.svg


def test_svg_is_well_formed_and_says_what_it_is(picture):
    tree = ET.fromstring(picture.svg)
    assert tree.get("class") == "graph-picture mg-auto"
    assert tree.get("role") == "img"
    assert tree.get("aria-label") == "Computation graph of root = −4, 4 values" or "value" in tree.get("aria-label")
    assert "xlink:title" not in picture.svg


def test_static_files_are_shipped():
    assert "figure" in html.static("picture.css")
    assert "addEventListener" in html.static("picture.js")


def test_draw_does_not_change_the_values():
    a = Value(2.0)
    root = a * a
    root.backward()
    before = (a.data, a.grad, root.grad, root.label)
    picture = viz.draw(root, partials=True)
    assert (picture.svg, picture.html)[0]
    assert (a.data, a.grad, root.grad, root.label) == before


def test_a_leaf_alone_and_a_bare_value():
    assert "n0" in viz.draw(Value(1.0)).svg
    assert repr(viz.draw(Bare(1.0))) == "Picture(1 value)"


def test_module_functions_are_what_they_say():
    assert callable(viz.trace)
    from viz import trace
    from viz.stepped.stepper import step

    assert callable(trace)
    assert callable(step)
    assert viz.trace is trace
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        viz.nothing  # noqa: B018
    assert Path(render.program()).is_file()
