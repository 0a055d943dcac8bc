"""A bound of rounding without any library: `error_bound(root)` carries errors along in plain floats, in one extra pass each way.

Running error analysis, to first order: beside each number goes a bound of its error, and every op adds the rounding that it makes
itself (Wilkinson 1986, "Error analysis revisited"; Higham 2002, "Accuracy and Stability of Numerical Algorithms", 3.3).

    value      ε(y) = Σ |∂y/∂xᵢ| ε(xᵢ) + δ|y|
    gradient   ε(x̄) = Σ |p| ε(ȳ) + |ȳ| (Σ |∂p/∂v| ε(v) + δ|p|) + u|ȳp| + u|x̄|      over the users y of x, p = ∂y/∂x by its rule

with u = 2**-53. Assumed of each function, and tested (`tests/core/test_numerics.py`): arithmetic and √ round once (δ = u), what picks
rounds nothing, any other function is within 2.5 ulp and its partial within 3. What is of second order in ε is left out, so where a result
has lost all its digits the bound is an estimate. Where an operand is nearer to a kink or jump than its error, both sides count.
`micrograd.certify` proves.

The code of each pass is made from the rules of the op, as `backward()`'s is (`micrograd/pull.py`). Numbers are in lists, and a node is its
place in them: two passes cost what three of `backward()` do; in dictionaries by node they cost four to five.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import count
from typing import Any

from micrograd import modes
from micrograd.checking.proven import digits
from micrograd.checking.running_code import Numbers, Pass, U, may_straddle, passes
from micrograd.collector import paused
from micrograd.engine import Value, turn
from micrograd.notation import certain, teller
from micrograd.pull import UNREACHED
from micrograd.scalar import Known


class Bounded:
    """A number with a bound of its error, what of it is certain, and its error in ulps."""

    __slots__ = ("double", "error", "name", "what")

    def __init__(self, name: str, what: str, double: float, error: float) -> None:
        self.name, self.what, self.double, self.error = name, what, double, error

    @property
    def digits(self) -> int:
        """How many significant decimal digits are certain, as `Proven.digits`."""
        return digits(self.double, self.error)

    @property
    def ulps(self) -> float:
        """The bound in units in the last place of the number."""
        return 0.0 if self.error == 0.0 else self.error / math.ulp(self.double) if math.isfinite(self.double) else math.inf

    def __str__(self) -> str:
        return certain(self.double, self.digits, self.error)

    def __repr__(self) -> str:
        return f"Bounded({self.name} {self.what}: {self})"


def _known(error: float) -> float:
    return error if error == error else math.inf


class Bounds:
    """What `error_bound` found: `bounds[v]` is (value, gradient) of a node, two `Bounded`. rows: as a Certificate's; prints as a table."""

    def __init__(self, root: Value, places: _Places) -> None:
        self._root, self._places = root, places

    @cached_property
    def names(self) -> dict[Value, str]:
        """What each node is called: its label, else v1, v2 and so on."""
        nodes = self._root.topological()
        return dict(zip(nodes, teller().names(nodes), strict=True))

    def __getitem__(self, v: Value) -> tuple[Bounded, Bounded]:
        n, name, known = self._places.all[v], self.names[v], self._places.numbers
        value = Bounded(name, "value", v.data, _known(known.error[n] * U))
        return value, Bounded(name, "gradient", float(known.grad[n]), _known(known.bound[n] * U))

    def __iter__(self) -> Iterator[Value]:
        return iter(self._places.all)

    def __len__(self) -> int:
        return len(self._places.all)

    @property
    def rows(self) -> tuple[Bounded, ...]:
        """The result's value, and the gradient of every leaf."""
        leaves = (v for v in self._root.topological() if v.op is None and not v.is_literal)
        return (self[self._root][0], *(self[v][1] for v in leaves))

    def __str__(self) -> str:
        body = [("number", "", "double", "error", "ulps", "digits")]
        body += [(r.name, r.what, repr(r.double), f"{r.error:.0e}", f"{r.ulps:.3g}", str(r.digits)) for r in self.rows]
        wide = [max(len(line[i]) for line in body) for i in range(6)]
        return "\n".join(
            "  ".join(f"{c:<{w}}" if i < 2 else f"{c:>{w}}" for i, (c, w) in enumerate(zip(line, wide, strict=True))) for line in body
        )

    __repr__ = __str__


FLAT = {"less", "equal", "sign", "step", "floor", "ceil", "trunc", "round"}  # slopes 0 on both sides of a jump
JUMPS = FLAT | {"where", "mod"}


def _straddles(op: Any, data: Sequence[float], error: Sequence[float], args: Sequence[int]) -> float:
    """0.0 where it is sure on which side of its kink or jump a node is; else how far the slopes of both sides can be apart."""
    if op.rough is None and abs(data[args[0]]) > error[args[0]] * U:  # most of them: far from 0
        return 0.0
    errors = [error[a] for a in (args[:1] if op.name == "where" else args)]
    xs = [data[a] for a in args]
    if not sum(errors) > 0.0 or not all(map(math.isfinite, xs)):
        return 0.0
    if op.name == "mod":
        errors = [errors[0] / (abs(xs[1]) or 1.0), errors[1] * abs(xs[0]) / (xs[1] * xs[1] or 1.0)]
    near = abs(op.rough(*xs, *op.params) if op.rough else xs[0])
    if near > sum(errors) * U:
        return 0.0
    return math.inf if op.name in ("where", "mod") else 2.0 * max(1.0, *map(abs, op.params)) if op.name == "leaky_relu" else 2.0


class _Places:
    """Where the nodes of a graph are in the lists of numbers: as they were made, then the leaves, whose numbers are exact.

    a, b: where their arguments are, as in `Value._a` and `_b`. A node's mark is its place, for so long as nobody else walks.
    """

    def __init__(self, root: Value, order: Sequence[Value]) -> None:
        self.order, n = order, len(order)
        self.leaves = leaves = defaultdict[Value, int](count(n).__next__)  # in the order in which they are asked for
        self.root = n - 1 if order else leaves[root]
        for place, v in enumerate(order):
            v._mark = place
        self.a: list[Any] = [None if (a := v._a) is None else leaves[a] if a.op is None else a._mark for v in order]
        self.b: list[Any] = [
            None if (b := v._b) is None else self._several(b) if v._a is None else leaves[b] if b.op is None else b._mark for v in order
        ]
        exact = [v._data for v in leaves]
        data, more = [*[v._data for v in order], *exact], len(leaves)
        error = [abs(x) if type(x) is Known else 0.0 for x in exact]
        self.numbers = Numbers(data, list(map(abs, data)), [0.0] * n + error, [UNREACHED] * n + [0.0] * more, [0.0] * (n + more), [()] * n)

    def _several(self, args: Sequence[Value]) -> list[Any]:
        return [self.leaves[v] if v.op is None else v._mark for v in args]

    @cached_property
    def all(self) -> dict[Value, int]:
        return {**self.leaves, **dict(zip(self.order, range(len(self.order)), strict=True))}

    def lose(self, nodes: Iterable[Value], numbers: list[float]) -> None:
        """Nothing is known of these."""
        for v in nodes:
            numbers[self.all[v]] = math.inf


def _forward(places: _Places) -> list[Pass]:
    """The error of each node. What is given is the backward pass of each."""
    data, error = places.numbers.data, places.numbers.error
    code: dict[Any, Any] = {}
    backwards = []
    for n, v, a, b in zip(range(len(places.order)), places.order, places.a, places.b, strict=True):
        op: Any = v.op
        if op not in code:
            code[op] = (*passes(op, places.numbers), may_straddle(op))
        forward, backward, unsure = code[op]
        if backward is None:
            backward = _by_hand(v, places)
        elif unsure and (span := _straddles(op, data, error, args := b if a is None else (a,) if b is None else (a, b))):
            error[n] = math.inf if op.name in JUMPS else span * sum([error[arg] for arg in args])  # to which the pass adds
            backward = _either(backward, v, span, places)
        forward(n, a, b)
        backwards.append(backward)
    return backwards


def _backward(places: _Places, backwards: list[Pass]) -> None:
    """`grad[arg] += grad[n] * partial` for each argument of each node, the root first, and the bound of it."""
    grad = places.numbers.grad
    for n, backward, a, b in zip(
        range(len(backwards) - 1, -1, -1), reversed(backwards), reversed(places.a), reversed(places.b), strict=True
    ):
        if grad[n] is not UNREACHED:
            backward(n, a, b)


def _either(backward: Pass, v: Value, span: float, places: _Places) -> Pass:
    """The backward pass of a node that may be on either side of its kink or jump."""
    grad, bound = places.numbers.grad, places.numbers.bound

    def both(n: int, a: Any, b: Any) -> None:
        backward(n, a, b)
        for arg in v.args:
            k = places.all[arg]
            bound[k] += span * abs(grad[n]) / U if grad[n] else 0.0
            if grad[k] is UNREACHED:  # on the other side something would go on from here
                places.lose(arg.topological(), bound)

    return backward if v.op.name in FLAT else both  # type: ignore[union-attr]


def _by_hand(v: Value, places: _Places) -> Pass:
    """The backward pass of a node whose rule is not known: its own is run, and of what it gives nothing is known."""
    grad, bound = places.numbers.grad, places.numbers.bound

    def backward(n: int, a: Any, b: Any) -> None:
        kept = [(x, x.grad) for x in (v, *v.args)]
        try:
            for x in (v, *v.args):
                x.grad = grad[places.all[x]]
            v.op.pull(v)  # type: ignore[union-attr]
            for x in v.args:
                grad[places.all[x]], bound[places.all[x]] = x.grad, math.inf
        finally:
            for x, before in kept:
                x.grad = before

    return backward


def _lost(order: Sequence[Value], size: Sequence[float]) -> dict[Value, None]:
    """What is past the largest double, or no number, and what is computed of such."""
    lost: dict[Value, None] = {}
    if not math.isfinite(sum(size)):
        for v in order:
            if not math.isfinite(v._data) or any(a in lost for a in v.args):
                lost[v] = None
    return lost


def error_bound(root: Value) -> Bounds:
    """A bound of the rounding error in every value and gradient below `root`, to first order, in plain floats; no graph changes.

    The leaves' numbers are exact. inf stands where nothing is known: below a node made by hand or a hook, at a pole. See this module's
    docstring for the formula and what is assumed.

    >>> a, b = Value(0.1, label="a"), Value(0.3, label="b")
    >>> bounds = error_bound(a * b + (a - b).tanh())
    >>> [row.digits for row in bounds.rows]
    [15, 15, 14]

    Raises TypeError for what is no Value, RuntimeError where `.data` was set after it was used.
    """
    if not isinstance(root, Value):
        raise TypeError(f"error_bound takes the root of a graph, a Value, not {root!r:.80}")
    with paused():  # what is made stays to the end, and has no cycles
        with turn:
            order = root.interior()
            modes.refuse_changed(order)
            places = _Places(root, order)
        backwards = _forward(places)
        grad, bound = places.numbers.grad, places.numbers.bound
        lost = _lost(order, places.numbers.size)
        places.lose(lost, places.numbers.error)
        if modes.hooks:
            places.lose([v for v in modes.hooks if v in places.all], bound)
        grad[places.root] = 1.0
        _backward(places, backwards)
        for v in reversed(order) if lost else ():
            if v in lost or bound[places.all[v]] == math.inf:
                places.lose((v, *v.args), bound)
    return Bounds(root, places)
