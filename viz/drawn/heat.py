"""Gradient magnitude as colour: a logarithmic scale of a few steps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ..notation.numbers import MINUS

STEPS = 5


@dataclass(frozen=True)
class Scale:
    """Level 0 is exactly zero; levels 1 … STEPS divide the magnitudes by equal ratios."""

    top: int  # log10 of the upper end of the top level
    step: float  # log10 of the ratio from one level to the next

    @classmethod
    def of(cls, magnitudes: Iterable[float]) -> Scale:
        """A scale for these magnitudes, by whole powers of ten where they span enough.

        >>> Scale.of([0.0, 0.003, 2.0, 47.0])
        Scale(top=2, step=1)
        """
        seen = [m for m in magnitudes if math.isfinite(m) and m > 0]
        if not seen:
            return cls(0, 1)
        top = math.ceil(math.log10(max(seen)) - 1e-12)
        span = top - math.log10(min(seen))
        # Close together: by the square root of ten.
        return cls(top, 0.5 if span <= STEPS / 2 else max(1, math.ceil(span / STEPS)))

    def level(self, magnitude: float) -> int:
        """Which colour, 0 … STEPS; everything below the scale is in level 1."""
        if magnitude == 0.0:
            return 0
        if not math.isfinite(magnitude):
            return STEPS
        below = (self.top - math.log10(magnitude)) / self.step
        return max(1, min(STEPS, STEPS - math.floor(below + 1e-12)))

    def legend(self) -> list[tuple[int, str]]:
        """(level, what it says) from zero to the largest.

        >>> Scale(2, 1).legend()
        [(0, '0'), (1, '≤ 0.01'), (2, '≤ 0.1'), (3, '≤ 1'), (4, '≤ 10'), (5, '≤ 100')]
        """
        exponents = [self.top - self.step * (STEPS - level) for level in range(1, STEPS + 1)]
        return [(0, "0")] + [(i, f"≤ {_power(x)}") for i, x in enumerate(exponents, 1)]


def _power(exponent: float) -> str:
    """Ten to this power, briefly."""
    if -2 <= exponent < 3:
        return f"{10**exponent:.2g}" if exponent < 2 else f"{10**exponent:.0f}"
    whole = math.floor(exponent)
    digits = f"{10 ** (exponent - whole):.1f}".removesuffix(".0")
    return f"{digits}e{whole}".replace("-", MINUS)
