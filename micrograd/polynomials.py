"""The two polynomials behind normal_cdf, erfc and gelu, in q = (t - 6)/(t + 6), good for 0 ≤ t ≤ 39 to 2**-55 of the result.

Chebyshev interpolants on 60 points computed with 260 bits, cut where the rest is below 2**-58 and written out in powers of q.
The constant term is in two parts, high and low, for it alone is as large as the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

# (1 + t)·Φ(-t)·exp(t²/2)
LOWER_0 = 0.45345520027112796, -1.2130662279471104e-17
LOWER = (
    -0.08502536230577072, 0.03981142456243012, -0.0043733867795938035, -0.01614151733221389,
    0.02259246706279732, -0.019766479219617394, 0.013246864153901632, -0.007059819424925712, 0.0029356555176513763,
    -0.0008689946413045316, 0.00011948966463189282, 3.7794808614152075e-05, -2.63534514737785e-05, 4.412621633850935e-06,
    1.7839999776602933e-06, -9.998816010304957e-07, -7.684867484812304e-10, 1.3255062471926538e-07, -1.97046368728413e-08,
    -1.5636459536408018e-08, 2.8152942562141636e-09, 1.5259835259442815e-09,
)
# the same times √2
LOWER_SQRT2_0 = 0.6412824941520371, 1.969034107986997e-17
LOWER_SQRT2 = tuple(c * sqrt(2.0) for c in LOWER)
# (Φ(-t) - t·φ(t))·exp(t²/2)/(t - t₀), t₀ = 0.75179… being the root of the first factor
SLOPE_0 = -0.44374654304260835, -9.959380929750953e-18
SLOPE = (
    0.07897064687638762, -0.057955989896973946, 0.038788327312028824, -0.023467342760468125,
    0.01268412141210001, -0.006020783052770731, 0.0024421585271842856, -0.0008049568374557856, 0.0001912120252817122,
    -1.8520354875555126e-05, -8.184334910298111e-06, 4.263465579913869e-06, -5.318356889145701e-07, -2.7031856950423374e-07,
    1.2045800064773767e-07, 3.5213897166997052e-09, -1.448015875367744e-08, 1.7708748099408841e-09, 1.5472838313757235e-09,
    -2.611356202260683e-10, -1.4308790664216635e-10,
)


def corrected(q: Any, constant: tuple[float, float], coefficients: Sequence[float], lost: Any) -> Any:
    """p(q)·(1 - lost) in primitives: the small terms go in before the last addition, which alone rounds the result."""
    total: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = c + q * total
    rest = constant[1] + q * total
    return constant[0] + (rest - (constant[0] + rest) * lost)
