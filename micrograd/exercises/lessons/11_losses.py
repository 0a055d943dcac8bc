"""Losses."""

from math import exp, log

from micrograd import Value, losses
from micrograd.exercises import Exercise, equals, function, listed, number, pick, real, repair, slopes, whole

Exercise(
    "11.1",
    "Five wages: {a}, {b}, {c}, {d} and the director's {e}. Which one guess for all of them is best by squared error, and which "
    "by absolute error?",
    numbers={"a": whole(1, 9), "b": whole(1, 9), "c": whole(1, 9), "d": whole(1, 9), "e": whole(40, 90)},
    where="a + b + c + d + e != 5*a and a + b + c + d + e != 5*b and a + b + c + d + e != 5*c and a + b + c + d + e != 5*d",
    blanks={
        "squared": number(
            lambda n: (n.a + n.b + n.c + n.d + n.e) / 5,
            "the guess by squared error",
            mistakes={"that is the best by absolute error": lambda n: sorted((n.a, n.b, n.c, n.d, n.e))[2]},
        ),
        "absolute": number(
            lambda n: sorted((n.a, n.b, n.c, n.d, n.e))[2],
            "the guess by absolute error",
            mistakes={"that is the best by squared error": lambda n: (n.a + n.b + n.c + n.d + n.e) / 5},
        ),
    },
    hints=[
        "The slope of the loss by the guess must be 0. What is the slope of one squared error, of one absolute error?",
        "Squared errors pull in proportion to their size; absolute ones all pull alike. When do the pulls from above and below balance?",
        "One of the two does not care how much the director has, as long as it is the most.",
    ],
)


def _p(z: float) -> float:
    return 1 / (1 + exp(-z))


Exercise(
    "11.2",
    "The truth is class 1, and the network's score is z = {z}. The slope of the loss by z, for cross-entropy −log σ(z) and for "
    "the squared error "
    "(σ(z) − 1)². And the loss, −log p, of a network that knows nothing about {K} classes.",
    numbers={"z": pick(-4, -3, -2, -1, 1, 2, 3), "K": whole(3, 50)},
    program="L = -log(sigmoid(z))",
    blanks={
        "cross": number("z.grad", says="the slope of cross-entropy", digits=3),
        "squared": number(lambda n: 2 * _p(n.z) * (_p(n.z) - 1) * (1 - _p(n.z)), "the slope of the squared error", digits=3),
        "first": number(lambda n: log(n.K), "the loss of knowing nothing", digits=3),
    },
    hints=[
        "One of the two slopes is a difference of two probabilities. The other has two factors more.",
        "The chain rule through σ gives p·(1 − p); the logarithm's 1/p takes some of it away again.",
        "Who knows nothing gives every class the same probability. What is −log of that?",
    ],
)


Exercise(
    "11.3",
    "Write `huber(e)` for a Value e: e²/2 where e lies from −1 to 1, and beyond it abs(e) − ½. It must give the right slope by "
    "`backward()`.",
    blanks={"huber": function(slopes(lambda e: losses.huber(e, 0.0), real(-3, 3)), says="huber(e)")},
    hints=[
        "Where do the two pieces meet, and do they have the same value and slope there?",
        "Value has abs, minimum, maximum and relu; micrograd.where chooses between two Values.",
        "With m the smaller one of abs(e) and 1, both pieces are one formula in m and abs(e).",
    ],
)


def by_engine(w, b, xs, ys):
    """The gradients of the mean squared error."""
    w, b = Value(w), Value(b)
    losses.mse([w * x + b for x in xs], ys).backward()
    return [w.grad, b.grad]


PLANTED = """
def slopes(w, b, xs, ys):  # of the mean of (w*x + b - y)**2, by w and by b
    dw = db = 0.0
    for x, y in zip(xs, ys):
        off = w * x + b - y
        dw += {dw}
        db += {db}
    return [{out}]
"""
RIGHT = {"dw": "2 * off * x", "db": "2 * off", "out": "dw / len(xs), db / len(xs)"}

Exercise(
    "11.4",
    'The slopes of a line\'s mean squared error, by hand. One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"dw": "2 * off"})),
        PLANTED.format(**(RIGHT | {"db": "off"})),
        PLANTED.format(**(RIGHT | {"out": "dw, db"})),
    ),
    blanks={"line": repair("slopes", equals(by_engine, real(-2, 2), real(-2, 2), listed(4, real(-2, 2)), listed(4, real(-2, 2))))},
    hints=[
        "Take a single pair and compare with the engine; then the same pair twice.",
        "A square sends 2 times what is squared; what does the product w·x send to w? And is the loss a sum or a mean?",
        "The slopes of the same data twice over are the same slopes.",
    ],
)
