"""What a check may say of one gradient: from the gradient, and from what the function does around the point.

    ok                  it is the derivative, to `rtol`
    kink: low … high    there is no derivative, and it lies between those from the left and from the right
    WRONG …             it is not
    undecided: why      neither is known

"ok" and "WRONG" are said only of what the numbers show: a wrong gradient is never ok because the differences could not see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from micrograd.checking.numeric import EPSILON, UNKNOWN, Estimate, Ladder, Side, best_central, central, centrals, from_afar, side

if TYPE_CHECKING:
    from micrograd.checking.evaluation import Evaluation

SURE = 1e-4  # an error beyond this part of the derivative leaves it open
NOTHING = 1e-9  # what is less than this part of the slopes around, and known to be, is 0
ROUNDINGS = 64.0 * EPSILON  # of a gradient, in the sizes of the terms that it sums
CLOSE = 27  # the rung on which a kink or a jump at the point itself shows


class Terms(NamedTuple):
    """What the graph knows of a gradient's own rounding.

    size: the sum of the sizes of all its terms. noise: a bound of the rounding in the function's value. singular: an op stands
    where its own derivative is infinite, or a number in the graph is not finite. steps: an op jumps so often here (`floor` far
    out) that differences see a slope, or anything.
    """

    size: float = 0.0
    noise: float = 0.0
    singular: bool = False
    steps: bool = False


class Verdict(NamedTuple):
    """The numeric derivative, where it is from, and what is said of the gradient."""

    numeric: Estimate
    method: str
    text: str


class Question(NamedTuple):
    """One gradient to be judged.

    f, x, here: the function, the point, f(x). a: the gradient. rtol: the tolerance. direct, method: a derivative that is not
    from differences. terms: asked only where it matters. scale: of all gradients of this output. epsilon: f's precision.
    first: f is itself a derivative, so that a jump is a kink of what it is the derivative of.
    """

    f: Callable[[float], float]
    x: float
    here: float
    a: float
    rtol: float
    direct: Estimate | None = None
    method: str = "differences"
    terms: Callable[[], Terms] = Terms
    scale: float = 0.0
    epsilon: float = EPSILON
    first: bool = False


def judge(q: Question) -> Verdict:
    """What is known of one gradient. Never raises, whatever the numbers."""
    if not math.isfinite(q.x):
        return Verdict(UNKNOWN, q.method, f"undecided: the input is {q.x}")
    if not math.isfinite(q.here):
        return Verdict(UNKNOWN, q.method, f"undecided: the function is {q.here} here")
    ladder = Ladder(q.f, q.x, q.here, epsilon=q.epsilon)
    if math.isfinite(q.a):
        n = q.direct
        if n is None:
            n = next((e for e in (central(ladder, start) for start in (1, 7, 13)) if _precise(q, e)), None)
        if n is not None and near(q.a, n, q.rtol) and _straight(ladder, n.value):
            return Verdict(n, q.method, "ok")
    return _looked_into(q, ladder)


def near(a: float, e: Estimate, rtol: float, more: float = 0.0) -> bool:
    """Whether two finite numbers agree, relatively."""
    return math.isfinite(a) and math.isfinite(e.value) and (a == e.value or abs(a - e.value) <= rtol * max(abs(a), abs(e.value)) + more)


def straight(e: Evaluation, here: float, slopes: Sequence[Estimate | None]) -> bool:
    """Whether f leaves the point smoothly, with these slopes, when all inputs move at once.

    Two evaluations for all kinks, jumps and borders at the point; where it is not so, each input is looked into by itself.
    """
    for sign in (-1.0, 1.0):
        steps = [sign * (1.0 if i % 3 else -1.0) * (0.5 + (0.618034 * i) % 0.5) * (abs(x) or 1.0) * 3e-8 for i, x in enumerate(e.start)]
        moved = [x + h for x, h in zip(e.start, steps, strict=True)]
        y = e.at_all(moved)
        parts = [s.value * (there - x) for s, there, x in zip(slopes, moved, e.start, strict=True) if s is not None]
        rounding = 8.0 * EPSILON * max(abs(y), abs(here))
        if not abs(y - here - math.fsum(parts)) <= 1e-5 * math.fsum(map(abs, parts)) + rounding:
            return False
    return True


def _precise(q: Question, e: Estimate) -> bool:
    return near(q.a, e, q.rtol) and 4.0 * e.error <= q.rtol * max(abs(q.a), abs(e.value))


def _straight(ladder: Ladder, slope: float) -> bool:
    """Whether f leaves x on both sides with this slope, as far as one step on each shows: no jump, no kink, no border."""
    for sign in (-1.0, 1.0):
        found, rounding = ladder.quotient(CLOSE, sign)
        if not abs(found - slope) <= 1e-3 * abs(slope) + 8.0 * rounding:
            return False
    return True


def _looked_into(q: Question, ladder: Ladder) -> Verdict:
    terms = q.terms()
    noise = terms.noise if terms.noise < math.inf else 0.0
    ladder.noise = noise
    ladders, smooth = [ladder], best_central(ladder)
    if 0.0 < abs(q.x) < 0.1 and not 4.0 * smooth.error <= SURE * abs(smooth.value):  # the function may know no smaller scale than 1
        wider = Ladder(q.f, q.x, q.here, 1.0, q.epsilon)
        wider.noise = noise
        if wider.reaches():
            ladders, smooth = [ladder, wider], min(smooth, best_central(wider), key=lambda e: e.error)
    left, right = _sides(ladders)
    found = decide(q, left, right, smooth, terms, ladders[-1:])
    if terms.steps and (q.direct is None or near(q.a, q.direct, q.rtol)) and found.text.startswith("WRONG"):
        return found._replace(text="undecided: the function moves in steps")
    return found


def _sides(ladders: list[Ladder]) -> tuple[Side, Side]:
    left, right = side(ladders[0], -1.0), side(ladders[0], 1.0)
    for wider in ladders[1:]:
        for sign in (-1.0, 1.0):
            mine, other = (left if sign < 0 else right), side(wider, sign)
            if mine.kind == other.kind == "finite" and other.error < mine.error:
                left, right = (other, right) if sign < 0 else (left, other)
    return left, right


def decide(q: Question, left: Side, right: Side, smooth: Estimate, terms: Terms, ladders: list[Ladder] | None = None) -> Verdict:
    """The verdict from both sides of the point."""
    known = ("finite", "steep", "jump") if q.first else ("finite", "steep")
    there = [s for s in (left, right) if s.kind in known]
    low, high = min((s.value for s in there), default=math.nan), max((s.value for s in there), default=math.nan)
    loose = 4.0 * sum(s.error for s in there) + q.rtol * max((abs(s.value) for s in there if s.kind != "steep"), default=0.0)
    between = f"{low:.4g} … {high:.4g}"
    shown = q.direct or (smooth if smooth.error < math.inf else Estimate(there[0].value, there[0].error) if there else UNKNOWN)

    def said(text: str, numeric: Estimate = shown, method: str = q.method) -> Verdict:
        return Verdict(numeric, method, text)

    if "rough" in (left.kind, right.kind):
        return said("undecided: the function is too rough here")
    if not there and "jump" not in (left.kind, right.kind):
        return said("undecided: the function has numbers at this point alone")
    if "jump" in (left.kind, right.kind) and not q.first:
        return said("undecided: the function jumps here")
    steep = any(s.kind == "steep" for s in there)
    jump = "jump" in (left.kind, right.kind)
    kink = jump or (len(there) == 2 and not steep and high - low > 2.0 * loose)
    if q.a != q.a:
        plain = len(there) == 2 and not steep and not kink and not terms.singular and loose < math.inf
        return said("WRONG: not a number" if plain else "undecided: the gradient is nan")
    if math.isinf(q.a):
        if any(s.value == q.a for s in there):
            return said(f"kink: {between}", method="one-sided")
        if loose < math.inf and (steep or not terms.singular):
            return said("WRONG: not finite")
        return said(f"undecided: the gradient is {q.a}")
    if not loose < math.inf and not steep:
        return _smooth(q, smooth, terms, None, said)
    if steep or kink:
        if (low < high or jump) and low - loose <= q.a <= high + loose:
            return said(f"kink: {between}", method="one-sided")
        if steep and ladders and not _refuted(q, ladders[0], left, right):
            return _border(q, said)
        return said(f"WRONG, kink: {between}" if low < high or jump else f"WRONG: the slope is {low}", method="one-sided")
    if len(there) == 1:
        alone = Estimate(there[0].value, there[0].error)
        return _smooth(q._replace(method=q.method if q.direct else "one-sided"), alone, terms, ladders, said)
    return _smooth(q, smooth, terms, ladders, said)


def _refuted(q: Question, ladder: Ladder, left: Side, right: Side) -> bool:
    """Whether the slope on a steep side goes well beyond q.a before the floats end: a finite one may begin nearer than the rungs."""
    sides = ((left, -1.0), (right, 1.0))
    steep = [(s.value, sign) for s, sign in sides if s.kind == "steep"]
    return any(value * q.a < 0.0 or ladder.sharpest(sign) > 4.0 * abs(q.a) for value, sign in steep)


def _border(q: Question, said: Callable[..., Verdict]) -> Verdict:
    """The verdict where the slope seems infinite as far as steps show, and q.a is as large."""
    if q.direct is not None and near(q.a, q.direct, q.rtol):
        return said("ok")
    return said("undecided: the function is too steep here")


def _smooth(q: Question, found: Estimate, terms: Terms, ladders: list[Ladder] | None, said: Callable[..., Verdict]) -> Verdict:
    """The verdict where f has one slope: `found` by differences, q.direct without them."""
    slopes = max((each.steepest() for each in ladders or ()), default=0.0)
    n = q.direct or found
    for e, method in ((q.direct, q.method), (found, q.method if q.direct is None else "differences")):
        if e is not None and _agrees(q, e) and (_sure(q, e) or (e is n and _nothing(q, e, slopes))):
            if e is q.direct and not _agrees(q, found) and _sure(q, found):
                return said(f"undecided: the {q.method} and differences ({found.value:.6g}) do not agree")
            return said("ok", e, method)
    off, slack = abs(q.a - n.value), ROUNDINGS * terms.size + 4.0 * n.error
    if terms.size > 0.0 and abs(q.a) <= ROUNDINGS * terms.size and off <= slack <= NOTHING * max(1.0, q.scale):
        return said("ok", n)  # a sum of larger terms that cancel
    drowned = q.direct is None and terms.noise > 1e-3 * abs(q.here)  # the function's own value is rounding
    if off <= slack or drowned or not n.error < math.inf:
        return (q.direct is None and ladders and _nearby(q, ladders[0], said)) or said("undecided: rounding drowns it", n)
    if q.direct is None and n.value == 0.0 and any(_agrees(q, e) and _sure(q, e) for each in ladders or () for e in centrals(each)):
        return said("undecided: the function moves in steps", n)
    if q.direct is None and ladders and ladders[0].noise <= terms.noise:
        for each in ladders:
            each.listen()
        if any(each.noise > terms.noise for each in ladders):
            again = min((best_central(each) for each in ladders), key=lambda e: e.error)
            if off <= 4.0 * again.error:
                return said("undecided: rounding drowns it", again)
    return said(f"WRONG by {off / max(abs(q.a), abs(n.value)):.1e}", n)


def _nearby(q: Question, ladder: Ladder, said: Callable[..., Verdict]) -> Verdict | None:
    """The verdict where a kink is so near that the steps below it are rounding: as at the kink, if q.a is one side's slope."""
    left, right = from_afar(ladder, -1.0), from_afar(ladder, 1.0)
    low, high = min(left.value, right.value), max(left.value, right.value)
    if high - low > 8.0 * (left.error + right.error) and any(_agrees(q, e) and _sure(q, e) for e in (left, right)):
        return said(f"kink: {low:.4g} … {high:.4g}", method="one-sided")
    return None


def _agrees(q: Question, n: Estimate) -> bool:
    return near(q.a, n, q.rtol, 4.0 * n.error)


def _sure(q: Question, n: Estimate) -> bool:
    return 4.0 * n.error <= SURE * max(abs(q.a), abs(n.value))


def _nothing(q: Question, n: Estimate, slopes: float) -> bool:
    """Whether q.a and n are both 0 beside the slopes that f has around (or beside its other gradients), or f does not move at all."""
    if max(abs(q.a), abs(n.value), 4.0 * n.error) <= NOTHING * max(slopes, q.scale):
        return True
    return q.a == n.value == slopes == 0.0 and 4.0 * n.error <= 1e-6
