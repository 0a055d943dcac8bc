"""Rows: a family whose slots are rows of differing lengths (the scores of causal attention) gets room for the longest in each row.

Then the place of a slot is an affine function of its row and its place there, and `factor` finds a loop that ends sooner: for j < i + 1.
Which families are rows is seen where sums of differing lengths go through them, a row each; what is computed from them slot by slot, or
gave them, is in rows too. The room beyond a row's end is spare: nobody's slot is there.
"""

from __future__ import annotations

from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.group import Loop, Loops, Numbering
from micrograd.compiler.program.instruction import LINE, Family
from micrograd.compiler.program.show import kind_of

ROOM = 3  # times the slots of a family: what rows may take at most


def rows(found: Loops) -> tuple[Loops, str]:
    """The loops with the lengths of their rows, where there are such, and families with room for them."""
    if found.graph.exact:  # sums of every length are ordered there, by tables
        return found, ""
    numbering = found.numbering
    lengths = _spread(found.loops, numbering, _summed(found.loops, numbering))
    for loop in found.loops:  # rows of a table lie as they lie
        if loop.table is not None:
            for ids in (loop.table, loop.out, loop.chosen):
                for family in np.unique(numbering.of[ids]).tolist():
                    lengths.pop(family, None)
    for loop in found.loops:
        if loop.segments is not None:
            found_rows = np.bincount(loop.segments)
            if int(found_rows.max()) * len(found_rows) <= ROOM * len(loop.segments):
                loop.rows = found_rows
        elif loop.table is None:
            loop.rows = _rows_of(loop, numbering, lengths)
    if lengths:
        _make_room(numbering, lengths)
    names = [f"{numbering.families[k].name} {int(n.min())} to {int(n.max())}" for k, n in sorted(lengths.items())]
    return found, f"families in rows of differing lengths: {', '.join(names)}" if names else ""


def _arrays(loop: Loop) -> list[Any]:
    return [c for c in loop.columns if not isinstance(c, float)]


def _one_family(ids: Any, numbering: Numbering) -> int:
    """The family that all of these are in, if they are computed; else -1."""
    of = numbering.of[ids]
    first = int(of.flat[0])
    return first if not kind_of(numbering.families[first]) and (of == first).all() else -1


def _places(ids: Any, family: int, numbering: Numbering) -> Any:
    return numbering.address[ids].astype(np.int64) - numbering.families[family].base


def _summed(loops: list[Loop], numbering: Numbering) -> dict[int, Any]:
    """The lengths of the rows of the families that sums of differing lengths go through row by row."""
    found: dict[int, Any] = {}
    for loop in loops:
        if loop.segments is None:
            continue
        order = np.argsort(loop.segments, kind="stable")
        lengths = np.bincount(loop.segments)
        starts = np.cumsum(lengths) - lengths
        for ids in _arrays(loop):
            family = _one_family(ids, numbering)
            if family < 0 or family in found:
                continue
            places = _places(ids[order], family, numbering)
            if (places != np.repeat(places[starts] - starts, lengths) + np.arange(len(places))).any():
                continue
            first, where = np.unique(places[starts], return_index=True)
            own = lengths[where]
            size = numbering.families[family].size
            tiled = first[0] == 0 and (np.append(first[1:], size) == first + own).all()
            if tiled and own.min() < own.max() and int(own.max()) * len(own) <= ROOM * size:
                found[family] = own
    return found


def _spread(loops: list[Loop], numbering: Numbering, lengths: dict[int, Any]) -> dict[int, Any]:
    """… and of those that are computed from them slot by slot, or they from those."""
    pairs = []
    for loop in loops:
        if loop.table is None and loop.segments is None:
            out = _one_family(loop.out, numbering)
            for ids in _arrays(loop):
                ids = ids if ids.ndim == 1 else ids[:, 0]
                family = _one_family(ids, numbering)
                alike = family >= 0 and numbering.families[out].size == numbering.families[family].size
                if alike and (_places(ids, family, numbering) == _places(loop.out, out, numbering)).all():
                    pairs.append((out, family))
    more = True
    while more:
        more = False
        for a, b in [*pairs, *((b, a) for a, b in pairs)]:
            if a in lengths and b not in lengths:
                lengths[b] = lengths[a]
                more = True
    return lengths


def _rows_of(loop: Loop, numbering: Numbering, lengths: dict[int, Any]) -> Any:
    """The lengths of the rows that a loop goes through, each as a whole; None where it does not."""
    for ids in (loop.out, *_arrays(loop)):
        ids = ids if ids.ndim == 1 else ids[:, 0]
        family = _one_family(ids, numbering)
        if family not in lengths or len(ids) != len(loop.out):
            continue
        own = lengths[family]
        starts = np.cumsum(own) - own
        places = _places(ids, family, numbering)
        row = np.searchsorted(starts, places, side="right") - 1
        within = places - starts[row]
        begins = np.flatnonzero(within == 0)
        if len(begins) and begins[0] == 0:
            found = np.diff(np.append(begins, len(ids)))
            same = (np.repeat(row[begins], found) == row).all() and (within == np.arange(len(ids)) - np.repeat(begins, found)).all()
            if same and (found == own[row[begins]]).all() and found.min() < found.max():
                return found
    return None


def _make_room(numbering: Numbering, lengths: dict[int, Any]) -> None:
    """Number all slots anew."""
    sizes = [0, 0]
    new = numbering.address.copy()
    made: list[Family] = []
    for k, family in enumerate(numbering.families):
        start, size, mine = -(-sizes[family.batch] // LINE) * LINE, family.size, numbering.of == k
        places = numbering.address[mine] - family.base
        if k in lengths:
            own, most = lengths[k], int(lengths[k].max())
            starts = np.cumsum(own) - own
            row = np.searchsorted(starts, places, side="right") - 1
            places, size = row * most + places - starts[row], most * len(own)
        new[mine] = start + places
        made.append(Family(family.name, start, size, family.batch))
        sizes[family.batch] = start + size
    numbering.address[:] = new
    numbering.families, numbering.sizes = made, sizes
