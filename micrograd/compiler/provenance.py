"""Provenance: from a slot of a program back to the Value that it is, for errors and for the curious."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.tracing.trace import TraceError
from micrograd.engine import Value


def place_of(plan: Any, node: Value | str, what: str) -> tuple[bool, int]:
    """(in the batch pool?, address) of a node, or of the only node with that label."""
    graph, numbering = plan.program.places
    i = owner = graph.asked(node)
    if what == "grads":
        while numbering.address[owner] < 0 and owner >= 0 and graph.absorbed[owner]:
            owner = graph.absorbed[owner]
    if numbering.address[owner] < 0:
        raise KeyError(f"{graph.label(i) or 'the node'} ({graph.symbol(i)}) was fused into the sum or product that uses it")
    return bool(numbering.batched[owner]), int(numbering.address[owner])


def check(plan: Any, machine: Any) -> None:
    """In detect_anomaly: raise ArithmeticError for the first scalar, in the order of the eager engine, that is nan or inf."""
    graph, numbering = plan.program.places
    for what in ("values", "grads"):
        pools = getattr(machine, what)
        bad = [~np.isfinite(p) for p in pools]
        if not (bad[0].any() or bad[1].any()):
            continue
        count = len(graph.leaves) + len(graph.code)
        order = range(count) if what == "values" else range(count - 1, -1, -1)
        for i in order:
            place, batch = numbering.address[i], int(numbering.batched[i])
            if place < 0 or not bad[batch][place].any() or (what == "grads" and not graph.wanted[i]):
                continue
            sample = int(np.argmax(bad[batch][place])) if batch else None
            x = pools[batch][place][sample] if batch else pools[batch][place]
            raise ArithmeticError(_told(plan, machine, i, float(x), sample, what))


def _told(plan: Any, machine: Any, i: int, x: float, sample: int | None, what: str) -> str:
    graph, numbering = plan.program.places
    args = []
    for a in graph.args_of(i):
        known, number = graph.label(a), None
        if a < 0:
            number = graph.data[-1 - a]
        elif numbering.address[a] >= 0:
            batch = int(numbering.batched[a])
            found = machine.values[batch][numbering.address[a]]
            number = float(found[sample] if batch else found)
        args.append(" = ".join([*([known] if known else []), *([f"{number}"] if number is not None else [])]) or "…")
    label = graph.label(i)
    name = f" ({label})" if label else ""
    where = f" in sample {sample}" if sample is not None else ""
    source = graph.source(i)
    line = f" at {source[0]}:{source[1]}" if source else ""
    call = f"{graph.symbol(i)}({', '.join(args)})" if args else label or "a leaf"
    if what == "values":
        return f"compiled run: {call}{name} made {x}{where}{line}"
    return f"compiled run: the gradient of {call}{name} is {x}{where}{line}"


def compare(plan: Any, again: Any) -> None:
    """Raise TraceError at the first node, or constant, in which two traces of a loss differ."""
    (old, _), (new, _) = plan.program.places, again.program.places
    way_out = "pass what changed as an argument (a keyword where it decides the structure), or compile again"
    for k, codes in enumerate(zip_longest(old.code, new.code)):
        was, now = (None if code is None else graph.ops[code] for graph, code in zip((old, new), codes, strict=True))
        if was is not now:
            file, place = new.source(len(new.leaves) + min(k, len(new.code) - 1)) or ("?", 0)
            a, b = (op.symbol if op is not None else "nothing" for op in (was, now))
            raise TraceError(f"{file}:{place}: the loss now computes {b!r} where the program has {a!r}: {way_out}")
    for j, (x, y) in enumerate(zip(old.data, new.data, strict=False)):
        if repr(x) != repr(y):
            user = next(i for i in range(len(new.leaves), len(new)) if -1 - j in new.args_of(i))
            source = new.source(user) or ("?", 0)
            raise TraceError(f"{source[0]}:{source[1]}: a number that is the constant {x} in the program is now {y}: {way_out}")
