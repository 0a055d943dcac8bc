"""Which code updates the parameters: NumPy's, or compiled code. A speed-up never ends a run: where it cannot be had, NumPy goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.compiler.arrays.update import array_update as array_update
from micrograd.compiler.native import cache
from micrograd.compiler.native.loop import compiled_loop
from micrograd.compiler.native.update import native_update
from micrograd.optim.optimizer import Kernel


def update(kernel: Kernel, slots: int) -> Any:
    """The update rule as compiled code (see `native_update`), or None."""
    return _or_none(lambda: native_update(kernel, slots))


def loop() -> Any:
    """The compiled loop of whole steps (see `compiled_loop`), or None."""
    return _or_none(compiled_loop)


def _or_none(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:
        cache.say_once(f"the optimizer cannot be compiled ({type(error).__name__}: {str(error)[:300]}): NumPy goes on")
        return None
