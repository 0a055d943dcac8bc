"""The page of a drawing: move, zoom, select, search, open and close boxes, by mouse, keys and fingers."""

import copy
import random
import re

import pytest

import viz
from micrograd import Value, nn
from viz.drawn.opening import MOST, opening
from viz.drawn.picture import Picture
from viz.model.fold import partition
from viz.model.graph import build, materialise
from viz.notation.names import Names
from waiting import until
from walks import samples

pytestmark = pytest.mark.browser

STATE = "() => { const v = document.querySelector('figure').page.view; return [v.x, v.y, v.k]; }"
CENTRE = "(id) => { const b = document.getElementById(id).getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }"
PAGE = "document.querySelector('figure').page"


def small():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = (a * b).tanh() + a**2
    c.label = "c"
    c.backward()
    return c


def folded():
    return viz.draw(samples(), budget=30, layout="layers")


@pytest.fixture
def opened(page, tmp_path):
    def open_it(picture):
        page.goto(picture.save(tmp_path / "p.html").as_uri())
        until(page, f"{PAGE} !== undefined")
        return page

    return open_it


def place(page, id):
    return page.evaluate(CENTRE, id)


def test_a_drag_moves_and_selects_nothing(opened):
    page = opened(viz.draw(small()))
    x, y, k = page.evaluate(STATE)
    cx, cy = place(page, "n2")
    page.mouse.move(cx, cy)
    page.mouse.down()
    page.mouse.move(cx - 30, cy + 20, steps=4)
    page.mouse.up()
    assert page.evaluate(STATE) == pytest.approx([x - 30, y + 20, k], abs=1)
    assert page.locator(".node.sel").count() == 0
    page.mouse.click(cx - 30, cy + 20)
    assert page.locator("#n2.sel").count() == 1
    assert "v1 = a × b" in page.locator(".mg-said").inner_text()


def test_the_wheel_is_the_pages_until_the_picture_was_clicked(opened):
    page = opened(viz.draw(small()))
    page.set_viewport_size({"width": 900, "height": 420})
    page.wait_for_timeout(300)
    before = page.evaluate(STATE)
    cx, cy = place(page, "n2")
    page.mouse.move(cx, cy)
    page.mouse.wheel(0, 60)
    until(page, "scrollY > 0")
    assert page.evaluate(STATE) == before
    assert "wheel" in page.locator(".mg-how.on").inner_text()
    page.evaluate("scrollTo(0, 0)")
    cx, cy = place(page, "n2")
    page.mouse.click(cx, cy)
    page.mouse.wheel(0, -120)
    until(page, f"{PAGE}.view.k > {before[2]} * 1.2")
    assert page.evaluate("scrollY") == 0
    assert place(page, "n2") == pytest.approx([cx, cy], abs=1)  # what is under the pointer stays there


@pytest.mark.parametrize("width", [1100, 390])
def test_a_picture_that_is_too_tall_begins_at_its_result(opened, page, width):
    random.seed(0)
    page.set_viewport_size({"width": width, "height": 900})
    loss = (nn.MLP(2, [4, 4, 1])([Value(1.0, label="x"), Value(-1.0, label="y")]) - 1) ** 2
    loss.backward()
    opened(viz.draw(loss))
    shown, holder = (page.locator(what).first.bounding_box() for what in (".node.root", ".mg-holder"))
    assert all(holder[at] <= shown[at] and shown[at] + shown[of] <= holder[at] + holder[of] for at, of in (("x", "width"), ("y", "height")))


def test_ctrl_and_wheel_zoom_without_a_click(opened):
    page = opened(viz.draw(small()))
    k = page.evaluate(STATE)[2]
    page.mouse.move(*place(page, "n2"))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    until(page, f"{PAGE}.view.k > {k}")


def test_keys_do_it_all(opened):
    page = opened(viz.draw(small()))
    page.focus(".mg-holder")
    k = page.evaluate(STATE)[2]
    page.keyboard.press("+")
    assert page.evaluate(STATE)[2] > k
    page.keyboard.press("0")
    assert page.evaluate(STATE)[2] <= 1
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowRight")  # nothing was selected: the result
    assert page.locator(".node.sel").get_attribute("id") == "n5"
    page.keyboard.press("ArrowLeft")
    assert page.locator(".node.sel").get_attribute("id") in ("n3", "n4")
    page.keyboard.press("Escape")
    assert page.locator(".node.sel").count() == 0
    page.keyboard.press("?")
    assert page.locator("#mg-help").is_visible()
    assert "double click" not in page.locator("#mg-help").inner_text()  # nothing to open here


def test_a_drawing_is_sharp_again_when_it_rests(opened):
    page = opened(viz.draw(small()))
    page.focus(".mg-holder")
    page.keyboard.press("+")
    page.wait_for_timeout(400)
    wide = page.evaluate("document.querySelector('svg.graph-picture').getBoundingClientRect().width")
    scaled = page.evaluate("document.querySelector('svg.graph-picture').style.transform")
    assert wide == pytest.approx(page.evaluate(f"{PAGE}.view.width * {PAGE}.view.k"), abs=0.5)
    assert "scale(1)" in scaled


def test_two_fingers_zoom_where_they_are(browser, tmp_path):
    context = browser(width=390, height=800, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(viz.draw(small()).save(tmp_path / "p.html").as_uri())
    until(page, f"{PAGE} !== undefined")
    k = page.evaluate(STATE)[2]
    x, y = place(page, "n2")
    touch = context.new_cdp_session(page)

    def send(kind, *points):
        touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b, "id": i} for i, (a, b) in enumerate(points)]}
        )

    send("touchStart", (x - 20, y), (x + 20, y))
    for far in (30, 40, 50, 60):
        send("touchMove", (x - far, y), (x + far, y))
    send("touchEnd")
    assert page.evaluate(STATE)[2] / k == pytest.approx(3, rel=0.1)
    assert place(page, "n2") == pytest.approx([x, y], abs=6)
    page.close()


def test_boxes_open_and_close_where_they_are(opened):
    page = opened(folded())
    first = page.evaluate("document.querySelector('svg.graph-picture').outerHTML.length")
    box = page.evaluate(f"{PAGE}.boxes.things.find((x) => {PAGE}.boxes.isBox(x))")
    id, many = page.evaluate(f"[{PAGE}.boxes.id({box}), {PAGE}.boxes.things.length]")
    page.evaluate(f"{PAGE}.select('{id}', true)")
    page.wait_for_timeout(300)
    x, y = place(page, id)
    page.mouse.dblclick(x, y)
    assert page.evaluate(f"{PAGE}.boxes.things.length") > many
    assert page.locator(f"[id='{id}']").count() == 0
    assert page.locator(".node.sel").count() == 1
    page.keyboard.press("f")
    assert page.evaluate(f"{PAGE}.boxes.things.length") == many
    assert page.locator(f"[id='{id}'].sel").count() == 1
    page.keyboard.press("Enter")
    page.locator(".mg-shut button").last.click()
    assert page.evaluate("document.activeElement.className").startswith("mg-holder")
    page.evaluate(f"{PAGE}.select(null)")
    assert page.evaluate(f"{PAGE}.boxes.things.length") <= many
    assert page.evaluate("document.querySelector('svg.graph-picture').outerHTML.length") == pytest.approx(first, rel=0.2)


def test_the_search_opens_what_hides_a_value(opened):
    picture = folded()
    page = opened(picture)
    hidden = next(node for node in picture.graph.nodes if node.kind == "fold" and node.count > 2)
    place = hidden.members[1]
    name = page.evaluate(f"{PAGE}.boxes.name({place})")
    assert page.locator(f"#n{place}").count() == 0
    page.focus(".mg-holder")
    page.keyboard.press("/")
    page.keyboard.type(name)
    assert re.fullmatch(r"1 of \d+", page.locator(".mg-count").inner_text())
    assert page.locator(f"#n{place}.sel.found").count() == 1
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className").startswith("mg-holder")
    page.keyboard.press("/")
    page.keyboard.type("no such name")
    assert page.locator(".mg-count").inner_text() == "not found"


SHAPES = """() => {
  const keys = ["x", "y", "width", "height", "cx", "cy", "rx", "ry", "d", "fill", "stroke", "text-anchor"];
  const said = (v) => (v === null ? "" : /^-?[\\d.]+$/.test(v) ? Number(v).toFixed(1) : v);
  const shape = (e) => e.tagName + keys.map((k) => said(e.getAttribute(k))).join("|") + e.textContent;
  const all = [...document.querySelectorAll("svg.graph-picture g[id]")];
  const shapes = (g) => [...g.querySelectorAll("rect, ellipse, path, text")].map(shape);
  return Object.fromEntries(all.map((g) => [g.id.replace("frame-", "frame"), shapes(g)]));
}"""


def alike(made, expected):
    """The same words, and the same numbers but for the last digit, which the two languages round in two ways."""
    number = re.compile(r"-?\d+\.\d+")
    a, b = "\n".join(made), "\n".join(expected)
    close = all(abs(float(x) - float(y)) < 0.11 for x, y in zip(number.findall(a), number.findall(b), strict=False))
    return number.sub("#", a) == number.sub("#", b) and close


@pytest.mark.parametrize("rankdir", ["LR", "BT"])
@pytest.mark.parametrize("partials", [False, True])
def test_the_page_draws_what_python_draws(opened, rankdir, partials):
    """With every box open: the same boxes, texts, lines and frames at the same places."""
    random.seed(2)
    model = nn.MLP(2, [2, 1])
    loss = sum((model([0.3, x]) - 1.0) ** 2 for x in (0.1, 0.2, 0.4, 0.9))
    loss.backward()
    folded = viz.draw(loss, budget=20, layout="layers", rankdir=rankdir, partials=partials, labels="all")
    inside = folded.graph.inside
    every = partition(inside.boxes, range(len(inside.boxes.parent)))
    whole = materialise(inside.told, inside.roots, every, inside.names)
    from viz.model.partials import fill

    fill(whole)
    expected = opened(Picture(whole, folded.look, "auto", loss, "layers")).evaluate(SHAPES)
    page = opened(folded)
    page.evaluate(f"() => {{ const p = {PAGE}; p.boxes.d.parent.forEach((_, g) => p.boxes.open.add(g)); p.boxes.refresh(); p.redraw(); }}")
    made = page.evaluate(SHAPES)
    frames = [key for key in expected if key.startswith("frame")]
    assert sorted(k for k in made if not k.startswith("frame")) == sorted(k for k in expected if not k.startswith("frame"))
    for key in made.keys() - {k for k in made if k.startswith("frame")}:
        assert alike(made[key], expected[key]), (key, made[key], expected[key])
    drawn = [made[k] for k in made if k.startswith("frame")]
    assert len(drawn) == len(frames) and all(any(alike(frame, expected[k]) for k in frames) for frame in drawn)


def test_a_page_carries_boxes_where_it_has_some_and_not_too_many():
    assert 'id="mg-boxes"' not in viz.draw(small()).html
    assert 'id="mg-boxes"' in folded().html
    x = Value(1.0)
    for _ in range(MOST):
        x = x * 1.0001
    graph = build(x, fold="auto", names=Names([]))
    assert graph.inside is not None
    assert opening(graph, viz.draw(x).look) is None
    assert 'id="mg-boxes"' not in viz.draw(x).html


def test_reduced_motion_glides_nowhere_and_others_do(browser, tmp_path):
    for motion, glides in (("reduce", False), ("no-preference", True)):
        page = browser(reduced_motion=motion).new_page()
        page.goto(viz.draw(small()).save(tmp_path / "p.html").as_uri())
        page.focus(".mg-holder")
        page.keyboard.press("0")
        assert page.evaluate("document.querySelector('svg.graph-picture').classList.contains('mg-glide')") is glides
        page.close()


def test_a_comparison_begins_where_the_two_part_and_its_rows_lead_there(opened):
    random.seed(4)
    model = nn.MLP(2, [6, 6, 1])
    other = copy.deepcopy(model)
    other.layers[1].neurons[2].w[1].data += 1e-6

    def loss(m):
        return sum((m([0.1 * k, 0.7]) - 1.0) ** 2 for k in range(12))

    found = viz.diff(loss(model), loss(other), layout="layers")
    page = opened(found)
    id = f"n{found.places_of[id_of(found)]}"
    box, holder = page.locator(f"#{id}").bounding_box(), page.locator(".mg-holder").bounding_box()
    assert holder["x"] <= box["x"] and box["x"] + box["width"] <= holder["x"] + holder["width"]
    assert holder["y"] <= box["y"] and box["y"] + box["height"] <= holder["y"] + holder["height"]
    rows = page.locator(".numbers tbody tr")
    assert rows.first.get_attribute("data-node") == id
    rows.first.click()
    assert page.locator(f"#{id}.sel").count() == 1
    assert "ulps apart" in page.locator(".mg-said").inner_text()
    for parameter in other.parameters():
        parameter.data += 1e-6
    page = opened(viz.diff(loss(model), loss(other), layout="layers"))
    rows = page.locator(".numbers tbody tr")
    hidden = page.evaluate(
        "[...document.querySelectorAll('.numbers tr[data-node]')].findIndex((r) => !document.getElementById(r.dataset.node))"
    )
    assert hidden >= 0
    rows.nth(hidden).click()  # the box that the value is in
    assert page.locator(".node.fold.sel").count() == 1


def test_a_comparison_side_by_side_moves_selects_and_opens_as_one(opened):
    def loss(act):
        random.seed(3)
        model = nn.MLP(2, [3, 1], activation=act)
        return sum((model([0.1 * k, 0.7]) - 1.0) ** 2 for k in range(6))

    found = viz.diff(loss("tanh"), loss("relu"), layout="layers", budget=20)
    page = opened(found)
    assert page.locator(".mg-pane:visible").count() == 1
    page.focus(".mg-holder")
    page.keyboard.press("s")
    assert page.locator(".mg-name:visible").all_inner_texts() == ["first", "second"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowDown")
    views = page.evaluate(f"() => {PAGE}.panes.seen.map(({{ view: v }}) => [v.x, v.y, v.k])")
    assert views[0] == pytest.approx(views[1], abs=1.01) and views[0][2] > 0.75
    both = page.evaluate(f"() => {PAGE}.panes.seen.map(({{ svg }}) => svg.querySelectorAll('.sel').length)")
    assert sorted(both) in ([0, 1], [1, 1])
    page.evaluate(f"() => {{ const p = {PAGE}; p.boxes.d.parent.forEach((_, g) => p.boxes.open.add(g)); p.boxes.refresh(); p.redraw(); }}")
    opened_all = page.evaluate(
        f"() => {PAGE}.panes.seen.map(({{ svg }}) => [...svg.querySelectorAll('.node')].map((g) => g.id + g.textContent).sort())"
    )
    whole = viz.diff(loss("tanh"), loss("relu"), layout="layers", budget=2000)
    for letter, there, sketch in zip("ab", opened_all, whole.alone, strict=True):  # the page draws what Python draws
        assert there == sorted(f"{letter}-{b.id}{b.tip}" + "".join(r.text + (r.number or "") for r in b.rows) for b in sketch.boxes)
    page.keyboard.press("s")
    assert page.locator(".mg-pane:visible").count() == 1


def test_what_is_found_is_readable_after_fit(opened):
    page = opened(folded())
    page.focus(".mg-holder")
    page.keyboard.press("0")
    page.evaluate(f"() => {PAGE}.view.zoom(0.1)")
    assert page.evaluate(STATE)[2] < 0.5
    page.keyboard.press("/")
    page.keyboard.type("loss")
    assert page.evaluate(STATE)[2] == 0.75


# ------------------------------------------------------------ the stepper


STEPPER = "document.querySelector('.mg-host').stepper"
SEEN = f"() => {{ const v = {STEPPER}.picture.view; return [v.x, v.y, v.k]; }}"


def walked():
    random.seed(1)
    model = nn.MLP(2, [3, 1])
    loss = sum((model([random.random(), 0.5]) - y) ** 2 for y in (1.0, -1.0, 0.5, 0.2, 0.1, 0.7, 1.0))
    loss.label = "loss"
    return viz.step(loss, fold=30)


def test_the_stepper_is_dragged_and_zoomed_and_a_click_selects(show):
    page = show(walked())
    x, y, k = page.evaluate(SEEN)
    box = page.locator(".mg-box").first
    at = box.bounding_box()
    cx, cy = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    page.mouse.move(cx, cy)
    page.mouse.down()
    page.mouse.move(cx - 40, cy + 10, steps=4)
    page.mouse.up()
    assert page.evaluate(SEEN) == pytest.approx([x - 40, y + 10, k], abs=1)
    assert page.locator(".mg-selected").count() == 0
    many = page.evaluate(f"{STEPPER}.tree.items.length")
    page.mouse.click(cx - 40, cy + 10)
    assert page.locator(".mg-box.mg-selected").count() == 1 and page.evaluate(f"{STEPPER}.tree.items.length") == many
    page.mouse.wheel(0, -120)
    until(page, f"{STEPPER}.picture.view.k > {k} * 1.1")
    zoom = page.evaluate(f"{STEPPER}.state.zoom")
    assert zoom == pytest.approx(page.evaluate(f"{STEPPER}.picture.view.k / {STEPPER}.picture.base"))
    page.mouse.dblclick(cx - 40, cy + 10)
    assert page.evaluate(f"{STEPPER}.tree.items.length") > many
    assert page.evaluate(f"{STEPPER}.state.zoom") == pytest.approx(zoom)
    page.keyboard.press("0")
    assert page.evaluate(f"{STEPPER}.picture.view.k") == pytest.approx(page.evaluate(f"{STEPPER}.picture.view.whole()"))


def test_the_wheel_over_a_stepper_is_the_pages(show):
    page = show(walked())
    page.set_viewport_size({"width": 900, "height": 420})
    page.wait_for_timeout(300)
    k = page.evaluate(SEEN)[2]
    at = page.locator(".mg-graph").bounding_box()
    page.mouse.move(at["x"] + 200, at["y"] + 60)
    page.mouse.wheel(0, 60)  # the stepper has the focus, and that is not enough
    until(page, "scrollY > 0")
    assert page.evaluate(SEEN)[2] == k


def test_the_steppers_search_opens_boxes_and_keys_come_back(show):
    stepper = walked()
    page = show(stepper)
    hidden = page.evaluate(f"{STEPPER}.tree.item.findIndex((x, i) => x !== i && {STEPPER}.t.when[i] >= 0)")
    name = stepper.trace.told[hidden]
    page.keyboard.press("/")
    page.keyboard.type(name)
    assert page.evaluate(f"{STEPPER}.state.selected") == hidden
    assert page.locator(".mg-hit.mg-selected").count() == 1
    at, holder = page.locator(".mg-hit.mg-selected").bounding_box(), page.locator(".mg-graph").bounding_box()
    assert holder["x"] <= at["x"] and at["x"] + at["width"] <= holder["x"] + holder["width"]
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(".mg-stepper", "data-step") == "1"


def test_another_graph_keeps_zoom_and_place(show):
    page = show(walked())
    page.evaluate(f"() => {{ const s = {STEPPER}; s.picture.view.zoom(1.5, [100, 100]); s.picture.view.pan(-30, -20); }}")
    before, zoom = page.evaluate(SEEN), page.evaluate(f"{STEPPER}.state.zoom")
    page.evaluate("(data) => document.querySelector('.mg-host').stepper.update(data)", walked().data)
    assert page.evaluate(SEEN) == pytest.approx(before, abs=1)
    assert page.evaluate(f"{STEPPER}.state.zoom") == pytest.approx(zoom)
    assert page.locator(".mg-how").count() == 1  # the old viewport is gone


def id_of(found):
    return id(found.found.first)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, tmp_path, axe, scheme):
    page = browser(color_scheme=scheme).new_page()
    compared = viz.diff(small(), (Value(2.0, label="a") * Value(-4.0, label="b")).relu())
    for picture in (viz.draw(small()), folded(), viz.draw(nn.MLP(2, [3, 1])), viz.draw(small(), color="grad"), compared):
        page.goto(picture.save(tmp_path / "p.html").as_uri())
        page.focus(".mg-holder")
        page.keyboard.press("?")
        assert axe(page) == []
    page.set_content("<p style='color:#aaa;background:#bbb'>text</p>")
    assert axe(page)  # it does find something where there is something
    page.close()
