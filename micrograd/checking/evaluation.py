"""A function of some numbers, evaluated again and again with one of them moved: what numeric derivatives ask for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from micrograd.checking.numeric import Estimate, complex_step
from micrograd.checking.verdict import Terms
from micrograd.engine import Value
from micrograd.ops import TABLE, power
from micrograd.ops.op import Op
from micrograd.pull import UNREACHED
from micrograd.steps import contributions

FAR = 2.0**32  # so many steps from 0 (a ladder of differences has rungs down to 2**-42 of the size)


class Evaluation:
    """One real function: its inputs' names and starting numbers, and its value with input i moved, in floats or otherwise."""

    names: list[str]
    start: list[float]
    epsilon = 2.0**-52  # how exact its arithmetic is, relative
    in_place = False  # inputs are moved where they are, so that the function may read them by other ways than its arguments

    def here(self) -> float:
        """The value at the start."""
        return self.at_all(self.start)

    def at(self, i: int, x: float) -> float:
        """The value with input i set to x; nan where the function raises or gives no real number."""
        raise TypeError(f"{type(self).__name__} does not say how it is evaluated")

    def at_all(self, numbers: Sequence[float]) -> float:
        """The value with every input set; nan as above."""
        raise TypeError(f"{type(self).__name__} does not say how it is evaluated")

    def complex_at(self, i: int, x: Any, m: Any) -> Any:
        """The value with input i set to x in the arithmetic `m` (complex numbers, or mpmath): x and the result are numbers of it."""
        raise TypeError(f"{type(self).__name__} can be evaluated in floats alone")

    def directs(self, here: float, method: str) -> list[Estimate | None]:
        """Derivatives that are not from differences, as far as `method` asks for them and the function has them. here: f at the start."""
        return [None if method == "differences" else self._direct(i, here, method) for i in range(len(self.start))]

    def _direct(self, i: int, here: float, method: str) -> Estimate | None:
        if (self.in_place and method == "auto") or not math.isfinite(here) or not math.isfinite(self.start[i]):
            return None
        try:
            return complex_step(self, i, here)
        except (TypeError, AttributeError) as error:
            if method == "complex":
                why = f"input {self.names[i]}: {error}"
                raise TypeError(f"the complex step cannot go through this function ({why}): use method='auto'") from error
            return None

    def terms(self, i: int) -> Terms:
        """What the graph knows of the rounding in the gradient of input i."""
        return Terms()


class GraphEvaluation(Evaluation):
    """The recorded graph below `root`, as a function of some of its leaves."""

    def __init__(self, root: Value, leaves: Sequence[Value]) -> None:
        self.nodes = root.topological()
        self._terms: dict[Value, Terms] | None = None
        self.leaves, self.start = list(leaves), [v.data for v in leaves]
        self._ops = {id(v): _known(v) for v in self.nodes if v.op is not None}
        table: dict[str, int] = {}
        self.names = []
        for n, v in enumerate(leaves):
            name = v.label or f"leaf {n} = {v.data:.6g}"
            table[name] = table.get(name, 0) + 1
            self.names.append(name if table[name] == 1 else f"{name} ({table[name]})")
        self._users: dict[int, list[Value]] = {}

    def at(self, i: int, x: float) -> float:
        try:
            return float(self._run(i, x, lambda op, xs: op.forward(*xs, *op.params), lambda c: c))
        except Exception:
            return math.nan

    def at_all(self, numbers: Sequence[float]) -> float:
        known = {id(v): v.data for v in self.nodes} | {id(v): x for v, x in zip(self.leaves, numbers, strict=True)}
        try:
            for v in self.nodes:
                if id(v) in self._ops:
                    op = self._ops[id(v)]
                    known[id(v)] = op.forward(*[known[id(a)] for a in v.args], *op.params)
            return float(known[id(self.nodes[-1])])
        except Exception:
            return math.nan

    def complex_at(self, i: int, x: Any, m: Any) -> Any:
        from micrograd.checking.exact import exactly

        return self._run(i, x, lambda op, xs: exactly(op, m, xs), m.mpf)

    def directs(self, here: float, method: str) -> list[Estimate | None]:
        """The chain rule over complex steps (micrograd/checking/chain.py): one pass for all inputs."""
        if method == "differences" or not math.isfinite(here):
            return [None] * len(self.start)
        from micrograd.checking.chain import gradient

        return gradient(self.nodes, self._ops, self.leaves)

    def terms(self, i: int) -> Terms:
        if self._terms is None:
            self._terms = terms(self.nodes[-1], self.leaves)
        return self._terms[self.leaves[i]]

    def _run(self, i: int, x: Any, apply: Callable[[Any, list[Any]], Any], constant: Callable[[float], Any]) -> Any:
        """Only the nodes that depend on the moved leaf are evaluated; the others keep their numbers."""
        moved: dict[int, Any] = {id(self.leaves[i]): x}
        for v in self._depending(i):
            moved[id(v)] = apply(self._ops[id(v)], [moved[id(a)] if id(a) in moved else constant(a.data) for a in v.args])
        return moved.get(id(self.nodes[-1]), constant(self.nodes[-1].data))

    def _depending(self, i: int) -> list[Value]:
        if i not in self._users:
            reached = {id(self.leaves[i])}
            self._users[i] = [
                v
                for v in self.nodes
                if any(id(a) in reached for a in v.args) and (reached.add(id(v)) or True)  # type: ignore[func-returns-value]
            ]
        return self._users[i]


def _known(v: Value) -> Op:
    """The op that computed v; for a node made by hand, the row that its `_op` names and its data bear out."""
    assert v.op is not None
    if hasattr(v.op, "forward"):
        return v.op
    xs, symbol = [a.data for a in v.args], v._op
    rows = [op for op in TABLE.values() if symbol in (op.name, op.symbol) and op.arity == len(xs) and not op.constants]
    if symbol.startswith("**") and len(xs) == 1:
        with suppress(ValueError):
            rows.append(power.bind(float(symbol[2:])))
    for op in rows:
        if abs(op.forward(*xs, *op.params) - v.data) <= 1e-9 * abs(v.data):
            return op
    raise TypeError(
        f"what {symbol!r} computes is not known: {v!r} was made by hand, and only its _backward was given; "
        "check the function that makes it with gradcheck(fn, inputs)"
    )


def terms(root: Value, leaves: Sequence[Value]) -> dict[Value, Terms]:
    """For each leaf, what a pass over sizes |partial| instead of partials tells of rounding (see `Terms`)."""
    sizes: dict[Value, float] = {root: 1.0}
    noise, singular, steps = 0.0, False, False
    for node in reversed(root.interior()):
        size = sizes.get(node)
        if size is None:
            continue
        noise += size * abs(node.data) * 2.0**-52
        steps = steps or _moves_in_steps(node)
        try:
            found = contributions(node, 1.0)
        except Exception:  # a closure that raises
            return dict.fromkeys(leaves, Terms(math.inf, 0.0, True))
        for arg, partial, value in found:
            if value is UNREACHED:
                continue
            if not (math.isfinite(partial) and math.isfinite(node.data)):
                singular = singular or _may_be_infinite(node)
            term = size * abs(partial) if partial == partial else math.inf
            sizes[arg] = sizes.get(arg, 0.0) + (term if term == term else math.inf)
    noise = noise if noise == noise else math.inf
    return {v: Terms(sizes.get(v, 0.0), noise, singular, steps) for v in leaves}


def _moves_in_steps(node: Value) -> bool:
    """Whether it jumps again and again within a tiny part of its operand's size."""
    period = node.op and node.op.period
    if period is None:
        return False
    xs = [float(a.data) for a in node.args]
    return bool(abs(xs[0]) >= FAR * abs(period(*xs)))


def _may_be_infinite(node: Value) -> bool:
    """Whether an infinite partial is no surprise: not all numbers here are finite, or they are not inside the op's domain."""
    xs = [a.data for a in node.args]
    if not all(map(math.isfinite, (node.data, *xs))):
        return True
    domain = getattr(node.op, "domain", ())
    return any(not low < x < high for x, (low, high) in zip(xs, domain, strict=False))
