"""NumPy with the backward pass written by hand: what a careful person writes without any autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.optimizers import Adam
from benchmarks.peers import arrays
from benchmarks.workloads import Workload

Found = tuple[float, dict[str, np.ndarray]]


class ByHand:
    def __init__(self, work: Workload) -> None:
        forms: dict[str, Callable[..., Found]] = {"W3": moons, "W4": digits, "W5": gpt, "W6": images}
        if work.name[:2] not in forms:
            raise NotImplementedError("not a workload of arrays")
        self.work, self.form, self.inputs = work, forms[work.name[:2]], arrays.inputs(work)

    def gradients(self) -> tuple[float, list[float]]:
        loss, gradients = self.form(arrays.parameters(self.work), *self.inputs)
        return float(loss), arrays.flat(self.work, gradients)

    def train(self, steps: int) -> float:
        p, o, loss = arrays.parameters(self.work), self.work.optimizer, 0.0
        if not isinstance(o, Adam):
            for _ in range(steps):
                loss, gradients = self.form(p, *self.inputs)
                for name, g in gradients.items():
                    p[name] -= o.lr * g
            return float(loss)
        # one flat array for all the parameters: a whole update is ten operations
        whole = np.concatenate([x.ravel() for x in p.values()])
        at = 0
        for name, x in p.items():
            p[name] = whole[at : at + x.size].reshape(x.shape)
            at += x.size
        m, v = np.zeros_like(whole), np.zeros_like(whole)
        for t in range(1, steps + 1):
            loss, gradients = self.form(p, *self.inputs)
            g = np.concatenate([gradients[name].ravel() for name in p])
            m += (1 - o.beta1) * (g - m)
            v += (1 - o.beta2) * (g * g - v)
            whole -= o.lr / (1 - o.beta1**t) * m / (np.sqrt(v / (1 - o.beta2**t)) + o.eps)
        return float(loss)


def moons(p: dict[str, Any], x: Any, y: Any) -> Found:
    a = np.maximum(x @ p["w0"].T + p["b0"], 0.0)
    h = np.maximum(a @ p["w1"].T + p["b1"], 0.0)
    margin = 1 - y * (h @ p["w2"][0] + p["b2"][0])
    live = margin > 0
    loss = margin[live].sum() / len(y) + 1e-4 * sum((w * w).sum() for w in p.values())
    ds = np.where(live, -y / len(y), 0.0)
    dh = np.outer(ds, p["w2"][0]) * (h > 0)
    da = dh @ p["w1"] * (a > 0)
    g = {"w0": da.T @ x, "b0": da.sum(0), "w1": dh.T @ a, "b1": dh.sum(0), "w2": (ds @ h)[None], "b2": ds.sum(keepdims=True)}
    return loss, {name: g[name] + 2e-4 * w for name, w in p.items()}


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def cross_entropy(z: Any, y: Any) -> tuple[float, Any]:
    """The loss, and the gradient of the logits."""
    q = softmax(z)
    rows = np.arange(len(y))
    loss = -np.log(q[rows, y]).mean()
    q[rows, y] -= 1
    q /= len(y)
    return loss, q


def digits(p: dict[str, Any], x: Any, y: Any) -> Found:
    h = np.tanh(x @ p["w0"].T + p["b0"])
    loss, dz = cross_entropy(h @ p["w1"].T + p["b1"], y)
    da = dz @ p["w1"] * (1 - h * h)
    return loss, {"w0": da.T @ x, "b0": da.sum(0), "w1": dz.T @ h, "b1": dz.sum(0)}


def images(p: dict[str, Any], x: Any, y: Any) -> Found:
    h = np.maximum(x @ p["w0"].T + p["b0"], 0.0)
    loss, dz = cross_entropy(h @ p["w1"].T + p["b1"], y)
    da = dz @ p["w1"] * (h > 0)
    return loss, {"w0": da.T @ x, "b0": da.sum(0), "w1": dz.T @ h, "b1": dz.sum(0)}


def rmsnorm(x: Any) -> tuple[Any, Any]:
    s = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return x * s, s


def rmsnorm_back(y: Any, s: Any, dy: Any) -> Any:
    return s * (dy - y * (y * dy).mean(-1, keepdims=True))


def gpt(p: dict[str, Any], tokens: Any, targets: Any) -> Found:
    if "query1" in p:
        raise NotImplementedError("one layer")
    t, c = len(tokens), p["query0"].shape[0]
    size = c // 4

    def split(x: Any) -> Any:
        return x.reshape(t, 4, size).transpose(1, 0, 2)

    def join(x: Any) -> Any:
        return x.transpose(1, 0, 2).reshape(t, c)

    x0 = p["token"][tokens] + p["position"][:t]
    x1, s0 = rmsnorm(x0)
    n1, s1 = rmsnorm(x1)
    q, k, v = (split(n1 @ p[name].T) for name in ("query0", "key0", "value0"))
    w = softmax(np.where(np.tri(t, dtype=bool), q @ k.transpose(0, 2, 1) / size**0.5, -np.inf))
    mixed = join(w @ v)
    x2 = x1 + mixed @ p["out0"].T
    n2, s2 = rmsnorm(x2)
    u = np.maximum(n2 @ p["up0"].T, 0.0)
    x3 = x2 + u @ p["down0"].T
    loss, dz = cross_entropy(x3 @ p["head"].T, targets)

    g = {"head": dz.T @ x3}
    d = dz @ p["head"]
    g["down0"] = d.T @ u
    du = d @ p["down0"] * (u > 0)
    g["up0"] = du.T @ n2
    d += rmsnorm_back(n2, s2, du @ p["up0"])
    g["out0"] = d.T @ mixed
    dm = split(d @ p["out0"])
    dw = dm @ v.transpose(0, 2, 1)
    ds = w * (dw - (w * dw).sum(-1, keepdims=True)) / size**0.5
    dq, dk, dv = join(ds @ k), join(ds.transpose(0, 2, 1) @ q), join(w.transpose(0, 2, 1) @ dm)
    g["query0"], g["key0"], g["value0"] = dq.T @ n1, dk.T @ n1, dv.T @ n1
    d += rmsnorm_back(n1, s1, dq @ p["query0"] + dk @ p["key0"] + dv @ p["value0"])
    d = rmsnorm_back(x1, s0, d)
    g["token"] = np.zeros_like(p["token"])
    np.add.at(g["token"], tokens, d)
    g["position"] = np.zeros_like(p["position"])
    g["position"][:t] = d
    return loss, g
