"""Three programs written with scalars: two moons, digits, a small causal transformer on names; each gives (compiled loss, arrays)."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from micrograd import Value, compile, data, functional, nn
from micrograd.compiler import take


def moons() -> tuple[Any, list[Any]]:
    """The demo of micrograd: a max-margin loss and a penalty."""
    xs, ys = data.moons(64, noise=0.1, rng=Random(1))
    model = nn.MLP(2, [16, 16, 1], rng=Random(2))

    def loss(x: Any, y: Any) -> Any:
        return (1 - y * model(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())

    return compile(loss, model, batch=True), [np.array(xs, dtype=float), np.array(ys, dtype=float)]


def digits() -> tuple[Any, list[Any]]:
    """Softmax and cross-entropy on 8 × 8 images (scikit-learn's)."""
    xs, ys = data.digits()
    model = nn.MLP(64, [32, 10], rng=Random(3))

    def loss(x: Any, y: Any) -> Any:
        return -take(functional.softmax(model(x)), y).log()

    return compile(loss, model, batch=True), [np.array(xs[:128], dtype=float), np.array(ys[:128])]


def gpt() -> tuple[Any, list[Any]]:
    """One block of a transformer that says the next letter of a name."""
    rng = Random(4)
    words = [w for w in ("emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "charlotte", "luna", "harper") if len(w) >= 3] * 4
    letters = sorted({c for w in words for c in w})
    width, length = 16, 4
    table = [[Value(rng.gauss(0, 0.2)) for _ in range(width)] for _ in range(len(letters) + 1)]
    block, head = nn.TransformerBlock(width, 4, rng=rng), nn.Linear(width, len(letters) + 1, rng=rng)
    params = [p for row in table for p in row] + block.parameters() + head.parameters()

    def loss(tokens: Any) -> Any:
        mixed = block([list(take(table, t)) for t in tokens[:-1]])
        return sum(-take(functional.softmax(head(x)), t).log() for x, t in zip(mixed, tokens[1:], strict=True)) / length

    rows = [
        [letters.index(c) if c else len(letters) for c in (w + " " * length)[: length + 1].replace(" ", "")][: length + 1] for w in words
    ]
    rows = [(row + [len(letters)] * (length + 1))[: length + 1] for row in rows]
    return compile(loss, params, batch=True), [np.array(rows)]


MODELS = {"moons": moons, "digits": digits, "gpt": gpt}
