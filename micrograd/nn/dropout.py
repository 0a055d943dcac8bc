"""Dropout."""

from __future__ import annotations

import random
from typing import Any

from micrograd.given import generator, real
from micrograd.nn.effects import fresh
from micrograd.nn.module import Module
from micrograd.nn.shapes import each


class Dropout(Module):
    """In training every number is replaced by 0 with probability p, else by x/(1 - p), so that its mean stays; in evaluation x.

    rng: where the draws come from, one for each number in order; without it a generator of its own, seeded from the module
    `random`. Srivastava et al. 2014.
    """

    def __init__(self, p: float = 0.5, rng: random.Random | None = None) -> None:
        self.p = real("Dropout's probability", p)
        if not 0.0 <= self.p < 1.0:
            raise ValueError(f"Dropout needs a probability in [0, 1), not {p}")
        self.rng = random.Random(random.getrandbits(64)) if rng is None else generator(rng, "random")

    def __call__(self, x: Any) -> Any:
        if not self.training or self.p == 0.0:
            return x
        return each(lambda v: v * fresh(self.draw), x)

    def draw(self) -> float:
        """0, or what makes up for the zeros."""
        return 0.0 if self.rng.random() < self.p else 1.0 / (1.0 - self.p)
