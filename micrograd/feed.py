"""What a model is trained on, told apart by its structure: inputs and targets, pairs of them, or batches.

    (inputs, targets)              two lists (arrays, tables) of one length, in a tuple
    [(x, y), …], zip(xs, ys)       pairs: a sample and its target each
    [(rows, targets), …]           pairs of rows of numbers and as many numbers are batches
    a loader, a generator          of batches (inputs, targets): whatever can be iterated and has no places. A loader is iterated
                                   anew for each epoch, a generator read once, and its batches used again

What could be read in two ways (two pairs of numbers; pairs of as many rows as rows) is refused, with what to write instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from random import Random
from typing import Any

from micrograd.given import is_list, rows, sequence, shown
from micrograd.nn.shapes import depth

Batch = tuple[Any, Any]
_FORMS = "data is (inputs, targets), or a list of pairs (x, y), or what gives batches (inputs, targets)"


class Columns:
    """Inputs and targets of one length, cut into batches."""

    def __init__(self, inputs: Any, targets: Any, size: int | None = None) -> None:
        self.inputs, self.targets = sequence("inputs", inputs), sequence("targets", targets)
        self.samples: int | None = len(self.inputs)
        if len(self.inputs) != len(self.targets) or not len(self.inputs):
            raise ValueError(f"data is (inputs, targets) of one length, at least 1, not {len(self.inputs)} and {len(self.targets)}")
        self.plain = all(isinstance(x, (list, tuple)) or hasattr(x, "__array__") for x in (self.inputs, self.targets))
        self.shuffled, self.size = size is not None, len(self.inputs) if size is None else size

    @property
    def steps(self) -> int | None:
        """Batches in an epoch; None: not known."""
        return -(-len(self.inputs) // self.size)

    def epoch(self, rng: Random) -> Iterator[Batch]:
        """The batches: all at once in order, or of `size` samples in an order drawn anew."""
        order = list(range(len(self.inputs)))
        if self.shuffled:
            rng.shuffle(order)
        elif self.size >= len(order):
            yield self.inputs, self.targets
            return
        for start in range(0, len(order), self.size):
            places = order[start : start + self.size]
            yield _take(self.inputs, places), _take(self.targets, places)

    def columns(self) -> Batch:
        """All inputs, all targets."""
        return self.inputs, self.targets


class Batches:
    """Batches that come from elsewhere: iterated anew for each epoch, or kept where that can be done once only."""

    samples: int | None = None
    size: int | None = None

    def __init__(self, source: Iterable[Any], once: bool) -> None:
        self.plain = isinstance(source, (list, tuple))  # taking the next batch runs nobody's code
        self.source, self.once, self.kept = source, once, list[Batch]()
        known = None if once else getattr(type(source), "__len__", None)
        self.steps: int | None = None if known is None else known(source)

    def epoch(self, rng: Random) -> Iterator[Batch]:
        """The batches, as they come."""
        if self.kept:
            yield from self.kept
            return
        k = -1
        for k, item in enumerate(self.source):
            batch = _batch(item, k)
            if self.once:
                self.kept.append(batch)
            yield batch
        if k < 0:
            raise ValueError(f"{_FORMS}; nothing came of this {type(self.source).__name__}")

    def columns(self) -> Batch:
        """All inputs, all targets."""
        found = list(self.epoch(Random(0)))
        return [x for xs, _ in found for x in xs], [y for _, ys in found for y in ys]


def feed(data: Any, size: int | None = None) -> Columns | Batches:
    """The data as batches of `size` samples, or as it gives them itself (then without a size)."""
    if isinstance(data, (str, bytes, dict, set, frozenset)) or hasattr(data, "__array__") or not _iterable(data):
        hint = ": fit(model, (inputs, targets), loss, optimizer)" if hasattr(data, "__array__") else ""
        raise TypeError(f"{_FORMS}, not one {type(data).__name__}{hint}")
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        items = data if isinstance(data, (tuple, list)) else [data[k] for k in range(len(data))]
        if len(items) == 2 and not _two_pairs(items):
            return Columns(items[0], items[1], size)
        return _of_pairs(items, size)
    if isinstance(data, zip):
        return _of_pairs(list(data), size)
    if not hasattr(data, "__next__"):
        return _of_batches(data, size, once=False)
    first = next(data, None)
    if first is not None and _is_sample(first):
        return _of_pairs([first, *data], size)
    return _of_batches(data if first is None else chain([first], data), size, once=True)


def _iterable(x: Any) -> bool:
    return hasattr(x, "__iter__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def _take(xs: Any, places: list[int]) -> Any:
    return xs[places] if hasattr(xs, "dtype") else [xs[i] for i in places]  # an array takes all at once


# --- by structure ---------------------------------------------------------------------------------------------------------


def _two_pairs(data: Any) -> bool:
    """Whether two things are pairs, not inputs and targets. A tuple of anything but two tuples is these, where it can be."""
    a, b = (rows(x) for x in data)
    if not (_rows(a) and _rows(b) and len(a) == len(b) == 2):
        return False
    in_tuples = isinstance(a, tuple) and isinstance(b, tuple)
    for shape in (_deep, _lengths):  # how deep first, and where that decides nothing, how long too
        columns = shape(a[0]) == shape(a[1]) and shape(b[0]) == shape(b[1])
        pairs = shape(a[0]) == shape(b[0]) and shape(a[1]) == shape(b[1])
        if columns and (not pairs or (isinstance(data, tuple) and not in_tuples)):
            return False
        if pairs and not columns:
            return True
    if not columns and not pairs:
        return False
    raise ValueError("this is two pairs (x, y), or the inputs and the targets of two samples: write ([x1, x2], [y1, y2]), lists in a tuple")


def _deep(x: Any) -> int:
    return depth(x) if _rows(x) else 0


def _rows(x: Any) -> bool:
    return not isinstance(x, (dict, set, frozenset)) and is_list(x)


def _lengths(x: Any) -> tuple[int, ...]:
    return (len(x), *_lengths(x[0])) if _rows(x) and len(x) else ()


def _of_pairs(items: Any, size: int | None) -> Columns | Batches:
    """Samples with their targets; or batches, where each pair is some rows of numbers and as many numbers."""
    pairs = [_two(item, k) for k, item in enumerate(items)]
    if not pairs:
        raise ValueError(f"{_FORMS}; this {type(items).__name__} is empty")
    for k, pair in enumerate(pairs):
        if list(map(_deep, pair)) != list(map(_deep, pairs[0])):
            raise ValueError(f"{_FORMS}; item {k} of this {type(items).__name__} is unlike item 0: {shown(items[k])}")
    if all(_rows(x) and _rows(y) and len(x) == len(y) > 0 and depth(x) > 1 for x, y in pairs):
        if all(depth(x) > depth(y) == 1 or (depth(x) == 2 == depth(y) and len(x[0]) > 1 == len(y[0])) for x, y in pairs):
            return _of_batches(pairs, size, once=False)
        raise ValueError(
            f"each of these {len(pairs)} pairs has as many rows as rows of targets ({len(pairs[0][0])} in the first): if they are "
            "batches, write iter(data); if a sample is such a list of rows, write ([x1, x2, …], [y1, y2, …])"
        )
    return Columns([x for x, _ in pairs], [y for _, y in pairs], size)


def _of_batches(source: Iterable[Any], size: int | None, once: bool) -> Batches:
    if size is not None:
        raise ValueError("this data gives its own batches: leave batch_size out")
    return Batches(source, once)


def _is_sample(item: Any) -> bool:
    """Whether what an iterator gives is one pair (x, y), not a batch; ValueError where it could be both."""
    x, y = _two(item, 0)
    if not _rows(x) or not _rows(y) or len(x) != len(y):
        return True
    if depth(x) == depth(y) == 1:
        raise ValueError(
            f"this gives {len(x)} numbers and {len(y)} targets: one sample, or a batch of {len(x)}? Samples: ([x1, x2, …], [y1, y2, …]); "
            "a batch: ([[x1], [x2], …], [y1, y2, …])"
        )
    return False


def _batch(item: Any, k: int) -> Batch:
    xs, ys = _two(item, k)
    if not _rows(xs) or not _rows(ys) or len(xs) != len(ys) or not len(xs):
        raise ValueError(
            f"batch {k} is (inputs, targets) of one length, at least 1, not {_size(xs)} and {_size(ys)} (samples one by one come in a "
            "list of pairs)"
        )
    return sequence("inputs", xs), sequence("targets", ys)


def _two(item: Any, k: int) -> Batch:
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        raise ValueError(f"{_FORMS}; item {k} is no pair: {shown(item)}")
    return rows(item[0]), rows(item[1])


def _size(x: Any) -> str:
    return str(len(x)) if _rows(x) else f"{x!r:.40}"
