"""Trace: run the loss once on marked Values and keep the graph that it made.

While a loss is traced, the Values that it can reach are of class `Outside`, its arguments are `Input`s, and every node computed
from them is `Traced`: see `traced` for what these follow and what they refuse.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from micrograd import modes
from micrograd.compiler.tracing.handmade import adopt
from micrograd.compiler.tracing.record import Record
from micrograd.compiler.tracing.refusal import TraceError, line, opened
from micrograd.compiler.tracing.traced import WALLS, Node, Paused, Traced, leaf, outside, reclass
from micrograd.engine import Value, _clock
from micrograd.engine import leaf as constant
from micrograd.nn import effects
from micrograd.pull import interior

__all__ = ["WALLS", "Trace", "TraceError", "interior", "leaf", "lock", "run", "take"]

take = effects.lookup
lock = threading.RLock()  # one trace at a time: the Values that losses share are marked, and numbered by the graph


@dataclass(repr=False)
class Trace:
    """What one run of the loss left behind: marked leaves, outputs, and what it asked to be done at every run."""

    params: list[Value]
    inputs: list[list[Value]] = field(default_factory=list)  # the numbers of each argument
    outside: list[Value] = field(default_factory=list)  # leaves that were there before and are no parameters: read at every call
    outputs: list[Any] = field(default_factory=list)
    record: Record | None = None  # the nodes of the run, until they are numbered
    older: list[Value] = field(default_factory=list)  # nodes that were there before, or (record.whole) all below the outputs
    single: bool = True  # the loss returned one Value, not (loss, more …)
    row: bool = False  # … a list of them
    draws: list[tuple[Value, Callable[[], float]]] = field(default_factory=list)
    assigns: list[tuple[Value, Value]] = field(default_factory=list)
    limits: dict[int, int] = field(default_factory=dict)  # id of an index → the length of the shortest table that it looks into
    places: list[Value] = field(default_factory=list)  # 0, 1, 2, … for look-ups to compare with
    batch: bool = False
    exact: bool = False
    want_inputs: bool = False  # gradients by the inputs too
    born: int = 0  # on the engine's clock: what is older was there before
    refused: TraceError | None = None  # the first refusal, whether or not the loss let it out

    def __str__(self) -> str:
        counts = {
            "parameters": len(self.params), "inputs": sum(map(len, self.inputs)), "outside numbers": len(self.outside),
            "random numbers": len(self.draws), "buffers": len(self.assigns), "outputs": len(self.outputs),
        }  # fmt: skip
        return "trace of one " + ("sample: " if self.batch else "run: ") + ", ".join(f"{n:,} {kind}" for kind, n in counts.items() if n)

    __repr__ = __str__

    def roots(self) -> list[Value]:
        """What every run is to work out."""
        return [*(v for v in self.outputs if isinstance(v, Value)), *(new for _, new in self.assigns)]

    # what nn.effects tells a listener

    def fresh(self, leaf: Value, draw: Callable[[], float]) -> None:
        leaf.__class__ = Node
        self.draws.append((leaf, draw))

    def assign(self, buffer: Value, new: Value) -> None:
        if self.batch:
            raise TraceError(f"{line()}: a running statistic cannot be kept by batch=True, which sees one sample at a time")
        if not isinstance(new, Value):
            new = constant(float(new))
        if self.record is not None and buffer._born > self.record.born:
            self.record.thaw()  # it may have been taken for a constant
        self.assigns.append((buffer, new))


def run(trace: Trace, loss: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], reached: Iterable[Value] = ()) -> Trace:
    """Call the loss on marked leaves; fills `trace`. reached: the Values outside that it can come to, parameters or not."""
    trace.born = _clock()
    trace.record = Record(trace.born, whole=modes.here().recording)
    with _marked(trace, [*trace.params, *reached]):
        try:
            result = loss(*args, **kwargs)
        except TraceError:
            raise
        except Exception as error:
            if trace.refused is None:
                raise
            raise trace.refused from error  # which came of it
    if trace.refused is not None:
        raise trace.refused  # the loss caught it, and went another way
    trace.single = not isinstance(result, (tuple, list))
    trace.row = isinstance(result, list)
    trace.outputs = [result] if trace.single else list(result)
    root = trace.outputs[0] if trace.outputs else None
    if not isinstance(root, Value):
        kind = type(root).__name__
        raise TraceError(f"the loss must return a Value (or a tuple that starts with one), not {kind}: {root!r:.80}")
    return trace


@contextmanager
def _marked(trace: Trace, reached: Iterable[Value]) -> Iterator[None]:
    """Mark the Values outside, and let every new node be traced, whatever modes the caller is in; undone at the end."""
    was: list[tuple[Value, type]] = []
    try:
        for v in reached:
            kind: Any = type(v)
            if not hasattr(kind, "_write_grad"):  # (one may be given twice)
                reclass(v, outside(kind))
                was.append((v, kind))
        opened().append(trace)
        record: Any = trace.record
        record.note, paused = record.noting(Node), record.noting(Paused)
        try:
            with effects.listening(trace), modes.recorded(), modes.tracing(record.note, paused, adopt, record.thaw):
                yield
        finally:
            record.note = None  # which holds the record
            opened().pop()
    finally:
        for v, kind in was:
            reclass(v, kind)


class StaleError(TraceError):
    """The loss uses what an earlier run of it made."""


def old_leaves(trace: Trace) -> list[Value]:
    """The leaves below the outputs that existed before the trace began, inputs and buffers apart, in the order of their first use."""
    record, born = trace.record, trace.born
    assert record is not None
    roots = trace.roots()
    known = {id(v) for block in trace.inputs for v in block} | {id(b) for b, _ in trace.assigns} | {id(leaf) for leaf, _ in trace.draws}
    try:
        older, used = record.below(roots)
        trace.older = interior(older)
    except TraceError:  # what a node was computed from is gone with the trace that made it
        raise StaleError from None
    found: dict[int, Value] = {}
    for v in trace.older:
        for arg in v.args:
            if arg.op is None and arg._born <= born:
                found[id(arg)] = arg
    found |= {id(v): v for v in used}
    found |= {id(v): v for v in roots if v.op is None and v._born <= born}
    old = [v for key, v in found.items() if key not in known]
    for v in (*trace.older, *old):
        if v._born <= born and isinstance(v, Traced):
            raise StaleError
    return old
