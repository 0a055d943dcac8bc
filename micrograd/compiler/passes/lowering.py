"""Lower: from a trace to a Program, pass by pass."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from micrograd.compiler.passes import PASSES, known
from micrograd.compiler.program.ir import Program
from micrograd.compiler.tracing.scalars import Scalars
from micrograd.compiler.tracing.trace import Trace, lock


def lowered(trace: Trace) -> Program:
    """The program of a trace, or that of an earlier graph of its structure. `program.passes` says what each pass did."""
    said: list[str] = []
    for name, thing, sentence in _walk(trace):
        if sentence:
            said.append(f"{name:<12}{sentence}")
        if isinstance(thing, Scalars):
            graph, key = thing, known.key(thing)
            earlier = known.kept(key, graph, said)
            if earlier is not None:
                return earlier
    program: Program = thing
    program.passes = said
    return known.keep(key, graph, program)


def after(graph: Scalars, name: str) -> Any:
    """What one of the passes gives for a graph (it is lowered anew up to there)."""
    if name not in PASSES:
        raise ValueError(f"no pass {name!r}; the passes are {', '.join(PASSES)}")
    if name == "scalars":
        return graph
    with lock:
        return next(thing for done, thing, _ in _walk(graph) if done == name)


def _walk(thing: Any) -> Generator[tuple[str, Any, str], None, None]:
    """The name of each pass from a trace (or its scalars) on, what it gives, and what it says that it did."""
    for name, run in list(PASSES.items())[isinstance(thing, Scalars) :]:
        thing, sentence = run(thing)
        yield name, thing, sentence
