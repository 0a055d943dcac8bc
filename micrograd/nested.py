"""Numbers nested in lists, tuples, dicts and arrays: taken apart, and the same nesting filled with others."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

from micrograd.engine import Value
from micrograd.ops.op import number

Fill = Callable[[Iterator[Any]], Any]


def opened(x: Any, found: list[Any]) -> Fill:
    """Append the numbers of x to `found`, in order; gives the function that nests other numbers as those were.

    x: a Value or a number; lists, tuples and dicts of such; whatever NumPy reads as an array of numbers, which is filled as
    an array (of floats, or of objects where Values are among what is filled in). TypeError for anything else.

    >>> numbers = []
    >>> fill = opened({"w": [1.0, (2.0, 3.0)], "b": 4.0}, numbers)
    >>> numbers, fill(iter("abcd"))
    ([1.0, 2.0, 3.0, 4.0], {'w': ['a', ('b', 'c')], 'b': 'd'})
    """
    if type(x) is float or isinstance(x, Value):
        found.append(x)
        return next
    if isinstance(x, dict):
        parts = {key: opened(item, found) for key, item in x.items()}
        return lambda numbers: {key: fill(numbers) for key, fill in parts.items()}
    if isinstance(x, (list, tuple)):
        fills = [opened(item, found) for item in x]
        if hasattr(x, "_fields"):  # a named tuple
            return lambda numbers: type(x)(*[fill(numbers) for fill in fills])
        kind = list if isinstance(x, list) else tuple
        return lambda numbers: kind(fill(numbers) for fill in fills)
    if hasattr(x, "__array__"):
        array = importlib.import_module("numpy").asarray(x)
        items, shape = array.ravel().tolist(), array.shape
        found.extend(item if isinstance(item, Value) else number(item) for item in items)
        return (lambda numbers: _array([next(numbers) for _ in items], shape)) if shape else next
    found.append(number(x))
    return next


def _array(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    np: Any = importlib.import_module("numpy")
    array = np.empty(len(numbers), dtype=float if all(type(x) is float for x in numbers) else object)
    array[:] = numbers
    return array.reshape(shape)


class Arguments:
    """The arguments of a function taken apart: a leaf for each number in them, which no one else holds.

    graph: whether what is derived must be Values, which can be differentiated again: a Value is among the numbers (the leaf is
    then a node upon it), or another function's derivative, in which this one may stand, is being taken.
    """

    def __init__(self, who: str, args: Sequence[Any]) -> None:
        if isinstance(args, (str, Value)) or not hasattr(args, "__len__") or not hasattr(args, "__iter__"):
            raise TypeError(f"{who} takes the arguments of its function in a tuple: ({_shown(args)},), not {_shown(args)}")
        found: list[Any] = []
        self.fills: list[Fill] = []
        self.sizes: list[int] = []
        for place, x in enumerate(args):
            before = len(found)
            try:
                self.fills.append(opened(x, found))
            except TypeError as error:
                raise TypeError(f"{who}, argument {place}: {error}; lists, tuples, dicts and arrays of them may nest") from None
            self.sizes.append(len(found) - before)
        values = list(map(is_value, found))
        self.graph = bool(_inside.get()) or any(values)
        self.leaves = [x * 1.0 if value else Value(x) for x, value in zip(found, values, strict=True)]

    def nested(self, numbers: Iterable[Any]) -> list[Any]:
        """A number for each leaf, nested as the arguments are: a list with an item for each of them."""
        left = iter(numbers)
        return [fill(left) for fill in self.fills]

    def matched(self, who: str, what: str, other: Sequence[Any]) -> list[Any]:
        """The numbers of `other`, one for each leaf and nested as the arguments are; ValueError where they are not."""
        found: list[Any] = []
        for place, (size, x) in enumerate(zip(self.sizes, other, strict=True)):
            before = len(found)
            opened(x, found)
            if len(found) - before != size:
                raise ValueError(f"{who}: argument {place} has {size} number(s), its {what} {len(found) - before}")
        return found

    def call(self, fn: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        """fn at these arguments. In no_grad too its graph is recorded: that is what a derivative is made of."""
        outside = _inside.set(True)
        try:
            return fn(*args, **keywords)
        finally:
            _inside.reset(outside)

    def out(self, x: Any) -> Any:
        """What is given back of a Value: itself, where it is to be differentiated again, else its number."""
        return x if self.graph or not isinstance(x, Value) else x.data


_inside: ContextVar[bool] = ContextVar("inside a transform", default=False)


def is_value(x: Any) -> bool:
    """Whether x is a Value, not a number: those that a compiler traces are of a class of Values, but answer to float, int or bool."""
    return isinstance(x, Value) and not issubclass(x.__class__, (float, int))


def one_value(who: str, out: Any) -> Value:
    """What a function of one number gave, as a Value (a plain number is a constant); TypeError for anything else."""
    if isinstance(out, Value):
        return out
    if getattr(out, "shape", None) == () and hasattr(out, "item"):  # a NumPy sum of Values
        out = out.item()
    try:
        return out if isinstance(out, Value) else Value(out)
    except TypeError:
        hint = ": did it forget to return?" if out is None else "; jacobian is for functions of several"
    raise TypeError(f"{who} needs a function that gives one number, not {_shown(out)}{hint}")


def _shown(x: Any) -> str:
    return f"{x!r:.60}"
