"""Looks and access: phone width, dark, screen readers, equal numbers, the worksheet and training pages."""

import random

import pytest

import viz
from micrograd import Value, nn
from micrograd.ops import hypot
from viz.notation.numbers import show as fmt
from viz.stepped.stills import picture

pytestmark = pytest.mark.browser


def graph():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    return (a * b + a * a).tanh()


def test_numbers_are_written_the_same_in_python_and_on_the_page(show):
    rng = random.Random(0)
    xs = [rng.uniform(-1, 1) * 10 ** rng.randint(-9, 9) for _ in range(400)]
    xs += [0.0, -0.0, 1.0625, 0.00015, 9999.5, 99995.0, 999999.5, 1e6, 123456.0, 1e-4, 5e-324, 1.7e308]
    page = show(viz.step(graph()))
    shown = page.evaluate(
        """xs => { const s = document.querySelector('.mg-host').stepper, t = s.t, out = [];
        for (const x of xs) { t.data[0] = x; s.show(); out.push(s.picture.nodes.get(0).data.textContent); }
        return out; }""",
        xs,
    )
    assert shown == [fmt(x) for x in xs]


def test_a_phone_needs_no_sideways_scrolling(browser, tmp_path):
    context = browser(width=360, height=740, offline=True, has_touch=True)
    page = context.new_page()
    page.goto(viz.step(graph(), quiz=True).save(tmp_path / "p.html").as_uri())
    page.wait_for_selector(".mg-stepper")
    page.tap(".mg-button.mg-end")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate("""[...document.querySelectorAll('.mg-bar button')].filter(b => b.getBoundingClientRect().height < 40).length""")
    assert small == 0 and page.is_visible(".mg-quizbox")
    context.close()


def test_dark_follows_the_system_and_no_motion_when_not_wanted(browser, tmp_path):
    context = browser(color_scheme="dark", offline=True)
    page = context.new_page()
    page.goto(viz.step(graph()).save(tmp_path / "p.html").as_uri())
    page.wait_for_selector(".mg-stepper[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.querySelector('.mg-rect')).transitionDuration") == "0s"
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    page.wait_for_selector(".mg-stepper[data-theme=light]")
    assert page.evaluate("getComputedStyle(document.querySelector('.mg-rect')).transitionDuration") != "0s"
    context.close()


def test_every_control_has_a_name_and_the_live_region_tells_each_step(show):
    page = show(viz.step(graph()))
    nameless = page.evaluate(
        """[...document.querySelectorAll('.mg-stepper button, .mg-stepper input')].filter(b =>
        !(b.getAttribute('aria-label') || b.textContent.trim())).length"""
    )
    assert nameless == 0 and page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
    said = set()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        said.add(page.text_content(".mg-live-region"))
    page.keyboard.press("b")
    page.keyboard.press("ArrowRight")
    assert len(said) == 4
    assert "upstream 1 times local derivative" in page.text_content(".mg-live-region")


def test_what_is_said_names_operations_as_the_picture_does(show):
    a = Value(3.0, label="a")
    page, said = show(viz.step((a**2 - 1).relu())), []
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        said.append(page.text_content(".mg-live-region"))
    assert [text.split(" by ")[1] for text in said] == ["x² of a 3.", "− 1 of v1 9.", "ReLU of v2 8."], "no **2, no 1 as an operand"


def test_a_convention_is_said_once(show):
    p, q = Value(0.0, label="p"), Value(0.0, label="q")
    page = show(viz.step(hypot(p, q)))
    page.keyboard.press("b")
    page.keyboard.press("ArrowRight")
    told = "".join(page.inner_text(".mg-stepper").split())
    assert "=0,byconvention" in told and "byconvention=" not in told


def test_the_whole_page_is_reached_by_tab_alone(show):
    page = show(viz.step(graph()))
    seen = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.className || document.activeElement.type || ''"))
    assert any("mg-next" in name for name in seen) and any("mg-quiz" in name for name in seen)


def test_the_image_is_drawn_by_the_browser(page, tmp_path):
    (tmp_path / "p.svg").write_text(picture(viz.step(graph())), encoding="utf-8")
    (tmp_path / "p.html").write_text("<img src='p.svg'>", encoding="utf-8")
    page.goto((tmp_path / "p.html").as_uri())
    page.wait_for_function("document.images[0].complete")
    assert page.evaluate("document.images[0].naturalWidth") > 300


def test_a_worksheet_and_its_quiz_without_a_kernel(page, tmp_path):
    sheet = viz.exercise(graph(), seed=2, blanks=5)
    page.goto(sheet.save(tmp_path / "sheet.html", key=True).as_uri())
    assert page.locator("section").count() == 2 and page.locator("li").count() == 10
    page.goto(sheet.quiz().save(tmp_path / "quiz.html").as_uri())
    page.wait_for_selector(".mg-stepper")
    page.focus(".mg-stepper")
    page.keyboard.press("End")
    assert page.is_visible(".mg-quizbox")


def test_the_training_view_scrubs_through_the_run(page, tmp_path):
    random.seed(1)
    model = nn.MLP(2, [4, 1])
    watch = viz.watch(model, data=([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1, -1, -1]), grid=6)
    for _ in range(6):
        loss = sum((model(x) - y) ** 2 for x, y in watch.pairs)
        model.zero_grad()
        loss.backward()
        watch(loss)
        for p in model.parameters():
            p.data -= 0.02 * p.grad
    page.goto(watch.save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".mg-training")
    page.focus(".mg-training")
    losses = [loss for _, loss in watch.losses]
    assert f"Step 5 · loss {fmt(losses[5])}" == page.inner_text(".mg-where")
    page.keyboard.press("Home")
    assert f"Step 0 · loss {fmt(losses[0])}" == page.inner_text(".mg-where")
    before = page.evaluate("document.querySelector('canvas').toDataURL()")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(".mg-training", "data-step") == "2"
    assert page.evaluate("document.querySelector('canvas').toDataURL()") != before
    page.keyboard.press("End")
    assert page.locator(".mg-layer").count() == 2
    last = watch.snapshots[-1]
    shown = page.evaluate(
        """() => { const s = document.querySelector('.mg-host').training, t = s.run.t;
        return s.data.picture.parameters.map((i, k) => [s.run.grad[i], s.shots[s.at].grad[k]]); }"""
    )
    assert len(shown) == len(watch.parameters) and all(a == b for a, b in shown) and last["step"] == 5


def test_a_box_of_parameters_has_room_between_a_name_and_its_number(page, tmp_path):
    model = nn.MLP(2, [8, 8, 1])
    watch = viz.watch(model, data=([[0.0, 1.0], [1.0, 0.0]], [1, -1]), grid=3)
    loss = sum((model(x) - y) ** 2 for x, y in watch.pairs)
    for p in model.parameters():
        p.data, p.grad = -0.0001234, 0.0001073  # four digits at their longest
    watch(loss)
    page.goto(watch.save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".mg-training .mg-back")
    gaps = page.evaluate(
        """() => [...document.querySelectorAll('.mg-node:has(.mg-back) .mg-num')].filter(n => n.textContent).map(n =>
        n.getBoundingClientRect().left - n.previousSibling.getBoundingClientRect().right)"""
    )
    assert len(gaps) >= 2 * 17 and min(gaps) > 4, gaps
    assert "10⁻¹² to 10⁴" in page.inner_text(".mg-training")


def test_a_gradient_is_written_without_gaps_around_its_point(show):
    a = Value(2.0, label="a")
    page = show(viz.step((a * a).tanh()))
    page.keyboard.press("End")
    left, point, right = page.evaluate(
        """() => { const dot = [...document.querySelectorAll('.mg-math mo')].find(o => o.textContent === '.');
        return [dot.previousSibling, dot, dot.nextSibling].map(e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right]); }"""
    )
    assert abs(point[0] - left[1]) < 1 and abs(right[0] - point[1]) < 1


@pytest.mark.parametrize("losses", [(0.4093, 0.009546), (-1.234e-10, -1234567.0), (-0.009546, -1.5)])
def test_the_numbers_beside_the_curve_are_whole(page, tmp_path, losses):
    watch = viz.watch(nn.MLP(2, [1]))
    for loss in losses:
        watch(loss)
    page.goto(watch.save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".mg-loss .mg-chart")
    box = page.evaluate("document.querySelector('.mg-loss .mg-chart').getBBox().x")
    assert box >= 0, box


def test_a_loss_that_is_no_number_is_marked_on_the_curve_and_said(page, tmp_path):
    watch = viz.watch(nn.MLP(2, [1]))
    for loss in (1.0, 0.8, float("nan"), 0.5, float("inf")):
        watch(loss)
    page.goto(watch.save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".mg-training")
    assert page.locator(".mg-loss .mg-cross").count() == 2
    assert "loss nan or ∞ at 2 of 5 steps, first at step 2" in page.inner_text(".mg-loss")
    assert page.get_attribute(".mg-loss .mg-line", "d").count("M") == 2  # the line has a gap
    assert page.inner_text(".mg-where") == "Step 4 · loss ∞" and "first at step 2" in page.text_content(".mg-live-region")
    never = viz.watch(nn.MLP(2, [1]))
    never(float("nan"))
    page.goto(never.save(tmp_path / "never.html").as_uri())
    page.wait_for_selector(".mg-training")
    assert page.inner_text(".mg-where") == "Step 0 · loss nan" and "loss nan at every step" in page.inner_text(".mg-loss")


def test_the_walk_from_several_roots_on_the_page(show):
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = a * b
    c.label = "c"
    page = show(viz.step(c, c + a))
    assert page.inner_text("h1").startswith("Backpropagation, step by step: back from the sum of c and ")
    page.keyboard.press("End")
    shown = page.evaluate(
        """() => { const s = document.querySelector('.mg-host').stepper, of = (name) =>
        s.run.grad[Object.keys(s.t.names).find(i => s.t.names[i] === name)];
        return [of('a'), of('b'), of('c'), s.run.grad[s.t.root]]; }"""
    )
    assert shown == [-6 + 1, 4, 2, 1]


def test_a_network_follows_the_theme_and_shows_every_number(browser, tmp_path):
    random.seed(1)
    model = nn.MLP(2, [4, 1])
    target = viz.draw(model, x=[0.5, -1.0]).save(tmp_path / "n.html")
    for scheme, paper, blue in (("light", "rgb(255, 255, 255)", "rgb(0, 114, 178)"), ("dark", "rgb(21, 24, 29)", "rgb(86, 180, 233)")):
        context = browser(color_scheme=scheme, offline=True)
        page = context.new_page()
        page.goto(target.as_uri())
        assert page.evaluate("getComputedStyle(document.querySelector('svg rect')).fill") == paper
        strokes = page.evaluate("[...document.querySelectorAll('.weights line')].map(l => getComputedStyle(l).stroke)")
        assert len(strokes) == 12 and strokes.count(blue) == sum(w.data > 0 for la in model.layers for n in la.neurons for w in n.w)
        inside = page.evaluate(
            """[...document.querySelectorAll('.neuron')].every(g => { const c = g.querySelector('circle').getBoundingClientRect(),
            t = g.querySelector('text').getBoundingClientRect(); return t.left >= c.left && t.right <= c.right; })"""
        )
        assert inside and page.locator(".neuron").count() == 7
        context.close()
