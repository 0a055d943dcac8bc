"""Functions of lists, in plain Value code: stable at ±1000, and working on numbers too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, SupportsFloat, overload

from micrograd import ops
from micrograd.engine import Value
from micrograd.ops.op import number


def _data(x: Any) -> float:
    return x.data if isinstance(x, Value) else number(x)


def _filled(name: str, xs: Iterable[Any]) -> list[Any]:
    if isinstance(xs, (str, Value)) or not hasattr(xs, "__iter__"):
        raise TypeError(f"{name} is of a list of numbers, not of {xs!r:.60}")
    found = list(xs)
    if not found:
        raise ValueError(f"{name} of an empty list is not defined")
    if isinstance(found[0], (list, tuple)) or getattr(found[0], "shape", None):
        raise TypeError(f"{name} is of one list of numbers; of each row: [{name}(row) for row in rows]")
    return found


def argmax(xs: Iterable[Any]) -> int:
    """The index of the largest (the first of equals; the first nan if there is one). Not differentiable."""
    data = [_data(x) for x in _filled("argmax", xs)]
    return next((i for i, x in enumerate(data) if x != x), max(range(len(data)), key=data.__getitem__))


@overload
def mean(xs: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def mean(xs: Iterable[SupportsFloat]) -> Value: ...
def mean(xs: Iterable[Any]) -> Any:
    """(x₀ + … + xₙ₋₁)/n."""
    found = _filled("mean", xs)
    return ops.sum_(*found) * (1.0 / len(found))


@overload
def logsumexp(xs: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def logsumexp(xs: Iterable[SupportsFloat]) -> Value: ...
def logsumexp(xs: Iterable[Any]) -> Any:
    """log Σ exp(xᵢ) = m + log Σ exp(xᵢ - m), m being the largest as a constant (the gradient does not depend on it)."""
    found = _filled("logsumexp", xs)
    m = ops.shift(*found)
    return ops.log_(ops.sum_(*(ops.exp(x - m) for x in found))) + m


@overload
def softmax(xs: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(xs: Iterable[SupportsFloat]) -> list[Value]: ...
def softmax(xs: Iterable[Any]) -> list[Any]:
    """exp(xᵢ)/Σ exp(xⱼ), each shifted by the largest."""
    found = _filled("softmax", xs)
    m = ops.shift(*found)
    e = [ops.exp(x - m) for x in found]
    total = ops.sum_(*e)
    return [ops.div(x, total) for x in e]


@overload
def log_softmax(xs: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def log_softmax(xs: Iterable[SupportsFloat]) -> list[Value]: ...
def log_softmax(xs: Iterable[Any]) -> list[Any]:
    """xᵢ - logsumexp(x)."""
    found = _filled("log_softmax", xs)
    m = ops.shift(*found)
    shifted = [x - m for x in found]
    total = ops.log_(ops.sum_(*(ops.exp(x) for x in shifted)))
    return [x - total for x in shifted]


@overload
def norm(xs: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def norm(xs: Iterable[SupportsFloat]) -> Value: ...
def norm(xs: Iterable[Any]) -> Any:
    """√Σ xᵢ², without overflow: hypot of hypots. Gradient 0 at the origin (the minimum-norm subgradient)."""
    found = _filled("norm", xs)
    total = ops.abs_(found[0])
    for x in found[1:]:
        total = ops.hypot(total, x)
    return total


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from micrograd.habits import missing

        raise missing(__name__, name, known=globals())
