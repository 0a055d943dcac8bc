"""When does a network learn the noise, and what helps?"""

from micrograd import data
from micrograd.exercises import Exercise, decimal, equals, function, listed, number, pick, real, repair, whole
from micrograd.optim import EarlyStopping


def best_kept(errors, patience):
    """The index of the error whose parameters early stopping gives back."""
    stopping, best = EarlyStopping(patience), 0
    for k, error in enumerate(errors):
        waited = stopping.update(error)
        if error == stopping.best:
            best = k
        if waited:
            break
    return best


Exercise(
    "14.1",
    "A model ŷ = w·x with w = {w}; one point x = {x}, y = {y}. The loss is (ŷ − y)² plus a price: 0.1·w² (L2) or 0.1·|w| (L1). "
    "The gradient of w, with each of the two prices?",
    numbers={"w": decimal(-3, 3), "x": whole(-3, 3, but=(0,)), "y": whole(-5, 5)},
    where="abs(w) > 0.4 and abs(w*x - y) > 0.3 and abs(abs(w) - 0.5) > 0.05 and abs(2*(w*x - y)*x + 0.2*w) > 0.1",
    program="L = (w*x - y)**2 + 0.1*w**2",
    blanks={
        "l2": number(
            "w.grad", "w.grad with L2", digits=3, mistakes={"That is the data's part alone.": lambda n: 2 * (n.w * n.x - n.y) * n.x}
        ),
        "l1": number(
            lambda n: 2 * (n.w * n.x - n.y) * n.x + (0.1 if n.w > 0 else -0.1),
            "w.grad with L1",
            digits=3,
            mistakes={
                "|w| has the slope −1 where w is negative.": lambda n: 2 * (n.w * n.x - n.y) * n.x + 0.1,
                "That is the data's part alone.": lambda n: 2 * (n.w * n.x - n.y) * n.x,
            },
        ),
    },
    hints=[
        "The gradient of a sum is the sum of the gradients: first the data's part, then the price's.",
        "How steep is a parabola at w, and how steep is |w| there? Does the size of w matter?",
        "L2 pulls in proportion to w; L1 pulls with the same force, however small w is, towards 0.",
    ],
)

Exercise(
    "14.2",
    "Early stopping: write a function of (errors, patience). It goes through the held-out errors one by one, stops after more than "
    "`patience` in a row that are no "
    "better than the best so far, and gives the index of that best one: whose parameters are kept.",
    blanks={
        "f": function(
            equals(best_kept, listed(12, real(0, 1)), whole(0, 3), times=16),
            equals(best_kept, [0.9, 0.5, 0.6, 0.7, 0.1], 1),
            says="the function of (errors, patience)",
        )
    },
    hints=[
        "What has to be remembered from one error to the next?",
        "When does the count of disappointments go back to 0?",
        "A better error that would have come after the stop is never seen.",
    ],
)

Exercise(
    "14.3",
    "Write a function of (train, test), two lists of numbers from one column: it gives the test numbers standardised, so that a "
    "network trained on the standardised training numbers "
    "can be asked about them.",
    blanks={
        "f": function(
            equals(
                lambda train, test: [row[0] for row in data.Scaling([[x] for x in train])([[x] for x in test])],
                listed(6, real(-3, 9)),
                listed(4, real(-3, 9)),
            ),
            says="the function of (train, test)",
        )
    },
    hints=[
        "Which mean, and which spread? Whose numbers were there when the network was made?",
        "The spread is the root of the mean squared distance from the mean (divided by how many there are).",
        "Test rows are moved and stretched exactly as the training rows were.",
    ],
)


def dropped(hidden, keep, training, luck):
    """What is kept is larger while training; all of it as it is afterwards."""
    return [h * (u < keep) / keep for h, u in zip(hidden, luck, strict=True)] if training else hidden


PLANTED = """
def dropout(hidden, keep, training, luck):  # luck: a number between 0 and 1 for each
    if {when}:
        return {whole}
    return [{larger} if u < keep else 0.0 for h, u in zip(hidden, luck)]
"""
RIGHT = {"when": "not training", "whole": "hidden", "larger": "h / keep"}

Exercise(
    "14.4",
    "Dropout: while training each number is kept with the chance `keep`; what is kept is made so much larger that the mean"
    " stays; afterwards nothing is dropped or changed. One line is wrong. Hand in its number and what it should be: (7, "
    '"…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"when": "training"})),
        PLANTED.format(**(RIGHT | {"whole": "[h * keep for h in hidden]"})),
        PLANTED.format(**(RIGHT | {"larger": "h"})),
        PLANTED.format(**(RIGHT | {"larger": "h * keep"})),
    ),
    blanks={"line": repair("dropout", equals(dropped, listed(3, real(0.5, 2)), real(0.4, 0.8), whole(0, 1), listed(3, real(0, 1))))},
    hints=[
        "With training = 0 it should give back what it got. Does it? And with training = 1 and keep = 0.5?",
        "When are numbers dropped, and what makes up for them: at once, or afterwards?",
        "The mean over all luck of what comes out, while training, is what went in.",
    ],
)
