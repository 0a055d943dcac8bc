"""How does the same model look in PyTorch?"""

from types import SimpleNamespace

from micrograd import optim
from micrograd.exercises import Exercise, equals, function, number, real, whole

Exercise(
    "29.1",
    "x is a tensor with the number {x} and requires_grad=True, y = {c}·x². Then y.backward(retain_graph=True) and once more"
    " y.backward(), without zero_grad between. What is in x.grad?",
    numbers={"x": whole(-4, 5, but=(0,)), "c": whole(2, 6)},
    program="y = c*x**2",
    blanks={"grad": number("2*x.grad", says="x.grad at the end", mistakes={"That is after one backward.": "x.grad"})},
    hints=[
        "What is in x.grad after the first call?",
        "Does backward() write to x.grad, or add to it?",
        "Two passes over the same graph send the same slope twice.",
    ],
)

Exercise(
    "29.2",
    "z = (a·a).detach()·a + {k}·a, at a = {a}. What is a.grad after z.backward()?",
    numbers={"a": whole(-5, 6, but=(0, 1, -1)), "k": whole(2, 9)},
    where="a*a + k != 0 and 3*a*a + k != 0",
    blanks={
        "grad": number(
            lambda n: n.a * n.a + n.k,
            says="a.grad",
            mistakes={"That is without detach: a³ as a whole.": lambda n: 3 * n.a * n.a + n.k},
        )
    },
    hints=[
        "Which number does (a·a).detach() have, and which slope?",
        "For backward it is a constant, however it was made.",
        "Two paths are left from z to a. What does each send back?",
    ],
)


def _sgd(p: float, g: float, v: float, lr: float, momentum: float) -> list[float]:
    return list(optim.SGD.rule(p, g, SimpleNamespace(lr=lr, momentum=momentum, nesterov=None), v))


Exercise(
    "29.3",
    "Write `step(p, g, v, lr, momentum)`: one step of PyTorch's SGD with momentum for one parameter p with gradient g and velocity v; it"
    " gives the list [new p, new v]. The rate is not in the velocity.",
    blanks={
        "step": function(
            equals(_sgd, real(-2, 2), real(-1, 1), real(-1, 1), real(0.01, 0.5), real(0.5, 0.95)),
            says="a function step(p, g, v, lr, momentum)",
        )
    },
    hints=[
        "Two lines: first the velocity, then the parameter. Which of the two uses the other's new number?",
        "The velocity keeps a part of itself and takes the gradient in. With momentum 0, what must it be?",
        "With momentum 0 and any old velocity the step is that of plain descent.",
    ],
)
