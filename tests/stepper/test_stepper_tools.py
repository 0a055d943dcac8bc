"""Stills, animations, worksheets, the training view, the layout, and the colours."""

import base64
import io
import json
import math
import random
import re
import struct
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

import viz
from micrograd import Value, nn
from viz.bundle import script, squeezed_js, static
from viz.drawn import layers
from viz.drawn.theme import STEPS, contrast
from viz.notation import mathml, rows
from viz.notation.numbers import show as fmt
from viz.stepped.rows import told
from viz.stepped.scene import Scene
from viz.stepped.stills import frames, picture
from viz.training import histogram, layers_of


def graph():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    e = a * b
    e.label = "e"
    return (e + a * a).tanh()


def texts(svg):
    return [t.text or "" for t in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_frame_for_every_step_with_the_numbers_of_that_step():
    stepper = viz.step(graph())
    scene, t = Scene(stepper), stepper.trace
    positions = []
    for state in scene.states():
        positions.append(state.position)
        shown = texts(scene.draw(state))
        for place, grad in enumerate(t.grads(state.position)):
            known = not t.args[place] or t.interior.index(place) < state.position
            at = shown.index(stepper._name(place))
            row = shown[at : at + 6]
            assert (fmt(t.data[place]) if known else "·") in row and fmt(grad) in row
    assert positions == list(range(len(stepper) + 1))


def test_pictures_are_well_formed_in_every_theme():
    stepper = viz.step(graph())
    for theme in ("light", "dark", "auto"):
        svg = picture(stepper, theme)
        ET.fromstring(svg)
        assert ("prefers-color-scheme" in svg) == (theme == "auto")


def test_a_big_graph_gives_one_frame_for_a_run_in_a_closed_box():
    rng = random.Random(2)
    model = nn.MLP(2, [16, 16, 1])
    loss = sum(model([rng.random(), rng.random()]) ** 2 for _ in range(3))
    scene = Scene(viz.step(loss))
    assert len(scene.things) <= 60 and scene.count < 60


def test_folders_of_frames_and_animations(tmp_path):
    files = frames(graph(), tmp_path / "frames")
    assert [f.name for f in files[:2]] == ["000.svg", "001.svg"] and len(files) == len(viz.step(graph())) + 1
    pytest.importorskip("resvg_py")
    pil = pytest.importorskip("PIL.Image")
    png = frames(graph(), tmp_path / "png", format="png", theme="dark", scale=0.5)
    sizes = {pil.open(io.BytesIO(f.read_bytes())).size for f in png}
    assert len(sizes) == 1 and len(png) == len(files)
    for name in ("walk.gif", "walk.png", "walk.webp"):
        (path,) = frames(viz.step(graph()), tmp_path / name, seconds=0.5)
        with pil.open(io.BytesIO(path.read_bytes())) as image:
            assert image.n_frames == len(files)
    assert (tmp_path / "walk.gif").stat().st_size < 300_000
    with pytest.raises(ValueError, match="format='pdf'"):
        frames(graph(), tmp_path / "x", format="pdf")
    with pytest.raises(ValueError, match="theme='pink'"):
        frames(graph(), tmp_path / "x", theme="pink")


def test_the_layout_overlaps_nothing_and_flows_to_the_right():
    rng = random.Random(0)
    for _ in range(30):
        n = rng.randint(2, 40)
        edges = [(rng.randrange(b), b) for b in range(1, n) for _ in range(rng.randint(1, 2))]
        edges = list(dict.fromkeys(edges))
        plan = layers.layout([(124, 62)] * n, list(range(n)), edges)
        for i in range(n):
            for j in range(i):
                (x, y), (u, v) = plan.centres[i], plan.centres[j]
                assert abs(x - u) >= 124 or abs(y - v) >= 62 + layers.GAP_Y - 1e-6
        for (a, b), route in zip(edges, plan.routes, strict=True):
            assert plan.centres[a][0] < plan.centres[b][0]
            assert [p[0] for p in route] == sorted(p[0] for p in route)


# ---------------------------------------------------------------- worksheets


def test_a_worksheet_hides_what_it_asks_and_the_key_tells():
    sheet = viz.exercise(graph(), seed=5, blanks=8)
    assert len(sheet.blanks) == 8 and repr(sheet) == "Exercise(8 blanks, seed 5)"
    blank, key = texts(sheet.svg()), texts(sheet.svg(key=True))
    for number, b in enumerate(sheet.blanks, 1):
        assert any(f"({number}) ____" in t for t in blank)
        assert f"{number}.  {b.question} = {b.answer}" in key
        assert not any(t.startswith(f"{number}.  ") and b.answer in t.rsplit("=", 1)[1] for t in blank)


def test_every_answer_of_a_worksheet_is_the_engines():
    root = graph()
    sheet = viz.exercise(root)
    values = root.topological()
    root.backward()
    for b in sheet.blanks:
        if b.kind == "data":
            assert b.number == values[b.place].data
        elif b.kind == "grad":
            assert b.number == values[b.place].grad
    slopes = [c.partial for s in root.steps() for c in getattr(s, "contributions", ())]
    assert [b.number for b in sheet.blanks if b.kind == "slope"] == slopes
    assert {b.place for b in sheet.blanks if b.kind == "grad"} == set(range(len(values) - 1))


def test_the_same_seed_leaves_the_same_blanks():
    one, two, other = (viz.exercise(graph(), seed=s, blanks=6) for s in (3, 3, 4))
    assert one.blanks == two.blanks != other.blanks


def test_worksheets_are_saved_as_svg_html_and_pdf(tmp_path):
    sheet = viz.exercise(graph(), seed=1, title="Sums & <signs>")
    ET.parse(sheet.save(tmp_path / "sheet.svg"))
    page = sheet.save(tmp_path / "sheet.html", key=True).read_text(encoding="utf-8")
    assert "Sums &amp; &lt;signs&gt;" in page and page.count("<section") == 2
    pytest.importorskip("svglib")
    pdf = sheet.save(tmp_path / "sheet.pdf", key=True).read_bytes()
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", pdf)) == 2
    assert sheet.quiz().data["quiz"] == {"seed": 1}
    with pytest.raises(ValueError, match=r"\.svg, \.html or \.pdf"):
        sheet.save(tmp_path / "sheet.docx")
    with pytest.raises(ValueError, match="kinds="):
        viz.exercise(graph(), kinds=("essay",))
    with pytest.raises(ValueError, match="blanks=99"):
        viz.exercise(graph(), blanks=99)


# ---------------------------------------------------------------- training


def train(steps, **options):
    random.seed(4)
    model = nn.MLP(2, [3, 1])
    watch = viz.watch(model, data=([[0.0, 1.0], [1.0, 0.2]], [1, -1]), grid=3, **options)
    seen = []
    for _ in range(steps):
        loss = sum((model(x) - y) ** 2 for x, y in watch.pairs)
        model.zero_grad()
        loss.backward()
        watch(loss)
        seen.append((loss.data, [p.grad for p in model.parameters()], model([0.0, 1.0]).data))
        for p in model.parameters():
            p.data -= 0.05 * p.grad
    return model, watch, seen


def test_a_watch_keeps_what_the_run_did():
    _, watch, seen = train(6, every=2)
    assert [loss for _, loss in watch.losses] == [loss for loss, _, _ in seen]
    assert [shot["step"] for shot in watch.snapshots] == [0, 2, 4]
    for shot in watch.snapshots:
        raw = base64.b64decode(shot["grad"])
        assert list(struct.unpack(f"<{len(raw) // 8}d", raw)) == seen[shot["step"]][1]
        counts = sum(sum(layer["counts"]) + layer["zero"] + layer["bad"] for layer in shot["layers"])
        assert counts == len(watch.parameters)
        assert len(base64.b64decode(shot["raster"])) == 9


def test_a_long_run_is_thinned_evenly():
    _, watch, _ = train(40, keep=8)
    steps = [shot["step"] for shot in watch.snapshots]
    assert len(steps) <= 8 and len({b - a for a, b in pairwise(steps)}) == 1
    assert len(watch.losses) == 40


def test_watching_changes_nothing():
    one, _, _ = train(5)
    random.seed(4)
    two = nn.MLP(2, [3, 1])
    for _ in range(5):
        loss = sum((two(x) - y) ** 2 for x, y in [([0.0, 1.0], 1), ([1.0, 0.2], -1)])
        two.zero_grad()
        loss.backward()
        for p in two.parameters():
            p.data -= 0.05 * p.grad
    assert [p.data for p in one.parameters()] == [p.data for p in two.parameters()]


def test_histograms_count_zeros_nans_and_extremes():
    found = histogram([0.0, math.nan, math.inf, 1e-30, 1e30, 1.0, -1.0])
    assert (found["zero"], found["bad"], sum(found["counts"])) == (1, 2, 4)
    assert found["counts"][0] == found["counts"][-1] == 1 and found["median"] == 1.0


def test_layers_are_found_with_and_without_names():
    model = nn.MLP(2, [3, 1])
    by_name = layers_of(model, model.parameters())
    assert [(name, len(places)) for name, places in by_name] == [("layers.0", 9), ("layers.1", 4)]

    class Plain:
        layers = model.layers

    assert layers_of(Plain, model.parameters()) == by_name
    assert layers_of(object(), model.parameters()) == [("parameters", list(range(13)))]


def test_a_watch_page_is_whole(tmp_path):
    _, watch, _ = train(3)
    page = watch.save(tmp_path / "run.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1 and not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    ET.fromstring(watch.curve())
    json.dumps(watch.payload(), allow_nan=False)
    with pytest.raises(TypeError, match="no parameters"):
        viz.watch(3)
    with pytest.raises(ValueError, match="keep=1"):
        viz.watch(nn.MLP(1, [1]), keep=1)


# ---------------------------------------------------------------- looks


def css_palette(selector):
    block = static("stepper.css").split(selector)[1].split("}")[0]
    return dict(re.findall(r"--([\w-]+): (#\w{6});", block))


@pytest.mark.parametrize("theme, selector", [("light", ".mg-stepper {"), ("dark", '[data-theme="dark"] {')])
def test_colours_are_the_same_everywhere_and_have_contrast(theme, selector):
    css, stills = css_palette(selector), STEPS[theme]
    assert {name: css[name] for name in stills} == stills
    for ground in ("paper", "fill", "read-fill", "changed-fill"):
        assert contrast(css["ink"], css[ground]) >= 7
        assert contrast(css["dim"], css[ground]) >= 4.5
    for name in ("read", "changed", "done", "wrong", "accent"):
        assert contrast(css[name], css["paper"]) >= 4.5
    assert contrast(css["line"], css["paper"]) >= 3
    assert contrast(css["paper"], css["accent"]) >= 4.5  # a pressed button


#: Machado, Oliveira, Fernandes 2009, severity 1
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colour, matrix=None):
    linear = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in linear]
    if matrix:
        linear = [min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in matrix]
    r, g, b = linear
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("blindness", [None, *BLIND])
def test_read_and_changed_differ_for_the_colour_blind(theme, blindness):
    palette, matrix = STEPS[theme], BLIND.get(blindness)
    for one, two in (("read", "changed"), ("read-fill", "changed-fill")):
        assert math.dist(lab(palette[one], matrix), lab(palette[two], matrix)) > 15


def test_the_script_is_one_block_with_nothing_left_to_import():
    for entry in ("stepper", "training"):
        code = script(entry)
        assert not re.search(r"^\s*(import|export)\b", code, re.M)
        assert code.count("const stepper_trace = ") == 1


def test_every_form_has_its_holes():
    for name, row in rows.table().items():
        for arity in (row.arity,) if row.arity else (1, 3, 20) if name == "sum" else (2, 20):
            made = told(row, name, arity)
            assert len(made["d"]) == arity, "no row without derivatives"
            for tokens in [made["f"], *made["d"]]:
                ET.fromstring(f"<math>{re.sub(r'{[0-9y]+:?}', '<mi>x</mi>', mathml.markup(tokens))}</math>")
                assert "<" not in json.dumps([t for t in flat(tokens) if t not in ("<", "≤")], ensure_ascii=False), "markup in a trace"
    assert told(rows.by_symbol("f", 1), "f", 1) == {
        "s": "f", "n": ["f"], "f": [["mi", "f"], ["mo", "("], ["bare", 0], ["mo", ")"]], "d": []
    }  # fmt: skip


def flat(tokens):
    return [t for token in tokens for t in (flat(token) if isinstance(token, list) else [token])]


def test_a_convention_stands_in_the_place_of_the_formula():
    row = rows.by_symbol("max", 2)
    assert told(row, "max", 2, (0.5, 0.5))["d"] == [[["mn", "0.5"], ["mtext", ", by convention"]]] * 2


def test_a_squeezed_script_keeps_its_texts():
    text = "const a = `one = 1,\n  two = 2, ${x}`;\nconst f = (a, b) => a;\n// a ` in a remark\nconst g = 1;\nconst s = 'p = q, r';\n"
    kept = "const a = `one = 1,\ntwo = 2, ${x}`;\nconst f=(a,b)=>a;\nconst g=1;\nconst s = 'p = q, r';"
    assert squeezed_js(text) == kept
