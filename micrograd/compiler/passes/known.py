"""Known: graphs that differ in their leaves alone are lowered once.

A new net of the same shape, the next fold, a sentence of a length that was seen before in another compiled loss: the trace is new, its
program is not. The latest few programs are kept, each under a digest of ops and arguments, and given to the next such graph.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from micrograd.compiler.program.ir import Program
from micrograd.compiler.tracing.scalars import Scalars

KEPT = 8

_known: OrderedDict[Any, tuple[Program, Any]] = OrderedDict()  # → program, graph.absorbed


def key(graph: Scalars) -> Any:
    """What a program depends on: every op, every argument, every constant, who gets a gradient, what is asked for."""
    told = [(op.name, repr(op.params), op.forward, op.partials, op.define) for op in graph.ops]
    rest = (graph.blocks, graph.outputs, graph.assigns, graph.exact)
    digest = blake2b(digest_size=32)
    many = array("i", [x for pair in graph.many.items() for x in pair])
    for part in (graph.code, graph.args, many, graph.wanted, graph.batched, graph.data):
        digest.update(part)
        digest.update(b"/%d/" % len(part))
    return tuple(told), repr(rest), digest.digest()


def kept(key: Any, graph: Scalars, said: list[str]) -> Program | None:
    """The program of an earlier graph of this structure, for this one. said: what the passes said of this one."""
    if key not in _known:
        return None
    _known.move_to_end(key)
    program, graph.absorbed = _known[key]
    outputs = [o if isinstance(o, tuple) else value for o, value in zip(program.outputs, graph.trace.outputs, strict=True)]
    passes = [*said, "known       that of an earlier graph, whose program this is:", *program.passes[len(said) :]]
    return replace(program, outputs=outputs, places=(graph, program.places[1]), passes=passes)


def keep(key: Any, graph: Scalars, program: Program) -> Program:
    """Remember a program, without the graph that it came from."""
    _known[key] = replace(program, places=(None, program.places[1])), graph.absorbed
    if len(_known) > KEPT:
        _known.popitem(last=False)
    return program
