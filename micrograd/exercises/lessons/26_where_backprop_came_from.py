"""Who found backpropagation, and how often?"""

from micrograd import Value, transforms
from micrograd.exercises import Exercise, decimal, equals, function, listed, number, pick, real, repair
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


def swept(thrust, s, a):
    """The slopes of a flight's cost by its thrusts, by the engine."""
    leaves = [Value(u) for u in thrust]
    state = Value(s)
    for u in leaves:
        state = a * state + u
    (state**2 + sum(u * u for u in leaves)).backward()
    return [u.grad for u in leaves]


PLANTED = """
def slopes(thrust, s, a):  # next = a*s + u; cost: the last s squared, and each u squared
    path = [s]
    for u in thrust:
        path.append(a * path[-1] + u)
    at = {end}
    found = []
    for u in reversed(thrust):
        found.append({heard})
        at *= {back}
    return {turned}
"""
RIGHT = {"end": "2 * path[-1]", "heard": "at + 2 * u", "back": "a", "turned": "found[::-1]"}

Exercise(
    "26.4",
    "The program of 1960, for a flight whose next state is a·s + u: the slope of the cost by each thrust. One line is "
    'wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"end": "path[-1]"})),
        PLANTED.format(**(RIGHT | {"heard": "at"})),
        PLANTED.format(**(RIGHT | {"back": "path[-1]"})),
        PLANTED.format(**(RIGHT | {"turned": "found"})),
    ),
    blanks={"line": repair("slopes", equals(swept, listed(3, real(-1, 1)), real(0.5, 2), real(0.5, 1.5)))},
    hints=[
        "Write the flight with two thrusts on paper. Is the slope by the last thrust right? And by the first?",
        "Where does λ begin, what does a thrust hear, by what is λ multiplied, and in which order do the slopes come out?",
        "The slopes belong to the thrusts in the order in which these were given, and each thrust costs its square besides.",
    ],
)
