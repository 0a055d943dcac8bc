"""A scalar that remembers how it was made, and the chain rule over that memory.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + a**2
    >>> c.backward()
    >>> c.data, a.grad, b.grad           # ∂c/∂a = b + 2a, ∂c/∂b = a
    (-2.0, 1.0, 2.0)

What each op computes, and its derivative, is a row of the table in `micrograd/ops/table.py`; this file is everything else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any

from micrograd import dropin, modes, ops, subclasses
from micrograd.modes import notice, on
from micrograd.number import Number
from micrograd.ops.op import Op, number
from micrograd.pull import UNREACHED, backward
from micrograd.scopes import Scope, current
from micrograd.steps import Step
from micrograd.walk import walk

_turn = RLock()  # a walk marks the nodes it sees, and gradients add up: one thread at a time
_clock = modes.tick  # at every node made and every data set
_new: Any = object.__new__
MAX_WHOLE = 2**1000  # below it a whole number has a float
_born = attrgetter("_born")

if TYPE_CHECKING:  # the table's ops are methods (see `install`), and a checker reads of them in `methods.pyi`
    from micrograd.methods import Methods
else:
    Methods = Number

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
            other = leaf(other) if type(other) is float else operand(op, self, other)
            if other is NotImplemented:
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


def given(data: Any) -> float:
    """The number that `Value(data)` is made of; a traced number says itself what it is."""
    traced = getattr(type(data), "__given__", None)
    return number(data) if traced is None else traced(data)


def operand(op: Op, mine: Value, other: Any) -> Any:
    """The other side of an operator as a Value; NotImplemented for a type that may know what to do with ours (an array)."""
    if type(other) is int and -MAX_WHOLE < other < MAX_WHOLE:
        return leaf(float(other))
    if isinstance(other, Value):
        return other
    try:
        return leaf(number(other))
    except TypeError:
        if getattr(other, "ndim", None) == 0:
            raise
        if type(other).__module__ != "builtins":
            return NotImplemented
    who = f"{mine.label or 'Value'} = {mine._data}"
    raise TypeError(f"{who} {op.symbol} {other!r:.60}: a {type(other).__name__} is not a number; Values and real numbers are")


class Value(Methods):
    """One number of a computation graph.

    data: the number (float). grad: ∂root/∂self, after `root.backward()`. args: the Values that it was computed from, in
    order, () for a leaf. op: the row of `micrograd.ops.TABLE` that computed it, None for a leaf. label: its name in
    pictures and steps. scope: the `micrograd.scope` it was made in.

    Also takes the constructor forms of the original and its relatives: Value(data, children, "op"), _children=, _prev=, and
    Value(data, children, local_grads) with a tuple of numbers.
    """

    # An op's arguments are in _a and _b, or all in the tuple _b (with _a None) for an op of many; a literal has () there.
    # _mark: the last walk here.
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

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        subclasses.adopt(cls)

    __add__, __radd__ = binary(ops.add), reflected(ops.add)
    __sub__, __rsub__ = binary(ops.sub), reflected(ops.sub)
    __mul__, __rmul__ = binary(ops.mul), reflected(ops.mul)
    __truediv__, __rtruediv__ = binary(ops.div), reflected(ops.div)
    __mod__, __rmod__ = binary(ops.mod), reflected(ops.mod)
    __neg__, __abs__ = unary(ops.neg), unary(ops.abs_)
    __rpow__ = reflected(ops.pow_)

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

    # --- what it knows ---------------------------------------------------------------------------------------

    @property
    def args(self) -> tuple[Value, ...]:
        """The Values it was computed from, in order; `x * x` has two."""
        if self._a is None:
            return self._b or ()
        return (self._a,) if self._b is None else (self._a, self._b)

    @property
    def is_literal(self) -> bool:
        """Whether it is a number that the code wrote, the 2 of `2 * x`, and no Value that somebody made."""
        return self.op is None and self._b == ()

    scope: Scope | None = property(  # type: ignore[assignment]
        attrgetter("_scope"), doc="The innermost `micrograd.scope` or module call it was made in, or None."
    )

    def _set_data(self, data: Any) -> None:
        old, self._data = getattr(self, "_data", None), number(data)
        if old is not None and (old != self._data or old == 0.0):  # what is set to itself is not changed (0 may change its sign)
            modes.mark_changed(self, _clock())

    data: float = property(  # type: ignore[assignment]
        attrgetter("_data"), _set_data, doc="The number. Setting it takes any real number."
    )

    # What the original keeps in a node, and its relatives; each may be set, see `micrograd/dropin.py`.
    _prev = property(dropin.Children, dropin.set_children, doc="The arguments as a set, in order.")
    _children = property(lambda self: self.args, dropin.set_children, doc="The arguments in order.")
    _op = property(dropin.symbol, dropin.set_symbol, doc="The symbol of what computed it, '' for a leaf.")
    _backward = property(dropin.closure, dropin.set_closure, doc="Adds this node's contributions to the gradients of its arguments.")
    _local_grads = property(dropin.local_grads, dropin.set_local_grads, doc="The partial derivative by each argument.")

    # --- the chain rule --------------------------------------------------------------------------------------

    def backward(self) -> None:
        """Set `.grad` of every node below to ∂self/∂node: fresh in the interior, added up over calls at the leaves.

        Warns (StaleDataWarning) where `.data` was changed after it was used, so that the gradient mixes old and new numbers.
        """
        with _turn:
            order = self.interior()
            if not (modes.watched() or modes.changed(order)):
                backward(self.start_backward(order))
                if dropin.leaves:
                    dropin.run_leaves(self, order)
                return
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[Step]:
        """Forward then backward, one step at a time, each already applied when it is yielded (see `micrograd/steps.py`)."""
        return walk(self)

    def start_backward(self, order: list[Any] | None = None) -> list[Any]:
        """The interior in topological order, its gradients cleared and the root's set to ∂self/∂self = 1."""
        order = self.interior() if order is None else order
        for v in order:
            v.grad = UNREACHED  # 0.0
        self.grad = 1.0 if order else self.grad + 1.0
        return order

    def interior(self) -> list[Any]:
        """The nodes below, and self, that are not leaves: in the order in which they were made, arguments before users."""
        with _turn:
            mark = self._mark = object()
            found = [self] if self.op is not None else []
            for v in found:  # grows while it is walked
                a, b = v._a, v._b
                if a is not None:
                    if a._mark is not mark and a.op is not None:
                        a._mark = mark
                        found.append(a)
                    if b is not None and b._mark is not mark and b.op is not None:
                        b._mark = mark
                        found.append(b)
                    continue
                for arg in b or ():
                    if arg._mark is not mark and arg.op is not None:
                        arg._mark = mark
                        found.append(arg)
        if dropin.rewired:
            return dropin.in_order(self)
        found.sort(key=_born)
        return found

    def topological(self) -> list[Value]:
        """Every node below, and self: in the order in which they were made, a leaf just before its first user."""
        nodes: dict[Value, None] = {}
        for v in self.interior():
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
        return modes.add_hook(self, hook)

    # --- how it is kept and shown ----------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> Any:
        from micrograd.copying import reduce

        return reduce(self)

    def __copy__(self) -> Value:
        from micrograd.copying import shallow

        return shallow(self)

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


def install(op: Op) -> None:
    """Make an op of the table a method of Value."""
    method: Any
    if op.arity == 1 and not op.constants:
        method = unary(op)
    elif op.arity == 1:

        def method(self: Value, *constants: Any) -> Any:
            return apply(op.bind(*constants, *op.defaults[len(constants) :]), (self,))
    elif op.arity == 2 and not op.constants:
        operator = binary(op)

        def method(self: Value, other: Any) -> Any:
            found = operator(self, other)
            return op(self, other) if found is NotImplemented else found  # an operator leaves it to Python, a method may not

    else:

        def method(self: Value, *args: Any) -> Any:
            return op(self, *args)

    method.__name__ = method.__qualname__ = op.name
    method.__doc__ = op.doc
    for name in (op.name, ALIASES.get(op.name)):
        if name:
            setattr(Value, name, method)


# what NumPy calls an op of ours: np.arctan asks an object, alone or in an array, for its method of that name
ALIASES = {"atan2": "arctan2"} | {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
for _row in ops.TABLE.values():
    install(_row)
