"""Why did the network answer so?"""

from micrograd import explain
from micrograd.exercises import Exercise, choice, decimal, equals, function, listed, number, real


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
