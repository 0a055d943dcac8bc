"""What code written for the original may do to a node, off the engine's way: `_prev`, `_op` and `_backward` are assigned.

The original's node is a closure, a set and a number, each of which may be replaced at any time; ours is a row of the table and
a tuple of arguments. Here the one is made to answer as the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from micrograd import subclasses
from micrograd.ops.op import Op
from micrograd.pull import UNREACHED
from micrograd.scalar import Scalar
from micrograd.steps import contributions

if TYPE_CHECKING:
    from micrograd.engine import Value


class ByHand(Op):
    """The op of a node that a user made: by local gradients (numbers), or by a closure set as `_backward`.

    What it does not say it has not, such as a forward function.
    """

    params, constants, precedence, doc, domain, kinks, formula = (), (), 0, "", (), (), ()
    rough = period = by_result = passes = None

    def __init__(self, name: str, local_grads: Sequence[Any] = (), closure: Callable[[], None] | None = None) -> None:
        """Without Op's checks, for there is one for each such node."""
        known = tuple(lambda y, *xs, g=g: g for g in local_grads) if local_grads else None
        self.__dict__.update(name=name, symbol=name, partials=known, local_grads=local_grads, reads=() if local_grads else None)
        if closure is not None:
            self.__dict__.update(closure=closure, pull=lambda node: closure())
        elif not local_grads:
            self.__dict__["pull"] = lambda node: None
        else:
            self.__dict__["readable"] = False


# --- a node's children: what the original keeps as a set --------------------------------------------------------------


class Children(set[Any]):
    """`v._prev`: the arguments as a set, in their order; changing the set changes the node."""

    __slots__ = ("_node",)

    def __init__(self, node: Value) -> None:
        super().__init__(node.args)
        self._node = node

    def __iter__(self) -> Any:
        return iter([a for a in dict.fromkeys(self._node.args) if a in self])

    def __reduce__(self) -> Any:
        return set, (list(self),)

    def copy(self) -> set[Any]:
        """A set of its own."""
        return set(self)

    def pop(self) -> Any:
        """The first child, which the node loses."""
        for child in self:
            self.remove(child)
            return child
        raise KeyError("pop from an empty set of children")


def _changing(name: str) -> Callable[..., Any]:
    change = getattr(set, name)

    def method(self: Children, *args: Any) -> Any:
        change(self, *args)
        set_children(self._node, self)
        return self if name.startswith("__i") else None

    method.__name__, method.__doc__ = name, change.__doc__
    return method


for _name in (
    "add", "remove", "discard", "clear", "update", "difference_update", "intersection_update", "symmetric_difference_update",
    "__ior__", "__iand__", "__isub__", "__ixor__",
):  # fmt: skip
    setattr(Children, _name, _changing(_name))

rewired: WeakSet[Value] = WeakSet()  # nodes that were given a child younger than themselves: birth no longer gives the order


def set_children(node: Value, children: Iterable[Any]) -> None:
    """`v._prev = children`: what is below the node in a walk.

    As in the original, the node's rule goes on to give its gradients to the arguments that it was made with.
    """
    found = tuple(children)
    if isinstance(children, (set, frozenset)):  # which have no order of their own, not the same one in every run
        found = tuple(sorted(set.__iter__(children) if isinstance(children, set) else children, key=_birth))
    for child in found:
        if not isinstance(child, Scalar):
            raise TypeError(f"_prev of {_who(node)} takes Values, not {type(child).__name__}: {child!r:.60}")
    old, op = node.args, node.op
    if set(found) == set(old):
        return
    if op is None:
        node.op = ByHand(node._op, node.__dict__.pop("_grads", ()), node.__dict__.pop("_closure", None))
        node.__dict__.pop("_symbol", None)
        leaves.discard(node)
    elif "closure" not in op.__dict__:
        made: Any = object.__new__(type(node))  # the node as it was made, for its rule
        made.op, made._a, made._b = op, node._a, node._b

        def rule() -> None:
            made._data, made.grad = node._data, node.grad
            if made.grad is not UNREACHED:
                op.pull(made)

        node.op = ByHand(op.symbol, closure=rule)
    node._a, node._b = None, found
    if any(child._born > node._born for child in found):
        rewired.add(node)


def _birth(child: Any) -> int:
    return getattr(child, "_born", 0)


def in_order(root: Value) -> list[Any]:
    """The interior below a root, arguments before users, found by the wiring alone."""
    done: dict[Value, bool] = {}
    stack, order = [root], []
    while stack:
        v = stack[-1]
        if v.op is None or done.get(v):
            stack.pop()
        elif v in done:
            done[v] = True
            order.append(stack.pop())
        else:
            done[v] = False
            stack += [a for a in reversed(v.args) if a not in done]
    return order


# --- a node's closure --------------------------------------------------------------------------------------------------

leaves: WeakSet[Value] = WeakSet()  # leaves with a closure: it is called last in a backward pass


def nothing() -> None:
    """The closure of a leaf."""


def made(node: Value, args: tuple[Value, ...], op: Any, local_grads: Any) -> None:
    """Value(data, children, op), and Value(data, children, local_grads)."""
    if not (op is None or isinstance(op, str)):  # the scalar GPT's third argument
        op, local_grads = "", op
    if any(isinstance(g, str) for g in local_grads):
        raise TypeError(f"the local gradients of a Value are numbers, not {tuple(local_grads)!r:.60}: a str is not a number")
    if args:
        node.op, node._b = ByHand(op or "", tuple(local_grads)), args
    else:
        set_symbol(node, op)


def closure(node: Value) -> Callable[[], None]:
    """`v._backward`: the rule that the node has now, whatever it is given later."""
    op = node.op
    if op is None:
        return getattr(node, "_closure", None) or nothing
    own: Callable[[], None] | None = op.__dict__.get("closure")
    return own or (lambda: op.pull(node) if node.grad is not UNREACHED else None)


def set_closure(node: Value, f: Any) -> None:
    """`v._backward = f`: the rule of an interior node; called at the end of a backward pass for a leaf, which stays one."""
    if not callable(f):
        raise TypeError(f"_backward of {_who(node)} takes a function of no arguments, not {f!r:.60}; to stop gradients: v.detach()")
    if node.op is not None:
        node.op = ByHand(node.op.symbol, closure=f)
    elif _does_nothing(f):
        node.__dict__.pop("_closure", None)
        leaves.discard(node)
    else:
        node.__dict__["_closure"] = f
        leaves.add(node)


def _does_nothing(f: Any) -> bool:
    plain = (lambda: None).__code__  # as the original's constructor writes it
    return f is nothing or (isinstance(f, FunctionType) and (f.__code__.co_code, f.__code__.co_consts) == (plain.co_code, plain.co_consts))


def run_leaves(root: Value, order: list[Any]) -> None:
    """Call the closures of the leaves of a graph whose backward pass has come to its end."""
    for leaf in {a: None for v in order for a in v.args if a in leaves} or [root]:
        closure(leaf)() if leaf.op is None else None


def symbol(node: Value) -> str:
    """`v._op`."""
    return getattr(node, "_symbol", "") if node.op is None else node.op.symbol


def set_symbol(node: Value, symbol: Any) -> None:
    """`v._op = symbol`: the name of what made the node; its rule stays, and a leaf stays a leaf."""
    symbol = "" if symbol is None else str(symbol)
    if node.op is not None:
        node.op = node.op.named(symbol)
    elif symbol or "_symbol" in node.__dict__:
        node.__dict__["_symbol"] = symbol


def local_grads(node: Value) -> tuple[float, ...]:
    """`v._local_grads`."""
    return tuple(partial for _, partial, _ in contributions(node, 1.0))


def set_local_grads(node: Value, partials: Iterable[Any]) -> None:
    """`v._local_grads = partials`: the scalar GPT's rule, a number for each child."""
    given = tuple(partials)
    if node.op is not None:
        node.op = ByHand(node.op.symbol, given)
    elif given:
        node.__dict__["_grads"] = given  # until the children come


def _who(node: Value) -> str:
    return f"{node.label or 'Value'} = {getattr(node, '_data', '?')}"


class Original(Scalar):
    """The base of Value: what the original keeps in a node, and its relatives; each may be set.

    A Value may also be made in their forms: Value(data, children, "op"), _children=, _prev=, and Value(data, children, local_grads)
    with a tuple of numbers.
    """

    __slots__ = ()
    _prev = property(Children, set_children, doc="The arguments as a set, in order.")
    _children = property(lambda self: self.args, set_children, doc="The arguments in order.")
    _op = property(symbol, set_symbol, doc="The symbol of what computed it, '' for a leaf.")
    _backward = property(closure, set_closure, doc="Adds this node's contributions to the gradients of its arguments.")
    _local_grads = property(local_grads, set_local_grads, doc="The partial derivative by each argument.")

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if cls.__module__ != "micrograd.engine":
            subclasses.adopt(cls)  # type: ignore[arg-type]
