"""How a trace refuses: TraceError, with the line of the user's code that is running and what to write there instead."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

_OURS = str(Path(__file__).resolve().parents[2]) + os.sep
_PYTHONS = tuple({os.path.normpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib")})


class _Here(threading.local):
    """The traces that are open in this thread, innermost last."""

    def __init__(self) -> None:
        self.traces: list[Any] = []


_here = _Here()


def tracing() -> Any:
    """The trace that is open in this thread, or None."""
    traces = _here.traces
    return traces[-1] if traces else None


def opened() -> list[Any]:
    """The stack of traces of this thread."""
    return _here.traces


class TraceError(TypeError):
    """The loss does something that a compiled program cannot repeat."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        trace = tracing()
        if trace is not None and trace.refused is None:
            trace.refused = self  # a loss that catches it is refused all the same


def ours(file: str) -> bool:
    """Whether a file of code is this package's."""
    return os.path.normpath(file).startswith(_OURS)


@lru_cache(maxsize=4096)
def library(file: str) -> bool:
    """Whether a file of code is this package's, Python's or an installed one's: not where the user writes."""
    file = os.path.normpath(file)
    installed = f"{os.sep}site-packages{os.sep}" in file or f"{os.sep}dist-packages{os.sep}" in file
    return ours(file) or installed or file.startswith((*_PYTHONS, "<frozen ", "<rules of "))


def place() -> tuple[str, int]:
    """(file, line) of the user's code that is running: the innermost that no library has."""
    frame: Any = sys._getframe(1)
    while ours(frame.f_code.co_filename) and frame.f_back:
        frame = frame.f_back
    outside = frame
    while library(frame.f_code.co_filename):
        if frame.f_back is None:
            frame = outside
            break
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def told(where: tuple[str, int]) -> str:
    """file:line (text)."""
    file, line = where
    text = linecache.getline(file, line).strip()
    return f"{file}:{line}" + (f" ({text})" if text else "")


def line() -> str:
    """The line of the user's code that is running: file:line (text)."""
    return told(place())
