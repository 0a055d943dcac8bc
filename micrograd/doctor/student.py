"""Reading a class that somebody wrote: which attribute is the number, which the gradient, which method walks back. By trying."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import numbers
import sys
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any

from micrograd.doctor.watching import BUDGET, Runaway, Seen, watch

DATA = ("data", "value", "val", "v", "x", "num", "number", "item", "scalar", "_data", "_value")
GRAD = ("grad", "gradient", "g", "_grad", "deriv", "derivative", "adjoint", "dv", "d", "der")
BACKWARD = (
    "backward", "backprop", "backpropagate", "back_prop", "backward_pass", "backwards", "back", "compute_gradients", "calc_grad",
    "compute_grad", "run_backward", "propagate", "backpropagation",
)  # fmt: skip
ZERO = ("zero_grad", "zero_gradients", "reset_grad", "clear_grad", "zero")
SAMPLE = 2.5  # a number that no class sets by itself


class Unreadable(ValueError):
    """A class that cannot be read as a scalar engine; the message says what was looked for."""


class Student:
    """A student's class behind one small interface: `make`, `data`, `grad`, `backward`, and where its source is.

    Raises Unreadable where no object can be made of one number, or none of its attributes is that number.
    """

    def __init__(self, cls: Any, make: Callable[[float], Any] | None = None) -> None:
        self.cls, self.name = cls, getattr(cls, "__name__", str(cls))
        self.make = make or self._maker()
        sample = self.make(SAMPLE)
        self.cls = self.cls if isinstance(self.cls, type) else type(sample)
        self.data_name = _holding(sample, DATA, SAMPLE)
        if not self.data_name:
            held = ", ".join(sorted(attributes(sample))) or "none"
            raise Unreadable(f"no attribute of {self.name}({SAMPLE}) holds the number {SAMPLE}; its attributes: {held}")
        others = [name for name in GRAD if name != self.data_name and hasattr(sample, name)]
        self.grad_name = next((name for name in others if _gradient(getattr(sample, name))), "")
        fresh: Any = getattr(sample, self.grad_name, None) if self.grad_name else None
        self._zero = fresh * 0.0 if hasattr(fresh, "shape") else None
        #: of a class that computes in `Decimal` or another arithmetic, which mixes with no float
        kind: Any = type(fresh)
        self._own: Any = kind if isinstance(fresh, numbers.Number) and kind not in (int, float, bool) else None
        named = (name for name in (*BACKWARD, *ZERO) if callable(getattr(self.cls, name, None)))
        found = list(named)
        self.backward_name = next((name for name in found if name in BACKWARD), "")
        self.zero_name = next((name for name in found if name in ZERO), "")
        #: what results are: of a subclass's operations often the class that it extends
        self.kind: type = next((c for c in self.cls.__mro__ if any(n in vars(c) for n in ("__add__", "__mul__"))), self.cls)
        self.files = self._files()
        self.budget = BUDGET

    def _maker(self) -> Callable[[float], Any]:
        tried: list[str] = []
        ways: tuple[Callable[[float], Any], ...] = (
            self.cls, lambda x: self.cls(data=x), lambda x: self.cls(value=x), lambda x: self.cls(x, ()), lambda x: self.cls(x, ""),
            lambda x: self.cls(x, (), ""), lambda x: self.cls("x", x), lambda x: self.cls(x, None), lambda x: self.cls(x, None, None),
        )  # fmt: skip
        for way in ways:
            try:
                way(SAMPLE)
            except Exception as error:
                tried.append(f"{type(error).__name__}: {error}")
            else:
                return way
        raise Unreadable(f"no {self.name} can be made of one number: {self.name}({SAMPLE}) raises {tried[0]}")

    def data(self, value: Any) -> float:
        """The number that an object holds; nan where it is none (TypeError where the object is no instance at all)."""
        if not isinstance(value, self.kind):
            raise TypeError(f"{type(value).__name__} is no {self.name}")
        return plain(getattr(value, self.data_name, None))

    def grad(self, value: Any) -> float:
        """The gradient collected so far; 0 for None, nan where it is no number."""
        found = getattr(value, self.grad_name, None)
        return 0.0 if found is None else plain(found)

    def set_grad(self, value: Any, grad: float) -> None:
        """Write a gradient, of the kind that the class gives its objects (a number of NumPy has a shape, a Decimal is none of ours)."""
        given: Any = grad if self._zero is None else self._zero + grad
        if self._zero is None and self._own is not None:
            with contextlib.suppress(TypeError, ValueError, ArithmeticError):  # a fraction is never infinite
                given = self._own(grad)
        setattr(value, self.grad_name, given)

    def backward(self, value: Any, *upstream: float) -> None:
        """Walk back from a value."""
        getattr(value, self.backward_name)(*upstream)

    def closure(self, value: Any) -> Callable[[], object] | None:
        """The function that passes a value's gradient on, None where the class has none on its objects."""
        found: Callable[[], object] | None = importlib.import_module("viz.reading").closure_of(value)
        return found

    def knows(self, value: Any, operand: Any) -> bool:
        """Whether an operand can be found from a value: in its attributes, or in what they hold."""
        seen: set[int] = set()
        todo = [(value, 0)]
        while todo:
            thing, depth = todo.pop()
            if thing is operand and thing is not value:
                return True
            if id(thing) in seen or depth > 4 or isinstance(thing, (str, int, float, type)):
                continue
            seen.add(id(thing))
            inside: list[Any] = list(thing) if isinstance(thing, (list, tuple, set, frozenset)) else []
            if isinstance(thing, dict):
                inside = [*thing, *thing.values()]
            elif not inside and not callable(thing) and (thing is value or not isinstance(thing, self.kind)):
                inside = [getattr(thing, name, None) for name in attributes(thing)]
            todo += [(part, depth + 1) for part in inside]
        return False

    def watch(self, action: Callable[[], Any], slots: Sequence[Callable[[], float]] = (), inject: Any = None) -> Seen:
        """Run the student's code, watched; after it ran away once, the next question ends sooner."""
        seen = watch(action, self.files, slots, inject, self.budget)
        if isinstance(seen.error, Runaway):
            self.budget = BUDGET // 20
        return seen

    def operands(self, value: Any) -> list[Any]:
        """The objects of the class that a value was made of, wherever it keeps them; in no order."""
        found: dict[int, Any] = {}
        todo = [(getattr(value, name, None), 0) for name in attributes(value)]
        seen: set[int] = set()
        while todo:
            thing, depth = todo.pop()
            if isinstance(thing, self.kind):
                if thing is not value:
                    found[id(thing)] = thing
            elif id(thing) not in seen and depth < 4 and not isinstance(thing, (str, int, float, type)) and not callable(thing):
                seen.add(id(thing))
                inside = (
                    list(thing)
                    if isinstance(thing, (list, tuple, set, frozenset))
                    else [getattr(thing, n, None) for n in attributes(thing)]
                )
                todo += [(part, depth + 1) for part in inside]
        return list(found.values())

    def method(self, name: str) -> FunctionType | None:
        """A method of the class as a function, None where it is inherited from object or made otherwise."""
        found = inspect.getattr_static(self.cls, name, None)
        found = getattr(found, "__func__", found)
        found = inspect.unwrap(found) if callable(found) else found
        return found if isinstance(found, FunctionType) else None

    def codes(self, name: str) -> set[CodeType]:
        """The code of a method and of the functions written inside it."""
        function = self.method(name)
        return set() if function is None else set(_inner(function.__code__))

    def _files(self) -> set[str]:
        """Where the class and the functions beside it were written."""
        module = sys.modules.get(self.cls.__module__)
        beside = list(vars(module).values()) if module is not None and self.cls.__module__ != "builtins" else []
        found: set[str] = set()
        for owner in (*(c for c in self.cls.__mro__ if c is not object), *(x for x in beside if isinstance(x, type))):
            if owner.__module__ != self.cls.__module__:
                continue
            for member in vars(owner).values():
                member = getattr(member, "__func__", getattr(member, "fget", member))
                if isinstance(member, FunctionType) and member.__globals__.get("__name__") == self.cls.__module__:
                    found.add(member.__code__.co_filename)
                    for cell in member.__closure__ or ():
                        inside = _content(cell)
                        if isinstance(inside, FunctionType) and inside.__module__ == self.cls.__module__:
                            found.add(inside.__code__.co_filename)
        found |= {f.__code__.co_filename for f in beside if isinstance(f, FunctionType) and f.__module__ == self.cls.__module__}
        return {name for name in found if not name.startswith(("<string>", "<frozen", "<attrs"))}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _inner(code: CodeType) -> list[CodeType]:
    found = [code]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found += _inner(constant)
    return found


def attributes(value: Any) -> list[str]:
    """The names of an object's own attributes, of slots too."""
    slots = [getattr(cls, "__slots__", ()) for cls in type(value).__mro__]
    names = [name for group in slots for name in ((group,) if isinstance(group, str) else group)]
    return [*getattr(value, "__dict__", {}), *(name for name in names if hasattr(value, name))]


def plain(x: Any) -> float:
    """A number of any kind as a float; nan for what is none."""
    if type(x) is float:
        return x
    try:
        return float(x)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def _gradient(x: Any) -> bool:
    return x is None or (isinstance(x, numbers.Number) and not isinstance(x, complex)) or type(x).__module__ == "numpy"


def _holding(sample: Any, names: tuple[str, ...], x: float) -> str:
    """The attribute that holds `x`."""
    for name in (*(n for n in names if hasattr(sample, n)), *attributes(sample)):
        held = getattr(sample, name, None)
        if not callable(held) and plain(held) == x:
            return name
    return ""


def engines_in(namespace: dict[str, Any], module: str) -> list[type]:
    """The classes of a file that look like a scalar engine: those with an addition or a multiplication, those with backward first."""
    own = [x for x in namespace.values() if isinstance(x, type) and x.__module__ == module]
    fits = [
        c for c in dict.fromkeys(own) if callable(getattr(c, "__init__", None)) and any(hasattr(c, name) for name in ("__add__", "__mul__"))
    ]
    return sorted(fits, key=lambda c: not any(callable(getattr(c, name, None)) for name in BACKWARD))
