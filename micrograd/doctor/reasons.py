"""Why an operation passes nothing back, or raises: by its text, and by the error."""

from __future__ import annotations

import ast

from micrograd.doctor.asking import Answer
from micrograd.doctor.findings import Finding
from micrograd.doctor.forms import Form
from micrograd.doctor.placing import Placer
from micrograd.doctor.signatures import Named
from micrograd.doctor.source import Spot, nodes, source
from micrograd.doctor.student import Student
from micrograd.doctor.watching import Runaway


class Reasons:
    """What `Local` asks about one operation's text."""

    student: Student
    forms: list[Form]
    answers: dict[str, list[Answer]]
    placer: Placer

    def _where(self, form: Form) -> str:
        return form.method if self.student.method(form.method) else f"{self.student.name}, {form.text}"

    def _statement(self, file: str, line: int) -> Spot | None:
        text = source(file)
        statement = text.statement(line)
        return text.spot(statement) if statement is not None else Spot(file, line, line)

    def _silent(self, form: Form) -> Finding:
        """Nothing reaches any operand: is the function not kept, kept by another, called at once, or does it do nothing?"""
        function = self.student.method(form.method)
        where = self._where(form)
        codes = self.student.codes(form.method)
        runs = self.placer.ran[form.key, "backward"]
        if function is not None and not any(p.code in codes for p in runs):
            text = source(function.__code__.co_filename)
            node = text.function(function.__code__)
            inner = [f for f in nodes(node, ast.FunctionDef) if f is not node] if node is not None else []
            names = {f.name for f in inner}
            for kept in nodes(node, ast.Assign) if node is not None else ():
                if isinstance(kept.value, ast.Call) and getattr(kept.value.func, "id", "") in names:
                    return Finding("called-at-once", "fault", where, [form.text], text.spot(kept))
            if (spot := self.on_operand(form)) is not None:
                return Finding("on-operand", "fault", where, [form.text], spot)
            if inner:
                return Finding("not-attached", "fault", where, [form.text], text.spot(inner[0]))
        first = self.answers[form.key][0]
        if (
            not self._closes(form)
            and not any(self.student.knows(first.result, leaf) for leaf in first.leaves)
            and (spot := self.placer.operands(form.key))
        ):
            return Finding("not-recorded", "fault", where, [form.text], spot)
        if self._early(form):
            return Finding("read-early", "fault", where, [form.text], self._early(form))
        spot = self.placer.gradient(form.key, 0, Named("nothing-back"))
        return Finding("nothing-back", "fault", where, [form.text], spot)

    def on_operand(self, form: Form) -> Spot | None:
        """The line at which an inner function is stored on an operand."""
        function = self.student.method(form.method)
        node = source(function.__code__.co_filename).function(function.__code__) if function is not None else None
        if function is None or node is None:
            return None
        names = {f.name for f in nodes(node, ast.FunctionDef) if f is not node}
        for kept in nodes(node, ast.Assign):
            target, held = kept.targets[0], kept.value
            if (
                isinstance(target, ast.Attribute)
                and isinstance(held, ast.Name)
                and held.id in names
                and getattr(target.value, "id", "") in ("self", "other")
            ):
                return source(function.__code__.co_filename).spot(kept)
        return None

    def _closes(self, form: Form) -> bool:
        """Whether the method has an inner function, which knows the operands by itself."""
        function = self.student.method(form.method)
        node = source(function.__code__.co_filename).function(function.__code__) if function is not None else None
        return node is not None and any(n is not node for n in nodes(node, ast.FunctionDef))

    def _early(self, form: Form) -> Spot | None:
        """A line of the method itself, not of its inner function, that reads the gradient."""
        function = self.student.method(form.method)
        if function is None:
            return None
        text = source(function.__code__.co_filename)
        node = text.function(function.__code__)
        for statement in getattr(node, "body", []):
            if isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Attribute):
                for read in nodes(statement.value, ast.Attribute):
                    if read.attr == self.student.grad_name and isinstance(read.ctx, ast.Load):
                        return text.spot(statement)
        return None

    def _raised(self, form: Form, answer: Answer) -> Finding:
        error, where = answer.error, self._where(form)
        own = self.student.method(form.method)
        inherited = own is None and getattr(self.student.cls, form.method, None) is None
        told = f"{type(error).__name__}: {error}"
        spot = self._statement(answer.at.file, answer.at.line) if answer.at is not None else self.placer.method(form.method)
        if isinstance(error, TypeError) and inherited:
            return Finding(
                "missing-method",
                "missing",
                form.method,
                [form.text],
                self.placer.cls(),
                title=f"{form.text} is not there: {form.method} is not defined",
            )
        if "unhashable" in str(error):
            return Finding("unhashable", "fault", self.student.name, [form.text], self.placer.method("__eq__") or spot, told)
        if isinstance(error, (Runaway, RecursionError)):
            return Finding("endless", "fault", where, [form.text], self._own_line(form) or spot)
        if "NoneType" in str(error) and "not callable" in str(error):
            silent = self._silent(form)
            if silent.name != "nothing-back":
                return silent
        numbers = any(c.isdigit() for c in form.text) or form.key == "a ** b"
        if (
            numbers
            and isinstance(error, (AttributeError, TypeError, NotImplementedError, AssertionError, ValueError))
            and answer.stage in ("forward", "backward")
        ):
            names = ("'int'", "'float'", "no attribute", "unsupported operand", "NotImplemented", "only support")
            if form.key == "a ** b" or isinstance(error, AssertionError) or any(name in str(error) for name in names):
                return Finding(
                    "number-exponent" if form.key == "a ** b" else "number-operand",
                    "missing" if form.key in ("a ** b", "2 ** a") or not self._mixed(form) else "fault",
                    where,
                    [form.text],
                    self._own_line(form, answer) or spot,
                    told,
                )
        if (nested := self._nested(form)) is not None and not numbers:
            return Finding("nested", "fault", where, [form.text], nested, told)
        if answer.at is not None and answer.at.code.co_name == "__init__":
            spot = self._own_line(form) or spot
        return Finding("raises", "fault", where, [form.text], spot, told)

    def _nested(self, form: Form) -> Spot | None:
        """The line of the method that makes an object of an operand which may be one already."""
        function = self.student.method(form.method)
        node = source(function.__code__.co_filename).function(function.__code__) if function is not None else None
        for made in nodes(node, ast.Assign) if node is not None else ():
            call, target = made.value, made.targets[0]
            if (
                isinstance(call, ast.Call)
                and getattr(call.func, "id", "") == self.student.name
                and call.args
                and getattr(call.args[0], "id", "") == getattr(target, "id", "-")
            ):
                return source(function.__code__.co_filename).spot(made) if function is not None else None
        return None

    def _mixed(self, form: Form) -> bool:
        """Whether other operations of the class do take numbers: then this one was forgotten."""
        others = [f for f in self.forms if f.method in ("__add__", "__mul__", "__sub__", "__truediv__") and f.method != form.method]
        taking = [f for f in others if any(c.isdigit() for c in f.text)]
        return any(all(a.error is None and a.stage != "type" for a in self.answers[f.key]) for f in taking)

    def _own_line(self, form: Form, answer: Answer | None = None) -> Spot | None:
        """The student's line inside the method of the form at which it went wrong."""
        function = self.student.method(form.method)
        if function is None:
            return None
        if answer is not None and answer.at is not None and answer.at.code in self.student.codes(form.method):
            return self._statement(answer.at.file, answer.at.line)
        lines = [p for p in self.placer.ran[form.key, "forward"] if p.code is function.__code__]
        return self._statement(lines[-1].file, lines[-1].line) if lines else self.placer.method(form.method)
