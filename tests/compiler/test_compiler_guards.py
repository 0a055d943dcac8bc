"""A compiled loss is the eager one, call by call, whatever it reads from outside; or an error that says where."""

from __future__ import annotations

import collections
import contextvars
import copy
import dataclasses
import enum
import functools
import itertools
import math
import numbers
import operator
import os
import queue
import random
import sys
import threading
import time
import types
import warnings
import weakref
from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value, losses, nn, no_grad, optim
from micrograd.compiler import TraceError, take
from micrograd.compiler.outside.guards import Guards

np = pytest.importorskip("numpy")

Steps = list[Any]  # tuples of arguments (a dict at the end: keywords); functions, which change something
Case = tuple[Any, list[Value], Steps]
CASES: dict[str, tuple[Any, str]] = {}


def case(says: str = "") -> Any:
    """A loss, made anew for each engine; says: what the refusal has to say, if it is one."""

    def add(make: Any) -> Any:
        CASES[make.__name__] = make, says
        return make

    return add


def numbers_of(loss: Any, params: list[Value], steps: Steps, compiled: bool) -> list[list[float]]:
    found = []
    run = micrograd.compile(loss, params, backend="numpy") if compiled else loss
    for step in steps:
        if callable(step):
            step()
            continue
        keywords = step[-1] if step and isinstance(step[-1], dict) else {}
        args = step[:-1] if keywords else step
        if compiled:
            value, gradient = run.value_and_grad(*args, **keywords)
            found.append([value, *gradient.tolist()])
            continue
        for p in params:
            p.grad = 0
        root = run(*args, **keywords)
        root.backward()
        found.append([root.data, *(float(p.grad) for p in params)])
    return found


# --- what is read from outside ---------------------------------------------------------------------------------------

SCALE = 2.0


@case()
def a_global() -> Case:
    w = Value(0.5)
    globals()["SCALE"] = 2.0
    return lambda x: w * x * SCALE, [w], [(3.0,), lambda: globals().update(SCALE=5.0), (3.0,)]


@case()
def a_closure_cell() -> Case:
    w, k = Value(0.5), 2.0

    def change() -> None:
        nonlocal k
        k = 7.0

    return lambda x: w * x * k, [w], [(3.0,), change, (3.0,)]


@case()
def an_attribute_of_a_class() -> Case:
    class Settings:
        scale = 2.0

    w = Value(0.5)
    return lambda x: w * x * Settings.scale, [w], [(3.0,), lambda: setattr(Settings, "scale", 5.0), (3.0,)]


@case()
def numbers_in_dicts() -> Case:
    w, d = Value(0.5), {"a": 1.0, "n": {"b": 2.0}}
    steps = [(3.0,), lambda: d.update(a=4.0), (3.0,), lambda: d["n"].update(b=7), (3.0,)]  # type: ignore[attr-defined]
    return lambda x: w * x * d["a"] + d["n"]["b"], [w], steps  # type: ignore[index]


@pytest.mark.parametrize("slots", [False, True])
def test_a_dataclass(slots: bool) -> None:
    @dataclasses.dataclass(slots=slots)
    class Settings:
        k: float = 2.0

    w, mine = Value(0.5), Settings()
    step = micrograd.compile(lambda x: w * x * mine.k, [w], backend="numpy")
    assert step(3.0) == 3.0
    mine.k = 4.0
    assert step(3.0) == 6.0


@case()
def an_array_changed_in_place() -> Case:
    w, a = Value(0.5), np.array([1.0, 2.0])
    return lambda x: w * x * a[0] + a[1], [w], [(3.0,), lambda: a.__setitem__(1, 9.0), (3.0,)]


@case()
def an_array_of_objects() -> Case:
    w, a = Value(0.5), np.array([Value(2.0), 3.0], dtype=object)
    change = [lambda: a.__setitem__(1, 5.0), lambda: setattr(a[0], "data", 7.0)]
    return lambda x: w * x * a[0] * a[1], [w], [(1.0,), change[0], (1.0,), change[1], (1.0,)]


@case()
def the_environment() -> Case:
    w = Value(0.5)
    os.environ["MICROGRAD_K"] = "2"
    change = [lambda: os.environ.__setitem__("MICROGRAD_K", "5")]
    return lambda x: w * x * float(os.environ["MICROGRAD_K"]), [w], [(3.0,), *change, (3.0,)]


@case()
def the_environment_by_getenv() -> Case:
    w = Value(0.5)
    os.environ["MICROGRAD_K"] = "2"
    change = [lambda: os.environ.__setitem__("MICROGRAD_K", "5")]
    return lambda x: w * x * float(os.getenv("MICROGRAD_K") or 0), [w], [(3.0,), *change, (3.0,)]


@case()
def a_mutable_default() -> Case:
    w = Value(0.5)

    def loss(x: Any, k: Any = [2.0]) -> Any:  # noqa: B006
        return w * x * k[0]

    change = lambda: loss.__defaults__[0].__setitem__(0, 4.0)  # type: ignore[index] # noqa: E731
    return loss, [w], [(3.0,), change, (3.0,), lambda: setattr(loss, "__defaults__", ([9.0],)), (3.0,)]


@case()
def a_property_and_a_method_replaced() -> Case:
    class Net:
        def __init__(self) -> None:
            self.w, self._k = Value(0.5), 3.0

        @property
        def twice(self) -> float:
            return self._k * 2

        def more(self) -> float:
            return 1.0

        def __call__(self, x: Any) -> Any:
            return self.w * x * self.twice + self.more()

    net = Net()
    changes = lambda: setattr(net, "_k", 4.0), lambda: setattr(Net, "more", lambda self: 8.0)
    return net, [net.w], [(3.0,), changes[0], (3.0,), changes[1], (3.0,)]


@case()
def an_attribute_of_an_object_over_that_of_its_class() -> Case:
    class Net:
        k = 2.0

        def __init__(self) -> None:
            self.w = Value(0.5)

        def __call__(self, x: Any) -> Any:
            return self.w * x * self.k

    net = Net()
    return net, [net.w], [(1.0,), lambda: setattr(net, "k", 5.0), (1.0,)]


@case()
def an_attribute_by_a_name_made_at_run_time() -> Case:
    w, c = Value(0.5), types.SimpleNamespace(a1=2.0)
    return lambda x: w * x * getattr(c, "a" + str(1)), [w], [(1.0,), lambda: setattr(c, "a1", 3.0), (1.0,)]


@case()
def functions_in_functions_partials_and_lists() -> Case:
    w, a, b = Value(0.5), {"k": 2.0}, [3.0]
    of_list = [lambda x: x * b[0]]

    def loss(x: Any, k: Any) -> Any:
        def inner() -> float:
            return a["k"]

        return of_list[0](w * x * inner()) + k[0]

    k = [1.0]
    changes = [lambda: a.update(k=4.0), lambda: b.__setitem__(0, 5.0), lambda: k.__setitem__(0, 6.0)]
    return functools.partial(loss, k=k), [w], [(3.0,), changes[0], (3.0,), changes[1], (3.0,), changes[2], (3.0,)]


@case()
def an_enum_a_deque_a_set_and_a_context_variable() -> Case:
    class Mode(enum.Enum):
        A = 1
        B = 2

    w, here, d, s = Value(0.5), types.SimpleNamespace(mode=Mode.A), collections.deque([1.0, 2.0]), {1.0}
    k = contextvars.ContextVar("k", default=2.0)

    def loss(x: Any) -> Any:
        return (w * x if here.mode is Mode.A else w + x) * d[-1] * len(s) * k.get()

    changes = [lambda: setattr(here, "mode", Mode.B), lambda: d.append(5.0), lambda: s.add(7.0), lambda: k.set(5.0)]
    return loss, [w], [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]


@case()
def an_attribute_of_a_function_and_of_a_module_imported_inside() -> Case:
    w, module = Value(0.5), types.ModuleType("settings_of_a_test")
    module.k = 2.0  # type: ignore[attr-defined]
    sys.modules["settings_of_a_test"] = module

    def loss(x: Any) -> Any:
        import settings_of_a_test as mine  # type: ignore[import-not-found]

        return w * x * mine.k * loss.k  # type: ignore[attr-defined]

    loss.k = 3.0  # type: ignore[attr-defined]
    return loss, [w], [(1.0,), lambda: setattr(module, "k", 5.0), (1.0,), lambda: setattr(loss, "k", 7.0), (1.0,)]


@case()
def a_cache_that_is_filled_and_cleared() -> Case:
    w, mine = Value(0.5), {"k": 2.0}

    @functools.cache
    def scale() -> float:
        return mine["k"]

    return lambda x: w * x * scale(), [w], [(3.0,), lambda: mine.update(k=5.0), (3.0,), scale.cache_clear, (3.0,)]


@case()
def a_cached_property() -> Case:
    class Net:
        def __init__(self) -> None:
            self.w, self.k = Value(0.5), 3.0

        @functools.cached_property
        def scale(self) -> float:
            return self.k * 2

        def __call__(self, x: Any) -> Any:
            return self.w * x * self.scale

    net = Net()
    return net, [net.w], [(3.0,), (3.0,), (4.0,)]


@case()
def containers_of_the_standard_library() -> Case:
    w, a, b, raw, key = Value(0.5), {"k": 2.0}, {"k": 3.0}, bytearray(b"\x02"), types.SimpleNamespace()
    chain, proxy, view, weak = collections.ChainMap({}, a), types.MappingProxyType(b), memoryview(raw), weakref.WeakKeyDictionary()
    values, doubles = array("d", [1.0]), threading.local()

    class Key:
        pass

    key.it, doubles.k = Key(), 7.0
    weak[key.it] = 5.0

    def loss(x: Any) -> Any:
        return w * x * chain["k"] + proxy["k"] * view[0] + weak[key.it] * values[0] * doubles.k

    changes = [lambda: a.update(k=5.0), lambda: b.update(k=6.0), lambda: raw.__setitem__(0, 7), lambda: weak.__setitem__(key.it, 8.0)]
    changes += [lambda: values.__setitem__(0, 9.0), lambda: setattr(doubles, "k", 10.0)]
    return loss, [w], [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]


@case()
def ways_to_an_attribute() -> Case:
    class Descriptor:
        def __set_name__(self, owner: Any, name: str) -> None:
            self.name = "_" + name

        def __get__(self, owner: Any, kind: Any = None) -> Any:
            return getattr(owner, self.name)

    class Settings:
        a = Descriptor()

        def __init__(self) -> None:
            self._a, self._found = 2.0, {"b": 3.0}

        def __getattr__(self, name: str) -> Any:
            return self._found[name]

    class Net:
        shift = 1.0

        def __init__(self) -> None:
            self.w, self.c = Value(0.5), types.SimpleNamespace(k=2.0)

        def scaled(self, x: Any, by: float) -> Any:
            return self.w * x * by * self.c.k

        twice = functools.partialmethod(scaled, by=2.0)

        @classmethod
        def moved(cls, x: Any) -> Any:
            return x + cls.shift

    net, mine, get = Net(), Settings(), operator.attrgetter("c.k")
    changes = [lambda: setattr(net.c, "k", 3.0), lambda: setattr(mine, "_a", 4.0), lambda: mine._found.update(b=5.0)]
    changes += [lambda: setattr(Net, "shift", 6.0)]
    steps = [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]
    return lambda x: net.moved(net.twice(x)) * mine.a * mine.b + get(net), [net.w], steps


@case()
def an_object_made_in_the_loss_and_notes_on_values() -> Case:
    w, k = Value(0.5, label="a"), [2.0]

    class Helper:
        def __init__(self) -> None:
            self.k = k[0]

    def loss(x: Any) -> Any:
        return w * x * Helper().k * (2.0 if w.label == "a" else 3.0) * (5.0 if getattr(w, "frozen", False) else 7.0)

    changes = [lambda: k.__setitem__(0, 5.0), lambda: setattr(w, "label", "b"), lambda: setattr(w, "frozen", True)]
    return loss, [w], [(1.0,), *itertools.chain.from_iterable((c, (1.0,)) for c in changes)]


@case()
def a_module_whose_functions_are_called_and_which_is_read() -> Case:
    module = types.ModuleType("helpers_of_a_test")
    exec("K = 2.0\ndef f(x):\n    return x * K", vars(module))
    w = Value(0.5)
    return lambda x: module.f(w * x), [w], [(3.0,), lambda: setattr(module, "K", 5.0), (3.0,)]


@case()
def methods_of_lists_dicts_tuples_and_partials_of_ones_own() -> Case:
    k = {"k": 2.0}

    class Row(list):  # type: ignore[type-arg]
        def scaled(self, x: Any) -> Any:
            return x * self[0] * k["k"] + self.shift  # type: ignore[attr-defined]

    class Settings(dict):  # type: ignore[type-arg]
        def __getitem__(self, name: str) -> Any:
            return dict.__getitem__(self, name) * k["k"]

    class Pair(collections.namedtuple("Pair", "a b")):
        def sum(self) -> float:
            return float(self.a + self.b + k["k"])

    class Part(functools.partial):  # type: ignore[type-arg]
        def more(self) -> float:
            return k["k"]

    w, row, mine, pair, part = Value(0.5), Row([3.0]), Settings(a=1.0), Pair(1.0, 2.0), Part(max, 1.0)
    row.shift = 1.0  # type: ignore[attr-defined]
    changes = [lambda: k.update(k=5.0), lambda: setattr(row, "shift", 7.0), lambda: setattr(Row, "scaled", lambda self, x: x * 11.0)]
    steps = [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]
    return lambda x: row.scaled(w * x) * mine["a"] + pair.sum() * part.more(), [w], steps


@case()
def methods_of_a_value_of_ones_own() -> Case:
    k = {"k": 2.0}

    class Mine(Value):
        def __mul__(self, other: Any) -> Any:
            return super().__mul__(other) * k["k"]

        def more(self, x: Any) -> Any:
            return self * x

    w = Mine(0.5)
    changes = [lambda: k.update(k=5.0), lambda: setattr(Mine, "more", lambda self, x: self + x)]
    return lambda x: w.more(x), [w], [(3.0,), changes[0], (3.0,), changes[1], (3.0,)]


@case()
def what_a_class_gets_later() -> Case:
    class Base:
        k = 2.0

        @classmethod
        def scale(cls) -> float:
            return cls.k

        def f(self, x: Any) -> Any:
            return x

    class Net(Base):
        unused = 1.0

    def change() -> None:
        del Net.unused
        Net.k = 7.0

    w, net = Value(0.5), Net()
    net.z = 3.0  # type: ignore[attr-defined]
    changes = [lambda: setattr(Net, "k", 5.0), lambda: delattr(Net, "k"), change, lambda: setattr(Net, "f", lambda self, x: x * 3.0)]
    changes.append(lambda: setattr(Net, "z", property(lambda self: 11.0)))
    steps = [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]
    return lambda x: net.f(w * x) * Net.scale() + net.z, [w], steps  # type: ignore[attr-defined]


@case()
def an_attribute_that_comes_as_another_goes() -> Case:
    class Settings:
        k = 2.0

    w, mine = Value(0.5), Settings()
    mine.unused = 1.0  # type: ignore[attr-defined]

    def change() -> None:
        del mine.unused  # type: ignore[attr-defined]
        mine.k = 5.0

    return lambda x: w * x * mine.k, [w], [(1.0,), change, (1.0,), lambda: setattr(mine, "__dict__", {"k": 7.0}), (1.0,)]


@case()
def code_put_in_place_as_autoreload_does() -> Case:
    class Old:
        def f(self, x: Any) -> Any:
            return x * 2.0

    class New:
        def f(self, x: Any) -> Any:
            return x * 3.0

    class Under(Old):
        pass

    def g(x: Any, *, k: float = 2.0) -> Any:
        return x * k

    w, a, b = Value(0.5), Old(), Under()
    changes = [lambda: setattr(a, "__class__", New), lambda: setattr(Under, "__bases__", (New,))]
    changes += [lambda: setattr(g, "__code__", (lambda x, *, k: x + k).__code__), lambda: setattr(g, "__kwdefaults__", {"k": 9.0})]
    return lambda x: a.f(w * x) + b.f(w) + g(w), [w], [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]


@case()
def what_is_set_where_nothing_was() -> Case:
    def f() -> float:
        return getattr(f, "k", 2.0)

    def settings() -> tuple[Any, Any]:
        def read() -> float:
            try:
                return late
            except NameError:
                return 3.0

        def fill() -> None:
            nonlocal late
            late = 5.0

        if not fill:
            late = 1.0
        return read, fill

    w, module, (read, fill), k = Value(0.5), types.ModuleType("empty"), settings(), contextvars.ContextVar[float]("k")
    changes = [lambda: setattr(f, "k", 5.0), fill, lambda: setattr(module, "k", 7.0), lambda: k.set(11.0)]
    steps = [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]
    return lambda x: w * x * f() * read() + getattr(module, "k", 1.0) * k.get(1.0), [w], steps


@case()
def attributes_of_a_class_of_classes_and_of_a_module_by_a_function() -> Case:
    class Kind(type):
        k = 2.0

    class Settings(metaclass=Kind):
        pass

    module, under = types.ModuleType("lazy"), {"z": 3.0}
    module.__getattr__ = lambda name: under[name]  # type: ignore[method-assign]
    w = Value(0.5)
    changes = [lambda: setattr(Kind, "k", 5.0), lambda: under.update(z=7.0)]
    return lambda x: w * x * Settings.k * module.z, [w], [(3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]


@case()
def a_function_of_a_library_replaced() -> Case:
    w, mine = Value(0.5), types.SimpleNamespace(was=losses.mse)
    change = lambda: setattr(losses, "mse", lambda a, b: mine.was(a, b) * 2.0)  # noqa: E731
    return lambda x: losses.mse([w * x], [1.0]), [w], [(1.0,), change, (1.0,), lambda: setattr(losses, "mse", mine.was), (1.0,)]


@case()
def an_optimizer_that_is_read() -> Case:
    w = Value(0.5)
    optimizer = optim.SGD([w], lr=0.1)
    change = functools.partial(setattr, optimizer, "steps", 10)
    return lambda x: w * x * (1.0 + optimizer.steps), [w], [(1.0,), change, (1.0,)]


@case("changes 'q")
def a_queue() -> Case:
    w, q = Value(0.5), queue.Queue()  # type: ignore[var-annotated]
    for i in range(5):
        q.put(float(i))
    return lambda x: w * x * q.get(), [w], [(1.0,), (1.0,)]


@case("changes 'pop'")
def a_method_of_a_list() -> Case:
    w, pop = Value(0.5), [1.0, 2.0, 3.0].pop
    return lambda x: w * x * pop(), [w], [(1.0,), (1.0,)]


@case()
def a_sign_of_zero_and_a_type_of_number() -> Case:
    w, k, mixed, flag = Value(0.5), [0.0], [Value(1.0), 0.0], types.SimpleNamespace(on=True)

    def loss(x: Any) -> Any:
        signs = math.copysign(1.0, k[0]) + 10.0 * math.copysign(1.0, mixed[1])  # type: ignore[arg-type]
        return w * x * (signs + (100.0 if flag.on is True else flag.on))

    changes = [lambda: k.__setitem__(0, -0.0), lambda: mixed.__setitem__(1, -0.0), lambda: setattr(flag, "on", 1)]
    return loss, [w], [(1.0,), changes[0], (1.0,), changes[1], (1.0,), changes[2], (1.0,)]


@case()
def nan_is_the_same_as_nan() -> Case:
    w, k = Value(0.5), [math.inf - math.inf]
    return lambda x: w * (x if k[0] != k[0] else 1.0), [w], [(3.0,), lambda: k.__setitem__(0, float("nan")), (4.0,)]


@case()
def what_no_code_names_changes_nothing() -> Case:
    class Trainer:
        def __init__(self) -> None:
            self.w, self.history, self.k = Value(0.5), [1.0], 2.0

        def loss(self, x: Any) -> Any:
            return self.w * x * self.k

    t = Trainer()
    return t.loss, [t.w], [(1.0,), lambda: t.history.append(1.0), (1.0,), lambda: setattr(t, "k", 3.0), (1.0,)]


def test_what_no_code_names_is_not_guarded() -> None:
    loss, params, _ = what_no_code_names_changes_nothing()
    traced = []
    step = micrograd.compile(lambda x: (traced.__len__(), loss(x))[1], params, backend="numpy")
    step(1.0)
    plan = step._latest[0]
    loss.__self__.history.append(2.0)
    loss.__self__.epoch = 5
    step(1.0)
    assert step._latest[0] is plan


@case()
def what_was_replaced_by_its_equal_and_then_changed() -> Case:
    @dataclasses.dataclass
    class Settings:
        k: float = 2.0

    w = Value(0.5)
    here = types.SimpleNamespace(settings=Settings(), rows=[[w, 1.5]], plain=[[1.5]], pair=(1.5, [2.0]))

    def loss(x: Any) -> Any:
        return w * x * here.settings.k + here.rows[0][0] * here.rows[0][1] + here.plain[0][0] + here.pair[1][0]

    def replace() -> None:
        here.settings, here.rows, here.plain, here.pair = Settings(), [[w, 1.5]], [[1.5]], (1.5, [2.0])

    changes = [lambda: setattr(here.settings, "k", 3.0), lambda: here.rows[0].__setitem__(1, 4.0)]
    changes += [lambda: here.plain[0].__setitem__(0, 5.0), lambda: here.pair[1].__setitem__(0, 6.0)]
    return loss, [w], [(3.0,), replace, (3.0,), *itertools.chain.from_iterable((c, (3.0,)) for c in changes)]


NUMBERS = st.one_of(st.sampled_from([0.0, -0.0, 1.0, 1, True, False, 0, None, "a", math.nan]), st.floats(), st.integers(-2, 2))


def shown(x: Any) -> Any:
    """All of it, by types and bits."""
    if isinstance(x, Value):
        return "Value", id(x)
    if isinstance(x, float):
        return "float", x.hex() if x == x else "nan"
    if isinstance(x, (list, tuple)):
        return type(x).__name__, [shown(i) for i in x]
    if isinstance(x, dict):
        return "dict", [(k, shown(v)) for k, v in x.items()]
    if isinstance(x, np.ndarray):
        return "array", x.dtype.str, x.tobytes()
    return ("object", shown(vars(x))) if isinstance(x, types.SimpleNamespace) else (type(x).__name__, x)


@st.composite
def things(draw: Any, depth: int = 3) -> Any:
    """Numbers and Values in lists, tuples, dicts, objects and arrays."""
    kind = draw(st.integers(0, 6 if depth else 1))
    if kind < 2:
        return Value(1.0) if kind else draw(NUMBERS)
    inner = [draw(things(depth - 1)) for _ in range(draw(st.integers(1, 3)))]
    if kind == 2:
        return np.array([draw(st.floats()) for _ in inner])
    named = {f"k{i}": x for i, x in enumerate(inner)}
    return inner if kind == 3 else tuple(inner) if kind == 4 else named if kind == 5 else types.SimpleNamespace(**named)


def places(x: Any) -> list[Any]:
    """Every place that can be set: functions of what to set there."""
    if isinstance(x, tuple):
        return [p for item in x for p in places(item)]
    if isinstance(x, np.ndarray):
        return [lambda new, i=i: x.__setitem__(i, float(new) if isinstance(new, (int, float)) else 7.5) for i in range(len(x))]
    holder = vars(x) if isinstance(x, types.SimpleNamespace) else x
    if not isinstance(holder, (list, dict)):
        return []
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    mine = [functools.partial(holder.__setitem__, k) for k in keys]
    return [*mine, *(p for k in keys for p in places(holder[k]))]


@settings(max_examples=150, deadline=None)
@given(st.lists(things(), min_size=1, max_size=3), st.data())
def test_no_change_of_what_a_loss_reads_is_missed(data: list[Any], drawn: Any) -> None:
    def loss() -> Any:
        return getattr(data, "".join(["k", "1"]))

    guards = Guards(loss)
    assert guards.hold() and guards.difference(Guards(loss)) is None
    for _ in range(3):
        before = shown(data)
        drawn.draw(st.sampled_from(places(data)))(drawn.draw(things(1)))
        if shown(data) == before:
            continue
        assert not guards.hold()
        assert guards.difference(Guards(loss)) is not None
        guards = Guards(loss)
        assert guards.hold()


# --- Values outside, modes, parameters -------------------------------------------------------------------------------


@case()
def a_value_that_is_no_parameter() -> Case:
    w, c = Value(0.5), Value(10.0)
    return lambda: w * c + c.data, [w], [(), lambda: setattr(c, "data", 20.0), ()]


@case()
def a_value_replaced() -> Case:
    w, c = Value(0.5), [Value(10.0)]
    return lambda: w * c[0], [w], [(), lambda: c.__setitem__(0, Value(30.0)), ()]


@case()
def weights_loaded_into_a_module_that_is_no_parameter() -> Case:
    w, net = Value(0.5), nn.Linear(1, 1)
    load = [functools.partial(net.load_state_dict, dict.fromkeys(net.state_dict(), k)) for k in (0.25, 0.75)]
    load[0]()
    return lambda x: w * net([x])[0], [w], [(1.0,), load[1], (1.0,)]


@case()
def batch_norm_in_training_and_evaluation() -> Case:
    w, norm = Value(0.5), nn.BatchNorm(1)
    steps = [(1.0, 3.0), (2.0, 1.0), norm.eval, (4.0, 1.0), norm.train, (5.0, 1.0), (6.0, 2.0), norm.eval, (1.0, 2.0)]
    return lambda a, b: norm([[w * a], [w * b * b]])[0][0] * 2, [w], steps


@case()
def dropout_in_training_and_evaluation() -> Case:
    w, drop = Value(0.5), nn.Dropout(0.5, random.Random(3))
    return lambda x: drop([w * x])[0], [w], [(1.0,), (2.0,), (3.0,), drop.eval, (4.0,), drop.train, (5.0,), (6.0,), (7.0,)]


@case()
def a_hook_on_a_module() -> Case:
    neuron = nn.Neuron(1, nonlin=False)
    neuron.w = [Value(0.5)]
    hook = functools.partial(neuron.register_hook, lambda module, args, out: out * 2)
    return lambda x: neuron([x]) * 1.0, [*neuron.w, neuron.b], [(1.0,), hook, (1.0,)]


def test_a_replaced_parameter_is_the_new_parameter() -> None:
    net = nn.Neuron(1, nonlin=False)
    step = micrograd.compile(lambda x: net([x]) ** 2, net, backend="numpy")
    step(2.0)
    net.w[0] = Value(3.0)
    assert step.value_and_grad(2.0)[0] == 36.0
    step.backward(2.0)
    assert net.w[0].grad == 24.0


def test_switching_modes_back_and_forth_traces_twice() -> None:
    w, drop, calls = Value(1.0), nn.Dropout(0.5, random.Random(0)), [0]

    class Counting(nn.Module):
        def __call__(self, x: Any) -> Any:
            globals()["COUNT"] = globals().get("COUNT", 0) + 1  # no code of the loss reads it
            return x

    net = nn.Sequential(drop, Counting())
    step = micrograd.compile(lambda x: net([w * x])[0], [w], backend="numpy")
    globals()["COUNT"] = calls[0]
    for _ in range(5):
        net.eval()
        assert step(3.0) == 3.0
        net.train()
        assert step(3.0) in (0.0, 6.0)
    assert globals()["COUNT"] <= 4


@pytest.mark.parametrize("batch", [False, True])
def test_the_first_call_inside_no_grad_changes_nothing(batch: bool) -> None:
    w = Value(0.0)
    step = micrograd.compile(lambda x, y: (w * x - y) ** 2, [w], batch=batch, backend="numpy")
    args: Any = ([2.0, 2.0], [1.0, 1.0]) if batch else (2.0, 1.0)
    with no_grad():
        assert step(*args) == 1.0
        assert step.value_and_grad(*args)[1].tolist() == [-4.0]
    assert step.value_and_grad(*args)[1].tolist() == [-4.0]
    assert step.backward(*args) == 1.0 and w.grad == -4.0
    step.train(optim.SGD([w], lr=0.1), args, steps=50)
    assert w.data == pytest.approx(0.5)


def test_lower_of_a_graph_from_no_grad_is_refused_and_inside_no_grad_is_not() -> None:
    a = Value(3.0)
    with no_grad():
        lost = a * a
    with pytest.raises(TraceError, match="below which nothing was recorded"):
        micrograd.lower(lost)
    root = a * a
    with no_grad():
        assert micrograd.lower(root, backend="numpy").value_and_grad()[1].tolist() == [6.0]


# --- what changes each time: refused, by name ------------------------------------------------------------------------


@case("changes 'n' every time")
def a_counter_in_a_cell() -> Case:
    w, n = Value(0.5), 0

    def loss(x: Any) -> Any:
        nonlocal n
        n += 1
        return w * x * n

    return loss, [w], [(3.0,), (3.0,)]


@case(r"self\.steps \+= 1\): the loss changes 'steps'")
def a_counter_of_an_object() -> Case:
    class Net:
        def __init__(self) -> None:
            self.w, self.steps = Value(0.5), 0

        def __call__(self, x: Any) -> Any:
            self.steps += 1
            return self.w * x * self.steps

    net = Net()
    return net, [net.w], [(3.0,), (3.0,)]


@case("changes 'default 0'")
def a_default_that_grows() -> Case:
    w = Value(0.5)

    def loss(x: Any, seen: Any = []) -> Any:  # noqa: B006
        seen.append(1.0)
        return w * x * len(seen)

    return loss, [w], [(3.0,), (3.0,)]


@case(r"goes on from 'state\.h'")
def a_state_carried_over() -> Case:
    w, state = Value(0.5), types.SimpleNamespace(h=None)

    def loss(x: Any) -> Any:
        state.h = w * x if state.h is None else w * x + state.h * 0.5
        return state.h * 1.0

    return loss, [w], [(1.0,), (1.0,)]


@case()
def a_result_left_in_an_attribute() -> Case:
    w, state = Value(0.5), types.SimpleNamespace(h=None)

    def loss(x: Any) -> Any:
        state.h = w * x
        return state.h * 1.0

    return loss, [w], [(1.0,), (2.0,)]


@case("a number that is the constant")
def the_time() -> Case:
    w = Value(0.5)
    return lambda x: w * x * time.perf_counter(), [w], [(3.0,), (3.0,)]


@case("a number that is the constant")
def the_systems_generator() -> Case:
    w, rng = Value(0.5), random.SystemRandom()
    return lambda x: w * x * rng.random(), [w], [(3.0,), (3.0,)]


@case(r"\.is_integer takes the number out")
def a_question_to_a_number() -> Case:
    w = Value(0.5)
    return lambda x: w * (2.0 if x.is_integer() else 3.0), [w], [(1.0,), (1.5,)]


@case("a number that is the constant")
def a_generator_made_inside_without_a_seed() -> Case:
    w = Value(0.5)
    return lambda x: w * x * random.Random().random(), [w], [(3.0,), (3.0,)]


@case()
def a_generator_made_inside_with_a_seed() -> Case:
    w = Value(0.5)
    return lambda x: w * x * random.Random(3).random(), [w], [(3.0,), (3.0,)]


@case("the data of a traced Value is set")
def a_number_written_into_a_value() -> Case:
    w, c = Value(0.5), Value(1.0)

    def loss(x: Any) -> Any:
        c.data = c.data + 1
        return w * x * c

    return loss, [w], [(1.0,), (1.0,)]


@case("gradients are taken while the loss is compiled")
def a_backward_pass_inside() -> Case:
    w = Value(0.5)

    def loss(x: Any) -> Any:
        y = w * w * x
        y.backward()
        return y * w.grad

    return loss, [w], [(1.0,), (2.0,)]


@case("a compiled loss is called while another")
def a_compiled_loss_inside() -> Case:
    w = Value(0.5)
    inner = micrograd.compile(lambda x: w * x, [w], backend="numpy")
    return lambda x: w * inner(x), [w], [(1.0,), (2.0,)]


class Counting:
    def __init__(self) -> None:
        self.n = 0.0

    def __iter__(self) -> Counting:
        return self

    def __next__(self) -> float:
        self.n += 1.0
        return self.n


def generator() -> Any:
    k = 1.0
    while True:
        yield k
        k += 1.0


DRAWS = {
    "random": lambda: random.random,
    "random, by a name": lambda: functools.partial(random.gauss, 0.0, 1.0),
    "a generator of one's own": lambda: random.Random(0).random,
    "numpy": lambda: np.random.rand,
    "numpy's new ones": lambda: np.random.default_rng(0).normal,
    "numpy's old ones": lambda: np.random.RandomState(0).normal,
    "a list's iterator": lambda: iter([1.0, 2.0, 3.0]).__next__,
    "count": lambda: itertools.count(1.0).__next__,
    "cycle": lambda: itertools.cycle([1.0, 2.0]).__next__,
    "zip": lambda: zip([1.0, 2.0], [3.0, 4.0], strict=True).__next__,
    "a generator": lambda: generator().__next__,
    "map": lambda: map(float, [1, 2, 3]).__next__,
    "tee": lambda: itertools.tee([1.0, 2.0])[0].__next__,
    "pairwise": lambda: itertools.pairwise([1.0, 2.0, 3.0]).__next__,
    "until a sentinel": lambda: iter(iter([1.0, 2.0, 3.0]).__next__, 9.0).__next__,
    "accumulate": lambda: itertools.accumulate([1.0, 2.0]).__next__,
    "a class": lambda: Counting().__next__,
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_moves_on_is_refused_with_the_way_out(name: str) -> None:
    w, draw = Value(0.5), DRAWS[name]()
    source = getattr(draw, "__self__", None)

    def loss(x: Any) -> Any:
        found = next(source) if hasattr(source, "__next__") else draw()
        return w * x * (found[0] if isinstance(found, tuple) else float(found))

    before = random.getstate()
    with pytest.raises(TraceError, match=r"test_compiler_guards\.py:\d+ \(.*\): the loss (draws|changes|can come)"):
        micrograd.compile(loss, [w], backend="numpy")(3.0)
    assert random.getstate() == before


def test_draws_said_to_the_tracer_are_no_draws_of_the_loss() -> None:
    from micrograd.nn import effects

    w, rng = Value(1.0), random.Random(5)
    step = micrograd.compile(lambda: w * effects.fresh(rng.random), [w], backend="numpy")
    again = random.Random(5)
    assert [step() for _ in range(3)] == [again.random() for _ in range(3)]


def test_a_number_that_changes_at_every_call_is_followed_and_said_once() -> None:
    w, k = Value(1.0), [1.0]
    step = micrograd.compile(lambda x: w * x * k[0], [w], backend="numpy")
    with pytest.warns(RuntimeWarning, match=r"because 'k' which it reads|because 'k'") as told:
        for i in range(20):
            k[0] = float(i)
            assert step(2.0) == 2.0 * i
    assert len(told) == 1
    assert all(len(plans.found) <= 8 for plans in step._plans.values())


# --- numbers that are known only when the program runs ---------------------------------------------------------------


@case("a branch")
def a_label_compared_in_a_branch() -> Case:
    w = Value(0.5)
    return lambda x, y: (w * x - (1.0 if y == 1 else -1.0)) ** 2, [w], [(2.0, 1.0), (2.0, 0.0)]


@case("a branch")
def what_is_computed_from_a_label_in_a_branch() -> Case:
    w = Value(0.5)
    return lambda x, y: (w * x - (1.0 if 2 * y - 1 == 1 else -1.0)) ** 2, [w], [(2.0, 1.0), (2.0, 0.0)]


@case("a branch")
def a_label_in_a_tuple() -> Case:
    w = Value(0.5)
    return lambda y: w * (1.0 if y in (1, 2) else -1.0), [w], [(1.0,), (0.0,)]


@case("a branch")
def labels_counted() -> Case:
    w = Value(0.5)
    return lambda ys: w * ys.count(1.0), [w], [([1.0, 0.0],), ([1.0, 1.0],)]


@case("a branch")
def labels_sorted() -> Case:
    w = Value(0.5)
    return lambda ys: w * sorted(ys)[0], [w], [([1.0, 2.0],), ([3.0, 2.0],)]


@case("looked up in a set or a dict")
def labels_in_a_set() -> Case:
    w = Value(0.5)
    return lambda ys: w * len(set(ys)), [w], [([1.0, 0.0],), ([1.0, 1.0],)]


@case("looked up in a set or a dict")
def a_label_in_a_dict() -> Case:
    w, table = Value(0.5), {1.0: 3.0}
    return lambda y: w * table.get(y, 7.0), [w], [(1.0,), (2.0,)]


@case(r"str\(\) takes the number out")
def a_label_as_text() -> Case:
    w, table = Value(0.5), {"1.0": 3.0}
    return lambda y: w * table.get(str(y), 7.0), [w], [(1.0,), (2.0,)]


@case("a branch")
def labels_in_numpy_where() -> Case:
    w = Value(0.5)
    loss = lambda ys: sum((w - t) ** 2 for t in np.where(ys == 1.0, 1.0, -1.0))  # noqa: E731
    return loss, [w], [(np.array([1.0, 0.0]),), (np.array([0.0, 0.0]),)]


@case()
def numpy_of_a_number() -> Case:
    w = Value(0.5)
    return lambda x: w * (np.exp(x) == 1.0) + w * np.tanh((w * x).data), [w], [(0.0,), (2.0,)]


@case()
def comparisons_as_numbers() -> Case:
    w = Value(0.5)

    def loss(x: Any, y: Any) -> Any:
        sure = ((y == 1) & (x > 1.5)) | (y != y) ^ (x >= 3)
        return (w * x - (2 * (y == 1) - 1) - micrograd.where(y != 1, 3.0, 4.0)) ** 2 + sure + (w * x).data * ((w * x).data == 1.0)

    return loss, [w], [(2.0, 1.0), (2.0, 0.0), (3.0, 1.0), (1.0, 1.0)]


@case()
def what_kind_of_number_it_is() -> Case:
    w = Value(0.5)

    def loss(x: Any) -> Any:
        kinds = isinstance(x, float), isinstance(x, int), isinstance(x, numbers.Real), isinstance(2 * x, int)
        return w * x + sum(10**i for i, k in enumerate(kinds) if k)

    return loss, [w], [(2.0,), (2,), (3.0,), (3,)]


@case()
def a_value_as_an_argument_is_compared_by_identity() -> Case:
    w = Value(0.5)
    return lambda x: w * x * (1.0 if x == 3.0 else 2.0) * (1.0 if x in [x] else 5.0), [w], [(Value(3.0),), (Value(1.0),)]


@case()
def a_value_made_in_no_grad_is_compared_by_identity() -> Case:
    w = Value(0.5)

    def loss(x: Any) -> Any:
        with no_grad():
            h = w * x
        return w * (1.0 if h == 0.5 else 2.0) * (h.data == 0.5)

    return loss, [w], [(1.0,), (2.0,)]


@case("a branch")
def a_refusal_that_the_loss_catches() -> Case:
    w = Value(0.5)

    def loss(x: Any) -> Any:
        try:
            if (w * x).data > 1:
                return w * x
        except Exception:
            pass
        return w + x

    return loss, [w], [(3.0,), (1.0,)]


@case("a copy")
def a_copy_of_a_parameter() -> Case:
    w = Value(0.5)
    return lambda x: copy.deepcopy(w) * x * w, [w], [(1.0,), lambda: setattr(w, "data", 3.0), (1.0,)]


@case()
def a_namedtuple() -> Case:
    w, pair = Value(0.5), collections.namedtuple("pair", "a b")
    return lambda p: w * p.a + p.b, [w], [(pair(1.0, 2.0),), (pair(3.0, 4.0),)]


@case()
def keywords_by_type_and_bits() -> Case:
    w = Value(0.5)

    def loss(x: Any, k: Any) -> Any:
        return w * x * (7.0 if k is True else 9.0 if type(k) is int else math.copysign(2.0, k))

    return loss, [w], [(1.0, {"k": k}) for k in (1, True, 1.0, 0.0, -0.0, 0, False)]


@case()
def keywords_of_every_kind() -> Case:
    w = Value(0.5)
    found = [3.0], [4.0], np.array([5.0]), {0: 6.0}, (7.0,), [Value(8.0)]
    return lambda x, k: w * x * k[0], [w], [(1.0, {"k": k}) for k in found]


@pytest.mark.parametrize("name", CASES)
def test_compiled_is_eager_or_says_where(name: str) -> None:
    make, says = CASES[name]
    expected = numbers_of(*make(), compiled=False)
    if says:
        with pytest.raises(TraceError, match=rf"^\S*test_compiler_guards\.py:\d+.*{says}"):
            numbers_of(*make(), compiled=True)
        return
    found = numbers_of(*make(), compiled=True)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert a == pytest.approx(b, rel=1e-13, abs=1e-13, nan_ok=True)


# --- hand-made ops ---------------------------------------------------------------------------------------------------


def square(x: Any) -> Value:
    return Value(x.data**2, (x,), (2 * x.data,))


def product(a: Any, b: Any) -> Value:
    return Value(a.data * b.data, (a, b), "prod", local_grads=(b.data, a.data))


@pytest.mark.parametrize("backend", ["reference", "numpy"])
def test_local_gradients_given_by_hand_are_used(backend: str) -> None:
    w, u = Value(0.5), Value(-2.0)

    def loss(x: Any) -> Any:
        return product(square(w * x), u) * product(w, w) + square(u).tanh()

    for x in (3.0, -1.5):
        w.grad = u.grad = 0
        root = loss(x)
        root.backward()
        value, gradient = micrograd.compile(loss, [w, u], backend=backend).value_and_grad(x)
        assert (value, gradient.tolist()) == (pytest.approx(root.data), pytest.approx([w.grad, u.grad]))
        exact = micrograd.compile(loss, [w, u], backend=backend, exact=True).value_and_grad(x)
        assert (exact[0], exact[1].tolist()) == (root.data, [w.grad, u.grad])


def test_a_gradient_given_by_hand_need_not_be_that_of_its_number() -> None:
    w = Value(0.7)
    step = micrograd.compile(lambda: Value((w * 0.0).data + 1.0, (w,), (5.0,)) * 2, [w], backend="numpy")
    assert (step.value_and_grad()[0], step.value_and_grad()[1].tolist()) == (2.0, [10.0])


def test_a_hand_made_op_that_cannot_be_followed_names_the_line_and_the_way_out() -> None:
    w = Value(0.5)

    def by_math(x: Any) -> Value:
        t = math.exp(2 * x.data)
        return Value(t, (x,), (2 * t,))

    def by_closure(x: Any) -> Value:
        out = Value(x.data**2, (x,), "sq")

        def back() -> None:
            x.grad += 2 * x.data * out.grad

        out._backward = back
        return out

    with pytest.raises(TraceError, match=r"test_compiler_guards\.py:\d+ \(t = math\.exp\(2 \* x\.data\)\).*micrograd\.exp"):
        micrograd.compile(lambda: by_math(w) * 1, [w])()
    with pytest.raises(TraceError, match=r'test_compiler_guards\.py:\d+ \(out = Value\(.*"sq"\)\).*local gradients'):
        micrograd.compile(lambda: by_closure(w) * 1, [w])()
    with pytest.raises(TraceError, match="a number, not a Value"):
        micrograd.compile(lambda: Value(w.data**2, (w,), (2 * w,)) * 1, [w])()
    with pytest.raises(TraceError, match=r"test_compiler_guards\.py:\d+ \(.*np\.asarray"):  # not a line inside NumPy
        micrograd.compile(lambda: w * np.mean(np.asarray([w.data, w.data], dtype=float)), [w])()


def test_a_name_that_the_user_gave_is_kept() -> None:
    w = Value(0.5)
    step = micrograd.compile(lambda: (Value((w * 2).data, (), "sq") * w).log(), [w], backend="numpy")
    step()
    graph = step.program.places[0]
    assert [op.symbol for op in graph.aliases] == ["sq"]
    step = micrograd.compile(lambda: product(w, w) * 1.0, [w], backend="numpy")
    step()
    assert "prod1" in str(step.program)


# --- batches, fit, threads, memory -----------------------------------------------------------------------------------


def test_ints_floats_and_bools_mixed_in_a_batch_are_numbers() -> None:
    w = Value(0.5)
    step = micrograd.compile(lambda x, y: (w * x[0] + x[1] - y) ** 2, [w], batch=True, backend="numpy")
    X, y = [[1, 2.0], [0.5, True], [False, 3]], [1, 0.5, True]
    expected = sum(((w * a + b - t) ** 2).data for (a, b), t in zip(X, y, strict=True)) / 3
    assert step(X, y) == pytest.approx(expected)
    assert step([[1.0, 2.0]], [1.0]) == pytest.approx(((w * 1.0 + 2.0 - 1.0) ** 2).data)
    with pytest.raises(ValueError, match="of one structure"):
        step([[1.0], [2.0, 3.0]], [1.0, 2.0])


@pytest.mark.parametrize("targets", [[1.0, 0.0, 1.0, 1.0], [1, 0, 1, 1], [1, 0.5, True, False], [True, False, True, True]])
def test_fit_compiled_takes_the_targets_that_fit_takes(targets: list[Any]) -> None:
    def trained(compiled: bool, loss: Any) -> list[float]:
        model = nn.Sequential(nn.Linear(2, 3, rng=random.Random(2)), nn.Linear(3, 1, rng=random.Random(3)))
        X = [[0.1 * i, 0.2 * i * i] for i in range(4)]
        micrograd.train.fit(model, (X, targets), loss, optim.SGD(model, lr=0.05), 3, compiled=compiled, batch_size=2)
        return [p.data for p in model.parameters()]

    def squares(outputs: Any, wanted: Any) -> Any:
        return losses.mse([o[0] for o in outputs], wanted)

    def branches(outputs: Any, wanted: Any) -> Any:
        return sum((o[0] - (1.0 if t == 1 else -1.0)) ** 2 for o, t in zip(outputs, wanted, strict=True)) / len(wanted)

    assert trained(True, squares) == pytest.approx(trained(False, squares), rel=1e-12)
    trained(False, branches)
    with pytest.raises(TraceError, match=r"test_compiler_guards\.py:\d+ \(return sum.*a branch"):
        trained(True, branches)


def test_each_gives_what_the_loss_returns_for_each_sample() -> None:
    w, b = Value(2.0), Value(-1.0)
    xs = [0.5, 1.0, -3.0]
    one = micrograd.compile(lambda x: w * x + b, [w, b], batch=True, backend="numpy")
    assert one(xs) == pytest.approx(-2.0)
    assert one.each(xs).tolist() == [2.0 * x - 1.0 for x in xs]
    row = micrograd.compile(lambda x: [w * x, b * 1.0, x], [w, b], batch=True, backend="numpy")
    assert row.each(np.array(xs)).tolist() == [[2.0 * x, -1.0, x] for x in xs]
    both = micrograd.compile(lambda x: (w * x, x > 0), [w, b], batch=True, backend="numpy")
    first, second = both.each(xs)
    assert (first.tolist(), second.tolist()) == ([1.0, 2.0, -6.0], [1.0, 1.0, 0.0])
    many = [0.001 * i for i in range(300_000)]
    assert one.each(many)[-1] == 2.0 * many[-1] - 1.0
    with pytest.raises(ValueError, match="batch=True"):
        micrograd.compile(lambda x: w * x, [w]).each(xs)


def test_a_function_is_compiled_and_nothing_else() -> None:
    with pytest.raises(TypeError, match=r"compile takes the loss as a function, not str: 'x'"):
        micrograd.compile("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"micrograd\.lower"):
        micrograd.compile(Value(1.0) * 2)  # type: ignore[arg-type]


def test_a_value_that_gradients_would_pass_is_no_argument() -> None:
    w = Value(2.0)
    step = micrograd.compile(lambda x: w * x, [w], backend="numpy")
    assert step(Value(3.0)) == 6.0
    with pytest.raises(TypeError, match=r"computed by '\*'.*x\.data"):
        step(w * 2)
    with pytest.raises(TypeError, match="a parameter"):
        step([w])
    with pytest.raises(TypeError, match="a parameter"):
        micrograd.compile(lambda x: w * x, [w], batch=True, backend="numpy")([w, w])


def test_a_gradient_hook_on_a_parameter_is_refused() -> None:
    w = Value(2.0, label="w")
    step = micrograd.compile(lambda: w * w, [w], backend="numpy")
    remove = w.register_hook(lambda g: g * 2)
    assert step() == 4.0
    for run in (step.value_and_grad, step.backward, lambda: step.train(optim.SGD([w], lr=0.1), steps=1)):
        with pytest.raises(TraceError, match="hook"):
            run()
    remove()
    assert step.value_and_grad()[1].tolist() == [4.0]


def test_what_changes_between_the_steps_of_a_training_run_is_followed() -> None:
    w, c = Value(1.0), Value(1.0)
    step = micrograd.compile(lambda x: w * x * c, [w], backend="numpy")

    def data() -> Any:
        for k in (1.0, 10.0, 100.0):
            c.data = k
            yield (k,)

    assert step.train(optim.SGD([w], lr=0.0), data()) == [1.0, 100.0, 10000.0]
    scale = [1.0]
    other = micrograd.compile(lambda x: w * x * scale[0], [w], backend="numpy")

    def on_step(number: int, loss: float) -> None:
        scale[0] = number + 2.0

    assert other.train(optim.SGD([w], lr=0.0), (1.0,), steps=3, on_step=on_step) == [1.0, 2.0, 3.0]


def test_the_loss_may_be_called_while_it_trains() -> None:
    def run(called: bool) -> tuple[list[float], float]:
        w = Value(1.0)
        step = micrograd.compile(lambda x: (w * x - 3.0) ** 2, [w], backend="numpy")
        seen = []

        def data() -> Any:
            for i in range(5):
                if called and i:
                    seen.append(step(100.0) == pytest.approx((w.data * 100.0 - 3.0) ** 2))
                yield (1.0,)

        def on_step(number: int, loss: float) -> None:
            if called:
                step.value_and_grad(7.0)

        found = step.train(optim.SGD([w], lr=0.1, momentum=0.5), data(), on_step=on_step)
        assert all(seen)
        return found, w.data

    assert run(True) == run(False)


def test_one_compiled_loss_in_many_threads() -> None:
    rng = random.Random(0)
    net = nn.MLP(3, [8, 1])
    step = micrograd.compile(lambda x, y: (net(x) - y) ** 2, net, backend="numpy")
    xs = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(40)]
    expected = [(net(x) - 1.0).data ** 2 for x in xs]
    wrong: list[Any] = []

    def calls(start: int) -> None:
        try:
            for i in range(300):
                k = (7 * i + start) % len(xs)
                found = step(xs[k], 1.0) if start % 2 else step.value_and_grad(xs[k], 1.0)[0]
                if found != pytest.approx(expected[k], rel=1e-9):
                    wrong.append((found, expected[k]))
        except BaseException as error:
            wrong.append(error)

    def traces() -> None:
        try:
            for i in range(10):  # while the parameters that all share are used by the engine and by other programs
                other = micrograd.compile(lambda x, i=i: net(x) * float(i), net, backend="numpy")
                assert other(xs[i]) == pytest.approx(net(xs[i]).data * i)
                assert [p.data for p in net.parameters()] and net.parameters()[0] > -10.0
        except BaseException as error:
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=calls, args=(k,)) for k in range(4)] + [threading.Thread(target=traces) for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong


def test_a_compiled_training_run_leaves_nothing_to_the_collector() -> None:
    import gc

    def run() -> None:
        w = [Value(1.0), Value(2.0)]
        step = micrograd.compile(lambda xs: sum((wi * x).tanh() for wi, x in zip(w, xs, strict=True)), w, backend="numpy")
        step.train(optim.Adam(w, lr=0.1), ([2.0, 1.0],), steps=3)
        step.value_and_grad([1.0, 2.0])

    run()
    gc.collect()
    gc.disable()
    try:
        run()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_take_by_a_whole_float_and_not_by_what_is_computed() -> None:
    table = [Value(1.0), Value(2.0), Value(4.0)]
    step = micrograd.compile(lambda i: take(table, i) * 1.0, table, backend="numpy")
    assert [step(i) for i in (0, 1.0, 2.0)] == [1.0, 2.0, 4.0]
    with pytest.raises(IndexError, match="outside"):
        step(1.5)
    with pytest.raises(TraceError, match="index or a count"):
        micrograd.compile(lambda i: take(table, i + 1) * 1.0, table, backend="numpy")(0)


def test_a_subclass_keeps_its_operators_while_it_is_traced() -> None:
    class Shouting(Value):
        __slots__ = ()

        def twice(self) -> Any:
            return self * 2.0

    w = Shouting(3.0)
    step = micrograd.compile(lambda x: w.twice() * x, [w], backend="numpy")
    assert step(5.0) == 30.0 and type(w) is Shouting
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert step(6.0) == 36.0


@pytest.mark.parametrize("batch", [False, True])
def test_parameters_are_those_of_now_however_they_were_set(batch: bool) -> None:
    """They are taken again only if the data of some Value was set: by each way there is, and for every machine of a loss."""
    model, c = nn.Linear(2, 1), Value(1.0)
    other = micrograd.compile(lambda: sum(p * p for p in model.parameters()), model)
    step = micrograd.compile(lambda x: model([x, 1.0])[0] * c, model, batch=batch)
    state = {name: 2.0 * p.data for name, p in model.named_parameters()}

    def agrees() -> None:
        for xs in ([0.5], [0.5, -1.0, 2.0]) if batch else (0.25, -0.75):
            value, gradients = step.value_and_grad(xs)
            value_again, _ = step.value_and_grad(xs)
            roots = [model([x, 1.0])[0] * c for x in (xs if batch else [xs])]
            mean = sum(roots) / len(roots)
            wanted = micrograd.grad(mean, model.parameters())
            assert value == value_again == pytest.approx(mean.data, rel=1e-15)
            assert gradients.tolist() == pytest.approx([g.data if isinstance(g, Value) else g for g in wanted], rel=1e-14)

    agrees()
    for p in model.parameters():
        p.data += 0.5
        agrees()
    c.data = 3.0
    agrees()
    model.load_state_dict(state)
    agrees()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for p in model.parameters():
        p.grad = 1.0
    optimizer.step()
    agrees()
    other.train(optimizer, steps=3)
    agrees()
    step.train(optimizer, ([0.5, 1.0],) if batch else (0.5,), steps=2)
    agrees()
    step.backward([0.5] if batch else 0.5)
    optimizer.step()
    agrees()


def test_keyword_constants_that_are_ever_new_are_said_once_and_take_no_more_room() -> None:
    w = Value(2.0)
    step = micrograd.compile(lambda x, k: w * x * k, [w])
    with pytest.warns(RuntimeWarning, match=r"values of its keyword arguments \(k\)") as said:
        for i in range(80):
            assert step(3.0, k=float(i)) == 6.0 * i
    assert len(said) == 1
    assert step(3.0, k=0.0) == 0.0 and step(3.0, k=79.0) == 474.0
    assert len(step._plans) <= 32
    other = micrograd.compile(lambda xs, k: sum(w * x for x in xs) * k, [w])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # structures are another matter: each is worth its program
        for n in range(1, 40):
            assert other([1.0] * n, k=2.0) == 4.0 * n
    with pytest.raises(TypeError, match="steps must be a whole number, not '3'"):
        micrograd.compile(lambda: w * w, [w]).train(optim.SGD([w], lr=0.1), steps="3")


@pytest.mark.parametrize("count", [1, 2, 5, 40])  # each asked by itself, or all as one
def test_parts_of_a_thing_are_asked_for_one_by_one_and_together(count: int) -> None:
    held = types.SimpleNamespace(unread=0.0)
    names = [f"part{k}" for k in range(count)]
    for kind in (lambda: "".join(["a", "b"]), lambda: b"ab"[:1] + b"b", lambda: print, lambda: (1.5, held), lambda: None, Value):
        values = [kind(0.5) if kind is Value else kind() for _ in names]
        vars(held).update(zip(names, values, strict=True))
        space: dict[str, Any] = {"held": held}
        exec(f"def loss():\n    return [{', '.join(f'held.{name}' for name in names)}]", space)
        guards = Guards(space["loss"])
        assert guards.hold()
        for name, was in zip(names, values, strict=True):
            if isinstance(was, (str, bytes)):
                setattr(held, name, was[:1] + was[1:])  # another one, and equal
                assert guards.hold()
            for other in ("other", Value(0.5), len, 1.0):
                setattr(held, name, other)
                assert not guards.hold(), (kind, name)
            setattr(held, name, was)
            assert guards.hold()
        space["held"] = types.SimpleNamespace(**vars(held))
        assert not guards.hold()
        space["held"] = held
        assert guards.hold()
        delattr(held, names[-1])
        assert not guards.hold()
