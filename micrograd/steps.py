"""Backpropagation one step at a time, as objects that print themselves with the chain rule in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from micrograd.engine import Value


@dataclass(frozen=True)
class Contribution:
    """What one edge adds: value = upstream · partial, and the argument's gradient before and after."""

    arg: Value
    index: int
    partial: float
    value: float
    before: float
    after: float


def contributions(node: Value, upstream: Any) -> list[tuple[Value, Any, Any]]:
    """(argument, partial, upstream · partial) for each edge out of `node`; the types follow the data's.

    Where the partials are unknown (a hand-set `_backward`), the closure is run on cleared gradients and what it added is read.
    """
    args, op = node.args, node.op
    if op is None:
        return []
    if op.partials is not None:
        data = [a.data for a in args]
        partials = [op.partial(i, node.data, *data) for i in range(len(args))]
        return [(a, p, upstream * p) for a, p in zip(args, partials, strict=True)]
    kept = [(v, v.grad) for v in dict.fromkeys((node, *args))]
    try:
        node.grad = upstream
        for a in args:
            a.grad = 0.0
        node._backward()
        added = {id(a): a.grad for a in args}
    finally:
        for v, grad in kept:
            v.grad = grad
    first = {id(a): i for i, a in reversed(list(enumerate(args)))}  # a closure's sum is shown on an argument's first edge
    values = [added[id(a)] if first[id(a)] == i else 0.0 for i, a in enumerate(args)]
    return [(a, v / upstream if upstream else float("nan"), v) for a, v in zip(args, values, strict=True)]


class Names:
    """What to call each node of one graph: its label, else v1, v2, … by order of creation (made when first asked)."""

    def __init__(self, nodes: Sequence[Value]) -> None:
        self.nodes = nodes

    @cached_property
    def table(self) -> dict[int, str]:
        taken = {v.label for v in self.nodes}
        free = (n for n in (f"v{i}" for i in range(1, 2 * len(self.nodes) + 2)) if n not in taken)
        return {id(v): v.label or next(free) for v in self.nodes}

    def __getitem__(self, node: Value) -> str:
        return self.table[id(node)]


@dataclass(frozen=True)
class ForwardStep:
    """One op evaluated: symbols = numbers = result."""

    node: Value
    names: Names
    kind = "forward"

    def __str__(self) -> str:
        node = self.node
        symbols = written(node, [self.names[a] for a in node.args])
        numbers = written(node, [show(a.data) for a in node.args])
        return f"forward   {self.names[node]} = {symbols} = {numbers} = {show(node.data)}"

    def latex(self) -> str:
        """This step as LaTeX: name = symbols = numbers = result."""
        node = self.node
        symbols = latex(node, [_tex(self.names[a]) for a in node.args])
        numbers = latex(node, [_tex_number(a.data) for a in node.args])
        return f"{_tex(self.names[node])} = {symbols} = {numbers} = {_tex_number(node.data)}"


@dataclass(frozen=True)
class SeedStep:
    """The root's own gradient: ∂root/∂root = 1."""

    node: Value
    names: Names
    kind = "seed"

    def __str__(self) -> str:
        n = self.names[self.node]
        return f"seed      {n}.grad = ∂{n}/∂{n} = 1"

    def latex(self) -> str:
        """This step as LaTeX."""
        n = _tex(self.names[self.node])
        return rf"\bar{{{n}}} = \frac{{\partial {n}}}{{\partial {n}}} = 1"


@dataclass(frozen=True)
class BackwardStep:
    """The chain rule applied at one node: for every edge upstream × local = contribution, and the sum so far."""

    node: Value
    upstream: float
    contributions: tuple[Contribution, ...]
    names: Names
    kind = "backward"

    def __str__(self) -> str:
        n = self.names[self.node]
        rows = []
        for c in self.contributions:
            a = self.names[c.arg]
            sum_ = f"{show(c.before)} + {show(c.value)} = {show(c.after)}"
            left = f"{a}.grad += {n}.grad × ∂{n}/∂{a}"
            rows.append((left, show(self.upstream), show(c.partial), show(c.value), f"{a}.grad: {sum_}"))
        wide = [max((len(r[i]) for r in rows), default=0) for i in range(5)]
        lines = [
            f"{left:<{wide[0]}} = {up:>{wide[1]}} × {local:>{wide[2]}} = {value:>{wide[3]}}   {total}"
            for left, up, local, value, total in rows
        ]
        return "\n".join(("backward  " if i == 0 else "          ") + line for i, line in enumerate(lines))

    def latex(self) -> str:
        """This step as LaTeX: an `aligned` environment with one line a contribution."""
        n = _tex(self.names[self.node])
        lines = []
        for c in self.contributions:
            a = _tex(self.names[c.arg])
            lines.append(
                rf"\bar{{{a}}} &\mathrel{{+}}= \bar{{{n}}} \cdot \frac{{\partial {n}}}{{\partial {a}}} = "
                rf"{_tex_number(self.upstream)} \cdot {_tex_number(c.partial)} = {_tex_number(c.value)}"
            )
        return r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}"


Step = ForwardStep | SeedStep | BackwardStep


def show(x: float) -> str:
    """A number to six significant digits, whole numbers without a point."""
    return f"{x:.6g}"


def written(node: Value, parts: Sequence[str]) -> str:
    """The op of `node` applied to `parts`, as one would write it in Python."""
    op = node.op
    if op is None:
        return ""
    wrapped = [f"({p})" if p.startswith("-") and (i or op.name in ("neg", "power", "pow")) else p for i, p in enumerate(parts)]
    if op.name == "neg":
        return f"-{wrapped[0]}"
    if op.precedence and len(parts) == 2:
        return f"{wrapped[0]} {op.symbol} {wrapped[1]}"
    if op.name == "power":
        return f"{wrapped[0]}{op.symbol}"
    return f"{op.name}({', '.join([*parts, *map(show, op.params)])})"


def latex(node: Value, parts: Sequence[str]) -> str:
    """The op of `node` applied to LaTeX `parts`."""
    op = node.op
    if op is None:
        return ""
    inner = [rf"\left({p}\right)" if op.precedence > 1 and p.startswith("-") else p for p in parts]
    if op.arity is None:
        template, inner = op.latex, [", ".join(inner)]
    else:
        template = op.latex
    return template.format(*inner, *map(_tex_number, op.params))


def _tex(text: str) -> str:
    """A name as LaTeX: one letter and digits become a letter with an index, longer names upright."""
    letter, rest = text[:1], text[1:]
    if letter.isalpha() and rest.isdigit():
        return f"{letter}_{{{rest}}}"
    if len(text) == 1 and letter.isalpha():
        return text
    safe = "".join({"\\": r"\backslash ", "^": r"\hat{}", "~": r"\tilde{}"}.get(c, "\\" + c if c in "_%&#${}" else c) for c in text)
    return rf"\mathrm{{{safe}}}"


def _tex_number(x: float) -> str:
    text = show(x)
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
