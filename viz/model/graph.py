"""One plain model of an expression graph; every renderer reads only this.

The model is made by duck typing from anything Value-like: an object with ``data`` and ``grad`` and
its arguments in ``args``, ``_prev`` or ``_children`` (``op``/``_op``, ``label``, ``scope`` and
``_backward`` are used where they exist). So a student's own ``Value`` class draws as well as ours.

    >>> from viz.model.graph import build
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

from collections.abc import Callable, Collection, Sequence
from typing import Any

from ..notation.formula import Number, Tree
from ..notation.names import complete, unique
from ..notation.numbers import show
from ..notation.rows import Row, by_symbol, circle, row_of, written
from ..notation.text import write
from ..reading import NAN as NAN
from ..reading import args_of as args_of
from ..reading import collector_paused, grad_of, nearest
from ..reading import is_value as is_value
from ..reading import label_of as label_of
from ..reading import number as number
from ..reading import op_of as op_of
from ..reading import roots_of as roots_of
from ..reading import topological as topological
from ..record import Alike, field, record
from .boxes import Boxes
from .told import Told
from .told import told as tell


@record
class Node(Alike):
    """A value, or (``kind == "fold"``) a box that stands for ``count`` values.

    A value and the operation that made it are one node here; renderers may draw them as two.
    """

    id: str
    kind: str  # "leaf" | "value" | "fold"
    op: str = ""  # display symbol, '' on leaves
    label: str = ""  # the user's label, variable name or parameter name, '' when unknown
    data: float = NAN
    grad: float = 0.0
    args: tuple[str, ...] = ()  # ids of the visible arguments in order, duplicates kept, without literals
    cluster: str = ""  # path of the innermost cluster that holds this node, '' for none
    members: Sequence[int] = ()  # places in ``Graph.values`` of the values this node stands for
    grad_abs: float = 0.0  # Σ|grad| over the members
    low: float = NAN  # smallest and largest data among the members
    high: float = NAN
    lines: tuple[str, ...] = ()  # extra text a producer wants on the box
    alias: str = ""  # what to call it where it has no label: v1, v2, …
    value: Any = None  # the Value itself; None on folds
    literals: dict[int, float] = field(default_factory=dict)  # operand -> the number that the code wrote there

    @property
    def name(self) -> str:
        """What to call it: its label, else the alias (what a fold says)."""
        return (self.label if self.label.strip() else "") or self.alias or self.op or self.id

    @property
    def row(self) -> Row:
        """What is known of its operation."""
        count = len(self.args) + len(self.literals)
        return by_symbol(self.op, count) if self.value is None else row_of(self.value, count)

    def line(self, operands: Sequence[Tree], digits: int) -> str:
        """Its operation applied to its operands (given without the literals), in the words of a picture: `relu(a) × (−3)`."""
        rest = iter(operands)
        count = len(operands) + len(self.literals)
        every = [Number(self.literals[i]) if i in self.literals else next(rest) for i in range(count)] if self.literals else operands
        return write(written(self.row, every), digits, signs=True)

    @property
    def sign(self) -> str:
        """The operation as it stands in its circle."""
        return circle(self.row, {i: show(x) for i, x in self.literals.items()})

    @property
    def count(self) -> int:
        """How many values this node stands for (1 unless it is a fold)."""
        return len(self.members) or 1


@record
class Edge(Alike):
    """Argument ``src`` enters ``dst`` as operand ``index``; ``count`` > 1 bundles edges of a fold."""

    src: str
    dst: str
    index: int = 0
    partial: float | None = None  # ∂dst/∂src through this operand alone, where known
    count: int = 1
    way: str = ""  # "back": against the flow of the picture; "aside": it has no say in where things stand

    @property
    def id(self) -> str:
        return f"e-{self.src}-{self.dst}-{self.index}"


@record
class Cluster(Alike):
    """An open scope: a frame drawn around its nodes. A folded scope is a ``Node`` instead."""

    path: str  # unique, "/"-separated, e.g. "MLP/layers.0"
    name: str
    parent: str = ""  # path of the enclosing cluster, '' at the top
    members: list[str] = field(default_factory=list)  # ids of the nodes directly inside
    count: int = 1  # how many calls of one module (or equally named scopes) are drawn as one


@record
class Inside:
    """What a page needs to open the boxes of a graph, and to close them."""

    told: Told
    roots: Sequence[int]
    names: Callable[[Any], str] | None
    boxes: Boxes
    open: Collection[int]


@record
class Graph(Alike):
    """Nodes in topological order, edges in (user, operand) order, clusters outermost first."""

    nodes: list[Node]
    edges: list[Edge]
    clusters: list[Cluster] = field(default_factory=list)
    roots: tuple[str, ...] = ()
    values: list[Any] = field(default_factory=list)  # every reachable Value, arguments first
    owner: Sequence[int] = ()  # owner[i] = place in ``nodes`` of the node showing values[i]
    note: str = ""  # says what was folded; '' when everything is shown
    title: str = ""  # what a producer calls it
    rankdir: str = "LR"  # the direction that suits it
    rows: Sequence[tuple[str, ...]] = ()  # nodes that stand beside each other
    passes: int = 1  # how many backward passes the leaves hold, where that can be told
    path: Callable[[Any], str] | None = None  # the full name of a value, folded or not
    inside: Inside | None = None  # its boxes, where it has some
    _places: dict[int, int] = field(default_factory=dict)

    def node(self, id: str) -> Node:
        """The node with this id; KeyError when there is none."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise KeyError(id)

    def of(self, value: Any) -> Node:
        """The node that shows ``value`` (a fold when it is folded away)."""
        return self.nodes[self.owner[self.place(value)]]

    def place(self, value: Any) -> int:
        """Where ``value`` is in ``values``."""
        if not self._places:
            self._places.update((id(v), i) for i, v in enumerate(self.values))
        return self._places[id(value)]

    @property
    def total(self) -> int:
        """How many values the graph has, shown or folded."""
        return sum(node.count for node in self.nodes)


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
    keeps scopes open down to that depth; names fold the scopes called so; "time" shows
    the calls of a recurrent cell in a row. ``names`` gives a label
    to a value that has none. ``partials`` fills in ``Edge.partial`` where both ends are shown.
    ``limit``: look at no more than so many values, the nearest to the root.
    An object with ``__viz_graph__()`` makes its own model.
    """
    producer = getattr(root, "__viz_graph__", None)
    if callable(producer):
        made = producer()
        if not isinstance(made, Graph):
            raise TypeError(f"__viz_graph__() returned {type(made).__name__}, expected viz.model.graph.Graph")
        return made
    with collector_paused():
        return _build(roots_of(root), fold, budget, names, partials, limit)


def _build(
    roots: Sequence[Any],
    fold: bool | int | str | Collection[str],
    budget: int,
    names: Callable[[Any], str] | None,
    partials: bool,
    limit: int | None,
) -> Graph:
    within = nearest(roots, limit) if limit is not None else None
    told = tell(roots, within)
    values = told.values
    at = [told.place[id(r)] for r in roots]
    from .fold import plan  # here, because folding reads this module's helpers

    made = plan(values, told.args, at, fold, budget)
    if names is not None and hasattr(names, "modules"):
        names.modules = made.modules  # they name their parameters
    graph = materialise(told, at, made, names)
    if within is not None:
        graph.note = f"only the {len(values):,} values nearest to the result" + (f", in {len(graph.nodes):,} boxes" if graph.note else "")
    graph._places.update(told.place)
    if made.boxes is not None and made.boxes.parent:
        graph.inside = Inside(told, at, names, made.boxes, made.open)
    if partials:
        from .partials import fill
        from .passes import passes

        fill(graph)
        graph.passes = passes(told, at) if within is None else 1
    return graph


@record
class Group:
    """What one node of the picture stands for, as the folding plan says."""

    members: Sequence[int]
    cluster: str = ""
    op: str = ""  # for folds: what the box says, e.g. "+ ×99" or "layers[0]"
    lines: tuple[str, ...] = ()


@record
class Plan:
    """A partition of the values into groups, the open clusters, and a sentence on what is hidden."""

    groups: list[Group]
    clusters: list[Cluster] = field(default_factory=list)
    note: str = ""
    modules: list[Any] = field(default_factory=list)  # those of the scopes, outermost first
    boxes: Boxes | None = None  # what it was made from, and which of them are open
    open: Collection[int] = ()


def materialise(
    told: Told,
    roots: Sequence[int],
    plan: Plan,
    names: Callable[[Any], str] | None = None,
) -> Graph:
    """The graph that ``plan`` describes: one node a group, edges between groups bundled."""
    groups = sorted(plan.groups, key=lambda group: group.members[-1])
    values, args = told.values, told.operands
    known = called(told, names)
    owner = [0] * len(values)
    nodes = []
    for at, group in enumerate(groups):
        for member in group.members:
            owner[member] = at
        nodes.append(node_of(group, values, known))
    edges: list[Edge] = []
    for at, (node, group) in enumerate(zip(nodes, groups, strict=True)):
        plain = node.kind != "fold"
        shown: list[str] = []
        bundles: dict[int, Edge] = {}
        for member in group.members:
            for index, arg in enumerate(args[member]):
                if arg >= len(values):
                    if plain:
                        node.literals[index] = told.numbers[arg - len(values)]
                    continue
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


def called(told: Told, names: Callable[[Any], str] | None = None) -> list[tuple[str, str]]:
    """For every value its label ('' without one) and what to call it where it has none; a second value of a name is marked."""
    path = getattr(names, "path", names) or label_of
    short, whole = [(names or label_of)(value).strip() for value in told.values], [path(value).strip() for value in told.values]
    marked = unique(whole)
    labels = [label + mark.removeprefix(name) for label, name, mark in zip(short, whole, marked, strict=True)]
    return list(zip(labels, complete(marked, [bool(found) for found in told.operands]), strict=True))


def node_of(group: Group, values: list[Any], called: list[tuple[str, str]], *, fold: bool = False) -> Node:
    """The node of a group; with ``fold`` a box even of a single value."""
    first, last = group.members[0], group.members[-1]
    value = values[last]
    if len(group.members) == 1 and not fold:
        op = op_of(value)
        data, grad = number(value.data), grad_of(value)
        kind = "value" if op or args_of(value) else "leaf"
        return Node(
            f"n{last}", kind, op, called[last][0], data, grad, (), group.cluster, group.members,
            abs(grad), data, data, alias="" if called[last][0] else called[last][1], value=value,
        )  # fmt: skip
    data_of = [number(values[i].data) for i in group.members]
    finite = [x for x in data_of if x == x] or [NAN]
    return Node(
        f"f{first}", "fold", group.op, "", data_of[-1], grad_of(value), (), group.cluster,
        group.members, sum(abs(grad_of(values[i])) for i in group.members),
        min(finite), max(finite), lines=group.lines,
    )  # fmt: skip
