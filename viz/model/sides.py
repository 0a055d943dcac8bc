"""One side of a comparison: the numbers, names and operations of a graph, copied, so that what runs later changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..given import short
from ..notation.formula import Name, Number, Tree
from ..notation.names import Names, as_python, modules_of, parameter_names, unique
from ..notation.numbers import show
from ..notation.rows import Row, circle, row_of, written
from ..notation.text import write
from ..reading import collector_paused, grad_of, is_value, label_of, number, roots_of
from .told import told

Kind = tuple[str, tuple[float, ...]]  # what made a value: the operation's name, and its constants


@dataclass
class Side:
    """A graph as it was when this was made; parallel lists, arguments before users."""

    values: list[Any]
    operands: list[tuple[int, ...]]  # a place of len(values) or more is a number that the code wrote
    data: list[float]  # of the values, then those numbers
    grads: list[float]
    names: list[str]  # '' where there is none
    labels: list[bool]  # whether its author named it, which says more than a variable's name
    roots: list[int]
    told: list[str] = field(default_factory=list)  # what every value is called in the comparison

    @cached_property
    def kinds(self) -> list[Kind]:
        """What made each value; ('', ()) for a leaf."""
        known: dict[Any, Kind] = {}
        found = []
        for value, operands in zip(self.values, self.operands, strict=True):
            key = (getattr(value, "op", None), getattr(value, "_op", ""), len(operands)) if operands else None
            try:
                kind = known.get(key)
            except TypeError:  # an op that cannot be a key
                kind, key = None, (id(value), "", 0)
            if kind is None:
                kind = known[key] = self._kind(value, len(operands)) if operands else ("", ())
            found.append(kind)
        return found

    def _kind(self, value: Any, count: int) -> Kind:
        row = row_of(value, count)
        return row.name, tuple(row.params)

    @cached_property
    def passed(self) -> bool:
        """Whether a backward pass ran: a gradient is not 0."""
        return any(g != 0 for g in self.grads)

    def row(self, place: int) -> Row:
        """What is known of the operation that made a value."""
        return row_of(self.values[place], len(self.operands[place]))

    def formula(self, place: int, digits: int, signs: bool = True) -> str:
        """How a value was made: `a × b`, or in ASCII `a * b`; '' for a leaf."""
        operands = self.operands[place]
        if not operands:
            return ""
        n = len(self.values)
        said: list[Tree] = [Name(self.told[a]) if a < n else Number(self.data[a]) for a in operands]
        return write(written(self.row(place), said), digits, signs)

    def sign(self, place: int) -> str:
        """The operation that made a value, as it stands in its circle."""
        n, operands = len(self.values), self.operands[place]
        return circle(self.row(place), {i: show(self.data[a]) for i, a in enumerate(operands) if a >= n})


def side(what: Any, called: Names) -> Side:
    """What to compare of a Value, a list of them, a stepper (its numbers are those of its recording), or a model (its parameters).

    TypeError for anything else.
    """
    with collector_paused():
        trace = getattr(what, "trace", None)
        if trace is not None and hasattr(trace, "operands"):
            grads = trace.grads(len(trace))
            names, labels = _names(trace.values, lambda value: "")
            names = unique([own or found for own, found in zip(names, trace.names, strict=True)])
            return Side(list(trace.values), list(trace.operands), list(trace.data), grads, names, labels, [trace.root])
        if not is_value(what) and (parameters := _parameters(what)):
            paths = unique([path for path, _ in parameters])
            values = [value for _, value in parameters]
            data, grads = [number(value.data) for value in values], [grad_of(value) for value in values]
            return Side(values, [()] * len(values), data, grads, paths, [True] * len(values), list(range(len(values))))
        return _of_graph(what, called)


def _of_graph(what: Any, called: Names) -> Side:
    try:
        roots = roots_of(what)
    except (TypeError, ValueError):
        raise TypeError(
            f"cannot compare {short(what)} ({type(what).__name__}): expected a Value, a list of them, what viz.step recorded, or a model"
        ) from None
    graph = told(roots)
    names, labels = _names(graph.values, called.path)
    return Side(
        graph.values,
        graph.operands,
        [*(number(value.data) for value in graph.values), *graph.numbers],
        [grad_of(value) for value in graph.values],
        unique(names),
        labels,
        [graph.place[id(root)] for root in roots],
    )


def _names(values: list[Any], otherwise: Callable[[Any], str]) -> tuple[list[str], list[bool]]:
    """What to call each value, and whether its author said so: its label, its place in its model, or what `otherwise` says."""
    places: dict[int, str] = {}
    for module in reversed(modules_of(values)):
        places.update(parameter_names(module))
    names, labels = [], []
    for value in values:
        label = label_of(value).strip()
        names.append(label or places.get(id(value)) or otherwise(value).strip())
        labels.append(bool(label))
    return names, labels


def _parameters(model: Any) -> list[tuple[str, Any]]:
    """The parameters of a model with their names."""
    named: Callable[[], Iterable[tuple[str, Any]]] | None = getattr(model, "named_parameters", None)
    if callable(named):
        return [(as_python(str(path)), value) for path, value in named()]
    plain = getattr(model, "parameters", None)
    return [(f"parameters()[{i}]", value) for i, value in enumerate(plain())] if callable(plain) and not isinstance(model, type) else []
