"""Steering by looking."""

from math import asin, atan2, hypot, sin
from typing import Any

from micrograd.exercises import Exercise, equals, function, holds, listed, number, pick, real, whole

Exercise(
    "42.1",
    "A car drives {v} m/s on a straight road; its steering has a constant error, a curvature of c = {c} per metre. How many "
    "metres off is it after {t} s, if nobody "
    "corrects (small angles)? And where does it come to rest if the driver adds a curvature of −k times the offset, k = {k}, and "
    "straightens up?",
    numbers={"v": whole(5, 20), "t": whole(2, 5), "c": pick(0.001, 0.002, 0.003), "k": pick(0.02, 0.04, 0.05)},
    blanks={
        "off": number(lambda n: n.c * (n.v * n.t) ** 2 / 2, "metres off, not corrected", digits=3),
        "rest": number(lambda n: n.c / n.k, "metres off, corrected", digits=3),
    },
    hints=[
        "A curvature turns the heading: by how much after s metres?",
        "The offset is the sum of all headings on the way. What is the sum of 0, 1, 2, 3, …?",
        "At rest, error and correction cancel.",
    ],
)


def _plain(out: Any, pixels: Any) -> bool:
    n = len(pixels)
    if len(out) != n:
        return False
    mean = sum(out) / n
    square = sum(v * v for v in out) / n
    order = sorted(range(n), key=lambda k: pixels[k]) == sorted(range(n), key=lambda k: out[k])
    a, b, c = (sorted(range(n), key=lambda k: pixels[k])[k] for k in (0, n // 2, n - 1))
    same = (out[b] - out[a]) * (pixels[c] - pixels[a]) - (out[c] - out[a]) * (pixels[b] - pixels[a])
    return abs(mean) < 1e-9 and abs(square - 1) < 1e-9 and order and abs(same) < 1e-9


Exercise(
    "42.2",
    "Write `plain(pixels)`: the same image whatever the light, that is, the same list for p and for 0.3·p + 0.2: mean 0, mean "
    "square 1, and no more changed than that.",
    blanks={
        "plain": function(
            holds("the mean must be 0, the mean square 1, and differences in proportion", _plain, listed(12, real(0, 1))),
            says="plain(pixels)",
        )
    },
    hints=[
        "More light multiplies all pixels, haze adds to all. What undoes an addition to all of them?",
        "What undoes a multiplication? First the one, then the other.",
        "Divide by the root of the mean square of what is left.",
    ],
)


def _circle(offset: float, heading: float, ahead: float) -> float:
    away, angle = hypot(offset, ahead), atan2(-offset, ahead) - heading
    return 2 * sin(asin(sin(angle))) / away


Exercise(
    "42.3",
    "Write `steer(offset, heading, ahead)`: the curvature of the circle that leaves along the car's heading and passes through "
    "the point of the road's middle `ahead` "
    "metres further along the (straight) road. offset: metres left of the middle; heading: radians to the left of the road's "
    "direction; curvature to the left is positive.",
    blanks={"steer": function(equals(_circle, real(-1.5, 1.5), real(-0.5, 0.5), real(4, 10)), says="steer(offset, heading, ahead)")},
    hints=[
        "Put the car at the origin, looking along its own axis. Where is the target: how far, and at which angle?",
        "A circle that touches the axis at the origin: how does the chord to a point on it depend on the radius and the angle?",
        "The chord is 2·radius·sin(angle). Curvature is 1/radius.",
    ],
)
