"""How each operation and its local derivatives are written: small MathML templates of our own.

A template has holes: ``{0}``, ``{1}`` … for the operands, ``{y}`` for the result. A hole written ``{0:}``
takes its number bare, the others put a negative number in parentheses. The page fills the holes with
names or with numbers, so that one template gives both `d = e + c` and `d = −6 + 10`.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from html import escape
from typing import Any


def _o(sign: str) -> str:
    return f"<mo>{escape(sign)}</mo>"


def _n(x: float) -> str:
    text = f"{x:g}".replace("-", "−")
    return f"<mn>{text}</mn>"


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _frac(top: str, bottom: str) -> str:
    return f"<mfrac>{_row(top)}{_row(bottom)}</mfrac>"


def _sup(base: str, power: str) -> str:
    return f"<msup>{_row(base)}{_row(power)}</msup>"


def _root(x: str) -> str:
    return f"<msqrt>{_row(x)}</msqrt>"


def _call(name: str, *args: str) -> str:
    inside = _o(",").join(args)
    return f"<mi>{escape(name)}</mi>{_o('(')}{inside}{_o(')')}"


def _paren(x: str) -> str:
    return f"{_o('(')}{x}{_o(')')}"


_a, _b, _y, _A, _B, _Y = "{0}", "{1}", "{y}", "{0:}", "{1:}", "{y:}"
_one, _two, _dot, _minus, _plus = _n(1), _n(2), _o("·"), _o("−"), _o("+")
_step = f"{_one}{_o('if')}{_a}{_o('>')}{_n(0)}{_o('else')}{_n(0)}"

#: name -> (how the operation is written, how ∂result/∂operand is written for each operand)
TEMPLATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "add": (_A + _plus + _b, (_one, _one)),
    "sub": (_A + _minus + _b, (_one, _n(-1))),
    "mul": (_A + _dot + _b, (_B, _A)),
    "div": (_frac(_A, _B), (_frac(_one, _B), _minus + _frac(_A, _sup(_b, _two)))),
    "neg": (_minus + _a, (_n(-1),)),
    "pow": (
        _sup(_a, _B),
        (_B + _dot + _sup(_a, _row(_B, _minus, _one)), _sup(_a, _B) + _dot + _call("ln", _A)),
    ),
    "exp": (_sup("<mi>e</mi>", _A), (_Y,)),
    "log": (_call("ln", _A), (_frac(_one, _A),)),
    "sqrt": (_root(_A), (_frac(_one, _two + _dot + _y),)),
    "relu": (_call("ReLU", _A), (_step,)),
    "tanh": (_call("tanh", _A), (_one + _minus + _sup(_y, _two),)),
    "sigmoid": (_call("σ", _A), (_Y + _dot + _paren(_one + _minus + _y),)),
    "softplus": (_call("softplus", _A), (_call("σ", _A),)),
    "sin": (_call("sin", _A), (_call("cos", _A),)),
    "cos": (_call("cos", _A), (_minus + _call("sin", _A),)),
    "tan": (_call("tan", _A), (_one + _plus + _sup(_y, _two),)),
    "abs": (f"{_o('|')}{_A}{_o('|')}", (_call("sign", _A),)),
    "sinh": (_call("sinh", _A), (_call("cosh", _A),)),
    "cosh": (_call("cosh", _A), (_call("sinh", _A),)),
    "square": (_sup(_a, _two), (_two + _dot + _a,)),
    "reciprocal": (_frac(_one, _A), (_minus + _frac(_one, _sup(_a, _two)),)),
    "atan": (_call("atan", _A), (_frac(_one, _one + _plus + _sup(_a, _two)),)),
    "asin": (_call("asin", _A), (_frac(_one, _root(_one + _minus + _sup(_a, _two))),)),
    "acos": (_call("acos", _A), (_minus + _frac(_one, _root(_one + _minus + _sup(_a, _two))),)),
    "expm1": (_sup("<mi>e</mi>", _A) + _minus + _one, (_sup("<mi>e</mi>", _A),)),
    "log1p": (_call("ln", _one + _plus + _a), (_frac(_one, _one + _plus + _a),)),
    "maximum": (_call("max", _A, _B), ()),
    "minimum": (_call("min", _A, _B), ()),
}

#: display symbols (ours, and what students' classes use) -> name of the operation
SYMBOLS = {
    "+": "add",
    "-": "sub",
    "−": "sub",
    "*": "mul",
    "·": "mul",
    "×": "mul",
    "/": "div",
    "**": "pow",
    "^": "pow",
    "ReLU": "relu",
    "Tanh": "tanh",
    "ln": "log",
    "max": "maximum",
    "min": "minimum",
    "σ": "sigmoid",
    "logistic": "sigmoid",
    "u-": "neg",
    "negate": "neg",
    "Sigmoid": "sigmoid",
}
SIGNS = {"*": "×", "-": "−", "/": "÷", "neg": "−x"}  # what stands in the picture
_CONST_POW = re.compile(r"^(?:\*\*|\^)\s*\(?(-?[\d.]+(?:e[-+]?\d+)?)\)?$")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def identify(node: Any) -> tuple[str, str, tuple[float, ...]]:
    """(name, display symbol, constant parameters) of the operation that made ``node``; '' on leaves."""
    symbol = str(getattr(node, "_op", "") or "")
    row: Any = getattr(node, "op", None)
    if hasattr(row, "name") and getattr(row, "partials", ()) is not None:  # a row of the table
        return str(row.name), symbol or str(row.symbol), tuple(row.params or ())
    power = _CONST_POW.match(symbol)
    if power:
        return "pow", symbol, (float(power[1]),)
    return SYMBOLS.get(symbol, symbol.lower() if symbol in ("EXP", "LOG") else symbol), symbol, ()


def template(name: str, symbol: str, params: tuple[float, ...], arity: int) -> dict[str, Any]:
    """The trace's row for one operation: symbol ``s``, form ``f``, local derivatives ``d``.

    ``d`` may be shorter than the number of operands: the page then writes the plain ∂y/∂x alone.
    """
    if name == "pow" and len(params) == 1 and arity == 1:
        p = params[0]
        lower = _a if p == 2 else _sup(_a, _n(p - 1))
        slope = _n(p) + _dot + lower if p != 1 else _one
        return {"s": symbol, "f": _sup(_a, _n(p)), "d": [slope], "k": _superscript(symbol, p)}
    if name in TEMPLATES and not params:
        form, slopes = TEMPLATES[name]
        if len(slopes) == arity or name in ("maximum", "minimum"):
            row = {"s": symbol, "f": form, "d": list(slopes)}
            return row | {"k": SIGNS[symbol]} if symbol in SIGNS else row
    if name in ("sum", "mean"):
        form = _o("+").join(_holes(arity))
        return {"s": symbol, "f": form, "d": [_one] * arity if name == "sum" else []}
    if name == "dot" and arity % 2 == 0:
        half = arity // 2
        left, right = _holes(half), _holes(half, half)
        form = _plus.join(x + _dot + y for x, y in zip(left, right, strict=True))
        return {"s": symbol, "f": form, "d": [f"{{{(i + half) % arity}:}}" for i in range(arity)]}
    extra = [_n(p) for p in params]
    return {"s": symbol, "f": _call(symbol or name or "f", *_holes(arity), *extra), "d": []}


def _holes(count: int, start: int = 0) -> list[str]:
    if count <= 8:
        return [f"{{{i}{':' if i == start else ''}}}" for i in range(start, start + count)]
    return [*_holes(3, start), "<mo>…</mo>", f"{{{start + count - 1}}}"]


def _superscript(symbol: str, p: float) -> str:
    return "xᵖ" if not p.is_integer() else "x" + f"{p:g}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def fmt(x: float) -> str:
    """A number as the page shows it: four significant digits, whole numbers in full.

    >>> fmt(-6.0), fmt(0.70710678), fmt(1.23456e-7), fmt(float("inf")), fmt(123456.7)
    ('−6', '0.7071', '1.235e−7', '∞', '123500')
    """
    if x != x:
        return "nan"
    if abs(x) == float("inf"):
        return "∞" if x > 0 else "−∞"
    if x == int(x) and abs(x) < 1e6:
        return str(int(x)).replace("-", "−")
    digits = Decimal(x).normalize(Context(prec=4, rounding=ROUND_HALF_UP))
    if Decimal("1e-4") <= abs(digits) < 10**6:
        return f"{digits:f}".replace("-", "−")
    mantissa, _, power = f"{digits:e}".partition("e")
    return f"{mantissa}e{int(power)}".replace("-", "−")


def subscript(number: int) -> str:
    """12 -> '₁₂', for the names of values that have none."""
    return str(number).translate(_SUBSCRIPTS)
