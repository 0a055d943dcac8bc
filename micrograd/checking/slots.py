"""The inputs of a call that is checked, as one list of named numbers, and the calls with some of them changed."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from micrograd import shaped
from micrograd.checking.evaluation import Evaluation, terms
from micrograd.checking.verdict import Terms
from micrograd.engine import Value
from micrograd.ops.op import number


class Slots:
    """The inputs of a call `fn(*inputs)` as one flat list of named numbers, and the calls with them changed.

    plain: fn is called with numbers, lists and arrays of them; else with Values in their places.
    """

    def __init__(self, fn: Callable[..., Any], inputs: Any, plain: bool = False) -> None:
        self.fn, self.plain = fn, plain
        self.inputs = tuple(inputs) if isinstance(inputs, (list, tuple)) else (inputs,)
        self.names: list[str] = []
        self.start: list[float] = []
        self.held: list[Value | None] = []  # the Value that is moved in place; None: a number, passed as a new Value
        self.epsilon = 2.0**-52
        self.arguments_names = _argument_names(fn, len(self.inputs))
        for name, x in zip(self.arguments_names, self.inputs, strict=True):
            self._enter(name, x)
        if not self.start:
            raise TypeError("there is nothing to check: the inputs hold no numbers")
        self.leaves: list[Value] = []

    def _enter(self, name: str, x: Any) -> None:
        if isinstance(x, Value):
            self._add(x.label or name, x.data, x)
        elif hasattr(x, "named_parameters"):
            for inner, p in x.named_parameters():
                self._add(f"{name}.{inner}", p.data, p)
        elif isinstance(x, (list, tuple)):
            for i, inside in enumerate(x):
                self._enter(f"{name}[{i}]", inside)
        elif isinstance(x, Mapping):
            for key, inside in x.items():
                self._enter(str(key) if len(self.inputs) == 1 else f"{name}[{key!r}]", inside)
        elif shaped.is_array(x):
            if type(x).__module__.partition(".")[0] != "numpy":  # NumPy's are passed as float64
                self.epsilon = max(self.epsilon, shaped.precision(x))
            for place, inside in zip(shaped.places(x), shaped.elements(x), strict=True):
                self._enter(name + place, inside)
        else:
            self._add(name, number(x), None)

    def _add(self, name: str, data: float, held: Value | None) -> None:
        self.names.append(name)
        self.start.append(data)
        self.held.append(held)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Data and gradients of the held Values are as before when this block ends."""
        before = [(v, v.data, v.grad) for v in self.held if v is not None]
        try:
            yield
        finally:
            for v, data, gradient in before:
                if v.data != data:
                    v.data = data
                v.grad = gradient

    def arguments(self, numbers: Sequence[Any], wrap: Callable[[Any], Any] | None = None) -> list[Any]:
        """The inputs with these numbers in their places, each number wrapped (None: as it is); held Values are set."""
        todo = iter(numbers)
        return [_filled(x, todo, wrap) for x in self.inputs]

    def outputs(self, numbers: Sequence[float]) -> list[Any]:
        """fn at these numbers, its results in a list; `leaves` are then the Values that stand for the numbers."""
        if self.plain:
            result = self.fn(*self.arguments(numbers))
            self.epsilon = max(self.epsilon, shaped.precision(result))
            return _listed(result, True)
        made: list[Value] = []

        def wrap(x: float) -> Any:
            made.append(Value(x))
            return made[-1]

        arguments = self.arguments(numbers, wrap)
        new = iter(made)
        self.leaves = [v if v is not None else next(new) for v in self.held]
        return _listed(self.fn(*arguments), False)

    def changing(self, outputs: Sequence[Any]) -> set[int]:
        """Which outputs are other numbers when fn is called again at the start: those of a random function.

        Where something was drawn meanwhile, fn is called some more times: dropout of one number gives the same every other time.
        """
        first = [_data(x) for x in outputs]
        found: set[int] = set()
        before, draws = _drawn(), _Draws()
        effects = sys.modules.get("micrograd.nn.effects")
        with effects.listening(draws) if effects else nullcontext():
            self._compared(first, found)
        for _ in range(12 if draws.any or _drawn() != before else 0):
            self._compared(first, found)
        return found

    def _compared(self, first: Sequence[float], found: set[int]) -> None:
        try:
            again = [_data(x) for x in self.outputs(self.start)]
        except Exception:  # it did not raise before
            again = []
        for k, y in enumerate(first):
            if k >= len(again) or not (again[k] == y or (y != y and again[k] != again[k])):
                found.add(k)

    def flattened(self, found: Any) -> list[float]:
        """A gradient in the shape of the inputs as one flat list of floats."""
        parts = found if isinstance(found, (list, tuple)) and len(found) == len(self.inputs) else [found]
        for name, part, x in zip(self.arguments_names, parts, self.inputs, strict=False):
            shaped.refuse_other_shape(name, part, x)
        template = self.inputs[0] if isinstance(found, Mapping) and len(self.inputs) == 1 else self.inputs
        gradient = [_float(x, "gradient()") for x in shaped.flat(found, template)]
        if len(gradient) != len(self.start):
            raise ValueError(f"gradient() gave {len(gradient)} numbers for {len(self.start)} inputs")
        return gradient

    def numbers(self, numbers: Sequence[float]) -> list[float] | None:
        """What fn gives at these numbers; None where it raises."""
        try:
            return [_data(x) for x in self.outputs(numbers)]
        except Exception:
            return None

    def evaluation(self, output: int, outputs: Sequence[Any]) -> SlotEvaluation:
        """One output as a function of the inputs. outputs: what fn gave at the start."""
        return SlotEvaluation(self, output, outputs)


def _filled(x: Any, todo: Iterator[Any], wrap: Callable[[Any], Any] | None) -> Any:
    """The input x with the next numbers in the places of its own."""
    if type(x) is float:
        return next(todo) if wrap is None else wrap(next(todo))
    if isinstance(x, Value):
        x.data = next(todo)
        return x
    if hasattr(x, "named_parameters"):
        for _, p in x.named_parameters():
            p.data = next(todo)
        return x
    if isinstance(x, (list, tuple)):
        inner = [_filled(inside, todo, wrap) for inside in x]
        return tuple(inner) if type(x) is tuple else type(x)(*inner) if hasattr(x, "_fields") else inner
    if isinstance(x, Mapping):
        return {key: _filled(inside, todo, wrap) for key, inside in x.items()}
    if shaped.is_array(x):
        if shaped.of_objects(x):
            return shaped.holding(x, [_filled(inside, todo, wrap) for inside in shaped.elements(x)])
        if wrap is None:
            return shaped.like(x, [next(todo) for _ in shaped.elements(x)])
        inner = [wrap(next(todo)) for _ in shaped.elements(x)]
        return shaped.holding(x, inner) if len(x.shape) else inner[0]
    return next(todo) if wrap is None else wrap(next(todo))


class SlotEvaluation(Evaluation):
    """One output of a call that is checked. root, leaves: what it gave at the start, and the Values that stood for the inputs."""

    def __init__(self, slots: Slots, output: int, outputs: Sequence[Any]) -> None:
        self.slots, self.output = slots, output
        self.names = [f"{name} → [{output}]" for name in slots.names] if len(outputs) > 1 else slots.names
        self.start, self.epsilon = slots.start, slots.epsilon
        self.in_place = any(v is not None for v in slots.held)
        self.root, self.leaves = outputs[output], slots.leaves
        self._terms: dict[Value, Terms] | None = None

    def here(self) -> float:
        return _data(self.root)

    def _moved(self, i: int, x: Any) -> list[Any]:
        return [*self.start[:i], x, *self.start[i + 1 :]]

    def at(self, i: int, x: float) -> float:
        return self.at_all(self._moved(i, x))

    def at_all(self, numbers: Sequence[float]) -> float:
        try:
            return _data(self.slots.outputs(numbers)[self.output])
        except Exception:
            return math.nan

    def restore(self) -> None:
        """Held Values stand where they stood at the start."""
        self.slots.arguments(self.start, _same)

    def terms(self, i: int) -> Terms:
        if not isinstance(self.root, Value):
            return Terms()
        if self._terms is None:
            self.restore()
            self._terms = terms(self.root, self.leaves)
        return self._terms[self.leaves[i]]

    def complex_at(self, i: int, x: Any, m: Any) -> Any:
        from micrograd.checking.exact import Exact

        if self.slots.plain:
            raise TypeError("with gradient= it is a function of floats")
        numbers = [Exact(x if j == i else m.mpf(s), m) for j, s in enumerate(self.start)]
        moving = {id(v) for v in self.slots.held if v is not None}
        out = _items(self.slots.fn(*(self._standing_in(numbers) if moving else self.slots.arguments(numbers, _same))))[self.output]
        if isinstance(out, Exact):
            return out.x
        if isinstance(out, Value) and moving and any(id(v) in moving for v in out.topological()):
            raise TypeError("it uses a given Value by another way than its argument")
        return m.mpf(_data(out))

    def _standing_in(self, numbers: Sequence[Any]) -> Any:
        """The arguments with these in the place of numbers, of given Values, and of parameters in copies of given Modules."""
        import copy

        free = (number for v, number in zip(self.slots.held, numbers, strict=True) if v is None)
        arguments = self.slots.arguments(self.start, lambda x: next(free))
        instead: dict[int, Any] = {id(number): number for number in numbers}
        instead.update((id(v), number) for v, number in zip(self.slots.held, numbers, strict=True) if v is not None)
        return copy.deepcopy(arguments, instead)


class _Draws:
    """Whether a layer of ours draws random numbers; it goes on as it would (a listener, see nn/effects.py)."""

    any = False

    def fresh(self, leaf: Value, draw: Callable[[], float]) -> None:
        self.any = True
        leaf.data = draw()

    def assign(self, buffer: Value, new: Value) -> None:
        buffer.data = new.data


def _drawn() -> object:
    """The state of Python's and NumPy's random numbers."""
    state: list[Any] = []
    if "random" in sys.modules:
        state.append(sys.modules["random"].getstate())
    if "numpy.random" in sys.modules:
        _, keys, *rest = sys.modules["numpy.random"].get_state()
        state += [keys.tobytes(), *rest]
    return state


def _data(x: Any) -> float:
    return x.data if isinstance(x, Value) else float(x)


def _same(x: Any) -> Any:
    return x


def _items(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return list(result)
    return shaped.elements(result) if shaped.is_array(result) else [result]


def _listed(result: Any, plain: bool) -> list[Any]:
    found = _items(result)
    if plain:
        return [_float(x, "fn") for x in found]
    return [x if isinstance(x, Value) else Value(x) for x in found]


def _float(x: Any, whose: str) -> float:
    """A number of any kind; TypeError for what is none (a complex one is nan: it is no real number)."""
    x = x.data if isinstance(x, Value) else x
    if isinstance(x, complex):
        return math.nan
    try:
        return number(x)
    except TypeError:
        if shaped.is_array(x) and len(shaped.elements(x)) == 1:
            return number(shaped.elements(x)[0])
        raise TypeError(f"{whose} gave {x!r:.80} (a {type(x).__name__}) where a number was expected") from None


def _argument_names(fn: Any, count: int) -> list[str]:
    """The names of fn's parameters, as far as they can be known."""
    import inspect

    try:
        known = [p.name for p in inspect.signature(fn).parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        known = []
    return [known[i] if i < len(known) else f"input {i}" for i in range(count)]
