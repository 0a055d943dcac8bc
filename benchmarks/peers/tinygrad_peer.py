"""tinygrad in float64 on the processor: the whole step a TinyJit, which compiles its kernels with clang."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

os.environ |= {"DEV": "CPU", "NUM_CPU_THREADS": "1", "PARALLEL": "0"}  # read when it is imported

import numpy as np
from tinygrad import Tensor, TinyJit

from benchmarks.optimizers import Adam
from benchmarks.peers import arrays
from benchmarks.workloads import Workload

Tensors = dict[str, Any]


def readme(p: Tensors) -> Any:
    a, b = p["ab"][0], p["ab"][1]
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    return f / 2.0 + 10.0 / f


def moons(p: Tensors, x: Any, y: Any) -> Any:
    h = x.linear(p["w0"].T, p["b0"]).relu()
    h = h.linear(p["w1"].T, p["b1"]).relu()
    score = h.linear(p["w2"].T, p["b2"]).squeeze(1)
    squares = sum((w * w).sum() for w in p.values())
    return (1 - y * score).relu().mean() + 1e-4 * squares


def digits(p: Tensors, x: Any, y: Any) -> Any:
    return x.linear(p["w0"].T, p["b0"]).tanh().linear(p["w1"].T, p["b1"]).sparse_categorical_crossentropy(y)


def rmsnorm(x: Any) -> Any:
    return x * ((x * x).mean(-1, keepdim=True) + 1e-5).rsqrt()


def gpt(p: Tensors, tokens: Any, targets: Any) -> Any:
    t, c = tokens.shape[0], p["query0"].shape[0]
    x = rmsnorm(p["token"][tokens] + p["position"][:t])
    k = 0
    while f"query{k}" in p:
        n = rmsnorm(x)
        q, key, v = (n.linear(p[f"{w}{k}"].T).reshape(t, 4, c // 4).transpose(0, 1) for w in ("query", "key", "value"))
        mixed = q.scaled_dot_product_attention(key, v, is_causal=True)
        x = x + mixed.transpose(0, 1).reshape(t, c).linear(p[f"out{k}"].T)
        x = x + rmsnorm(x).linear(p[f"up{k}"].T).relu().linear(p[f"down{k}"].T)
        k += 1
    return x.linear(p["head"].T).sparse_categorical_crossentropy(targets)


FORMS: dict[str, Callable[..., Any]] = {"W1": readme, "W3": moons, "W4": digits, "W5": gpt}


class Jit:
    def __init__(self, work: Workload) -> None:
        if work.name[:2] not in FORMS:
            raise NotImplementedError("not measured")
        if shutil.which(os.environ.get("CC", "clang")) is None:
            raise NotImplementedError("needs clang")
        self.work, self.loss = work, FORMS[work.name[:2]]
        self.inputs = [Tensor(x).realize() for x in arrays.inputs(work)]
        self.buffers: list[tuple[memoryview, bytes]] = []
        self.p = {name: self.held(x) for name, x in arrays.parameters(work).items()}
        self.m, self.v = ({name: self.held(0 * x) for name, x in arrays.parameters(work).items()} for _ in "mv")
        self.powers = [self.held(np.ones(1)), self.held(np.ones(1))]  # βᵗ of both moments
        self.jitted, self.value_and_grad = TinyJit(self.step), TinyJit(self.both)

    def held(self, x: Any) -> Any:
        """A tensor with a buffer of its own, to be assigned to; the buffer is kept, for a TinyJit goes on using it."""
        tensor = Tensor(np.ascontiguousarray(x, float)).contiguous().realize()
        self.buffers.append((tensor._buffer().as_memoryview(force_zero_copy=True), bytes(tensor.data())))
        return tensor

    def reset(self) -> None:
        for now, first in self.buffers:
            now[:] = first

    def both(self) -> list[Any]:
        loss = self.loss(self.p, *self.inputs)
        found = [loss, *loss.gradient(*self.p.values())]
        Tensor.realize(*found)
        return found

    def step(self) -> Any:
        o = self.work.optimizer
        loss = self.loss(self.p, *self.inputs)
        gradients = dict(zip(self.p, loss.gradient(*self.p.values()), strict=True))
        if not isinstance(o, Adam):
            return loss.realize(*[x.assign(x - o.lr * gradients[name]) for name, x in self.p.items()])
        first, second = (power.assign(power * beta) for power, beta in zip(self.powers, (o.beta1, o.beta2), strict=True))
        changed = [first, second]
        for name, g in gradients.items():
            m = self.m[name].assign(o.beta1 * self.m[name] + (1 - o.beta1) * g)
            v = self.v[name].assign(o.beta2 * self.v[name] + (1 - o.beta2) * g * g)
            x = self.p[name].assign(self.p[name] - o.lr * (m / (1 - first)) / ((v / (1 - second)).sqrt() + o.eps))
            changed += [m, v, x]
        return loss.realize(*changed)

    def gradients(self) -> tuple[float, list[float]]:
        self.reset()
        loss, *gradients = self.both()
        return loss.item(), arrays.flat(self.work, {name: g.numpy() for name, g in zip(self.p, gradients, strict=True)})

    def train(self, steps: int) -> float:
        self.reset()
        loss = None
        for _ in range(steps):
            loss = self.jitted()
        return loss.item()  # waits for all of it

    def call(self) -> Any:
        """One evaluation of loss and gradients from Python, as ready numbers."""
        return self.value_and_grad()[0].item()
