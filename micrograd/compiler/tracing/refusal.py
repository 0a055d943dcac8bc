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


def refused(sentence: str, what: str = "") -> TraceError:
    """TraceError with one of the sentences below, and the line of the user's code that is running."""
    return TraceError(f"{line()}: {sentence.format(what)}")


LEFT = (
    "this Value was made while its loss was being compiled, and its number belongs to that run alone: return it from the loss "
    "beside the loss itself, or ask for step.graph(*inputs)"
)
GRADIENTS = (
    "gradients are taken while the loss is compiled, which they are no part of: leave backward(), zero_grad() and .grad to whoever "
    "calls the compiled loss; for a loss made of gradients micrograd.grad gives them as Values"
)
DATA_SET = (
    "the data of a traced Value is set while its loss is compiled: the program would not repeat it. "
    "Update parameters outside the loss (step.train does, inside the program); what the loss keeps for its next run is "
    "set by micrograd.nn.effects.assign(buffer, new)"
)
HOOK = (
    "a gradient hook cannot be called by a program. The way out: micrograd.functional or an op of your own "
    "(micrograd.register) whose partial derivative is what the hook makes of it"
)
TAKEN_OUT = (
    "{} takes the number out of a traced Value: the program would keep for ever the number of this run. "
    "The way out: stay with Values (micrograd.exp, log, … take them), or return the Value beside the loss and read it there"
)
LOOKED_UP = (
    "a number that is known only when the program runs is looked up in a set or a dict. The way out: "
    "micrograd.where(micrograd.equal(x, a), …), or micrograd.compiler.take(table, index); or pass the number as a "
    "keyword argument, which is part of the structure"
)
BRANCH = (
    "a branch (if, while, and, or, in, max, min, sorted …) on a traced number: the program would follow for "
    "ever the way that this run took. The way out: micrograd.where, maximum, minimum, relu or functional.softmax; or "
    "pass what decides as a keyword argument, which is part of the structure"
)
INDEX = (
    "a traced number is used as an index or a count. The way out: micrograd.compiler.take(table, index) for "
    "a look-up at run time, by an argument; or pass the integer as a keyword argument, which is part of the structure"
)
BY_HAND = (
    "the node {!r} = {} was made by hand, so its rule is not known to the compiler: give its local gradients, "
    "Value(data, (x,), (2*x.data,)), or enter it in the table with micrograd.register(Op(...))"
)
