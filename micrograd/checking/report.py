"""What a check found: a row for each number, and the table of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from micrograd.checking.numeric import UNKNOWN


class Row(NamedTuple):
    """One checked number: which input (and output), both derivatives, the numeric one's error, and the verdict."""

    name: str
    analytic: float
    numeric: float
    error: float
    method: str
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether the two agree, or the gradient is one that the kink allows."""
        return self.verdict.startswith(("ok", "kink"))

    @property
    def ulps(self) -> float:
        """The distance of the two in units in the last place of the numeric one."""
        if not (math.isfinite(self.analytic) and math.isfinite(self.numeric)):
            return 0.0 if self.analytic == self.numeric else math.inf
        return abs(self.analytic - self.numeric) / math.ulp(self.numeric)


class Report:
    """What was checked: true if nothing of it is wrong or undecided; prints as a table."""

    def __init__(self, rows: Sequence[Row], note: str = "") -> None:
        self.rows, self.note = tuple(rows), note

    def __bool__(self) -> bool:
        return all(row.ok for row in self.rows)

    @property
    def wrong(self) -> tuple[Row, ...]:
        """The rows that do not agree."""
        return tuple(row for row in self.rows if row.verdict.startswith("WRONG"))

    @property
    def undecided(self) -> tuple[Row, ...]:
        """The rows of which neither is known; their verdicts say why."""
        return tuple(row for row in self.rows if row.verdict.startswith("undecided"))

    def __str__(self) -> str:
        head = ("input", "analytic", "numeric", "error", "ulps", "method", "verdict")
        body = [
            (r.name, f"{r.analytic:.9g}", f"{r.numeric:.9g}", f"{r.error:.1e}", f"{r.ulps:.3g}", r.method, r.verdict) for r in self.rows
        ]
        wide = [max(len(line[i]) for line in (head, *body)) for i in range(7)]
        left = (0, 5, 6)
        lines = [
            "  ".join(f"{c:<{w}}" if i in left else f"{c:>{w}}" for i, (c, w) in enumerate(zip(line, wide, strict=True))).rstrip()
            for line in (head, *body)
        ]
        return "\n".join([*lines, *([self.note] if self.note else [])])

    __repr__ = __str__


def open_row(name: str, why: str, analytic: float = math.nan) -> Row:
    """A row of which nothing is known."""
    return Row(name, analytic, *UNKNOWN, "none", f"undecided: {why}")
