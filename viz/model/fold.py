"""What to hide: a plan that partitions the values of a graph into the nodes of a picture.

Scopes fold first, from the innermost outwards, and repeated calls of one module fold as "×N". What
has no scope folds by shape: runs of one op, long chains that repeat, alike sub-expressions. What is
still too much folds by its distance from the root. Every step is linear in the size of the graph.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import Any

from ..notation.rows import word
from .graph import Cluster, Group, Plan
from .regions import Region, module_parameters, modules, name_regions, regions
from .shapes import Shapes

EDGES = 3  # lines for each node of the budget
Fold = bool | int | str | Collection[str]


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
            raise ValueError(f"fold={how!r}: expected 'auto', False, a depth of at least 0, a name, or a list of names")
    elif isinstance(how, str) and how != "auto":
        how = (how,)
    everything = how is False or (how == "auto" and len(values) <= budget)
    tree = regions(values, args, merge=not everything)
    name_regions(tree)
    if everything:
        opened = [True] * len(tree)
        summaries: dict[int, list[Group]] = {}
    elif how == "auto":
        shapes = Shapes(values, args, tree, roots if len(roots) <= budget // 3 else ())
        opened, summaries, steps = _choose(values, shapes, budget)
    else:
        opened = _asked(tree, how)
        shapes = Shapes(values, args, tree, roots)
        summaries = {
            at: shapes.groups(at, budget // 3) for at, region in enumerate(tree) if opened[at] and _amount(values, region) > budget
        }
    made = _partition(values, tree, opened, summaries)
    if not everything and how == "auto":
        while len(steps) > 1 and _edges(args, made.groups) > EDGES * budget:
            for at in steps.pop():  # too many lines to follow: close what was opened last
                opened[at] = False
            made = _partition(values, tree, opened, summaries)
    if how == "auto" and len(made.groups) > budget:
        made.groups = _nearest(args, roots, made.groups, budget)
    made.clusters = _used(made)
    made.modules = modules(tree)
    if len(made.groups) < len(values):
        made.note = f"{len(values):,} values shown as {len(made.groups):,} boxes"
    return made


def _asked(tree: list[Region], how: int | Collection[str]) -> list[bool]:
    """Which regions are open when the caller named a depth, or scopes to fold."""
    if isinstance(how, int):
        return [region.depth <= how for region in tree]
    names = {str(name) for name in how}
    known = {text for region in tree[1:] for text in _called(region)}
    if missing := names - known:
        raise ValueError(
            f"no scope called {', '.join(sorted(map(repr, missing)))}; this graph has {', '.join(sorted(map(repr, known))) or 'no scopes'}"
        )
    return [names.isdisjoint(_called(region)) for region in tree]


def _called(region: Region) -> set[str]:
    """The words by which a caller may mean this region."""
    module = getattr(region.scope, "module", None)
    return {region.name, region.path} | ({type(module).__name__} if module is not None else set())


def _choose(values: list[Any], shapes: Shapes, budget: int) -> tuple[list[bool], dict[int, list[Group]], list[list[int]]]:
    """Open scopes from the outermost inwards while the budget lasts; then show their insides whole.

    Scopes of one kind beside each other (the neurons of a layer) open together or not at all.
    """
    tree = shapes.tree
    opened = [False] * len(tree)
    summaries: dict[int, list[Group]] = {}
    visible = 1
    steps: list[list[int]] = []
    queue = deque([[0]])
    while queue:
        batch = queue.popleft()
        more = visible - len(batch) + sum(len(tree[at].children) for at in batch)
        if more > budget and batch != [0]:
            continue
        found = {at: shapes.groups(at, budget // 3) for at in batch}
        more += sum(map(len, found.values()))
        if more > budget and batch != [0]:
            continue
        summaries |= found
        steps.append(batch)
        visible = more
        kinds: dict[str, list[int]] = {}
        for at in batch:
            opened[at] = True
            for child in tree[at].children:
                kinds.setdefault(_kind(tree[child]), []).append(child)
        queue.extend(kinds.values())
    for batch in steps:
        whole = sum(_amount(values, tree[at]) for at in batch)
        less = sum(len(summaries[at]) for at in batch)
        if visible - less + whole <= budget:
            visible += whole - less
            for at in batch:
                del summaries[at]
    return opened, summaries, steps


def _edges(args: list[tuple[int, ...]], groups: list[Group]) -> int:
    """How many lines a picture of these groups has."""
    owner = [0] * len(args)
    for at, group in enumerate(groups):
        for i in group.members:
            owner[i] = at
    lines = {(owner[arg], owner[i]) for i, operands in enumerate(args) for arg in operands}
    return sum(a != b for a, b in lines)


def _kind(region: Region) -> str:
    """Equal for scopes that should fold alike: of one module class, or named alike but for a number."""
    module = getattr(region.scope, "module", None)
    name = region.name.rstrip("0123456789[]._- ") if module is None else type(module).__name__
    return f"{region.depth} {name}"


def _partition(values: list[Any], tree: list[Region], opened: list[bool], summaries: dict[int, list[Group]]) -> Plan:
    made = Plan([])
    inside: dict[int, list[int]] = {}  # outermost folded region -> members
    folded_in = [0] * len(tree)
    for at, region in enumerate(tree):
        outer = folded_in[region.parent] if at else 0
        folded_in[at] = outer or (0 if opened[at] else at)
        if folded_in[at]:
            inside.setdefault(folded_in[at], []).extend(region.direct)
        elif at in summaries:
            made.groups += summaries[at]
        else:
            made.groups += _whole(values, region)
        if at and not folded_in[at]:
            made.clusters.append(Cluster(region.path, region.name, tree[region.parent].path, [], region.calls))
    for at, members in inside.items():
        region = tree[at]
        if members:
            title = times(region.name, region.calls)
            around = tree[region.parent].path
            made.groups.append(Group(sorted(members), around, title, describe(region)))
    return made


def _amount(values: list[Any], region: Region) -> int:
    """How many groups `_whole` makes."""
    return len(region.direct) if region.calls == 1 else len(_whole(values, region))


def _whole(values: list[Any], region: Region) -> list[Group]:
    """Every value of an open region by itself, the calls of a repeated module laid on each other."""
    if region.calls == 1:
        return [Group((i,), region.path) for i in region.direct]
    piles: dict[tuple[int, str], list[int]] = {}
    for i, position in zip(region.direct, region.position, strict=True):
        piles.setdefault((position, str(getattr(values[i], "_op", ""))), []).append(i)
    return [Group(pile, region.path, times(word(op) or "leaf", len(pile)) if len(pile) > 1 else "") for (_, op), pile in piles.items()]


def _nearest(args: list[tuple[int, ...]], roots: Sequence[int], groups: list[Group], budget: int) -> list[Group]:
    """Keep the groups nearest to the roots; all others become one box."""
    owner: dict[int, int] = {}
    for at, group in enumerate(groups):
        owner.update((i, at) for i in group.members)
    kept: dict[int, None] = {}
    queue = deque(dict.fromkeys(owner[r] for r in roots))
    seen = set(queue)
    while queue and len(kept) < max(budget - 1, 1):
        at = queue.popleft()
        kept[at] = None
        for i in reversed(groups[at].members):
            for arg in args[i]:
                if owner[arg] not in seen:
                    seen.add(owner[arg])
                    queue.append(owner[arg])
            if len(queue) > budget:
                break
    rest = sorted(i for at, group in enumerate(groups) if at not in kept for i in group.members)
    near = [groups[at] for at in sorted(kept)]
    return [*near, Group(rest, "", times("earlier values", len(rest)))] if rest else near


def _used(made: Plan) -> list[Cluster]:
    """The clusters that still hold something, directly or through an inner cluster."""
    by_path = {cluster.path: cluster for cluster in made.clusters}
    used: set[str] = set()
    for group in made.groups:
        path = group.cluster
        while path and path not in used:
            used.add(path)
            path = by_path[path].parent
    return [cluster for cluster in made.clusters if cluster.path in used]


def times(text: str, count: int) -> str:
    """``text``, with "×N" when there is more than one."""
    return f"{text} ×{count:,}" if count > 1 else text


def describe(region: Region) -> tuple[str, ...]:
    """A line on the module behind a folded scope: its kind and how many parameters it has."""
    module = getattr(region.scope, "module", None)
    if module is None:
        return ()
    count = len(module_parameters(module))
    kind = type(module).__name__
    if not count:
        return () if kind == region.name else (kind,)
    amount = f"{count:,} parameter{'s' if count > 1 else ''}"
    return (amount,) if kind == region.name else (f"{kind}, {amount}",)
