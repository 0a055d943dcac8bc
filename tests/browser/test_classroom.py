"""The sheets of a class and the report on one, in a real Chromium: no script, readable in light, dark and on a phone; printed."""

import json
import re

import pytest

from micrograd.cli.main import main

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    sheets, report = folder / "sheets.html", folder / "report.html"
    assert main(["exercise", "02", "--class", "3", "-o", str(sheets)]) == 0
    rows = [
        {"id": f"02.{k}", "status": status, "score": 0.5, "points": 1.0, "blanks": [{"status": "wrong", "mistake": "sign", "reason": "x"}]}
        for k, status in enumerate(("right", "partly", "wrong", "unanswered", "error"), 1)
    ]
    (folder / "results").mkdir()
    for name in ("ada", "ben", "a name that is quite a bit longer than the others"):
        whole = {"format": 1, "sheet": "Week 1", "student": name, "exercises": rows}
        (folder / "results" / f"{name}.json").write_text(json.dumps({"extra_data": {"micrograd": whole}}), encoding="utf-8")
    assert main(["report", str(folder / "results"), "-o", str(report)]) == 0
    return {"sheets": sheets.as_uri(), "report": report.as_uri()}


@pytest.mark.parametrize("name", ["sheets", "report"])
@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"width": 390}], ids=["light", "dark", "phone"])
def test_it_reads_well(browser, pages, axe, name, options):
    page = browser(offline=True, **options).new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(pages[name])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") and page.locator("script").count() == 0
    assert axe(page) == [] and said == []


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_each_sheet_is_on_pages_of_its_own(browser, pages, paper):
    page = browser(offline=True).new_page()
    page.goto(pages["sheets"])
    printed = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format=paper)))
    assert printed == 3 * 2 + 1  # three sheets of two pages, and one of keys
