"""Where can a model go from here, and come back from?"""

from typing import Any

from micrograd import functional
from micrograd.exercises import Exercise, equals, function, listed, number, pick, real, whole


def _cut(numbers: list[float], columns: int) -> Any:
    import numpy as np

    return np.reshape(numbers, (-1, columns)).tolist()


Exercise(
    "30.1",
    "An MLP {i}-{h}-{o} leaves as one flat list of numbers, weights and biases. How many are in it? And how many passes forward would"
    " central differences need for all its gradients?",
    numbers={"i": whole(2, 9), "h": whole(4, 16), "o": whole(2, 10)},
    where="i != h and h != o",
    blanks={
        "numbers": number(
            lambda n: (n.i + 1) * n.h + (n.h + 1) * n.o,
            says="numbers in the list",
            mistakes={"The biases are missing.": lambda n: n.i * n.h + n.h * n.o},
        ),
        "passes": number(
            lambda n: 2 * ((n.i + 1) * n.h + (n.h + 1) * n.o),
            says="passes forward",
            mistakes={"That is by one-sided differences.": lambda n: (n.i + 1) * n.h + (n.h + 1) * n.o},
        ),
    },
    hints=[
        "How many numbers does one neuron of the first layer have?",
        "Each neuron has a weight for each input, and one number more.",
        "A central difference nudges one number up, and down.",
    ],
)

Exercise(
    "30.2",
    "A weight of PyTorch came home as a flat list, row by row. Write `rows(numbers, columns)`, which gives it as a list of rows.",
    blanks={"rows": function(equals(_cut, listed(12, real(-1, 1)), pick(2, 3, 4, 6)), says="a function rows(numbers, columns)")},
    hints=[
        "At which places of the flat list do rows begin?",
        "A slice from each of those places; how long is it?",
        "Twelve numbers and three columns: four rows, and the second begins with the fourth number.",
    ],
)

Exercise(
    "30.3",
    "What leaves as `F.cross_entropy` must not overflow. Write `loss(scores, k)`: −log of the softmax of class k, right for scores of"
    " a thousand too.",
    blanks={
        "loss": function(
            equals(lambda scores, k: -functional.log_softmax(scores)[k], listed(4, real(-1000, 1000)), whole(0, 3)),
            equals(lambda scores, k: -functional.log_softmax(scores)[k], listed(4, real(-2, 2)), whole(0, 3)),
            says="a function loss(scores, k)",
        )
    },
    hints=[
        "What is exp(1000) as a double?",
        "Softmax stays the same when one number is taken from all scores. Which number keeps every exp at 1 or below?",
        "Write the logarithm of the quotient as a difference, so that no tiny probability is made at all.",
    ],
)
