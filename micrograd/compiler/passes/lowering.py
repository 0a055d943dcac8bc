"""Lower: from a trace to a Program, pass by pass."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes import known as structure
from micrograd.compiler.passes.eager_order import ordered
from micrograd.compiler.passes.factor import loops_of
from micrograd.compiler.passes.fuse import fuse
from micrograd.compiler.passes.group import Group, Numbering, group
from micrograd.compiler.passes.layout import lanes
from micrograd.compiler.passes.scalars import Graph
from micrograd.compiler.passes.transpose import transpose
from micrograd.compiler.program.ir import Access, Instruction, Program
from micrograd.compiler.tracing.trace import Trace


def lowered(trace: Trace, exact: bool = False, want_inputs: bool = False) -> Program:
    """The program of a trace, or that of an earlier graph of its structure. `program.passes` says what each pass did."""
    graph = Graph(trace, want_inputs)
    try:
        key = structure.key(graph, exact)
        known = structure.kept(key, graph, trace.outputs)
        if known is not None:
            return known
        units = fuse(graph, exact)
    finally:
        graph.forget()  # the ids are in the units now
    found = f"{len(units):,} units in {max((u.level for u in units), default=0)} levels"
    loops, numbering = group(graph, units)
    steps, laid_out = _laid_out(loops, numbering, exact)
    program = _program(graph, numbering, steps, trace.outputs, trace.batch)
    program.exact = exact
    program = ordered(program, numbering) if exact else transpose(program)
    absorbed = np.count_nonzero(np.frombuffer(graph.absorbed, dtype=np.int32))
    affine = sum(all(a.affine for a in step.accesses) for step in steps)
    program.passes = [
        graph.told(),
        f"fuse        {absorbed:,} results became terms of others: {found}",
        f"group       {len(loops)} loops, over {len(numbering.families)} families of neighbours",
        f"layout      {laid_out}",
        f"factor      {affine} loops with affine addresses, {len(steps) - affine} with a table or a look-up",
        f"transpose   {len(program.backward)} instructions for the gradients" + (", in the eager engine's order" if exact else ""),
        "verify      every address is in its pool, and written before it is read",
    ]
    return structure.keep(key, graph, program.verify())


def _laid_out(loops: list[Group], numbering: Numbering, exact: bool) -> tuple[list[Instruction], str]:
    """The loop nests of all groups, samples innermost where that can be; and what was done."""
    steps = [instruction(loop, numbering) for loop in loops]
    before = numbering.address.copy()
    turned, samples = (0, 1) if exact else lanes(steps, numbering)
    if turned:
        try:
            return [instruction(loop, numbering) for loop in loops], f"{turned} families turned, so that {samples} samples lie side by side"
        except Irregular:  # a table whose rows would no longer lie alike for all samples
            numbering.address[:] = before
    return steps, "as the code made them"


class Irregular(ValueError):
    """The rows of a table lie one way for one output and another way for the next."""


def instruction(loop: Group, numbering: Numbering) -> Instruction:
    """The loop nest of a group: its columns of addresses, factored."""
    out, columns = loop.out, loop.columns
    if loop.table is not None:
        return _look_up(loop, numbering)
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
    return Instruction(shape, made[0], loop.rule, reads, loop.add, made[0].batch, loop.zero)


def _look_up(loop: Group, numbering: Numbering) -> Instruction:
    """out = the chosen row of a table."""
    found = [loop.out, loop.table[:, 0], loop.chosen]
    rows = numbering.address[loop.table].astype(np.int64)
    jumps = rows - rows[:, :1]
    if (jumps != jumps[0]).any():
        raise Irregular
    shape, accesses = loops_of([numbering.address[c] for c in found], len(loop.out))
    out, row, chosen = (
        Access("v", strides, base, index, bool(numbering.batched[ids[0]]))
        for ids, (strides, base, index) in zip(found, accesses, strict=True)
    )
    row.chosen, row.jumps = chosen, jumps[0]
    return Instruction(shape, out, loop.rule, (row,), loop.add, out.batch)


def _program(graph: Graph, numbering: Numbering, steps: list[Instruction], given: list[Any], batch: bool) -> Program:
    address, batched = numbering.address, numbering.batched
    places: dict[str, list[Any]] = {"p": [], "x": [], "d": [], "b": [], "o": []}
    start = 0
    for kind, size in graph.blocks:
        places[kind].append(address[start : start + size])
        start += size
    params, inputs, draws, _, outside = (np.concatenate(found or [[]]).astype(np.int64) for found in places.values())
    constants = -1 - np.arange(len(graph.constants))
    constants = constants[address[constants] >= 0]
    data = np.array(graph.data, dtype=np.float64)
    wanted = [np.zeros(n, dtype=bool) for n in numbering.sizes]
    want = np.frombuffer(graph.wanted, dtype=bool) & (address >= 0)
    for b in (0, 1):
        wanted[b][address[want & (batched == b)]] = True
    return Program(
        forward=steps,
        sizes=(numbering.sizes[0], numbering.sizes[1]),
        params=params,
        inputs=inputs,
        draws=draws,
        outside=outside,
        assigns=[(int(address[b]), int(address[n])) for b, n in graph.assigns],
        constants=(address[constants].astype(np.int64), data[-1 - constants]),
        outputs=[value if o is None else (bool(batched[o]), int(address[o])) for o, value in zip(graph.outputs, given, strict=True)],
        batch=batch,
        families=numbering.families,
        scalars=len(graph),
        places=(graph, numbering),
        wanted=wanted,
    )
