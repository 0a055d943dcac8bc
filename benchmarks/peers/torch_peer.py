"""PyTorch in float64 on one thread, in its own idiom: nn.functional, its fused optimizers, torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from benchmarks.optimizers import Adam
from benchmarks.peers import arrays
from benchmarks.workloads import Workload

torch.set_num_threads(1)

Tensors = dict[str, torch.Tensor]


def readme(p: Tensors) -> torch.Tensor:
    a, b = p["ab"].unbind()
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    return f / 2.0 + 10.0 / f


def moons(p: Tensors, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    h = F.linear(x, p["w0"], p["b0"]).relu()
    h = F.linear(h, p["w1"], p["b1"]).relu()
    score = F.linear(h, p["w2"], p["b2"]).squeeze(1)
    squares = sum((w * w).sum() for w in p.values())
    return (1 - y * score).relu().mean() + 1e-4 * squares


def digits(p: Tensors, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(F.linear(F.linear(x, p["w0"], p["b0"]).tanh(), p["w1"], p["b1"]), y)


def images(p: Tensors, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(F.linear(F.linear(x, p["w0"], p["b0"]).relu(), p["w1"], p["b1"]), y)


def gpt(p: Tensors, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    t, c = len(tokens), p["query0"].shape[0]
    x = F.rms_norm(F.embedding(tokens, p["token"]) + p["position"][:t], (c,), eps=1e-5)
    k = 0
    while f"query{k}" in p:
        n = F.rms_norm(x, (c,), eps=1e-5)
        q, key, v = (F.linear(n, p[f"{w}{k}"]).view(t, 4, c // 4).transpose(0, 1)[None] for w in ("query", "key", "value"))
        mixed = F.scaled_dot_product_attention(q, key, v, is_causal=True)[0]
        x = x + F.linear(mixed.transpose(0, 1).reshape(t, c), p[f"out{k}"])
        x = x + F.linear(F.linear(F.rms_norm(x, (c,), eps=1e-5), p[f"up{k}"]).relu(), p[f"down{k}"])
        k += 1
    return F.cross_entropy(F.linear(x, p["head"]), targets)


FORMS: dict[str, Callable[..., torch.Tensor]] = {"W1": readme, "W3": moons, "W4": digits, "W5": gpt, "W6": images}


class Eager:
    def __init__(self, work: Workload) -> None:
        if work.name[:2] not in FORMS:
            raise NotImplementedError("not a workload of arrays")
        self.work, self.inputs = work, tuple(map(torch.from_numpy, arrays.inputs(work)))
        self.loss = FORMS[work.name[:2]]

    def start(self) -> Tensors:
        found = {}
        for name, x in arrays.parameters(self.work).items():
            found[name] = torch.tensor(x, requires_grad=True)
        return found

    def gradients(self) -> tuple[float, list[float]]:
        p = self.start()
        loss = self.loss(p, *self.inputs)
        loss.backward()
        return loss.item(), arrays.flat(self.work, {name: x.grad for name, x in p.items()})

    def train(self, steps: int) -> float:
        p, o = self.start(), self.work.optimizer
        optimizer: torch.optim.Optimizer
        if isinstance(o, Adam):
            optimizer = torch.optim.Adam(list(p.values()), o.lr, (o.beta1, o.beta2), o.eps, fused=True)
        else:
            optimizer = torch.optim.SGD(list(p.values()), o.lr, fused=True)
        loss = torch.zeros(())
        for _ in range(steps):
            optimizer.zero_grad()
            loss = self.loss(p, *self.inputs)
            loss.backward()
            optimizer.step()
        return loss.item()

    def call(self) -> Any:
        """One evaluation of loss and gradients from Python."""
        if not hasattr(self, "_held"):
            self._held = self.start()
        for x in self._held.values():
            x.grad = None
        self.loss(self._held, *self.inputs).backward()


class Compiled(Eager):
    """torch.compile of the whole step, gradients by torch.func and the update in it: faster than compiling the loss alone."""

    def __init__(self, work: Workload) -> None:
        super().__init__(work)
        self.compiled = torch.compile(self.step)
        self.both = torch.func.grad_and_value(self.loss)
        self.value_and_grad = torch.compile(self.both)

    def step(self, state: Any, *inputs: torch.Tensor) -> Any:
        o, p = self.work.optimizer, state[0]
        g, loss = self.both(p, *inputs)
        if not isinstance(o, Adam):
            return ({name: x - o.lr * g[name] for name, x in p.items()},), loss
        _, m, v, t = state
        t = t + 1
        m = {name: o.beta1 * x + (1 - o.beta1) * g[name] for name, x in m.items()}
        v = {name: o.beta2 * x + (1 - o.beta2) * g[name] ** 2 for name, x in v.items()}
        first, second = 1 - o.beta1**t, 1 - o.beta2**t
        p = {name: x - o.lr * (m[name] / first) / ((v[name] / second).sqrt() + o.eps) for name, x in p.items()}
        return (p, m, v, t), loss

    def plain(self) -> Tensors:
        return {name: x.detach() for name, x in self.start().items()}

    def gradients(self) -> tuple[float, list[float]]:
        g, loss = self.value_and_grad(self.plain(), *self.inputs)
        return loss.item(), arrays.flat(self.work, g)

    def train(self, steps: int) -> float:
        p = self.plain()
        state: Any = (p,)
        if isinstance(self.work.optimizer, Adam):
            zeros = [{name: torch.zeros_like(x) for name, x in p.items()} for _ in "mv"]
            state = (p, *zeros, torch.zeros((), dtype=torch.float64))
        loss = torch.zeros(())
        for _ in range(steps):
            state, loss = self.compiled(state, *self.inputs)
        return loss.item()

    def call(self) -> Any:
        """One evaluation of loss and gradients from Python."""
        if not hasattr(self, "_held"):
            self._held = self.plain()
        return self.value_and_grad(self._held, *self.inputs)
