"""The boxes of an exercise in a saved page: numbers judged without Python."""

import pytest

from micrograd.exercises import exercise
from micrograd.exercises.programs import MISTAKES

pytestmark = pytest.mark.browser


def test_right_wrong_and_a_hint(context, tmp_path):
    made = exercise("02.1", student="ada")
    n = made.numbers
    page = context.new_page()
    page.goto(made.save(tmp_path / "e.html").resolve().as_uri())
    first, second = page.query_selector_all("input")
    first.fill(str(n.b + 1))
    first.press("Enter")
    second.fill(str(-(n.b + 1) - (n.a + n.b)))
    page.query_selector_all("button")[1].click()
    said = [e.inner_text() for e in page.query_selector_all("[role=status]")]
    page.close()
    assert said == ["✓ Right.", f"✗ {MISTAKES['sign']}", f"hint 1: {made.posed.hints[0]}"]


def test_boxes_and_the_stepper_of_the_program_share_a_page(page, tmp_path):
    made = exercise("02.1", student="ada")
    n = made.numbers
    page.goto(made.save(tmp_path / "e.html", steps=True).resolve().as_uri())
    page.wait_for_selector(".mg-stepper")
    box = page.locator(".mg-exercise input").first
    box.fill(str(n.b + 1))
    box.press("Enter")
    assert page.locator(".mg-exercise [role=status]").first.inner_text() == "✓ Right."
    assert page.locator(".mg-where").inner_text().startswith("Step 0 of")  # no key of the box went to the stepper
    page.locator(".mg-stepper").focus()
    page.keyboard.press("End")
    numbers = """() => Object.fromEntries([...document.querySelectorAll(".mg-node")].map((g) =>
        [g.querySelector(".mg-name").textContent, [...g.querySelectorAll(".mg-num")].map((t) => t.textContent)]))"""
    shown = {name: [x.replace("−", "-") for x in pair] for name, pair in page.evaluate(numbers).items()}
    assert float(shown["a"][0]) == n.a and float(shown["a"][1]) == n.b + 1 and float(shown["b"][1]) == (n.b + 1) + (n.a + n.b)
    assert float(shown["L"][0]) == (n.a + n.b) * (n.b + 1)


def test_steps_of_an_exercise_without_a_program_are_refused(tmp_path):
    made = next(e for e in map(exercise, ("00.1", "03.1", "08.1", "12.1")) if not e.posed.exercise.program)
    with pytest.raises(ValueError, match="no program"):
        made.save(tmp_path / "e.html", steps=True)
    assert not (tmp_path / "e.html").exists()
