"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from micrograd import ops
from micrograd.nn.activations import Activation
from micrograd.nn.module import Module
from micrograd.nn.shapes import added, flat, over
from micrograd.ops.op import Op


class Sequential(Module):
    """One after another: each takes what the one before gave.

    Functions may stand among the modules; those of the table (`micrograd.tanh`) are taken number by number. The layers are
    given one by one, or in one list.

    >>> from micrograd.nn import Linear, Tanh
    >>> net = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))
    >>> len(net.parameters()), len(net([0.5, -1.0]))
    (13, 1)
    """

    def __init__(self, *layers: Any) -> None:
        given = list(layers[0]) if len(layers) == 1 and isinstance(layers[0], (list, tuple)) else list(layers)
        for layer in given:
            if isinstance(layer, type) or not callable(layer):
                made = f"{layer.__name__}(…), made, not the class" if isinstance(layer, type) else f"not {layer!r:.60}"
                raise TypeError(f"Sequential takes layers and functions: {made}")
        self.layers = [Activation(f.name) if isinstance(f, Op) and ops.TABLE.get(f.name) is f else f for f in given]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int | slice) -> Any:
        return Sequential(*self.layers[i]) if isinstance(i, slice) else self.layers[i]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)


class Residual(Module):
    """x + f(x): the gradient has a way around f. He et al. 2015, "Deep residual learning"."""

    def __init__(self, inner: Callable[[Any], Any]) -> None:
        self.inner = inner

    def __call__(self, x: Any) -> Any:
        return added(x, self.inner(x))


class Flatten(Module):
    """All numbers of a sample in one list; a sample is nested `rank` deep (3: an image of channels, rows, columns)."""

    def __init__(self, rank: int = 3) -> None:
        self.rank = rank

    def __call__(self, x: Any) -> Any:
        return over(flat, self.rank, x, repr(self))
