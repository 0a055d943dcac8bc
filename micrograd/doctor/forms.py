"""The operations that a scalar engine has, each as one would write it, its value and derivatives said independently of any engine."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from micrograd.ops import TABLE

Rule = Callable[..., float]


class Form(NamedTuple):
    """One way of writing an operation: ``2 - a`` is another than ``a - b``, though both subtract.

    text: with the names a and b of its Values. run: does it, with a student's objects (or floats). value, slopes: the result and its
    derivatives by each Value, on floats. points: numbers at which it is asked. method: what Python calls for it. rivals: named wrong
    derivatives of each Value, ((name, rule), …), and of the value, as people write them.
    """

    key: str
    text: str
    run: Callable[..., Any]
    value: Rule
    slopes: tuple[Rule, ...]
    points: tuple[tuple[float, ...], ...]
    method: str
    kind: str
    rivals: tuple[tuple[tuple[str, Rule], ...], ...] = ()
    other_values: tuple[tuple[str, Rule], ...] = ()

    def written(self, names: Sequence[str]) -> str:
        """The text with other names."""
        return "".join(_filled(self.text, names))


def _filled(text: str, names: Sequence[str]) -> list[str]:
    """The letters a and b that stand alone are names; those in `tanh` are not."""
    out = []
    for i, c in enumerate(text):
        alone = (i == 0 or not (text[i - 1].isalnum() or text[i - 1] == ".")) and (i + 1 == len(text) or not text[i + 1].isalnum())
        out.append(names["ab".index(c)] if c in "ab" and alone and "ab".index(c) < len(names) else c)
    return out


TWO = ((1.7, 0.6), (0.35, -2.2), (-1.3, 0.45))
POSITIVE = ((1.7, 0.6), (0.35, 2.2), (2.3, 1.4))
ONE = ((1.7,), (-0.9,), (0.35,))
ABOVE = ((1.7,), (0.6,), (2.4,))


def _n_rivals(n: float) -> tuple[tuple[str, Rule], ...]:
    """Wrong derivatives of a**n."""
    return (
        ("the factor n is missing: a**(n-1)", lambda y, a: a ** (n - 1)),
        ("the exponent is not reduced: n * a**n", lambda y, a: n * y),
        ("n * a: the power is missing", lambda y, a: n * a),
        ("(n-1) * a**(n-1)", lambda y, a: (n - 1) * a ** (n - 1)),
        ("(n-1) * a**n", lambda y, a: (n - 1) * a**n),
        ("n * a**(n+1)", lambda y, a: n * a ** (n + 1)),
        ("n - 1 is multiplied, not the exponent: n * a * (n-1)", lambda y, a: n * a * (n - 1)),
        ("n * a**n - 1: parentheses around n-1 are missing", lambda y, a: n * a**n - 1),
        ("that is the derivative of n**a: a**n * log(n)", lambda y, a: y * math.log(n) if n > 0 else math.nan),
        ("(n-1) alone", lambda y, a: n - 1),
    )


_DIV_A: tuple[tuple[str, Rule], ...] = (
    ("b stands where 1/b belongs", lambda y, a, b: b),
    ("1/b**2", lambda y, a, b: 1 / b**2),
    ("1/a stands where 1/b belongs", lambda y, a, b: 1 / a),
)
_DIV_B: tuple[tuple[str, Rule], ...] = (
    ("the minus is missing: a/b**2", lambda y, a, b: a / b**2),
    ("the square is missing: -a/b", lambda y, a, b: -a / b),
    ("a/b", lambda y, a, b: a / b),
    ("a is missing: -1/b**2", lambda y, a, b: -1 / b**2),
    ("a is missing, and the minus: 1/b**2", lambda y, a, b: 1 / b**2),
    ("-b/a**2: the operands are swapped", lambda y, a, b: -b / a**2),
    ("b/a**2", lambda y, a, b: b / a**2),
    ("1/b", lambda y, a, b: 1 / b),
)


def _binary() -> list[Form]:
    add, sub, mul, div, power = operator.add, operator.sub, operator.mul, operator.truediv, operator.pow
    one: Rule = lambda y, *xs: 1.0  # noqa: E731
    minus: Rule = lambda y, *xs: -1.0  # noqa: E731
    made = [
        Form("a + b", "a + b", add, add, (one, one), TWO, "__add__", "add"),
        Form("a * b", "a * b", mul, mul, (lambda y, a, b: b, lambda y, a, b: a), TWO, "__mul__", "mul"),
        Form("-a", "-a", operator.neg, operator.neg, (minus,), ONE, "__neg__", "neg"),
        Form("a - b", "a - b", sub, sub, (one, minus), TWO, "__sub__", "sub"),
        Form("a / b", "a / b", div, div, (lambda y, a, b: 1 / b, lambda y, a, b: -a / b**2), TWO, "__truediv__", "div", (_DIV_A, _DIV_B)),
        Form("a + 2", "a + 2", lambda a: a + 2, lambda a: a + 2, (one,), ONE, "__add__", "add"),
        Form("2 + a", "2 + a", lambda a: 2 + a, lambda a: 2 + a, (one,), ONE, "__radd__", "add"),
        Form("a * 3", "a * 3", lambda a: a * 3, lambda a: a * 3, (lambda y, a: 3.0,), ONE, "__mul__", "mul"),
        Form("3 * a", "3 * a", lambda a: 3 * a, lambda a: 3 * a, (lambda y, a: 3.0,), ONE, "__rmul__", "mul"),
        Form("a - 2", "a - 2", lambda a: a - 2, lambda a: a - 2, (one,), ONE, "__sub__", "sub"),
        Form("2 - a", "2 - a", lambda a: 2 - a, lambda a: 2 - a, (minus,), ONE, "__rsub__", "sub",
             other_values=(("a - 2: the operands are swapped", lambda a: a - 2), ("2 + a", lambda a: 2 + a))),
        Form("a / 3", "a / 3", lambda a: a / 3, lambda a: a / 3, (lambda y, a: 1 / 3,), ONE, "__truediv__", "div"),
        Form("3 / a", "3 / a", lambda a: 3 / a, lambda a: 3 / a, (lambda y, a: -3 / a**2,), ONE, "__rtruediv__", "div",
             other_values=(("a / 3: the operands are swapped", lambda a: a / 3), ("3 * a", lambda a: 3 * a))),
    ]  # fmt: skip
    for n in (3, 2, -1, 0.5):

        def run(a: Any, n: float = n) -> Any:
            return a**n

        slope: Rule = lambda y, a, n=n: n * a ** (n - 1)  # noqa: E731
        points = ABOVE if n == 0.5 else ONE
        text = f"a ** {n}"
        made.append(Form(text, text, run, run, (slope,), points, "__pow__", "pow", (_n_rivals(n),), (
            ("n * a, a product in place of a power", lambda a, n=n: n * a), ("a ** (n-1)", lambda a, n=n: a ** (n - 1)),
            ("n ** a: base and exponent are swapped", lambda a, n=n: n**a if n > 0 else math.nan))))  # fmt: skip
    both: tuple[Rule, ...] = (lambda y, a, b: b * a ** (b - 1), lambda y, a, b: y * math.log(a))
    exponent: tuple[tuple[str, Rule], ...] = (
        ("log(b) stands where log(a) belongs", lambda y, a, b: y * math.log(b)),
        ("log(a) is missing", lambda y, a, b: y),
    )
    made.append(Form("a ** b", "a ** b", power, power, both, POSITIVE, "__pow__", "pow", ((), exponent)))
    made.append(Form("2 ** a", "2 ** a", lambda a: 2**a, lambda a: 2**a, (lambda y, a: y * math.log(2.0),), ONE, "__rpow__", "pow",
                     other_values=(("a ** 2: base and exponent are swapped", lambda a: a**2),)))  # fmt: skip
    return made


# how people get the derivatives of functions wrong: y is the result, a the operand
RIVALS: dict[str, tuple[tuple[str, Rule], ...]] = {
    "tanh": (
        ("1 - t: the square is missing", lambda y, a: 1 - y),
        ("1 - a**2: the input stands where the output belongs", lambda y, a: 1 - a * a),
        ("1 + t**2", lambda y, a: 1 + y * y),
        ("t**2 - 1", lambda y, a: y * y - 1),
        ("t * (1 - t) is the sigmoid's", lambda y, a: y * (1 - y)),
        ("t**2", lambda y, a: y * y),
        ("1 - 2*t", lambda y, a: 1 - 2 * y),
        ("1 - t**3", lambda y, a: 1 - y**3),
        ("1 - tanh(t)**2: tanh is applied twice", lambda y, a: 1 - math.tanh(y) ** 2),
    ),
    "exp": (
        ("a: the input stands where the output belongs", lambda y, a: a),
        ("a * exp(a - 1): that is the power rule", lambda y, a: a * math.exp(a - 1)),
        ("exp(exp(a)): exp is applied twice", lambda y, a: math.exp(y) if y < 700 else math.inf),
        ("a * exp(a)", lambda y, a: a * y),
        ("1/a", lambda y, a: 1 / a),
    ),
    "log": (
        ("a stands where 1/a belongs", lambda y, a: a),
        ("1/log(a): the output stands where the input belongs", lambda y, a: 1 / y),
        ("-1/a", lambda y, a: -1 / a),
        ("1/a**2", lambda y, a: 1 / a**2),
        ("exp(a)", lambda y, a: math.exp(a)),
    ),
    "relu": (
        ("1 everywhere: the branch below 0 is missing", lambda y, a: 1.0),
        ("1 below 0: the condition is turned round", lambda y, a: float(a < 0)),
        ("the output stands where 1 belongs", lambda y, a: y),
        ("the input stands where 1 belongs", lambda y, a: a),
        ("0 everywhere", lambda y, a: 0.0),
        ("-1 below 0: that is the derivative of abs", lambda y, a: math.copysign(1.0, a)),
    ),
    "sigmoid": (
        ("1 - s: the factor s is missing", lambda y, a: 1 - y),
        ("s * (1 + s)", lambda y, a: y * (1 + y)),
        ("s: the factor 1 - s is missing", lambda y, a: y),
        ("a * (1 - a): the input stands where the output belongs", lambda y, a: a * (1 - a)),
        ("1 - s**2 is that of tanh", lambda y, a: 1 - y * y),
        ("s - 1", lambda y, a: y - 1),
        ("s * (s - 1)", lambda y, a: y * (y - 1)),
    ),
    "sin": (("-cos(a)", lambda y, a: -math.cos(a)), ("sin(a)", lambda y, a: y), ("-sin(a)", lambda y, a: -y)),
    "cos": (("sin(a): the minus is missing", lambda y, a: math.sin(a)), ("cos(a)", lambda y, a: y)),
    "sqrt": (
        ("1/sqrt(a): the 2 is missing", lambda y, a: 1 / y),
        ("1/(2*a): the input stands where the output belongs", lambda y, a: 1 / (2 * a)),
        ("0.5 * sqrt(a)", lambda y, a: y / 2),
        ("2 * sqrt(a)", lambda y, a: 2 * y),
    ),
}  # fmt: skip
VALUES: dict[str, tuple[tuple[str, Rule], ...]] = {
    "tanh": (
        ("(e**a - 1)/(e**a + 1): the 2 in e**(2a) is missing", lambda a: math.tanh(a / 2)),
        ("(e**2a + 1)/(e**2a - 1): plus and minus are swapped", lambda a: 1 / math.tanh(a)),
        ("(1 - e**2a)/(1 + e**2a): the sign is wrong", lambda a: -math.tanh(a)),
    ),
    "sigmoid": (
        ("1/(1 + e**a): the minus is missing", lambda a: 1 / (1 + math.exp(a))),
        ("1/(1 - e**-a)", lambda a: 1 / (1 - math.exp(-a))),
    ),
    "relu": (
        ("min(0, a)", lambda a: min(0.0, a)),
        ("abs(a)", abs),
        ("a: nothing is cut off", lambda a: a),
        ("1 above 0: that is a step", lambda a: float(a > 0)),
        ("-a below 0", lambda a: max(a, -a)),
    ),
    "log": (("log10(a)", math.log10), ("log2(a)", math.log2), ("log(1 + a)", math.log1p)),
    "exp": (("2**a", lambda a: 2**a), ("exp(-a)", lambda a: math.exp(-a)), ("exp(a) - 1", math.expm1), ("e * a", lambda a: math.e * a)),
}  # fmt: skip
ALIASES = {"ReLU": "relu", "ln": "log", "sig": "sigmoid", "logistic": "sigmoid", "Tanh": "tanh", "swish": "silu", "square_root": "sqrt"}
_INSIDE = {"asin": (0.6, -0.9, 0.35), "acos": (0.6, -0.9, 0.35), "atanh": (0.6, -0.9, 0.35), "acosh": (1.7, 2.4, 3.1)}


def unary(method: str) -> Form | None:
    """The form of a method of one Value, by its name: every function of the table, and names that people give them. None: unknown."""
    op = TABLE.get(ALIASES.get(method, method))
    if (
        op is None
        or op.arity != 1
        or op.constants
        or not op.domain
        or not isinstance(op.partials, tuple)
        or method in ("step", "sign", "neg", "gelu")  # names of several functions: people write gelu with tanh or sigmoid, too
    ):
        return None
    name, partial, low = op.name, op.partials[0], op.domain[0][0]
    inside = _INSIDE.get(name)
    points = tuple((x,) for x in inside) if inside else ABOVE if low == 0.0 else ONE
    return Form(
        f"a.{method}()", f"a.{method}()", operator.methodcaller(method), op.forward, (lambda y, a: float(partial(y, a)),), points, method,
        name, (RIVALS.get(name, ()),), VALUES.get(name, ()),
    )  # fmt: skip


BINARY = tuple(_binary())
