"""Factor: read a column of addresses as an affine function of loop indices.

The addresses 0 1 2 0 1 2 5 6 7 5 6 7 … are i·5 + j·0 + k for three nested loops. Every column of a group is read so; the loops of
the group are the common refinement of those of its columns. Rows of differing lengths (causal attention) are a loop that ends
sooner. What is not affine (a permutation) keeps its inner, regular part, and a table of addresses for the outermost loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import gcd
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.group import Loop, Loops, Numbering
from micrograd.compiler.program.instruction import Access, Instruction, Limit
from micrograd.compiler.program.show import Names, listed
from micrograd.compiler.tracing.scalars import Scalars


@dataclass
class Nests:
    """The loops of a graph as instructions: loop nests over addresses."""

    graph: Scalars
    loops: list[Loop]
    numbering: Numbering
    steps: list[Instruction]

    def told(self) -> str:
        """How many have affine addresses."""
        affine = sum(all(a.affine for a in step.accesses) for step in self.steps)
        return f"{affine} loops with affine addresses, {len(self.steps) - affine} with a table or a look-up"

    def __str__(self) -> str:
        return "\n".join([self.told(), *listed(Names(self.numbering.families), self.steps)])

    __repr__ = __str__


def factor(loops: Loops) -> tuple[Nests, str]:
    """The loop nest of every loop."""
    found = Nests(loops.graph, loops.loops, loops.numbering, nests(loops.loops, loops.numbering))
    return found, found.told()


def nests(loops: list[Loop], numbering: Numbering) -> list[Instruction]:
    """Loops as instructions, by the addresses that their slots have now."""
    return [_look_up(loop, numbering) if loop.table is not None else instruction(loop, numbering) for loop in loops]


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


Read = tuple[tuple[int, ...], int, Any]  # strides, base, table of the outermost loop or None


def loops_of(columns: list[Any], whole: int, asked: tuple[int, ...] = ()) -> tuple[tuple[int, ...], list[Read]]:
    """The common loops of columns of one length, and how each column is read. asked: where a loop has to end."""
    read = [ends(column) for column in columns]
    cuts = {*asked, *(cut for found in read for cut in found)}
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


class Irregular(ValueError):
    """The rows of a table lie one way for one output and another way for the next."""


def instruction(loop: Loop, numbering: Numbering) -> Instruction:
    """The loop nest of a loop: its columns of addresses, factored."""
    out, columns = loop.out, loop.columns
    arrays = [c for c in columns if not isinstance(c, float)]
    if loop.rows is not None and (found_in_rows := in_rows(loop, numbering)) is not None:
        return found_in_rows
    if loop.segments is not None:
        out = out[loop.segments]
    elif loop.fold:
        terms = next((c.shape[1] for c in arrays), 1)
        out = np.repeat(out, terms)
        arrays = [c.ravel() for c in arrays]
    found = [out, *arrays]
    shape, accesses = loops_of([numbering.address[c] for c in found], len(out))
    made = [
        Access("v", strides, base, index, bool(numbering.batched[ids[0]]))
        for ids, (strides, base, index) in zip(found, accesses, strict=True)
    ]
    rest = iter(made[1:])
    reads: tuple[Any, ...] = tuple(c if isinstance(c, float) else next(rest) for c in columns)
    return Instruction(shape, made[0], loop.rule, reads, loop.add, made[0].batch, loop.zero)


def in_rows(loop: Loop, numbering: Numbering) -> Instruction | None:
    """The loop nest of a loop whose items are rows of differing lengths: an axis that ends sooner. None where rows are not regular."""
    lengths = loop.rows
    items = len(loop.out) if loop.segments is None else len(loop.segments)
    out = loop.out if loop.segments is None else loop.out[loop.segments]
    order = np.argsort(loop.segments, kind="stable") if loop.segments is not None else np.arange(items)
    arrays = [c.reshape(items, -1)[order] for c in (out, *loop.columns) if not isinstance(c, float)]
    terms = max(c.shape[1] for c in arrays)
    most, starts = int(lengths.max()), np.cumsum(lengths) - lengths
    longest = int(starts[lengths.argmax()])
    inside = np.arange(most) < lengths[:, None]
    box = (len(lengths), most, terms)
    columns = []
    for ids in arrays:
        found = numbering.address[ids].astype(np.int64)
        step = found[longest + 1] - found[longest]
        whole = found[starts][:, None] + np.arange(most)[:, None] * step
        if (whole[inside] != found).any():
            return None
        columns.append(np.broadcast_to(whole, box).ravel())
    columns.append(np.broadcast_to(lengths[:, None, None], box).ravel())
    shape, accesses = loops_of(columns, columns[0].size, (terms, most * terms))
    *_, (along, first, table) = accesses
    inner = len(shape)  # the axes that are within a row: its items, and the terms of each
    while inner and int(np.prod(shape[inner:])) < most * terms:
        inner -= 1
    if inner == len(shape) or int(np.prod(shape[inner:])) != most * terms or shape[inner] != most:
        return None
    outer = [a for a in range(inner) if along[a] or (a == 0 and table is not None)]
    if len(outer) != 1:
        return None
    by = outer[0]
    numbers = table + first if table is not None else first + along[by] * np.arange(shape[by])
    made = [
        Access("v", strides, base, index, bool(numbering.batched[ids.flat[0]]))
        for ids, (strides, base, index) in zip(arrays, accesses[:-1], strict=True)
    ]
    rest = iter(made[1:])
    reads: tuple[Any, ...] = tuple(c if isinstance(c, float) else next(rest) for c in loop.columns)
    limit = Limit(inner, by, tuple(numbers.tolist()))
    return Instruction(shape, made[0], loop.rule, reads, loop.add, made[0].batch, loop.zero, limit)


def _look_up(loop: Loop, numbering: Numbering) -> Instruction:
    """out = the chosen row of a table."""
    found = [loop.out, loop.table[:, 0], loop.chosen]
    rows = numbering.address[loop.table].astype(np.int64)
    jumps = rows - rows[:, :1]
    if (jumps != jumps[0]).any():
        raise Irregular
    shape, accesses = loops_of([numbering.address[c] for c in found], len(loop.out))
    out, row, chosen = (
        Access("v", strides, base, index, bool(numbering.batched[ids[0]]))
        for ids, (strides, base, index) in zip(found, accesses, strict=True)
    )
    row.chosen, row.jumps = chosen, jumps[0]
    return Instruction(shape, out, loop.rule, (row,), loop.add, out.batch)
