"""Losses: how wrong predictions are, as one number to make small. Plain formulas on (lists of) Values or numbers.

Of single numbers (`mse`, `mae`, `huber`, `hinge`, `bce`, `bce_with_logits`): predictions and targets are one number each, or
lists of the same shape, nested as deep as you like; a list of one number counts as the number (a column, or a layer with one
output). Of classes (`cross_entropy`, `nll`, `kl`, `multi_hinge`): one list of a number per class, or a list of such lists (a
batch), of two classes or more; a class is a whole number counted from 0 (1, 1.0 and True are one). Arrays, tensors and tables
are lists. reduction: "mean" over numbers or samples, "sum", or "none" for a list. All are finite at ±1000, value and gradient,
wherever the mathematics is. TypeError for what is no number, a string above all; IndexError for a class that is not whole, or
that there is not; ValueError where shapes differ, and for a distribution over classes that does not add up to 1.

    >>> mse([1.0, 2.0], [1.0, 4.0]), cross_entropy([1000.0, -1000.0], 1)
    (2.0, 2000.0)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan
from typing import TYPE_CHECKING, Any, Literal, overload

from micrograd import ops
from micrograd.engine import Value
from micrograd.given import atom, is_list, real, rows
from micrograd.nn.effects import lookup
from micrograd.nn.shapes import flat

One = Literal["mean", "sum"]  # for a checker: a loss (of Values) is a Value
Each = Literal["none"]  # or a list of them


@overload
def mse(predictions: Any, targets: Any, reduction: One = "mean") -> Value: ...
@overload
def mse(predictions: Any, targets: Any, reduction: Each) -> list[Value]: ...
def mse(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """Squared error (p - t)²."""
    return _reduced([(p - t) ** 2 for p, t in _pairs("mse", predictions, targets)], reduction)


@overload
def mae(predictions: Any, targets: Any, reduction: One = "mean") -> Value: ...
@overload
def mae(predictions: Any, targets: Any, reduction: Each) -> list[Value]: ...
def mae(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """Absolute error |p - t|; gradient 0 where they are equal."""
    return _reduced([ops.abs_(p - t) for p, t in _pairs("mae", predictions, targets)], reduction)


@overload
def huber(predictions: Any, targets: Any, delta: float = 1.0, reduction: One = "mean") -> Value: ...
@overload
def huber(predictions: Any, targets: Any, delta: float = 1.0, *, reduction: Each) -> list[Value]: ...
def huber(predictions: Any, targets: Any, delta: float = 1.0, reduction: str = "mean") -> Any:
    """(p - t)²/2 up to delta, then its tangent: c·(|p - t| - c/2) with c = min(|p - t|, delta). Huber 1964."""

    def one(error: Any) -> Any:
        c = ops.minimum(error, delta)
        return c * (error - 0.5 * c)

    return _reduced([one(ops.abs_(p - t)) for p, t in _pairs("huber", predictions, targets)], reduction)


@overload
def hinge(scores: Any, targets: Any, margin: float = 1.0, reduction: One = "mean") -> Value: ...
@overload
def hinge(scores: Any, targets: Any, margin: float = 1.0, *, reduction: Each) -> list[Value]: ...
def hinge(scores: Any, targets: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """Max-margin: max(0, margin - t·s), targets -1 or 1 (ValueError for others). Cortes & Vapnik 1995."""
    return _reduced([ops.relu(margin - t * s) for s, t in _pairs("hinge", scores, targets)], reduction)


@overload
def bce(probabilities: Any, targets: Any, reduction: One = "mean") -> Value: ...
@overload
def bce(probabilities: Any, targets: Any, reduction: Each) -> list[Value]: ...
def bce(probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """Binary cross-entropy -(t·log p + (1 - t)·log(1 - p)), 0·log 0 being 0; inf where a certain prediction is wrong.

    Probabilities and targets are from 0 to 1 (ValueError for others; nan in a compiled loss for a probability).
    From scores rather than probabilities, `bce_with_logits` keeps all digits.
    """

    def one(p: Any, t: Any) -> Any:
        p = _probability(p)
        yes = ops.log_(ops.where(ops.equal(t, 0.0), 1.0, p))  # a constant where its weight is 0, so that no 0·inf arises
        no = ops.log1p(ops.where(ops.equal(t, 1.0), 0.0, -p))
        return -(t * yes + (1.0 - t) * no)

    return _reduced([one(p, t) for p, t in _pairs("bce", probabilities, targets)], reduction)


def _probability(p: Any) -> Any:
    """p; ValueError where it is none: where t is 1 the formula would go on below 0 (what a compiler traces becomes nan there)."""
    if type(p) is not float and type(p) is not Value:
        return ops.where(ops.less(p, 0.0), nan, ops.where(ops.less(1.0, p), nan, p))
    x = p.data if isinstance(p, Value) else p
    if x < 0.0 or x > 1.0:
        raise ValueError(f"bce takes probabilities, from 0 to 1, not {x:g}: of scores, bce_with_logits")
    return p


@overload
def bce_with_logits(logits: Any, targets: Any, pos_weight: float = 1.0, reduction: One = "mean") -> Value: ...
@overload
def bce_with_logits(logits: Any, targets: Any, pos_weight: float = 1.0, *, reduction: Each) -> list[Value]: ...
def bce_with_logits(logits: Any, targets: Any, pos_weight: float = 1.0, reduction: str = "mean") -> Any:
    """`bce` of sigmoid(x): w·t·softplus(-x) + (1 - t)·softplus(x). pos_weight w: how much more a positive counts."""
    pairs = _pairs("bce_with_logits", logits, targets)
    terms = [(pos_weight * t) * ops.softplus(-x) + (1.0 - t) * ops.softplus(x) for x, t in pairs]
    return _reduced(terms, reduction)


@overload
def cross_entropy(
    logits: Any, targets: Any, label_smoothing: float = 0.0, weights: Sequence[float] | None = None, reduction: One = "mean"
) -> Value: ...
@overload
def cross_entropy(
    logits: Any, targets: Any, label_smoothing: float = 0.0, weights: Sequence[float] | None = None, *, reduction: Each
) -> list[Value]: ...
def cross_entropy(
    logits: Any, targets: Any, label_smoothing: float = 0.0, weights: Sequence[float] | None = None, reduction: str = "mean"
) -> Any:
    """-Σ tₖ·log softmax(z)ₖ; a target is a class's index, or a distribution over the classes (one-hot or not).

    label_smoothing ε: targets become (1 - ε)·t + ε/K (Szegedy et al. 2015). weights: one per class; the mean is then over the
    weights of the targets, as PyTorch's for indices.
    """
    if not 0.0 <= real("label_smoothing", label_smoothing) < 1.0:
        raise ValueError(f"label_smoothing must be in [0, 1), not {label_smoothing}")

    def split(z: Any) -> tuple[Any, list[Any]]:
        m = ops.shift(*z)
        shifted = [x - m for x in z]
        total = ops.log_(ops.sum_(*(ops.exp(x) for x in shifted)))
        return lambda x: total - x, shifted

    return _of_classes("cross_entropy", logits, targets, split, label_smoothing, weights, reduction)


@overload
def nll(log_probabilities: Any, targets: Any, weights: Sequence[float] | None = None, reduction: One = "mean") -> Value: ...
@overload
def nll(log_probabilities: Any, targets: Any, weights: Sequence[float] | None = None, *, reduction: Each) -> list[Value]: ...
def nll(log_probabilities: Any, targets: Any, weights: Sequence[float] | None = None, reduction: str = "mean") -> Any:
    """Negative log-likelihood -Σ tₖ·log pₖ, targets and weights as in `cross_entropy`."""
    return _of_classes("nll", log_probabilities, targets, lambda z: (lambda x: -x, z), 0.0, weights, reduction)


@overload
def kl(log_probabilities: Any, targets: Any, reduction: One = "mean") -> Value: ...
@overload
def kl(log_probabilities: Any, targets: Any, reduction: Each) -> list[Value]: ...
def kl(log_probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """Kullback-Leibler divergence Σ tₖ·(log tₖ - log pₖ) of the targets (distributions) from the predictions, 0·log 0 being 0."""

    def one(row: Any, target: Any) -> Any:
        _same_length("kl", row, target)
        terms = [t * (ops.log_(ops.where(ops.equal(t, 0.0), 1.0, t)) - x) for x, t in zip(row, target, strict=True)]
        return ops.sum_(*terms)

    samples, wanted = _batch("kl", log_probabilities, targets)
    for target in wanted:
        _distribution("kl", [atom("kl", t) for t in target] if is_list(target) else [])
    return _reduced([one(row, target) for row, target in zip(samples, wanted, strict=True)], reduction)


@overload
def multi_hinge(scores: Any, targets: Any, margin: float = 1.0, reduction: One = "mean") -> Value: ...
@overload
def multi_hinge(scores: Any, targets: Any, margin: float = 1.0, *, reduction: Each) -> list[Value]: ...
def multi_hinge(scores: Any, targets: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """Σ over the wrong classes of max(0, margin + sₖ - s_target); targets are indices. Weston & Watkins 1998."""

    def one(row: Any, target: Any) -> Any:
        right = lookup(row, _class(row, target))
        return ops.sum_(*(ops.relu(margin + (s - right)) for s in row)) - max(margin, 0.0)  # the right class's own term

    samples, wanted = _batch("multi_hinge", scores, targets)
    return _reduced([one(row, target) for row, target in zip(samples, wanted, strict=True)], reduction)


def l1(parameters: Any) -> Value:
    """Σ |p| of a module's or a list's parameters: add a multiple of it to a loss to make parameters few."""
    total: Value = ops.sum_(*(ops.abs_(p) for p in _parameters(parameters)))
    return total


def l2(parameters: Any) -> Value:
    """Σ p² of a module's or a list's parameters: add a multiple of it to a loss to keep parameters small."""
    found = _parameters(parameters)
    total: Value = ops.dot(*found, *found)
    return total


# --- what they share -----------------------------------------------------------------------------------------------------


def _of_classes(name: str, given: Any, targets: Any, split: Any, smoothing: float, weights: Sequence[float] | None, reduction: str) -> Any:
    """Σ wₖ·tₖ·cost(xₖ) for each sample; split(row) gives the function cost and the xs. An index needs one cost alone."""
    samples, wanted = _batch(name, given, targets)
    if weights is not None:
        weights = [atom(f"{name} with weights", w) for w in weights] if is_list(weights) else weights
    terms, shares = [], []
    for row, target in zip(samples, wanted, strict=True):
        cost, xs = split(row)
        target = _class(row, target)
        if weights is not None:
            _same_length(f"{name} with weights", row, weights)
        if is_list(target):
            _same_length(name, row, target)
            target, n = [atom(name, t) for t in target], len(row)
            _distribution(name, target)
            mixed = [(1.0 - smoothing) * t + smoothing / n for t in target] if smoothing else target
            scaled = mixed if weights is None else [w * t for w, t in zip(weights, mixed, strict=True)]
            terms.append(ops.sum_(*(t * cost(x) for t, x in zip(scaled, xs, strict=True))))
            shares.append(1.0)
            continue
        share = 1.0 if weights is None else lookup(weights, target)
        term = cost(lookup(xs, target))
        if weights is not None:
            term = share * term
        if smoothing:
            every = [cost(x) for x in xs]
            spread = ops.sum_(*every) if weights is None else ops.dot(*weights, *every)
            term = (1.0 - smoothing) * term + (smoothing / len(row)) * spread
        terms.append(term)
        shares.append(share)
    if reduction == "mean" and weights is not None:
        return ops.div(ops.sum_(*terms), ops.sum_(*shares))
    return _reduced(terms, reduction)


def _reduced(terms: list[Any], reduction: str) -> Any:
    if reduction == "mean":
        return ops.sum_(*terms) * (1.0 / len(terms))
    if reduction == "sum":
        return ops.sum_(*terms)
    if reduction == "none":
        return terms
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")


def _pairs(name: str, predictions: Any, targets: Any) -> list[tuple[Any, Any]]:
    """Both flattened side by side; ValueError where their shapes differ or nothing is there."""
    pairs: list[tuple[Any, Any]] = []
    _pair(name, rows(predictions), rows(targets), pairs)
    if not pairs:
        raise ValueError(f"{name} of nothing is not defined")
    if name in _BETWEEN:
        for _, t in pairs:
            _in_range(name, t)
    return pairs


_BETWEEN: dict[str, tuple[Callable[[float], bool], str, str]] = {
    "hinge": (lambda t: abs(t) == 1.0, "-1 or 1", "2 * t - 1"),
    "bce": (lambda t: 0.0 <= t <= 1.0, "from 0 to 1", "(t + 1) / 2"),
    "bce_with_logits": (lambda t: 0.0 <= t <= 1.0, "from 0 to 1", "(t + 1) / 2"),
}


def _in_range(name: str, t: Any) -> None:
    fits, what, instead = _BETWEEN[name]
    if type(t) is float and not fits(t):
        raise ValueError(f"the targets of {name} are {what}, not {t:g}: of those for two classes write {instead}")


def check_targets(loss: Any, targets: Any) -> None:
    """What the loss, if it is one of these, would say of these targets: for whoever compiles it, when they are not seen any more."""
    name = getattr(getattr(loss, "func", loss), "__name__", "")
    if name in _BETWEEN and globals().get(name) is getattr(loss, "func", loss):
        for t in flat(rows(targets)):
            _in_range(name, atom(name, t))


def _pair(name: str, p: Any, t: Any, pairs: list[tuple[Any, Any]]) -> None:
    if is_list(p) != is_list(t):  # a number against a list of one: a column, or a layer with one output
        p, t = (x[0] if is_list(x) and len(x) == 1 and not is_list(x[0]) else x for x in (p, t))
    if is_list(p) != is_list(t) or (is_list(p) and len(p) != len(t)):
        raise ValueError(f"{name} of predictions and targets of different shapes: {_size(p)} against {_size(t)}")
    if is_list(p):
        for a, b in zip(p, t, strict=True):
            _pair(name, a, b, pairs)
    else:
        pairs.append((atom(name, p), atom(name, t)))


def _batch(name: str, given: Any, targets: Any) -> tuple[Any, Any]:
    """A batch of rows and of targets, a single sample being a batch of one."""
    given, targets = rows(given), rows(targets)
    if not is_list(given) or not len(given):
        raise ValueError(f"{name} needs a list with a number for each class, or a list of such lists, not {given!r:.60}")
    if not is_list(given[0]):
        given, targets = [given], [targets]
    elif not is_list(targets) or len(targets) != len(given):
        raise ValueError(f"{name} of {len(given)} samples needs {len(given)} targets, not {_size(targets)}")
    if len(given[0]) == 1:
        raise ValueError(f"{name} needs a score for each of two or more classes; of one score, bce_with_logits tells 0 from 1")
    return [[atom(name, x) for x in row] for row in given], targets


def _class(row: Any, target: Any) -> Any:
    """The target, a column's list of one class being that class."""
    return target[0] if is_list(target) and len(target) == 1 != len(row) else target


def _distribution(name: str, target: list[Any]) -> None:
    """ValueError for numbers that are no distribution: labels of several samples with one score each, most likely."""
    if target and all(type(t) is float for t in target) and not (min(target) >= 0.0 and abs(sum(target) - 1.0) < 1e-3):
        raise ValueError(
            f"{name} of a target that is a class, or how probable each is; {target!r:.60} adds up to {sum(target):g} (labels of several "
            "samples need a list of scores for each)"
        )


def _same_length(name: str, row: Any, other: Any) -> None:
    if not is_list(other) or len(row) != len(other):
        raise ValueError(f"{name} of {len(row)} classes needs {len(row)} numbers, not {_size(other)}")


def _size(x: Any) -> str:
    return f"a list of {len(x)}" if is_list(x) else repr(x) if x is None or isinstance(x, str) else "one number"


def _parameters(given: Any) -> list[Any]:
    if not hasattr(given, "parameters") and (isinstance(given, Value) or not hasattr(given, "__iter__")):
        raise TypeError(f"a penalty is of the parameters of a module or a list, l2(model), not of {given!r:.60}")
    return [atom("a penalty", p) for p in (given.parameters() if hasattr(given, "parameters") else given)]


OF_CLASSES = (cross_entropy, nll, kl, multi_hinge)  # what needs a list of scores for each sample

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from micrograd.habits import missing

        raise missing(__name__, name, known=globals())
