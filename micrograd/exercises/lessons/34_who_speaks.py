"""Who is speaking?"""

import math

from micrograd.exercises import Exercise, function, holds, listed, number, real, whole

MEANS = "That is what the mean gets, not one of its frames."


def softmax(*scores):
    """The largest part."""
    top = max(scores)
    return 1 / sum(math.exp(s - top) for s in scores)


Exercise(
    "34.1",
    "Three frames vote for speaker A with scores {a1}, {a2} and {a3}, and for B with 0, 0 and 0. The scores of the recording are the "
    "means over the frames. A spoke. How probable is A by softmax, "
    "and what gradient does the cross-entropy give the vote {a2} for A, and the second vote for B?",
    numbers={"a1": whole(-3, 5, but=(0,)), "a2": whole(-3, 5, but=(0,)), "a3": whole(-3, 5, but=(0,)), "b2": whole(0, 0)},
    where="a1 != a2 and a2 != a3 and a1 + a2 + a3 != 0 and abs(a1 + a2 + a3) < 9",
    program="A = (a1 + a2 + a3)/3; B = b2/3; P = exp(A)/(exp(A) + exp(B)); L = -log(P)",
    blanks={
        "p": number("P", "the probability of A", digits=3),
        "da": number("a2.grad", "gradient of A's second vote", digits=3, mistakes={MEANS: "A.grad"}),
        "db": number("b2.grad", "gradient of B's second vote", digits=3, mistakes={MEANS: "B.grad"}),
    },
    hints=[
        "First the two means, then softmax of them.",
        "What does cross-entropy send back to the score of a class? And how does a mean share what it gets?",
        "Probability − truth, for each class; a mean of three hands a third to each.",
    ],
)

Exercise(
    "34.2",
    "A door: write a function of (scores, k) that gives a threshold with exactly k of the scores below it, and the others above.",
    blanks={
        "f": function(
            holds(
                "exactly k scores must lie below the threshold, and none on it",
                lambda at, scores, k: sum(s < at for s in scores) == k and at not in scores,
                listed(20, real(0, 1)),
                whole(1, 19),
            ),
            says="the function of (scores, k)",
        )
    },
    hints=[
        "In which order would the scores have to stand, for k of them to be the first k?",
        "A threshold that equals a score is neither below nor above it: what lies strictly between two neighbours?",
        "The largest that is to be turned away lies below it, and the smallest that is to be let in lies above it.",
    ],
)

Exercise(
    "34.3",
    "Three speakers have the scores {a}, {b} and {c}. How probable is the likeliest, by softmax? "
    "And if the last layer's weights and biases were three times as large?",
    numbers={"a": whole(-2, 3), "b": whole(-2, 3), "c": whole(-2, 3)},
    where="a != b and b != c and a != c",
    blanks={
        "once": number(lambda n: softmax(n.a, n.b, n.c), says="the largest probability", digits=3),
        "thrice": number(
            lambda n: softmax(3 * n.a, 3 * n.b, 3 * n.c),
            says="with the weights tripled",
            digits=3,
            mistakes={"Probabilities do not grow in proportion: they never pass 1.": lambda n: 3 * softmax(n.a, n.b, n.c)},
        ),
    },
    hints=[
        "Softmax: the exponential of each score, divided by the sum of the three.",
        "What becomes of a score of the last layer when its weights and its bias are tripled?",
        "The same speaker wins, by three times the lead; exponentials turn leads into quotients.",
    ],
)
