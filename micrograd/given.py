"""What people give for a setting, looked at once: a real number, a whole number, rows; else one sentence that says what to write."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from math import isfinite
from random import Random
from typing import Any

from micrograd.engine import Value
from micrograd.ops.op import number

WORDS = "labels that are words become numbers by names = sorted(set(labels)); labels = [names.index(x) for x in labels]"


def real(what: str, x: Any) -> float:
    """x as a float; TypeError for what is no real number, a string above all ("0.1" is one, and no learning rate)."""
    try:
        return number(x)
    except TypeError:
        raise TypeError(f"{what} must be a real number, not {_shown(x)}") from None


def whole(what: str, x: Any, least: int = 0) -> int:
    """x as an int; TypeError for what is no whole number, ValueError for what is below `least`."""
    try:
        found: int = x.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"{what} must be a whole number, not {_shown(x)}") from None
    if found < least:
        raise ValueError(f"{what} must be at least {least}, not {found}")
    return found


def index(x: Any) -> int:
    """A class or another index as an int: whole numbers of any type, 1.0 and True too.

    IndexError for a number that is not whole, TypeError for what is none. (A Value that was computed is none: no gradient
    would pass.)
    """
    if isinstance(x, Value) and x.op is None:
        x = x.data
    if hasattr(x, "__array__"):
        x = x.item()
    try:
        found = number(x)
    except TypeError:
        hint = f" ({WORDS})" if isinstance(x, str) else ""
        raise TypeError(f"a class, like every index, is a whole number, not {_shown(x)}{hint}") from None
    if not isfinite(found) or found != int(found):
        raise IndexError(f"a class, like every index, is a whole number, not {found}")
    return int(found)


def atom(who: str, x: Any) -> Any:
    """x, a Value or a number (as a float); TypeError for what a loss cannot compute with."""
    if type(x) is float or hasattr(type(x), "__op__"):
        return x
    try:
        return number(x.item() if hasattr(x, "__array__") else x)
    except (TypeError, ValueError):
        hint = f" ({WORDS})" if isinstance(x, str) else ""
        raise TypeError(f"{who} is of numbers, not of {_shown(x)}{hint}") from None


def generator(rng: Any, draws: str = "gauss") -> Any:
    """rng, a `random.Random` or the module `random`, or whatever else draws by that name; None: one that begins the same each time."""
    if rng is None:
        return Random(0)
    if not hasattr(rng, draws):
        seed = rng if isinstance(rng, int) else 0
        raise TypeError(f"rng is a generator of the module random, not {_shown(rng)}: write rng=random.Random({seed})")
    return rng


def is_list(x: Any) -> bool:
    """Whether x is a list of things (a list, a tuple, an array), not one thing: a number, or a string, which is no list of numbers.

    TypeError for a dict or a set, whose items would be its keys, or in no order.

    >>> [is_list(x) for x in ([1.0], (), 1.0, "ab")]
    [True, True, False, False]
    """
    kind = type(x)
    if kind is list:
        return True
    if kind is float or kind is Value:
        return False
    if isinstance(x, (dict, set, frozenset)):
        raise TypeError(f"numbers come in lists here, not in a {kind.__name__}: {x!r:.60} (write list(x.values()), or sorted(x))")
    return hasattr(x, "__len__") and not isinstance(x, (str, bytes)) and getattr(x, "ndim", 1) != 0


def rows(x: Any) -> Any:
    """x, a table or a tensor as the array of its numbers, so that x[i] is its i-th row (a table's x[i] is a column, or a label's).

    What has `__array__` and is no NumPy array: a DataFrame or Series of pandas or polars, a tensor of PyTorch or JAX.
    """
    if type(x) is list or hasattr(x, "__array_interface__") or not hasattr(x, "__array__"):
        return x
    return importlib.import_module("numpy").asarray(x)


def sequence(what: str, x: Any) -> Any:
    """x as something with a length and places: `rows`, or the list of what any other iterable gives. TypeError for a string or a dict."""
    x = rows(x)
    if is_list(x) and hasattr(x, "__getitem__"):
        return x
    if isinstance(x, (str, bytes)) or not isinstance(x, Iterable):
        raise TypeError(f"{what} must be a list, an array or a table, not {_shown(x)}")
    return list(x)


def _shown(x: Any) -> str:
    return f"{x!r:.60}" if isinstance(x, (str, bytes, bool, int, float, type(None))) else f"{type(x).__name__}: {shown(x)}"


def shown(x: Any) -> str:
    """The beginning of what x is written as, in one line."""
    return " ".join(repr(x).split())[:60]
