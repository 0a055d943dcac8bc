"""Backpropagation one step at a time, as objects that print themselves with the chain rule in numbers.

    >>> from micrograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> d = a * b + a
    >>> for step in d.steps(): print(step)
    forward   v1 = a * b  = 2 * (-3) = -6
    forward   d  = v1 + a =   -6 + 2 = -4
    seed      d.grad = 1
    backward  v1.grad += d.grad × ∂d/∂v1  = 1 ×  1 =  1   v1.grad: 0 +  1 =  1
              a.grad  += d.grad × ∂d/∂a   = 1 ×  1 =  1   a.grad:  0 +  1 =  1
    backward  a.grad  += v1.grad × ∂v1/∂a = 1 × -3 = -3   a.grad:  1 + -3 = -2   ∂v1/∂a = b
              b.grad  += v1.grad × ∂v1/∂b = 1 ×  2 =  2   b.grad:  0 +  2 =  2   ∂v1/∂b = a

Columns are aligned over the whole walk (of a long one, over its first thousands of steps), whichever of its steps is printed. How an
op is written is asked of `viz.notation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from operator import gt
from typing import TYPE_CHECKING, Any

from micrograd.notation import shower, teller, tex_printer
from micrograd.pull import UNREACHED

if TYPE_CHECKING:
    from micrograd.engine import Value

Row = tuple[str, ...]
Widths = tuple[int, ...]
MANY = 2000  # so many steps, forward and backward, are looked at for the widths of columns
WIDE = 40  # a cell longer than this is not aligned: one long name must not widen every line


class Contribution:
    """What one edge adds: value = upstream · partial (0 where nothing passes), and the argument's gradient before and after."""

    __slots__ = ("after", "arg", "before", "index", "partial", "value")

    def __init__(self, arg: Value, index: int, partial: float, value: float, before: float, after: float) -> None:
        self.arg, self.index, self.partial = arg, index, partial
        self.value, self.before, self.after = value, before, after

    @property
    def adds(self) -> bool:
        """Whether the value was added to what was there; a closure of one's own with `=` for `+=` wipes that out."""
        total = self.before + self.value
        return bool(total == self.after or total != total)

    def __repr__(self) -> str:
        return f"Contribution({self.arg!r}, partial={self.partial}, value={self.value}, {self.before} -> {self.after})"


def contributions(node: Value, upstream: Any) -> list[tuple[Value, Any, Any]]:
    """(argument, partial, upstream · partial) for each edge out of `node`; the types follow the data's.

    The last is UNREACHED where nothing passes: by a structural zero (see `micrograd/pull.py`), or because upstream is UNREACHED.
    Where the partials are unknown (a hand-set `_backward`), the closure is run on cleared gradients and what it added is read.
    """
    args, op = node.args, node.op
    if op is None:
        return []
    if op.partials is not None:
        y, xs = node._data, [a._data for a in args]
        partials = op.gradient(y, xs)
        if upstream is UNREACHED:
            return [(a, p, UNREACHED) for a, p in zip(args, partials, strict=True)]
        if op.passes is None:
            return [(a, p, upstream * p) for a, p in zip(args, partials, strict=True)]
        edges = zip(args, partials, op.passes(y, *xs), strict=True)
        return [(a, p, upstream * p if passes else UNREACHED) for a, p, passes in edges]
    kept = [(v, v.grad) for v in dict.fromkeys((node, *args))]
    try:
        node.grad = upstream
        for a in args:
            a.grad = UNREACHED
        node._backward()
        added = {id(a): a.grad for a in args}
    finally:
        for v, grad in kept:
            v.grad = grad
    first = {id(a): i for i, a in reversed(list(enumerate(args)))}  # a closure's sum is shown on an argument's first edge
    values = [added[id(a)] if first[id(a)] == i else UNREACHED for i, a in enumerate(args)]
    if upstream is UNREACHED:  # 0 times a partial is discarded
        values = [UNREACHED if v == 0.0 or v != v else v for v in values]
    return [(a, v / upstream if upstream else math.nan, v) for a, v in zip(args, values, strict=True)]


class Telling:
    """What to call each node of one walk: its label, else the caller's variable, else v1, v2, …; and how wide its columns are.

    Both are made when they are first asked for: a walk that nobody prints pays for neither.
    """

    variables: Any = None  # what `micrograd.notation.variables` gives
    proof: Any = None  # a certificate of the graph (`micrograd.certify`): numbers are told with what is certain of them

    def __init__(self, nodes: Sequence[Value], starts: dict[int, Value] | None = None) -> None:
        self.nodes, self.starts = nodes, starts or {}  # starts: {id(0 + x): x}, told as its x
        self._at_start = {id(v): v.grad for v in nodes if v.op is None and v.grad}

    @cached_property
    def table(self) -> dict[int, str]:
        return self._by_id(self._names)

    @cached_property
    def stands(self) -> dict[int, tuple[str, str, str]]:
        """How each stands as an operand, its text there, and how it is called beside other words ('': a number of the code)."""
        return self._by_id(self.teller.stands(self.nodes, self._names))

    @cached_property
    def teller(self) -> Any:
        return teller()

    @cached_property
    def show(self) -> Callable[[float], str]:
        return shower()

    @cached_property
    def _names(self) -> list[str]:
        found: list[str] = self.teller.names(self.nodes, self.variables)
        return found

    def _by_id(self, told: Iterable[Any]) -> dict[int, Any]:
        found = dict(zip(map(id, self.nodes), told, strict=True))
        return found | {start: found[id(self.told(x))] for start, x in self.starts.items()}

    def __getitem__(self, node: Value) -> str:
        return self.table[id(node)]

    def told(self, node: Value) -> Value:
        """The node itself, or the x of a 0 + x."""
        while id(node) in self.starts:
            node = self.starts[id(node)]
        return node

    def number(self, x: float, node: Value, gradient: bool) -> str:
        """A number of a node, as `138.834 ± 3e-14` where it is known how much of it is certain."""
        found = self.proof[node][gradient] if self.proof is not None else None
        return str(found) if found is not None and found.double == x else self.show(x)

    @cached_property
    def forward_widths(self) -> Widths:
        interior = (v for v in self.nodes if v.op is not None)
        return _widths(_forward_row(v, self) for v in islice(interior, MANY))

    @cached_property
    def backward_widths(self) -> Widths:
        return _widths(row for rows in islice(self._rehearse(), MANY) for row in rows)

    def _rehearse(self) -> Any:
        """What the backward steps will print, worked out beside the graph (nothing where a closure would have to be run)."""
        interior = [v for v in self.nodes if v.op is not None]
        if any(v.op is not None and v.op.partials is None for v in interior):
            return
        grads = dict(self._at_start)
        grads[id(self.nodes[-1])] = 1.0
        for v in reversed(interior):
            upstream, done = grads.get(id(v), UNREACHED), []
            for i, (arg, partial, value) in enumerate(contributions(v, upstream)):
                arg = self.told(arg)
                before = grads.get(id(arg), 0.0)
                if value is not UNREACHED:
                    grads[id(arg)] = before + value
                done.append(Contribution(arg, i, partial, value, before, before + value))
            yield _backward_rows(v, upstream, done, self)


class _OfNode:
    """A step at one node of a walk."""

    kind = ""

    def __init__(self, node: Value, names: Telling) -> None:
        self.node, self.names = node, names

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.names[self.node]})"


class ForwardStep(_OfNode):
    """One op evaluated: symbols = numbers = result."""

    kind = "forward"

    def __str__(self) -> str:
        columns, _ = _columns(FORWARD, self.names.forward_widths)
        return "forward   " + columns % _forward_row(self.node, self.names)

    def latex(self) -> str:
        """This step as LaTeX: name = symbols = numbers = result."""
        node, tex, tell = self.node, tex_printer(), teller()
        symbols = tell.operation(node, [self.names[a] for a in node.args], True)
        return f"{tex.name(self.names[node])} = {symbols} = {tell.in_numbers(node, True)} = {tex.number(node.data)}"


class SeedStep(_OfNode):
    """The root's own gradient, where the pass begins: 1."""

    kind = "seed"

    def __str__(self) -> str:
        return f"seed      {teller().word(self.names[self.node])}.grad = 1"

    def latex(self) -> str:
        """This step as LaTeX."""
        return f"{tex_printer().bar(self.names[self.node])} = 1"


class BackwardStep(_OfNode):
    """The chain rule applied at one node: for every edge upstream × local = contribution, and the sum so far."""

    kind = "backward"

    def __init__(self, node: Value, upstream: float, contributions: tuple[Contribution, ...], names: Telling) -> None:
        super().__init__(node, names)
        self.upstream, self.contributions = upstream, contributions

    def __str__(self) -> str:
        rows = _backward_rows(self.node, self.upstream, self.contributions, self.names)
        lines = _aligned(BACKWARD, rows, self.names.backward_widths)
        return "\n".join([("          " if i else "backward  ") + line.rstrip() for i, line in enumerate(lines)])

    def latex(self) -> str:
        """This step as LaTeX: an `aligned` environment with one line a contribution; the sum follows where there is one."""
        tex = tex_printer()
        n, n_bar = tex.name(self.names[self.node]), tex.bar(self.names[self.node])
        lines = []
        for c in self.contributions:
            if c.arg.is_literal and not c.arg.label:
                continue
            a, bar = tex.name(self.names[c.arg]), tex.bar(self.names[c.arg])
            line = (
                rf"{bar} &\mathrel{{+}}= {n_bar} \cdot \frac{{\partial {n}}}{{\partial {a}}} = "
                rf"{tex.number(self.upstream)} \cdot {tex.number(c.partial, inside=True)} = {tex.number(c.value)}"
            )
            if c.before:
                equal = "=" if c.adds else r"\neq"
                sum_ = rf"{tex.number(c.before)} + {tex.number(c.value, inside=True)} {equal} {tex.number(c.after)}"
                line += rf" \qquad {bar} = {sum_}"
            lines.append(line)
        return r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}"


Step = ForwardStep | SeedStep | BackwardStep


def _forward_row(node: Value, names: Telling) -> Row:
    stands = names.stands
    symbols, numbers = names.teller.forward(node, [stands[id(a)] for a in node.args])
    return stands[id(node)][2], symbols, numbers, names.number(node.data, node, False)


def _backward_rows(node: Value, upstream: float, done: Sequence[Contribution], names: Telling) -> list[Row]:
    show, stands = names.show, names.stands
    result, args = stands[id(node)], [stands[id(arg)] for arg in node.args]
    n, up = result[2], show(upstream)
    rows: list[Row] = []
    told = [c for c in done if args[c.index][2]]
    formulas = names.teller.derivatives(node, told, args, result)
    for c, formula in zip(told, formulas, strict=True):
        a, partial, value = args[c.index][2], show(c.partial), show(c.value)
        why = f"∂{n}/∂{a} = {formula}" if formula and formula != partial else ""  # ∂ = 1 is in the numbers already
        if c.value is UNREACHED and upstream * c.partial != 0.0:
            why = ": ".join(filter(None, [why, f"nothing reached {n}" if upstream is UNREACHED else "a 0 by rule passes nothing"]))
        sums = show(c.before), value, "=" if c.adds else "≠", show(c.after) if names.proof is None else names.number(c.after, c.arg, True)
        rows.append((f"{a}.grad", f"{n}.grad × ∂{n}/∂{a}", up, partial, value, f"{a}.grad:", *sums, why))
    return rows


FORWARD = "< = < = > = >"  # sides of the columns, and what stands between
BACKWARD = "< += < = > × > = >   < > + > > >   <"


def _widths(rows: Iterable[Row], least: Widths = ()) -> Widths:
    """For each column the length of its longest cell up to WIDE, or the least."""
    found = list(least)
    for row in rows:
        lengths = list(map(len, row))
        found = found or [0] * len(row)
        if any(map(gt, lengths, found)):
            found = [n if old < n <= WIDE else old for n, old in zip(lengths, found, strict=True)]
    return tuple(found)


def _aligned(line: str, rows: Sequence[Row], widths: Widths) -> list[str]:
    """Rows in the columns of the walk; wider ones where its numbers could not be known beforehand."""
    if widths:
        columns, length = _columns(line, widths)
        told = [columns % row for row in rows]
        if max(map(len, told), default=length) == length:  # each cell has room
            return told
    columns, _ = _columns(line, _widths(rows, widths))
    return [columns % row for row in rows]


@lru_cache(maxsize=256)
def _columns(line: str, widths: Widths) -> tuple[str, int]:
    """What a line is filled into, "%-7s = %-12s = %20s = %9s", and how long it is at least."""
    sides = iter(widths)
    columns = "".join(f"%{'-' if c == '<' else ''}{next(sides)}s" if c in "<>" else c for c in line)
    return columns, len(columns % (("",) * len(widths)))
