"""How does attention translate what stands in another order?"""

from micrograd.exercises import Exercise, decimal, equals, function, holds, listed, number, real, shaped, whole
from micrograd.nn import attention

Exercise(
    "33.1",
    "By hand, or by a few lines: a query q = {q} meets the keys k1 = {k1} and k2 = {k2} of the values v1 = {v1} and v2 = {v2}. "
    "The weights are the softmax of q·k1 and q·k2, and out = w1·v1 + w2·v2. How large is w1, and what is q.grad?",
    numbers={"q": whole(1, 2), "k1": decimal(-1, 1, 1), "k2": decimal(-1, 1, 1), "v1": whole(1, 5), "v2": whole(-5, -1)},
    where="abs(k1 - k2) > 0.3",
    program="e1 = exp(q*k1); e2 = exp(q*k2); w1 = e1/(e1 + e2); w2 = e2/(e1 + e2); out = w1*v1 + w2*v2",
    blanks={"w1": number("w1", digits=3), "dq": number("q.grad", digits=3)},
    hints=[
        "Of two numbers the softmax is a sigmoid: of which difference?",
        "out depends on q through w1 alone, since w2 = 1 − w1. How fast does a sigmoid rise where its value is w1?",
        "Three factors: out by w1, w1 by the difference of the matches, that difference by q.",
    ],
)

_row = listed(2, real(-2, 2))

Exercise(
    "33.2",
    "Write `attend(query, keys, vectors)`: the mean of the vectors by the softmax of query·key/√d, with d numbers in the query. "
    "All are plain lists of floats; so is what it gives.",
    blanks={
        "attend": function(
            equals(lambda q, ks, vs: attention([q], ks, vs)[0][0], _row, listed(3, _row), listed(3, _row)),
            equals(
                lambda q, ks, vs: attention([q], ks, vs)[0][0], listed(3, real(-1, 1)), listed(2, listed(3, real(-1, 1))), listed(2, _row)
            ),
            says="the function attend",
        )
    },
    hints=[
        "Three stages: one match for each key, one weight for each match, one sum for each number of the answer.",
        "Is each match divided by the root of the number of numbers in the query? Do the weights add up to 1?",
        "With equal keys all weights are equal, and the answer is the plain mean of the vectors.",
    ],
)


def _late(given, wanted):  # type: ignore[no-untyped-def]
    return given[0] == 0 and all(word == given[place] for place, word in enumerate(wanted, 1) if place < len(given))


Exercise(
    "33.3",
    "In training, the decoder is given at each place the right word **before** the one it must write, and 0 at the first place. "
    "Write `given(wanted)`: from the list of words wanted, the list of the same length that is given.",
    blanks={
        "given": function(
            shaped((5,), listed(5, whole(1, 29))),
            holds("no word is given at its own place, but at the next one", _late, listed(5, whole(1, 29))),
            says="the function given",
        )
    },
    hints=[
        "Write both rows below each other for three words. Which word stands above which?",
        "How many of the wanted words are ever given, and which is not?",
        "If the word wanted at a place were given at that place, the loss would fall to 0 and nothing would be learned.",
    ],
)
