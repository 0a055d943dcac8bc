"""Pictures measured in a real browser: every text inside its box, no label on another thing, every line at its outline."""

import random

import pytest

import micrograd
import viz
from micrograd import Value, nn, scope
from viz.stepped.stills import picture
from waiting import styled

pytestmark = pytest.mark.browser

# Everything is measured in the drawing's own units: boxes of texts, rects of nodes and frames, ends of lines.
MEASURE = """() => {
  const svg = document.querySelector("svg.graph-picture"), out = { texts: [], boxes: [], tags: [], ends: [], view: null };
  const rect = (e) => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; };
  out.view = [0, 0, svg.viewBox.baseVal.width, svg.viewBox.baseVal.height];
  for (const g of svg.querySelectorAll("g.node")) {
    const shape = [...g.querySelectorAll("rect, ellipse")].at(-1), around = rect(shape);
    out.boxes.push([g.id, rect(g.querySelector("rect, ellipse"))]);
    const rows = [...g.querySelectorAll("text")].map(rect);
    for (const row of rows) out.texts.push([g.id, row, around]);
    rows.forEach((a, i) => rows.slice(i + 1).forEach((b) => out.tags.push([g.id, a, g.id, b])));
  }
  const tags = [...svg.querySelectorAll("g.edge text, g.cluster text")].map((t) => [t.parentNode.id, rect(t)]);
  tags.forEach(([id, a], i) => {
    for (const [other, b] of tags.slice(i + 1)) out.tags.push([id, a, other, b]);
    if (!id.startsWith("frame")) for (const [other, b] of out.boxes) out.tags.push([id, a, other, b]);
  });
  for (const frame of svg.querySelectorAll("g.cluster")) {
    out.texts.push([frame.id, rect(frame.querySelector("text")), rect(frame.querySelector("rect"))]);
  }
  for (const text of svg.querySelectorAll("text")) out.texts.push(["paper", rect(text), out.view]);
  for (const path of svg.querySelectorAll("g.edge > path[fill=none]")) {
    const [, from, to] = path.parentNode.id.match(/^e-([\\w.]+)-([\\w.]+)-\\d+$/) || [];
    if (!from) continue;
    const start = path.getPointAtLength(0), head = path.parentNode.querySelectorAll("path")[1].getPointAtLength(0);
    for (const [id, p] of [[from, start], [document.getElementById(to + "-op") ? to + "-op" : to, head]]) {
      const shape = document.getElementById(id).querySelector("rect, ellipse"), point = svg.createSVGPoint();
      const near = (r) => [...Array(24).keys()].some((k) => {
        point.x = p.x + r * Math.cos(k * Math.PI / 12); point.y = p.y + r * Math.sin(k * Math.PI / 12);
        return shape.isPointInFill(point);
      });
      out.ends.push([path.parentNode.id, id, near(0.6)]);
    }
  }
  return out; }"""


def problems(page, drawn, tmp_path, style=""):
    """What is wrong in the geometry of a picture, in words."""
    (tmp_path / "p.html").write_text(f"<!doctype html><meta charset='utf-8'><style>{style}</style>{drawn.svg}", encoding="utf-8")
    page.goto((tmp_path / "p.html").as_uri())
    found = page.evaluate(MEASURE)
    assert found["boxes"] and found["texts"]
    wrong = []
    for where, (x0, y0, x1, y1), (a0, b0, a1, b1) in found["texts"]:
        if x0 < a0 + 1 or x1 > a1 - 1 or y0 < b0 - 2 or y1 > b1 + 2:  # a line of text is higher than its letters
            wrong.append(f"text outside of {where}")
    for one, (x0, y0, x1, y1), other, (a0, b0, a1, b1) in found["tags"]:
        if min(x1, a1) - max(x0, a0) > 0.5 and min(y1, b1) - max(y0, b0) > (4 if one == other else 1):
            wrong.append(f"{one} on {other}")
    wrong += [f"{line} does not touch {box}" for line, box, touches in found["ends"] if not touches]
    return wrong


def lecture(names=("a", "b", "c", "f")):
    a, b, c, f = (Value(x, label=n) for x, n in zip((2.0, -3.1234567e-5, 10.0, -2.0), names, strict=True))
    root = ((a * b + c) * f).tanh() + a * a + a.exp().log()
    root.label = "L"
    root.backward()
    return root


def scoped():
    with scope("a loss with a name that is much longer than the boxes in it"):
        a = Value(1.0, label="a") * 2
    with scope("日本語の枠"):
        return (a + 1) * a


def layer(size=3):
    random.seed(3)
    out = nn.MLP(2, [size, 1])([Value(0.5, label="x1"), Value(-1.0, label="x2")])
    out.backward()
    return out


def program():
    random.seed(4)
    model = nn.MLP(2, [3, 1])
    compiled = micrograd.compile(lambda: sum((model([0.1 * i, 1.0]) - 1.0) ** 2 for i in range(5)), model.parameters())
    return compiled.program


WIDE = ("W" * 28, "m@" * 150, "%%%%", "weight of the first input")
FOREIGN = ("שלום עולם שלום", "数据的名字很长很长", "ЩЖЮШЫЩЖЮШЫ", "e\u0301🙂ﷺ θ̂ₙ₊₁")
CASES = {
    "plain": lambda **o: viz.draw(lecture(), **o),
    "wide": lambda **o: viz.draw(lecture(WIDE), **o),
    "foreign": lambda **o: viz.draw(lecture(FOREIGN), **o),
    "scopes": lambda **o: viz.draw(scoped(), **o),
    "net": lambda **o: viz.draw(layer(), **o),
    "program": lambda **o: viz.draw(program(), **o),
    "folded": lambda **o: viz.draw(sum((layer(4) for _ in range(6)), Value(0.0)), budget=12, **o),
}
FONTS = {"wide": "", "narrow": "text { font-family: 'DejaVu Sans Condensed' !important; font-stretch: condensed }"}


@pytest.mark.parametrize("layout", ["graphviz-pure", "layers"])
@pytest.mark.parametrize("case", CASES)
def test_every_text_is_inside_and_alone(page, tmp_path, case, layout):
    for rankdir in ("LR", "TB"):
        assert problems(page, CASES[case](layout=layout, rankdir=rankdir, partials=True), tmp_path) == [], rankdir
    assert problems(page, CASES[case](layout=layout, color="grad"), tmp_path, FONTS["narrow"]) == []


def test_texts_are_centred_and_aligned_in_another_font(page, tmp_path):
    for style in FONTS.values():
        problems(page, viz.draw(lecture()), tmp_path, style)
        ends, middles = page.evaluate(
            """() => { const nodes = [...document.querySelectorAll("g.node")], part = (t, k) => t.getBBox().x + k * t.getBBox().width;
            const far = (which, k) => nodes.flatMap((g) => [...g.querySelectorAll(which)].map((t) => part(t, k) - part(g.children[1], k)));
            return [far("text[text-anchor=end]", 1), far("text:not([text-anchor])", 0.5)]; }"""
        )
        assert len(ends) >= 20 and max(ends) - min(ends) < 0.3 and len(middles) >= 10 and max(map(abs, middles)) < 0.3


def test_the_measure_finds_what_is_wrong(page, tmp_path):
    drawn = viz.draw(lecture(WIDE), partials=True)
    assert any("outside" in said for said in problems(page, drawn, tmp_path, "g.node text { font-size: 16px }"))
    assert any(" on " in said for said in problems(page, drawn, tmp_path, "g.edge text { font-size: 40px }"))
    drawn.__dict__["svg"] = drawn.svg.replace('rx="6" fill', 'rx="24" fill')
    assert any("does not touch" in said for said in problems(page, drawn, tmp_path))


STEPPER = """() => {
  const rect = (e) => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; }, wrong = [];
  const on = (a, b, m) => Math.min(a[2], b[2]) - Math.max(a[0], b[0]) > m && Math.min(a[3], b[3]) - Math.max(a[1], b[1]) > m;
  const nodes = [...document.querySelectorAll(".mg-node")], boxes = nodes.map((n) => rect(n.querySelector(".mg-rect")));
  const tags = [...document.querySelectorAll(".mg-tag")].map((g) => [rect(g.querySelector("rect")), rect(g.querySelector("text"))]);
  tags.forEach(([a, text], i) => {
    if (boxes.some((b) => on(a, b, 1))) wrong.push("tag on box");
    if (tags.slice(i + 1).some(([b]) => on(a, b, 1))) wrong.push("tag on tag");
    if (text[0] < a[0] || text[2] > a[2]) wrong.push("text outside of tag");
  });
  nodes.forEach((n, i) => {
    const texts = [...n.querySelectorAll("text")].filter((t) => t.textContent).map(rect);
    if (texts.some((t) => t[0] < boxes[i][0] + 2 || t[2] > boxes[i][2] - 2)) wrong.push("text outside of box");
    texts.forEach((a, k) => {
      if (texts.slice(k + 1).some((b) => on(a, b, 1) && Math.min(a[3], b[3]) - Math.max(a[1], b[1]) > 5)) wrong.push("text on text");
    });
  });
  return [nodes.length, tags.length, wrong]; }"""


def tiny():
    a = Value(1.23456e-4, label="a")
    root = ((a.exp() * 1.234567e-5 + a.tanh() * a) / (a * a * 7.77777e7)).sin()
    root.backward()
    return root


@pytest.mark.parametrize("graph", [lecture, lambda: lecture(WIDE), lambda: lecture(FOREIGN), scoped, layer, tiny])
def test_in_the_stepper_nothing_collides(page, tmp_path, graph):
    page.set_viewport_size({"width": 1900, "height": 1000})
    for fold in (False, True):
        page.goto(viz.step(graph(), at=-1, fold=fold).save(tmp_path / "p.html").as_uri())
        page.wait_for_selector(".mg-stepper .mg-tag")
        nodes, tags, wrong = page.evaluate(STEPPER)
        assert nodes > 3 and tags > 2 and wrong == []
    styled(page, ".mg-tag text { font-size: 30px !important } .mg-num { font-size: 20px !important }")
    assert {"text outside of tag", "text on text"} <= set(page.evaluate(STEPPER)[2])


@pytest.mark.parametrize("graph", [lambda: lecture(WIDE), layer, tiny])
def test_in_a_still_nothing_collides(page, tmp_path, graph):
    still = STEPPER.replace(".mg-node", "g:has(> rect.b)").replace(".mg-rect", "rect:last-of-type")
    still = still.replace(".mg-tag", "g:has(> .s), g:has(> .o)")
    (tmp_path / "p.html").write_text(f"<meta charset='utf-8'>{picture(viz.step(graph(), fold=False))}", encoding="utf-8")
    page.goto((tmp_path / "p.html").as_uri())
    nodes, tags, wrong = page.evaluate(still)
    assert nodes > 3 and tags > 2 and wrong == []
