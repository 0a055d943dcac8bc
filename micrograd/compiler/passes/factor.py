"""Factor: read a column of addresses as an affine function of loop indices.

The addresses 0 1 2 0 1 2 5 6 7 5 6 7 … are i·5 + j·0 + k for three nested loops. Every column of a group is read so; the loops of
the group are the common refinement of those of its columns. What is not affine (the growing rows of causal attention, a
permutation) keeps its inner, regular part, and a table of addresses for the outermost loop.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from math import gcd
from typing import Any

from micrograd.compiler.numpy_gate import np


def ends(column: Any) -> list[int]:
    """Where the loops of a column end, innermost first: its numbers in blocks of each of these are an affine function of loop indices."""
    found = [1]
    while True:
        steps = np.diff(column)
        breaks = np.flatnonzero(steps != steps[:1]) + 1
        extent = int(np.gcd.reduce(np.append(breaks, len(column))))
        if extent == 1:
            return found
        found.append(found[-1] * extent)
        column = column[::extent]


def loops_of(columns: list[Any], whole: int) -> tuple[tuple[int, ...], list[tuple[tuple[int, ...], int, Any]]]:
    """The common loops of columns of one length, and for each column (strides, base, table of the outermost loop or None)."""
    read = [ends(column) for column in columns]
    cuts = {cut for found in read for cut in found}
    dense = gcd(*(found[-1] for found in read))  # a block, in which every column is regular; what is outside is one loop, with tables
    while bad := [gcd(a, b) for a, b in combinations(sorted({*cuts, dense}), 2) if b % a and a <= dense]:
        dense = gcd(*bad)  # a block holds whole loops, and whole blocks are in the loops that are larger
    chain = [cut for cut in sorted({*cuts, dense, whole}) if cut <= dense or cut == whole]
    shape = tuple(reversed([b // a for a, b in pairwise(chain)]))
    accesses = []
    for column in columns:
        strides = [int(column[a] - column[0]) for a in reversed(chain[:-1])]
        starts = column[::dense]
        steps = np.diff(starts)
        if (steps == steps[:1]).all():
            accesses.append((tuple(strides), int(column[0]), None))
        else:
            base = int(starts.min())
            accesses.append(((0, *strides[1:]), base, starts - base))
    return shape, accesses
