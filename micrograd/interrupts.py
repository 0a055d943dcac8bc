"""Ctrl-C waits for what must be whole: a step over all parameters, a state that is loaded.

Python hears signals in the main thread alone, so elsewhere there is nothing to do; nor where Ctrl-C ends the process at once, is ignored,
or is heard by what Python is a part of.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Interrupts:
    """A stretch of work in which Ctrl-C is heard at once, but for the moments between `held = True` and `release()`.

    >>> with Interrupts() as ctrl_c:
    ...     ctrl_c.held = True
    ...     signal.raise_signal(signal.SIGINT)
    ...     done = "whole"
    ...     try:
    ...         ctrl_c.release()
    ...     except KeyboardInterrupt:
    ...         print(done)
    whole
    """

    def __init__(self, held: bool = False) -> None:
        self.held, self.waiting = held, False
        self.before: Any = None

    def __enter__(self) -> Interrupts:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self.before = before
            try:
                signal.signal(signal.SIGINT, self._heard)
                return self
            except ValueError:  # an interpreter within another
                self.before = None
            except BaseException:  # Ctrl-C right now: the block is not entered
                signal.signal(signal.SIGINT, before)
                raise
        return self

    def _heard(self, *event: Any) -> None:
        if self.held:
            self.waiting = True
        else:
            self.before(*event)

    def release(self) -> None:
        """Ctrl-C is heard again, also the one that waited."""
        self.held = False
        if self.waiting:
            self.waiting = False
            signal.raise_signal(signal.SIGINT)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
        self.release()


def held() -> Interrupts:
    """with held(): … hears Ctrl-C after the block."""
    return Interrupts(held=True)


def wholly(commit: Callable[[], None]) -> None:
    """Run a function that sets numbers to what was computed before; where Ctrl-C (or any exception) cuts in, all of it again."""
    try:
        commit()
    except BaseException:
        commit()
        raise
