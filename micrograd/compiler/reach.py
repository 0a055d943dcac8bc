"""Reach: the walk through all that a loss can come to.

Its closure, its defaults, the globals that its code names, and from there through attributes, elements and the functions that it can
call, wherever they are the user's: a library's own code is not looked into. Of an object only those attributes count that some
code on the way names; of a module of layers also those that hold Values.
"""

from __future__ import annotations

import collections
import functools
import os
import sys
import types
import weakref
from array import array
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from operator import attrgetter, itemgetter
from typing import Any

from micrograd.compiler import content, movers
from micrograd.compiler.content import ATOMS, MISSING
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.reading import Place, names_of, read
from micrograd.compiler.refusal import library
from micrograd.engine import Value
from micrograd.nn.module import Module
from micrograd.op import Op

_OURS = ("micrograd", "viz")
_CLOSED = frozenset(("numpy", "numba", "pandas", "torch", "jax", "scipy", "sklearn", "matplotlib", "pytest", "_pytest",
                     "hypothesis", "IPython")) | sys.stdlib_module_names  # fmt: skip
_PLAIN = (types.SimpleNamespace, collections.UserDict, collections.UserList)


@functools.lru_cache(maxsize=1024)
def closed(module: Any) -> bool:
    """Whether a module's own code and globals are a library's, by name and by place: not looked into."""
    top = module.partition(".")[0] if isinstance(module, str) else ""
    file = getattr(sys.modules.get(top), "__file__", None)
    return top in _OURS or (top in _CLOSED and (file is None or library(file)))


class Walk:
    """What was found: entries (name, what counts of it), Values, what moves on when used; and what `Guards.hold` asks."""

    def __init__(self) -> None:
        self.seen: dict[int, Any] = {}
        self.queue: list[tuple[str, Any]] = []
        self.entries: list[tuple[str, Any]] = []
        self.values: list[Value] = []
        self.named: set[str] = set()  # attributes that some code names
        self.places: dict[str, Place] = {}
        self.movers: list[tuple[str, movers.State]] = []
        self.dynamic = False
        self.parts: dict[int, _Part] = {}
        self.shared: set[int] = set()  # what is there in more than one place
        self.whole: dict[int, tuple[Any, Any]] = {}  # lists and dicts that count as a whole, and copies
        self.strict: list[tuple[Any, Any, Any]] = []  # (list or dict, place, the number there)
        self.sized: list[Any] = []
        self.data: list[tuple[Callable[[Any], Any], Any, Any]] = []
        self.grouped: dict[Any, list[Any]] = {}

    # --- the walk: `visit` asks what a thing is; what has attributes waits in `parts` for the names that count ---------

    def visit(self, name: str, x: Any) -> None:
        """Put it in the queue, unless it cannot change or was seen."""
        if type(x) in ATOMS:
            return
        if id(x) in self.seen:
            self.shared.add(id(x))
        else:
            self.seen[id(x)] = x
            self.queue.append((name, x))

    def finish(self) -> None:
        """Walk until nothing new is named."""
        while self.queue:
            while self.queue:
                self.look(*self.queue.pop())
            for part in list(self.parts.values()):
                part.grow(self)
        for part in self.parts.values():
            part.enter(self)

    def look(self, name: str, x: Any) -> None:
        """Sort by kind."""
        kind = type(x)
        if isinstance(x, Value):
            if x.op is None:
                self.values.append(x)
        elif isinstance(x, (list, collections.deque)):
            self.elements(name, x, x)
        elif isinstance(x, (tuple, frozenset)):
            for i, item in enumerate(x):
                self.visit(f"{name}[{i}]", item)
        elif isinstance(x, dict):
            self.dictionary(name, x)
        elif isinstance(x, (set, bytearray, array, os._Environ)):
            self.content(name, x, content.bare)
            if isinstance(x, set):
                for item in x:
                    self.visit(name, item)
        elif kind is types.FunctionType:
            self.function(name, x)
        elif kind is types.MethodType:
            self.visit(f"{name}.{x.__func__.__name__}" if name else x.__func__.__name__, x.__func__)
            self.visit(name or "self", x.__self__)
        elif kind in (types.BuiltinMethodType, types.MethodWrapperType):
            if not isinstance(x.__self__, (types.ModuleType, type)):
                self.visit(name, x.__self__)
        elif isinstance(x, functools.partial):
            for part, label in ((x.func, ""), (x.args, ".args"), (x.keywords, ".keywords")):
                self.visit(name + label, part)
        elif kind is types.ModuleType:
            self.part(name, x, vars(x), "module")
        elif isinstance(x, type):
            self.part(name, x, vars(x), "class") if not closed(x.__module__) else None
        elif isinstance(x, (staticmethod, classmethod)):
            self.visit(name, x.__func__)
        elif isinstance(x, property):
            for f in (x.fget, x.fset):
                self.visit(name, f)
        elif isinstance(x, functools.cached_property):
            self.visit(name, x.func)
        elif isinstance(x, np.ndarray):
            self.array(name, x)
        elif isinstance(x, weakref.ref):
            self.visit(name, x())
        elif isinstance(x, ContextVar):
            self.single(name, x, content.held)
            self.visit(name, content.held(x))
        elif hasattr(kind, "__wrapped__") or "__wrapped__" in getattr(x, "__dict__", ()):
            self.visit(name, x.__wrapped__)
            if hasattr(x, "cache_info"):
                self.content(name, x, content.filled)
        elif (closed(kind.__module__) or kind is types.GeneratorType) and (state := movers.mover(x)) is not None:
            self.movers.append((name, state))
        else:
            self.object(name, x, kind)

    def object(self, name: str, x: Any, kind: type) -> None:
        """An instance of a class."""
        if isinstance(x, Op) or kind is content.Missing:
            return
        if closed(kind.__module__) and not isinstance(x, (Module, *_PLAIN)) and kind.__name__ not in ("Namespace", "_local"):
            if hasattr(kind, "__array__"):
                self.content(name, x, content.as_array)
            return
        slotted = [s for base in kind.__mro__ for s in content.slots(base)]
        if hasattr(x, "__dict__"):
            self.part(name, x, x.__dict__, "object")
        if slotted:
            self.part(name, x, {}, "slots", slotted)
        for base in kind.__mro__:
            if not closed(base.__module__):
                self.visit(base.__name__, base)

    def function(self, name: str, f: Any) -> None:
        """Its closure and defaults; the globals too, where it is no library's."""
        known = read(f.__code__)
        for cell, label in zip(f.__closure__ or (), f.__code__.co_freevars, strict=True):
            self.single(label, cell, attrgetter("cell_contents"))
            try:
                self.visit(label, cell.cell_contents)
            except ValueError:  # an empty cell
                continue
        for k, item in enumerate(f.__defaults__ or ()):
            self.visit(f"{name}'s default {k}" if name else f"default {k}", item)
        if f.__kwdefaults__:
            self.visit(f"{name}'s defaults", f.__kwdefaults__)
        if closed(f.__module__):
            return
        self.single(f"{name}'s defaults" if name else "defaults", f, attrgetter("__defaults__"))
        self.named.update(known.attributes)
        self.dynamic = self.dynamic or known.dynamic
        for found in (known.cells, known.globals, known.attributes):
            for word, place in found.items():
                self.places.setdefault(word, place)
        if f.__dict__:
            self.part(name, f, f.__dict__, "object")
        part = self.part("", f.__globals__, f.__globals__, "globals")
        part.wanted.update(known.globals)
        for module in known.modules:
            self.visit(module, sys.modules.get(module))

    def part(self, name: str, owner: Any, found: Any, sort: str, slots: Iterable[str] = ()) -> _Part:
        """What has named parts, of which those count that are named somewhere."""
        key = id(found) if sort != "slots" else id(owner)
        if key not in self.parts:
            self.seen[key] = found if sort != "slots" else owner
            self.parts[key] = _Part(name, owner, found, sort, tuple(slots))
            self.parts[key].grow(self)
        return self.parts[key]

    def elements(self, name: str, x: Any, items: Iterable[Any]) -> None:
        """A list: plain data by content, else element by element."""
        if content.plain(x, 0):
            if type(x) is list and content.steady(x):
                self.entries.append((name + "[]", content.dumped(x)))
                self.compare(x, content.copied(x))
            else:
                self.content(name, x, content.dumped)
            return
        self.compare(x, x.copy())
        self.strict += [(x, i, v) for i, v in enumerate(x) if content.loose(v)]
        self.entries.append((name + "[]", tuple(map(content.key_of, items))))
        for i, item in enumerate(items):
            self.visit(f"{name}[{i}]", item)

    def dictionary(self, name: str, x: dict[Any, Any]) -> None:
        if content.plain(x, 0):
            self.content(name, x, content.dumped)
            return
        self.entries.append((name + "[]", tuple((k if type(k) is str else content.key_of(k), content.key_of(v)) for k, v in x.items())))
        self.compare(x, x.copy())
        self.strict += [(x, k, v) for k, v in x.items() if content.loose(v)]
        self.data.append((list, x, list(x)))
        for k, v in x.items():
            self.visit(f"{name}[{k!r:.40}]", k)
            self.visit(f"{name}[{k!r:.40}]", v)

    def array(self, name: str, x: Any) -> None:
        if x.dtype == object:
            self.content(name, x, content.identities)
            for item in x.ravel():
                self.visit(f"{name}[…]", item)
        elif x.flags.writeable or x.base is not None:
            self.content(name, x, content.bits)

    def compare(self, x: Any, copy: Any) -> None:
        """By `==`, as a whole."""
        self.whole[id(x)] = x, copy

    def compared(self) -> tuple[list[Any], list[Any], list[tuple[Any, Any, Any]]]:
        """What is compared with which copies, and what else has to be identical. A list that is in one place is compared there."""

        def alone(v: Any) -> bool:
            return id(v) in self.whole and id(v) not in self.shared and type(v) in (list, dict)

        hard = {id(x) for x, _, v in self.strict if not alone(v)}
        inner = {id(v): self.whole[id(v)][1] for _, _, v in self.strict if alone(v) and id(v) not in hard}
        for x, k, v in self.strict:
            if id(v) in inner and id(x) in self.whole:
                self.whole[id(x)][1][k] = inner[id(v)]
            else:
                inner.pop(id(v), None)
        outer = [pair for key, pair in self.whole.items() if key not in inner]
        return [x for x, _ in outer], [copy for _, copy in outer], [row for row in self.strict if id(row[2]) not in inner]

    def content(self, name: str, x: Any, told: Callable[[Any], Any]) -> None:
        """By what a function says of it."""
        try:
            found = told(x)
        except Exception:  # a tensor that must not be read, say
            return
        self.entries.append((name + "[]", found))
        self.data.append((told, x, found))

    def single(self, name: str, x: Any, get: Callable[[Any], Any]) -> None:
        """One place that holds one thing."""
        try:
            found = get(x)
        except ValueError:
            found = MISSING
        self.entries.append((name, content.key_of(found)))
        if found is not MISSING:
            self.data.append((_Same(get, found), x, True))

    def group(self, make: Any, keys: tuple[Any, ...], x: Any) -> None:
        """So that `hold` asks many of one kind in one call."""
        if keys:
            self.grouped.setdefault((make, keys), []).append(x)

    def groups(self) -> list[tuple[Any, list[Any], list[Any]]]:
        """(what gets the parts, of whom, what they were)."""
        found = [(make(*keys), owners) for (make, keys), owners in self.grouped.items()]
        return [(get, owners, list(map(get, owners))) for get, owners in found]


class _Same:
    """Whether a place still holds the same thing."""

    __slots__ = ("get", "was")

    def __init__(self, get: Callable[[Any], Any], was: Any) -> None:
        self.get, self.was = get, was

    def __call__(self, x: Any) -> bool:
        return self.get(x) is self.was


class _Part:
    """Globals, a module, a class or an object: its named parts, as far as some code names them."""

    def __init__(self, name: str, owner: Any, found: Any, sort: str, slots: tuple[str, ...]) -> None:
        self.name, self.owner, self.found, self.sort, self.slots = name, owner, found, sort, slots
        self.wanted: set[str] = set()  # of globals: those that are named as such
        self.done: dict[str, None] = {}
        kind: Any = type(owner)
        self.own: frozenset[str] = names_of(kind, Module) if isinstance(owner, Module) else frozenset()
        self.library = sort == "module" and closed(owner.__name__)

    def counts(self, walk: Walk, name: str, x: Any) -> bool:
        """Whether a part of this name is read, as far as code tells."""
        if self.sort == "globals":
            return name in self.wanted
        if self.library:
            return name in walk.named and (type(x) in ATOMS or isinstance(x, (types.ModuleType, os._Environ, list, dict)))
        if self.sort == "module":
            return name in walk.named
        if self.sort == "class":
            return (name in walk.named or name.startswith("__")) and name not in _DULL
        return walk.dynamic or name in walk.named or name in self.own or name == "_hooks" or (bool(self.own) and content.holds(x, 0))

    def grow(self, walk: Walk) -> None:
        """Visit the parts that count and were not yet visited."""
        for name, x in self.items():
            if name not in self.done and self.counts(walk, name, x):
                self.done[name] = None
                if self.library and name == "getenv":
                    continue
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

    def enter(self, walk: Walk) -> None:
        """Say what there is."""
        now = dict(self.items())
        keys = tuple(name for name in self.done if name in now and now[name] is not MISSING)
        there = [(name, content.key_of(now[name])) for name in keys]
        if self.sort == "globals":
            there += [(name, "not there") for name in self.wanted if name not in now]
            absent = tuple(name for name in self.wanted if name not in now)
            if absent:
                walk.data.append((_Without(absent), self.found, True))
        if self.sort == "object" and not isinstance(self.owner, types.FunctionType):
            kind = type(self.owner)
            names = walk.named | self.own
            above = [(n, getattr(kind, n, MISSING)) for n in sorted(names) if n not in now]
            there += [(n, content.key_of(x)) for n, x in above if type(x) in ATOMS]
        there.sort(key=itemgetter(0))
        walk.entries.append((f"{self.name}.", tuple(there)))
        slotted, found = self.sort == "slots", self.found
        if slotted:
            walk.data += [(_Same(attrgetter(k), now[k]), self.owner, True) for k in keys if content.loose(now[k])]
        elif self.library_object():  # whose bools are only asked for their truth
            walk.strict += [(found, k, now[k]) for k in keys if type(now[k]) is not bool and content.loose(now[k])]
        else:
            walk.strict += [(found, k, now[k]) for k in keys if content.loose(now[k])]
        if self.sort == "object" and len(keys) == len(found):
            walk.compare(found, found.copy())
            return
        if self.sort == "object":
            walk.sized.append(found)
        walk.group(attrgetter if slotted else itemgetter, keys, self.owner if slotted else found)

    def library_object(self) -> bool:
        return self.sort == "object" and isinstance(self.owner, Module) and closed(type(self.owner).__module__)


class _Without:
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
