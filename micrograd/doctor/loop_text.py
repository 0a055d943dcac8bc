"""The text of a training loop: where it makes things, sets gradients to 0, walks back and steps, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from micrograd.doctor.source import Spot, nodes
from micrograd.doctor.student import BACKWARD, DATA

ZEROS = ("zero_grad", "zero_gradients", "reset_grad", "clear_grad")


class LoopText:
    """The innermost loop whose body, however deep, calls backward(), and what stands in it."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file, self.name = text, file, Path(file).name
        try:
            self.tree = ast.parse(text)
        except SyntaxError:
            self.tree = ast.Module([], [])

    @cached_property
    def loop(self) -> Any:
        loops = [n for n in nodes(self.tree, (ast.For, ast.While)) if any(_is_backward(c) for c in nodes(n, ast.Call))]
        stepping = [n for n in loops if any(self._kind(s) == "update" for s in _statements(n))]
        return (stepping or loops or [self.tree])[-1 if stepping else 0]

    def _kind(self, statement: Any) -> str:
        """What a statement does: zero, backward, update; "" for anything else."""
        calls = list(nodes(statement, ast.Call))
        names = [getattr(c.func, "attr", getattr(c.func, "id", "")) for c in calls]
        if any(_is_backward(c) for c in calls):
            return "backward"
        if any(name in ZEROS for name in names):
            return "zero"
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "attr", "") in ("grad", "gradient"):
            return "zero"
        if "step" in names:
            return "update"
        target = _target(statement)
        if isinstance(target, ast.Attribute):
            return "update" if target.attr in DATA else ""
        return "update" if target is not None and _own_grad(statement, target) else ""

    @cached_property
    def kinds(self) -> list[tuple[str, Any]]:
        return [(self._kind(s), s) for s in _statements(self.loop)]

    def order(self, *kinds: str) -> bool:
        """Whether such statements stand in this order in one turn of the loop."""
        wanted = list(kinds)
        for kind, _ in self.kinds:
            if wanted and kind == wanted[0]:
                wanted.pop(0)
        return not wanted

    def line(self, *kinds: str) -> Spot | None:
        """The first statement of the first of these kinds that there is."""
        tests: dict[str, Callable[[Any], bool]] = {
            "sum": lambda s: isinstance(s, (ast.AugAssign, ast.Assign)) and _adds(s),
            "make": lambda s: (
                isinstance(s, ast.Assign) and isinstance(s.value, (ast.Call, ast.List, ast.ListComp, ast.Tuple)) and _makes(s.value)
            ),
            "rebind": _rebinds,
        }
        for kind in kinds:
            if kind in ("rate", "optimizer"):
                found = self._rate() if kind == "rate" else self._optimizer()
            elif kind in tests:
                found = next((s for s in _statements(self.loop) if tests[kind](s)), None)
            else:
                found = next((s for k, s in self.kinds if k == kind), None)
            if found is not None:
                return self.spot(found)
        return None

    def spot(self, node: Any) -> Spot:
        """Where a node stands."""
        return Spot(self.file, node.lineno, node.end_lineno or node.lineno)

    # ------------------------------------------------------------ questions

    def replaces_parameters(self) -> bool:
        """Whether the step gives a name a new value made with a gradient: w = w - lr * w.grad."""
        return any(
            k == "update" and isinstance(s, ast.Assign) and isinstance(s.targets[0], (ast.Name, ast.Subscript, ast.Tuple))
            for k, s in self.kinds
        )

    def rebinds(self) -> bool:
        """Whether it does so to the variable of a loop over parameters, which changes nothing."""
        return any(_rebinds(s) for s in _statements(self.loop))

    def _rate(self) -> Any:
        names = ("lr", "learning_rate", "rate", "step_size", "eta", "alpha")
        given = [k for c in nodes(self.tree, ast.Call) for k in c.keywords if k.arg in names]
        made = [a for a in nodes(self.tree, ast.Assign) if getattr(a.targets[0], "id", "").lower() in names]
        return (made or [k.value for k in given] or [None])[0]

    def rate_zero(self) -> bool:
        """Whether the learning rate is written down as 0."""
        found = self._rate()
        value = getattr(found, "value", found)
        factors = [n for k, s in self.kinds if k == "update" for n in ast.walk(s) if isinstance(n, ast.Constant)]
        value = value.value if isinstance(value, ast.Constant) else value
        return (isinstance(value, (int, float)) and value == 0) or any(n.value == 0 and not isinstance(n.value, bool) for n in factors)

    def _optimizer(self) -> Any:
        made = [a for a in nodes(self.tree, ast.Assign) if isinstance(a.value, ast.Call) and "parameters" in ast.dump(a.value)]
        return made[0] if made else None

    def apart(self) -> Spot | None:
        """A shuffle of one of two lists that are read side by side."""
        made = {a.targets[0].id: a.value for a in nodes(self.tree, ast.Assign) if isinstance(a.targets[0], ast.Name)}

        def beginning(name: str) -> str:
            """The list that a list was computed from, item by item."""
            value = made.get(name)
            while isinstance(value, ast.ListComp) and isinstance(value.generators[0].iter, ast.Name):
                name = value.generators[0].iter.id
                value = made.get(name)
            return name

        pairs = [
            [beginning(getattr(a, "id", "")) for a in c.args] for c in nodes(self.tree, ast.Call) if getattr(c.func, "id", "") == "zip"
        ]
        for call in nodes(self.tree, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name == "shuffle" and call.args and any(getattr(call.args[0], "id", "-") in pair and len(pair) > 1 for pair in pairs):
                return self.spot(call)
        return None

    def mismatched(self) -> Spot | None:
        """zip(xs, ys[1:]), xs[i] beside ys[i - 1] or ys[0]."""
        for call in nodes(self.tree, ast.Call):
            if getattr(call.func, "id", "") == "zip" and len(call.args) == 2:
                cut = [isinstance(a, ast.Subscript) and isinstance(a.slice, ast.Slice) and not _whole(a.slice) for a in call.args]
                turned = [getattr(getattr(a, "func", None), "id", "") in ("reversed", "sorted") for a in call.args]
                if cut[0] != cut[1] or turned[0] != turned[1]:
                    return self.spot(call)
        for statement in _statements(self.loop):
            found = [n for n in nodes(statement, ast.Subscript) if not isinstance(n.slice, ast.Slice) and isinstance(n.value, ast.Name)]
            places: dict[str, set[str]] = {}
            for n in found:
                places.setdefault(n.value.id, set()).add(ast.dump(n.slice))
            simple = [n for n in found if isinstance(n.slice, ast.Name)]
            odd = [n for n in found if isinstance(n.slice, (ast.BinOp, ast.Constant))]
            if simple and odd and {n.value.id for n in odd}.isdisjoint({n.value.id for n in simple}):
                return self.spot(statement)
        return None

    def other_root(self) -> Spot | None:
        """backward() of something else, where a loss stands in the loop."""
        names = [n.id for n in nodes(self.loop, ast.Name) if isinstance(n.ctx, ast.Store)]
        losses = [n for n in names if "loss" in n.lower()] or [n for n in names if n.lower() in ("cost", "mse", "total", "error")]
        calls = [call for call in nodes(self.loop, ast.Call) if _is_backward(call)]
        roots = [_root_name(call) for call in calls]
        if losses and not set(roots) & set(losses):
            return next((self.spot(call) for call, root in zip(calls, roots, strict=True) if root), None)
        return None


def _root_name(call: ast.Call) -> str:
    """The name whose backward() is called: loss, or predictions of predictions[0]; "" for an expression."""
    value: Any = getattr(call.func, "value", None)
    while isinstance(value, ast.Subscript):
        value = value.value
    return str(getattr(value, "id", ""))


def _whole(part: ast.Slice) -> bool:
    return part.lower is None and part.upper is None and part.step is None


def _is_backward(call: Any) -> bool:
    return isinstance(call, ast.Call) and getattr(call.func, "attr", "") in BACKWARD


def _statements(loop: Any) -> list[Any]:
    """The simple statements inside, in the order of the text."""
    return [s for s in nodes(loop, ast.stmt) if not hasattr(s, "body")]


def _adds(statement: Any) -> bool:
    if isinstance(statement, ast.AugAssign):
        return isinstance(statement.op, ast.Add) and isinstance(statement.target, ast.Name)
    name = getattr(statement.targets[0], "id", "")
    return isinstance(statement.value, ast.BinOp) and name in [n.id for n in nodes(statement.value, ast.Name)]


def _makes(value: Any) -> bool:
    """Whether an expression makes parameters: a call with a capital, or several of them."""
    names = [getattr(c.func, "attr", getattr(c.func, "id", "")) for c in nodes(value, ast.Call)]
    return any(name[:1].isupper() for name in names)


def _target(statement: Any) -> Any:
    """What a statement writes to; None where it writes to nothing."""
    if isinstance(statement, ast.AugAssign):
        return statement.target
    return statement.targets[0] if isinstance(statement, ast.Assign) else None


def _own_grad(statement: Any, target: Any) -> bool:
    """Whether a name gets something made with its own gradient: w = w - lr * w.grad, but not v[i] = v[i] - lr * p.grad."""
    written = {n.id for n in nodes(target, ast.Name)}
    reads = [n for n in nodes(statement.value, ast.Attribute) if n.attr in ("grad", "gradient")]
    return any(n.id in written for read in reads for n in nodes(read.value, ast.Name))


def _rebinds(statement: Any) -> bool:
    """p = p - lr * p.grad."""
    if not isinstance(statement, (ast.Assign, ast.AugAssign)):
        return False
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    reads = any(getattr(n, "attr", "") in ("grad", "gradient") for n in ast.walk(statement.value))
    return isinstance(target, ast.Name) and reads
