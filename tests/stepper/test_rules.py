"""The page's numbers against Python's: every row of the table at edge values and thousands of points, and whole graphs, under Node."""

import json
import random
from pathlib import Path

import pytest

import viz
from micrograd import TABLE, Op, Value, nn, telling
from micrograd.ops import ieee
from micrograd.stale import StaleDataWarning
from node import run
from rows import APPLY, ULPS, VARIANTS, compared


def test_every_row_gives_the_same_numbers_on_the_page():
    found = compared(list(VARIANTS), run)
    wrong = {name: worst for name, worst in found.items() if worst[0] > ULPS or worst[1] > ULPS or worst[2]}
    assert not wrong


def test_a_planted_mistake_in_a_primitive_is_found():
    for old, new in (("sub: (a,b)=>(a - b)", "sub: (a,b)=>(b - a)"), ("less: (a,b)=>+(a < b)", "less: (a,b)=>+(a <= b)")):
        found = compared(["sub", "relu", "maximum", "softplus"], run, change=(old, new))
        assert any(worst[0] > ULPS or worst[1] > ULPS or worst[2] for worst in found.values()), old


def test_every_row_is_told_and_a_rule_that_branches_is_not():
    assert all(op.told for op in VARIANTS.values()) and all(TABLE[name].told for name in ("sum", "dot", "shift"))
    branches = Op("mine", lambda x: x if x > 0 else 0.0, (lambda y, x: 1.0 if x > 0 else 0.0,))
    assert branches.told is None
    assert Op("another", lambda x: 2.0 * x, (lambda y, x: 2.0,)).told is None  # its forward rule is Python
    assert Op("composed", define=lambda x: x * TABLE["tanh"](x), partials=(lambda y, x: y,)).told["f"] == [[["tanh", 0], ["mul", 0, 1]], 2]


def test_the_primitives_are_written_from_the_column_of_the_export():
    """`python -m micrograd.telling` writes them."""
    assert (Path(viz.__file__).parent / "static" / "primitives.js").read_text(encoding="utf-8") == telling.primitives()


def test_sums_of_many_arguments():
    rng = random.Random(2)
    for name in ("sum", "dot", "shift"):
        for n in (2, 4, 10):
            xs = [rng.uniform(-2, 2) for _ in range(n)]
            code = APPLY.replace("const { forward", "const n = points[0].length, { forward").replace(
                ", n = points[0].length, args", ", args"
            )
            ((y, partials, passes),) = run("stepper_rules", code, [{"rule": TABLE[name].told, "points": [xs]}])[0]
            assert y == TABLE[name].forward(*xs)
            assert partials == TABLE[name].gradient(y, xs) and passes == [int(name != "shift")] * n
    assert ieee.shift(-1.0, -2.0) == -1.0


WHATIF = """
const t = stepper_trace.decode(data.trace), say = (x) => console.log(JSON.stringify(x));
const words = (x) => (Number.isFinite(x) ? x : String(x));
for (const leaves of data.leaves) {
  stepper_trace.recompute(t, leaves);
  const run = new stepper_trace.Run(t);
  run.goto(t.total);
  say([Array.from(t.data.subarray(0, t.n), words), Array.from(run.grad, words), t.changed, stepper_trace.fixed(t)]);
}
"""


def whatif(stepper, leaves):
    return run("stepper_trace", WHATIF, {"trace": stepper.data, "leaves": leaves})


def small(seed):
    rng = random.Random(seed)
    model = nn.MLP(2, [4, 1])
    x = [Value(rng.uniform(-1, 1)) for _ in range(2)]
    root = (model(x) - 1.0).relu() + (x[0] * 3.0).exp().log1p() + (x[1] / (x[0] ** 2 + 1.5)).tanh() + x[0].maximum(0.0).sqrt()
    return x, root


@pytest.mark.parametrize("seed", range(6))
def test_other_leaves_give_pythons_values_and_gradients(seed):
    x, root = small(seed)
    stepper = viz.step(root, names=False)
    values = stepper.trace.values
    place = {id(v): i for i, v in enumerate(values)}
    tries = [{}, {place[id(x[0])]: -0.75}, {place[id(x[0])]: 0.0}, {place[id(x[0])]: 2.5, place[id(x[1])]: -1.25}, {}]
    for leaves, (data, grads, changed, why) in zip(tries, whatif(stepper, tries), strict=True):
        kept = {i: values[i].data for i in leaves}
        for i, number in leaves.items():
            values[i].data = number
        again = rebuilt(values, root)
        for i, number in kept.items():
            values[i].data = number
        assert why == "" and changed == bool(leaves)
        for (mine, grad), y, g in zip(again, data, grads, strict=True):
            assert mine == pytest.approx(float(y), rel=1e-13, nan_ok=True) and grad == pytest.approx(
                float(g), rel=1e-12, nan_ok=True, abs=1e-300
            )


def rebuilt(values, root):
    """(data, grad) of each value, computed anew from the leaves by the ops themselves."""
    made = {}
    for v in root.topological():
        made[id(v)] = v.op(*(made[id(a)] for a in v.args)) if v.args else Value(v.data)
    made[id(root)].backward()
    return [(made[id(v)].data, made[id(v)].grad) for v in values]


def test_a_structural_zero_stays_one():
    """sqrt(relu(x)): below 0 nothing passes, though √ has slope inf there; back above 0 it does."""
    x = Value(4.0, label="x")
    y = x.relu().sqrt()
    (below, above) = whatif(viz.step(y, names=False), [{0: -1.0}, {0: 9.0}])
    assert below[1][0] == 0 and above[1][0] == pytest.approx(1 / 6)
    z = Value(-1.0, label="z")
    (above,) = whatif(viz.step(z.relu().sqrt(), names=False), [{0: 9.0}])
    assert above[1][0] == pytest.approx(1 / 6)


class Own:
    """A student's class: its rules are its closures."""

    def __init__(self, data, children=(), op=""):
        self.data, self.grad, self._prev, self._op, self._backward = data, 0.0, children, op, lambda: None

    def __mul__(self, other):
        out = Own(self.data * other.data, (self, other), "*")

        def backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = backward
        return out


def test_what_a_page_cannot_compute_is_said():
    x, y = Own(2.0), Own(3.0)
    ((data, _, changed, why),) = whatif(viz.step(x * y, names=False), [{0: 5.0}])
    assert data == [2, 3, 6] and not changed and "v1 (*)" in why and "Python" in why
    a = Value(2.0, label="a")
    b = a * 3.0
    a.data = 7.0
    with pytest.warns(StaleDataWarning):
        stepper = viz.step(b, names=False)
    ((_, _, changed, why),) = whatif(stepper, [{0: 5.0}])
    assert not changed and "older than its leaves" in why


def test_a_convention_is_said_where_it_holds_with_the_new_numbers():
    """max at a tie: ½ by convention; elsewhere its formula; and the other way round."""
    code = """
    const t = stepper_trace.decode(data.trace);
    for (const leaves of data.leaves) {
      stepper_trace.recompute(t, leaves);
      const run = new stepper_trace.Run(t);
      run.goto(t.seed + 1);
      const step = stepper_trace.stepAt(t, t.seed + 1);
      console.log(JSON.stringify(stepper_math.lines(t, { ...step, upstream: run.grad[step.node] })[1]));
    }
    """
    for start, tried in ((2.0, 3.0), (3.0, 2.0)):
        a, b = Value(start, label="a"), Value(2.0, label="b")
        trace = viz.step(a.maximum(b), names=False).data
        before, after = run("stepper_trace stepper_math", code, {"trace": trace, "leaves": [{}, {"0": tried}]})
        tie, apart = (before, after) if start == 2.0 else (after, before)
        assert ", by convention" in json.dumps(tie) and "0.5" in json.dumps(tie)
        assert ", by convention" not in json.dumps(apart) and '["mo", ">"]' in json.dumps(apart)
