"""Signatures as pen strokes, synthesised: writers who sign, and forgers who copy them."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, pi, sin
from random import Random
from typing import NamedTuple

from micrograd.given import generator

Points = list[list[float]]  # [x, y] at equal steps of time


class Signature(NamedTuple):
    """A signature in the name of `writer`: genuine, or by someone else. points: where the pen was, at equal steps of time."""

    writer: int
    genuine: bool
    points: Points


class _Hand:
    """How someone signs: a shape (waves along a line) and a rhythm (where the pen hurries and where it lingers)."""

    def __init__(self, rng: Random) -> None:
        self.waves = [
            tuple(rng.uniform(low, high) for low, high in ((1.5, 7.0), (0.05, 0.28), (0.05, 0.45), (0, 2 * pi), (0, 2 * pi)))
            for _ in range(4)
        ]  # fmt: skip
        self.slant = rng.uniform(-0.25, 0.35)
        self.rhythm = [(k, rng.uniform(-0.35, 0.35) / k, rng.uniform(0, 2 * pi)) for k in (1, 2, 3)]

    def varied(self, rng: Random, shape: float, rhythm: float) -> _Hand:
        """The same hand on another day, by so much."""
        other = object.__new__(_Hand)
        other.waves = [
            (f * (1 + rng.gauss(0, shape) / 8), a * (1 + rng.gauss(0, shape)), b * (1 + rng.gauss(0, shape)),
             p + rng.gauss(0, shape), q + rng.gauss(0, shape))
            for f, a, b, p, q in self.waves
        ]  # fmt: skip
        other.slant = self.slant + rng.gauss(0, shape / 4)
        other.rhythm = [(k, a + rng.gauss(0, rhythm) / k, p + rng.gauss(0, rhythm)) for k, a, p in self.rhythm]
        return other

    def at(self, s: float) -> tuple[float, float]:
        """The place at part s of the way."""
        x = 1.6 * s + sum(a * sin(2 * pi * f * s + p) for f, a, _, p, _ in self.waves)
        y = sum(b * sin(2 * pi * f * s + q) for f, _, b, _, q in self.waves)
        return x + self.slant * y, y

    def way(self, t: float) -> float:
        """How much of the way is done at time t, both from 0 to 1; never backwards."""
        return t + sum(a * (cos(p) - cos(2 * pi * k * t + p)) / (2 * pi) for k, a, p in self.rhythm)


def _written(hand: _Hand, count: int, tremor: float, rng: Random) -> Points:
    end = hand.way(1.0)
    points, shake = [], (0.0, 0.0)
    for k in range(count):
        x, y = hand.at(hand.way(k / (count - 1)) / end)
        shake = (0.6 * shake[0] + rng.gauss(0, tremor), 0.6 * shake[1] + rng.gauss(0, tremor))
        points.append([x + shake[0], y + shake[1]])
    return normalised(points)


def normalised(points: Points) -> Points:
    """Moved and scaled so that the middle is 0 and the mean distance from it 1."""
    n = len(points)
    mx, my = sum(p[0] for p in points) / n, sum(p[1] for p in points) / n
    size = sum(hypot(p[0] - mx, p[1] - my) for p in points) / n or 1.0
    return [[(p[0] - mx) / size, (p[1] - my) / size] for p in points]


def movements(points: Points) -> Points:
    """[dx, dy, speed] from each point to the next: what tells a hurried hand from a careful one."""
    found = []
    for a, b in pairwise(points):
        dx, dy = b[0] - a[0], b[1] - a[1]
        found.append([dx, dy, hypot(dx, dy)])
    return found


def signatures(
    writers: int = 8, genuine: int = 20, forged: int = 20, count: int = 40, rng: Random | None = None
) -> list[Signature]:  # fmt: skip
    """Signatures of `count` points: for each writer so many genuine ones, and forgeries by people who have seen one of them.

    A writer's shape and rhythm vary little. A forger follows the shape with more error, at a rhythm of his own, evener and
    with a tremor, as copied signatures are. (Synthesised: no person's hand.)
    """
    rng = generator(rng)
    found = []
    for writer in range(writers):
        hand = _Hand(rng)
        for _ in range(genuine):
            found.append(Signature(writer, True, _written(hand.varied(rng, 0.06, 0.05), count, 0.004, rng)))
        for _ in range(forged):
            copied = hand.varied(rng, 0.14, 0.0)
            copied.rhythm = [(k, 0.4 * a, p) for k, a, p in _Hand(rng).rhythm]
            found.append(Signature(writer, False, _written(copied, count, 0.012, rng)))
    return found
