"""With a keyboard and a screen reader through a whole backward pass; zoom, phone, dark, paper; axe-core on every kind of page."""

import random
import re

import pytest

import viz
from micrograd import Value, nn
from viz.notation.numbers import show as fmt
from walks import lecture

pytestmark = pytest.mark.browser


def folded():
    random.seed(1)
    model = nn.MLP(2, [4, 1])
    return sum((model([0.1 * i, 1.0]) - 1) ** 2 for i in range(6))


def watched():
    model = nn.MLP(2, [4, 1])
    watch = viz.watch(model, data=([[0.0, 1.0], [1.0, 0.0]], [1, -1]), grid=4)
    for _ in range(3):
        loss = sum((model(x) - y) ** 2 for x, y in watch.pairs)
        model.zero_grad()
        loss.backward()
        watch(loss)
    return watch


def drawn():
    root = lecture()
    root.backward()
    return viz.draw(root)


PAGES = {
    "steps": lambda: viz.step(lecture()),
    "folded": lambda: viz.step(folded()),
    "quiz": lambda: viz.step(lecture(), quiz=2, at=-1),
    "draw": drawn,
    "network": lambda: viz.draw(nn.MLP(2, [3, 1]), x=[1.0, -1.0]),
    "side by side": lambda: viz.diff((Value(1.0, label="a") + 1).tanh(), (Value(1.0, label="a") + 7).tanh(), beside=True),
    "comparison": lambda: viz.diff((Value(1.0, label="a") + 1).tanh(), (Value(1.0, label="a") + 7).tanh()),
    "exercise": lambda: viz.exercise(lecture()),
    "training": watched,
}


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_has_nothing_against_a_page(browser, axe, tmp_path, kind, look):
    context = browser(width=360 if look == "phone" else 1100, color_scheme="dark" if look == "dark" else "light", offline=True)
    page = context.new_page()
    page.goto(PAGES[kind]().save(tmp_path / "page.html").as_uri())
    assert axe(page) == []
    if page.locator(".mg-stepper").count():
        for key in ("End", "ArrowLeft", "?"):  # tables filled, then another step, then the help
            page.keyboard.press(key)
            assert axe(page) == [], key
    context.close()


def test_axe_finds_a_planted_fault(page, axe, tmp_path):
    page.goto(PAGES["steps"]().save(tmp_path / "page.html").as_uri())
    page.evaluate("for (const name of ['aria-label', 'title']) document.querySelector('.mg-next').removeAttribute(name)")
    assert any("button-name" in line for line in axe(page))


def in_tree(page):
    """What the accessibility tree says of each value: {name: (operation, data, gradient)}."""
    found = {}
    for label in re.findall(r'^\s*- img "((?:[^"\\]|\\.)*)"', page.locator(".mg-graph").aria_snapshot(), re.M):
        name, what, data, grad, *_ = label.split(", ")
        found[name] = what, data.removeprefix("data "), grad.removeprefix("gradient ")
    return found


def test_the_whole_pass_is_in_the_accessibility_tree(show):
    root = lecture()
    values = root.topological()
    for v in values:
        v.grad = 0.0
    page = show(viz.step(root, names=False))
    names = [v.label or None for v in values]
    free = iter(f"v{i}" for i in range(1, 99))
    names = [name or next(free) for name in names]
    known, grads = {i for i, v in enumerate(values) if not v.args}, dict.fromkeys(names, 0.0)
    place = {id(v): i for i, v in enumerate(values)}

    def agrees():
        told = in_tree(page)
        assert set(told) == set(names)
        for i, name in enumerate(names):
            what, data, grad = told[name]
            assert data == (fmt(values[i].data) if i in known else "not computed") and grad == fmt(grads[name]), name
            assert what == "leaf" or " of " in what

    agrees()
    for step in root.steps():
        moves = [step] if type(step).__name__ != "BackwardStep" else step.contributions
        for move in moves:
            page.keyboard.press("ArrowRight")
            if type(step).__name__ == "ForwardStep":
                known.add(place[id(step.node)])
            elif type(step).__name__ == "SeedStep":
                grads["L"] = 1.0
            else:
                grads[names[place[id(move.arg)]]] = move.after
            agrees()
            assert page.locator(".mg-node[aria-current=step]").count() == 1
    assert page.locator(".mg-next").is_disabled()
    assert grads["a"] == 10.0 and in_tree(page)["a"] == ("leaf", "2", "10")


def test_a_screen_reader_finds_each_part_by_its_role_and_name(show):
    page = show(viz.step(lecture()))
    page.keyboard.press("End")
    tree = page.locator("body").aria_snapshot()
    for part in (
        'heading "Backpropagation, step by step"',
        'toolbar "Steps"',
        'slider "Step"',
        'group "Computation graph"',
        'button "Play"',
    ):
        assert part in tree, part
    assert 'table "Changed by this step"' in tree and 'table "Leaf gradients so far"' in tree
    heads = page.eval_on_selector_all(".mg-stepper th", "all => all.map(one => one.textContent.trim())")
    assert heads and all(heads)
    assert page.get_by_role("img", name="finished").count() >= 4  # of the leaves, beside those of the graph


def test_play_says_what_it_would_do(show):
    page = show(viz.step(lecture()))
    assert page.get_by_role("button", name="Play", exact=True).count() == 1
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Pause", exact=True).count() == 1
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Play", exact=True).count() == 1 and page.get_by_role("button", name="Pause").count() == 0


@pytest.mark.parametrize("focus", [".mg-next", ".mg-end", ".mg-quiz", ".mg-scrub input", ".mg-graph", ".mg-stepper"])
def test_space_plays_whatever_has_the_focus(show, focus):
    page = show(viz.step(lecture()))
    page.focus(focus)
    page.keyboard.press("Space")
    assert (
        page.get_attribute(".mg-stepper", "class").split().count("mg-playing") == 1
        and page.get_attribute(".mg-stepper", "data-step") == "0"
    )
    page.keyboard.press("Space")
    assert "mg-playing" not in page.get_attribute(".mg-stepper", "class")
    page.focus(".mg-next")
    page.keyboard.press("Enter")
    assert page.get_attribute(".mg-stepper", "data-step") == "1"


def test_space_in_the_quiz_is_the_quizzes(show):
    page = show(viz.step(lecture(), quiz={"kinds": ["slope"]}, at=-1))
    page.focus(".mg-choice")
    page.keyboard.press("Space")  # picks the choice, right or wrong
    assert "Score 0" not in page.inner_text(".mg-score") or page.locator(".mg-wrong-answer").count() == 1
    assert "mg-playing" not in page.get_attribute(".mg-stepper", "class")


def test_keys_work_at_once_on_a_page_of_its_own(page, tmp_path):
    page.goto(viz.step(lecture()).save(tmp_path / "p.html").as_uri())
    page.wait_for_selector(".mg-stepper")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(".mg-stepper", "data-step") == "2"
    page.evaluate("document.querySelector('.mg-host').stepper.destroy()")
    page.keyboard.press("ArrowRight")  # nobody listens any more, and nothing breaks
    page.goto(watched().save(tmp_path / "w.html").as_uri())
    page.wait_for_selector(".mg-training")
    page.keyboard.press("Home")
    assert page.get_attribute(".mg-training", "data-step") == "0"


def test_on_a_page_with_more_keys_are_left_alone(page, tmp_path):
    (tmp_path / "p.html").write_text(f"<!doctype html><html lang=en><title>x</title>{viz.step(lecture()).fragment()}", encoding="utf-8")
    page.goto((tmp_path / "p.html").as_uri())
    page.wait_for_selector(".mg-stepper")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(".mg-stepper", "data-step") == "0"


def test_the_speed_of_play(show):
    page = show(viz.step(lecture()))
    rate = lambda: page.inner_text(".mg-speed")  # noqa: E731
    assert rate() == "1×"
    for key, then in (("Shift+>", "2×"), ("Shift+>", "4×"), ("Shift+>", "4×"), ("Shift+<", "2×")):
        page.keyboard.press(key)
        assert rate() == then
    assert page.get_attribute(".mg-speed", "aria-label") == "Play speed 2×"
    page.click(".mg-speed")
    page.click(".mg-speed")
    assert rate() == "0.25×"  # in the round
    page.evaluate("""() => { const set = window.setInterval; window.paces = [];
        window.setInterval = (f, ms) => { window.paces.push(ms); return set(f, ms); }; }""")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+>")
    page.keyboard.press("Space")
    assert page.evaluate("window.paces") == [3600, 1800]


@pytest.mark.parametrize("kind", PAGES)
def test_at_200_percent_nothing_scrolls_sideways_or_is_cut(browser, tmp_path, kind):
    context = browser(width=640, height=450, device_scale_factor=2, offline=True)  # 1280 × 900 at 200 %
    page = context.new_page()
    page.goto(PAGES[kind]().save(tmp_path / "page.html").as_uri())
    page.keyboard.press("End")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    cut = page.evaluate(
        """() => [...document.querySelectorAll('button, h1, .mg-where')].filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1
        && getComputedStyle(e).display !== 'inline').map(e => e.textContent)"""
    )
    assert cut == []
    context.close()


def test_on_paper_the_graph_is_there_and_the_buttons_are_not(show):
    page = show(viz.step(lecture()))
    page.keyboard.press("End")
    page.emulate_media(media="print")
    assert page.is_visible(".mg-svg") and not page.is_visible(".mg-next") and not page.is_visible(".mg-scrub")
    assert page.is_visible(".mg-changes") and page.is_visible(".mg-math")
