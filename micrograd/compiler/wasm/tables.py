"""The tables of a scalar graph, as the page's machine reads them (micrograd/lab/static/wasm_graph.js says what is in them)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.compiler.braces import columns
from micrograd.compiler.program.own_ops import choose, detach, row_of, same
from micrograd.compiler.tracing.refusal import TraceError, told
from micrograd.compiler.tracing.scalars import Scalars
from micrograd.ops.op import Op, Symbol
from micrograd.optim.optimizer import Kernel
from micrograd.telling import in_words, lines


def tables(graph: Scalars, asked: Sequence[int]) -> dict[str, Any]:
    """What is in a graph, of which the numbers `asked` (ids) are to be given at every run.

    TraceError for an op that is a Python function, which the page could not call at every step.
    """
    trace, root = graph.trace, graph.outputs[0]
    rules = []
    for place, op in enumerate(graph.ops):
        found = rule_of(op)
        if found is None:
            raise TraceError(_unknown(op, graph.source(len(graph.leaves) + graph.code.index(place))))
        rules.append(found)
    arity = [op.arity or 0 for op in graph.ops]
    counts = [arity[code] for code in graph.code]
    for k, n in graph.many.items():
        counts[k] = n
    inputs, draws = sum(map(len, trace.inputs)), len(trace.draws)
    return {
        "leaves": len(graph.leaves),
        "params": len(trace.params),
        "from": len(trace.params),
        "width": inputs + draws,
        "code": graph.code.tolist(),
        "args": graph.args.tolist(),
        "counts": counts,
        "rules": rules,
        "constants": [in_words(x) for x in graph.data],
        "wanted": list(graph.wanted),
        "root": root if root is not None and root >= 0 and graph.wanted[root] else -1,
        "outputs": list(asked),
        "batch": trace.batch,
    }


def rule_of(op: Op) -> dict[str, Any] | None:
    """How an op and its partials are computed, in primitives that JavaScript has; None where that is not known."""
    row = row_of(op)
    if row is detach or row is same:
        partial = "0.0" if row is detach else "1.0"
        return {"f": [[], 0], "g": [[], [partial], [partial]]}
    if row is choose:
        return {"choose": True}
    found = op.told
    if found is None or "all" in found:
        return found
    if row.define is None and op.name not in columns.JS:  # a row of the user's own: its function is read as a rule
        names = [f"x{i}" for i in range(op.arity or 0)]
        try:
            body, (result,) = lines(names, [op.forward(*map(Symbol, names), *op.params)])
        except Exception:  # whatever it does to what is no number
            return None
        found = {**found, "f": [body, result]}
    known = all(line[0] in columns.JS for part in ("f", "g") for line in found[part][0])
    return found if known else None


def update_of(kernel: Kernel, slots: int) -> dict[str, Any] | None:
    """The rule of an optimizer as a table; None where it is none of primitives."""
    try:
        found, results = lines(kernel.arguments, kernel.results)
    except TypeError:
        return None
    if not all(line[0] in columns.JS for line in found):
        return None
    return {"lines": found, "results": results, "slots": slots, "numbers": len(kernel.arguments) - 2 - slots}


def _unknown(op: Op, source: Any) -> str:
    where = f"{told(source)}: " if source else ""
    return (
        f"{where}the op {op.name!r} is a Python function, or its partials are, which a compiled loss in this page cannot call: write it in "
        "primitives, Op(name, define=lambda x: …, partials=…), or call the loss itself"
    )
