"""Property tests of gradients: Hypothesis strategies, and `assert_gradients`. For your own ops, and for other engines.

Paste this into a test file of your own:

    >>> from hypothesis import given, settings
    >>> from micrograd import testing
    >>> def swish(x):                                 # yours, in Value code
    ...     return x * x.sigmoid()
    >>> @settings(max_examples=20, database=None)
    ... @given(testing.values(-5, 5))
    ... def test_swish(x):
    ...     testing.assert_gradients(swish, (x,))
    >>> test_swish()

Another engine is tested through two callables, of plain numbers:

    >>> testing.assert_gradients(lambda a, b: a * b, (2.0, 3.0), gradient=lambda a, b: (b, a))
    >>> testing.assert_gradients(lambda a, b: a * b, (2.0, 3.0), gradient=lambda a, b: (b, b))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    micrograd.testing.GradientError: the gradient is wrong in 1 of 2 numbers
    ...
    b             3        2  ...  WRONG by 3.3e-01

A class of one's own is examined by `diagnose`: every operation, reuse of nodes, topological order, what backward() begins with and
keeps. The report is true where something was judged and nothing is wrong, prints as text and saves itself as a page (docs/doctor.md):

    >>> from micrograd import Value
    >>> bool(testing.diagnose(Value))
    True

A module imported by tests alone: it needs Hypothesis (extra `test`).
"""

from __future__ import annotations

import math
import numbers
import operator
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st

from micrograd import nn, ops
from micrograd.checking.checks import RTOL, gradcheck
from micrograd.doctor import diagnose as diagnose
from micrograd.doctor import watch_loop as watch_loop
from micrograd.engine import Value
from micrograd.ops import TABLE
from micrograd.ops.op import Op

SIZE = 8.0  # how far from the edge of its domain, or from 0, an argument is drawn by default


class GradientError(AssertionError):
    """A gradient disagrees with its numeric derivative, or nothing could be decided; the message is the report."""


def assert_gradients(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    gradient: Any = None,
    method: str = "auto",
    order: int = 1,
    rtol: float = RTOL,
) -> None:
    """Raise GradientError, with the table of all numbers, where the gradient of `fn(*inputs)` is wrong, or where all is undecided.

    The arguments are those of `micrograd.gradcheck`.
    """
    report = gradcheck(fn, inputs, gradient=gradient, method=method, order=order, rtol=rtol)
    if report.wrong:
        raise GradientError(f"the gradient is wrong in {len(report.wrong)} of {len(report.rows)} numbers\n{report}")
    if report.rows and len(report.undecided) == len(report.rows):
        raise GradientError(f"nothing could be decided of {len(report.rows)} numbers\n{report}")


def values(low: float = -SIZE, high: float = SIZE) -> st.SearchStrategy[float]:
    """Finite floats in [low, high], simple ones first (0, 1, ½ …) when Hypothesis shrinks; none within 1e-3 of 0 but 0 itself.

    (A derivative with respect to 1e-100 cannot be told from 0 by differences; edges have tests of their own.)
    """
    drawn = st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    return drawn.filter(lambda x: x == 0.0 or abs(x) >= 1e-3)


def domain(op: Op, size: float = SIZE) -> st.SearchStrategy[tuple[float, ...]]:
    """Arguments for one op of the table, well inside its domain and away from its kinks (at most `size` from 0).

    An op of any number of arguments gets an even number of them, up to 6. ValueError for an op that says it has no domain.
    """
    if not op.domain:
        raise ValueError(f"op {op.name!r} has no domain: its partials are not derivatives (see its doc)")
    intervals = op.domain
    if op.arity is None:
        return st.integers(0, 3).flatmap(lambda half: st.tuples(*[_inside(intervals[0], size)] * (2 * half)))
    return st.tuples(*(_inside(interval, size) for interval in intervals)).filter(lambda xs: not near_kink(op, xs))


def near_kink(op: Op, xs: Sequence[float], distance: float = 0.01) -> bool:
    """Whether these arguments are where the op has no derivative, or has jumps: near a kink, a tie, or a limit."""
    if op.rough is not None:
        return abs(op.rough(*xs, *op.params)) < distance
    return any(all(abs(x - k) < distance for x, k in zip(xs, kink.at, strict=True)) for kink in op.kinks)


def _inside(interval: tuple[float, float], size: float) -> st.SearchStrategy[float]:
    low, high = interval
    if math.isfinite(low) and math.isfinite(high) and high - low <= 4 * size:
        edge = (high - low) * 0.02
        return values(low + edge, high - edge)
    if math.isfinite(low) and low > -size:
        return values(low + 0.05, low + size)
    return values(max(low, -size), min(high, size))


class Expression(NamedTuple):
    """A random expression: call it on as many numbers (or Values) as it has inputs; it prints as Python.

    steps: (op, places of its arguments among the inputs and earlier results); the last step is the result. A place used by
    several steps is a shared sub-expression.
    """

    inputs: tuple[float, ...]
    steps: tuple[tuple[Op, tuple[int, ...]], ...]

    def __call__(self, *numbers: Any) -> Any:
        """The result: by our ops on numbers and Values, on any other type (one's own class, tensors, arrays) by its operators and methods.

        TypeError where it has none of that name.
        """
        found = list(numbers)
        for op, places in self.steps:
            found.append(_applied(op, [found[p] for p in places]))
        return found[-1]

    def __str__(self) -> str:
        names = [f"x{i}" for i in range(len(self.inputs))] + [f"v{i}" for i in range(len(self.steps))]
        lines = [
            f"{names[len(self.inputs) + i]} = {op.name}({', '.join([*(names[p] for p in places), *map(str, op.params)])})"
            for i, (op, places) in enumerate(self.steps)
        ]
        return "; ".join(lines)


def _applied(op: Op, xs: Sequence[Any]) -> Any:
    """An op on objects of any type."""
    strange = [x for x in xs if not isinstance(x, numbers.Real) and not hasattr(type(x), "__op__")]
    if not strange:
        return op(*xs)
    does = _of(op, strange[0])
    if does is None:
        name = type(strange[0]).__name__
        raise TypeError(f"{name} has neither an operator nor a method for {op.name}: leave it out, expressions(on={name})")
    return does(*xs, *op.params)


def _of(op: Op, x: Any) -> Callable[..., Any] | None:
    """How a type does an op: its operator, its method, or the function of its module (torch, jax.numpy); None where it does not."""
    names = [op.name, *_ALSO.get(op.name, ())]
    if op.operator and getattr(type(x) if not isinstance(x, type) else x, f"__{op.operator}__", None) is not None:
        does: Callable[..., Any] = getattr(operator, op.operator if op.operator != "abs" else "abs")
        return does
    kind = x if isinstance(x, type) else type(x)
    for name in names:
        if callable(getattr(kind, name, None)):
            return (
                operator.methodcaller(name)
                if op.arity == 1 and not op.params
                else lambda first, *rest, name=name: getattr(first, name)(*rest)
            )
    package = kind.__module__.partition(".")[0]
    places = {
        "torch": ("torch", "torch.special"),
        "jaxlib": ("jax.numpy", "jax.nn", "jax.scipy.special"),
        "jax": ("jax.numpy", "jax.nn"),
        "numpy": ("numpy",),
    }
    for place in places.get(package, ()):
        module = sys.modules.get(place)
        for name in names:
            if callable(getattr(module, name, None)):
                function: Callable[..., Any] = getattr(module, name)
                return function
    return None


def _takes(op: Op, cls: type) -> bool:
    """Whether a class has `a ** b` too, where both are of it: many have powers of numbers alone."""
    if op.name != "pow":
        return True
    try:
        cls(2.0) ** cls(3.0)
    except Exception:
        return False
    return True


_ALSO = {
    "asin": ("arcsin",),
    "acos": ("arccos",),
    "atan": ("arctan",),
    "asinh": ("arcsinh",),
    "acosh": ("arccosh",),
    "atanh": ("arctanh",),
    "power": ("pow",),
}


@st.composite
def expressions(draw: Any, max_inputs: int = 3, max_steps: int = 10, ops: Sequence[Op] | None = None, on: type | None = None) -> Expression:
    """Expression DAGs with shared sub-expressions over the table (or over `ops`), each op well inside its domain.

    Every number in them is at most 1e4 in size, so that numeric derivatives are good. An expression can be called on objects of any class
    that has the operators and methods; on: that class, and then only ops are drawn that it has.
    """
    if on is not None:
        given = TABLE.values() if ops is None else ops
        ops = [op for op in given if op.arity is not None and not op.constants and _of(op, on) is not None and _takes(op, on)]
    usable = [op for op in (TABLE.values() if ops is None else ops) if op.domain]
    held = list(draw(st.lists(values(-3, 3), min_size=1, max_size=max_inputs)))
    inputs = tuple(held)
    steps: list[tuple[Op, tuple[int, ...]]] = []
    for _ in range(draw(st.integers(1, max_steps))):
        op = draw(st.sampled_from(usable))
        op = op.bind(*op.defaults) if op.constants else op
        count = 2 * draw(st.integers(1, 2)) if op.arity is None else op.arity
        places = tuple(draw(st.integers(0, len(held) - 1)) for _ in range(count))
        xs = tuple(held[p] for p in places)
        intervals = op.domain if op.arity is not None else op.domain * count
        room = [_margin(x, interval) for x, interval in zip(xs, intervals, strict=True)]
        y = op.forward(*xs, *op.params)
        if min(room) < 0.05 or near_kink(op, xs) or not abs(y) < 1e4:
            continue
        steps.append((op, places))
        held.append(y)
    assume(steps)
    return Expression(inputs, tuple(steps))


def _margin(x: float, interval: tuple[float, float]) -> float:
    return min(x - interval[0], interval[1] - x)


@st.composite
def mlps(draw: Any, max_inputs: int = 3, max_layers: int = 2, max_width: int = 4) -> tuple[nn.MLP, list[float]]:
    """(a small MLP with random weights and smooth activation, inputs for it): check with `assert_gradients(total_output, (model, inputs))`.

    The activation is tanh, so that no kink is near.
    """
    nin = draw(st.integers(1, max_inputs))
    widths = draw(st.lists(st.integers(1, max_width), min_size=1, max_size=max_layers))
    model = nn.MLP(nin, widths, activation="tanh", rng=draw(st.randoms(use_true_random=False)))
    for p in model.parameters():
        p.data = draw(values(-2, 2))
    return model, draw(st.lists(values(-2, 2), min_size=nin, max_size=nin))


def total_output(model: Any, inputs: Sequence[Any]) -> Value:
    """The sum of a model's outputs: `assert_gradients(total_output, (model, inputs))` checks all its parameters and inputs."""
    out = model(list(inputs))
    return ops.sum_(*out) if isinstance(out, (list, tuple)) else out  # type: ignore[no-any-return]
