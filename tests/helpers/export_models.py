"""What every home of an exported program is tried on: models of the lessons, every op at its edges, random programs."""

from __future__ import annotations

import math
from random import Random

import numpy as np

from fuzz_programs import NUMBERS
from micrograd import Op, Value, compile, functional, nn, ops
from micrograd.compiler import take


def near(found, expected, to=1e-12):
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=1e-300)
    np.testing.assert_allclose(found, expected, rtol=to, atol=to * scale)


# --- models of the lessons -----------------------------------------------------------------------------------------------


def moons(batch):
    rng = Random(1)
    model = nn.MLP(2, [8, 8, 1], rng=rng)
    xs = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(21)]
    ys = [rng.choice([-1.0, 1.0]) for _ in xs]

    def sample(x, y):
        return (1 - y * model(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())

    def whole(xs, ys):
        return sum(sample(x, y) for x, y in zip(xs, ys, strict=True)) / len(xs)

    return compile(sample if batch else whole, model, batch=batch), model, (xs, ys)


def digits(batch):
    rng = Random(2)
    model = nn.MLP(9, [12, 5], rng=rng)
    xs, ys = [[rng.random() for _ in range(9)] for _ in range(18)], [rng.randrange(5) for _ in range(18)]

    def sample(x, y):
        return -take(functional.softmax(model(x)), y).log()

    def whole(xs, ys):
        return sum(sample(x, y) for x, y in zip(xs, ys, strict=True)) / len(xs)

    return compile(sample if batch else whole, model, batch=batch), model, (xs, ys)


def gpt(batch):
    rng = Random(3)
    table = [[Value(rng.gauss(0, 0.3)) for _ in range(4)] for _ in range(7)]
    model = nn.TransformerBlock(4, 2, rng=rng)
    head = nn.Linear(4, 7, rng=rng)
    params = [p for row in table for p in row] + model.parameters() + head.parameters()

    def sample(tokens):
        mixed = model([list(take(table, t)) for t in tokens[:-1]])
        return sum(-take(functional.softmax(head(x)), t).log() for x, t in zip(mixed, tokens[1:], strict=True))

    return compile(sample, params, batch=batch), params, ([[1, 2, 3, 6, 0]] * 3,) if batch else ([1, 2, 3, 6, 0],)


def lstm(batch):
    rng = Random(4)
    model = nn.LSTM(2, 3, rng=rng)
    xs = [[[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(4)] for _ in range(9)]

    def sample(x):
        hidden = model(x)
        found = hidden[0] if isinstance(hidden, tuple) else hidden
        return sum(h * h for row in found for h in row)

    return compile(sample, model, batch=batch), model, (xs,) if batch else (xs[0],)


def conv(batch):
    rng = Random(5)
    model = nn.Conv2d(1, 2, 3, rng=rng)
    xs = [[[[rng.gauss(0, 1) for _ in range(5)] for _ in range(5)]] for _ in range(9)]

    def sample(x):
        return sum(v.tanh() for plane in model(x) for row in plane for v in row)

    return compile(sample, model, batch=batch), model, (xs,) if batch else (xs[0],)


def norm(batch):
    rng = Random(6)
    model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 2, rng=rng))
    xs = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(9)]
    return compile(lambda x: sum(v * v for v in model(x)), model, batch=batch), model, (xs,) if batch else (xs[0],)


MODELS = [moons, digits, gpt, lstm, conv, norm]


def named(name):
    """A loss whose op, whose parameter and which itself have this name: 92 at 3, with the slope 114."""
    op = Op(name, define=lambda x: x * x + 1.0, partials=(lambda y, x: 2.0 * x,))
    w = Value(3.0, label=name)

    def loss():
        return op(w) + op(w * w)

    loss.__name__ = name
    step = compile(loss, [w])
    step()
    return step


def listed(params):
    return params.parameters() if hasattr(params, "parameters") else params


# --- every op, random programs ----------------------------------------------------------------------------------------


def edges(op):
    """Points to try: the kinks, the ends of the domains, signed zeros, the largest, infinities, nan, and ordinary numbers."""
    rng = Random(op.name)
    one = [0.0, -0.0, 0.3, -0.3, 1.0, -1.0, 2.5, -7.25, 5e-324, -1e-310, 1e-200, 1e200, -1e200, 709.5, -745.0, 30.0]
    one += [math.inf, -math.inf, math.nan]
    found = [kink.at for kink in op.kinks]
    if op.arity == 1:
        return [*found, *[(x,) for x in one]]
    return [*found, *[tuple(rng.choice(one) for _ in range(op.arity)) for _ in range(24)]]


def variants(op):
    return [op.bind(*numbers) for numbers in NUMBERS[op.name]] if op.constants else [op]


def every_op():
    rows = [v for op in ops.TABLE.values() if op.arity is not None for v in variants(op)]
    cases = [(op, xs) for op in rows for xs in edges(op)]
    params = [[Value(x) for x in xs] for _, xs in cases]

    def loss():
        found = [op(*xs) for (op, _), xs in zip(cases, params, strict=True)]
        return (sum(found), *found)

    flat = [p for xs in params for p in xs]
    return cases, params, compile(loss, flat)


def wrong_edges(cases, params, values, grads):
    """What an exported file answers otherwise than the engine: (op, arguments, what, the engine's, its)."""
    value, grad, wrong = iter(values), iter(grads), []
    for (op, xs), own in zip(cases, params, strict=True):
        y = op(*own)
        for p in own:
            p.grad = 0.0
        y.backward()
        for what, x, got in [("value", y.data, next(value)), *(("gradient", p.grad, next(grad)) for p in own)]:
            alike = x == got or (x != x and got != got) or abs(x - got) <= max(1e-12 * abs(x), 1e-300)
            if not alike or (x == 0.0 == got and what == "value" and math.copysign(1.0, x) != math.copysign(1.0, got)):
                wrong.append((repr(op), xs, what, x, got))
    return wrong


class Fuzz:
    """Some random programs as one exported file, as a back end of the differential fuzz. make: gives what runs the file of a step."""

    exact = False

    def __init__(self, name, programs, make):
        self.name, self.programs = name, programs
        self.params = [[Value(1.0) for _ in p.places("p")] for p in programs]
        losses = [p.loss(own) for p, own in zip(programs, self.params, strict=True)]

        def loss(*inputs):
            found = [f(*own) for f, own in zip(losses, inputs, strict=True)]
            return (ops.sum_(*[values[0] for values in found]), *[v for values in found for v in values])

        step = compile(loss, [p for own in self.params for p in own], input_grads=True)
        step(*[[*(1.0 for _ in p.places("x")), 0] for p in programs])
        self.home = make(step)

    def __call__(self, points):
        pairs = list(zip(self.programs, points, strict=True))
        p = [leaves[k] for program, leaves in pairs for k in program.places("p")]
        x = [y for program, leaves in pairs for y in (*(leaves[k] for k in program.places("x")), leaves[program.places("i")[0]])]
        value = iter(self.home.numbers(p, x)[1:])
        _, grads, inputs = self.home.value_and_grad(p, x, dx=True)
        grad, dx = iter(grads), iter(inputs)
        found = []
        for program in self.programs:
            outputs = [next(value) for _ in program.outputs]
            own = [next(grad) for _ in program.places("p")]
            found.append((outputs, [*own, *[next(dx) for _ in (*program.places("x"), 0)][:-1]]))
        return found
