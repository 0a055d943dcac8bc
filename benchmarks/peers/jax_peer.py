"""JAX in float64: a jitted step, called in a loop (`Jit`), or the loop jitted too (`Loop`)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.optimizers import Adam
from benchmarks.peers import arrays
from benchmarks.workloads import Workload

jax.config.update("jax_enable_x64", True)


class Jit:
    def __init__(self, work: Workload) -> None:
        self.work, self.inputs = work, tuple(map(jnp.asarray, arrays.inputs(work)))
        self.both = jax.value_and_grad(arrays.loss(work, jnp))
        self.jitted = jax.jit(self.step, donate_argnums=0)
        self.value_and_grad = jax.jit(self.both)

    def gradients(self) -> tuple[float, list[float]]:
        loss, gradients = self.value_and_grad(self.start()[0], *self.inputs)
        return float(loss), arrays.flat(self.work, gradients)

    def start(self) -> Any:
        """Parameters, both moments, and the number of the step."""
        p = {name: jnp.array(x) for name, x in arrays.parameters(self.work).items()}
        if isinstance(self.work.optimizer, Adam):
            return p, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p), jnp.array(0.0)
        return (p,)

    def step(self, state: Any, *inputs: Any) -> Any:
        o, p = self.work.optimizer, state[0]
        loss, g = self.both(p, *inputs)
        if not isinstance(o, Adam):
            return (jax.tree.map(lambda x, d: x - o.lr * d, p, g),), loss
        _, m, v, t = state
        t = t + 1
        m = jax.tree.map(lambda a, d: o.beta1 * a + (1 - o.beta1) * d, m, g)
        v = jax.tree.map(lambda a, d: o.beta2 * a + (1 - o.beta2) * d * d, v, g)
        first, second = 1 - o.beta1**t, 1 - o.beta2**t
        p = jax.tree.map(lambda x, a, b: x - o.lr * (a / first) / (jnp.sqrt(b / second) + o.eps), p, m, v)
        return (p, m, v, t), loss

    def train(self, steps: int) -> float:
        state, loss = self.start(), 0.0
        for _ in range(steps):
            state, loss = self.jitted(state, *self.inputs)
        jax.block_until_ready(state)
        return float(loss)

    def call(self) -> Any:
        """One evaluation of loss and gradients from Python, as ready numbers."""
        return jax.block_until_ready(self.value_and_grad(self.held, *self.inputs))

    @property
    def held(self) -> Any:
        if not hasattr(self, "_held"):
            self._held = self.start()[0]
        return self._held


class Loop(Jit):
    def __init__(self, work: Workload) -> None:
        super().__init__(work)

        def loop(steps: Any, state: Any, *inputs: Any) -> Any:
            return jax.lax.fori_loop(0, steps, lambda _, carry: self.step(carry[0], *inputs), (state, jnp.array(0.0)))

        self.looped = jax.jit(loop)

    def train(self, steps: int) -> float:
        _, loss = jax.block_until_ready(self.looped(steps, self.start(), *self.inputs))
        return float(loss)
