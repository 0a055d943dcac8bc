"""The scalar graph below a loss, numbered: who is a leaf, who is a constant, who depends on what.

Also the simplification that changes no bit: nodes that depend on no parameter and no input are constants, and what the
outputs do not need is left out.
"""

from __future__ import annotations

from array import array
from math import nan
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.program import own_ops
from micrograd.compiler.program.own_ops import choose, is_alias, lift, row_of
from micrograd.compiler.program.rule import pullback
from micrograd.compiler.program.show import KINDS, bare, called, shortened
from micrograd.compiler.tracing.refusal import told
from micrograd.compiler.tracing.trace import WALLS, Trace, TraceError, interior
from micrograd.engine import Value, apply


def scalars(trace: Trace) -> tuple[Scalars, str]:
    """The scalars of a trace, numbered."""
    found = Scalars(trace)
    return found, found.told()


class Scalars:
    """The scalar graph.

    Ids: parameters, inputs, draws and buffers come first, then nodes as they were made; constants have -1, -2 and so on.

    While they are given, `_mark` of a Value is its id (so a million nodes need no dictionary); `forget` clears that. From then on a node
    is its op (`ops[code]`) and the ids of its arguments (in `args`). wanted[id]: gets a gradient, that is depends on a parameter by a path
    that no gradient wall cuts. batched[id]: depends on an input of a batch. Both take negative ids, as Python's indexing does.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace, self.exact = trace, trace.exact
        roots = [*(v for v in trace.outputs if isinstance(v, Value)), *(new for _, new in trace.assigns)]
        order, trace.order = trace.order or interior(roots), []
        if trace.batch:
            order = _lifted(order, {v for block in trace.inputs for v in block} | {v for v, _ in trace.draws})
        blocks = [("p", trace.params), *(("x", block) for block in trace.inputs)]
        blocks += [("d", [leaf for leaf, _ in trace.draws]), ("b", [b for b, _ in trace.assigns]), ("o", trace.outside)]
        self.blocks = [(kind, len(found)) for kind, found in blocks]
        self.leaves: list[Value] = [v for _, found in blocks for v in found]
        self.constants: list[Value] = []
        self.nodes: list[Value] = []
        self.aliases: list[Value] = []
        self.ops: list[Any] = []  # the ops of the nodes, each once
        self.code = array("i")  # of each node the place of its op there
        self.args = array("i")  # the ids of the arguments of all nodes, one behind the other
        self.many: dict[int, int] = {}  # the place of a node whose op takes any number of arguments → how many it has
        self.forgotten = False
        try:
            kinds = "".join(kind * len(found) for kind, found in blocks)
            self.wanted = bytearray(k == "p" or (trace.want_inputs and k == "x") for k in kinds)
            self.batched = bytearray(trace.batch and k in "xd" for k in kinds)
            self._number(order, roots)
            self.outputs: list[Any] = [v._mark if isinstance(v, Value) else None for v in trace.outputs]
            self.assigns: list[tuple[Any, Any]] = [(b._mark, new._mark) for b, new in trace.assigns]
            self.roots: list[int] = [*(o for o in self.outputs if o is not None), *(new for _, new in self.assigns)]
        finally:
            self.forget()
        self.data = [v._data for v in self.constants]
        self.absorbed: Any = {}

    def __len__(self) -> int:
        return len(self.leaves) + len(self.nodes) + len(self.constants)

    def _number(self, order: list[Value], roots: list[Value]) -> None:
        """Give ids; a node is live where an argument has one that is not negative. What depends on parameters, and on samples."""
        nodes, constants, wanted, batched = self.nodes, self.constants, self.wanted, self.batched
        for i, v in enumerate(self.leaves):
            if v._mark.__class__ is int:
                raise ValueError(f"{v!r} is given twice among the parameters and inputs")
            v._mark = i
        count = len(self.leaves)
        known: dict[int, tuple[int, bool]] = {}  # id of an op → its place among the ops, whether gradients pass
        args, code = self.args, self.code
        wants, samples, live = wanted.append, batched.append, nodes.append
        fresh = bool(order) and order[0]._born > self.trace.born > 0  # the oldest: all were made in this trace
        for v in order:
            op: Any = v.op
            place, passes = known.get(id(op)) or self._enter(v, known)
            a, b = v._a, v._b
            if place < 0:  # another name for its argument
                v._mark = v.args[0]._mark
                self.aliases.append(v)
                continue
            w = t = 0
            if a is None:
                spread = self._many(b or ())
                if spread is None:
                    v._mark = None
                    continue
                w, t = spread
            else:
                m: Any = a._mark
                if m.__class__ is not int:
                    m = None
                elif m >= 0:
                    w, t = wanted[m], batched[m]
                if b is None:
                    if m is None or m < 0:
                        v._mark = None
                        continue
                    args.append(m)
                else:
                    n: Any = b._mark
                    if n.__class__ is not int:
                        n = None
                    if n is not None and n >= 0:
                        w |= wanted[n]
                        t |= batched[n]
                    elif m is None or m < 0:
                        v._mark = None
                        continue
                    if m is None:
                        constants.append(a)
                        m = a._mark = -len(constants)
                    elif n is None:
                        constants.append(b)
                        n = b._mark = -len(constants)
                    args.append(m)
                    args.append(n)
            if w and (not passes or type(v) in WALLS):
                w = 0
            v._mark = count
            if fresh:
                v._data = nan  # the number of the run that was traced, which is nobody's any more: 32 bytes
            count += 1
            live(v)
            code.append(place)
            wants(w)
            samples(t)
        for v in roots:
            if v._mark.__class__ is not int:
                constants.append(v)
                v._mark = -len(constants)
        rest = bytearray(len(constants))
        wanted += rest
        batched += rest

    def _many(self, args: tuple[Value, ...]) -> tuple[int, int] | None:
        """Note the arguments of an op of any number; whether the node gets a gradient, and a batch axis. None where all are constants."""
        if not any(x._mark.__class__ is int and x._mark >= 0 for x in args):
            return None
        w = t = 0
        for x in args:
            if x._mark.__class__ is not int:
                self.constants.append(x)
                x._mark = -len(self.constants)
            m: Any = x._mark
            self.args.append(m)
            if m >= 0:
                w |= self.wanted[m]
                t |= self.batched[m]
        self.many[len(self.code)] = len(args)
        return w, t

    def _enter(self, v: Value, known: dict[int, tuple[int, bool]]) -> tuple[int, bool]:
        """An op that is seen for the first time; place -1: of a node that is another name for its argument."""
        op: Any = v.op
        if op.partials is None or "local_grads" in op.__dict__:
            source: Any = v.__dict__.get("source")
            raise TraceError(
                f"{told(source)}: " * bool(source) + f"the node {v._op!r} = {v._data} was made by hand, so its rule is not known "
                "to the compiler: give its local gradients, Value(data, (x,), (2*x.data,)), or enter it in the table with "
                "micrograd.register(Op(...))"
            )
        if op.partials is own_ops.same.partials and is_alias(op):
            known[id(op)] = -1, False
        else:
            known[id(op)] = len(self.ops), not _is_flat(op)
            self.ops.append(op)
        return known[id(op)]

    def counts(self) -> Any:
        """How many arguments each node has."""
        arity = np.array([op.arity or 0 for op in self.ops], dtype=np.int32)
        found = arity[np.frombuffer(self.code, dtype=np.int32)] if self.ops else arity
        found[np.fromiter(self.many, np.int64, len(self.many))] = np.fromiter(self.many.values(), np.int32, len(self.many))
        return found

    def told(self) -> str:
        """What the trace and its simplification came to."""
        counts = {KINDS[kind]: sum(n for k, n in self.blocks if k == kind) for kind, _ in self.blocks}
        counts |= {"constants": len(self.constants), "results": len(self.nodes)}
        return f"{len(self):,} scalars: " + ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)

    def __str__(self) -> str:
        """The nodes, a line each, as they were made."""
        first = len(self.leaves)
        place = {id(v): i for i, v in enumerate((*self.leaves, *self.nodes))} | {id(v): -1 - i for i, v in enumerate(self.constants)}

        def line(k: int) -> str:
            v: Any = self.nodes[k]
            args = [self.name(place[id(a)]) if id(a) in place else f"{a._data:g}" for a in v.args]
            return f"  {self.name(first + k)} = {bare(called(v.op, args))}" + ("" if self.wanted[first + k] else "   (no gradient)")

        return "\n".join([self.told(), *shortened(len(self.nodes), line)])

    __repr__ = __str__

    def name(self, i: int) -> str:
        """What to call the scalar with this id: its label, its place among the parameters or inputs, its number as a result."""
        if i < 0:
            return f"{self.data[-1 - i]:g}"
        if self.at(i).label:
            return self.at(i).label
        start = 0
        for block, (kind, size) in enumerate(self.blocks):
            if i < start + size:
                return f"{kind if kind != 'x' else f'x{block}'}[{i - start}]"
            start += size
        return f"v{i - start + 1}"

    def forget(self) -> None:
        """Clear the ids from the Values."""
        if self.forgotten:
            return
        self.forgotten = True
        for found in (self.leaves, self.nodes, self.constants):
            for v in found:
                v._mark = None
        for v in self.aliases:
            v._mark = None

    def at(self, i: int) -> Value:
        """The Value with this id."""
        n = len(self.leaves)
        return self.constants[-1 - i] if i < 0 else self.leaves[i] if i < n else self.nodes[i - n]

    def find(self, node: Value) -> int | None:
        """The id of a Value, after `forget`; None where the program does not have it."""
        for start, sign, found in ((0, 1, self.leaves), (len(self.leaves), 1, self.nodes), (-1, -1, self.constants)):
            for i, v in enumerate(found):
                if v is node:
                    return start + sign * i
        return None


def _is_flat(op: Any) -> bool:
    """Whether every partial is 0, so that no gradient passes."""
    if op.arity is None:
        return row_of(op) is ops.shift
    return all(pullback(op, i, op.arity) is None for i in range(op.arity))


def _lifted(order: list[Value], sampled: set[Value]) -> list[Value]:
    """For ops of many arguments: where some depend on the sample and some do not, those are given a batch axis too."""
    found: list[Value] = []
    for v in order:
        args = v.args
        mine = [a in sampled for a in args]
        if any(mine):
            sampled.add(v)
            if v.op is choose:  # its index may depend on the sample, or not, whatever its rows do
                mine[0] = any(mine[1:])
            if any(mine) and not all(mine) and v.op is not None and v.op.arity is None and row_of(v.op) not in (ops.sum_, ops.dot):
                anchor = args[mine.index(True, v.op is choose)]
                new = [
                    a if m else _before(v, apply(lift, (a, anchor)), k / len(args)) for k, (a, m) in enumerate(zip(args, mine, strict=True))
                ]
                found.extend(a for a, m in zip(new, mine, strict=True) if not m)
                v._a, v._b = None, tuple(new)
        found.append(v)
    return found


def _before(v: Value, made: Value, part: float) -> Value:
    """A node made later that `v` uses now, in its place in the order: so far (0 to 1) among those before it."""
    made._born = v._born - 1 + 0.5 * (1 + part)  # type: ignore[assignment]
    return made
