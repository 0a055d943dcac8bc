"""Terms: what a unit reads, sorted by where it comes from; for `group`, which puts units together that read alike."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.fuse import NONE, Unit
from micrograd.compiler.program.own_ops import row_of

MANY = 64  # products of a level from which they are looked at together

Terms = dict[Any, "list[array[int]]"]  # (kind, families of the operands) → columns of ids, one entry a term


def terms_of(units: list[Unit], numbering: Any, known: dict[Any, Any]) -> Iterator[tuple[Unit, Terms]]:
    """Each unit of a level with its terms; the pairs of a sum are said by these from here on.

    known: the kinds of terms that there were, so that all units share them.
    """
    for u, terms in zip(units, _products(units, numbering, known), strict=True):
        yield u, terms or _terms(u, numbering, known)


def _products(units: list[Unit], numbering: Any, known: dict[Any, Any]) -> list[Terms | None]:
    """`_terms` of the units of a level, all products at once: of those that are products of one kind, and at most one thing added."""
    sums = [k for k, u in enumerate(units) if u.pairs and len(u.args) < 2]
    found: list[Terms | None] = [None] * len(units)
    sizes = [len(units[k].pairs) // 2 for k in sums]
    if sum(sizes) < MANY:
        return found
    of, batched = numbering.of, numbering.batched
    a, b = np.frombuffer(b"".join([units[k].pairs for k in sums]), dtype=np.int32).reshape(-1, 2).T
    turned = 2 * batched[a] + (of[a] != 0) > 2 * batched[b] + (of[b] != 0)
    a, b = np.where(turned, b, a), np.where(turned, a, b)
    kinds = (of[a].astype(np.int64) << 32) + of[b]
    ends = np.cumsum(sizes, dtype=np.int64)
    one = np.minimum.reduceat(kinds, ends - sizes) == np.maximum.reduceat(kinds, ends - sizes)
    left, right = array("i", a.tobytes()), array("i", b.tobytes())
    for k, size, end, alike in zip(sums, sizes, ends.tolist(), one.tolist(), strict=True):
        if not alike:
            continue
        u, start = units[k], end - size
        kind: Any = ("times", int(of[left[start]]), int(of[right[start]]))
        times = [left[start:end], right[start:end]]
        if u.args:
            plus: Any = ("plus", int(of[u.args[0]]))
            found[k] = {known.setdefault(plus, plus): [u.args], known.setdefault(kind, kind): times}
        else:
            found[k] = {known.setdefault(kind, kind): times}
        u.pairs = u.args = NONE
    return found


def _terms(u: Unit, numbering: Any, known: dict[Any, Any]) -> Terms:
    """The operands of a unit. Terms of a sum are sorted by where they come from, a parameter to the left of a product."""
    of, batched = memoryview(numbering.of), memoryview(numbering.batched)  # reading one entry is far faster
    if u.op is not None and u.op.arity is not None:
        return {("map", *[of[a] for a in u.args]): [u.args]}
    if u.op is not None and row_of(u.op) is ops.dot:
        half = len(u.args) // 2
        return {("rows", half): [u.args[:half], u.args[half:]]}
    if u.op is not None:
        return {("rows", len(u.args)): [u.args]}
    terms: Terms = {}
    for a in u.args:
        kind: Any = ("plus", of[a])
        if kind not in terms:
            terms[known.setdefault(kind, kind)] = [array("i")]
        terms[kind][0].append(a)
    factors = iter(u.pairs)
    for a, b in zip(factors, factors, strict=True):
        if (bool(batched[a]), of[a] != 0) > (bool(batched[b]), of[b] != 0):
            a, b = b, a
        kind = ("times", of[a], of[b])
        if kind not in terms:
            terms[known.setdefault(kind, kind)] = [array("i"), array("i")]
        columns = terms[kind]
        columns[0].append(a)
        columns[1].append(b)
    u.pairs = u.args = NONE  # said by the terms from here on
    if len(terms) > 4:  # many sources: tell apart only what lies in different pools
        merged: Terms = {}
        for (sort, *_), columns in terms.items():
            for row in zip(*columns, strict=True):
                into = merged.setdefault((sort, *[bool(batched[i]) for i in row]), [array("i") for _ in row])
                for i, column in zip(row, into, strict=True):
                    column.append(i)
        return merged
    return terms
