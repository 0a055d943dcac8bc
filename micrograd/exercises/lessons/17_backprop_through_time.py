"""Backpropagation through time."""

import math

from micrograd import Value, ops
from micrograd.exercises import Exercise, decimal, equals, function, listed, number, pick, real, repair, slopes, whole

Exercise(
    "17.1",
    "A plain recurrence of three steps without input: h1 = tanh(w·h0), h2 = tanh(w·h1), h3 = tanh(w·h2), with h0 = {h0} and w = {w}. "
    "What is the slope of h3 by h0, and what is w.grad, which collects from all three uses?",
    numbers={"h0": decimal(0.3, 0.9, 1), "w": pick(0.5, 0.8, 1.2, 1.5)},
    program="h1 = tanh(w*h0); h2 = tanh(w*h1); h3 = tanh(w*h2)",
    blanks={"dh0": number("h0.grad", digits=3), "dw": number("w.grad", digits=3)},
    hints=[
        "Each step back multiplies by the same kind of factor. Which, at the first step, at the second, at the third?",
        "The slope of tanh can be written with its result: 1 − h². w is used at every step, and each use sends its own share.",
        "The share of a use is what arrives at that step, times the slope there, times the state that w was multiplied with.",
    ],
)

Exercise(
    "17.2",
    "One step back keeps on average {k} of a gradient. What is left of it after {steps} steps? And how much must a step keep for "
    "{part} to be left?",
    numbers={"k": pick(0.4, 0.6, 0.8, 0.9), "steps": whole(20, 40), "part": pick(0.5, 0.1, 0.01)},
    blanks={
        "left": number(
            lambda n: n.k**n.steps,
            says="the part left",
            digits=2,
            mistakes={"The factors multiply; they do not add up.": lambda n: n.k * n.steps},
        ),
        "keep": number(
            lambda n: math.exp(math.log(n.part) / n.steps),
            says="what a step must keep",
            digits=3,
            mistakes={"That is shared out by adding: the factors multiply.": lambda n: 1 - (1 - n.part) / n.steps},
        ),
    },
    hints=[
        "How many factors are there, and what is done with them?",
        "For the second, turn the first question round: which number, multiplied with itself so many times, gives the part?",
        "Logarithms make the product a sum: log of the part, shared out over the steps.",
    ],
)


def _cell(c, f, i, g):  # type: ignore[no-untyped-def]
    return ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)


Exercise(
    "17.3",
    "Write `cell(c, f, i, g)`: the new content of an LSTM's cell, from its old content c and what enters the forget gate, the input "
    "gate and the candidate. It gets Values and gives one, and its slopes are looked at too.",
    blanks={"cell": function(slopes(_cell, *[real(-2, 2)] * 4), says="the function cell")},
    hints=[
        "Two terms: what is kept, and what is added.",
        "A gate lies between 0 and 1, a candidate between −1 and 1. Which functions have these ranges?",
        "With f very large and i very small (negative) the content must stay as it is, and its slope be 1.",
    ],
)


def unrolled(w, xs):
    """The slope of the last state by w, by the engine."""
    w, h = Value(w), Value(0.0)
    for x in xs:
        h = (w * h + x).tanh()
    h.backward()
    return w.grad


PLANTED = """
from math import tanh


def slope(w, xs):
    h = dh = 0.0  # the state, and its slope by w
    for x in xs:
        new = tanh(w * h + x)
        dh = {outer} * ({inner})
        h = new
    return dh
"""
RIGHT = {"outer": "(1 - new * new)", "inner": "h + w * dh"}

Exercise(
    "17.4",
    "The slope of the last state by the recurrent weight w, carried along with the states: h = tanh(w·h + x) for each x, "
    'from h = 0. One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"inner": "h"})),
        PLANTED.format(**(RIGHT | {"inner": "h + dh"})),
        PLANTED.format(**(RIGHT | {"inner": "new + w * dh"})),
        PLANTED.format(**(RIGHT | {"outer": "(1 - h * h)"})),
    ),
    blanks={"line": repair("slope", equals(unrolled, real(-1, 1), listed(4, real(-1, 1))))},
    hints=[
        "With two inputs the state before is tanh of the first: compare with the engine. Then with three.",
        "w·h is a product of two things that both move with w. And at which state is the slope of tanh taken?",
        "w is used at every step: what it did before comes along, through the state and times w.",
    ],
)
