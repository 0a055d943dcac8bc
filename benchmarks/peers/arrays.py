"""A workload as arrays, and its losses in the NumPy dialect that HIPS autograd and JAX share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import Workload

Arrays = dict[str, Any]


def parameters(work: Workload) -> dict[str, np.ndarray]:
    """The parameters by name, as `work.shapes` says."""
    flat, at, found = np.array(work.data()), 0, {}
    for name, shape in work.shapes.items():
        found[name] = flat[at : at + math.prod(shape)].reshape(shape)
        at += math.prod(shape)
    return found


def inputs(work: Workload) -> tuple[np.ndarray, ...]:
    """The inputs: points and labels, or tokens and their targets."""
    if work.name.startswith("W5"):
        sequence = np.array(work.inputs[0])
        return sequence[:-1], sequence[1:]
    return tuple(np.array(x, dtype=None if i else float) for i, x in enumerate(work.inputs))


def flat(work: Workload, gradients: Arrays) -> list[float]:
    """Gradients by name as one list in parameter order."""
    return np.concatenate([np.asarray(gradients[name]).ravel() for name in work.shapes]).tolist()


def loss(work: Workload, np: Any) -> Callable[..., Any]:
    """loss(parameters, *inputs), np being the module to compute with."""

    def readme(p: Arrays) -> Any:
        a, b = p["ab"][0], p["ab"][1]
        c = a + b
        d = a * b + b**3
        c = c + c + 1
        c = c + 1 + c + (-a)
        d = d + d * 2 + np.maximum(b + a, 0.0)
        d = d + 3 * d + np.maximum(b - a, 0.0)
        e = c - d
        f = e**2
        return f / 2.0 + 10.0 / f

    def moons(p: Arrays, x: Any, y: Any) -> Any:
        h = np.maximum(x @ p["w0"].T + p["b0"], 0.0)
        h = np.maximum(h @ p["w1"].T + p["b1"], 0.0)
        score = (h @ p["w2"].T + p["b2"])[:, 0]
        squares = sum(np.sum(w * w) for w in p.values())
        return np.mean(np.maximum(1 - y * score, 0.0)) + 1e-4 * squares

    def log_softmax(z: Any) -> Any:
        z = z - np.max(z, axis=-1, keepdims=True)
        return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))

    def classifier(nonlin: Callable[[Any], Any]) -> Callable[..., Any]:
        def cross_entropy(p: Arrays, x: Any, y: Any) -> Any:
            h = nonlin(x @ p["w0"].T + p["b0"])
            return -np.mean(log_softmax(h @ p["w1"].T + p["b1"])[np.arange(len(y)), y])

        return cross_entropy

    def rmsnorm(x: Any) -> Any:
        return x * (np.mean(x * x, axis=-1, keepdims=True) + 1e-5) ** -0.5

    def gpt(p: Arrays, tokens: Any, targets: Any) -> Any:
        t, c = len(tokens), p["query0"].shape[0]
        size = c // 4
        mask = np.tril(np.ones((t, t))) == 1
        x = rmsnorm(p["token"][tokens] + p["position"][:t])
        k = 0
        while f"query{k}" in p:
            n = rmsnorm(x)
            q, key, v = (np.transpose(np.reshape(n @ p[f"{w}{k}"].T, (t, 4, size)), (1, 0, 2)) for w in ("query", "key", "value"))
            scores = np.where(mask, q @ np.transpose(key, (0, 2, 1)) / size**0.5, -1e30)
            mixed = np.exp(log_softmax(scores)) @ v
            x = x + np.reshape(np.transpose(mixed, (1, 0, 2)), (t, c)) @ p[f"out{k}"].T
            x = x + np.maximum(rmsnorm(x) @ p[f"up{k}"].T, 0.0) @ p[f"down{k}"].T
            k += 1
        return -np.mean(log_softmax(x @ p["head"].T)[np.arange(t), targets])

    by_name = {
        "W1": readme,
        "W3": moons,
        "W4": classifier(np.tanh),
        "W5": gpt,
        "W6": classifier(lambda z: np.maximum(z, 0.0)),
    }
    if work.name[:2] not in by_name:
        raise NotImplementedError("not a workload of arrays")
    return by_name[work.name[:2]]
