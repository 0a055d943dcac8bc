"""Why did the network answer so?"""

from micrograd import explain
from micrograd.exercises import Exercise, choice, decimal, equals, function, holds, listed, number, pick, real, repair


def score(v):
    """Of two inputs: not linear."""
    return v[0] * v[1] + v[0] ** 3


def line(weights):
    """Their weighted sum, as a model."""
    return lambda v: sum(w * p for w, p in zip(weights, v, strict=True))


def totals(n) -> dict[str, float]:
    """What the parts of each kind of explanation add up to, from the blank input to (a, b)."""
    at, blank = [n.a, n.b], [0.0, 0.0]
    here, there = explain.saliency(score, at), explain.saliency(score, blank)
    return {
        "the slopes at the input": sum(here),
        "slope at the input × input": sum(s * v for s, v in zip(here, at, strict=True)),
        "slope at the blank input × input": sum(s * v for s, v in zip(there, at, strict=True)),
        "integrated gradients": sum(explain.integrated_gradients(score, at, blank)),
    }


KINDS = ["the slopes at the input", "slope at the input × input", "slope at the blank input × input", "integrated gradients"]

Exercise(
    "24.1",
    "The score is f = x·y, at x = {x}, y = {y}; blank is x = y = 0. What is the slope by x, what is slope × input for x, and what is "
    "the integrated gradient of x (exactly, not from a sum of a few steps)?",
    numbers={"x": decimal(0.2, 3), "y": decimal(-3, 3)},
    where="y != 0 and x != y and x != 1 and x*y != 1 and y != 1 and x != 2",
    program="f = x*y",
    blanks={
        "slope": number("x.grad", "the slope by x", digits=3),
        "times": number("x.grad*x", "slope × input", digits=3),
        "part": number(
            lambda n: explain.integrated_gradients(lambda v: v[0] * v[1], [n.x, n.y], [0.0, 0.0])[0],
            says="the integrated gradient",
            digits=3,
            mistakes={"That is the sum with a single step, at the end of the way.": lambda n: n.x * n.y},
        ),
    },
    hints=[
        "On the way from blank to the input, both numbers grow together: at the fraction t of the way they are t·x and t·y.",
        "What is the slope by x at the fraction t, and what is its mean over the way?",
        "The parts of x and y must add up to the score; and x and y play the same part in it.",
    ],
)

Exercise(
    "24.2",
    "Write a function of (w, x, b), three lists of the same length: the integrated gradients of the straight model f(v) = Σ "
    "w·v at the input x, "
    "from the baseline b. No sum over steps is needed.",
    blanks={
        "f": function(
            equals(
                lambda w, x, b: explain.integrated_gradients(line(w), x, b, steps=3),
                listed(3, real(-2, 2)),
                listed(3, real(-2, 2)),
                listed(3, real(-2, 2)),
            ),
            says="the function of (w, x, b)",
        )
    },
    hints=[
        "What is the slope of this model, and does it change on the way?",
        "The part of an input is its mean slope, times how far it moves.",
        "An input that does not move has no part; the parts add up to f(x) − f(b).",
    ],
)

Exercise(
    "24.3",
    "f(x, y) = x·y + x³ at x = {a}, y = {b}, with the blank input (0, 0). Which of these has parts that add up to f there?",
    numbers={"a": decimal(0.3, 2), "b": decimal(0.3, 2)},
    blanks={
        "at": choice(
            KINDS,
            right=lambda n, name: abs(totals(n)[name] - (n.a * n.b + n.a**3)) < 1e-6,
            says="the letter",
        )
    },
    hints=[
        "Work out f, its two slopes, and what each candidate adds up to.",
        "For which functions would a slope at one place be enough?",
        "What is to be explained is a difference along a way: only slopes from the whole of it can add up to it.",
    ],
)


def shown_score(x):
    """What the code of 24.4 explains."""
    return x[0] * x[0] * x[1] + 3 * x[1]


def complete(out, x, baseline):
    """Whether two parts add up to the difference of the scores."""
    return len(out) == 2 and abs(sum(out) - (shown_score(x) - shown_score(baseline))) < 1e-3


PLANTED = """
def slopes(x):  # of x[0]**2 * x[1] + 3 * x[1]
    return [2 * x[0] * x[1], x[0] ** 2 + 3]


def explained(x, baseline, steps=400):
    sums = [0.0, 0.0]
    for k in range(steps):
        s = {s}
        here = [b + s * (a - b) for a, b in zip(x, baseline)]
        sums = [{add} for total, g in zip(sums, slopes(here))]
    return [{part} for total, a, b in zip(sums, x, baseline)]
"""
RIGHT = {"s": "(k + 0.5) / steps", "add": "total + g", "part": "total / steps * (a - b)"}

Exercise(
    "24.4",
    "Integrated gradients, with one wrong line: its parts do not add up to f(x) − f(baseline). Hand in its number and what it should be.",
    shows=pick(
        PLANTED.format(**(RIGHT | {"s": "1.0"})),
        PLANTED.format(**(RIGHT | {"add": "g"})),
        PLANTED.format(**(RIGHT | {"part": "total / steps * a"})),
    ),
    blanks={
        "line": repair(
            "explained",
            holds(
                "the parts must add up to f(x) − f(baseline)",
                complete,
                pick([1.0, 2.0], [0.5, 1.5], [2.0, -1.0]),
                pick([0.0, 0.0], [1.0, 0.5]),
            ),
        )
    },
    hints=[
        "Try the baseline (0, 0) and another one. Is it wrong for both?",
        "A mean of slopes along the way: which places are asked, and are all of them counted?",
        "The mean slope is multiplied by the way, from the baseline to x.",
    ],
)
