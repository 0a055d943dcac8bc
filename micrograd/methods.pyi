"""The table's ops as methods and functions, for type checkers. Made by `python -m micrograd.stubs`, not edited by hand."""

from math import inf
from typing import Any, SupportsFloat, overload

from micrograd.engine import Value
from micrograd.ops.op import Op

class Methods:
    def less(self, b: SupportsFloat, /) -> Value:
        """1 if a < b, else 0 (0 with a nan)."""
    def equal(self, b: SupportsFloat, /) -> Value:
        """1 if a equals b, else 0."""
    def where(self, b: SupportsFloat, c: SupportsFloat, /) -> Value:
        """a where the condition is not 0, else b; the branch not taken has gradient 0, even when it is nan."""
    def sign(self, /) -> Value:
        """-1, 0 or 1 (nan for nan). Derivative 0."""
    def step(self, /) -> Value:
        """The derivative of relu: 1 for x > 0, else 0 (nan for nan)."""
    def add(self, b: SupportsFloat, /) -> Value:
        """a + b."""
    def __add__(self, other: Any) -> Value: ...
    def __radd__(self, other: Any) -> Value: ...
    def sub(self, b: SupportsFloat, /) -> Value:
        """a - b."""
    def __sub__(self, other: Any) -> Value: ...
    def __rsub__(self, other: Any) -> Value: ...
    def mul(self, b: SupportsFloat, /) -> Value:
        """a · b."""
    def __mul__(self, other: Any) -> Value: ...
    def __rmul__(self, other: Any) -> Value: ...
    def div(self, b: SupportsFloat, /) -> Value:
        """a / b; x/0 is ±inf, 0/0 is nan."""
    def __truediv__(self, other: Any) -> Value: ...
    def __rtruediv__(self, other: Any) -> Value: ...
    def neg(self, /) -> Value:
        """-x."""
    def __neg__(self) -> Value: ...
    def abs(self, /) -> Value:
        """|x|; derivative 0 at 0."""
    def __abs__(self) -> Value: ...
    def pow(self, b: SupportsFloat, /) -> Value:
        """a ** b, both differentiable. Never complex: nan for a negative base with a broken exponent. 0**0 is 1."""
    def __pow__(self, other: Any) -> Value: ...
    def __rpow__(self, other: Any) -> Value: ...
    def power(self, p: SupportsFloat = 2.0, /) -> Value:
        """x ** p for a constant number p."""
    def floor(self, /) -> Value:
        """The largest whole number ≤ x."""
    def ceil(self, /) -> Value:
        """The smallest whole number ≥ x."""
    def trunc(self, /) -> Value:
        """x without its decimals, towards 0."""
    def round(self, /) -> Value:
        """The whole number nearest to x, the even one of two as near."""
    def mod(self, b: SupportsFloat, /) -> Value:
        """a - b·floor(a/b), Python's %: its sign is that of b. A jump by b where a/b is whole; nan for b = 0."""
    def __mod__(self, other: Any) -> Value: ...
    def __rmod__(self, other: Any) -> Value: ...
    def exp(self, /) -> Value:
        """eˣ; inf from 710 on."""
    def expm1(self, /) -> Value:
        """eˣ - 1 without cancellation near 0."""
    def exp2(self, /) -> Value:
        """2ˣ; inf from 1024 on."""
    def log(self, /) -> Value:
        """Natural logarithm; -inf at 0, nan below."""
    def log1p(self, /) -> Value:
        """log(1 + x) without cancellation near 0."""
    def log2(self, /) -> Value:
        """Logarithm to base 2."""
    def log10(self, /) -> Value:
        """Logarithm to base 10."""
    def sqrt(self, /) -> Value:
        """Square root; derivative inf at 0, nan below."""
    def cbrt(self, /) -> Value:
        """Cube root, odd; derivative inf at 0."""
    def sin(self, /) -> Value:
        """Sine of x in radians."""
    def cos(self, /) -> Value:
        """Cosine of x in radians."""
    def tan(self, /) -> Value:
        """Tangent of x in radians."""
    def asin(self, /) -> Value:
        """Arc sine, radians; nan outside [-1, 1]."""
    def arcsin(self, /) -> Value:
        """Arc sine, radians; nan outside [-1, 1]."""
    def acos(self, /) -> Value:
        """Arc cosine, radians; nan outside [-1, 1]."""
    def arccos(self, /) -> Value:
        """Arc cosine, radians; nan outside [-1, 1]."""
    def atan(self, /) -> Value:
        """Arc tangent, radians."""
    def arctan(self, /) -> Value:
        """Arc tangent, radians."""
    def atan2(self, b: SupportsFloat, /) -> Value:
        """The angle of the point (x=b, y=a), radians; partials 0 at the origin."""
    def arctan2(self, b: SupportsFloat, /) -> Value:
        """The angle of the point (x=b, y=a), radians; partials 0 at the origin."""
    def sinh(self, /) -> Value:
        """Hyperbolic sine."""
    def cosh(self, /) -> Value:
        """Hyperbolic cosine."""
    def tanh(self, /) -> Value:
        """Hyperbolic tangent."""
    def asinh(self, /) -> Value:
        """Inverse of sinh."""
    def arcsinh(self, /) -> Value:
        """Inverse of sinh."""
    def acosh(self, /) -> Value:
        """Inverse of cosh; nan below 1."""
    def arccosh(self, /) -> Value:
        """Inverse of cosh; nan below 1."""
    def atanh(self, /) -> Value:
        """Inverse of tanh; ±inf at ±1, nan outside."""
    def arctanh(self, /) -> Value:
        """Inverse of tanh; ±inf at ±1, nan outside."""
    def relu(self, /) -> Value:
        """max(x, 0); derivative 0 at 0."""
    def leaky_relu(self, slope: SupportsFloat = 0.01, /) -> Value:
        """x for x > 0, else slope · x (slope 0.01)."""
    def elu(self, alpha: SupportsFloat = 1.0, /) -> Value:
        """x for x > 0, else alpha · (eˣ - 1) (alpha 1). Clevert et al. 2015."""
    def sigmoid(self, /) -> Value:
        """1 / (1 + e⁻ˣ), the logistic function."""
    def softplus(self, /) -> Value:
        """log(1 + eˣ), without overflow."""
    def log_sigmoid(self, /) -> Value:
        """log sigmoid(x), without overflow."""
    def silu(self, /) -> Value:
        """x · sigmoid(x), also called swish. Elfwing et al. 2017."""
    def gauss(self, k: SupportsFloat = 1.0, /) -> Value:
        """exp(-k x²), exact in the tail (k a power of two)."""
    def normal_cdf(self, /) -> Value:
        """The standard normal distribution function Φ(x)."""
    def gelu(self, /) -> Value:
        """x · Φ(x), the exact form. Hendrycks & Gimpel 2016."""
    def erf(self, /) -> Value:
        """The error function."""
    def erfc(self, /) -> Value:
        """1 - erf(x), accurate for large x."""
    def hypot(self, b: SupportsFloat, /) -> Value:
        """√(a² + b²) without overflow; partials 0 at the origin."""
    def maximum(self, b: SupportsFloat, /) -> Value:
        """The larger of two, 0.0 of 0.0 and -0.0 (IEEE 754-2019's maximum); ½ to each at a tie; nan if either is nan."""
    def minimum(self, b: SupportsFloat, /) -> Value:
        """The smaller of two, -0.0 of 0.0 and -0.0 (IEEE 754-2019's minimum); ½ to each at a tie; nan if either is nan."""
    def clamp(self, low: SupportsFloat = -inf, high: SupportsFloat = inf, /) -> Value:
        """x kept within [low, high]; derivative 0 at and beyond the limits."""
    def sum(self, *args: SupportsFloat) -> Value:
        """x₀ + x₁ + … of any number of arguments, from left to right."""
    def dot(self, *args: SupportsFloat) -> Value:
        """a₀b₀ + a₁b₁ + … for the arguments (a₀, a₁, …, b₀, b₁, …), from left to right."""
    def shift(self, *args: SupportsFloat) -> Value:
        """The largest argument as a constant: gradient 0 by decree (0 where it is infinite). What softmax subtracts."""

class Op1(Op):
    @overload
    def __call__(self, a: float, /) -> float: ...
    @overload
    def __call__(self, a: Value, /) -> Value: ...
class Op1Alpha(Op):
    @overload
    def __call__(self, a: float, alpha: SupportsFloat = 1.0, /) -> float: ...
    @overload
    def __call__(self, a: Value, alpha: SupportsFloat = 1.0, /) -> Value: ...
class Op1K(Op):
    @overload
    def __call__(self, a: float, k: SupportsFloat = 1.0, /) -> float: ...
    @overload
    def __call__(self, a: Value, k: SupportsFloat = 1.0, /) -> Value: ...
class Op1LowHigh(Op):
    @overload
    def __call__(self, a: float, low: SupportsFloat = -inf, high: SupportsFloat = inf, /) -> float: ...
    @overload
    def __call__(self, a: Value, low: SupportsFloat = -inf, high: SupportsFloat = inf, /) -> Value: ...
class Op1P(Op):
    @overload
    def __call__(self, a: float, p: SupportsFloat = 2.0, /) -> float: ...
    @overload
    def __call__(self, a: Value, p: SupportsFloat = 2.0, /) -> Value: ...
class Op1Slope(Op):
    @overload
    def __call__(self, a: float, slope: SupportsFloat = 0.01, /) -> float: ...
    @overload
    def __call__(self, a: Value, slope: SupportsFloat = 0.01, /) -> Value: ...
class Op2(Op):
    @overload
    def __call__(self, a: float, b: float, /) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, a: SupportsFloat, b: SupportsFloat, /) -> Value: ...
class Op3(Op):
    @overload
    def __call__(self, a: float, b: float, c: float, /) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, a: SupportsFloat, b: SupportsFloat, c: SupportsFloat, /) -> Value: ...
class OpAny(Op):
    @overload
    def __call__(self, *args: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *args: SupportsFloat) -> Value: ...

less: Op2
equal: Op2
where: Op3
sign: Op1
step: Op1
add: Op2
sub: Op2
mul: Op2
div: Op2
neg: Op1
abs: Op1
pow: Op2
power: Op1P
floor: Op1
ceil: Op1
trunc: Op1
round: Op1
mod: Op2
exp: Op1
expm1: Op1
exp2: Op1
log: Op1
log1p: Op1
log2: Op1
log10: Op1
sqrt: Op1
cbrt: Op1
sin: Op1
cos: Op1
tan: Op1
asin: Op1
acos: Op1
atan: Op1
atan2: Op2
sinh: Op1
cosh: Op1
tanh: Op1
asinh: Op1
acosh: Op1
atanh: Op1
relu: Op1
leaky_relu: Op1Slope
elu: Op1Alpha
sigmoid: Op1
softplus: Op1
log_sigmoid: Op1
silu: Op1
gauss: Op1K
normal_cdf: Op1
gelu: Op1
erf: Op1
erfc: Op1
hypot: Op2
maximum: Op2
minimum: Op2
clamp: Op1LowHigh
sum: OpAny
dot: OpAny
shift: OpAny

__all__ = ['abs', 'acos', 'acosh', 'add', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'cbrt', 'ceil', 'clamp', 'cos', 'cosh', 'div', 'dot', 'elu', 'equal', 'erf', 'erfc', 'exp', 'exp2', 'expm1', 'floor', 'gauss', 'gelu', 'hypot', 'leaky_relu', 'less', 'log', 'log10', 'log1p', 'log2', 'log_sigmoid', 'maximum', 'minimum', 'mod', 'mul', 'neg', 'normal_cdf', 'pow', 'power', 'relu', 'round', 'shift', 'sigmoid', 'sign', 'silu', 'sin', 'sinh', 'softplus', 'sqrt', 'step', 'sub', 'sum', 'tan', 'tanh', 'trunc', 'where']
