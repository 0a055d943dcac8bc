"""Metrics: how good predictions are, as numbers for people. Not differentiable; Values and plain numbers alike.

Predictions and targets are lists, arrays or tables of one length; TypeError for what is no number, a string above all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any

from micrograd import ops
from micrograd.engine import Value
from micrograd.functional import argmax
from micrograd.given import atom, index, is_list, sequence


def _number(x: Any) -> float:
    found = atom("a metric", x)
    return found.data if isinstance(found, Value) else float(found)


def classes(predictions: Sequence[Any], threshold: float = 0.0) -> list[int]:
    """The class of each prediction: of a list of scores the place of the highest; of one score 1 above the threshold, else 0.

    >>> classes([[0.1, 2.0], [3.0, -1.0]]), classes([-0.5, 0.5])
    ([1, 0], [0, 1])
    """
    found = []
    for p in sequence("predictions", predictions):
        p = _bare(p)
        found.append(argmax(p) if is_list(p) else int(_number(p) > threshold))
    return found


def _wanted(targets: Sequence[Any]) -> list[int]:
    """Targets as classes: a whole number is one, -1 counts as 0, a list (one-hot) as its highest."""
    found = [argmax(t) if is_list(t) else index(t) for t in map(_bare, targets)]
    if min(found, default=0) < -1:
        raise ValueError(f"a class is 0, 1, … (or -1 and 1 for two), not {min(found)}")
    return [max(t, 0) for t in found]


def _bare(x: Any) -> Any:
    return x[0] if is_list(x) and len(x) == 1 else x


def _both(predictions: Any, targets: Any) -> tuple[Any, Any]:
    """Both as sequences; ValueError where their lengths differ or they are empty."""
    predictions, targets = sequence("predictions", predictions), sequence("targets", targets)
    if len(predictions) != len(targets) or not len(targets):
        raise ValueError(f"{len(predictions)} predictions for {len(targets)} targets")
    return predictions, targets


def _pair(predictions: Sequence[Any], targets: Sequence[Any], threshold: float) -> tuple[list[int], list[int]]:
    predictions, targets = _both(predictions, targets)
    wanted = _wanted(targets)
    if max(wanted) > 1 and not is_list(_bare(predictions[0])):
        raise ValueError(
            f"one score tells the classes 0 and 1 apart, and the targets have class {max(wanted)}: a prediction is a list with a "
            "score for each class (of classes already found: [float(k == c) for k in range(count)])"
        )
    return classes(predictions, threshold), wanted


def accuracy(predictions: Sequence[Any], targets: Sequence[Any], threshold: float = 0.0) -> float:
    """The part of the predictions whose class is the target's. targets: classes, one-hot lists, or for scores 0 / 1 or -1 / 1.

    >>> accuracy([[0.1, 2.0], [3.0, -1.0]], [1, 1])
    0.5
    """
    got, wanted = _pair(predictions, targets, threshold)
    return sum(a == b for a, b in zip(got, wanted, strict=True)) / len(wanted)


def confusion_matrix(
    predictions: Sequence[Any], targets: Sequence[Any], count: int = 0, threshold: float = 0.0
) -> list[list[int]]:  # fmt: skip
    """matrix[t][p]: how many of class t were predicted as p. count: the number of classes, if some may be missing.

    >>> confusion_matrix([-1.0, 2.0, 3.0], [0, 0, 1])
    [[1, 1], [0, 1]]
    """
    got, wanted = _pair(predictions, targets, threshold)
    n = max(count, *(k + 1 for k in got), *(k + 1 for k in wanted))
    matrix = [[0] * n for _ in range(n)]
    for p, t in zip(got, wanted, strict=True):
        matrix[t][p] += 1
    return matrix


def precision(predictions: Sequence[Any], targets: Sequence[Any], positive: int = 1, threshold: float = 0.0) -> float:
    """Of those predicted as the class `positive`, the part that are; 0 where none were."""
    got, wanted = _pair(predictions, targets, threshold)
    positive = index(positive)
    hits = [t == positive for p, t in zip(got, wanted, strict=True) if p == positive]
    return sum(hits) / len(hits) if hits else 0.0


def recall(predictions: Sequence[Any], targets: Sequence[Any], positive: int = 1, threshold: float = 0.0) -> float:
    """Of those of the class `positive`, the part that were predicted so; 0 where there are none."""
    got, wanted = _pair(predictions, targets, threshold)
    positive = index(positive)
    hits = [p == positive for p, t in zip(got, wanted, strict=True) if t == positive]
    return sum(hits) / len(hits) if hits else 0.0


def f1(predictions: Sequence[Any], targets: Sequence[Any], positive: int = 1, threshold: float = 0.0) -> float:
    """The harmonic mean of precision and recall; 0 where both are."""
    p, r = precision(predictions, targets, positive, threshold), recall(predictions, targets, positive, threshold)
    return 2 * p * r / (p + r) if p + r else 0.0


def roc(predictions: Sequence[Any], targets: Sequence[Any]) -> list[tuple[float, float, float]]:
    """[(threshold, false positives, true positives)]: the parts of the 0s and of the 1s whose score is at least the threshold.

    One score for each sample; targets 0 / 1 or -1 / 1. From the threshold inf, which lets none through, down to the least
    score, which lets all through. The receiver operating characteristic, Fawcett 2006, "An introduction to ROC analysis".

    >>> roc([0.9, 0.3, 0.5], [1, 1, 0])
    [(inf, 0.0, 0.0), (0.9, 0.0, 0.5), (0.5, 1.0, 0.5), (0.3, 1.0, 1.0)]
    """
    predictions, targets = _both(predictions, targets)
    scores, wanted = [_number(_bare(p)) for p in predictions], _wanted(targets)
    if any(isnan(score) for score in scores) or set(wanted) != {0, 1}:
        raise ValueError(f"roc needs scores that are numbers, for targets of both classes 0 and 1, not of {sorted(set(wanted))}")
    seen, total = [0, 0], [wanted.count(0), wanted.count(1)]
    points = [(inf, 0.0, 0.0)]
    for score, group in groupby(sorted(zip(scores, wanted, strict=True), reverse=True), key=lambda pair: pair[0]):
        for _, target in group:
            seen[target] += 1
        points.append((score, seen[0] / total[0], seen[1] / total[1]))
    return points


def auc(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """The area under `roc`: how often a 1 has a higher score than a 0, ties counting half. 0.5 by guessing, 1 at best.

    >>> auc([0.9, 0.3, 0.5], [1, 1, 0])
    0.5
    """
    return sum((x - w) * (y + v) / 2 for (_, w, v), (_, x, y) in pairwise(roc(predictions, targets)))


def equal_error_rate(predictions: Sequence[Any], targets: Sequence[Any]) -> tuple[float, float]:
    """(rate, threshold): where as large a part of the 0s is accepted as of the 1s rejected; between two points of `roc` on the line.

    >>> equal_error_rate([0.9, 0.8, 0.7, 0.1], [1, 0, 1, 0])
    (0.5, 0.8)
    """
    points = roc(predictions, targets)
    k = next(k for k, (_, x, y) in enumerate(points) if x + y >= 1)
    (_, w, v), (threshold, x, y) = points[k - 1], points[k]
    along = (1 - w - v) / (x + y - w - v)
    return w + along * (x - w), threshold


def perplexity(cross_entropy: Any) -> float:
    """exp of a mean cross-entropy: among how many equally likely classes the predictions choose, as it were."""
    return float(ops.exp(_number(cross_entropy)))


def r2(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """1 - Σ(t - p)²/Σ(t - mean t)²: 1 for perfect predictions, 0 for those of a constant.

    nan where the targets are all equal: there is nothing to explain, and 0/0 or worse stands there.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    1.0
    """
    predictions, targets = sequence("predictions", predictions), sequence("targets", targets)
    if len(predictions) != len(targets) or len(targets) < 2:
        raise ValueError(f"r2 needs two or more numbers on each side, not {len(predictions)} and {len(targets)}")
    p, t = ([_number(_bare(x)) for x in xs] for xs in (predictions, targets))
    if min(t) == max(t):
        return nan
    mean = sum(t) / len(t)
    return 1.0 - sum((a - b) ** 2 for a, b in zip(p, t, strict=True)) / sum((b - mean) ** 2 for b in t)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from micrograd.habits import missing

        raise missing(__name__, name, known=globals())
