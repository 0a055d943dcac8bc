"""Which film will you like?"""

from micrograd.exercises import Exercise, decimal, function, holds, listed, number, real, whole


def cost(b, surprises, price):
    """What a newcomer's bias costs."""
    return sum((r - b) ** 2 for r in surprises) + price * b**2


Exercise(
    "35.1",
    "One rating: the mean of all is 3.5, the person's bias {b}, the film's {c}, taste {p} and trait {q} (one number each). "
    "The person gave {s} stars. The loss is the squared error. The gradients of the person's bias, of the taste and of the trait?",
    numbers={"b": decimal(-0.5, 0.5), "c": decimal(-0.5, 0.5), "p": decimal(-1.5, 1.5), "q": decimal(-1.5, 1.5), "s": whole(1, 5)},
    where="0.2 < abs(p) and 0.2 < abs(q) and p != q and p != -q and abs(3.5 + b + c + p*q - s) > 0.3 and abs(q) != 1 and abs(p) != 1",
    program="g = 3.5 + b + c + p*q; L = (g - s)**2",
    blanks={
        "b": number("b.grad", "gradient of the bias", digits=3),
        "p": number("p.grad", "gradient of the taste", digits=3, mistakes={"That is the trait's: each gets the other one.": "q.grad"}),
        "q": number("q.grad", "gradient of the trait", digits=3, mistakes={"That is the taste's: each gets the other one.": "p.grad"}),
    },
    hints=[
        "First the guess, then the error: guess − stars.",
        "What does a square send back to its error? What does a sum, and what does a product pass on?",
        "A sum hands on what arrives as it is; a product scales it for each factor by the other one.",
    ],
)

Exercise(
    "35.2",
    "A batch holds {m} ratings of one film by {m} different people; vectors have {k} numbers, and everybody has a bias too. "
    "The table has 445 people and 408 films. How many parameters get a gradient from this batch?",
    numbers={"m": whole(2, 9), "k": whole(2, 12)},
    where="m != k",
    blanks={
        "count": number(
            lambda n: n.k * n.m + n.k + n.m + 1,
            says="parameters with a gradient",
            mistakes={
                "The film is the same in all of them: it is one row.": lambda n: 2 * n.m * (n.k + 1),
                "A row has a bias, too.": lambda n: (n.m + 1) * n.k,
                "And the film?": lambda n: n.m * (n.k + 1),
            },
        )
    },
    hints=[
        "Which rows are looked up, in the table of people and in that of films?",
        "How many numbers belong to one person, or to one film?",
        "A row that several ratings look up is still one row: it collects the sum.",
    ],
)

Exercise(
    "35.3",
    "Of a newcomer the model knows how much each rating lay above what the film's bias said: a list of surprises. "
    "Write a function of (surprises, price) that gives the bias b for which Σ(surprise − b)² + price·b² is least.",
    blanks={
        "f": function(
            holds(
                "a bias a little larger or smaller must cost more",
                lambda b, surprises, price: cost(b, surprises, price) < min(cost(b + e, surprises, price) for e in (1e-5, -1e-5)),
                listed(4, real(-2, 2)),
                real(0.5, 5),
            ),
            holds("without any rating the bias is 0", lambda b, surprises, price: abs(b) < 1e-9, [], real(0.5, 5)),
            says="the function of (surprises, price)",
        )
    },
    hints=[
        "Where a bowl is lowest its slope is zero. What is the slope of each of the two parts, by b?",
        "With the price 0 it would be the mean of the surprises. Which way does a price pull it?",
        "The price acts like more ratings that were no surprise.",
    ],
)
