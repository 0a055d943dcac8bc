"""Which code updates the parameters: NumPy's, or compiled code. A speed-up never ends a run: where it cannot be had, NumPy goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from micrograd.compiler.arrays.update import array_update as array_update
from micrograd.compiler.native import cache
from micrograd.compiler.native.c_update import CUpdate
from micrograd.compiler.native.loop import compiled_loop
from micrograd.compiler.native.update import native_update
from micrograd.optim.optimizer import Kernel


def update(native: str, kernel: Kernel, slots: int) -> Any:
    """The update rule as compiled code, which calls (params, gradient, slots, first, numbers); or None. native: what runs the program."""
    return _or_none(lambda: CUpdate(kernel, slots) if native == "c" else native_update(kernel, slots))


def loop(machine: Any, update: Any) -> Any:
    """The compiled loop of whole steps with this update, or None: see `CUpdate.loop`."""
    if machine.native == "c":
        return update.loop
    made = _or_none(compiled_loop)
    return None if made is None else partial(_numba, made, update)


def _numba(
    made: Any, update: Any, machine: Any, slots: Any, first: int, numbers: Any, losses: Any, fed: Any, start: int, finite: bool
) -> Any:  # fmt: skip
    code, (values, gradients, table) = machine.entry
    root = machine.program.outputs[0][1]
    watched = machine.count if machine.watch else 0
    return made(code, update, values, gradients, table, slots, first, numbers, root, losses, watched, fed, start, int(finite))


def _or_none(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:
        cache.say_once(f"the optimizer cannot be compiled ({type(error).__name__}: {str(error)[:300]}): NumPy goes on")
        return None
