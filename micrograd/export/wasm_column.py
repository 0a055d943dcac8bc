"""The column of the table for WebAssembly, two numbers at a time, and its longer operators.

exp, expm1 and tanh are those of the C column (see `columns`), without branches; what has no form here, JavaScript computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

WASM: dict[str, str] = {
    **{name: f"(f64x2.{name} {{0}} {{1}})" for name in ("add", "sub", "mul", "div")},
    **{name: f"(f64x2.{name} {{0}})" for name in ("neg", "abs", "sqrt", "floor", "ceil", "trunc")},
    **{name: f"({name} {{0}})" for name in ("exp", "expm1", "tanh")},
    "round": "(f64x2.nearest {0})", "relu": "(f64x2.max {0} 0.0)", "maximum": "(f64x2.max {0} {1})", "minimum": "(f64x2.min {0} {1})",
    "less": "(v128.and (f64x2.lt {0} {1}) 1.0)", "equal": "(v128.and (f64x2.eq {0} {1}) 1.0)",
    "where": "(v128.bitselect {1} {2} (f64x2.ne {0} 0.0))",
}  # fmt: skip

_WHOLE = "6755399441055744.0"  # 1.5 * 2^52: added and taken away it rounds to a whole number, which its last bits then are
_SERIES = [1 / factorial(k) for k in range(2, 14)]


def _times(x: str, y: str) -> str:
    return f"(f64x2.mul {x} {y})"


def _plus(x: str, y: str) -> str:
    return f"(f64x2.add {x} {y})"


def _minus(x: str, y: str) -> str:
    return f"(f64x2.sub {x} {y})"


def _rounded(x: str) -> str:
    return _minus(_plus(x, _WHOLE), _WHOLE)


def _two_to(whole: str) -> str:
    """2^k by its exponent's bits; 5.054e-321 is the number whose bits are 1023."""
    return f"(i64x2.shl (i64x2.add {_plus(whole, _WHOLE)} 5.054e-321) 52)"


def _polynomial(name: str, x: str, rates: Sequence[float]) -> list[str]:
    """By Horner's rule; the powers of even and of odd degree apart are two chains of which neither waits for the other."""
    return [f"(= {name} {rates[-1]!r})", *[f"(= {name} {_plus(repr(c), _times(name, x))})" for c in rates[-2::-1]]]


def _reduced(low: str, high: str) -> list[str]:
    """x = k ln 2 + r within limits, and q = exp(r) - 1 for |r| <= ln 2 / 2, by its series."""
    return [
        f"(= y (f64x2.pmax {low} (f64x2.pmin {high} x)))",
        f"(= k {_rounded(_times('y', '1.4426950408889634'))})",
        f"(= r {_minus(_minus('y', _times('k', '0.6931471803691238')), _times('k', '1.9082149292705877e-10'))})",
        f"(= w {_times('r', 'r')})",
        *_polynomial("e", "w", _SERIES[::2]),
        *_polynomial("o", "w", _SERIES[1::2]),
        f"(= q {_plus('r', _times('w', _plus('e', _times('r', 'o'))))})",
    ]


LONGER = {
    "exp": [
        *_reduced("-800.0", "800.0"),
        f"(= h {_rounded(_times('0.5', 'k'))})",  # two factors make 2^k, so that the smallest results come out right
        f"(= q {_times(_times(_plus('1.0', 'q'), _two_to('h')), _two_to(_minus('k', 'h')))})",
        "(v128.bitselect q x (f64x2.eq x x))",
    ],
    "expm1": [
        *_reduced("-60.0", "710.0"),
        f"(= s {_two_to(_minus('k', '1.0'))})",
        f"(= q {_times('2.0', _plus(_times('s', 'q'), _minus('s', '0.5')))})",
        "(v128.bitselect x q (v128.or (f64x2.ne x x) (f64x2.lt (f64x2.abs x) 5e-17)))",
    ],
    "tanh": [
        f"(= t (expm1 {_times('-2.0', '(f64x2.abs x)')}))",
        f"(= t (f64x2.div (f64x2.neg t) {_plus('t', '2.0')}))",
        "(v128.bitselect (v128.bitselect x t -0.0) x (f64x2.eq x x))",
    ],
}
