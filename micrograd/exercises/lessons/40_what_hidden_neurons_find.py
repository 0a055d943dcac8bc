"""What does a hidden layer find that nobody told it?"""

from itertools import product

from micrograd.exercises import Exercise, decimal, equals, function, holds, listed, number, pick, real, repair, whole


def corrected(out, w, x, target) -> bool:
    """Whether these weights are those after one correction."""
    error = target - (sum(a * b for a, b in zip(w, x, strict=True)) > 0)
    return len(out) == len(w) and all(abs((new - old) - error * v) < 1e-12 for new, old, v in zip(out, w, x, strict=True))


def balanced(n) -> int:
    """Of 64 rows of six bits: those whose pairs, weighed with the code, add up to 0."""
    code = [n.a, n.b, n.c]
    return sum(not sum(w * (p - q) for w, p, q in zip(code, row[:3], row[:2:-1], strict=True)) for row in product((0, 1), repeat=6))


def differences(n) -> int:
    """The same of the 27 differences of three pairs."""
    return sum(not n.a * p + n.b * q + n.c * r for p, q, r in product((-1, 0, 1), repeat=3))


Exercise(
    "40.1",
    "Rosenblatt's correction: write a function of (w, x, target), lists w and x, target 0 or 1. The neuron says 1 where w·x "
    "> 0, else 0. The new "
    "weights are the old ones where it is right; else each moves by its input, up or down.",
    blanks={
        "f": function(
            holds(
                "the weights must be those after one correction",
                corrected,
                listed(3, whole(-2, 2)),
                listed(3, whole(-2, 2)),
                whole(0, 1),
                times=16,
            ),
            says="the function of (w, x, target)",
        )
    },
    hints=[
        "What does it say, and what should it have said?",
        "Their difference is −1, 0 or 1: what must it do to a weight whose input is 0?",
        "Afterwards w·x has moved by the difference times x·x, towards the target.",
    ],
)

Exercise(
    "40.2",
    "A hidden neuron weighs the three pairs of a row of six bits, first against last and so on, with {a}, {b} and {c}: bits at the same "
    "distance from the middle have opposite weights. For how many of the 64 rows is the sum 0? And how many rows are "
    "the same from left and right?",
    numbers={"a": pick(1, 2, 3), "b": pick(2, 3, 4), "c": pick(4, 5, 6)},
    where="a < b < c",
    blanks={
        "zero": number(
            balanced,
            says="rows with the sum 0",
            digits=6,
            mistakes={"These are differences of pairs; a pair with no difference is two rows, 00 and 11.": differences},
        ),
        "same": number(lambda n: 2**3, says="rows that are the same", digits=6),
    },
    hints=[
        "Each pair differs by −1, 0 or 1. Which three differences, weighed, add up to 0?",
        "How many pairs of bits differ by 0, and how many by 1?",
        "Where one weight is the sum of two others, rows that are not the same add up to 0, too.",
    ],
)


def rolled(w, v, slope, rate, momentum):
    """Weights and velocities after a step with momentum."""
    moved = [momentum * a - rate * g for a, g in zip(v, slope, strict=True)]
    return [[a + b for a, b in zip(w, moved, strict=True)], moved]


PLANTED = """
def step(w, v, slope, rate, momentum):  # lists; v is how far each weight went in the step before
    for k in range(len(w)):
        v[k] = {v}
        w[k] {join} v[k]
    return [w, v]
"""
RIGHT = {"v": "momentum * v[k] - rate * slope[k]", "join": "+="}

Exercise(
    "40.3",
    "A step as in 1986: each weight goes on by a part of its last step, and down its slope. One line is wrong. "
    'Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"v": "momentum * v[k] + rate * slope[k]"})),
        PLANTED.format(**(RIGHT | {"v": "-rate * slope[k]"})),
        PLANTED.format(**(RIGHT | {"join": "="})),
        PLANTED.format(**(RIGHT | {"join": "-="})),
    ),
    blanks={
        "line": repair(
            "step",
            equals(rolled, listed(3, real(-1, 1)), listed(3, real(-1, 1)), listed(3, real(-1, 1)), decimal(0.1, 0.5), decimal(0.5, 0.9)),
        )
    },
    hints=[
        "Try it with one weight 0, no velocity, and the slope 1: where should the weight go? And with slope 0 and a velocity?",
        "Two things are in a step: what is left of the last one, and the slope. Are both there, each with its sign?",
        "Down a slope of 1 the weight must become smaller; without a slope it must go on the way that it went.",
    ],
)
