"""A scalar that remembers how it was made, and the chain rule over that memory.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + a**2
    >>> c.backward()
    >>> c.data, a.grad, b.grad           # ∂c/∂a = b + 2a, ∂c/∂b = a
    (-2.0, 1.0, 2.0)

What each op computes, and its derivative, is a row of the table in `micrograd/ops/table.py`. Here is the rest: what a Value is, the
chain rule, and below the class how an op makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from sys import _getframe
from threading import RLock
from typing import Any

from micrograd import dropin, modes, ops
from micrograd.modes import notice, on
from micrograd.notation import variables
from micrograd.ops.op import Op
from micrograd.pull import UNREACHED, backward, interior, with_leaves
from micrograd.scalar import beside, given, number
from micrograd.scopes import current
from micrograd.steps import Step
from micrograd.walk import chain, walk

turn = RLock()  # a walk marks the nodes it sees, and gradients add up: one thread at a time
_clock = modes.tick  # at every node made and every data set
_new: Any = object.__new__


class Value(dropin.Original):
    """One number of a computation graph.

    data: the number (float). grad: ∂root/∂self, after `root.backward()`. args: the Values that it was computed from, in order, () for
    a leaf. op: the row of `micrograd.ops.TABLE` that computed it, None for a leaf. label: its name in pictures and steps. scope: the
    `micrograd.scope` it was made in. Other forms of the constructor: `dropin.Original`.
    """

    # The arguments are in _a and _b, or all in the tuple _b (_a is None) for an op of many; () in a literal. _mark: the last walk here.
    __slots__ = ("__dict__", "__weakref__", "_a", "_b", "_born", "_data", "_mark", "_scope", "grad", "op")
    label = ""

    def __init__(
        self, data: Any, _children: Any = (), _op: Any = "", label: str = "", *,
        _prev: Any = (), children: Any = (), local_grads: Any = (),
    ) -> None:  # fmt: skip
        self._data = data if type(data) is float else given(data)
        self.grad: float = 0
        self.op: Op | None = None
        self._a: Value | None = None
        self._b: Any = None
        self._mark: object = None
        self._scope = current()
        if label:
            self.label = label
        if _children or _op or _prev or children:
            args = tuple(a if isinstance(a, Value) else Value(a) for a in _children or _prev or children)
            dropin.made(self, args, _op, local_grads)
        self._born = _clock()
        if on:
            modes.adopt(self, data)

    @property
    def args(self) -> tuple[Value, ...]:
        """The Values it was computed from, in order; `x * x` has two."""
        return self._b or () if self._a is None else (self._a,) if self._b is None else (self._a, self._b)

    @property
    def is_literal(self) -> bool:
        """Whether it is a number that the code wrote, the 2 of `2 * x`, and no Value that somebody made."""
        return self.op is None and self._b == ()

    # --- the chain rule --------------------------------------------------------------------------------------

    def backward(self) -> None:
        """Set `.grad` of every node below to ∂self/∂node: fresh in the interior, added up over calls at the leaves.

        Warns (StaleDataWarning) where `.data` was changed after it was used, so that the gradient mixes old and new numbers.
        """
        with turn:
            order = self.interior()
            if not (modes.watched() or modes.changed(order)):
                backward(self.start_backward(order))
                if dropin.leaves:
                    dropin.run_leaves(self, order)
                return
        for _ in walk(self):
            pass

    def start_backward(self, order: list[Any] | None = None) -> list[Any]:
        """The interior in topological order, its gradients cleared and the root's set to ∂self/∂self = 1."""
        order = self.interior() if order is None else order
        for v in order:
            v.grad = UNREACHED  # 0.0
        self.grad = 1.0 if order else self.grad + 1.0
        return order

    def steps(self, digits: Any = False) -> Iterator[Step]:
        """Forward then backward, a step at a time, each applied when it is yielded (see `micrograd/steps.py`). digits=True: proven."""
        return walk(self, variables(_getframe(1)), self.__certify__() if digits is True else digits)

    def __chain__(self, nodes: list[Any]) -> list[float] | None:
        """What one pass gives each of `topological()`, where it is the chain rule alone; None where it is more (see `walk.chain`)."""
        with turn:
            return chain(self, nodes)

    def interior(self) -> list[Any]:
        """The nodes below, and self, that are not leaves: in the order in which they were made, arguments before users."""
        with turn:
            found = interior((self,))
        return dropin.in_order(self) if dropin.rewired else found

    def topological(self) -> list[Value]:
        """Every node below, and self: in the order in which they were made, a leaf just before its first user."""
        return with_leaves(self.interior()) or [self]

    def zero_grad(self) -> None:
        """Set the gradient of every node below, and of self, to 0."""
        for v in self.topological():
            v.grad = 0

    def detach(self) -> Value:
        """A leaf with the same number and label: gradients stop here."""
        return Value(self._data, label=self.label)

    # --- arithmetic that is no row of the table ----------------------------------------------------------------

    def __pow__(self, other: Any) -> Value:
        """self ** number has one argument, as for the original; self ** Value has two."""
        if isinstance(other, Value):
            return apply(ops.pow_, (self, other))
        try:
            return power(other)(self)
        except TypeError:  # an array takes over, one of no dimension is a number, anything else is refused
            exponent = operand(ops.pow_, self, other)
            return exponent if exponent is NotImplemented else power(exponent._data)(self)

    def __pos__(self) -> Value:
        return self

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Value:
        """An op of the table met a Value among its arguments."""
        if op is ops.where and (branch := modes.chosen(args)) is not None:
            return branch  # type: ignore[no-any-return]
        try:
            values = tuple(a if isinstance(a, Value) else leaf(given(a)) for a in args)
        except TypeError:  # another arithmetic than ours takes over, as it does beside an operator
            other = next((a for a in args if not isinstance(a, Value) and hasattr(type(a), "__op__")), None)
            if other is None:
                raise
            return other.__op__(op, args)  # type: ignore[no-any-return]
        return apply(op, values)


# --- making nodes: an operator on Values computes its number and remembers its arguments ------------------------------


def apply(op: Op, args: tuple[Value, ...]) -> Value:
    """A new node: `op` of these Values."""
    out: Value = _new(Value)
    out._data = op.forward(*[a._data for a in args], *op.params)
    out.grad = 0
    out.op = op
    out._a, out._b = (None, args) if op.arity not in (1, 2) else (args[0], args[1] if len(args) == 2 else None)
    out._mark = None
    out._scope = current()
    out._born = _clock()
    return notice(out) if on else out


def binary(op: Op) -> Callable[[Value, Any], Value]:
    """The method `self op other`: `apply` written out for speed, since every operator comes through here."""
    forward = op.forward

    def method(self: Value, other: Any) -> Value:
        if type(other) is not Value:
            if type(other) is float:
                other = leaf(other)
            elif not isinstance(other, Value) and (other := operand(op, self, other)) is NotImplemented:
                return other  # type: ignore[no-any-return]
        out: Value = _new(Value)
        out._data = forward(self._data, other._data)
        out.grad = 0
        out.op = op
        out._a = self
        out._b = other
        out._mark = None
        out._scope = current()
        out._born = _clock()
        return notice(out) if on else out

    return method


def reflected(op: Op) -> Callable[[Value, Any], Value]:
    """The method `other op self`."""
    forward = binary(op)

    def method(self: Value, other: Any) -> Value:
        left = leaf(other) if type(other) is float else operand(op, self, other)
        return left if left is NotImplemented else forward(left, self)

    return method


def unary(op: Op) -> Callable[[Value], Value]:
    """The method `op(self)`."""
    bare, params = op.forward, op.params
    forward: Callable[[float], float] = bare if not params else lambda x: bare(x, *params)

    def method(self: Value) -> Value:
        out: Value = _new(Value)
        out._data = forward(self._data)
        out.grad = 0
        out.op = op
        out._a = self
        out._b = None
        out._mark = None
        out._scope = current()
        out._born = _clock()
        return notice(out) if on else out

    return method


@lru_cache(maxsize=1024, typed=True)
def power(exponent: Any) -> Callable[[Value], Value]:
    """The method `self ** exponent` for a number: one argument, the constant in the op, named as the original names it."""
    return unary(ops.power.bind(number(exponent), symbol=f"**{exponent}"))


def leaf(data: float) -> Value:
    """A number of the code as a Value, `is_literal`; without the constructor's questions."""
    out: Value = _new(Value)
    out._data = data
    out.grad = 0
    out.op = out._a = out._mark = None
    out._b = ()
    out._scope = current()
    out._born = _clock()
    return out


def operand(op: Op, mine: Value, other: Any) -> Any:
    """The other side of an operator as a Value; NotImplemented for a type that may know what to do with ours (an array)."""
    if isinstance(other, Value):
        return other
    x = beside(op.symbol, mine, other)
    return x if x is NotImplemented else leaf(x)


# --- the table's rows become methods, and operators where they say so: `a + b` is the row `add` ------------------------


def install(op: Op) -> None:
    """Make an op of the table a method of Value, and the operators that its row says."""
    method: Any = lambda x, *others: op(x, *others)  # noqa: E731
    if op.arity == 1:
        method = unary(op) if not op.constants else lambda x, *given: apply(op.bind(*given, *op.defaults[len(given) :]), (x,))
    elif op.arity == 2 and not op.constants:  # an operator leaves to Python what it does not know, a method may not
        operator = binary(op)
        method = lambda x, y: op(x, y) if (made := operator(x, y)) is NotImplemented else made  # noqa: E731
    method.__name__ = method.__qualname__ = op.name
    method.__doc__ = op.doc
    for name in filter(None, (op.name, op.numpy)):
        setattr(Value, name, method)
    if op.operator and not op.constants:
        operators = {f"__{op.operator}__": unary(op) if op.arity == 1 else binary(op), f"__r{op.operator}__": reflected(op)}
        for name in list(operators)[: op.arity]:
            if name not in WRITTEN_OUT:
                setattr(Value, name, operators[name])


WRITTEN_OUT = frozenset(vars(Value))  # `__pow__`
for _row in ops.TABLE.values():
    install(_row)
