"""A class of named fields, as `dataclasses` makes it, for what is read while somebody waits for a picture.

That module reads in Python's own parser and disassembler before it makes the first class: a ninth of the time of `micrograd draw`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["Alike", "NamedTuple", "field", "record", "replace"]

Class = TypeVar("Class", bound=type)

if TYPE_CHECKING:  # a checker knows those
    from dataclasses import dataclass as record
    from dataclasses import field, replace
    from typing import NamedTuple
else:

    class field:
        """A default that is made anew for each object."""

        def __init__(self, *, default_factory: Callable[[], Any]) -> None:
            self.make = default_factory

    def record(cls: Class) -> Class:
        """Give a class an `__init__` by its annotations, with the defaults that stand there.

        >>> @record
        ... class Point:
        ...     x: float
        ...     y: float = 0.0
        ...     seen: list[str] = field(default_factory=list)
        >>> vars(Point(1.0))
        {'x': 1.0, 'y': 0.0, 'seen': []}
        """
        takes, body, scope = ["self"], ["pass"], {"__name__": cls.__module__}
        for name in cls.__annotations__:
            scope[f"_{name}"] = default = vars(cls).get(name, field)
            made = isinstance(default, field)
            takes.append(name if default is field else f"{name}=None" if made else f"{name}=_{name}")
            body.append(f"self.{name} = _{name}.make() if {name} is None else {name}" if made else f"self.{name} = {name}")
        exec(f"def __init__({', '.join(takes)}):\n    " + "\n    ".join(body), scope)
        cls.__init__ = scope["__init__"]
        return cls

    def replace(of: Any, **changes: Any) -> Any:
        """Another object with other fields."""
        return type(of)(**{**vars(of), **changes})

    class _Named(type):
        """Of a class of annotated fields a tuple with names. Python's own compiles every annotation: three times as long."""

        def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, space)
            fields = space["__annotations__"]
            defaults = [space.pop(field) for field in fields if field in space]
            base = namedtuple(name, fields, defaults=defaults, module=space["__module__"])
            return type(name, (base,), {"__slots__": (), **space})

    class NamedTuple(metaclass=_Named):
        """What a class names as its base to be a tuple with names."""


class Alike:
    """Objects that are equal where their fields are, and that show them.

    >>> @record
    ... class Point(Alike):
    ...     x: float
    >>> Point(1.0) == Point(1.0), replace(Point(1.0), x=2.0)
    (True, Point(x=2.0))
    """

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self) -> str:
        shown = (f"{name}={x!r}" for name, x in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__qualname__}({', '.join(shown)})"
