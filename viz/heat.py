"""Gradient magnitude as colour: a logarithmic scale of a few steps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .formula import MINUS

STEPS = 5


@dataclass(frozen=True)
class Scale:
    """Level 0 is exactly zero; levels 1 … STEPS divide the magnitudes by equal ratios."""

    high: float  # upper end of the top level
    ratio: float  # from one level to the next

    @classmethod
    def of(cls, magnitudes: Iterable[float]) -> Scale:
        """A scale for these magnitudes, by whole powers of ten where they span enough.

        >>> Scale.of([0.0, 0.003, 2.0, 47.0])
        Scale(high=100.0, ratio=10.0)
        """
        seen = sorted(m for m in magnitudes if math.isfinite(m) and m > 0)
        if not seen:
            return cls(1.0, 10.0)
        top = math.ceil(math.log10(seen[-1]) - 1e-12)
        spans = top - math.log10(seen[0])
        ratio = next((r for r in (1, 2, 3, 4) if STEPS * r >= spans), 5)
        if spans <= STEPS / 2:  # close together: powers of the square root of ten
            return cls(10.0**top, math.sqrt(10.0))
        return cls(10.0**top, 10.0**ratio)

    def level(self, magnitude: float) -> int:
        """Which colour, 0 … STEPS; everything below the scale is in level 1."""
        if magnitude == 0.0:
            return 0
        if not math.isfinite(magnitude):
            return STEPS
        steps = math.log(self.high / magnitude) / math.log(self.ratio) if magnitude > 0 else 0.0
        return max(1, min(STEPS, STEPS - math.floor(steps + 1e-12)))

    def legend(self) -> list[tuple[int, str]]:
        """(level, what it says) from zero to the largest.

        >>> Scale(100.0, 10.0).legend()
        [(0, '0'), (1, '≤ 0.01'), (2, '≤ 0.1'), (3, '≤ 1'), (4, '≤ 10'), (5, '≤ 100')]
        """
        bounds = [self.high / self.ratio ** (STEPS - level) for level in range(1, STEPS + 1)]
        return [(0, "0")] + [(i, f"≤ {_power(b)}") for i, b in enumerate(bounds, 1)]


def _power(x: float) -> str:
    if 0.0095 <= x < 1000:
        return f"{x:.2g}" if x < 100 else f"{x:.0f}"
    mantissa, exponent = f"{x:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}".replace("-", MINUS)
