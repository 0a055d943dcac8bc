"""Is this signature genuine?"""

from micrograd import metrics
from micrograd.exercises import Exercise, equals, function, listed, number, real, whole


def genuine(n):
    """Their scores."""
    return n.a, n.b, n.c, n.d, n.e


def forged(n):
    """Their scores."""
    return n.p, n.q, n.r, n.s, n.u


Exercise(
    "21.1",
    "Scores of five genuine signatures: {a}, {b}, {c}, {d}, {e}. Of five forged ones: {p}, {q}, {r}, {s}, {u}. Whoever reaches {t} is"
    " accepted. "
    "Which part of the forgeries is accepted, which part of the genuine ones rejected?",
    numbers={
        "a": whole(6, 9), "d": whole(2, 5), "b": whole(5, 9), "e": whole(4, 7), "c": whole(6, 9),
        "p": whole(1, 4), "s": whole(4, 6), "q": whole(1, 4), "u": whole(6, 8), "r": whole(1, 5), "t": whole(5, 6),
    },
    where="e == t or b == t or s == t",
    blanks={
        "accepted": number(
            lambda n: sum(x >= n.t for x in forged(n)) / 5,
            "forgeries accepted",
            mistakes={
                "Who reaches the threshold is accepted too.": lambda n: sum(x > n.t for x in forged(n)) / 5,
                "That is the part that is rejected.": lambda n: sum(x < n.t for x in forged(n)) / 5,
            },
        ),
        "rejected": number(
            lambda n: sum(x < n.t for x in genuine(n)) / 5,
            "genuine ones rejected",
            mistakes={
                "Who reaches the threshold is accepted.": lambda n: sum(x <= n.t for x in genuine(n)) / 5,
                "That is the part that is accepted.": lambda n: sum(x >= n.t for x in genuine(n)) / 5,
            },
        ),
    },
    hints=[
        "Two questions, two groups: each is asked of its own five.",
        "Is a score that equals the threshold accepted?",
        "A part of the forgeries that reach it; a part of the genuine ones that do not.",
    ],
)  # fmt: skip

Exercise(
    "21.2",
    "The area under the ROC curve without the curve: write a function of (scores, truth) that gives how often a genuine one (truth 1)"
    " has a higher score than a forged one (truth 0), over all "
    "such pairs; a tie counts half.",
    blanks={
        "f": function(
            equals(metrics.auc, listed(8, real(0, 1)), [1, 0, 1, 1, 0, 0, 1, 0]),
            equals(metrics.auc, listed(6, whole(1, 3)), [1, 1, 0, 0, 1, 0]),
            says="the function of (scores, truth)",
        )
    },
    hints=[
        "How many pairs of a genuine and a forged one are there?",
        "What does each pair count: won, lost, tied?",
        "The area is a mean over all pairs.",
    ],
)

Exercise(
    "21.3",
    "The smallest siamese network: each signature is one number, x = {x} and z = {z}, and both go through the same weight w = {w}. "
    "The score is d² with d = w·x − w·z. What does the first copy of w alone send back, and what is w.grad?",
    numbers={"x": whole(-5, 5, but=(0,)), "z": whole(-5, 5, but=(0,)), "w": whole(1, 4)},
    where="x != z and x != -z and x != 2*z and 2*x != z",
    program="d = w*x - w*z; L = d**2",
    blanks={
        "first": number("d.grad*x", "what the first copy sends"),
        "dw": number("w.grad", "w.grad", mistakes={"That is the first copy alone; the second sends something too.": "d.grad*x"}),
    },
    hints=[
        "Give each use of w a name of its own: w₁ and w₂. What does each of the two get?",
        "What does the square send to d, and d to each of the two products? Mind the sign of the second.",
        "A shared weight gets the sum of what its copies get.",
    ],
)
