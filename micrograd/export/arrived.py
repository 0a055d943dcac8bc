"""What came from elsewhere: its parameters as named arrays of `Value`s, its arguments checked and made Values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.engine import Value
from micrograd.export.valued import Array, array


class Arrived:
    """A function of nested lists with parameters. arrays: these, by name."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}

    def parameters(self) -> list[Value]:
        """All of them, array after array."""
        return [v for values in self.arrays.values() for v in values.ravel()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """With the names that they are labelled by."""
        return ((v.label, v) for v in self.parameters())

    def numbers(self, name: str) -> Array:
        """The numbers of a parameter as they are now, in float64."""
        values = self.arrays[name]
        return np.array([v.data for v in values.ravel()], dtype=np.float64).reshape(values.shape)


def labelled(numbers: Any, name: str) -> Array:
    """An array of Values with the labels `name[1,2]`."""
    made = np.empty(numbers.shape, dtype=object)
    for at in np.ndindex(*numbers.shape):
        made[at] = Value(float(numbers[at]), label=f"{name}[{','.join(map(str, at))}]" if at else name)
    return made


def argument(name: str, x: Any, shape: Sequence[int | None], floating: bool) -> Array:
    """An argument as an array: Values where the function takes floating-point numbers, numbers where it takes others.

    x: nested lists of numbers and Values, an array or a tensor. shape: what is wanted, None for an axis of any length.
    ValueError for another.
    """
    given = array(x.detach().cpu().numpy() if hasattr(x, "detach") and not isinstance(x, Value) else x)
    if given.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, given.shape, strict=True)):
        wanted = f"({', '.join('any' if n is None else str(n) for n in shape)}{',' * (len(shape) == 1)})"
        raise ValueError(f"{name} has the shape {given.shape}, and what was read takes {wanted}")
    if not floating:
        return given
    made = np.empty(given.shape, dtype=object)
    for at in np.ndindex(*given.shape):
        made[at] = given[at] if isinstance(given[at], Value) else Value(float(given[at]))
    return made


def plain(name: str, x: Array, dtype: Any) -> Array:
    """Numbers in the type that was read; ValueError for 0.5 where whole numbers are taken, which a cast would cut to 0 unasked."""
    if np.dtype(dtype).kind in "iu" and any(isinstance(v, Value) or v != int(v) for v in x.flat):
        raise ValueError(f"{name} takes whole numbers, as in what was read (its example, its type), not {x.tolist()!r:.60}")
    return x.astype(dtype)


def nested(x: Array) -> Any:
    """An array as nested lists, one of no axes as what it holds."""
    return x.item() if x.shape == () else x.tolist()
