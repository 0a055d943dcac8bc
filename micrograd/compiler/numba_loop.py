"""Many training steps in one call of compiled code: one loop for every program and optimizer, given to it as functions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from numba import njit, types


def loop(run, update, V, G, T, S, first, numbers, root, losses):  # type: ignore[no-untyped-def]
    for k in range(len(losses)):
        run(V, G, T, 0, 2)
        losses[k] = V[root]
        update(V, G, S, first, numbers[k])


@lru_cache(maxsize=1)
def compiled_loop() -> Any:
    """The loop, compiled once a machine and kept on disk."""
    flat, rows, table = types.float64[::1], types.float64[:, ::1], types.int64[::1]
    run = types.FunctionType(types.none(flat, flat, table, types.int64, types.int64))
    update = types.FunctionType(types.none(flat, flat, rows, types.int64, flat))
    made = njit(cache=True, error_model="numpy")(loop)
    made.compile((run, update, flat, flat, table, rows, types.int64, rows, types.int64, flat))
    made.disable_compile()  # else each program and optimizer makes one of its own, whose entry on disk later runs cannot read
    return made
