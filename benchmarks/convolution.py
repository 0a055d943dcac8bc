"""`python -m benchmarks.convolution [8 28]`: a training step of a small convolutional network on images of these sizes, batch 32.

Two 3×3 layers with padding 1 (4 and 8 channels), relu and 2×2 max-pooling after each, linear to 10, cross-entropy, SGD. One process, one
thread, everybody in turn, the least processor time of many rounds; loss and gradients are compared with the first peer's before anything is
timed. Ours is the loss of one image in plain scalar code, compiled with `batch=True`.
"""

from __future__ import annotations

import functools
import math
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.one_process import Found, Train, compared, least

RATE, BATCH = 0.01, 32


class Network:
    """The parameters as numbers, by name and shape, and a batch of images with their labels."""

    def __init__(self, size: int) -> None:
        draw = random.Random(1)
        inside = 8 * (size // 4) ** 2
        self.size = size
        self.shapes = {"w1": (4, 1, 3, 3), "b1": (4,), "w2": (8, 4, 3, 3), "b2": (8,), "w3": (10, inside), "b3": (10,)}
        self.start = {name: [draw.uniform(-0.3, 0.3) for _ in range(math.prod(shape))] for name, shape in self.shapes.items()}
        self.images = [[draw.gauss(0, 1) for _ in range(size * size)] for _ in range(BATCH)]
        self.labels = [draw.randrange(10) for _ in range(BATCH)]


def nested(flat: Sequence[Any], shape: Sequence[int]) -> Any:
    """Numbers in rows of rows."""
    if len(shape) == 1:
        return list(flat)
    part = len(flat) // shape[0]
    return [nested(flat[k * part : (k + 1) * part], shape[1:]) for k in range(shape[0])]


def ours(net: Network, backend: str) -> tuple[Found, Train]:
    """The scalar code."""
    import micrograd
    from micrograd import Value, functional, optim
    from micrograd.nn.effects import lookup

    flat = {name: [Value(x) for x in xs] for name, xs in net.start.items()}
    p = {name: nested(flat[name], shape) for name, shape in net.shapes.items()}

    def layer(image: Any, weights: Any, biases: Any) -> Any:
        n = len(image[0])
        inside = range(n)

        def at(w: Any, b: Any, i: int, j: int) -> Any:
            terms = [
                w[c][u][v] * image[c][i + u - 1][j + v - 1]
                for c in range(len(image)) for u in range(3) for v in range(3) if i + u - 1 in inside and j + v - 1 in inside
            ]  # fmt: skip
            return sum(terms, b).relu()

        maps = [[[at(w, b, i, j) for j in inside] for i in inside] for w, b in zip(weights, biases, strict=True)]
        most = micrograd.maximum
        return [
            [
                [most(most(x[i][j], x[i][j + 1]), most(x[i + 1][j], x[i + 1][j + 1])) for j in range(0, n, 2)]
                for i in range(0, n, 2)
            ]
            for x in maps
        ]  # fmt: skip

    def loss(image: Any, label: Any) -> Any:
        hidden = layer(layer([nested(image, (net.size, net.size))], p["w1"], p["b1"]), p["w2"], p["b2"])
        features = [v for channel in hidden for row in channel for v in row]
        scores = [sum((w * x for w, x in zip(row, features, strict=True)), b) for row, b in zip(p["w3"], p["b3"], strict=True)]
        return -lookup(functional.softmax(scores), label).log()

    params = [v for values in flat.values() for v in values]
    step = micrograd.compile(loss, params, batch=True, backend=backend)
    value, gradient = step.value_and_grad(net.images, net.labels)
    optimizer = optim.SGD(params, RATE)
    return (value, gradient.tolist()), lambda steps: step.train(optimizer, (net.images, net.labels), steps=steps)


def torch(net: Network, threads: int = 1) -> tuple[Found, Train]:
    """PyTorch in its own idiom."""
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    made = [(name, torch.tensor(nested(net.start[name], shape), dtype=torch.float64)) for name, shape in net.shapes.items()]
    p = {name: x.requires_grad_() for name, x in made}
    x = torch.tensor(net.images, dtype=torch.float64).reshape(BATCH, 1, net.size, net.size)
    y = torch.tensor(net.labels)
    optimizer = torch.optim.SGD(list(p.values()), RATE, fused=True)

    def both() -> Any:
        optimizer.zero_grad()
        hidden = F.max_pool2d(F.conv2d(x, p["w1"], p["b1"], padding=1).relu(), 2)
        hidden = F.max_pool2d(F.conv2d(hidden, p["w2"], p["b2"], padding=1).relu(), 2)
        loss = F.cross_entropy(F.linear(hidden.flatten(1), p["w3"], p["b3"]), y)
        loss.backward()
        return loss

    def train(steps: int) -> None:
        for _ in range(steps):
            both()
            optimizer.step()

    return (both().item(), [g for v in p.values() for g in v.grad.flatten().tolist()]), train


def jax(net: Network) -> tuple[Found, Train]:
    """JAX, the loop of steps jitted too."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    p = {name: jnp.array(nested(net.start[name], shape)) for name, shape in net.shapes.items()}
    x = jnp.array(net.images).reshape(BATCH, 1, net.size, net.size)
    y = jnp.array(net.labels)

    def layer(x: Any, w: Any, b: Any) -> Any:
        x = jax.nn.relu(jax.lax.conv_general_dilated(x, w, (1, 1), "SAME") + b[:, None, None])
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss(p: Any) -> Any:
        hidden = layer(layer(x, p["w1"], p["b1"]), p["w2"], p["b2"]).reshape(BATCH, -1)
        return -jnp.take_along_axis(jax.nn.log_softmax(hidden @ p["w3"].T + p["b3"]), y[:, None], 1).mean()

    both = jax.value_and_grad(loss)
    state = [p]

    @jax.jit
    def loop(steps: Any, p: Any) -> Any:
        return jax.lax.fori_loop(0, steps, lambda _, p: jax.tree.map(lambda w, g: w - RATE * g, p, both(p)[1]), p)

    def train(steps: int) -> None:
        state[0] = jax.block_until_ready(loop(steps, state[0]))

    value, g = jax.jit(both)(p)
    return (float(value), [x for name in net.shapes for x in g[name].ravel().tolist()]), train


PEERS: dict[str, Callable[[Network], tuple[Found, Train]]] = {
    "ours, C": functools.partial(ours, backend="c"), "JAX, the loop jitted too": jax, "PyTorch eager": torch,
}  # fmt: skip


def main() -> None:
    for size in map(int, sys.argv[1:] or ("8", "28")):
        net = Network(size)
        runs = compared({name: functools.partial(make, net) for name, make in PEERS.items()})
        for name, seconds in least(runs).items():
            print(f"{size} × {size}, batch {BATCH}: {name:26} {1e6 * seconds:9.1f} µs a step")


if __name__ == "__main__":
    main()
