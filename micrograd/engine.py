"""A scalar that remembers how it was made, and the chain rule over that memory.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + a**2
    >>> c.backward()
    >>> c.data, a.grad, b.grad           # ∂c/∂a = b + 2a, ∂c/∂b = a
    (-2.0, 1.0, 2.0)

What each op computes, and its derivative, is a row of the table in `micrograd/ops.py`; this file is everything else.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from micrograd import modes, ops
from micrograd.modes import state
from micrograd.op import Op, by_hand, number
from micrograd.scopes import Scope, current
from micrograd.steps import BackwardStep, Contribution, ForwardStep, Names, SeedStep, Step, contributions

_clock = itertools.count(1).__next__  # ticks at every node made and every leaf's data set
_new = object.__new__
_born = attrgetter("_born")


class Value:
    """One number of a computation graph.

    data: the number (float). grad: ∂root/∂self, after `root.backward()`. args: the Values that it was computed from, in
    order, () for a leaf. op: the row of `micrograd.ops.TABLE` that computed it, None for a leaf. label: its name in
    pictures and steps. scope: the `micrograd.scope` it was made in.

    Also takes the constructor forms of the original and its relatives: Value(data, children, "op"), _children=, _prev=, and
    Value(data, children, local_grads) with a tuple of numbers.
    """

    # An op's arguments are in _a and _b, or all in the tuple _b (with _a None) for an op of many. _mark: the walk that has seen it.
    __slots__ = ("__dict__", "__weakref__", "_a", "_b", "_born", "_data", "_mark", "_scope", "grad", "op")
    label = ""

    if TYPE_CHECKING:  # the table's ops are methods (installed below)

        def __getattr__(self, name: str) -> Callable[..., Value]: ...

    def __init__(
        self, data: Any, _children: Any = (), _op: Any = "", label: str = "", *,
        _prev: Any = (), children: Any = (), local_grads: Any = (),
    ) -> None:  # fmt: skip
        self._data = data if type(data) is float else number(data)
        self.grad: Any = 0
        self.op: Op | None = None
        self._a: Value | None = None
        self._b: Any = None
        self._mark: object = None
        self._scope = current.scope
        if label:
            self.label = label
        args = tuple(_children or _prev or children)
        if args or _op or local_grads:
            if not isinstance(_op, str):  # the scalar GPT's third argument
                _op, local_grads = "", tuple(_op)
            self.op = by_hand(_op, local_grads)
            self._b = tuple(a if isinstance(a, Value) else Value(a) for a in args)
        self._born = _clock()

    # --- what it knows ---------------------------------------------------------------------------------------

    @property
    def args(self) -> tuple[Value, ...]:
        """The Values it was computed from, in order; `x * x` has two."""
        if self._a is None:
            return self._b or ()
        return (self._a,) if self._b is None else (self._a, self._b)

    _prev = _children = args

    @property
    def _op(self) -> str:
        return "" if self.op is None else self.op.symbol

    @property
    def scope(self) -> Scope | None:
        """The scope it was made in, None outside any."""
        return self._scope

    def _set_data(self, data: Any) -> None:
        self._data = number(data)
        if self.op is None:
            self._born = _clock()  # younger than the nodes computed from it: they are stale, see `_order`
        else:
            modes.overwritten.add(self)

    data = property(attrgetter("_data"), _set_data, doc="The number. Setting it takes any real number.")

    @property
    def _backward(self) -> Callable[[], None]:
        """Add this node's contributions to the gradients of its arguments; assign a closure to replace the rule."""
        return lambda: self.op.pull(self) if self.op is not None else None

    @_backward.setter
    def _backward(self, closure: Callable[[], None]) -> None:
        self.op = by_hand(self._op, closure=closure)

    @property
    def _local_grads(self) -> tuple[float, ...]:
        return tuple(partial for _, partial, _ in contributions(self, 1.0))

    # --- the chain rule --------------------------------------------------------------------------------------

    def backward(self) -> None:
        """Set `.grad` of every node below to ∂self/∂node: fresh in the interior, added up over calls at the leaves.

        Raises RuntimeError where `.data` was changed after it was used, so that the gradient would be wrong.
        """
        if modes.watched():
            for _ in self.steps():
                pass
            return
        order = self._order()
        for v in order:
            v.grad = 0.0
        self.grad = 1.0 if order else self.grad + 1.0
        for v in reversed(order):
            v.op.pull(v)

    def steps(self) -> Iterator[Step]:
        """Forward then backward, one step at a time, each already applied when it is yielded.

        >>> x = Value(3.0, label="x")
        >>> for step in (x * x).steps(): print(step)
        forward   v1 = x * x = 3 * 3 = 9
        seed      v1.grad = ∂v1/∂v1 = 1
        backward  x.grad += v1.grad × ∂v1/∂x = 1 × 3 = 3   x.grad: 0 + 3 = 3
                  x.grad += v1.grad × ∂v1/∂x = 1 × 3 = 3   x.grad: 3 + 3 = 6
        """
        names = Names(self.topological())
        order = self._order()
        for v in order:
            yield ForwardStep(v, names)
        for v in order:
            v.grad = 0.0
        self.grad = 1.0 if order else self.grad + 1.0
        yield SeedStep(self, names)
        for v in reversed(order):
            modes.run_hooks(v)
            upstream, done = v.grad, []
            for i, (arg, partial, value) in enumerate(contributions(v, upstream)):
                modes.check_gradient(v, arg, partial, value)
                before = arg.grad
                arg.grad = before + value
                done.append(Contribution(arg, i, partial, value, before, arg.grad))
            yield BackwardStep(v, upstream, tuple(done), names)
        for leaf in names.nodes:
            if leaf.op is None:
                modes.run_hooks(leaf)

    def _order(self, check: bool = True) -> list[Any]:
        """The interior nodes below (and self) in the order in which they were made: arguments before users."""
        mark = object()
        self._mark = mark
        found = [self] if self.op is not None else []
        for v in found:  # grows while it is walked
            a, b = v._a, v._b
            for arg in (a, b) if a is not None else b or ():
                if arg is None:
                    continue
                if arg.op is None:
                    if check and arg._born > v._born:
                        modes.refuse_stale(v, arg)
                elif arg._mark is not mark:
                    arg._mark = mark
                    found.append(arg)
        if check and modes.overwritten:
            modes.refuse_overwritten(found)
        found.sort(key=_born)
        return found

    def topological(self) -> list[Value]:
        """Every node below, and self: in the order in which they were made, a leaf just before its first user."""
        nodes: dict[Value, None] = {}
        for v in self._order(check=False):
            nodes.update(dict.fromkeys(v.args))
            nodes[v] = None
        return list(nodes) or [self]

    def zero_grad(self) -> None:
        """Set the gradient of every node below, and of self, to 0."""
        for v in self.topological():
            v.grad = 0

    def detach(self) -> Value:
        """A leaf with the same number and label: gradients stop here."""
        return Value(self._data, label=self.label)

    def register_hook(self, hook: Callable[[float], float | None]) -> Callable[[], None]:
        """Call `hook(grad)` in backward once the gradient here is complete; what it returns, if not None, replaces it.

        Returns a function that removes the hook.
        """
        modes.hooks.setdefault(self, []).append(hook)

        def remove() -> None:
            left = modes.hooks.get(self, [])
            if hook in left:
                left.remove(hook)
            if not left:
                modes.hooks.pop(self, None)

        return remove

    # --- how it behaves as a number --------------------------------------------------------------------------

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data}, grad={self.grad}{label})"

    def __float__(self) -> float:
        raise TypeError(f"{self!r} is part of a graph, which float() would drop silently: write v.data for the number")

    __int__ = __complex__ = __float__

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __round__(self, digits: int | None = None) -> float:
        return round(self._data, digits)

    def __pos__(self) -> Value:
        return self

    def __lt__(self, other: Any) -> bool:
        return self._data < (other._data if isinstance(other, Value) else other)

    def __gt__(self, other: Any) -> bool:
        return self._data > (other._data if isinstance(other, Value) else other)

    def __le__(self, other: Any) -> bool:
        return self._data <= (other._data if isinstance(other, Value) else other)

    def __ge__(self, other: Any) -> bool:
        return self._data >= (other._data if isinstance(other, Value) else other)

    def __pow__(self, other: Any) -> Value:
        """self ** number has one argument and the constant in the op, as the original; self ** Value has two."""
        if isinstance(other, Value):
            return apply(ops.pow_, (self, other))
        exponent = _operand(ops.pow_, self, other)
        return exponent if exponent is NotImplemented else apply(_power(other), (self,))

    def __rpow__(self, other: Any) -> Value:
        base = _operand(ops.pow_, self, other)
        return base if base is NotImplemented else apply(ops.pow_, (base, self))

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Value:
        """An op of the table met a Value among its arguments."""
        return apply(op, tuple(a if isinstance(a, Value) else Value(a) for a in args))

    def __reduce_ex__(self, protocol: Any) -> Any:
        from micrograd.copying import reduce

        return reduce(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        from micrograd.copying import deepcopy

        return deepcopy(self, memo)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = {"text/plain": repr(self)}
        try:  # the picture is another package's work: micrograd runs without it
            viz = importlib.import_module("viz")
        except ImportError:
            return bundle
        return bundle | {"text/html": viz.repr_html(self)}


def apply(op: Op, args: tuple[Value, ...]) -> Value:
    """A new node: `op` of these Values."""
    out = _new(Value)
    out._data = op.forward(*[a._data for a in args], *op.params)
    out.grad = 0
    out.op = op
    out._a, out._b = (None, args) if op.arity not in (1, 2) else (args[0], args[1] if len(args) == 2 else None)
    out._mark = None
    out._scope = current.scope
    out._born = _clock()
    return out if state.plain else modes.notice(out)


def _operand(op: Op, mine: Value, other: Any) -> Any:
    """The other side of an operator as a Value; NotImplemented for a type that may know what to do with ours (an array)."""
    if isinstance(other, Value):
        return other
    try:
        return Value(other)
    except TypeError:
        if type(other).__module__ != "builtins":
            return NotImplemented
    who = f"{mine.label or 'Value'} = {mine._data}"
    raise TypeError(f"{who} {op.symbol} {other!r:.60}: a {type(other).__name__} is not a number; Values and real numbers are")


@lru_cache(maxsize=1024)
def _power_named(exponent: float, symbol: str) -> Op:
    return ops.power.bind(exponent, symbol=symbol)


def _power(exponent: Any) -> Op:
    return _power_named(float(exponent), f"**{exponent}")


# The three makers below are `apply` written out for speed: an expression makes a node for every operator.


def _binary(op: Op) -> Callable[[Value, Any], Value]:
    forward = op.forward

    def method(self: Value, other: Any) -> Value:
        if type(other) is not Value:
            other = _operand(op, self, other)
            if other is NotImplemented:
                return other
        out = _new(Value)
        out._data = forward(self._data, other._data)
        out.grad = 0
        out.op = op
        out._a = self
        out._b = other
        out._mark = None
        out._scope = current.scope
        out._born = _clock()
        return out if state.plain else modes.notice(out)

    return method


def _reflected(op: Op) -> Callable[[Value, Any], Value]:
    forward = _binary(op)

    def method(self: Value, other: Any) -> Value:
        left = _operand(op, self, other)
        return left if left is NotImplemented else forward(left, self)

    return method


def _unary(op: Op) -> Callable[[Value], Value]:
    forward = op.forward

    def method(self: Value) -> Value:
        out = _new(Value)
        out._data = forward(self._data)
        out.grad = 0
        out.op = op
        out._a = self
        out._b = None
        out._mark = None
        out._scope = current.scope
        out._born = _clock()
        return out if state.plain else modes.notice(out)

    return method


def install(op: Op) -> None:
    """Make an op of the table a method of Value."""
    if op.arity == 1 and not op.constants:
        method: Any = _unary(op)
    elif op.arity == 2:
        method = _binary(op)
    else:
        method = lambda self, *args: op(self, *args)  # noqa: E731
    method.__name__ = method.__qualname__ = op.name
    method.__doc__ = op.doc
    setattr(Value, op.name, method)


for _op in ops.TABLE.values():
    install(_op)
for _name, _op in (("add", ops.add), ("sub", ops.sub), ("mul", ops.mul), ("truediv", ops.div)):
    setattr(Value, f"__{_name}__", _binary(_op))
    setattr(Value, f"__r{_name}__", _reflected(_op))
Value.__neg__ = _unary(ops.neg)  # type: ignore[attr-defined]
Value.__abs__ = _unary(ops.abs_)  # type: ignore[attr-defined]
