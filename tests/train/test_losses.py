"""Losses against their formulas in 50 digits, finite differences, edge values, and PyTorch where it is installed."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from micrograd import Value, losses

mp.dps = 50
RNG = random.Random(5)
NUMBERS = [RNG.uniform(-3, 3) for _ in range(6)]
TARGETS = [RNG.uniform(-3, 3) for _ in range(6)]
SIGNS = [1.0, -1.0, 1.0, 1.0, -1.0, -1.0]
BITS = [1.0, 0.0, 1.0, 0.25, 0.0, 1.0]
PROBABILITIES = [RNG.uniform(0.01, 0.99) for _ in range(6)]
ROWS = [[RNG.uniform(-3, 3) for _ in range(4)] for _ in range(3)]
CLASSES = [2, 0, 3]
SPREAD = [[0.1, 0.2, 0.3, 0.4], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.5, 0.0]]
WEIGHTS = [0.5, 1.0, 2.0, 3.0]


def log_softmax(row):
    total = mp.log(mp.fsum(mp.exp(mpf(x)) for x in row))
    return [mpf(x) - total for x in row]


def sigmoid(x):
    return 1 / (1 + mp.exp(-mpf(x)))


def binary(p, t):
    return -(t * mp.log(p) + (1 - t) * mp.log(1 - p))


def smoothed(t, eps, n=4):
    hot = [float(k == t) for k in range(n)] if isinstance(t, int) else t
    return [(1 - mpf(eps)) * h + mpf(eps) / n for h in hot]


CASES = {
    "mse": (losses.mse, NUMBERS, TARGETS, {}, lambda p, t: (mpf(p) - t) ** 2),
    "mae": (losses.mae, NUMBERS, TARGETS, {}, lambda p, t: abs(mpf(p) - t)),
    "huber": (
        losses.huber, NUMBERS, TARGETS, {"delta": 0.7},
        lambda p, t: (mpf(p) - t) ** 2 / 2 if abs(mpf(p) - t) < 0.7 else mpf(0.7) * (abs(mpf(p) - t) - mpf(0.7) / 2),
    ),
    "huber, delta 1": (
        losses.huber, NUMBERS, TARGETS, {},
        lambda p, t: (mpf(p) - t) ** 2 / 2 if abs(mpf(p) - t) < 1 else abs(mpf(p) - t) - mpf(1) / 2,
    ),
    "hinge, margin 2": (losses.hinge, NUMBERS, SIGNS, {"margin": 2.0}, lambda s, t: max(mpf(0), 2 - t * mpf(s))),
    "hinge": (losses.hinge, NUMBERS, SIGNS, {}, lambda s, t: max(mpf(0), 1 - t * mpf(s))),
    "bce": (losses.bce, PROBABILITIES, BITS, {}, lambda p, t: binary(mpf(p), mpf(t))),
    "bce_with_logits": (losses.bce_with_logits, NUMBERS, BITS, {}, lambda x, t: binary(sigmoid(x), mpf(t))),
    "bce_with_logits, weighted": (
        losses.bce_with_logits, NUMBERS, BITS, {"pos_weight": 3.0},
        lambda x, t: -(3 * t * mp.log(sigmoid(x)) + (1 - t) * mp.log(1 - sigmoid(x))),
    ),
    "cross_entropy": (losses.cross_entropy, ROWS, CLASSES, {}, lambda r, t: -log_softmax(r)[t]),
    "cross_entropy of distributions": (
        losses.cross_entropy, ROWS, SPREAD, {}, lambda r, t: -mp.fsum(a * b for a, b in zip(t, log_softmax(r), strict=True)),
    ),
    "cross_entropy, smoothed": (
        losses.cross_entropy, ROWS, CLASSES, {"label_smoothing": 0.1},
        lambda r, t: -mp.fsum(a * b for a, b in zip(smoothed(t, 0.1), log_softmax(r), strict=True)),
    ),
    "cross_entropy of distributions, smoothed": (
        losses.cross_entropy, ROWS, SPREAD, {"label_smoothing": 0.1},
        lambda r, t: -mp.fsum(a * b for a, b in zip(smoothed(t, 0.1), log_softmax(r), strict=True)),
    ),
    "nll": (losses.nll, ROWS, CLASSES, {}, lambda r, t: -mpf(r[t])),
    "kl": (
        losses.kl, ROWS, SPREAD, {},
        lambda r, t: mp.fsum(mpf(a) * (mp.log(a) - mpf(x)) for a, x in zip(t, r, strict=True) if a),
    ),
    "multi_hinge": (
        losses.multi_hinge, ROWS, CLASSES, {},
        lambda r, t: mp.fsum(max(mpf(0), 1 + mpf(s) - r[t]) for k, s in enumerate(r) if k != t),
    ),
    "multi_hinge, a margin below 0": (
        losses.multi_hinge, ROWS, CLASSES, {"margin": -0.5},
        lambda r, t: mp.fsum(max(mpf(0), mpf(s) - r[t] - 0.5) for k, s in enumerate(r) if k != t),
    ),
}  # fmt: skip


def leaves(x):
    return [leaves(a) for a in x] if isinstance(x, list) else Value(x)


def flat(x):
    return [b for a in x for b in flat(a)] if isinstance(x, list) else [x]


@pytest.mark.parametrize("name", CASES)
def test_value_of_each_reduction(name):
    loss, predictions, targets, options, formula = CASES[name]
    expected = [formula(p, t) for p, t in zip(predictions, targets, strict=True)]
    got = loss(leaves(predictions), targets, reduction="none", **options)
    assert [v.data for v in got] == pytest.approx([float(e) for e in expected], rel=1e-14, abs=1e-15)
    assert loss(leaves(predictions), targets, reduction="sum", **options).data == pytest.approx(float(mp.fsum(expected)))
    mean = float(mp.fsum(expected) / len(expected))
    assert loss(leaves(predictions), targets, **options).data == pytest.approx(mean, rel=1e-14)
    assert loss(predictions, targets, **options) == pytest.approx(mean, rel=1e-14)  # on plain numbers too
    assert loss(leaves(predictions[0]), targets[0], **options).data == pytest.approx(float(expected[0]), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_the_formulas_derivative(name):
    loss, predictions, targets, options, formula = CASES[name]
    values = leaves(predictions)
    loss(values, targets, reduction="sum", **options).backward()
    h = mpf(10) ** -20
    expected = []
    for p, t in zip(predictions, targets, strict=True):
        row = p if isinstance(p, list) else [p]
        for i in range(len(row)):
            up, down = ([mpf(x) + s * (k == i) for k, x in enumerate(row)] for s in (h, -h))
            if not isinstance(p, list):
                up, down = up[0], down[0]
            expected.append(float((formula(up, t) - formula(down, t)) / (2 * h)))
    assert [v.grad for v in flat(values)] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("targets", [CLASSES, SPREAD], ids=["indices", "distributions"])
def test_weights_count_classes_and_the_mean_is_over_those_of_indices(targets, smoothing):
    costs = [[-x for x in log_softmax(r)] for r in ROWS]
    spread = [smoothed(t, smoothing) for t in targets]
    expected = [mp.fsum(w * t * c for w, t, c in zip(WEIGHTS, ts, cs, strict=True)) for ts, cs in zip(spread, costs, strict=True)]
    total = mp.fsum(WEIGHTS[t] if isinstance(t, int) else 1 for t in targets)
    runs = [lambda how: losses.cross_entropy(ROWS, targets, smoothing, WEIGHTS, how)]
    if not smoothing:
        logs = [[float(-c) for c in row] for row in costs]
        runs.append(lambda how: losses.nll(logs, targets, WEIGHTS, how))
    for run in runs:
        assert run("none") == pytest.approx([float(x) for x in expected], rel=1e-13)
        assert run("sum") == pytest.approx(float(mp.fsum(expected)), rel=1e-13)
        assert run("mean") == pytest.approx(float(mp.fsum(expected) / total), rel=1e-13)


def test_a_planted_wrong_gradient_is_noticed():
    """The comparison above has teeth: a loss off by 1e-6 fails it."""
    x = Value(0.3)
    (losses.mse(x, 1.0) * (1 + 1e-6)).backward()
    assert x.grad != pytest.approx(2 * (0.3 - 1.0), rel=1e-12)


@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=5), st.integers(0, 4), st.floats(0, 0.9))
def test_cross_entropy_is_finite_and_its_gradient_sums_to_nothing(logits, target, smoothing):
    target %= len(logits)
    values = leaves(logits)
    loss = losses.cross_entropy(values, target, label_smoothing=smoothing)
    loss.backward()
    assert math.isfinite(loss.data) and loss.data >= 0
    assert abs(sum(v.grad for v in values)) < 1e-14
    hot = [float(k == target) for k in range(len(logits))]
    assert losses.cross_entropy(logits, hot, smoothing) == pytest.approx(loss.data, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("logit", [-1000.0, -40.0, 40.0, 1000.0])
@pytest.mark.parametrize("target", [0.0, 1.0, 0.5])
def test_bce_with_logits_far_out(logit, target):
    x = Value(logit)
    loss = losses.bce_with_logits(x, target)
    loss.backward()
    exact = -(target * mp.log(sigmoid(logit)) + (1 - target) * mp.log(sigmoid(-logit)))
    assert loss.data == pytest.approx(float(exact), rel=1e-14)
    assert x.grad == pytest.approx(float((1 - target) * sigmoid(logit) - target * sigmoid(-logit)), rel=1e-14)


def test_certain_predictions():
    right, wrong = Value(0.0), Value(1.0)
    loss = losses.bce([right], [0.0])
    loss.backward()
    assert (loss.data, right.grad) == (0.0, 1.0)
    assert losses.bce([wrong], [0.0]).data == math.inf
    right = Value(1.0)
    loss = losses.bce([right], [1.0])
    loss.backward()
    assert (loss.data, right.grad) == (0.0, -1.0)
    assert losses.bce([0.0], [1.0]) == math.inf
    assert losses.kl([math.log(0.5), math.log(0.5)], [0.5, 0.5]) == pytest.approx(0.0, abs=1e-16)


def test_masked_logits():
    """A class excluded by -inf costs nothing and gets no gradient."""
    logits = leaves([1.0, -math.inf, 2.0])
    loss = losses.cross_entropy(logits, 0)
    loss.backward()
    assert loss.data == pytest.approx(math.log(1 + math.e), rel=1e-14) and logits[1].grad == 0.0


def test_nested_shapes_and_penalties():
    assert losses.mse([[1.0, 2.0], [3.0, 4.0]], [[0.0, 2.0], [3.0, 2.0]]) == 1.25
    ps = leaves([1.0, -2.0, 0.0])
    (losses.l1(ps) + losses.l2(ps)).backward()
    assert [p.grad for p in ps] == [1 + 2, -1 - 4, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.mse([1.0, 2.0], [1.0]), "of different shapes: a list of 2 against a list of 1"),
        (lambda: losses.mse([], []), "mse of nothing"),
        (lambda: losses.mse([1.0], [1.0], reduction="avg"), "reduction must be .* not 'avg'"),
        (lambda: losses.cross_entropy([[1.0, 2.0]], [0, 1]), "1 samples needs 1 targets"),
        (lambda: losses.cross_entropy([1.0, 2.0], 2), r"index 2 is outside 0 … 1"),
        (lambda: losses.cross_entropy([1.0, 2.0], [1.0, 0.0, 0.0]), "2 classes needs 2 numbers, not a list of 3"),
        (lambda: losses.cross_entropy([1.0, 2.0], 0, label_smoothing=1.0), "label_smoothing must be in"),
        (lambda: losses.bce(0.5, -0.5), "targets of bce are from 0 to 1, not -0.5"),
        (lambda: losses.bce(0.5, 1.5), "targets of bce are from 0 to 1, not 1.5"),
        (lambda: losses.bce(-0.1, 1.0), "takes probabilities, from 0 to 1, not -0.1"),
        (lambda: losses.bce(1.1, 1.0), "takes probabilities, from 0 to 1, not 1.1"),
        (lambda: losses.bce_with_logits(0.5, -0.5), "targets of bce_with_logits are from 0 to 1"),
        (lambda: losses.bce_with_logits(0.5, 1.5), "targets of bce_with_logits are from 0 to 1"),
        (lambda: losses.hinge(0.5, 0.0), "targets of hinge are -1 or 1"),
        (lambda: losses.kl([0.0, 0.0], [0.5, 0.6]), "adds up to 1.1"),
        (lambda: losses.cross_entropy([0.0, 0.0], [1.5, -0.5]), "adds up to 1 "),
        (lambda: losses.cross_entropy(1.0, 0), "needs a list with a number for each class"),
        (lambda: losses.cross_entropy([1.0, 2.0], 0, weights=[1.0]), "with weights of 2 classes needs 2"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises((ValueError, IndexError), match=message):
        call()


# --- PyTorch, where it is installed --------------------------------------------------------------------------------------

TORCH = {
    "mse": ("mse_loss", {}), "mae": ("l1_loss", {}), "huber": ("huber_loss", {"delta": 0.7}),
    "bce": ("binary_cross_entropy", {}), "bce_with_logits": ("binary_cross_entropy_with_logits", {}),
    "cross_entropy": ("cross_entropy", {}), "cross_entropy of distributions": ("cross_entropy", {}),
    "cross_entropy, smoothed": ("cross_entropy", {"label_smoothing": 0.1}),
    "cross_entropy of distributions, smoothed": ("cross_entropy", {"label_smoothing": 0.1}),
    "nll": ("nll_loss", {}), "kl": ("kl_div", {"reduction": "batchmean"}),
}  # fmt: skip


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("weighted", [False, True])
def test_against_torch(name, weighted):
    torch = pytest.importorskip("torch")
    loss, predictions, targets, options, _ = CASES[name]
    function, torch_options = TORCH[name]
    if weighted:
        if function not in ("cross_entropy", "nll_loss"):
            pytest.skip("takes no class weights")
        options = {**options, "weights": WEIGHTS}
        torch_options = {**torch_options, "weight": torch.tensor(WEIGHTS, dtype=torch.float64)}
    x = torch.tensor(predictions, dtype=torch.float64, requires_grad=True)
    t = torch.tensor(targets, dtype=torch.long if isinstance(targets[0], int) else torch.float64)
    expected = getattr(torch.nn.functional, function)(x, t, **torch_options)
    expected.backward()
    values = leaves(predictions)
    got = loss(values, targets, **options)
    got.backward()
    assert got.data == pytest.approx(expected.item(), rel=1e-12)
    assert [v.grad for v in flat(values)] == pytest.approx(x.grad.flatten().tolist(), rel=1e-10, abs=1e-13)
