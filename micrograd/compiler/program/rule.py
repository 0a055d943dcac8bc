"""What an instruction computes at each point: a row of the table, or one term of its derivative, as an expression.

The expression is the row's own rule run on symbols, so that every back end prints the same mathematics in its own
language and adding an op touches the table alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from micrograd import ops
from micrograd.compiler.program import own_ops
from micrograd.compiler.program.own_ops import row_of
from micrograd.ops.op import Op, Symbol, source
from micrograd.ops.symbol import names as names_in
from micrograd.pull import carried


class Rule:
    """names: of the operands, in order. result: a Symbol over them (or a number). fold: "+", "shift" or "ordered" along summed axes.

    op: the row that it is the forward rule of, for its derivative. product: whether it multiplies its operands, no more.
    made_by: the call of `forward` or `pullback` that made it.
    """

    def __init__(
        self, name: str, names: tuple[str, ...], result: Any, fold: str = "+", product: bool = False, op: Op | None = None,
        made_by: tuple[Any, ...] = (),
    ) -> None:  # fmt: skip
        self.name, self.names, self.result, self.fold, self.product, self.op = name, names, result, fold, product, op
        self.made_by = made_by

    def code(self, templates: Mapping[str, str], prefix: str = "t", squares: bool = True) -> tuple[list[str], str]:
        """(assignments of shared sub-expressions, the expression), printed by these templates, defined ops expanded."""
        body, (text,) = written_out([self.result], templates, prefix, squares)
        return body, text

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(self.names)})"


def written_out(
    results: Sequence[Any], templates: Mapping[str, str], prefix: str = "t", squares: bool = True
) -> tuple[list[str], list[str]]:
    """Expressions as source by these templates: the assignments that they share, and an expression for each."""
    made: dict[int, Any] = {}
    return source([printable(r, templates, made, squares) for r in results], templates, prefix)


def printable(s: Any, templates: Mapping[str, str], made: dict[int, Any], squares: bool = True) -> Any:
    """A copy to print: defined ops that have no template expanded, squares as products, each op under a name that it has alone.

    made: what was copied before, so that it is shared, beside its copy.
    """
    if not isinstance(s, Symbol) or s.op is None:
        return s
    if id(s) in made:
        return made[id(s)][1]
    op = alone(s.op)
    power = s.op.params[0] if squares and row_of(op) is ops.power else None
    if isinstance(power, float) and power in (1.0, 2.0):  # as good, and far cheaper
        x = printable(s.args[0], templates, made)
        copy = x if power == 1.0 else Symbol("", ops.mul, (x, x))
    elif op.define is not None and op.name not in templates:
        copy = printable(op.define(*s.args, *op.params), templates, made, squares=False)
    else:
        copy = Symbol("", op, tuple(printable(a, templates, made, squares) for a in s.args))
    made[id(s)] = s, copy
    return copy


@lru_cache(maxsize=1024)
def alone(op: Op) -> Op:
    """The op under a name that no other has: templates and code go by names, and a user's op may be called `exp` too."""
    if OURS.get(op.name) is row_of(op):
        return op
    plain = "".join(c if c.isalnum() else "_" for c in op.name)
    return op._like(name=f"{plain}_{next(_numbers)}", row=row_of(op))


OURS = {op.name: op for op in (*vars(ops).values(), *vars(own_ops).values()) if isinstance(op, Op)}
_numbers = count(1)


zero = Rule("zero", (), 0.0)
copy = Rule("copy", ("x0",), Symbol("x0"), product=True)
copy_gradient = Rule("copy", ("g",), Symbol("g"), product=True)
product = Rule("product", ("x0", "x1"), Symbol("x0") * Symbol("x1"), product=True)
masked_product = Rule("masked", ("g", "x0", "r"), ops.where(Symbol("r"), Symbol("g") * Symbol("x0"), 0.0))
left_to_right = Rule("ordered", ("x0",), Symbol("x0"), fold="ordered")
products_left_to_right = Rule("ordered", ("x0", "x1"), Symbol("x0") * Symbol("x1"), fold="ordered")
shift = Rule("shift", ("x0",), Symbol("x0"), fold="shift")
positive = Rule("positive", ("x0",), Symbol("x0") + 0.0)  # -0.0 becomes 0.0


@lru_cache(maxsize=4096)
def forward(op: Op, arity: int) -> Rule:
    """y = op(x0, x1, …)."""
    if op is ops.mul:
        return product
    if row_of(op) in (own_ops.same, own_ops.detach):
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
    return Rule(_called(op), names, result, op=op, made_by=(forward, op, arity))


def calls(rule: Rule, templates: Mapping[str, str], squares: bool = True) -> dict[str, Op]:
    """The ops of a rule, by their names in the code, that have neither a template nor a rule of their own: they are called."""
    found: dict[str, Op] = {}
    seen: set[int] = set()
    stack: list[Any] = [printable(rule.result, templates, {}, squares)]
    while stack:
        s = stack.pop()
        if isinstance(s, Symbol) and s.op is not None and id(s) not in seen:
            seen.add(id(s))
            if s.op.name not in templates:
                found[s.op.name] = s.op
            stack.extend(s.args)
    return found


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
    used = names_in([result])
    names = tuple(n for n in ("g", "y", *(x.name for x in xs)) if n in used)
    return Rule(f"∂{_called(op)}/∂x{i}", names, result, made_by=(pullback, op, i, arity))


def _called(op: Op) -> str:
    return op.name + (f"[{', '.join(f'{p:g}' if isinstance(p, float) else str(p) for p in op.params)}]" if op.params else "")
