"""Assemble: the loop nests as a Program, which says where parameters, inputs, constants and outputs are."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.factor import Nests
from micrograd.compiler.program.ir import Program


def assemble(nests: Nests) -> tuple[Program, str]:
    """The nests as a program, with the places of what goes in and comes out."""
    graph, numbering, trace = nests.graph, nests.numbering, nests.graph.trace
    address, batched = numbering.address, numbering.batched
    places: dict[str, list[Any]] = {"p": [], "x": [], "d": [], "b": [], "o": []}
    start = 0
    for kind, size in graph.blocks:
        places[kind].append(address[start : start + size])
        start += size
    params, inputs, draws, _, outside = (np.concatenate(found or [[]]).astype(np.int64) for found in places.values())
    constants = -1 - np.arange(len(graph.data))
    constants = constants[address[constants] >= 0]
    data = np.array(graph.data, dtype=np.float64)
    wanted = [np.zeros(n, dtype=bool) for n in numbering.sizes]
    want = np.frombuffer(graph.wanted, dtype=bool) & (address >= 0)
    spare = [np.ones(n, dtype=bool) for n in numbering.sizes]
    for b in (0, 1):
        wanted[b][address[want & (batched == b)]] = True
        spare[b][address[(address >= 0) & (batched == b)]] = False
    found = Program(
        forward=nests.steps,
        sizes=(numbering.sizes[0], numbering.sizes[1]),
        params=params,
        inputs=inputs,
        draws=draws,
        outside=outside,
        assigns=[(int(address[b]), int(address[n])) for b, n in graph.assigns],
        constants=(address[constants].astype(np.int64), data[-1 - constants]),
        outputs=[
            value if o is None else (bool(batched[o]), int(address[o])) for o, value in zip(graph.outputs, trace.outputs, strict=True)
        ],
        batch=trace.batch,
        exact=graph.exact,
        families=numbering.families,
        scalars=len(graph),
        places=(graph, numbering),
        wanted=wanted,
        spare=spare,
    )
    return found, f"{found.amount} on {sum(found.sizes):,} numbers"
