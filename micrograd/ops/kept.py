"""The ops bound to constants: the same constants give the same op, and nothing is kept for constants that nobody uses."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from micrograd.ops.op import Op

ROOM = 256  # how many before those are looked for that are gone


class Kept:
    """The ops bound to constants, by key: each for as long as somebody uses it, those made last a little longer."""

    def __init__(self) -> None:
        self.refs: dict[Any, Callable[[], Op | None]] = {}
        self.recent: list[Op] = []
        self.room = ROOM

    def get(self, key: Any) -> Op | None:
        """The one of this key, None where there is none."""
        found = self.refs.get(key)
        return found and found()

    def add(self, key: Any, op: Op) -> Op:
        """Keep this one, unless another thread was faster: the one kept."""
        if len(self.refs) >= self.room:
            self.recent = []
            for old, ref in list(self.refs.items()):
                if ref() is None:
                    self.refs.pop(old, None)
            self.room = len(self.refs) + ROOM
        mine = weakref.ref(op)
        kept = self.refs.setdefault(key, mine)()
        if kept is None:
            self.refs[key] = mine
        self.recent.append(op)
        return kept or op
