"""A program of an exercise ("s = a + b; L = s*s"): its true numbers by the engine, and the wrong ones of people who make a known mistake.

    >>> graph = Graph("s = a + b; t = b + 1; L = s*t", {"a": 2.0, "b": 1.0})
    >>> graph.truth("b.grad"), graph.truth("L"), graph.truth("local(L, s)")
    (5.0, 6.0, 2.0)
    >>> graph.mistake("b.grad", lambda x: x == 3.0)
    'use-forgotten'

Quantities are arithmetic in the names of the program: `b.grad` is what b collects in a backward pass from the last name, `b` its value,
`local(t, b)` the local derivative ∂t/∂b, so that `w - 0.1*w.grad` is a step of descent.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from micrograd import functional
from micrograd.engine import Value
from micrograd.ops import TABLE
from micrograd.steps import contributions

# name of a mistake → what is said to who made it
MISTAKES = {
    "use-forgotten": "That is what comes along one of its uses alone: a gradient is added up over every use.",
    "sign": "The sign is wrong.",
    "upstream-forgotten": "That is made of local derivatives alone: each must be multiplied by the upstream gradient.",
    "local-forgotten": "That is the upstream gradient passed on as it is: multiply it by the local derivative.",
    "operands-swapped": "That is what the other operand of an operation gets: a product scales each input by the other one.",
    "inner-forgotten": "The derivative of a function on the way is missing.",
    "multiplied": "Contributions along several paths are added, not multiplied.",
    "value": "That is a value of the forward pass, not a gradient.",
    "step-upwards": "That goes up the gradient: a step of descent subtracts.",
}


class Seen(float):
    """A number of the program as a quantity sees it: its value, with `.grad` and `.data`."""

    node: Any
    grad: float

    @property
    def data(self) -> float:
        return float(self)


def _seen(x: Any, grads: Mapping[int, float]) -> Any:
    if isinstance(x, (list, tuple)):
        return [_seen(y, grads) for y in x]
    if not isinstance(x, Value):
        return x
    number = Seen(x.data)
    number.node, number.grad = x, grads.get(id(x), 0.0)
    return number


class Graph:
    """A program run once at given numbers. SyntaxError, NameError and what its arithmetic raises are the author's."""

    def __init__(self, program: str, numbers: Mapping[str, Any]) -> None:
        tree = ast.parse(program.strip())
        if not tree.body:
            raise ValueError("the program is empty: write statements such as 'L = a*b'")
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            tree.body[-1] = ast.fix_missing_locations(ast.copy_location(ast.Assign([ast.Name("result", ast.Store())], last.value), last))
        self.names: dict[str, Any] = {name: _leaf(name, x) for name, x in numbers.items()}
        known = {name: getattr(functional, name) for name in ("softmax", "mean", "norm", "log_softmax", "logsumexp")}
        namespace: dict[str, Any] = {**TABLE, **known, **self.names}
        exec(compile(tree, "<program>", "exec"), namespace)
        end = tree.body[-1]
        targets = [n.id for node in tree.body for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        if not isinstance(end, ast.Assign) or not targets or not isinstance(namespace[targets[-1]], Value):
            raise ValueError(f"the program's last statement must give a name to a number of the graph, not {ast.unparse(end)!r}")
        self.names.update({name: namespace[name] for name in targets})
        self.root: Value = namespace[targets[-1]]
        self.nodes = list(self.root.topological())

    # --- walks -------------------------------------------------------------------------------------------------

    def walked(self, edge: Callable[..., float] | None = None, join: Callable[[float, float], float] | None = None) -> dict[int, float]:
        """Gradients of a backward walk. edge(node, index, partials, upstream): what an edge passes; join(old, new): how two are joined."""
        grads: dict[int, float] = {id(self.root): 1.0}
        for node in reversed(self.nodes):
            upstream = grads.get(id(node), 0.0)
            edges = contributions(node, 1.0)
            partials = [p for _, p, _ in edges]
            for i, (arg, _, _) in enumerate(edges):
                new = partials[i] * upstream if edge is None else edge(node, i, partials, upstream)
                old = grads.get(id(arg))
                grads[id(arg)] = new if old is None else old + new if join is None else join(old, new)
        return grads

    @cached_property
    def gradients(self) -> dict[int, float]:
        """The true ones: of the engine's own backward pass, proven by ball arithmetic where python-flint is there."""
        self.root.backward()
        found = {id(v): v.grad for v in self.nodes}
        self.root.zero_grad()
        return found

    @cached_property
    def _worlds(self) -> list[tuple[str, dict[int, float]]]:
        """(mistake, the gradients of who makes it)."""
        found = [
            ("use-forgotten", self.walked(join=lambda old, new: new)),
            ("use-forgotten", self.walked(join=lambda old, new: old)),
            ("upstream-forgotten", self.walked(lambda _, i, ps, up: ps[i])),
            ("local-forgotten", self.walked(lambda _, i, ps, up: up)),
        ]
        pairs = [v for v in self.nodes if len(v.args) == 2]
        for at in (pairs, *([v] for v in pairs)):  # in all operations, in one
            swap: Callable[..., float] = lambda v, i, ps, up, at=at: (ps[1 - i] if any(v is x for x in at) else ps[i]) * up  # noqa: E731
            found.append(("operands-swapped", self.walked(swap)))
        for name in dict.fromkeys(v.op.name for v in self.nodes if v.op is not None and len(v.args) == 1):
            skip: Callable[..., float] = lambda v, i, ps, up, name=name: up if v.op.name == name else ps[i] * up  # noqa: E731
            found.append(("inner-forgotten", self.walked(skip)))
        return [*found, ("multiplied", self.walked(join=lambda old, new: old * new))]

    # --- quantities --------------------------------------------------------------------------------------------

    def truth(self, quantity: str) -> float:
        """The number that is right."""
        return self._worth(quantity, self.gradients)

    def wrong(self, quantity: str) -> list[tuple[str, float]]:
        """(mistake, the number that who makes it gets), those first that are told first."""
        truth = self.truth(quantity)
        found = [("sign", -truth)] if truth else []
        if "grad" not in quantity and "local" not in quantity:
            return found
        if not re.fullmatch(r"\w+\.grad", quantity.strip()):
            found.append(("step-upwards", self._worth(quantity, {k: -g for k, g in self.gradients.items()})))
        found += [(name, self._worth(quantity, grads)) for name, grads in self._worlds]
        return found + [("value", v.data) for v in self.names.values() if isinstance(v, Value)]

    def mistake(self, quantity: str, same: Callable[[float], bool]) -> str:
        """The name of the mistake that gives the number which `same` knows; "" where none does, or the truth does too."""
        if same(self.truth(quantity)):
            return ""
        return next((name for name, x in self.wrong(quantity) if same(x)), "")

    def proven(self, quantity: str) -> float | None:
        """A gradient or value by itself as the double nearest to the proven one; None for other quantities or without python-flint."""
        name, _, what = quantity.strip().partition(".")
        node = self.names.get(name)
        if not isinstance(node, Value) or what not in ("", "grad", "data"):
            return None
        from micrograd.checking.certify import certify

        try:
            row = certify(self.root)[node][what == "grad"]
        except (ImportError, KeyError):
            return None
        return row.double if row.digits >= 12 or row.error == 0.0 else None

    def _worth(self, quantity: str, grads: Mapping[int, float]) -> float:
        def local(out: Seen, arg: Seen) -> float:
            return math.fsum(p for v, p, _ in contributions(out.node, 1.0) if v is arg.node)

        names = {name: getattr(math, name) for name in ("exp", "log", "tanh", "sqrt", "sin", "cos", "pi")}
        names.update({name: _seen(x, grads) for name, x in self.names.items()}, local=local, abs=abs, max=max, min=min)
        return float(eval(compile(quantity.strip(), "<quantity>", "eval"), {"__builtins__": {}}, names))


def _leaf(name: str, x: Any) -> Any:
    if isinstance(x, (int, float)):
        return Value(float(x), label=name)
    return [_leaf(f"{name}[{i}]", y) for i, y in enumerate(x)] if isinstance(x, (list, tuple)) else x
