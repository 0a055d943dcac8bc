"""Can tomorrow's market be told?"""

from micrograd import data
from micrograd.exercises import Exercise, choice, decimal, equals, function, listed, number, pick, real, repair, whole


def mean(x):
    """Of a list."""
    return sum(x) / len(x)


def peeks(n, option):
    """Whether an expression of x and t changes with x[t]."""
    x = [0.3 * n.seed, -1.0, 2.0, 0.5, -0.7, 1.1, 0.2]
    found = set()
    for future in (5.0, -7.0, 11.0):
        found.add(eval(option, {"mean": mean, "max": max, "x": [*x[:4], future, *x[5:]], "t": 4}))
    return len(found) > 1


Exercise(
    "36.1",
    "One step of GARCH: ω = 0.1, α = {a}, β = {b}, the variance of day 1 is {v1}, the returns of days 1 and 2 are {r1} and {r2}. "
    "The variance of day 2, and the gradients of α and β by the cost of day 2, ½(log v + r²/v)?",
    numbers={
        "a": decimal(0.05, 0.3, 2),
        "b": decimal(0.5, 0.9, 2),
        "v1": decimal(0.5, 2),
        "r1": whole(-4, 4, (-1, 0, 1)),
        "r2": whole(-4, 4, but=(0,)),
    },
    where="abs(0.1 + a*r1**2 + b*v1 - r2**2) > 0.3 and v1 != 1",
    program="v2 = 0.1 + a*r1**2 + b*v1; L = (log(v2) + r2**2/v2)/2",
    blanks={
        "v2": number("v2", "the variance of day 2", digits=3, mistakes={"The return counts squared.": "0.1 + a*r1 + b*v1"}),
        "da": number("a.grad", "gradient of α", digits=3, mistakes={"That is β's.": "b.grad"}),
        "db": number("b.grad", "gradient of β", digits=3, mistakes={"That is α's.": "a.grad"}),
    },
    hints=[
        "First v₂. Then: how fast does the cost move when v₂ does?",
        "The logarithm and the quotient each send something back to v₂; it is passed on to ω, α and β.",
        "What v₂ gets goes on to α times the square of a return, and to β times a variance.",
    ],
)

Exercise(
    "36.2",
    "`x` holds one return for each day, and on the evening before day t you want to foretell `x[t]`. "
    "One of these inputs looks ahead. Which?",
    numbers={"seed": whole(1, 9)},
    blanks={"which": choice(["x[t - 1]", "mean(x[t - 3 : t])", "max(x[:t])", "mean(x[t - 2 : t + 1])"], right=peeks)},
    hints=[
        "Up to which day does each slice reach? Its end is not in it.",
        "Give x[t] another number, and work each of them out again.",
        "An input may depend on days before t alone.",
    ],
)

Exercise(
    "36.3",
    "Write a function of (x, n) that gives, for each day from the one with index n on, the mean of the n days before it: "
    "a moving average that does not look ahead.",
    blanks={
        "f": function(
            equals(lambda x, n: [mean(before) for before in data.windows(x, n)[0]], listed(12, real(-3, 3)), whole(1, 6)),
            says="the function of (x, n)",
        )
    },
    hints=[
        "For the first of these days, which are the n days before it? For the last?",
        "How many means are there, for 12 days and n = 3?",
        "The day itself never stands in its own mean.",
    ],
)


def gained(returns, said):
    """What is said in the evening earns on the next day."""
    return sum(s * r for s, r in zip(said, returns[1:], strict=False))


PLANTED = """
def earned(returns, said):
    total = 0.0
    for t in range({days}):
        total += {what}
    return total
"""
RIGHT = {"days": "len(returns) - 1", "what": "said[t] * returns[t + 1]"}

Exercise(
    "36.4",
    "What a forecast would have earned: said[t] (1 buy, −1 sell) is told in the evening of day t and held over day t + 1. "
    'One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"what": "said[t] * returns[t]"})),
        PLANTED.format(**(RIGHT | {"what": "said[t + 1] * returns[t + 1]"})),
        PLANTED.format(**(RIGHT | {"days": "len(returns) - 2"})),
    ),
    blanks={"line": repair("earned", equals(gained, listed(6, real(-1, 1)), listed(6, pick(-1, 1))))},
    hints=[
        "Take three days, of which only the last moves. Which evening's word earns on it?",
        "Does a word earn on a day whose return was known when it was said? And is a day left out?",
        "The last evening's word earns nothing yet; each other one earns on the day after.",
    ],
)
