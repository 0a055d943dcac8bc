"""How a Value behaves as a number beside arithmetic: comparison, formatting, and the refusals that keep graphs whole."""

from __future__ import annotations

from typing import Any


class Number:
    """Comparisons look at the data; identity stays the meaning of `==` and of the hash, as for the original."""

    __slots__ = ()
    _data: float
    label: str
    frozen = False  # optimizers leave a frozen parameter alone, see `Module.freeze`

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self._data}, grad={self.grad}{label})"  # type: ignore[attr-defined]

    def __lt__(self, other: Any) -> bool:
        return bool(self._data < _data(other))

    def __le__(self, other: Any) -> bool:
        return bool(self._data <= _data(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._data > _data(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self._data >= _data(other))

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __round__(self, digits: int | None = None) -> float:
        return round(self._data, digits)

    def item(self) -> float:
        """The number, `data`: what PyTorch's and NumPy's scalars call so."""
        return self._data

    def __float__(self) -> float:
        raise TypeError(f"{self!r} is part of a graph, which float() would drop silently: write v.data for the number")

    __int__ = __complex__ = __float__


def _data(other: Any) -> Any:
    return other._data if isinstance(other, Number) else other
