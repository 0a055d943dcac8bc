"""Attention: each position of a sequence takes from the others, by how well its query matches their keys."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from micrograd import functional, ops
from micrograd.given import whole
from micrograd.nn.activations import Activation
from micrograd.nn.containers import Residual, Sequential
from micrograd.nn.dropout import Dropout
from micrograd.nn.linear import Linear
from micrograd.nn.module import Module
from micrograd.nn.norm import LayerNorm

Vectors = Sequence[Sequence[Any]]


def attention(queries: Vectors, keys: Vectors, vectors: Vectors, causal: bool = False) -> tuple[list[list[Any]], list[list[Any]]]:
    """(outputs, weights): outputᵢ = Σⱼ weightᵢⱼ · vⱼ with weightᵢ = softmax over j of qᵢ·kⱼ/√d.

    causal: position i sees no j after it (the last query stands at the last key); its weights are a shorter list. Vaswani et
    al. 2017.
    """
    outputs, weights = [], []
    scale = len(queries[0]) ** -0.5
    later = len(keys) - len(queries)
    for i, q in enumerate(queries):
        seen = i + later + 1 if causal else len(keys)
        if seen < 1:
            raise ValueError(f"causal attention of {len(queries)} queries needs at least as many keys, not {len(keys)}")
        row = functional.softmax([ops.dot(*q, *k) * scale for k in keys[:seen]])
        outputs.append([ops.dot(*row, *column) for column in zip(*vectors[:seen], strict=True)])
        weights.append(row)
    return outputs, weights


class MultiHeadAttention(Module):
    """Attention in `heads` parts of the width at once, between four Linear layers: query, key, value and output.

    x: a sequence of vectors of `width` numbers; context: the sequence to take from, x itself unless given. With
    `weights=True` it gives (outputs, weights of each head), to look at. Vaswani et al. 2017.
    """

    def __init__(self, width: int, heads: int, causal: bool = True, bias: bool = True, rng: Any = random) -> None:
        width, heads = whole("the width of attention", width, 1), whole("the number of heads", heads, 1)
        if width % heads:
            raise ValueError(f"a width of {width} cannot be split into {heads} heads")
        self.width, self.heads, self.causal = width, heads, causal
        self.query, self.key, self.value, self.output = (Linear(width, width, bias, rng=rng) for _ in range(4))

    def __call__(self, x: Vectors, context: Vectors | None = None, weights: bool = False) -> Any:
        source = x if context is None else context
        q, k, v = self.query(x), self.key(source), self.value(source)
        size = self.width // self.heads
        joined: list[list[Any]] = [[] for _ in x]
        seen = []
        for h in range(self.heads):
            part = slice(h * size, (h + 1) * size)
            qh, kh, vh = ([vector[part] for vector in vectors] for vectors in (q, k, v))
            outputs, rows = attention(qh, kh, vh, self.causal)
            joined = [before + out for before, out in zip(joined, outputs, strict=True)]
            seen.append(rows)
        return (self.output(joined), seen) if weights else self.output(joined)


class TransformerBlock(Module):
    """x ← x + attention(norm(x)); x ← x + W₂ f(W₁ norm(x)), on a sequence of vectors of `width` numbers.

    Vaswani et al. 2017, with the norms before as Radford et al. 2019. hidden: the size between W₁ and W₂, 4 · width unless
    given.
    """

    def __init__(
        self, width: int, heads: int, hidden: int = 0, causal: bool = True, activation: Any = "gelu", dropout: float = 0.0,
        norm: Any = LayerNorm, rng: Any = random,
    ) -> None:  # fmt: skip
        hidden = whole("TransformerBlock's hidden", hidden) or 4 * whole("TransformerBlock's width", width, 1)
        drop = [Dropout(dropout, random.Random(rng.getrandbits(64)))] if dropout else []
        self.attention = Residual(Sequential(norm(width), MultiHeadAttention(width, heads, causal, rng=rng), *drop))
        self.feed_forward = Residual(
            Sequential(norm(width), Linear(width, hidden, rng=rng), Activation(activation), Linear(hidden, width, rng=rng), *drop)
        )

    def __call__(self, x: Vectors) -> Any:
        return self.feed_forward(self.attention(x))
