"""Lower: from a trace to a Program, pass by pass."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.factor import loops_of
from micrograd.compiler.fuse import fuse
from micrograd.compiler.graph import Graph
from micrograd.compiler.group import Group, Numbering, group
from micrograd.compiler.ir import Access, Instruction, Program
from micrograd.compiler.layout import lanes
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.trace import Trace
from micrograd.compiler.transpose import transpose


def lowered(trace: Trace, exact: bool = False, want_inputs: bool = False) -> Program:
    """trace → fuse → level and group → lay out → factor → transpose."""
    graph = Graph(trace, want_inputs)
    loops, numbering = group(graph, fuse(graph, exact))
    steps = [instruction(loop, numbering) for loop in loops]
    if lanes(steps, numbering):
        steps = [instruction(loop, numbering) for loop in loops]
    return transpose(_program(graph, numbering, steps))


def instruction(loop: Group, numbering: Numbering) -> Instruction:
    """The loop nest of a group: its columns of addresses, factored."""
    out, columns = loop.out, loop.columns
    arrays = [c for c in columns if not isinstance(c, float)]
    if loop.segments is not None:
        out = out[loop.segments]
    elif loop.fold:
        terms = next((c.shape[1] for c in arrays), 1)
        out = np.repeat(out, terms)
        arrays = [c.ravel() for c in arrays]
    found = [out, *arrays]
    shape, accesses = loops_of([numbering.address[c] for c in found], len(out))
    made = [
        Access("v", strides, base, index, bool(numbering.batched[ids[0]]))
        for ids, (strides, base, index) in zip(found, accesses, strict=True)
    ]
    rest = iter(made[1:])
    reads: tuple[Any, ...] = tuple(c if isinstance(c, float) else next(rest) for c in columns)
    return Instruction(shape, made[0], loop.rule, reads, loop.add, made[0].batch)


def _program(graph: Graph, numbering: Numbering, steps: list[Instruction]) -> Program:
    address, batched = numbering.address, numbering.batched
    kinds = np.array(graph.kinds)
    leaves = np.arange(len(kinds))
    constants = leaves[(kinds == "c") & (address[: len(kinds)] >= 0)]
    buffers = leaves[kinds == "b"]
    data = np.array(graph.data, dtype=np.float64)
    size0, size1 = numbering.sizes
    wanted = [np.zeros(n, dtype=bool) for n in (size0, size1)]
    want = np.array(graph.wanted, dtype=bool) & (address >= 0)
    for b in (0, 1):
        wanted[b][address[want & (batched == b)]] = True
    return Program(
        forward=steps,
        sizes=(size0, size1),
        params=address[leaves[kinds == "p"]],
        inputs=address[leaves[kinds == "x"]],
        draws=address[leaves[kinds == "d"]],
        assigns=[(int(address[b]), int(address[n])) for b, n in graph.assigns],
        constants=(
            np.concatenate([address[constants], address[buffers]]),
            np.concatenate([data[constants], data[buffers]]),
        ),
        outputs=[(bool(batched[o]), int(address[o])) if isinstance(o, int) else o for o in graph.outputs],
        batch=any(k in "xd" and b for k, b in zip(graph.kinds, graph.batched, strict=False)),
        families=numbering.families,
        scalars=len(graph),
        places=(graph, numbering),
        wanted=wanted,
    )
