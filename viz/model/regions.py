"""Scopes as a tree of regions: which value lies in which module call or ``with scope(...)`` block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..notation.names import as_python


@dataclass(slots=True)
class Region:
    """One scope, or several calls of one module drawn as one. Region 0 is the open top level."""

    scope: Any
    parent: int
    depth: int
    calls: int = 1
    direct: list[int] = field(default_factory=list)  # places of the values directly inside
    position: list[int] = field(default_factory=list)  # of each direct value within its own call
    children: list[int] = field(default_factory=list)
    name: str = ""
    path: str = ""


def regions(values: list[Any], args: list[tuple[int, ...]], merge: bool) -> list[Region]:
    """The regions of a graph, parents before children; ``merge`` draws repeated calls as one."""
    tree = [Region(None, -1, 0)]
    scopes = [getattr(value, "scope", None) for value in values]
    if all(scope is None for scope in scopes):
        tree[0].direct, tree[0].position = list(range(len(values))), [0] * len(values)
        return tree
    of_scope: dict[int, int] = {}
    of_key: dict[tuple[int, int | str], int] = {}
    inside = [0] * len(values)
    place_in_call: dict[int, int] = {}
    position = [0] * len(values)
    for i, scope in enumerate(scopes):
        if scope is None:
            continue
        if id(scope) not in of_scope:
            _enter(scope, tree, of_scope, of_key, merge)
        inside[i] = of_scope[id(scope)]
        position[i] = place_in_call.get(id(scope), 0)
        place_in_call[id(scope)] = position[i] + 1
    if len(tree) > 1:
        _adopt_parameters(values, args, tree, inside, position)
    for i, region in enumerate(inside):
        tree[region].direct.append(i)
        tree[region].position.append(position[i])
    return tree


def _enter(
    scope: Any,
    tree: list[Region],
    of_scope: dict[int, int],
    of_key: dict[tuple[int, int | str], int],
    merge: bool,
) -> None:
    """Give ``scope``, and every scope around it that has none yet, a region."""
    chain = []
    while scope is not None and id(scope) not in of_scope:
        chain.append(scope)
        scope = getattr(scope, "parent", None)
    parent = 0 if scope is None else of_scope[id(scope)]
    for scope in reversed(chain):
        key: tuple[int, int | str] = (parent, id(scope))
        if merge:
            module = getattr(scope, "module", None)
            key = (parent, str(scope.name) if module is None else id(module))
        if key in of_key:
            tree[of_key[key]].calls += 1
        else:
            of_key[key] = len(tree)
            tree[parent].children.append(len(tree))
            tree.append(Region(scope, parent, tree[parent].depth + 1))
        of_scope[id(scope)] = parent = of_key[key]


def _adopt_parameters(
    values: list[Any],
    args: list[tuple[int, ...]],
    tree: list[Region],
    inside: list[int],
    position: list[int],
) -> None:
    """Parameters are made before any call: put each into the innermost region of all its calls.

    Uses at the top level do not count: a penalty on the weights does not move them out of the module.
    """
    parameters = {id(p) for module in modules(tree) for p in module_parameters(module)}
    home: dict[int, int] = {}
    for i, operands in enumerate(args):
        for arg in operands:
            if inside[i] and inside[arg] == 0 and not args[arg] and id(values[arg]) in parameters:
                home[arg] = common(tree, home[arg], inside[i]) if arg in home else inside[i]
    for arg, region in home.items():
        inside[arg], position[arg] = region, -1 - arg  # parameters are never merged by position


def modules(tree: list[Region]) -> list[Any]:
    """The modules of the regions, each once, outermost first."""
    found: dict[int, Any] = {}
    for region in sorted(tree, key=lambda region: region.depth):
        module = getattr(region.scope, "module", None)
        if module is not None:
            found.setdefault(id(module), module)
    return list(found.values())


def module_parameters(module: Any) -> list[Any]:
    """What ``module.parameters()`` lists; [] for anything else."""
    parameters = getattr(module, "parameters", None)
    return list(parameters()) if callable(parameters) else []


def common(tree: list[Region], a: int, b: int) -> int:
    """The innermost region that holds both."""
    while a != b:
        if tree[a].depth >= tree[b].depth:
            a = tree[a].parent
        else:
            b = tree[b].parent
    return a


def name_regions(tree: list[Region]) -> None:
    """Names for people and unique paths; equal names beside each other are numbered."""
    taken: set[str] = set()
    for region in tree[1:]:
        region.name = str(getattr(region.scope, "name", "") or "scope")
        if getattr(region.scope, "module", None) is not None:
            region.name = as_python(region.name)
        outer = tree[region.parent].path
        stem = path = f"{outer}/{region.name}" if outer else region.name
        count = 1
        while path in taken:
            count += 1
            path = f"{stem}#{count}"
        taken.add(path)
        region.path = path
