"""A bound of rounding without any library: `error_bound(root)` carries errors along in plain floats, in one extra pass each way.

Running error analysis, to first order: beside each number goes a bound of its error, and every op adds the rounding that it makes
itself (Wilkinson 1986, "Error analysis revisited"; Higham 2002, "Accuracy and Stability of Numerical Algorithms", 3.3).

    value      ε(y) = Σ |∂y/∂xᵢ| ε(xᵢ) + δ|y|
    gradient   ε(x̄) = Σ |p| ε(ȳ) + |ȳ| (Σ |∂p/∂v| ε(v) + δ|p|) + u|ȳp| + u|x̄|      over the users y of x, p = ∂y/∂x by its rule

with u = 2**-53. Assumed of each function, and tested (`tests/core/test_numerics.py`): arithmetic and √ round once (δ = u), what picks
rounds nothing, any other function is within 2.5 ulp and its partial within 3. What is of second order in ε is left out, so where a result
has lost all its digits the bound is an estimate. Where an operand is nearer to a kink or jump than its error, both sides count.
`micrograd.certify` proves.

The code of each pass is made from the rules of the op, as `backward()`'s is (`micrograd/pull.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from micrograd import modes, ops
from micrograd.checking.proven import digits
from micrograd.checking.running_code import U, passes
from micrograd.engine import Value
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

    def __init__(self, root: Value, e: Any, r: Any, leaves: dict[Value, float], grads: Sequence[float], order: Sequence[Value]) -> None:
        self._root, self._e, self._r, self._leaves, self._grads, self._order = root, e, r, leaves, grads, order

    @cached_property
    def _gradients(self) -> dict[Value, float]:
        return {**self._leaves, **dict(zip(self._order, self._grads, strict=True))}

    @cached_property
    def names(self) -> dict[Value, str]:
        """What each node is called: its label, else v1, v2 and so on."""
        nodes = self._root.topological()
        return dict(zip(nodes, teller().names(nodes), strict=True))

    def __getitem__(self, v: Value) -> tuple[Bounded, Bounded]:
        gradient, name = self._gradients[v], self.names[v]
        value = Bounded(name, "value", v.data, _known(self._e[v] * U))
        return value, Bounded(name, "gradient", float(gradient), _known(self._r[v] * U))

    def __iter__(self) -> Iterator[Value]:
        return iter(self._gradients)

    def __len__(self) -> int:
        return len(self._gradients)

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


class _Errors(dict[Any, float]):
    """Errors by node, 0 at first: those of a leaf are."""

    def __missing__(self, node: Any) -> float:
        self[node] = 0.0
        return 0.0


FLAT = {"less", "equal", "sign", "step", "floor", "ceil", "trunc", "round"}  # slopes 0 on both sides of a jump
JUMPS = FLAT | {"where", "mod"}


def _straddles(v: Value, e: Any) -> float:
    """0.0 where it is sure on which side of its kink or jump a node is; else how far the slopes of both sides can be apart."""
    op: Any = v.op  # leaves are not asked
    a = v._a
    if op.rough is None and a is not None and abs(a._data) > e[a] * U:  # most of them: one operand, far from 0
        return 0.0
    args = v.args
    errors = [e[a] for a in (args[:1] if op.name == "where" else args)]
    xs = [a._data for a in args]
    if not sum(errors) > 0.0 or not all(map(math.isfinite, xs)):
        return 0.0
    if op.name == "mod":
        errors = [errors[0] / (abs(xs[1]) or 1.0), errors[1] * abs(xs[0]) / (xs[1] * xs[1] or 1.0)]
    near = abs(op.rough(*xs, *op.params) if op.rough else xs[0])
    if near > sum(errors) * U:
        return 0.0
    return math.inf if op.name in ("where", "mod") else 2.0 * max(1.0, *map(abs, op.params)) if op.name == "leaky_relu" else 2.0


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
    order = root.interior()
    modes.refuse_changed(order)
    e: dict[Value, float] = _Errors()
    e.update((a, abs(a._data)) for v in order for a in v.args if type(a._data) is Known)
    code = {op: passes(op) for op in {v.op for v in order}}
    forward, backward = ({op: both[way] for op, both in code.items()} for way in (0, 1))
    unsure = {op for op in code if getattr(op, "rough", None) or getattr(op, "kinks", ())} - {ops.pow_, ops.atan2, ops.hypot}
    straddled: dict[Value, float] = {}
    lost: set[Value] = set()  # past the largest double, or no number, and what is computed of such
    for v in order:
        forward[v.op](v, e)
        if not math.isfinite(v._data) or (lost and not lost.isdisjoint(v.args)):
            lost.add(v)
            e[v] = math.inf
        if v.op in unsure and (span := _straddles(v, e)):
            straddled[v] = span
            e[v] = max(e[v], math.inf if v.op.name in JUMPS else span * sum(e[a] for a in v.args))
    leaves = [v for v in e if v.op is None] or [root]
    e = dict(e)  # plain ones are faster
    e.setdefault(root, 0.0)
    r = dict.fromkeys(e, 0.0)
    kept, kept_order = [v.grad for v in leaves], [v.grad for v in order]
    try:
        for v in leaves:
            v.grad = 0.0
        root.start_backward(order)
        for v in modes.hooks:
            if v in r:
                r[v] = math.inf
        for v in reversed(order):
            if v.grad is not UNREACHED:
                backward[v.op](v, e, r)
                if v in straddled and v.op.name not in FLAT:
                    for a in v.args:
                        r[a] += straddled[v] * abs(v.grad) / U if v.grad else 0.0
                        if a.grad is UNREACHED:  # on the other side something would go on from here
                            r.update(dict.fromkeys(a.topological(), math.inf))
        if lost:
            r.update(dict.fromkeys((a for v in order if v in lost for a in (v, *v.args)), math.inf))
            for v in reversed(order):
                if r[v] == math.inf:
                    r.update(dict.fromkeys(v.args, math.inf))
        return Bounds(root, e, r, dict(zip(leaves, [v.grad for v in leaves], strict=True)), [v.grad for v in order], order)
    finally:
        for v, grad in zip(leaves, kept, strict=True):
            v.grad = grad
        for v, grad in zip(order, kept_order, strict=True):
            v.grad = grad
