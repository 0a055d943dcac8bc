"""What a row of the table is: `Op`.

A rule is ordinary Python written in primitives only (`lambda y, x: div(1.0, x)`), so running it on another type
reinterprets it: floats give the backward pass, `Value`s higher derivatives, `Symbol`s source code. A type takes part
by having a method `__op__(op, args)`, called whenever an `Op` meets one of its instances.
"""

from __future__ import annotations

import numbers
import weakref
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from micrograd.number import Number
from micrograd.ops import ieee
from micrograd.ops.symbol import PYTHON as PYTHON
from micrograd.ops.symbol import Symbol as Symbol
from micrograd.ops.symbol import compile_function as compile_function
from micrograd.ops.symbol import source as source

Rule = Callable[..., Any]
Interval = tuple[float, float]


class Kink(NamedTuple):
    """A point where an op has no derivative, and the partials that we answer there by convention."""

    at: tuple[float, ...]
    partials: tuple[float, ...]
    why: str


class Cases:
    """A rule that has several forms, by the constants of its op: choose(*constants) gives the one for these.

    The forms are few, so that their code is, however many constants there are.
    """

    def __init__(self, choose: Callable[..., Rule], constants: int = 1) -> None:
        self.choose, self.constants = choose, constants

    def __call__(self, y: Any, *xs: Any) -> Any:
        return self.choose(*xs[-self.constants :])(y, *xs)


class Op:
    """One primitive, said once. Immutable by convention.

    name: of the function and of the method.
    forward: on floats, never raises (IEEE-754). Or define: the forward rule in primitives, from which every form (float,
        NumPy, Numba) is made.
    partials: ∂y/∂xᵢ as rules `(y, *xs, *params)`; for an op of any arity one rule `(y, *xs)` that gives the list of them
        (a sum of 100,000 must not ask 100,000 times); None: unknown (made by hand).
    formula: each partial as a textbook writes it, for people, in `y`, `a`, `b` and the names of the constants.
    symbol, precedence (0: written as a call), latex (template): how pictures and text write it.
    domain: for each argument the open interval where it is finite and smooth; empty: not for gradient checks.
    kinks: the conventions where there is no derivative.
    array: NumPy template, where there is no define. exact: plain mathematics on an mpmath context `m` (None: m.<name>).
    constants, defaults: names and default values of numbers that are not arguments (the slope of leaky_relu).
    params: their values in an op bound to them (the 2 of x**2); they come after the arguments in every call.
    """

    forward: Callable[..., float]

    def __init__(
        self, name: str, forward: Callable[..., float] | None = None, partials: tuple[Rule, ...] | Rule | None = None, *,
        formula: tuple[str, ...] = (), symbol: str = "", precedence: int = 0, latex: str = "",
        domain: tuple[Interval, ...] = (), kinks: tuple[Kink, ...] = (), array: str = "", define: Rule | None = None,
        exact: Callable[..., Any] | None = None, constants: tuple[str, ...] = (), defaults: tuple[float, ...] = (),
        doc: str = "",
    ) -> None:  # fmt: skip
        if forward is None and define is None:
            raise TypeError(f"op {name!r} needs a forward function or a define rule")
        self.name, self.partials, self.formula, self.symbol, self.precedence = name, partials, formula, symbol or name, precedence
        escaped = name.replace("_", r"\_")
        self.latex = latex or rf"\operatorname{{{{{escaped}}}}}\left({{0}}\right)"
        self.domain, self.kinks, self.array, self.define, self.exact = domain, kinks, array, define, exact
        self.constants, self.defaults, self.params = constants, defaults, ()
        self.doc = self.__doc__ = doc
        self.forward = forward if forward is not None else self._forward_from_define
        self._bound = Kept()
        self._forms: dict[Any, Op | None] = {}

    params: tuple[float, ...]
    named_constants = False  # whether it is a form, see `form`
    readable = True  # whether its rules are known to be, or not tried yet

    def __repr__(self) -> str:
        return f"Op({self.name!r}{f', params={self.params}' if self.params else ''})"

    def __copy__(self) -> Op:
        return self

    def __deepcopy__(self, memo: Any) -> Op:
        return self

    @property
    def arity(self) -> int | None:
        """How many arguments it takes; None: any number."""
        return len(self.partials) if isinstance(self.partials, tuple) else None

    def __call__(self, *args: Any) -> Any:
        """Apply to numbers (a float comes back), or to any type that has `__op__`, such as Value."""
        missing = len(self.constants) - len(self.params)
        if missing:  # trailing constants: given here, or the defaults
            arity = self.arity or 0
            given = tuple(number(a) for a in args[arity:])
            return self.bind(*given, *self.defaults[len(given) :])(*args[:arity])
        if self.arity is not None and len(args) != self.arity:
            raise TypeError(f"{self.name} takes {self.arity} argument(s), not {len(args)}")
        for a in args:
            if type(a) is not float:
                handler = getattr(type(a), "__op__", None)
                if handler is not None:
                    return handler(self, args)
        return self.forward(*map(number, args), *self.params)

    def bind(self, *params: float, symbol: str = "") -> Op:
        """This op with its constants fixed, e.g. `leaky_relu.bind(0.1)`; the same params give the same Op."""
        if len(params) != len(self.constants):
            raise TypeError(f"{self.name} needs the constants {', '.join(self.constants)}, not {len(params)} number(s)")
        key: tuple[Any, ...] = (symbol, *params)
        for p in params:
            if type(p) is not float or p == 0.0:  # 0.0 is not -0.0
                params = tuple([p if isinstance(p, Symbol) else number(p) for p in params])
                key = (symbol, *[repr(p) if isinstance(p, Symbol) or p == 0.0 else p for p in params])
                break
        op = self._bound.get(key)
        if op is None:
            made = object.__new__(Bound)
            made.row, made.params, made.symbol = self, params, symbol or self.symbol
            made.forward, made.partials = self.forward, self.partials
            op = self._bound.add(key, made)
        return op

    def named(self, symbol: str) -> Op:
        """This op under another symbol."""
        return self._like(symbol=symbol)

    def _like(self, **changes: Any) -> Op:
        op: Op = object.__new__(type(self))
        op.__dict__.update(self.__dict__, **changes)
        for made in ("reads", "passes", "maker", *(["pull"] if self.partials is not None else [])):
            op.__dict__.pop(made, None)
        return op

    def form(self) -> tuple[Op, tuple[float, ...]]:
        """This op with names for its constants, and the constants: what is compiled is compiled once for all of them.

        A 0 stays what it is, for a rule that gives it says that nothing passes (`micrograd/pull.py`). The op itself where a rule
        must know its constants.
        """
        params, rules = self.params, self.partials
        if not params or not isinstance(rules, tuple) or self.named_constants or isinstance(params[0], Symbol):
            return self, ()
        for rule in rules:
            if type(rule) is Cases:
                rules = tuple([r.choose(*params) if type(r) is Cases else r for r in rules])
                break
        zeros = 0.0 in params
        key = (rules, *[p == 0.0 and repr(p) for p in params]) if zeros else rules
        try:
            form = self._forms[key]
        except KeyError:
            form = self._forms[key] = self._named(rules)
        if form is None:
            return self, ()
        return form, tuple([p for p in params if p != 0.0]) if zeros else params

    def _named(self, rules: tuple[Rule, ...]) -> Op | None:
        names = [Symbol(f"c{i}_") if p != 0.0 else p for i, p in enumerate(self.params)]
        try:
            form = self._like(partials=rules, params=tuple(names), named_constants=True)
            form.gradient(Symbol("y"), [Symbol("x")] * len(rules))
        except (TypeError, AttributeError):
            return None
        return form

    def partial(self, i: int, y: Any, *xs: Any) -> Any:
        """∂y/∂xᵢ at these arguments, y being the result there."""
        if self.partials is None:
            raise TypeError(f"the partial derivatives of {self.name!r} are not known: it was made by setting _backward")
        if isinstance(self.partials, tuple):
            return self.partials[i](y, *xs, *self.params)
        return self.partials(y, *xs)[i]

    def gradient(self, y: Any, xs: Sequence[Any]) -> list[Any]:
        """∂y/∂xᵢ for every i."""
        if self.partials is None or isinstance(self.partials, tuple):
            return [self.partial(i, y, *xs) for i in range(len(xs))]
        found: list[Any] = self.partials(y, *xs)
        return found

    def _forward_from_define(self, *xs: float) -> float:
        """The define rule on floats, compiled to plain Python on first use."""
        result: float = self._defined(*xs)
        return result

    @cached_property
    def _defined(self) -> Callable[..., float]:
        names = [f"x{i}" for i in range((self.arity or 0) + len(self.constants))]
        assert self.define is not None
        body, (result,) = source([self.define(*map(Symbol, names))])
        compiled: Callable[..., float] = compile_function("forward", names, [*body, f"return {result}"])
        return compiled

    def pull(self, node: Any) -> None:
        """The backward pass of one node: `arg.grad += node.grad * partial` for each argument.

        What stands here makes the compiled one when it is first called (an attribute of the op, for it is looked up at every
        node). A rule that cannot be read as source (it branches in Python) is called as it is.
        """
        if self.readable:
            form, constants = self.form()
            try:
                self.pull = form.maker(*constants)  # type: ignore[method-assign, assignment]
            except TypeError:
                self.readable = False
        if self.readable:
            self.pull(node)
        else:
            self._called_pull(node)

    @cached_property
    def maker(self) -> Callable[..., Callable[[Any], None]]:
        """maker(*constants) is the `pull` of an op of this form."""
        from micrograd.pull import compiled_pull

        return compiled_pull(self)

    def _called_pull(self, node: Any) -> None:
        g, y, args = node.grad, node._data, node.args
        xs = [a._data for a in args]
        if self.passes is None:
            for arg, p in zip(args, self.gradient(y, xs), strict=True):
                arg.grad += g * p
            return
        for arg, p, passes in zip(args, self.gradient(y, xs), self.passes(y, *xs), strict=True):
            if passes:
                arg.grad += g * p
            elif arg.op is None:
                arg.grad += 0.0

    @cached_property
    def passes(self) -> Callable[..., Sequence[Any]] | None:
        """passes(y, *xs): for each argument whether its edge passes a gradient on, or has a structural zero (see `pull.py`).

        None: every edge does, whatever the numbers.
        """
        from micrograd.pull import passing

        form, constants = self.form()
        if form is self:
            return passing(self)
        known = form.passes
        return known and (lambda y, *xs: known(y, *xs, *constants))

    @cached_property
    def reads(self) -> tuple[int, ...] | None:
        """The places of the arguments whose data the partials read, -1 for the result's; None: all, as far as is known."""
        if not isinstance(self.partials, tuple):
            return () if self.name == "sum" else None
        form, _ = self.form()
        if form is not self:
            return form.reads
        places = {f"x{i}": i for i in range(len(self.partials))} | {"y": -1}
        y, *xs = (Symbol(name) for name in ("y", *list(places)[:-1]))
        try:
            seen: list[Any] = [rule(y, *xs, *self.params) for rule in self.partials]
        except TypeError:  # the rule branches
            return None
        known: set[int] = set()
        for s in seen:  # grows while it is walked
            if isinstance(s, Symbol) and id(s) not in known:
                known.add(id(s))
                seen.extend(s.args)
        return tuple(sorted({places[s.name] for s in seen if isinstance(s, Symbol) and s.op is None and s.name in places}))


class Bound(Op):
    """An op bound to constants: what it does not say itself its row says."""

    row: Op

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__" or name == "row":
            raise AttributeError(name)
        return getattr(self.row, name)


class Kept:
    """The ops bound to constants, by key: each for as long as somebody uses it, those made last a little longer."""

    def __init__(self) -> None:
        self.refs: dict[Any, Callable[[], Op | None]] = {}
        self.recent: list[Op] = []
        self.room = ROOM

    def get(self, key: Any) -> Op | None:
        """The one of this key, None where there is none."""
        found = self.refs.get(key)
        return found and found()

    def add(self, key: Any, op: Op) -> Op:
        """Keep this one, unless another thread was faster: the one kept."""
        if len(self.refs) >= self.room:
            self.recent = []
            for old, ref in list(self.refs.items()):
                if ref() is None:
                    self.refs.pop(old, None)
            self.room = len(self.refs) + ROOM
        mine = weakref.ref(op)
        kept = self.refs.setdefault(key, mine)()
        if kept is None:
            self.refs[key] = mine
        self.recent.append(op)
        return kept or op


ROOM = 256


def number(x: Any) -> float:
    """A real number of any type as a float (±inf where it is too large), an array or tensor of no dimension being one.

    TypeError for anything else, and for a tensor whose own gradient would be dropped silently.
    """
    if type(x) is float:
        return x
    if isinstance(x, (int, numbers.Real)) or type(x).__name__ == "Decimal":
        try:
            return float(x)
        except OverflowError:
            return ieee.inf if x > 0 else -ieee.inf
    if isinstance(x, Number):
        raise TypeError(f"expected a real number, not a Value: write v.data for the number of {x!r:.80}")
    kind = getattr(getattr(x, "dtype", None), "kind", "f")  # NumPy's: no dates, no texts
    if getattr(x, "ndim", None) == 0 and kind in "fiubO" and not getattr(x, "mask", False):
        if getattr(x, "requires_grad", False):
            raise TypeError(f"the gradient of {x!r:.80} would be dropped silently: write x.item() for its number")
        return number(x.item()) if hasattr(x, "item") else float(x)
    raise TypeError(f"expected a Value or a real number, not {type(x).__name__}: {x!r:.80}")


def by_hand(name: str, local_grads: Sequence[Any] = (), closure: Callable[[], None] | None = None) -> Op:
    """The op of a node that a user made: by local gradients (numbers), or by a closure set as `_backward`.

    Made without Op's checks, for there is one for each such node.
    """
    op: Op = object.__new__(Op)
    known = tuple(lambda y, *xs, g=g: g for g in local_grads) if local_grads else None
    op.__dict__.update(
        name=name, symbol=name, partials=known, params=(), constants=(), precedence=0, doc="", domain=(), kinks=(), formula=(),
        latex=r"\mathrm{op}\left({0}\right)", local_grads=local_grads, reads=() if local_grads else None, passes=None,
    )  # fmt: skip
    if closure is not None:
        op.__dict__.update(closure=closure, pull=lambda node: closure())
    elif not local_grads:
        op.__dict__["pull"] = lambda node: None
    else:
        op.__dict__["readable"] = False
    return op
