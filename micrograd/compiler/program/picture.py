"""A Program as a graph for `viz.draw`: the scalars, folded, on the left; the tensor operations on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.compiler.program.instruction import Access
from micrograd.compiler.program.show import Names, extents, kind_of

if TYPE_CHECKING:
    from micrograd.compiler.program.ir import Program


def picture(program: Program) -> Any:
    """A `viz.model.graph.Graph`: a box for each family that is read or written, an edge where an instruction reads one for another."""
    from viz.model.graph import Cluster, Edge, Graph, Node

    names = Names(program.families)
    nodes: dict[str, Any] = {}
    reads: dict[str, list[str]] = {}
    loops: dict[str, str] = {}

    def box(access: Access) -> str:
        family = names.family(access)
        if family.name not in nodes:
            stem = family.name.rstrip("0123456789")
            leaf = kind_of(family) != ""
            many = kind_of(family) or "numbers"
            lines = (f"{family.size:,} {many if family.size > 1 else many.removesuffix('s')}",)
            if family.batch:
                lines = (lines[0] + " a sample",)
            kind = "leaf" if leaf else "value"
            nodes[family.name] = Node(id=family.name, kind=kind, label=family.name, op="" if leaf else stem, lines=lines)
            reads[family.name] = []
        return family.name

    for step in program.forward:
        sources = [box(a) for r in step.reads if isinstance(r, Access) for a in r.parts]
        out = box(step.out)
        node = nodes[out]
        text = names.line(step).partition("= ")[2]
        node.lines = (*node.lines, ("+ " if step.add else "") + text)
        loops[out] = extents(step)
        reads[out] += [s for s in sources if s not in reads[out] and s != out]
    edges = []
    for out, sources in reads.items():
        nodes[out].args = tuple(sources)
        if loops.get(out):
            nodes[out].lines = (*nodes[out].lines, loops[out])
        edges += [Edge(src=s, dst=out, index=i) for i, s in enumerate(sources)]
    scalars = Node(id="scalars", kind="fold", label="", op="scalar graph", lines=(f"{program.scalars:,} scalars",), cluster="Value code")
    for node in nodes.values():
        node.cluster = "Program"
    clusters = [
        Cluster(path="Value code", name="Value code", members=["scalars"]),
        Cluster(path="Program", name=f"{program.operations} tensor operations", members=list(nodes)),
    ]
    root = names.families[program.outputs[0][0]]
    last = next((f.name for f in root if f.base <= program.outputs[0][1] < f.base + f.size), "")
    edges = [Edge(src="scalars", dst=n, index=0) for n, node in nodes.items() if node.kind == "leaf" and n == "p"] + edges
    note = f"{program.scalars:,} scalars became {program.operations} tensor operations"
    return Graph(nodes=[scalars, *nodes.values()], edges=edges, clusters=clusters, roots=(last,), note=note)
