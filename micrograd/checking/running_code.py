"""The code of `error_bound`'s two passes: for each op a function that carries errors forward, and one that carries them back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from micrograd import ops
from micrograd.ops import rules
from micrograd.ops.op import Op, Symbol, compile_function, source
from micrograd.ops.symbol import names as names_in
from micrograd.pull import ARGS, UNREACHED, constants, live, picks, symbols

U = 1.0001 * 2.0**-53  # of one rounding, and of those of the bounds themselves; both passes count in these
VALUE, PARTIAL = 5.0, 6.0  # 2.5 and 3 ulp
LEAST = 16 * 5e-324  # how far off a number may be that is too small to have all its digits; a slope may be, with a large number above it
TINY = LEAST / U
SAFE = 1e-290  # a result above has all its digits
ONCE = {"add", "sub", "mul", "div", "sqrt"}
NEVER = {
    "neg", "abs", "relu", "maximum", "minimum", "where", "less", "equal", "sign", "step", "floor", "ceil", "trunc", "round",
    "shift", "clamp",
}  # fmt: skip

# n, a and b are places in lists of floats: a node's, and its arguments' as `Value._a` and `_b` (two, or None and all).
Pass = Callable[[int, Any, Any], None]


class Numbers(NamedTuple):
    """What is known of the nodes, by their places."""

    data: list[float]
    size: list[float]  # |data|
    error: list[float]  # of data, in u
    grad: list[float]
    bound: list[float]  # of the error of grad, in u
    kept: list[
        tuple[Any, ...]
    ]  # the partials that are no numbers of the graph, each with its size and its error in u; None where nothing passes


def passes(op: Any, numbers: Numbers) -> tuple[Pass, Pass | None]:
    """(forward, backward): one sets a node's error, the other adds to the gradients of its arguments and their errors. None: not known."""
    unknown = lambda n, a, b: numbers.error.__setitem__(n, math.inf), None
    if not hasattr(op, "forward") or op.partials is None:
        return unknown
    if op.arity is None:
        return _shifted(numbers) if op.name == "shift" else _summed(op, numbers)
    form, constants = op.form()
    try:
        forward, backward = _compiled(form)
    except TypeError:  # a rule that cannot be read
        return unknown
    return forward(*constants, *numbers, UNREACHED), backward(*constants, *numbers, UNREACHED)


def _summed(op: Op, numbers: Numbers) -> tuple[Pass, Pass]:
    """A sum, or a dot product, from left to right: u times each partial sum, which no more than all terms in size."""
    data, size, error, grad, bound, _ = numbers

    def forward(n: int, _: Any, args: Any) -> None:
        slopes = [abs(p) for p in op.gradient(data[n], [data[a] for a in args])]
        carried = math.fsum(p * error[a] for p, a in zip(slopes, args, strict=True))
        error[n] = carried + len(args) * math.fsum(p * size[a] for p, a in zip(slopes, args, strict=True))

    def backward(n: int, _: Any, args: Any) -> None:
        g, half = grad[n], len(args) // 2
        for i, (a, p) in enumerate(zip(args, op.gradient(data[n], [data[a] for a in args]), strict=True)):
            other = 0.0 if p == 1.0 else error[args[(i + half) % len(args)]]
            before = grad[a]
            grad[a] = after = before + g * p
            bound[a] += abs(p) * bound[n] + abs(g) * other + abs(g * p) + TINY + (0.0 if before is UNREACHED else abs(after))

    return forward, backward


def _shifted(numbers: Numbers) -> tuple[Pass, Pass]:
    error = numbers.error

    def forward(n: int, _: Any, args: Any) -> None:
        error[n] = max([error[a] for a in args], default=0.0)

    return forward, lambda n, a, b: None


@lru_cache(maxsize=1024)
def _compiled(op: Op) -> tuple[Callable[..., Pass], Callable[..., Pass]]:
    """Both passes, as functions of the constants that have names, and of the lists."""
    n = op.arity or 0
    if not 0 < n <= len(ARGS):
        raise TypeError(f"{op.name} has {op.arity} arguments")
    y, xs = symbols(n)
    partials, places = op.gradient(y, xs), {"y": "n"} | {x.name: arg for x, arg in zip(xs, ARGS, strict=False)}
    made = [_function(op, places, *_forward(op, partials, places)), _function(op, places, [], _backward(partials, places))]
    return made[0], made[1]


def _function(op: Op, places: dict[str, str], expressions: list[Any], lines: list[str]) -> Callable[..., Pass]:
    """A pass of these lines, in which the expressions are to be filled in. places: of the names that rules are written in."""
    body, texts = source(expressions)
    args = [] if len(places) < 4 else [f"{', '.join(_args(places))} = b"]
    data = [f"{name} = data[{place}]" for name, place in places.items() if name in names_in(expressions)]
    code = [*args, *data, *body, *(line.format(*texts) for line in lines)]
    inner = [f"def errors_{op.name}(n, a, b):", *(f"    {line}" for line in code)]
    names = [*(c.name for c in constants(op)), *Numbers._fields, "UNREACHED"]
    made: Callable[..., Pass] = compile_function("made", names, [*inner, f"return errors_{op.name}"])
    return made


def _args(places: dict[str, str]) -> list[str]:
    return list(places.values())[1:]


def _plain(p: Any, places: dict[str, str]) -> tuple[str, str] | None:
    """(p, |p|) as text, of a partial that is a number, or one of the graph, finite where they are; None: it is computed."""
    if not isinstance(p, Symbol):
        return repr(float(p)), repr(abs(float(p)))
    if p.op is not None:
        return None
    return (f"data[{places[p.name]}]", f"size[{places[p.name]}]") if p.name in places else (p.name, f"abs({p.name})")


def _forward(op: Op, partials: Sequence[Any], places: dict[str, str]) -> tuple[list[Any], list[str]]:
    """ε(y) = Σ |∂y/∂xᵢ| ε(xᵢ) + δ|y|; kept: for each partial p that is computed itself, and Σ |∂p/∂v| ε(v) + δ|p|."""
    expressions: list[Any] = []

    def text(s: Symbol) -> str:
        expressions.append(s)
        return f"{{{len(expressions) - 1}}}"

    terms, lines, kept = [], [], []
    for p, arg in zip(partials, _args(places), strict=True):
        if plain := _plain(p, places):
            if plain[1] != "0.0":
                terms.append(f"error[{arg}]" if plain[1] == "1.0" else f"{plain[1]} * error[{arg}]")
            continue
        passes = live(p)
        condition = f"bool({text(passes)}) and " if isinstance(passes, Symbol) else ""
        lines += [f"p_{arg} = {text(p)}", f"size_{arg} = abs(p_{arg}) + {LEAST!r}"]
        terms.append(f"(error[{arg}] and {condition}size_{arg} * error[{arg}])")
        rough = _rounding(p) + 1.0
        errors = [f"{f'{rough!r} * ' if rough != 1.0 else ''}size_{arg} + {TINY!r}"]
        for name, place in places.items():
            slope = _with_result(derivative(p, name), op)
            if isinstance(slope, Symbol):
                errors.append(f"(error[{place}] and (abs({text(slope)}) + {LEAST!r}) * error[{place}])")
            elif slope:
                errors.append(f"{abs(slope)!r} * error[{place}]")
        error = " + ".join(errors)
        kept += [f"p_{arg} if {condition[:-5]} else None" if condition else f"p_{arg}", f"size_{arg}", error]
    own = 0.0 if op.name in NEVER else 1.0 if op.name in ONCE else VALUE
    if own:
        terms.append("size[n]" if own == 1.0 else f"{own!r} * size[n]")
    found = " + ".join(terms) or "0.0"
    if own and op.name not in ("add", "sub"):  # x · 0 is 0
        zero = " and ".join(f"data[{arg}]" for arg in _args(places))
        found = f"{found} if size[n] > {SAFE!r} else {found} + ({TINY!r} if {zero} else 0.0)"
    lines.append(f"error[n] {'+' if may_straddle(op) else ''}= {found}")
    if kept:
        lines.append(f"kept[n] = {', '.join(kept)}")
    return expressions, lines


def _backward(partials: Sequence[Any], places: dict[str, str]) -> list[str]:
    """ε(x̄) = Σ |p| ε(ȳ) + |ȳ| ε(p) + u|ȳp| + u|x̄|."""
    plain = [_plain(p, places) for p in partials]
    kept = [
        name for arg, known in zip(_args(places), plain, strict=True) if not known for name in (f"p_{arg}", f"size_{arg}", f"error_{arg}")
    ]
    lines = ["g, rg = grad[n], bound[n]"]
    if any(known is None or known[1] not in ("0.0", "1.0") for known in plain):
        lines += ["sg = abs(g)", "both = rg + sg"]
    if kept:
        lines.append(f"{', '.join(kept)} = kept[n]")
    for arg, p, known in zip(_args(places), partials, plain, strict=True):
        if known is None:
            term, error = f"g * p_{arg}", f"size_{arg} * rg + sg * error_{arg} + {TINY!r}"
        elif known[1] == "0.0":
            continue
        elif known[1] == "1.0":
            term, error = "g" if p > 0 else "-g", "rg"
        else:
            term, error = f"g * {known[0]}", f"{known[1]} * both + {TINY!r}"
            if isinstance(p, Symbol) and p.name in places:
                error += f" + sg * error[{places[p.name]}]"
        inner = [
            f"before = grad[{arg}]",
            f"grad[{arg}] = after = before + {term}",
            f"bound[{arg}] += {error} if before is UNREACHED else {error} + abs(after)",
        ]
        passes = live(p) if known is None else 1.0
        lines += [f"if p_{arg} is not None:", *(f"    {line}" for line in inner)] if isinstance(passes, Symbol) else inner
    return lines


def may_straddle(op: Any) -> bool:
    """Whether there are places where it makes a difference on which side an operand is."""
    return bool(getattr(op, "rough", None) or getattr(op, "kinks", ())) and op.name not in ("pow", "atan2", "hypot")


def _rounding(p: Any) -> float:
    """How much rounding there is in a partial, as its rule computes it: none in a number of the graph, or in a choice among such."""
    if not isinstance(p, Symbol) or p.op is None:
        return 0.0
    if p.op.name in NEVER:
        return max(map(_rounding, p.args))
    return 1.0 if p.op.name in ONCE and not any(isinstance(a, Symbol) and a.op is not None for a in p.args) else PARTIAL


def derivative(s: Any, name: str) -> Any:
    """∂s/∂name of an expression of primitives, by the rules of the table: a number, or another expression."""
    known: dict[int, Any] = {}

    def of(s: Any) -> Any:
        if not isinstance(s, Symbol):
            return 0.0
        if s.op is None:
            return 1.0 if s.name == name else 0.0
        if id(s) not in known:
            known[id(s)] = (s, by_op(s))
        return known[id(s)][1]

    def by_op(s: Symbol) -> Any:
        op: Any = s.op
        if op is ops.where:
            yes, no = of(s.args[1]), of(s.args[2])
            if (plain := _plain_way(s.args[0])) is not None:
                return yes if plain else no
            return ops.where(s.args[0], yes, no) if isinstance(yes, Symbol) or isinstance(no, Symbol) or yes != no else yes
        if picks(op):
            return 0.0
        inner = [of(a) for a in s.args]
        if not any(isinstance(d, Symbol) or d for d in inner):
            return 0.0
        if op is ops.abs_:
            return ops.where(ops.less(s.args[0], 0.0), _times(-1.0, inner[0]), inner[0])
        if op is ops.div and not isinstance(s.args[0], Symbol) and s.args[0] == 1.0:
            return _times(-1.0, _times(s * s, inner[1]))
        if op is ops.div:
            return ops.div(_plus(inner[0], _times(-1.0, _times(s, inner[1]))), s.args[1])
        found: Any = 0.0
        for p, d in zip(op.gradient(s, s.args), inner, strict=True):
            found = _plus(found, _times(p, d))
        return found

    return of(s)


def _with_result(s: Any, op: Op) -> Any:
    """An expression in which the op of its arguments is what it gave: -sin(x) is -y, at a sine."""
    y, xs = symbols(op.arity or 0)
    names = [x.name for x in xs]

    def of(s: Any) -> Any:
        if not isinstance(s, Symbol) or s.op is None:
            return s
        if s.op is op and [isinstance(a, Symbol) and a.name for a in s.args] == names:
            return y
        args = tuple(map(known, s.args))
        return s if all(a is b for a, b in zip(args, s.args, strict=True)) else Symbol("", s.op, args)

    found: dict[int, Any] = {}

    def known(s: Any) -> Any:
        if id(s) not in found:
            found[id(s)] = of(s)
        return found[id(s)]

    return known(s)


def _times(p: Any, d: Any) -> Any:
    for a, b in ((p, d), (d, p)):
        if not isinstance(a, Symbol):
            if a == 0.0:
                return 0.0
            if a == 1.0:
                return b
            if a == -1.0:
                return -b
    return p * d


def _plus(a: Any, b: Any) -> Any:
    return a + b if all(isinstance(x, Symbol) or x for x in (a, b)) else b if isinstance(b, Symbol) or b else a


def _plain_way(condition: Any) -> bool | None:
    """Which way a condition goes for a number with all its digits: `y == y` keeps a nan, `|y| < TINY` what has few."""
    if not isinstance(condition, Symbol) or condition.op not in (ops.equal, ops.less):
        return None
    left, right = condition.args
    if condition.op is ops.equal:
        return True if left is right else None
    return False if right is rules.TINY and isinstance(left, Symbol) and left.op is ops.abs_ else None
