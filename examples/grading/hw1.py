"""Homework 1: slopes."""

from micrograd import ops
from micrograd.exercises import Exercise, equals, function, number, real, rule, slopes, whole

Exercise(
    "hw1.1",
    "By hand: L = (a·b + b)² at a = {a}, b = {b}. What are a.grad and b.grad?",
    numbers={"a": whole(-4, 4, but=(-1, 0, 1)), "b": whole(2, 5)},
    program="u = a*b; v = u + b; L = v**2",
    blanks={"da": number("a.grad"), "db": number("b.grad")},
    hints=[
        "Name the steps: u = a·b, v = u + b, L = v². What is v.grad?",
        "A sum passes v.grad on as it is, to u and to b. What does the product make of it?",
        "b is used twice: what arrives along the two paths is added.",
    ],
)

Exercise(
    "hw1.2",
    "Write `softplus(x)` = log(1 + eˣ) of a Value, so that its number and its gradient are right.",
    blanks={"softplus": function(slopes(ops.softplus, real(-3, 3)))},
    hints=[
        "A Value has the methods you need: exp() and log(). Numbers may stand on either side of +.",
        "Build it from the inside out. Is every operation on the way one of a Value's, not of math?",
        "At 0 it is log 2, and its slope there is a half.",
    ],
    points=2,
)

Exercise(
    "hw1.3",
    "One derivative of this table is wrong. Which? Then hand in a right one, a function of a number.",
    shows="""
from math import cos, exp, sin, sqrt

RULES = {
    "sin": (sin, cos),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "root": (sqrt, lambda x: 2 / sqrt(x)),
    "gauss": (lambda x: exp(-x * x), lambda x: -2 * x * exp(-x * x)),
}
""",
    blanks={"name": rule(), "slope": function(equals(lambda x: ops.sqrt.partials[0](x**0.5, x), real(0.2, 4)), says="its derivative")},
    hints=[
        "Nudge x by 0.001 in each function, and divide what changes by 0.001.",
        "Which rule gives twice, half or four times what the nudge gives?",
        "Write the function as a power of x: the exponent comes down, and is one less.",
    ],
)
