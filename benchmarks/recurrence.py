"""`python -m benchmarks.recurrence [30 200]`: a training step of an LSTM over so many turns.

Input 1, hidden 16, 32 sequences, a linear read-out of the last state, squared error, SGD, one thread, float64. Ours is `nn.LSTM` on one
sequence in plain scalar code, compiled with `batch=True`; JAX has the loop of steps jitted, the turns by `lax.scan` or (up to 30)
written out. One process, everybody in turn; loss and gradients are compared before anything is timed. What our first call took is said.
"""

from __future__ import annotations

import functools
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.one_process import Found, Train, compared, least
from benchmarks.process import ONE_THREAD

HIDDEN, BATCH, RATE = 16, 32, 0.05
UNROLLED = 30  # turns that XLA is asked to compile one by one


class Work:
    """A model of our own, its parameters as numbers, sequences and what they are to give: their means."""

    def __init__(self, turns: int) -> None:
        from micrograd import nn

        draw = random.Random(1)
        self.turns = turns
        self.layer, self.head = nn.LSTM(1, HIDDEN, rng=draw), nn.Linear(HIDDEN, 1, rng=draw)
        self.params = [*self.layer.parameters(), *self.head.parameters()]
        self.start = [p.data for p in self.params]
        self.xs = [[draw.uniform(-1, 1) for _ in range(turns)] for _ in range(BATCH)]
        self.ys = [sum(x) / turns for x in self.xs]

    def loss(self, xs: Any, y: Any) -> Any:
        """Of one sequence."""
        outputs, _ = self.layer([[x] for x in xs])
        return (self.head(outputs[-1])[0] - y) ** 2

    def arrays(self, array: Callable[[Any], Any]) -> dict[str, Any]:
        """The parameters by name: by input, bias, by hidden state, read-out and its bias."""
        found, at, gates = {}, 0, 4 * HIDDEN
        for name, shape in (("w", (gates, 1)), ("b", (gates,)), ("u", (gates, HIDDEN)), ("v", (HIDDEN,)), ("c", (1,))):
            size = functools.reduce(lambda a, b: a * b, shape)
            found[name] = array(self.start[at : at + size]).reshape(shape)
            at += size
        return found


def ours(work: Work, backend: str) -> tuple[Found, Train]:
    """The scalar code."""
    import micrograd
    from micrograd import optim

    start = time.perf_counter()
    step = micrograd.compile(work.loss, work.params, batch=True, backend=backend)
    value, gradient = step.value_and_grad(work.xs, work.ys)
    print(f"{work.turns} turns: the first call of {backend}, compiled if it is not on disk, {time.perf_counter() - start:.1f} s")
    optimizer = optim.SGD(work.params, RATE)
    return (value, gradient.tolist()), lambda steps: step.train(optimizer, (work.xs, work.ys), steps=steps)


def jax(work: Work, scan: bool) -> tuple[Found, Train]:
    """JAX, the loop of steps jitted too."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    p, x, y = work.arrays(jnp.array), jnp.array(work.xs).T, jnp.array(work.ys)

    def loss(p: Any) -> Any:
        def turn(state: Any, x: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(x[:, None] * p["w"][:, 0] + p["b"] + h @ p["u"].T, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        state = (jnp.zeros((BATCH, HIDDEN)),) * 2
        if scan:
            state, _ = jax.lax.scan(turn, state, x)
        else:
            for row in x:
                state, _ = turn(state, row)
        return ((state[0] @ p["v"] + p["c"] - y) ** 2).mean()

    both = jax.value_and_grad(loss)
    held = [p]

    @jax.jit
    def loop(steps: Any, p: Any) -> Any:
        return jax.lax.fori_loop(0, steps, lambda _, p: jax.tree.map(lambda w, g: w - RATE * g, p, both(p)[1]), p)

    def train(steps: int) -> None:
        held[0] = jax.block_until_ready(loop(steps, held[0]))

    value, g = jax.jit(both)(p)
    return (float(value), [a for name in p for a in g[name].ravel().tolist()]), train


def torch(work: Work) -> tuple[Found, Train]:
    """PyTorch: nn.LSTM, whose second bias is held at 0."""
    import torch

    torch.set_num_threads(1)
    p = work.arrays(lambda xs: torch.tensor(xs, dtype=torch.float64))
    layer = torch.nn.LSTM(1, HIDDEN, dtype=torch.float64)
    held: Any = layer
    for name, key in (("weight_ih_l0", "w"), ("bias_ih_l0", "b"), ("weight_hh_l0", "u")):
        getattr(held, name).data.copy_(p[key])
    held.bias_hh_l0.data.zero_()
    held.bias_hh_l0.requires_grad_(False)
    v, c = p["v"].requires_grad_(), p["c"].requires_grad_()
    params = [held.weight_ih_l0, held.bias_ih_l0, held.weight_hh_l0, v, c]
    optimizer = torch.optim.SGD(params, RATE, fused=True)
    x, y = torch.tensor(work.xs, dtype=torch.float64).T[..., None].contiguous(), torch.tensor(work.ys, dtype=torch.float64)

    def both() -> Any:
        optimizer.zero_grad()
        outputs, _ = layer(x)
        loss = ((outputs[-1] @ v + c - y) ** 2).mean()
        loss.backward()
        return loss

    def train(steps: int) -> None:
        for _ in range(steps):
            both()
            optimizer.step()

    return (both().item(), [g for q in params for g in q.grad.flatten().tolist()]), train


def main(sizes: list[int]) -> None:
    from micrograd.compiler.native import cc

    for turns in sizes:
        own = {"ours, C": functools.partial(ours, Work(turns), "c")} if cc.compiler() else {}
        peers: dict[str, Callable[[], tuple[Found, Train]]] = {
            **own,
            "ours, the interpreter": functools.partial(ours, Work(turns), "interpreter"),
            "JAX, lax.scan": functools.partial(jax, Work(turns), True),
            "PyTorch, nn.LSTM": functools.partial(torch, Work(turns)),
        }
        if turns <= UNROLLED:
            peers["JAX, written out"] = functools.partial(jax, Work(turns), False)
        for name, seconds in least(compared(peers)).items():
            print(f"{turns} turns, batch {BATCH}: {name:24} {1e6 * seconds:9.1f} µs a step")


if __name__ == "__main__":
    import os

    os.environ.update(ONE_THREAD)
    main(list(map(int, sys.argv[1:] or ("30", "200"))))
