"""What a notebook keeps of what is shown: one image without script or style, few bytes, a PNG for exports."""

import base64
import io
import random
import re
import sys
import types
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

import viz
from micrograd import Value, nn
from viz import notebook
from viz.drawn import theme
from viz_values import Student, image_in


def ten():
    """A graph of ten values, the lecture's."""
    a, b, c, d, f = (Value(x, label=n) for n, x in zip("abcdf", (2.0, -3.0, 10.0, 0.5, -2.0), strict=True))
    root = ((a * b + c) * f + d).tanh()
    root.label = "L"
    root.backward()
    return root


def shown():
    """Everything that shows itself: name → object."""
    random.seed(1)
    root, model = ten(), nn.MLP(2, [3, 1])
    watch = viz.watch(model)
    watch(Value(1.0))
    return {
        "value": root, "picture": viz.draw(root), "light": viz.draw(root, theme="light"), "network": viz.draw(model, x=[1.0, -1.0]),
        "dot": viz.draw_dot(root), "student": viz.draw(Student(2.0) * 3), "stepper": viz.step(root), "watch": watch,
        "exercise": viz.exercise(root, seed=1),
    }  # fmt: skip


class Left(HTMLParser):
    """What a strict host leaves: no script, style, svg or MathML, no class, id, data or style attribute; the text and the images."""

    def __init__(self, html):
        super().__init__()
        self.text, self.images, self.inside = "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style"):
            self.inside.append(tag)
        if tag == "img" and not self.inside:
            self.images.append(dict(attrs))

    def handle_endtag(self, tag):
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data):
        self.text += "" if self.inside else data  # the text of an <svg> too: its tags are dropped, what they hold is not


@pytest.mark.parametrize("name", shown())
def test_where_scripts_and_styles_are_stripped_the_picture_is_left_and_nothing_else(name):
    html = shown()[name]._repr_mimebundle_()["text/html"]
    left = Left(html)
    assert left.text.strip() == "" and len(left.images) == 1
    assert left.images[0]["alt"] and left.images[0]["src"].startswith("data:image/svg+xml;base64,")
    ET.fromstring(image_in(html))


def test_planted_walls_of_text_are_found():
    root = ten()
    for wall in (viz.draw(root).svg, f"<p>{root}</p>", viz.draw(root).html):
        assert Left(wall).text.strip()
    assert len(Left(2 * viz.draw(root)._repr_html_()).images) == 2


def test_half_the_bytes():
    bundle = ten()._repr_mimebundle_()
    assert sum(map(len, bundle.values())) <= 27_500  # 55,000 of HTML alone once
    assert len(viz.draw_dot(ten())._repr_mimebundle_()["text/html"]) < 17_000
    assert (
        len(viz.step(ten())._repr_mimebundle_()["text/html"]) < 140_000
    )  # the rules, the sweep and the state came to 28,000, finding one's way to 11,000


@pytest.mark.parametrize("name", shown())
def test_no_svg_at_which_latex_without_inkscape_stops(name):
    assert not hasattr(shown()[name], "_repr_svg_")  # IPython would add it to the bundle


@pytest.mark.parametrize("name", shown())
def test_a_png_for_exports_that_know_no_html(name):
    Image = pytest.importorskip("PIL.Image")
    pytest.importorskip("resvg_py")
    bundle = shown()[name]._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/png"}
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    inches = image.width / image.info["dpi"][0]
    wide, high, _ = notebook.size(image_in(bundle["text/html"]))
    assert 72 * inches == pytest.approx(wide, rel=0.02) and image.width / image.height == pytest.approx(wide / high, rel=0.02)
    assert len(image.convert("RGB").getcolors(1000)) >= 5  # something is drawn


def test_a_bundle_makes_what_is_asked_for(monkeypatch):
    picture = viz.draw(ten())
    assert set(picture._repr_mimebundle_(include={"text/html"})) == {"text/html"}
    assert set(picture._repr_mimebundle_(exclude={"text/html", "image/png"})) == {"text/plain"}
    assert set(ten()._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert ten()._repr_mimebundle_()["text/plain"].startswith("Value(data=-")
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert set(picture._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_picture_of_a_theme_has_no_style_sheet_and_one_that_follows_names_itself_alone():
    root = ten()
    auto, light, dark = (viz.draw(root, theme=name).svg for name in ("auto", "light", "dark"))
    assert "<style" not in light + dark and 'class="graph-picture"' in light and 'class="graph-picture"' in dark
    css = re.search(r"<style>(.*?)</style>", auto)[1]
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", css.replace("@supports(color:light-dark(red,red)){", ""))
    assert rules and all(selector.startswith(".mg-auto") for selector, _ in rules)
    assert 'class="graph-picture mg-auto"' in auto
    for selector, rule in rules[1:]:  # each is of a colour that is there
        attribute, colour = re.search(r'\[(\w+)="(#\w+)"\]', selector).groups()
        assert f'{attribute}="{colour}"' in auto.split("</style>")[1] and rule.startswith(f"{attribute}:light-dark({colour},")


def test_the_style_of_images_is_the_same_beside_each_and_names_hosts():
    sheets = {re.search(r"<style>(\.mg-still.*?)</style>", s._repr_mimebundle_()["text/html"])[1] for s in shown().values()}
    assert sheets == {notebook.style()}
    for host in ('body[data-jp-theme-light="false"]', "body.vscode-dark", "body.dark"):
        assert host in notebook.style()
    assert theme.DARK.paper not in notebook.style()  # colours are the pictures' own


def test_a_label_cannot_break_out_of_the_image():
    a = Value(2.0, label='"><script>alert(1)</script>')
    html = (a * 2)._repr_mimebundle_()["text/html"]
    assert "alert" not in html.split("src=")[0].replace("&lt;script&gt;alert", "") and Left(html).text.strip() == ""
    assert "<script>alert" not in image_in(html)


def test_beside_another_package_named_viz_a_value_shows_its_words(monkeypatch):
    a = Value(2.0)
    for other in (types.ModuleType("viz"), None):
        monkeypatch.setitem(sys.modules, "viz", other)
        assert (a * 3)._repr_mimebundle_() == {"text/plain": "Value(data=6.0, grad=0)"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what Jupyter's own packages warn of is not ours
def test_latex_and_markdown_get_an_image_of_everything():
    nbconvert, v4 = pytest.importorskip("nbconvert"), pytest.importorskip("nbformat").v4
    pytest.importorskip("resvg_py")
    outputs = [v4.new_output("display_data", data=each._repr_mimebundle_()) for each in shown().values()]
    made = v4.new_notebook(cells=[v4.new_code_cell("x", outputs=outputs)])
    try:
        exporters = nbconvert.LatexExporter(), nbconvert.MarkdownExporter()
    except ValueError as error:
        pytest.skip(f"nbconvert is there without its templates: {error}")
    for exporter in exporters:
        text, resources = exporter.from_notebook_node(made)
        pictures = [name for name, data in resources["outputs"].items() if data.startswith(b"\x89PNG")]
        assert len(pictures) == len(outputs) == len(resources["outputs"])
        assert all((name if "includegraphics" in text else "data:image/svg") in text for name in pictures)
    page, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(made)
    assert page.count("data:image/svg+xml;base64,") == len(outputs) and "image/png" not in page  # one picture each
