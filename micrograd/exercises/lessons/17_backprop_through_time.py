"""Backpropagation through time."""

import math

from micrograd import ops
from micrograd.exercises import Exercise, decimal, function, number, pick, real, slopes, whole

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
