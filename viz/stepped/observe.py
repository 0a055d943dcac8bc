"""Drive a student's own ``Value`` class by its ``_backward`` closures and see what each one does.

Every node is watched while its closure runs: the class of each value is swapped for a subclass
whose ``grad`` is a property, so each single write (``x.grad += …``) is seen, in order, also where
``x * x`` writes twice to one value. A closure is called three times: once with the upstream gradient
1 and the operands' gradients read as 0 (what it believes the local derivative to be), once with the
real upstream gradient (the exact contribution), and once for real (before → after). Nothing is
assumed about it being right; that is what the picture is there to show.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..model.graph import args_of, number
from ..reading import closure_of


@dataclass(slots=True)
class Contribution:
    """One write to one operand's gradient: what was passed back and what it did."""

    arg: Any
    index: int  # the operand's place, -1 when the value written to is no operand of the node
    partial: float | None  # local derivative; None when it cannot be told
    value: float
    before: float
    after: float


@dataclass(slots=True)
class Failure:
    """The closure of ``node`` raised; a real backward pass would have ended here."""

    node: Any
    message: str


class Unseen(TypeError):
    """A class keeps its derivatives where nothing finds them; no closure is to blame."""


class Watch:
    """Swaps the class of ``values`` for one that notes every write to ``grad``; a context manager."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self.log: list[tuple[Any, float, float]] = []
        self.probing: Any = None  # the node whose closure is being probed
        self._classes: dict[type, type] = {}
        self._raw: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {}
        self._swapped: list[tuple[Any, type]] = []

    def __enter__(self) -> Watch:
        try:
            for value in self.values:
                cls = type(value)
                if cls not in self._classes:
                    self._classes[cls] = self._subclass(cls)
                value.__class__ = self._classes[cls]
                self._swapped.append((value, cls))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for value, cls in self._swapped:
            value.__class__ = cls
        self._swapped.clear()

    def read(self, value: Any) -> Any:
        return self._raw[type(value)][0](value)

    def write(self, value: Any, grad: Any) -> None:
        self._raw[type(value)][1](value, grad)

    def _subclass(self, cls: type) -> type:
        slot = inspect.getattr_static(cls, "grad", None)

        def read(value: Any) -> Any:
            if hasattr(type(slot), "__set__"):
                return slot.__get__(value, cls)
            return value.__dict__.get("grad", slot)

        def write(value: Any, grad: Any) -> None:
            if hasattr(type(slot), "__set__"):
                slot.__set__(value, grad)
            else:
                value.__dict__["grad"] = grad

        def get(value: Any) -> Any:
            if self.probing is not None and value is not self.probing:
                return 0.0
            return read(value)

        def set_(value: Any, grad: Any) -> None:
            if self.probing is None:
                self.log.append((value, number(read(value)), number(grad)))
                write(value, grad)
            else:
                self.log.append((value, 0.0, number(grad)))

        made = type(cls.__name__, (cls,), {"__slots__": (), "grad": property(get, set_)})
        self._raw[made] = (read, write)
        return made

    def call(self, node: Any, *, upstream: float | None = None) -> list[tuple[Any, float, float]]:
        """The writes of ``node._backward()``: a probe when ``upstream`` is given, else for real."""
        self.log = []
        if upstream is None:
            backward(node)
            return self.log
        kept = self.read(node)
        self.write(node, upstream)
        self.probing = node
        try:
            backward(node)
        finally:
            self.probing = None
            self.write(node, kept)
        return self.log


def backward(node: Any) -> None:
    """One node's share of a backward pass: its closure, or its stored local gradients."""
    local = getattr(node, "_local_grads", None)
    closure = closure_of(node) if local is None else getattr(node, "_backward", None)
    if callable(closure):
        closure()
        return
    if local is None:
        raise Unseen(f"the pass ends here: {type(node).__name__} has neither _backward nor _local_grads")
    for arg, partial in zip(args_of(node), local, strict=True):
        arg.grad += partial * node.grad


def drive(values: Sequence[Any], args: Sequence[tuple[Any, ...]], root: Any) -> Iterator[tuple[int, list[Contribution] | Failure]]:
    """Run the backward pass over ``values`` (topological order): (place, what it did), from the root.

    All gradients start at 0, the root's at 1; they are left as the pass leaves them. Ends early with
    a ``Failure`` when a closure raises.
    """
    with Watch(values) as watch:
        for value in values:
            watch.write(value, 0.0)
        watch.write(root, 1.0)
        for place in range(len(values) - 1, -1, -1):
            if args[place]:
                try:
                    yield place, _contributions(watch, values[place], args[place])
                except Exception as error:
                    raised = "" if isinstance(error, Unseen) else f"_backward raised {type(error).__name__}: "
                    yield place, Failure(values[place], f"{raised}{error}")
                    return


def _contributions(watch: Watch, node: Any, args: tuple[Any, ...]) -> list[Contribution]:
    upstream = number(watch.read(node))
    unit = watch.call(node, upstream=1.0)
    exact = watch.call(node, upstream=upstream)
    real = watch.call(node)
    if not len(unit) == len(exact) == len(real):  # its own mind each time: believe the real call
        unit = exact = []
    slots: dict[int, list[int]] = {}
    for index, arg in enumerate(args):
        slots.setdefault(id(arg), []).append(index)
    made = []
    for at, (arg, before, after) in enumerate(real):
        if arg is node:
            continue  # some classes clear their own gradient when done
        free = slots.get(id(arg), [-1])
        index = free.pop(0) if len(free) > 1 else free[0]
        value = exact[at][2] if exact else after - before
        made.append(Contribution(arg, index, unit[at][2] if unit else None, value, before, after))
    return made
