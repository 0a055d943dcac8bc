"""Two hidden layers by hand."""

from typing import Any

from micrograd import Value
from micrograd.exercises import Exercise, equals, function, listed, number, pick, real, repair, whole

Exercise(
    "10.1",
    "One hidden neuron: z = w·x + b, a = σ(z), y = v·a, L = ½(y − t)², with w = {w}, x = {x}, b = {b}, v = {v}, t = {t}. By "
    "hand: δ of the "
    "hidden neuron (that is z.grad), and the gradients of w and v.",
    numbers={
        "w": whole(-2, 2, but=(0,)),
        "x": whole(-3, 3, but=(0, 1, -1)),
        "b": whole(-1, 1),
        "v": whole(-4, 4, but=(0,)),
        "t": whole(1, 5),
    },
    where="abs(w*x + b) < 4",
    program="z = w*x + b; a = sigmoid(z); y = v*a; L = 0.5*(y - t)**2",
    blanks={
        "delta": number("z.grad", says="δ of the hidden neuron", digits=3, mistakes={"σ′ is missing: that is the gradient of a": "a.grad"}),
        "dw": number("w.grad", digits=3),
        "dv": number("v.grad", digits=3),
    },
    hints=[
        "Begin at the output: δ there is y − t. Which weight leads back to the hidden neuron?",
        "What arrives at a is multiplied by the slope of the sigmoid, which can be written with a alone, and is then δ.",
        "A weight's gradient is δ at its end times the number at its start.",
    ],
)


def _lower(W: Any, delta: Any, z: Any) -> Any:
    """δ of a layer of ReLU neurons below one with weights W, as the engine has it."""
    zs = [Value(v) for v in z]
    a = [v.relu() for v in zs]
    total = sum((d * w * x for row, d in zip(W, delta, strict=True) for w, x in zip(row, a, strict=True)), Value(0.0))
    total.backward()
    return [v.grad for v in zs]


Exercise(
    "10.2",
    "The same with ReLU instead of σ. Write `below(W, delta, z)`: the list of δ of a layer of 4 ReLU neurons with the sums z, "
    "when the layer above has "
    "3 neurons with weights W (a row for each) and the given δ.",
    blanks={
        "below": function(
            equals(_lower, listed(3, listed(4, real(-2, 2))), listed(3, real(-2, 2)), listed(4, real(-1, 1))), says="below(W, delta, z)"
        )
    },
    hints=[
        "Which line of the lesson's backward pass has σ′ in it? Only that factor changes.",
        "A hidden neuron hears from all neurons that it feeds: those are the numbers of a column of W.",
        "The slope of ReLU is 1 where the neuron is on. What does a neuron that is off hear?",
    ],
)

CODE = """
def gradients(W1, W2, x, t):
    # 2 inputs, 2 hidden sigmoid neurons, 1 linear output, no biases; L = (y - t)**2 / 2
    z = [W1[i][0] * x[0] + W1[i][1] * x[1] for i in (0, 1)]
    a = [1 / (1 + exp(-v)) for v in z]
    y = W2[0] * a[0] + W2[1] * a[1]
    d2 = {top}
    d1 = [d2 * W2[i] * {slope} for i in (0, 1)]
    g2 = [d2 * {end} for i in (0, 1)]
    g1 = [[d1[{row}] * x[{col}] for j in (0, 1)] for i in (0, 1)]
    return [g1, g2]
"""
GOOD = {"top": "y - t", "slope": "a[i] * (1 - a[i])", "end": "a[i]", "row": "i", "col": "j"}
BAD = [{"slope": "z[i] * (1 - z[i])"}, {"end": "z[i]"}, {"row": "j", "col": "i"}, {"top": "(y - t) ** 2"}]


def _two_layers(W1: Any, W2: Any, x: Any, t: float) -> Any:
    w1, w2 = [[Value(v) for v in row] for row in W1], [Value(v) for v in W2]
    a = [(row[0] * x[0] + row[1] * x[1]).sigmoid() for row in w1]
    ((w2[0] * a[0] + w2[1] * a[1] - t) ** 2 / 2).backward()
    return [[[v.grad for v in row] for row in w1], [v.grad for v in w2]]


Exercise(
    "10.3",
    "One line of this backward pass is wrong. Hand in its number and the right line.",
    shows=pick(*("from math import exp\n" + CODE.format(**{**GOOD, **bad}) for bad in BAD)),
    blanks={
        "fixed": repair(
            "gradients", equals(_two_layers, listed(2, listed(2, real(-2, 2))), listed(2, real(-2, 2)), listed(2, real(-2, 2)), real(-1, 1))
        )
    },
    hints=[
        "Take the lines one by one, from the output down, and say in words what each should be.",
        "The slope of the sigmoid is written with its output; a weight's gradient has the output of the neuron that it comes from.",
        "W1[i][j] leads to neuron i from input j. Do the indices of its gradient say the same?",
    ],
)
