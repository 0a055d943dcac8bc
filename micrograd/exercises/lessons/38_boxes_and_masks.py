"""Where is it, and which pixels are it?"""

from micrograd import Value, losses
from micrograd.exercises import Exercise, choice, equals, function, holds, listed, number, pick, whole

BOXES = ([0, 0, 4, 4], [2, 2, 6, 6], [1, 0, 5, 3], [0, 5, 2, 9], [3, 3, 4, 8], [0, 0, 9, 9], [5, 1, 8, 4], [2, 3, 5, 7])


def cells(box) -> set[tuple[int, int]]:
    """The unit squares that a box of whole numbers covers."""
    return {(i, j) for i in range(box[0], box[2]) for j in range(box[1], box[3])}


def share(p, q) -> float:
    """Counted, not computed."""
    return len(cells(p) & cells(q)) / len(cells(p) | cells(q))


def marked(mask) -> set[int]:
    """The places of the ones."""
    return {i for i, v in enumerate(mask) if v}


LOSSES = {
    "1 − IoU": lambda a, b: 1 - common(a, b) / ((b - a) + 4 - common(a, b)),
    "1 − Dice": lambda a, b: 1 - 2 * common(a, b) / ((b - a) + 4),
    "−log(IoU + 0.01)": lambda a, b: -(common(a, b) / ((b - a) + 4 - common(a, b)) + 0.01).log(),
    "smooth L1 of the two ends": lambda a, b: losses.huber((a, b), (3.0, 7.0)),
}


def common(a, b):
    """Of the interval with 3 to 7."""
    from micrograd.ops import maximum, minimum

    return (minimum(b, 7.0) - maximum(a, 3.0)).relu()


def pulls(n, name: str) -> bool:
    """Whether the guess is moved by this loss."""
    a, b = Value(float(n.a)), Value(float(n.a + n.w))
    LOSSES[name](a, b).backward()
    return bool(a.grad or b.grad)


Exercise(
    "38.1",
    "The truth is the interval from 3 to 7, the guess goes from {a} to {b}. What is IoU, and which gradients has the loss 1 − IoU "
    "at the two ends of the guess?",
    numbers={"a": whole(4, 6), "b": whole(8, 14)},
    program="o = minimum(b, 7) - maximum(a, 3); u = b - a + 4 - o; L = 1 - o/u",
    blanks={
        "iou": number("1 - L", "IoU", digits=3),
        "da": number("a.grad", digits=3, mistakes={"The union changes, too, when the overlap does.": "1/(b - a + 4 - (7 - a))"}),
        "db": number("b.grad", digits=3),
    },
    hints=[
        "Draw both intervals. Which end of the overlap belongs to the guess, which to the truth?",
        "Move each end a little: does the overlap change, does the union?",
        "Here the guess begins inside the truth and ends outside: one end changes the overlap alone, the other the union alone.",
    ],
)

Exercise(
    "38.2",
    "Write a function of (p, q): the IoU of two boxes, each a list [top, left, bottom, right]. Where they do not meet it is 0.",
    blanks={
        "f": function(
            equals(share, pick(*BOXES), pick(*BOXES), times=24),
            holds("two boxes apart, in one direction or in both, have IoU 0", lambda out, p, q: out == 0, [0, 0, 2, 2], [3, 3, 5, 5]),
            says="the function of (p, q)",
        )
    },
    hints=[
        "How high is the overlap, how wide? The same question twice, for rows and for columns.",
        "What does your height become when one box lies wholly below the other? And what if that happens in both directions?",
        "The union counts what is common once, not twice.",
    ],
)

Exercise(
    "38.3",
    "Write a function of (p, q): the Dice overlap of two masks, lists of 0 and 1 of the same length. For two masks without any 1 it is 1.",
    blanks={
        "f": function(
            holds(
                "Dice must be 2·IoU / (1 + IoU)",
                lambda out, p, q: (
                    abs(out * (len(marked(p) | marked(q)) + len(marked(p) & marked(q))) - 2 * len(marked(p) & marked(q))) < 1e-9
                ),
                listed(12, whole(0, 1)),
                listed(12, whole(0, 1)),
            ),
            holds("two blank masks agree wholly", lambda out, p, q: out == 1, [0, 0, 0], [0, 0, 0]),
            holds("masks without a common pixel have 0", lambda out, p, q: out == 0, [1, 0, 0], [0, 1, 1]),
            says="the function of (p, q)",
        )
    },
    hints=[
        "Three counts are enough: the ones of p, those of q, those of both.",
        "With what is the number of common ones compared: with the ones of both together, or with the sum of the two counts?",
        "The same mask twice gives 1; the union and the overlap together are the sum of the two counts.",
    ],
)

Exercise(
    "38.4",
    "The truth is 3 to 7, and a first guess goes from {a} on, {w} wide: it misses altogether. Which of these losses moves it?",
    numbers={"a": whole(8, 20), "w": whole(1, 5)},
    blanks={"at": choice(list(LOSSES), right=pulls, says="the letter of the loss")},
    hints=[
        "Which of them ask only how much is common?",
        "What is the slope of relu where its input is negative, and what is left of the chain after it?",
        "A guess that misses is moved only by a loss that knows how far it misses.",
    ],
)
