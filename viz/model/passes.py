"""How many backward passes the leaves hold: gradients of leaves add up until somebody clears them.

Nothing counts the calls of ``backward()``, but a graph tells: the gradients of the values between are those of the last pass, and so
say what one pass adds to a leaf (the sum of ∂user/∂leaf · user.grad over its users). Where every leaf holds the same whole multiple of
that, the leaves hold so many passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from typing import Any

from ..reading import grad_of
from .partials import local
from .told import Told

LEAVES, USERS = 40, 200  # as many are looked at, and as many uses of each: enough to know, and quick for any graph
CLOSE = 1e-9


def multiple(held: Iterable[tuple[float, float]]) -> int:
    """n where each first number is n times the second one, 2 or more; 1 where that cannot be said.

    >>> multiple([(6.0, 3.0), (-4.0, -2.0), (0.0, 0.0)]), multiple([(6.0, 3.0), (-2.0, -2.0)]), multiple([])
    (2, 1, 1)
    """
    found = 1
    for now, one in held:
        if not (math.isfinite(now) and math.isfinite(one)):
            return 1
        if one == 0.0 or now == 0.0:
            if now != one:
                return 1
            continue
        n = round(now / one) if abs(now / one) < 1e9 else 1
        if n < 2 or found not in (1, n) or abs(now - n * one) > CLOSE * abs(now):
            return 1
        found = n
    return found


def passes(told: Told, roots: Sequence[int]) -> int:
    """How many times one pass from the roots the leaves hold; 1 where it is one, or where nobody can say."""
    values = told.values
    if not all(grad_of(values[root]) == 1.0 for root in roots):
        return 1  # the last pass did not begin here
    leaves = {i for i, args in enumerate(told.operands) if not args and hasattr(values[i], "grad")} - set(roots)
    uses = _uses(told, leaves)
    few = sorted((leaf for leaf in leaves if len(uses[leaf]) <= USERS), key=lambda leaf: (len(uses[leaf]), leaf))[:LEAVES]
    between = {place for leaf in few for place, _ in uses[leaf]} - set(roots)
    slopes = cache(lambda place: local(values[place]))
    for place, later in _uses(told, between).items():
        now, one = grad_of(values[place]), _one(told, later, slopes)
        if not abs(now - one) <= CLOSE * abs(now):
            return 1  # a class whose values between add up too: no pass can be told from the next
    return multiple((grad_of(values[leaf]), _one(told, uses[leaf], slopes)) for leaf in few)


def _uses(told: Told, places: Collection[int]) -> dict[int, list[tuple[int, int]]]:
    """Where each of these is used: (place, which operand)."""
    found: dict[int, list[tuple[int, int]]] = {place: [] for place in places}
    for place, args in enumerate(told.operands):
        for slot, arg in enumerate(args):
            if arg in found:
                found[arg].append((place, slot))
    return found


def _one(told: Told, users: Sequence[tuple[int, int]], slopes: Callable[[int], Sequence[float | None]]) -> float:
    """What one pass adds to a leaf; nan where a derivative is not known."""
    total = 0.0
    for place, slot in users:
        partials, upstream = slopes(place), grad_of(told.values[place])
        partial = partials[slot] if slot < len(partials) else None
        total += math.nan if partial is None else upstream * partial if upstream else 0.0
    return total


def sentence(n: int) -> str:
    """What is said of leaves that hold ``n`` passes; '' for one."""
    return f"the leaves hold {n:,} × what one backward() gives: passes add up until zero_grad()" if n > 1 else ""


def beside(values: Sequence[Any], operands: Sequence[Sequence[int]], root: int, one: Sequence[float]) -> str:
    """What a walk of one pass, which gives the gradients ``one``, says of the gradients that the values have."""
    if grad_of(values[root]) != 1:
        return ""
    n = multiple((grad_of(values[i]), one[i]) for i, args in enumerate(operands) if not args)
    if n == 1:
        return ""
    between = ((grad_of(values[i]), one[i]) for i, args in enumerate(operands) if args)
    fresh = all(abs(a - b) <= CLOSE * abs(a) for a, b in between)
    return f"This walk is one pass, from zero gradients; now {sentence(n)}" if fresh else ""
