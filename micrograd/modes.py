"""What may be switched on around the engine.

no_grad, detect_anomaly, record_source, gradient hooks, and the guards against data that changed between forward and backward.
All off, they cost one test an operation.

A mode holds in its own context: in the thread that entered it, and in the asyncio tasks made inside the block, nowhere else.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from micrograd.engine import Value


Told = tuple[Callable[..., Any], ...]  # what `tracing` is given


class _Entry:
    """One `with` block of a mode. It lives as long as a context in which the block is open, and is in `on` while it lives."""

    __slots__ = ("__weakref__", "mode", "told")

    def __init__(self, mode: str, told: Told) -> None:
        self.mode, self.told = mode, told
        if mode not in ("choosing", "recorded"):  # which ask nothing of an ordinary node
            on.add(id(self))

    def __del__(self) -> None:
        on.discard(id(self))


on: set[int] = set()  # the blocks that are open somewhere: while it is empty the engine asks nothing else


class Here:
    """What is on in one context; never changed, only replaced by another."""

    __slots__ = ("adopt", "anomaly", "choosing", "entries", "made", "noted", "paused", "recording", "sourced", "traced")

    def __init__(self, entries: tuple[_Entry, ...] = ()) -> None:
        modes = {e.mode for e in entries}
        self.entries = entries
        self.anomaly, self.recording = "anomaly" in modes, "recording" in modes
        self.traced, self.choosing = "traced" in modes, "choosing" in modes
        self.paused = next((e.mode for e in reversed(entries) if e.mode in ("paused", "recorded")), "") == "paused"
        told: Told = next((e.told for e in reversed(entries) if e.told), ())
        made: Any = (told[self.paused], *told[2:]) if told else (None, None, None)
        self.made, self.adopt, self.sourced = made
        self.noted = None if self.recording else self.made  # what to ask of a new node where nothing else is


_here: ContextVar[Here] = ContextVar("micrograd.modes", default=Here())  # noqa: B039  it never changes
here: Callable[[], Here] = _here.get


tick = itertools.count(1).__next__  # the engine's clock: at every node made and every data set


class _State:
    """The clock of changes, for the whole process."""

    last_change = 0  # when any Value's data was last set, by the engine's clock


state = _State()
Hook = Callable[[float], "float | None"]
hooks: WeakKeyDictionary[Value, list[Hook]] = WeakKeyDictionary()
overwritten: WeakKeyDictionary[Value, int] = WeakKeyDictionary()


@contextmanager
def _switched_on(mode: str, told: Told = ()) -> Iterator[None]:
    """Be in a mode; the same one may be entered again inside, and blocks may end in any order (those of generators do)."""
    entry = _Entry(mode, told)
    _here.set(Here((*here().entries, entry)))
    try:
        yield
    finally:
        _here.set(Here(tuple(e for e in here().entries if e is not entry)))
        del entry  # a traceback that is kept would keep it


def no_grad() -> Any:
    """Within this block, operations record no graph: their results are leaves.

    >>> from micrograd import Value, no_grad
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * 3
    >>> y.data, y.args
    (6.0, ())
    """
    return _switched_on("paused")


def recorded() -> Any:
    """Within this block operations record their graph again, whatever no_grad is on outside."""
    return _switched_on("recorded")


def detect_anomaly() -> Any:
    """Within this block, the first operation or gradient that makes a nan or an inf raises ArithmeticError, naming it.

    >>> from micrograd import Value, detect_anomaly
    >>> x = Value(0.0, label="x")
    >>> with detect_anomaly():
    ...     y = x.log()
    Traceback (most recent call last):
    ArithmeticError: log(x = 0.0) made -inf
    """
    return _switched_on("anomaly")


def record_source() -> Any:
    """Within this block, every new node remembers the line of code that made it, as `.source` = (file, line)."""
    return _switched_on("recording")


def tracing(
    made: Callable[[Any], Any], paused: Callable[[Any], Any], adopt: Callable[[Any, Any], None], sourced: Callable[[], None]
) -> Any:
    """Within this block made(node), in no_grad paused(node), is asked what becomes of each new node, which keeps its arguments.

    adopt(made, data) is told of what `Value(data, …)` made, and sourced() that a node will remember the line that made it.
    """
    return _switched_on("traced", (made, paused, adopt, sourced))


def choosing() -> Any:
    """Within this block `where` on Values gives the branch that its condition takes, and no node.

    For rules run on Values: their conditions only choose between forms of one derivative, and the form not taken may be
    infinite there, which would make 0 · inf in the next derivative. Not while a compiler traces: there both must stay.
    """
    return _switched_on("choosing")


def chosen(args: tuple[Any, ...]) -> Any:
    """The branch of where(condition, a, b) that the condition takes; None where no choice is to be made here."""
    now = here()
    if not now.choosing or now.traced:
        return None
    condition = getattr(args[0], "data", args[0])
    return args[1] if condition else args[2]


def notice(out: Value) -> Value:
    """What the modes of this context do to a node just made."""
    if (noted := here().noted) is not None:
        return noted(out)  # type: ignore[no-any-return]
    if here().anomaly and not here().traced and out.data - out.data != 0.0 and all(a._data - a._data == 0.0 for a in out.args):
        raise ArithmeticError(f"{_call(out)} made {out.data}")
    now = here()  # (a traceback of the error that is kept would keep it, and the mode on)
    if now.recording:
        frame = sys._getframe(1)
        while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "micrograd":
            frame = frame.f_back
        out.__dict__["source"] = (frame.f_code.co_filename, frame.f_lineno)
        if now.traced:
            now.sourced()
    if now.traced:
        return now.made(out)  # type: ignore[no-any-return]
    if now.paused:
        out.op = out._a = out._b = None
    return out


def adopt(made: Value, data: Any) -> None:
    """`Value(data, …)` made a leaf, or a node by hand: what a compiler that traces here makes of it."""
    now = here()
    if now.traced and now.adopt is not None:
        now.adopt(made, data)


def watched() -> bool:
    """Whether backward must go step by step."""
    return bool(hooks) or bool(on and here().anomaly)


def run_hooks(node: Value) -> None:
    """Call the gradient hooks of a node whose gradient is complete; a hook may return its replacement."""
    for hook in hooks.get(node, ()):
        replaced = hook(node.grad)
        if replaced is not None:
            node.grad = replaced


def check_gradient(node: Value, arg: Value, partial: float, value: float) -> None:
    """In detect_anomaly: raise if a finite upstream gradient became nan or inf on this edge."""
    if here().anomaly and value - value != 0.0:
        raise ArithmeticError(
            f"backward through {_call(node)} = {node.data} made {value} for {_name(arg)}: upstream {node.grad} × local {partial}"
        )


def mark_changed(v: Value, now: int) -> None:
    """The data of `v` was set: whatever was computed from it before is stale."""
    state.last_change = now
    if v.op is None:
        v._born = now  # younger than the nodes computed from it
    else:
        overwritten[v] = now


def changed(order: list[Any]) -> list[tuple[Value, Value]]:
    """Each (node, Value) of these nodes where a partial of the node reads the Value's number, which was set later.

    Like PyTorch's version counter. A change does no harm where no partial reads the number: a sum reads none, exp only its
    result; nor where the node's own number was set after it, as by a forward pass by hand (but where the original's closure reads that,
    `Op.by_result`). Costs nothing unless something was
    set after the oldest node was made.
    """
    found: list[tuple[Value, Value]] = []
    if not order or state.last_change < order[0]._born:
        return found
    for node in order:
        args, op, made, own = node.args, node.op, node._born, overwritten.get(node, 0)
        reads = range(len(args)) if op.reads is None else op.reads
        found += [(node, args[i]) for i in reads if i >= 0 and changed_at(args[i]) > max(made, own)]
        if own > made and (-1 in reads or op.by_result) and not any(made < changed_at(a) < own for a in args):
            found.append((node, node))
    return found


def changed_at(v: Value) -> int:
    """When the number of `v` was last set, by the engine's clock."""
    return v._born if v.op is None else overwritten.get(v, 0)


def refuse_changed(order: list[Any]) -> None:
    """Raise RuntimeError if a partial of these nodes would mix numbers from before and after a change of `.data`."""
    for node, v in changed(order):
        if v is not node or not node.op.by_result:  # type: ignore[union-attr]
            raise RuntimeError(
                f"the data of {_name(v)} was set to {v.data} after {node._op!r} = {node.data} was computed with it, so the "
                "gradient would be wrong: build the expression again before backward()"
            )


def add_hook(v: Value, hook: Hook) -> Callable[[], None]:
    """Register a gradient hook; gives the function that removes it."""
    hooks.setdefault(v, []).append(hook)

    def remove() -> None:
        left = hooks.get(v, [])
        if hook in left:
            left.remove(hook)
        if not left:
            hooks.pop(v, None)

    return remove


def _name(v: Value) -> str:
    return f"Value {v.label!r}" if v.label else f"an unlabelled Value ({v.data})"


def _call(node: Value) -> str:
    args = (f"{a.label} = {a.data}" if a.label else f"{a.data}" for a in node.args)
    return f"{node._op}({', '.join(args)})"
