"""The code of `error_bound`'s two passes: for each op a function that carries errors forward, and one that carries them back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from micrograd import ops
from micrograd.ops.op import Op, Symbol, compile_function, source
from micrograd.ops.symbol import names as names_in
from micrograd.pull import ARGS, constants, live, picks, symbols

U = 1.0001 * 2.0**-53  # of one rounding, and of those of the bounds themselves; both passes count in these
VALUE, PARTIAL = 5.0, 6.0  # 2.5 and 3 ulp
LEAST = 16 * 5e-324  # how far off a number may be that is too small to have all its digits; a slope may be, with a large number above it
TINY = LEAST / U
ONCE = {"add", "sub", "mul", "div", "sqrt"}
NEVER = {
    "neg", "abs", "relu", "maximum", "minimum", "where", "less", "equal", "sign", "step", "floor", "ceil", "trunc", "round",
    "shift", "clamp",
}  # fmt: skip


def passes(op: Any) -> tuple[Callable[..., None], Callable[..., None]]:
    """(forward(node, e), backward(node, e, r)): what a node adds to the errors."""
    if not hasattr(op, "forward") or op.partials is None:
        return _unknown_value, _unknown_gradient
    if op.arity is None:
        return (_shifted if op.name == "shift" else _summed), _spread
    form, numbers = op.form()
    try:
        return tuple(make(*numbers) for make in _compiled(form))
    except TypeError:  # a rule that cannot be read
        return _unknown_value, _unknown_gradient


def _unknown_value(v: Any, e: Any) -> None:
    e[v] = math.inf
    for a in v.args:
        e[a]


def _unknown_gradient(v: Any, e: Any, r: Any) -> None:
    v.op.pull(v)
    for a in v.args:
        r[a] = math.inf


def _summed(v: Any, e: Any) -> None:
    """A sum, or a dot product, from left to right: u times each partial sum, which no more than all terms in size."""
    args = v.args
    xs = [a._data for a in args]
    slopes = [abs(p) for p in v.op.gradient(v._data, xs)]
    n = len(args)
    e[v] = math.fsum(p * e[a] for p, a in zip(slopes, args, strict=True)) + n * math.fsum(
        p * abs(x) for p, x in zip(slopes, xs, strict=True)
    )


def _shifted(v: Any, e: Any) -> None:
    e[v] = max([e[a] for a in v.args], default=0.0)


def _spread(v: Any, e: Any, r: Any) -> None:
    args = v.args
    g, rg = v.grad, r[v]
    if v.op.name == "shift":
        return
    half = len(args) // 2
    for i, (a, p) in enumerate(zip(args, v.op.gradient(v._data, [a._data for a in args]), strict=True)):
        ep = 0.0 if p == 1.0 else e[args[(i + half) % len(args)]]
        _add(a, g * p, abs(p) * rg + abs(g) * ep + abs(g * p) + TINY, r)


def _add(a: Any, term: float, error: float, r: Any) -> None:
    before = a.grad
    a.grad = after = before + term
    r[a] += error + (abs(after) if before else 0.0)


@lru_cache(maxsize=1024)
def _compiled(op: Op) -> tuple[Callable[..., Any], Callable[..., Any]]:
    n = op.arity or 0
    if not 0 < n <= len(ARGS):
        raise TypeError(f"{op.name} has {op.arity} arguments")
    y, xs = symbols(n)
    partials = op.gradient(y, xs)
    named = [c.name for c in constants(op)]
    places = {x.name: f"{arg}._data" for x, arg in zip(xs, ARGS, strict=False)} | {"y": "node._data"}
    args = ["a = node._a", *(["b = node._b"] if n == 2 else [])] if n < 3 else [f"{', '.join(ARGS[:n])} = node._b"]
    errors = {name: f"e[{arg}]" for name, arg in zip((x.name for x in xs), ARGS, strict=False)} | {"y": "e[node]"}
    made = []
    for write in (_forward, _backward):
        expressions, lines = write(op, partials, [x.name for x in xs], errors)
        body, texts = source(expressions)
        data = [f"{name} = {place}" for name, place in places.items() if name in names_in(expressions)]
        code = [line.format(*texts) for line in lines]
        signature = "node, e" if write is _forward else "node, e, r"
        inner = [f"def errors_{op.name}({signature}):", *(f"    {line}" for line in (*args, *data, *body, *code))]
        made.append(compile_function("made", named, [*inner, f"return errors_{op.name}"]))
    return made[0], made[1]


def _forward(op: Op, partials: Sequence[Any], names: Sequence[str], errors: dict[str, str]) -> tuple[list[Any], list[str]]:
    expressions: list[Any] = []
    terms, unread = [], []
    for p, name in zip(partials, names, strict=True):
        condition, size = _sized(p, expressions)
        known = errors[name]
        if size == "0":
            unread.append(known)
        elif size == "1":
            terms.append(known)
        else:
            terms.append(f"{size} * {known}" if _plain(p) else f"({known} and {condition}({size} + {LEAST!r}) * {known})")
    own = 0.0 if op.name in NEVER else 1.0 if op.name in ONCE else VALUE
    if own:
        terms.append(f"{'' if own == 1.0 else f'{own!r} * '}abs(node._data)")
        if op.name not in ("add", "sub"):  # x · 0 is 0
            terms.append(f"({TINY!r} if {' and '.join(f'{arg}._data' for arg in ARGS[: len(names)])} else 0.0)")
    return expressions, [f"e[node] = {' + '.join(terms) or '0.0'}", *unread]


def _plain(p: Any) -> bool:
    """Whether a partial is a number, or one of the graph: finite where they are."""
    return not isinstance(p, Symbol) or p.op is None


def _sized(p: Any, expressions: list[Any]) -> tuple[str, str]:
    """(a condition under which something passes, |p|) as text with places for expressions."""
    if not isinstance(p, Symbol):
        return "", repr(abs(float(p))) if abs(p) not in (0.0, 1.0) else "1" if p else "0"
    passes = live(p)
    condition = ""
    if isinstance(passes, Symbol):
        expressions.append(passes)
        condition = f"bool({{{len(expressions) - 1}}}) and "
    expressions.append(p)
    return condition, f"abs({{{len(expressions) - 1}}})"


def _backward(op: Op, partials: Sequence[Any], names: Sequence[str], errors: dict[str, str]) -> tuple[list[Any], list[str]]:
    expressions: list[Any] = []
    lines = ["g = node.grad", "rg = r[node]", *(["size = abs(g)"] if any(_sized(p, [])[1] not in "01" for p in partials) else [])]
    for arg, p in zip(ARGS, partials, strict=False):
        condition, size = _sized(p, expressions)
        if size == "0":
            continue
        text = f"{{{len(expressions) - 1}}}" if isinstance(p, Symbol) else repr(float(p))
        inner, terms = [], []
        if size == "1":
            inner.append(f"term = {'g' if p > 0 else '-g'}")
            terms.append("rg")
        else:
            if not _plain(p):
                inner.append(f"p = {text}")
                text = "p"
            inner.append(f"term = g * {text}")
            rough = 1.0 + _rounding(p)
            if rough == 1.0:
                terms.append(f"abs({text}) * (rg + size) + {TINY!r}")
            else:
                terms.append(f"abs({text}) * (rg + {rough!r} * size) + {LEAST!r} * rg + {TINY!r} * size + {TINY!r}")
            for name in ("y", *names):
                slope = derivative(p, name) if isinstance(p, Symbol) else 0.0
                known = errors[name]
                if isinstance(slope, Symbol):
                    expressions.append(slope)
                    terms.append(f"({known} and (abs(g * {{{len(expressions) - 1}}}) + {LEAST!r} * (1.0 + size)) * {known})")
                elif slope:
                    terms.append(f"size * {known}" if abs(slope) == 1.0 else f"size * {abs(slope)!r} * {known}")
        inner += [f"before = {arg}.grad", f"{arg}.grad = after = before + term"]
        inner.append(f"r[{arg}] += {' + '.join(terms)} + (abs(after) if before else 0.0)")
        lines += [f"if {condition[:-5]}:", *(f"    {line}" for line in inner)] if condition else inner
    return expressions, lines


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
            return ops.where(s.args[0], yes, no) if isinstance(yes, Symbol) or isinstance(no, Symbol) or yes != no else yes
        if picks(op):
            return 0.0
        inner = [of(a) for a in s.args]
        if not any(isinstance(d, Symbol) or d for d in inner):
            return 0.0
        found: Any = 0.0
        for p, d in zip(op.gradient(s, s.args), inner, strict=True):
            term = _times(p, d)
            found = (
                term
                if not isinstance(found, Symbol) and found == 0.0
                else found
                if not isinstance(term, Symbol) and term == 0.0
                else found + term
            )
        return found

    return of(s)


def _times(p: Any, d: Any) -> Any:
    for a, b in ((p, d), (d, p)):
        if not isinstance(a, Symbol):
            if a == 0.0:
                return 0.0
            if a == 1.0:
                return b
    return p * d
