"""Does it take a network to read a digit?"""

import math

from micrograd.exercises import Exercise, decimal, function, holds, listed, number, pick, real, whole
from micrograd.nn import Conv2d
from micrograd.nn.shapes import flat


def places(n) -> float:
    """How many numbers the layer answers for one image."""
    return len(flat(layer(n)([[[0.0] * n.side for _ in range(n.side)]])))


def layer(n) -> Conv2d:
    """The layer asked about."""
    return Conv2d(1, n.c, n.k, stride=n.s)


Exercise(
    "37.1",
    "An image whose only inked pixel is {x}. The weight from it to the score of “three” is {w}, to the score of “eight” {u}; "
    "the truth is “three”. What gradients does −log p give the two weights, and the pixel?",
    numbers={"x": decimal(0.2, 0.9), "w": decimal(-1, 1), "u": decimal(-1, 1)},
    where="abs(w - u) > 0.25 and w != 0 and u != 0 and abs(w + u) > 0.05",
    program="t = w*x; e = u*x; L = log(exp(t) + exp(e)) - t",
    blanks={
        "dw": number("w.grad", digits=3, mistakes={"That is the slope of the score; the weight gets it times the pixel.": "t.grad"}),
        "du": number("u.grad", digits=3, mistakes={"That is the slope of the score; the weight gets it times the pixel.": "e.grad"}),
        "dx": number("x.grad", digits=3),
    },
    hints=[
        "First the two scores, then the two probabilities.",
        "Which number does cross-entropy send back to a score? And what does a product pass on to a weight, what to the pixel?",
        "Probability − truth for each score; times the pixel for a weight; the pixel hears of both scores, by their weights.",
    ],
)

Exercise(
    "37.2",
    "A layer of {c} windows of {k} × {k} weights, each with a bias, moved by {s} pixels at a time over one grey image of {side} × {side}, "
    "without a margin. How many numbers does it learn, and how many numbers does it answer for one image?",
    numbers={"side": pick(12, 16, 20, 28), "k": pick(3, 5), "s": pick(1, 2), "c": whole(4, 12)},
    blanks={
        "learned": number(
            lambda n: len(layer(n).parameters()),
            says="weights and biases",
            digits=6,
            mistakes={"Each window has a bias, too.": lambda n: len(layer(n).parameters()) - n.c},
        ),
        "answers": number(
            places,
            says="answers for one image",
            digits=6,
            mistakes={"That is one window's answers.": lambda n: places(n) / n.c},
        ),
    },
    hints=[
        "How many of these numbers depend on the size of the image?",
        "A window has one place for each position of its upper left corner: which is the last one that fits?",
        "Weights are shared between places, so places do not count for what is learned; for the answers they do, once for each window.",
    ],
)

Exercise(
    "37.3",
    "Remembering: write a function of (known, labels, image). `known` is a list of images (lists of numbers), `labels` says what each is; "
    "the answer is the label of the known image nearest to `image`, by the sum of squared differences.",
    blanks={
        "f": function(
            holds(
                "no known image may be nearer than the one whose label is given",
                lambda out, known, labels, image: (
                    out in labels and math.dist(known[labels.index(out)], image) <= min(math.dist(row, image) for row in known) + 1e-12
                ),
                listed(6, listed(4, real(0, 1))),
                list("abcdef"),
                listed(4, real(0, 1)),
            ),
            says="the function of (known, labels, image)",
        )
    },
    hints=[
        "What does one comparison of two images need?",
        "You want the place of the smallest distance, not the distance: what does Python's `min` compare when it is given a `key`?",
        "With the image itself among the known ones the distance is 0, and its own label must come out.",
    ],
)

Exercise(
    "37.4",
    "A network misreads {wrong} of {count} new digits. How large is the standard deviation that chance alone gives to such a "
    "percentage? (In percentage points.)",
    numbers={"wrong": whole(20, 90), "count": pick(500, 1000, 2000, 10000)},
    blanks={
        "points": number(
            lambda n: 100 * math.sqrt(n.wrong / n.count * (1 - n.wrong / n.count) / n.count),
            says="standard deviation, in points",
            digits=2,
            mistakes={
                "That is a fraction; a percentage point is a hundredth.": lambda n: math.sqrt(
                    n.wrong / n.count * (1 - n.wrong / n.count) / n.count
                ),
                "That is the deviation of one digit; the mean of many has less.": lambda n: (
                    100 * math.sqrt(n.wrong / n.count * (1 - n.wrong / n.count))
                ),
            },
        )
    },
    hints=[
        "Each digit is misread or not: a coin with the probability p = wrong / count.",
        "What is the variance of one such coin, and what becomes of it in the mean of many?",
        "Four times the digits halve it; it is largest at p = 1/2, and 0 where nothing is ever misread.",
    ],
)
