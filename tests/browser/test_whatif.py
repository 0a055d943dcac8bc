"""Another number for a leaf, in a saved page without any Python: every value, gradient and step follows."""

import json
import random

import pytest

import viz
from micrograd import Value, nn
from viz.notation.numbers import show as fmt
from waiting import until

pytestmark = pytest.mark.browser
HANDLE = "document.querySelector('.mg-host').stepper"


def graph(a=2.0, b=-3.0):
    a, b = Value(a, label="a"), Value(b, label="b")
    e = a * b
    e.label = "e"
    root = (e + a).tanh() + a.relu()
    root.label = "root"
    return a, b, root


def boxes(page):
    """{name: (data, grad)} of the boxes."""
    return {
        name: tuple(numbers)
        for name, numbers in page.evaluate(
            """() => [...document.querySelectorAll(".mg-node")].map(g =>
            [g.querySelector(".mg-name").textContent, [...g.querySelectorAll(".mg-num")].map(t => t.textContent)])"""
        )
    }


def node(page, name):
    return page.locator(f"xpath=//*[contains(@class,'mg-node')][*[contains(@class,'mg-name') and text()='{name}']]")


def python(a, b):
    a, b, root = graph(a, b)
    root.backward()
    return {"a": (fmt(a.data), fmt(a.grad)), "b": (fmt(b.data), fmt(b.grad)), "root": (fmt(root.data), "1")}


def test_a_number_that_is_typed_is_followed_everywhere(show):
    page = show(viz.step(graph()[2], names=False))
    page.keyboard.press("End")
    before = boxes(page)
    node(page, "a").click()
    page.fill(".mg-field", "0.5")
    page.wait_for_selector(".mg-tried")
    shown = boxes(page)
    assert {name: shown[name] for name in ["a", "b", "root"]} == python(0.5, -3.0)
    assert fmt(0.5) in page.text_content(".mg-math math:last-child") or "0.5" in page.inner_text(".mg-leaves")
    assert page.get_attribute(".mg-stepper", "data-phase") == "backward"
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    for _ in range(3):  # e = a · b is one of the first steps
        page.keyboard.press("ArrowRight")
        if page.text_content(".mg-math math:first-child").startswith("e="):
            assert page.text_content(".mg-math math:first-child") == "e=a·b=0.5·(−3)=−1.5"
            break
    else:
        raise AssertionError("no step computes e")
    page.keyboard.press("End")
    page.keyboard.press("r")
    assert boxes(page) == before and page.locator(".mg-tried").count() == 0


def test_the_slider_and_the_keys_alone(show):
    page = show(viz.step(graph()[2], names=False))
    page.keyboard.press("End")
    page.evaluate(f"{HANDLE}.dispatch({{ type: 'select', thing: 1 }})")
    page.keyboard.press("e")
    page.keyboard.type("4")
    until(page, f"{HANDLE}.state.leaves[1] === 4")
    assert boxes(page)["b"] == python(2.0, 4.0)["b"]
    page.keyboard.press("Escape")
    page.focus(".mg-slider")
    page.keyboard.press("ArrowLeft")
    until(page, f"{HANDLE}.state.leaves[1] < 4")
    assert page.evaluate(f"{HANDLE}.state.step") == len(viz.step(graph()[2]))  # the arrow moved the slider alone
    value = page.evaluate(f"{HANDLE}.state.leaves[1]")
    assert boxes(page)["root"] == python(2.0, value)["root"]
    page.click(".mg-chosen button:has-text('Reset')")
    assert page.evaluate(f"{HANDLE}.state.leaves") == {}


def test_what_waits_for_its_frame_is_done_before_what_comes_next(show):
    page = show(viz.step(graph()[2], names=False))
    page.keyboard.press("End")
    page.evaluate(f"{HANDLE}.dispatch({{ type: 'select', thing: 0 }})")
    after = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done({ ...s.state.leaves }))))"
    for action, leaves in (("{ type: 'select', thing: 1 }", {"0": 5}), ("{ type: 'reset' }", {})):
        page.evaluate(f"{HANDLE}.dispatch({{ type: 'select', thing: 0 }})")
        assert page.evaluate(f"(() => {{ const s = {HANDLE}; s.chosen.set(5); s.dispatch({action}); return {after}; }})()") == leaves


def test_a_leaf_is_swept_with_its_tangent(show):
    page = show(viz.step(graph()[2], names=False))
    page.keyboard.press("End")
    node(page, "a").click()
    page.focus(".mg-stepper")
    page.keyboard.press("s")
    until(page, "document.querySelector('.mg-curve .mg-line').getAttribute('d').split('L').length > 70")
    said = page.get_attribute(".mg-curve", "aria-label")
    a, _, root = graph()
    root.backward()
    assert said == f"root against a: at 2 it is {fmt(root.data)}, slope {fmt(a.grad)}"
    line = page.evaluate(
        "(() => { const l = document.querySelector('.mg-tangent'); return ['x1','y1','x2','y2'].map(k => +l.getAttribute(k)); })()"
    )
    here = page.evaluate(
        "(() => { const c = document.querySelector('.mg-here'); return [+c.getAttribute('cx'), +c.getAttribute('cy')]; })()"
    )
    t = (here[0] - line[0]) / (line[2] - line[0])
    assert line[1] + t * (line[3] - line[1]) == pytest.approx(here[1], abs=1e-6)  # it touches where the leaf stands
    box = page.locator(".mg-curve").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + 20)
    page.wait_for_selector(".mg-tried")
    moved = page.evaluate(f"{HANDLE}.state.leaves[0]")
    assert moved < 2 and boxes(page)["root"][0] == python(moved, -3.0)["root"][0]


def test_what_python_decided_by_numbers_is_out_of_force(show):
    stepper = viz.step(graph()[2], names=False, break_on=["e", "abs(grad) > 0.5"])
    page = show(stepper)
    ticks = page.locator(".mg-ticks i").count()
    page.evaluate(f"{HANDLE}.dispatch({{ type: 'leaf', place: 0, value: 5 }})")
    assert "breakpoints that asked for numbers" in page.inner_text(".mg-triedline")
    kept = len(set(stepper.breaks) - set(stepper.data["asked"]))
    assert 0 < kept < ticks and page.locator(".mg-ticks i").count() == kept
    page.keyboard.press("r")
    assert page.locator(".mg-ticks i").count() == ticks


def test_a_question_is_asked_of_the_new_numbers(show):
    page = show(viz.step(graph()[2], names=False, quiz={"seed": 1, "kinds": ["product"]}))
    page.keyboard.press("End")
    before = page.evaluate(f"{HANDLE}.quiz.pending.step.k")
    page.evaluate(f"{HANDLE}.dispatch({{ type: 'leaf', place: 0, value: 0.25 }})")
    q = page.evaluate(
        f"(() => {{ const {{ answer, step }} = {HANDLE}.quiz.pending; return [answer, step.upstream * step.partial, step.k]; }})()"
    )
    assert q[0] == q[1] and q[2] == before


class Own:
    """A student's class."""

    def __init__(self, data, children=(), op="", label=""):
        self.data, self.grad, self._prev, self._op, self.label, self._backward = data, 0.0, children, op, label, lambda: None

    def __add__(self, other):
        out = Own(self.data + other.data, (self, other), "+")

        def backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = backward
        return out


def test_an_engine_of_ones_own_is_said_to_need_python(show):
    page = show(viz.step(Own(1.0, label="a") + Own(2.0, label="b"), names=False))
    node(page, "a").click()
    said = page.inner_text(".mg-chosen")
    assert "cannot compute" in said and "Python" in said and page.locator(".mg-field").count() == 0
    page.evaluate(f"{HANDLE}.dispatch({{ type: 'leaf', place: 0, value: 5 }})")
    assert page.evaluate(f"{HANDLE}.state.leaves") == {} and boxes(page)["a"][0] == "1"


def moons(samples):
    rng = random.Random(1)
    model = nn.MLP(2, [16, 16, 1])
    xs = [[Value(rng.uniform(-1, 1)) for _ in range(2)] for _ in range(samples)]
    losses = [(1 + -rng.choice((-1, 1)) * model(x)).relu() for x in xs]
    return model, sum(losses) * (1.0 / samples) + 1e-4 * sum(p * p for p in model.parameters())


@pytest.mark.slow
def test_a_whole_moons_loss_follows(show):
    """65,000 values: right at the end; the frame's time is in benchmarks/frontend.py."""
    _, root = moons(100)
    stepper = viz.step(root, names=False)
    page = show(stepper)
    page.keyboard.press("End")
    values = stepper.trace.values
    place = next(i for i, v in enumerate(values) if not v.args)
    page.evaluate(f"{HANDLE}.dispatch({{ type: 'leaf', place: {place}, value: 0.7 }})")
    data, grads = json.loads(page.evaluate(f"JSON.stringify([Array.from({HANDLE}.t.data), Array.from({HANDLE}.run.grad)])"))
    values[place].data = 0.7
    made = {}
    for v in root.topological():
        made[id(v)] = v.op(*(made[id(a)] for a in v.args)) if v.args else Value(v.data)
    made[id(root)].backward()
    assert data[: len(values)] == pytest.approx([made[id(v)].data for v in values], rel=1e-12, abs=1e-15)
    assert grads == pytest.approx([made[id(v)].grad for v in values], rel=1e-9, abs=1e-14)


def test_certain_digits_are_told_and_another_number_has_none(show):
    pytest.importorskip("flint")
    x = Value(1e-4, label="x")
    page = show(viz.step((1 - x.cos()) / x**2, digits=True, names=False, at=-1))
    node(page, "x").click()
    assert page.inner_text(".mg-numbers .mg-faint") == "4.410804467624985e−5"
    page.fill(".mg-field", "0.5")
    until(page, "document.querySelectorAll('.mg-faint').length === 0")
