"""The lab in a real Chromium with the network off, built as a person builds it."""

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A function: the page of `micrograd lab` with these options. Skipped, aloud, where there is no npm to fetch Python with."""
    from micrograd.lab import runtime

    if not runtime.tool("npm"):
        pytest.skip(f"no npm here: the lab's Python cannot be fetched (pip install {runtime.WHEEL})")
    made = {}

    def build(*options):
        if options not in made:
            path = tmp_path_factory.mktemp("lab") / "lab.html"
            done = subprocess.run(
                [sys.executable, "-m", "micrograd", "lab", *options, "-o", str(path)], capture_output=True, encoding="utf-8", timeout=120
            )
            assert done.returncode == 0, done.stderr
            made[options] = path
        return made[options]

    return build


@pytest.fixture
def lab(page, built):
    """A live lab: (page, type): type(text) puts a program into the editor as a person's typing does."""
    options = ()

    def open_it(fragment="", wait="live"):
        page.goto(built(*options).as_uri() + fragment)
        page.wait_for_selector(f"html[data-lab={wait}]", timeout=60_000)
        if not fragment and wait == "live":
            page.wait_for_selector("html[data-run]", timeout=60_000)
        return page

    return open_it


def write(page, text):
    """Put a program into the editor, as typing does, and wait for the run that it starts."""
    before = runs(page)
    change = "({ view }) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })"
    page.evaluate(f"text => ({change})(document.body.lab.editor)", text)
    until(page, lambda: runs(page) > before)


def runs(page):
    return int(page.evaluate("document.documentElement.dataset.run ?? 0"))


def until(page, true, seconds=30):
    for _ in range(int(seconds * 50)):
        if true():
            return
        page.wait_for_timeout(20)
    raise AssertionError(page.locator("body").inner_text())


HEAD = "from micrograd import Value\na, b = Value(2.0), Value(-3.0)\n"


def test_a_program_is_typed_and_its_graph_follows(lab):
    page = lab()
    assert page.locator(".mg-stepper").count() == 1, page.locator("body").inner_text()
    assert "of 15" in page.locator(".mg-where").inner_text()
    write(page, HEAD + "c = a * b\nprint('seen', c.data)")
    until(page, lambda: "of 4" in page.locator(".mg-where").inner_text())
    page.get_by_role("tab", name="Output").click()
    assert page.locator(".lab-out").inner_text() == "seen -6.0\n"
    page.get_by_role("tab", name="Graph").click()
    until(page, lambda: "c = −6" in (page.locator(".lab-picture svg").get_attribute("aria-label") or ""))
    page.get_by_role("tab", name="Steps").click()
    until(page, lambda: page.locator(".lab-steps li").all_inner_texts()[0] == "c = a * b = −6")
    page.get_by_role("tab", name="Check").click()
    until(page, lambda: "every gradient agrees" in page.locator("#lab-panel-check").inner_text())
