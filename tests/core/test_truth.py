"""The truth of `benchmarks.engines` against mpmath, and every row of the table against it: at all sizes, at edges, zeros and saturation."""

from __future__ import annotations

import itertools
import math
from functools import cache

import pytest

mpmath = pytest.importorskip("mpmath")
pytest.importorskip("flint")
from benchmarks import truth  # noqa: E402
from benchmarks.engines import points, rough, rows  # noqa: E402
from micrograd import Op, Value, grad, ops  # noqa: E402
from micrograd.checking import exact  # noqa: E402

M = exact.context(60)
ROWS = rows()
ORDINARY = {"acosh": (1.7,), "log1p": (-0.3,)}
ALLOWED = {0: 2.5, 1: 3.0, 2: 8.0, 3: 64.0}  # ulp; of the second and third order times the condition
TWO = [(a, b) for a in (1e-100, 1e-20, 0.3, 1.0, 17.0, 1e20, 1e100) for b in (1e-100, 0.3, 2.0, 1e20)]
POWERS = [(a, b) for a in (1e-310, 1e-20, 0.3, 0.999, 40.0, 1e300) for b in (-3.0, -0.5, 1e-20, 0.1, 1.1, 2.0, 2.5, 17.0)]


@pytest.mark.parametrize("name", ROWS)
def test_the_truth_is_that_of_differences_in_many_digits(name):
    op = ROWS[name]
    xs = ORDINARY.get(name, (0.3, 0.7))[: op.arity]
    m = exact.context(150)
    h = m.mpf(10) ** -12

    @cache
    def f(*steps):
        return m.mpf(exact.exactly(op, m, [m.mpf(x) + k * h for x, k in zip(xs, steps, strict=True)]))

    found = truth.derivatives(op, xs, 4)
    assert len(found) == {1: 5, 2: 15}[op.arity]
    for key, ball in found.items():
        places = itertools.product(*[[i for i in range(-3, 4) if WEIGHTS[k][0][i + 3]] for k in key])
        total = sum(f(*at) * math.prod(WEIGHTS[k][0][i + 3] for k, i in zip(key, at, strict=True)) for at in places)
        differences = total / math.prod(WEIGHTS[k][1] for k in key) / h ** sum(key)
        assert abs(differences - truth.number(m, ball)) <= 1e-30 * max(1, abs(differences)), (key, differences, ball)


# central differences over seven places: the k-th derivative to h⁴ and better (Fornberg 1988)
WEIGHTS = [
    ((0, 0, 0, 1, 0, 0, 0), 1), ((-1, 9, -45, 0, 45, -9, 1), 60), ((2, -27, 270, -490, 270, -27, 2), 180),
    ((1, -8, 13, 0, -13, 8, -1), 8), ((-1, 12, -39, 56, -39, 12, -1), 6),
]  # fmt: skip


def ours(op, xs, order):
    """Value and derivatives of an op, each found by differentiating again."""
    vs, found = [Value(x) for x in xs], {}

    def go(y, key):
        found.setdefault(key, float(getattr(y, "data", y)))
        if sum(key) < order:
            for i, g in enumerate(grad(y, vs, create_graph=True) if isinstance(y, Value) else [0.0] * len(vs)):
                go(g, tuple(c + (i == j) for j, c in enumerate(key)))

    go(op(*vs), (0,) * len(xs))
    return found


def lost(op, asked, order):
    """Where ours is further off than it may be. A result that is past the largest double counts where ours is a finite number."""
    found = []
    for xs in asked:
        true = {} if rough(op, xs) else truth.derivatives(op, xs, order + (order > 1))
        got = ours(op, xs, order) if true else {}
        for key, ball in true.items():
            if sum(key) > order:
                continue
            t = truth.number(M, ball)
            if abs(t) >= M.mpf(2) ** 1024 and not abs(got[key]) < float("inf"):
                continue
            condition = 1.0
            if sum(key) > 1 and abs(t) > M.mpf(2) ** -1074:
                more = (tuple(c + (i == j) for j, c in enumerate(key)) for i in range(len(xs)))
                condition = max(1.0, sum(abs(x * truth.number(M, true[k]) / t) for x, k in zip(xs, more, strict=True) if k in true))
            if exact.ulps(got[key], t) > ALLOWED[sum(key)] * condition:
                found.append((key, xs, got[key], M.nstr(t, 17)))
    return found


@pytest.mark.parametrize("name", ROWS)
def test_every_row_keeps_its_digits_up_to_the_third_derivative(name):
    asked = points(ROWS[name], seed=1)
    assert lost(ROWS[name], asked[::2] if ROWS[name].arity == 1 else asked[::4], 2) == []
    asked = {"pow": POWERS}.get(name, TWO) if ROWS[name].arity == 2 else asked[::3]
    assert lost(ROWS[name], asked, 3) == []


@pytest.mark.parametrize(("op", "xs", "order"), [
    (ops.atan, (1e98,), 2), (ops.gelu, (38.4,), 2), (ops.silu, (745.1,), 2), (ops.gauss.bind(0.5), (1 - 2**-53,), 2),
    (ops.gelu, (1.4142135623730951,), 2), (ops.silu, (2.3993572805154675,), 2), (ops.atan2, (1e-310, 1e-310), 2),
    (ops.atan2, (1.7e308, -1.4e307), 2), (ops.pow_, (0.9, 1e155), 2), (ops.pow_, (1.1108158253019846, -6990.387590337886), 2),
    (ops.hypot, (1e-310, -3.9e-310), 2), (ops.hypot, (-1.3e-84, 1.8e-246), 2), (ops.acosh, (7e92,), 3), (ops.pow_, (40.0, 1.0), 3),
    (ops.pow_, (1e-310, 0.1), 3), (ops.atan2, (1.0, 1e-20), 3), (ops.atan2, (1e20, 1e100), 3),
], ids=str)  # fmt: skip
def test_what_once_lost_digits(op, xs, order):
    assert lost(op, [xs], order) == []


def test_a_rule_that_loses_digits_is_found():
    worse = Op("worse_atan", ops.atan.forward, (lambda y, x: ops.div(1.0, 1.0 + x * x),), formula=("1 / (1 + a**2)",),
               domain=((-9.0, 9.0),), exact=lambda m, x: m.atan(x))  # fmt: skip
    assert lost(worse, [(0.5,)], 2) == [] and {key for key, *_ in lost(worse, [(1e160,), (1e98,)], 2)} == {(1,), (2,)}
