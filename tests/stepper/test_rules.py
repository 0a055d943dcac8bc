"""The page's numbers against Python's: every row of the table at edge values and thousands of points, and whole graphs, under Node."""

import json
import math
import random
from pathlib import Path

import pytest

import viz
from micrograd import TABLE, Op, Value, nn, telling
from micrograd.ops import ieee
from micrograd.stale import StaleDataWarning
from node import run

ULPS = 4
EDGES = [
    0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1e-300, -1e-200, 1e-16, -1e-8, 0.1, 0.25, -0.3, 0.5, -0.5, 0.67, 0.9999999999999999, 1.0, -1.0,
    1.0000000000000002, 1.25, -1.5, 2.0, -2.0, 2.5, 3.0, -3.5, 5.99, 6.1, -9.0, 19.1, 27.0, -37.5, 40.0, -40.5, 88.0, 355.0, -700.5, 709.5,
    710.5, -745.5, 1024.0, 1e5, -1e15, 4503599627370497.0, 1e100, -1e160, 1e300, 1.7e308, -1.7e308, math.inf, -math.inf, math.nan,
]  # fmt: skip

# constants for each row that has them, besides its defaults
CONSTANTS = {
    "power": [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -0.5, 2.5, 0.1, -7.0, 1e300, math.inf],
    "leaky_relu": [0.0, 0.2, -0.5],
    "elu": [0.5, 0.0],
    "gauss": [0.5, 2.0],
}


def variants():
    for name, op in TABLE.items():
        if op.arity is None:
            continue
        bound = op.bind(*op.defaults) if op.constants else op
        yield name, bound
        for x in CONSTANTS.get(name, []):
            yield f"{name}({x})", op.bind(x)
    yield "clamp(-1, 2)", TABLE["clamp"].bind(-1.0, 2.0)


VARIANTS = dict(variants())


def points(arity, seed):
    rng = random.Random(seed)
    if arity == 1:
        found = [(x,) for x in EDGES]
    elif arity == 2:
        found = [(x, y) for x in EDGES for y in EDGES]
    else:
        few = EDGES[::5]
        found = [(x, y, z) for x in few for y in few for z in few]
    wide = lambda: rng.choice((rng.uniform(-3, 3), rng.uniform(-50, 50), rng.choice((-1, 1)) * 10 ** rng.uniform(-300, 300)))  # noqa: E731
    return found + [tuple(wide() for _ in range(arity)) for _ in range(400)]


def ulps(x, y):
    """How many units in the last place lie between two numbers; 0 for two nans, inf where only one is special."""
    if x == y or (x != x and y != y):
        return 0.0
    if not (math.isfinite(x) and math.isfinite(y)):
        return math.inf
    return abs(x - y) / math.ulp(max(abs(x), abs(y)))


def words(x):
    return "NaN" if x != x else "Infinity" if x == math.inf else "-Infinity" if x == -math.inf else x


APPLY = """
const { compile } = stepper_rules, say = (x) => console.log(JSON.stringify(x));
const words = (x) => (Number.isNaN(x) || !Number.isFinite(x) ? String(x) : Object.is(x, -0) ? "-0" : x);
for (const { rule, points } of data) {
  const { forward, backward } = compile({ r: rule }), n = points[0].length, args = Uint32Array.from({ length: n }, (_, k) => k);
  const partial = new Float64Array(n), passes = new Uint8Array(n);
  say(points.map((point) => {
    const xs = Float64Array.from(point, Number), y = forward(xs, args, 0, n);
    backward(xs, args, 0, y, partial, passes, n);
    return [words(y), Array.from(partial, words), Array.from(passes)];
  }));
}
"""


def by_node(names, change=None):
    asked = [{"rule": VARIANTS[name].told, "points": [[words(x) for x in p] for p in points(VARIANTS[name].arity, name)]} for name in names]
    return dict(zip(names, run("stepper_rules", APPLY, asked, change), strict=True))


def compared(names, change=None):
    """For each row: (ulps of the value, ulps of a partial, where what passes differs, the worst point)."""
    found = {}
    for name, answers in by_node(names, change).items():
        op, worst = VARIANTS[name], [0.0, 0.0, 0, None]
        for xs, (y, partials, passes) in zip(points(op.arity, name), answers, strict=True):
            mine = op.forward(*xs, *op.params)
            off = ulps(mine, float(y))
            if off > worst[0]:
                worst[0], worst[3] = off, (xs, mine, y)
            if mine == 0.0 and float(y) == 0.0 and math.copysign(1, mine) != math.copysign(1, float(y)):
                worst[0], worst[3] = math.inf, (xs, mine, y)
            # the partials of the page's own value: a rule may read it
            wanted = op.gradient(mine, xs)
            allowed = op.passes(mine, *xs) if op.passes else [1.0] * op.arity
            for p, q in zip(wanted, partials, strict=True):
                off = ulps(p, float(q))
                if off > worst[1]:
                    worst[1], worst[3] = off, (xs, p, q)
            worst[2] += sum(bool(a) != bool(b) for a, b in zip(allowed, passes, strict=True))
        found[name] = tuple(worst)
    return found


def test_every_row_gives_the_same_numbers_on_the_page():
    found = compared(list(VARIANTS))
    wrong = {name: worst for name, worst in found.items() if worst[0] > ULPS or worst[1] > ULPS or worst[2]}
    assert not wrong


def test_a_planted_mistake_in_a_primitive_is_found():
    for old, new in (("sub: (a, b) => (a - b)", "sub: (a, b) => (b - a)"), ("less: (a, b) => +(a < b)", "less: (a, b) => +(a <= b)")):
        found = compared(["sub", "relu", "maximum", "softplus"], (old, new))
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
