"""The stepper's trace: one backward pass, recorded step by step (`payload` has its JSON form).

Steps are numbered from 0: a forward step for each interior value, then the seed, then one step for
each **edge contribution** of the backward pass. Position p means that p steps have been taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain as joined
from typing import Any

from ..model.graph import args_of, number
from ..model.partials import local
from ..model.told import Told, told
from ..notation.formula import Name, Number, Tree
from ..notation.names import Names, complete, modules_of, unique
from ..notation.numbers import show
from ..notation.rows import Row, brief, circle, conventional, row_of, written
from ..reading import op_of
from . import rows as told_rows
from .edges import Edges, chain
from .observe import Failure, drive

NAN = float("nan")


@dataclass
class Trace:
    """A recorded pass."""

    values: list[Any]
    operands: list[tuple[int, ...]]  # a place of len(values) or more is a number that the code wrote
    data: list[float]  # of the values, then those numbers
    names: list[str]
    root: int
    ops: list[dict[str, Any]] = field(default_factory=list)
    op: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # the name of each row of ``ops``
    written_down: Edges | None = (
        None  # the contributions; None: they are worked out when somebody asks, for the pass is the chain rule alone
    )
    final: list[float] = field(default_factory=list)  # then: every gradient at its end
    through: Collection[tuple[int, int]] = ()  # then: see `edges.chain`
    _partials: dict[int, Sequence[Any]] = field(default_factory=dict)  # as far as they were asked for
    marks: dict[int, list[str]] = field(default_factory=dict)
    engine: bool = False  # the steps are the engine's own
    order: list[int] | None = None  # of the forward steps, where it is not that of the places

    @cached_property
    def edges(self) -> Edges:
        """The contributions of the backward pass."""
        if self.written_down is not None:
            return self.written_down
        made = chain(self.values, self.operands, self.data, self.root, self.through)
        if self.order is not None:
            made.arrange(self.order, self.root)
        return made

    def partials(self, place: int) -> Sequence[Any]:
        """The partials of a value of our engine, one an operand."""
        found = self._partials.get(place)
        if found is None:
            found = self.values[place].op.gradient(self.data[place], [self.data[a] for a in self.operands[place]])
            self._partials[place] = found
        return found

    @cached_property
    def told(self) -> list[str]:
        """What every value is called: its own name, else v1, v2, … (u1, u2, … for a leaf)."""
        return complete(self.names, [bool(operands) for operands in self.operands])

    @cached_property
    def args(self) -> list[tuple[int, ...]]:
        """The operands that are values."""
        n = len(self.values)
        return [tuple([a for a in operands if a < n]) for operands in self.operands]

    def written(self, place: int) -> Tree:
        """The operation that made a value, of its operands' names."""
        n, operands = len(self.values), self.operands[place]
        said = [Name(self.told[a]) if a < n else Number(self.data[a]) for a in operands]
        return written(row_of(self.values[place], len(operands)), said)

    def sign(self, place: int) -> str:
        """The operation that made a value, as it stands in its box."""
        n, operands = len(self.values), self.operands[place]
        return circle(brief(row_of(self.values[place], len(operands))), {i: show(self.data[a]) for i, a in enumerate(operands) if a >= n})

    @property
    def interior(self) -> list[int]:
        """Places of the values that an operation made, in the order of the forward steps."""
        return self.order or [i for i, operands in enumerate(self.operands) if operands]

    def arrange(self, order: list[int]) -> None:
        """Take the steps in another order that has operands before users; the gradients at the end stay as they are, to the last bit.

        A pass that did more than to add up keeps its own order: what it did depends on it.
        """
        if self.marks or order == self.interior or not (self.written_down is None or self.written_down.adds):
            return
        self.order = order
        if self.written_down is None:
            self.__dict__.pop("edges", None)
        else:
            self.written_down.arrange(order, self.root)

    @property
    def leaves(self) -> list[int]:
        return [i for i, operands in enumerate(self.operands) if not operands]

    @cached_property
    def forward(self) -> int:
        """How many forward steps there are; the seed is the step of this number."""
        return sum(1 for operands in self.operands if operands)

    def __len__(self) -> int:
        return self.forward + 1 + (len(self.edges.node) if self.written_down is not None else sum(map(len, self.args)))

    def grads(self, position: int) -> list[float]:
        """Every gradient after ``position`` steps."""
        if self.written_down is None and position == len(self):
            return self.final
        grads = [0.0] * len(self.values)
        if position > self.forward:
            grads[self.root] = 1.0
        for k in range(max(0, position - self.forward - 1)):
            grads[self.edges.arg[k]] = self.edges.after[k]
        return grads

    def moments(self) -> Iterator[Moment]:
        """Every step as a ``Moment``, in order: what breakpoints are tested on."""
        grads = [0.0] * len(self.values)
        for i in self.interior:
            yield Moment("forward", self, i, i, self.data[i], grads[i])
        grads[self.root] = 1.0
        yield Moment("seed", self, self.root, self.root, self.data[self.root], 1.0)
        e = self.edges
        for node, arg, partial, value, before, after in zip(e.node, e.arg, e.partial, e.value, e.before, e.after, strict=True):
            upstream, grads[arg] = grads[node], after
            yield Moment("backward", self, arg, node, self.data[arg], after, upstream, partial, value, before)


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
    tells its own ``steps()``, or that its pass is the chain rule alone (``__chain__``): then each contribution is worked out when
    somebody asks for it, bit for bit. Any other Value-like class is driven by its ``_backward`` closures.
    ``namespaces`` are searched for variables that name a value without a label.
    """
    graph = told([root])
    every = graph.every
    values, place = graph.values, graph.place
    called = Names(namespaces)
    called.modules = modules_of(values)
    trace = Trace(
        values=values,
        operands=graph.operands,
        data=[*(number(value.data) for value in values), *graph.numbers],
        names=unique([name.strip() for name in called.paths(values)]),
        root=place[id(root)],
    )
    _operations(trace)
    through = _through(graph)
    final = _alone(root, graph) if through is not None else None
    if through is not None and final is not None:
        trace.engine, trace.final, trace.through = True, final, through
        return trace
    trace.written_down = Edges()
    kept = [(value, value.grad) for value in every]
    try:
        if callable(getattr(root, "steps", None)):
            trace.engine = True
            for value in every:
                value.grad = 0.0
            _follow(trace.edges, root.steps(), graph)
        else:
            _drive(trace, [tuple(args_of(value)) for value in values], root, place)
    finally:
        for value, grad in kept:
            value.grad = grad
    return trace


def _alone(root: Any, graph: Told) -> list[float] | None:
    """Every gradient, where our engine says that the pass is the chain rule alone."""
    chained = getattr(root, "__chain__", None)
    found = chained(graph.every) if callable(chained) else None
    if found is None:
        return None
    by_id = dict(zip(map(id, graph.every), found, strict=True)) if len(graph.every) > len(graph.values) else {}
    return [number(by_id[id(value)]) for value in graph.values] if by_id else list(map(number, found))


def _through(graph: Told) -> set[tuple[int, int]] | None:
    """(value, slot) of the operands that are a 0 + x; None where one passes on later than at once, or is not x (0 + -0)."""
    places = {graph.place[key]: x for key, x in graph.starts.items()}
    uses = Counter(joined.from_iterable(graph.operands)) if places else {}
    if any(uses[at] > 1 or not args_of(x) or repr(number(x.data)) == "-0.0" for at, x in places.items()):
        return None
    return {(i, slot) for i, args in enumerate(graph.operands if places else ()) for slot, at in enumerate(args) if at in places}


def _operations(trace: Trace) -> None:
    rows: dict[Any, int] = {}
    trace.ops, trace.kinds = [{"s": "", "n": [""], "f": [], "d": []}], [""]
    known: dict[Any, tuple[Row, str]] = {}  # by the op itself, which is alive as long as its values are
    plain: dict[Any, int] = {}  # the rows of operations without kinks, of values alone
    n = len(trace.values)
    for place, (value, args) in enumerate(zip(trace.values, trace.operands, strict=True)):
        if not args:
            trace.op.append(0)
            continue
        literal = tuple([i for i, a in enumerate(args) if a >= n]) if max(args) >= n else ()
        kind = id(getattr(value, "op", None)), op_of(value), len(args)
        if not literal and (at := plain.get(kind)):
            trace.op.append(at)
            continue
        if kind not in known:
            row = row_of(value, len(args))
            known[kind] = row, op_of(value) or row.symbol
        row, symbol = known[kind]
        key = kind, literal, _conventions(trace, place, row) if row.kinks else ()
        if key not in rows:
            rows[key] = len(trace.ops)
            trace.ops.append(told_rows.told(row, symbol, len(args), key[-1], literal, getattr(value, "op", None)))
            trace.kinds.append(row.name)
        if not literal and not row.kinks:
            plain[kind] = rows[key]
        trace.op.append(rows[key])


def _conventions(trace: Trace, place: int, row: Row) -> tuple[float | None, ...]:
    """For each operand the partial that is used by convention, None where the row's formula holds; () where it holds for all."""
    value = trace.values[place]
    partials = trace._partials[place] = local(value)
    data = [number(arg.data) for arg in args_of(value)]
    used = [x is not None and conventional(row, i, data, trace.data[place], x) for i, x in enumerate(partials)]
    return tuple(x if by else None for x, by in zip(partials, used, strict=True)) if any(used) else ()


def _follow(edges: Edges, steps: Iterable[Any], graph: Told) -> None:
    place = graph.place
    for step in steps:
        found = getattr(step, "contributions", ())
        if found and id(step.node) not in graph.starts:
            node = place[id(step.node)]
            for c in found:
                if (arg := place.get(id(c.arg))) is not None:  # else a literal
                    _note(edges, node, arg, c)


def _drive(trace: Trace, operands: Sequence[tuple[Any, ...]], root: Any, place: dict[int, int]) -> None:
    for node, made in drive(trace.values, operands, root):
        if isinstance(made, Failure):
            trace.marks.setdefault(node, []).append(made.message)
            continue
        for c in made:
            if id(c.arg) in place:
                _note(trace.edges, node, place[id(c.arg)], c)


def _note(edges: Edges, node: int, arg: int, c: Any) -> None:
    partial = NAN if c.partial is None else number(c.partial)
    edges.add(node, c.index, arg, partial, number(c.value), number(c.before), number(c.after))
