"""What a picture shows: the boxes of a graph (see `boxes`) opened as far as the caller asks, or as the budget lasts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from .boxes import FRAMES, TOP, Boxes, called, describe, grow, opened
from .graph import Cluster, Group, Plan

Fold = bool | int | str | Collection[str]
WAYS = "expected 'auto', False, 'time', a depth of at least 0, a name, or a list of names"


def plan(
    values: list[Any],
    args: list[tuple[int, ...]],
    roots: Sequence[int],
    how: Fold = "auto",
    budget: int = 60,
) -> Plan:
    """Partition ``values``; see `viz.model.graph.build` for what ``how`` and ``budget`` mean."""
    if how is True:
        how = "auto"
    elif not isinstance(how, (bool, str)) and not (isinstance(how, int) and how >= 0):
        listed = isinstance(how, (list, tuple, set, frozenset)) and all(isinstance(name, str) for name in how)
        if not listed:
            raise ValueError(f"fold={how!r}: {WAYS}")
    if how is False:
        boxes = grow(values, args, roots, room=max(len(values), 1))
        made = partition(boxes, range(len(boxes.parent)))
    elif how == "auto":
        boxes = grow(values, args, roots, room=budget)
        made = partition(boxes, opened(boxes, budget=budget))
    else:
        boxes = grow(values, args, roots, room=budget, apart=True)
        made = partition(boxes, in_a_row(boxes, budget) if how == "time" else _asked(boxes, how, budget))
    made.modules = boxes.modules
    if len(made.groups) < len(values):
        made.note = f"{len(values):,} values shown as {len(made.groups):,} boxes"
    return made


def in_a_row(boxes: Boxes, budget: int) -> list[int]:
    """What ``fold="time"`` opens; ValueError where nothing stands in a row."""
    if "repeat" not in boxes.kind:
        raise ValueError("fold='time' shows the calls of a module or scope that work on each other's results, and here are none")
    return opened(boxes, budget=budget, time=True)


def _asked(boxes: Boxes, how: int | str | Collection[str], budget: int) -> list[int]:
    """The boxes that are open when the caller named a depth, or scopes to fold; alike parts are open where there are few."""
    names = set() if isinstance(how, int) else {how} if isinstance(how, str) else set(how)
    if not isinstance(how, int):
        frames = [box for box, kind in enumerate(boxes.kind) if kind in FRAMES]
        known = {region.name for box in frames if (region := boxes.region[box])}
        if missing := names - {word for box in frames for word in called(boxes, box)}:
            listed = ", ".join(sorted(map(repr, known))) or "no scopes"
            raise ValueError(f"no scope called {', '.join(sorted(map(repr, missing)))}; this graph has {listed}")
    inside = boxes.inside()
    found = []
    for box, kind in enumerate(boxes.kind):
        region = boxes.region[box]
        if kind in FRAMES and region is not None:
            if region.depth <= how if isinstance(how, int) else names.isdisjoint(called(boxes, box)):
                found.append(box)
        elif sum(len(inside[thing - len(boxes.of)]) for thing in inside[boxes.parent[box]] if thing >= len(boxes.of)) <= budget:
            found.append(box)
    return found


def partition(boxes: Boxes, opened: Collection[int]) -> Plan:
    """The groups and the frames of a picture with these boxes open."""
    n, shown = len(boxes.of), boxes.shown(opened)
    members: dict[int, list[int]] = {}
    for place, thing in enumerate(shown):
        members.setdefault(thing, []).append(place)
    made = Plan([], boxes=boxes, open=opened)
    used: set[int] = set()
    for thing, places in members.items():
        if thing < n:
            box = boxes.of[thing]
            frame = box if box == TOP or boxes.kind[box] in FRAMES else boxes.frame(box)
        else:
            frame = boxes.frame(thing - n)
        title, lines = ("", ()) if thing < n else (boxes.name[thing - n], describe(boxes.region[thing - n]))
        made.groups.append(Group(places, _path(boxes, frame), title, lines))
        while frame != TOP and frame not in used:
            used.add(frame)
            frame = boxes.frame(frame)
    for box in sorted(used):
        region = boxes.region[box]
        assert region is not None
        made.clusters.append(_frame(boxes, box, region.calls))
    return made


def _path(boxes: Boxes, frame: int) -> str:
    region = boxes.region[frame] if frame != TOP else None
    return region.path if region is not None else ""


def _frame(boxes: Boxes, box: int, calls: int) -> Cluster:
    region = boxes.region[box]
    assert region is not None
    row = region.unrolled
    return Cluster(region.path, boxes.name[box] if row else region.name, _path(boxes, boxes.frame(box)), [], 1 if row else calls)
