"""What brings forgotten answers back?"""

import statistics

from micrograd import Value, losses
from micrograd.exercises import Exercise, decimal, function, holds, listed, number, pick, real, slopes, whole


def stretched(w, home, force):
    """Half the sum of squares of what each spring is stretched by, its stiffness taken into the length."""
    return 0.5 * losses.l2([(a - b) * f**0.5 for a, b, f in zip(w, home, force, strict=True)])


def filled(out, new, kept, size) -> bool:
    """Whether a batch is one half of each, as near as can be."""
    return len(out) == size and sum(v in new for v in out) == size // 2 and sum(v in kept for v in out) == size - size // 2


def pull(n) -> float:
    """By the engine."""
    move = Value(n.move)
    force = statistics.fmean(x**2 for x in (n.p, n.q, n.r, n.s))
    (0.5 * n.strength * force * move**2).backward()
    return float(move.grad)


Exercise(
    "28.1",
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
    "28.2",
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

Exercise(
    "28.3",
    "Four images give one weight the slopes {p}, {q}, {r} and {s} of the old loss. How stiff is its spring in elastic weight "
    "consolidation, and what is the slope of the penalty (λ = {strength}) when the weight has moved by {move}?",
    numbers={
        "p": whole(-4, 4, but=(0,)),
        "q": whole(-4, 4, but=(0,)),
        "r": whole(-4, 4, but=(0,)),
        "s": whole(-4, 4, but=(0,)),
        "strength": pick(2, 5, 10),
        "move": decimal(0.1, 0.9),
    },
    where="abs(p + q + r + s) < 9 and abs(p) != abs(q)",
    blanks={
        "force": number(
            lambda n: statistics.fmean(x**2 for x in (n.p, n.q, n.r, n.s)),
            says="stiffness",
            digits=3,
            mistakes={
                "That is the square of the mean: at a minimum it is nearly 0.": lambda n: statistics.fmean((n.p, n.q, n.r, n.s)) ** 2
            },
        ),
        "slope": number(pull, says="slope of the penalty", digits=3),
    },
    hints=[
        "The stiffness is one number for each weight, made of one slope for each image.",
        "Mean of the squares, or square of the mean: which of them is nearly 0 where the old loss is least?",
        "The penalty is λ/2 · F · (distance)²; the half goes when you take the slope.",
    ],
)
