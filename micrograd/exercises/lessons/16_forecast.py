"""What does the past of a series tell?"""

import math

from micrograd import data
from micrograd.exercises import Exercise, decimal, equals, function, listed, number, pick, real, repair, whole


def ahead(n, back=True):
    """Three steps on, each forecast fed back, or the first repeated on the old numbers."""
    before, last = n.x1, n.x2
    for _ in range(3):
        new = n.a * last + n.b * before
        before, last = (last, new) if back else (before, last)
    return new


Exercise(
    "16.1",
    "A straight line forecasts: next = {a}·last + {b}·(the one before). The last two values are {x1} and then {x2}. "
    "What does it say of the next value, and, each forecast fed back as if it had happened, of the one three steps ahead?",
    numbers={"a": decimal(0.2, 1.5), "b": decimal(-0.9, 0.9), "x1": whole(-5, 5), "x2": whole(-5, 5, but=(0,))},
    where="abs(b) > 0.1 and x1 != x2 and abs(a*x2 + b*x1 - x2) > 0.3",
    blanks={
        "one": number(
            lambda n: n.a * n.x2 + n.b * n.x1, "the next", digits=3, mistakes={"Which is the last?": lambda n: n.a * n.x1 + n.b * n.x2}
        ),
        "three": number(
            ahead,
            "three steps ahead",
            digits=3,
            mistakes={
                "That is still one step ahead: feed the forecast back.": lambda n: ahead(n, back=False),
                "That is two steps ahead.": lambda n: n.a * (n.a * n.x2 + n.b * n.x1) + n.b * n.x2,
            },
        ),
    },
    hints=[
        "Write the two values in a row and add the forecast behind them.",
        "Which two numbers are “last” and “the one before” now?",
        "After the first forecast the window has moved on by one, and after the second by two.",
    ],
)

Exercise(
    "16.2",
    "Write a function of (series, length) that gives two lists: all windows of `length` values that have a next value, "
    "and those next values.",
    blanks={"f": function(equals(data.windows, listed(9, real(-2, 2)), whole(1, 8)), says="the function of (series, length)")},
    hints=[
        "Where does the first window begin, and where does the last one end?",
        "How many windows are there, for 9 values and a length of 8?",
        "Each window stops right before the value that it is to foretell.",
    ],
)

Exercise(
    "16.3",
    "A pure wave of period {T}, xₜ = sin(2πt/{T} + φ), goes on as xₜ₊₁ = a·xₜ + b·xₜ₋₁, with the same a and b for every φ. Which?",
    numbers={"T": whole(5, 30, but=(6, 12))},
    blanks={
        "a": number(
            lambda n: 2 * math.cos(2 * math.pi / n.T),
            "a",
            digits=3,
            mistakes={"That is half of it.": lambda n: math.cos(2 * math.pi / n.T)},
        ),
        "b": number(lambda n: -1.0, "b"),
    },
    hints=[
        "Try two phases: with φ = 0, look at t = 0, where xₜ is 0.",
        "Write xₜ₊₁ + xₜ₋₁ by the sum formulas of the sine. What drops out?",
        "sin(u + v) + sin(u − v) is a multiple of sin u; the multiple depends on v alone.",
    ],
)


def cut(series, lags):
    """[inputs, targets]: each value and so many before it."""
    runs = [series[t : t + int(lags) + 1] for t in range(len(series) - int(lags))]
    return [[run[:-1] for run in runs], [run[-1] for run in runs]]


PLANTED = """
def windows(series, lags):
    inputs, targets = [], []
    for t in range(lags, len(series)):
        inputs.append(series[{since} : {until}])
        targets.append(series[{at}])
    return [inputs, targets]
"""
RIGHT = {"since": "t - lags", "until": "t", "at": "t"}

Exercise(
    "16.4",
    "A series is cut into windows: each value from the `lags` values before it. One line is wrong. Hand in its number and "
    'what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"until": "t + 1"})),
        PLANTED.format(**(RIGHT | {"since": "t - lags + 1"})),
        PLANTED.format(**(RIGHT | {"at": "t - 1"})),
    ),
    blanks={"line": repair("windows", equals(cut, listed(7, real(-1, 1)), whole(2, 3)))},
    hints=[
        "Try the series 1, 2, 3, 4, 5 with two lags: the first window should be 1, 2, its target 3.",
        "Is a target among its own inputs? Is one of the lags lost?",
        "A window ends before its target, and the next value is the target.",
    ],
)
