"""Watching a student's code run: which lines ran, which line wrote to a gradient or a number, and that it ends.

`sys.settrace` sees every line of their files and of no others. At each the watched numbers are compared with what they were, so the line
that changed one is known in any dialect: closures, local derivatives in tuples, a class for each operation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any, NamedTuple

BUDGET = 60_000  # lines of the student's code in one question; the longest honest answer takes some thousands


class Runaway(BaseException):
    """The student's code ran for more lines than any answer needs. No Exception: `except Exception` must not keep it."""


class Place(NamedTuple):
    """A line of the student's file, with the function it stands in."""

    code: CodeType
    line: int

    @property
    def file(self) -> str:
        return self.code.co_filename


class Write(NamedTuple):
    """A watched number that changed: which, from what to what, where."""

    slot: int
    before: float
    after: float
    place: Place


class Seen(NamedTuple):
    """What was seen: places in the order in which they first ran, writes, how it ended (None: well)."""

    result: Any
    places: dict[Place, None]
    writes: list[Write]
    error: BaseException | None
    at: Place | None  # the student's line that raised


class Tracer:
    """What `sys.settrace` is given: notes the lines that run in `files`, and which of them changes a watched number."""

    def __init__(
        self, files: set[str], slots: Sequence[Callable[[], float]], inject: Callable[[int, float], float | None] | None, budget: int
    ) -> None:
        self.files, self.slots, self.inject, self.budget = files, slots, inject, budget
        self.places: dict[Place, None] = {}
        self.writes: list[Write] = []
        self.held = [get() for get in slots]
        self.stack: list[list[Any]] = []
        self.left = budget

    def look(self) -> None:
        here = Place(*self.stack[-1]) if self.stack else None
        for slot, get in enumerate(self.slots):
            now = get()
            was = self.held[slot]
            if now != was and not (now != now and was != was):
                if here is not None:
                    self.writes.append(Write(slot, was, now, here))
                self.held[slot] = now
                if self.inject is not None and (other := self.inject(slot, now)) is not None:
                    self.held[slot] = other

    def local(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self.left -= 1
            if self.left < 0:
                raise Runaway(f"more than {self.budget:,} lines")
            if self.slots:
                self.look()
            if self.stack:
                self.stack[-1][1] = frame.f_lineno
            self.places[Place(frame.f_code, frame.f_lineno)] = None
        elif event == "return":
            if self.slots:
                self.look()
            if self.stack:
                self.stack.pop()
        return self.local

    def called(self, frame: FrameType, event: str, _: Any) -> Any:
        if event != "call" or frame.f_code.co_filename not in self.files:
            return None
        if self.slots:
            self.look()
        self.stack.append([frame.f_code, frame.f_lineno])
        return self.local


def watch(
    action: Callable[[], Any],
    files: set[str],
    slots: Sequence[Callable[[], float]] = (),
    inject: Callable[[int, float], float | None] | None = None,
    budget: int = BUDGET,
) -> Seen:
    """Run `action`. slots: the numbers to watch. inject: is told of each change (slot, new number) and may answer another number for it."""
    tracer = Tracer(files, slots, inject, budget)
    old = sys.gettrace()
    result: Any = None
    error: BaseException | None = None
    sys.settrace(tracer.called)
    try:
        result = action()
    except (Exception, Runaway, SystemExit) as caught:
        error = caught
    finally:
        sys.settrace(old)
    at = None
    walk = error.__traceback__ if error is not None else None
    while walk is not None:
        if walk.tb_frame.f_code.co_filename in files:
            at = Place(walk.tb_frame.f_code, walk.tb_lineno)
        walk = walk.tb_next
    if error is not None:
        error.__traceback__ = None  # its frames would hold all that was asked, in cycles
    return Seen(result, tracer.places, tracer.writes, error, at)
