"""Where things are, for compiled code that reads a table of instructions (see `encode`): addresses and ends of loops at each row."""

from __future__ import annotations

from typing import Any

from numba import njit

from micrograd.compiler.native.encode import AXES, AXIS, BASE, EXTENTS, INNER, OUTER, SPANS, STRIDES, TABLE
from micrograd.compiler.native.memory import word

inner: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # called by compiled code alone
part: Any = njit(**inner, fastmath=False)
summing: Any = njit(**inner, fastmath={"reassoc", "contract"})


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
def place_on(P, axis, axes, row):  # type: ignore[no-untyped-def]
    """The step that an axis is at, at a row of the outer `axes`."""
    for a in range(axes - 1, axis, -1):
        row = row // word(P, EXTENTS + a)
    return row % word(P, EXTENTS + axis)


@part
def span(P, axes, row, inner, n):  # type: ignore[no-untyped-def]
    """(first, end) of the axis `inner`, of n steps, at a row of the outer `axes`; end 0 where the row itself is beyond the end."""
    if word(P, SPANS) == 0:
        return 0, n
    i, other = place_on(P, word(P, OUTER), axes, row), word(P, INNER)
    first, end = word(word(P, SPANS), i), word(word(P, SPANS), word(P, EXTENTS + word(P, OUTER)) + i)
    if other == inner:
        return first, end
    if other < axes:
        i = place_on(P, other, axes, row)
        return 0, n if first <= i and i < end else 0
    return 0, n


@part
def inner_table(P, A):  # type: ignore[no-untyped-def]
    """The table of an access whose innermost axis goes by it, or 0."""
    return word(A, TABLE) if word(P, AXIS) == word(P, AXES) - 1 else 0
