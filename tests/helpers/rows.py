"""Every row of the table at edge values and thousands of points: what a page computes beside what Python does."""

import math
import random

from micrograd import TABLE

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


def compared(names, run, apart=ulps, change=None):
    """For each row: (how far apart a value, a partial, where what passes differs, the worst point). ``run``: as node.run."""
    asked = [{"rule": VARIANTS[name].told, "points": [[words(x) for x in p] for p in points(VARIANTS[name].arity, name)]} for name in names]
    found = {}
    for name, answers in zip(names, run("stepper_rules", APPLY, asked, change), strict=True):
        op, worst = VARIANTS[name], [0.0, 0.0, 0, None]
        for xs, (y, partials, passes) in zip(points(op.arity, name), answers, strict=True):
            mine = op.forward(*xs, *op.params)
            off = apart(mine, float(y))
            if off > worst[0]:
                worst[0], worst[3] = off, (xs, mine, y)
            if mine == 0.0 and float(y) == 0.0 and math.copysign(1, mine) != math.copysign(1, float(y)):
                worst[0], worst[3] = math.inf, (xs, mine, y)
            # the partials of the page's own value: a rule may read it
            wanted = op.gradient(mine, xs)
            allowed = op.passes(mine, *xs) if op.passes else [1.0] * op.arity
            for p, q in zip(wanted, partials, strict=True):
                off = apart(p, float(q))
                if off > worst[1]:
                    worst[1], worst[3] = off, (xs, p, q)
            worst[2] += sum(bool(a) != bool(b) for a, b in zip(allowed, passes, strict=True))
        found[name] = tuple(worst)
    return found
