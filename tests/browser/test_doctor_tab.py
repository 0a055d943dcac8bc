"""The lab's Doctor tab in a real Chromium: planted mistakes, their lines in the editor, hints one at a time, none where all is right."""

import pytest

from micrograd.lab import page as lab_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "homework for the doctor: an engine and its training"
CODE = next(example["code"] for example in lab_page.examples() if example["name"] == NAME)
WRONG, LOOP = "self.grad += (1 - t) * out.grad", "loss.backward()"


def test_planted_mistakes_are_named_at_their_lines_and_mended(lab):
    page = lab.open().page
    page.locator(".lab-example").select_option(label=NAME)
    panel = page.locator("#lab-panel-doctor")
    lab.until(lambda: panel.locator(".lab-fault").count() == 2)
    assert "class Value: 1 mistake found" in panel.inner_text() and "training loop: 1 mistake found" in panel.inner_text()
    assert panel.locator(".lab-line code").all_inner_texts() == [WRONG, LOOP]
    numbers = [f"line {CODE[: CODE.index(text)].count(chr(10)) + 1}" for text in (WRONG, LOOP)]
    assert panel.locator(".lab-line > span").all_inner_texts() == numbers
    assert panel.locator(".lab-shown .wrong").count() == 1 and "0.0706508" in panel.inner_text()  # 1 - tanh(2)²
    panel.locator(".lab-line").last.click()
    lab.until(lambda: LOOP in page.locator(".cm-lintRange-error").all_inner_texts())  # the editor draws what is near
    assert page.evaluate("document.activeElement.closest('.cm-editor') !== null")
    panel.locator(".lab-line").first.click()
    lab.until(lambda: WRONG in page.locator(".cm-lintRange-error").all_inner_texts())
    ladder = panel.locator(".lab-fault").first.locator(".lab-ladder")
    for k, name in enumerate(("First hint", "Second hint", "Third hint"), 1):
        ladder.get_by_role("button", name=name).click()
        assert ladder.locator("li").count() == k
    assert not ladder.get_by_role("button").is_visible()
    lab.write(CODE + "\n")  # what was opened stays while a person types
    lab.until(lambda: panel.locator(".lab-fault").count() == 2)
    assert panel.locator(".lab-fault").first.locator("li").count() == 3
    lab.tab("Output")  # the marks are the Doctor's
    assert page.locator(".cm-lintRange-error").count() == 0
    lab.tab("Doctor")
    lab.write(CODE.replace("(1 - t)", "(1 - t * t)").replace(f"    {LOOP}", f"    w.grad = b.grad = 0.0\n    {LOOP}"))
    lab.until(lambda: panel.inner_text().count("no mistake found") == 2)
    assert panel.locator(".lab-fault").count() == 0 and page.locator(".cm-lintRange-error").count() == 0
    lab.until(lambda: lab.said == "live")


def test_no_class_an_error_and_an_endless_method_are_said(lab):
    page = lab.open().page
    panel = lab.tab("Doctor")
    lab.until(lambda: "no class found" in panel.inner_text())
    engine = CODE[: CODE.index("w, b = ")]
    lab.write(engine + "print(undefined)")
    lab.until(lambda: "the square is missing" in panel.inner_text())  # a program that ends with an error is examined too
    lab.until(lambda: lab.said.startswith("Line ") and "undefined" in lab.said)
    lab.write(engine.replace("t = math.tanh(self.data)", "t = math.tanh(self.data)\n        while True:\n            t = t + 0"))
    lab.until(lambda: "tanh" in panel.inner_text() and "the square is missing" not in panel.inner_text())
    assert panel.locator(".lab-fault").count() == 1
    lab.write("x = 1")
    lab.until(lambda: "no class found" in panel.inner_text())
    assert page.locator(".cm-lintRange-error").count() == 0


def test_one_that_does_not_listen_is_ended_and_the_lab_lives_on(lab):
    page = lab.open().page
    panel = lab.tab("Doctor")
    lab.until(lambda: "no class found" in panel.inner_text())
    engine = CODE[: CODE.index("w, b = ")]
    lab.write(engine.replace("t = math.tanh(self.data)", "t = math.tanh(self.data)\n        10 ** 10 ** 8"))
    lab.until(lambda: page.locator(".lab-stop").is_enabled())
    page.locator(".lab-stop").click()
    lab.until(lambda: "The doctor was ended: you stopped it." in panel.inner_text())
    lab.until(lambda: page.evaluate("document.body.lab.python.ready && !document.body.lab.python.busy"))
    lab.write(engine)
    lab.until(lambda: "the square is missing" in panel.inner_text())


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"width": 390}], ids=["light", "dark", "phone"])
def test_it_reads_well(browser, lab_in, axe, options):
    page = browser(offline=True, **options).new_page()
    lab = lab_in(page).open()
    page.locator(".lab-example").select_option(label=NAME)
    lab.until(lambda: page.locator(".lab-fault").count() == 2)
    page.locator(".lab-ladder button").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []
