"""Why does a network forget, and what brings it back?"""

from micrograd import Value, losses
from micrograd.exercises import Exercise, decimal, function, holds, listed, number, real, slopes, whole


def dot(p, q) -> float:
    """Σ p·q."""
    return float(sum(a * b for a, b in zip(p, q, strict=True)))


def old_slope(n) -> float:
    """By the engine."""
    a, b = Value(n.a), Value(n.b)
    losses.cross_entropy([a, b], 1).backward()
    return float(a.grad)


def stretched(w, home, force):
    """Half the sum of squares of what each spring is stretched by, its stiffness taken into the length."""
    return 0.5 * losses.l2([(a - b) * f**0.5 for a, b, f in zip(w, home, force, strict=True)])


def filled(out, new, kept, size) -> bool:
    """Whether a batch is one half of each, as near as can be."""
    return len(out) == size and sum(v in new for v in out) == size // 2 and sum(v in kept for v in out) == size - size // 2


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
    "Springs: write a function of (w, home, force), three lists: half the sum of force times squared distance from home. It "
    "is called with Values in w and "
    "walked back from.",
    blanks={
        "f": function(
            slopes(stretched, listed(3, real(-2, 2)), listed(3, real(-2, 2)), listed(3, real(0.1, 3))),
            says="the function of (w, home, force)",
        )
    },
    hints=[
        "What is the penalty of a single weight?",
        "Its slope should be force × distance: is the half in its place?",
        "At home there is neither penalty nor slope, however stiff the spring.",
    ],
)

Exercise(
    "23.4",
    "Replay: write a function of (new, kept, size) that gives a list of `size` things, half of it (rounded down) out of "
    "`new`, the rest out of `kept`. "
    "Either may have fewer things than are needed: then some come more than once.",
    blanks={
        "f": function(
            holds(
                "half must be new, the rest kept",
                filled,
                ["n1", "n2", "n3"],
                ["k1", "k2"],
                whole(2, 16),
            ),
            says="the function of (new, kept, size)",
        )
    },
    hints=[
        "How many of each?",
        "What does `random.sample` do when more are asked for than there are, and what does `random.choices` do?",
        "With size 5 there are two new ones and three kept ones.",
    ],
)
