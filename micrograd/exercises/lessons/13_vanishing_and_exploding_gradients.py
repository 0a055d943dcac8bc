"""Vanishing and exploding gradients."""

from typing import Any

from micrograd import Value, optim
from micrograd.exercises import Exercise, equals, function, holds, listed, number, pick, real, repair, whole

Exercise(
    "13.1",
    "A chain of {n} layers, one neuron each. How large is ∂last/∂first if every layer is a ← w·a with w = {w}? And if every "
    "layer is a ← σ(w·a + b) that always "
    "stands at ½, with the same w?",
    numbers={"n": whole(5, 30), "w": pick(0.5, 0.8, 0.9, 1.1, 1.2, 1.5)},
    blanks={
        "linear": number(lambda n: n.w**n.n, "of the linear chain", digits=3),
        "sigmoid": number(
            lambda n: (n.w / 4) ** n.n, "of the sigmoid chain", digits=3, mistakes={"σ′(0) is ¼, not ½": lambda n: (n.w / 2) ** n.n}
        ),
    },
    hints=[
        "By the chain rule: a product of how many slopes, each how large?",
        "What is the slope of σ where σ is ½?",
        "In each layer weight and slope are multiplied.",
    ],
)


def _keeps(out: Any, fan_in: int, fan_out: int, seed: int) -> bool:
    """Whether inputs of mean square 1 get outputs of mean square near 1, and ReLU's half of them again near 1 or near ½."""
    if len(out) != fan_out or any(len(row) != fan_in for row in out):
        return False
    flat = [w for row in out for w in row]
    mean = sum(flat) / len(flat)
    square = sum(w * w for w in flat) / len(flat) * fan_in
    return abs(mean) < 0.2 / fan_in**0.5 and abs(square - 2.0) < 0.4 and len(set(flat)) > len(flat) // 2


Exercise(
    "13.2",
    "Write `start(inputs, neurons, seed)`: random weights for a layer of ReLU neurons, as a list with a row for each neuron, so "
    "large that the mean square of what "
    "leaves the layer is that of what comes in, however many inputs there are.",
    blanks={
        "start": function(
            holds(
                "the weights must be random, with mean 0, and neither too small nor too large",
                _keeps,
                pick(50, 100, 200),
                pick(40, 80),
                whole(0, 10**6),
            ),
            says="start(inputs, neurons, seed)",
        )
    },
    hints=[
        "The sum of n products of size 1 has which size? So how large may each weight be?",
        "ReLU silences about half of the sums. What does that do to the mean square?",
        "The lesson names both: one for tanh, and one with a factor for ReLU.",
    ],
)


def _clipped(grads: Any, limit: float) -> Any:
    params = [Value(0.0) for _ in grads]
    for p, g in zip(params, grads, strict=True):
        p.grad = g
    optim.clip_norm(params, limit)
    return [p.grad for p in params]


Exercise(
    "13.3",
    "Write `clip(gradients, limit)`: the gradients with their direction kept and their common length held to the limit; what is "
    "shorter stays as it is.",
    blanks={
        "clip": function(
            equals(_clipped, listed(5, real(-3, 3)), real(0.5, 3)),
            equals(_clipped, listed(5, real(-0.1, 0.1)), real(1, 3)),
            says="clip(gradients, limit)",
        )
    },
    hints=[
        "The length is that of all of them together, not of each.",
        "To keep the direction, all must be multiplied by the same number. Which, if the result shall have the limit as its length?",
        "That number is never above 1.",
    ],
)


def through(w, layers, x):
    """The slope of the last h by the input, by the engine."""
    start = h = Value(x)
    for _ in range(int(layers)):
        h = (w * h).tanh()
    h.backward()
    return start.grad


PLANTED = """
from math import tanh


def left(w, layers, h):  # the slope of the last h by the first
    slope = {start}
    for _ in range(layers):
        h = tanh(w * h)
        slope {join} {local}
    return slope
"""
RIGHT = {"start": "1.0", "join": "*=", "local": "w * (1 - h * h)"}

Exercise(
    "13.4",
    'What is left of a gradient after so many layers h = tanh(w·h)? One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"start": "0.0"})),
        PLANTED.format(**(RIGHT | {"join": "="})),
        PLANTED.format(**(RIGHT | {"local": "1 - h * h"})),
        PLANTED.format(**(RIGHT | {"local": "w * (1 - h)"})),
    ),
    blanks={"line": repair("left", equals(through, real(0.5, 2), whole(2, 6), real(0.3, 1)))},
    hints=[
        "One layer first: compare with the engine. Then none at all: how fast does h move with itself? Then two.",
        "A layer's slope has two factors: of the weight, and of the tanh. And what is done with the slopes of all layers?",
        "The slopes of all layers are multiplied, beginning at 1.",
    ],
)
