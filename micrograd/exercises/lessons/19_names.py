"""Which letter comes next?"""

import math

from micrograd import functional
from micrograd.exercises import Exercise, equals, function, holds, listed, number, real, shaped, whole

Exercise(
    "19.1",
    "After the letter q, three letters were seen: u {u} times, i {i} times, a {a} times. By these counts alone: the loss −log p when a "
    "u comes, and the mean loss over all these letters?",
    numbers={"u": whole(10, 40), "i": whole(2, 8), "a": whole(2, 8)},
    where="i != a",
    blanks={
        "one": number(lambda n: -math.log(n.u / (n.u + n.i + n.a)), says="the loss when u comes", digits=3),
        "mean": number(
            lambda n: -sum(c * math.log(c / (n.u + n.i + n.a)) for c in (n.u, n.i, n.a)) / (n.u + n.i + n.a),
            says="the mean loss over all",
            digits=3,
            mistakes={
                "Each letter counts as often as it came.": lambda n: -sum(math.log(c / (n.u + n.i + n.a)) for c in (n.u, n.i, n.a)) / 3
            },
        ),
    },
    hints=[
        "What probability do the counts give to u?",
        "A mean over all letters that came: u comes more often than the others.",
        "The natural logarithm, as everywhere here; the mean lies between 0 and log 3.",
    ],
)

Exercise(
    "19.2",
    "A temperature t divides the scores before the softmax. Write `chances(scores, t)`: the probabilities, as plain floats.",
    blanks={
        "chances": function(
            equals(lambda scores, t: functional.softmax([s / t for s in scores]), listed(4, real(-3, 3)), real(0.3, 3)),
            holds("scores of 1000 do no harm", lambda p, scores, t: math.isclose(sum(p), 1), listed(3, real(900, 1000)), real(0.5, 2)),
            says="the function chances",
        )
    },
    hints=[
        "Divide first, then the softmax of lesson 11.",
        "exp(1000) is no double. Which number may be taken off all scores without changing the answer?",
        "With a very large t all probabilities become alike, with a very small one the highest takes all.",
    ],
)


def _unseen(matrix, scores):  # type: ignore[no-untyped-def]
    rows = [functional.softmax(row[: k + 1]) for k, row in enumerate(scores)]
    return all(
        math.isclose(a, b, abs_tol=1e-9)
        for ws, row in zip(matrix, rows, strict=True)
        for a, b in zip(ws, row + [0.0] * (len(ws) - len(row)), strict=True)
    )


Exercise(
    "19.3",
    "Attention in a GPT must not look at later letters. Write `causal(scores)`: from a square of scores (row: who asks; column: who "
    "answers) the weights, each row the softmax over the columns up to its own, and 0 in the later ones.",
    blanks={
        "causal": function(
            shaped((4, 4), listed(4, listed(4, real(-2, 2)))),
            holds("each row adds up to 1 up to its own column, and is 0 after it", _unseen, listed(4, listed(4, real(-2, 2)))),
            says="the function causal",
        )
    },
    hints=[
        "How many letters may the first one look at? The last?",
        "The softmax is of the scores that may be seen, not of all with some struck out afterwards.",
        "The first row is 1, 0, 0, 0, whatever the scores.",
    ],
)
