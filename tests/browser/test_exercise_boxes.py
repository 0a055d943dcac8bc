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
