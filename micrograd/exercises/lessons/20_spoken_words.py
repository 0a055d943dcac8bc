"""Does it understand voices that it has never heard?"""

import math
from statistics import fmean

from micrograd.exercises import Exercise, choice, equals, function, holds, listed, number, pick, real, whole

Exercise(
    "20.1",
    "{right} of {asked} words of locked voices were understood. What is the standard error of that part, √(p(1 − p)/n)? And how many "
    "words must be asked for it to be half as large, with the same p?",
    numbers={"asked": pick(80, 160, 240), "right": whole(60, 76)},
    blanks={
        "error": number(
            lambda n: math.sqrt(n.right / n.asked * (1 - n.right / n.asked) / n.asked),
            says="the standard error",
            digits=3,
            mistakes={"That is the spread of a single answer.": lambda n: math.sqrt(n.right / n.asked * (1 - n.right / n.asked))},
        ),
        "words": number(
            lambda n: 4 * n.asked,
            says="the number of words",
            digits=3,
            mistakes={"The error falls with the root of the number.": lambda n: 2 * n.asked},
        ),
    },
    hints=[
        "p is the part that was right, n the number of words asked.",
        "The number asked stands under a root.",
        "Words of one voice are not independent, so the true error is larger still.",
    ],
)


def _taken(frames):  # type: ignore[no-untyped-def]
    means = [fmean(column) for column in zip(*frames, strict=True)]
    return [[x - m for x, m in zip(frame, means, strict=True)] for frame in frames]


Exercise(
    "20.2",
    "Write `freed(frames)`: a recording (rows of floats, one row a moment) with its own mean taken away, column by column, so that a "
    "colour that a voice adds to all moments is gone.",
    blanks={
        "freed": function(
            holds(
                "every column adds up to 0, and differences between moments are kept",
                lambda out, frames: (
                    len(out) == len(frames)
                    and all(abs(sum(column)) < 1e-9 for column in zip(*out, strict=True))
                    and all(abs((a - b) - (c - d)) < 1e-9 for a, b, c, d in zip(out[0], out[-1], frames[0], frames[-1], strict=True))
                ),
                listed(5, listed(3, real(-4, 4))),
            ),
            equals(_taken, listed(4, listed(2, real(-9, 9)))),
            says="the function freed",
        )
    },
    hints=[
        "How many means are there: one, one a moment, or one a column?",
        "Add 7 to one column of every moment. Must the answer change?",
        "The sum of each column of the answer is 0.",
    ],
)

_SPLITS = {
    "recordings drawn by lot": ({"voice", "speed", "word"}, "lot"),
    "all recordings of some voices": ({"speed", "word"}, "voice"),
    "all recordings at the fastest speed": ({"voice", "word"}, "speed"),
    "all recordings of some words": ({"voice", "speed"}, "word"),
}

Exercise(
    "20.3",
    "A {device} will be used by people whom nobody has recorded, who say the ten known words. Which recordings must be held out, so "
    "that the exam tells how well it will do? (The letter.)",
    numbers={"device": pick("telephone", "lift", "toy", "ticket machine")},
    blanks={
        "letter": choice(
            list(_SPLITS),
            right=lambda n, option: "voice" not in _SPLITS[option][0] and "word" in _SPLITS[option][0],
        )
    },
    hints=[
        "What will be new when it is used, and what will not?",
        "After each split, ask: which of voice, speed and word may the network have met before?",
        "What is new in use must be new in the exam, and what is known in use must be known.",
    ],
)
