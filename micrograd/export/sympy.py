"""SymPy: a graph as one expression, in the textbook's form of every op."""

from __future__ import annotations

import importlib
from typing import Any

from micrograd.engine import Value
from micrograd.ops.op import Op


def to_sympy(root: Value) -> Any:
    """The expression that a graph computes, as SymPy's, with a real symbol for each leaf that has a label, and for each without a number.

    Two leaves of one label are told apart by a number after it. What selects becomes Piecewise, Max and Min. It is for mathematics
    (`diff`, `simplify`, `latex`, `evalf`): SymPy knows no signed zeros, and answers the kinks of a function in its own way.

    >>> from micrograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> to_sympy((a * b).tanh() + 1.5)                                        # doctest: +SKIP
    tanh(a*b) + 1.5

    Raises ImportError without SymPy, ValueError for an op that has no form there.
    """
    if not isinstance(root, Value):
        raise TypeError(f"to_sympy takes a Value, not {type(root).__name__}: {root!r:.80}")
    try:
        sympy = importlib.import_module("sympy")
    except ImportError as error:
        raise ImportError("to_sympy needs SymPy: pip install sympy") from error
    column = _column(sympy)
    found: dict[Value, Any] = {}
    used: set[str] = set()
    for v in root.topological():
        if v.op is not None:
            found[v] = _applied(column, v.op, [found[a] for a in v.args])
        elif v.label:
            found[v] = sympy.Symbol(_fresh(v.label, used), real=True)
        else:
            found[v] = sympy.Integer(int(v.data)) if v.data == v.data and v.data.is_integer() else sympy.Float(v.data, 17)
    return found[root]


def _fresh(label: str, used: set[str]) -> str:
    name, k = label, 1
    while name in used:
        k += 1
        name = f"{label}_{k}"
    used.add(name)
    return name


def _applied(column: dict[str, Any], op: Op, xs: list[Any]) -> Any:
    form = column.get(op.name)
    if form is None:
        raise ValueError(f"the op {op.name!r} has no form in SymPy")
    return form(*xs, *op.params)


def _column(s: Any) -> dict[str, Any]:
    """The ops of the table in SymPy."""
    half, root2 = s.Rational(1, 2), s.sqrt(2)

    def where(c: Any, a: Any, b: Any) -> Any:
        return s.Piecewise((a, s.Ne(c, 0)), (b, True))

    def test(condition: Any) -> Any:
        return s.Piecewise((1, condition), (0, True))

    def cbrt(x: Any) -> Any:
        return s.sign(x) * s.Abs(x) ** s.Rational(1, 3)

    def mod(a: Any, b: Any) -> Any:
        return a - b * s.floor(a / b)

    def power(a: Any, p: Any) -> Any:
        return a ** (s.nsimplify(p) if isinstance(p, float) and (2.0 * p).is_integer() else p)

    def normal_cdf(x: Any) -> Any:
        return s.erfc(-x / root2) / 2

    def dot(*xs: Any) -> Any:
        n = len(xs) // 2
        return s.Add(*(a * b for a, b in zip(xs[:n], xs[n:], strict=True)))

    def clamp(x: Any, low: Any, high: Any) -> Any:
        return s.Min(s.Max(x, low), high)

    def trunc(x: Any) -> Any:
        return s.sign(x) * s.floor(s.Abs(x))

    plain = "exp sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh sqrt log erf erfc floor sign"
    return {name: getattr(s, name) for name in plain.split()} | {
        "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "neg": lambda x: -x,
        "abs": s.Abs, "pow": power, "power": power, "where": where,
        "less": lambda a, b: test(a < b), "equal": lambda a, b: test(s.Eq(a, b)),
        "step": lambda x: test(x > 0), "ceil": s.ceiling, "trunc": trunc, "mod": mod,
        "round": lambda x: s.Piecewise((2 * s.floor(x / 2 + s.Rational(1, 4)), s.Eq(x - s.floor(x), half)), (s.floor(x + half), True)),
        "expm1": lambda x: s.exp(x) - 1, "exp2": lambda x: s.Integer(2) ** x, "log1p": lambda x: s.log(1 + x),
        "log2": lambda x: s.log(x) / s.log(2), "log10": lambda x: s.log(x) / s.log(10), "cbrt": cbrt,
        "relu": lambda x: s.Max(x, 0), "leaky_relu": lambda x, slope: s.Piecewise((x, x > 0), (slope * x, True)),
        "elu": lambda x, alpha: s.Piecewise((x, x > 0), (alpha * (s.exp(x) - 1), True)),
        "sigmoid": lambda x: 1 / (1 + s.exp(-x)), "softplus": lambda x: s.log(1 + s.exp(x)), "log_sigmoid": lambda x: -s.log(1 + s.exp(-x)),
        "silu": lambda x: x / (1 + s.exp(-x)), "gauss": lambda x, k: s.exp(-k * x**2), "normal_cdf": normal_cdf,
        "gelu": lambda x: x * normal_cdf(x), "hypot": lambda a, b: s.sqrt(a**2 + b**2), "maximum": s.Max, "minimum": s.Min,
        "clamp": clamp, "sum": lambda *xs: s.Add(*xs), "dot": dot, "shift": s.Max, "detach": lambda x: x,
    }  # fmt: skip
