"""Nested lists as arrays: what the layers need of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.engine import Value
from micrograd.given import is_list, rows


def depth(x: Any) -> int:
    """How deep lists are nested: 0 for a number, 1 for a list of numbers.

    >>> depth([[1.0, 2.0]])
    2
    """
    n = 0
    while is_list(x):
        n, x = n + 1, x[0] if len(x) else 0.0
    return n


def each(f: Callable[[Any], Any], x: Any) -> Any:
    """`f` of every number of nested lists, in the same shape."""
    return [each(f, item) for item in x] if is_list(x) else f(x)


def over(f: Callable[[Any], Any], rank: int, x: Any, who: str) -> Any:
    """`f` of the sample x, or of every sample in a list (of lists …) of them; a sample is a list nested `rank` deep."""
    x = rows(x)
    axes = depth(x) - rank
    if axes < 0:
        found = repr(x)[:60] if isinstance(x, str) else rank + axes
        raise ValueError(f"{who} takes lists nested {rank} deep (or a batch of them), not {found}")
    return _at_depth(f, x, axes)


def _at_depth(f: Callable[[Any], Any], x: Any, axes: int) -> Any:
    return [_at_depth(f, item, axes - 1) for item in x] if axes else f(x)


def of_rows(x: Any) -> bool:
    """Whether x is a list of lists: samples, where a layer takes a list of numbers."""
    return is_list(x) and len(x) > 0 and is_list(x[0])


def flat(x: Any) -> list[Any]:
    """All numbers of nested lists in one list.

    >>> flat([[1, 2], [3, [4]]])
    [1, 2, 3, 4]
    """
    if not is_list(x):
        return [x]
    return [y for item in x for y in flat(item)]


def values(x: Any) -> Any:
    """Nested lists with every number a Value: once made, it is one node however often it is used."""
    return each(lambda v: v if hasattr(type(v), "__op__") else Value(v), x)


def added(x: Any, y: Any) -> Any:
    """x + y, number by number, of two nested lists of one shape."""
    if not is_list(x):
        return x + y
    if not is_list(y) or len(x) != len(y):
        raise ValueError(f"cannot add a list of {len(x)} and {f'a list of {len(y)}' if is_list(y) else 'a number'}")
    return [added(a, b) for a, b in zip(x, y, strict=True)]
