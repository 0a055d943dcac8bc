"""A layered drawing, left to right: ranks, dummies for long edges, few crossings, straight lines.

The page does the same in ``static/stepper_layout.js`` whenever a box is opened; this is for pictures made without a
browser (frames, worksheets, the image in a saved notebook). The two are one algorithm, step for step: the same boxes get the
same places to the last bit, and ``tests/stepper/test_layout.py`` holds them to it. What is changed here is changed there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ..record import field, record

GAP_X, GAP_Y, THIN = 64.0, 16.0, 12.0
#: dummies for which long edges still go round the boxes, and spots that are sorted with all care
MANY_DUMMIES, MANY_SPOTS = 6000, 1200

Point = tuple[float, float]


@record
class Spot:
    """A box, or a thin dummy where an edge passes through a rank."""

    w: float
    h: float
    key: int  # the order in which things were made
    dummy: bool = False
    rank: int = 0
    at: int = 0  # place in its rank
    x: float = 0.0
    y: float = 0.0
    column: float = 0.0  # width of its rank
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)


@record
class Plan:
    """Centres of the boxes, corner points of the edges, and the size of it all."""

    centres: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


def layout(sizes: Sequence[tuple[float, float]], keys: Sequence[int], edges: Sequence[tuple[int, int]]) -> Plan:
    """Places for boxes of these sizes; an edge against the order of the keys is drawn backwards."""
    spots = [Spot(w, h, key) for (w, h), key in zip(sizes, keys, strict=True)]
    ends = [(a, b) if keys[a] <= keys[b] else (b, a) for a, b in edges]
    _rank(spots, ends)
    chains = _link(spots, ends)
    ranks = _order(spots)
    width, height = _columns(spots, ranks), _rows(spots, ranks)
    routes = []
    for chain, (a, _), (left, _) in zip(chains, edges, ends, strict=True):
        points = _route([spots[i] for i in chain])
        routes.append(points if a == left else points[::-1])
    return Plan([(s.x, s.y) for s in spots[: len(sizes)]], routes, width, height)


def _rank(spots: list[Spot], ends: list[tuple[int, int]]) -> None:
    """Longest path from the left; what has more users than operands moves right towards its users."""
    order = sorted(range(len(spots)), key=lambda i: spots[i].key)
    after: list[list[int]] = [[] for _ in spots]
    before = [0] * len(spots)
    for a, b in ends:
        after[a].append(b)
        before[b] += 1
    for i in order:
        for j in after[i]:
            spots[j].rank = max(spots[j].rank, spots[i].rank + 1)
    for i in reversed(order):
        if after[i] and len(after[i]) >= before[i]:
            spots[i].rank = min(spots[j].rank for j in after[i]) - 1
    least = min((s.rank for s in spots), default=0)
    for s in spots:
        s.rank -= least


def _link(spots: list[Spot], ends: list[tuple[int, int]]) -> list[list[int]]:
    """Chains of spots, one an edge, with a thin dummy in every rank it crosses."""
    few = sum(spots[b].rank - spots[a].rank - 1 for a, b in ends) < MANY_DUMMIES
    chains = []
    for a, b in ends:
        chain = [a]
        for rank in range(spots[a].rank + 1, spots[b].rank) if few else ():
            chain.append(len(spots))
            spots.append(Spot(0, THIN, spots[b].key, True, rank))
        chain.append(b)
        for i, j in pairwise(chain):
            spots[i].after.append(j)
            spots[j].before.append(i)
        chains.append(chain)
    return chains


def _order(spots: list[Spot]) -> list[list[int]]:
    """Ranks in the order with the fewest crossings that some sweeps find."""
    ranks: list[list[int]] = [[] for _ in range(1 + max((s.rank for s in spots), default=-1))]
    for i in sorted(range(len(spots)), key=lambda i: spots[i].key):
        ranks[spots[i].rank].append(i)
    _number(spots, ranks)
    big = len(spots) > MANY_SPOTS
    best, kept = math.inf, ranks
    for sweep in range(16):
        backwards = sweep % 2 == 1
        for rank in reversed(ranks) if backwards else ranks:
            want = {}
            for i in rank:
                near = spots[i].after if backwards else spots[i].before
                want[i] = sum(spots[j].at for j in near) / len(near) if near else spots[i].at
            rank.sort(key=lambda i: (want[i], spots[i].at))
            for at, i in enumerate(rank):
                spots[i].at = at
            if not big:
                _swap(spots, rank)
        crossed = 0 if big else _crossings(spots, ranks)  # a big one keeps its first sweep: five more were as often worse as better
        if crossed < best:
            best, kept = crossed, [list(rank) for rank in ranks]
        if not best:
            break
    _number(spots, kept)
    return kept


def _number(spots: list[Spot], ranks: list[list[int]]) -> None:
    for rank in ranks:
        for at, i in enumerate(rank):
            spots[i].at = at


def _swap(spots: list[Spot], rank: list[int]) -> None:
    """Exchange neighbours in a rank while that removes crossings."""
    for _ in range(4):
        better = False
        for k in range(1, len(rank)):
            i, j = rank[k - 1], rank[k]
            if _between(spots, j, i) < _between(spots, i, j):
                rank[k - 1], rank[k] = j, i
                spots[j].at, spots[i].at = k - 1, k
                better = True
        if not better:
            break


def _between(spots: list[Spot], i: int, j: int) -> int:
    """Crossings of the edges of i and j when i stands above j."""
    sides = ((spots[i].before, spots[j].before), (spots[i].after, spots[j].after))
    return sum(spots[a].at > spots[b].at for mine, other in sides for a in mine for b in other)


def _crossings(spots: list[Spot], ranks: list[list[int]]) -> int:
    total = 0
    for rank in ranks:
        seen: list[int] = []
        for i in rank:
            near = [spots[j].at for j in spots[i].after]
            total += sum(old > at for at in near for old in seen)
            seen += near
    return total


def _columns(spots: list[Spot], ranks: list[list[int]]) -> float:
    x = 0.0
    for rank in ranks:
        wide = max((spots[i].w for i in rank), default=0.0)
        for i in rank:
            spots[i].x, spots[i].column = x + wide / 2, wide
        x += wide + GAP_X
    return max(0.0, x - GAP_X)


def _rows(spots: list[Spot], ranks: list[list[int]]) -> float:
    """Each spot to the mean height of its neighbours, as far as its rank allows."""
    for rank in ranks:
        _spread(spots, rank, [60.0 * k for k in range(len(rank))])
    sweeps = 6 if len(spots) > MANY_SPOTS else 24
    for sweep in range(sweeps):
        for rank in reversed(ranks) if sweep % 2 else ranks:
            want = []
            for i in rank:
                spot = spots[i]
                if sweep > sweeps - 5:
                    near = spot.before + spot.after
                else:
                    near = spot.after if sweep % 2 else spot.before
                pull, weight = 0.0, 0  # not sum(): from Python 3.12 on it rounds in another way than a loop, and than the page
                for j in near:
                    w = (1, 2, 6)[spot.dummy + spots[j].dummy]
                    pull += w * spots[j].y
                    weight += w
                want.append(pull / weight if weight else spot.y)
            _spread(spots, rank, want)
    top = min((s.y - s.h / 2 for s in spots), default=0.0)
    low = max((s.y + s.h / 2 for s in spots), default=0.0)
    for s in spots:
        s.y -= top
    return low - top


def _spread(spots: list[Spot], rank: list[int], want: list[float]) -> None:
    """Least squares to the wanted heights that keeps order and distance (pool adjacent violators)."""
    pools: list[list[float]] = []  # sum, weight, how many
    offsets: list[float] = []
    offset = 0.0
    for k, i in enumerate(rank):
        if k:
            above, spot = spots[rank[k - 1]], spots[i]
            offset += (above.h + spot.h) / 2 + (4.0 if above.dummy and spot.dummy else GAP_Y)
        offsets.append(offset)
        weight = 0.5 if spots[i].dummy else 1.0
        pools.append([(want[k] - offset) * weight, weight, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            for part in range(3):
                pools[-1][part] += last[part]
    k = 0
    for total, weight, count in pools:
        for _ in range(int(count)):
            spots[rank[k]].y = total / weight + offsets[k]
            k += 1


def _route(chain: list[Spot]) -> list[Point]:
    points = []
    for k, spot in enumerate(chain):
        half = (spot.column if spot.dummy else spot.w) / 2
        if k:
            points.append((spot.x - half, spot.y))
        if k < len(chain) - 1:
            points.append((spot.x + half, spot.y))
    return points


def curve(points: Sequence[Point]) -> str:
    """SVG path data through the points, level at each of them."""
    made = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = (x1 - x0) / 2
        if y0 == y1:
            made.append(f"L{x1:.1f},{y1:.1f}")
        else:
            made.append(f"C{x0 + bend:.1f},{y0:.1f} {x1 - bend:.1f},{y1:.1f} {x1:.1f},{y1:.1f}")
    return "".join(made)
