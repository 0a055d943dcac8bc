"""One layout in two languages: ``viz/drawn/layers.py`` and ``viz/static/stepper_layout.js`` give the same places.

``golden_layouts.json`` holds a few graphs with their places. Python is held to it here, the page's code under Node here and in a browser
in ``tests/browser/test_places.py``; under Node both also lay out random graphs, which must agree to the last bit. A wanted change
of the layout writes the file anew: ``python tests/stepper/test_layout.py``.
"""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

import viz
from micrograd import Value, nn
from viz.drawn import layers
from viz.stepped.scene import H, Scene, W

GOLDEN = Path(__file__).with_name("golden_layouts.json")
SCRIPT = Path(viz.__file__).parent / "static" / "stepper_layout.js"


def of_values(root, **options):
    """The graph that a stepper lays out."""
    scene = Scene(viz.step(root, names=False, **options))
    at = {thing: i for i, thing in enumerate(scene.things)}
    return {
        "boxes": [{"w": W, "h": H, "key": scene.members[thing][-1]} for thing in scene.things],
        "edges": [{"a": at[a], "b": at[b]} for a, b in scene.edges],
    }


def at_random(seed, n=None, span=None):
    """Boxes of many sizes, made in any order; edges over many ranks, several between two, some against the order."""
    rng = random.Random(seed)
    n = n or rng.randrange(1, 60)
    keys = rng.sample(range(n), n)
    pairs = [(rng.randrange(max(0, i - (span or n)), i), i) for i in range(1, n) for _ in range(rng.choice((0, 1, 2, 2, 3)))]
    return {
        "boxes": [{"w": rng.choice((40, W, 80.5)), "h": rng.choice((20, H, 33.25)), "key": key} for key in keys],
        "edges": [{"a": a, "b": b} if rng.random() < 0.8 else {"a": b, "b": a} for a, b in pairs],
    }


def by_python(graph):
    boxes, edges = graph["boxes"], graph["edges"]
    plan = layers.layout([(b["w"], b["h"]) for b in boxes], [b["key"] for b in boxes], [(e["a"], e["b"]) for e in edges])
    x, y = [x for x, _ in plan.centres], [y for _, y in plan.centres]
    routes = [[list(point) for point in route] for route in plan.routes]
    return {"x": x, "y": y, "width": plan.width, "height": plan.height, "routes": routes}


def by_node(graphs, script=None):
    if shutil.which("node") is None:
        pytest.skip("node is not installed; a browser compares the golden layouts (tests/browser)")
    script = script or SCRIPT.read_text(encoding="utf-8")
    script += f"""
        const places = {json.dumps(graphs)}.map(({{ boxes, edges }}) => {{
          const {{ x, y, width, height, routes }} = layout(boxes, edges);
          const n = boxes.length; // what follows in x and y are dummies
          return {{ x: x.slice(0, n), y: y.slice(0, n), width, height, routes }};
        }});
        console.log(JSON.stringify(places));"""
    run = subprocess.run(["node", "--input-type=module"], input=script, capture_output=True, text=True, encoding="utf-8", check=True)
    return json.loads(run.stdout)


def golden():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", golden(), ids=lambda case: case["name"])
def test_python_gives_the_golden_layout(case):
    assert by_python(case["graph"]) == case["places"]


def test_the_page_gives_the_golden_layout():
    cases = golden()
    assert by_node([case["graph"] for case in cases]) == [case["places"] for case in cases]


def test_both_languages_place_random_graphs_alike():
    graphs = [at_random(seed) for seed in range(64)]
    # none at all; more spots than are sorted with all care; more dummies than are made
    graphs += [{"boxes": [], "edges": []}, at_random(64, 700, 30), at_random(65, 300)]
    for k, (graph, page) in enumerate(zip(graphs, by_node(graphs), strict=True)):
        assert by_python(graph) == page, f"graph {k}"


def test_a_change_in_one_language_is_seen():
    graphs = [at_random(seed) for seed in range(64)]
    source = SCRIPT.read_text(encoding="utf-8")
    for old, new in (("tries < 4", "tries < 0"), ("sweep < 16", "sweep < 12"), ("GAP_Y = 16", "GAP_Y = 17")):
        assert source.count(old) == 1
        changed = by_node(graphs, source.replace(old, new))
        assert any(by_python(graph) != places for graph, places in zip(graphs, changed, strict=True)), old


def write() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    model = nn.MLP(2, [3, 1])
    loss = sum((model([Value(x), Value(-x)]) - x) ** 2 for x in (0.5, -1.0))
    graphs = {
        "a*b + a": of_values(a * b + a),
        "two samples, boxes open": of_values(loss, fold=False),
        "two samples, boxes closed": of_values(loss),
        "boxes of many sizes": at_random(7, 14),
    }
    cases = [{"name": name, "graph": graph, "places": by_python(graph)} for name, graph in graphs.items()]
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    write()
