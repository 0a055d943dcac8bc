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


def watch(
    action: Callable[[], Any],
    files: set[str],
    slots: Sequence[Callable[[], float]] = (),
    inject: Callable[[int, float], float | None] | None = None,
    budget: int = BUDGET,
) -> Seen:
    """Run `action`. slots: the numbers to watch. inject: is told of each change (slot, new number) and may answer another number for it."""
    places: dict[Place, None] = {}
    writes: list[Write] = []
    held = [get() for get in slots]
    stack: list[list[Any]] = []
    left = budget

    def look() -> None:
        here = Place(*stack[-1]) if stack else None
        for slot, get in enumerate(slots):
            now = get()
            was = held[slot]
            if now != was and not (now != now and was != was):
                if here is not None:
                    writes.append(Write(slot, was, now, here))
                held[slot] = now
                if inject is not None and (other := inject(slot, now)) is not None:
                    held[slot] = other

    def local(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                raise Runaway(f"more than {budget:,} lines")
            if slots:
                look()
            if stack:
                stack[-1][1] = frame.f_lineno
            places[Place(frame.f_code, frame.f_lineno)] = None
        elif event == "return":
            if slots:
                look()
            if stack:
                stack.pop()
        return local

    def called(frame: FrameType, event: str, _: Any) -> Any:
        if event != "call" or frame.f_code.co_filename not in files:
            return None
        if slots:
            look()
        stack.append([frame.f_code, frame.f_lineno])
        return local

    old = sys.gettrace()
    result: Any = None
    error: BaseException | None = None
    sys.settrace(called)
    try:
        result = action()
    except (Exception, Runaway, SystemExit) as caught:
        error = caught
    finally:
        sys.settrace(old)
    stack.clear()
    at = None
    walk = error.__traceback__ if error is not None else None
    while walk is not None:
        if walk.tb_frame.f_code.co_filename in files:
            at = Place(walk.tb_frame.f_code, walk.tb_lineno)
        walk = walk.tb_next
    return Seen(result, places, writes, error, at)
