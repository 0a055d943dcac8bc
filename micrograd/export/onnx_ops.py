"""The table's column for ONNX: how each primitive is built of operators that ONNX Runtime has for doubles.

It lacks most inverse and hyperbolic functions there: those are written in the others (log1p and expm1 in forms that keep their digits,
the arc tangent as its float32 corrected by a step of Newton's, erf by its series and by the table's own tail). `nodes` is the writer.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, inf, log, pi, sqrt
from typing import Any

from micrograd import ops
from micrograd.ops import rules

Build = Callable[..., Any]

PLAIN = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "neg": "Neg", "abs": "Abs", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "sin": "Sin", "cos": "Cos", "floor": "Floor", "ceil": "Ceil", "round": "Round", "pow": "Pow", "power": "Pow", "sign": "Sign",
    "tanh": "Tanh",
}  # fmt: skip


def _larger(n: Any, a: Any, b: Any) -> Any:
    """A nan where either is one; of 0.0 and -0.0 the first."""
    both = n("And", n("Equal", a, b), n("Equal", a, n.number(0.0)))
    found = n(
        "Where", n("Greater", a, b), a, n("Where", n("Less", a, b), b, n("Add", n("Mul", n.number(0.5), a), n("Mul", n.number(0.5), b)))
    )
    return n("Where", both, n("Add", a, b), found)


def _smaller(n: Any, a: Any, b: Any) -> Any:
    return n("Neg", _larger(n, n("Neg", a), n("Neg", b)))


def _relu(n: Any, x: Any) -> Any:
    return n("Where", n("LessOrEqual", x, n.number(0.0)), n.number(0.0), x)


def _atan(n: Any, x: Any) -> Any:
    near = n("Cast", n("Atan", n("Cast", x, to=1)), to=11)
    t = n("Div", n("Sin", near), n("Cos", near))
    far = n("Greater", n("Abs", x), n.number(1e7))  # 1/x further out: x - t would lose
    step = n("Div", n("Sub", x, t), n("Add", n.number(1.0), n("Mul", x, t)))
    outer = n("Sub", n("Mul", n("Sign", x), n.number(pi / 2)), n("Div", n.number(1.0), x))
    small = n("Less", n("Abs", x), n.number(1e-8))
    return n("Where", small, x, n("Where", far, outer, n("Add", near, step)))


def _atan2(n: Any, a: Any, b: Any) -> Any:
    at = _atan(n, n("Div", a, b))
    below = n("Or", n("Less", a, n.number(0.0)), n("Less", n("Div", n.number(1.0), a), n.number(0.0)))  # -0.0 too
    side = n("Where", below, n.number(-pi), n.number(pi))
    found = n("Where", n("Less", b, n.number(0.0)), n("Add", at, side), at)
    upright = n("Mul", n("Sign", a), n.number(pi / 2))
    return n("Where", n("Equal", b, n.number(0.0)), upright, found)


def _log1p(n: Any, x: Any) -> Any:
    u = n("Add", n.number(1.0), x)
    d = n("Sub", u, n.number(1.0))
    near = n("Mul", n("Log", u), n("Div", x, d))
    return n("Where", n("Equal", d, n.number(0.0)), x, n("Where", n("Greater", u, n.number(1e300)), n("Log", u), near))


def _expm1(n: Any, x: Any) -> Any:
    """(eˣ - 1) = tanh(x/2)·(eˣ + 1), where that does not overflow."""
    e = n("Exp", x)
    near = n("Mul", n("Tanh", n("Mul", x, n.number(0.5))), n("Add", e, n.number(1.0)))
    return n("Where", n("Less", n("Abs", x), n.number(1.0)), near, n("Sub", e, n.number(1.0)))


def _mod(n: Any, a: Any, b: Any) -> Any:
    r = n("Mod", a, b, fmod=1)
    other = n("Not", n("Equal", n("Cast", n("Less", r, n.number(0.0)), to=7), n("Cast", n("Less", b, n.number(0.0)), to=7)))
    shifted = n("And", other, n("Not", n("Equal", r, n.number(0.0))))
    return n("Where", n("Equal", b, n.number(0.0)), n.number(float("nan")), n("Where", shifted, n("Add", r, b), r))


BUILT: dict[str, Build] = {
    **{name: (lambda n, *xs, op=op: n(op, *xs)) for name, op in PLAIN.items()},
    "less": lambda n, a, b: n("Cast", n("Less", a, b), to=11),
    "equal": lambda n, a, b: n("Cast", n("Equal", a, b), to=11),
    "where": lambda n, c, a, b: n("Where", n("Not", n("Equal", c, n.number(0.0))), a, b),
    "maximum": _larger, "minimum": _smaller, "relu": _relu, "atan": _atan, "atan2": _atan2, "log1p": _log1p, "expm1": _expm1, "mod": _mod,
    "trunc": lambda n, x: n("Mul", n("Sign", x), n("Floor", n("Abs", x))),
    "exp2": lambda n, x: n("Pow", n.number(2.0), x),
    "log2": lambda n, x: n("Div", n("Log", x), n.number(log(2.0))),
    "log10": lambda n, x: n("Div", n("Log", x), n.number(log(10.0))),
}  # fmt: skip


# --- written in other rows of the table ---------------------------------------------------------------------------------


def _half(x: Any) -> Any:
    """√((1 - x)(1 + x)): the other side of the triangle."""
    return ops.sqrt((1.0 - x) * (1.0 + x))


def _odd(x: Any, f: Callable[[Any], Any]) -> Any:
    """f of |x|, with the sign of x."""
    found = f(ops.abs_(x))
    return ops.where(ops.less(x, 0.0), -found, ops.where(ops.equal(x, 0.0), x, found))


def _erf(x: Any) -> Any:
    """Its Taylor series within 0.67, 1 - 2Φ(-x√2) outside."""
    square, series = x * x, 0.0
    for k in range(17, -1, -1):
        series = series * square + (-1.0) ** k / (factorial(k) * (2 * k + 1))
    outside = _odd(x, lambda z: 1.0 - 2.0 * rules.lower(rules.capped(z * sqrt(2.0))))
    return ops.where(ops.less(ops.abs_(x), 0.67), x * series * (2.0 / sqrt(pi)), outside)


def _asinh(z: Any) -> Any:
    near = ops.log1p(z + ops.div(z * z, 1.0 + ops.sqrt(1.0 + z * z)))
    return ops.where(ops.less(z, 1e8), near, ops.log_(z) + log(2.0))


def _acosh(x: Any) -> Any:
    d = x - 1.0
    return ops.where(ops.less(x, 1e8), ops.log1p(d + ops.sqrt(d) * ops.sqrt(x + 1.0)), ops.log_(x) + log(2.0))


def _hypot(a: Any, b: Any) -> Any:
    a, b = ops.abs_(a), ops.abs_(b)
    longer, shorter = ops.maximum(a, b), ops.minimum(a, b)
    ratio = ops.div(shorter, longer)
    found = ops.where(ops.equal(longer, 0.0), longer, longer * ops.sqrt(1.0 + ratio * ratio))
    return ops.where(ops.equal(a, inf), a, ops.where(ops.equal(b, inf), b, found))


def _cbrt(x: Any) -> Any:
    def root(z: Any) -> Any:
        y = ops.power.bind(1.0 / 3.0)(z)
        closer = y - ops.div(y - ops.div(z, y * y), 3.0)
        return ops.where(ops.less(z, inf), closer, z)

    return _odd(x, root)


WRITTEN: dict[str, Build] = {
    "tan": lambda x: ops.div(ops.sin(x), ops.cos(x)),
    "asin": lambda x: 2.0 * ops.atan(ops.div(x, 1.0 + _half(x))),
    "acos": lambda x: 2.0 * ops.atan(ops.sqrt(ops.div(1.0 - x, 1.0 + x))),
    "sinh": lambda x: ops.where(ops.less(ops.abs_(x), 1.0), ops.tanh(x) * ops.cosh(x), 0.5 * (ops.exp(x) - ops.exp(-x))),
    "cosh": lambda x: 0.5 * (ops.exp(x) + ops.exp(-x)),
    "asinh": lambda x: _odd(x, _asinh), "acosh": _acosh,
    "atanh": lambda x: _odd(x, lambda z: 0.5 * ops.log1p(ops.div(2.0 * z, 1.0 - z))),
    "erf": _erf, "hypot": _hypot, "cbrt": _cbrt, "gauss": lambda x, k: ops.exp(-k * x * x),
}  # fmt: skip
KNOWN = dict.fromkeys((*BUILT, *WRITTEN), "")  # as templates, for those who ask which ops a home knows
