"""Parts: what has named parts (globals, a module, a class, an object), of which those count that some code names."""

from __future__ import annotations

import functools
import os
import sys
import types
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from micrograd.compiler.outside import content
from micrograd.compiler.outside.code import names_of
from micrograd.compiler.outside.content import ATOMS, MISSING
from micrograd.compiler.tracing.refusal import library
from micrograd.nn.module import Module

if TYPE_CHECKING:
    from micrograd.compiler.outside.reach import Walk

OURS = ("micrograd", "viz")
_CLOSED = frozenset(("numpy", "numba", "pandas", "torch", "jax", "scipy", "sklearn", "matplotlib", "pytest", "_pytest",
                     "hypothesis", "IPython")) | sys.stdlib_module_names  # fmt: skip
_SHUT = frozenset(("logging", "matplotlib", "IPython", "asyncio", "multiprocessing", "subprocess", "socket", "ssl", "numba", "jax",
                   "pytest", "_pytest", "hypothesis", "unittest"))  # fmt: skip  # whose objects are not looked into either
_CONSTRUCTORS = ("__init__", "__new__", "__post_init__")


@functools.lru_cache(maxsize=1024)
def closed(module: Any) -> bool:
    """Whether a module's own code and globals are a library's, by name and by place: not looked into."""
    top = module.partition(".")[0] if isinstance(module, str) else ""
    file = getattr(sys.modules.get(top), "__file__", None)
    return top in OURS or (top in _CLOSED and (file is None or library(file)))


def shut(kind: type) -> bool:
    """Whether instances of a library's class are left alone: they are no data."""
    return kind.__module__.partition(".")[0] in _SHUT or kind.__module__ == "builtins"


class Same:
    """Whether a place still holds the same thing."""

    __slots__ = ("get", "was")

    def __init__(self, get: Callable[[Any], Any], was: Any) -> None:
        self.get, self.was = get, was

    def __call__(self, x: Any) -> bool:
        return self.get(x) is self.was


class Part:
    """Globals, a module, a class or an object: its named parts, as far as some code names them."""

    def __init__(self, name: str, owner: Any, found: Any, sort: str, slots: tuple[str, ...]) -> None:
        self.name, self.owner, self.found, self.sort, self.slots = name, owner, found, sort, slots
        self.wanted: set[str] = set()  # of globals: those that are named as such
        self.done: dict[str, None] = {}
        self.constructed = False  # a class that the loss may call
        kind: Any = type(owner)
        self.own: frozenset[str] = names_of(kind, Module) if isinstance(owner, Module) else frozenset()
        self.library = sort == "module" and closed(owner.__name__)

    def counts(self, walk: Walk, name: str, x: Any) -> bool:
        """Whether a part of this name is read, as far as code tells."""
        if self.sort == "globals":
            return name in self.wanted
        if self.sort == "module":
            return name in walk.named or name == "__getattr__"
        if self.sort == "class":
            if name in _DULL:
                return self.constructed and name in _CONSTRUCTORS
            return name in walk.named or name.startswith("__")
        if self.sort == "plain":
            return True
        return walk.dynamic or name in walk.named or name in self.own or name == "_hooks" or (bool(self.own) and content.holds(x, 0))

    def grow(self, walk: Walk) -> None:
        """Visit the parts that count and were not yet visited."""
        for name, x in self.items():
            if name not in self.done and self.counts(walk, name, x):
                self.done[name] = None
                if self.library and not isinstance(x, (types.ModuleType, os._Environ, list, dict)):
                    continue  # its functions count, not what they read
                walk.visit(f"{self.name}.{name}" if self.name else name, x)
        if self.library and self.owner is os and "getenv" in walk.named:
            walk.visit("os.environ", os.environ)

    def items(self) -> list[tuple[str, Any]]:
        """Its parts as they are now."""
        if self.sort == "slots":
            return [(s, getattr(self.owner, s, MISSING)) for s in self.slots]
        if self.sort == "globals":
            return [(name, self.found[name]) for name in self.wanted if name in self.found]
        return [(name, x) for name, x in list(self.found.items()) if type(name) is str]

    def see(self, walk: Walk, name: str) -> None:
        """One slot, whether it is set or not."""
        get = functools.partial(_slot, name)
        walk.data.append((Same(get, get(self.owner)), self.owner, True))

    def enter(self, walk: Walk) -> None:
        """Say what there is."""
        now = dict(self.items())
        keys = tuple(name for name in self.done if name in now and now[name] is not MISSING)
        there = [(name, content.key_of(now[name])) for name in keys]
        if self.sort == "globals":
            there += [(name, "not there") for name in self.wanted if name not in now]
            absent = tuple(name for name in self.wanted if name not in now)
            if absent:
                walk.data.append((Without(absent), self.found, True))
        if self.sort == "object" and not isinstance(self.owner, types.FunctionType):
            kind = type(self.owner)
            names = walk.named | self.own
            above = [(n, getattr(kind, n, MISSING)) for n in sorted(names) if n not in now]
            there += [(n, content.key_of(x)) for n, x in above if type(x) in ATOMS]
        if self.sort == "class":
            there.append(("__bases__", tuple(map(id, self.owner.__mro__))))
        there.sort(key=itemgetter(0))
        walk.entries.append((f"{self.name}.", tuple(there)))
        found = self.found
        if self.sort == "slots":
            for name in self.done:
                self.see(walk, name)
            return
        if self.library_object():  # whose bools are only asked for their truth
            walk.strict += [(found, k, now[k]) for k in keys if type(now[k]) is not bool and content.loose(now[k])]
        else:
            walk.strict += [(found, k, now[k]) for k in keys if content.loose(now[k])]
        if self.sort in ("object", "plain") and len(keys) == len(found):
            walk.compare(found, found.copy())
            return
        if self.sort in ("object", "class") or (self.sort == "module" and not self.library):
            walk.keyed.append(found)
        if keys:
            walk.group(_named(*keys), found)

    def library_object(self) -> bool:
        return self.sort == "object" and isinstance(self.owner, Module) and closed(type(self.owner).__module__)


@functools.lru_cache(maxsize=1024)
def _named(*keys: str) -> Callable[[Any], Any]:
    """One getter for each set of names, so that what has the same names is asked together."""
    return itemgetter(*keys)


def _slot(name: str, owner: Any) -> Any:
    return getattr(owner, name, MISSING)


class Without:
    """Whether these names are still not there."""

    __slots__ = ("names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __call__(self, x: Any) -> bool:
        return bool(x.keys().isdisjoint(self.names))


_DULL = frozenset((
    "__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__init_subclass__", "__repr__", "__firstlineno__",
    "__static_attributes__", "__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__",
    "__slots__", "__match_args__", "__orig_bases__", "__parameters__",
    "__abstractmethods__", "__dataclass_params__", "__dataclass_fields__", "__hash__", "__reduce__", "__reduce_ex__", "__getstate__",
    "__setstate__", "__del__", "__str__", "__format__", "__subclasshook__", "__class_getitem__", "__new__", "__init__", "__post_init__",
))  # fmt: skip
