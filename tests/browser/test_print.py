"""Every page on paper, A4 and Letter: nothing cut, nothing to press, light colours whatever the theme."""

import random
import re

import pytest

import viz
from micrograd import Value, nn, sheet
from waiting import styled

pytestmark = pytest.mark.browser

PAPERS = {"A4": (186, 273), "Letter": (191.9, 255.4)}  # between margins of 12 mm, in mm
MM = 96 / 25.4

CUT = """([high]) => {
  const wide = document.documentElement.clientWidth, wrong = [], name = (e) => `${e.tagName}.${e.getAttribute("class") || e.id}`;
  const seen = (e) => { const b = e.getBoundingClientRect(); return b.width && b.height ? b : null; };
  for (const e of document.querySelectorAll("main *, section *, h1")) {
    const b = seen(e), css = getComputedStyle(e);
    if (!b || e.closest(".mg-live-region") || e.closest("math, defs")) continue;
    if (b.right > wide + 1 || b.left < -1) wrong.push(`${name(e)} is cut at the side`);
    if (/^(svg|canvas|img)$/i.test(e.tagName) && b.height > high) wrong.push(`${name(e)} is higher than a page`);
    if (css.overflow !== "visible" && e.tagName !== "svg" && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
      wrong.push(`${name(e)} scrolls`);
    if (/^(BUTTON|INPUT|SELECT)$/.test(e.tagName)) wrong.push(`${name(e)} is on the paper`);
  }
  const light = (c) => {
    const [r, g, b, a = 1] = c.match(/[\\d.]+/g).map(Number);
    return a === 0 || (r + g + b) / 3 * (c.startsWith("color(") ? 255 : 1) > 160;
  };
  for (const e of [document.body, ...document.querySelectorAll("main, .mg-stepper, .mg-graph, .mg-card, figure")])
    if (!light(getComputedStyle(e).backgroundColor)) wrong.push(`${name(e)} is dark`);
  for (const e of document.querySelectorAll("svg.graph-picture > rect, .mg-node > .mg-rect, rect.p"))
    if (!light(getComputedStyle(e).fill)) wrong.push(`${name(e)} is drawn dark`);
  for (const canvas of document.querySelectorAll("canvas")) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    if (data.reduce((s, v) => s + v, 0) / data.length < 150) wrong.push("the map is dark");
  }
  return [...new Set(wrong)]; }"""


def chain():
    x = Value(0.5, label="x")
    y = x
    for _ in range(30):
        y = (y * x).tanh()
    y.backward()
    return y


def loss(*sizes):
    random.seed(2)
    model = nn.MLP(2, [*(sizes or (6, 6)), 1])
    out = (model([Value(0.5, label="x1"), Value(-1.0, label="a name that is much too long for the boxes of any graph " * 4)]) - 1.0) ** 2
    out.backward()
    return out


def watched():
    random.seed(1)
    model = nn.MLP(2, [4, 1])
    watch = viz.watch(model, data=([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1, -1, -1]), grid=6)
    for _ in range(6):
        loss = sum((model(x) - y) ** 2 for x, y in watch.pairs)
        loss.backward()
        watch(loss)
    return watch


PAGES = {
    "picture": lambda path: viz.draw(loss(), partials=True).save(path),
    "dark": lambda path: viz.draw(chain(), color="grad", theme="dark", rankdir="TB", fold=False).save(path),
    "network": lambda path: viz.draw(nn.MLP(2, [16, 16, 1]), x=[1.0, 2.0]).save(path),
    "stepper": lambda path: viz.step(loss(), check=True, at=-1).save(path),
    "quiz": lambda path: viz.step(loss(), quiz=True, fold=False, at=-1).save(path),
    "worksheet": lambda path: viz.exercise(loss(3), seed=1).save(path, key=True),
    "training": lambda path: watched().save(path),
}


def printed(page, file, paper, style=""):
    """What is wrong with a page on this paper, in words."""
    wide, high = (x * MM for x in PAPERS[paper])
    page.set_viewport_size({"width": round(wide), "height": round(high)})
    page.goto(file.as_uri())
    if page.locator(".mg-host").count():
        page.wait_for_selector(".mg-stepper, .mg-training")
    styled(page, style)
    page.emulate_media(media="print", color_scheme="dark")
    return page.evaluate(CUT, [high])


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_whole_and_light_on_paper(page, tmp_path, kind):
    file = PAGES[kind](tmp_path / "p.html")
    for paper in PAPERS:
        assert printed(page, file, paper) == [], paper
    made = page.pdf(format="A4", prefer_css_page_size=True)
    assert made.startswith(b"%PDF") and 1 <= made.count(b"/Type /Page\n") <= 60


@pytest.mark.parametrize(
    ("kind", "style", "said"),
    [
        ("picture", "figure svg { min-width: 1500pt !important; max-width: none !important }", "cut at the side"),
        ("dark", "figure svg { max-height: none !important }", "higher than a page"),
        ("stepper", "@media print { .mg-bar > button { display: inline !important } }", "on the paper"),
        ("stepper", "@media print { .mg-stepper { background: #15181d !important } }", "is dark"),
        ("stepper", ".mg-graph { max-height: 90px !important; overflow: auto !important }", "scrolls"),
    ],
)
def test_what_is_cut_or_dark_is_found(page, tmp_path, kind, style, said):
    file = PAGES[kind](tmp_path / "p.html")
    assert any(said in problem for problem in printed(page, file, "A4", style))


def test_a_wide_picture_lies_across_and_a_small_one_stands(tmp_path):
    across = "@page{size:landscape}"
    assert across in viz.draw(loss(), fold=False).html and across in viz.exercise(loss(3)).to_html()
    assert across not in viz.draw(Value(1.0) + 2.0).html and across not in viz.exercise(Value(1.0) + 2.0).to_html()
    assert across not in viz.draw(chain(), fold=False, rankdir="TB").html


SPILT = """() => [...document.querySelectorAll("td")].filter((cell) => [...cell.querySelectorAll("math, code")].some(
  (inside) => inside.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1)).map((cell) => cell.parentNode.textContent)"""


def test_the_sheet_is_two_sides_of_a4_and_no_formula_reaches_into_the_next(browser, tmp_path):
    target = tmp_path / "sheet.html"
    target.write_text(sheet.page(), encoding="utf-8")
    page = browser(offline=True, width=718, height=1047).new_page()
    page.goto(target.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(SPILT) == []
    assert re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True)) == [b"2"]
    styled(page, "td:nth-child(2) { width: 15% !important; }")
    assert page.evaluate(SPILT)
