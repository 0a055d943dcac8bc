"""Embedding: a table of vectors, looked up by integers."""

from __future__ import annotations

import random
from typing import Any

from micrograd.nn.effects import lookup
from micrograd.nn.init import Init, normal
from micrograd.nn.module import Module
from micrograd.nn.shapes import values


class Embedding(Module):
    """`weight[i]`, a vector of `width` parameters, for each of `count` integers; a list of integers gives a list of vectors.

    It is a Linear layer on one-hot vectors, without the multiplications by 0. Bengio et al. 2003.
    """

    def __init__(self, count: int, width: int, init: Init = normal, rng: Any = random) -> None:
        self.count, self.width = count, width
        self.weight = values(init((count, width), rng))

    def __call__(self, index: Any) -> Any:
        if hasattr(index, "__len__"):
            return [self(i) for i in index]
        return list(lookup(self.weight, index))
