"""`micrograd check --certify`: every number of an expression with the digits that are proven, the others faint."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.colours import DIM, look, wanted
from micrograd.cli.output import put
from micrograd.engine import Value

LOST = 8  # certain digits of a gradient below which the status is 1: half of what a double has


def proof(args: Any, root: Value) -> int:
    """Print the table. Status 1 where a number has lost half its digits, 3 where one cannot be decided."""
    from micrograd.checking.certify import certify

    try:
        found = certify(root)
    except ImportError as error:
        raise Refused(str(error)) from error
    shown = [found[v][0] for v in found if v.op is not None] + list(found.rows[1:])
    colours = args.output is None and wanted(sys.stdout, os.environ)
    rows = [(r.name, r.what, *_told(r, colours), f"{r.ulps:.3g} ulps" if r.error < float("inf") else "", r.verdict) for r in shown]
    if not rows:
        raise Refused("there is nothing to prove: no operation, and no value whose gradient is asked for")
    wide = [max(len(row[i]) for row in rows) for i in (0, 1, 2, 4)]
    lines = []
    for name, what, plain, text, ulps, verdict in rows:
        verdict = "" if verdict.endswith("off") else verdict
        number = text + " " * (wide[2] - len(plain))
        lines.append(f"{name:<{wide[0]}}  {what:<{wide[1]}}  {number}  {ulps:>{wide[3]}}  {verdict}".rstrip())
    put(args.output, lines)
    if any(r.error < float("inf") and r.digits < LOST and not r.correctly_rounded for r in shown):
        return 1
    return 3 if any(r.why for r in shown) else 0


def _told(r: Any, colours: bool) -> tuple[str, str]:
    """A number as plain text, and as it is printed: all digits, the uncertain ones dim, where there are colours."""
    if not colours:
        return str(r), str(r)
    numbers = importlib.import_module("viz.notation.numbers")
    text = numbers.plain(r.double, numbers.whole(r.double))
    ink, faint, rest = numbers.inked(text, r.digits)
    more = f" ± {numbers.above(r.error)}" if r.error else ""
    return text + more, ink + (look(faint, DIM) if faint else "") + rest + more
