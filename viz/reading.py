"""Reading anything Value-like, and walking what it was computed from, without recursion."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import CellType, FunctionType
from typing import Any

from .given import short

NAN = float("nan")
COMMUTATIVE = frozenset({"+", "*", "add", "mul"})
_EMPTY = CellType()


def args_of(value: Any) -> Sequence[Any]:
    """The arguments of a Value-like object in order, duplicates kept where they can be known."""
    args = getattr(value, "args", None)
    if isinstance(args, tuple):
        return args
    prev: Any = getattr(value, "_prev", None)
    if prev is None:
        prev = getattr(value, "_children", ())
    if isinstance(prev, (set, frozenset)):
        return _in_order(value, prev)
    return prev if isinstance(prev, (tuple, list)) else tuple(prev)


def closure_of(value: Any) -> Callable[[], object] | None:
    """The function that passes a value's gradient on: `_backward`, or the one function of no arguments among its own attributes.

    Each class has a name of its own for it: `_update_grad`, `_bw`, `grad_fn`.
    """
    closure: Callable[[], object] | None = getattr(value, "_backward", None)
    if callable(closure):
        return closure
    slots = [name for cls in type(value).__mro__ for name in _names(cls.__dict__.get("__slots__", ()))]
    own = [*getattr(value, "__dict__", {}).values(), *(getattr(value, name, None) for name in slots)]
    found = [x for x in own if isinstance(x, FunctionType) and x.__code__.co_argcount == len(x.__defaults__ or ())]
    return found[0] if len(found) == 1 else None


def _names(slots: str | Iterable[str]) -> Iterable[str]:
    return (slots,) if isinstance(slots, str) else slots


def _in_order(value: Any, prev: set[Any] | frozenset[Any]) -> tuple[Any, ...]:
    """The members of a bare set, which loses the order and turns x*x into one: what can be regained.

    The closure still holds the operands by name; ``self`` is the first.
    """
    closure = closure_of(value)
    code, cells = getattr(closure, "__code__", None), getattr(closure, "__closure__", None)
    if code is not None and cells:
        held = dict(zip(code.co_freevars, cells, strict=True))
        names = sorted(held, key=lambda name: name != "self")
        found = [cell.cell_contents for cell in map(held.__getitem__, names) if cell != _EMPTY]
        members = {id(member) for member in prev}
        operands = tuple(operand for operand in found if id(operand) in members)
        if {id(operand) for operand in operands} == members:
            return operands
    if len(prev) == 1 and op_of(value) in COMMUTATIVE:
        return (*prev, *prev)
    # Labelled ones first, then by what can be seen: the same in every run.
    return tuple(sorted(prev, key=_sort_key)) if len(prev) > 1 else tuple(prev)


def _sort_key(value: Any) -> tuple[bool, str, str, float]:
    return not label_of(value), label_of(value), op_of(value), number(getattr(value, "data", NAN))


def op_of(value: Any) -> str:
    """The display symbol of the operation that made ``value``, '' for a leaf."""
    return str(getattr(value, "_op", "") or "")


def label_of(value: Any) -> str:
    """The label its author gave ``value``, '' when there is none."""
    label = getattr(value, "label", "")
    return label if isinstance(label, str) else "" if label is None else str(label)


def is_literal(value: Any) -> bool:
    """Is ``value`` a number that the code wrote, the 2 of ``2 * x``? Only our engine can tell."""
    return getattr(value, "is_literal", False) is True and not label_of(value)


def number(x: Any) -> float:
    """``x`` as a float; nan when it is not a real number (a tensor, a traced slot, None)."""
    if type(x) is float:
        return x
    try:
        return float(x)
    except (TypeError, ValueError, OverflowError):
        inner = getattr(x, "data", None)  # create_graph leaves a Value in .grad
        return float(inner) if isinstance(inner, (int, float)) else NAN


def is_value(x: Any) -> bool:
    """Does ``x`` look like a Value: a number ``data``, and arguments?

    ``grad`` is asked for last and seldom: a student's class may have none yet, and some libraries warn when it is read.
    """
    if not hasattr(x, "data"):
        return False
    return hasattr(x, "_prev") or hasattr(x, "_children") or (hasattr(x, "args") and hasattr(x, "grad"))


def grad_of(value: Any) -> float:
    """The gradient collected so far, 0 for a class that has no ``grad`` yet."""
    return number(getattr(value, "grad", 0.0))


# ---------------------------------------------------------------- walking


def topological(roots: Sequence[Any], within: Collection[int] | None = None) -> list[Any]:
    """Every value reachable from ``roots``, arguments before users, each once.

    ``within``: only values whose ``id`` is in it.
    """
    if within is None and len(roots) == 1 and callable(getattr(roots[0], "topological", None)):
        return list(roots[0].topological())
    done: set[int] = set()
    order: list[Any] = []
    for root in roots:
        stack = [(root, False)]
        while stack:
            value, expanded = stack.pop()
            if expanded:
                order.append(value)
            elif id(value) not in done:
                done.add(id(value))
                stack.append((value, True))
                for arg in reversed(args_of(value)):
                    if id(arg) not in done and (within is None or id(arg) in within):
                        stack.append((arg, False))
    return order


def nearest(roots: Sequence[Any], limit: int) -> set[int] | None:
    """The ``id``s of the ``limit`` values nearest to ``roots`` (and of the literals there); None when there are no more."""
    seen = {id(root) for root in roots}
    queue, count = deque(roots), len(seen)
    while queue:
        for arg in args_of(queue.popleft()):
            if id(arg) not in seen:
                if not is_literal(arg):
                    if count >= limit:
                        return seen
                    count += 1
                    queue.append(arg)
                seen.add(id(arg))
    return None


def roots_of(root: Any) -> list[Any]:
    """``root`` as a list of Values: one Value, or any nesting of lists and tuples of them; TypeError for anything else."""
    if is_value(root) and not isinstance(root, type):
        return [root]
    found: list[Any] = []
    seen: set[int] = set()
    stack = [root]
    while stack:
        item = stack.pop()
        if is_value(item) and not isinstance(item, type):
            if id(item) not in seen:
                seen.add(id(item))
                found.append(item)
        elif isinstance(item, Iterable) and not isinstance(item, (str, bytes, Mapping)):
            stack.extend(reversed(list(item)))
        else:
            raise TypeError(
                f"cannot draw {short(item)} ({type(item).__name__}): expected a Value (an object with "
                f"data, grad and _prev), a list of them, or an object with __viz_graph__(){_instead(item)}"
            )
    if not found:
        raise ValueError("cannot draw an empty list: expected at least one Value")
    return found


def quietly(parameters: Sequence[Any]) -> AbstractContextManager[Any]:
    """``no_grad`` of the package that the parameters' class comes from, where it has one."""
    package = sys.modules.get(type(parameters[0]).__module__.partition(".")[0]) if parameters else None
    quiet = getattr(package, "no_grad", None)
    made: AbstractContextManager[Any] = quiet() if callable(quiet) else nullcontext()
    return made


def summed(roots: Sequence[Any]) -> Any:
    """The one root, or the sum of several by their own ``+``; ValueError where such a sum keeps no graph.

    >>> from micrograd import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> summed([a * b, a + b]).data
    11.0
    """
    total = roots[0]
    for root in roots[1:]:
        try:
            made = total + root
        except TypeError as error:
            raise ValueError(f"several roots are walked back from their sum, and these cannot be added: {error}") from None
        if not is_value(made) or all(arg is not root for arg in args_of(made)):
            raise ValueError("several roots are walked back from their sum, and no graph is kept of it here (no_grad?): give one root")
        total = made
    return total


def _instead(item: Any) -> str:
    if isinstance(item, type):
        return f"; this is the class, draw what is made of it: {item.__name__}(2.0) + 1"
    if item is None:
        return "; what returns nothing (backward() does) gives None"
    if callable(item):
        return "; call it first, with Values"
    return "; of a plain number nothing is known but its value: Value(…)" if isinstance(item, (int, float)) else ""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Lists of a million small things make the garbage collector look through them again and again.

    Nothing made in the block is cyclic, so nothing waits for it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
