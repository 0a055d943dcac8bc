"""Who found backpropagation, and how often?"""

from micrograd import Value, transforms
from micrograd.exercises import Exercise, decimal, equals, function, holds, listed, number, pick, real, whole
from micrograd.steps import BackwardStep, ForwardStep


def backward_count(count: int) -> int:
    """Multiplications of our engine for the gradient of a product: counted."""
    root = Value(1.01)
    for _ in range(count - 1):
        root = root * Value(1.01)
    found = 0
    for step in root.steps():
        found += isinstance(step, ForwardStep)
        found += len(step.contributions) if isinstance(step, BackwardStep) else 0
    return found


def corrected(out, w, x, target) -> bool:
    """Whether these weights are those after one correction."""
    error = target - (sum(a * b for a, b in zip(w, x, strict=True)) > 0)
    return len(out) == len(w) and all(abs((new - old) - error * v) < 1e-12 for new, old, v in zip(out, w, x, strict=True))


Exercise(
    "26.1",
    "A flight of two steps: the state s is {s} at first, then s1 = {a}·s + u0, then s2 = {a}·s1 + u1, with the thrusts u0 = "
    "{u0}, u1 = {u1}. The "
    "cost is s2² + u0² + u1². What is the adjoint λ at the start (the slope of the cost by s), and the slope by u0?",
    numbers={"s": decimal(0.5, 2), "a": decimal(0.5, 1.5), "u0": decimal(-1, 1), "u1": decimal(-1, 1)},
    where="a != 1 and u0 != 0 and u1 != 0 and abs(a*(a*s + u0) + u1) > 0.2",
    program="s1 = a*s + u0; s2 = a*s1 + u1; L = s2**2 + u0**2 + u1**2",
    blanks={
        "start": number("s.grad", "λ at the start", digits=3),
        "du0": number("u0.grad", digits=3, mistakes={"The thrust itself costs, too.": "u0.grad - 2*u0"}),
    },
    hints=[
        "Fly forward first, then begin at the end: what is λ there?",
        "By what is λ multiplied in each step backward, and what does a thrust hear of it?",
        "λ of a state is λ of the next one times ∂next/∂state; a thrust gets λ of the state it leads to, plus the slope of what "
        "it costs itself.",
    ],
)

Exercise(
    "26.2",
    "A product of {n} numbers. How many multiplications does forward mode need for all its slopes, a run for each input, and "
    "how many does one "
    "walk backward need (both with the product itself, counted as in the lesson)?",
    numbers={"n": pick(5, 6, 7, 9, 10, 12, 20)},
    blanks={
        "ahead": number(
            lambda n: n.n * backward_count(n.n),
            says="forward, all inputs",
            digits=6,
            mistakes={"That is one run; each input needs its own.": lambda n: backward_count(n.n)},
        ),
        "back": number(lambda n: backward_count(n.n), says="backward", digits=6),
    },
    hints=[
        "How many products of two numbers are in a product of n?",
        "What does each of them cost: itself, and its derivative, carried forward or sent back to two inputs?",
        "A run forward and a walk backward cost the same. How many of each are needed?",
    ],
)

Exercise(
    "26.3",
    "Wengert's rule: write a function of (p, q), two pairs (value, derivative), that gives the pair of their product.",
    blanks={
        "f": function(
            equals(
                lambda p, q: list(transforms.jvp(lambda a, b: a * b, (p[0], q[0]), (p[1], q[1]))),
                listed(2, real(-2, 2)),
                listed(2, real(-2, 2)),
            ),
            says="the function of (p, q), giving a list of two",
        )
    },
    hints=[
        "What is the derivative of a product of two functions?",
        "Which of the four numbers stand in it?",
        "With a constant (derivative 0) it is only scaled; with itself it is the rule of the square.",
    ],
)

Exercise(
    "26.4",
    "Rosenblatt's correction: write a function of (w, x, target), lists w and x, target 0 or 1. The neuron says 1 where w·x "
    "> 0, else 0. The new "
    "weights are the old ones where it is right; else each moves by its input, up or down.",
    blanks={
        "f": function(
            holds(
                "the weights must be those after one correction",
                corrected,
                listed(3, whole(-2, 2)),
                listed(3, whole(-2, 2)),
                whole(0, 1),
                times=16,
            ),
            says="the function of (w, x, target)",
        )
    },
    hints=[
        "What does it say, and what should it have said?",
        "Their difference is −1, 0 or 1: what must it do to a weight whose input is 0?",
        "Afterwards w·x has moved by the difference times x·x, towards the target.",
    ],
)
