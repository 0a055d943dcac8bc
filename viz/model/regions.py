"""Scopes as a tree of regions: which value lies in which module call or ``with scope(...)`` block."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ..notation.names import as_python
from ..record import field, record


@record
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
    key: tuple[int | str, ...] = ()  # the modules (or names) around it and its own
    unrolled: bool = False  # holds a row of calls, each a region of its own
    number: int = 0  # its place in such a row


Key = tuple[int | str, ...]  # the modules (or names) around a scope and its own


def regions(values: list[Any], args: list[tuple[int, ...]], merge: bool) -> list[Region]:
    """The regions of a graph, parents before children.

    ``merge`` draws repeated calls as one, or, where one call works on what another gave, as a row of calls.
    """
    tree = [Region(None, -1, 0)]
    scopes = [getattr(value, "scope", None) for value in values]
    if all(scope is None for scope in scopes):
        tree[0].direct, tree[0].position = list(range(len(values))), [0] * len(values)
        return tree
    different = {id(scope): scope for scope in scopes if scope is not None}.values()
    entered = _Entered(merge, frozenset(), different)
    if merge and (rows := _rows(args, scopes, entered)):
        entered = _Entered(merge, rows, different)
    tree, of_scope = entered.tree, entered.of_scope
    inside, position = [0] * len(values), [0] * len(values)
    place_in_call: dict[int, int] = {}
    for i, scope in enumerate(scopes):
        if scope is not None:
            inside[i] = of_scope[id(scope)]
            position[i] = place_in_call.get(id(scope), 0)
            place_in_call[id(scope)] = position[i] + 1
    if len(tree) > 1:
        _adopt_parameters(values, args, tree, inside, position)
    for i, region in enumerate(inside):
        tree[region].direct.append(i)
        tree[region].position.append(position[i])
    return tree


class _Entered:
    """The regions of the scopes entered so far; of the ``rows`` every call has one of its own, inside one for all."""

    def __init__(self, merge: bool, rows: Collection[Key], scopes: Iterable[Any]) -> None:
        self.merge, self.rows = merge, rows
        self.tree = [Region(None, -1, 0)]
        self.of_scope: dict[int, int] = {}
        self._of_key: dict[tuple[int, int | str], int] = {}
        self._times: dict[tuple[int, int, int | str], int] = {}  # how often a scope's call had a scope like this
        for scope in scopes:
            self.enter(scope)

    def enter(self, scope: Any) -> None:
        """Give ``scope``, and every scope around it that has none yet, a region."""
        chain = []
        while scope is not None and id(scope) not in self.of_scope:
            chain.append(scope)
            scope = getattr(scope, "parent", None)
        parent, around = (0, 0) if scope is None else (self.of_scope[id(scope)], id(scope))
        for scope in reversed(chain):
            module = getattr(scope, "module", None)
            own = str(scope.name) if module is None else id(module)
            key: Key = (*self.tree[parent].key, own)
            if not self.merge:
                parent = self._region((parent, id(scope)), scope, parent, key)
            else:
                outer, parent = parent, self._region((parent, own), scope, parent, key)
                if key in self.rows:
                    at = self._times[outer, around, own] = self._times.get((outer, around, own), 0) + 1
                    self.tree[parent].unrolled = True
                    parent = self._region((parent, f"#{at}"), scope, parent, key)
                    self.tree[parent].number = at
            self.of_scope[id(scope)], around = parent, id(scope)

    def _region(self, own: tuple[int, int | str], scope: Any, parent: int, key: Key) -> int:
        if own in self._of_key:
            at = self._of_key[own]
            self.tree[at].calls += 1
        else:
            at = self._of_key[own] = len(self.tree)
            self.tree[parent].children.append(at)
            self.tree.append(Region(scope, parent, self.tree[parent].depth + 1, key=key))
        return at


def _rows(args: list[tuple[int, ...]], scopes: list[Any], entered: _Entered) -> frozenset[Key]:
    """The keys of those regions where a call works on what another call gave, directly or by a way round."""
    tree, of_scope = entered.tree, entered.of_scope
    again = {at for at, region in enumerate(tree) if at and region.calls > tree[region.parent].calls}
    around: dict[int, dict[int, tuple[int, int]]] = {}  # scope -> depth -> (region, call) of the repeated scopes around it

    def calls(scope: Any) -> dict[int, tuple[int, int]]:
        chain = []
        while scope is not None and id(scope) not in around:
            chain.append(scope)
            scope = getattr(scope, "parent", None)
        found = {} if scope is None else around[id(scope)]
        for scope in reversed(chain):
            at = of_scope[id(scope)]
            if at in again:
                found = {**found, tree[at].depth: (at, id(scope))}
            around[id(scope)] = found
        return found

    if not again:
        return frozenset()
    nothing: dict[int, tuple[int, int]] = {}
    of_value = [nothing if scope is None else around[id(scope)] if id(scope) in around else calls(scope) for scope in scopes]
    found: set[int] = set()
    for depth in {tree[at].depth for at in again}:
        call = [chain.get(depth) for chain in of_value]
        for region in _doubtful(args, call, None):
            found |= _doubtful(args, [c if c is not None and c[0] == region else None for c in call], region)
    return frozenset(tree[at].key for at in found)


def _doubtful(args: list[tuple[int, ...]], call: list[tuple[int, int] | None], only: int | None) -> set[int]:
    """The regions of which a call uses what comes from another call of the same region, or (as far as is known) of several calls.

    With the calls of one region alone the answer is exact.
    """
    several = (-1, -1)
    comes: list[tuple[int, int] | None] = [None] * len(args)  # from which call
    found: set[int] = set()
    for i, operands in enumerate(args):
        own = came = call[i]
        for arg in operands:
            other = comes[arg]
            if other is None or other is own or other == own:
                continue
            if own is None or (own[0] != other[0] and other is not several):
                came = other if came is None or came == other else several
            elif other is several or other[0] == own[0]:
                found.add(own[0])
                came = several
        comes[i] = came
    return found


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
        if region.number:
            region.name = f"{region.name} #{region.number}"
        outer = tree[region.parent].path
        stem = path = f"{outer}/{region.name}" if outer else region.name
        count = 1
        while path in taken:
            count += 1
            path = f"{stem}#{count}"
        taken.add(path)
        region.path = path
