"""Softmax and its kin, found in a program: what each slot is known to hold, proved on the addresses that make it.

Scores z in a row, m their largest (a constant to derivatives; or nothing is taken away: m = 0), Z = Σ exp(zⱼ - m). From the first
instruction to the last, each slot is said to be m, zₖ - m, exp(zₖ - m), Z, log Z, softmax(z)ₖ, ± log softmax(z)ₖ or log Σ exp(zⱼ) of
one row, where the instruction makes just that of slots that are known; k is the place of a score in its row, or a label that is read when
the program runs. One that sums all but one score, takes the largest of another row or holds a gradient back makes nothing known, and is
written as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program import rule as rules
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.ir import Program

NOTHING, LARGEST, SHIFTED, EXP, EXPS, TOTAL, LOG_TOTAL, SOFTMAX, LOG_SOFTMAX, MINUS_LOG, LOG_SUM_EXP = range(11)


@dataclass(eq=False)
class Known:
    """An instruction whose results are `kind` of scores. x: the scores over its axes, or, with a `label`, over these and the classes.

    axis: of the scores that are one row, if there is no label. label: where it is read, or an array of whole numbers.
    over: "sum" or "mean" where `results` adds up all that `step` gives, or takes their mean.
    """

    step: Instruction
    kind: int
    x: Access
    axis: int = -1
    classes: int = 0
    label: Any = None
    over: str = "none"
    results: Instruction | None = None

    @property
    def last(self) -> Instruction:
        """The instruction that writes the result."""
        return self.results or self.step


@dataclass(eq=False)
class Slots:
    """What the slots of a pool are known to hold: kind, the row that it is of, the place in it (-1: a label), and the label's slot."""

    kind: Any
    row: Any
    place: Any
    label: Any


class Knowing:
    """The slots of a program, instruction by instruction. rows: the addresses of the scores of each; steps: what makes something known."""

    def __init__(self, program: Program, stops: Callable[[Instruction], bool], fits: Callable[[Known], bool]) -> None:
        self.program, self.stops, self.fits = program, stops, fits
        self.pools = [Slots(np.zeros(n, dtype=np.int8), *(np.full(n, -1, dtype=np.int64) for _ in range(3))) for n in program.sizes]
        self.rows: list[Any] = []
        self.batches: list[bool] = []  # whether the scores of a row are of each sample
        self.written = [np.zeros(n, dtype=np.int64) for n in program.sizes]
        for step in program.forward:
            self.written[step.out.batch][np.unique(step.addresses(step.out))] += 1
        self.steps: dict[int, Known | None] = {}
        for _ in range(2):  # that exponentials are those of a row is known when they are summed
            for step in program.forward:
                if id(step) not in self.steps:
                    self._learn(step)

    # --- what an instruction makes ---------------------------------------------------------------------------------------

    def _learn(self, step: Instruction) -> None:
        out = step.out
        reads = [r for r in step.reads if isinstance(r, Access)]
        plain = not step.add and out.pool == "v" and not any(r.pool != "v" or r.batch != out.batch for r in reads)
        if not plain or not reads or out.batch != step.batch or out.chosen is not None or self.stops(step):
            return
        at = step.addresses(out)
        if (self.written[out.batch][at] != 1).any():
            return
        if step.rule.fold == "shift":
            self._largest(step, at.ravel())
            return
        summed = len(np.unique(at)) < at.size
        found = self._total(step, at) if summed else self._chosen(step, at) if reads[0].chosen is not None else self._each(step)
        if found is None:
            return
        kind, row, place, label = found
        if not summed:
            at = at.ravel()
        else:
            at, first = np.unique(at.ravel(), return_index=True)
            row = row.ravel()[first]
        pool = self.pools[out.batch]
        pool.kind[at], pool.row[at], pool.place[at], pool.label[at] = kind, np.ravel(row), np.ravel(place), np.ravel(label)
        self.steps[id(step)] = self._fitting(step, kind) if kind >= SOFTMAX else None

    def _largest(self, step: Instruction, at: Any) -> None:
        """Of each row of scores."""
        (read,) = step.reads
        if read.chosen is not None or step.out.batch != read.batch:
            return
        x, order = step.addresses(read).ravel(), np.argsort(at, kind="stable")
        slots, first = np.unique(at[order], return_index=True)
        pool = self.pools[step.out.batch]
        for slot, scores in zip(slots, np.split(x[order], first[1:]), strict=True):
            pool.kind[slot], pool.row[slot] = LARGEST, len(self.rows)
            self.rows.append(np.unique(scores))
            self.batches.append(read.batch)
        self.steps[id(step)] = None

    def _of(self, step: Instruction, read: Any) -> tuple[int, Any, Any, Any]:
        """What an operand is known to be, at every point: one kind, else NOTHING."""
        if not isinstance(read, Access) or read.chosen is not None:
            return NOTHING, None, None, None
        at, pool = step.addresses(read), self.pools[read.batch]
        kinds = np.unique(pool.kind[at])
        return (int(kinds[0]) if len(kinds) == 1 else NOTHING), pool.row[at], pool.place[at], pool.label[at]

    def _total(self, step: Instruction, at: Any) -> Any:
        """Z: every exponential of a row once."""
        if step.rule is not rules.copy:
            return None
        read = step.reads[0]
        if self._of(step, read)[0] == EXP:
            self._row_of_exps(step.addresses(read), at, read.batch)
        kind, row, place, _ = self._of(step, read)
        if kind != EXPS:
            return None
        order = np.lexsort((place.ravel(), at.ravel()))
        slots, row, place = at.ravel()[order], row.ravel()[order], place.ravel()[order]
        for part in np.split(np.arange(len(slots)), np.flatnonzero(np.diff(slots)) + 1):
            if (row[part] != row[part[0]]).any() or not np.array_equal(place[part], np.arange(len(self.rows[row[part[0]]]))):
                return None
        whole = np.empty_like(row)
        whole[order] = row
        return TOTAL, whole, -1, -1

    def _row_of_exps(self, exps: Any, at: Any, batch: bool) -> None:
        """What is summed together are the exponentials of a row."""
        pool = self.pools[batch]
        order = np.argsort(at.ravel(), kind="stable")
        for part in np.split(exps.ravel()[order], np.unique(at.ravel()[order], return_index=True)[1][1:]):
            scores = np.unique(pool.label[part])
            pool.kind[part], pool.row[part], pool.place[part] = EXPS, len(self.rows), np.searchsorted(scores, pool.label[part])
            pool.label[part] = -1
            self.rows.append(scores)
            self.batches.append(batch)

    def _chosen(self, step: Instruction, at: Any) -> Any:
        """Of a row the one that a label says."""
        (read,) = step.reads if len(step.reads) == 1 else (None,)
        if read is None or step.rule is not rules.copy or read.chosen.chosen is not None or read.chosen.batch != read.batch:
            return None
        among, pool = step.addresses(read), self.pools[read.batch]
        kinds, row, place = np.unique(pool.kind[among]), pool.row[among], pool.place[among]
        if len(kinds) != 1 or kinds[0] not in (SHIFTED, EXPS, SOFTMAX, LOG_SOFTMAX, MINUS_LOG) or (row != row[..., :1]).any():
            return None
        sizes = {len(self.rows[r]) for r in np.unique(row)}
        if sizes != {among.shape[-1]} or (place != np.arange(among.shape[-1])).any():
            return None
        return int(kinds[0]), row[..., 0], -1, step.addresses(read.chosen)

    def _each(self, step: Instruction) -> Any:
        """Element by element."""
        op, reads = step.rule.op, [self._of(step, r) for r in step.reads]
        kind, row, place, label = reads[0]
        numbers = [r for r in step.reads if not isinstance(r, Access)]
        if step.rule is rules.copy or (step.rule is rules.product and numbers == [1.0]):
            known = next(r for r, read in zip(reads, step.reads, strict=True) if isinstance(read, Access))
            return known if known[0] else None
        if op is ops.exp and kind != SHIFTED and not numbers:  # … of a score, no largest taken away
            read = step.reads[0]
            return None if read.chosen is not None else (EXP, -1, -1, step.addresses(read))
        if len(reads) == 1:
            made = _ONE.get((op, kind), NOTHING)
            return (made, row, place, label) if made else None
        if len(reads) != 2 or numbers:
            return None
        if op is ops.sub and reads[1][0] == LARGEST:
            return self._shifted(step, reads[1][1])
        made = _TWO.get((op, kind, reads[1][0]), NOTHING)
        if not made or (row != reads[1][1]).any():
            return None
        which = reads[1] if kind == LOG_TOTAL else reads[0]
        return made, row, which[2], which[3]

    def _shifted(self, step: Instruction, row: Any) -> Any:
        """zₖ - m, if z is one of the scores of which m is the largest."""
        read = step.reads[0]
        if read.chosen is not None:
            return None
        x, place = step.addresses(read), np.full(row.shape, -1)
        for r in np.unique(row):
            here, scores = row == r, self.rows[r]
            place[here] = np.minimum(np.searchsorted(scores, x[here]), len(scores) - 1)
            if self.batches[r] != read.batch or (scores[place[here]] != x[here]).any():
                return None
        return SHIFTED, row, place, -1

    # --- an instruction by its name --------------------------------------------------------------------------------------

    def _fitting(self, step: Instruction, kind: int) -> Known | None:
        found = self._named(step, kind)
        return found if found is not None and self.fits(found) else None

    def _named(self, step: Instruction, kind: int) -> Known | None:
        """Softmax along an axis of the loop, or the one that a label says; None where the scores lie as no tensor does."""
        at, pool, batch = step.addresses(step.out), self.pools[step.out.batch], step.out.batch
        row, place, label = pool.row[at], pool.place[at], pool.label[at]
        if kind != LOG_SUM_EXP and (place >= 0).all():
            found = self._along(step, kind, row, place, batch)
            if found is not None:
                return found
        sizes = {len(self.rows[r]) for r in np.unique(row)}
        if kind == SOFTMAX or step.limit is not None or len(sizes) != 1:
            return None
        (n,) = sizes
        x = affine(np.stack([self.rows[r] for r in row.ravel()]).reshape(*step.shape, n), batch)
        which = None if kind == LOG_SUM_EXP else place if (place >= 0).all() else affine(label, batch) if (place < 0).all() else None
        if x is None or n < 2 or (which is None and kind != LOG_SUM_EXP):
            return None
        return Known(step, kind, x, classes=n, label=which)

    def _along(self, step: Instruction, kind: int, row: Any, place: Any, batch: bool) -> Known | None:
        """All places of a row along one axis of the loop."""
        inside = np.ones(step.shape, dtype=bool) if step.inside is None else np.broadcast_to(step.inside, step.shape)
        x = np.full(step.shape, -1)
        x[inside] = [self.rows[r][k] for r, k in zip(row.ravel(), place.ravel(), strict=True)]
        places = np.full(step.shape, -1)
        places[inside] = place.ravel()
        rows = np.full(step.shape, -1)
        rows[inside] = row.ravel()
        found = affine(x, batch, inside)
        if found is None:
            return None
        for axis, n in enumerate(step.shape):
            along = np.arange(n).reshape([-1 if a == axis else 1 for a in range(len(step.shape))])
            if n < 2 or (places != np.where(inside, along, -1)).any():
                continue
            first = np.take(rows, [0], axis)
            sizes = np.array([len(self.rows[r]) for r in first.ravel()]).reshape(first.shape)
            if (first >= 0).all() and (np.where(inside, rows, first) == first).all() and (inside.sum(axis, keepdims=True) == sizes).all():
                return Known(step, kind, found, axis)
        return None


_ONE: dict[tuple[Any, int], int] = {
    (ops.exp, SHIFTED): EXPS, (ops.log_, TOTAL): LOG_TOTAL, (ops.log_, SOFTMAX): LOG_SOFTMAX, (ops.neg, LOG_SOFTMAX): MINUS_LOG,
    (ops.neg, MINUS_LOG): LOG_SOFTMAX,
}  # fmt: skip
_TWO: dict[tuple[Any, int, int], int] = {
    (ops.div, EXPS, TOTAL): SOFTMAX, (ops.sub, SHIFTED, LOG_TOTAL): LOG_SOFTMAX, (ops.sub, LOG_TOTAL, SHIFTED): MINUS_LOG,
    (ops.add, LOG_TOTAL, LARGEST): LOG_SUM_EXP, (ops.add, LARGEST, LOG_TOTAL): LOG_SUM_EXP,
}  # fmt: skip


def affine(at: Any, batch: bool, inside: Any = None) -> Access | None:
    """These addresses as an affine function of their places; None where they are none."""
    strides = []
    for axis in range(at.ndim):
        low, high = (np.take(at, range(*part), axis) for part in ((0, at.shape[axis] - 1), (1, at.shape[axis])))
        both = (low >= 0) & (high >= 0)
        steps = np.unique((high - low)[both]) if at.shape[axis] > 1 else np.zeros(1, dtype=np.int64)
        if len(steps) != 1:
            return None
        strides.append(int(steps[0]))
    if at.size == 0 or at.flat[0] < 0:
        return None
    found = Access("v", tuple(strides), int(at.flat[0]), None, batch)
    return found if ((found.starts(at.shape) == at) | (False if inside is None else ~inside)).all() else None
