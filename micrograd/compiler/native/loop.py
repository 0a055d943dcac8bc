"""Many training steps in one call of compiled code: one loop for every program and optimizer, given to it as functions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from micrograd.compiler.native.own_code import module
from micrograd.compiler.native.templates import HEADER

SOURCE = f"""{HEADER.format(title="The loop of training steps.")}

@whole
def loop(run, update, V, G, T, S, first, numbers, root, losses, watched, fed, start, finite):
    for k in range(len(losses)):
        for i in range(fed.shape[1]):
            V[start + i] = fed[k, i]
        run(V, G, T, 0, 2)
        losses[k] = V[root]
        bad = finite * int(losses[k] - losses[k] != 0.0)
        for i in range(watched):
            bad |= int(G[i] != G[i])
        if bad:
            return k
        update(V, G, S, first, numbers[k])
    return len(losses)
"""


def compiled_loop() -> Any:
    """The loop, compiled once a machine and kept on disk.

    Each step is on a row of `fed`, numbers for V from `start` on. It gives the number of whole steps: after a run that left a nan in one
    of the first `watched` gradients (see `careful.py`), or, if `finite` is 1, a loss that is none, it ends without the update.
    """
    return module(SOURCE, _compile).loop


def _compile(module: ModuleType) -> None:
    from numba import types

    flat, rows, table = types.float64[::1], types.float64[:, ::1], types.int64[::1]
    run = types.FunctionType(types.none(flat, flat, table, types.int64, types.int64))
    update = types.FunctionType(types.none(flat, flat, rows, types.int64, flat))
    module.loop.compile((run, update, flat, flat, table, rows, types.int64, rows, types.int64, flat, types.int64,
                         rows, types.int64, types.int64))  # fmt: skip
    module.loop.disable_compile()  # else each program and optimizer makes one of its own, whose entry on disk later runs cannot read
