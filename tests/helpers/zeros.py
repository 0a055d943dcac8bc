"""Small random graphs of ops that choose and ops that may be infinite, and what must come out: an oracle with a zero of its own.

The oracle holds the numbers of the partials from the table (they are tested elsewhere), but knows for itself which zeros are
structural: None is such a zero, and nothing that has it as a factor adds to anything.
"""

from __future__ import annotations

import math
import struct

from hypothesis import strategies as st

from micrograd import Value, ops

inf, nan = math.inf, math.nan
EDGES = (-0.9, 0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, inf, -inf, nan)

# name → (op, how many arguments, for each argument whether its partial is 0 by the rule)
ALL, NEVER = (lambda y, *xs: [True] * len(xs)), (lambda y, *xs: [False] * len(xs))
TABLE = {
    "relu": (ops.relu, 1, lambda y, x: [x <= 0]),
    "abs": (ops.abs_, 1, lambda y, x: [x == 0]),
    "sign": (ops.sign, 1, ALL),
    "step": (ops.step, 1, ALL),
    "less": (ops.less, 2, ALL),
    "equal": (ops.equal, 2, ALL),
    "where": (ops.where, 3, lambda y, c, a, b: [True, c == 0, c != 0]),
    "maximum": (ops.maximum, 2, lambda y, a, b: [a < b, b < a]),
    "minimum": (ops.minimum, 2, lambda y, a, b: [b < a, a < b]),
    "clamp": (ops.clamp.bind(0.0, 1.0), 1, lambda y, x: [x <= 0 or x >= 1]),
    "**0": (ops.power.bind(0.0), 1, ALL),
    "hypot": (ops.hypot, 2, lambda y, a, b: [y == 0] * 2),
    "atan2": (ops.atan2, 2, lambda y, a, b: [a == b == 0 or (inf in (abs(a), abs(b)) and a == a and b == b)] * 2),
    "leaky": (ops.leaky_relu.bind(0.0), 1, lambda y, x: [x <= 0]),
    **{op.name: (op, op.arity, NEVER) for op in (ops.sqrt, ops.log_, ops.cbrt, ops.div, ops.asin, ops.log1p, ops.acosh, ops.exp)},
    **{op.name: (op, op.arity, NEVER) for op in (ops.add, ops.sub, ops.mul, ops.neg, ops.tanh)},
    **{f"**{p}": (ops.power.bind(p), 1, NEVER) for p in (-1.0, 0.5, 2.0, 3.0)},
    "sum": (ops.sum_, 3, NEVER),
}  # fmt: skip


class Program:
    """Leaves, the first `count` of which are inputs and the rest constants; then calls (name, places of the arguments)."""

    def __init__(self, leaves, count, calls):
        self.leaves, self.count, self.calls = leaves, count, calls

    def __call__(self, *inputs):
        return self.slots(inputs, Value)[-1]

    def slots(self, inputs, constant=float):
        found = [*inputs, *map(constant, self.leaves[self.count :])]
        for name, places in self.calls:
            found.append(TABLE[name][0](*(found[i] for i in places)))
        return found

    def __repr__(self):
        names = [*(f"x{i}={x!r}" for i, x in enumerate(self.leaves[: self.count])), *map(repr, self.leaves[self.count :])]
        return "; ".join([", ".join(names), *(f"v{len(self.leaves) + i} = {n}{p}" for i, (n, p) in enumerate(self.calls))])

    @property
    def inputs(self):
        return self.leaves[: self.count]

    # --- the oracle --------------------------------------------------------------------------------------------------

    def edges(self):
        """(node, [(argument, partial or None)]) for each call, on numbers."""
        values = self.slots(self.inputs)
        for k, (name, places) in enumerate(self.calls):
            op, _, structural = TABLE[name]
            xs, y = [values[i] for i in places], values[len(self.leaves) + k]
            partials = op.gradient(y, xs)
            yield len(self.leaves) + k, [(i, None if s else p) for i, p, s in zip(places, partials, structural(y, *xs), strict=True)]

    def gradient(self):
        """∂last/∂input for each input, by reverse mode."""
        found = {len(self.leaves) + len(self.calls) - 1: 1.0}
        for node, edges in reversed(list(self.edges())):
            for arg, p in edges:
                if node in found and p is not None:
                    found[arg] = found.get(arg, 0.0) + found[node] * p
        return [found.get(i, 0.0) for i in range(self.count)]

    def derivative(self, tangents):
        """The derivative of the last along the tangents, by forward mode."""
        found = {i: t for i, t in enumerate(tangents) if t != 0}
        for node, edges in self.edges():
            terms = [p * found[arg] for arg, p in edges if p is not None and arg in found]
            if terms:
                found[node] = sum(terms, 0.0)
        return found.get(len(self.leaves) + len(self.calls) - 1, 0.0)


@st.composite
def programs(draw, tree=False, points=EDGES):
    """Random programs. tree: every slot has one user, so that forward and reverse mode multiply along single paths."""
    count = draw(st.integers(1, 3))
    leaves = draw(st.lists(st.sampled_from(points), min_size=count, max_size=count + 3))
    free = list(range(len(leaves)))
    calls = []
    for _ in range(draw(st.integers(1, 7))):
        name = draw(st.sampled_from(sorted(TABLE)))
        n = TABLE[name][1]
        if tree and n > len(free):
            continue
        places = []
        for k in range(n):
            place = free[-1] if k == 0 and draw(st.booleans()) else draw(st.sampled_from(free))
            if tree:
                free.remove(place)
            places.append(place)
        calls.append((name, tuple(draw(st.permutations(places)))))
        free.append(len(leaves) + len(calls) - 1)
    return Program(leaves, count, calls) if calls else Program(leaves, count, [("relu", (0,))])


def bits(x):
    """What tells two numbers apart; one nan is as good as another."""
    return "nan" if x != x else struct.pack("d", x)


def alike(a, b, digits=0.0):
    """Equal numbers, or both nan."""
    return (a != a and b != b) or a == b or abs(a - b) <= digits * (abs(a) + abs(b))


# a function, a point, its gradient there
CASES = {
    "sqrt(relu(x))": (lambda x: ops.sqrt(ops.relu(x)), (-0.9,), [0.0]),
    "sqrt(clamp(x, 0, 1)) below": (lambda x: ops.sqrt(ops.clamp(x, 0.0, 1.0)), (-0.9,), [0.0]),
    "log(1 - clamp(x, 0, 1)) above": (lambda x: ops.log_(1 - ops.clamp(x, 0.0, 1.0)), (1.5,), [0.0]),
    "sqrt(maximum(x, 0))": (lambda x: ops.sqrt(ops.maximum(x, 0.0)), (-0.9,), [0.0]),
    "sqrt(-minimum(x, 0))": (lambda x: ops.sqrt(-ops.minimum(x, 0.0)), (0.9,), [0.0]),
    "where(0 < x, 1/x, 7)": (lambda x: ops.where(ops.less(0.0, x), 1 / x, 7.0), (0.0,), [0.0]),
    "where(0, log(x), 1)": (lambda x: ops.where(0.0, ops.log_(x), 1.0), (-1.0,), [0.0]),
    "where(x, sqrt(y), y)": (lambda x, y: ops.where(x, ops.sqrt(y), y), (0.0, 0.0), [0.0, 1.0]),
    "cbrt(sign(x))": (lambda x: ops.cbrt(ops.sign(x)), (0.0,), [0.0]),
    "sqrt(step(x))": (lambda x: ops.sqrt(ops.step(x)), (-1.0,), [0.0]),
    "sqrt(abs(x))": (lambda x: ops.sqrt(ops.abs_(x)), (0.0,), [0.0]),
    "log(equal(hypot(y, x), x))": (lambda y, x: ops.log_(ops.equal(ops.hypot(y, x), x)), (0.5, 1.0), [0.0, 0.0]),
    "sqrt(hypot(x, y))": (lambda x, y: ops.sqrt(ops.hypot(x, y)), (0.0, 0.0), [0.0, 0.0]),
    "hypot(sqrt(x), y)": (lambda x, y: ops.hypot(ops.sqrt(x), y), (0.0, 0.0), [0.0, 0.0]),
    "atan2(sqrt(x), y)": (lambda x, y: ops.atan2(ops.sqrt(x), y), (0.0, 0.0), [0.0, 0.0]),
    "log(x)**0": (lambda x: ops.log_(x) ** 0, (-1.0,), [0.0]),
    "leaky_relu(sqrt(x), 0)": (lambda x: ops.leaky_relu(-ops.sqrt(x), 0.0), (0.0,), [0.0]),
    "max of a taken and an infinite": (lambda x: ops.maximum(1.0, ops.sqrt(x)), (0.0,), [0.0]),
    "a dead branch beside a live one": (lambda x: ops.relu(-ops.sqrt(x)) + 3 * x, (0.0,), [3.0]),
    "inf below relu": (lambda x: ops.relu(x * inf), (-1.0,), [0.0]),
    "softmax's shift": (lambda x: ops.exp(x - ops.shift(x, x * x)), (0.5,), [1.0]),
    "numeric: sqrt(x)**2": (lambda x: ops.sqrt(x) ** 2, (0.0,), [nan]),
    "numeric: 0 * log(x)": (lambda x: 0 * ops.log_(x), (0.0,), [nan]),
    "numeric: sqrt(x) * x": (lambda x: ops.sqrt(x) * x, (0.0,), [nan]),
    "numeric: sqrt(x * x)": (lambda x: ops.sqrt(x * x), (0.0,), [nan]),
    "numeric: a saturated tanh": (lambda x: ops.tanh(1 / x), (0.0,), [nan]),
    "nan is no zero": (lambda x: ops.relu(x) * 2, (nan,), [nan]),
}  # fmt: skip
