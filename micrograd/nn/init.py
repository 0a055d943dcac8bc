"""Initial weights: functions (shape, rng) → numbers in nested lists.

shape is (outputs, inputs, *kernel), so a weight has fan-in inputs · kernel and fan-out outputs · kernel. rng is a
`random.Random` (or the module `random`). Give one to a layer (`Linear(3, 4, init=orthogonal)`, `functools.partial(normal,
std=0.02)`), or to `reset`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import prod, sqrt
from typing import Any

from micrograd.given import generator
from micrograd.nn.files import pack
from micrograd.nn.module import Module
from micrograd.nn.shapes import flat

Shape = tuple[int, ...]
Init = Callable[..., Any]


def filled(shape: Shape, draw: Callable[[], float]) -> Any:
    """Nested lists of this shape, drawn row by row."""
    return [filled(shape[1:], draw) for _ in range(shape[0])] if shape else draw()


def fans(shape: Shape) -> tuple[int, int]:
    """(fan-in, fan-out)."""
    kernel = prod(shape[2:])
    return (shape[1] if len(shape) > 1 else 1) * kernel, shape[0] * kernel


def zeros(shape: Shape, rng: Any = random) -> Any:
    """All 0."""
    return filled(shape, lambda: 0.0)


def uniform(shape: Shape, rng: Any = random, low: float = -1.0, high: float = 1.0) -> Any:
    """Uniform on [low, high]."""
    rng = generator(rng, "uniform")
    return filled(shape, lambda: rng.uniform(low, high))


def normal(shape: Shape, rng: Any = random, mean: float = 0.0, std: float = 1.0) -> Any:
    """Normal with this mean and standard deviation."""
    rng = generator(rng)
    return filled(shape, lambda: rng.gauss(mean, std))


def fan_in(shape: Shape, rng: Any = random) -> Any:
    """Uniform on ±1/√fan-in. LeCun et al. 1998, "Efficient BackProp"; what PyTorch's layers begin with."""
    bound = 1.0 / sqrt(fans(shape)[0])
    return uniform(shape, rng, -bound, bound)


def xavier_uniform(shape: Shape, rng: Any = random, gain: float = 1.0) -> Any:
    """Uniform with variance 2·gain²/(fan-in + fan-out), for tanh and its like. Glorot & Bengio 2010."""
    bound = gain * sqrt(6.0 / sum(fans(shape)))
    return uniform(shape, rng, -bound, bound)


def xavier_normal(shape: Shape, rng: Any = random, gain: float = 1.0) -> Any:
    """Normal with variance 2·gain²/(fan-in + fan-out). Glorot & Bengio 2010."""
    return normal(shape, rng, 0.0, gain * sqrt(2.0 / sum(fans(shape))))


def he_uniform(shape: Shape, rng: Any = random, gain: float = sqrt(2.0)) -> Any:
    """Uniform with variance gain²/fan-in, for relu. He et al. 2015."""
    bound = gain * sqrt(3.0 / fans(shape)[0])
    return uniform(shape, rng, -bound, bound)


def he_normal(shape: Shape, rng: Any = random, gain: float = sqrt(2.0)) -> Any:
    """Normal with variance gain²/fan-in, for relu. He et al. 2015."""
    return normal(shape, rng, 0.0, gain / sqrt(fans(shape)[0]))


def orthogonal(shape: Shape, rng: Any = random, gain: float = 1.0) -> Any:
    """gain times a random matrix whose rows (or columns, if they are fewer) are at right angles and of length 1.

    Gram-Schmidt, twice over, on normal vectors. Saxe, McClelland & Ganguli 2013.
    """
    rng, rows, columns = generator(rng), shape[0], prod(shape[1:])
    count, size = min(rows, columns), max(rows, columns)
    basis: list[list[float]] = []
    while len(basis) < count:
        v = [rng.gauss(0.0, 1.0) for _ in range(size)]
        for _ in range(2):
            for u in basis:
                along = sum(a * b for a, b in zip(u, v, strict=True))
                v = [b - along * a for a, b in zip(u, v, strict=True)]
        length = sqrt(sum(a * a for a in v))
        if length > 1e-6:
            basis.append([a / length for a in v])
    matrix = basis if rows <= columns else [list(column) for column in zip(*basis, strict=True)]
    numbers = iter(gain * a for row in matrix for a in row)
    return filled(shape, lambda: next(numbers))


def drawn(init: Init, shape: Shape, rng: Any = random) -> Any:
    """init(shape, rng); TypeError where init is no such function."""
    if not callable(init):
        raise TypeError(f"init is a function, such as nn.init.xavier_uniform, not {init!r:.40}")
    return init(shape, rng)


def reset(module: Module, init: Init, rng: Any = random) -> Module:
    """Draw every weight (what is a matrix or more) of the module anew; what is a vector (biases, gains) stays."""
    named = dict(module.named_parameters())
    for shape, names in pack(list(named)).values():
        if len(shape) > 1:
            for name, x in zip(names, flat(drawn(init, shape, rng)), strict=True):
                named[name].data = x
    return module
