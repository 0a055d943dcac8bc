"""The scalar graph below a loss as plain lists: who is a leaf, which op made each node, of what.

Also the simplification that changes no bit: nodes that depend on no parameter and no input are constants, and what the
outputs do not need is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from micrograd.compiler.rules import pullback
from micrograd.compiler.trace import Number, Trace, TraceError
from micrograd.engine import Value
from micrograd.op import Op


class Graph:
    """Ids: leaves 0 … len(leaves)-1 (parameters first, then inputs, draws, buffers, constants), then nodes as they were made.

    op[id], args[id]: None and () on leaves. live[id]: depends on a parameter or an input. batched[id]: on an input.
    wanted[id]: gets a gradient, that is depends on a parameter by a path that no gradient wall cuts.
    """

    def __init__(self, trace: Trace, want_inputs: bool = False) -> None:
        roots = [*(v for v in trace.outputs if isinstance(v, Value)), *(new for _, new in trace.assigns)]
        order = interior(roots)
        places: dict[Value, int] = {}
        self.kinds: list[str] = []
        self.leaves: list[Value] = []
        blocks = [("p", trace.params), *(("x", block) for block in trace.inputs)]
        blocks += [("d", [leaf for leaf, _ in trace.draws]), ("b", [b for b, _ in trace.assigns])]
        self.blocks = [(kind, len(found)) for kind, found in blocks]
        for kind, found in blocks:
            for v in found:
                if v in places:
                    raise ValueError(f"{v!r} is given twice among the parameters and inputs")
                places[v] = len(self.leaves)
                self.leaves.append(v)
                self.kinds.append(kind)
        live, made = set(self.leaves), []
        op: list[Op | None] = []
        args: list[tuple[int, ...]] = []
        for v in order:
            if v.op.partials is None or "local_grads" in v.op.__dict__:
                raise TraceError(
                    f"the node {v._op!r} = {v._data} was made by hand, so its rule is not known to the compiler: "
                    "enter it in the table with micrograd.register(Op(...))"
                )
            found = v.args
            if not live.isdisjoint(found):
                live.add(v)
                made.append(v)
        for v in made:  # constants: leaves, or nodes that depend on nothing that moves
            for a in v.args:
                if a not in live and a not in places:
                    places[a] = len(self.leaves)
                    self.leaves.append(a)
                    self.kinds.append("c")
        for v in roots:
            if v not in live and v not in places:
                places[v] = len(self.leaves)
                self.leaves.append(v)
                self.kinds.append("c")
        n = len(self.leaves)
        for v in made:
            places[v] = n + len(op)
            op.append(v.op)
            args.append(tuple([places[a] for a in v.args]))
        self.op: list[Op | None] = [None] * n + op
        self.args: list[tuple[int, ...]] = [()] * n + args
        self.nodes = self.leaves + made
        self.outputs = [places[v] if isinstance(v, Value) else v for v in trace.outputs]
        self.assigns = [(places[b], places[new]) for b, new in trace.assigns]
        self.data = [v._data for v in self.leaves]
        self.places = places
        self.absorbed: dict[int, int] = {}  # a sum that was fused into the sum that uses it → that one
        self.wanted = [k == "p" or (want_inputs and k == "x") for k in self.kinds]
        self.batched = [trace.batch and k in "xd" for k in self.kinds]
        wanted, batched = self.wanted, self.batched
        flat: dict[Any, bool] = {}
        for v, found in zip(made, args, strict=True):
            if v.op not in flat:
                flat[v.op] = _is_flat(v.op)
            wanted.append(type(v) is not Number and not flat[v.op] and any([wanted[a] for a in found]))
            batched.append(any([batched[a] for a in found]))
        root = self.outputs[0]
        if not wanted[root] and self.op[root] is not None and not any(self.kinds[i] == "x" for i in range(n)):
            raise TraceError("the loss does not depend on any of the parameters given")

    def __len__(self) -> int:
        return len(self.op)


def _is_flat(op: Any) -> bool:
    """Whether every partial is 0, so that no gradient passes."""
    if op.arity is None:
        return bool(op.name == "shift")
    return all(pullback(op, i, op.arity) is None for i in range(op.arity))


def interior(roots: Iterable[Any]) -> list[Value]:
    """The nodes below these, leaves apart, in the order in which they were made."""
    mark = object()
    found: list[Any] = []
    for v in roots:
        if v.op is not None and v._mark is not mark:
            v._mark = mark
            found.append(v)
    for v in found:  # grows while it is walked
        a, b = v._a, v._b
        for arg in (a, b) if a is not None else b or ():
            if arg is not None and arg.op is not None and arg._mark is not mark:
                arg._mark = mark
                found.append(arg)
    found.sort(key=attrgetter("_born"))
    return found
