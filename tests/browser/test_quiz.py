"""The quiz in a real browser: right answers, named mistakes, the hint ladder, the score."""

import pytest

import viz
from micrograd import Value
from viz.notation.numbers import show as fmt

pytestmark = pytest.mark.browser


def graph():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = a * b
    c.label = "c"
    d = c * Value(4.0, label="k") + a
    d.label = "d"
    return d * d


def pending(page):
    return page.evaluate(
        """() => { const q = document.querySelector('.mg-host').stepper.quiz.pending;
        return q && {...q.step, kind: q.kind, answer: q.answer}; }"""
    )


def answer(page, value):
    q = pending(page)
    if q["kind"] == "slope":
        page.click(f'.mg-choice[data-value="{value!r}"], .mg-choice[data-value="{value:g}"]')
    else:
        page.fill(".mg-answer", f"{value:.10g}")
        page.keyboard.press("Enter")


def test_a_whole_quiz_answered_right(show):
    stepper = viz.step(graph(), quiz=3)
    page = show(stepper)
    page.keyboard.press("End")
    kinds = set()
    while (q := pending(page)) is not None:
        kinds.add(q["kind"])
        assert int(page.get_attribute(".mg-stepper", "data-step")) == q["k"]  # not yet taken
        if q["kind"] != "slope":
            assert "?" in page.text_content(".mg-math")
        answer(page, q["answer"])
        page.keyboard.press("ArrowRight")
    assert kinds >= {"product", "slope"}
    assert page.get_attribute(".mg-stepper", "data-step") == str(len(stepper))
    assert "Done: 8 of 8 points, 8 right at once" in page.inner_text(".mg-quizbox")


def test_nobody_gets_past_a_question_but_back_is_free(show):
    page = show(viz.step(graph(), quiz={"seed": 1, "kinds": ["product"]}))
    at = lambda: int(page.get_attribute(".mg-stepper", "data-step"))  # noqa: E731
    page.keyboard.press("End")
    stop = at()
    page.evaluate("document.querySelector('.mg-stepper').focus()")
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert at() == stop
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert at() == stop - 2 and not page.is_visible(".mg-quizbox")


@pytest.mark.parametrize(
    "mistake, says",
    [
        (lambda q: -q["value"], "sign is wrong"),
        (lambda q: q["partial"], "forgot the upstream gradient"),
        (lambda q: q["upstream"], "upstream gradient alone"),
        (lambda q: q["upstream"] + q["partial"], "multiplies, it does not add"),
    ],
)
def test_typical_mistakes_are_named(show, mistake, says):
    page = show(viz.step(graph(), quiz={"seed": 1, "kinds": ["product"]}))
    page.keyboard.press("End")
    for _ in range(12):
        q = pending(page)
        wrong, others = mistake(q), (q["value"], q["partial"], -q["value"], q["upstream"])
        if sum(fmt(wrong) == fmt(x) for x in others) == (wrong in others) and q["upstream"] not in (1, -1):
            break
        answer(page, q["answer"])
        page.keyboard.press("End")
    answer(page, wrong)
    assert says in page.inner_text(".mg-note")
    assert page.locator(".mg-wrong-answer").count() == 1
    answer(page, q["answer"])
    assert "Score 0.75 of" in page.inner_text(".mg-score") or ".75 of" in page.inner_text(".mg-score")


def test_overwriting_instead_of_adding_is_named(show):
    page = show(viz.step(graph(), quiz={"kinds": ["total"]}))
    page.keyboard.press("End")
    while (q := pending(page))["kind"] != "total" or q["value"] == q["before"]:
        answer(page, q["answer"])
        page.keyboard.press("End")
    answer(page, q["value"])
    assert "overwrote instead of +=" in page.inner_text(".mg-note")
    answer(page, q["before"])
    assert "what was there before" in page.inner_text(".mg-note")


def test_hints_climb_to_the_answer_and_cost_points(show):
    page = show(viz.step(graph(), quiz={"kinds": ["product"]}))
    page.keyboard.press("End")
    notes = []
    for _ in range(3):
        page.click(".mg-hint")
        notes.append(page.inner_text(".mg-note"))
    assert "∂" in notes[0] and "·" in notes[1] and "The answer is" in notes[2]
    answer(page, pending(page)["answer"])
    assert page.inner_text(".mg-score").startswith("Score 0 of 1")


def test_answers_may_be_fractions_products_and_rounded(show):
    page = show(viz.step(graph(), quiz={"kinds": ["product"]}))
    page.keyboard.press("End")
    q = pending(page)
    page.fill(".mg-answer", "what")
    page.keyboard.press("Enter")
    assert "Type a number" in page.inner_text(".mg-note")
    page.fill(".mg-answer", f"{q['upstream']}*{q['partial']}".replace("-", "−"))
    page.keyboard.press("Enter")
    assert pending(page) is None or pending(page)["k"] > q["k"]


def test_the_same_seed_asks_the_same(show):
    asked = []
    for name in ("one.html", "two.html"):
        page = show(viz.step(graph(), quiz=7), name)
        page.keyboard.press("End")
        asked.append((pending(page)["kind"], page.inner_text(".mg-quizbox")))
    assert asked[0] == asked[1]


def test_a_step_further_says_that_an_answer_is_waited_for(show):
    page = show(viz.step(graph(), quiz={"seed": 1, "kinds": ["slope"]}))
    page.keyboard.press("End")
    assert page.text_content(".mg-note") == ""
    page.evaluate("document.querySelector('.mg-stepper').focus()")
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".mg-note") == "→ waits for an answer. Pick a number above, or Skip the question for no points."


def test_a_question_can_be_skipped_for_nothing(show):
    page = show(viz.step(graph(), quiz={"seed": 1, "kinds": ["product"]}))
    page.keyboard.press("End")
    q = pending(page)
    page.click(".mg-skip")
    assert int(page.get_attribute(".mg-stepper", "data-step")) == q["k"] + 1
    assert f"gets {fmt(q['answer'])}" in page.text_content(".mg-live-region")
    assert page.inner_text(".mg-score").startswith("Score 0 of 1")
    while pending(page):
        page.click(".mg-skip")
        page.keyboard.press("End")
    assert "Done: 0 of 8 points, 0 right at once" in page.inner_text(".mg-quizbox")


def test_clicking_every_choice_gives_nothing(show):
    page = show(viz.step(graph(), quiz={"seed": 1, "kinds": ["slope"]}))
    page.keyboard.press("End")
    right, k = pending(page)["answer"], pending(page)["k"]
    choices = page.eval_on_selector_all(".mg-choice", "all => all.map(one => one.dataset.value)")
    for wrong in [value for value in choices if float(value) != right]:
        page.click(f'.mg-choice[data-value="{wrong}"]')
        assert pending(page)["k"] == k
    answer(page, right)
    assert len(choices) == 4 and page.inner_text(".mg-score").startswith("Score 0 of 1")


def test_a_number_that_fits_no_mistake_is_answered_by_the_rule_in_its_numbers(show):
    page = show(viz.step(graph(), quiz={"seed": 1, "kinds": ["product"]}))
    page.keyboard.press("End")
    while (q := pending(page))["upstream"] == 1:
        answer(page, q["answer"])
        page.keyboard.press("End")
    answer(page, 777.25)
    partial = f"({fmt(q['partial'])})" if q["partial"] < 0 else fmt(q["partial"])
    assert f"Not {fmt(777.25)}. " in page.inner_text(".mg-note") and f"= {fmt(q['upstream'])} · {partial}: " in page.inner_text(".mg-note")
    assert pending(page)["k"] == q["k"] and page.locator(".mg-hint").count() == 1
    answer(page, q["answer"])
    done, of = page.inner_text(".mg-score").split()[1:4:2]
    assert float(done) == float(of) - 0.25  # the try, and no hint
