"""The page's layout in a real browser: the golden places (tests/stepper/test_layout.py), and where the still picture has its boxes."""

import json
from pathlib import Path

import pytest

import viz
from micrograd import Value, nn
from viz.stepped.scene import Scene

pytestmark = pytest.mark.browser

GOLDEN = Path(__file__).parents[1] / "stepper" / "golden_layouts.json"
SCRIPT = Path(viz.__file__).parent / "static" / "stepper_layout.js"


def test_the_browser_gives_the_golden_layout(page):
    cases = json.loads(GOLDEN.read_text(encoding="utf-8"))
    places = page.evaluate(
        """async ([source, graphs]) => {
            const { layout } = await import("data:text/javascript," + encodeURIComponent(source));
            return graphs.map(({ boxes, edges }) => {
              const { x, y, width, height, routes } = layout(boxes, edges);
              return { x: x.slice(0, boxes.length), y: y.slice(0, boxes.length), width, height, routes };
            });
        }""",
        [SCRIPT.read_text(encoding="utf-8"), [case["graph"] for case in cases]],
    )
    assert places == [case["places"] for case in cases]


@pytest.mark.parametrize("fold", [True, False])
def test_a_still_picture_and_the_page_have_their_boxes_in_the_same_places(show, fold):
    model = nn.MLP(2, [3, 1])
    loss = sum((model([Value(x), Value(-x)]) - x) ** 2 for x in (0.5, -1.0))
    stepper = viz.step(loss, fold=fold)
    scene, page = Scene(stepper), show(stepper)
    places = page.evaluate("() => [...document.querySelector('.mg-host').stepper.picture.nodes].map(([x, { cx, cy }]) => [x, cx, cy])")
    margin = 12  # the page adds it to each, which may round the last bit
    assert {x: (pytest.approx(cx - margin), pytest.approx(cy - margin)) for x, cx, cy in places} == scene.centres
