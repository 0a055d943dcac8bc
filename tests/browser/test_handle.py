"""The handle that ``mount`` gives: another graph for the same person, actions in, actions heard, and nothing left behind."""

import pytest

import viz
from micrograd import Value, scope

pytestmark = pytest.mark.browser


def graph(extra=False, a=2.0):
    a, b = Value(a, label="a"), Value(-3.0, label="b")
    if extra:
        a = a * 1.5
        a.label = "more"
    with scope("inner"):
        c = a * b
        d = c + a
        d.label = "d"
    root = d.tanh()
    root.label = "root"
    return viz.step(root, fold="inner", names=False)


MOUNTED = """(data) => {
  const host = document.querySelector('.mg-host'), { mount } = host.stepper.constructor;
  window.heard = [];
  window.css ||= host.querySelector('style').textContent;
  window.handle = mount(host, data, { on: (event) => heard.push(event), css });
}"""


def test_another_graph_keeps_what_the_person_had(show):
    page = show(graph())
    page.evaluate(MOUNTED, graph().data)
    for action in ({"type": "open", "box": 5}, {"type": "end"}, {"type": "zoom", "by": 1.25}, {"type": "select", "thing": 3}):
        page.evaluate("action => handle.dispatch(action)", action)
    assert page.locator(".mg-box").count() == 0
    page.evaluate("data => handle.update(data)", graph(extra=True).data)
    state = page.evaluate("JSON.parse(JSON.stringify(handle.state))")
    assert state["open"] == [0] and state["zoom"] == 1.25 and page.get_attribute(".mg-stepper", "data-phase") == "backward"
    assert page.text_content(".mg-selected .mg-name") == "d" and page.locator(".mg-box").count() == 0
    assert page.inner_text(".mg-where").startswith(f"Step {len(graph(extra=True))} of {len(graph(extra=True))}")
    assert page.locator(".mg-stepper").count() == 1
    page.focus(".mg-stepper")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("handle.state.step") == len(graph(extra=True)) - 1


def test_a_state_that_json_kept_is_restored(show):
    page = show(graph())
    page.evaluate(MOUNTED, graph().data)
    for action in ({"type": "open", "box": 5}, {"type": "step", "step": 4}, {"type": "break", "place": 3}, {"type": "select", "thing": 3}):
        page.evaluate("action => handle.dispatch(action)", action)
    kept = page.evaluate("JSON.stringify(handle.state)")
    page.evaluate(MOUNTED, graph().data)
    assert page.evaluate("handle.state.step") == 0 and page.locator(".mg-stopped").count() == 0
    page.evaluate("kept => handle.dispatch({ type: 'state', state: JSON.parse(kept) })", kept)
    assert page.evaluate("JSON.stringify(handle.state)") == kept
    assert page.locator(".mg-stopped").count() == 1 and page.get_attribute(".mg-stepper", "data-step") == "4"


def test_a_host_hears_every_action_once(show):
    page = show(graph())
    page.evaluate(MOUNTED, graph().data)
    page.focus(".mg-stepper")
    for key in ("ArrowRight", "End", "+", "?", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    heard = page.evaluate("heard.filter(e => e.type !== 'score')")
    assert [e["type"] for e in heard] == ["step", "step", "zoom", "help", "select", "break"]
    assert [e["step"] for e in heard[:2]] == [2, 9] and heard[4]["thing"] == heard[5]["place"] and heard[5]["nodes"] == [heard[5]["place"]]


def test_a_trace_of_another_format_says_what_to_do(show):
    page = show(graph())
    page.evaluate(MOUNTED, {**graph().data, "format": 1})
    said = page.inner_text(".mg-host")
    assert "format 1" in said and "viz.step" in said and page.locator(".mg-stepper").count() == 0
    page.evaluate("data => handle.update(data)", graph().data)
    assert page.locator(".mg-stepper").count() == 1
