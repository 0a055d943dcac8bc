"""What a value is called: its label, else its variable, else its place among a module's parameters.

A name is given only where it is certain: when exactly one public variable holds the value. Two
variables for one value say nothing about which is meant, so then it has no name.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType, ModuleType
from typing import Any

from ..reading import is_value, label_of

CO_OPTIMIZED = 1  # the flag of a function's code (as in `inspect`)
ITEMS = 1000  # a list longer than this is data: its items have no names of their own


class Names:
    """Callable: value -> name, '' when it has none. Reads the namespaces once, when first asked.

    >>> class V:
    ...     data = grad = 0.0
    ...     _prev = ()
    >>> a, b, unnamed = V(), V(), V()
    >>> names = Names([{"a": a, "b": b, "same_as_b": b, "x": [V(), unnamed]}])
    >>> names(a), names(b), names(unnamed)
    ('a', '', 'x[1]')
    """

    def __init__(self, namespaces: Iterable[Mapping[str, Any]] = ()) -> None:
        self.namespaces = list(namespaces)
        self.modules: list[Any] = []
        self._held: tuple[dict[int, str], dict[int, str]] | None = None
        self._found: dict[int, str] | None = None
        self._paths: dict[int, str] | None = None

    def __call__(self, value: Any) -> str:
        label = label_of(value)
        if label.strip():
            return label
        if self._found is None:
            self._found = self._read()
        return self._found.get(id(value), "")

    def path(self, value: Any) -> str:
        """The full name: a parameter's place in the outermost module, with the model's own variable before it where there is one."""
        return self.paths([value])[0]

    def paths(self, values: Iterable[Any]) -> list[str]:
        """The full name of each."""
        paths, variables = self.read()._held or ({}, {})
        if self._paths is None:
            self._paths = {}
            for module in reversed(self.modules):
                self._paths.update(parameter_names(module))
            self._paths |= paths
            self._paths.update((key, name) for key, name in variables.items() if name)
        known = self._paths
        return [label if (label := label_of(value)).strip() else known.get(id(value), "") for value in values]

    def read(self) -> Names:
        """Read the namespaces now, and let go of them: names by `id` are kept, of values that somebody else keeps."""
        if self._held is None:
            paths, variables = dict[int, str](), dict[int, str]()
            for namespace in reversed(self.namespaces):
                for name, held in _public(namespace):
                    if not is_value(held):
                        paths.update((key, f"{name}.{path}") for key, path in parameter_names(held).items())
                variables.update(_variables(namespace))  # the nearest namespace decides
            self._held, self.namespaces = (paths, variables), []
        return self

    def _read(self) -> dict[int, str]:
        paths, variables = self.read()._held or ({}, {})
        names = dict(paths)
        for module in self.modules:  # outermost first: the innermost module's name is the shortest
            names.update(parameter_names(module))
        return names | variables


def unique(given: Sequence[str]) -> list[str]:
    """The names with a mark on the second of each name, and on the third: which one it is. '' stays ''.

    >>> unique(["x", "", "y", "x", "x"])
    ['x', '', 'y', 'x⁽²⁾', 'x⁽³⁾']
    """
    taken, count, made = set(given), dict[str, int](), list[str]()
    for name in given:
        if not name:
            made.append("")
            continue
        at = count[name] = count.get(name, 0) + 1
        told = name
        while at > 1 and (told := f"{name}⁽{str(at).translate(_RAISED)}⁾") in taken:
            at = count[name] = at + 1
        taken.add(told)
        made.append(told)
    return made


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def complete(given: Sequence[str], computed: Sequence[bool]) -> list[str]:
    """A name for every value of one telling, in the order of creation: v1, v2, … for what was computed and has none.

    A leaf without a name is u1, u2, … Names that are taken are skipped. (A page does the same: `stepper_trace.js`.)

    >>> complete(["a", "", "", "v2", ""], [False, True, False, True, True])
    ['a', 'v1', 'u1', 'v2', 'v3']
    """
    taken = set(given)
    free = {letter: filter(lambda name: name not in taken, map(f"{letter}{{}}".format, itertools.count(1))) for letter in "uv"}
    return [name or next(free["v" if made else "u"]) for name, made in zip(given, computed, strict=True)]


def _public(namespace: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The variables that a person made, which are no classes."""
    return [
        (name, held)
        for name, held in list(namespace.items())
        if name.isidentifier() and name[0] != "_" and name not in ("In", "Out") and _tells(held)
    ]


def _tells(held: Any) -> bool:
    """May this object be asked for attributes? Classes and modules are no values; some objects raise at any."""
    if isinstance(held, (type, ModuleType)):
        return False
    try:
        is_value(held)
    except Exception:
        return False
    return True


def _variables(namespace: Mapping[str, Any]) -> dict[int, str]:
    """``id(value) -> name`` of what one namespace holds; '' where several names fit."""
    plain: dict[int, str] = {}
    inner: dict[int, str] = {}
    for name, held in _public(namespace):
        if type(held) in (list, tuple):
            for index, item in enumerate(held if len(held) <= ITEMS else ()):
                if is_value(item):
                    inner[id(item)] = "" if id(item) in inner else f"{name}[{index}]"
        elif is_value(held):
            plain[id(held)] = "" if id(held) in plain else name
    return inner | plain


def parameter_names(module: Any) -> dict[int, str]:
    """``id(parameter) -> path`` as Python would write it, e.g. ``layers[0].w[1]``; {} for others."""
    named = getattr(module, "named_parameters", None)
    try:
        return {id(parameter): as_python(str(path)) for path, parameter in named()} if named else {}
    except Exception:  # something else that goes by this name
        return {}


def as_python(path: str) -> str:
    """A dotted parameter name as an expression.

    >>> as_python("layers.0.neurons.3.w.1")
    'layers[0].neurons[3].w[1]'
    """
    first, *rest = path.split(".")
    return first + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest)


def modules_of(values: Sequence[Any]) -> list[Any]:
    """The outermost modules in whose calls these values were made, in order of first use."""
    found: dict[int, Any] = {}
    for value in values:
        scope, outer = getattr(value, "scope", None), None
        while scope is not None:
            outer = getattr(scope, "module", None) or outer
            scope = scope.parent
        if outer is not None:
            found[id(outer)] = outer
    return list(found.values())


def from_caller(frame: FrameType | None) -> list[Mapping[str, Any]]:
    """The caller's locals, its globals and the notebook's variables, nearest first, each once."""
    found: list[Mapping[str, Any]] = []
    if frame is not None:
        found = [_locals(frame)]
        if frame.f_globals is not found[0]:
            found.append(frame.f_globals)
    shell = notebook_variables()
    if shell is not None and all(shell is not namespace for namespace in found):
        found.append(shell)
    return found


def _locals(frame: FrameType) -> Mapping[str, Any]:
    """The variables of a frame. A function's go into a dict that Python before 3.13 leaves in the frame, where it would keep them alive."""
    held = frame.f_locals
    if type(held) is not dict or not frame.f_code.co_flags & CO_OPTIMIZED:
        return held
    found = dict(held)
    if sys.getrefcount(held) <= 3:  # nobody's but the frame's: a caller may have asked for his `locals()`
        held.clear()
    return found


def notebook_variables() -> Mapping[str, Any] | None:
    """IPython's user namespace when this runs in IPython."""
    ipython = sys.modules.get("IPython")
    get = getattr(ipython, "get_ipython", None)
    shell = get() if callable(get) else None
    namespace = getattr(shell, "user_ns", None)
    return namespace if isinstance(namespace, dict) else None
