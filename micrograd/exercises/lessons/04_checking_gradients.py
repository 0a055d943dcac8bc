"""Checking gradients."""

from micrograd import Value
from micrograd.exercises import Exercise, decimal, equals, function, number, pick, real, rule, slopes, whole


def inverse(x):
    """1/x by the engine."""
    return Value(1.0) / x


Exercise(
    "04.1",
    "f(x) = x³ at x = {x}, with a nudge as large as h = {h}. What do the forward and the central difference give?",
    numbers={"x": whole(1, 4), "h": decimal(0.1, 0.5)},
    where="x*h != 1",
    blanks={
        "forward": number(
            lambda n: ((n.x + n.h) ** 3 - n.x**3) / n.h,
            "forward difference",
            digits=4,
            mistakes={"That is the true slope.": lambda n: 3.0 * n.x**2},
        ),
        "central": number(
            lambda n: ((n.x + n.h) ** 3 - (n.x - n.h) ** 3) / (2 * n.h),
            "central difference",
            digits=4,
            mistakes={
                "That is the true slope; the difference is near it, and not the same.": lambda n: 3.0 * n.x**2,
                "The two places are 2h apart.": lambda n: ((n.x + n.h) ** 3 - (n.x - n.h) ** 3) / n.h,
            },
        ),
    },
    hints=[
        "Rise over run: two values of f, and how far their places are apart.",
        "Multiply out (x + h)³. Which terms are left after subtracting x³, which after subtracting (x − h)³?",
        "The forward difference is off by about 3xh, the central one by exactly h².",
    ],
)

Exercise(
    "04.2",
    "Write `reciprocal(x)`, 1/x, as an operation of your own, like `cube` in this lesson: a Value with its own `_backward`.",
    blanks={
        "reciprocal": function(
            slopes(inverse, real(0.5, 3)),
            slopes(inverse, real(-3, -0.5)),
        )
    },
    hints=[
        "A Value is made of its number, its inputs and a name; `_backward` is a function without arguments.",
        "How fast does 1/x fall? Nudge x = 2 by 0.01 and look.",
        "Upstream times local, added: the upstream gradient stands in the result's grad when _backward is called.",
    ],
)

HEAD = """
from math import cos, exp, log, sin, tanh

RULES = {{
    "sin": (sin, {sin}),
    "log": (log, {log}),
    "tanh": (tanh, {tanh}),
    "swish": (lambda x: x / (1 + exp(-x)), lambda x: (1 + exp(-x) + x * exp(-x)) / (1 + exp(-x)) ** 2),
}}
"""
FORMS = {"sin": "cos", "log": "lambda x: 1 / x", "tanh": "lambda x: 1 - tanh(x) ** 2"}

Exercise(
    "04.3",
    "A table of functions and their derivatives; one derivative is wrong. Which? (Its name.) Check it as a machine would: nudge.",
    shows=pick(
        HEAD.format(**(FORMS | {"sin": "lambda x: -cos(x)"})),
        HEAD.format(**(FORMS | {"log": "lambda x: -1 / x**2"})),
        HEAD.format(**(FORMS | {"tanh": "lambda x: tanh(x) ** 2 - 1"})),
    ),
    blanks={"name": rule()},
    hints=[
        "Four functions, four nudges: do not argue, compare.",
        "Write a loop over RULES that compares each derivative with a central difference at some x.",
        "With h = 10⁻⁵ a right one agrees to nine digits; the wrong one is off by far more.",
    ],
)

Exercise(
    "04.4",
    "Write `central(ups, downs, h)`: given f at x + h and at x − h for several x, the list of central differences.",
    blanks={
        "central": function(
            equals(
                lambda us, ds, h: [Value(u - d).data / (h + h) for u, d in zip(us, ds, strict=True)],
                [1.0, 4.0, -2.0],
                [0.5, 4.5, 2.0],
                real(0.1, 1),
            )
        )
    },
    hints=[
        "For each x one number: two lists are walked through together.",
        "How far apart are the two places?",
        "For f(x) = x the answer must be 1, whatever h is.",
    ],
)
