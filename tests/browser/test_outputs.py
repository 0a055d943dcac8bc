"""Notebook outputs on one page: an image without scripts, the drawing itself with them, each in its own colours, whole on paper."""

import io
import re

import pytest

import viz
from micrograd import Value
from viz.drawn.theme import DARK, LIGHT

pytestmark = pytest.mark.browser


def root():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    made = (a * b + a * a).tanh()
    made.backward()
    return made


def rgb(colour):
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


def page_of(tmp_path, *outputs, body="<body>"):
    target = tmp_path / "outputs.html"
    target.write_text(
        f"<!doctype html><meta charset='utf-8'>{body}{''.join(f'<section>{html}</section>' for html in outputs)}", encoding="utf-8"
    )
    return target.as_uri()


PAPERS = """() => [...document.querySelectorAll(".mg-still")].map(box =>
    getComputedStyle(box.shadowRoot.querySelector("svg > rect")).fill)"""
DARK_LAB = '<body data-jp-theme-light="false">'


@pytest.mark.parametrize(
    ("scheme", "body", "follows"),
    [("light", "<body>", LIGHT), ("dark", "<body>", DARK), ("light", DARK_LAB, DARK), ("light", '<body class="vscode-dark">', DARK),
     ("dark", '<body class="vscode-light">', LIGHT), ("dark", '<body data-jp-theme-light="true">', LIGHT)],
)  # fmt: skip
def test_two_pictures_on_a_page_never_recolour_each_other(browser, tmp_path, scheme, body, follows):
    outputs = [viz.draw(root(), theme=theme)._repr_html_() for theme in ("auto", "dark", "light", "auto")]
    context = browser(color_scheme=scheme, offline=True)
    page = context.new_page()
    page.goto(page_of(tmp_path, *outputs, body=body))
    page.wait_for_function("document.images.length === 0")
    assert page.evaluate(PAPERS) == [rgb(p.paper) for p in (follows, DARK, LIGHT, follows)]
    assert page.evaluate("document.querySelector('.mg-still').shadowRoot.querySelectorAll('title').length") > 5  # tooltips
    context.close()


@pytest.mark.parametrize(("body", "paper"), [("<body>", LIGHT.paper), (DARK_LAB, DARK.paper)])
def test_without_scripts_the_image_follows_the_host(browser, tmp_path, body, paper):
    context = browser(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(page_of(tmp_path, viz.draw(root())._repr_html_(), body=body))
    image = page.locator("img.mg-picture")
    shot = image.screenshot()
    Image = pytest.importorskip("PIL.Image")
    corner = Image.open(io.BytesIO(shot)).convert("RGB").getpixel((3, 3))
    assert rgb(paper) == f"rgb{corner}"
    context.close()


def test_pictures_put_side_by_side_as_files_keep_their_colours(browser, tmp_path):
    drawn = [viz.draw(root(), theme=theme).svg for theme in ("auto", "light", "dark")]
    context = browser(color_scheme="dark", offline=True)
    page = context.new_page()
    page.goto(page_of(tmp_path, *drawn, body='<body style="color-scheme:dark">'))
    papers = page.evaluate("[...document.querySelectorAll('svg > rect')].map(r => getComputedStyle(r).fill)")
    assert papers == [rgb(p.paper) for p in (DARK, LIGHT, DARK)]
    context.close()


def test_printed_outputs_are_whole(page, tmp_path):
    wide = Value(1.0, label="x")
    for _ in range(14):
        wide = (wide * 1.5).tanh()
    wide.backward()
    outputs = [
        viz.draw(wide, budget=200)._repr_html_(),
        viz.step(wide)._repr_html_(),
        viz.draw(wide, rankdir="TB", budget=200)._repr_html_(),
    ]
    page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 dots an inch
    page.goto(page_of(tmp_path, *outputs))
    page.wait_for_selector(".mg-stepper")
    page.wait_for_function("document.querySelectorAll('.mg-still').length === 2")
    page.emulate_media(media="print")
    cut = page.evaluate(
        """() => { const svgs = [...document.querySelectorAll(".mg-still")].map(b => b.shadowRoot.querySelector("svg"));
        svgs.push(document.querySelector(".mg-svg"));
        return svgs.map(svg => { const r = svg.getBoundingClientRect(); let hidden = 0;
          for (let at = svg.parentNode.host || svg.parentNode; at && at !== document; at = at.parentNode)
            if (at.scrollWidth > at.clientWidth + 1 && getComputedStyle(at).overflowX !== "visible") hidden++;
          return [r.right <= innerWidth, r.height <= 1123, hidden]; }); }"""
    )
    assert cut == [[True, True, 0]] * 3
    assert not re.search(r"max-height:540px", page.evaluate("getComputedStyle(document.querySelector('.mg-graph')).maxHeight"))
