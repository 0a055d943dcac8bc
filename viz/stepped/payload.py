"""A trace as JSON for the page.

JSON (format 3), made to be small: columns are base64 of little-endian arrays:
``f64``, and ``whole``, numbers of 1, 2 or 4 bytes, as the digit before says.

| key | meaning |
|---|---|
| ``n``, ``root`` | number of values (topological order), place of the root |
| ``known`` | for each row of ``ops``: 1 the page works its results out to the last bit by its rule, 2 its partials, 3 both |
| ``data`` | f64 column over the other values, and then over the numbers that the code wrote (literals) |
| ``op`` | whole over values: row in ``ops``, 0 for leaves |
| ``ops`` | rows ``{s, n, f, d, w, k, r}``: symbol, name, form, local derivatives, what stands in the box, rule (see ``rows``) |
| ``count``, ``args`` | whole: operands of each value, and all operands end to end ("slots"); n or more: a literal's place in ``data`` |
| ``partial`` | f64 over the other slots, nan where unknown |
| ``forward`` | whole: the values in the order of their steps, where that is not the order of places |
| ``names`` | ``{place: label}``; others are called v1, v2 … (see ``notation.names.complete``) |
| ``back`` | where the pass is not just the chain rule: whole ``node slot arg``, f64 ``partial value after`` |
| ``lines``, ``line``, ``code`` | source lines; ``{place: index}`` of what made it, of its ``_backward`` |
| ``groups`` | the boxes (see ``model.boxes``): ``parent``, ``name``; whole ``of``, the box of each value and 1, 0 for none |
| ``marks`` | ``{place: [message …]}`` what ``check=True`` found |
| ``check`` | what ``check=True`` said: ``said``, and whether it is ``ok`` |
| ``certain`` | with ``digits=``: what is certain of the numbers of each value (see ``model.certain.inks``) |
| ``passes`` | a sentence, where the leaves outside hold several passes |
| ``breaks``, ``asked`` | positions to stop at; those among them that numbers decided |
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .edges import Edges
    from .recording import Trace

FORMAT = 3
NAN = float("nan")


def payload(trace: Trace) -> dict[str, Any]:
    """The trace as plain JSON data (without folding, sources and breakpoints)."""
    known = _exact(trace)  # what the page works out to the last bit is left out
    n, rows, edges = len(trace.values), trace.op, None if _chained(trace) else trace.edges
    made: dict[str, Any] = {
        "format": FORMAT,
        "n": n,
        "root": trace.root,
        "data": f64([*(x for x, row in zip(trace.data, rows, strict=False) if not known[row] & 1), *trace.data[n:]]),
        "known": known,
        "ops": trace.ops,
        "op": whole_numbers(trace.op),
        "count": whole_numbers(map(len, trace.operands)),
        "args": whole_numbers(chain.from_iterable(trace.operands)),
        "partial": f64(_partials(trace, [not known[row] & 2 for row in rows], edges)),
        "names": {i: name for i, name in enumerate(trace.names) if name},
    }
    if trace.order is not None:
        made["forward"] = whole_numbers(trace.order)
    if edges is not None and not _plain(trace, edges):
        made["back"] = {
            "node": whole_numbers(edges.node),
            "slot": whole_numbers(s if s >= 0 else 0xFFFFFFFF for s in edges.slot),
            "arg": whole_numbers(edges.arg),
            "partial": f64(edges.partial),
            "value": f64(edges.value),
            "after": f64(edges.after),
        }
    if trace.marks:
        made["marks"] = trace.marks
    return made


def _exact(trace: Trace) -> list[int]:
    """For each row of ``ops`` what the page computes to the last bit: 1 the results, 2 the partials, 3 both.

    A result is left out only where the row's own function gives it today, too: leaves may have been set since.
    """
    if not trace.engine:
        return [0] * len(trace.ops)
    known = [row.get("r", {}).get("x", 0) for row in trace.ops]
    data, of = trace.data, dict(zip(trace.op, trace.values, strict=True))  # any value of each row: they have one op
    forward = [of[row].op.forward if x & 1 else None for row, x in enumerate(known)]
    params = [of[row].op.params if x & 1 else () for row, x in enumerate(known)]
    for row, operands, y in zip(trace.op, trace.operands, data, strict=False):
        f = forward[row]
        if f is not None and (now := f(*[data[a] for a in operands], *params[row])) != y and not same(now, y):
            known[row], forward[row] = known[row] & 2, None
    return known


def _partials(trace: Trace, wanted: Sequence[bool], edges: Edges | None) -> list[float]:
    """The partial at each operand of the wanted values; nan at a number of the code, and where nobody knows it."""
    found = {i: [NAN] * len(operands) for i, operands in enumerate(trace.operands) if wanted[i] and operands}
    if edges is None:
        n = len(trace.values)
        for i in found:
            found[i] = [NAN if a >= n else p for a, p in zip(trace.operands[i], trace.partials(i), strict=True)]
    else:
        for node, slot, partial in zip(edges.node, edges.slot, edges.partial, strict=True):
            if slot >= 0 and node in found:
                found[node][slot] = partial
    return list(chain.from_iterable(found.values()))


def _chained(trace: Trace) -> bool:
    """Is it known without a look at each contribution that the pass is what the page works out: the chain rule alone, in finite numbers?

    Where 0 meets inf a rule decides whether anything passes.
    """
    if trace.written_down is not None or not all(map(math.isfinite, (*trace.data, *trace.final))):
        return False
    reads = [not row.get("r", {}).get("g", [True])[0] for row in trace.ops]  # partials that are operands or numbers
    return all(reads[row] or all(map(math.isfinite, trace.partials(i))) for i, row in enumerate(trace.op) if row)


def _plain(trace: Trace, edges: Edges) -> bool:
    """Is the pass what the page would work out by itself: upstream × partial, added up?"""
    k, grads = 0, [0.0] * len(trace.values)
    grads[trace.root] = 1.0
    for node in reversed(trace.interior):
        for slot, arg in enumerate(trace.operands[node]):
            if arg >= len(trace.values):
                continue
            if k == len(edges.node) or (edges.node[k], edges.slot[k], edges.arg[k]) != (node, slot, arg):
                return False
            value = grads[node] * edges.partial[k]
            grads[arg] += value
            alike = value == edges.value[k] and grads[arg] == edges.after[k]
            if not (alike or (close(value, edges.value[k]) and close(grads[arg], edges.after[k]))):
                return False
            k += 1
    return k == len(edges.node)


def close(x: float, y: float) -> bool:
    """Equal but for the rounding of sums taken in another order."""
    return same(x, y) or math.isclose(x, y, rel_tol=1e-12)


def same(x: float, y: float) -> bool:
    """Equal as doubles, nan equal to nan."""
    return x == y or (math.isnan(x) and math.isnan(y))


def f64(xs: Iterable[float]) -> str:
    """A column of doubles, as the page reads it."""
    return _pack("d", xs)


def whole_numbers(xs: Iterable[int]) -> str:
    """A column of whole numbers, as the page reads it: in as few bytes each as hold them all, how many stands before."""
    listed = list(xs)
    most = max(listed, default=0)
    code = next(code for code, end in (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32)) if most < end)
    return f"{array(code).itemsize}{_pack(code, listed)}"


def _pack(code: str, xs: Iterable[Any]) -> str:
    column = array(code, xs)
    if sys.byteorder == "big":
        column.byteswap()
    return base64.b64encode(column.tobytes()).decode("ascii")
