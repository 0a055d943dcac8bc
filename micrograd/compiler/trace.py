"""Trace: run the loss once on marked Values and keep the graph that it made.

While a loss is traced its parameters and inputs are of class `Traced`, and so is every node computed from them. A traced
node is an ordinary `Value` but for one thing: its number belongs to this run alone, so code that takes the number out, to
branch on it or to compute with it outside the graph, would be frozen into the program. Such code is refused, with
its line and the way out. What can be followed is followed: `v.data` is a `Number`, the same node behind a wall that no
gradient passes, so `accuracy = sum((s.data > 0) == (y > 0) for ...)` compiles as it stands.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from micrograd import modes, ops
from micrograd.engine import Value, apply
from micrograd.nn import effects
from micrograd.op import Op


class TraceError(TypeError):
    """The loss does something that a compiled program cannot repeat."""


detach = Op("detach", lambda x: x, (lambda y, x: 0.0,), formula=("0",), array="{0}", doc="x, as a constant.")
pick = Op(
    "pick",
    define=lambda index, place, x: ops.where(ops.equal(index, place), x, 0.0),
    partials=(
        lambda y, index, place, x: 0.0,
        lambda y, index, place, x: 0.0,
        lambda y, index, place, x: ops.equal(index, place),
    ),
    formula=("0", "0", "index == place"),
    doc="x where index = place, else 0.",
)
choose = Op(
    "choose", lambda index, *xs: xs[int(index)], lambda y, index, *xs: [0.0, *(float(i == index) for i in range(len(xs)))],
    formula=("index == i",), array="choose", doc="x_index of (index, x₀, x₁, …).",
)  # fmt: skip


same = Op("same", lambda x: x, (lambda y, x: 1.0,), formula=("1",), array="{0}", doc="x.")
lift = Op(
    "lift", define=lambda x, sample: x, partials=(lambda y, x, sample: 1.0, lambda y, x, sample: 0.0), formula=("1", "0"),
    doc="x, once for every sample of a batch.",
)  # fmt: skip


class Traced(Value):
    """A Value whose number belongs to the run that is being traced."""

    __slots__ = ()

    def _read(self) -> Any:
        if not _open:
            raise TraceError(
                f"{_line()}: this Value was made while its loss was being compiled, and its number belongs to that run alone: "
                "return it from the loss beside the loss itself, or ask for step.graph(*inputs)"
            )
        return _walled(apply(detach, (self,)))

    def _write(self, data: Any) -> None:
        raise TraceError(
            f"{_line()}: the data of a traced Value is set while its loss is compiled: the program would not repeat it. "
            "Update parameters outside the loss (step.train does, inside the program)"
        )

    data = property(_read, _write)

    def detach(self) -> Value:
        """The same number, at every run, where gradients stop."""
        return apply(detach, (self,)) if _open else super().detach()

    def __lt__(self, other: Any) -> Any:
        return _compared(ops.less, self, other)

    def __gt__(self, other: Any) -> Any:
        return _compared(ops.less, other, self)

    def __le__(self, other: Any) -> Any:
        return _either(_compared(ops.less, self, other), _compared(ops.equal, self, other))

    def __ge__(self, other: Any) -> Any:
        return _either(_compared(ops.less, other, self), _compared(ops.equal, self, other))

    def __round__(self, digits: int | None = None) -> float:
        raise TraceError(_refusal("round()"))

    def __format__(self, spec: str) -> str:
        if spec:
            raise TraceError(_refusal("formatting"))
        return repr(self)

    def __repr__(self) -> str:
        return f"<traced Value{' ' + repr(self.label) if self.label else ''}: a number that is known only when the program runs>"


class Number(Traced):
    """What `.data` of a traced Value is: a number that the program will know, and that no gradient passes."""

    __slots__ = ()
    __hash__ = Value.__hash__

    def __eq__(self, other: Any) -> Any:
        return NotImplemented if not _open or other is None else _compared(ops.equal, self, other)

    def __ne__(self, other: Any) -> Any:
        return NotImplemented if not _open or other is None else 1.0 - _compared(ops.equal, self, other)

    def __bool__(self) -> bool:
        raise TraceError(
            f"{_line()}: a branch (if, while, and, or, max, min, sorted …) on a traced number: the program would follow for "
            "ever the way that this run took. The way out: micrograd.where, maximum, minimum, relu or functional.softmax; or "
            "pass what decides as a keyword argument, which is part of the structure"
        )

    def __float__(self) -> float:
        raise TraceError(_refusal("float()"))

    __int__ = __complex__ = __float__

    def __index__(self) -> int:
        raise TraceError(
            f"{_line()}: a traced number is used as an index or a count. The way out: micrograd.compiler.take(table, index) for "
            "a look-up at run time; or pass the integer as a keyword argument, which is part of the structure"
        )

    def __abs__(self) -> Any:
        return ops.abs_(self)


class Argument(Traced):
    """A float argument of the loss; as an index for `take` (a class told as 1.0) it must be whole."""

    __slots__ = ()

    def __lookup__(self, rows: Sequence[Any]) -> Any:
        """rows[self]; at every call it must be whole and in the rows, see `Plan.feed`."""
        if not _open:
            return effects.lookup(rows, self._data)
        limits = _open[-1].limits
        limits[self] = min(len(rows), limits.get(self, len(rows)))
        if isinstance(rows[0], Value) or not hasattr(rows[0], "__len__"):
            if not _open[-1].exact:
                return choose(self, *rows)
            places = _open[-1].places  # exact order of sums is known only for addresses that are: a sum with one term that is not 0
            while len(places) < len(rows):
                places.append(Value(float(len(places))))
            return ops.sum_(*map(pick, [self] * len(rows), places, rows))
        return [self.__lookup__(column) for column in zip(*rows, strict=True)]


class Index(Number):
    """An integer argument of the loss: a number, and an index for `take`."""

    __slots__ = ()
    __lookup__ = Argument.__lookup__


take = effects.lookup


@dataclass
class Trace:
    """What one run of the loss left behind: marked leaves, outputs, and what it asked to be done at every run."""

    params: list[Value]
    inputs: list[list[Value]] = field(default_factory=list)  # the numbers of each argument
    outputs: list[Any] = field(default_factory=list)
    single: bool = True  # the loss returned one Value, not (loss, more …)
    draws: list[tuple[Value, Callable[[], float]]] = field(default_factory=list)
    assigns: list[tuple[Value, Value]] = field(default_factory=list)
    limits: dict[Value, int] = field(default_factory=dict)  # an index → the length of the shortest table that it looks into
    places: list[Value] = field(default_factory=list)  # 0, 1, 2, … for look-ups to compare with
    batch: bool = False
    exact: bool = False

    # what nn.effects tells a listener

    def fresh(self, leaf: Value, draw: Callable[[], float]) -> None:
        leaf.__class__ = Traced
        self.draws.append((leaf, draw))

    def assign(self, buffer: Value, new: Value) -> None:
        if self.batch:
            raise TraceError(f"{_line()}: a running statistic cannot be kept by batch=True, which sees one sample at a time")
        self.assigns.append((buffer, new))


_open: list[Trace] = []


def run(trace: Trace, loss: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Trace:
    """Call the loss on marked leaves; fills `trace`."""
    with _marked(trace):
        result = loss(*args, **kwargs)
    trace.single = not isinstance(result, (tuple, list))
    trace.outputs = [result] if trace.single else list(result)
    root = trace.outputs[0] if trace.outputs else None
    if not isinstance(root, Value):
        kind = type(root).__name__
        raise TraceError(f"the loss must return a Value (or a tuple that starts with one), not {kind}: {root!r:.80}")
    return trace


@contextmanager
def _marked(trace: Trace) -> Iterator[None]:
    """Mark the parameters, and let every new node and every `Value(traced)` be traced; undone at the end."""
    was = [(p, p.__class__) for p in trace.params]
    plain_init = Value.__init__

    def init(self: Value, data: Any = 0.0, *args: Any, **kwargs: Any) -> None:
        if isinstance(data, Traced) and _open:  # Value(x) of a run-time input: the input itself, under a new name
            plain_init(self, data._data, (data,), kwargs.get("_op", ""), kwargs.get("label", ""))
            self.op, self._a, self._b = (detach if type(data) is Number else same), data, None
            self.__class__ = Traced
        else:
            plain_init(self, data, *args, **kwargs)

    _open.append(trace)
    effects.listeners.append(trace)
    for p, _ in was:
        p.__class__ = Traced
    Value.__init__ = init  # type: ignore[method-assign]
    try:
        with modes.tracing(Traced, Number):
            yield
    finally:
        Value.__init__ = plain_init  # type: ignore[method-assign]
        for p, kind in was:
            p.__class__ = kind
        effects.listeners.pop()
        _open.pop()


def old_leaves(trace: Trace, born: int) -> list[Value]:
    """The leaves below the outputs that existed before the trace began, in the order of their first use: taken for parameters."""
    from micrograd.compiler.graph import interior

    inputs = {v for block in trace.inputs for v in block} | {b for b, _ in trace.assigns}
    roots = [v for v in trace.outputs if isinstance(v, Value)]
    found = {a: None for v in interior(roots) for a in v.args if a.op is None and a._born <= born}
    return [v for v in found if v not in inputs]


def leaf(x: Any, integer: bool = False) -> Value:
    """A run-time input, holding the number of the run that is traced."""
    made = Value(x)
    made.__class__ = Index if integer else Argument
    return made


def _walled(node: Value) -> Value:
    node.__class__ = Number
    return node


def _compared(op: Op, a: Any, b: Any) -> Any:
    try:
        return _walled(op(a, b))
    except TypeError:
        return NotImplemented


def _either(a: Any, b: Any) -> Any:
    return NotImplemented if a is NotImplemented or b is NotImplemented else _walled(ops.maximum(a, b))


def _refusal(what: str) -> str:
    return (
        f"{_line()}: {what} takes the number out of a traced Value: the program would keep for ever the number of this run. "
        "The way out: stay with Values (micrograd.exp, log, … take them), or return the Value beside the loss and read it there"
    )


def _line() -> str:
    """The line of the user's code that is running: file:line: text."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("micrograd."):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, line).strip()
    return f"{file}:{line}" + (f" ({text})" if text else "")
