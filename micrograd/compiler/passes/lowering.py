"""Lower: from a trace to a Program, pass by pass."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

from micrograd.compiler.passes import PASSES, known
from micrograd.compiler.program.ir import Program
from micrograd.compiler.tracing.scalars import Scalars
from micrograd.compiler.tracing.trace import Trace, lock


def lowered(trace: Trace) -> Program:
    """The program of a trace, or that of an earlier graph of its structure. `program.passes` says what each pass did."""
    said: list[str] = []
    with closing(_walk(trace)) as passes:
        for name, thing, sentence in passes:
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


def after(trace: Trace, name: str) -> Any:
    """What one of the passes gives for a trace (it is lowered anew up to there)."""
    if name not in PASSES:
        raise ValueError(f"no pass {name!r}; the passes are {', '.join(PASSES)}")
    with lock, closing(_walk(trace)) as passes:
        return next(thing for done, thing, _ in passes if done == name)


def _walk(trace: Trace) -> Generator[tuple[str, Any, str], None, None]:
    """The name of each pass, what it gives, and what it says that it did."""
    thing: Any = trace
    graph: Scalars | None = None
    try:
        for name, run in PASSES.items():
            thing, sentence = run(thing)
            if isinstance(thing, Scalars):
                graph = thing
            yield name, thing, sentence
    finally:
        if graph is not None:
            graph.forget()
