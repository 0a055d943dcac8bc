"""What a row of the table is: `Op`, and the symbols on which its rules are run to read them as source.

A rule is ordinary Python written in primitives only (`lambda y, x: div(1.0, x)`), so running it on another type
reinterprets it: floats give the backward pass, `Value`s higher derivatives, `Symbol`s source code. A type takes part
by having a method `__op__(op, args)`, called whenever an `Op` meets one of its instances.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple

from micrograd import scalar
from micrograd.number import Number

Rule = Callable[..., Any]
Interval = tuple[float, float]


class Kink(NamedTuple):
    """A point where an op has no derivative, and the partials that we answer there by convention."""

    at: tuple[float, ...]
    partials: tuple[float, ...]
    why: str


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
        # The backward pass of one node: `arg.grad += node.grad * partial` for each argument, compiled from the rules.
        self.pull: Callable[[Any], None] = self._first_pull
        self._bound: dict[tuple[object, ...], Op] = {}

    params: tuple[float, ...]

    def __repr__(self) -> str:
        return f"Op({self.name!r}{f', params={self.params}' if self.params else ''})"

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
        params = tuple(p if isinstance(p, Symbol) else number(p) for p in params)
        key = (*map(repr, params), symbol)
        if key not in self._bound:
            op: Op = object.__new__(Op)
            op.__dict__.update({k: v for k, v in self.__dict__.items() if k not in ("pull", "reads", "passes")})
            op.params, op.symbol, op.pull = params, symbol or self.symbol, op._first_pull
            self._bound[key] = op
        return self._bound[key]

    def named(self, symbol: str) -> Op:
        """This op under another symbol."""
        op: Op = object.__new__(Op)
        op.__dict__.update(self.__dict__, symbol=symbol)
        return op

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

    def _first_pull(self, node: Any) -> None:
        """What `pull` is until it is first called: it makes the real one (a plain attribute, for it is looked up at every node).

        A rule that cannot be read as source (it branches in Python) is called as it is.
        """
        self.pull = self._called_pull
        from micrograd.pull import ARGS, compiled_pull

        if self.arity is not None and 0 < self.arity <= len(ARGS):
            with suppress(TypeError):
                self.pull = compiled_pull(self, self.arity)
        self.pull(node)

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

        return passing(self)

    @cached_property
    def reads(self) -> tuple[int, ...] | None:
        """The places of the arguments whose data the partials read, -1 for the result's; None: all, as far as is known."""
        if not isinstance(self.partials, tuple):
            return () if self.name == "sum" else None
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
        return tuple(sorted({places[s.name] for s in seen if isinstance(s, Symbol) and s.op is None}))


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
            return scalar.inf if x > 0 else -scalar.inf
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
        op.__dict__["pull"] = op._called_pull
    return op


class Symbol:
    """An expression on which a rule is run to read it: a name, or an op applied to symbols and numbers."""

    __slots__ = ("args", "name", "op")

    def __init__(self, name: str, op: Op | None = None, args: tuple[Any, ...] = ()) -> None:
        self.name, self.op, self.args = name, op, args

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Symbol:
        return Symbol("", op, args)

    def __repr__(self) -> str:
        return self.name or f"{self.op.name if self.op else ''}({', '.join(map(repr, self.args))})"

    def __add__(self, other: Any) -> Any:
        return _table()["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return _table()["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return _table()["sub"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return _table()["sub"](other, self)

    def __mul__(self, other: Any) -> Any:
        return _table()["mul"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return _table()["mul"](other, self)

    def __neg__(self) -> Any:
        return _table()["neg"](self)

    def __bool__(self) -> bool:
        raise TypeError("a rule may not branch on its arguments; write where(condition, a, b) instead")

    __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: self.__bool__()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self.__bool__()


def _table() -> Mapping[str, Op]:
    from micrograd.ops import TABLE

    return TABLE


PYTHON = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "neg": "(-{0})",
    "abs": "abs({0})",
    "less": "({0} < {1})",
    "equal": "({0} == {1})",
    "where": "({1} if {0} else {2})",
}


def source(
    results: Sequence[Any], templates: Mapping[str, str] = PYTHON, prefix: str = "t", expand_defined: bool = False
) -> tuple[list[str], list[str]]:
    """Symbols as source: the assignments of shared sub-expressions, then one expression per result.

    An op is printed by its template, else as a call of its name with its params; with expand_defined an op that has
    no template but a define rule is replaced by that rule.
    """
    writer = _Writer(templates, prefix, expand_defined)
    for r in results:
        writer.count(r)
    return writer.lines, [writer.text(r) for r in results]


class _Writer:
    """What `source` knows while it writes. (Functions that call each other would be a cycle for the collector.)"""

    def __init__(self, templates: Mapping[str, str], prefix: str, expand_defined: bool) -> None:
        self.templates, self.prefix, self.expand_defined = templates, prefix, expand_defined
        self.uses: dict[int, int] = {}
        self.done: dict[int, str] = {}
        self.lines: list[str] = []

    def expand(self, s: Symbol) -> Symbol:
        while self.expand_defined and s.op is not None and s.op.define is not None and s.op.name not in self.templates:
            expanded = s.op.define(*s.args, *s.op.params)
            if not isinstance(expanded, Symbol):
                return s
            s.op, s.args, s.name = expanded.op, expanded.args, expanded.name
        return s

    def count(self, s: Any) -> None:
        if isinstance(s, Symbol) and s.op is not None:
            self.uses[id(s)] = self.uses.get(id(s), 0) + 1
            if self.uses[id(s)] == 1:
                for a in self.expand(s).args:
                    self.count(a)

    def text(self, s: Any) -> str:
        if not isinstance(s, Symbol):
            return f"({float(s)!r})" if s == s and abs(s) != scalar.inf else f"({_constant(float(s))})"
        if s.op is None:
            return s.name
        if id(s) not in self.done:
            args = [self.text(a) for a in s.args]
            template = self.templates.get(s.op.name)
            written = [*args, *(self.text(p) for p in s.op.params)]
            call = template.format(*written) if template else f"{s.op.name}({', '.join(written)})"
            if self.uses[id(s)] > 1:
                self.lines.append(f"{self.prefix}{len(self.lines)} = {call}")
                call = f"{self.prefix}{len(self.lines) - 1}"
            self.done[id(s)] = call
        return self.done[id(s)]


def _constant(x: float) -> str:
    return "nan" if x != x else "inf" if x > 0 else "-inf"


def compile_function(name: str, arguments: Sequence[str], body: Sequence[str]) -> Any:
    """A Python function from source lines, over the forward functions of the table.

    exec sees only lines made by `source` from the rows' own rules.
    """
    code = f"def {name}({', '.join(arguments)}):\n" + "".join(f"    {line}\n" for line in body)
    namespace: dict[str, Any] = {op.name: op.forward for op in _table().values()}
    namespace.update(inf=scalar.inf, nan=scalar.nan, abs=abs, float=float)
    exec(compile(code, f"<rules of micrograd.ops: {name}>", "exec"), namespace)
    return namespace.pop(name)  # (kept there, it would be a cycle)
