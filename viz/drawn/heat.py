"""Gradients as colour: sign by hue, size by strength, on a logarithmic scale of a few steps."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..notation.numbers import MINUS
from ..record import NamedTuple

STEPS = 4


class Scale(NamedTuple):
    """Level 0 is exactly zero; levels 1 … STEPS divide the sizes by equal ratios, −1 … −STEPS those of numbers below 0."""

    top: int  # log10 of the upper end of the top level
    step: float  # log10 of the ratio from one level to the next

    @classmethod
    def of(cls, magnitudes: Iterable[float]) -> Scale:
        """A scale for these magnitudes, by whole powers of ten where they span enough.

        >>> Scale.of([0.0, 0.03, 2.0, 47.0])
        Scale(top=2, step=1)
        """
        seen = [m for m in magnitudes if math.isfinite(m) and m > 0]
        if not seen:
            return cls(0, 1)
        top = math.ceil(math.log10(max(seen)) - 1e-12)
        span = top - math.log10(min(seen))
        # Close together: by the square root of ten.
        return cls(top, 0.5 if span <= STEPS / 2 else max(1, math.ceil(span / STEPS)))

    def level(self, x: float) -> int:
        """Which colour, −STEPS … STEPS; everything smaller than the scale is in level 1 or −1."""
        if x == 0.0:
            return 0
        if not math.isfinite(x):
            return -STEPS if x < 0 else STEPS
        below = (self.top - math.log10(abs(x))) / self.step
        level = max(1, min(STEPS, STEPS - math.floor(below + 1e-12)))
        return level if x > 0 else -level

    def legend(self) -> list[tuple[int, str]]:
        """(level, what it says) from the largest below 0 to the largest above.

        >>> Scale(2, 1).legend()[:5]
        [(-4, '≥ −100'), (-3, '≥ −10'), (-2, '≥ −1'), (-1, '≥ −0.1'), (0, '0')]
        >>> Scale(2, 1).legend()[5:]
        [(1, '≤ 0.1'), (2, '≤ 1'), (3, '≤ 10'), (4, '≤ 100')]
        """
        ends = [(level, _power(self.top - self.step * (STEPS - level))) for level in range(1, STEPS + 1)]
        return [(-level, f"≥ {MINUS}{end}") for level, end in reversed(ends)] + [(0, "0")] + [(level, f"≤ {end}") for level, end in ends]


def _power(exponent: float) -> str:
    """Ten to this power, briefly."""
    if -2 <= exponent < 3:
        return f"{10**exponent:.2g}" if exponent < 2 else f"{10**exponent:.0f}"
    whole = math.floor(exponent)
    digits = f"{10 ** (exponent - whole):.1f}".removesuffix(".0")
    return f"{digits}e{whole}".replace("-", MINUS)
