"""What a row of the table is: `Op`.

A rule is ordinary Python written in primitives only (`lambda y, x: div(1.0, x)`), so running it on another type
reinterprets it: floats give the backward pass, `Value`s higher derivatives, `Symbol`s source code. A type takes part
by having a method `__op__(op, args)`, called whenever an `Op` meets one of its instances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from micrograd.ops.kept import Kept
from micrograd.ops.symbol import Symbol as Symbol
from micrograd.ops.symbol import compile_function as compile_function
from micrograd.ops.symbol import names as names_in
from micrograd.ops.symbol import source as source
from micrograd.scalar import number as number

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
    symbol, precedence (0: written as a call): how pictures and text write it. typeset: the formula that typeset mathematics writes
        instead of a call, in the same names and `e()`: "e()**a".
    operator: what Python calls it: "add", and `x + y` is this op. python: the template of what plain Python writes for it, where
        that is the same on floats. numpy: what NumPy calls it, where that is not its name.
    domain: for each argument the open interval where it is finite and smooth; empty: not for gradient checks.
    kinks: the conventions where there is no derivative. rough: how far arguments are from such a place, 0 there (None: from the
        kinks). period: how far its jumps are from one another, where there is no end of them.
    array: NumPy template, where there is no define. exact: plain mathematics on an mpmath context `m` (None: m.<name>); light: which
        takes no longer for a number with a huge exponent; past_nan: it may be a number beside a nan, as a choice is.
    by_result: the derivative where the original's closure reads it from the result, as a function of that.
    constants, defaults: names and default values of numbers that are not arguments (the slope of leaky_relu).
    params: their values in an op bound to them (the 2 of x**2); they come after the arguments in every call.
    """

    forward: Callable[..., float]

    def __init__(
        self, name: str, forward: Callable[..., float] | None = None, partials: tuple[Rule, ...] | Rule | None = None, *,
        formula: tuple[str, ...] = (), symbol: str = "", precedence: int = 0, typeset: str = "", operator: str = "", python: str = "",
        numpy: str = "", domain: tuple[Interval, ...] = (), kinks: tuple[Kink, ...] = (), rough: Callable[..., float] | None = None,
        period: Callable[..., float] | None = None, array: str = "", define: Rule | None = None,
        exact: Callable[..., Any] | None = None, light: bool = False, past_nan: bool = False,
        by_result: Callable[[float], float] | None = None, constants: tuple[str, ...] = (), defaults: tuple[float, ...] = (),
        doc: str = "",
    ) -> None:  # fmt: skip
        if forward is None and define is None:
            raise TypeError(f"op {name!r} needs a forward function or a define rule")
        self.name, self.partials, self.formula, self.symbol, self.precedence = name, partials, formula, symbol or name, precedence
        self.typeset, self.operator, self.python, self.numpy = typeset, operator, python, numpy
        self.domain, self.kinks, self.rough, self.period = domain, kinks, rough, period
        self.array, self.define, self.exact, self.light, self.past_nan = array, define, exact, light, past_nan
        self.by_result = by_result
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
        """This op with its constants fixed, e.g. `leaky_relu.bind(0.1)`; the same params give the same Op. One that is bound: anew."""
        if isinstance(self, Bound):
            return self.row.bind(*params, symbol=symbol)
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
        return self._like(symbol=symbol, row=self.__dict__.get("row", self))

    def _like(self, **changes: Any) -> Op:
        op: Op = object.__new__(type(self))
        op.__dict__.update(self.__dict__, **changes)
        if "_bound" in op.__dict__:
            op._bound, op._forms = Kept(), {}  # of its own: what is bound of it is not what is bound of self
        for made in ("reads", "passes", "maker", "told", *(["pull"] if self.partials is not None else [])):
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
        names = [Symbol(f"{name}_") if p != 0.0 else p for name, p in zip(self.constants, self.params, strict=True)]
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
        if isinstance(self.partials, tuple):
            return [rule(y, *xs, *self.params) for rule in self.partials[: len(xs)]]
        if self.partials is None:
            return [self.partial(i, y, *xs) for i in range(len(xs))]  # raises
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

    @property
    def pull_source(self) -> str:
        """The code that `backward()` runs at a node of this op, its constants above it (a row's own defaults, if it has any).

        >>> from micrograd import ops
        >>> print(ops.tanh.pull_source)
        def pull_tanh(node):
            g = node.grad
            a = node._a
            x = a._data
            t0 = (2.0 * x)
            t1 = exp((-((-t0) if (t0 < 0.0) else t0)))
            a.grad += g * (4.0 * div(t1, (1.0 + (t1 * (2.0 + t1)))))
        """
        from micrograd.pull import pull_source

        return pull_source(self if len(self.params) == len(self.constants) else self.bind(*self.defaults))

    @cached_property
    def told(self) -> dict[str, Any] | None:
        """How it is computed, as data for those who cannot import it; None where its rules cannot be read (`micrograd.telling.rule`)."""
        from micrograd.telling import rule

        return rule(self if len(self.params) == len(self.constants) else self.bind(*self.defaults))

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
        form, _ = self.form()
        if form is not self:
            return form.reads
        n = 2 if self.arity is None else self.arity
        y, *xs = (Symbol(name) for name in ("y", *(f"x{i}" for i in range(n))))
        try:
            found = names_in(self.gradient(y, xs))
        except TypeError:  # the rule branches, or is not known
            return None
        if self.arity is None and found:
            return None
        return tuple(i for i in range(-1, n) if ("y" if i < 0 else f"x{i}") in found)


class Bound(Op):
    """An op bound to constants: what it does not say itself its row says."""

    row: Op

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__" or name == "row":
            raise AttributeError(name)
        return getattr(self.row, name)
