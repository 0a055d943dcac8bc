"""What a person may have meant: the nearest name, and what other notations write in their own way."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from micrograd.nearest import nearest

# Signs of other notations: what to write here.
SIGNS = {
    ".": "'.' reaches into an object, and there are only numbers here: write tanh(x) for x.tanh()",
    "^": "'^' is not a power here: write x**2",
    "//": "'//' is not differentiable: write a/b, or floor(a/b)",
    "=": "'=' names a whole statement: write name = expression, and `;` between statements",
    **dict.fromkeys("×·⋅∙•∗＊", "a product is written *"), **dict.fromkeys("÷／∕", "a quotient is written /"),
    **dict.fromkeys("−–—‑‐－", "a minus is written -"), "⁻": "a power is written x**-1", "@": "a sum of products is dot([…], […])",
    "√": "a root may stand here as sqrt(x), not '√'", "∛": "a root may stand here as cbrt(x), not '∛'",
    "|": "an absolute value may stand here as abs(x), not '|'", "!": "an operator may stand here, not '!': there are no factorials",
    "≤": "'≤' compares: write 1 - less(b, a)", "≥": "'≥' compares: write 1 - less(a, b)",
    "π": "'π' is written pi", "∞": "'∞' is written inf",
}  # fmt: skip
for _c, _write in (("<", "less(a, b)"), (">", "less(b, a)"), ("==", "equal(a, b)"), ("!=", "1 - equal(a, b)"),
                   ("<=", "1 - less(b, a)"), (">=", "1 - less(a, b)")):  # fmt: skip
    SIGNS[_c] = f"{_c!r} compares: write {_write} for a {_c} b, and where(condition, a, b) to choose"

# Functions under the names that they have elsewhere.
ELSEWHERE = {
    "ln": "log", "lg": "log10", "ld": "log2", "logistic": "sigmoid", "sigma": "sigmoid", "σ": "sigmoid", "expit": "sigmoid",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "tg": "tan", "tgh": "tanh", "sh": "sinh", "ch": "cosh", "th": "tanh", "absolute": "abs", "fabs": "abs",
    "avg": "mean", "average": "mean", "total": "sum", "rectifier": "relu", "heaviside": "step", "lrelu": "leaky_relu", "swish": "silu",
    "square": "x**2", "root": "sqrt", "wurzel": "sqrt", "add_n": "sum", "inner": "dot", "if": "where", "value": "the number alone",
}  # fmt: skip
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_INDICES = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def is_name(text: str) -> bool:
    """May this name a value? A Python identifier, or one with an index as print writes it: x₁."""
    return text.translate(_INDICES).isidentifier()


def meant(name: str, words: Iterable[str]) -> str:
    """The word that was meant by `name`, under the name that it has elsewhere or with a slip of the pen, "" when none is near.

    >>> meant("ln", ["log", "sin"]), meant("tahn", ["tan", "tanh"]), meant("q", ["x", "y"])
    ('log', 'tanh', '')
    """
    known = list(words)
    elsewhere = ELSEWHERE.get(name.lower(), "")
    return elsewhere if elsewhere in known else nearest(name, known)


def no_value(name: str, others: Sequence[str], near: Iterable[str]) -> str:
    """What to say of a name without a value; `others` have none either, `near` are names that may be meant."""
    if name in SIGNS or raised(name):
        return SIGNS.get(name) or f"{name!r:.40} has no value: a power is written {raised(name):.40}"
    also = f" (nor {'has' if len(others) == 1 else 'have'} {', '.join(w[:40] for w in others[:8])})" if others else ""
    near = list(near)
    if len(name) == 1 and not name.isdigit() and (number := unicodedata.numeric(name, None)) is not None:
        return f"{name!r} is written {number:.4g}"
    close = _product(name, near) or did_you_mean(name, near) or (" (or exp(x) for e**x)" if name == "e" else "")
    return f"{name!r:.40} has no value{also}: add {name:.40}=1.5, say{close}"


def _product(name: str, known: Sequence[str]) -> str:
    """What to write for `xy` where x and y are known."""
    for cut in range(1, min(len(name), 40)):
        if name[:cut] in known and name[cut:] in known and name[:cut] != name[cut:]:
            return f"; a product is written {name[:cut]}*{name[cut:]}"
    return ""


def no_function(name: str, functions: Iterable[str]) -> str:
    """What to say of a function that there is not."""
    functions = list(functions)
    if power := raised(name):
        base, _, exponent = power.partition("**")
        if base in functions:
            return f"a power of a function is written {base}(x)**{exponent}"
    close, elsewhere = did_you_mean(name, functions), ELSEWHERE.get(name.lower(), "")
    return f"there is no function {name!r:.40}{close or (elsewhere and f': write {elsewhere}')}"


def did_you_mean(name: str, words: Iterable[str]) -> str:
    """`; did you mean 'tanh'?`, or ""."""
    found = meant(name, words)
    return f"; did you mean {found!r}?" if found else ""


def raised(name: str) -> str:
    """`x**2` for `x²`, "" for a name without a raised digit.

    >>> raised("x²"), raised("x₁"), raised("x")
    ('x**2', '', '')
    """
    base = name.rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return f"{base}**{name[len(base) :].translate(_POWERS)}" if base != name else ""
