"""One plain model of an expression graph; every renderer reads only this.

The model is made by duck typing from anything Value-like: an object with ``data`` and ``grad`` and
its arguments in ``args``, ``_prev`` or ``_children`` (``op``/``_op``, ``label``, ``scope`` and
``_backward`` are used where they exist). So a student's own ``Value`` class draws as well as ours.

    >>> from viz.graph import build
    >>> class V:
    ...     def __init__(self, data, prev=(), op=""):
    ...         self.data, self.grad, self._prev, self._op = data, 0.0, prev, op
    >>> a = V(2.0)
    >>> graph = build(V(4.0, (a, a), "+"))
    >>> [(node.id, node.kind, node.op, node.data) for node in graph.nodes]
    [('n0', 'leaf', '', 2.0), ('n1', 'value', '+', 4.0)]
    >>> [(edge.src, edge.dst, edge.index) for edge in graph.edges]
    [('n0', 'n1', 0), ('n0', 'n1', 1)]

Ids are places in topological (for our own ``Value``: creation) order and never memory addresses, so
the same program gives the same ids in every run. Nothing here recurses: a million nodes are normal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CellType
from typing import Any

NAN = float("nan")
COMMUTATIVE = frozenset({"+", "*", "add", "mul"})
_EMPTY = CellType()


@dataclass(slots=True)
class Node:
    """A value, or (``kind == "fold"``) a box that stands for ``count`` values.

    A value and the operation that made it are one node here; renderers may draw them as two.
    """

    id: str
    kind: str  # "leaf" | "value" | "fold"
    op: str = ""  # display symbol, '' on leaves
    label: str = ""  # the user's label, variable name or parameter name, '' when unknown
    data: float = NAN
    grad: float = 0.0
    args: tuple[str, ...] = ()  # ids of the visible arguments in order, duplicates kept
    cluster: str = ""  # path of the innermost cluster that holds this node, '' for none
    members: Sequence[int] = ()  # places in ``Graph.values`` of the values this node stands for
    grad_abs: float = 0.0  # Σ|grad| over the members
    low: float = NAN  # smallest and largest data among the members
    high: float = NAN
    lines: tuple[str, ...] = ()  # extra text a producer wants on the box
    alias: str = ""  # what to call it where it has no label: v1, v2, …
    value: Any = None  # the Value itself; None on folds

    @property
    def name(self) -> str:
        """What to call it: its label, else the alias (what a fold says)."""
        return self.label or self.alias or self.op or self.id

    @property
    def count(self) -> int:
        """How many values this node stands for (1 unless it is a fold)."""
        return len(self.members) or 1


@dataclass(slots=True)
class Edge:
    """Argument ``src`` enters ``dst`` as operand ``index``; ``count`` > 1 bundles edges of a fold."""

    src: str
    dst: str
    index: int = 0
    partial: float | None = None  # ∂dst/∂src through this operand alone, where known
    count: int = 1

    @property
    def id(self) -> str:
        return f"e-{self.src}-{self.dst}-{self.index}"


@dataclass(slots=True)
class Cluster:
    """An open scope: a frame drawn around its nodes. A folded scope is a ``Node`` instead."""

    path: str  # unique, "/"-separated, e.g. "MLP/layers.0"
    name: str
    parent: str = ""  # path of the enclosing cluster, '' at the top
    members: list[str] = field(default_factory=list)  # ids of the nodes directly inside
    count: int = 1  # how many calls of one module (or equally named scopes) are drawn as one


@dataclass(slots=True)
class Graph:
    """Nodes in topological order, edges in (user, operand) order, clusters outermost first."""

    nodes: list[Node]
    edges: list[Edge]
    clusters: list[Cluster] = field(default_factory=list)
    roots: tuple[str, ...] = ()
    values: list[Any] = field(default_factory=list)  # every reachable Value, arguments first
    owner: Sequence[int] = ()  # owner[i] = place in ``nodes`` of the node showing values[i]
    note: str = ""  # says what was folded; '' when everything is shown
    path: Callable[[Any], str] | None = None  # the full name of a value, folded or not
    _places: dict[int, int] = field(default_factory=dict, repr=False)

    def node(self, id: str) -> Node:
        """The node with this id; KeyError when there is none."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise KeyError(id)

    def of(self, value: Any) -> Node:
        """The node that shows ``value`` (a fold when it is folded away)."""
        if not self._places:
            self._places.update((id(v), i) for i, v in enumerate(self.values))
        return self.nodes[self.owner[self._places[id(value)]]]

    @property
    def total(self) -> int:
        """How many values the graph has, shown or folded."""
        return sum(node.count for node in self.nodes)


# ---------------------------------------------------------------- reading one Value-like object


def args_of(value: Any) -> Sequence[Any]:
    """The arguments of a Value-like object in order, duplicates kept where they can be known."""
    args = getattr(value, "args", None)
    if isinstance(args, tuple):
        return args
    prev: Any = getattr(value, "_prev", None)
    if prev is None:
        prev = getattr(value, "_children", ())
    if isinstance(prev, (set, frozenset)):
        return _in_order(value, prev)
    return prev if isinstance(prev, (tuple, list)) else tuple(prev)


def _in_order(value: Any, prev: set[Any] | frozenset[Any]) -> tuple[Any, ...]:
    """The members of a bare set, which loses the order and turns x*x into one: what can be regained.

    The closure in ``_backward`` still holds the operands by name; ``self`` is the first.
    """
    closure = getattr(value, "_backward", None)
    code, cells = getattr(closure, "__code__", None), getattr(closure, "__closure__", None)
    if code is not None and cells:
        held = dict(zip(code.co_freevars, cells, strict=True))
        names = sorted(held, key=lambda name: name != "self")
        found = [cell.cell_contents for cell in map(held.__getitem__, names) if cell != _EMPTY]
        members = {id(member) for member in prev}
        operands = tuple(operand for operand in found if id(operand) in members)
        if {id(operand) for operand in operands} == members:
            return operands
    if len(prev) == 1 and op_of(value) in COMMUTATIVE:
        return (*prev, *prev)
    # Labelled ones first, then by what can be seen: the same in every run.
    return tuple(sorted(prev, key=_sort_key)) if len(prev) > 1 else tuple(prev)


def _sort_key(value: Any) -> tuple[bool, str, str, float]:
    return not label_of(value), label_of(value), op_of(value), number(getattr(value, "data", NAN))


def op_of(value: Any) -> str:
    """The display symbol of the operation that made ``value``, '' for a leaf."""
    return str(getattr(value, "_op", "") or "")


def label_of(value: Any) -> str:
    """The label its author gave ``value``, '' when there is none."""
    label = getattr(value, "label", "")
    return label if isinstance(label, str) else "" if label is None else str(label)


def number(x: Any) -> float:
    """``x`` as a float; nan when it is not a real number (a tensor, a traced slot, None)."""
    if type(x) is float:
        return x
    try:
        return float(x)
    except (TypeError, ValueError, OverflowError):
        inner = getattr(x, "data", None)  # create_graph leaves a Value in .grad
        return float(inner) if isinstance(inner, (int, float)) else NAN


def is_value(x: Any) -> bool:
    """Does ``x`` look like a Value: numbers ``data`` and ``grad``, and arguments?"""
    return (
        hasattr(x, "data")
        and hasattr(x, "grad")
        and (hasattr(x, "_prev") or hasattr(x, "args") or hasattr(x, "_children"))
    )


# ---------------------------------------------------------------- walking


def topological(roots: Sequence[Any], within: Collection[int] | None = None) -> list[Any]:
    """Every value reachable from ``roots``, arguments before users, each once.

    ``within``: only values whose ``id`` is in it.
    """
    if within is None and len(roots) == 1 and callable(getattr(roots[0], "topological", None)):
        return list(roots[0].topological())
    done: set[int] = set()
    order: list[Any] = []
    for root in roots:
        stack = [(root, False)]
        while stack:
            value, expanded = stack.pop()
            if expanded:
                order.append(value)
            elif id(value) not in done:
                done.add(id(value))
                stack.append((value, True))
                for arg in reversed(args_of(value)):
                    if id(arg) not in done and (within is None or id(arg) in within):
                        stack.append((arg, False))
    return order


def nearest(roots: Sequence[Any], limit: int) -> set[int] | None:
    """The ``id``s of the ``limit`` values nearest to ``roots``; None when there are no more."""
    seen = {id(root) for root in roots}
    queue = deque(roots)
    while queue:
        for arg in args_of(queue.popleft()):
            if id(arg) not in seen:
                if len(seen) >= limit:
                    return seen
                seen.add(id(arg))
                queue.append(arg)
    return None


def roots_of(root: Any) -> list[Any]:
    """``root`` as a list of Values: one Value, or any nesting of lists and tuples of them."""
    if is_value(root):
        return [root]
    found: list[Any] = []
    seen: set[int] = set()
    stack = [root]
    while stack:
        item = stack.pop()
        if is_value(item):
            if id(item) not in seen:
                seen.add(id(item))
                found.append(item)
        elif isinstance(item, Iterable) and not isinstance(item, (str, bytes, Mapping)):
            stack.extend(reversed(list(item)))
        else:
            raise TypeError(
                f"cannot draw {item!r} ({type(item).__name__}): expected a Value (an object with "
                "data, grad and _prev), a list of them, or an object with __viz_graph__()"
            )
    if not found:
        raise ValueError("cannot draw an empty list: expected at least one Value")
    return found


# ---------------------------------------------------------------- the model


def build(
    root: Any,
    *,
    fold: bool | int | str | Collection[str] = False,
    budget: int = 60,
    names: Callable[[Any], str] | None = None,
    partials: bool = False,
    limit: int | None = None,
) -> Graph:
    """The model of everything reachable from ``root`` (a Value, a list of them, or a producer).

    ``fold``: False shows every value; "auto" folds what exceeds ``budget`` visible nodes; an int
    keeps scopes open down to that depth; names fold the scopes called so. ``names`` gives a label
    to a value that has none. ``partials`` fills in ``Edge.partial`` where both ends are shown.
    ``limit``: look at no more than so many values, the nearest to the root.
    An object with ``__viz_graph__()`` makes its own model.
    """
    producer = getattr(root, "__viz_graph__", None)
    if callable(producer):
        made = producer()
        if not isinstance(made, Graph):
            raise TypeError(f"__viz_graph__() returned {type(made).__name__}, expected viz.graph.Graph")
        return made
    roots = roots_of(root)
    within = nearest(roots, limit) if limit is not None else None
    values = topological(roots, within)
    place = {id(value): i for i, value in enumerate(values)}
    if within is None:
        args = [tuple([place[id(arg)] for arg in args_of(value)]) for value in values]
    else:
        args = [
            tuple([place[id(arg)] for arg in args_of(value) if id(arg) in place]) for value in values
        ]

    at = [place[id(r)] for r in roots]
    learn = getattr(names, "learn", None)
    if callable(learn):
        learn(values)
    from .fold import plan  # here, because folding reads this module's helpers

    graph = materialise(values, args, at, plan(values, args, at, fold, budget), names)
    if within is not None:
        graph.note = f"only the {len(values):,} values nearest to the result" + (
            f", in {len(graph.nodes):,} boxes" if graph.note else ""
        )
    graph._places.update(place)
    if partials:
        from .partials import fill

        fill(graph)
    return graph


@dataclass(slots=True)
class Group:
    """What one node of the picture stands for, as the folding plan says."""

    members: Sequence[int]
    cluster: str = ""
    op: str = ""  # for folds: what the box says, e.g. "+ ×99" or "layers[0]"
    lines: tuple[str, ...] = ()


@dataclass(slots=True)
class Plan:
    """A partition of the values into groups, the open clusters, and a sentence on what is hidden."""

    groups: list[Group]
    clusters: list[Cluster] = field(default_factory=list)
    note: str = ""


def materialise(
    values: list[Any],
    args: list[tuple[int, ...]],
    roots: Sequence[int],
    plan: Plan,
    names: Callable[[Any], str] | None = None,
) -> Graph:
    """The graph that ``plan`` describes: one node a group, edges between groups bundled."""
    groups = sorted(plan.groups, key=lambda group: group.members[-1])
    owner = [0] * len(values)
    nodes = []
    for at, group in enumerate(groups):
        for member in group.members:
            owner[member] = at
        nodes.append(_node(group, values, names or label_of))
    edges: list[Edge] = []
    for at, (node, group) in enumerate(zip(nodes, groups, strict=True)):
        plain = node.kind != "fold"
        shown: list[str] = []
        bundles: dict[int, Edge] = {}
        for member in group.members:
            for index, arg in enumerate(args[member]):
                source = owner[arg]
                if source == at:
                    continue
                src = nodes[source].id
                if plain and nodes[source].kind != "fold":
                    edges.append(Edge(src, node.id, index))
                    shown.append(src)
                elif source in bundles:
                    bundles[source].count += 1
                else:
                    bundles[source] = edge = Edge(src, node.id, index)
                    edges.append(edge)
                    shown.append(src)
        node.args = tuple(shown)
    by_path = {cluster.path: cluster for cluster in plan.clusters}
    _give_aliases(nodes, folded=len(nodes) < len(values))
    for node in nodes:
        if node.cluster:
            by_path[node.cluster].members.append(node.id)
    return Graph(
        nodes=nodes,
        edges=edges,
        clusters=plan.clusters,
        roots=tuple(dict.fromkeys(nodes[owner[r]].id for r in roots)),
        values=values,
        owner=owner,
        note=plan.note,
        path=getattr(names, "path", names) or label_of,
    )


def _give_aliases(nodes: list[Node], folded: bool) -> None:
    """v1, v2, … in order for what has no label; with gaps where other values are folded away."""
    taken = {node.label for node in nodes}
    count = 0
    for node in nodes:
        if node.kind != "fold" and not node.label:
            count = node.members[0] + 1 if folded else count + 1
            while f"v{count}" in taken:
                count += 1
            node.alias = f"v{count}"


def _node(group: Group, values: list[Any], names: Callable[[Any], str]) -> Node:
    first, last = group.members[0], group.members[-1]
    value = values[last]
    if len(group.members) == 1:
        op = op_of(value)
        data, grad = number(value.data), number(value.grad)
        kind = "value" if op or args_of(value) else "leaf"
        return Node(
            f"n{last}", kind, op, names(value), data, grad, (), group.cluster, group.members,
            abs(grad), data, data, (), value,
        )  # fmt: skip
    data_of = [number(values[i].data) for i in group.members]
    finite = [x for x in data_of if x == x] or [NAN]
    return Node(
        f"f{first}", "fold", group.op, "", data_of[-1], number(value.grad), (), group.cluster,
        group.members, sum(abs(number(values[i].grad)) for i in group.members),
        min(finite), max(finite), group.lines,
    )  # fmt: skip
