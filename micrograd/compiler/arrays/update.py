"""An optimizer's update rule on whole arrays, equal in every bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.compiler.arrays.machine import FUNCTIONS, TEMPLATES
from micrograd.compiler.program.rule import written_out
from micrograd.optim.optimizer import Kernel


def array_update(kernel: Kernel, who: str) -> Callable[..., Any]:
    """update(p, g, slots …, numbers …), which gives the new parameters and slots. who: the optimizer's name, for tracebacks."""
    body, results = written_out(kernel.results, TEMPLATES)
    lines = [*body, f"return {', '.join(results)},"]
    code = f"def update({', '.join(kernel.arguments)}):\n" + "".join(f"    {line}\n" for line in lines)
    namespace = dict(FUNCTIONS)
    exec(compile(code, f"<{who} for NumPy>", "exec"), namespace)  # made by the optimizer's own rule
    update: Callable[..., Any] = namespace.pop("update")  # (kept there, it would be a cycle)
    return update
