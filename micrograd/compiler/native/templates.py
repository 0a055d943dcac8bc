"""How each primitive of the table is written in generated Numba code; the rest follow from their rules."""

from __future__ import annotations

TEMPLATES = {
    "less": "({0} < {1})", "equal": "({0} == {1})", "where": "({1} if {0} else {2})", "add": "({0} + {1})", "sub": "({0} - {1})",
    "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})", "abs": "abs({0})", "pow": "({0} ** {1})",
    "power": "({0} ** {1})", "exp2": "(2.0 ** {0})", "mod": "({0} % {1})",
    "floor": "np.floor({0})", "ceil": "np.ceil({0})", "trunc": "np.trunc({0})", "round": "np.rint({0})",
    "exp": "exp({0})", "expm1": "expm1({0})", "log": "log({0})", "log1p": "log1p({0})",
    "log2": "np.log2({0})",
    "log10": "np.log10({0})", "sqrt": "np.sqrt({0})", "cbrt": "cbrt({0})", "sin": "np.sin({0})", "cos": "np.cos({0})",
    "tan": "np.tan({0})", "asin": "np.arcsin({0})", "acos": "np.arccos({0})", "atan": "np.arctan({0})",
    "atan2": "np.arctan2({0}, {1})", "sinh": "np.sinh({0})", "cosh": "np.cosh({0})", "tanh": "tanh({0})",
    "asinh": "np.arcsinh({0})", "acosh": "np.arccosh({0})", "atanh": "np.arctanh({0})",
    "relu": "({0} if {0} > 0.0 or {0} != {0} else 0.0)", "gauss": "gauss({0}, {1})",
    "erf": "math.erf({0})", "hypot": "np.hypot({0}, {1})", "maximum": "maximum({0}, {1})",
    "minimum": "minimum({0}, {1})",
}  # fmt: skip

HEADER = '''"""{title}

Written by micrograd.compiler.native.specialise: the program printed below, as loops with constant bounds.
"""

import math

import numpy as np
from numba import njit

from micrograd.compiler.native.functions import cbrt, exp, expm1, gauss, inf, log, log1p, maximum, minimum, nan, place, tanh, times

inner = {{"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}}  # called by compiled code alone
exactly = njit(**inner, fastmath=False)  # said: else it takes on what its caller permits
part = njit(**inner, fastmath={{"contract", "reassoc"}}, boundscheck=False)  # sums; with "nsz" LLVM takes out common factors
whole = njit(cache=True, error_model="numpy", fastmath=False)
'''
