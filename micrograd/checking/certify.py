"""Proven digits: `certify(root)` gives for every value and gradient of a graph an enclosure of the exact number.

    >>> from micrograd import Value
    >>> a, b = Value(0.1, label="a"), Value(0.3, label="b")
    >>> c = a * b + (a - b).tanh()
    >>> print(certify(c))                                       # doctest: +SKIP
    number                          double  error   ulps  digits  verdict
    c       value     -0.16737532022490398  6e-18  0.207      16  correctly rounded
    a       gradient    1.2610429829661167  1e-16  0.559      16  0.559 ulps off
    b       gradient   -0.8610429829661167  1e-16  0.869      15  0.869 ulps off

The exact number is the real number that the program defines: its inputs' and its code's doubles are exact, every op is its mathematics
without rounding, and the derivative is the chain rule over these exact numbers with our conventions at kinks. It is enclosed by ball
arithmetic (`micrograd/checking/balls.py`), forward and then back, as `backward()` goes: Johansson 2017, "Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic". A structural zero passes nothing, as in the engine (`micrograd/pull.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from sys import _getframe
from typing import Any

from micrograd.checking.balls import flint
from micrograd.checking.enclosed import FIRST, Graph
from micrograd.checking.proven import Proven
from micrograd.checking.slots import Slots
from micrograd.engine import Value
from micrograd.notation import variables
from micrograd.ops.op import number


class Certificate:
    """What is proven of every value and gradient of a graph. `certificate[v]` is (value, gradient) of a node, two `Proven`.

    rows: the result's value, then the gradient of every leaf (or input). It prints as a table of them, and is true where all of them
    are decided. Precision rises when something is asked that the first pass leaves open.
    """

    def __init__(self, graph: Graph, gradient: Sequence[float], shown: Sequence[int]) -> None:
        self._graph, self._gradient, self._shown = graph, gradient, shown

    def __getitem__(self, node: Value) -> tuple[Proven, Proven]:
        k = self._graph.place.get(id(node))
        if k is None:
            raise KeyError(f"{node!r} is not in this graph")
        return self._proven(k, False), self._proven(k, True)

    def __iter__(self) -> Iterator[Value]:
        return iter(self._graph.nodes)

    def __len__(self) -> int:
        return len(self._graph.nodes)

    @property
    def rows(self) -> tuple[Proven, ...]:
        """The result's value, and the gradient of every leaf."""
        return (self._proven(len(self) - 1, False), *(self._proven(k, True) for k in self._shown))

    @property
    def undecided(self) -> tuple[Proven, ...]:
        """The rows whose nearest double is not decided; `why` says what is in the way."""
        return tuple(row for row in self.rows if row.why)

    def enclosures(self) -> list[tuple[Any, Any]]:
        """(value, gradient) of every node in the order of the graph as balls of the first pass, for who has a use for `flint.arb`."""
        return list(zip(*self._graph.at(FIRST), strict=True))

    def __bool__(self) -> bool:
        return not self.undecided

    def __str__(self) -> str:
        head = ("number", "", "double", "error", "ulps", "digits", "verdict")
        rows = self.rows
        body = [(r.name, r.what, repr(r.double), f"{r.error:.0e}", f"{r.ulps:.3g}", str(r.digits), r.verdict) for r in rows]
        wide = [max(len(line[i]) for line in (head, *body)) for i in range(len(head))]
        left = (0, 1, 6)
        lines = [
            [f"{c:<{w}}" if i in left else f"{c:>{w}}" for i, (c, w) in enumerate(zip(line, wide, strict=True))] for line in (head, *body)
        ]
        return "\n".join("  ".join(line).rstrip() for line in lines)

    __repr__ = __str__

    def _proven(self, k: int, gradient: bool) -> Proven:
        g = self._graph
        double = self._gradient[k] if gradient else g.nodes[k].data
        ball, why = g.decided(k, gradient)
        return Proven(g.names[k], "gradient" if gradient else "value", double, ball, why)


def certify(
    root: Any,
    inputs: Any = None,
    *,
    gradient: Any = None,
) -> Certificate:
    """Enclose the exact value and gradient of every node below `root`, a Value; nothing of the graph changes.

    inputs: {leaf (or its label): radius} for leaves that are known to ± a radius only: enclosures then hold for every number within.
    Of a node, `certificate[v]` has `.double`, the enclosure `.low … .high` (`.ball`), `.error`, `.ulps`, `.digits` (decimal digits
    that are certain), `.correctly_rounded`, and `.why` where that is undecided: a kink straddled, a pole, no rule, inputs ± something.
    The gradients are those of one `backward()` from cleared leaves.

    certify(fn, inputs, gradient=theirs): the same of `fn(*inputs)`, a function of Values, by its inputs, in the forms that
    `gradcheck` takes; theirs are the gradients of another engine, in the shape of the inputs or a function of them; without
    them, ours.

    Raises ImportError without python-flint (extra `certify`), RuntimeError where `.data` was set after it was used.
    """
    flint()
    if isinstance(root, Value):
        if gradient is not None:
            raise TypeError("gradient= goes with a function: certify(fn, inputs, gradient=theirs)")
        return _of_graph(root, {} if inputs is None else inputs, variables(_getframe(1)))
    if not callable(root):
        raise TypeError(f"certify takes the root of a graph, a Value, or a function and its inputs, not {root!r:.80}")
    if inputs is None:
        raise TypeError("certify of a function needs its inputs: certify(fn, inputs)")
    slots = Slots(root, inputs)
    with slots.kept():
        outputs = slots.outputs(slots.start)
        if len(outputs) != 1:
            raise ValueError(f"certify is of one number; fn gave {len(outputs)}: sum them, or take one")
        given = gradient(*Slots(root, inputs, plain=True).arguments(slots.start)) if callable(gradient) else gradient
        if given is None and gradient is not None:
            raise TypeError("gradient() gave None, no gradient: does it return one?")
        theirs = None if given is None else slots.flattened(given)
        graph = Graph(outputs[0], slots.leaves)
        found = graph.backward()
        graph.called = {graph.place[id(v)]: name for v, name in zip(slots.leaves, slots.names, strict=True)}
        shown = [graph.place[id(v)] for v in slots.leaves]
        for k, theirs_at in zip(shown, theirs or (), strict=False):
            found[k] = theirs_at
        return Certificate(graph, found, shown)


def _of_graph(root: Value, radii: Mapping[Any, Any], known_as: Any) -> Certificate:
    if not isinstance(radii, Mapping):
        raise TypeError(f"inputs of a graph are {{leaf: radius}}, not {radii!r:.60}")
    graph = Graph(root)
    leaves = [k for k, v in enumerate(graph.nodes) if v.op is None]
    by_name = {graph.nodes[k].label: k for k in leaves if radii and graph.nodes[k].label}
    for leaf, radius in radii.items():
        k = graph.place.get(id(leaf)) if isinstance(leaf, Value) else by_name.get(leaf)
        if k is None or graph.nodes[k].op is not None:
            raise ValueError(f"{leaf!r} is no leaf of this graph")
        r = number(radius)
        if not 0.0 <= r < math.inf:
            raise ValueError(f"a radius is a number from 0 on, not {radius!r} for {leaf!r}")
        if r:
            graph.radii[k] = r
    graph.variables = known_as
    return Certificate(graph, graph.backward(), [k for k in leaves if not graph.nodes[k].is_literal])
