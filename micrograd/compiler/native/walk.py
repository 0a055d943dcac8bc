"""The interpreter of group instructions: compiled once a machine, it runs every program, as the table of numbers that `encode` makes.

An instruction is done in pieces of some hundred points: operands that do not lie side by side in memory are gathered into
buffers, the rule's kernel goes through them as vector lanes, and what it gives is put where it belongs, replacing, adding or summing.
Products keep tiles of outputs in registers (`numba_memory`).

What is read here is laid out in `encode.Layout`. Operands are addresses, so neither pools nor batches are a special case.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from micrograd.compiler.native.encode import (
    ACCESS,
    ADD,
    ASSIGN,
    AXES,
    AXIS,
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
    LANES,
    LARGEST,
    LENGTH,
    LOOKUP,
    MAP,
    MODE,
    ORDERED,
    PAIRS,
    PIECE,
    POSITIVE,
    SCRATCH,
    SLOTS,
    STRIDES,
    TABLE,
    WAY,
)
from micrograd.compiler.native.functions import maximum
from micrograd.compiler.native.memory import address, peek, poke, set_word, summed_tile, tile, word

inner: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # called by compiled code alone
part: Any = njit(**inner, fastmath=False)
summing: Any = njit(**inner, fastmath={"reassoc", "contract"})

tile_4_16, tile_1_16, tile_4_4, tile_1_4, tile_4_1, tile_1_1 = (tile(j, n) for n in (16, 4, 1) for j in (4, 1))
pairs_16, pairs_4, pairs_1 = (tile(1, n, both=True) for n in (16, 4, 1))
summed_4_4, summed_4_1, summed_1_4, summed_1_1 = (summed_tile(j, q) for j in (4, 1) for q in (4, 1))


# --- where things are ----------------------------------------------------------------------------------------------------


@part
def offset(P, A, axes, row):  # type: ignore[no-untyped-def]
    """The address that an access has at a row: a place in the index space of the outer `axes`."""
    axis, table, found = word(P, AXIS), word(A, TABLE), 0
    for a in range(axes - 1, -1, -1):
        i = row
        if a > 0:
            extent = word(P, EXTENTS + a)
            row = row // extent
            i -= row * extent
        if a == axis and table != 0:
            found += word(table, i)
        else:
            found += i * word(A, STRIDES + a)
    return word(A, BASE) + 8 * found


@part
def rows_of(P, axes):  # type: ignore[no-untyped-def]
    """How many rows the outer axes of a nest make."""
    count = 1
    for a in range(axes):
        count *= word(P, EXTENTS + a)
    return count


@part
def inner_table(P, A):  # type: ignore[no-untyped-def]
    """The table of an access whose innermost axis goes by it, or 0."""
    return word(A, TABLE) if word(P, AXIS) == word(P, AXES) - 1 else 0


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


# --- products ------------------------------------------------------------------------------------------------------------


@part
def products(P, kind):  # type: ignore[no-untyped-def]
    """Sums of products: the last three axes are a block (see `encode.product`), the others go round it."""
    axes, add, zero = word(P, AXES), word(P, MODE) == ADD, 0.0 if word(P, MODE) == POSITIVE else -0.0
    size = 8 * (ACCESS + axes)
    out = P + 8 * (EXTENTS + axes)
    last = EXTENTS + axes - 3
    rows, columns, n = word(P, last), word(P, last + 1), word(P, last + 2)
    s = STRIDES + axes - 3
    A, B = out + size, out + 2 * size
    for r in range(rows_of(P, axes - 3)):
        o, a, b = offset(P, out, axes - 3, r), offset(P, A, axes - 3, r), offset(P, B, axes - 3, r)
        if kind == LANES:
            block(o, word(out, s), a, word(A, s), word(A, s + 1), b, word(B, s + 1), rows, columns, n, add, zero)
        elif kind == PAIRS:
            pairs(o, word(out, s), a, word(A, s), word(A, s + 1), b, word(B, s), word(B, s + 1), rows, columns, n, add, zero)
        else:
            block_summed(o, word(out, s), word(out, s + 1), a, word(A, s), b, word(B, s + 1), rows, columns, n, add, zero)


@part
def block(o, oj, a, aj, ak, b, bk, rows, terms, n, add, zero):  # type: ignore[no-untyped-def]
    """out[j, i] (+)= Σₖ a[j, k] · b[k, i], i along lanes."""
    i = 0
    while i + 16 <= n:
        for j in range(0, rows - 3, 4):
            tile_4_16(o + 8 * (j * oj + i), oj, a + 8 * j * aj, aj, ak, b + 8 * i, bk, terms, add, zero)
        for j in range(rows & -4, rows):
            tile_1_16(o + 8 * (j * oj + i), oj, a + 8 * j * aj, aj, ak, b + 8 * i, bk, terms, add, zero)
        i += 16
    while i + 4 <= n:
        for j in range(0, rows - 3, 4):
            tile_4_4(o + 8 * (j * oj + i), oj, a + 8 * j * aj, aj, ak, b + 8 * i, bk, terms, add, zero)
        for j in range(rows & -4, rows):
            tile_1_4(o + 8 * (j * oj + i), oj, a + 8 * j * aj, aj, ak, b + 8 * i, bk, terms, add, zero)
        i += 4
    while i < n:
        for j in range(0, rows - 3, 4):
            tile_4_1(o + 8 * (j * oj + i), oj, a + 8 * j * aj, aj, ak, b + 8 * i, bk, terms, add, zero)
        for j in range(rows & -4, rows):
            tile_1_1(o + 8 * (j * oj + i), oj, a + 8 * j * aj, aj, ak, b + 8 * i, bk, terms, add, zero)
        i += 1


@part
def pairs(o, oj, a, aj, ak, b, bj, bk, rows, terms, n, add, zero):  # type: ignore[no-untyped-def]
    """out[j, i] (+)= Σₖ a[j, k, i] · b[j, k, i], i along lanes."""
    for j in range(rows):
        i = 0
        while i + 16 <= n:
            pairs_16(o + 8 * (j * oj + i), 0, a + 8 * (j * aj + i), 0, ak, b + 8 * (j * bj + i), bk, terms, add, zero)
            i += 16
        while i + 4 <= n:
            pairs_4(o + 8 * (j * oj + i), 0, a + 8 * (j * aj + i), 0, ak, b + 8 * (j * bj + i), bk, terms, add, zero)
            i += 4
        while i < n:
            pairs_1(o + 8 * (j * oj + i), 0, a + 8 * (j * aj + i), 0, ak, b + 8 * (j * bj + i), bk, terms, add, zero)
            i += 1


@part
def block_summed(o, oj, oq, a, aj, b, bq, rows, columns, n, add, zero):  # type: ignore[no-untyped-def]
    """out[j, q] (+)= Σᵢ a[j, i] · b[q, i], i along lanes."""
    for j in range(0, rows - 3, 4):
        for q in range(0, columns - 3, 4):
            summed_4_4(o + 8 * (j * oj + q * oq), oj, oq, a + 8 * j * aj, aj, b + 8 * q * bq, bq, n, add, zero)
        for q in range(columns & -4, columns):
            summed_4_1(o + 8 * (j * oj + q * oq), oj, oq, a + 8 * j * aj, aj, b + 8 * q * bq, bq, n, add, zero)
    for j in range(rows & -4, rows):
        for q in range(0, columns - 3, 4):
            summed_1_4(o + 8 * (j * oj + q * oq), oj, oq, a + 8 * j * aj, aj, b + 8 * q * bq, bq, n, add, zero)
        for q in range(columns & -4, columns):
            summed_1_1(o + 8 * (j * oj + q * oq), oj, oq, a + 8 * j * aj, aj, b + 8 * q * bq, bq, n, add, zero)


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
        for start in range(0, n, chunk):
            wide = min(chunk, n - start)
            for first in range(0, rows, together):
                some = min(together, rows - first)
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
