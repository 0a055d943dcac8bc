"""What do you do before, and when, it does not learn?"""

from math import log

from micrograd.exercises import Exercise, below, decimal, function, line, listed, number, pick, real

Exercise(
    "09.1",
    "A network is to tell {K} classes apart, and has not learned anything. What should its first loss be (cross-entropy)? And what"
    " is the gradient of the score of the right class at that moment, prediction − truth?",
    numbers={"K": pick(3, 5, 7, 26, 100)},
    blanks={
        "loss": number(lambda n: log(n.K), says="the first loss", digits=3, mistakes={"That is to base 2.": lambda n: log(n.K, 2)}),
        "slope": number(
            lambda n: 1 / n.K - 1,
            says="its gradient by the right score",
            digits=3,
            mistakes={"That is what the other scores get.": lambda n: 1 / n.K},
        ),
    },
    hints=[
        "Who knows nothing gives each class the same probability. Which?",
        "Cross-entropy is −log of the probability of the right class.",
        "The gradient of a score is prediction minus truth; the truth of the right class is 1.",
    ],
)

LOOP = """
from random import Random

from micrograd import nn

model = nn.MLP(2, [4, 1], rng=Random(3))
inputs = [[0.5, -1.0], [1.0, 0.25], [-0.75, 0.5], [0.0, 1.0]]
targets = [1.0, -1.0, 1.0, -1.0]

for step in range(20):
    loss = sum((model(x) - y) ** 2 for x, y in zip(inputs, targets)) / 4
    {first}
    {second}
    for p in model.parameters():
        p.data {sign}= {rate} * p.grad
"""
RIGHT = {"first": "model.zero_grad()", "second": "loss.backward()", "sign": "-", "rate": "0.05"}
WRONG = [{"sign": "+"}, {"first": "loss.backward()", "second": "model.zero_grad()"}, {"rate": "50.0"}]

Exercise(
    "09.2",
    "20 samples by heart, and the loss does not go to 0. Which line is wrong? (Its number.)",
    shows=pick(*(LOOP.format(**{**RIGHT, **wrong}) for wrong in WRONG)),
    blanks={"at": line("loop")},
    hints=[
        "Say what each line of the loop is for, in the order in which they run.",
        "What is in p.grad when the update reads it? Which way, and how far, does the update go?",
        "A step goes down the gradient of this loss, by a small part of it.",
    ],
)

Exercise(
    "09.3",
    "The weights of a network have the length {w}, the first gradient has the length {g}. Which rate makes the first update of plain"
    " descent a thousandth of the weights?",
    numbers={"w": decimal(4.0, 30.0), "g": decimal(0.2, 3.0)},
    where="abs(w - g) > 1",
    blanks={
        "rate": number(
            lambda n: n.w / n.g / 1000,
            says="the rate",
            digits=3,
            mistakes={"Upside down.": lambda n: n.g / n.w / 1000, "That makes them equally long.": lambda n: n.w / n.g},
        )
    },
    hints=[
        "How long is the update of plain descent?",
        "Its length is the rate times that of the gradient. How long shall it be?",
        "Put your rate in: rate · g / w has to come out as 0.001.",
    ],
)


def _curve_error(weights: list[float], xs: list[float], ys: list[float]) -> float:
    a, b, c = (float(w) for w in weights)
    return sum((a * x * x + b * x + c - y) ** 2 for x, y in zip(xs, ys, strict=True)) / len(xs)


Exercise(
    "09.4",
    "Three points by heart. Write `learn(xs, ys)`, which finds by descent, from (0, 0, 0), the numbers [a, b, c] of a curve a·x² + b·x + c"
    " that misses three points by less than 0.01 in the mean of the squares, and gives them as plain numbers.",
    blanks={
        "learn": function(
            below(0.01, _curve_error, [-1.0, 0.0, 1.0], listed(3, real(-1, 1))),
            below(0.01, _curve_error, [-1.0, 0.5, 1.0], listed(3, real(-1, 1))),
            says="a function learn(xs, ys)",
        )
    },
    hints=[
        "Three Values, a loss, and the bare loop of the lesson.",
        "Which line sets the gradients to 0, and when? Which way does the step go?",
        "Print the loss: it has to fall in each of the first steps. If it grows, the rate is too large; if it creeps, more steps.",
    ],
)
