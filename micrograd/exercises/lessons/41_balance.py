"""Balance, learned through a simulator."""

from micrograd import Value
from micrograd.exercises import Exercise, equals, function, number, real, whole

Exercise(
    "41.1",
    "Two steps of a small pole, 0.1 s each: ω₁ = 0.1·(g − k)·θ₀, θ₁ = θ₀ + 0.1·ω₁, ω₂ = ω₁ + 0.1·(g − k)·θ₁, θ₂ = θ₁ + 0.1·ω₂. "
    "With g = {g}, k = {k}, θ₀ = {a0}: the gradient of k, from θ₂.",
    numbers={"g": whole(10, 30), "k": whole(5, 40), "a0": whole(1, 9)},
    where="g != k",
    program="w1 = 0.1*(g - k)*a0; a1 = a0 + 0.1*w1; w2 = w1 + 0.1*(g - k)*a1; a2 = a1 + 0.1*w2",
    blanks={"dk": number("k.grad", says="k.grad", digits=3)},
    hints=[
        "k is used in two steps. What does each use alone do to ω?",
        "ω₁ reaches θ₂ by θ₁ directly, by ω₂ directly, and by θ₁ through the second push. Three paths.",
        "Both uses add up. Check the sign: a larger k pushes the pole back.",
    ],
)


def _at_rest(k: float, d: float) -> float:
    a, w = 1.0, 0.0
    for _ in range(4000):
        w = w + 0.1 * ((20 - k) * a - d * w)
        a = a + 0.1 * w
        if abs(a) + abs(w) > 1e6:
            return 0.0
    return float(abs(a) < 0.5)


Exercise(
    "41.2",
    "The pole of the lesson with a brake: ω ← ω + 0.1·((20 − k)·θ − d·ω), then θ ← θ + 0.1·ω. Write `rests(k, d)`: 1 if the pole "
    "comes to rest from "
    "every start, 0 if not, without simulating it.",
    blanks={
        "rests": function(
            equals(_at_rest, real(22, 60), real(1, 8)),
            equals(_at_rest, real(0, 19), real(1, 8)),
            equals(_at_rest, real(100, 500), real(1, 12)),
            says="rests(k, d)",
        )
    },
    hints=[
        "One step takes (θ, ω) to a new (θ, ω), and it is linear: write it as a matrix. Mind that θ moves by the new ω.",
        "What does a hundred times the same matrix do? Which two numbers of it say so?",
        "Compare the largest of the two, in absolute value, with 1. They may be complex.",
    ],
)


def _by_engine(k: float, steps: int) -> float:
    gain, a, w = Value(k), Value(0.2), Value(0.0)
    for _ in range(int(steps)):
        w = w + 0.1 * (20 * a - gain * a)
        a = a + 0.1 * w
    a.backward()
    return gain.grad


Exercise(
    "41.3",
    "The small pole of the lesson, from θ = 0.2, ω = 0. Write `slope(k, steps)`: the derivative of the last θ by k, for any "
    "number of steps, in plain "
    "Python, without the engine and without differences.",
    blanks={"slope": function(equals(_by_engine, real(0, 40), whole(1, 30), rtol=1e-7), says="slope(k, steps)")},
    hints=[
        "Either remember all angles and go back, or carry something along while going forward.",
        "Along with θ and ω, carry how fast each of them moves when k moves. Both start at 0.",
        "Differentiate each line of the step by k. k itself contributes where it stands; θ and ω bring what they carry.",
    ],
)
