"""The matrix form, by hand."""

from statistics import fmean, pstdev
from typing import Any

from micrograd import Value
from micrograd.exercises import Exercise, equals, function, listed, number, pick, real, repair, whole

Exercise(
    "07.1",
    "A layer has W = [[{p}, {q}], [{r}, {s}]] and gets a = ({a1}, {a2}); from above comes δ = ({d1}, {d2}). By hand: the "
    "gradient of the weight q, "
    "that of a2, and the sum of all four weights' gradients.",
    numbers={k: whole(-5, 5) for k in ("p", "q", "r", "s", "a1", "a2", "d1", "d2")},
    where="p != q and p != r and q != r and q != s and p*q*r*s*a1*a2*d1*d2 != 0 and a1 != a2 and d1 != d2 "
    "and q*d1 + s*d2 != 0 and q*d1 + s*d2 != r*d1 + s*d2 and q*d1 + s*d2 != r*a1 + s*a2 and (a1 + a2)*(d1 + d2) != 0",
    program="z1 = p*a1 + q*a2; z2 = r*a1 + s*a2; L = d1*z1 + d2*z2",
    blanks={
        "dq": number("q.grad", mistakes={"that is the gradient of r: W[i][j] leads to neuron i from input j": "r.grad"}),
        "da2": number("a2.grad", mistakes={"that goes along a row of W; back to a2 leads a column": lambda n: n.r * n.d1 + n.s * n.d2}),
        "total": number("p.grad + q.grad + r.grad + s.grad", says="the sum of the weights' gradients"),
    },
    hints=[
        "Draw the four edges. Which two ends has q, and which edges end at a2?",
        "A weight's gradient is the product of its two ends. What comes back to an input is a sum over the neurons it feeds.",
        "The table δaᵀ has a sum that needs no table: think of what it is a product of.",
    ],
)


def _by_engine(W: Any, A: Any, D: Any) -> Any:
    """The gradients of Σ δ·(W·a + b) over a batch, as the engine collects them."""
    w = [[Value(x) for x in row] for row in W]
    b, rows = [Value(0.0) for _ in W], [[Value(x) for x in row] for row in A]
    loss = Value(0.0)
    for row, deltas in zip(rows, D, strict=True):
        for weights, bias, delta in zip(w, b, deltas, strict=True):
            loss = loss + delta * (sum((u * x for u, x in zip(weights, row, strict=True)), bias))
    loss.backward()
    return [[[v.grad for v in row] for row in w], [v.grad for v in b], [[v.grad for v in row] for row in rows]]


Exercise(
    "07.2",
    "Write `backward(W, A, D)`: W has a row for each of 2 neurons, A a row for each of 4 samples, with 3 inputs, D the δ of each "
    "sample in a row. "
    "Give the list [gradient of W, gradient of the biases, gradient of A], as lists (`.tolist()`) of the shapes of W, b and A.",
    blanks={
        "backward": function(
            equals(_by_engine, listed(2, listed(3, real(-2, 2))), listed(4, listed(3, real(-2, 2))), listed(4, listed(2, real(-2, 2)))),
            says="backward(W, A, D)",
        )
    },
    hints=[
        "Write the shapes beside each of the three: what is (2, 3) made of, from (4, 2) and (4, 3)?",
        "Two of the three add over samples. Which does not, and why?",
        "A matrix product adds over the axis that both share. For the weights that must be the samples.",
    ],
)


def _norm_by_engine(x: Any, dy: Any) -> Any:
    v = [Value(u) for u in x]
    mean = sum(v, Value(0.0)) / len(v)
    deviation = (sum(((u - mean) ** 2 for u in v), Value(0.0)) / len(v)).sqrt()
    sum((d * (u - mean) / deviation for u, d in zip(v, dy, strict=True)), Value(0.0)).backward()
    return [u.grad for u in v]


Exercise(
    "07.3",
    "Layer norm takes mean and deviation over the 5 numbers of one sample: y = (x − mean) / deviation (the deviation by dividing "
    "by 5; no ε, γ, β). Write "
    "`norm_back(x, dy)`: the gradient of x, a list, when dy comes from above.",
    blanks={
        "norm_back": function(equals(_norm_by_engine, listed(5, real(-3, 3)), listed(5, real(-2, 2)), rtol=1e-7), says="norm_back(x, dy)")
    },
    hints=[
        "Batch norm has three paths from x to the loss. Which numbers share a mean there, and which here?",
        "What is the sum of the gradients of x, and what is their part along y? Both laws of the lesson hold here too.",
        "From dy, take away what would move all numbers together, and what would stretch them all; what is left is divided by "
        "the deviation.",
    ],
)


def normed(batch):
    """Each column of three samples, less its mean, over its spread."""
    columns = [[(v - fmean(c)) / pstdev(c) for v in c] for c in zip(*batch, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


PLANTED = """
def batch_norm(batch):  # a row is a sample, a column a feature
    columns = list(zip(*batch))
    means = [sum(c) / len(c) for c in {over}]
    squares = [sum((v - m) ** 2 for v in c) / len(c) for c, m in zip({of}, means)]
    spreads = [{spread} for s in squares]
    return [[(v - m) / s for v, m, s in zip(row, means, spreads)] for row in batch]
"""
RIGHT = {"over": "columns", "of": "columns", "spread": "s**0.5"}

Exercise(
    "07.4",
    "Batch norm without scale and shift: each feature less its mean over the batch, divided by its spread over the batch. "
    'One line is wrong. Hand in its number and what it should be: (7, "…").',
    shows=pick(
        PLANTED.format(**(RIGHT | {"over": "batch"})),
        PLANTED.format(**(RIGHT | {"of": "batch"})),
        PLANTED.format(**(RIGHT | {"spread": "s"})),
    ),
    blanks={"line": repair("batch_norm", equals(normed, listed(3, listed(3, real(-2, 2))), rtol=1e-6))},
    hints=[
        "Three samples of three features: what adds up to 0 afterwards, the rows or the columns? And what are the spreads?",
        "Which lists go over the batch, for one feature?",
        "Each mean and each spread is over one column; a spread is a root.",
    ],
)
