"""How many digits are true?"""

import math

from micrograd.exercises import Exercise, equals, function, listed, number, pick, real

Exercise(
    "27.1",
    "Write `root(x)` that is √(x² + 1) − x with all its digits, for x up to a hundred million.",
    blanks={
        "root": function(equals(lambda x: math.exp(-math.asinh(x)), pick(3.0, 1e3, 1e5, 1e7, 1e8), times=8), says="a function root(x)")
    },
    hints=[
        "What is left of the difference at x = 10⁸, where x² + 1 is rounded to x²?",
        "Multiply and divide by the sum of the two terms. What becomes of the difference?",
        "In the new form nothing is subtracted.",
    ],
)

Exercise(
    "27.2",
    "A double has about 16 digits. The cosine is right to the last one. How many digits of (1 − cos x)/x² are true at x = 10^−{k},"
    " roughly? At which power of ten, 10^−…, is none left?",
    numbers={"k": pick(1, 2, 3, 5, 6)},
    blanks={
        "digits": number(lambda n: 16 - 2 * n.k, says="digits left", mistakes={"That is how many are lost.": lambda n: 2 * n.k}),
        "none": number(lambda n: 8, says="the power where none is left"),
    },
    hints=[
        "1 − cos x is about x²/2. How large is that, beside the 1 that the cosine's error is measured by?",
        "The cosine is off by 10⁻¹⁶. Divide by the size of the difference.",
        "Each power of ten in x costs twice as many digits.",
    ],
)

Exercise(
    "27.3",
    "The smaller root of x² − {b}·x + 1 = 0, to 8 digits.",
    numbers={"b": pick(1e7, 3e7, 1e8, 2e8)},
    blanks={
        "x": number(
            lambda n: 2 / (n.b + math.sqrt(n.b**2 - 4)),
            says="the smaller root",
            digits=8,
            mistakes={"The school formula subtracts two nearly equal numbers.": lambda n: (n.b - math.sqrt(n.b**2 - 4)) / 2},
        )
    },
    hints=[
        "Which of the two roots does the school formula find well?",
        "What do both roots multiply to?",
        "One division finds the small one from the large one.",
    ],
)

Exercise(
    "27.4",
    "Write `total(xs)`, the sum of a list as Kahan adds: right to the last digit or two, whatever the order.",
    blanks={"total": function(equals(math.fsum, listed(1000, real(0, 1)), times=4, rtol=3e-16), says="a function total(xs)")},
    hints=[
        "Which part of a small term is lost when it is added to a large sum?",
        "The new sum minus the old one is what was really added. What was lost of the term?",
        "What was lost goes into the next term, and 0.0 is the loss at the start.",
    ],
)
