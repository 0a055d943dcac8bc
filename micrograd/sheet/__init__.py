"""One page to print: the formulas of the table of ops with their derivatives, and the words of the lessons. `micrograd sheet`."""

from __future__ import annotations

from micrograd.sheet.page import page

__all__ = ["page"]
