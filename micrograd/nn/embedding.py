"""Embedding: a table of vectors, looked up by integers."""

from __future__ import annotations

import random
from typing import Any

from micrograd.given import is_list, rows, whole
from micrograd.nn.effects import lookup
from micrograd.nn.init import Init, drawn, normal
from micrograd.nn.module import Module
from micrograd.nn.shapes import values


class Embedding(Module):
    """`weight[i]`, a vector of `width` parameters, for each of `count` integers; a list of integers gives a list of vectors.

    It is a Linear layer on one-hot vectors, without the multiplications by 0. Bengio et al. 2003.
    """

    def __init__(self, count: int, width: int, init: Init = normal, rng: Any = random) -> None:
        self.count, self.width = whole("Embedding's count", count, 1), whole("Embedding's width", width, 1)
        self.weight = values(drawn(init, (self.count, self.width), rng))

    def __call__(self, index: Any) -> Any:
        index = rows(index)
        if is_list(index):
            return [self(i) for i in index]
        return list(lookup(self.weight, index))
