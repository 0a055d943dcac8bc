"""Derivatives of functions, as functions of the same arguments: what `grad(f)` is, and `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from micrograd.given import whole
from micrograd.modes import recorded
from micrograd.nested import Arguments, one_value
from micrograd.transforms import grad


def gradient(f: Any, misplaced: tuple[Any, ...], argnums: int | Sequence[int] = 0, create_graph: bool = False) -> Callable[..., Any]:
    """The function whose value is the gradient of f alone. misplaced: what was given beside f, which is refused."""
    _a_function("grad", f)
    if misplaced:
        point = misplaced[0]
        called = ", ".join(f"{x!r:.40}" for x in point) if isinstance(point, (list, tuple)) else f"{point!r:.40}"
        raise TypeError(f"grad(f) is a function: write grad(f)({called}); which arguments it is by: grad(f, argnums=…)")
    both = value_and_grad(f, argnums=argnums, create_graph=create_graph)

    @wraps(f, updated=())
    def gradient_of(*args: Any, **keywords: Any) -> Any:
        return both(*args, **keywords)[1]

    return gradient_of


def value_and_grad(f: Callable[..., Any], *, argnums: int | Sequence[int] = 0, create_graph: bool = False) -> Callable[..., Any]:
    """The function (x, …) ↦ (f(x, …), ∂f/∂x), for an f of one number; by one call of f and one reverse pass.

    argnums: the place of the argument that the derivative is by, or a tuple of places, which gives a tuple. Such an argument
    is a number, or numbers nested in lists, tuples, dicts and arrays; the derivative is nested likewise, and f gets it with
    Values for numbers. Other arguments, and keywords, are handed on as they are. Gives floats; Values, which can be
    differentiated again, where Values are given, inside another such function, or with create_graph=True.

    TypeError: an argument that is not of numbers; an f that gives several numbers (see `jacobian`) or none.

    >>> value_and_grad(lambda w, x: w["a"] * x + w["b"])({"a": 2.0, "b": 1.0}, 3.0)
    (7.0, {'a': 3.0, 'b': 1.0})
    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    _a_function("value_and_grad", f)
    several = isinstance(argnums, Sequence) and not isinstance(argnums, str)
    places = [whole("argnums", k, -255) for k in (argnums if several else [argnums])]  # type: ignore[union-attr]

    @wraps(f, updated=())
    def both(*args: Any, **keywords: Any) -> tuple[Any, Any]:
        for k in places:
            if not -len(args) <= k < len(args):
                raise TypeError(f"the derivative is by argument {k} (argnums), but {len(args)} came by place, the others by name")
        with recorded():
            at = Arguments("grad", [args[k] for k in places])
            at.graph = at.graph or create_graph
            whole = list(args)
            for k, x in zip(places, at.nested(at.leaves), strict=True):
                whole[k] = x
            out = one_value("grad", at.call(f, *whole, **keywords))
            found = tuple(at.nested(grad(out, at.leaves, at.graph)))
        return at.out(out), found if several else found[0]

    return both


def _a_function(who: str, f: Any) -> None:
    if not callable(f):
        raise TypeError(f"{who} takes a function, or a Value and the Values that it is differentiated by, not {f!r:.60}")
    if hasattr(type(f), "value_and_grad"):  # its numbers are not Values: every derivative would be 0
        raise TypeError(f"{f!r} has its own: write step.value_and_grad(…), or give {who} the function that was compiled")
