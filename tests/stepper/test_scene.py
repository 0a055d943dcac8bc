"""What the stepper's picture shows at each step, as data, under Node: against the recording in Python."""

import math

import viz
from micrograd import Value, scope
from node import run

MODULES = "stepper_trace stepper_tree stepper_state stepper_scene"
WALK = """
const t = stepper_trace.decode(data), tree = new stepper_tree.Tree(t), over = new stepper_trace.Run(t);
let state = stepper_state.fresh(t);
const say = (x) => console.log(JSON.stringify(x));
const seen = (asked) => {
  over.goto(state.step);
  const { looks, tags, edges, near } = stepper_scene.scene({ t, tree, run: over, state }, tree.items, true, asked);
  return { looks: Object.fromEntries(looks), tags: Object.fromEntries(tags), edges, box: near.box };
};
const go = (...actions) => { for (const a of actions) state = stepper_state.reduce(state, a, { t, tree }); tree.show(state.open); };
"""


def graph():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    with scope("inner"):
        c = a * b
        d = c + a
        d.label = "d"
    root = d.tanh()
    root.label = "root"
    return root


def test_every_step_shows_the_recordings_numbers_and_roles():
    stepper = viz.step(graph(), fold=False, names=False)
    t = stepper.trace
    shown = run(MODULES, WALK + "while (true) { say(seen()); if (state.step === t.total) break; go({ type: 'next' }); }", stepper.data)
    assert len(shown) == len(t) + 1
    for p, scene in enumerate(shown):
        grads = t.grads(p)
        for i in range(len(t.values)):
            look = scene["looks"][str(i)]
            assert look["grad"] == grads[i] and look["on"] == (not t.operands[i] or t.interior.index(i) < p)
            assert not look["on"] or look["data"] == t.data[i]
        read = {int(x) for x, look in scene["looks"].items() if look["role"] == "read"}
        changed = {int(x) for x, look in scene["looks"].items() if look["role"] == "changed"}
        if p == 0:
            assert not read and not changed and not scene["tags"]
        elif p <= t.forward:
            node = t.interior[p - 1]
            assert changed == {node} and read == set(t.args[node]) and len(scene["edges"]) == len(t.args[node])
        elif p > t.forward + 1:
            k = p - t.forward - 2
            assert changed == {t.edges.arg[k]} and read == {t.edges.node[k]}
            assert [(e["a"], e["b"], e["slot"]) for e in scene["edges"]] == [(t.edges.arg[k], t.edges.node[k], t.edges.slot[k])]
            assert scene["tags"][f"{t.edges.arg[k]},{t.edges.node[k]},{t.edges.slot[k]}"] == {"partial": t.edges.partial[k], "hot": True}
            assert len(scene["tags"]) == k + 1 and sum(tag["hot"] for tag in scene["tags"].values()) == 1


def test_a_closed_box_shows_its_last_value_and_the_sum_of_its_gradients():
    stepper = viz.step(graph(), fold="inner", names=False)
    t = stepper.trace
    code = WALK + "say(seen()); go({ type: 'next' }); say(seen()); go({ type: 'end' }); say(seen());"
    first, second, last = run(MODULES, code, stepper.data)
    box = str(len(t.values))
    assert first["looks"][box] | {"data": None} == {
        "on": False, "data": None, "done": 0, "steps": 2, "none": True, "grad": 0, "status": "", "stopped": False, "role": ""
    }  # fmt: skip
    assert second["looks"][box]["data"] == -4.0 and second["looks"][box]["role"] == "changed" and second["box"] == len(t.values)
    slope = 1 - math.tanh(-4.0) ** 2
    assert math.isclose(last["looks"][box]["grad"], 2 * slope, rel_tol=1e-9) and last["looks"][box]["status"] == "finished"


def test_an_open_question_hides_the_derivative_it_asks_for():
    stepper = viz.step(graph(), fold=False, names=False)
    code = WALK + "go({ type: 'backward' }); say(seen({ step: stepper_trace.stepAt(t, t.seed + 1) }));"
    (scene,) = run(MODULES, code, stepper.data)
    assert list(scene["tags"].values()) == [{"partial": None, "hot": True}]
