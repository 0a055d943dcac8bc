"""Which words say whether somebody was pleased?"""

import math

from micrograd.exercises import Exercise, decimal, equals, function, holds, number, pick, shaped, whole

Exercise(
    "31.1",
    "A review has three words, whose weights are a = {a}, b = {b} and c = {c}. The writer was not pleased (truth 0). What probability "
    "of being pleased does the model give, and what is the slope of −log(1 − p) by the weight a?",
    numbers={"a": decimal(-2, 2, 1), "b": decimal(-2, 2, 1), "c": decimal(0.5, 2, 1)},
    where="abs(a + b + c) > 0.2 and abs(a - b) > 0.3 and a != 0",
    program="p = sigmoid(a + b + c); loss = -log(1 - p)",
    blanks={"p": number("p", digits=3), "dw": number("a.grad", digits=3)},
    hints=[
        "The score is the sum of the weights. What makes a probability of it?",
        "With the loss −log p the slope by the score is prediction − truth. Which is the truth here?",
        "How does the score move when a alone moves?",
    ],
)

Exercise(
    "31.2",
    "A bag of words cannot tell a sentence from another order of the same words. Write `twin(words)`: from a list of three words, not "
    "all the same, a list that is another one to a reader and the same to a bag.",
    blanks={
        "twin": function(
            shaped((3,), pick(["not", "good", "bad"], ["so", "very", "so"])),
            holds(
                "the same words, each as often, in another order",
                lambda twin, words: sorted(twin) == sorted(words) and list(twin) != list(words),
                pick(["not", "good", "bad"], ["so", "very", "so"], ["good", "not", "not"], ["a", "b", "c"]),
            ),
            says="the function twin",
        )
    },
    hints=[
        "What does a sum of vectors not depend on?",
        "Try it on so, very, so: is what you give really another order?",
        "Sorted, both must be the same list; unsorted, not.",
    ],
)


def _lift(g, n, b, m):  # type: ignore[no-untyped-def]
    return math.log1p(g) - math.log(n + 2) - math.log1p(b) + math.log(m + 2)


Exercise(
    "31.3",
    "Naive Bayes adds up, for each word of a review, how much more frequent it is where people were pleased. Write `lift(with_good, "
    "good, with_bad, bad)`: of `good` pleased reviews `with_good` have the word, of `bad` others `with_bad`. In each group one "
    "imagined review with the word and one without are added; the answer is the logarithm of one frequency over the other.",
    blanks={
        "lift": function(
            equals(_lift, whole(0, 40), whole(40, 90), whole(0, 40), whole(40, 90)),
            says="the function lift",
        )
    },
    hints=[
        "How many reviews are in each group once the imagined ones are there? How many of them have the word?",
        "A word equally frequent in both must give 0, one of the pleased a number above it.",
        "Without the imagined reviews a word that was never met in one group would give an infinite answer.",
    ],
)
