"""Guards: what a loss could read from outside when it was traced, so that a program is not used after that has changed.

`Guards(loss, …)` notes what the loss can come to (see `reach`). Numbers count by type and bits, lists, dicts and arrays by their
content, everything else by identity. `hold()` asks in a few calls of C whether all of it is still the same objects; where it is
not, another walk and `difference` say what is not the same. Values are not guarded by their numbers: those are inputs of the
program (see `Trace.outside`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from marshal import dumps
from operator import attrgetter, itemgetter
from typing import Any

from micrograd.compiler.outside import content, movers
from micrograd.compiler.outside.code import Place
from micrograd.compiler.outside.parts import Same, Without
from micrograd.compiler.outside.reach import Walk

FEW = 32  # of one kind, which are asked for one by one


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
        self._hold = _asked(walk)
        self._kept = walk.seen, walk.parts  # so that no id is given to another object

    def hold(self) -> bool:
        """Whether everything is still the same objects with the same content. False may be wrong, True is not."""
        try:
            return self._hold()
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


def _asked(walk: Walk) -> Callable[[], bool]:
    """All questions as one function, since a call asks them every time: a term each, of those that are many of one kind one for all."""
    terms: list[str] = []
    things: dict[str, Any] = {"dumps": dumps}

    def ask(form: str, *found: Any) -> None:
        names = [f"x{len(things) + k}" for k in range(len(found))]
        things.update(zip(names, found, strict=True))
        terms.append(form.format(*names))

    whole, copies, strict = walk.compared()
    if whole:
        ask("{} == {}", whole, copies)  # the same object first, then `==`: a Value's is identity, only a number's is too kind
    for get, found, before in walk.groups():
        if len(found) > FEW:
            ask("list(map({}, {})) == {}", get, found, before)
        else:
            for x, was in zip(found, before, strict=True):
                for form, it, part in _parts(get, x, was):
                    kind: Any = type(part)
                    one = kind.__eq__ is object.__eq__
                    ask(f"{form} is {{}}" if one else f"({form},) == {{}}", *it, part if one else (part,))
    if len(walk.keyed) > FEW:
        ask("list(map(list, {})) == {}", walk.keyed, [list(x) for x in walk.keyed])
    else:
        for x in walk.keyed:
            ask("[*{}] == {}", x, list(x))
    for told, x, was in walk.data:
        if type(told) is Same:
            ask("{}({}) is {}", told.get, x, told.was)
        elif type(told) is Without:
            ask("{}.keys().isdisjoint({})", x, told.names)
        elif told is content.dumped and content.bare_dump(x) == was:
            ask("dumps({}, 2) == {}", x, was)
        else:
            ask("{}({}) == {}", told, x, was)
    if len(strict) > FEW:
        ask("all([x[k] is was for x, k, was in {}])", strict)
    else:
        for x, k, was in strict:
            ask("{}[{}] is {}", x, k, was)
    exec(_written("\n    and ".join(terms) or "True"), things)
    made: Callable[[], bool] = things.pop("hold")  # else it would hold itself
    return made


def _parts(get: Any, x: Any, was: Any) -> list[tuple[str, tuple[Any, ...], Any]]:
    """What a getter gets of a thing, part by part: as text, with what stands in it; and what it was."""
    names = get.__reduce__()[1] if isinstance(get, (attrgetter, itemgetter)) else ()
    if not 0 < len(names) <= FEW:
        return [("{}({})", (get, x), was)]
    found = zip(names, was if len(names) > 1 else (was,), strict=True)
    if isinstance(get, attrgetter):
        return [(f"{{}}.{name}", (x,), part) for name, part in found]
    return [("{}[{}]", (x, key), part) for key, part in found]


@lru_cache(maxsize=64)
def _written(condition: str) -> Any:
    return compile(f"def hold():\n    return ({condition})", "<guards>", "exec")


def _named(name: str, was: Any, now: Any) -> str:
    """The name of an attribute, where it is one that is not the same."""
    if name.endswith("."):
        for part in (*now, *was):
            if part not in was or part not in now:
                return f"{name}{part[0]}".lstrip(".")
    return name.removesuffix("[]").rstrip(".") or "?"
