"""Reading code, not running it: which names a function takes from its globals, which attributes it asks for, and where."""

from __future__ import annotations

import dis
import types
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

Place = tuple[str, int]

_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "LOAD_SUPER_ATTR", "IMPORT_FROM")
_CELL = ("LOAD_DEREF", "STORE_DEREF", "LOAD_CLASSDEREF", "LOAD_CLOSURE")
_DYNAMIC = {"getattr", "vars", "__dict__", "attrgetter", "methodcaller", "__getattribute__"}  # which attribute, only the run knows


@dataclass
class Reading:
    """What code names, each with a place where it does; a place where it sets the name comes before one where it reads it."""

    globals: dict[str, Place] = field(default_factory=dict)
    attributes: dict[str, Place] = field(default_factory=dict)
    cells: dict[str, Place] = field(default_factory=dict)
    modules: dict[str, Place] = field(default_factory=dict)

    @property
    def dynamic(self) -> bool:
        """Whether it may ask for attributes by names that stand nowhere in it."""
        return not _DYNAMIC.isdisjoint(self.globals) or not _DYNAMIC.isdisjoint(self.attributes)


@lru_cache(maxsize=4096)
def read(code: types.CodeType) -> Reading:
    """What this code names, and the code of the functions inside it."""
    found, line = Reading(), code.co_firstlineno
    for step in dis.get_instructions(code):
        positions = getattr(step, "positions", None)
        here = positions.lineno if positions is not None else step.starts_line
        if here is not None:
            line = int(here)
        into = (
            found.globals if step.opname in _GLOBAL
            else found.attributes if step.opname in _ATTRIBUTE
            else found.cells if step.opname in _CELL
            else found.modules if step.opname == "IMPORT_NAME"
            else None
        )  # fmt: skip
        if into is not None and (step.argval not in into or step.opname.startswith(("STORE", "DELETE"))):
            into[step.argval] = code.co_filename, line
    if found.dynamic:  # getattr(x, "k")
        for text in code.co_consts:
            if isinstance(text, str) and text.isidentifier():
                found.attributes.setdefault(text, (code.co_filename, code.co_firstlineno))
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            more = read(inner)
            for mine, its in ((found.globals, more.globals), (found.attributes, more.attributes), (found.modules, more.modules)):
                for name, place in its.items():
                    mine.setdefault(name, place)
            for name in inner.co_freevars:
                if name in more.cells:
                    found.cells.setdefault(name, more.cells[name])
    return found


@lru_cache(maxsize=1024)
def names_of(kind: Any, above: Any) -> frozenset[str]:
    """The attributes that the methods of a class of ours name, those of its bases included up to (without) `above`."""
    names: set[str] = set()
    for base in kind.__mro__:
        if base is above or not issubclass(base, above) or not base.__module__.startswith("micrograd."):
            continue  # of the user's own methods those count that are reached
        for x in vars(base).values():
            f: Any = getattr(x, "__wrapped__", x)
            if isinstance(f, types.FunctionType):
                names |= read(f.__code__).attributes.keys()
    return frozenset(names)
