"""From a neuron to a network."""

from micrograd import losses, nn
from micrograd.exercises import Exercise, decimal, function, line, number, pick, real, slopes, whole

Exercise(
    "03.1",
    "A neuron with ReLU: w1 = {w1}, w2 = {w2}, bias {b}, inputs x1 = {x1}, x2 = {x2}. Its output, and w1.grad of the output?",
    numbers={"w1": decimal(-1, 2), "w2": decimal(-1, 2), "b": decimal(-1, 1), "x1": whole(2, 4), "x2": whole(-4, -2)},
    where="w1*x1 + w2*x2 + b > 0.3 and w1 not in (0, 1)",
    program="out = relu(w1*x1 + w2*x2 + b)",
    blanks={"out": number("out", "the output", digits=3), "dw1": number("w1.grad", digits=3)},
    hints=[
        "Three products and sums, then the bend: is the sum above 0?",
        "Where ReLU lets the sum through, how fast does the output move with the sum?",
        "In the product w1·x1 each factor is scaled by the other one.",
    ],
)

Exercise(
    "03.2",
    "How many parameters has `MLP({n}, [{h1}, {h2}, 1])`?",
    numbers={"n": whole(2, 9), "h1": whole(3, 20), "h2": whole(3, 20)},
    where="n != h1 and h1 != h2",
    blanks={
        "count": number(
            lambda n: len(nn.MLP(n.n, [n.h1, n.h2, 1]).parameters()),
            "parameters",
            digits=6,
            mistakes={
                "The biases are missing: each neuron has one.": lambda n: n.n * n.h1 + n.h1 * n.h2 + n.h2,
                "That is the number of neurons.": lambda n: n.h1 + n.h2 + 1,
            },
        )
    },
    hints=[
        "Count layer by layer: how many neurons, and how many numbers does each of them keep?",
        "A neuron has a weight for each input, and one number more.",
        "The inputs of a layer are the neurons of the one before.",
    ],
)

Exercise(
    "03.3",
    "Write `cost(score, c)`: what one point of class c (+1 or −1) costs by the max-margin loss of this lesson, as a Value.",
    blanks={
        "cost": function(
            slopes(lambda s, c: losses.hinge([s], [c], reduction="none")[0], real(-3, 3), 1),
            slopes(lambda s, c: losses.hinge([s], [c], reduction="none")[0], real(-3, 3), -1),
        )
    },
    hints=[
        "A point on its own side by a margin of 1 costs nothing: when is that, in terms of c times the score?",
        "What is missing to the margin is the cost, and never less than 0. Which operation of a Value cuts off below 0?",
        "At score 0 it costs 1, at a score of c it costs 0, at −c it costs 2.",
    ],
)

LOOP = """
import random

from micrograd.nn import MLP

model = MLP(2, [3, 1], activation="tanh", rng=random.Random(1))
points = [([1.0, 0.0], 1.0), ([0.0, 1.0], -1.0), ([1.0, 1.0], 0.5)]
for step in range(12):
    loss = sum((model(x) - y) ** 2 for x, y in points)
{middle}
    for p in model.parameters():
        {update}
"""
RIGHT = "    model.zero_grad()\n    loss.backward()"

Exercise(
    "03.4",
    "This loop does not train. Which line is wrong? (Its number.)",
    shows=pick(
        LOOP.format(middle=RIGHT, update="p.data += 0.05 * p.grad"),
        LOOP.format(middle="    loss.backward()\n    model.zero_grad()", update="p.data -= 0.05 * p.grad"),
        LOOP.format(middle=RIGHT, update="p = p.data - 0.05 * p.grad"),
    ),
    blanks={"at": line("loop")},
    hints=[
        "Print the loss of each step: does it rise, or stay as it is?",
        "Learning repeats forward, backward, a step against the gradient. Is each of them there, in that order?",
        "A step changes the number inside of a parameter, and reads a gradient that is not 0.",
    ],
)
