"""What a person has done is one plain object: its actions, under Node, without a page."""

import pytest

import viz
from micrograd import Value, scope
from node import run

MODULES = "stepper_trace stepper_tree stepper_state"
START = """
const open = (data) => {
  const t = stepper_trace.decode(data), walk = { t, tree: new stepper_tree.Tree(t) };
  return { walk, state: stepper_state.fresh(t) };
};
const { walk, state } = open(data), { reduce } = stepper_state;
const go = (state, ...actions) => actions.reduce((s, a) => {
  const next = reduce(s, typeof a === "string" ? { type: a } : a, walk);
  if (next.open !== s.open) walk.tree.show(next.open);
  return next;
}, state);
const say = (x) => console.log(JSON.stringify(x));
"""


def boxed(a=2.0, extra=False):
    a, b = Value(a, label="a"), Value(-3.0, label="b")
    if extra:
        a = a + 1.0
        a.label = "a2"
    with scope("inner"):
        c = a * b
        d = c + a
        d.label = "d"
    root = d.tanh()
    root.label = "root"
    return viz.step(root, fold="inner", names=False)


def test_a_closed_box_is_one_step_forward_and_back():
    (forward, back, opened) = run(
        MODULES,
        START
        + """
        const walked = (state, type, until) => {
          const at = [state.step];
          while (state.step !== until) at.push((state = go(state, type)).step);
          return at;
        };
        say(walked(state, "next", walk.t.total));
        say(walked(go(state, "end"), "back", 0));
        say(walked(go(state, { type: "open", box: walk.tree.n }), "next", walk.t.total));
        """,
        boxed().data,
    )
    # d, root | the seed | root to d | then the two operations inside, four contributions
    assert forward == [0, 2, 3, 4, 5, 9] and back == forward[::-1]
    assert opened == list(range(10))


def test_actions_change_what_they_name_and_nothing_else():
    said = run(
        MODULES,
        START
        + """
        const text = JSON.stringify(state);
        const of = (...actions) => Object.fromEntries(Object.entries(go(state, ...actions)).filter(([k, v]) => v !== state[k]));
        say(of({ type: "step", step: 99 }));
        say(of({ type: "break", place: 1 }, { type: "break", place: 0 }, { type: "break", place: 1 }));
        say(of({ type: "zoom", by: 100 }));
        say(of({ type: "select", thing: 2 }));
        say(of({ type: "select", thing: 77 }));
        say(of({ type: "help" }));
        say(of({ type: "quiz" }));
        say(of({ type: "leaf", place: 0, value: 5 }, { type: "leaf", place: 1, value: 7 }, { type: "leaf", place: 0, value: 2 }));
        say(of({ type: "leaf", place: 2, value: 5 }));
        say(JSON.stringify(state) === text);
        """,
        boxed().data,
    )
    assert said == [
        {"step": 9, "from": 5}, {"breaks": [0]}, {"zoom": 4}, {"selected": 2}, {}, {"help": True}, {"quiz": {"seed": 0}},
        {"leaves": {"1": 7}}, {}, True,
    ]  # fmt: skip


def test_an_action_that_is_none_is_refused_by_name():
    assert run(MODULES, START + 'try { reduce(state, { type: "stpe" }, walk); } catch (error) { say(error.message); }', boxed().data)[
        0
    ].startswith('no action is called "stpe": expected one of step, next')


def test_the_walk_stops_where_python_or_the_person_said():
    step = viz.step(boxed().trace.values[-1], fold=False, break_on="d", names=False)
    stops = run(
        MODULES,
        START
        + """
        const stops = (state) => {
          const found = [];
          while (state.step < walk.t.total) found.push((state = go(state, "resume")).step);
          return found;
        };
        say(stops(state));
        say(stops(go(state, { type: "break", place: 0 })));
        """,
        step.data,
    )
    a = [k + step.trace.forward + 2 for k, arg in enumerate(step.trace.edges.arg) if arg == 0]
    assert stops[0] == [*step.data["breaks"], 9] and stops[1] == sorted({*step.data["breaks"], *a, 9})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"step": 3, "open": [0], "selected": 1, "breaks": [1], "leaves": {"0": 4.5}, "sweep": 0, "zoom": 2, "help": True}, True),
        (
            {"step": "x", "open": [9], "selected": -7, "breaks": "all", "leaves": {"2": 1, "0": "1"}, "sweep": 3, "zoom": None, "help": 1},
            False,
        ),
    ],
)
def test_a_state_from_a_link_is_taken_as_far_as_it_fits(given, kept):
    code = START + "say(reduce(state, { type: 'state', state: data.given }, walk)); say(state);"
    made, fresh = run(MODULES, code, {**boxed().data, "given": given})
    assert {key: made[key] for key in given} == (given if kept else {key: fresh[key] for key in given})


def test_another_graph_keeps_the_person_by_names():
    """A line more before what they looked at: all places move by one."""
    old, new = boxed(), boxed(extra=True)
    (moved, names) = run(
        MODULES,
        START
        + """
        const other = open(data.other);
        const had = go(state, { type: "open", box: walk.tree.n }, { type: "step", step: 4 }, { type: "select", thing: 3 },
          { type: "break", place: 4 }, { type: "leaf", place: 1, value: 9 }, { type: "zoom", by: 2 }, "help");
        const made = stepper_state.carried({ walk, state: had }, other.walk);
        say(made);
        say([walk.t, other.walk.t].map((t) => Array.from({ length: t.n }, (_, i) => stepper_trace.nameOf(t, i))));
        """,
        {**old.data, "other": new.data},
    )
    before, after = names
    place = {name: i for i, name in enumerate(after)}
    assert moved["open"] == [0] and moved["zoom"] == 2 and moved["help"] is True
    assert moved["selected"] == place[before[3]] and moved["breaks"] == [place[before[4]]] and moved["leaves"] == {str(place["b"]): 9}
    assert moved["step"] == new.trace.forward + 1  # the seed


def test_a_leaf_whose_number_was_typed_anew_forgets_what_was_tried():
    (made,) = run(
        MODULES,
        START
        + "say(stepper_state.carried({ walk, state: go(state, { type: 'leaf', place: 0, value: 9 }) }, open(data.other).walk).leaves);",
        {**boxed().data, "other": boxed(a=2.5).data},
    )
    assert made == {}
