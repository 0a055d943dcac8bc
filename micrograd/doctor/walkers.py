"""The text of backward() and of what walks with it: where the seed, the loop, the list and the recursion stand."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from micrograd.doctor.findings import Finding
from micrograd.doctor.forms import Form
from micrograd.doctor.local import Local
from micrograd.doctor.source import Source, Spot, nodes, source
from micrograd.doctor.watching import Place


class Walkers:
    """The functions that run whatever the operation, and the places in them; what is found is collected in `findings`."""

    def __init__(self, local: Local) -> None:
        self.local, self.student = local, local.student
        self.findings: list[Finding] = []
        self.works: list[str] = []
        self.walkers: list[Place] = []
        self.sound = False  # larger graphs are right

    def _add(
        self, name: str, spot: Spot | None, detail: str = "", kind: str = "fault", where: str = "", of: Sequence[str] = (), **more: Any
    ) -> None:
        self.findings.append(Finding(name, kind, where or f"{self.student.backward_name}()", list(of), spot, detail, **more))

    def _walkers(self) -> None:
        """The lines of backward() and its helpers: those that run whatever the operation."""
        sets = [set(a.backward.places) for a in self.local.once.values() if a.backward is not None]
        shared = set.intersection(*sets) if sets else set()
        self.walkers = sorted(shared, key=lambda p: (p.file, p.line))

    def _functions(self) -> list[tuple[Source, Any]]:
        """(source, definition) of backward() and of the functions that walk with it."""
        codes = dict.fromkeys([p.code for p in self.walkers])
        method = self.student.method(self.student.backward_name)
        if method is not None:
            codes = dict.fromkeys([method.__code__, *codes])
        found = [(source(code.co_filename), source(code.co_filename).function(code)) for code in codes]
        return [(text, node) for text, node in found if node is not None]

    def _head(self) -> Spot | None:
        return self.local.placer.method(self.student.backward_name)

    def _find(self, kind: Any, test: Any, last: bool = False) -> Spot | None:
        for text, node in self._functions():
            fits = [n for n in nodes(node, kind) if n is not node and test(n)]
            if fits:
                return text.spot(fits[-1] if last else fits[0])
        return None

    def _seed_line(self) -> Spot | None:
        grad = self.student.grad_name
        method = self.student.method(self.student.backward_name)
        if method is not None and method.__defaults__ and isinstance(method.__defaults__[0], (int, float)):
            text = source(method.__code__.co_filename)
            node = text.function(method.__code__)
            return text.spot(node.args.defaults[0]) if node is not None else None
        writes = (ast.Assign, ast.AugAssign)
        own = self._find(writes, lambda n: attribute(n)[1] == grad and base(n) in ("self", "root"))
        return own or self._find(writes, lambda n: attribute(n)[1] in (grad, f"_{grad}")) or self._head()

    def _initial_line(self) -> Spot | None:
        grad = self.student.grad_name
        function = self.student.method("__init__")
        if function is not None:
            text = source(function.__code__.co_filename)
            node = text.function(function.__code__)
            for made in nodes(node, (ast.Assign, ast.AnnAssign)) if node is not None else ():
                if attribute(made)[1] in (grad, f"_{grad}"):
                    return text.spot(made)
        for file in self.student.files:
            text = source(file)
            for cls in nodes(text.tree, ast.ClassDef, lambda n: n.name == self.student.name):
                for made in nodes(cls, (ast.Assign, ast.AnnAssign)):
                    if getattr(targets(made)[0], "id", "") == grad:
                        return text.spot(made)
        return self.local.placer.method("__init__")

    def _by_number(self) -> bool:
        return self.student.method("__eq__") is not None and self.student.method("__hash__") is not None

    def _turned(self) -> bool:
        """Whether the list of nodes is read from its end."""
        for _, node in self._functions():
            for part in ast.walk(node):
                name = getattr(getattr(part, "func", None), "id", getattr(getattr(part, "func", None), "attr", ""))
                if name in ("reversed", "reverse") or (isinstance(part, ast.Slice) and isinstance(part.step, ast.UnaryOp)):
                    return True
        return False

    def _loop(self) -> Spot | None:
        """The last loop of backward() that stands in no other."""
        for text, node in self._functions():
            loops = list(nodes(node, (ast.For, ast.While)))
            outer = [loop for loop in loops if not any(loop is inner for other in loops if other is not loop for inner in ast.walk(other))]
            if outer:
                return text.spot(outer[-1])
        return None

    def _lists(self) -> bool:
        """Whether backward() goes through a list of nodes at all, and not the root alone."""
        loops = [loop for _, node in self._functions() for loop in nodes(node, ast.For)]
        if any(isinstance(loop.iter, (ast.Name, ast.Call, ast.Subscript)) and getattr(loop.iter, "id", "").isupper() for loop in loops):
            return True
        return any(
            getattr(c.func, "attr", "") in ("append", "insert", "appendleft", "extend")
            for _, node in self._functions()
            for c in nodes(node, ast.Call)
        )

    def _recursion(self, grad: str) -> Spot | None:
        """The call by which the walk goes on: of itself."""
        for text, node in self._functions():
            own = getattr(node, "name", "")
            for call in nodes(node, ast.Call):
                if getattr(call.func, "id", getattr(call.func, "attr", "")) == own:
                    return text.spot(call)
        return None

    def _set_line(self, form: Form) -> Spot | None:
        """Where operands become a set."""
        for file in sorted(self.student.files):
            text = source(file)
            for node in nodes(text.tree, (ast.Call, ast.Set, ast.SetComp, ast.DictComp, ast.Dict)):
                name = getattr(getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", ""))
                if (isinstance(node, ast.Call) and name in ("set", "frozenset", "fromkeys", "dict") and node.args) or isinstance(
                    node, (ast.Set, ast.SetComp, ast.DictComp)
                ):
                    return text.spot(node)
        return self.local.placer.method(form.method)

    def _written(self, method: str) -> Spot | None:
        """The line of a method that writes to the gradient."""
        function = self.student.method(method)
        text = source(function.__code__.co_filename) if function is not None else None
        node = text.function(function.__code__) if text is not None and function is not None else None
        for made in nodes(node, (ast.Assign, ast.AugAssign)) if node is not None else ():
            if attribute(made)[1] == self.student.grad_name and text is not None:
                return text.spot(made)
        return self.local.placer.method(method)

    def _equality(self, name: str) -> Spot | None:
        function = self.student.method(name)
        return self.local.placer.method(name) if function is not None else None

    def _default(self) -> Spot | None:
        for text, node in self._functions():
            arguments = getattr(node, "args", None)
            for value in [*(arguments.defaults if arguments else ()), *(d for d in (arguments.kw_defaults if arguments else ()) if d)]:
                if isinstance(value, (ast.List, ast.Set, ast.Dict)) or (
                    isinstance(value, ast.Call) and getattr(value.func, "id", "") in ("set", "list", "dict")
                ):
                    return text.spot(value)
        return None

    @property
    def wrong(self) -> bool:
        """Whether a mistake has been found, beside surprises."""
        return any(f.kind == "fault" for f in self.findings)


def targets(statement: Any) -> Sequence[Any]:
    """What a statement writes to."""
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def attribute(statement: Any) -> tuple[str, str]:
    """(the name before the dot, the attribute) that a statement writes to; empty where it is none."""
    target = targets(statement)[0]
    return base(statement), str(getattr(target, "attr", ""))


def base(statement: Any) -> str:
    """The name before the dot."""
    return str(getattr(getattr(targets(statement)[0], "value", None), "id", ""))
