"""Neuron, Layer and MLP as in the original micrograd (same draws, same sums, same reprs), and Linear, a layer as one object."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from operator import mul
from typing import Any, SupportsFloat, overload

from micrograd import ops
from micrograd.engine import Value
from micrograd.given import generator, is_list, rows, whole
from micrograd.nn.init import Init, drawn, fan_in
from micrograd.nn.module import Module
from micrograd.nn.shapes import of_rows, over, values

Activation = str | Callable[[Any], Any]


def checked(activation: Activation) -> Activation:
    """`activation` if it is a function or names one of one argument in the table, else ValueError; TypeError for a class.

    Layers keep the name, not the function, so that they pickle.
    """
    if isinstance(activation, type):
        raise TypeError(f"an activation is a name ({activation.__name__.lower()!r}) or a function, not the class {activation.__name__}")
    op = None if callable(activation) else ops.TABLE.get(activation)
    if not callable(activation) and (op is None or op.arity != 1):
        known = [op.name for op in ops.TABLE.values() if op.arity == 1]
        near = str(activation).lower().replace(" ", "_")
        hint = f"did you mean {near!r}?" if near in known else f"there are {', '.join(known)}"
        raise ValueError(f"no activation named {activation!r}; {hint}")
    return activation


def activate(activation: Activation, x: Any) -> Any:
    """The activation of one Value."""
    return activation(x) if callable(activation) else ops.TABLE[activation](x)


def listed(x: Any, n: int, who: str) -> Any:
    """The inputs as a sequence of n; a bare Value or number counts as one. ValueError where there are more or fewer."""
    if not is_list(x):
        x = list(x) if isinstance(x, Iterable) and not isinstance(x, str) else [x]
    if len(x) != n:
        raise ValueError(f"{who} takes {n} input(s), not {len(x)}")
    return x


class Neuron(Module):
    """activation(b + w₀x₀ + w₁x₁ + …), weights drawn uniformly from [-1, 1], bias 0.

    nonlin=False: no activation. activation: a name in the table, or a function of one Value. rng: a `random.Random`.
    Called on a list of lists (rows of an array, of a table), it gives a list with the answer to each.

    >>> Neuron(2), Neuron(2, nonlin=False), Neuron(2, activation="tanh")
    (ReLUNeuron(2), LinearNeuron(2), TanhNeuron(2))
    """

    def __init__(self, nin: int, nonlin: bool = True, activation: Activation = "relu", rng: Any = random) -> None:
        rng = generator(rng, "uniform")
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(whole("Neuron's nin", nin))]
        self.b = Value(0)
        self.nonlin = nonlin
        self.activation = checked(activation)

    @overload
    def __call__(self, x: Iterable[Iterable[SupportsFloat]]) -> list[Value]: ...
    @overload
    def __call__(self, x: SupportsFloat | Iterable[SupportsFloat]) -> Value: ...
    def __call__(self, x: Any) -> Any:
        """x: as many Values or numbers as there are weights."""
        w = self.w
        if x.__class__ is not list or len(x) != len(w):
            x = rows(x)
            if of_rows(x):
                return [self(row) for row in x]
            x = listed(x, len(w), repr(self))
        try:
            act: Any = sum(map(mul, w, x), self.b)
        except TypeError:
            act = None
            if not of_rows(x):
                raise
        if act.__class__ is not Value and of_rows(x):  # as many rows as weights: looked for where it costs nothing
            return [self(row) for row in x]
        if not self.nonlin:
            return act
        return getattr(act, self.activation)() if type(self.activation) is str else activate(self.activation, act)

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        f: Any = self.activation
        name = "Linear" if not self.nonlin else ops.TABLE[f].symbol if isinstance(f, str) else f.__name__
        return f"{name[:1].upper()}{name[1:]}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons side by side on the same `nin` inputs; called, a list of Values, or the bare Value when nout is 1.

    Of a list of lists (rows), a list of that for each.
    """

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        self.neurons = [Neuron(nin, **kwargs) for _ in range(whole("Layer's nout", nout, 1))]

    def __call__(self, x: Any) -> Any:
        if x.__class__ is not list or (x and x[0].__class__ is not Value and is_list(x[0])):
            x = rows(x)
            if of_rows(x):
                return [self(row) for row in x]
            x = listed(x, len(self.neurons[0].w), "a layer of " + repr(self.neurons[0])) if self.neurons else x
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        return [p for n in self.neurons for p in n.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(str(n) for n in self.neurons)}]"


class MLP(Module):
    """Multi-layer perceptron: layers one after another, the last one linear.

    nin: number of inputs. nouts: neurons of each layer. activation, rng: as for Neuron. Called on one sample, a list of nin
    numbers, it gives a Value (a list of them where the last layer has several neurons); on rows of samples a list of that.

    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters())
    337
    """

    def __init__(self, nin: int, nouts: Sequence[int], activation: Activation = "relu", rng: Any = random) -> None:
        if isinstance(nouts, str) or not isinstance(nouts, Iterable):
            raise TypeError(f"MLP takes a list of widths: [{nouts}], not {nouts!r}")
        sizes = [whole("MLP's nin", nin), *(whole("each of MLP's widths", n, 1) for n in nouts)]
        last = len(sizes) - 2
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != last, activation=activation, rng=rng) for i in range(len(sizes) - 1)]

    def __call__(self, x: Any) -> Any:
        x = rows(x)
        if of_rows(x):
            return [self(row) for row in x]
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(str(layer) for layer in self.layers)}]"


class Linear(Module):
    """y = W x + b: yₒ = bₒ + Σᵢ wₒᵢ xᵢ, `weight[o][i]`. On a list of vectors, each by itself.

    init: see `micrograd.nn.init`; biases are drawn as the weights' default is, uniformly on ±1/√nin.
    """

    def __init__(self, nin: int, nout: int, bias: bool = True, init: Init = fan_in, rng: Any = random) -> None:
        self.nin, self.nout = nin, nout = whole("Linear's nin", nin), whole("Linear's nout", nout)
        self.weight = values(drawn(init, (nout, nin), rng))
        bound = nin**-0.5 if nin else 0.0
        self.bias = [Value(rng.uniform(-bound, bound)) for _ in range(nout)] if bias else None

    @overload
    def __call__(self, x: Iterable[Iterable[Any]]) -> list[Any]: ...
    @overload
    def __call__(self, x: Iterable[SupportsFloat]) -> list[Value]: ...
    def __call__(self, x: Any) -> Any:
        return over(self.one, 1, x, repr(self))

    def one(self, x: Any) -> list[Any]:
        """Of one vector."""
        x = values(listed(x, self.nin, repr(self)))
        products = [ops.dot(*row, *x) for row in self.weight]
        return products if self.bias is None else [p + b for p, b in zip(products, self.bias, strict=True)]
