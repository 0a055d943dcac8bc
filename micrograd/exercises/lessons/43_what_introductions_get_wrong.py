"""What introductions get wrong."""

from typing import Any

from micrograd import Value, hvp
from micrograd.exercises import Exercise, equals, function, listed, number, real, whole
from micrograd.exercises.draws import Draw

Exercise(
    "43.1",
    "L = (w·x + b − t)² at w = {w}, x = {x}, b = {b}, t = {t}, and the true weight is 1. By hand: by how much is w wrong (w − "
    "1), and what is its gradient?",
    numbers={"w": whole(2, 6), "x": whole(2, 5), "b": whole(-5, 5), "t": whole(10, 40)},
    where="w*x + b - t < 0 and 2*(w*x + b - t)*x != -(w - 1)",
    program="L = (w*x + b - t)**2",
    blanks={
        "wrong_by": number(lambda n: n.w - 1, "by how much w is wrong"),
        "dw": number("w.grad", mistakes={"that is the error of the output, not yet a slope": "w*x + b - t"}),
    },
    hints=[
        "Two questions that have nothing to do with each other: how far from the truth, and how fast does L move?",
        "The slope of a square is twice what is squared. What is that by w?",
        "Compare the two signs: descent will push w the other way from where the truth is.",
    ],
)


def _some_edges(rng: Any) -> list[list[int]]:
    """An edge from each node to the next, and to most of the two after it."""
    return [[i, j] for i in range(39) for j in range(i + 1, min(i + 4, 40)) if j == i + 1 or rng.random() < 0.8]


def _by_gradient(edges: Any) -> float:
    """With every local slope 1, the gradient is the number of paths."""
    nodes = [Value(0.0) for _ in range(40)]
    for j in range(1, 40):
        nodes[j] = sum((nodes[i] for i, end in edges if end == j), Value(0.0))
    nodes[-1].backward()
    return nodes[0].grad


Exercise(
    "43.2",
    "A graph has the nodes 0 to 39; `edges` is a list of pairs [i, j], i < j. Write `paths(edges)`: how many paths lead from 0 "
    "to 39? There are up to 10¹⁰, so walk none of them twice.",
    blanks={"paths": function(equals(_by_gradient, Draw(_some_edges, "edges")), says="paths(edges)")},
    hints=[
        "How many paths lead from node 39 to node 39? From node 38? Keep one number for each node.",
        "It is the backward pass of the lesson, with every slope equal to 1.",
        "A node is ready when all nodes that it leads to are: go through them in reverse, and add.",
    ],
)


def _f(*xs: Any) -> Any:
    return sum(x.exp() * (1 + x) for x in xs).tanh()


Exercise(
    "43.3",
    "For f(x) = tanh(Σ exp(xₖ)·(1 + xₖ)), write `along(x, v)`: the list H·v, the second derivatives of f times v, for lists x "
    "and v of 4 numbers. Without making H: by two gradients, or by "
    "`grad(…, create_graph=True)`. Six digits are enough.",
    blanks={
        "along": function(
            equals(lambda x, v: hvp(_f, x, v), listed(4, real(-2.5, -1.2)), listed(4, real(-1, 1)), rtol=1e-6), says="along(x, v)"
        )
    },
    hints=[
        "H·v says how the gradient changes when x moves along v. What is its derivative the derivative of?",
        "The gradient times v is one number, made of Values if the gradient is. What is its gradient?",
        "Keep the graph of the first gradient, take the product with v, and go back once more.",
    ],
)
