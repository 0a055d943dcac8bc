"""Reach: the walk through all that a loss can come to.

Its closure, its defaults, the globals that its code names, and from there through attributes, elements and the functions that it can
call, wherever they are the user's: a library's own code is not looked into. Of an object only those attributes count that some
code on the way names; of a module of layers also those that hold Values.
"""

from __future__ import annotations

import collections
import functools
import os
import random
import sys
import types
import weakref
from array import array
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from operator import attrgetter, methodcaller
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.outside import content, movers
from micrograd.compiler.outside.code import Place, read
from micrograd.compiler.outside.content import ATOMS, MISSING
from micrograd.compiler.outside.parts import OURS, Part, Same, closed, shut
from micrograd.engine import Value
from micrograd.nn.module import Module
from micrograd.ops.op import Op

CELL, DEFAULTS, CODE = attrgetter("cell_contents"), attrgetter("__defaults__"), attrgetter("__code__", "__kwdefaults__")
ORDER, BODY = attrgetter("__mro__"), attrgetter("__dict__")


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
        self.parts: dict[tuple[str, int], Part] = {}
        self.shared: set[int] = set()  # what is there in more than one place
        self.whole: dict[int, tuple[Any, Any]] = {}  # lists and dicts that count as a whole, and copies
        self.strict: list[tuple[Any, Any, Any]] = []  # (list or dict, place, the number there)
        self.keyed: list[Any] = []  # what has names, of which more may come
        self.data: list[tuple[Callable[[Any], Any], Any, Any]] = []
        self.grouped: dict[Callable[[Any], Any], list[Any]] = {}

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
        notes = tuple(name for name in ("label", "frozen") if name in self.named)
        if notes:
            self.content("the labels of Values", self.values, functools.partial(content.noted, notes))

    def look(self, name: str, x: Any) -> None:
        """Sort by kind: the first that it is."""
        if isinstance(x, Value):
            if x.op is None:
                self.values.append(x)
            if type(x) is not Value:
                self.classes(type(x))
        elif self._container(name, x):
            if not closed(type(x).__module__):  # a list or a dict with methods and attributes of its own
                self.object(name, x, type(x))
        elif not (self._code(name, x) or self._reference(name, x)):
            self.object(name, x, type(x))

    def _container(self, name: str, x: Any) -> bool:
        """Whether it is one, and then what is in it."""
        if isinstance(x, (list, collections.deque)):
            self.elements(name, x, x)
        elif isinstance(x, (tuple, frozenset)):
            for i, item in enumerate(x):
                self.visit(f"{name}[{i}]", item)
        elif isinstance(x, dict):
            self.dictionary(name, x)
        elif isinstance(x, (set, bytearray, array, memoryview, os._Environ)):
            self.content(name, x, content.bare)
            if isinstance(x, set):
                for item in x:
                    self.visit(name, item)
        elif isinstance(x, np.ndarray):
            self.array(name, x)
        elif isinstance(x, types.MappingProxyType):
            self.content(name, x, content.items)
            for k, v in x.items():
                self.visit(f"{name}[{k!r:.40}]", v)
        else:
            return False
        return True

    def _code(self, name: str, x: Any) -> bool:
        """Whether it is code, and then what that can come to."""
        kind = type(x)
        if kind is types.FunctionType:
            self.function(name, x)
        elif kind is types.MethodType:
            self.visit(f"{name}.{x.__func__.__name__}" if name else x.__func__.__name__, x.__func__)
            self.visit(name or "self", x.__self__)
        elif kind in (types.BuiltinMethodType, types.MethodWrapperType):
            if not isinstance(x.__self__, (types.ModuleType, type)):
                self.visit(name, x.__self__)
        elif isinstance(x, (attrgetter, methodcaller)):
            self.named.update(str(x.__reduce__()[1][0]).split("."))
        elif isinstance(x, (functools.partial, functools.partialmethod)):
            for part, label in ((x.func, ""), (x.args, ".args"), (x.keywords, ".keywords")):
                self.visit(name + label, part)
            if not closed(kind.__module__):
                self.object(name, x, kind)
        elif kind is types.ModuleType:
            self.part(name, x, vars(x), "module")
        elif isinstance(x, type):
            for base in x.__mro__:
                if not closed(base.__module__):
                    self.part(base.__name__, base, vars(base), "class").constructed = True
        elif isinstance(x, (staticmethod, classmethod)):
            self.visit(name, x.__func__)
        elif isinstance(x, property):
            for f in (x.fget, x.fset):
                self.visit(name, f)
        elif isinstance(x, functools.cached_property):
            self.visit(name, x.func)
        else:
            return False
        return True

    def _reference(self, name: str, x: Any) -> bool:
        """Whether it only leads to something else, or moves on when it is used."""
        kind = type(x)
        if isinstance(x, weakref.ref):
            self.visit(name, x())
        elif isinstance(x, ContextVar):
            self.single(name, x, content.held)
            self.visit(name, content.held(x))
        elif hasattr(kind, "__wrapped__") or "__wrapped__" in getattr(x, "__dict__", ()):
            self.visit(name, x.__wrapped__)
            if hasattr(x, "cache_info"):
                self.content(name, x, content.filled)
        elif isinstance(x, random.SystemRandom):
            self.named.add("SystemRandom")  # unsteady
        elif (closed(kind.__module__) or kind is types.GeneratorType) and (state := movers.mover(x)) is not None:
            self.movers.append((name, state))
            for item in movers.inside(x):
                self.visit(name, item)
        else:
            return False
        return True

    def object(self, name: str, x: Any, kind: type) -> None:
        """An instance of a class."""
        if isinstance(x, Op) or kind is content.Missing:
            return
        if hasattr(kind, "__array__") and closed(kind.__module__):
            self.content(name, x, content.as_array)
            return
        if closed(kind.__module__) and not isinstance(x, (Module, types.SimpleNamespace)) and kind.__name__ not in ("Namespace", "_local"):
            if kind.__module__.partition(".")[0] in OURS:  # an optimizer, a schedule: what the user's code names of it
                self.part(name, x, getattr(x, "__dict__", {}), "object")
                call: Any = vars(kind).get("__call__")
                if isinstance(call, types.FunctionType):
                    self.named.update(read(call.__code__).attributes)
            elif not shut(kind) and hasattr(x, "__dict__"):
                self.part(name, x, x.__dict__, "plain")
            return
        slotted = [s for base in kind.__mro__ for s in content.slots(base)]
        if hasattr(x, "__dict__"):
            self.part(name, x, x.__dict__, "object")
        if slotted:
            self.part(name, x, {}, "slots", slotted)
        if not closed(kind.__module__):
            self.entries.append((f"{name}.__class__", id(kind)))
            self.group(type, x)
            if hasattr(x, "__dict__"):
                self.group(BODY, x)
        self.classes(kind)

    def classes(self, kind: type) -> None:
        """A class and what it inherits from, as far as they are the user's."""
        for base in kind.__mro__:
            if not closed(base.__module__):
                self.part(base.__name__, base, vars(base), "class")

    def function(self, name: str, f: Any) -> None:
        """Its closure and defaults; the globals too, where it is no library's."""
        known = read(f.__code__)
        for cell, label in zip(f.__closure__ or (), f.__code__.co_freevars, strict=True):
            self.single(label, cell, CELL)
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
        self.single(f"{name}'s defaults" if name else "defaults", f, DEFAULTS)
        self.entries.append((f"{name}'s code" if name else "code", id(f.__code__)))
        self.group(CODE, f)
        self.named.update(known.attributes)
        self.dynamic = self.dynamic or known.dynamic
        for found in (known.cells, known.globals, known.attributes):
            for word, place in found.items():
                self.places.setdefault(word, place)
        if f.__dict__:
            self.part(name, f, f.__dict__, "object")
        else:
            self.compare(f.__dict__, {})
        part = self.part("", f.__globals__, f.__globals__, "globals")
        part.wanted.update(known.globals)
        for module in known.modules:
            self.visit(module, sys.modules.get(module))

    def part(self, name: str, owner: Any, found: Any, sort: str, slots: Iterable[str] = ()) -> Part:
        """What has named parts, of which those count that are named somewhere."""
        key = sort, id(owner)  # a module's own globals and what others read of it are two
        if key not in self.parts:
            self.parts[key] = Part(name, owner, found, sort, tuple(slots))
            if sort == "class":
                self.group(ORDER, owner)
                self.visit(type(owner).__name__, type(owner))
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
        """One place that holds one thing, or none."""
        try:
            found = get(x)
        except ValueError:
            found, get = MISSING, content.cell
        self.entries.append((name, content.key_of(found)))
        if found is not MISSING and not content.loose(found):
            self.group(get, x)
        else:
            self.data.append((Same(get, found), x, True))

    def group(self, get: Callable[[Any], Any], x: Any) -> None:
        """So that `hold` asks many of one kind in one call."""
        self.grouped.setdefault(get, []).append(x)

    def groups(self) -> list[tuple[Any, list[Any], list[Any]]]:
        """(what gets the parts, of whom, what they were)."""
        return [(get, owners, list(map(get, owners))) for get, owners in self.grouped.items()]
