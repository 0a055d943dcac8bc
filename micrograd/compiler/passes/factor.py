"""Factor: read a column of addresses as an affine function of loop indices.

The addresses 0 1 2 0 1 2 5 6 7 5 6 7 … are i·5 + j·0 + k for three nested loops. Every column of a group is read so; the loops of
the group are the common refinement of those of its columns. What is not affine (the growing rows of causal attention, a
permutation) keeps its inner, regular part, and a table of addresses for the outermost loop.
"""

from __future__ import annotations

from itertools import pairwise
from math import gcd
from typing import Any

from micrograd.compiler.numpy_gate import np


def regular(column: Any) -> tuple[list[tuple[int, int]], Any]:
    """The loops (extent, stride) of a column of addresses, innermost first, and what is left: the start of each block."""
    loops: list[tuple[int, int]] = []
    while len(column) > 1:
        n = len(column)
        steps = np.diff(column)
        step = int(steps[0])
        breaks = np.flatnonzero(steps != step) + 1
        extent = int(np.gcd.reduce(np.append(breaks, n))) if len(breaks) else n
        if extent == 1:
            break
        loops.append((extent, step))
        column = column[::extent]
    return loops, column


def loops_of(columns: list[Any], whole: int) -> tuple[tuple[int, ...], list[tuple[tuple[int, ...], int, Any]]]:
    """The common loops of columns of one length, and for each column (strides, base, table of the outermost loop or None)."""
    read = [regular(c) for c in columns]
    cuts = {1}  # where some loop of some column ends
    dense = whole  # the numbers of a block, in which every column is regular; what is outside is one loop, with tables
    for loops, rest in read:
        cut = 1
        for extent, _ in loops:
            cut *= extent
            cuts.add(cut)
        if len(rest) > 1:  # irregular: only the inner part is common
            dense = gcd(dense, cut)
    while True:  # a block holds whole loops, and whole blocks are in the loops that are larger
        bad = next((gcd(a, b) for a, b in pairwise(sorted({*cuts, dense})) if b % a and a < dense), None)
        bad = bad or next((gcd(dense, c) for c in cuts if c > dense and c % dense), None)
        if bad is None:
            break
        dense = bad
    chain = sorted(c for c in {*cuts, dense} if c <= dense)
    extents = [b // a for a, b in pairwise(chain)]
    outer = whole // chain[-1]
    if outer > 1:
        extents.append(outer)
    shape = tuple(reversed(extents))
    accesses = []
    for column in columns:
        strides = [int(column[a] - column[0]) for a in chain[:-1]]
        index = None
        if outer > 1:
            starts = column[:: chain[-1]]
            step = int(starts[1] - starts[0])
            if (np.diff(starts) == step).all():
                strides.append(step)
            else:
                index = starts - starts.min()
                strides.append(0)
                accesses.append((tuple(reversed(strides)), int(starts.min()), index))
                continue
        accesses.append((tuple(reversed(strides)), int(column[0]), None))
    return shape, accesses
