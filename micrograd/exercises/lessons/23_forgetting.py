"""Why does a network forget?"""

from micrograd import Value, losses
from micrograd.exercises import Exercise, decimal, function, holds, listed, number, pick, real, whole


def dot(p, q) -> float:
    """Σ p·q."""
    return float(sum(a * b for a, b in zip(p, q, strict=True)))


def old_slope(n) -> float:
    """By the engine."""
    a, b = Value(n.a), Value(n.b)
    losses.cross_entropy([a, b], 1).backward()
    return float(a.grad)


Exercise(
    "23.1",
    "A network with two outputs. The old answer has the score {a}, the new one {b}; only new images are shown, truth: the "
    "new answer. What gradients "
    "has −log p at the two scores, and where is the old score after a step of rate {eta} on the scores themselves?",
    numbers={"a": decimal(-1, 3), "b": decimal(-1, 3), "eta": decimal(0.1, 0.9)},
    where="abs(a - b) > 0.3 and a != 0",
    blanks={
        "da": number(old_slope, says="gradient of the old score", digits=3),
        "db": number(lambda n: -old_slope(n), says="gradient of the new score", digits=3),
        "next": number(
            lambda n: n.a - n.eta * old_slope(n),
            says="the old score after the step",
            digits=3,
            mistakes={"A step goes against the gradient.": lambda n: n.a + n.eta * old_slope(n)},
        ),
    },
    hints=[
        "Softmax of the two scores first.",
        "What is the truth of an answer that is never shown? And the slope of its score?",
        "Probability − truth: whoever is never right is pushed down in every step, by as much as it is still believed.",
    ],
)

Exercise(
    "23.2",
    "The gradient of the old loss is ({p}, {q}), that of the new one ({r}, {s}). One step of rate {eta} on the new loss: by "
    "how much does the "
    "*old* loss change, to first order?",
    numbers={
        "p": whole(-4, 4, but=(0,)),
        "q": whole(-4, 4, but=(0,)),
        "r": whole(-4, 4, but=(0,)),
        "s": whole(-4, 4, but=(0,)),
        "eta": decimal(0.1, 0.5),
    },
    where="abs(p*r + q*s) > 1",
    blanks={
        "change": number(
            lambda n: -n.eta * dot((n.p, n.q), (n.r, n.s)),
            says="change of the old loss",
            digits=3,
            mistakes={
                "That is the change of the new loss.": lambda n: -n.eta * dot((n.r, n.s), (n.r, n.s)),
                "The step goes against the new gradient.": lambda n: n.eta * dot((n.p, n.q), (n.r, n.s)),
            },
        )
    },
    hints=[
        "Where do the weights go? By how much does each of them move?",
        "What does a small move of the weights do to a loss whose gradient you know?",
        "The two gradients opposed: the old loss rises. Agreed: it falls.",
    ],
)

Exercise(
    "23.3",
    "Write a function of (scores, allowed): `scores` is a list, `allowed` a list of places in it; the answer is the allowed place with the "
    "highest score.",
    blanks={
        "f": function(
            holds(
                "the answer must be allowed, and no allowed one may have a higher score",
                lambda out, scores, allowed: out in allowed and all(scores[int(out)] >= scores[k] for k in allowed),
                listed(10, real(-5, 5)),
                pick([0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [3, 8], [7]),
                times=16,
            ),
            says="the function of (scores, allowed)",
        )
    },
    hints=[
        "Which scores may be looked at?",
        "You want a place, not a score: what does Python's `max` compare when it is given a `key`?",
        "A higher score at a place that is not allowed must change nothing.",
    ],
)
