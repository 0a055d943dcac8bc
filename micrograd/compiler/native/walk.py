"""The interpreter of group instructions: compiled once a machine, it runs every program, as the table of numbers that `encode` makes.

An instruction is done in pieces of some hundred points: operands that do not lie side by side in memory are gathered into
buffers, the rule's kernel goes through them as vector lanes, and what it gives is put where it belongs, replacing, adding or summing.
Products keep tiles of outputs in registers (`products`).

What is read here is laid out in `encode`. Operands are addresses, so neither pools nor batches are a special case.
"""

from __future__ import annotations

from typing import Any

from micrograd.compiler.native.encode import (
    ACCESS,
    ADD,
    ASSIGN,
    AXES,
    BASE,
    BOUNDS,
    CHUNK,
    CONSTANT,
    COPY,
    COUNT,
    DIRECT,
    EXTENTS,
    FLAT,
    KERNEL,
    KIND,
    LARGEST,
    LENGTH,
    LOOKUP,
    MAP,
    MODE,
    ORDERED,
    PIECE,
    SCRATCH,
    SLOTS,
    SPANS,
    STRIDES,
    TABLE,
    WAY,
)
from micrograd.compiler.native.functions import maximum
from micrograd.compiler.native.memory import address, peek, poke, set_word, word
from micrograd.compiler.native.places import inner_table, offset, part, rows_of, span, summing
from micrograd.compiler.native.products import products

# --- elementwise rules ---------------------------------------------------------------------------------------------------


@part
def spread(out, n, x):  # type: ignore[no-untyped-def]
    """One number into n places."""
    for j in range(n):
        poke(out, j, x)


@part
def gather(P, A, axes, out, first, rows, start, n):  # type: ignore[no-untyped-def]
    """Some rows of an operand, from one of their places on, side by side."""
    stride, table = word(A, STRIDES + axes - 1), inner_table(P, A)
    for row in range(first, first + rows):
        x = offset(P, A, axes - 1, row)
        if table != 0:
            for j in range(n):
                poke(out, j, peek(x, word(table, start + j)))
        elif stride == 0:
            spread(out, n, peek(x, 0))
        elif stride == 1:
            for j in range(n):
                poke(out, j, peek(x, start + j))
        else:
            for j in range(n):
                poke(out, j, peek(x, (start + j) * stride))
        out += 8 * n


@part
def put(P, A, axes, x, first, rows, start, n, mode):  # type: ignore[no-untyped-def]
    """Some rows of results to where they belong."""
    stride, table = word(A, STRIDES + axes - 1), inner_table(P, A)
    for row in range(first, first + rows):
        out = offset(P, A, axes - 1, row)
        if table != 0 and mode == ADD:
            for j in range(n):
                k = word(table, start + j)
                poke(out, k, peek(out, k) + peek(x, j))
        elif table != 0:
            for j in range(n):
                merge(out, word(table, start + j), peek(x, j), mode)
        elif stride == 0:
            if mode == ASSIGN:
                poke(out, 0, total(x, n))
            elif mode == ADD:
                poke(out, 0, peek(out, 0) + total(x, n))
            else:
                for j in range(n):
                    merge(out, 0, peek(x, j), mode)
        elif stride == 1 and mode == ADD:
            for j in range(n):
                poke(out, start + j, peek(out, start + j) + peek(x, j))
        elif stride == 1 and mode == LARGEST:  # of zeros any: `settle` makes them 0.0
            for j in range(n):
                y, most = peek(x, j), peek(out, start + j)
                poke(out, start + j, y if y > most or y != y else most)
        else:
            for j in range(n):
                merge(out, (start + j) * stride, peek(x, j), mode)
        x += 8 * n


@part
def merge(out, place, x, mode):  # type: ignore[no-untyped-def]
    """One result into what is there."""
    if mode in (ADD, ORDERED):
        poke(out, place, peek(out, place) + x)
    elif mode == LARGEST:
        poke(out, place, maximum(peek(out, place), x))
    else:
        poke(out, place, x)


@summing
def total(x, n):  # type: ignore[no-untyped-def]
    """The sum of n numbers, from the left; of none, -0.0, which adds nothing to any."""
    found = -0.0
    for j in range(n):
        found += peek(x, j)
    return found


@part
def lookup(P):  # type: ignore[no-untyped-def]
    """Copies from rows of a table that numbers choose, or adds into them (KERNEL says so)."""
    axes, into, adds = word(P, AXES), word(P, KERNEL), word(P, MODE) == ADD
    n, size = word(P, EXTENTS + axes - 1), 8 * (ACCESS + axes)
    out = P + 8 * (EXTENTS + axes)
    read, chosen = out + size, out + 2 * size
    jumps, s = word(chosen, TABLE), STRIDES + axes - 1
    for r in range(rows_of(P, axes - 1)):
        o, x, c = offset(P, out, axes - 1, r), offset(P, read, axes - 1, r), offset(P, chosen, axes - 1, r)
        for j in range(n):
            far = word(jumps, int(peek(c, j * word(chosen, s))))
            k = j * word(out, s) + (far if into != 0 else 0)
            number = peek(x, j * word(read, s) + (0 if into != 0 else far))
            poke(o, k, peek(o, k) + number if adds else number)


# --- the interpreter -----------------------------------------------------------------------------------------------------


def interpreter(kernel: Any) -> Any:
    """walk(T, first, last): run some sections of a table of instructions. kernel(number, n, addresses) computes a rule."""

    @part
    def points(P, scratch):  # type: ignore[no-untyped-def]
        """Every point of an instruction, some at a time."""
        axes, count, number, mode = word(P, AXES), word(P, COUNT), word(P, KERNEL), word(P, MODE)
        n, chunk, size = word(P, EXTENTS + axes - 1), word(P, PIECE), 8 * (ACCESS + axes)
        rows = rows_of(P, axes - 1)
        out = P + 8 * (EXTENTS + axes)
        buffers = scratch + 8 * SLOTS
        for k in range(count):
            A = out + size * (k + 1)
            if word(A, WAY) == CONSTANT:
                spread(buffers + 8 * CHUNK * (k + 1), min(chunk, rows * n), peek(word(A, BASE), 0))
        together = chunk // n if n <= chunk else 1
        direct = number if mode == DIRECT else 0
        together = together if word(P, SPANS) == 0 else 1
        for piece in range(0, n, chunk):
            for first in range(0, rows, together):
                some = min(together, rows - first)
                start, end = span(P, axes - 1, first, axes - 1, n)
                start, end = max(start, piece), min(end, piece + chunk)
                wide = end - start
                if wide <= 0:
                    continue
                done = 8 * (first * n + start)
                into = word(out, BASE) + done if mode == DIRECT else buffers
                for k in range(count):
                    A = out + size * (k + 1)
                    way = word(A, WAY)
                    if way == FLAT:
                        x = word(A, BASE) + done
                    elif way == CONSTANT:
                        x = buffers + 8 * CHUNK * (k + 1)
                    elif some == 1 and word(A, STRIDES + axes - 1) == 1 and inner_table(P, A) == 0 and direct != COPY:
                        x = offset(P, A, axes - 1, first) + 8 * start
                    else:
                        x = into if direct == COPY else buffers + 8 * CHUNK * (k + 1)
                        gather(P, A, axes, x, first, some, start, wide)
                    set_word(scratch, k + 1, x)
                if number >= 0:
                    set_word(scratch, 0, into)
                    kernel(number, some * wide, scratch)
                else:  # a copy
                    into = word(scratch, 1)
                if mode != DIRECT:
                    put(P, out, axes, into, first, some, start, wide, mode)

    @part
    def walk(T, first, last):  # type: ignore[no-untyped-def]
        whole: Any = address(T)
        record, end = whole + 8 * word(whole, BOUNDS + first), whole + 8 * word(whole, BOUNDS + last)
        while record < end:
            kind = word(record, KIND)
            if kind == MAP:
                points(record, word(whole, SCRATCH))
            elif kind == LOOKUP:
                lookup(record)
            else:
                products(record, kind)
            record += 8 * word(record, LENGTH)

    return walk
