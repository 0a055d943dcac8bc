"""Random programs over the whole table, for the differential fuzz (test_fuzz.py): what they are, how they run, how they print.

A program is a flat list of nodes over leaves: parameters, inputs, indices, constants. Everything about it comes from its seed.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

from micrograd import Value, no_grad, ops
from micrograd.compiler import take
from micrograd.ops import Op

inf, nan = math.inf, math.nan

EDGES = [0.0, -0.0, 5e-324, -5e-324, 1e-310, -1e-310, 1e-200, -1e-200, 1e200, -1e200, 1e308, -1e308, inf, -inf, nan]
EDGES += [1.0, -1.0, 0.5, -2.0, 709.7, -709.7, 745.0, -745.0, 20.0, -40.0, 2.0**-1022, -(2.0**-1074) * 3, 1.7976931348623157e308]
NUMBERS: dict[str, list[tuple[float, ...]]] = {  # what the constants of an op are drawn from
    "power": [(p,) for p in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5, 1 / 3)],
    "leaky_relu": [(0.01,), (0.25,), (-0.5,), (0.0,)],
    "elu": [(1.0,), (1.5,)],
    "clamp": [(-1.0, 1.0), (0.0, inf), (-inf, 0.5), (0.0, 0.0)],
    "gauss": [(0.5,), (1.0,), (2.0,)],
}
ROWS = [op for op in ops.TABLE.values() if op.arity is not None]
PLAIN = [ops.add, ops.add, ops.mul, ops.mul, ops.sub, ops.div, ops.neg, ops.maximum, ops.minimum, ops.relu, ops.where]
TAKE, DETACH = "take", "detach"  # nodes that are no rows of the table


class Node(NamedTuple):
    """op: a row, "take" (the first argument is an index, the others are rows) or "detach"; args: places of earlier numbers.

    paused: made in no_grad.
    """

    op: Any
    args: tuple[int, ...]
    paused: bool = False


def number(rng: random.Random, edges: float) -> float:
    """One number: an edge with this probability, else an ordinary one (now and then any 64 bits)."""
    if rng.random() < edges:
        return rng.choice(EDGES)
    if rng.random() < 0.05 * edges:
        x: float = struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0]
        return x
    return rng.choice([rng.gauss(0.0, 1.0), rng.uniform(-3.0, 3.0), float(rng.randint(-3, 3)), rng.uniform(0.1, 2.0)])


class Program:
    """leaves: "p", "x", "i" (an index) or a constant's number; nodes; outputs: places, the first is the sum of what nobody uses."""

    def __init__(self, seed: int, size: int = 14) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        rng = self.rng
        self.edges = rng.choice([0.0, 0.1, 0.3, 0.6])
        self.pauses = rng.choice([0.0, 0.0, 0.0, 0.15])
        self.leaves: list[Any] = ["p"] * rng.randint(1, 4) + ["x"] * rng.randint(1, 3) + ["i"]
        self.leaves += [number(rng, 0.3) for _ in range(rng.randint(1, 2))] + [rng.choice([0.0, -0.0])]
        self.nodes: list[Node] = []
        self._numbers = self.point(rng)
        self.limit = 10**6  # of the index
        while len(self.nodes) < size:
            self._grow()
        used = {a for node in self.nodes for a in node.args}
        start = len(self.leaves)
        loose = [start + k for k in range(len(self.nodes)) if start + k not in used] or [start + len(self.nodes) - 1]
        self.nodes.append(Node(ops.sum_, tuple(loose)))
        places = range(start, start + len(self.nodes) - 1)
        self.outputs = [start + len(self.nodes) - 1, *sorted({*rng.sample(places, min(3, len(places))), *loose})]
        self.uses = [0] * (start + len(self.nodes))
        for node in self.nodes:
            for a in node.args:
                self.uses[a] += 1
        for o in self.outputs:
            self.uses[o] = 2
        self.looks_up = any(node.op is TAKE for node in self.nodes)

    # --- how it grows ----------------------------------------------------------------------------------------------------

    def _pick(self, count: int) -> list[int]:
        """Places of arguments: late ones, and numbers rather than nan, are likelier."""
        n = len(self._numbers)
        found = []
        while len(found) < count:
            a = n - 1 - int(n * self.rng.random() ** 1.5)
            if self.leaves[a] == "i" if a < len(self.leaves) else False:
                continue
            if self._numbers[a] == self._numbers[a] or self.rng.random() < 0.05:
                found.append(a)
        return found

    def _grow(self) -> None:
        rng = self.rng
        kind = rng.random()
        if kind < 0.12:
            self._layer()
        elif kind < 0.3:
            op = rng.choice([ops.sum_, ops.sum_, ops.dot, ops.dot, ops.shift])
            count = rng.randint(1, 5) * (2 if op is ops.dot else 1)
            self._add(op, self._pick(count))
        elif kind < 0.36:
            rows = self._pick(rng.randint(2, 4))
            self.limit = min(self.limit, len(rows))
            self._add(TAKE, [self.leaves.index("i"), *rows])
        elif kind < 0.38:
            self._add(DETACH, self._pick(1))
        elif kind < 0.48:  # a chain of sums and products, each used once
            a = self._pick(1)[0]
            for _ in range(rng.randint(2, 4)):
                b = self._pick(1)[0]
                if rng.random() < 0.5:
                    b = self._add(ops.mul, [b, self._pick(1)[0]])
                a = self._add(ops.add, [a, b] if rng.random() < 0.7 else [b, a])
        else:
            op = rng.choice(PLAIN) if rng.random() < 0.5 else rng.choice(ROWS)
            if op.constants:
                op = op.bind(*rng.choice(NUMBERS[op.name]))
            for _ in range(4):  # rather a number than nan
                args = self._pick(op.arity or 0)
                if self._forward(op, args) == self._forward(op, args):
                    break
            self._add(op, args)

    def _layer(self) -> None:
        """Sums of products of some vectors with some others, in one of the ways in which code writes them."""
        rng = self.rng
        terms, rows, columns = rng.randint(1, 4), rng.randint(1, 4), rng.randint(1, 3)
        left, right = [self._pick(terms) for _ in range(rows)], [self._pick(terms) for _ in range(columns)]
        if rng.random() < 0.3:  # one factor is common to all terms
            right = [[v[0]] * terms for v in right]
        bias = [self._pick(1)[0] if rng.random() < 0.8 else self._constant() for _ in range(rows)]
        style = rng.choice(["dot", "bias first", "bias last", "sum", "chain"])
        for v in right:
            for w, b in zip(left, bias, strict=True):
                if style == "dot":
                    self._add(ops.dot, [*w, *v])
                    continue
                products = [self._add(ops.mul, [x, y]) for x, y in zip(w, v, strict=True)]
                if style == "sum":
                    self._add(ops.sum_, products)
                    continue
                a = b if style == "bias first" else products.pop(0)
                for p in products:
                    a = self._add(ops.add, [a, p])
                if style == "bias last":
                    self._add(ops.add, [a, b])

    def _constant(self) -> int:
        return self.rng.choice([k for k, kind in enumerate(self.leaves) if isinstance(kind, float)])

    def _forward(self, op: Any, args: Sequence[int]) -> float:
        return forward(op, [self._numbers[a] for a in args])

    def _add(self, op: Any, args: Sequence[int]) -> int:
        self.nodes.append(Node(op, tuple(args), op is not TAKE and self.rng.random() < self.pauses))
        self._numbers.append(self._forward(op, args))
        return len(self._numbers) - 1

    # --- how it runs -----------------------------------------------------------------------------------------------------

    def point(self, rng: random.Random) -> list[float]:
        """Numbers for all leaves."""
        return [
            kind if isinstance(kind, float) else float(rng.randrange(2)) if kind == "i" else number(rng, self.edges) for kind in self.leaves
        ]

    def places(self, kind: str) -> list[int]:
        """The leaves of a kind."""
        return [k for k, found in enumerate(self.leaves) if found == kind]

    def build(self, leaves: Sequence[Any]) -> list[Any]:
        """Every leaf and node as a Value: leaves are Values, and the index an int or what stands for one."""
        found = list(leaves)
        for op, args, paused in self.nodes:
            xs = [found[a] for a in args]
            with no_grad() if paused else nullcontext():
                found.append(take(xs[1:], xs[0]) if op is TAKE else xs[0].detach() if op is DETACH else op(*xs))
        return found

    def loss(self, params: Sequence[Value]) -> Any:
        """The program as a function of its inputs and its index, to compile."""

        def loss(*inputs: Any) -> Any:
            given = {"p": iter(params), "x": iter(inputs), "i": iter(inputs[-1:])}
            leaves = [Value(kind) if isinstance(kind, float) else next(given[kind]) for kind in self.leaves]
            found = self.build(leaves)
            return tuple(found[o] for o in self.outputs)

        return loss

    # --- how it prints ---------------------------------------------------------------------------------------------------

    def text(self, numbers: Sequence[float], only: int | None = None) -> str:
        """The program (what place `only` depends on) as lines, with its numbers."""
        wanted = set(range(len(numbers))) if only is None else {only}
        start = len(self.leaves)
        for k in range(len(self.nodes) - 1, -1, -1):
            if start + k in wanted:
                wanted |= {*self.nodes[k].args}
        lines = [f"v{k} = {numbers[k]!r}  ({kind if isinstance(kind, str) else 'c'})" for k, kind in enumerate(self.leaves) if k in wanted]
        for k, (op, args, paused) in enumerate(self.nodes):
            if start + k in wanted:
                called = op if isinstance(op, str) else op.name + (f"{op.params}" if op.params else "")
                name = f"no_grad: {called}" if paused else called
                lines.append(f"v{start + k} = {name}({', '.join(f'v{a}' for a in args)}) = {numbers[start + k]!r}")
        return "\n".join(lines)


def forward(op: Any, xs: Sequence[float]) -> float:
    """A node on floats."""
    if op is TAKE:
        return xs[1 + int(xs[0])]
    if op is DETACH:
        return xs[0]
    known: Op = op
    return known.forward(*xs, *known.params)


def partials(op: Any, y: float, xs: Sequence[float]) -> list[float]:
    """The partials of a node on floats."""
    if op is TAKE:
        return [0.0, *(float(k == int(xs[0])) for k in range(len(xs) - 1))]
    if op is DETACH:
        return [0.0]
    known: Op = op
    return [float(p) for p in known.gradient(y, xs)]
