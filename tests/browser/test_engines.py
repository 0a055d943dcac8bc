"""Stepper, drawing, comparison and lab in Firefox and in WebKit with no network: the same numbers, keys, gestures, and no error said."""

import math
import random
import shutil

import pytest

import engines
import rows
import standalone
import viz
from micrograd import Value, nn
from micrograd.lab import page as lab_page
from viz.notation.numbers import show as fmt
from walks import lecture, samples, walk

pytestmark = pytest.mark.browser

STEPPER = "document.querySelector('.mg-host').stepper"
PAGE = "document.querySelector('figure').page"
BOXES = """() => Object.fromEntries([...document.querySelectorAll(".mg-node")].map((g) =>
  [g.dataset.thing, [...g.querySelectorAll(".mg-num")].map((t) => t.textContent)]))"""


@pytest.fixture(scope="module", params=list(engines.ENGINES))
def started(request):
    """The browser; skipped, with what is not installed, where it is not there."""
    try:
        engine = engines.ENGINES[request.param]()
    except engines.Missing as missing:
        pytest.skip(str(missing))
    yield engine
    engine.close()


@pytest.fixture
def engine(started):
    """… whose page says no error and asks no network for anything."""
    yield started
    assert started.said == []


@pytest.fixture
def show(engine, tmp_path):
    """Save a thing and open its page; a stepper's keys work at once."""

    def open_it(thing):
        engine.open(thing.save(tmp_path / "page.html").as_uri())
        return engine

    return open_it


def boxes(engine):
    return {int(thing): tuple(numbers) for thing, numbers in engine.ask(f"({BOXES})()").items()}


def named(engine, name):
    """The middle of the box with a name."""
    place = "(name) => [...document.querySelectorAll('.mg-node')].findIndex((g) => g.querySelector('.mg-name').textContent === name)"
    return engine.centre(".mg-node", engine.ask(place, name))


def test_what_a_page_says_is_heard(started, tmp_path):
    policy = '<meta http-equiv="Content-Security-Policy" content="img-src data:">'
    faults = (
        ("console.error('one')", "one"),
        ("setTimeout(() => two())", "rror"),
        ("document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/' }))", "img-src"),
    )
    for k, (code, word) in enumerate(faults):
        path = tmp_path / f"{k}.html"
        path.write_text(f"<!doctype html><html><head>{policy}</head><body><script>{code}</script></body></html>", encoding="utf-8")
        started.open(path.as_uri(), "body")
        for _ in range(500):
            if any(word in said for said in started.said):
                break
        else:
            raise AssertionError((code, started.said))


# --- every page of its own


@pytest.mark.parametrize("kind", standalone.PAGES)
def test_a_page_obeys_its_policy_and_no_name_becomes_markup(engine, tmp_path, kind):
    path = tmp_path / "page.html"
    path.write_text(standalone.PAGES[kind](standalone.HOSTILE), encoding="utf-8")
    engine.open(path.as_uri(), "main :is(h1, b)")
    engine.until("document.readyState === 'complete'")
    if kind in ("step", "quiz", "watch", "exercise, steps"):
        engine.until("document.querySelector('.mg-stepper, .mg-training') !== null")
    assert engine.ask("window.hurt ?? null") is None
    assert engine.ask("document.querySelectorAll('img, [onerror]').length") == 0
    assert engine.ask("getComputedStyle(document.body).marginTop") == "0px"  # the shell's style sheet is in force


# --- the stepper


def test_every_number_of_a_whole_pass_forward_and_back_again(show):
    root = lecture()
    data, states = walk(root)
    page = show(viz.step(root))

    def right(known, grads):
        return {i: (fmt(data[i]) if i in known else "·", fmt(grads[i])) for i in range(len(data))}

    for key, ways in (("ArrowRight", states), ("ArrowLeft", states[::-1])):
        for k, (known, grads, _) in enumerate(ways):
            if k:
                page.press(key)
            assert boxes(page) == right(known, grads)
    page.press("End")
    assert page.text(".mg-where").startswith(f"Step {len(states) - 1} of {len(states) - 1}")
    assert page.ask("document.querySelector('.mg-math math').getBoundingClientRect().height") > 10  # the line is drawn


def test_keys_and_buttons(show):
    page = show(viz.step(lecture(), break_on=["e"]))

    def at():
        return page.ask(f"{STEPPER}.state.step")

    for key, place in (("End", 16), ("Home", 0), ("b", 6), ("ArrowRight", 7), ("Shift+ArrowRight", 8), ("Home", 0), (".", 1)):
        page.press(key)
        assert at() == place, key
    page.click(*page.centre(".mg-button.mg-next"))
    assert at() == 2
    page.press("Space")  # plays, though a button has the focus
    page.until(f"{STEPPER}.state.step > 3")
    page.press("Space")
    page.press("?")
    assert page.ask("!document.querySelector('.mg-keys').hidden")
    page.press("Escape", "q")
    page.until("!document.querySelector('.mg-quizbox').hidden")


def small():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    root = (a * b + a).tanh() + a.relu()
    root.label = "root"
    return a, b, root


def test_another_number_is_typed_dragged_and_swept(show):
    a, b, root = small()
    stepper = viz.step(root, names=False)
    page = show(stepper)
    page.press("End")
    before = boxes(page)

    def expected(number):
        a, b = Value(number), Value(-3.0)
        root = (a * b + a).tanh() + a.relu()
        root.backward()
        return [(fmt(v.data), fmt(v.grad)) for v in (a, b, root)]

    place = {id(v): i for i, v in enumerate(stepper.trace.values)}
    places = [place[id(v)] for v in (a, b, root)]

    def shown():
        page.ask("new Promise((done) => requestAnimationFrame(() => done(1)))")  # one change a frame
        seen = boxes(page)
        return [seen[i] for i in places]

    page.click(*named(page, "a"))
    page.click(*page.centre(".mg-field"))
    page.press("Control+a")
    page.type("-0.75")
    page.until(f"{STEPPER}.state.leaves[{places[0]}] === -0.75")
    assert shown() == expected(-0.75)
    page.press("Escape")
    page.ask("document.querySelector('.mg-slider').focus()")
    page.press("ArrowRight")
    page.until(f"{STEPPER}.state.leaves[{places[0]}] > -0.75")
    assert shown() == expected(page.ask(f"{STEPPER}.state.leaves[{places[0]}]"))
    x, y = page.centre(".mg-slider")
    page.drag(x, y, 30, 0)
    page.until(f"{STEPPER}.state.leaves[{places[0]}] > 0.1")
    assert shown() == expected(page.ask(f"{STEPPER}.state.leaves[{places[0]}]"))
    page.press("Escape", "s")  # back to the stepper, whose key it is
    page.until("document.querySelector('.mg-curve .mg-line')?.getAttribute('d').split('L').length > 70")
    x, y = page.centre(".mg-curve")
    page.click(x - 60, y)
    page.until(f"{STEPPER}.state.leaves[{places[0]}] < 0")
    assert shown() == expected(page.ask(f"{STEPPER}.state.leaves[{places[0]}]"))
    page.press("r")
    assert boxes(page) == before


# --- what if: the numbers


def relative(x, y):
    """How far apart two numbers are, relative; 0 for two nans, inf where only one is special."""
    if x == y or (x != x and y != y):
        return 0.0
    if not (math.isfinite(x) and math.isfinite(y)):
        return math.inf
    return abs(x - y) / max(abs(x), abs(y))


APART = {"firefox": (rows.ulps, rows.ULPS), "webkit": (relative, 1e-12)}  # WebKit's own Math.pow is up to 200 ulps off


def test_every_row_gives_pythons_numbers(engine):
    apart, most = APART[engine.name]
    found = rows.compared(list(rows.VARIANTS), engine.run, apart)
    assert {name: worst for name, worst in found.items() if worst[0] > most or worst[1] > most or worst[2]} == {}


def test_a_planted_mistake_in_a_primitive_is_found(engine):
    apart, most = APART[engine.name]
    for change in (
        ("sub: (a,b)=>(a - b)", "sub: (a,b)=>(a - b) * (1 + 1e-11)"),
        ("less: (a,b)=>+(a < b)", "less: (a,b)=>+(a <= b)"),
    ):
        found = rows.compared(["sub", "relu", "maximum"], engine.run, apart, change)
        assert any(worst[0] > most or worst[1] > most or worst[2] for worst in found.values()), change


def test_a_whole_models_numbers_follow(show):
    """1,300 values; a leaf gets another number, and every value and gradient is that of Python."""
    rng = random.Random(5)
    model = nn.MLP(3, [8, 8, 1])
    samples = [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(4)]
    root = sum((model(x) - 0.5) ** 2 for x in samples)
    stepper = viz.step(root, names=False)
    page = show(stepper)
    page.press("End")
    values, leaf = stepper.trace.values, model.parameters()[3]
    place = next(i for i, v in enumerate(values) if v is leaf)
    page.ask(f"{STEPPER}.dispatch({{ type: 'leaf', place: {place}, value: 0.7 }})")
    words = "(x) => Array.from(x, String)"
    data, grads = page.ask(f"[({words})({STEPPER}.t.data), ({words})({STEPPER}.run.grad)]")
    leaf.data = 0.7
    made = {}
    for v in root.topological():
        made[id(v)] = v.op(*(made[id(a)] for a in v.args)) if v.args else Value(v.data)
    made[id(root)].backward()
    for v, x, g in zip(values, data, grads, strict=False):
        assert relative(made[id(v)].data, float(x)) < 1e-12 and relative(made[id(v)].grad, float(g)) < 1e-11


# --- find your way


def test_a_drawing_is_moved_zoomed_searched_and_opened(show):
    picture = viz.draw(samples(), budget=30, layout="layers")
    page = show(picture)
    page.until(f"{PAGE} !== undefined")
    seen = f"(() => {{ const v = {PAGE}.view; return [v.x, v.y, v.k]; }})()"
    x, y, k = page.ask(seen)
    cx, cy = page.centre(".node.root")
    page.drag(cx, cy, -40, 20)
    assert page.ask(seen) == pytest.approx([x - 40, y + 20, k], abs=1)
    assert page.ask("document.querySelectorAll('.node.sel').length") == 0  # a drag selects nothing
    cx, cy = page.centre(".node.root")
    page.click(cx, cy)
    assert page.ask("document.querySelector('.node.sel').classList.contains('root')")
    page.wheel(cx, cy, -120)
    page.until(f"{PAGE}.view.k > {k} * 1.2")
    assert page.centre(".node.root") == pytest.approx((cx, cy), abs=1)  # what is under the pointer stays there
    page.press("0")
    many = page.ask(f"{PAGE}.boxes.things.length")
    box = page.ask(f"{PAGE}.boxes.id({PAGE}.boxes.things.find((x) => {PAGE}.boxes.isBox(x)))")
    page.ask("(id) => document.querySelector('figure').page.select(id, true)", box)
    page.until("!document.querySelector('.mg-glide')")
    page.click(*page.centre(f"[id='{box}']"), times=2)
    page.until(f"{PAGE}.boxes.things.length > {many}")
    page.press("f")
    page.until(f"{PAGE}.boxes.things.length === {many}")
    hidden = next(node for node in picture.graph.nodes if node.kind == "fold" and node.count > 2).members[1]
    name = page.ask(f"{PAGE}.boxes.name({hidden})")
    page.press("/")
    page.type(name)
    page.until(f"document.querySelector('#n{hidden}.sel.found')")
    assert " of " in page.text(".mg-count")
    page.press("Escape")
    assert page.ask("document.activeElement.className").startswith("mg-holder")


def test_the_steppers_picture_is_moved_zoomed_and_opened(show):
    page = show(viz.step(samples(), fold=30))
    seen = f"(() => {{ const v = {STEPPER}.picture.view; return [v.x, v.y, v.k]; }})()"
    x, y, k = page.ask(seen)
    cx, cy = page.centre(".mg-box")
    page.drag(cx, cy, -40, 10)
    assert page.ask(seen) == pytest.approx([x - 40, y + 10, k], abs=1)
    many = page.ask(f"{STEPPER}.tree.items.length")
    page.click(cx - 40, cy + 10)
    assert page.ask("document.querySelectorAll('.mg-box.mg-selected').length") == 1
    page.wheel(cx - 40, cy + 10, -120)
    page.until(f"{STEPPER}.picture.view.k > {k} * 1.1")
    page.click(cx - 40, cy + 10, times=2)
    page.until(f"{STEPPER}.tree.items.length > {many}")
    page.press("/")
    page.type("loss")
    page.until("document.querySelector('.mg-count').textContent.includes(' of ')")
    page.press("Escape")


def test_a_comparison_leads_from_its_rows_to_its_boxes(show):
    one, other = samples(), samples()
    next(v for v in other.topological() if not v.args).data += 0.25
    found = viz.diff(one, other.op(*other.args), layout="layers")
    page = show(found)
    page.until(f"{PAGE} !== undefined")
    page.click(*page.centre(".numbers tbody tr td"))
    page.until("document.querySelectorAll('.node.sel').length === 1")
    assert "apart" in page.text(".mg-said")


# --- the lab

HEAD = "from micrograd import Value\na, b = Value(2.0), Value(-3.0)\n"
PUT = """(text) => {
  const { view } = document.body.lab.editor;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}"""
RUNS = "Number(document.documentElement.dataset.run ?? 0)"


@pytest.fixture
def lab(engine, built, tmp_path):
    """Open the lab that `micrograd lab` writes, with a fragment."""
    path = shutil.copy(built(), tmp_path / "lab.html")

    def open_it(fragment="", wait="live"):
        engine.open(path.as_uri() + fragment, f"html[data-lab={wait}]")
        if wait == "live" and not fragment:
            engine.until(RUNS)
        return engine

    return open_it


def write(page, text):
    """Change the program; what the page says when its run has ended."""
    before = page.ask(RUNS)
    page.ask(PUT, text)
    page.until(f"{RUNS} > {before}")
    return page.text(".lab-said")


@pytest.mark.slow
def test_the_lab_is_typed_in_stopped_and_shared(lab):
    page = lab()
    page.click(*page.centre(".cm-content .cm-line"))
    page.press("Control+End")
    before = page.ask(RUNS)
    page.type("L = o * 2")
    page.until(f"{RUNS} > {before} && document.querySelector('.mg-where').textContent.includes('of 17')")
    page.press("Escape", "Escape", "Tab")  # the first closes what the editor offers
    page.until("!document.activeElement.closest('.cm-editor')")
    assert write(page, HEAD + "c = a * b\nd = c.nothing()").startswith("Line 4: AttributeError: 'Value' object has no attribute 'nothing'")
    page.until("document.querySelector('.cm-lintRange-error')?.textContent === 'd = c.nothing()'")
    page.ask("(() => { const s = document.querySelector('.lab-limit'); s.value = '1'; s.dispatchEvent(new Event('change')); })()")
    page.ask("(() => { window.worker = document.body.lab.python.live.worker; })()")
    said = write(page, "print('before')\nk = 0\nwhile True:\n    k += 1")
    assert said.startswith("Line ") and "the time limit was over" in said
    assert page.text(".lab-out").startswith("before\n")
    assert page.ask("worker === document.body.lab.python.live.worker")  # the same Python
    assert write(page, "10 ** 10 ** 8").startswith(("Ended: it did not stop within 1 s", "Line"))
    page.until("document.body.lab.python.ready && !document.body.lab.python.busy")
    assert not write(page, HEAD + "c = a * b\nprint('alive', c.data)").startswith("Line")
    assert page.text(".lab-out") == "alive -6.0\n" and "of 4" in page.text(".mg-where")
    # and its link restores all of it, and runs nothing before Run
    program = HEAD + "c = a * b\nd = c + a  # ∂ “quotes” \U0001f409\nprint('it ran')\n"
    write(page, program)
    page.ask("document.querySelector('.mg-stepper').focus()")
    page.press("ArrowRight", "ArrowRight", "ArrowRight", "+")
    page.click(*page.centre(".lab-share"))
    page.until("document.querySelector('.lab-said').textContent.includes('link is')")
    link = page.ask("location.hash")
    assert "&step=3" in link and "&tab=stepper" in link
    page = lab(link)
    assert page.ask("document.body.lab.editor.text()") == program
    assert page.ask(RUNS) == 0 and page.ask("document.querySelectorAll('.mg-node').length") == 0
    page.click(*page.centre(".lab-run"))
    page.until(RUNS)
    assert page.text(".lab-out") == "it ran\n" and page.text(".mg-where").startswith("Step 3 of")
    assert page.ask("document.body.lab.views.walker.state.zoom") > 1


def show_tab(page, name):
    find = "(n) => [...document.querySelectorAll('[role=tab]')].findIndex((tab) => tab.textContent === n)"
    page.click(*page.centre("[role=tab]", page.ask(find, name)))
    page.until(f"document.querySelector('[role=tab][aria-selected=true]').textContent === '{name}'")


def click(page, selector, which=0):
    """Click where it stands, when it is in sight."""
    page.ask("(s, i) => document.querySelectorAll(s)[i].scrollIntoView({ block: 'center' })", selector, which)
    page.click(*page.centre(selector, which))


def texts(selector):
    return f"[...document.querySelectorAll({selector!r})].map((e) => e.textContent)"


def example(name):
    return next(each["code"] for each in lab_page.examples() if each["name"] == name)


@pytest.mark.slow
def test_the_labs_comparison_keeps_a_run_beside_the_present_one(lab):
    page = lab()
    code, said = example("a neuron"), "document.querySelector('.lab-compare-said').innerText"
    show_tab(page, "Compare")
    page.until(f"{said}.startsWith('before: 10 values, after: 10 values')")
    page.until("!document.querySelector('.lab-comparing .lab-button').disabled")
    click(page, ".lab-comparing .lab-button")  # keep this run
    page.until(f"{said}.startsWith('kept and now are alike')")
    write(page, code.replace("6.88", "7.25"))
    page.until(f"{said}.includes('b: data 6.88 | 7.25')")
    assert page.ask(texts(".lab-compared .mg-name")) == ["kept", "now"]
    click(page, ".lab-compared .numbers tbody tr td")  # a row leads to its value, in both pictures
    page.until("document.querySelectorAll('.lab-compared .node.sel').length === 2")
    assert page.ask(texts(".lab-compared .node.sel text"))[::5] == ["b", "b"]
    write(page, code.replace("6.88", "7.5"))  # what a person had survives typing
    page.until(f"{said}.includes('b: data 6.88 | 7.5')")
    assert page.ask("document.querySelectorAll('.lab-compared .node.sel').length") == 2
    page.ask("document.querySelector('.lab-compared .mg-holder').focus()")
    page.press("s")  # one picture of both
    page.until("document.querySelectorAll('.lab-compared .mg-holder').length === 1")
    assert "6.88 | 7.5" in page.ask(texts(".lab-compared .mg-holder text"))
    page.ask("(() => { const s = document.querySelector('.lab-limit'); s.value = '1'; s.dispatchEvent(new Event('change')); })()")
    write(page, "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass")  # ends the worker
    page.until("document.body.lab.python.ready && !document.body.lab.python.busy")
    write(page, code.replace("6.88", "8.5"))  # the new one makes the kept run again
    page.until(f"{said}.includes('b: data 6.88 | 8.5')")


@pytest.mark.slow
def test_the_labs_doctor_names_planted_mistakes_and_gives_hints_one_at_a_time(lab):
    page = lab()
    name = "homework for the doctor: an engine and its training"
    code, wrong, loop = example(name), "self.grad += (1 - t) * out.grad", "loss.backward()"
    choose = "(n) => { const s = document.querySelector('.lab-example'); s.value = [...s.options].find((o) => o.text === n).value; "
    page.ask(f"{choose} s.dispatchEvent(new Event('change')); }}", name)
    panel, marked = "#lab-panel-doctor", "[...document.querySelectorAll('.cm-lintRange-error')].map((e) => e.textContent)"
    two = f"document.querySelectorAll('{panel} .lab-fault').length === 2"
    page.until(two)
    assert page.ask(texts(f"{panel} .lab-line code")) == [wrong, loop]
    numbers = [f"line {code[: code.index(text)].count(chr(10)) + 1}" for text in (wrong, loop)]
    assert page.ask(texts(f"{panel} .lab-line > span")) == numbers
    assert page.ask(f"document.querySelectorAll('{panel} .lab-shown .wrong').length") == 1
    assert page.ask(f"document.querySelector('{panel} .lab-shown svg').getBoundingClientRect().height") > 20  # it is drawn
    for which, text in ((1, loop), (0, wrong)):
        click(page, f"{panel} .lab-line", which)
        page.until(f"{marked}.includes({text!r})")  # the editor draws what is near
        page.until("document.activeElement.closest('.cm-editor') !== null")
    for k in (1, 2, 3):
        click(page, f"{panel} .lab-ladder button")
        page.until(f"document.querySelector('{panel} .lab-ladder').querySelectorAll('li').length === {k}")
    assert page.ask(f"document.querySelector('{panel} .lab-ladder button').hidden")
    write(page, code + "\n")  # what was opened stays while a person types
    page.until(two)
    assert page.ask(f"document.querySelector('{panel} .lab-ladder').querySelectorAll('li').length") == 3
    show_tab(page, "Output")  # the marks are the Doctor's
    page.until("document.querySelectorAll('.cm-lintRange-error').length === 0")
    show_tab(page, "Doctor")
    write(page, code.replace("(1 - t)", "(1 - t * t)").replace(f"    {loop}", f"    w.grad = b.grad = 0.0\n    {loop}"))
    page.until(f"document.querySelector('{panel}').innerText.split('no mistake found').length === 3")
    assert page.ask(f"document.querySelectorAll('{panel} .lab-fault, .cm-lintRange-error').length") == 0
    page.until("document.querySelector('.lab-said').textContent === 'live'")
