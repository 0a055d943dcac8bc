"""Sums of products in the interpreter: blocks of outputs go through tiles in registers (see `memory`).

Where one axis of a block ends sooner at some steps of another (causal attention), tiles go through what all of their outputs have, and
masked ones, or narrow ones, through the rest.
"""

from __future__ import annotations

from micrograd.compiler.native.encode import ACCESS, ADD, AXES, EXTENTS, INNER, LANES, MODE, OUTER, PAIRS, POSITIVE, SPANS, STRIDES, SUMMED
from micrograd.compiler.native.memory import edge, summed_tile, tile, word
from micrograd.compiler.native.places import offset, part, rows_of, span

tile_4_16, tile_1_16, tile_4_4, tile_1_4, tile_4_1, tile_1_1 = (tile(j, n) for n in (16, 4, 1) for j in (4, 1))
pairs_16, pairs_4, pairs_1 = (tile(1, n, both=True) for n in (16, 4, 1))
summed_4_4, summed_4_1, summed_1_4, summed_1_1 = (summed_tile(j, q) for j in (4, 1) for q in (4, 1))
edge_4_16, edge_1_16, edge_4_4, edge_1_4 = (edge(j, n) for n in (16, 4) for j in (4, 1))


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
    edged = word(P, SPANS) != 0 and word(P, OUTER) >= axes - 3  # both of its axes are in the block
    for r in range(rows_of(P, axes - 3)):
        o, a, b = offset(P, out, axes - 3, r), offset(P, A, axes - 3, r), offset(P, B, axes - 3, r)
        if word(P, SPANS) != 0 and not edged:
            inner = max(word(P, INNER), axes - 3)
            first, end = span(P, axes - 3, r, inner, word(P, EXTENTS + inner))
            rows, columns, n = word(P, last), word(P, last + 1), word(P, last + 2)
            if inner == axes - 3:
                rows = end - first
            elif inner == axes - 2:
                columns = end - first
            else:
                n = end - first
            o += 8 * first * word(out, STRIDES + inner)
            a += 8 * first * word(A, STRIDES + inner)
            b += 8 * first * word(B, STRIDES + inner)
        if kind == LANES and edged:
            ends = word(P, SPANS)
            block_edged(o, word(out, s), a, word(A, s), word(A, s + 1), b, word(B, s + 1), rows, n, ends, ends + 8 * n, add, zero)
        elif kind == SUMMED and edged:
            ends = word(P, SPANS)
            summed_edged(o, word(out, s), word(out, s + 1), a, word(A, s), b, word(B, s + 1), rows, columns, ends, add, zero)
        elif kind == LANES:
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


# --- where one axis of the block ends sooner -----------------------------------------------------------------------------


@part
def block_edged(o, oj, a, aj, ak, b, bk, rows, n, firsts, ends, add, zero):  # type: ignore[no-untyped-def]
    """out[j, i] (+)= Σₖ a[j, k] · b[k, i] over firsts[i] ≤ k < ends[i], i along lanes."""
    i = 0
    while i < n:
        w = 16 if i + 16 <= n else 4 if i + 4 <= n else 1
        first, other = word(firsts, i), word(firsts, i + w - 1)
        end, another = word(ends, i), word(ends, i + w - 1)
        low, start, high = min(first, other), max(first, other), max(end, another)
        stop = max(start, min(end, another))
        f_i, e_i = firsts + 8 * i, ends + 8 * i
        for j in range(0, rows - 3, 4):
            o_i, a_j, b_i, terms = o + 8 * (j * oj + i), a + 8 * j * aj, b + 8 * i, stop - start
            if w == 16:
                tile_4_16(o_i, oj, a_j + 8 * start * ak, aj, ak, b_i + 8 * start * bk, bk, terms, add, zero)
                edge_4_16(o_i, oj, a_j + 8 * low * ak, aj, ak, b_i + 8 * low * bk, bk, low, start - low, f_i, e_i)
                edge_4_16(o_i, oj, a_j + 8 * stop * ak, aj, ak, b_i + 8 * stop * bk, bk, stop, high - stop, f_i, e_i)
            elif w == 4:
                tile_4_4(o_i, oj, a_j + 8 * start * ak, aj, ak, b_i + 8 * start * bk, bk, terms, add, zero)
                edge_4_4(o_i, oj, a_j + 8 * low * ak, aj, ak, b_i + 8 * low * bk, bk, low, start - low, f_i, e_i)
                edge_4_4(o_i, oj, a_j + 8 * stop * ak, aj, ak, b_i + 8 * stop * bk, bk, stop, high - stop, f_i, e_i)
            else:
                tile_4_1(o_i, oj, a_j + 8 * start * ak, aj, ak, b_i + 8 * start * bk, bk, terms, add, zero)
        for j in range(rows & -4, rows):
            o_i, a_j, b_i, terms = o + 8 * (j * oj + i), a + 8 * j * aj, b + 8 * i, stop - start
            if w == 16:
                tile_1_16(o_i, oj, a_j + 8 * start * ak, aj, ak, b_i + 8 * start * bk, bk, terms, add, zero)
                edge_1_16(o_i, oj, a_j + 8 * low * ak, aj, ak, b_i + 8 * low * bk, bk, low, start - low, f_i, e_i)
                edge_1_16(o_i, oj, a_j + 8 * stop * ak, aj, ak, b_i + 8 * stop * bk, bk, stop, high - stop, f_i, e_i)
            elif w == 4:
                tile_1_4(o_i, oj, a_j + 8 * start * ak, aj, ak, b_i + 8 * start * bk, bk, terms, add, zero)
                edge_1_4(o_i, oj, a_j + 8 * low * ak, aj, ak, b_i + 8 * low * bk, bk, low, start - low, f_i, e_i)
                edge_1_4(o_i, oj, a_j + 8 * stop * ak, aj, ak, b_i + 8 * stop * bk, bk, stop, high - stop, f_i, e_i)
            else:
                tile_1_1(o_i, oj, a_j + 8 * start * ak, aj, ak, b_i + 8 * start * bk, bk, terms, add, zero)
        i += w


@part
def summed_edged(o, oj, oq, a, aj, b, bq, rows, columns, ends, add, zero):  # type: ignore[no-untyped-def]
    """out[j, q] (+)= Σᵢ a[j, i] · b[q, i], i running over neighbours from ends[q] to ends[columns + q]."""
    for q in range(0, columns - 3, 4):
        start = max(word(ends, q), word(ends, q + 3))
        stop = max(start, min(word(ends, columns + q), word(ends, columns + q + 3)))
        block_summed(o + 8 * q * oq, oj, oq, a + 8 * start, aj, b + 8 * (q * bq + start), bq, rows, 4, stop - start, add, zero)
        for p in range(q, q + 4):
            first, end = word(ends, p), word(ends, columns + p)
            o_i, b_i = o + 8 * p * oq, b + 8 * p * bq
            if first < start:
                block_summed(o_i, oj, oq, a + 8 * first, aj, b_i + 8 * first, bq, rows, 1, min(start, end) - first, True, zero)
            first = max(first, stop)
            if first < end:
                block_summed(o_i, oj, oq, a + 8 * first, aj, b_i + 8 * first, bq, rows, 1, end - first, True, zero)
    for q in range(columns & -4, columns):
        first, n = word(ends, q), word(ends, columns + q) - word(ends, q)
        block_summed(o + 8 * q * oq, oj, oq, a + 8 * first, aj, b + 8 * (q * bq + first), bq, rows, 1, n, add, zero)
