"""Must errors go back through the same weights?"""

import math

from micrograd import Value
from micrograd.exercises import Exercise, choice, decimal, equals, function, holds, listed, number, pick, real, repair


def sent(n, back: float) -> float:
    """What reaches the sum of the hidden neuron when the error goes back through `back`."""
    z = Value(n.w * n.x)
    hidden = z.tanh()
    error = n.v * hidden.data - n.t
    (back * hidden).backward()
    return error * z.grad


def dot(p, q) -> float:
    """Σ p·q."""
    return float(sum(a * b for a, b in zip(p, q, strict=True)))


def forward(n, name: str) -> bool:
    """Whether a step against this direction goes downhill, for the gradient (a, b)."""
    a, b = n.a, n.b
    turned = {degrees: math.radians(degrees) for degrees in (100, 180, 120)}
    ways = {
        f"the gradient, turned by {d}°": (a * math.cos(r) - b * math.sin(r), a * math.sin(r) + b * math.cos(r)) for d, r in turned.items()
    }
    ways["of each component the sign alone"] = (math.copysign(1, a), math.copysign(1, b))
    return ways[name][0] * a + ways[name][1] * b > 1e-12


WAYS = ["the gradient, turned by 100°", "the gradient, turned by 180°", "the gradient, turned by 120°", "of each component the sign alone"]

Exercise(
    "25.1",
    "One hidden neuron: h = tanh({w}·x) at x = {x}, output y = {v}·h, loss ½(y − t)² with t = {t}. What is the error signal "
    "δ of the hidden "
    "neuron by backpropagation, and what by feedback alignment with B = {b}?",
    numbers={name: decimal(-1.5, 1.5) for name in "wxvtb"},
    where="abs(w*x) > 0.2 and abs(v) > 0.3 and abs(b) > 0.2 and abs(b - v) > 0.25 and abs(v*w*x - t) > 0.6",
    blanks={
        "back": number(lambda n: sent(n, n.v), says="δ by backpropagation", digits=3),
        "aligned": number(
            lambda n: sent(n, n.b),
            says="δ by feedback alignment",
            digits=3,
            mistakes={"That went back through the forward weight.": lambda n: sent(n, n.v)},
        ),
    },
    hints=[
        "First forward: h, y, and the error y − t.",
        "Which single factor is another one in feedback alignment? Which factors stay?",
        "The slope of tanh belongs to the neuron, not to the weight: both ways have it.",
    ],
)

Exercise(
    "25.2",
    "Write a function of (a, b): the angle between two lists of numbers, taken as vectors, in degrees.",
    blanks={
        "f": function(
            holds(
                "|a|·|b|·cos(angle) must be a·b",
                lambda out, a, b: abs(math.hypot(*a) * math.hypot(*b) * math.cos(math.radians(out)) - dot(a, b)) < 1e-6,
                listed(4, real(-1, 1)),
                listed(4, real(-1, 1)),
            ),
            holds(
                "angles lie between 0 and 180",
                lambda out, a, b: 0 <= out <= 180,
                listed(4, real(-1, 1)),
                listed(4, real(-1, 1)),
            ),
            holds("a right angle has 90", lambda out, a, b: abs(out - 90) < 1e-6, [1.0, 0.0], [0.0, 5.0]),
            says="the function of (a, b)",
        )
    },
    hints=[
        "Which number of two vectors is 0 when they are at right angles?",
        "That number grows with both lengths, an angle does not. And `math` gives angles in which unit?",
        "The cosine of the angle is the dot product, divided by both lengths.",
    ],
)

Exercise(
    "25.3",
    "The gradient is ({a}, {b}). Which of these directions d still makes the loss fall, for a small enough step −η·d?",
    numbers={"a": decimal(0.2, 2), "b": decimal(-2, -0.2)},
    blanks={"at": choice(WAYS, right=forward, says="the letter")},
    hints=[
        "To first order the loss changes by −η times a dot product. Of which two?",
        "For which angles is a dot product positive?",
        "Learning needs an angle below 90° to the gradient, no more.",
    ],
)


def transposed(W, d):
    """Wᵀ·d."""
    return [math.fsum(W[i][j] * d[i] for i in range(len(d))) for j in range(len(W[0]))]


PLANTED = """
def back(W, d):  # W[i][j] is the weight to neuron i from neuron j
    heard = {start}
    for i in range(len(W)):
        for j in range(len(W[0])):
            heard[{to}] {join} {what}
    return heard
"""
RIGHT = {"start": "[0.0] * len(W[0])", "to": "j", "join": "+=", "what": "W[i][j] * d[i]"}

Exercise(
    "25.4",
    "The errors d of a layer, sent back through the weights that the signal came by. One line is wrong. Hand in its number and what it "
    "should be.",
    shows=pick(
        PLANTED.format(**(RIGHT | {"join": "="})),
        PLANTED.format(**(RIGHT | {"what": "W[i][j] * d[j]"})),
        PLANTED.format(**(RIGHT | {"to": "i"})),
    ),
    blanks={"line": repair("back", equals(transposed, listed(3, listed(3, real(-1, 1))), listed(3, real(-1, 1))))},
    hints=[
        "Who hears? The neurons j that the signal came from.",
        "What does neuron j hear from neuron i, and what if several speak?",
        "The error of i goes back along the weight to i from j, to j, and is added.",
    ],
)
