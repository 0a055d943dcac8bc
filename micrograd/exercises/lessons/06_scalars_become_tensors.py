"""Scalars become tensors."""

import micrograd
from micrograd import Value, nn
from micrograd.exercises import Exercise, choice, equals, function, listed, number, real, whole


def affine(W, b, x):
    """W·x + b by the table's dot."""
    return [micrograd.ops.dot(*(float(w) for w in row), *x) + last for row, last in zip(W, b, strict=True)]


def compiles(option):
    """Whether micrograd.compile takes a loss of one number."""
    try:
        micrograd.compile(eval(option, {"where": micrograd.where}), [Value(1.0)], backend="numpy")(3.0)
    except TypeError:
        return False
    return True


def place(n):
    """Where the second layer's weight k of neuron j stands among the parameters."""
    model = nn.MLP(n.n, [n.h1, n.h2, 1])
    weight = model.layers[1].neurons[n.j].w[n.k]
    return next(i for i, p in enumerate(model.parameters()) if p is weight)


Exercise(
    "06.1",
    "All parameters of `MLP({n}, [{h1}, {h2}, 1])` in one row, as `parameters()` gives them. At which place stands the weight to neuron {j}"
    " of the second layer from neuron {k} of the first? (Places and neurons are counted from 0.)",
    numbers={"n": whole(2, 5), "h1": whole(4, 12), "h2": whole(4, 9), "j": whole(1, 3), "k": whole(1, 3)},
    where="j != k",
    blanks={
        "place": number(
            place,
            "the place",
            digits=6,
            mistakes={
                "The biases are missing: each neuron keeps one beside its weights.": lambda n: n.n * n.h1 + n.h1 * n.j + n.k,
                "The biases of the second layer are missing.": lambda n: (n.n + 1) * n.h1 + n.h1 * n.j + n.k,
                "The biases of the first layer are missing.": lambda n: n.n * n.h1 + (n.h1 + 1) * n.j + n.k,
                "j and k are exchanged: a neuron's weights stand side by side.": lambda n: (n.n + 1) * n.h1 + (n.h1 + 1) * n.k + n.j,
            },
        )
    },
    hints=[
        "First come all numbers of the first layer. How many are they?",
        "How many numbers does one neuron of the second layer keep?",
        "Skip the first layer, then j whole neurons, then k weights.",
    ],
)

Exercise(
    "06.2",
    "Write `affine(W, b, x)` of lists of numbers, W·x + b, in plain Python. (The compiler makes one instruction of it.)",
    blanks={"affine": function(equals(affine, listed(2, listed(3, real(-1, 1))), listed(2, real(-1, 1)), listed(3, real(-1, 1))))},
    hints=[
        "One number comes out for each row of W.",
        "A row and x are walked through together; the products are added up.",
        "With W = [[1, 0], [0, 1]] and b = [0, 0] it gives x again.",
    ],
)

Exercise(
    "06.3",
    "One of these losses is refused by `micrograd.compile`, because a program could not repeat it. Which? (The letter.)",
    blanks={
        "letter": choice(
            [
                "lambda x: where(x > 0, 2 * x, x)",
                "lambda x: 2 * x if x.data > 0 else x",
                "lambda x: x.relu() + x",
                "lambda x: sum(x * k for k in range(3))",
            ],
            right=lambda n, option: not compiles(option),
        )
    },
    hints=[
        "A program is the graph of one run. What would be other in another run?",
        "Loops over a fixed count are the same each time. What is decided in Python by a number that comes later?",
        "Both ways must be in the graph, for each run to take its own.",
    ],
)
