"""Every page of its own in a real Chromium: it obeys its policy without a word, what is planted in it does not run, and it reads well."""

import pytest

import standalone
from waiting import until

pytestmark = pytest.mark.browser

LIVE = {"step": ".mg-stepper", "exercise, steps": ".mg-stepper", "quiz": ".mg-stepper", "watch": ".mg-training"}


@pytest.mark.parametrize("kind", standalone.PAGES)
def test_a_page_obeys_its_policy_and_no_name_becomes_markup(page, tmp_path, kind):
    path = tmp_path / "page.html"
    path.write_text(standalone.PAGES[kind](standalone.HOSTILE), encoding="utf-8")
    page.goto(path.as_uri())
    page.wait_for_selector(LIVE.get(kind, "main"))
    assert page.evaluate("window.hurt ?? null") is None and page.locator("img, [onerror]").count() == 0
    assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px"  # the shell's style sheet is in force
    page.emulate_media(media="print", color_scheme="dark")
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    assert min(red, green, blue) > 240  # on paper


@pytest.mark.parametrize("kind", ["step", "draw", "doctor"])
def test_what_is_planted_in_a_page_does_not_run(browser, tmp_path, kind):
    text = standalone.PAGES[kind]("a").replace("</main>", "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 2'></main>", 1)
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    context = browser(offline=True)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_selector(LIVE.get(kind, "main"))
    until(page, "document.readyState === 'complete'")
    assert page.evaluate("window.hurt ?? null") is None and any("Content Security Policy" in text for text in said)
    context.close()


@pytest.mark.parametrize("kind", ["doctor", "exercise", "exercise, steps", "worksheet", "sheet", "report", "class"])
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_it_reads_well(browser, axe, tmp_path, kind, look):
    path = tmp_path / "page.html"
    path.write_text(standalone.PAGES[kind]("a"), encoding="utf-8")
    context = browser(width=390 if look == "phone" else 1100, color_scheme="dark" if look == "dark" else "light", offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") and axe(page) == []
    context.close()
