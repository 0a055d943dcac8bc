"""A first graph."""

from micrograd import Value
from micrograd.exercises import Exercise, decimal, equals, number, pick, repair, whole


def gradients(a, b, c):
    """Of (a·b + c)², by the engine."""
    leaves = [Value(a), Value(b), Value(c)]
    ((leaves[0] * leaves[1] + leaves[2]) ** 2).backward()
    return [v.grad for v in leaves]


Exercise(
    "01.1",
    "L = (a·b + c)² at a = {a}, b = {b}, c = {c}. By hand, or by nudging in your head: a.grad and c.grad?",
    numbers={"a": whole(-4, 4, but=(-1, 0, 1)), "b": whole(-4, 4, but=(-1, 0, 1)), "c": whole(1, 9)},
    where="a != b and a*b + c != 0 and abs(a*b + c) != 1",
    program="d = a*b + c; L = d**2",
    blanks={"da": number("a.grad"), "dc": number("c.grad")},
    hints=[
        "Call d = a·b + c what is squared. How much faster than d does L move?",
        "When c moves by 1, how far does d move? When a moves by 1?",
        "Multiply what you found along the way from L to the leaf.",
    ],
)

Exercise(
    "01.2",
    "L = (a·b + c)² again, now at a = {a}, b = {b}, c = {c}. Each leaf is moved by −0.01 times its gradient. What is L then?",
    numbers={"a": whole(-3, 3, but=(0,)), "b": whole(-3, 3, but=(0,)), "c": whole(10, 15)},
    program="d = a*b + c; L = d**2",
    blanks={
        "L": number(
            "((a - 0.01*a.grad)*(b - 0.01*b.grad) + c - 0.01*c.grad)**2",
            "the new L",
            digits=4,
            mistakes={
                "That is what the tangent promises: L less 0.01 times the squares of the gradients. The curve bends; calculate L again.": (
                    "L - 0.01*(a.grad**2 + b.grad**2 + c.grad**2)"
                )
            },
        )
    },
    hints=[
        "First the three gradients, then the three new numbers, then L of those.",
        "Going against the gradient: a leaf with a positive gradient becomes smaller.",
        "L must have fallen, nearly by 0.01 times the sum of the squared gradients.",
    ],
)

Exercise(
    "01.3",
    'This should find b.grad of L = (a·b + c)² by nudging. One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        *(
            f"""
def calculate(a, b, c):
    return (a * b + c) ** 2


def slope_of_b(a, b, c, h=1e-6):
    below = calculate(a, b, c)
    above = calculate({nudged})
    rise = {rise}
    return rise / {run}
"""
            for nudged, rise, run in (
                ("a, b, c + h", "above - below", "h"),
                ("a, b + h, c", "below - above", "h"),
                ("a, b + h, c", "above - below", "(2 * h)"),
            )
        )
    ),
    blanks={"line": repair("slope_of_b", equals(lambda a, b, c: gradients(a, b, c)[1], *[decimal(-2, 2)] * 3, rtol=1e-3))},
    hints=[
        "Run it at a = 2, b = −3, c = 10, where b.grad is 16. What is wrong: the sign, the size, or the leaf?",
        "Rise over run: which leaf moves, what is subtracted from what, and how far did the leaf move?",
        "Between below and above b alone moves, once, by h.",
    ],
)
