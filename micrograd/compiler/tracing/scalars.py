"""The scalar graph below a loss, numbered: who is a leaf, who is a constant, who depends on what."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.program.show import KINDS, bare, called, shortened
from micrograd.compiler.tracing.numbering import BATCHED, LEAST, WANTED, Numbered
from micrograd.compiler.tracing.record import Record, place_of
from micrograd.compiler.tracing.trace import Trace, interior
from micrograd.engine import Value, leaf


def scalars(trace: Trace) -> tuple[Scalars, str]:
    """The scalars of a trace, numbered."""
    found = Scalars(trace)
    return found, found.told()


class Scalars:
    """The scalar graph.

    Ids: parameters, inputs, draws and buffers come first, then nodes as they were made; constants have -1, -2 and so on.

    A node is its op (`ops[code]`) and the ids of its arguments (in `args`). wanted[id]: gets a gradient, that is depends on a parameter by
    a path that no gradient wall cuts. batched[id]: depends on an input of a batch. Both take negative ids, as Python's indexing does.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace, self.exact = trace, trace.exact
        record, trace.record = trace.record, None
        older, trace.older = trace.older, []
        if record is None or record.whole:
            record, older = Record(trace.born), older or interior(trace.roots())
        blocks = [("p", trace.params), *(("x", block) for block in trace.inputs)]
        blocks += [("d", [v for v, _ in trace.draws]), ("b", [b for b, _ in trace.assigns]), ("o", trace.outside)]
        self.blocks = [(kind, len(found)) for kind, found in blocks]
        self.leaves: list[Value] = [v for _, found in blocks for v in found]
        kinds = "".join(kind * len(found) for kind, found in blocks)
        wanted, batched = "px" if trace.want_inputs else "p", "xd" if trace.batch else ""
        found = Numbered(record, self.leaves, older, bytearray(WANTED * (k in wanted) + BATCHED * (k in batched) for k in kinds))
        self.outputs: list[Any] = [found.id(v) if isinstance(v, Value) else None for v in trace.outputs]
        self.assigns: list[tuple[Any, Any]] = [(found.id(b), found.id(new)) for b, new in trace.assigns]
        self.roots: list[int] = [*(o for o in self.outputs if o is not None), *(new for _, new in self.assigns)]
        self.ops = found.ops  # of the nodes, each once
        self.aliases = list(found.aliases)  # the ops of what is another name for its argument
        self.code = found.code  # of each node the place of its op there
        self.args = found.args  # the ids of the arguments of all nodes, one behind the other
        self.many = found.many  # the place of a node whose op takes any number of arguments → how many it has
        self.data = found.data  # the constants
        flags = found.flags + bytes(len(self.data))
        self.wanted, self.batched = (bytearray(flags.translate(bytes(bool(k & bit) for k in range(256)))) for bit in (WANTED, BATCHED))
        self.objects = found.objects  # the first nodes, where they are there as objects
        self.base, self.ids = record.base, found.ids
        self.labels = {found.ids[record.place_of(mark)]: label for mark, label in record.labels.items()}
        self.sources = {found.ids[record.place_of(mark)]: source for mark, source in record.sources.items()}
        self.absorbed: Any = {}
        for v in self.leaves:
            v._mark = None

    def __len__(self) -> int:
        return len(self.leaves) + len(self.code) + len(self.data)

    def counts(self) -> Any:
        """How many arguments each node has."""
        arity = np.array([op.arity or 0 for op in self.ops], dtype=np.int32)
        found = arity[np.frombuffer(self.code, dtype=np.int32)] if self.ops else arity
        found[np.fromiter(self.many, np.int64, len(self.many))] = np.fromiter(self.many.values(), np.int32, len(self.many))
        return found

    def told(self) -> str:
        """What the trace and its simplification came to."""
        counts = {KINDS[kind]: sum(n for k, n in self.blocks if k == kind) for kind, _ in self.blocks}
        counts |= {"constants": len(self.data), "results": len(self.code)}
        return f"{len(self):,} scalars: " + ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)

    def __str__(self) -> str:
        """The nodes, a line each, as they were made."""
        first = len(self.leaves)
        starts = [0, *accumulate(self._count(k) for k in range(len(self.code)))]

        def line(k: int) -> str:
            args = map(self.name, self.args[starts[k] : starts[k + 1]])
            text = bare(called(self.ops[self.code[k]], list(args)))
            return f"  {self.name(first + k)} = {text}" + ("" if self.wanted[first + k] else "   (no gradient)")

        return "\n".join([self.told(), *shortened(len(self.code), line)])

    __repr__ = __str__

    def _count(self, k: int) -> int:
        return self.many.get(k) or self.ops[self.code[k]].arity or 0

    def name(self, i: int) -> str:
        """What to call the scalar with this id: its label, its place among the parameters or inputs, its number as a result."""
        if i < 0:
            return f"{self.data[-1 - i]:g}"
        if label := self.label(i):
            return label
        start = 0
        for block, (kind, size) in enumerate(self.blocks):
            if i < start + size:
                return f"{kind if kind != 'x' else f'x{block}'}[{i - start}]"
            start += size
        return f"v{i - start + 1}"

    # --- what stands on the Values ---------------------------------------------------------------------------------------

    def at(self, i: int) -> Value | None:
        """The Value with this id: None for a node that is gone, which one that there was before is not."""
        n = len(self.leaves)
        if i < 0:
            return leaf(self.data[-1 - i])
        return self.leaves[i] if i < n else self.objects[i - n] if i - n < len(self.objects) else None

    def label(self, i: int) -> str:
        """The label of a scalar, "" where it has none."""
        v = self.at(i)
        return self.labels.get(i, "") if v is None or i < 0 else v.label

    def labelled(self, label: str) -> list[int]:
        """The ids of the leaves and nodes with this label."""
        kept = len(self.leaves) + len(self.objects)
        return [i for i in range(kept) if self.label(i) == label] + [i for i, x in self.labels.items() if x == label and i >= kept]

    def source(self, i: int) -> tuple[str, int] | None:
        """(file, line) that made a node, where that was recorded."""
        v = self.at(i)
        return self.sources.get(i) if v is None else v.__dict__.get("source")

    def symbol(self, i: int) -> str:
        """What the op of a node is called; "" for a leaf."""
        k = i - len(self.leaves)
        return str(self.ops[self.code[k]].symbol) if k >= 0 else ""

    def args_of(self, i: int) -> list[int]:
        """The ids of the arguments of a scalar."""
        k = i - len(self.leaves)
        if k < 0:
            return []
        start = sum(map(self._count, range(k)))
        return self.args[start : start + self._count(k)].tolist()

    def asked(self, node: Value | str) -> int:
        """The id of a node, or of the only node with that label; KeyError where there is none."""
        if isinstance(node, str):
            found = self.labelled(node)
            if len(found) != 1:
                raise KeyError(f"{len(found)} nodes of the traced graph are labelled {node!r}")
            return found[0]
        i = self.find(node)
        if i is None:
            raise KeyError(f"{node.label or node!r} is not a node of the traced graph, or the loss does not depend on it")
        return i

    def find(self, node: Any) -> int | None:
        """The id of a Value; None where the program does not have it."""
        for i, v in enumerate((*self.leaves, *self.objects)):
            if v is node:
                return i
        place = place_of(node, self.base)
        return self.ids[place] if place is not None and place < len(self.ids) and self.ids[place] > LEAST else None
