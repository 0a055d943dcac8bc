"""An access read as a view: which slices, reshapes and permutations of a tensor give the numbers that a loop nest reads, in its order.

A tensor that stands for slots of a pool is `Held`: its axes, each with the stride that it has in the pool. What an access wants is
the same, axes with strides from a base. Of the ways that are tried, each is played through on the addresses themselves, and taken only
where every number comes out at its place; what no slices give is gathered by a table of places, which always can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from micrograd.compiler.numpy_gate import np

Axes = tuple[tuple[int, int], ...]  # (extent, stride in the pool) of each
Move = tuple[
    Any, ...
]  # what is done to a tensor: ("slice", items), ("reshape", shape), ("permute", order), ("windows", …), ("gather", places)


@dataclass(eq=False)
class Held:
    """A tensor (whatever a writer calls it) that holds these addresses of a pool. batch: with the samples as an axis before."""

    tensor: Any
    axes: Axes
    base: int
    batch: bool

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(n for n, _ in self.axes)

    @property
    def addresses(self) -> Any:
        """The address of each element, as an array of this shape."""
        return addresses(self.base, self.axes)

    @property
    def ends(self) -> tuple[int, int]:
        """The lowest and the highest address."""
        far = [(n - 1) * stride for n, stride in self.axes]
        return self.base + sum(min(0, d) for d in far), self.base + sum(max(0, d) for d in far)


def addresses(base: int, axes: Axes) -> Any:
    """base + Σ stride · index, as an array."""
    grid = np.full((), base, dtype=np.int64)
    for n, stride in axes:
        grid = grid[..., None] + np.arange(n) * stride
    return grid


def played(x: Any, moves: Sequence[Move]) -> Any:
    """The moves done to a NumPy array: what they mean."""
    for kind, *given in moves:
        if kind == "slice":
            x = x[tuple(given[0])]
        elif kind == "reshape":
            x = x.reshape(given[0])
        elif kind == "permute":
            x = x.transpose(given[0])
        elif kind == "windows":  # axis, how many, from one to the next, their width: the numbers within one are a last axis
            axis, count, step, width = given
            places = np.arange(count)[:, None] * step + np.arange(width)
            x = np.moveaxis(np.take(x, places, axis=axis), axis + 1, -1)
        else:
            x = x.ravel()[given[0]]
    return x


def view(held: Held, wanted: Any, base: int, axes: Axes | None) -> list[Move]:
    """The moves that give the `wanted` addresses, in that shape, from a tensor that holds them all. axes: theirs, if they are affine."""
    have = held.addresses
    if axes is not None:
        for way in (_by_axes, _by_splitting, _by_joining, _by_rows, _by_windows):
            moves = _tried(way, held, base, axes)
            if moves is not None and _gives(have, moves, wanted):
                return moves
    order = np.argsort(have, axis=None)
    places = order[np.searchsorted(have.ravel(), wanted, sorter=order)]
    return [*([("reshape", (_size(held.shape),))] if len(held.axes) != 1 else []), ("gather", places)]


def _tried(way: Callable[[Held, int, Axes], list[Move]], held: Held, base: int, axes: Axes) -> list[Move] | None:
    try:
        return way(held, base, axes)
    except _No:
        return None


def _gives(have: Any, moves: list[Move], wanted: Any) -> bool:
    try:
        found = played(have, moves)
    except (ValueError, IndexError):
        return False
    return bool(found.shape == wanted.shape and (found == wanted).all())


class _No(Exception):
    """This way does not lead there."""


def _place(held: Held, base: int) -> dict[int, int]:
    """The index along each axis at which an address lies."""
    rest, found = base - held.base, {}
    for d in sorted(range(len(held.axes)), key=lambda d: -held.axes[d][1]):
        n, stride = held.axes[d]
        found[d], rest = divmod(rest, stride) if n > 1 else (0, rest)
    return found


def _assigned(held: Held, axes: Axes) -> list[list[int]]:
    """For each axis of the tensor the wanted axes that go along it."""
    found: list[list[int]] = [[] for _ in held.axes]
    for a, (_, stride) in enumerate(axes):
        fit = [d for d, (n, s) in enumerate(held.axes) if n > 1 and stride >= s > 0 and stride % s == 0]
        if not fit:
            raise _No
        found[max(fit, key=lambda d: held.axes[d][1])].append(a)
    return found


def _by_axes(held: Held, base: int, axes: Axes) -> list[Move]:
    """Each wanted axis is a slice of one of the tensor's."""
    place, order = _place(held, base), list[int]()
    items: list[Any] = []
    for d, along in enumerate(_assigned(held, axes)):
        if len(along) > 1:
            raise _No
        if along:
            n, step = axes[along[0]][0], axes[along[0]][1] // held.axes[d][1]
            items.append(slice(place[d], place[d] + step * (n - 1) + 1, step))
            order.append(along[0])
        else:
            items.append(place[d])
    return [*_slice(items, held.shape), *_permute(order)]


def _by_splitting(held: Held, base: int, axes: Axes) -> list[Move]:
    """Wanted axes, one within the other, are what one of the tensor's falls into (heads, and the places in each)."""
    place, order, shape = _place(held, base), list[int](), list[int]()
    items: list[Any] = []
    for d, along in enumerate(_assigned(held, axes)):
        if not along:
            items.append(place[d])
            continue
        along.sort(key=lambda a: -axes[a][1])
        if any(axes[a][1] != axes[b][0] * axes[b][1] for a, b in pairwise(along)):
            raise _No
        step, sizes = axes[along[-1]][1] // held.axes[d][1], [axes[a][0] for a in along]
        items.append(slice(place[d], place[d] + step * (_size(sizes) - 1) + 1, step))
        order += along
        shape += sizes
    return [*_slice(items, held.shape), ("reshape", tuple(shape)), *_permute(order)]


def _by_joining(held: Held, base: int, axes: Axes) -> list[Move]:
    """A wanted axis is several of the tensor's, one within the other: these side by side, then as one."""
    place, order = _place(held, base), list[int]()
    for n, stride in axes:
        parts: list[int] = []
        while n > 1:
            d = next((d for d, (m, s) in enumerate(held.axes) if s == stride and m > 1 and n % m == 0 and not place[d]), None)
            if d is None:
                raise _No
            parts.insert(0, d)
            n, stride = n // held.axes[d][0], stride * held.axes[d][0]
        order += parts
    if len(set(order)) < len(order):
        raise _No
    items: list[Any] = [slice(0, n, 1) if d in order else place[d] for d, n in enumerate(held.shape)]
    rank = sorted(order)
    turned = [("permute", tuple(rank.index(d) for d in order))] if order != rank else []
    return [*_slice(items, held.shape), *turned, ("reshape", tuple(n for n, _ in axes))]


def _by_rows(held: Held, base: int, axes: Axes) -> list[Move]:
    """The tensor laid out flat in the order of the pool, a run of it as rows (of rows), and a slice of these."""
    moves: list[Move] = []
    falling = tuple(sorted(range(len(held.axes)), key=lambda d: -held.axes[d][1]))
    if len(falling) != 1:
        moves = [] if list(falling) == list(range(len(falling))) else [("permute", falling)]
        moves.append(("reshape", (_size(held.shape),)))
    order = sorted(range(len(axes)), key=lambda a: -axes[a][1])
    if not order:
        raise _No
    strides = [axes[a][1] for a in order]
    if any(low <= 0 or high % low for high, low in zip(strides, [*strides[1:], 1], strict=True)):
        raise _No
    shape = [axes[order[0]][0], *[high // low for high, low in pairwise(strides)], *([strides[-1]] if strides[-1] > 1 else [])]
    total, rows, at = _size(held.shape), _size(shape), base - held.base
    begin = max(0, min(at, total - rows)) if at + rows > total else at - at % strides[0] if rows == total else at
    items: list[Any] = [slice(0, shape[0], 1)]
    rest = at - begin
    for a, stride in zip(order[1:], strides[1:], strict=True):
        start, rest = divmod(rest, stride)
        items.append(slice(start, start + axes[a][0], 1))
    moves += [*_slice([slice(begin, begin + rows, 1)], (total,)), *([("reshape", tuple(shape))] if len(shape) > 1 else [])]
    moves += _slice([*items, *([rest] if strides[-1] > 1 else [])], shape)
    return [*moves, *_permute(order)]


def _by_windows(held: Held, base: int, axes: Axes) -> list[Move]:
    """As `_by_axes`, two wanted axes along one of the tensor's being windows that move along it."""
    place, order, windows = _place(held, base), list[int](), list[tuple[int, ...]]()
    items: list[Any] = []
    for d, along in enumerate(_assigned(held, axes)):
        steps = sorted(((axes[a][1] // held.axes[d][1], axes[a][0], a) for a in along), reverse=True)
        if len(steps) > 2:
            raise _No
        if not steps:
            items.append(place[d])
            continue
        reach = sum(step * (n - 1) for step, n, _ in steps) + 1
        items.append(slice(place[d], place[d] + reach, 1))
        if len(steps) == 2:
            (step, n, a), (within, m, inner) = steps
            windows.append((len(order), n, step, within * (m - 1) + 1, within, inner))
            order.append(a)
        else:
            step, n, a = steps[0]
            items[-1] = slice(place[d], place[d] + reach, step)
            order.append(a)
    moves = _slice(items, held.shape)
    last: list[Any] = [slice(None)] * len(order)
    for axis, n, step, width, within, inner in windows:
        moves.append(("windows", axis, n, step, width))
        order.append(inner)
        last.append(slice(0, width, within))
    if any(item.step not in (None, 1) for item in last):
        moves.append(("slice", tuple(last)))
    return [*moves, *_permute(order)]


def _size(shape: Sequence[int]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _slice(items: Sequence[Any], shape: Sequence[int]) -> list[Move]:
    """The slice, if it takes anything away; what begins at 0 and ends at the end is written as `:`."""
    if any(isinstance(i, slice) and (i.start < 0 or i.stop > n) for i, n in zip(items, shape, strict=True)):
        raise _No
    found = tuple(_short(i, n) if isinstance(i, slice) else int(i) for i, n in zip(items, shape, strict=True))
    return [] if all(i == slice(None) for i in found) else [("slice", found)]


def _short(item: slice, n: int) -> slice:
    start, stop = item.start or None, None if item.stop >= n else item.stop
    return slice(start, stop, None if item.step in (None, 1) else item.step)


def _permute(order: Sequence[int]) -> list[Move]:
    """From tensor axes in this order of the wanted ones to the wanted order."""
    back = sorted(range(len(order)), key=lambda q: order[q])
    return [] if back == list(range(len(order))) else [("permute", tuple(back))]


def blocks(found: Sequence[tuple[Any, int, Axes]], size: int) -> Iterator[tuple[int, Axes]]:
    """The parameters 0 … size as tensors of their own: each set of addresses that is read as one, if none before has any of it."""
    free = np.ones(size, dtype=bool)
    for where, base, axes in found:
        if where.size and free[where].all() and len(np.unique(where)) == where.size:
            free[where] = False
            yield base, axes
    rest = np.flatnonzero(free)
    for run in np.split(rest, np.flatnonzero(np.diff(rest) > 1) + 1):
        if len(run):
            yield int(run[0]), ((len(run), 1),)
