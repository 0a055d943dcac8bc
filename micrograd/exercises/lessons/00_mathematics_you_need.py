"""Which mathematics do you need? Nine tests of oneself."""

from math import log

from micrograd.exercises import Exercise, decimal, listed, number, pick, whole

Exercise(
    "00.1",
    "f(x) = {c}·x². How fast does f grow at x = {x}?",
    numbers={"c": whole(2, 5), "x": whole(-4, 6, but=(0, 1, 2))},
    program="f = c*x**2",
    blanks={"slope": number("x.grad", says="the slope of f there", mistakes={"That is f itself, not its slope.": "f"})},
    hints=[
        "A little to the left of x, a little to the right: what does f do?",
        "The slope of x² is known from the text. What does a factor in front do to every height, and so to every rise?",
        "Rise over run between x − 0.001 and x + 0.001 must come out the same as your number.",
    ],
)

Exercise(
    "00.2",
    "What is the derivative of {c}·x⁴ − {b}·x + 7, at x = {x}?",
    numbers={"c": whole(2, 4), "b": whole(2, 9), "x": whole(-2, 3, but=(0, 1))},
    program="f = c*x**4 - b*x + 7",
    blanks={"slope": number("x.grad", says="the derivative there", mistakes={"The 7 does not move.": "x.grad + 7"})},
    hints=[
        "Three terms: take them one at a time.",
        "A power comes down as a factor and leaves one less behind; what is left of a constant?",
        "At x = 0 only the middle term moves at all.",
    ],
)

Exercise(
    "00.3",
    "y = ({c}·x + 1)². What is the derivative of y by x, at x = {x}?",
    numbers={"c": whole(2, 5), "x": whole(-3, 3, but=(0,))},
    program="u = c*x + 1; y = u**2",
    blanks={
        "slope": number("x.grad", says="the slope of y by x", mistakes={"That is ∂y/∂u: the inner slope is missing.": "2*u"}),
    },
    hints=[
        "Name the inner part u. How fast does y move with u, and u with x?",
        "Two gears behind one another: what happens with their ratios?",
        "Where u is 0, the whole must be 0, however fast u moves.",
    ],
)

Exercise(
    "00.4",
    "z = x²·y. How fast does z move at x = {x}, y = {y}: when x moves alone, and when y moves alone?",
    numbers={"x": whole(-4, 5, but=(0, 1, 2)), "y": whole(2, 6)},
    where="2*y != x",
    program="z = x**2*y",
    blanks={"dx": number("x.grad", says="∂z/∂x"), "dy": number("y.grad", says="∂z/∂y")},
    hints=[
        "Hold one of them still: it is a constant then, like the c of an earlier part.",
        "With y a constant, z is a number times x². With x a constant, z is a number times y.",
        "The second does not depend on y at all.",
    ],
)

Exercise(
    "00.5",
    "Without a machine: what is log(e^{k})? And what is the logarithm of 0.5 multiplied by itself {m} times, if log 0.5 is −0.693?",
    numbers={"k": whole(2, 9), "m": whole(3, 12)},
    where="k != m",
    blanks={
        "back": number(lambda n: n.k, says="log of e to that power"),
        "sum": number(lambda n: n.m * log(0.5), says="the logarithm of the product", digits=2),
    },
    hints=[
        "What does the logarithm undo?",
        "log(a·b) is a sum of two logarithms. What is it for many equal factors?",
        "The product is less than 1, so the sign of its logarithm is clear.",
    ],
)

Exercise(
    "00.6",
    "What is Σᵢ {c}·xᵢ for x = {x}? And the slope of the mean of x by its first number?",
    numbers={"c": whole(2, 5), "x": listed(4, whole(1, 9))},
    blanks={
        "sum": number(lambda n: n.c * sum(n.x), says="the sum"),
        "slope": number(lambda n: 1 / len(n.x), says="∂ mean / ∂x₁", mistakes={"That is the slope of the sum.": lambda n: 1.0}),
    },
    hints=[
        "Σ is a loop that adds. What can be taken out of the loop?",
        "When the first number grows by 1, by how much does the sum grow, and the mean?",
        "All numbers have the same share in a mean, and the shares add up to a whole.",
    ],
)

Exercise(
    "00.7",
    "u = {u}, v = {v}. What is their dot product, and what is its slope by the first number of u?",
    numbers={"u": listed(3, whole(-4, 6, but=(0,))), "v": listed(3, whole(-4, 6, but=(0, 1)))},
    where="u[0]*v[0] + u[1]*v[1] + u[2]*v[2] != 0 and u[0] != v[0]",
    blanks={
        "dot": number(lambda n: sum(a * b for a, b in zip(n.u, n.v, strict=True)), says="u·v"),
        "slope": number(lambda n: n.v[0], says="∂(u·v)/∂u₁", mistakes={"That is u's own number.": lambda n: n.u[0]}),
    },
    hints=[
        "Place by place, then add up.",
        "Only one of the three products has the first number of u in it.",
        "In a product each factor moves the result as fast as the other one is large.",
    ],
)

Exercise(
    "00.8",
    "W has the rows {first} and {second}, x = {x}. What are the two numbers of W·x? And what arrives at the first input if 1 comes back to"
    " the first neuron and 10 to the second (Wᵀ·δ)?",
    numbers={"first": listed(2, whole(-3, 4, but=(0,))), "second": listed(2, whole(-3, 4, but=(0,))), "x": listed(2, whole(1, 5))},
    where="first[1] != second[0] and first[0]*x[0] + first[1]*x[1] != 0 and second[0]*x[0] + second[1]*x[1] != 0",
    blanks={
        "top": number(lambda n: n.first[0] * n.x[0] + n.first[1] * n.x[1], says="the first number of W·x"),
        "bottom": number(lambda n: n.second[0] * n.x[0] + n.second[1] * n.x[1], says="the second number of W·x"),
        "back": number(
            lambda n: n.first[0] + 10 * n.second[0],
            says="the first number of Wᵀ·δ",
            mistakes={"That goes along a row of W; back it goes along a column.": lambda n: n.first[0] + 10 * n.first[1]},
        ),
    },
    hints=[
        "Each row of W is a neuron: one dot product.",
        "On the way back, the first input collects from both neurons, through the weights by which it reached them.",
        "The weights at the first input are the first column of W.",
    ],
)

Exercise(
    "00.9",
    "Single throws lie {s} from their mean, in standard deviations. How far, about, does the mean of {n} throws lie from it? And with"
    " probability {p} for each of two things that know nothing of one another: with which probability do both happen?",
    numbers={"s": decimal(1.2, 3.4), "n": pick(25, 100, 400, 2500), "p": decimal(0.2, 0.7)},
    blanks={
        "far": number(lambda n: n.s / n.n**0.5, says="its standard deviation", digits=2, mistakes={"By √n, not n.": lambda n: n.s / n.n}),
        "both": number(lambda n: n.p**2, says="probability of both", mistakes={"They do not add up.": lambda n: 2 * n.p}),
    },
    hints=[
        "More throws in a mean: does it scatter more or less than one throw?",
        "Four times as many throws halve it.",
        "Both is rarer than each alone.",
    ],
)
