"""The columns of the table for C and for JavaScript: how each primitive is written there, and the helpers that some of them call.

What has a `define` rule follows from it. A helper is printed only where it is used. C's exp, expm1 and tanh are polynomials without
branches, which a compiler makes vectors of (within 1 ulp, and 2 for the others); the rest is C99's <math.h>, whose Annex F
answers the edges as the engine does. JavaScript's Math lacks erf, and says nan where C's pow says 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


class _Where(str):
    """How C chooses. Where both cost next to nothing they are both worked out, which gives the shortest code in vectors."""

    def format(self, *operands: object, **_: object) -> str:
        condition, yes, no = map(str, operands)
        if re.search(r"/|\b(?!chosen)\w+\(", f"{yes} {no}"):
            return super().format(*operands)
        return f"chosen({condition} != 0.0, {yes}, {no})"


_COMMON = {
    "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
    "relu": "relu({0})", "maximum": "maximum({0}, {1})", "minimum": "minimum({0}, {1})", "mod": "modulo({0}, {1})",
    "gauss": "gauss({0}, {1})", "power": "power({0}, {1})", "pow": "power({0}, {1})",
}  # fmt: skip
_MATH = [
    "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
    "floor", "ceil", "trunc", "exp", "expm1", "tanh",
]  # fmt: skip

C: dict[str, str] = {
    **_COMMON, **{name: f"{name}({{0}})" for name in _MATH}, "less": "(double)({0} < {1})", "equal": "(double)({0} == {1})",
    "where": _Where("({0} != 0.0 ? {1} : {2})"), "abs": "fabs({0})", "exp2": "exp2({0})", "round": "rint({0})", "atan2": "atan2({0}, {1})",
    "hypot": "hypot({0}, {1})", "erf": "erf({0})", "cbrt": "cbrt({0})", "exp": "exp_({0})", "expm1": "expm1_({0})", "tanh": "tanh_({0})",
    "larger": "larger({0}, {1})",
}  # fmt: skip
JS: dict[str, str] = {
    **_COMMON, **{name: f"Math.{name}({{0}})" for name in _MATH}, "relu": "Math.max({0}, 0)", "maximum": "Math.max({0}, {1})",
    "minimum": "Math.min({0}, {1})", "less": "+({0} < {1})", "equal": "+({0} === {1})",
    "where": "(({0}) !== 0 ? {1} : {2})", "abs": "Math.abs({0})", "exp2": "power(2, {0})", "round": "rint({0})",
    "atan2": "Math.atan2({0}, {1})", "hypot": "Math.hypot({0}, {1})", "erf": "erf({0})", "cbrt": "Math.cbrt({0})",
}  # fmt: skip

_C_CHOSEN = """\
static inline double chosen(int which, double x, double y) { return which ? x : y; }
"""
_C_RELU = """\
static inline double relu(double x) { return !(x <= 0.0) ? x : 0.0; } /* nan stays */
"""
_C_MAXIMUM = """\
static inline double maximum(double x, double y) { return x > y || x != x ? x : x == 0.0 && y == 0.0 ? x + y : y; }
"""
_C_LARGER = """\
static inline double larger(double x, double y) { return x > y || x != x ? x : y; } /* of zeros either */
"""
_C_MINIMUM = """\
static inline double minimum(double x, double y) { return x < y || x != x ? x : x == 0.0 && y == 0.0 ? -(-x - y) : y; }
"""
_C_MODULO = """\
static double modulo(double x, double y) { /* the sign is y's */
    double r = fmod(x, y);
    if (r != 0.0 && (r < 0.0) != (y < 0.0)) r += y;
    return r == 0.0 ? copysign(0.0, y) : r;
}
"""
_C_BITS = """\
static inline double of_bits(uint64_t n) {
    double x;
    memcpy(&x, &n, sizeof x);
    return x;
}

static inline uint64_t bits_of(double x) {
    uint64_t n;
    memcpy(&n, &x, sizeof n);
    return n;
}

#define WHOLE 0x1.8p52 /* added and taken away it rounds to a whole number, which its last bits then are */

static inline double two_to(double whole) { return of_bits((bits_of(whole + WHOLE) + 1023) << 52); }

static inline double expm1_reduced(double r) { /* exp(r) - 1 for |r| <= ln 2 / 2, by its series */
    double q = 1.6059043836821613e-10 * r + 2.08767569878681e-09;
    q = q * r + 2.505210838544172e-08;
    q = q * r + 2.755731922398589e-07;
    q = q * r + 2.7557319223985893e-06;
    q = q * r + 2.48015873015873e-05;
    q = q * r + 0.0001984126984126984;
    q = q * r + 0.001388888888888889;
    q = q * r + 0.008333333333333333;
    q = q * r + 0.041666666666666664;
    q = q * r + 0.16666666666666666;
    q = q * r + 0.5;
    return r + (r * r) * q;
}
"""
_C_EXP = """\
static inline double exp_(double x) { /* x = k ln 2 + r; two factors make 2^k, so that the smallest results come out right */
    double y = x < 800.0 ? x : 800.0;
    y = y > -800.0 ? y : -800.0;
    const double k = y * 1.4426950408889634 + WHOLE - WHOLE, half = 0.5 * k + WHOLE - WHOLE;
    const double r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    const double e = (1.0 + expm1_reduced(r)) * two_to(half) * two_to(k - half);
    return x == x ? e : x;
}
"""
_C_EXPM1 = """\
static inline double expm1_(double x) {
    double y = x < 710.0 ? x : 710.0;
    y = y > -60.0 ? y : -60.0;
    const double k = y * 1.4426950408889634 + WHOLE - WHOLE;
    const double r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10, scale = two_to(k - 1.0);
    const double e = 2.0 * (scale * expm1_reduced(r) + (scale - 0.5));
    return x != x || fabs(x) < 5e-17 ? x : e;
}
"""
_C_TANH = """\
static inline double tanh_(double x) {
    const double t = expm1_(-2.0 * fabs(x));
    return x == x ? copysign(-t / (t + 2.0), x) : x;
}
"""
_C_GAUSS = """\
static double gauss(double x, double k) { /* exp(-k x^2): x^2 is split exactly so that the tail keeps its digits */
    if (!(fabs(x) < 1e3)) return x == x ? 0.0 : x;
    const double up = 134217729.0 * x, high = up - (up - x), low = x - high, square = x * x;
    const double error = ((high * high - square) + 2.0 * high * low) + low * low, rounded = exp_(-k * square);
    return rounded - rounded * (k * error);
}
"""
_C_POWER = """\
static inline double power(double x, double p) {
    if (p == 0.5) return x < -DBL_MAX ? INFINITY : sqrt(x) + 0.0;
    if (p == -0.5) return x < -DBL_MAX ? 0.0 : 1.0 / (sqrt(x) + 0.0);
    if (p == -1.5) return x < -DBL_MAX ? 0.0 : 1.0 / x / sqrt(x);
    return pow(x, p);
}
"""
_JS_ERF = """\
function erf(x) { // by its series near 0, by a continued fraction of erfc further out
    const z = Math.abs(x);
    if (z !== z) return x;
    if (z < 1.25) {
        let term = z, sum = z, lost = 0;
        for (let n = 1; n < 100 && term > 1e-18 * sum; n++) {
            term *= 2 * z * z / (2 * n + 1);
            const more = sum + term;
            lost += (sum - more) + term;
            sum = more;
        }
        return Math.sign(x) * 1.1283791670955126 * (gauss(z, 1) * (sum + lost)) || x;
    }
    if (z > 6) return Math.sign(x);
    let f = z;
    for (let n = 120; n > 0; n--) f = z + (n / 2) / f;
    return Math.sign(x) * (1 - gauss(z, 1) / (f * 1.772453850905516));
}
"""

# name → (the helpers that it calls, its source, whether its products may not be rounded together with sums)
Helper = tuple[tuple[str, ...], str, bool]
C_HELPERS: Mapping[str, Helper] = {
    "chosen": ((), _C_CHOSEN, False),
    "relu": ((), _C_RELU, False),
    "maximum": ((), _C_MAXIMUM, False),
    "larger": ((), _C_LARGER, False),
    "minimum": ((), _C_MINIMUM, False),
    "modulo": ((), _C_MODULO, False),
    "power": ((), _C_POWER, False),
    "two_to": ((), _C_BITS, False),
    "exp_": (("two_to",), _C_EXP, False),
    "expm1_": (("two_to",), _C_EXPM1, False),
    "tanh_": (("expm1_",), _C_TANH, False),
    "gauss": (("exp_",), _C_GAUSS, True),
}
JS_HELPERS: Mapping[str, Helper] = {
    "modulo": ((), """\
function modulo(x, y) { // the sign is y's
    const r = x % y, s = r !== 0 && (r < 0) !== (y < 0) ? r + y : r;
    return s === 0 ? (y < 0 || Object.is(y, -0) ? -0 : 0) : s;
}
""", False),
    "rint": ((), """\
function rint(x) { // of two as near the even one
    if (!(Math.abs(x) < 4503599627370496)) return x;
    const whole = Math.abs(x) + 4503599627370496 - 4503599627370496;
    return x < 0 || Object.is(x, -0) ? -whole : whole;
}
""", False),
    "power": ((), """\
const power = (x, p) => x === 1 || (x === -1 && (p === Infinity || p === -Infinity)) ? 1 : Math.pow(x, p);
""", False),
    "gauss": ((), """\
function gauss(x, k) { // exp(-k x^2): x^2 is split exactly so that the tail keeps its digits
    if (!(Math.abs(x) < 1e3)) return x === x ? 0 : x;
    const up = 134217729 * x, high = up - (up - x), low = x - high, square = x * x;
    const error = ((high * high - square) + 2 * high * low) + low * low, rounded = Math.exp(-k * square);
    return rounded - rounded * (k * error);
}
""", False),
    "erf": (("gauss",), _JS_ERF, False),
}  # fmt: skip


def used(helpers: Mapping[str, Helper], names: set[str]) -> list[str]:
    """The helpers among these names, and those that they call, in an order in which they can stand."""
    found = set(names)
    for name in reversed([*helpers]):
        if name in found:
            found.update(helpers[name][0])
    return [name for name in helpers if name in found]
