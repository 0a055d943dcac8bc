"""Where a node was made: named scopes, which pictures draw as clusters that fold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Scope:
    """One entry into a `with scope("name")` block or one call of a module; nested scopes have a parent."""

    __slots__ = ("module", "over", "parent", "title")

    def __init__(self, title: str, parent: Scope | None, module: Any = None) -> None:
        self.title, self.parent, self.module, self.over = title, parent, module, False

    @property
    def name(self) -> str:
        """The title given, or the module's attribute path inside the module that called it (`layers[0]`)."""
        if self.title or self.module is None:
            return self.title
        outer = self.parent
        while outer is not None and outer.module is None:
            outer = outer.parent
        named = getattr(outer and outer.module, "named_modules", None)
        if named is not None:
            for path, module in named():
                if module is self.module and path:
                    return str(path)
        return type(self.module).__name__

    @property
    def path(self) -> tuple[str, ...]:
        """Names from the outermost scope inwards."""
        names: list[str] = []
        here: Scope | None = self
        while here is not None:
            names.append(here.name)
            here = here.parent
        return tuple(reversed(names))

    def __repr__(self) -> str:
        return f"Scope({'/'.join(self.path)})"


_current: ContextVar[Scope | None] = ContextVar("micrograd.scope", default=None)
current = _current.get  # the scope that new nodes are made in, in this thread or asyncio task (None at the top)
enter = _current.set


def leave(inner: Scope) -> None:
    """Be outside `inner` again. One that ends before a scope inside it (a generator's) is skipped when that one ends."""
    here = current()
    if here is not inner:
        while here is not None and here is not inner:
            here = here.parent
        inner.over = here is inner
        return
    outer = inner.parent
    while outer is not None and outer.over:
        outer = outer.parent
    enter(outer)


@contextmanager
def scope(name: str = "", module: Any = None) -> Iterator[Scope]:
    """Nodes made in this block belong to a cluster of this name; blocks nest.

    >>> from micrograd import Value, scope
    >>> with scope("loss"):
    ...     y = Value(2.0) * 3
    >>> y.scope
    Scope(loss)
    """
    inner = Scope(str(name), current(), module)
    enter(inner)
    try:
        yield inner
    finally:
        leave(inner)
