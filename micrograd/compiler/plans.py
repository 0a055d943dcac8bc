"""The plans of a compiled loss for one structure of its arguments, and which of them is right now."""

from __future__ import annotations

from typing import Any

from micrograd import modes
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.tracing.refusal import TraceError


class Plans:
    """The plans for one structure of the arguments, the latest first."""

    KEPT = 8
    CONSTANTS = 32  # values of keyword arguments whose programs are kept

    def __init__(self) -> None:
        self.found: list[Any] = []
        self.traces, self.told = 0, False

    def changed(self, name: str) -> bool:
        """Something has changed, so that there is one more trace; whether there have been too many of them."""
        self.traces += 1
        return self.traces >= self.KEPT

    def latest(self, plan: Any) -> Any:
        """Put it first."""
        if not self.found or self.found[0] is not plan:
            self.found = [plan, *(p for p in self.found if p is not plan)][: self.KEPT]
        return plan

    def held(self) -> Any:
        """The plan whose guards say at once that it is right."""
        for plan in self.found:
            if plan.guards.hold():
                return self.latest(plan)
        return None

    def alike(self, now: Guards) -> Any:
        """The plan that is right by what a new walk found; it takes over the new guards."""
        for plan in self.found:
            if plan.guards.difference(now) is None:
                plan.guards = now
                return self.latest(plan)
        return None


def refuse_hooks(plan: Any) -> None:
    """Raise TraceError where a gradient hook is registered on a parameter: nothing would call it."""
    for p in plan.traced.params:
        if p in modes.hooks:
            who = p.label or repr(p)
            raise TraceError(f"a gradient hook is registered on the parameter {who}, and a compiled program would not call it: remove it")
