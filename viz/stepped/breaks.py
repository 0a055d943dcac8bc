"""Breakpoints: turn what a person wrote in ``break_on=`` into positions of a trace."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from .recording import Moment, Trace

Test = Callable[[Moment], bool]

_ALLOWED = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.USub,
    ast.UAdd,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Pow,
    ast.Compare,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.Call,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.In,
    ast.NotIn,
)
_FIELDS = ("kind", "name", "op", "data", "grad", "upstream", "partial", "value", "before")
_FUNCTIONS: dict[str, Any] = {
    "abs": abs,
    "min": min,
    "max": max,
    "isnan": math.isnan,
    "isinf": math.isinf,
    "inf": math.inf,
    "nan": math.nan,
}


def _nan(m: Moment) -> bool:
    return math.isnan(m.grad) or math.isnan(m.data)


def _inf(m: Moment) -> bool:
    return math.isinf(m.grad) or math.isinf(m.data)


def _dead_relu(m: Moment) -> bool:
    """A relu that is off: its result is 0, so it passes nothing back."""
    kind = m.trace.kinds[m.trace.op[m.source]]
    return kind == "relu" and m.trace.data[m.source] <= 0 and m.kind != "seed"


WORDS: dict[str, Test] = {"nan": _nan, "inf": _inf, "dead relu": _dead_relu}


def positions(trace: Trace, break_on: Any) -> list[int]:
    """Positions p such that step p - 1, just taken, is one to stop at.

    ``break_on``: a label, an operation's symbol or name, a Value, one of 'nan', 'inf', 'dead relu', an
    expression such as ``"abs(grad) > 10"``, a function of a ``Moment``, or a list of these.
    ValueError says what is allowed.
    """
    if break_on is None:
        return []
    tests = [test_for(trace, one) for one in _listed(break_on)]
    return [p for p, m in enumerate(trace.moments(), 1) if any(test(m) for test in tests)]


def by_numbers(trace: Trace, break_on: Any) -> list[int]:
    """Those of the positions that the numbers decide, which are others with other numbers; a name, an operation or a Value stays."""
    lasting = [test for one in _listed(break_on) if (test := _named(trace, one))]
    if break_on is None or len(lasting) == len(_listed(break_on)):
        return []
    steps = list(enumerate(trace.moments(), 1))
    kept = {p for p, m in steps if any(test(m) for test in lasting)}
    return [p for p in positions(trace, break_on) if p not in kept]


def _listed(break_on: Any) -> list[Any]:
    return list(break_on) if isinstance(break_on, (list, tuple, set, frozenset)) else [break_on]


def _named(trace: Trace, wanted: Any) -> Test | None:
    """The predicate of a name, an operation or a Value; None for anything else."""
    if isinstance(wanted, str):
        if wanted in trace.names:
            return lambda m: m.name == wanted
        rows = {i for i, row in enumerate(trace.ops) if i and wanted in (row["s"], trace.kinds[i])}
        if rows:
            return lambda m: m.trace.op[m.source] in rows
        return None
    for place, value in enumerate(trace.values):
        if value is wanted:
            return lambda m: m.place == place
    return None


def test_for(trace: Trace, wanted: Any) -> Test:
    """The predicate that one item of ``break_on`` means for this trace."""
    if test := _named(trace, wanted):
        return test
    if isinstance(wanted, str):
        return WORDS.get(wanted) or _expression(trace, wanted)
    if callable(wanted):
        function: Callable[[Moment], Any] = wanted
        return lambda m: bool(function(m))
    raise ValueError(f"break_on={wanted!r} is no value of this graph; {_choices(trace)}")


def _expression(trace: Trace, text: str) -> Test:
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        raise ValueError(f"break_on={text!r} is not understood; {_choices(trace)}") from None
    for part in ast.walk(tree):
        unknown = isinstance(part, ast.Name) and part.id not in (*_FIELDS, *_FUNCTIONS)
        if not isinstance(part, _ALLOWED) or unknown:
            raise ValueError(f"break_on={text!r} is not understood; {_choices(trace)}")
    code = compile(tree, "<break_on>", "eval")

    def test(m: Moment) -> bool:
        scope = {**_FUNCTIONS, **{name: getattr(m, name) for name in _FIELDS}}
        try:
            return bool(eval(code, {"__builtins__": {}}, scope))
        except (ArithmeticError, ValueError):
            return False

    return test


def _choices(trace: Trace) -> str:
    labels = ", ".join(sorted({repr(name) for name in trace.names if name})[:8]) or "none"
    ops = ", ".join(sorted({repr(row["s"]) for row in trace.ops[1:]}))
    return (
        f"allowed: a label (here {labels}), an operation ({ops}), a Value of the graph, 'nan', 'inf', "
        f"'dead relu', a comparison of {', '.join(_FIELDS)}, or a function"
    )
