"""An optimizer's update rule as one compiled loop over the parameters, in the arithmetic of the rule, to the last bit."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from micrograd.compiler.native.own_code import module
from micrograd.compiler.native.templates import HEADER, TEMPLATES
from micrograd.compiler.program.rule import written_out
from micrograd.optim.optimizer import Kernel


def native_update(kernel: Kernel, slots: int) -> Any:
    """update(params, gradient, slots, first, numbers), compiled (or taken from the disk)."""
    body, results = written_out(kernel.results, TEMPLATES)
    _, _, *names = kernel.arguments
    own, numbers = names[:slots], names[slots:]
    lines = [
        HEADER.format(title="An optimizer's update rule."), "", "", "@whole", "def update(P, G, S, first, numbers):",
        *[f"    {name} = numbers[{k}]" for k, name in enumerate(numbers)],
        "    count = S.shape[1]",
        "    P, G = P[first : first + count], G[first : first + count]  # so that i needs no check of its sign, and runs as lanes",
        *[f"    S{k} = S[{k}]" for k in range(slots)],
        "    for i in range(count):",
        "        p = P[i]",
        "        g = G[i]",
        *[f"        {name} = S{k}[i]" for k, name in enumerate(own)],
        *[f"        {line}" for line in body],
        f"        P[i] = {results[0]}",
        *[f"        S{k}[i] = {text}" for k, text in enumerate(results[1:]) if text != own[k]],
    ]  # fmt: skip
    text = "\n".join(lines) + "\n"
    return module(text, _compile).update


def _compile(module: ModuleType) -> None:
    from numba import types

    flat = types.float64[::1]
    module.update.compile((flat, flat, types.float64[:, ::1], types.int64, flat))
