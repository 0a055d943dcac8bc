"""Likelihood."""

import math
from typing import Any

from micrograd import Value, losses
from micrograd.exercises import Exercise, equals, function, holds, listed, number, pick, real, repair, whole

Exercise(
    "08.1",
    "{h} heads and {t} tails were seen. By hand: the slope of −log likelihood at p = {p}, and the p that makes the tosses most probable.",
    numbers={"h": whole(2, 12), "t": whole(2, 12), "p": pick(0.2, 0.25, 0.4, 0.5, 0.8)},
    where="h != t and abs(h / (h + t) - p) > 0.05",
    program="nll = -(h*log(p) + t*log(1 - p))",
    blanks={
        "dp": number("p.grad", digits=3),
        "best": number(lambda n: n.h / (n.h + n.t), "the best p", digits=3),
    },
    hints=[
        "The likelihood is a product over the tosses. What does its logarithm look like?",
        "Which part of the sum falls when p grows, and which rises? The slope of log p is 1/p; what is that of log(1 − p)?",
        "At the best p both parts pull equally hard. Write that down and solve it for p.",
    ],
)


def _slopes(scores: Any, truth: int) -> Any:
    z = [Value(s) for s in scores]
    losses.cross_entropy(z, truth).backward()
    return [v.grad for v in z]


Exercise(
    "08.2",
    "Write `pull(scores, truth)`: the slopes of softmax cross-entropy by the four scores, as a list, in plain Python or NumPy, "
    "without the engine. It must stand scores of 900 and of −900.",
    blanks={
        "pull": function(
            equals(_slopes, listed(4, real(-3, 3)), whole(0, 3)),
            equals(_slopes, listed(4, real(-900, 900)), whole(0, 3)),
            says="pull(scores, truth)",
        )
    },
    hints=[
        "What is the slope at the true class, and what at each other one? They add up to 0.",
        "exp(900) is too large for a double. What may be taken from all scores without changing softmax?",
        "If the largest exponent is 0, the sum is at least 1 and at most 4, whatever the scores are.",
    ],
)


def _laplace(m: float, b: float, ys: Any) -> float:
    return float(sum(abs(y - m) / b + math.log(2 * b) for y in ys))


def _none_better(out: Any, ys: Any) -> bool:
    m, b = out
    here = _laplace(m, b, ys)
    near = [(m + d, b * s) for d in (-0.3, -0.01, 0.0, 0.01, 0.3) for s in (0.7, 0.99, 1.0, 1.01, 1.4)]
    return b > 0 and all(here <= _laplace(*other, ys) + 1e-12 for other in near)


Exercise(
    "08.3",
    "Seven numbers with Laplace noise: the density of y is exp(−abs(y − m)/b) / 2b. Write `most_probable(ys)`, which gives the "
    "list [m, b] that makes them most probable.",
    blanks={
        "most_probable": function(
            holds("no other m and b may make the numbers more probable", _none_better, listed(7, real(-5, 5))), says="most_probable(ys)"
        )
    },
    hints=[
        "Take −log, and add over the numbers. Which term has m in it, which b?",
        "The slope by m counts the numbers above and below m. When is that 0?",
        "With m found, the slope by b balances two terms: set it to 0, and b is an average of something.",
    ],
)


def mean_cost(scores, classes):
    """The library's mean −log p."""
    return losses.cross_entropy([[Value(z) for z in row] for row in scores], [int(k) for k in classes]).data


PLANTED = """
from math import exp, log


def loss(scores, classes):
    total = 0.0
    for row, k in zip(scores, classes):
        top = max(row)
        norm = {norm}
        total += {cost}
    return total / {n}
"""
RIGHT = {"norm": "top + log(sum(exp(z - top) for z in row))", "cost": "norm - row[k]", "n": "len(scores)"}

Exercise(
    "08.4",
    "The mean −log p of a batch, by the logarithm of a sum that does not overflow. One line is wrong. Hand in its number "
    'and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"norm": "log(sum(exp(z - top) for z in row))"})),
        PLANTED.format(**(RIGHT | {"cost": "row[k] - norm"})),
        PLANTED.format(**(RIGHT | {"n": "len(scores[0])"})),
    ),
    blanks={"line": repair("loss", equals(mean_cost, listed(4, listed(3, real(-3, 3))), listed(4, whole(0, 2))))},
    hints=[
        "Try one sample with the scores 0, 0, 0: its loss is log 3. Then two samples, then scores of 1, 1, 1.",
        "What is taken off inside the exponent must come back; −log p is positive; a mean is over the samples.",
        "−log p = log Σ exp z − z of the right class, for one sample; of those the mean.",
    ],
)
