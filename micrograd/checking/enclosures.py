"""The rows of the table on balls: what an op computes, and its partials, with the exact number inside.

A row's value is its plain mathematics, `Op.exact`. Its partials are its textbook formulas, `Op.formula`: the rules that `backward()`
runs are written for doubles, some with polynomials good for 53 bits, and prove nothing. Rows that choose (`relu`, `maximum`, `where`)
and conventions at a kink are what the row's own rule says, run on balls; so is an op of one's own without formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from micrograd.checking.balls import INSTEAD, Balls, balls
from micrograd.checking.choices import choices
from micrograd.ops import TABLE
from micrograd.ops.op import Op, number
from micrograd.scalar import Known

ROW = Callable[..., Any]


class NoRule(TypeError):
    """An op that says nothing that could be run on balls."""


class Ball:
    """A ball `x` in the place of a Value, for rules that choose: it compares as `choices` says."""

    __slots__ = ("key", "x")

    def __init__(self, x: Any, key: Any = None) -> None:
        self.x, self.key = x, id(self) if key is None else key

    @staticmethod
    def of(a: Any) -> Ball:
        if type(a) is Ball:
            return a
        a = a if type(a) is float else number(a)
        return Ball(a.exact(balls()) if type(a) is Known else balls().arb(a), ("number", a))

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Ball:
        return _applied(op, [Ball.of(a) for a in args])

    def __add__(self, other: Any) -> Ball:
        return Ball(self.x + Ball.of(other).x)

    def __mul__(self, other: Any) -> Ball:
        return Ball(self.x * Ball.of(other).x)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other: Any) -> Ball:
        return Ball(self.x - Ball.of(other).x)

    def __rsub__(self, other: Any) -> Ball:
        return Ball(Ball.of(other).x - self.x)

    def __truediv__(self, other: Any) -> Ball:
        return Ball(self.x / Ball.of(other).x)

    def __rtruediv__(self, other: Any) -> Ball:
        return Ball(Ball.of(other).x / self.x)

    def __pow__(self, other: Any) -> Ball:
        return Ball(self.x ** Ball.of(other).x)

    def __neg__(self) -> Ball:
        return Ball(-self.x)

    def __abs__(self) -> Ball:
        return Ball(abs(self.x))

    def __bool__(self) -> bool:
        return choices.relation(self, _ZERO()) != "="

    def __lt__(self, other: Any) -> bool:
        return choices.relation(self, Ball.of(other)) == "<"

    def __gt__(self, other: Any) -> bool:
        return choices.relation(self, Ball.of(other)) == ">"

    def __le__(self, other: Any) -> bool:
        return choices.relation(self, Ball.of(other)) in "<="

    def __ge__(self, other: Any) -> bool:
        return choices.relation(self, Ball.of(other)) in "=>"

    def __eq__(self, other: object) -> bool:
        return choices.relation(self, Ball.of(other)) == "="

    __hash__ = object.__hash__


@lru_cache(maxsize=1)
def _ZERO() -> Ball:
    return Ball.of(0.0)


class Choosing:
    """The functions of `Balls` on `Ball`s: what `Op.exact` of a row that chooses is given."""

    def __getattr__(self, name: str) -> Any:
        f = getattr(balls(), name)  # AttributeError: a function that balls have not
        if not callable(f):
            return Ball(f)
        return lambda *xs: Ball(f(*[x if type(x) is int else Ball.of(x).x for x in xs]))

    @staticmethod
    def mpf(x: Any) -> Ball:
        return Ball.of(x)

    @staticmethod
    def fsum(xs: Any) -> Ball:
        return Ball(balls().fsum([x.x for x in xs]))


CHOOSING = Choosing()


class Probe:
    """Stands for any number while a row is asked whether it chooses: it refuses to be compared."""

    def _again(self, *_: Any) -> Probe:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _again
    __neg__ = __abs__ = __call__ = _again

    def __getattr__(self, name: str) -> Any:
        return self

    def __bool__(self) -> bool:
        raise Chooses

    def __lt__(self, other: Any) -> bool:
        raise Chooses

    __gt__ = __le__ = __ge__ = __eq__ = __lt__
    __hash__ = object.__hash__


class Chooses(Exception):
    """A row compares its numbers."""


# --- what a row computes, and its partials ----------------------------------------------------------------------------------


def plain(op: Op) -> Any:
    """(m, *xs, *params): the row's plain mathematics, of balls' own where they have one; NoRule where it has none."""
    own = TABLE.get(op.name)
    known = own is not None and own.forward is op.forward
    exact = getattr(op, "exact", None)
    if (known and op.name in INSTEAD) or (exact is None and known and hasattr(Balls, op.name)):
        return lambda m, *xs: getattr(m, op.name)(*xs)
    if exact is not None:
        return exact
    define = getattr(op, "define", None)
    if define is None:
        raise NoRule(op.name)
    return lambda m, *xs: define(*xs)


@lru_cache(maxsize=1024)
def chooses(op: Op) -> bool:
    """Whether its mathematics compares its numbers (or is written as a rule in primitives, which may)."""
    if getattr(op, "exact", None) is None and getattr(op, "define", None) is not None:
        return True
    probe = Probe()
    try:
        plain(op)(probe, *[probe] * (2 if op.arity is None else op.arity), *[probe] * len(op.params))
        eval(_slopes(op)[0], dict.fromkeys(_slopes(op)[0].co_names, probe)) if op.formula and op.arity is not None else None
    except Chooses:
        return True
    return False


def _applied(op: Op, xs: Sequence[Ball]) -> Ball:
    if chooses(op):
        return Ball.of(plain(op)(CHOOSING, *xs, *map(Ball.of, op.params)))
    return Ball(value(op)(*[x.x for x in xs]))


@lru_cache(maxsize=1024)
def value(op: Op) -> ROW:
    """The function (*balls) ↦ ball of an op. Raises NoRule."""
    body, m = plain(op), balls()
    if op.python and not chooses(op) and TABLE.get(op.name) is op:
        return op.forward  # what plain Python writes is the same on balls
    params = [m.arb(p) for p in op.params]
    if not chooses(op):
        return (lambda *xs: body(m, *xs, *params)) if params else lambda *xs: body(m, *xs)
    return lambda *xs: choices.hull(lambda: [_applied(op, [Ball(x) for x in xs]).x])[0]


@lru_cache(maxsize=1024)
def _slopes(op: Op) -> tuple[CodeType, tuple[str, ...]]:
    names = "abcdefgh"[: op.arity or 0]
    return compile(f"({', '.join(op.formula)},)", f"<formulas of {op.name}>", "eval"), ("y", *names, *op.constants)


def constant(op: Op) -> tuple[int, ...] | None:
    """The slopes of an op that has the same everywhere, 1 or -1 each; None for any other."""
    found = tuple(int(text) if text in ("1", "-1") else 0 for text in op.formula)
    return found if found and all(found) and op.arity is not None else None


@lru_cache(maxsize=1024)
def slopes(op: Op) -> ROW:
    """The function (y, *balls) ↦ [∂y/∂xᵢ, …] of an op: balls, or whole numbers where they are constant. Raises NoRule."""
    if op.partials is None:
        raise NoRule(op.name)
    m = balls()
    if op.arity is None:
        return lambda y, *xs: [p if type(p) is m.arb else m.arb(p) for p in op.gradient(y, xs)]

    def by_rule(y: Any, *xs: Any) -> list[Any]:
        def run() -> list[Any]:
            args = [Ball(x) for x in xs]
            return [Ball.of(p).x for p in op.gradient(Ball(y), args)]

        return choices.hull(run)

    if not op.formula or chooses(op):
        return by_rule
    code, names = _slopes(op)
    params = [m.arb(p) for p in op.params]
    known = {name: getattr(m, name) if hasattr(m, name) else value(TABLE[name]) for name in code.co_names if name not in (*names, "pi")}
    found: ROW = eval(f"lambda {', '.join((*names, 'pi'))}=None: ({', '.join(op.formula)},)", known)
    if op.formula and not params and not any(word in text.replace("**2", "") for text in op.formula for word in ("/", "**", "(")):
        return found  # finite wherever its arguments are
    reads_pi = "pi" in code.co_names

    def by_formula(y: Any, *xs: Any) -> Any:
        if not y.is_finite():  # a formula may give a number outside the domain
            return [m.nan] * len(xs)
        result = found(y, *xs, *params, m.pi if reads_pi else None)
        for p in result:
            if type(p) is m.arb and not p.is_finite() and all(x.is_exact() and x.is_finite() for x in xs):
                break
        else:
            return result
        told = by_rule(y, *xs)  # at a kink the rule says the convention, which is a number without a radius
        return [q if type(p) is m.arb and not p.is_finite() and q.is_exact() else p for p, q in zip(result, told, strict=True)]

    return by_formula
