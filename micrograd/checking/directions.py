"""Checks along random directions: one number stands for the gradient by all inputs, so that large functions cost a few evaluations.

`slopes` compares reverse mode with forward mode and with differences; `taylor` asks how fast the remainder f(x + hv) - f(x) - h·g·v falls
as h is halved: by four where g is the gradient (order 2), by two where it is not (order 1). No step is chosen: all are looked at, from
half of x's size down to where rounding begins (Farrell, Ham, Funke and Rognes 2013, "Automated derivation of the adjoint of high-level
transient finite element programs", SIAM J. Sci. Comput. 35, section 6).

Directions are drawn by a seed: the same seed, the same report. Along the odd ones each input is moved by ½ to 1 of its own size. There a
wrong slope counts by the size of its input, and that of a small input is lost in rounding; so along the even ones inputs are moved
until each changes the function as much as the one that does so most (by the gradient that is checked), by 1 or its own size at most.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from micrograd.checking.evaluation import Evaluation
from micrograd.checking.numeric import EPSILON, UNKNOWN, Estimate, Ladder, best_central
from micrograd.checking.verdict import Question, judge

HALVINGS = 44  # steps from ½ down to 2**-44 of each input's size
LARGEST = 14  # … that tell whether the function is smooth along a direction
LOUD = 32.0  # a remainder is more than rounding from so many roundings on
RIGHT = 1.6  # an order from which on the gradient is right
STEEP, STEPS = 64.0, -math.inf  # a remainder that falls so far at one halving is that of a function that moves in steps
ENOUGH = 3  # orders that make a verdict
TAIL = 5  # of the smallest steps
DROWNED = 1e-3  # a function whose value is rounding to this part tells nothing


class Found(NamedTuple):
    """One direction: g·v, the same otherwise, how it was found, what is said."""

    name: str
    analytic: float
    numeric: Estimate
    method: str
    text: str


def ways(start: Sequence[float], count: int, seed: int, gradient: Sequence[float]) -> Iterator[tuple[list[float], list[float] | None]]:
    """So many directions: (along it, by the inputs' own sizes instead where nothing is found along it)."""
    rng = random.Random(seed)
    most = max((abs(g * x) for g, x in zip(gradient, start, strict=True) if math.isfinite(g * x)), default=0.0)
    for n in range(count):
        own = [rng.choice((-1.0, 1.0)) * _short(rng.uniform(0.5, 1.0) * (abs(x) or 1.0)) for x in start]
        if n % 2 == 0 or len(start) == 1:
            yield own, None
            continue
        even = []
        for w, x, g in zip(own, start, gradient, strict=True):
            size, limit = abs(x) or 1.0, max(abs(x), 1.0)
            wanted = most / abs(g) if g and math.isfinite(g) else limit
            even.append(math.copysign(_short(abs(w) / size * min(max(wanted, size), limit)), w))
        yield even, own


def _short(x: float) -> float:
    """x to eight bits: a step of a power of two along it moves an input by exactly so much, down to 2**-44 of its size."""
    part, exponent = math.frexp(x)
    return math.ldexp(round(math.ldexp(part, 8)), exponent - 8) if math.isfinite(x) else x


def _smooth(e: Evaluation, way: Sequence[float], here: float) -> bool:
    """Whether a direction that moves inputs by more than their size shows numbers, and no kink or jump, in its largest steps."""
    bends = _bends(along(e, way), here, EPSILON, LARGEST)
    order = _order(bends)
    return all(bend < math.inf for bend, _ in bends) and (order == math.inf or order >= RIGHT)


def _bends(at: Callable[[float], Any], here: float, epsilon: float, most: int = HALVINGS) -> list[tuple[float, float]]:
    """(the size of f(x + hv) + f(x - hv) - 2 f(x), that of its rounding), from large steps to small ones: of order 2 where f is smooth."""
    found = []
    for k in range(1, most):
        (up, _), (down, _) = at(math.ldexp(1.0, -k)), at(-math.ldexp(1.0, -k))
        found.append((abs(_sum([up, down, -here, -here])), 2.0 * epsilon * max(abs(up), abs(down), abs(here))))
    return found


def _sum(xs: Sequence[float]) -> float:
    """The sum, rounded once; not a number where it is beyond the largest double."""
    try:
        return math.fsum(xs)
    except (ValueError, OverflowError):
        return math.nan


def along(e: Evaluation, way: Sequence[float]) -> Callable[[float], tuple[float, list[float]]]:
    """t ↦ (f(x + t·way), how far each input really moved)."""

    def at(t: float) -> tuple[float, list[float]]:
        numbers = [x + t * w for x, w in zip(e.start, way, strict=True)]
        return e.at_all(numbers), [moved - x for moved, x in zip(numbers, e.start, strict=True)]

    return at


def slopes(
    e: Evaluation, gradient: Sequence[float], pushed: Callable[[Sequence[float]], float] | None, rtol: float, count: int, seed: int
) -> Iterator[Found]:
    """For each direction reverse mode against forward mode (`pushed`, None: there is none), and against differences."""
    here, prefix = e.here(), _prefix(e)
    for n, (way, own) in enumerate(ways(e.start, count, seed, gradient), 1):
        name = f"{prefix}direction {n}"
        if own is not None and not _smooth(e, way, here):
            way = own
        terms = [g * w for g, w in zip(gradient, way, strict=True)]
        a, size = math.fsum(terms) if all(map(math.isfinite, terms)) else math.nan, math.fsum(map(abs, terms))
        if pushed is not None:
            forward = pushed(way)
            close = abs(forward - a) <= 1e-10 * size or forward == a or (forward != forward and a != a)
            text = "ok" if close else f"WRONG by {abs(forward - a) / (size or 1.0):.1e}: reverse mode is not forward mode"
            if math.isinf(forward) and math.inf in map(abs, gradient):
                text = "undecided: the gradient is not finite"
            yield Found(name, a, Estimate(forward, EPSILON * size), "forward mode", text)
        at = along(e, way)
        verdict = judge(Question(lambda t, at=at: at(t)[0], 0.0, here, a, rtol, scale=size, epsilon=e.epsilon))  # type: ignore[misc]
        yield Found(name, a, verdict.numeric, verdict.method, verdict.text)
    _restore(e)


def taylor(e: Evaluation, gradient: Sequence[float], count: int, seed: int) -> Iterator[Found]:
    """The order of the remainder along each direction."""
    here, prefix = e.here(), _prefix(e)
    for n, (way, own) in enumerate(ways(e.start, count, seed, gradient), 1):
        if own is not None and not _smooth(e, way, here):
            way = own
        a = math.fsum(g * w for g, w in zip(gradient, way, strict=True)) if all(map(math.isfinite, gradient)) else math.nan
        name, at = f"{prefix}direction {n}", along(e, way)
        if not (math.isfinite(here) and math.isfinite(a)):
            what = f"the function is {here} here" if not math.isfinite(here) else "the gradient is not finite"
            yield Found(name, a, UNKNOWN, "Taylor", f"undecided: {what}")
            continue
        noise = e.terms(0).noise
        noise = noise if noise < math.inf else 0.0
        both = [remainders(lambda t, s=s, at=at: at(s * t), here, gradient, e.epsilon, noise) for s in (1.0, -1.0)]  # type: ignore[misc]
        orders = [_order(found) for found in both]
        order = min(orders) if orders[0] == orders[0] and orders[1] == orders[1] else math.nan
        ladder = Ladder(lambda t, at=at: at(t)[0], 0.0, here, epsilon=e.epsilon)  # type: ignore[misc]
        text = _judged(order, both[orders.index(order)] if order == order else [], partial(_bends, at, here, e.epsilon))
        if text.startswith("WRONG") and noise > DROWNED * abs(here):
            text = "undecided: rounding drowns the remainder"
        yield Found(name, a, best_central(ladder), f"Taylor, order {order:.2f}" if order != STEPS else "Taylor", text)
    _restore(e)


def remainders(
    at: Callable[[float], Any], here: float, gradient: Sequence[float], epsilon: float = EPSILON, noise: float = 0.0
) -> list[tuple[float, float]]:
    """(the size of the remainder, that of its rounding) for each step, from large ones to small ones.

    noise: a bound of the rounding inside f, where more is known than its own size.
    """
    found: list[tuple[float, float]] = []
    for k in range(1, HALVINGS):
        y, moved = at(math.ldexp(1.0, -k))
        terms = [g * d for g, d in zip(gradient, moved, strict=True)]
        rounding = epsilon * (max(abs(y), abs(here)) + _sum([abs(t) for t in terms])) + noise / LOUD
        found.append((abs(_sum([y, -here, *(-t for t in terms)])), rounding))
    return found


def _order(remainders: Sequence[tuple[float, float]]) -> float:
    """How many times its step the remainder falls with: 2 for the gradient, 1 for another; inf where it is rounding alone, nan unknown.

    The smallest steps tell, those aside where rounding is all there is.
    """
    if not any(r == r for r, _ in remainders):
        return math.nan
    quiet: tuple[float, float] | None = None
    while len(remainders) > 1 and not remainders[-1][0] > LOUD * remainders[-1][1]:
        quiet, remainders = remainders[-1], remainders[:-1]
    loud = [r for r, rounding in remainders if r > LOUD * rounding and r < math.inf]
    found = [math.log2(big / small) for big, small in pairwise(loud)]
    if len(found) < ENOUGH:
        return math.nan if loud else math.inf
    order = median(found[-TAIL:])
    if order < RIGHT and quiet is not None and remainders[-1][0] > STEEP * max(quiet[0], LOUD * quiet[1]):
        return STEPS  # it does not fall to rounding as a line does, but stops
    return order


def _judged(order: float, found: Sequence[tuple[float, float]], look: Callable[[], list[tuple[float, float]]]) -> str:
    """What an order says. found: the remainders that it is of; look: gives `_bends`, of order 2 and more where f is smooth."""
    if order >= RIGHT:
        return "ok"
    if order == STEPS:
        return "undecided: the function moves in steps"
    if order != order:
        return "undecided: rounding drowns the remainder"
    bends = look()
    if _order(bends) < RIGHT:
        return "undecided: a kink or jump here"
    loud = [k for k, (r, rounding) in enumerate(found) if r > LOUD * rounding]
    if all(bends[k][0] > found[k][0] for k in loud[-TAIL:]):  # no step is so small that f is a line and the remainder no rounding
        return "undecided: rounding drowns the remainder"
    return f"WRONG: the remainder is of order {order:.2f}, not 2" if order > 0.5 else "undecided: the function is rough here"


def _prefix(e: Evaluation) -> str:
    """Which output, where there are several: as the names of its inputs say it."""
    _, arrow, output = e.names[0].partition(" → ")
    return f"{output}, " if arrow else ""


def _restore(e: Evaluation) -> None:
    """Values that were moved stand where they stood."""
    restore = getattr(e, "restore", None)
    if restore is not None:
        restore()
