"""Provenance: from a slot of a program back to the Value that it is, for errors and for the curious."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.tracing.trace import TraceError
from micrograd.engine import Value


def place_of(plan: Any, node: Value | str, what: str) -> tuple[bool, int]:
    """(in the batch pool?, address) of a node, or of the only node with that label."""
    graph, numbering = plan.program.places
    if isinstance(node, str):
        found = [v for v in (*graph.leaves, *graph.nodes) if v.label == node]
        if len(found) != 1:
            raise KeyError(f"{len(found)} nodes of the traced graph are labelled {node!r}")
        node = found[0]
    assert isinstance(node, Value)
    i = graph.find(node)
    if i is None:
        raise KeyError(f"{node.label or node!r} is not a node of the traced graph, or the loss does not depend on it")
    owner = i
    if what == "grads":
        while numbering.address[owner] < 0 and owner >= 0 and graph.absorbed[owner]:
            owner = graph.absorbed[owner]
    if numbering.address[owner] < 0:
        raise KeyError(f"{node.label or 'the node'} ({node._op}) was fused into the sum or product that uses it")
    return bool(numbering.batched[owner]), int(numbering.address[owner])


def check(plan: Any, machine: Any) -> None:
    """In detect_anomaly: raise ArithmeticError for the first scalar, in the order of the eager engine, that is nan or inf."""
    graph, numbering = plan.program.places
    for what in ("values", "grads"):
        pools = getattr(machine, what)
        bad = [~np.isfinite(p) for p in pools]
        if not (bad[0].any() or bad[1].any()):
            continue
        count = len(graph.leaves) + len(graph.nodes)
        order = range(count) if what == "values" else range(count - 1, -1, -1)
        for i in order:
            place, batch = numbering.address[i], int(numbering.batched[i])
            if place < 0 or not bad[batch][place].any() or (what == "grads" and not graph.wanted[i]):
                continue
            v = graph.at(i)
            sample = int(np.argmax(bad[batch][place])) if batch else None
            x = pools[batch][place][sample] if batch else pools[batch][place]
            raise ArithmeticError(_told(plan, machine, i, v, float(x), sample, what))


def _told(plan: Any, machine: Any, i: int, v: Value, x: float, sample: int | None, what: str) -> str:
    graph, numbering = plan.program.places
    args = []
    for node in v.args:
        a = graph.find(node)
        known, number = node.label, None
        if a is None or a < 0:
            number = node._data
        elif numbering.address[a] >= 0:
            batch = int(numbering.batched[a])
            found = machine.values[batch][numbering.address[a]]
            number = float(found[sample] if batch else found)
        args.append(" = ".join([*([known] if known else []), *([f"{number}"] if number is not None else [])]) or "…")
    name = f" ({v.label})" if v.label else ""
    where = f" in sample {sample}" if sample is not None else ""
    source = v.__dict__.get("source")
    line = f" at {source[0]}:{source[1]}" if source else ""
    call = f"{v._op}({', '.join(args)})" if args else v.label or "a leaf"
    if what == "values":
        return f"compiled run: {call}{name} made {x}{where}{line}"
    return f"compiled run: the gradient of {call}{name} is {x}{where}{line}"


def compare(plan: Any, again: Any) -> None:
    """Raise TraceError at the first node, or constant, in which two traces of a loss differ."""
    (old, _), (new, _) = plan.program.places, again.program.places
    way_out = "pass what changed as an argument (a keyword where it decides the structure), or compile again"
    for i in range(max(len(old.nodes), len(new.nodes))):
        a, b = (g.nodes[i] if i < len(g.nodes) else None for g in (old, new))
        if a is None or b is None or a.op is not b.op:
            source = (b if b is not None else new.nodes[-1]).__dict__.get("source", ("?", 0))
            was, now = (v._op if v is not None else "nothing" for v in (a, b))
            raise TraceError(f"{source[0]}:{source[1]}: the loss now computes {now!r} where the program has {was!r}: {way_out}")
    for x, y, v in zip(old.data, new.data, new.constants, strict=False):
        if repr(x) != repr(y):
            user = next(n for n in new.nodes if any(c is v for c in n.args))
            source = user.__dict__.get("source", ("?", 0))
            raise TraceError(f"{source[0]}:{source[1]}: a number that is the constant {x} in the program is now {y}: {way_out}")
