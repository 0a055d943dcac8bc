"""The engines that `benchmarks.engines` compares: each gives value and derivatives of a row of the table at many points, in float64.

`Engine.derivatives(op, points)` is {(how often by each argument): [a number for each point]}; `Missing` where an engine is not installed,
or has no such function or no rule for it. A function that an engine lacks is written as its users would write it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import micrograd
from micrograd import Value, grad
from micrograd.ops.op import Op

Points = Sequence[tuple[float, ...]]
Found = dict[tuple[int, ...], list[float]]


class Missing(Exception):
    """An engine, or a rule of one, is not there; the text says which."""


def orders(arity: int) -> list[tuple[int, ...]]:
    """Value, first and second derivatives by so many arguments."""
    if arity == 1:
        return [(0,), (1,), (2,)]
    return [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]


def seconds(i: int, k: int, arity: int) -> tuple[int, ...]:
    """The key of ∂²/∂xᵢ∂xₖ."""
    return tuple((j == i) + (j == k) for j in range(arity))


# --- ours ------------------------------------------------------------------------------------------------------------------


class Eager:
    """Value by value."""

    def derivatives(self, op: Op, points: Points) -> Found:
        n = op.arity or 0
        found: Found = {key: [] for key in orders(n)}
        for xs in points:
            vs = [Value(x) for x in xs]
            y = op(*vs)
            found[(0,) * n].append(y.data)
            firsts = grad(y, vs, create_graph=True)
            for i, first in enumerate(firsts):
                found[seconds(i, -1, n)].append(_data(first))
                twice = grad(first, vs) if isinstance(first, Value) else [0.0] * n
                for k in range(i, n):
                    found[seconds(i, k, n)].append(_data(twice[k]))
        return found


def _data(x: Any) -> float:
    return float(x.data if isinstance(x, Value) else x)


class Compiled:
    """`micrograd.compile`: all rows in one program, wᵢ·fᵢ(xᵢ) summed, so that the gradients by wᵢ and xᵢ are values and derivatives."""

    def __init__(self, rows: dict[str, tuple[Op, Points]], backend: str) -> None:
        self.found: dict[str, Found] = {name: {key: [] for key in orders(op.arity or 0)} for name, (op, _) in rows.items()}
        try:
            self._run(rows, backend)
        except (ImportError, RuntimeError, ValueError) as error:
            raise Missing(f"compiled, {backend}: {error}") from error

    def derivatives(self, op: Op, points: Points, name: str = "") -> Found:
        return self.found[name]

    def _run(self, rows: dict[str, tuple[Op, Points]], backend: str) -> None:
        for second in (False, True):
            leaves: list[Value] = []
            terms: list[tuple[str, int, list[tuple[tuple[int, ...], int]], list[Value]]] = []
            for name, (op, points) in rows.items():
                n = op.arity or 0
                for i in range(n) if second else (0,):
                    xs, w = [Value(x) for x in points[0]], Value(1.0)
                    if second:
                        keys = [(seconds(i, k, n), k) for k in range(i, n)]
                    else:
                        keys = [((0,) * n, n), *((seconds(k, -1, n), k) for k in range(n))]
                    terms.append((name, i, keys, [*xs, w]))
                    leaves += [*xs, w]

            def loss() -> Any:
                total: Any = 0.0
                for name, i, _, (*xs, w) in terms:  # noqa: B023
                    y = rows[name][0](*xs)
                    if second:  # noqa: B023
                        y = grad(y, xs, create_graph=True)[i]
                    total = total + w * y
                return total

            step = micrograd.compile(loss, leaves, backend=backend)
            for number in range(max(len(points) for _, points in rows.values())):
                for name, _, _, (*xs, _) in terms:
                    points = rows[name][1]
                    for v, x in zip(xs, points[min(number, len(points) - 1)], strict=True):
                        v.data = x
                gradient = dict(zip(map(id, leaves), map(float, step.value_and_grad()[1]), strict=True))
                for name, _, keys, vs in terms:
                    if number < len(rows[name][1]):
                        for key, k in keys:
                            self.found[name][key].append(gradient[id(vs[k])])


# --- others ----------------------------------------------------------------------------------------------------------------


class Peer:
    """An engine of arrays: `functions()` maps a row's name to a function of arrays and constants."""

    def __init__(self) -> None:
        self.named = self.functions()

    def functions(self) -> dict[str, Callable[..., Any]]:
        raise NotImplementedError

    def function(self, op: Op) -> Callable[..., Any]:
        f = self.named.get(op.name)
        if f is None:
            raise Missing(f"{op.name}: no such function")
        return lambda *xs: f(*xs, *op.params)


class Torch(Peer):
    def functions(self) -> dict[str, Callable[..., Any]]:
        try:
            import torch  # type: ignore[import-not-found]
        except ImportError as error:
            raise Missing("PyTorch is not installed") from error
        self.torch = torch
        f = torch.nn.functional
        same = (
            "add", "sub", "mul", "div", "neg", "abs", "pow", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos",
            "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sigmoid", "erf", "erfc", "hypot",
            "maximum", "minimum", "clamp",
        )  # fmt: skip
        return {name: getattr(torch, name) for name in same} | {
            "power": lambda x, p: x**p, "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3), "mod": torch.remainder,
            "relu": f.relu, "leaky_relu": f.leaky_relu, "elu": f.elu, "softplus": f.softplus, "log_sigmoid": f.logsigmoid, "silu": f.silu,
            "gelu": f.gelu, "normal_cdf": torch.special.ndtr, "gauss": lambda x, k: torch.exp(-k * x * x),
        }  # fmt: skip

    def derivatives(self, op: Op, points: Points) -> Found:
        torch, n = self.torch, op.arity or 0
        xs = [torch.tensor(column, dtype=torch.float64, requires_grad=True) for column in zip(*points, strict=True)]
        y = self.function(op)(*xs)
        found: Found = {(0,) * n: y.tolist()}
        firsts = torch.autograd.grad(y.sum(), xs, create_graph=True)
        for i, first in enumerate(firsts):
            found[seconds(i, -1, n)] = (torch.zeros_like(y) + first).tolist()
            twice = [None] * n
            if first.requires_grad:
                twice = torch.autograd.grad(first.sum(), xs, allow_unused=True, retain_graph=True)
            for k in range(i, n):
                found[seconds(i, k, n)] = [0.0] * len(points) if twice[k] is None else (torch.zeros_like(first) + twice[k]).tolist()
        return found


class Jax(Peer):
    def functions(self) -> dict[str, Callable[..., Any]]:
        try:
            import jax  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError as error:
            raise Missing("JAX is not installed") from error
        jax.config.update("jax_enable_x64", True)
        self.jax = jax
        np, nn, special = jax.numpy, jax.nn, jax.scipy.special
        same = (
            "add", "abs", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "sinh", "cosh",
            "tanh", "hypot", "maximum", "minimum",
        )  # fmt: skip
        others = {
            "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative", "pow": "power", "asin": "arcsin", "acos": "arccos",
            "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "mod": "mod", "clamp": "clip",
        }  # fmt: skip
        return {name: getattr(np, name) for name in same} | {name: getattr(np, other) for name, other in others.items()} | {
            "power": lambda x, p: x ** (int(p) if p == int(p) else p), "relu": nn.relu, "leaky_relu": nn.leaky_relu, "elu": nn.elu,
            "sigmoid": nn.sigmoid, "softplus": nn.softplus, "log_sigmoid": nn.log_sigmoid, "silu": nn.silu,
            "gelu": lambda x: nn.gelu(x, approximate=False), "normal_cdf": special.ndtr, "erf": special.erf, "erfc": special.erfc,
            "gauss": lambda x, k: np.exp(-k * x * x),
        }  # fmt: skip

    def derivatives(self, op: Op, points: Points) -> Found:
        jax, n, f = self.jax, op.arity or 0, self.function(op)
        xs = [jax.numpy.array(column) for column in zip(*points, strict=True)]
        found: Found = {(0,) * n: jax.jit(f)(*xs).tolist()}
        for i in range(n):
            first = jax.grad(f, i)
            found[seconds(i, -1, n)] = jax.jit(jax.vmap(first))(*xs).tolist()
            for k in range(i, n):
                found[seconds(i, k, n)] = jax.jit(jax.vmap(jax.grad(first, k)))(*xs).tolist()
        return found


class Autograd(Peer):
    def functions(self) -> dict[str, Callable[..., Any]]:
        try:
            import autograd.numpy as np  # type: ignore[import-not-found, import-untyped, unused-ignore]
            from autograd import elementwise_grad
        except ImportError as error:
            raise Missing("HIPS autograd is not installed") from error
        self.grad, self.np = elementwise_grad, np
        same = (
            "add", "abs", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
            "maximum", "minimum", "mod",
        )  # fmt: skip
        others = {
            "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative", "pow": "power", "asin": "arcsin", "acos": "arccos",
            "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "clamp": "clip",
        }  # fmt: skip
        found = {name: getattr(np, name) for name in same} | {name: getattr(np, other) for name, other in others.items()} | {
            "power": lambda x, p: x**p, "relu": lambda x: np.maximum(x, 0.0), "leaky_relu": lambda x, s: np.where(x > 0, x, s * x),
            "elu": lambda x, a: np.where(x > 0, x, a * np.expm1(x)), "softplus": lambda x: np.logaddexp(0.0, x),
            "log_sigmoid": lambda x: -np.logaddexp(0.0, -x), "cbrt": lambda x: np.sign(x) * np.abs(x) ** (1 / 3),
            "hypot": lambda a, b: np.sqrt(a * a + b * b), "gauss": lambda x, k: np.exp(-k * x * x),
            "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "silu": lambda x: x / (1 + np.exp(-x)),
        }  # fmt: skip
        try:
            from autograd.scipy import special  # type: ignore[import-not-found, import-untyped, unused-ignore]
            from autograd.scipy.stats import norm  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError:
            return found
        return found | {
            "erf": special.erf, "erfc": special.erfc, "sigmoid": special.expit, "silu": lambda x: x * special.expit(x),
            "normal_cdf": norm.cdf, "gelu": lambda x: x * norm.cdf(x),
        }  # fmt: skip

    def derivatives(self, op: Op, points: Points) -> Found:
        n, f, np = op.arity or 0, self.function(op), self.np
        xs = [np.array(column) for column in zip(*points, strict=True)]
        found: Found = {}
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "Output seems independent of input"
            try:
                found[(0,) * n] = f(*xs).tolist()
                for i in range(n):
                    first = self.grad(f, i)
                    found[seconds(i, -1, n)] = first(*xs).tolist()
                    for k in range(i, n):
                        found[seconds(i, k, n)] = self.grad(first, k)(*xs).tolist()
            except (NotImplementedError, TypeError, AttributeError) as error:
                raise Missing(f"{op.name}: {str(error).splitlines()[0][:80]}") from error
        return found


PEERS: dict[str, type[Peer]] = {"PyTorch": Torch, "JAX": Jax, "autograd": Autograd}
__all__ = ["PEERS", "Compiled", "Eager", "Missing"]
