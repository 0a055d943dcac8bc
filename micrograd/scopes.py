"""Where a node was made: named scopes, which pictures draw as clusters that fold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


class _Current:
    """The scope that new nodes are made in (None at the top).

    One for all threads, since every operation reads it: threads that open scopes at the same time may find their nodes in
    each other's. Only pictures look at it.
    """

    scope: Scope | None = None


current = _Current()


def leave(inner: Scope) -> None:
    """Be outside `inner` again; a scope that ended meanwhile, entered by another thread, does not come back."""
    inner.over = True
    outer = inner.parent
    while outer is not None and outer.over:
        outer = outer.parent
    current.scope = outer


@contextmanager
def scope(name: str = "", module: Any = None) -> Iterator[Scope]:
    """Nodes made in this block belong to a cluster of this name; blocks nest.

    >>> from micrograd import Value, scope
    >>> with scope("loss"):
    ...     y = Value(2.0) * 3
    >>> y.scope
    Scope(loss)
    """
    outer = current.scope
    current.scope = inner = Scope(str(name), outer, module)
    try:
        yield inner
    finally:
        leave(inner)
