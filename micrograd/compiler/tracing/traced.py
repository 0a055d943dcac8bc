"""What a loss meets while it is traced: Values and numbers that belong to one run, and follow or refuse what is done to them.

`Traced` is an ordinary Value but for one thing: its number belongs to this run alone, so code that takes the number out, to branch
on it or to compute with it outside the graph, would be frozen into the program. Such code is refused, with its line and the way
out. What can be followed is followed: `v.data` is a `Real`, the same node behind a wall that no gradient passes.

A `Real` is what is a plain number in an eager run: an argument of the loss, `.data`, and what is computed from such alone. It is
compared by its number, as floats are (a Value by identity), it answers `isinstance(x, float)`, and what Python wants to know of a
number at once (a truth, a hash, an index) is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from micrograd import ops
from micrograd.compiler.program.own_ops import choose, detach, pick
from micrograd.compiler.tracing import refusal
from micrograd.compiler.tracing.arithmetic import methods
from micrograd.compiler.tracing.record import Recorded
from micrograd.compiler.tracing.refusal import TraceError, refused, tracing
from micrograd.engine import Value, apply
from micrograd.nn import effects
from micrograd.ops.op import Op


class Traced(Value):
    """A Value whose number belongs to the run that is being traced."""

    __slots__ = ()

    def _read(self) -> Any:
        if tracing() is None:
            raise refused(refusal.LEFT)
        return _walled(apply(detach, (self,)), Real)

    def _write(self, data: Any) -> None:
        raise refused(refusal.DATA_SET)

    data = property(_read, _write)

    def _read_grad(self) -> Any:
        if tracing() is not None:
            raise refused(refusal.GRADIENTS)
        return _grad.__get__(self)

    def _write_grad(self, grad: Any) -> None:
        if tracing() is not None:
            raise refused(refusal.GRADIENTS)
        _grad.__set__(self, grad)

    grad = property(_read_grad, _write_grad)

    def detach(self) -> Value:
        """The same number, at every run, where gradients stop."""
        return Value.detach(self) if tracing() is None else apply(detach, (self,))

    def backward(self) -> None:
        """Refused: gradients are the program's."""
        raise refused(refusal.LEFT if tracing() is None else refusal.GRADIENTS)

    def register_hook(self, hook: Callable[[float], float | None]) -> Callable[[], None]:
        """Refused: the program has no moment at which to call it."""
        if tracing() is None:
            return Value.register_hook(self, hook)
        raise refused(refusal.HOOK)

    def __lt__(self, other: Any) -> Any:
        return Value.__lt__(self, other) if tracing() is None else _compared(ops.less, self, other)

    def __gt__(self, other: Any) -> Any:
        return Value.__gt__(self, other) if tracing() is None else _compared(ops.less, other, self)

    def __le__(self, other: Any) -> Any:
        if tracing() is None:
            return Value.__le__(self, other)
        return _either(_compared(ops.less, self, other), _compared(ops.equal, self, other))

    def __ge__(self, other: Any) -> Any:
        if tracing() is None:
            return Value.__ge__(self, other)
        return _either(_compared(ops.less, other, self), _compared(ops.equal, self, other))

    def __round__(self, digits: int | None = None) -> Any:
        return Value.__round__(self, digits) if tracing() is None else self._refuse("round()")

    def __format__(self, spec: str) -> Any:
        return self._refuse("formatting") if spec and tracing() is not None else repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return Value.__deepcopy__(self, memo) if tracing() is None else self._refuse("a copy")

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Value.__reduce_ex__(self, protocol) if tracing() is None else self._refuse("a copy or a pickle")

    def __repr__(self) -> str:
        return f"<traced Value{' ' + repr(self.label) if self.label else ''}: a number that is known only when the program runs>"

    def _refuse(self, what: str) -> Any:
        raise refused(refusal.TAKEN_OUT, what)


_grad: Any = Value.__dict__["grad"]


class Node(Recorded, Traced):
    """A Value that the loss made."""

    __slots__ = ()


class Paused(Recorded, Traced):
    """… in `no_grad`: no gradient passes."""

    __slots__ = ()


class Outside(Traced):
    """A Value that was there before: a parameter, or another that the loss can reach. In other threads it is what it always is."""

    __slots__ = ()

    def _read(self) -> Any:
        return self._data if tracing() is None else Traced._read(self)

    def _write(self, data: Any) -> None:
        if tracing() is None:
            Value._set_data(self, data)
        else:
            Traced._write(self, data)

    data = property(_read, _write)

    def backward(self) -> None:
        """As ever, but refused in a loss that is traced."""
        if tracing() is None:
            Value.backward(self)
        else:
            Traced.backward(self)

    def __repr__(self) -> str:
        return Value.__repr__(self) if tracing() is None else Traced.__repr__(self)

    def __format__(self, spec: str) -> Any:
        return Value.__format__(self, spec) if tracing() is None else Traced.__format__(self, spec)


@lru_cache(maxsize=256)
def outside(kind: type) -> Any:
    """The class `Outside` for a Value of this class, so that what a subclass does differently stays; copies are of the class itself."""
    return type(kind.__name__, (Outside,) if kind is Value else (Outside, kind), {"__slots__": (), "_copied_as": kind})


class Real(Recorded, Traced):
    """A plain number in an eager run: `.data`, an argument of the loss, or what is computed from such."""

    __slots__ = ()
    __class__: Any = property(lambda self: float)

    def __eq__(self, other: Any) -> Any:
        return self._equal(other)

    def __ne__(self, other: Any) -> Any:
        found = self._equal(other)
        return found if found is NotImplemented else _walled(1.0 - found, Truth)

    def _equal(self, other: Any) -> Any:
        if tracing() is None or other is None or (isinstance(other, Value) and not issubclass(type(other), Real)):
            return NotImplemented
        return _compared(ops.equal, self, other)

    def __hash__(self) -> int:
        if tracing() is None or sys._getframe(1).f_globals["__name__"].startswith("micrograd."):
            return object.__hash__(self)  # our own tables (of cotangents) are of nodes, whatever their numbers
        raise refused(refusal.LOOKED_UP)

    def __bool__(self) -> bool:
        raise refused(refusal.BRANCH)

    def __float__(self) -> float:
        return self._refuse("float()")  # type: ignore[no-any-return]

    __int__ = __complex__ = __float__

    def __index__(self) -> int:
        raise refused(refusal.INDEX)

    def __str__(self) -> str:
        return self._refuse("str()") if tracing() is not None else repr(self)

    def __format__(self, spec: str) -> Any:
        return self._refuse("formatting") if tracing() is not None else repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self  # as of a float

    def __copy__(self) -> Any:
        return self

    def __lookup__(self, rows: Any) -> Any:
        return self.__index__()  # refused

    def __getattr__(self, name: str) -> Any:
        if name in _OF_NUMBERS and tracing() is not None:
            return self._refuse(f".{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __given__(self) -> float:
        """What `Value(x)` takes; see `adopt`."""
        return self._data if tracing() is not None else self._read()

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Any:
        return _kept(Value.__op__(op, args), args)


_OF_NUMBERS = frozenset(name for kind in (float, int) for name in dir(kind) if not name.startswith("_"))


class PausedReal(Real):
    """… in `no_grad`."""

    __slots__ = ()


class Truth(Real):
    """… a comparison: 0 or 1, which `&`, `|` and `^` take as they take bools."""

    __slots__ = ()
    __class__ = property(lambda self: bool)

    def __and__(self, other: Any) -> Any:
        return _logical(self, other, "&")

    def __or__(self, other: Any) -> Any:
        return _logical(self, other, "|")

    def __xor__(self, other: Any) -> Any:
        return _logical(self, other, "^")

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__


class Whole(Real):
    """… an integer."""

    __slots__ = ()
    __class__ = property(lambda self: int)


class _LooksUp(Real):
    """An argument of the loss: also an index for `take`."""

    __slots__ = ()

    def __lookup__(self, rows: Sequence[Any]) -> Any:
        trace = tracing()
        if trace is None:
            return effects.lookup(rows, self._data)
        trace.limits[id(self)] = min(len(rows), trace.limits.get(id(self), len(rows)))
        if isinstance(rows[0], Value) or not hasattr(rows[0], "__len__"):
            if not trace.exact:
                return choose(self, *rows)
            places = trace.places  # exact order of sums is known only for addresses that are: a sum with one term that is not 0
            while len(places) < len(rows):
                places.append(Value(float(len(places))))
            return ops.sum_(*map(pick, [self] * len(rows), places, rows))
        return [self.__lookup__(column) for column in zip(*rows, strict=True)]


class Input(_LooksUp):
    """A number that is an argument of the loss."""

    __slots__ = ()


class Index(_LooksUp, Whole):
    """An integer that is an argument of the loss."""

    __slots__ = ()
    __class__ = property(lambda self: int)


class Flag(_LooksUp, Truth):
    """A bool among numbers that is an argument of the loss."""

    __slots__ = ()
    __class__ = property(lambda self: bool)


reclass: Any = object.__dict__["__class__"].__set__
WALLS = (Paused, PausedReal)
_WHOLE_STAYS = (ops.add, ops.sub, ops.mul, ops.neg, ops.abs_)


def _is_number(x: Any) -> bool:
    return issubclass(type(x), Real) or not issubclass(type(x), Value)


def _kept(out: Any, args: tuple[Any, ...]) -> Any:
    """A result of numbers alone is a number."""
    kind = type(out)
    if (kind is Node or kind is Paused) and all(map(_is_number, args)):
        whole = out.op in _WHOLE_STAYS and all(isinstance(a, int) for a in args)
        _walled(out, PausedReal if kind is Paused else Whole if whole else Real)
    return out


def _logical(a: Any, b: Any, sign: str) -> Any:
    if not isinstance(b, bool):
        return NotImplemented
    b = b if isinstance(b, Value) else float(b)
    return _walled(a * b if sign == "&" else ops.maximum(a, b) if sign == "|" else 1.0 - ops.equal(a, b), Truth)


for _name, _method in methods(Traced, _kept).items():
    if _name not in vars(Real):
        setattr(Real, _name, _method)


def leaf(x: Any, kind: type) -> Value:
    """A run-time input, holding the number of the run that is traced; kind: float, int, bool, or Value."""
    made = Value(x)
    reclass(made, {int: Index, bool: Flag, float: Input}.get(kind, Node))
    return made


def _walled(node: Value, kind: type) -> Value:
    reclass(node, kind)
    if (trace := tracing()) is not None:
        trace.record.retyped(node, kind)
    return node


def _compared(op: Op, a: Any, b: Any) -> Any:
    try:
        found = op(a, b)
    except TraceError:
        raise
    except TypeError:
        return NotImplemented
    return _walled(found, Truth) if isinstance(found, Traced) else found


def _either(a: Any, b: Any) -> Any:
    return NotImplemented if a is NotImplemented or b is NotImplemented else _walled(ops.maximum(a, b), Truth)
