"""Guards: what a loss could read from outside when it was traced, so that a program is not used after that has changed.

`Guards(loss, …)` notes what the loss can come to (see `reach`). Numbers count by type and bits, lists, dicts and arrays by their
content, everything else by identity. `hold()` asks in a few calls of C whether all of it is still the same objects; where it is
not, another walk and `difference` say what is not the same. Values are not guarded by their numbers: those are inputs of the
program (see `Trace.outside`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrograd.compiler.outside import movers
from micrograd.compiler.outside.code import Place
from micrograd.compiler.outside.reach import Walk


class Guards:
    """What a walk found: `entries`, the `values`, and what moves when it is used."""

    def __init__(self, loss: Any, also: Iterable[tuple[str, Any]] = ()) -> None:
        walk = Walk()
        walk.visit("", loss)
        for name, x in also:
            walk.visit(name, x)
        walk.finish()
        self.entries, self.values, self.places = walk.entries, walk.values, walk.places
        self.movers: list[tuple[str, movers.State]] = walk.movers
        self.names = walk.named.union(*(part.wanted for part in walk.parts.values()))
        self._groups = walk.groups()
        self._whole, self._copies, self._strict = walk.compared()
        self._sized, self._sizes = walk.sized, [len(x) for x in walk.sized]
        self._data = walk.data
        self._kept = walk.seen  # so that no id is given to another object

    def hold(self) -> bool:
        """Whether everything is still the same objects with the same content. False may be wrong, True is not."""
        try:
            if self._whole != self._copies:  # the same object first, then `==`: a Value's is identity, only a number's is too kind
                return False
            for get, found, before in self._groups:
                if list(map(get, found)) != before:
                    return False
            if self._sized and list(map(len, self._sized)) != self._sizes:
                return False
            for told, x, was in self._data:
                if told(x) != was:
                    return False
            return all([x[k] is was for x, k, was in self._strict])  # noqa: C419  a list is faster
        except Exception:  # something is gone, or cannot be compared any more
            return False

    def difference(self, later: Guards) -> str | None:
        """The name of the first thing that is not the same any more; None if everything is."""
        if self.entries == later.entries:
            return None
        for (name, was), (other, now) in zip(self.entries, later.entries, strict=False):
            if name != other:
                break
            if was != now:
                return _named(name, was, now)
        before, after = dict(self.entries), dict(later.entries)
        changed = (_named(name, before[name], now) for name, now in after.items() if before.get(name, now) != now)
        return next(changed, None) or next((n for n in (*before, *after) if n not in before or n not in after), "?")

    def place(self, name: str) -> Place | None:
        """Where the user's code names what `difference` answered, if it does."""
        words = name.replace("[", ".").replace("'", "").replace("]", "").split(".")
        return next((self.places[w] for w in reversed(words) if w in self.places), None)


def _named(name: str, was: Any, now: Any) -> str:
    """The name of an attribute, where it is one that is not the same."""
    if name.endswith("."):
        for part in (*now, *was):
            if part not in was or part not in now:
                return f"{name}{part[0]}".lstrip(".")
    return name.removesuffix("[]").rstrip(".") or "?"
