"""The site as it is built, served from a sub-path, in a real browser that reaches nothing else."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest

from micrograd.site.links import faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SAMPLE = [
    "index.html", "lessons/index.html", "lessons/01_first_graph.html", "lessons/05_stepper_tour.html",
    "lessons/12_descent_and_optimizers.html",
    "speed.html",
    "accuracy.html", "docs/design.html", "readme.html", "reference/index.html", "reference/micrograd.html", "reference/viz.html",
    "source/micrograd/engine.py.html",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The site in a folder `some/where` of what is served, built once."""
    for name in ("nbconvert", "nbformat", "mistune", "pdoc", "pygments"):
        pytest.importorskip(name)
    from micrograd.cli.site import ROOT
    from micrograd.site.build import build

    made = tmp_path_factory.mktemp("served") / "some/where"
    built = build(ROOT, made)
    assert built.pages >= 50 and all(note.startswith("no lab on the front page: ") for note in built.notes)
    return made


@pytest.fixture(scope="module")
def address(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *said):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder.parents[1])) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/some/where/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def visit(lasting, address):
    """Opens a page of the site and gives it; whatever is asked beyond the site is refused and noted, as is what the console says."""
    context, wrong = lasting(), []

    def guard(route):
        if route.request.url.startswith((address, "data:", "about:")):
            route.continue_()
        else:
            wrong.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    page = context.new_page()
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)

    def open_it(place):
        wrong.clear()
        page.goto(address + place)
        return page, wrong

    return open_it


def test_no_link_is_dead_and_nothing_is_asked_of_another_host(folder):
    assert faults(folder) == []


def test_every_page_opens_without_an_error_or_a_request_off_the_site(folder, visit):
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    trouble = {}
    for place in pages:
        page, wrong = visit(place)
        assert page.title() and page.locator("h1").count() >= 1, place
        if wrong:
            trouble[place] = list(wrong)
    assert trouble == {}


def test_the_steppers_of_the_lessons_are_live(visit):
    page, wrong = visit("lessons/05_stepper_tour.html")
    page.wait_for_selector(".mg-stepper")
    page.locator(".mg-stepper").nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".mg-stepper").nth(0).get_attribute("data-step") == "1" and page.locator(".mg-stepper").count() == 1
    assert wrong == []


def test_the_lab_on_the_front_page_is_live(folder, visit):
    if not (folder / "lab.html").is_file():
        pytest.skip("the lab could not be built here, and the front page says why")
    page, wrong = visit("index.html")
    lab = page.frame_locator("iframe")
    lab.locator("html[data-lab=live]").wait_for(timeout=60_000)
    lab.locator(".mg-stepper").focus()
    page.keyboard.press("ArrowRight")
    assert lab.locator(".mg-stepper").get_attribute("data-step") == "1" and wrong == []


def test_without_the_lab_the_front_page_has_a_stepper_and_says_what_is_missing(page, tmp_path):
    from micrograd.cli.site import ROOT
    from micrograd.site.front import front
    from micrograd.site.house import House

    pytest.importorskip("pygments")
    (tmp_path / "site.css").write_text("", encoding="utf-8")
    front(House(ROOT, tmp_path), {}, "there is no npm here: install Node")
    page.goto((tmp_path / "index.html").as_uri())
    page.focus(".mg-stepper")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(".mg-stepper", "data-step") == "1" and page.locator("iframe").count() == 0
    assert "is not on this copy of the site: there is no npm here: install Node." in page.inner_text(".note")


def test_the_reference_can_be_searched_and_followed(visit):
    page, wrong = visit("reference/index.html")
    page.fill("input[type=search]", "gradcheck")
    page.wait_for_selector(".search-result")
    assert "gradcheck" in page.inner_text(".search-result >> nth=0") and wrong == []
    page, wrong = visit("reference/viz.html")
    assert page.locator("#draw").count() == 1 and page.locator("#Stepper\\.save").count() == 1
    page.click("a.home")
    assert page.inner_text("h1") == "See backpropagation happen" and wrong == []


@pytest.mark.parametrize("width", [1100, 360])
def test_no_page_scrolls_sideways(browser, folder, width):
    context = browser(width=width, offline=True)
    page = context.new_page()
    for place in SAMPLE:
        page.goto((folder / place).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser, folder, axe, scheme):
    context = browser(color_scheme=scheme, offline=True, bypass_csp=True)
    page, found = context.new_page(), {}
    for place in [*SAMPLE, *(path.name for path in folder.glob("lab.html"))]:
        page.goto((folder / place).as_uri())
        if said := axe(page):
            found[place] = said
    context.close()
    assert found == {}
