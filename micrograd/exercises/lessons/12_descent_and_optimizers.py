"""Descent and optimizers."""

from typing import Any

from micrograd import Value
from micrograd.exercises import Exercise, equals, function, listed, number, pick, real, whole
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
