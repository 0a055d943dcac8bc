"""A Program as a graph for `viz.draw`: the forward pass downwards, beside it the backward pass upwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.show import POOLS, Names, extents, kind_of

if TYPE_CHECKING:
    from micrograd.compiler.program.ir import Program


def picture(program: Program) -> Any:
    """A `viz.model.graph.Graph`: a box for each family and for its gradients, an edge where an instruction reads one for another.

    What the backward pass reads of the forward pass is an edge aside, which has no say in where things stand.
    """
    from viz.model.graph import Cluster, Edge, Graph, Node

    names = Names(program.families)
    forward, backward = _Pass(names, program.forward), _Pass(names, program.backward)
    nodes = [Node(id="scalars", kind="fold", op="scalar graph", lines=(f"{program.scalars:,} scalars",), cluster="forward")]
    edges = [Edge(src="scalars", dst=name, index=0) for name in ("p", "x") if name in forward.reads]
    there = set(forward.reads)
    for made, cluster in ((forward, "forward"), (backward, "backward")):
        mine = [name for name in made.reads if cluster == "forward" or name not in there]
        for name in mine if cluster == "forward" else reversed(mine):  # mirrored: it runs upwards
            sources = tuple(s for s in made.reads[name] if s in there or s in made.reads)
            kind = "leaf" if name in made.leaves else "value"
            nodes.append(Node(id=name, kind=kind, label=name, lines=made.lines(name), args=sources, cluster=cluster))
            for index, source in enumerate(sources):
                way = "" if cluster == "forward" else "aside" if source in there else "back"
                edges.append(Edge(src=source, dst=name, index=index, way=way))
    said = program.amount
    if program.backward:
        gradients = f"{sum(not step.add for step in program.backward)} for the gradients"
    clusters = [Cluster(path="forward", name=f"forward: {said}", members=[n.id for n in nodes if n.cluster == "forward"])]
    if program.backward:
        clusters.append(Cluster(path="backward", name=f"backward: {gradients}", members=[n.id for n in nodes if n.cluster == "backward"]))
    ids = {node.id for node in nodes}
    rows = [(name, f"{name}.grad") for name in forward.reads if f"{name}.grad" in ids]
    base = program.outputs[0][1]
    root = next((f.name for f in names.families[program.outputs[0][0]] if f.base <= base < f.base + f.size), "")
    title = f"Compiled program: {program.scalars:,} scalars as {said}" + (f", {gradients}" if program.backward else "")
    return Graph(nodes=nodes, edges=edges, clusters=clusters, roots=(root,) if root else (), title=title, rows=rows, rankdir="TB")


class _Pass:
    """The boxes of one pass: what each reads, and the lines that it shows."""

    def __init__(self, names: Names, steps: Sequence[Instruction]) -> None:
        self.names = names
        self.reads: dict[str, list[str]] = {}
        self.leaves: set[str] = set()
        self.sizes: dict[str, str] = {}
        self.steps: dict[str, list[Instruction]] = {}
        for step in steps:
            sources = [self.box(a) for r in step.reads if isinstance(r, Access) for a in r.parts]
            out = self.box(step.out)
            self.steps.setdefault(out, []).append(step)
            self.reads[out] += [s for s in sources if s not in self.reads[out] and s != out]

    def box(self, access: Access) -> str:
        family = self.names.family(access)
        name = family.name + POOLS[access.pool]
        if name not in self.reads:
            self.reads[name] = []
            kind = kind_of(family) if access.pool == "v" else ""
            if kind:
                self.leaves.add(name)
            many = kind or "numbers"
            size = f"{family.size:,} {many if family.size > 1 else many.removesuffix('s')}"
            self.sizes[name] = "" if access.pool != "v" else f"{size} a sample" if family.batch else size
        return name

    def lines(self, name: str) -> tuple[str, ...]:
        """How many numbers, and how they are computed; with the minus of pictures."""
        steps = self.steps.get(name, [])
        made = [self.sizes[name] or ("" if steps else "1")]  # the gradient that it begins with
        several = len({self.names.access(step.out) for step in steps}) > 1
        for step in steps:
            left, _, right = self.names.line(step).partition("= ")
            where = left.removesuffix("+").strip().removeprefix(name) + " " if several else ""
            made.append(f"{where}{'+ ' if step.add else ''}{right}")
        loops = list(dict.fromkeys(filter(None, map(extents, steps))))
        if loops and not several:
            made.append(max(loops, key=len))
        return tuple(line.replace("-", "\N{MINUS SIGN}") for line in made if line)
