"""Descent and optimizers."""

from typing import Any

from micrograd import Value
from micrograd.exercises import Exercise, equals, function, listed, number, pick, real, repair, whole
from micrograd.optim import SGD, Adam

Exercise(
    "12.1",
    "f(x) = ½·λ·x² with λ = {l}; descent starts at x = {x} with η = {r}. Where is it after two steps? Which η is the border "
    "beyond which it diverges?",
    numbers={"l": whole(2, 9), "x": whole(2, 9), "r": pick(0.05, 0.1, 0.15, 0.3, 0.35)},
    where="abs(1 - r*l) > 0.01",
    blanks={
        "after": number(
            lambda n: n.x * (1 - n.r * n.l) ** 2, "x after two steps", mistakes={"that is after one step": lambda n: n.x * (1 - n.r * n.l)}
        ),
        "border": number(lambda n: 2 / n.l, "the largest η", digits=3),
    },
    hints=[
        "What is the gradient of f at x? What is left of x after one step?",
        "Each step multiplies x by the same factor.",
        "It diverges once that factor is larger than 1 in size. On which side of 0 is it then?",
    ],
)


def _moved(optimizer: Any, place: Value, pulls: Any) -> float:
    for g in pulls:
        place.grad = g
        optimizer.step()
    return place.data


def _by_momentum(pulls: Any, rate: float, keep: float) -> float:
    place = Value(0.0)
    return _moved(SGD([place], lr=rate, momentum=keep), place, pulls)


def _by_adam(pulls: Any, rate: float) -> float:
    place = Value(0.0)
    return _moved(Adam([place], lr=rate), place, pulls)


Exercise(
    "12.2",
    "A parameter starts at 0 and meets six gradients, one after the other. Write `rolled(gradients, rate, keep)`: where it is "
    "after six steps of momentum, "
    "v ← keep·v + g, p ← p − rate·v, without the library.",
    blanks={
        "rolled": function(
            equals(_by_momentum, listed(6, real(-2, 2)), real(0.01, 0.5), real(0.1, 0.95)), says="rolled(gradients, rate, keep)"
        )
    },
    hints=[
        "Two numbers are kept from step to step. Which, and with what do they start?",
        "The table at the end of the lesson has both lines. Which comes first?",
        "v is brought up to date before p moves, and it is v that moves p.",
    ],
)

Exercise(
    "12.3",
    "The same for Adam with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸ (added after the root): `adam(gradients, rate)`. Its first step has "
    "the length of the rate, whatever the gradient.",
    blanks={"adam": function(equals(_by_adam, listed(6, real(-2, 2)), real(0.01, 0.5), rtol=1e-6), says="adam(gradients, rate)")},
    hints=[
        "Three things are kept: the average gradient, the average square, and how many steps there were.",
        "Both averages start at 0, so at first they are too small. By which factor, after t steps?",
        "Divide each average by 1 − βᵗ, then the first by the root of the second.",
    ],
)


def walked(p, slopes):
    """p after Adam's steps, by the library."""
    p = Value(p)
    optimizer = Adam([p], lr=0.1, beta1=0.9, beta2=0.99)
    for g in slopes:
        p.grad = g
        optimizer.step()
    return p.data


PLANTED = """
def adam(p, slopes, lr=0.1, b1=0.9, b2=0.99):
    m = v = 0.0
    for t, g in enumerate(slopes, 1):
        m = b1 * m + (1 - b1) * g
        v = {v}
        lean, wide = m / (1 - {cold}), v / (1 - b2**t)
        p {down} lr * lean / wide**0.5
    return p
"""
RIGHT = {"v": "b2 * v + (1 - b2) * g * g", "cold": "b1**t", "down": "-="}

Exercise(
    "12.4",
    'Adam, for one parameter p: a step for each of its slopes. One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"v": "b2 * v + g * g"})),
        PLANTED.format(**(RIGHT | {"cold": "b1"})),
        PLANTED.format(**(RIGHT | {"down": "+="})),
    ),
    blanks={"line": repair("adam", equals(walked, real(-1, 1), listed(4, real(0.2, 2)), rtol=1e-5))},
    hints=[
        "The first step of Adam has the length of the rate, against the slope. Is it so here? And the second, with the same slope?",
        "m and v are means that began at 0: how much of them is missing after t steps?",
        "With equal slopes every step is as long as the first, and goes down.",
    ],
)
