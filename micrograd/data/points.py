"""Points in the plane and on curves, drawn from a generator; lists of plain numbers, the standard library alone."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin, sqrt, tanh
from random import Random
from typing import Any

from micrograd.given import generator, real, whole

Data = tuple[list[list[float]], list[Any]]


def _noisy(points: list[list[float]], noise: float, rng: Random) -> list[list[float]]:
    noise = real("noise", noise)
    return [[x + rng.gauss(0.0, noise) for x in point] for point in points] if noise else points


def _spread(k: int, count: int) -> float:
    """The k-th of `count` numbers from 0 to 1."""
    return k / (count - 1) if count > 1 else 0.5


def moons(n: int = 100, noise: float = 0.1, rng: Random | None = None) -> Data:
    """Two half circles, each around an end of the other; classes 0 and 1 in turn.

    >>> xs, ys = moons(4, noise=0.0)
    >>> [[round(a, 3) for a in x] for x in xs], ys
    ([[1.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [2.0, 0.5]], [0, 1, 0, 1])
    """
    n = whole("n", n)
    points = []
    for k in range(n):
        t = pi * _spread(k // 2, (n + 1 - k % 2) // 2)
        points.append([cos(t), sin(t)] if k % 2 == 0 else [1.0 - cos(t), 0.5 - sin(t)])
    return _noisy(points, noise, generator(rng)), [k % 2 for k in range(n)]


def circles(n: int = 100, noise: float = 0.05, factor: float = 0.5, rng: Random | None = None) -> Data:
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1)."""
    n = whole("n", n)
    points = []
    for k in range(n):
        t, r = 2.0 * pi * (k // 2) / max((n + 1) // 2, 1), factor if k % 2 else 1.0
        points.append([r * cos(t), r * sin(t)])
    return _noisy(points, noise, generator(rng)), [k % 2 for k in range(n)]


def spirals(n: int = 150, classes: int = 2, turns: float = 1.0, noise: float = 0.05, rng: Random | None = None) -> Data:
    """Arms of a spiral from the middle outwards, one for each class."""
    n, classes = whole("n", n), whole("classes", classes, 1)
    points = []
    for k in range(n):
        arm, r = k % classes, _spread(k // classes, -(-n // classes))
        t = 2.0 * pi * (turns * r + arm / classes)
        points.append([r * cos(t), r * sin(t)])
    return _noisy(points, noise, generator(rng)), [k % classes for k in range(n)]


def blobs(n: int = 100, classes: int = 2, spread: float = 0.4, rng: Random | None = None) -> Data:
    """A round cloud for each class, their middles on the unit circle."""
    n, classes = whole("n", n), whole("classes", classes, 1)
    middles = [[cos(2.0 * pi * c / classes), sin(2.0 * pi * c / classes)] for c in range(classes)]
    return _noisy([list(middles[k % classes]) for k in range(n)], spread, generator(rng)), [k % classes for k in range(n)]


def xor(n: int = 100, noise: float = 0.15, rng: Random | None = None) -> Data:
    """Clouds at the corners (±1, ±1); class 1 where the signs differ."""
    n = whole("n", n)
    corners = [[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]]
    return _noisy([list(corners[k % 4]) for k in range(n)], noise, generator(rng)), [k % 2 for k in range(n)]


CURVES: dict[str, Callable[[float], float]] = {
    "line": lambda x: 0.5 * x,
    "sine": lambda x: sin(pi * x),
    "parabola": lambda x: x * x,
    "cubic": lambda x: x * (x * x - 0.75) * 2.0,
    "step": lambda x: tanh(12.0 * x),
    "bump": lambda x: 1.0 / (1.0 + 25.0 * x * x),
}


def curve(kind: str | Callable[[float], float] = "sine", n: int = 60, noise: float = 0.1, rng: Random | None = None) -> Data:
    """([[x]], [f(x) + noise]) for n numbers x spread over [-1, 1]; kind: a name in CURVES, or a function.

    >>> curve("parabola", 3, noise=0.0)
    ([[-1.0], [0.0], [1.0]], [1.0, 0.0, 1.0])
    """
    if not callable(kind) and kind not in CURVES:
        raise ValueError(f"no curve named {kind!r}; there are {', '.join(CURVES)}")
    f = kind if callable(kind) else CURVES[kind]
    rng, n, noise = generator(rng), whole("n", n), real("noise", noise)
    xs = [2.0 * _spread(k, n) - 1.0 for k in range(n)]
    return [[x] for x in xs], [f(x) + (rng.gauss(0.0, noise) if noise else 0.0) for x in xs]


def series(n: int = 200, noise: float = 0.05, rng: Random | None = None) -> list[float]:
    """A time series: a slow rise, a wave of 24 steps and one of 7, and noise that lingers (each half of the one before)."""
    n = whole("n", n)
    rng, lingering, found = generator(rng), 0.0, []
    for t in range(n):
        lingering = 0.5 * lingering + rng.gauss(0.0, noise) * sqrt(0.75)
        found.append(0.002 * t + 0.6 * sin(2 * pi * t / 24) + 0.25 * sin(2 * pi * t / 7) + lingering)
    return found


def windows(numbers: list[float], length: int, ahead: int = 1) -> Data:
    """Each stretch of `length` numbers, and the number `ahead` steps after it.

    >>> windows([1.0, 2.0, 3.0, 4.0], 2)
    ([[1.0, 2.0], [2.0, 3.0]], [3.0, 4.0])
    """
    length, ahead = whole("length", length, 1), whole("ahead", ahead, 1)
    starts = range(len(numbers) - length - ahead + 1)
    return [numbers[s : s + length] for s in starts], [numbers[s + length + ahead - 1] for s in starts]


def ratings(users: int = 40, items: int = 30, factors: int = 2, known: float = 0.4, noise: float = 0.1, rng: Random | None = None) -> Data:
    """([user, item], rating) of the part `known` of all pairs: hidden tastes times hidden traits, plus biases and noise."""
    rng = generator(rng)

    def draw(count: int) -> list[list[float]]:
        return [[rng.gauss(0.0, 1.0) for _ in range(factors + 1)] for _ in range(count)]

    tastes, traits = draw(users), draw(items)
    pairs: list[list[Any]] = []
    given = []
    for u in range(users):
        for i in range(items):
            if rng.random() < known:
                match = sum(a * b for a, b in zip(tastes[u][1:], traits[i][1:], strict=True))
                pairs.append([u, i])
                given.append(match + 0.5 * (tastes[u][0] + traits[i][0]) + rng.gauss(0.0, noise))
    return pairs, given
