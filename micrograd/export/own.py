"""Ops with micrograd's own derivatives in another system: each as a function there whose rule is printed from the table's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from micrograd.compiler.program import rule as rules
from micrograd.compiler.program.rule import Rule
from micrograd.ops.op import Op

PLAIN = {"add", "sub", "mul", "neg"}  # everywhere alike, derivatives too


class Own:
    """The definitions that a program needs. templates: of primitives. shape: gives one definition from the parts of it."""

    def __init__(self, templates: Mapping[str, str], shape: Callable[[str, str, int, list[str], list[list[str]]], list[str]]) -> None:
        self.templates, self.shape = templates, shape
        self.names: dict[Any, str] = {}
        self.lines: list[str] = []

    def call(self, rule: Rule) -> str | None:
        """What to call for the forward rule of an op, None for one that has no need of it."""
        op = rule.op
        if op is None or op.name in PLAIN or not rule.names:
            return None
        key = op.name, op.params, len(rule.names)
        if key not in self.names:
            name = "own_" + "".join(c if c.isalnum() else "_" for c in op.name)
            while name in self.names.values():
                name += "_"
            self.names[key] = name
            self.lines += self.shape(name, repr(op), len(rule.names), self._forward(rule), self._pulls(op, len(rule.names)))
        return self.names[key]

    def _forward(self, rule: Rule) -> list[str]:
        body, text = rule.code(self.templates)
        return [*body, text]

    def _pulls(self, op: Op, arity: int) -> list[list[str]]:
        """For each operand the assignments and the expression of what is passed on to it, in g, y, x0, x1 …."""
        found = []
        for i in range(arity):
            pull = rules.pullback(op, i, arity)
            body, text = ([], "0.0") if pull is None else pull.code(self.templates, f"t{i}_")
            found.append([*body, text])
        return found
