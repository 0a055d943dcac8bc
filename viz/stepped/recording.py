"""The stepper's trace: one backward pass, recorded step by step, and its JSON form.

Steps are numbered from 0: a forward step for each interior value, then the seed, then one step for
each **edge contribution** of the backward pass. Position p means that p steps have been taken.

JSON (format 1), made to be small: columns are base64 of little-endian arrays (``f64``, ``u32``).

| key | meaning |
|---|---|
| ``n``, ``root`` | number of values (topological order), place of the root |
| ``data``, ``grad0`` | f64 columns over values (``grad0`` left out when all are 0) |
| ``op`` | u32 over values: row in ``ops``, 0 for leaves |
| ``ops`` | rows ``{s, f, d}``: symbol, MathML form and local derivatives (see ``mathml``) |
| ``count``, ``args`` | u32: operands of each value, and all operands end to end ("slots") |
| ``partial`` | f64 over slots, nan where unknown |
| ``names`` | ``{place: label}``; others are called v1, v2 … (see ``notation.names.complete``) |
| ``back`` | where the pass is not just the chain rule: u32 ``node slot arg``, f64 ``partial value after`` |
| ``lines``, ``line``, ``code`` | source lines; ``{place: index}`` of what made it, of its ``_backward`` |
| ``groups`` | the folding tree (see ``tree``): ``parent``, ``name``, ``kind``, ``of`` |
| ``marks`` | ``{place: [message …]}`` what ``check=True`` found |
| ``check`` | what ``check=True`` said: ``said``, and whether it is ``ok`` |
| ``breaks`` | positions to stop at |
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..model.graph import args_of, number, topological
from ..model.partials import local
from ..model.reading import op_of
from ..notation.names import Names, complete, unique
from ..notation.rows import Row, conventional, row_of
from . import mathml
from .observe import Failure, drive

FORMAT = 1
NAN = float("nan")


@dataclass
class Trace:
    """A recorded pass. Columns over steps of the backward pass are parallel lists."""

    values: list[Any]
    args: list[tuple[int, ...]]
    data: list[float]
    names: list[str]
    root: int
    ops: list[dict[str, Any]] = field(default_factory=list)
    op: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # the name of each row of ``ops``
    node: list[int] = field(default_factory=list)  # the value whose local derivative is used
    slot: list[int] = field(default_factory=list)  # operand index within that value, -1: none
    arg: list[int] = field(default_factory=list)  # the value whose gradient changes
    partial: list[float] = field(default_factory=list)  # nan when unknown
    value: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    marks: dict[int, list[str]] = field(default_factory=dict)
    engine: bool = False  # the steps are the engine's own

    @cached_property
    def told(self) -> list[str]:
        """What every value is called: its own name, else v1, v2, … (u1, u2, … for a leaf)."""
        return complete(self.names, [bool(args) for args in self.args])

    @property
    def interior(self) -> list[int]:
        """Places of the values that an operation made, in the order of the forward steps."""
        return [i for i, args in enumerate(self.args) if args]

    @property
    def leaves(self) -> list[int]:
        return [i for i, args in enumerate(self.args) if not args]

    @property
    def forward(self) -> int:
        """How many forward steps there are; the seed is the step of this number."""
        return sum(1 for args in self.args if args)

    def __len__(self) -> int:
        return self.forward + 1 + len(self.node)

    def grads(self, position: int) -> list[float]:
        """Every gradient after ``position`` steps."""
        grads = [0.0] * len(self.values)
        if position > self.forward:
            grads[self.root] = 1.0
        for k in range(max(0, position - self.forward - 1)):
            grads[self.arg[k]] = self.after[k]
        return grads

    def moments(self) -> Iterator[Moment]:
        """Every step as a ``Moment``, in order: what breakpoints are tested on."""
        grads = [0.0] * len(self.values)
        for i in self.interior:
            yield Moment("forward", self, i, i, self.data[i], grads[i])
        grads[self.root] = 1.0
        yield Moment("seed", self, self.root, self.root, self.data[self.root], 1.0)
        for k, (node, arg) in enumerate(zip(self.node, self.arg, strict=True)):
            upstream, grads[arg] = grads[node], self.after[k]
            yield Moment(
                "backward",
                self,
                arg,
                node,
                self.data[arg],
                self.after[k],
                upstream,
                self.partial[k],
                self.value[k],
                self.before[k],
            )

    def payload(self) -> dict[str, Any]:
        """The trace as plain JSON data (without folding, sources and breakpoints)."""
        flat = [a for args in self.args for a in args]
        start = [0]
        for args in self.args:
            start.append(start[-1] + len(args))
        partial = [NAN] * len(flat)
        for node, slot, p in zip(self.node, self.slot, self.partial, strict=True):
            if slot >= 0:
                partial[start[node] + slot] = p
        made: dict[str, Any] = {
            "format": FORMAT,
            "n": len(self.values),
            "root": self.root,
            "data": f64(self.data),
            "ops": self.ops,
            "op": u32(self.op),
            "count": u32(len(args) for args in self.args),
            "args": u32(flat),
            "partial": f64(partial),
            "names": {i: name for i, name in enumerate(self.names) if name},
        }
        if not self._plain():
            made["back"] = {
                "node": u32(self.node),
                "slot": u32(s if s >= 0 else 0xFFFFFFFF for s in self.slot),
                "arg": u32(self.arg),
                "partial": f64(self.partial),
                "value": f64(self.value),
                "after": f64(self.after),
            }
        if self.marks:
            made["marks"] = self.marks
        return made

    def _plain(self) -> bool:
        """Is the pass what the page would work out by itself: upstream × partial, added up?"""
        k, grads = 0, [0.0] * len(self.values)
        grads[self.root] = 1.0
        for node in range(len(self.args) - 1, -1, -1):
            for slot, arg in enumerate(self.args[node]):
                if k == len(self.node) or (self.node[k], self.slot[k], self.arg[k]) != (
                    node,
                    slot,
                    arg,
                ):
                    return False
                value = grads[node] * self.partial[k]
                grads[arg] += value
                if not (same(value, self.value[k]) and same(grads[arg], self.after[k])):
                    return False
                k += 1
        return k == len(self.node)


@dataclass(slots=True)
class Moment:
    """One step as a breakpoint predicate sees it: ``lambda m: abs(m.grad) > 10``."""

    kind: str  # "forward", "seed" or "backward"
    trace: Trace = field(repr=False)
    place: int = field(repr=False)  # of the value that this step changes
    source: int = field(repr=False)  # of the value whose operation does it
    data: float = NAN
    grad: float = 0.0
    upstream: float = NAN
    partial: float = NAN
    value: float = NAN
    before: float = NAN

    @property
    def node(self) -> Any:
        """The value that this step changes."""
        return self.trace.values[self.place]

    @property
    def name(self) -> str:
        return self.trace.names[self.place]

    @property
    def op(self) -> str:
        """Display symbol of the operation at work, '' at the seed of a leaf."""
        return str(self.trace.ops[self.trace.op[self.source]]["s"])


def record(root: Any, namespaces: Sequence[Mapping[str, Any]] = ()) -> Trace:
    """Run one backward pass from ``root`` and write down every step; the graph is left as it was.

    Gradients start at 0 whatever was left in them, and all are put back afterwards. Our own engine
    tells its own ``steps()``; any other Value-like class is driven by its ``_backward`` closures.
    ``namespaces`` are searched for variables that name a value without a label.
    """
    values = topological([root])
    called = Names(namespaces)
    called.modules = _modules(values)
    place = {id(value): i for i, value in enumerate(values)}
    operands = [tuple(args_of(value)) for value in values]
    trace = Trace(
        values=values,
        args=[tuple(place[id(arg)] for arg in args) for args in operands],
        data=[number(value.data) for value in values],
        names=unique([called.path(value).strip() for value in values]),
        root=place[id(root)],
    )
    _operations(trace)
    kept = [value.grad for value in values]
    try:
        if callable(getattr(root, "steps", None)):
            trace.engine = True
            _follow(trace, root.steps(), place)
        else:
            _drive(trace, operands, root, place)
    finally:
        for value, grad in zip(values, kept, strict=True):
            value.grad = grad
    return trace


def _modules(values: Sequence[Any]) -> list[Any]:
    """The outermost modules in whose calls these values were made, in order of first use."""
    found: dict[int, Any] = {}
    for value in values:
        scope, outer = getattr(value, "scope", None), None
        while scope is not None:
            outer = getattr(scope, "module", None) or outer
            scope = scope.parent
        if outer is not None:
            found[id(outer)] = outer
    return list(found.values())


def _operations(trace: Trace) -> None:
    rows: dict[Any, int] = {}
    trace.ops, trace.kinds = [{"s": "", "f": "", "d": []}], [""]
    for value, args in zip(trace.values, trace.args, strict=True):
        if not args:
            trace.op.append(0)
            continue
        row = row_of(value, len(args))
        symbol = op_of(value) or row.symbol
        key = row, symbol, len(args), _conventions(value, row)
        if key not in rows:
            rows[key] = len(trace.ops)
            trace.ops.append(mathml.template(*key))
            trace.kinds.append(row.name)
        trace.op.append(rows[key])


def _conventions(value: Any, row: Row) -> tuple[float | None, ...]:
    """For each operand the partial that is used by convention, None where the row's formula holds; () where it holds for all."""
    if not row.kinks:
        return ()
    partials = local(value)
    data = [number(arg.data) for arg in args_of(value)]
    used = [x is not None and conventional(row, i, data, number(value.data), x) for i, x in enumerate(partials)]
    return tuple(x if by else None for x, by in zip(partials, used, strict=True)) if any(used) else ()


def _follow(trace: Trace, steps: Iterable[Any], place: dict[int, int]) -> None:
    for value in trace.values:
        value.grad = 0.0
    for step in steps:
        for c in getattr(step, "contributions", ()):
            partial = NAN if c.partial is None else number(c.partial)
            _note(trace, place[id(step.node)], place[id(c.arg)], c.index, partial, c)


def _drive(trace: Trace, operands: Sequence[tuple[Any, ...]], root: Any, place: dict[int, int]) -> None:
    for node, made in drive(trace.values, operands, root):
        if isinstance(made, Failure):
            trace.marks.setdefault(node, []).append(f"_backward raised {made.message}")
            continue
        for c in made:
            if id(c.arg) not in place:
                continue
            partial = NAN if c.partial is None else c.partial
            _note(trace, node, place[id(c.arg)], c.index, partial, c)


def _note(trace: Trace, node: int, arg: int, slot: int, partial: float, c: Any) -> None:
    trace.node.append(node)
    trace.slot.append(slot)
    trace.arg.append(arg)
    trace.partial.append(partial)
    trace.value.append(number(c.value))
    trace.before.append(number(c.before))
    trace.after.append(number(c.after))


def same(x: float, y: float) -> bool:
    """Equal as doubles, nan equal to nan."""
    return x == y or (math.isnan(x) and math.isnan(y))


def f64(xs: Iterable[float]) -> str:
    """A column of doubles, as the page reads it."""
    return _pack("d", xs)


def u32(xs: Iterable[int]) -> str:
    """A column of whole numbers, as the page reads it."""
    return _pack("I", xs)


def _pack(code: str, xs: Iterable[Any]) -> str:
    column = array(code, xs)
    if sys.byteorder == "big":
        column.byteswap()
    return base64.b64encode(column.tobytes()).decode("ascii")
