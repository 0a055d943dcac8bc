"""What an instruction computes at each point: a row of the table, or one term of its derivative, as an expression.

The expression is the row's own rule run on symbols, so that every back end prints the same mathematics in its own
language and adding an op touches the table alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from micrograd import ops
from micrograd.ops.op import Op, Symbol, source
from micrograd.pull import carried


class Rule:
    """names: of the operands, in order. result: a Symbol over them (or a number). fold: "+" or "shift" along summed axes.

    op: the row that it is the forward rule of, for its derivative. product: whether it multiplies its operands, no more.
    row: the call of `forward` or `pullback` that made it.
    """

    def __init__(
        self, name: str, names: tuple[str, ...], result: Any, fold: str = "+", product: bool = False, op: Op | None = None,
        row: tuple[Any, ...] = (),
    ) -> None:  # fmt: skip
        self.name, self.names, self.result, self.fold, self.product, self.op = name, names, result, fold, product, op
        self.row = row

    def source(self, templates: Mapping[str, str], prefix: str = "t", squares: bool = True) -> tuple[list[str], str]:
        """(assignments of shared sub-expressions, the expression), printed by these templates, defined ops expanded."""
        body, (text,) = source([copied(self.result, {}, squares)], templates, prefix, expand_defined=True)
        return body, text

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(self.names)})"


def copied(s: Any, made: dict[int, Any], squares: bool = True) -> Any:
    """A copy to print (printing expands defined ops in place), squares as products."""
    if not isinstance(s, Symbol) or s.op is None:
        return s
    if id(s) not in made:
        fixed = squares and s.op.name == "power" and isinstance(s.op.params[0], float)
        if fixed and s.op.params[0] in (1.0, 2.0):  # as good, and far cheaper
            x = copied(s.args[0], made)
            made[id(s)] = x if s.op.params[0] == 1.0 else Symbol("", ops.mul, (x, x))
            return made[id(s)]
        made[id(s)] = Symbol("", s.op, tuple(copied(a, made, squares) for a in s.args))
    return made[id(s)]


def free(*stack: Any) -> set[str]:
    """The names in an expression."""
    seen: dict[int, Any] = {}
    left = list(stack)
    while left:
        s = left.pop()
        if isinstance(s, Symbol) and id(s) not in seen:
            seen[id(s)] = s
            left.extend(s.args)
    return {s.name for s in seen.values() if s.op is None}


zero = Rule("zero", (), 0.0)
copy = Rule("copy", ("x0",), Symbol("x0"), product=True)
copy_gradient = Rule("copy", ("g",), Symbol("g"), product=True)
product = Rule("product", ("x0", "x1"), Symbol("x0") * Symbol("x1"), product=True)
left_to_right = Rule("ordered", ("x0",), Symbol("x0"), fold="ordered")
products_left_to_right = Rule("ordered", ("x0", "x1"), Symbol("x0") * Symbol("x1"), fold="ordered")
shift = Rule("shift", ("x0",), Symbol("x0"), fold="shift")
positive = Rule("positive", ("x0",), Symbol("x0") + 0.0)  # -0.0 becomes 0.0


@lru_cache(maxsize=4096)
def forward(op: Op, arity: int) -> Rule:
    """y = op(x0, x1, …)."""
    if op is ops.mul:
        return product
    if op.name in ("same", "detach"):
        return copy
    names = tuple(f"x{i}" for i in range(arity))
    symbols = [Symbol(name) for name in names]
    result: Any = op(*symbols)
    if op.define is None and not op.array:  # a user's op: perhaps its forward is written in arithmetic, and can be read
        try:
            read = op.forward(*symbols, *op.params)
            result = read if isinstance(read, Symbol) else result
        except Exception:
            pass  # it cannot: a back end calls it, number by number
    return Rule(_called(op), names, result, op=op, row=(forward, op, arity))


def calls(rule: Rule, templates: Mapping[str, str], squares: bool = True) -> list[Op]:
    """The ops of a rule that have neither a template nor a rule of their own: they are called by name."""
    found: dict[str, Op] = {}
    seen: set[int] = set()
    stack: list[Any] = [copied(rule.result, {}, squares)]
    while stack:
        s = stack.pop()
        if isinstance(s, Symbol) and s.op is not None and id(s) not in seen:
            seen.add(id(s))
            if s.op.name not in templates and s.op.define is None:
                found[s.op.name] = s.op
            stack.extend(s.args)
    return list(found.values())


@lru_cache(maxsize=4096)
def pullback(op: Op, i: int, arity: int) -> Rule | None:
    """g · ∂op/∂xᵢ, in those of g, y, x0, x1, … that it needs, 0 where the partial passes nothing; None where it never does."""
    xs = [Symbol(f"x{k}") for k in range(arity)]
    y = Symbol("y")
    partial = op.partial(i, y, *xs)
    if isinstance(partial, (int, float)):
        if partial == 0.0:
            return None
        result: Any = Symbol("g") if partial == 1.0 else -Symbol("g") if partial == -1.0 else Symbol("g") * float(partial)
    else:
        result = carried(Symbol("g"), partial)
        if not isinstance(result, Symbol):
            return None
    if result.op is None:
        return copy_gradient
    used = free(result)
    names = tuple(n for n in ("g", "y", *(x.name for x in xs)) if n in used)
    return Rule(f"d{_called(op)}/d{i}" if arity > 1 else f"d{_called(op)}", names, result, row=(pullback, op, i, arity))


def _called(op: Op) -> str:
    return op.name + (f"[{', '.join(f'{p:g}' if isinstance(p, float) else str(p) for p in op.params)}]" if op.params else "")
