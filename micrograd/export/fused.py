"""A program written with what libraries have whole: softmax, cross-entropy, attention, norms (see `named`), and convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.export.attended import Attention
from micrograd.export.known import LOG_SUM_EXP, MINUS_LOG, SOFTMAX, Known
from micrograd.export.named import named
from micrograd.export.normed import Norm
from micrograd.export.tensors import Found, Tensors
from micrograd.export.views import addresses


class Fused(Tensors):
    """… where their derivatives are the library's too."""

    def write(self) -> None:
        for step in named(self.program, self._stops, self._fits, self._writer.layers):
            if isinstance(step, Known):
                self._known(step)
            elif isinstance(step, Attention):
                self._store(step.step, self._attention(step), self._kept(step.step))
            elif isinstance(step, Norm):
                self._store(step.step, self._norm(step), self._kept(step.step))
            else:
                self.perform(step)

    def _fits(self, it: Known) -> bool:
        """Of rows that end sooner the whole box is read."""
        return it.step.limit is None or self._dense(replace(it.step, reads=(it.x,)))

    def _known(self, it: Known) -> None:
        """An instruction by its name."""
        found = self._softmax(it) if it.axis >= 0 else self._log_sum_exp(it) if it.kind == LOG_SUM_EXP else self._one_class(it)
        self._store(it.last, found, self._kept(it.last))

    @property
    def _writer(self) -> Any:
        return self.writer

    def _softmax(self, it: Known) -> Found:
        """Along an axis of the loop; of rows that end sooner the rest is 0."""
        x = self.read(it.x, it.step.shape)
        assert isinstance(x, Found)
        if it.step.limit is not None:
            x = self._masked(x, it.step, x.axes, -inf)
        tensor = self._writer.softmax(x.tensor, x.batch + x.axes.index(it.axis), it.kind != SOFTMAX)
        return Found(self._writer.negative(tensor) if it.kind == MINUS_LOG else tensor, x.axes, x.batch)

    def _rows(self, it: Known) -> tuple[Any, list[int], bool]:
        """The scores, classes last."""
        x = self.read(it.x, (*it.step.shape, it.classes))
        assert isinstance(x, Found)
        return x.tensor, x.axes[:-1], x.batch

    def _log_sum_exp(self, it: Known) -> Found:
        x, axes, batch = self._rows(it)
        return Found(self._writer.logsumexp(x, batch + len(axes)), axes, batch)

    def _one_class(self, it: Known) -> Found:
        """The logarithm of the softmax of the class that a label says, or minus it."""
        shape, writer = it.step.shape, self._writer
        x, axes, batch = self._rows(it)
        if isinstance(it.label, Access):
            read = self.read(it.label, shape)
            assert isinstance(read, Found)
            label = replace(read, tensor=writer.whole(read.tensor))
        else:
            used = [a for a, n in enumerate(shape) if n > 1]
            label = Found(writer.places(it.label.reshape([shape[a] for a in used])), used, False)
        into = [a for a in range(len(shape)) if a in axes or a in label.axes]
        batch = batch or label.batch
        last = len(shape)
        x = self._full(Found(x, [*axes, last], it.x.batch), [*into, last], [*(shape[a] for a in into), it.classes], batch)
        labels = self._full(label, into, [shape[a] for a in into], batch)
        whole = writer.one_class(x, labels, [*(shape[a] for a in into), it.classes], batch, it.kind == MINUS_LOG, it.over)
        return Found(whole, into if it.over == "none" else [], batch)

    def _attention(self, it: Attention) -> Found:
        """Queries, keys and values under their names, then the one call."""
        batch = any(access.batch for access, _ in it.reads)
        given = []
        for name, (access, shape) in zip(("query", "key", "value"), it.reads, strict=True):
            x = self.read(access, shape)
            assert isinstance(x, Found)
            given.append(self.writer.let(name, self._full(x, range(len(shape)), shape, batch), ""))
        out = self._writer.attention(*given, it.scale, it.causal, it.reads[0][1][-1], batch + len(it.axes) - 2)
        return self._in_order(out, it.axes, batch)

    def _norm(self, it: Norm) -> Found:
        """Of the last axis."""
        ((access, shape),) = it.reads
        x = self.read(access, shape)
        assert isinstance(x, Found)
        return self._in_order(self._writer.norm(x.tensor, shape[-1], it.eps, it.centred), it.axes, access.batch)

    def _in_order(self, x: Any, axes: list[int], batch: bool) -> Found:
        """A tensor of these axes as one of them in the order of the loop."""
        order = sorted(range(len(axes)), key=lambda k: axes[k])
        return Found(
            x if order == list(range(len(axes))) else self.writer.moved(x, [("permute", tuple(order))], batch), sorted(axes), batch
        )

    # --- convolution -------------------------------------------------------------------------------------------------------

    def _product(self, step: Instruction, kept: list[int]) -> Found | None:
        return self._convolution(step, kept) or super()._product(step, kept)

    def _convolution(self, step: Instruction, kept: list[int]) -> Found | None:
        """Windows that move over one operand, each times the other: with one or two axes of places, at any stride."""
        if not step.rule.product or len(step.reads) != 2 or step.limit is not None or step.sums_batch:
            return None
        for x, w in (step.reads, step.reads[::-1]):
            if isinstance(x, Access) and isinstance(w, Access) and x.affine and w.affine and not w.batch and x.pool == w.pool == "v":
                windows = Windows.of(x, w, step.shape, kept)
                found = windows and self._convolved(x, w, windows, step.shape, kept)
                if found:
                    return found
        return None

    def _convolved(self, x: Access, w: Access, it: Windows, shape: Sequence[int], kept: list[int]) -> Found | None:
        rows = [*((shape[a], x.strides[a]) for a in it.channels), *it.under]
        wanted = addresses(x.base, tuple(rows))
        if not np.isin(wanted, np.concatenate([p.addresses.ravel() for p in self.pieces["v", x.batch]] or [wanted[:0]])).all():
            return None
        axes = [*it.filters, *it.channels, *it.inside]
        weight = tuple((shape[a], w.strides[a]) for a in axes)
        tensors = [self.at("v", x.batch, wanted, x.base, tuple(rows)), self.at("v", False, addresses(w.base, weight), w.base, weight)]
        channels = int(np.prod([shape[a] for a in it.channels], dtype=np.int64))
        forms = (channels, *(n for n, _ in it.under)), (*([shape[a] for a in it.filters] or [1]), channels, *(shape[a] for a in it.inside))
        for k, (form, batch) in enumerate(zip(forms, (x.batch, False), strict=True)):
            if not it.channels and (it.filters or not k):
                tensors[k] = self._writer.widened(tensors[k], k or int(batch))
            elif len(it.channels) != 1 or (k and not it.filters):
                tensors[k] = self.writer.moved(tensors[k], [("reshape", form)], batch)
        out = self._writer.convolved(*tensors, it.strides, it.apart, x.batch)
        into = [*it.filters, *it.places]
        if not it.filters:
            out = self.writer.moved(out, [("slice", (0,))], x.batch)
        order = sorted(range(len(into)), key=lambda k: into[k])
        out = out if order == list(range(len(into))) else self.writer.moved(out, [("permute", tuple(order))], x.batch)
        return Found(out, sorted(into), x.batch)


@dataclass
class Windows:
    """A convolution's axes.

    places: of the output; inside: of a window, one for each; channels: what else is summed; filters: of the weights alone, one or none.
    under: extent and stride in the pool of what the windows move along. strides: from one window to the next.
    apart: from one number of a window to the next.
    """

    places: list[int]
    inside: list[int]
    channels: list[int]
    filters: list[int]
    under: list[tuple[int, int]]
    strides: list[int]
    apart: list[int]

    @classmethod
    def of(cls, x: Access, w: Access, shape: Sequence[int], kept: Sequence[int]) -> Windows | None:
        """None where the product is no convolution."""
        long = [a for a, n in enumerate(shape) if n > 1]
        places, filters = ([a for a in kept if p.uses(a) and not q.uses(a)] for p, q in ((x, w), (w, x)))
        summed = [a for a in long if a not in kept]
        alike = any(x.uses(a) and w.uses(a) for a in kept) or not all(x.uses(a) and w.uses(a) for a in summed)
        if alike or len(filters) > 1 or not 1 <= len(places) <= 2 or min(x.strides) < 0 or min(w.strides) < 0:
            return None
        places.sort(key=lambda a: -x.strides[a])
        inside: list[int] = []
        for a in places:
            free = [b for b in summed if b not in inside]
            near = max((b for b in free if x.strides[a] % x.strides[b] == 0), key=lambda b: x.strides[b], default=-1)
            far = min((b for b in free if x.strides[b] % x.strides[a] == 0), key=lambda b: x.strides[b], default=-1)
            if max(near, far) < 0:
                return None
            inside.append(near if near >= 0 else far)
        pairs = list(zip(places, inside, strict=True))
        units = [min(x.strides[a], x.strides[b]) for a, b in pairs]
        strides, apart = ([x.strides[axis] // u for axis, u in zip(axes, units, strict=True)] for axes in (places, inside))
        wide = [d * (shape[b] - 1) + 1 for b, d in zip(inside, apart, strict=True)]
        meet = [_meet(shape[a], s, shape[b], d) for a, b, s, d in zip(places, inside, strides, apart, strict=True)]
        if not any(meet) or any(d > 1 and not m for d, m in zip(apart, meet, strict=True)):  # a product of parts, or of matrices
            return None
        under = [(s * (shape[a] - 1) + n, u) for a, s, n, u in zip(places, strides, wide, units, strict=True)]
        channels = sorted((a for a in summed if a not in inside), key=lambda a: -w.strides[a])
        return cls(places, inside, channels, filters, under, strides, apart)


def _meet(places: int, stride: int, inside: int, apart: int) -> bool:
    """Whether windows overlap: a number stands in two of them."""
    return len(np.unique(np.arange(places)[:, None] * stride + np.arange(inside) * apart)) < places * inside
