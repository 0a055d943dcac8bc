"""What a Value is beside a node of a graph: a number that compares and prints, is copied and pickled, and refuses to drop its graph.

And what a number is that stands beside one.
"""

from __future__ import annotations

import importlib
import math
import numbers
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from micrograd import modes

if TYPE_CHECKING:  # the table's ops are methods (see `install`), and a checker reads of them in `methods.pyi`
    from collections.abc import Callable

    from micrograd.engine import Value
    from micrograd.methods import Methods
    from micrograd.scopes import Scope
else:
    Methods = object

MAX_WHOLE = 2**1000  # below it a whole number has a float


class Scalar(Methods):
    """The base of Value. Comparisons look at the data; identity stays the meaning of `==` and of the hash, as for the original."""

    __slots__ = ()
    _data: float
    label: str
    frozen = False  # optimizers leave a frozen parameter alone, see `Module.freeze`

    scope: Scope | None = property(  # type: ignore[assignment]
        attrgetter("_scope"), doc="The innermost `micrograd.scope` or module call it was made in, or None."
    )

    def _set_data(self: Any, data: Any) -> None:
        old, self._data = getattr(self, "_data", None), number(data)
        if old is not None and (old != self._data or old == 0.0):  # what is set to itself is not changed (0 may change its sign)
            modes.mark_changed(self, modes.tick())

    data: float = property(  # type: ignore[assignment]
        attrgetter("_data"), _set_data, doc="The number. Setting it takes any real number."
    )

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

    def __certify__(self: Any) -> Any:
        """What viz asks for `digits=True`: the certificate of the graph below (`micrograd.certify`)."""
        return importlib.import_module("micrograd.checking.certify").certify(self)

    def register_hook(self: Any, hook: Callable[[float], float | None]) -> Callable[[], None]:
        """Call `hook(grad)` in backward once the gradient here is complete; what it gives replaces it. Returns what removes the hook."""
        return modes.add_hook(self, hook)

    def __float__(self) -> float:
        raise TypeError(f"{self!r} is part of a graph, which float() would drop silently: write v.data for the number")

    __int__ = __complex__ = __float__

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        from micrograd.copying import reduce

        return reduce(self)

    def __copy__(self: Any) -> Any:
        from micrograd.copying import shallow

        return shallow(self)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        from micrograd.copying import deepcopy

        return deepcopy(self, memo)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = {"text/plain": repr(self)}
        try:  # the picture is another package's work: micrograd runs without it
            viz = importlib.import_module("viz")
        except ImportError:
            return bundle
        shown = getattr(viz, "repr_mimebundle", None)  # another package may have the name
        return bundle if shown is None else bundle | dict(shown(self, **kwargs))


def _data(other: Any) -> Any:
    return other._data if isinstance(other, Scalar) else other


class Known(float):
    """A number of a rule, such as log 2, as the double nearest to it, and what it is exactly: exact(m) on an arithmetic `m`.

    A graph of derivatives keeps it, so that `micrograd.certify` encloses the number and not the double.
    """

    __slots__ = ("exact", "text")
    exact: Callable[[Any], Any]
    text: str

    def __new__(cls, double: float, text: str, exact: Callable[[Any], Any]) -> Known:
        found = super().__new__(cls, double)
        found.text, found.exact = text, exact
        return _known.setdefault(text, found)

    def __reduce__(self) -> Any:
        return known, (self.text,)


_known: dict[str, Known] = {}


def known(text: str) -> Known:
    """The number of a rule that is written so: a copied graph finds it again."""
    return _known[text]


def number(x: Any) -> float:
    """A real number of any type as a float (±inf where it is too large), an array or tensor of no dimension being one.

    TypeError for anything else, and for a tensor whose own gradient would be dropped silently.
    """
    if type(x) is float or type(x) is Known:
        return x
    if isinstance(x, (int, numbers.Real)) or type(x).__name__ == "Decimal":
        try:
            return float(x)
        except OverflowError:
            return math.inf if x > 0 else -math.inf
    if isinstance(x, Scalar):
        raise TypeError(f"expected a real number, not a Value: write v.data for the number of {x!r:.80}")
    kind = getattr(getattr(x, "dtype", None), "kind", "f")  # NumPy's: no dates, no texts
    if getattr(x, "ndim", None) == 0 and kind in "fiubO" and not getattr(x, "mask", False):
        if getattr(x, "requires_grad", False):
            raise TypeError(f"the gradient of {x!r:.80} would be dropped silently: write x.item() for its number")
        return number(x.item()) if hasattr(x, "item") else float(x)
    raise TypeError(f"expected a Value or a real number, not {type(x).__name__}: {x!r:.80}")


def given(data: Any) -> float:
    """The number that `Value(data)` is made of; a traced number says itself what it is."""
    traced = getattr(type(data), "__given__", None)
    return number(data) if traced is None else traced(data)


def beside(symbol: str, mine: Value, other: Any) -> Any:
    """The other side of an operator as a float; NotImplemented for a type that may know what to do with ours (an array)."""
    if type(other) is int and -MAX_WHOLE < other < MAX_WHOLE:
        return float(other)
    try:
        return number(other)
    except TypeError:
        if getattr(other, "ndim", None) == 0:
            raise
        if type(other).__module__ != "builtins":
            return NotImplemented
    who = f"{mine.label or 'Value'} = {mine._data}"
    raise TypeError(f"{who} {symbol} {other!r:.60}: a {type(other).__name__} is not a number; Values and real numbers are")
