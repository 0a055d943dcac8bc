"""When does old knowledge help with a new task?"""

from micrograd import Value
from micrograd.exercises import Exercise, decimal, equals, function, listed, number, pick, real, whole
from micrograd.optim import SGD


def stepped(params, grads, frozen, lr):
    """After a step of SGD that leaves the frozen ones alone."""
    values = [Value(p) for p in params]
    for v, g, still in zip(values, grads, frozen, strict=True):
        v.grad, v.frozen = g, bool(still)
    SGD(values, lr=lr).step()
    return values


def layer(a, b):
    """Parameters of a linear layer."""
    return (a + 1) * b


Exercise(
    "22.1",
    "A body of two layers, {a} → {b} → {c}, each with biases, was trained before; a new head has 3 answers. "
    "How many parameters learn with the body frozen, and how many when all is fine-tuned?",
    numbers={"a": whole(8, 64), "b": whole(8, 32), "c": whole(4, 16)},
    where="a != b and b != c",
    blanks={
        "frozen": number(lambda n: layer(n.c, 3), "with the body frozen", mistakes={"A layer has biases, too.": lambda n: 3 * n.c}),
        "tuned": number(
            lambda n: layer(n.a, n.b) + layer(n.b, n.c) + layer(n.c, 3),
            "fine-tuned",
            mistakes={
                "Layers have biases, too.": lambda n: n.a * n.b + n.b * n.c + 3 * n.c,
                "And the head?": lambda n: layer(n.a, n.b) + layer(n.b, n.c),
            },
        ),
    },
    hints=[
        "How many numbers has a layer from m to n?",
        "Which layers may move in each of the two cases?",
        "A weight for each pair of an input and an output, and a bias for each output.",
    ],
)

Exercise(
    "22.2",
    "Body h = tanh({w}·{x}), head y = v·h with v = {v}, target {t}, loss L = (y − {t})². The body is frozen. "
    "What is v after a step of descent at rate 0.1? And how large is the gradient that reaches w, which is not used?",
    numbers={"w": decimal(-1.5, 1.5), "x": decimal(-1.5, 1.5), "v": decimal(-2, 2), "t": whole(-2, 2)},
    where="abs(w) > 0.3 and abs(x) > 0.3 and abs(v) > 0.3 and abs(v*w*x - t) > 0.5 and abs(w*x) > 0.2",
    program="h = tanh(w*x); y = v*h; L = (y - t)**2",
    blanks={
        "v": number("v - 0.1*v.grad", "v after the step", digits=3, mistakes={"Descent goes against the gradient.": "v + 0.1*v.grad"}),
        "dw": number("w.grad", "the gradient that reaches w", digits=3),
    },
    hints=[
        "Go forward first: h, y, and the error y − t.",
        "What does the square send to y, and the product to each of its factors?",
        "Frozen means that the optimizer does not move it; the chain rule does not know of that.",
    ],
)

Exercise(
    "22.3",
    "Write a step of descent that respects freezing: a function of (params, grads, frozen, lr), lists of numbers and of 0 or 1, and a"
    " rate. It gives the new list of parameters.",
    blanks={
        "f": function(
            equals(stepped, listed(5, real(-2, 2)), listed(5, real(-2, 2)), pick([0, 1, 0, 1, 1], [1, 0, 0, 1, 0]), real(0.01, 0.5)),
            equals(stepped, [1.0, 2.0], [0.5, -0.5], [1, 1], 0.1),
            says="the function of (params, grads, frozen, lr)",
        )
    },
    hints=[
        "What happens to one parameter that may move? And to one that may not?",
        "Which sign has a step down?",
        "The new list has as many numbers as the old one, in the same order.",
    ],
)
