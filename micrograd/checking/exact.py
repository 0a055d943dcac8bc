"""The rows of the table in other arithmetic: any number of digits (mpmath), or complex numbers.

`Exact` is a number of such an arithmetic that micrograd's ops, operators and methods take in the place of a Value, so a
function written for Values runs on it unchanged. Each op is evaluated by its plain mathematics (`Op.exact`), never by the
forward function and the partials that this is here to judge.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from types import CodeType
from typing import Any

from micrograd.checking.complex_step import ComplexStep, Ordered
from micrograd.engine import Value
from micrograd.ops import TABLE, pow_, power
from micrograd.ops.op import Op, number
from micrograd.ops.symbol import operators

LIMIT = 1100  # bits before the point; a double has at most 1024
MAX_BITS = 2400  # a double that cancels down to less than 2**-MAX_BITS of its terms is below the smallest double


class Unsupported(TypeError):
    """An op that this arithmetic cannot evaluate."""


class TooLong(ArithmeticError):
    """A number that would take more digits than there are for it: the sine of a number with a million of them, say."""


def context(digits: int = 50) -> Any:
    """An mpmath context of its own, with so many decimal digits (mpmath is imported only here)."""
    try:
        import mpmath  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("the reference in many digits needs mpmath: pip install mpmath") from error
    m = mpmath.MPContext()
    m.dps = digits
    return m


def exactly(op: Op, m: Any, xs: Sequence[Any]) -> Any:
    """`op` by its plain mathematics on numbers of the context `m`; Unsupported if the row does not say how.

    In many digits it is nan where the result is not a real number or is at a pole, and TooLong where it is out of reach.
    """
    if m is ComplexStep:
        found = _evaluated(op, m, xs)
        return Ordered(found) if type(found) is complex else found
    if not op.past_nan:
        if any(x != x for x in xs):
            return m.nan
        if not op.light and any(_bits(x) > LIMIT for x in xs):
            raise TooLong(f"{op.name} of a number with more than {LIMIT} bits before the point")
    try:
        found = _evaluated(op, m, xs)
    except (ZeroDivisionError, ValueError):
        return m.nan
    return m.nan if isinstance(found, m.mpc) else found


def _bits(x: Any) -> int:
    _, mantissa, exponent, count = x._mpf_
    return int(exponent + count) if mantissa else 0


def _evaluated(op: Op, m: Any, xs: Sequence[Any]) -> Any:
    if op.exact is not None:
        return op.exact(m, *xs, *op.params)
    named = getattr(m, op.name, None)
    if named is not None:
        return named(*xs, *op.params)
    if op.define is not None:
        result = op.define(*(Exact(x, m) for x in xs), *op.params)
        return result.x if isinstance(result, Exact) else m.mpf(result)
    raise Unsupported(f"op {op.name!r} has no `exact` rule, and {type(m).__name__} has no function of that name")


class Exact:
    """A number `x` of the arithmetic `m` (an mpmath context, or `ComplexStep`), to use in the place of a Value.

    Its operators are those that the rows say; the three written out here are called most.
    """

    __slots__ = ("m", "x")

    def __init__(self, x: Any, m: Any) -> None:
        self.x, self.m = x, m

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Exact:
        m = next(a.m for a in args if isinstance(a, Exact))
        return Exact(exactly(op, m, [_constant(a, m) for a in args]), m)

    data = property(lambda self: self)  # code that reads .data gets a number that it can go on with

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in TABLE:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        op = TABLE[name]
        return lambda *args: op(self, *args) if op.constants else self.__op__(op, (self, *args))

    def __add__(self, other: Any) -> Any:
        found = self.x + (other.x if type(other) is Exact else _constant(other, self.m))
        return Exact(Ordered(found) if type(found) is complex else found, self.m)

    def __sub__(self, other: Any) -> Any:
        found = self.x - (other.x if type(other) is Exact else _constant(other, self.m))
        return Exact(Ordered(found) if type(found) is complex else found, self.m)

    def __mul__(self, other: Any) -> Any:
        found = self.x * (other.x if type(other) is Exact else _constant(other, self.m))
        return Exact(Ordered(found) if type(found) is complex else found, self.m)

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, (Exact, Value)):
            return self.__op__(pow_, (self, other))
        return self.__op__(power.bind(number(other)), (self,))

    def __pos__(self) -> Any:
        return self

    def __bool__(self) -> bool:
        return bool(self.x)

    def __lt__(self, other: Any) -> bool:
        return bool(self.x < _constant(other, self.m))

    def __gt__(self, other: Any) -> bool:
        return bool(self.x > _constant(other, self.m))

    def __le__(self, other: Any) -> bool:
        return bool(self.x <= _constant(other, self.m))

    def __ge__(self, other: Any) -> bool:
        return bool(self.x >= _constant(other, self.m))

    def __repr__(self) -> str:
        return f"Exact({self.x})"


operators(Exact, TABLE.values())


def _constant(a: Any, m: Any) -> Any:
    """An operand as a number of `m`: an Exact's own, a Value's data (it does not depend on an Exact), a plain number's exact value."""
    return a.x if isinstance(a, Exact) else m.mpf(a.data if isinstance(a, Value) else number(a))


# --- the truth about one op, and how far a float is from it --------------------------------------------------------------


def value(op: Op, xs: Sequence[float], bits: int = 160) -> Any:
    """`op` at these floats, true to more digits than a double has (mpf); nan where it is not a real number."""
    return settled(lambda m: exactly(op, m, [m.mpf(x) for x in xs]), bits + _spread((*xs, *op.params)))


def partial(op: Op, i: int, xs: Sequence[float], bits: int = 160) -> Any:
    """∂op/∂xᵢ at these floats, from the row's textbook formula, in as many digits as it takes.

    Never from the row's own rule. `derivative` gives it by mpmath's differences, where the formula is to be judged.
    """
    return settled(lambda m: by_formula(op, i, m, xs), bits + _spread((*xs, *op.params)))


def _spread(xs: Sequence[float]) -> int:
    """How many bits it takes to add 1 to each of these numbers exactly."""
    return max((abs(math.frexp(x)[1]) for x in xs), default=0)


def by_formula(op: Op, i: int, m: Any, xs: Sequence[float]) -> Any:
    """The row's textbook formula for ∂op/∂xᵢ, evaluated on numbers of `m` (names: y, a, b, …, the constants, the table)."""
    code = _compiled(op.formula[i])
    args = [m.mpf(x) for x in xs]
    known = dict(zip(op.constants, map(m.mpf, op.params), strict=True)) | dict(zip("abcdefgh", args, strict=False))
    names: dict[str, Any] = {"__builtins__": {}}
    for name in code.co_names:
        if name == "y":
            names[name] = exactly(op, m, args)
        elif name in known:
            names[name] = known[name]
        else:
            names[name] = getattr(m, name) if hasattr(m, name) else _function(TABLE[name], m)
    return eval(code, names)


def _function(op: Op, m: Any) -> Callable[..., Any]:
    return lambda *args: exactly(op, m, args)


@cache
def _compiled(formula: str) -> CodeType:
    return compile(formula, f"<formula {formula}>", "eval")


def derivative(op: Op, i: int, xs: Sequence[float], bits: int = 160) -> Any:
    """∂op/∂xᵢ at these floats by central differences of its plain mathematics in many digits: for ordinary arguments."""

    def difference(m: Any) -> Any:
        h = m.ldexp(max(abs(xs[i]), 2.0**-60), -m.prec // 3)
        up, down = ([m.mpf(x) + (side * h if j == i else 0) for j, x in enumerate(xs)] for side in (1, -1))
        return (exactly(op, m, up) - exactly(op, m, down)) / (2 * h)

    return settled(difference, 3 * bits, agree=bits // 2)


def settled(f: Callable[[Any], Any], bits: int, agree: int = 90) -> Any:
    """f(m) with the precision doubled until two results agree to `agree` bits; nan where f is not real.

    A zero is believed only at the highest precision: at a lower one it may be a difference that cancelled.
    """
    m, before = _working(), None
    while True:
        m.prec = bits
        try:
            now = f(m)
        except (ZeroDivisionError, ValueError):
            return m.nan
        if isinstance(now, (bool, int)):  # a formula that is a comparison or a whole number
            return m.mpf(now)
        if isinstance(now, m.mpc) or now != now:
            return m.nan
        if bits > MAX_BITS or (before and now and abs(now - before) <= m.ldexp(abs(now), -agree)):
            return now
        before, bits = now, 2 * bits


@lru_cache(maxsize=1)
def _working() -> Any:
    return context()


def ulps(got: float, true: Any) -> float:
    """The distance from `got` to the true number, in units in the last place (the spacing of doubles) at the true number.

    True numbers past the largest double count as 2**1024, which is what inf stands for; nan is at distance 0 from nan alone.
    """
    if got != got or true != true:
        return 0.0 if got != got and true != true else math.inf
    m = _working()
    m.prec = 300
    limit = m.ldexp(1, 1024)
    t = max(-limit, min(limit, m.mpf(true)))
    g = max(-limit, min(limit, m.mpf(got)))
    if t == g:
        return 0.0
    if abs(t) == limit:
        t = t * (1 - m.ldexp(1, -60))  # the spacing just below
    exponent = max(m.frexp(t)[1] if t else -1073, -1021)
    return float(abs(g - t) / m.ldexp(1, exponent - 53))
