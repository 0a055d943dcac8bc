"""ROC curve, the area under it and the equal error rate: against counting, closed forms and scikit-learn."""

from __future__ import annotations

import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import Value, metrics

SAMPLES = st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=2, max_size=30).filter(lambda s: len({y for _, y in s}) == 2)


def gaussians(count=4000, apart=2.0):
    """Scores of two classes, normally distributed with standard deviation 1."""
    rng = random.Random(0)
    targets = [k % 2 for k in range(count)]
    return [rng.gauss(apart * y, 1.0) for y in targets], targets


@given(SAMPLES)
def test_each_point_is_a_count(samples):
    scores, targets = [float(x) for x, _ in samples], [int(y) for _, y in samples]
    ones, zeros = targets.count(1), targets.count(0)
    points = metrics.roc(scores, targets)
    assert len(points) == len(set(scores)) + 1 and points[0] == (float("inf"), 0.0, 0.0) and points[-1][1:] == (1.0, 1.0)
    for threshold, false, true in points:
        accepted = [y for x, y in zip(scores, targets, strict=True) if x >= threshold]
        assert (false, true) == (accepted.count(0) / zeros, accepted.count(1) / ones)


@given(SAMPLES)
def test_area_is_the_chance_of_the_right_order(samples):
    scores, targets = [x for x, _ in samples], [int(y) for _, y in samples]
    pairs = [(a > b) + (a == b) / 2 for a, y in samples for b, z in samples if y and not z]
    assert metrics.auc(scores, targets) == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)
    assert metrics.auc([-x for x in scores], targets) == pytest.approx(1 - metrics.auc(scores, targets), abs=1e-12)


@given(SAMPLES)
def test_equal_error_rate_lies_on_the_curve(samples):
    scores, targets = [x for x, _ in samples], [int(y) for _, y in samples]
    rate, threshold = metrics.equal_error_rate(scores, targets)
    points = metrics.roc(scores, targets)
    k = [point[0] for point in points].index(threshold)
    (_, w, v), (_, x, y) = points[k - 1], points[k]
    assert 0 <= rate <= 1 and w - 1e-12 <= rate <= x + 1e-12 and v - 1e-12 <= 1 - rate <= y + 1e-12
    stretched = metrics.equal_error_rate([x**3 for x in scores], targets)  # the order alone counts
    assert stretched == (pytest.approx(rate), threshold**3)


def test_two_normal_distributions():
    """Apart by d: the area is Φ(d/√2), the equal error rate Φ(-d/2), at the middle."""
    scores, targets = gaussians()
    rate, threshold = metrics.equal_error_rate(scores, targets)
    assert metrics.auc(scores, targets) == pytest.approx(NormalDist().cdf(2**0.5), abs=0.01)
    assert rate == pytest.approx(NormalDist().cdf(-1.0), abs=0.015) and threshold == pytest.approx(1.0, abs=0.1)


def test_the_same_as_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    scores, targets = gaussians(300)
    scores = [round(x, 1) for x in scores]
    false, true, thresholds = sklearn.roc_curve(targets, scores, drop_intermediate=False)
    assert metrics.roc(scores, targets) == [pytest.approx(p) for p in zip(thresholds, false, true, strict=True)]
    assert metrics.auc(scores, targets) == pytest.approx(sklearn.roc_auc_score(targets, scores), abs=1e-12)


def test_inputs_and_errors():
    assert metrics.auc([Value(0.9), [0.1]], [1, -1]) == 1.0  # Values, lists of one, -1 for 0
    assert metrics.equal_error_rate([0.9, 0.1], [1, 0]) == (0.0, 0.9)
    for scores, targets in (([0.1], [0]), ([], []), ([0.1, 0.2], [1]), ([0.1, 0.2], [0, 2]), ([float("nan"), 0.1], [0, 1])):
        with pytest.raises(ValueError, match=r"roc needs|predictions for"):
            metrics.roc(scores, targets)
