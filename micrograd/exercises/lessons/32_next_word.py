"""Which word comes next?"""

from statistics import geometric_mean

from micrograd import Value, losses
from micrograd.exercises import Exercise, decimal, equals, function, listed, number, pick, real, whole

Exercise(
    "32.1",
    "In the sentences, the word `coffee` occurs {first} times; {pair} times, `is` came after it. Of all words, a part of {p} is `is`. "
    "Smoothed with k = {k} imagined observations, what is the probability of `is` after `coffee`? And what would it be if `is` had "
    "never come after it?",
    numbers={"first": whole(20, 60), "pair": whole(2, 9), "p": decimal(0.01, 0.09, 2), "k": pick(10, 20, 30)},
    where="abs(pair / first - p) > 0.02",
    blanks={
        "seen": number(
            lambda n: (n.pair + n.k * n.p) / (n.first + n.k),
            says="the probability of `is` after `coffee`",
            digits=3,
            mistakes={"That is without the imagined observations.": lambda n: n.pair / n.first},
        ),
        "unseen": number(
            lambda n: n.k * n.p / (n.first + n.k),
            says="the same, had the pair never been seen",
            digits=3,
            mistakes={"A probability of 0 makes the loss infinite when the pair comes after all.": lambda n: 0.0},
        ),
    },
    hints=[
        "The imagined observations are shared out by how frequent each word is. How many of the k are of `is`?",
        "How many times was `coffee` met, the imagined times included?",
        "Over all next words the probabilities must add up to 1.",
    ],
)

Exercise(
    "32.2",
    "Write `perplexity(chances)`: from the probabilities that a model gave to the words that came, among how many equally likely words "
    "one would be as unsure.",
    blanks={
        "perplexity": function(
            equals(lambda chances: 1 / geometric_mean(chances), listed(4, real(0.01, 1))),
            equals(lambda chances: 1 / geometric_mean(chances), listed(9, real(0.001, 0.5))),
            says="the function perplexity",
        )
    },
    hints=[
        "What is the loss at one place? What is done with the losses of all places? And at the end?",
        "If every probability is 1/10, what must come out?",
        "The mean is taken of the logarithms, not of the probabilities.",
    ],
)


def _slopes(scores, came):  # type: ignore[no-untyped-def]
    leaves = [Value(s) for s in scores]
    losses.cross_entropy(leaves, came).backward()
    return [leaf.grad for leaf in leaves]


Exercise(
    "32.3",
    "Write `slope(scores, came)`: the slope of the loss −log p by each score, in plain floats and without `backward()`; came is the "
    "place of the word that came.",
    blanks={"slope": function(equals(_slopes, listed(4, real(-3, 3)), whole(0, 3)), says="the function slope")},
    hints=[
        "First the probabilities. Then: what is the slope of the score of the word that came, and what of all the others?",
        "Only one of the slopes is negative. Which, and how near to 0 is it when the model was sure and right?",
        "What do the slopes add up to?",
    ],
)
