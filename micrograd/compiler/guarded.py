"""One trace with its guards: what the loss reads is noted before, and what it does beside arithmetic is found out after.

A loss that changes what it reads (a counter, a list, the state of a generator of random numbers) gives something else at every call,
which a program does not: it is refused, by name. What changes once and stays (a cache that is filled, an attribute made at the first
call) is traced again as it then is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from micrograd import collector, modes
from micrograd.compiler.outside import movers
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.provenance import compare
from micrograd.compiler.tracing import arguments, trace
from micrograd.compiler.tracing.refusal import TraceError, told
from micrograd.engine import Value

# what gives another number at every call and leaves nothing behind that could be compared: such a loss is traced twice
_UNSTEADY = frozenset((
    "time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time", "now", "today", "utcnow", "urandom",
    "uuid1", "uuid4", "secrets", "token_bytes", "randbits", "SystemRandom", "Random", "RandomState", "default_rng", "input", "id",
    "getrusage", "SeedSequence",
))  # fmt: skip


Made = Callable[[trace.Trace, tuple[Any, ...], Guards], Any]  # a plan of a trace, for arguments of these shapes


def planned(
    loss: Any, given: Any, shapes: tuple[Any, ...], numbers: Any, static: dict[str, Any], settings: dict[str, bool], made: Made
) -> Any:
    """Trace the loss on leaves of these shapes, and make a plan of it. given: the parameters, as a module or in lists."""
    with trace.lock:
        before = guards(loss, given, shapes, static)
        changed: Any = None
        for _ in range(2):  # a cache may be filled by the first
            try:
                found = _once(loss, given, before, shapes, numbers, static, settings, made)
            except trace.StaleError:
                what = repr(changed) if changed else "a Value (kept in a cache?)"
                raise TraceError(
                    f"{told((changed and before.place(changed)) or _home(loss))}: the loss goes on from {what} that its run before made, "
                    "and a program begins anew each time. The way out: pass it as an argument and return it beside the loss; "
                    "or keep its number by micrograd.nn.effects.assign(buffer, new)"
                ) from None
            if before.hold():
                break
            after = guards(loss, given, shapes, static)
            changed = before.difference(after)
            found.guards = after
            if changed is None:
                break
            before = after
        else:
            where = before.place(changed) or _home(loss)
            raise TraceError(
                f"{told(where)}: the loss changes {changed!r} every time it runs, and a program would not. The way out: change it "
                "outside, and pass what the loss needs of it as an argument; return what you want to keep beside the loss; a running "
                "statistic is kept by micrograd.nn.effects.assign(buffer, new)"
            )
        if not _UNSTEADY.isdisjoint(found.guards.names):
            with modes.record_source():
                compare(found, _once(loss, given, found.guards, shapes, numbers, static, settings, made))
        return found


def guards(loss: Any, given: Any, shapes: tuple[Any, ...], static: dict[str, Any]) -> Guards:
    """What the loss can read: from outside, and in arguments that are no numbers."""
    also = [("params", given), *static.items()]
    also += [(f"argument {i}", x) for i, shape in enumerate(shapes) for x in arguments.constants(shape)]
    return Guards(loss, also)


def _once(
    loss: Any, given: Any, reached: Guards, shapes: tuple[Any, ...], numbers: Any, static: dict[str, Any], settings: dict[str, bool],
    made: Made,
) -> Any:  # fmt: skip
    traced = trace.Trace([] if given is None else listed(given), **settings)  # type: ignore[arg-type]
    flat = iter(numbers.tolist())
    args = []
    for shape in shapes:
        block: list[Any] = []
        args.append(arguments.leaves(shape, flat, block))
        traced.inputs.append(block)
    everybodys = [(name, state, state(), back) for name, state, back in movers.everywhere()]
    own = [(name, state, _stand(reached, name, state, loss)) for name, state in reached.movers]
    with collector.paused():
        trace.run(traced, loss, args, static, reached.values)
        for name, state, was, back in everybodys:
            if arguments.key(state()) != arguments.key(was):
                back(was)
                _refuse_moved(reached, name, loss)
        for name, state, stood in own:
            if state() != stood:
                _refuse_moved(reached, name, loss)
        old = trace.old_leaves(traced)
        if given is None:
            traced.params = old
        else:
            known = {id(p) for p in traced.params}
            traced.outside = [v for v in old if id(v) not in known]
        return made(traced, shapes, reached)


def _stand(found: Guards, name: str, state: movers.State, loss: Any) -> Any:
    try:
        return state()
    except movers.Untold:
        raise TraceError(
            f"{told(found.place(name) or _home(loss))}: the loss can come to {name!r}, an iterator that does not tell where it stands, and "
            "a program takes nothing from it. The way out: take from it outside and pass the numbers as arguments"
        ) from None


def _refuse_moved(found: Guards, name: str, loss: Any) -> None:
    raise TraceError(
        f"{told(found.place(name) or _home(loss))}: the loss draws from {name!r} while it runs, and a program would repeat for ever what "
        "this run drew. The way out: draw outside and pass the numbers as arguments; nn.Dropout, or "
        "micrograd.nn.effects.fresh(draw), draws anew at every run"
    )


def _home(loss: Any) -> tuple[str, int]:
    """Where the loss itself stands."""
    code = getattr(getattr(loss, "__func__", loss), "__code__", None)
    if code is None:
        calls = (vars(kind).get("__call__") for kind in type(loss).__mro__)
        call = next((f for f in calls if f is not None), None)
        code = getattr(getattr(call, "__wrapped__", call), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else ("?", 0)


def listed(params: Any) -> list[Any]:
    """Parameters of a module, of a dict or of nested lists, each once, in order."""
    if hasattr(params, "parameters"):
        params = params.parameters()
    found: dict[int, Value] = {}
    stack: list[Any] = [params]
    while stack:
        x = stack.pop()
        if isinstance(x, Value):
            if x.op is not None:
                raise TypeError(f"a parameter must be a leaf, but {x!r} was computed by {x._op!r}")
            found.setdefault(id(x), x)
        elif isinstance(x, dict):
            stack.extend(reversed(list(x.values())))
        elif isinstance(x, Iterable) and not isinstance(x, str):
            stack.extend(reversed(list(x)))
        else:
            raise TypeError(f"params are Values (or a module, or lists and dicts of them), not {type(x).__name__}: {x!r:.80}")
    return list(found.values())
