"""Does a network beat a straight line on real tables?"""

from micrograd import data, metrics
from micrograd.exercises import Exercise, equals, function, holds, listed, number, pick, real, repair, whole

ILL = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]


def share_found(bar, p):
    """Of the ill ones, how many reach the bar."""
    return sum(x >= bar for x, ill in zip(p, ILL, strict=True) if ill) / sum(ILL)


Exercise(
    "15.1",
    "Of the tumours held out, {tp} malignant ones are called malignant and {fn} benign; {fp} benign ones are called malignant and "
    "{tn} benign. "
    "The accuracy, and the recall of the malignant ones?",
    numbers={"tp": whole(20, 60), "fn": whole(1, 9), "fp": whole(1, 9), "tn": whole(60, 99)},
    where="fn != fp",
    blanks={
        "accuracy": number(lambda n: (n.tp + n.tn) / (n.tp + n.fn + n.fp + n.tn), "the accuracy", digits=3),
        "recall": number(
            lambda n: n.tp / (n.tp + n.fn),
            "the recall",
            digits=3,
            mistakes={"That is the precision: how many of the alarms are true.": lambda n: n.tp / (n.tp + n.fp)},
        ),
    },
    hints=[
        "Draw the table: true class downwards, said class across.",
        "Accuracy asks of all of them; whom does the recall of the malignant ones ask of?",
        "Recall is a part of those who are ill, whatever was said of the healthy ones.",
    ],
)

Exercise(
    "15.2",
    "Write R² as a function of (predictions, targets), two lists of numbers: 1 for perfect predictions, 0 for always saying the mean "
    "of the targets.",
    blanks={
        "f": function(equals(metrics.r2, listed(6, real(-2, 2)), listed(6, real(-2, 2))), says="the function of (predictions, targets)")
    },
    hints=[
        "Which two sums of squares are compared?",
        "What would somebody who knows only the mean of the targets be off by?",
        "1 minus a quotient; it may be negative, where the predictions are worse than the mean.",
    ],
)

Exercise(
    "15.3",
    "Write a function of (p, classes, wanted) that gives a bar: of those with class 1, at least the share `wanted` has p ≥ bar, and "
    "the bar is as high as that allows.",
    blanks={
        "f": function(
            holds(
                "enough of class 1 must reach the bar, and a higher bar must lose too many",
                lambda bar, p, classes, wanted: share_found(bar, p) >= wanted > share_found(bar + 1e-9, p),
                listed(12, real(0, 1)),
                ILL,
                real(0.2, 0.95),
            ),
            says="the function of (p, classes, wanted)",
        )
    },
    hints=[
        "Whose probabilities matter for how many of class 1 are found?",
        "How many of them have to reach the bar, at least? Round which way?",
        "Highest first: the bar stands exactly at the last one that is still needed.",
    ],
)


def by_training(train, test):
    """Both parts in the units of the training part."""
    scaling = data.Scaling([[x] for x in train])
    return [[x for (x,) in scaling([[x] for x in part])] for part in (train, test)]


PLANTED = """
def scaled(train, test):
    known = {known}
    mean = sum(known) / len(known)
    spread = {spread}

    def unit(numbers):
        return [(x - mean) / spread for x in numbers]

    return [unit(train), {other}]
"""
RIGHT = {"known": "train", "spread": "(sum((x - mean) ** 2 for x in known) / len(known)) ** 0.5", "other": "unit(test)"}

Exercise(
    "15.4",
    "One column of a table, put into units of the training part: less its mean, over its spread. Nothing may be learned "
    'from the test part. One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"known": "train + test"})),
        PLANTED.format(**(RIGHT | {"spread": "sum((x - mean) ** 2 for x in known) / len(known)"})),
        PLANTED.format(**(RIGHT | {"other": "test"})),
    ),
    blanks={"line": repair("scaled", equals(by_training, listed(5, real(-2, 2)), listed(3, real(-2, 2)), rtol=1e-6))},
    hints=[
        "Change a number of the test part alone. What changes in the training part?",
        "Which numbers may the mean and the spread have seen? And are both parts in the same units?",
        "The training part has mean 0 and spread 1 afterwards; the test part only about.",
    ],
)
