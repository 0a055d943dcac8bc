"""Subclasses of Value written for the original: with operators of their own, or a constructor that does not call ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from micrograd.modes import tick
from micrograd.scalar import Scalar
from micrograd.scopes import current

if TYPE_CHECKING:
    from micrograd.engine import Value


class Operators:
    """The operators that the original defines by others, so that a subclass that has one of its own has them all."""

    __slots__ = ()

    def __neg__(self: Any) -> Any:
        return self * -1

    def __sub__(self: Any, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self: Any, other: Any) -> Any:
        return other + (-self)

    def __truediv__(self: Any, other: Any) -> Any:
        return self * other**-1

    def __rtruediv__(self: Any, other: Any) -> Any:
        return other * self**-1

    def __radd__(self: Any, other: Any) -> Any:
        return cast(Any, type(other)).__add__(other, self) if isinstance(other, Scalar) else self + other

    def __rmul__(self: Any, other: Any) -> Any:
        return cast(Any, type(other)).__mul__(other, self) if isinstance(other, Scalar) else self * other


OWN = {"__add__", "__mul__", "__pow__", *(name for name, x in vars(Operators).items() if callable(x))}


def adopt(cls: type[Value]) -> None:
    """See to a new subclass of Value: its operators lead to its own, and its constructor need not call ours."""
    own = [vars(k).keys() for k in cls.__mro__[: next(i for i, k in enumerate(cls.__mro__) if k.__module__ == "micrograd.engine")]]
    if any(OWN & names for names in own) and not issubclass(cls, Operators):
        at = next(i for i, base in enumerate(cls.__bases__) if issubclass(base, Scalar))
        cls.__bases__ = (*cls.__bases__[:at], Operators, *cls.__bases__[at:])
    if "__init__" in vars(cls) and "__new__" not in vars(cls):
        cls.__new__ = _blank  # type: ignore[method-assign, assignment]


def _blank(cls: type[Value], *args: Any, **kwargs: Any) -> Value:
    node: Value = object.__new__(cls)
    node.op = node._a = node._b = node._mark = None
    node.grad, node._scope, node._born = 0, current(), tick()
    return node
