"""The inputs of a program: where the numbers of each argument go, and what is asked of those that something is looked up by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.ir import Program
from micrograd.compiler.tracing import trace


class Inputs:
    """Of one program. The numbers of an argument come as an array of any shape and type: in order, those of a batch sample by sample."""

    def __init__(self, program: Program, traced: trace.Trace) -> None:
        self.program = program
        ends = np.cumsum([0, *map(len, traced.inputs)])
        first = int(program.inputs[0]) if len(program.inputs) else 0
        self.axes = [_axes(program.inputs[a:b]) if a < b else (first, (0,), (1,)) for a, b in pairwise(ends)]
        limits = [[(k, traced.limits[id(v)]) for k, v in enumerate(block) if id(v) in traced.limits] for block in traced.inputs]
        # which input has to be below what
        self.limits = [(int(start) + k, n) for start, found in zip(ends, limits, strict=False) for k, n in found]
        self.indices = [_Indices(i, len(traced.inputs[i]), found) for i, found in enumerate(limits) if found]
        self.rows = _rows(program)  # of the pool, in which nothing else lies; None where they are not in a row

    def views(self, pool: Any, first: int = 0) -> list[Any]:
        """The numbers of each argument in a pool that begins with row `first`, or in many such pools, one behind the other."""
        many = pool.ndim - 1 - bool(self.program.batch)
        row = pool.strides[many]
        shape, strides = (x[:many] + x[many + 1 :] for x in (pool.shape, pool.strides))
        return [
            np.ndarray((*shape, *counts), np.float64, pool, (base - first) * row, (*strides, *(step * row for step in steps)))
            for base, counts, steps in self.axes
        ]

    def lay(self, numbers: Sequence[Any], views: Sequence[Any]) -> None:
        """Write the numbers of each argument to its view. IndexError, and nothing is written, where an index is none."""
        for one in self.indices:
            one.check(numbers[one.argument])
        for found, view in zip(numbers, views, strict=True):
            view[...] = found if found.shape == view.shape else found.reshape(view.shape)


class _Indices:
    """Those numbers of an argument that something is looked up by."""

    def __init__(self, argument: int, count: int, found: list[tuple[int, int]]) -> None:
        self.argument, self.count = argument, count
        self.places, limits = map(list, zip(*found, strict=True))
        self.limits, self.least = np.array(limits, dtype=np.float64), min(limits)

    def check(self, found: Any) -> None:
        """IndexError for one that is no whole number, or beyond what it is looked up in."""
        if found.dtype.kind == "i":
            bits = found.astype(np.int64, copy=False).view(np.uint64)  # in which what is negative is largest
            if bits.item(bits.argmax()) < self.least:
                return
        rows = found.reshape(-1, self.count)[:, self.places].astype(np.float64)
        good = (rows >= 0.0) & (rows < self.limits) & (np.floor(rows) == rows)
        if not good.all():
            raise IndexError(f"an index among the inputs is {rows[~good][0]:g}, outside 0 … {self.least - 1}")


def _axes(places: Any) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """An argument's places in the pool as (the first, lengths of axes, their strides): one after the other, or as `layout` turns them."""
    if len(places) == 1:
        return int(places[0]), (), ()
    base, step = int(places[0]), int(places[1] - places[0])
    shape, strides = ((len(places),), (1,)) if step == 1 else ((step, len(places) // step), (1, step))
    found = base + sum(k * stride for k, stride in zip(np.indices(shape), strides, strict=True))
    if not np.array_equal(found.reshape(-1), places):
        raise ValueError(f"the inputs of an argument lie neither in order nor turned: {places[:8]}")
    return base, shape, strides


def _rows(program: Program) -> slice | None:
    """Where the inputs lie, if nothing else lies between them (but room up to the next line of the cache)."""
    places = program.inputs
    if not len(places):
        return None
    start, stop = int(places.min()), int(places.max()) + 1
    families = [(f.base, f.base + f.size) for f in program.families if f.batch == program.batch]
    alone = sum(max(0, min(stop, end) - max(start, base)) for base, end in families) == len(places)
    return slice(start, stop) if alone else None
