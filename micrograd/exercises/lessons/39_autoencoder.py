"""What can be learned from images that nobody has labelled?"""

from micrograd.exercises import Exercise, choice, decimal, function, holds, listed, number, pick, real, whole
from micrograd.nn import Linear, Sequential, Tanh


def parts(n) -> list[Linear]:
    """The four layers asked about."""
    return [Linear(n.side**2, n.h), Linear(n.h, n.k), Linear(n.k, n.h), Linear(n.h, n.side**2)]


def learned(n) -> float:
    """Counted by the library."""
    first, second, third, last = parts(n)
    return len(Sequential(first, Tanh(), second, third, Tanh(), last).parameters())


def dot(p, q) -> float:
    """Σ p·q."""
    return sum(a * b for a, b in zip(p, q, strict=True))


CHANGES = {
    "the encoder doubled, the decoder halved": lambda u, v: ([2 * a for a in u], [a / 2 for a in v]),
    "both with the other sign": lambda u, v: ([-a for a in u], [-a for a in v]),
    "both doubled": lambda u, v: ([2 * a for a in u], [2 * a for a in v]),
    "the encoder alone with the other sign": lambda u, v: ([-a for a in u], v),
    "1 added to each weight of the encoder": lambda u, v: ([a + 1 for a in u], v),
}


def kept(n, name: str) -> bool:
    """Whether what comes out is as before, for some images."""
    u, v = [n.a, n.b, 0.3], [0.5, -0.2, n.c]
    new_u, new_v = CHANGES[name](u, v)
    images = [1.0, 0.5, 0.2], [-0.4, 0.3, 0.9], [0.1, -1.0, 0.6]
    return all(abs(dot(u, x) * p - dot(new_u, x) * q) < 1e-12 for x in images for p, q in zip(v, new_v, strict=True))


Exercise(
    "39.1",
    "Two pixels {x} and {z}, one number between: c = {u}·x + {w}·z; out come {v}·c and {t}·c. "
    "The loss is the sum of the two squared errors. What gradients get the decoder's {v} and the encoder's {u}?",
    numbers={name: decimal(-1, 1) for name in "xzuwvt"},
    where="x*z*u*w*v*t != 0 and abs(u*x + w*z) > 0.15 and x != z and u != v and u != w and v != t and "
    "abs(v*(u*x + w*z) - x) > 0.1 and abs(t*(u*x + w*z) - z) > 0.1",
    program="c = u*x + w*z; L = (v*c - x)**2 + (t*c - z)**2",
    blanks={
        "dv": number("v.grad", "gradient of the decoder's first weight", digits=3),
        "du": number(
            "u.grad",
            "gradient of the encoder's first weight",
            digits=3,
            mistakes={"The code is used twice: the second error comes back through it, too.": "2*(v*c - x)*v*x"},
        ),
    },
    hints=[
        "First forward: the code, the two outputs, the two errors.",
        "Which errors depend on the decoder's weight, and which on the code?",
        "A square sends back twice its error; the code collects from both outputs, and hands it on times the pixel.",
    ],
)

Exercise(
    "39.2",
    "An autoencoder for images of {side} × {side}: to {h} numbers, to a code of {k}, to {h}, and back to the image; every layer "
    "with biases. How many numbers does it learn?",
    numbers={"side": pick(8, 14, 20, 28), "h": pick(32, 50, 64, 100), "k": whole(2, 16)},
    blanks={
        "count": number(
            learned,
            says="weights and biases",
            digits=8,
            mistakes={"The biases are missing.": lambda n: learned(n) - sum(len(layer.bias) for layer in parts(n))},
        )
    },
    hints=[
        "Four layers. What goes in, what comes out of each?",
        "A layer has a weight for each pair of a number that goes in and one that comes out, and what else?",
        "The last layer has a bias for each pixel.",
    ],
)

Exercise(
    "39.3",
    "One principal component is a direction. Write a function of (x, axis), two lists of the same length: the point nearest to x on "
    "the line through 0 along `axis` (whose length need not be 1).",
    blanks={
        "f": function(
            holds(
                "what is missing from x must be at right angles to the axis",
                lambda out, x, axis: abs(dot([a - b for a, b in zip(x, out, strict=True)], axis)) < 1e-9,
                listed(3, real(-1, 1)),
                listed(3, real(0.2, 2)),
            ),
            holds(
                "the answer must lie on the line",
                lambda out, x, axis: all(abs(a * axis[0] - b * out[0]) < 1e-9 for a, b in zip(out, axis, strict=True)),
                listed(3, real(-1, 1)),
                listed(3, real(0.2, 2)),
            ),
            says="the function of (x, axis)",
        )
    },
    hints=[
        "The answer is the axis times one number. Which?",
        "At the nearest point, how does the way from it to x lie to the line?",
        "A point on the line already must come back as it is, also when the axis is twice as long.",
    ],
)

Exercise(
    "39.4",
    "A straight autoencoder with one number in the middle; its encoder's weights are {a}, {b}, 0.3 and its decoder's "
    "0.5, −0.2, {c}, without biases. Which of these changes leave all that comes out as it was? One of the right letters is enough.",
    numbers={"a": decimal(0.1, 1), "b": decimal(-1, -0.1), "c": decimal(0.1, 1)},
    blanks={"same": choice(list(CHANGES), right=kept, says="a letter")},
    hints=[
        "What comes out is decoder × (encoder · image).",
        "What becomes of the code under each change, and what of the output for the same code?",
        "A change of the code is not seen from outside if the decoder undoes it.",
    ],
)
