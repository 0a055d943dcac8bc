"""What the page's Compare tab shows: two results, an own engine and the table, a kept run and this one, before and after a step."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

from micrograd.engine import Value
from micrograd.lab.shown import NO_ROOT, Run

#: what can be compared, and what it is called on the page
WAYS = {
    "diff": "what viz.diff(…) compared",
    "results": "two results of this program",
    "table": "this engine and micrograd's table",
    "kept": "the kept run and this one",
    "step": "before and after a step of SGD",
}
RATE = 0.1  # of the step, where the page says none


class Refused(Exception):
    """Nothing can be compared; the message says why, and what helps."""


def compared(run: Run, kept: Any, wish: dict[str, Any]) -> dict[str, Any]:
    """The comparison that is wished for, as plain data. kept: the stepper of an earlier run, or None.

    wish: ``way``, one of `WAYS` ("": the first of them that this run allows), ``rate`` of the step. ``ways``: those that it allows.
    """
    able = ways(run, kept)
    way = wish.get("way") or ""
    base = {"ways": [[name, text, name in able] for name, text in WAYS.items()]}
    if not able and not way:
        return {**base, "way": "", "nothing": NO_ROOT}
    way = way if way in WAYS else able[0]
    try:
        found = _MADE[way](run, kept, wish)
    except Refused as why:
        return {**base, "way": way, "nothing": str(why)}
    told = importlib.import_module("viz.drawn.compare_page").told(found)
    if way == "table" and found.alike:
        told["said"].append("With these numbers no mistake shows; the Check tab asks each rule by itself.")
    return {**base, "way": way, **told}


def ways(run: Run, kept: Any) -> list[str]:
    """Which comparisons this run allows, the most likely one first."""
    can = {
        "diff": _last_diff(run) is not None,
        "results": len(run.roots) == 2,
        "table": run.own,
        "kept": bool(run.roots) and kept is not None,
        "step": bool(run.roots) and not run.own,
    }
    return [way for way, able in can.items() if able]


def _diff(a: Any, b: Any, *names: str) -> Any:
    return importlib.import_module("viz").diff(a, b, names=names, labels=False, layout="layers")


def _last_diff(run: Run) -> Any:
    made = importlib.import_module("viz.drawn.compare").Diff
    found = [thing for thing in [*run.names.values(), run.last] if isinstance(thing, made)]
    return found[-1] if found else None


def _by_program(run: Run, kept: Any, wish: dict[str, Any]) -> Any:
    found = _last_diff(run)
    if found is None:
        raise Refused("this program compares nothing: viz.diff(first, second), with any two Values, is shown here")
    return type(found)(found.found, found.names, found.look.precision, found.budget, "auto", "layers")


def _results(run: Run, kept: Any, wish: dict[str, Any]) -> Any:
    if len(run.roots) != 2:
        raise Refused("two results are compared where the last line gives two: `first, second`")
    told = run.called(lambda *roots: importlib.import_module("viz.drawn.picture").namer(True, [run.names]))
    names = [told(root) or ("first", "second")[k] for k, root in enumerate(run.roots)]
    if names[0] == names[1]:
        names = ["first", "second"]
    first, second = (run.called(importlib.import_module("viz").step, only=root, title="") for root in run.roots)
    return _diff(first, second, *names)


def _kept(run: Run, kept: Any, wish: dict[str, Any]) -> Any:
    if kept is None:
        raise Refused("no run is kept: press Keep this run, change the program, and the two stand here")
    if not run.roots:
        raise Refused(NO_ROOT)
    return _diff(kept, run.stepper, "kept", "now")


def _table(run: Run, kept: Any, wish: dict[str, Any]) -> Any:
    if not run.own:
        raise Refused("this program uses micrograd's own Value: a class of your own is compared with the table")
    return _diff(run.stepper, importlib.import_module("viz").step(twin(run.stepper.trace), title=""), "yours", "micrograd")


def twin(trace: Any) -> Value:
    """The same graph of the same leaves, in Values of ours. Refused where an operation is none of the table's."""
    row_of = importlib.import_module("viz.notation.rows").row_of
    n = len(trace.values)
    made: list[Value] = []
    for place, value in enumerate(trace.values):
        operands = trace.operands[place]
        if not operands:
            made.append(Value(trace.data[place], label=trace.names[place]))
            continue
        row = row_of(value, len(operands))
        method = getattr(Value, row.method, None) if row.method else None
        if not callable(method):
            symbol = row.symbol or "an operation without a name"
            raise Refused(f"{trace.told[place]} is made by {symbol}, which is none of micrograd's table")
        args = [made[arg] if arg < n else trace.data[arg] for arg in operands]
        if not isinstance(args[0], Value):
            args[0] = Value(args[0])
        made.append(method(*args, *(int(p) if float(p).is_integer() else p for p in row.params)))
        made[-1].label = trace.names[place]
    root: Value = made[trace.root]
    return root


def _step(run: Run, kept: Any, wish: dict[str, Any]) -> Any:
    if not run.roots or run.own or len(run.roots) > 1:
        raise Refused("a step is taken of one result of micrograd's Value" if run.roots else NO_ROOT)
    rate = wish.get("rate")
    rate = float(rate) if isinstance(rate, (int, float)) and math.isfinite(rate) else RATE
    before, root = run.stepper, run.roots[0]
    values = root.topological()
    if any(v.op is not None and getattr(v.op, "partials", None) is None for v in values):
        raise Refused("this graph has an operation that the program made by hand: it cannot be computed again with other numbers")
    grads = dict(zip(map(id, before.trace.values), before.trace.grads(len(before.trace)), strict=True))
    steps = {id(p): rate * grads[id(p)] for p in _parameters(values) if id(p) in grads}
    if not steps:
        raise Refused("this graph has no parameter: nothing that it was computed from can be stepped")
    saved = [(v, v.data, v.grad) for v in values]
    try:
        for v in values:
            if v.op is None:
                v.data = v.data - steps.get(id(v), 0.0)
            else:
                v._data = v.op.forward(*[arg.data for arg in v.args], *v.op.params)
        after = run.called(importlib.import_module("viz").step, title="")
        return _diff(before, after, "before", "after")
    except (ArithmeticError, ValueError) as error:
        raise Refused(f"after a step at the rate {rate:g} this graph has no number: {error}") from None
    finally:
        for v, data, grad in saved:
            v._data, v.grad = data, grad


def _parameters(values: list[Value]) -> list[Value]:
    """Those of the models in the graph; where it has none, all leaves."""
    leaves = [v for v in values if v.op is None]
    modules = importlib.import_module("viz.notation.names").modules_of(values)
    own = {id(p) for module in modules for p in module.parameters()}
    return [v for v in leaves if id(v) in own] or leaves


_MADE: dict[str, Callable[[Run, Any, dict[str, Any]], Any]] = {
    "diff": _by_program,
    "results": _results,
    "table": _table,
    "kept": _kept,
    "step": _step,
}
