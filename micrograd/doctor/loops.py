"""A training loop, watched: every backward() is seen, with the leaves of its graph, their numbers and gradients before and after.

What changed between one backward() and the next says what the loop does: whether gradients were set to 0, whether parameters moved, which
way, and by how much. Where numbers leave it open, the loop's text decides (`loop_text`). Nothing is judged by how low the loss gets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from micrograd.doctor.findings import Finding, Report
from micrograd.doctor.listening import Enough, Pass, Watched, listening
from micrograd.doctor.loop_faults import DOWN, LOOPS
from micrograd.doctor.loop_text import LoopText


def watch_loop(
    train: Callable[[], Any], classes: Sequence[type] = (), text: str = "", file: str = "<loop>", *, maximise: bool = False
) -> Report:
    """Run a function that trains, and say what is wrong with its loop.

    train: takes nothing. classes: the engines that it uses beside ours. text: its source, where `inspect` cannot get it. The run is ended
    after 40 calls of backward(). maximise: the root is a quantity that is to grow (a reward, a likelihood): up its gradient is right,
    and down is the mistake. The report is true where something was judged and nothing is wrong; what `train` raises is said in it.
    """
    from micrograd.engine import Value

    if not text:
        text, file = _source(train)
    watched, raised = Watched(), ""
    with listening(watched, [Value, *classes]):
        try:
            train()
        except Enough:
            pass
        except Exception as error:
            raised = f"it ended with {type(error).__name__}: {error}"
    return judged(watched, LoopText(text, file), raised, maximise)


def _source(train: Callable[[], Any]) -> tuple[str, str]:
    import inspect
    import linecache

    try:
        code = inspect.unwrap(train).__code__
        lines = linecache.getlines(code.co_filename)
        end = len(inspect.getsourcelines(train)[0]) + code.co_firstlineno - 1
        kept = [line if code.co_firstlineno <= i <= end else "\n" for i, line in enumerate(lines, 1)]
    except (OSError, TypeError, AttributeError):
        return "", "<loop>"
    import textwrap

    return textwrap.dedent("".join(kept)), code.co_filename


# ------------------------------------------------------------ what it shows


class Moves(NamedTuple):
    """Between two passes: for leaves that are in both, what their numbers and gradients did."""

    gradient: list[float]  # after the first of them
    moved: list[float]
    before: list[float]  # their gradients when the second began


def moves(passes: Sequence[Pass]) -> list[Moves]:
    """What happened between each pass and the next."""
    made = []
    for one, two in pairwise(passes):
        place = {id(x): i for i, x in enumerate(two.leaves)}
        shared = [(i, place[id(x)]) for i, x in enumerate(one.leaves) if id(x) in place]
        made.append(
            Moves([one.after[i] for i, _ in shared], [two.data[j] - one.data[i] for i, j in shared], [two.before[j] for _, j in shared])
        )
    return made


def judged(watched: Watched, text: LoopText, raised: str = "", maximise: bool = False) -> Report:
    """The report on what was seen. maximise: judged as the loss -root."""
    report = Report(text.name)
    if maximise:
        watched.passes = [
            p._replace(loss=-p.loss, before=[-g for g in p.before], after=[-g for g in p.after]) for p in watched.passes
        ]  # fmt: skip
    passes = watched.passes
    if len(passes) < 2:
        report.unread.append(raised or f"backward() was called {len(passes)} times: a loop calls it again and again")
    else:
        found = next(filter(None, (check(watched, text) for check in CHECKS)), None)
        if found is not None:
            if maximise and found.name == "wrong-way":
                found.title, found.rule = DOWN
            report.findings.append(found)
        report.works = [f"{len(passes)} calls of backward() were watched"]
    if raised and len(passes) >= 2:
        report.said = raised
    return report


def _found(name: str, text: LoopText, *patterns: str) -> Finding:
    title, look, rule = LOOPS[name]
    return Finding(name, "fault", "the loop", [], text.line(*patterns), title=title, look=look, rule=rule)


def _same_root(watched: Watched, text: LoopText) -> Finding | None:
    roots = [p.root for p in watched.passes]
    again = sum(a is b for a, b in pairwise(roots))
    return _found("loss-made-once", text, "backward") if 2 * again >= len(roots) - 1 else None


def _kept_loss(watched: Watched, text: LoopText) -> Finding | None:
    later = watched.passes[1:]
    if sum(p.kept for p in later) < max(1, len(later) - 1):
        return None
    if text.replaces_parameters():
        return _found("update-in-graph", text, "update")
    return _found("loss-not-reset", text, "sum", "backward")


def _rebuilt(watched: Watched, text: LoopText) -> Finding | None:
    """Leaves with gradients that are other objects in each pass, and whose numbers do not follow the old ones."""
    one, two = watched.passes[0], watched.passes[1]
    active = [i for i, g in enumerate(one.after) if g and one.leaves[i] is not one.root]
    if not active or any(any(x is one.leaves[i] for x in two.leaves) for i in active):
        return None
    if text.replaces_parameters() or _follow(watched):
        return None
    return _found("rebuilt", text, "make", "backward")


def _follow(watched: Watched) -> bool:
    """Whether some leaf is always the one in its place before, moved down its gradient: a step that makes new leaves."""
    passes = [p for p in watched.passes if len(p.leaves) == len(watched.passes[0].leaves)]
    for i in range(len(passes[0].leaves)):
        went = [a.after[i] * (b.data[i] - a.data[i]) for a, b in pairwise(passes) if a.after[i]]
        if len(went) >= 3 and max(went) < 0.0:
            return True
    return False


def _direction(watched: Watched, text: LoopText) -> Finding | None:
    """Parameters that go up the gradient."""
    up = down = 0
    for move in moves(watched.passes):
        dot = sum(g * m for g, m in zip(move.gradient, move.moved, strict=True))
        size = math.sqrt(sum(g * g for g in move.gradient) * sum(m * m for m in move.moved))
        if size and math.isfinite(dot):
            up, down = up + (dot > 0.3 * size), down + (dot < -0.3 * size)
    return _found("wrong-way", text, "update") if up > 2 * down and up else None


def _not_zeroed(watched: Watched, text: LoopText) -> Finding | None:
    """After a step, the first pass begins with the gradients that the step used."""
    stale = partial = steps = 0
    for move in moves(watched.passes):
        if not any(move.moved):
            continue
        steps += 1
        same = [b == g != 0.0 for b, g in zip(move.before, move.gradient, strict=True)]
        live = [g != 0.0 and m != 0.0 for g, m in zip(move.gradient, move.moved, strict=True)]
        kept = [s for s, alive in zip(same, live, strict=True) if alive]
        stale += bool(kept) and all(kept)
        partial += any(kept) and not all(kept)
    if steps and stale >= steps - 1 and stale and _adds_up(watched):
        return _found("not-zeroed", text, "backward")
    return _found("partly-zeroed", text, "zero", "backward") if steps and partial >= steps - 1 and partial and _adds_up(watched) else None


def _adds_up(watched: Watched) -> bool:
    """Whether the class adds a pass to the gradients of the pass before; some set them to 0 themselves."""
    student = watched.student
    if student is None:
        return False
    a = student.make(2.0)
    for _ in range(2):
        student.backward(a * a)
    return abs(student.grad(a) - 8.0) < 1e-9


def _not_moved(watched: Watched, text: LoopText) -> Finding | None:
    """Gradients, and parameters that stay where they are."""
    made = moves(watched.passes)
    if not made or any(any(m.moved) for m in made):
        return None
    if not any(m.gradient for m in made) and any(
        g for p in watched.passes for x, g in zip(p.leaves, p.after, strict=True) if x is not p.root
    ):
        return None  # each step makes new leaves
    if not any(any(m.gradient) for m in made):
        return _found("no-gradient", text, "backward")
    leaves = {id(x) for p in watched.passes for x in p.leaves}
    for parameters, grads, rate in watched.steps:
        if rate == 0.0:
            return _found("rate-zero", text, "rate", "update")
        if parameters and not any(id(p) in leaves for p in parameters):
            return _found("other-parameters", text, "optimizer", "update")
        if parameters and not any(grads) and text.order("zero", "update"):
            return _found("zeroed-too-early", text, "zero")
    if text.rate_zero():
        return _found("rate-zero", text, "rate", "update")
    if text.order("backward", "zero", "update"):
        return _found("zeroed-too-early", text, "zero")
    sizes = [p.size for p in watched.passes]
    if text.replaces_parameters() and all(a < b for a, b in pairwise(sizes)):
        return _found("update-in-graph", text, "update")
    if text.rebinds():
        return _found("rebound", text, "rebind")
    return _found("other-parameters" if text.order("update") else "no-step", text, "optimizer", "update", "backward")


def _early_step(watched: Watched, text: LoopText) -> Finding | None:
    return (
        _found("step-before-backward", text, "update")
        if text.order("update", "backward") and not text.order("backward", "update")
        else None
    )


def _too_far(watched: Watched, text: LoopText) -> Finding | None:
    """The loss runs away, or is no number any more, though the direction is right."""
    losses = [p.loss for p in watched.passes]
    numbers = [abs(x) for x in losses if math.isfinite(x)]
    gone = any(not math.isfinite(x) for x in losses)
    grows = len(numbers) > 3 and numbers[-1] > 1e3 * max(numbers[0], 1e-3)
    return _found("rate-large", text, "rate", "update") if gone or grows else None


def _samples(watched: Watched, text: LoopText) -> Finding | None:
    line = text.apart()
    if line is not None:
        found = _found("shuffled-apart", text)
        found.spot = line
        return found
    line = text.mismatched()
    if line is not None:
        found = _found("wrong-sample", text)
        found.spot = line
        return found
    return None


def _other_root(watched: Watched, text: LoopText) -> Finding | None:
    line = text.other_root()
    if line is None:
        return None
    found = _found("wrong-root", text)
    found.spot = line
    return found


CHECKS = (
    _same_root, _kept_loss, _rebuilt, _other_root, _early_step, _not_moved, _direction, _not_zeroed, _samples, _too_far,
)  # fmt: skip
