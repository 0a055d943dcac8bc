"""The table of primitives: a row says everything about one op. **Adding an op touches this file alone**.

Methods, functions, gradient tests, Hypothesis strategies, pictures and compiled kernels all come from the row. Rules are written in
primitives and in the numerically right form (see NUMERICS in each row's remark): `sigmoid(-x)`, never `1 - sigmoid(x)`.
Conventions at kinks, in order: the gradient; the minimum-norm sub- or supergradient; continuity.

Zero times infinity: a 0 that the rule itself says (a branch not taken, relu below 0, the smaller of two in `maximum`) passes nothing,
whatever lies above or below: `sqrt(relu(x))` at -1 and `where(0, log(x), 1)` at -1 have gradient 0. A 0 that arithmetic on the data made
keeps IEEE's answer: `sqrt(x)**2` and `0 * log(x)` at 0 have gradient 0 · inf = nan. `pull.py` tells the two apart, by the text of the rule.
"""

from __future__ import annotations

import math
import operator
from math import inf
from typing import Any

from micrograd.ops import curves, ieee, known, logistic, powers, rules
from micrograd.ops.op import Cases, Kink, Op
from micrograd.ops.symbol import Symbol, operators

TABLE: dict[str, Op] = {}
_REAL, _POSITIVE, _UNIT = (-inf, inf), (0.0, inf), (-1.0, 1.0)
_FAR = 1e6  # further out the tail of the normal distribution is 0, however many digits there are


def row(name: str, forward: Any = None, partials: Any = None, **fields: Any) -> Op:
    """Make an Op and enter it in the table."""
    op = Op(name, forward, partials, **fields)
    TABLE[name] = op
    return op


# A row is a few lines that are read across, not one line for each of its fields.
# fmt: off

# --- choice: not differentiable in the condition -------------------------------------------------------------------

def _zero(*_: Any) -> float:
    return 0.0


less: Op = row(
    "less", lambda a, b: 1.0 if a < b else 0.0, (_zero, _zero), formula=("0", "0"), symbol="<", precedence=1, python="({0} < {1})",
    past_nan=True, rough=lambda a, b: a - b, domain=(_REAL, _REAL), array="({0} < {1})", exact=lambda m, a, b: m.mpf(a < b),
    doc="1 if a < b, else 0 (0 with a nan).",
)
equal: Op = row(
    "equal", lambda a, b: 1.0 if a == b else 0.0, (_zero, _zero), formula=("0", "0"), symbol="=", precedence=1,
    python="({0} == {1})", past_nan=True, rough=lambda a, b: a - b, domain=(_REAL, _REAL), array="({0} == {1})",
    exact=lambda m, a, b: m.mpf(a == b), doc="1 if a equals b, else 0.",
)
where: Op = row(
    "where", lambda c, a, b: a if c else b, (_zero, lambda y, c, a, b: where(c, 1.0, 0.0), lambda y, c, a, b: where(c, 0.0, 1.0)),
    formula=("0", "a != 0", "a == 0"), python="({1} if {0} else {2})", past_nan=True, rough=lambda c, a, b: c,
    domain=(_REAL, _REAL, _REAL), array="np.where({0}, {1}, {2})", exact=lambda m, c, a, b: a if c else b,
    doc="a where the condition is not 0, else b; the branch not taken has gradient 0, even when it is nan.",
)
sign: Op = row(
    "sign", define=lambda x: where(less(0.0, x), 1.0, where(less(x, 0.0), -1.0, x)), partials=(_zero,), formula=("0",),
    domain=(_REAL,), kinks=(Kink((0.0,), (0.0,), "continuity"),), exact=lambda m, x: m.sign(x),
    doc="-1, 0 or 1 (nan for nan). Derivative 0.",
)
step: Op = row(
    "step", define=lambda x: where(less(0.0, x), 1.0, where(equal(x, x), 0.0, x)), partials=(_zero,), formula=("0",),
    domain=(_REAL,), kinks=(Kink((0.0,), (0.0,), "continuity"),), exact=lambda m, x: m.mpf(x > 0),
    doc="The derivative of relu: 1 for x > 0, else 0 (nan for nan).",
)


# --- arithmetic ----------------------------------------------------------------------------------------------------

add: Op = row(
    "add", operator.add, (lambda y, a, b: 1.0, lambda y, a, b: 1.0), formula=("1", "1"), symbol="+", precedence=2, operator="add",
    python="({0} + {1})", light=True, domain=(_REAL, _REAL), array="({0} + {1})", exact=lambda m, a, b: a + b, doc="a + b.",
)
sub: Op = row(
    "sub", operator.sub, (lambda y, a, b: 1.0, lambda y, a, b: -1.0), formula=("1", "-1"), symbol="-", precedence=2, operator="sub",
    python="({0} - {1})", light=True, domain=(_REAL, _REAL), array="({0} - {1})", exact=lambda m, a, b: a - b, doc="a - b.",
)
mul: Op = row(
    "mul", operator.mul, (lambda y, a, b: b, lambda y, a, b: a), formula=("b", "a"), symbol="*", precedence=3, operator="mul",
    python="({0} * {1})", light=True, domain=(_REAL, _REAL), array="({0} * {1})", exact=lambda m, a, b: a * b, doc="a · b.",
)
div: Op = row(
    "div", ieee.div, (lambda y, a, b: div(1.0, b), rules.quotient_b), formula=("1 / b", "-a / b**2"), symbol="/", precedence=3,
    operator="truediv", light=True, domain=(_REAL, _POSITIVE), array="({0} / {1})", exact=lambda m, a, b: a / b,
    doc="a / b; x/0 is ±inf, 0/0 is nan.",
)
neg: Op = row(
    "neg", operator.neg, (lambda y, x: -1.0,), formula=("-1",), precedence=4, operator="neg", python="(-{0})", light=True,
    domain=(_REAL,), array="(-{0})", exact=lambda m, x: -x, doc="-x.",
)
abs_: Op = row(
    "abs", operator.abs, (lambda y, x: sign(x),), formula=("sign(a)",), operator="abs", python="abs({0})", light=True,
    domain=(_REAL,), kinks=(Kink((0.0,), (0.0,), "minimum-norm subgradient"),), array="np.abs({0})", exact=lambda m, x: m.fabs(x),
    doc="|x|; derivative 0 at 0.",
)
pow_: Op = row(
    "pow", ieee.pow, (powers.power_a, powers.power_b), formula=("b * a**(b - 1)", "y * log(a)"), symbol="**", precedence=5,
    operator="pow", typeset="a**b", domain=(_POSITIVE, _REAL), array="power({0}, {1})", exact=lambda m, a, b: m.power(a, b),
    kinks=(Kink((0.0, 0.0), (0.0, 0.0), "0**0 is 1 for every exponent near 0 but one"),),
    doc="a ** b, both differentiable. Never complex: nan for a negative base with a broken exponent. 0**0 is 1.",
)
power: Op = row(
    "power", ieee.pow, (Cases(powers.power),), formula=("p * a**(p - 1)",), symbol="**", precedence=5, operator="pow", light=True,
    domain=(_POSITIVE,), array="power({0}, {1})", exact=lambda m, x, p: m.power(x, p), constants=("p",), defaults=(2.0,),
    doc="x ** p for a constant number p.",
)

# --- whole numbers: derivative 0, and jumps ----------------------------------------------------------------------------------

floor: Op = row(
    "floor", ieee.floor, (_zero,), formula=("0",), rough=lambda x: x - ieee.round_(x), period=lambda x: 1.0, domain=(_REAL,),
    array="np.floor({0})", kinks=(Kink((1.0,), (0.0,), "continuity from the right"),), exact=lambda m, x: m.floor(x),
    doc="The largest whole number ≤ x.",
)
ceil: Op = row(
    "ceil", ieee.ceil, (_zero,), formula=("0",), rough=lambda x: x - ieee.round_(x), period=lambda x: 1.0, domain=(_REAL,),
    array="np.ceil({0})", kinks=(Kink((1.0,), (0.0,), "continuity from the left"),), exact=lambda m, x: m.ceil(x),
    doc="The smallest whole number ≥ x.",
)
trunc: Op = row(
    "trunc", ieee.trunc, (_zero,), formula=("0",), rough=lambda x: x - ieee.round_(x), period=lambda x: 1.0, domain=(_REAL,),
    array="np.trunc({0})", kinks=(Kink((1.0,), (0.0,), "continuity from outside"),),
    exact=lambda m, x: m.floor(x) if x > 0 else m.ceil(x), doc="x without its decimals, towards 0.",
)
round_: Op = row(
    "round", ieee.round_, (_zero,), formula=("0",), rough=lambda x: x + 0.5 - ieee.round_(x + 0.5), period=lambda x: 1.0, domain=(_REAL,),
    array="np.rint({0})", kinks=(Kink((0.5,), (0.0,), "continuity from one side"),), exact=lambda m, x: m.nint(x),
    doc="The whole number nearest to x, the even one of two as near.",
)
mod: Op = row(
    "mod", ieee.mod, (lambda y, a, b: rules.valid(y, 1.0), rules.mod_b), formula=("1", "-floor(a / b)"), symbol="%", precedence=3,
    operator="mod", rough=lambda a, b: a / (b or 1.0) - ieee.round_(a / (b or 1.0)), period=lambda a, b: b,
    domain=((5.0, 6.0), (2.0, 2.5)), array="np.mod({0}, {1})", exact=lambda m, a, b: m.fmod(a, b) if b else m.nan,
    kinks=(Kink((6.0, 3.0), (1.0, -2.0), "continuity from the right"),),
    doc="a - b·floor(a/b), Python's %: its sign is that of b. A jump by b where a/b is whole; nan for b = 0.",
)

# --- exponentials and logarithms -------------------------------------------------------------------------------------

exp: Op = row(
    "exp", ieee.exp, (lambda y, x: y,), formula=("y",), typeset="e()**a", domain=((-700.0, 700.0),), array="np.exp({0})",
    doc="eˣ; inf from 710 on.",
)
expm1: Op = row(
    "expm1", ieee.expm1, (lambda y, x: exp(x),), formula=("y + 1",), typeset="e()**a - 1", domain=((-700.0, 700.0),),
    array="np.expm1({0})", doc="eˣ - 1 without cancellation near 0.",
)
exp2: Op = row(
    "exp2", ieee.exp2, (lambda y, x: y * known.LOG_2,), formula=("y * log(2)",), typeset="2**a", domain=((-1000.0, 1000.0),),
    array="np.exp2({0})", exact=lambda m, x: m.power(2, x), doc="2ˣ; inf from 1024 on.",
)
log_: Op = row(
    "log", ieee.log, (lambda y, x: rules.valid(y, div(1.0, abs_(x))),), formula=("1 / a",), domain=(_POSITIVE,),
    array="np.log({0})", doc="Natural logarithm; -inf at 0, nan below.",
)
log1p: Op = row(
    "log1p", ieee.log1p, (lambda y, x: rules.valid(y, div(1.0, 1.0 + x)),), formula=("1 / (1 + a)",), typeset="log(1 + a)",
    domain=((-1.0, inf),), array="np.log1p({0})", doc="log(1 + x) without cancellation near 0.",
)
log2: Op = row(
    "log2", ieee.log2, (lambda y, x: rules.valid(y, div(known.BY_LOG_2, abs_(x))),), formula=("1 / (a * log(2))",),
    domain=(_POSITIVE,), array="np.log2({0})", exact=lambda m, x: m.log(x, 2), doc="Logarithm to base 2.",
)
log10: Op = row(
    "log10", ieee.log10, (lambda y, x: rules.valid(y, div(known.BY_LOG_10, abs_(x))),), formula=("1 / (a * log(10))",),
    domain=(_POSITIVE,), array="np.log10({0})", doc="Logarithm to base 10.",
)
sqrt: Op = row(
    "sqrt", ieee.sqrt, (curves.root,), formula=("1 / (2 * y)",), light=True, domain=(_POSITIVE,),
    array="np.sqrt({0})", doc="Square root; derivative inf at 0, nan below.",
)
cbrt: Op = row(
    "cbrt", ieee.cbrt, (rules.cbrt,), formula=("1 / (3 * y**2)",), domain=(_POSITIVE,), array="np.cbrt({0})",
    exact=lambda m, x: m.sign(x) * m.cbrt(m.fabs(x)), doc="Cube root, odd; derivative inf at 0.",
)

# --- trigonometric and hyperbolic ------------------------------------------------------------------------------------

sin: Op = row(
    "sin", ieee.sin, (lambda y, x: cos(x),), formula=("cos(a)",), domain=(_REAL,), array="np.sin({0})", doc="Sine of x in radians.",
)
cos: Op = row(
    "cos", ieee.cos, (lambda y, x: -sin(x),), formula=("-sin(a)",), domain=(_REAL,), array="np.cos({0})",
    doc="Cosine of x in radians.",
)
tan: Op = row(
    "tan", ieee.tan, (curves.tan,), formula=("1 + y**2",), domain=((-1.5, 1.5),), array="np.tan({0})",
    doc="Tangent of x in radians.",
)
asin: Op = row(
    "asin", ieee.asin, (curves.asin,), formula=("1 / sqrt(1 - a**2)",), numpy="arcsin",
    domain=(_UNIT,), array="np.arcsin({0})", doc="Arc sine, radians; nan outside [-1, 1].",
)
acos: Op = row(
    "acos", ieee.acos, (curves.acos,), formula=("-1 / sqrt(1 - a**2)",), numpy="arccos",
    domain=(_UNIT,), array="np.arccos({0})", doc="Arc cosine, radians; nan outside [-1, 1].",
)
atan: Op = row(
    "atan", math.atan, (curves.atan,), formula=("1 / (1 + a**2)",), numpy="arctan", domain=(_REAL,), array="np.arctan({0})",
    doc="Arc tangent, radians.",
)
atan2: Op = row(
    "atan2", math.atan2, (lambda y, a, b: rules.angle_partial(a, b), lambda y, a, b: -rules.angle_partial(b, a)),
    formula=("b / (a**2 + b**2)", "-a / (a**2 + b**2)"), numpy="arctan2", domain=(_REAL, _POSITIVE),
    kinks=(Kink((0.0, 0.0), (0.0, 0.0), "minimum norm"),), array="np.arctan2({0}, {1})",
    doc="The angle of the point (x=b, y=a), radians; partials 0 at the origin.",
)
sinh: Op = row(
    "sinh", ieee.sinh, (lambda y, x: cosh(x),), formula=("cosh(a)",), domain=((-700.0, 700.0),), array="np.sinh({0})",
    doc="Hyperbolic sine.",
)
cosh: Op = row(
    "cosh", ieee.cosh, (lambda y, x: sinh(x),), formula=("sinh(a)",), domain=((-700.0, 700.0),), array="np.cosh({0})",
    doc="Hyperbolic cosine.",
)
tanh: Op = row(
    "tanh", math.tanh, (logistic.tanh,), formula=("1 - y**2",),
    by_result=lambda y: 1.0 - y * y, domain=(_REAL,), array="np.tanh({0})", doc="Hyperbolic tangent.",
)
asinh: Op = row(
    "asinh", math.asinh, (curves.asinh,), formula=("1 / sqrt(1 + a**2)",), numpy="arcsinh", domain=(_REAL,),
    array="np.arcsinh({0})", doc="Inverse of sinh.",
)
acosh: Op = row(
    "acosh", ieee.acosh, (curves.acosh,), formula=("1 / sqrt(a**2 - 1)",), numpy="arccosh", domain=((1.0, inf),),
    array="np.arccosh({0})", doc="Inverse of cosh; nan below 1.",
)
atanh: Op = row(
    "atanh", ieee.atanh, (curves.atanh,), formula=("1 / (1 - a**2)",),
    numpy="arctanh", domain=(_UNIT,), array="np.arctanh({0})", doc="Inverse of tanh; ±inf at ±1, nan outside.",
)

# --- activations -----------------------------------------------------------------------------------------------------

relu: Op = row(
    "relu", lambda x: x if x > 0.0 or x != x else 0.0, (lambda y, x: where(less(0.0, x), 1.0, where(equal(x, x), 0.0, x)),),
    formula=("a > 0",), symbol="ReLU", by_result=lambda y: float(y > 0.0), light=True, domain=(_REAL,),
    array="np.maximum({0}, 0.0)", kinks=(Kink((0.0,), (0.0,), "minimum-norm subgradient"),), exact=lambda m, x: max(x, m.mpf(0)),
    doc="max(x, 0); derivative 0 at 0.",
)
leaky_relu: Op = row(
    "leaky_relu", define=lambda x, slope: where(less(0.0, x), x, slope * x),
    partials=(lambda y, x, slope: where(less(0.0, x), 1.0, where(equal(x, x), slope, x)),), formula=("1 if a > 0 else slope",),
    light=True, domain=(_REAL,), constants=("slope",), defaults=(0.01,),
    kinks=(Kink((0.0,), (0.01,), "minimum-norm subgradient (for a slope in [0, 1])"),),
    exact=lambda m, x, slope: x if x > 0 else slope * x, doc="x for x > 0, else slope · x (slope 0.01).",
)
elu: Op = row(
    "elu", define=lambda x, alpha: where(less(0.0, x), x, alpha * expm1(x)),
    partials=(lambda y, x, alpha: where(less(0.0, x), 1.0, alpha * exp(x)),), formula=("1 if a > 0 else alpha * exp(a)",),
    domain=(_REAL,), constants=("alpha",), defaults=(1.0,), exact=lambda m, x, alpha: x if x > 0 else alpha * m.expm1(x),
    doc="x for x > 0, else alpha · (eˣ - 1) (alpha 1). Clevert et al. 2015.",
)
sigmoid: Op = row(
    "sigmoid", define=rules.sigmoid, partials=(lambda y, x: rules.BELL(x),), formula=("y * (1 - y)",),
    by_result=lambda y: y * (1.0 - y), domain=(_REAL,), exact=lambda m, x: 1 / (1 + m.exp(-x)),
    doc="1 / (1 + e⁻ˣ), the logistic function.",
)
softplus: Op = row(
    "softplus", define=lambda x: maximum(x, 0.0) + log1p(exp(-abs_(x))), partials=(lambda y, x: logistic.slope(x),),
    formula=("sigmoid(a)",), domain=(_REAL,), exact=lambda m, x: m.log1p(m.exp(x)), doc="log(1 + eˣ), without overflow.",
)
log_sigmoid: Op = row(
    "log_sigmoid", define=lambda x: minimum(x, 0.0) - log1p(exp(-abs_(x))), partials=(lambda y, x: logistic.slope(-x),),
    formula=("1 - sigmoid(a)",), domain=(_REAL,), exact=lambda m, x: -m.log1p(m.exp(-x)), doc="log sigmoid(x), without overflow.",
)
silu: Op = row(
    "silu", define=rules.silu, partials=(lambda y, x: rules.SILU(x),), formula=("sigmoid(a) * (1 + a * (1 - sigmoid(a)))",),
    domain=(_REAL,), exact=lambda m, x: x / (1 + m.exp(-x)), doc="x · sigmoid(x), also called swish. Elfwing et al. 2017.",
)
gauss: Op = row(
    "gauss", ieee.gauss, (curves.slope_of_gauss,), formula=("-2 * k * a * y",), constants=("k",), defaults=(1.0,),
    typeset="e()**(-k * a**2)", domain=(_REAL,), array="gauss({0}, {1})", exact=lambda m, x, k: m.exp(-k * x * x),
    doc="exp(-k x²), exact in the tail (k a power of two).",
)
normal_cdf: Op = row(
    "normal_cdf", define=rules.normal_cdf, partials=(lambda y, x: gauss(x, 0.5) * known.NORMAL,),
    formula=("exp(-a**2 / 2) / sqrt(2 * pi)",), domain=(_REAL,), exact=lambda m, x: m.erfc(-max(x, m.mpf(-_FAR)) / m.sqrt(2)) / 2,
    doc="The standard normal distribution function Φ(x).",
)
gelu: Op = row(
    "gelu", define=rules.gelu, partials=(lambda y, x: rules.GELU(x),), formula=("normal_cdf(a) + a * exp(-a**2 / 2) / sqrt(2 * pi)",),
    domain=(_REAL,), exact=lambda m, x: x * m.erfc(-max(x, m.mpf(-_FAR)) / m.sqrt(2)) / 2,
    doc="x · Φ(x), the exact form. Hendrycks & Gimpel 2016.",
)
erf: Op = row(
    "erf", math.erf, (lambda y, x: gauss(x, 1.0) * known.ERF,), formula=("2 * exp(-a**2) / sqrt(pi)",), domain=(_REAL,),
    array="erf({0})", doc="The error function.",
)
erfc: Op = row(
    "erfc", define=rules.erfc, partials=(lambda y, x: gauss(x, 1.0) * known.ERFC,), formula=("-2 * exp(-a**2) / sqrt(pi)",),
    domain=(_REAL,), exact=lambda m, x: m.erfc(min(x, m.mpf(_FAR))), doc="1 - erf(x), accurate for large x.",
)

# --- of several numbers ------------------------------------------------------------------------------------------------


hypot: Op = row(
    "hypot", math.hypot, (rules.length_partial, lambda y, a, b: rules.length_partial(y, b, a)),
    formula=("a / y", "b / y"), typeset="sqrt(a**2 + b**2)", domain=(_REAL, _REAL),
    kinks=(Kink((0.0, 0.0), (0.0, 0.0), "minimum-norm subgradient"),), array="np.hypot({0}, {1})",
    doc="√(a² + b²) without overflow; partials 0 at the origin.",
)


_TIE = (Kink((1.0, 1.0), (0.5, 0.5), "minimum-norm subgradient"),)
maximum: Op = row(
    "maximum", ieee.maximum, (lambda y, a, b: rules.selects(a, b), lambda y, a, b: rules.selects(b, a)), formula=("a > b", "b > a"),
    symbol="max", light=True, rough=lambda a, b: a - b, domain=(_REAL, _REAL), kinks=_TIE, array="np.maximum({0}, {1})",
    exact=lambda m, a, b: max(a, b),
    doc="The larger of two, 0.0 of 0.0 and -0.0 (IEEE 754-2019's maximum); ½ to each at a tie; nan if either is nan.",
)
minimum: Op = row(
    "minimum", ieee.minimum, (lambda y, a, b: rules.selects(b, a), lambda y, a, b: rules.selects(a, b)), formula=("a < b", "b < a"),
    symbol="min", light=True, rough=lambda a, b: a - b, domain=(_REAL, _REAL), kinks=_TIE, array="np.minimum({0}, {1})",
    exact=lambda m, a, b: min(a, b),
    doc="The smaller of two, -0.0 of 0.0 and -0.0 (IEEE 754-2019's minimum); ½ to each at a tie; nan if either is nan.",
)
clamp: Op = row(
    "clamp", define=lambda x, low, high: minimum(maximum(x, low), high),
    partials=(lambda y, x, low, high: where(less(low, x) * less(x, high), 1.0, where(equal(x, x), 0.0, x)),),
    formula=("low < a < high",), light=True, rough=lambda x, low, high: min(abs(x - low), abs(x - high)), domain=(_REAL,),
    constants=("low", "high"), defaults=(-inf, inf), exact=lambda m, x, low, high: min(max(x, m.mpf(low)), m.mpf(high)),
    doc="x kept within [low, high]; derivative 0 at and beyond the limits.",
)
sum_: Op = row(
    "sum", ieee.sum_, lambda y, *xs: [1.0] * len(xs), formula=("1",), symbol="Σ", light=True, domain=(_REAL,), array="sum",
    exact=lambda m, *xs: m.fsum(xs), doc="x₀ + x₁ + … of any number of arguments, from left to right.",
)
dot: Op = row(
    "dot", ieee.dot, lambda y, *xs: [*xs[len(xs) // 2 :], *xs[: len(xs) // 2]], formula=("opposite",), symbol="·", light=True,
    domain=(_REAL,), array="dot", exact=lambda m, *xs: m.fsum(xs[i] * xs[len(xs) // 2 + i] for i in range(len(xs) // 2)),
    doc="a₀b₀ + a₁b₁ + … for the arguments (a₀, a₁, …, b₀, b₁, …), from left to right.",
)
shift: Op = row(
    "shift", ieee.shift, lambda y, *xs: [0.0] * len(xs), formula=("0",), array="shift", exact=lambda m, *xs: max(xs),
    doc="The largest argument as a constant: gradient 0 by decree (0 where it is infinite). What softmax subtracts.",
)
# fmt: on

operators(Symbol, [op for op in TABLE.values() if op.python])
