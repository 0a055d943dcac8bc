"""The six workloads, in plain scalar code over any engine: the original's Value, ours, or a traced one.

    >>> from benchmarks.workloads import engine, moons
    >>> net = moons(engine("micrograd"))
    >>> len(net.params), net.loss(*net.inputs) < 2
    (337, True)

A workload is its parameters, its inputs (plain numbers) and `loss(*inputs)`, whose parameters are leaves: the function that
`micrograd.compile` takes as it stands. Data and initial weights are drawn from `random.Random`, the same for every engine.

The loss asks three things of an engine: `Value(number)`, `softmax(values)`, and `pick(values, index)` for a
class or a token, which is `values[index]` but where a compiler wants the index at run time.
"""

from __future__ import annotations

import importlib
import itertools
import math
import operator
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmarks.optimizers import Adam, Optimizer

Row = Sequence[Any]


class Engine(NamedTuple):
    """What scalar code needs of an engine."""

    name: str
    Value: Any
    softmax: Callable[[Row], list[Any]]
    pick: Callable[[Sequence[Any], Any], Any] = operator.getitem

    def leaf(self, x: Any) -> Any:
        """A number as a Value; a Value (a traced input) as it is."""
        return x if isinstance(x, self.Value) else self.Value(x)


# scalar engines with the original's interface: name → the module and the class of its Value
ENGINES = {
    "original": ("benchmarks.original", "Value"),
    "scalar GPT": ("benchmarks.local_gradients", "Value"),
    "propgrad": ("propgrad", "Value"),
    "scalargrad": ("scalargrad", "Scalar"),
}


def engine(name: str) -> Engine:
    """`micrograd` (this project), `original` (PyPI's micrograd written out), or another of `ENGINES`; ImportError where it is missing."""
    if name != "micrograd":
        module, value = ENGINES[name]
        from benchmarks.original import softmax as shifted

        return Engine(name, getattr(importlib.import_module(module), value), shifted)
    from micrograd import Value
    from micrograd.functional import softmax
    from micrograd.nn.effects import lookup

    return Engine(name, Value, softmax, lookup)


@dataclass
class Workload:
    """params: every parameter, in order. inputs: arguments of loss. sample: for `compile(batch=True)`, the loss of one sample."""

    name: str
    params: list[Any]
    inputs: tuple[Any, ...]
    loss: Callable[..., Any]
    optimizer: Optimizer
    shapes: dict[str, tuple[int, ...]]  # the same parameters as arrays, in order
    sample: Callable[..., Any] | None = None
    sizes: dict[str, int] = field(default_factory=dict)  # what it was made with

    def gradients(self) -> tuple[float, list[float]]:
        """Loss and gradients, by the engine that the parameters belong to."""
        for p in self.params:
            p.grad = 0
        loss = self.loss(*self.inputs)
        loss.backward()
        return float(loss.data), [float(p.grad) for p in self.params]

    def step(self) -> float:
        """One whole training step: forward, backward, update."""
        loss, gradients = self.gradients()
        self.optimizer.update(self.params, gradients)
        return loss

    def data(self) -> list[float]:
        """The parameters as numbers."""
        return [float(p.data) for p in self.params]


# --- W1 and W2: expressions --------------------------------------------------------------------------------------------


def readme(e: Engine) -> Workload:
    """W1: the expression of the original's README; g is 24.7041, its gradients 138.8338 and 645.5773."""
    a, b = e.Value(-4.0), e.Value(2.0)

    def expression() -> Any:
        c = a + b
        d = a * b + b**3
        c += c + 1
        c += 1 + c + (-a)
        d += d * 2 + (b + a).relu()
        d += 3 * d + (b - a).relu()
        e = c - d
        f = e**2
        g = f / 2.0
        g += 10.0 / f
        return g

    return Workload("W1 README expression", [a, b], (), expression, Optimizer(0.0), {"ab": (2,)})


def chain(e: Engine, length: int = 100_000) -> Workload:
    """W2: x = x · 1.0001 + 0.1, over and over."""
    start = e.Value(0.5)

    def run() -> Any:
        x = start
        for _ in range(length):
            x = x * 1.0001 + 0.1
        return x

    return Workload(f"W2 chain of {2 * length:,}", [start], (), run, Optimizer(0.0), {"x": (1,)})


# --- W3, W4 and W6: multi-layer perceptrons ----------------------------------------------------------------------------


def two_moons(samples: int, seed: int = 1337) -> tuple[list[list[float]], list[int]]:
    """Two half circles with noise 0.1, and their labels -1 and 1."""
    draw = random.Random(seed)
    points, labels = [], []
    for i in range(samples):
        angle = math.pi * draw.random()
        upper = i % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + draw.gauss(0, 0.1), y + draw.gauss(0, 0.1)])
        labels.append(-1 if upper else 1)
    return points, labels


class Perceptron:
    """Layers of neurons as the original builds them: act = Σ wᵢxᵢ + b, `nonlin` on all but the last."""

    def __init__(self, e: Engine, sizes: Sequence[int], nonlin: str, draw: random.Random) -> None:
        self.nonlin = nonlin
        self.layers = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        for k, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
            bound = 1.0 if inputs < 32 else 1 / math.sqrt(inputs)
            weights = [[e.Value(draw.uniform(-bound, bound)) for _ in range(inputs)] for _ in range(outputs)]
            self.layers.append((weights, [e.Value(0.0) for _ in range(outputs)]))
            self.shapes |= {f"w{k}": (outputs, inputs), f"b{k}": (outputs,)}

    def __call__(self, x: Row) -> Row:
        for k, (weights, biases) in enumerate(self.layers):
            acts = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in zip(weights, biases, strict=True)]
            x = [getattr(a, self.nonlin)() for a in acts] if k + 1 < len(self.layers) else acts
        return x

    def parameters(self) -> list[Any]:
        """Layer by layer, the weights row by row and then the biases."""
        return [p for weights, biases in self.layers for row in (*weights, biases) for p in row]


def moons(e: Engine, samples: int = 100, width: int = 16, seed: int = 1337) -> Workload:
    """W3: the original demo's step, max-margin loss + L2 of weight 1e-4, MLP 2-16-16-1 with relu, SGD."""
    model = Perceptron(e, (2, width, width, 1), "relu", random.Random(seed))
    params = model.parameters()

    def sample(x: Row, y: Any) -> Any:
        score = model(list(map(e.leaf, x)))[0]
        return (1 + -y * score).relu() + 1e-4 * sum(p * p for p in params)

    def loss(xs: Sequence[Row], ys: Row) -> Any:
        inputs = [list(map(e.leaf, row)) for row in xs]
        scores = [model(row)[0] for row in inputs]
        losses = [(1 + -y * score).relu() for y, score in zip(ys, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in params)
        return data_loss + reg_loss

    return Workload("W3 moons step", params, two_moons(samples), loss, Optimizer(0.05), model.shapes, sample)


def classifier(e: Engine, name: str, sizes: Sequence[int], nonlin: str, batch: int, rows: Sequence[Row], labels: Sequence[int]) -> Workload:
    """Softmax cross-entropy of an MLP, mean over a batch."""
    model = Perceptron(e, sizes, nonlin, random.Random(1337))

    def sample(x: Row, label: Any) -> Any:
        logits = model(list(map(e.leaf, x)))
        return -e.pick(e.softmax(logits), label).log()

    def loss(xs: Sequence[Row], ys: Sequence[int]) -> Any:
        losses = [sample(x, y) for x, y in zip(xs, ys, strict=True)]
        return sum(losses) * (1.0 / len(losses))

    return Workload(name, model.parameters(), (rows[:batch], labels[:batch]), loss, Optimizer(0.1), model.shapes, sample)


def blobs(samples: int, width: int, classes: int = 10, seed: int = 1337) -> tuple[list[list[float]], list[int]]:
    """Images of `width` pixels in [0, 1]: one random picture a class, and noise."""
    draw = random.Random(seed)
    pictures = [[draw.random() for _ in range(width)] for _ in range(classes)]
    labels = [i % classes for i in range(samples)]
    rows = [[min(1.0, max(0.0, 0.5 * p + 0.25 * draw.gauss(1, 1))) for p in pictures[y]] for y in labels]
    return rows, labels


def digits(e: Engine, batch: int = 32, width: int = 32) -> Workload:
    """W4: 8×8 digits, MLP 64-32-10 with tanh, softmax cross-entropy, batch 32, SGD."""
    return classifier(e, "W4 digits step", (64, width, 10), "tanh", batch, *blobs(batch, 64))


def images(e: Engine, batch: int = 64) -> Workload:
    """W6: 28×28 images, MLP 784-128-10 with relu, softmax cross-entropy, batch 64, SGD. Six million nodes when not by batch."""
    return classifier(e, "W6 784-128-10 step", (784, 128, 10), "relu", batch, *blobs(batch, 784))


# --- W5: the scalar GPT ------------------------------------------------------------------------------------------------

LETTERS = " abcdefghijklmnopqrstuvwxyz"  # token 0 starts and ends a word
TEXT = "backpropagations differentiate compositions by remembering every intermediate quantity "


def tokens(positions: int) -> list[int]:
    """positions + 1 tokens: the start, then letters; for the defaults a word of 16 letters."""
    text = (TEXT * (positions // len(TEXT) + 1))[:positions]
    return [0, *map(LETTERS.index, text)]


class GPT:
    """One token at a time with remembered keys and values, every number a Value: rmsnorm, attention, relu MLP, no biases."""

    def __init__(self, e: Engine, width: int, heads: int, layers: int, block: int, draw: random.Random) -> None:
        self.e, self.width, self.heads = e, width, heads
        self.weights: dict[str, list[list[Any]]] = {}

        def matrix(name: str, rows: int, columns: int) -> None:
            self.weights[name] = [[e.Value(draw.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        matrix("token", len(LETTERS), width)
        matrix("position", block, width)
        matrix("head", len(LETTERS), width)
        for k in range(layers):
            for name in ("query", "key", "value", "out"):
                matrix(f"{name}{k}", width, width)
            matrix(f"up{k}", 4 * width, width)
            matrix(f"down{k}", width, 4 * width)
        self.layers = layers

    def linear(self, name: str, x: Row) -> list[Any]:
        return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in self.weights[name]]

    @staticmethod
    def rmsnorm(x: Row) -> list[Any]:
        scale = (sum(xi * xi for xi in x) / len(x) + 1e-5) ** -0.5
        return [xi * scale for xi in x]

    def attend(self, k: int, x: Row, keys: list[Row], values: list[Row]) -> list[Any]:
        """The mean of the values so far, weighted by softmax(q·k / √d), head by head."""
        query = self.linear(f"query{k}", x)
        keys.append(self.linear(f"key{k}", x))
        values.append(self.linear(f"value{k}", x))
        size = self.width // self.heads
        mixed = []
        for start in range(0, self.width, size):
            part = range(start, start + size)
            scores = [sum(query[j] * key[j] for j in part) / size**0.5 for key in keys]
            weights = self.e.softmax(scores)
            mixed += [sum(w * value[j] for w, value in zip(weights, values, strict=True)) for j in part]
        return self.linear(f"out{k}", mixed)

    def __call__(self, token: Any, position: int, keys: list[list[Row]], values: list[list[Row]]) -> list[Any]:
        embedded = self.e.pick(self.weights["token"], token)
        x = self.rmsnorm([t + p for t, p in zip(embedded, self.weights["position"][position], strict=True)])
        for k in range(self.layers):
            x = [a + b for a, b in zip(x, self.attend(k, self.rmsnorm(x), keys[k], values[k]), strict=True)]
            hidden = [h.relu() for h in self.linear(f"up{k}", self.rmsnorm(x))]
            x = [a + b for a, b in zip(x, self.linear(f"down{k}", hidden), strict=True)]
        return self.linear("head", x)


def gpt(e: Engine, positions: int = 16, width: int = 16, heads: int = 4, layers: int = 1) -> Workload:
    """W5: one step of the scalar GPT, 1 layer, 16 wide, 4 heads, 16 positions; mean cross-entropy, Adam."""
    model = GPT(e, width, heads, layers, positions, random.Random(42))

    def loss(sequence: Sequence[Any]) -> Any:
        keys: list[list[Row]] = [[] for _ in range(layers)]
        values: list[list[Row]] = [[] for _ in range(layers)]
        losses = []
        for position, (token, target) in enumerate(itertools.pairwise(sequence)):
            logits = model(token, position, keys, values)
            losses.append(-e.pick(e.softmax(logits), target).log())
        return sum(losses) * (1 / len(losses))

    params = [p for matrix in model.weights.values() for row in matrix for p in row]
    shapes = {name: (len(m), len(m[0])) for name, m in model.weights.items()}
    return Workload("W5 GPT step", params, (tokens(positions),), loss, Adam(0.01, 0.85, 0.99), shapes)


ALL: dict[str, Callable[..., Workload]] = {
    "W1": readme,
    "W2": chain,
    "W3": moons,
    "W4": digits,
    "W5": gpt,
    "W6": images,
}


def make(name: str, who: str = "micrograd", **sizes: int) -> Workload:
    """A workload by name, over the Value of `original` or `micrograd`."""
    work = ALL[name](engine(who), **sizes)
    work.sizes = sizes
    return work
